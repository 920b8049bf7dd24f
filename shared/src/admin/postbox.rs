//! Mail as a service: what waits, trying it again, how relays and domains fared.

use std::collections::BTreeMap;

use gatepost_words::job::Outcome;
use gatepost_words::text::sanitise;
use serde::Serialize;

use super::roles::Right;
use super::{Admin, AdminError, reason, stamp};
use crate::notices;
pub use crate::store::outbox::Again;
use crate::store::outbox::{self, Fared};

/// A notice that was not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Queued {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub user: String,
    /// What it tells.
    pub kind: String,
    /// `due`, `claimed` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub tries: u32,
    /// Seconds until it is due; 0 where it is.
    pub due_in_secs: i64,
    /// When it was queued, RFC 3339.
    pub created: String,
}

/// What became of notices that were tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Retried {
    /// How many became due.
    pub due: usize,
    /// How many a relay took.
    pub sent: u32,
}

/// How deliveries fared in the last day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Health {
    /// All of them together.
    pub all: Tally,
    /// By relay.
    pub relays: Vec<Named>,
    /// By the domain of the account's present address.
    pub domains: Vec<Named>,
    /// The newest that was not taken.
    pub last_failure: Option<Failed>,
}

/// One row of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The relay, or the domain.
    pub name: String,
    /// How it fared.
    #[serde(flatten)]
    pub tally: Tally,
}

/// How deliveries fared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Taken by a relay.
    pub accepted: u64,
    /// Not taken.
    pub failed: u64,
    /// Of these: refused for good (5xx).
    pub bounced: u64,
    /// Of these: not taken for now (4xx). The others never came that far.
    pub deferred: u64,
    /// Half of those that were taken took less, in milliseconds.
    pub p50_ms: Option<u32>,
    /// Nineteen of twenty took less.
    pub p95_ms: Option<u32>,
    #[serde(skip)]
    took: Vec<u32>,
}

/// A delivery that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// When, RFC 3339.
    pub at: String,
    /// By whom.
    pub relay: String,
    /// The word for how it ended.
    pub outcome: &'static str,
    /// The relay's words.
    pub reply: String,
}

/// Deliveries that are counted at the most, the newest.
const COUNTED: u32 = 1_000_000;
const DAY_MILLIS: i64 = 24 * 3600 * 1000;
/// Notices that are sent at once.
const AT_ONCE: u32 = 50;

impl Admin {
    /// Notices that were not sent, after number `after`.
    pub fn mail_queue(&self, after: i64, limit: u32) -> Result<Vec<Queued>, AdminError> {
        self.may(Right::Look)?;
        let queued = self.store.queued(&self.host.now(), after, limit)?;
        Ok(queued.into_iter().map(Queued::from).collect())
    }

    /// Makes notices due and sends some at once; the timer sends the rest.
    pub fn retry_mail(&mut self, again: Again, why: Option<&str>) -> Result<Retried, AdminError> {
        self.may(Right::Mail)?;
        let now = self.host.now();
        let due = self.store.requeue(&now, again, &self.actor, &reason(why))?;
        self.log("mail-retry", "");
        let most = u32::try_from(due).unwrap_or(u32::MAX).min(AT_ONCE);
        let sent = notices::send_due(&mut self.store, &self.config, self.host.as_ref(), most)?;
        Ok(Retried { due, sent })
    }

    /// How deliveries fared in the last day.
    pub fn mail_health(&self) -> Result<Health, AdminError> {
        self.may(Right::Look)?;
        let since = self.host.now().wall.millis().saturating_sub(DAY_MILLIS);
        let mut health = Health::default();
        let (mut relays, mut domains) = (BTreeMap::new(), BTreeMap::new());
        self.store.deliveries_since(since, COUNTED, &mut |fared| {
            health.all.count(&fared);
            let relay: &mut Tally = relays.entry(sanitise(&fared.relay)).or_default();
            relay.count(&fared);
            if let Some((_, domain)) = fared.address.as_deref().and_then(|a| a.rsplit_once('@')) {
                let domain: &mut Tally = domains.entry(sanitise(domain)).or_default();
                domain.count(&fared);
            }
            if health.last_failure.is_none() && fared.outcome != Some(Outcome::Accepted) {
                health.last_failure = Some(Failed::from(&fared));
            }
        })?;
        health.all.reckon();
        health.relays = named(relays);
        health.domains = named(domains);
        Ok(health)
    }
}

