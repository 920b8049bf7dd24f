//! Accounts as a list and a page show them.

use std::fmt;

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::text::{sanitise, tame};
use gatepost_words::time::Span;
use serde::Serialize;
use serde_json::json;

use super::super::roles::{Right, Role};
use super::super::why::place;
use super::super::{Admin, AdminError, reason, stamp};
use super::address::marked;
use crate::policy::limits::HELPDESK_UNMASKS_PER_DAY;
use crate::policy::lockout::Lock;
use crate::store::accounts::Account;
use crate::store::events::Event;
use crate::store::kinds::Kind;
use crate::store::unmasks::{Counted, Unmasked};

/// Whether addresses are shown in full, which is an event of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// `a***@e***.org`
    Masked,
    /// In full.
    Unmasked,
}

impl Mask {
    /// What it takes to look so.
    pub(in crate::admin) const fn needs(self) -> Right {
        match self {
            Self::Masked => Right::Look,
            Self::Unmasked => Right::Unmask,
        }
    }
}

/// What an account's state is for the person who wants to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Codes are mailed and compared.
    Active,
    /// No address is confirmed: no code is mailed.
    Unconfirmed,
    /// Too many wrong codes.
    Locked,
    /// An administrator disabled it.
    Disabled,
    /// A tombstone.
    Removed,
}

/// A state, and how long a lock lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// For a locked account: how much longer, in seconds; none where an administrator must unlock
    /// it.
    pub locked_seconds: Option<i64>,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Unconfirmed => "unconfirmed",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
            Self::Removed => "removed",
        })
    }
}

impl fmt::Display for Standing {
    /// As a list shows it: `locked 43 min`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)?;
        match self.locked_seconds {
            Some(seconds) => write!(f, " {}", rounded(Span::from_secs(seconds))),
            None => Ok(()),
        }
    }
}

impl From<State> for Standing {
    fn from(state: State) -> Self {
        Self {
            state,
            locked_seconds: None,
        }
    }
}

/// An account in a list.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// The row's key, for the next page: the name as it is.
    #[serde(skip)]
    pub key: String,
    /// Canonical name, fit to be shown.
    pub user: String,
    /// The uid it was enrolled with.
    pub uid: u32,
    /// Raised by each administrator's act; an act that expects another one is refused.
    pub version: i64,
    /// What administrators noted about it.
    pub note: String,
    /// Whether an administrator locked it.
    pub locked_by_administrator: bool,
    /// Its state.
    #[serde(flatten)]
    pub standing: Standing,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// Failures since the last success or unlocking.
    pub failures_in_a_row: u32,
    /// Last success, RFC 3339.
    pub last_success: Option<String>,
    /// The same, milliseconds since 1970.
    #[serde(skip)]
    pub last_success_millis: Option<i64>,
    /// Enrolled, RFC 3339.
    pub enrolled: String,
}

/// An address in a list.
#[derive(Debug, Serialize)]
pub struct Address {
    /// Masked, unless asked for in full.
    pub address: String,
    /// When it was confirmed, RFC 3339.
    pub confirmed: Option<String>,
    /// By `code` or by an `administrator`'s word.
    pub confirmed_by: Option<String>,
    /// What tells it from others with the same mask, as events have it; none in lists, and where the key cannot
    /// be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

impl Address {
    /// The address with its fingerprint, where that is known.
    pub fn told(&self) -> String {
        marked(&self.address, self.fingerprint.as_deref())
    }
}

/// An account in full.
#[derive(Debug, Serialize)]
pub struct Shown {
    /// What a list has of it.
    #[serde(flatten)]
    pub account: Listed,
    /// Wrong codes in the last hour, as far as they count.
    pub failures_last_hour: u32,
    /// Wrong codes in the last day, as far as they count.
    pub failures_last_day: u32,
    /// Where the last wrong code came from.
    pub last_failure_from: Option<String>,
    /// When that was, RFC 3339.
    pub last_failure: Option<String>,
    /// Recovery codes that are left.
    pub recovery_codes_left: u32,
    /// The newest deliveries.
    pub mails: Vec<super::super::mail::Listed>,
}

impl Admin {
    /// Records that addresses are shown in full; before they are.
    pub fn unmask(&mut self, of: &str, why: Option<&str>) -> Result<(), AdminError> {
        self.may(Right::Unmask)?;
        let event = Event {
            kind: Kind::Unmask,
            account: of,
            service: "",
            source: "",
            conversation: None,
            detail: self.actor.sign(json!({"reason": reason(why)})),
        };
        let counted = match self.operator.role {
            Role::Admin => None,
            Role::Helpdesk | Role::Auditor => Some(Counted {
                by: &self.actor.name,
                most: HELPDESK_UNMASKS_PER_DAY,
            }),
        };
        match self.store.unmask(&self.host.now(), &event, counted)? {
            Unmasked::Recorded => {}
            Unmasked::TooOften => {
                return Err(AdminError::UnmaskedOften(HELPDESK_UNMASKS_PER_DAY));
            }
        }
        self.log("unmask", of);
        Ok(())
    }

