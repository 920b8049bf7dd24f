//! Accounts: enrol, confirm, list, show, disable, enable, remove, unlock, recovery codes.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::job::{Content, Outcome};
use gatepost_words::secret::Secret;
use gatepost_words::time::Span;
use serde::Serialize;
use serde_json::json;

use super::mail::Attempt;
use super::why::place;
use super::{Admin, AdminError, reason, stamp};
use crate::code::Code;
use crate::code::key::{Purpose, Tag};
use crate::code::recovery::{self, RecoveryCode};
use crate::people;
use crate::policy::lockout::Lock;
use crate::store::accounts::{Account, CONFIRM_LIFE, Confirmation};
use crate::store::events::Event;

/// Whether addresses are shown in full, which is an event of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// `a***@e***.org`
    Masked,
    /// In full.
    Unmasked,
}

/// How a new address becomes confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By a code that is mailed to it.
    Code,
    /// By the administrator's word, which is recorded as that.
    Word,
}

/// An enrolled account.
#[derive(Debug, Serialize)]
pub struct Added {
    /// Canonical name.
    pub user: String,
    /// Its uid.
    pub uid: u32,
    /// Where its codes are to go, masked.
    pub address: String,
    /// Whether they go there already.
    pub confirmed: bool,
    /// The confirmation mail's deliveries, where one was sent.
    pub mail: Vec<Attempt>,
}

/// A confirmation code that was sent anew.
#[derive(Debug, Serialize)]
pub struct Sent {
    /// Whose.
    pub user: String,
    /// Where to, masked.
    pub address: String,
    /// How it went.
    pub mail: Vec<Attempt>,
}

/// What an account's state is for the person who wants to log in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "word")]
pub enum State {
    /// Codes are mailed and compared.
    Active,
    /// No address is confirmed: no code is mailed.
    Unconfirmed,
    /// Too many wrong codes, for a while.
    Locked {
        /// How much longer, in seconds.
        seconds: i64,
    },
    /// Too many wrong codes in a row, until it is unlocked.
    LockedUntilUnlocked,
    /// An administrator disabled it.
    Disabled,
    /// A tombstone.
    Removed,
}

