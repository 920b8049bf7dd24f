//! Is an attack going on? The meter's reading, as people and scripts read it.

use gatepost_words::text::sanitise;
use serde::Serialize;

use super::roles::Right;
use super::why::place;
use super::{Admin, AdminError};
use crate::people;
use crate::policy::attack::{self, Finding, OfAccount, OfSource, Reading, TOP};
use crate::policy::network::Network;
use crate::policy::shield::shieldable;

/// What the meter shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attack {
    /// Whether it looks like one.
    pub attack: bool,
    /// Why, a sentence each.
    pub why: Vec<String>,
    /// Whether a shield can refuse some of the suspects.
    pub shieldable: bool,
    /// Suspects that no shield can refuse, and what to do about them instead, a sentence each.
    pub unshieldable: Vec<String>,
    /// How near it is to what counts as one, in hundredths: from 100 on it does.
    pub percent: u32,
    /// Whether there was more than is looked at: then each count is "at least".
    pub at_least: bool,
    /// Wrong codes in the last ten minutes.
    pub wrong_codes: u32,
    /// The same for each of them, the newest last.
    pub wrong_per_minute: Vec<u32>,
    /// Mails in each of the last thirty minutes, the newest last.
    pub mails_per_minute: Vec<u32>,
    /// The worst sources.
    pub sources: Vec<Source>,
    /// The accounts with most wrong codes.
    pub accounts: Vec<Account>,
}

/// What a source did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// An address, an IPv6 network, or this machine.
    pub source: String,
    /// Wrong codes.
    pub wrong_codes: u32,
    /// Wrong codes in its worst minute.
    pub worst_minute: u32,
    /// Accounts at which it was wrong.
    pub accounts: usize,
    /// Accounts whose mails it left unanswered.
    pub unanswered: usize,
    /// Sign-ins a minute that proved nothing.
    pub strangers_per_minute: u32,
    /// Whether it is why this looks like an attack.
    pub suspect: bool,
}

/// What happened to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its name.
    pub user: String,
    /// Wrong codes.
    pub wrong_codes: u32,
    /// Sources that were wrong at it.
    pub sources: usize,
    /// Whether it is why this looks like an attack.
    pub suspect: bool,
}

impl Admin {
    /// Reads the attack meter.
    pub fn attack(&self) -> Result<Attack, AdminError> {
        self.may(Right::Look)?;
        let (reading, at_least) = self.reading()?;
        Ok(shown(&reading, at_least))
    }

    /// What the meter suspects now.
    pub(super) fn suspects(&self) -> Result<Suspects, AdminError> {
        let (reading, _) = self.reading()?;
        Ok(Suspects::of(&reading))
    }

    fn reading(&self) -> Result<(Reading, bool), AdminError> {
        let (traffic, at) = self.store.traffic(&self.host.now())?;
        Ok((attack::read(&traffic, at), traffic.cut))
    }
}

/// The sources that are suspects, the worst first.
pub(super) struct Suspects {
    /// Those that a shield can refuse.
    pub(super) networks: Vec<Network>,
    /// The others as the books have them.
    others: Vec<String>,
}

impl Suspects {
    fn of(reading: &Reading) -> Self {
        let mut suspects = Self {
            networks: Vec::new(),
            others: Vec::new(),
        };
        for source in reading.sources.iter().filter(|source| source.suspect) {
            let address = source.source.strip_prefix("ip:");
            match address.and_then(|address| shieldable(address).ok()) {
                Some(network) => suspects.networks.push(network),
                None => suspects.others.push(source.source.clone()),
            }
        }
        suspects
    }

    /// What to do about those that no shield can refuse, a sentence each.
    pub(super) fn unshieldable(&self) -> Vec<String> {
        let others = self.others.iter().take(TOP);
        others.map(|source| instead(source)).collect()
    }
}

/// What to do about a source that no shield can refuse. A local caller is looked up here alone: somebody must be
/// a suspect first.
fn instead(source: &str) -> String {
    let place = place(source);
    let uid = source.strip_prefix("uid:").and_then(|uid| uid.parse().ok());
    match uid.map(|uid: u32| (uid, people::by_uid(uid))) {
        Some((0, _)) => format!(
            "{place} cannot be shielded: that is root, for whoever is at the console or for a service. See \
             what runs (ps -fu 0), and lock the account that is tried (gatepost user lock USER)"
        ),
        Some((uid, Ok(person))) => {
            let name = sanitise(person.name.as_str());
            format!(
                "{place} cannot be shielded: that is {name}. See what they run (ps -fu {uid}), end it \
                 (loginctl terminate-user {uid}), and lock their account if they have one (gatepost user \
                 lock {name})"
            )
        }
        Some((uid, Err(_))) => format!(
            "{place} cannot be shielded, and no user of that uid is found. See what runs (ps -fu {uid}), \
             and end it (loginctl terminate-user {uid})"
        ),
        None => format!(
            "{place} cannot be shielded: it is no address. Name the address with --source; UseDNS no in \
             sshd_config has sshd say it"
        ),
    }
}

fn shown(reading: &Reading, at_least: bool) -> Attack {
    let why = reading.findings.iter().map(sentence);
    let suspects = Suspects::of(reading);
    Attack {
        attack: !reading.findings.is_empty(),
        // As many sources as somebody has addresses may each be a reason.
        why: why.take(TOP).collect(),
        shieldable: !suspects.networks.is_empty(),
        unshieldable: suspects.unshieldable(),
        percent: reading.percent,
        at_least,
        wrong_codes: reading.wrong.iter().sum(),
        wrong_per_minute: reading.wrong.clone(),
        mails_per_minute: reading.mails.clone(),
        sources: reading.sources.iter().take(TOP).map(source).collect(),
        accounts: reading.accounts.iter().take(TOP).map(account).collect(),
    }
}

fn source(of: &OfSource) -> Source {
    Source {
        source: place(&of.source),
        wrong_codes: of.wrong,
        worst_minute: of.worst_minute,
        accounts: of.accounts,
        unanswered: of.unanswered,
        strangers_per_minute: of.strangers,
        suspect: of.suspect,
    }
}

fn account(of: &OfAccount) -> Account {
    Account {
        user: sanitise(&of.account),
        wrong_codes: of.wrong,
        sources: of.sources,
        suspect: of.suspect,
    }
}

fn sentence(finding: &Finding) -> String {
    match finding {
        Finding::Fast(source, count) => {
            format!("{}: {count} wrong codes within a minute", place(source))
        }
        Finding::Wide(source, count) => {
            format!("{}: wrong codes at {count} accounts", place(source))
        }
        Finding::Unanswered(source, count) => format!(
            "{}: has the passwords of {count} accounts and leaves their mails unanswered",
            place(source)
        ),
        Finding::Strangers(source, count) => format!(
            "{}: {count} sign-ins a minute with wrong names or passwords",
            place(source)
        ),
        Finding::Many(account, count) => {
            format!("{}: wrong codes from {count} sources", sanitise(account))
        }
    }
}
