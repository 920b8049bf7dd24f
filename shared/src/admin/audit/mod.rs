//! The log of events as an administrator reads it, the check of its chain, and what of it may go.

mod heads;
mod journal;

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::text::sanitise;
use gatepost_words::time::Span;
use serde::Serialize;

pub use self::heads::Compared;
pub use self::journal::Journal;
use super::filter::EventFilter;
use super::roles::Right;
use super::{Admin, AdminError, reason, stamp};
use crate::store::browse::{Around, EventTerm};
use crate::store::events::{self, Anchor, Chain};
pub use crate::store::kinds::Kind;

/// An event in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its number.
    pub seq: i64,
    /// When, RFC 3339.
    pub at: String,
    /// The same, milliseconds since 1970.
    pub at_millis: i64,
    /// What.
    pub kind: String,
    /// Whose; empty where it is nobody's.
    pub user: String,
    /// Which service.
    pub service: String,
    /// Where from.
    pub source: String,
    /// Which conversation: its opening event's number.
    pub conversation: i64,
    /// The rest.
    pub detail: serde_json::Value,
}

/// An event as it is exported: with its place in the chain.
#[derive(Clone, Debug, Serialize)]
pub struct Exported {
    /// The event.
    #[serde(flatten)]
    pub event: Listed,
    /// Its hash, in hex.
    pub hash: String,
}

/// Where the log stands: what a witness elsewhere writes down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Head {
    /// The number of the last event; 0 where there is none.
    pub seq: i64,
    /// Its hash, in hex; zeros where there is none.
    pub head: String,
}

/// What events mean by an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fingerprint {
    /// The address, masked.
    pub address: String,
    /// What tells it from others with the same mask.
    pub fingerprint: String,
}

/// The chain, checked, and what a log said of it.
#[derive(Clone, Debug, Serialize)]
pub struct Verified {
    /// The chain by itself.
    #[serde(flatten)]
    pub chain: Chain,
    /// Against a log; none where none was read.
    pub against: Option<Compared>,
}

impl Verified {
    /// Whether nothing was found.
    pub fn holds(&self) -> bool {
        self.chain.broken_at.is_none() && self.against.as_ref().is_none_or(Compared::holds)
    }
}

/// What a purge takes, or would take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// How many events.
    pub events: i64,
    /// The number of the last of them; 0 where there is none.
    pub through: i64,
    /// Whether they are gone.
    pub done: bool,
}

/// How short a time events may be kept: as `keep` below `[audit]`.
const LEAST_KEEP: Span = Span::from_hours(30 * 24);
/// How long at the most.
const MOST_KEEP: Span = Span::from_hours(3650 * 24);

impl Admin {
    /// The newest events that the filter wants, oldest of them first.
    pub fn events_like(&self, filter: &EventFilter, limit: u32) -> Result<Vec<Listed>, AdminError> {
        self.may(Right::Look)?;
        let terms = self.terms(filter);
        let page = self.store.events_around(&terms, &Around::First, limit)?;
        Ok(page.rows.into_iter().rev().map(Listed::from).collect())
    }