impl State {
    /// As a list shows it.
    pub fn shown(&self) -> String {
        match self {
            Self::Active => "active".to_owned(),
            Self::Unconfirmed => "unconfirmed".to_owned(),
            Self::Locked { seconds } => format!("locked {}", rounded(Span::from_secs(*seconds))),
            Self::LockedUntilUnlocked => "locked".to_owned(),
            Self::Disabled => "disabled".to_owned(),
            Self::Removed => "removed".to_owned(),
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
    /// Its state.
    pub state: State,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// Failures since the last success or unlocking.
    pub failures_in_a_row: u32,
    /// Last success, RFC 3339.
    pub last_success: Option<String>,
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
    pub mails: Vec<super::mail::Listed>,
}

/// An act that has nothing to show but that it was done.
#[derive(Debug, Serialize)]
pub struct Acted {
    /// Whose.
    pub user: String,
    /// `disabled`, `enabled`, `removed`, `unlocked`, `confirmed`.
    pub act: &'static str,
    /// What was so before: a state, or for unlocking the failures in a row.
    pub before: String,
}

/// Recovery codes, shown once and kept as hashes.
#[derive(Debug)]
pub struct Recovery {
    /// Whose.
    pub user: String,
    /// Ten of them.
    pub codes: Vec<Secret>,
    /// How many of the earlier ones were left; they no longer work.
    pub replaced: u32,
}

impl Admin {
    /// Enrols an account of this machine with an address.
    pub fn add_user(
        &mut self,
        typed: &str,
        address: &str,
        proof: Proof,
    ) -> Result<Added, AdminError> {
        let typed = UserName::new(typed.to_owned())?;
        let address = EmailAddress::new(address.to_owned())?;
        let person = people::find(&typed)?;
        self.enrol(&person.name, person.uid, &address, proof)
    }

    /// Enrols a name and uid that the password database has.
    pub(super) fn enrol(
        &mut self,
        name: &UserName,
        uid: u32,
        address: &EmailAddress,
        proof: Proof,
    ) -> Result<Added, AdminError> {
        let (confirmation, code) = match proof {
            Proof::Word => (Confirmation::Word, None),
            Proof::Code => {
                let (id, tag, code) = self.draw_confirmation()?;
                (Confirmation::Code { id, tag }, Some(code))
            }
        };
        let now = self.host.now();
        self.store
            .add_account(&now, &self.actor, name, uid, address, &confirmation)?;
        self.log("user-add", name.as_str());
        let mail = match code {
            None => Vec::new(),
            Some(code) => self.mail_confirmation(name, address, &code)?,
        };
        Ok(Added {
            user: name.to_string(),
            uid,
            address: address.masked(),
            confirmed: proof == Proof::Word,
            mail,
        })
    }

    /// Whether the account has a confirmation code that can be typed now.
    pub fn confirmation_open(&self, typed: &str) -> Result<bool, AdminError> {
        let (name, account) = self.enrolled(typed)?;
        if unconfirmed(&account).is_none() {
            return Err(AdminError::NothingToConfirm(name.to_string()));
        }
        Ok(self.store.confirmation_open(&self.host.now(), &name)?)
    }

    /// Mails a new confirmation code; an earlier one dies.
    pub fn send_confirmation(&mut self, typed: &str) -> Result<Sent, AdminError> {
        let (name, account) = self.enrolled(typed)?;
        if unconfirmed(&account).is_none() {
            return Err(AdminError::NothingToConfirm(name.to_string()));
        }
        let (id, tag, code) = self.draw_confirmation()?;
        let now = self.host.now();
        let address = self
            .store
            .renew_confirmation(&now, &self.actor, &name, id, &tag)?;
        self.log("user-verify-sent", name.as_str());
        Ok(Sent {
            user: name.to_string(),
            mail: self.mail_confirmation(&name, &address, &code)?,
            address: address.masked(),
        })
    }

    /// Takes the code that was mailed to an address: counted first, then compared.
    pub fn confirm(&mut self, typed: &str, code: &Secret) -> Result<Acted, AdminError> {
        let (name, account) = self.enrolled(typed)?;
        let Some(address) = unconfirmed(&account) else {
            return Err(AdminError::NothingToConfirm(name.to_string()));
        };
        let address = mask(&address.address, Mask::Masked);
        // Read first: a key that is missing must not cost a try.
        self.key()?;
        let now = self.host.now();
        let pending = self.store.count_confirmation(&now, &name)?;
        let code = Code::typed(code.expose());
        let verified = self
            .key()?
            .verify(Purpose::Confirmation, &pending.id, &code, &pending.tag);
        let Some(verified) = verified else {
            let user = name.to_string();
            return Err(AdminError::WrongCode { user, address });
        };
        self.store
            .confirm(&now, &self.actor, &name, &pending, verified)?;
        self.log("user-confirmed", name.as_str());
        Ok(Acted {
            user: name.to_string(),
            act: "confirmed",
            before: "unconfirmed".to_owned(),
        })
    }

    /// A page of accounts by name, after `after`.
    pub fn users(&self, after: &str, limit: u32, show: Mask) -> Result<Vec<Listed>, AdminError> {
        let accounts = self.store.accounts(after, limit)?;
        accounts
            .iter()
            .map(|account| self.listed(account, show))
            .collect()
    }

    /// Records that addresses are shown in full; before they are.
    pub fn unmask(&mut self, of: &str, why: Option<&str>) -> Result<(), AdminError> {
        let event = Event {
            kind: "unmask",
            account: of,
            service: "",
            source: "",
            conversation: None,
            detail: json!({"reason": reason(why), "by": self.actor.name}),
        };
        self.store.record(self.host.now().wall, &event)?;
        self.log("unmask", of);
        Ok(())
    }

    /// One account with all that is known of it; a removed one too.
    pub fn show_user(&self, typed: &str, show: Mask) -> Result<Shown, AdminError> {
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
        Ok(Shown {
            account: self.listed(&account, show)?,
            failures_last_hour: failures.as_ref().map_or(0, |failures| failures.last_hour),
            failures_last_day: failures.as_ref().map_or(0, |failures| failures.last_day),
            last_failure_from: last.map(|(source, _)| place(source)),
            last_failure: last.map(|(_, at)| stamp(*at)),
            recovery_codes_left: self.store.recovery_left(account.id)?,
            mails: self.mails_of(Some(account.id), 5)?,
        })
    }

    /// Refuses an account's sign-ins until it is enabled again; open codes die.
    pub fn disable_user(&mut self, typed: &str, why: Option<&str>) -> Result<Acted, AdminError> {
        self.set_state(typed, "disabled", "user-disable", why)
    }

    /// Ends a disabling.
    pub fn enable_user(&mut self, typed: &str, why: Option<&str>) -> Result<Acted, AdminError> {
        self.set_state(typed, "active", "user-enable", why)
    }

    fn set_state(
        &mut self,
        typed: &str,
        state: &'static str,
        kind: &str,
        why: Option<&str>,
    ) -> Result<Acted, AdminError> {
        let (name, account) = self.enrolled(typed)?;
        let now = self.host.now();
        self.store
            .set_state(&now, &self.actor, &name, state, &reason(why))?;
        self.log(kind, name.as_str());
        Ok(Acted {
            user: name.to_string(),
            act: if state == "active" {
                "enabled"
            } else {
                "disabled"
            },
            before: account.state,
        })
    }

    /// Removes an account; its tombstone keeps the name refused until it is enrolled again.
    pub fn remove_user(&mut self, typed: &str, why: Option<&str>) -> Result<Acted, AdminError> {
        let (name, account) = self.enrolled(typed)?;
        let now = self.host.now();
        self.store
            .remove_account(&now, &self.actor, &name, &reason(why))?;
        self.log("user-remove", name.as_str());
        Ok(Acted {
            user: name.to_string(),
            act: "removed",
            before: account.state,
        })
    }

    /// Lets failures so far no longer count.
    pub fn unlock_user(&mut self, typed: &str, why: Option<&str>) -> Result<Acted, AdminError> {
        let (name, _) = self.enrolled(typed)?;
        let now = self.host.now();
        let failures = self.store.unlock(&now, &self.actor, &name, &reason(why))?;
        self.log("user-unlock", name.as_str());
        Ok(Acted {
            user: name.to_string(),
            act: "unlocked",
            before: failures.to_string(),
        })
    }

    /// Makes ten recovery codes; earlier ones no longer work.
    pub fn new_recovery(&mut self, typed: &str) -> Result<Recovery, AdminError> {
        let (name, account) = self.enrolled(typed)?;
        let replaced = self.store.recovery_left(account.id)?;
        let mut codes: Vec<RecoveryCode> = Vec::with_capacity(recovery::COUNT);
        let mut hashes = Vec::with_capacity(recovery::COUNT);
        while codes.len() < recovery::COUNT {
            let code = RecoveryCode::draw(|buffer| self.host.fill_random(buffer))?;
            // The first group says which hash to compare, so it must be one code's alone.
            if codes.iter().any(|other| other.index() == code.index()) {
                continue;
            }
            let mut salt = [0; 16];
            self.host.fill_random(&mut salt)?;
            hashes.push((code.index(), code.hash(&salt).ok_or(AdminError::Hash)?));
            codes.push(code);
        }
        let now = self.host.now();
        self.store.set_recovery(&now, &self.actor, &name, &hashes)?;
        self.log("recovery-new", name.as_str());
        Ok(Recovery {
            user: name.to_string(),
            codes: codes.iter().map(RecoveryCode::shown).collect(),
            replaced,
        })
    }

    /// A confirmation code, what it is bound to and its keyed hash.
    fn draw_confirmation(&mut self) -> Result<([u8; 16], Tag, Code), AdminError> {
        let mut id = [0; 16];
        self.host.fill_random(&mut id)?;
        let shape = self.config.policy.limits.shape;
        let code = Code::draw(shape, |buffer| self.host.fill_random(buffer))?;
        let tag = self.key()?.tag(Purpose::Confirmation, &id, &code);
        Ok((id, tag, code))
    }

    fn mail_confirmation(
        &mut self,
        name: &UserName,
        address: &EmailAddress,
        code: &Code,
    ) -> Result<Vec<Attempt>, AdminError> {
        let content = Content::Confirmation {
            code: code.grouped(),
            valid_for: CONFIRM_LIFE.to_string(),
        };
        let account = self.store.account(name)?.map(|account| account.id);
        self.send("confirmation", address, name.as_str(), account, content)
    }

    /// An account as a list shows it.
    fn listed(&self, account: &Account, show: Mask) -> Result<Listed, AdminError> {
        Ok(Listed {
            key: account.name.clone(),
            user: gatepost_words::text::sanitise(&account.name),
            uid: account.uid,
            state: self.state(account)?,
            addresses: account
                .addresses
                .iter()
                .map(|address| Address {
                    address: mask(&address.address, show),
                    confirmed: address.confirmed.map(stamp),
                    confirmed_by: address.confirmed_by.clone(),
                })
                .collect(),
            failures_in_a_row: account.failures_in_a_row,
            last_success: account.last_success.map(stamp),
            enrolled: stamp(account.created),
        })
    }

    fn state(&self, account: &Account) -> Result<State, AdminError> {
        match account.state.as_str() {
            "removed" => return Ok(State::Removed),
            "active" => {}
            // Disabled, and any word that a later version may write.
            _ => return Ok(State::Disabled),
        }
        let failures = self
            .store
            .failures(&self.host.now(), &account.name, &self.config.policy)?;
        Ok(match failures.map(|failures| failures.lock) {
            Some(Lock::Row) => State::LockedUntilUnlocked,
            Some(Lock::Window(left)) => State::Locked {
                seconds: left.secs_up(),
            },
            Some(Lock::Open) | None => {
                if account.addresses.iter().any(|a| a.confirmed.is_some()) {
                    State::Active
                } else {
                    State::Unconfirmed
                }
            }
        })
    }
}

/// Whether the last of the attempts was taken by a relay.
pub fn accepted(attempts: &[Attempt]) -> bool {
    attempts
        .last()
        .is_some_and(|last| last.outcome == Outcome::Accepted.word())
}

/// A span of minutes and more without its seconds, rounded up: `43 min`.
pub(super) fn rounded(span: Span) -> Span {
    if span <= Span::from_secs(90) {
        return span;
    }
    Span::from_mins(span.secs_up().saturating_add(59) / 60)
}

/// The address that waits for its code.
fn unconfirmed(account: &Account) -> Option<&crate::store::accounts::Address> {
    account
        .addresses
        .iter()
        .find(|address| address.confirmed.is_none())
}

/// An address as it may be shown. What is no address is not shown at all.
pub(super) fn mask(address: &str, show: Mask) -> String {
    EmailAddress::new(address.to_owned()).map_or_else(
        |_bad| "?".to_owned(),
        |address| match show {
            Mask::Masked => address.masked(),
            Mask::Unmasked => address.as_str().to_owned(),
        },
    )
}