    /// One account with all that is known of it; a removed one too.
    pub fn show_user(&self, typed: &str, show: Mask) -> Result<Shown, AdminError> {
        self.may(show.needs())?;
        let typed = UserName::new(typed.to_owned())?;
        let Some(account) = self.row(&typed)? else {
            // For its error alone: no row is no enrolled account.
            self.enrolled(typed.as_str())?;
            return Err(AdminError::NotEnrolled(typed.to_string()));
        };
        let failures = self
            .store
            .failures(&self.host.now(), &account.name, &self.config.policy)?;
        let last = failures
            .as_ref()
            .and_then(|failures| failures.last.as_ref());
        let mut listed = listed(&account, self.standing(&account)?, show);
        if let Ok(marks) = self.fingerprints() {
            for (shown, address) in listed.addresses.iter_mut().zip(&account.addresses) {
                let address = EmailAddress::new(address.address.clone());
                shown.fingerprint = address.ok().map(|address| marks.of(&address));
            }
        }
        Ok(Shown {
            account: listed,
            failures_last_hour: failures.as_ref().map_or(0, |failures| failures.last_hour),
            failures_last_day: failures.as_ref().map_or(0, |failures| failures.last_day),
            last_failure_from: last.map(|(source, _)| place(source)),
            last_failure: last.map(|(_, at)| stamp(*at)),
            recovery_codes_left: self.store.recovery_left(account.id)?,
            mails: self.mails_of(Some(account.id), 5)?,
        })
    }

    /// An enrolled account's state.
    pub fn standing_of(&self, typed: &str) -> Result<Standing, AdminError> {
        self.may(Right::Look)?;
        let (_, account) = self.enrolled(typed)?;
        self.standing(&account)
    }

    /// Accounts as a list shows them.
    pub(in crate::admin) fn listed(
        &self,
        accounts: &[Account],
        show: Mask,
    ) -> Result<Vec<Listed>, AdminError> {
        let standings = self.standings(accounts)?;
        let rows = accounts.iter().zip(standings);
        Ok(rows
            .map(|(account, standing)| listed(account, standing, show))
            .collect())
    }

    /// An account's state.
    pub(in crate::admin) fn standing(&self, account: &Account) -> Result<Standing, AdminError> {
        let standings = self.standings(std::slice::from_ref(account))?;
        Ok(standings
            .into_iter()
            .next()
            .unwrap_or(State::Disabled.into()))
    }

    /// Accounts' states, in their order.
    fn standings(&self, accounts: &[Account]) -> Result<Vec<Standing>, AdminError> {
        let names: Vec<&str> = accounts
            .iter()
            .map(|account| account.name.as_str())
            .collect();
        let now = self.host.now();
        let locks = self.store.mailed_locks(&now, &names, &self.config.policy)?;
        let rows = accounts.iter().zip(locks);
        Ok(rows
            .map(|(account, lock)| standing(account, lock))
            .collect())
    }
}

/// An account as a list shows it.
fn listed(account: &Account, standing: Standing, show: Mask) -> Listed {
    Listed {
        key: account.name.clone(),
        user: sanitise(&account.name),
        uid: account.uid,
        version: account.version,
        note: tame(&account.note),
        locked_by_administrator: account.held.is_some(),
        standing,
        addresses: account
            .addresses
            .iter()
            .map(|address| Address {
                address: mask(&address.address, show),
                confirmed: address.confirmed.map(stamp),
                confirmed_by: address.confirmed_by.clone(),
                fingerprint: None,
            })
            .collect(),
        failures_in_a_row: account.failures_in_a_row,
        last_success: account.last_success.map(stamp),
        last_success_millis: account.last_success,
        enrolled: stamp(account.created),
    }
}

/// An account's state: what keeps its person out comes before what does not.
fn standing(account: &Account, lock: Option<Lock>) -> Standing {
    match account.state.as_str() {
        "removed" => return State::Removed.into(),
        "active" => {}
        // Disabled, and any word that a later version may write.
        _ => return State::Disabled.into(),
    }
    let confirmed = account
        .addresses
        .iter()
        .any(|address| address.confirmed.is_some());
    match lock {
        Some(Lock::Row) => State::Locked.into(),
        Some(Lock::Window(left)) => Standing {
            state: State::Locked,
            locked_seconds: Some(left.secs_up()),
        },
        Some(Lock::Open) | None if confirmed => State::Active.into(),
        Some(Lock::Open) | None => State::Unconfirmed.into(),
    }
}

/// A span of minutes and more without its seconds, rounded up: `43 min`.
pub(in crate::admin) fn rounded(span: Span) -> Span {
    if span <= Span::from_secs(90) {
        return span;
    }
    Span::from_mins(span.secs_up().saturating_add(59) / 60)
}

/// An address as it may be shown. What is no address is not shown at all.
pub(in crate::admin) fn mask(address: &str, show: Mask) -> String {
    EmailAddress::new(address.to_owned()).map_or_else(
        |_bad| "?".to_owned(),
        |address| match show {
            Mask::Masked => address.masked(),
            Mask::Unmasked => address.as_str().to_owned(),
        },
    )
}
