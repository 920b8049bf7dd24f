//! Is an attack going on? The meter's reading, as people and scripts read it.

use gatepost_words::text::sanitise;
use serde::Serialize;

use super::roles::Right;
use super::why::place;
use super::{Admin, AdminError};
use crate::policy::attack::{self, Finding, OfAccount, OfSource, Reading, TOP};

/// What the meter shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attack {
    /// Whether it looks like one.
    pub attack: bool,
    /// Why, a sentence each.
    pub why: Vec<String>,
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

    /// The networks of all sources that the meter suspects now.
    pub(super) fn suspects(&self) -> Result<Vec<String>, AdminError> {
        let (reading, _) = self.reading()?;
        let suspects = reading.sources.into_iter().filter(|source| source.suspect);
        Ok(suspects.map(|source| source.source).collect())
    }

    fn reading(&self) -> Result<(Reading, bool), AdminError> {
        let (traffic, at) = self.store.traffic(&self.host.now())?;
        Ok((attack::read(&traffic, at), traffic.cut))
    }
}

fn shown(reading: &Reading, at_least: bool) -> Attack {
    let why = reading.findings.iter().map(sentence);
    Attack {
        attack: !reading.findings.is_empty(),
        // As many sources as somebody has addresses may each be a reason.
        why: why.take(TOP).collect(),
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