impl Tally {
    fn count(&mut self, fared: &Fared) {
        if fared.outcome == Some(Outcome::Accepted) {
            self.accepted += 1;
            self.took
                .push(u32::try_from(fared.millis).unwrap_or(u32::MAX));
        } else {
            self.failed += 1;
            self.bounced += u64::from(fared.outcome == Some(Outcome::Permanent));
            self.deferred += u64::from(fared.outcome == Some(Outcome::Transient));
        }
    }

    fn reckon(&mut self) {
        self.took.sort_unstable();
        // The least that so many of a hundred do not exceed (nearest rank).
        let rank = |percent: usize| {
            let at = (self.took.len() * percent).div_ceil(100).checked_sub(1)?;
            self.took.get(at).copied()
        };
        (self.p50_ms, self.p95_ms) = (rank(50), rank(95));
        self.took = Vec::new();
    }
}

fn named(tallies: BTreeMap<String, Tally>) -> Vec<Named> {
    let named = tallies.into_iter().map(|(name, mut tally)| {
        tally.reckon();
        Named { name, tally }
    });
    named.collect()
}

impl From<&Fared> for Failed {
    fn from(fared: &Fared) -> Self {
        Self {
            at: stamp(fared.at),
            relay: sanitise(&fared.relay),
            outcome: fared.outcome.map_or("unknown", Outcome::word),
            reply: sanitise(&fared.reply),
        }
    }
}

impl From<outbox::Queued> for Queued {
    fn from(queued: outbox::Queued) -> Self {
        Self {
            id: queued.id,
            user: sanitise(&queued.account),
            kind: sanitise(&queued.kind),
            state: sanitise(&queued.state),
            tries: queued.tries,
            due_in_secs: queued.due_in.max(0) / 1000,
            created: stamp(queued.created),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fared, Outcome, Queued, Tally, outbox};

    // A copy of another store may hold anything. Mutants: a text goes to the screen as it is.
    #[test]
    fn no_text_of_a_notice_reaches_a_screen_as_it_is() {
        let odd = || "\u{1b}[2Jodd".to_owned();
        let queued = Queued::from(outbox::Queued {
            id: 1,
            account: odd(),
            kind: odd(),
            state: odd(),
            tries: 1,
            due_in: 0,
            created: 0,
        });
        for text in [queued.user, queued.kind, queued.state] {
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }

    // Mutants: what was put off counts as refused; what no relay saw counts as either.
    #[test]
    fn what_failed_is_told_apart_by_whether_it_may_still_be_taken() {
        let mut tally = Tally::default();
        for outcome in [
            Some(Outcome::Accepted),
            Some(Outcome::Permanent),
            Some(Outcome::Transient),
            Some(Outcome::Transient),
            Some(Outcome::Connection),
            None,
        ] {
            tally.count(&Fared {
                relay: "r".into(),
                address: None,
                outcome,
                reply: String::new(),
                millis: 1,
                at: 0,
            });
        }
        let Tally {
            accepted,
            failed,
            bounced,
            deferred,
            ..
        } = tally;
        assert_eq!((accepted, failed, bounced, deferred), (1, 5, 1, 2));
    }

    // Mutant: the rank is one too far.
    #[test]
    fn percentiles_are_of_what_was_taken() {
        let reckoned = |took: &[u32]| {
            let mut tally = Tally {
                took: took.to_vec(),
                ..Tally::default()
            };
            tally.reckon();
            (tally.p50_ms, tally.p95_ms)
        };
        assert_eq!(reckoned(&[]), (None, None));
        assert_eq!(reckoned(&[7]), (Some(7), Some(7)));
        let hundred: Vec<u32> = (1..=100).rev().collect();
        assert_eq!(reckoned(&hundred), (Some(50), Some(95)));
    }
}