    /// Events after that number that the filter wants, oldest first, each with its hash.
    pub fn events_onwards(
        &self,
        filter: &EventFilter,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Exported>, AdminError> {
        self.may(Right::Look)?;
        let terms = self.terms(filter);
        let found = self.store.events_onwards(&terms, after, limit)?;
        let exported = found.into_iter().map(|hashed| Exported {
            event: hashed.event.into(),
            hash: hashed.hash,
        });
        Ok(exported.collect())
    }

    /// What the rows must be like for the filter. Events outlive rows, and sign-ins of users that never
    /// had one leave some too: a name that is nobody's stands for itself.
    pub(super) fn terms(&self, filter: &EventFilter) -> Vec<EventTerm> {
        filter.seen_at(self.host.now().wall, |typed| {
            let name = UserName::new(typed.to_owned()).ok();
            let row = name.and_then(|name| self.row(&name).ok().flatten());
            row.map_or_else(|| typed.to_owned(), |account| account.name)
        })
    }

    /// Recomputes the whole chain.
    pub fn verify_events(&self) -> Result<Chain, AdminError> {
        self.may(Right::Look)?;
        self.watch_events_verified(&|_| {})
    }

    /// As [`Self::verify_events`], telling now and then how many events were checked.
    pub fn watch_events_verified(&self, progress: &dyn Fn(u64)) -> Result<Chain, AdminError> {
        self.may(Right::Look)?;
        Ok(self.store.watch_chain_verified(progress)?)
    }

    /// Where the log stands.
    pub fn events_head(&self) -> Result<Head, AdminError> {
        self.may(Right::Look)?;
        let seq = self.store.last_seq()?;
        let head = self.store.event_hash(seq)?;
        Ok(Head {
            seq,
            head: head.unwrap_or_else(|| "0".repeat(64)),
        })
    }

    /// An address's fingerprint, to be held against those of events. Whoever may have it can try addresses.
    pub fn fingerprint(&self, address: &str) -> Result<Fingerprint, AdminError> {
        self.may(Right::Accounts)?;
        let address = EmailAddress::new(address.to_owned())?;
        Ok(Fingerprint {
            fingerprint: self.fingerprints()?.of(&address),
            address: address.masked(),
        })
    }

    /// Where the log begins, once events were purged.
    pub fn events_anchor(&self) -> Result<Option<Anchor>, AdminError> {
        self.may(Right::Look)?;
        Ok(self.store.anchor()?)
    }

    /// What a purge of events older than `keep` would take.
    pub fn prunable(&self, keep: Span) -> Result<Pruned, AdminError> {
        self.may(Right::Machine)?;
        check_keep(keep)?;
        let (first, through) = self.store.prunable_events(&self.host.now(), keep)?;
        Ok(Pruned {
            events: through.saturating_sub(first).max(0),
            through: through.max(first),
            done: false,
        })
    }

    /// Purges the events that are older than `keep`.
    pub fn prune(&mut self, keep: Span, why: Option<&str>) -> Result<Pruned, AdminError> {
        self.may(Right::Machine)?;
        let due = self.prunable(keep)?;
        let now = self.host.now();
        let events = self
            .store
            .prune_events(&now, keep, &self.actor, &reason(why))?;
        self.log("audit-prune", "");
        Ok(Pruned {
            events,
            done: true,
            ..due
        })
    }
}

fn check_keep(keep: Span) -> Result<(), AdminError> {
    if (LEAST_KEEP..=MOST_KEEP).contains(&keep) {
        return Ok(());
    }
    let text = "events are kept for 30 days at the least and ten years at the most: --keep 30d to \
                --keep 3650d";
    Err(AdminError::Usage(text.to_owned()))
}

impl From<events::Listed> for Listed {
    fn from(event: events::Listed) -> Self {
        Self {
            seq: event.seq,
            at: stamp(event.at),
            at_millis: event.at,
            kind: sanitise(&event.kind),
            user: sanitise(&event.account),
            service: sanitise(&event.service),
            source: sanitise(&event.source),
            conversation: event.conversation,
            detail: event.detail,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Listed, events};

    // A copy of another store may hold anything. Mutants: a text goes to the screen as it is. What lies
    // in `detail` is JSON wherever it goes.
    #[test]
    fn no_text_of_an_event_reaches_a_screen_as_it_is() {
        let odd = || "\u{1b}[2Jodd".to_owned();
        let listed = Listed::from(events::Listed {
            seq: 1,
            at: 0,
            kind: odd(),
            account: odd(),
            service: odd(),
            source: odd(),
            conversation: 1,
            detail: serde_json::json!({}),
        });
        for text in [listed.kind, listed.user, listed.service, listed.source] {
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }
}
