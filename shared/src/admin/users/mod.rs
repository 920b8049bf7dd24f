//! Accounts: enrol, confirm, list, show, disable, enable, remove, unlock, lock, note, recovery codes;
//! addresses, invitations, many at once, import.

mod address;
mod bulk;
mod enrol;
mod import;
mod invite;
mod view;

use gatepost_words::ident::UserName;
use gatepost_words::secret::Secret;
use gatepost_words::text::sanitise;
use serde::Serialize;

pub use self::address::Moved;
pub use self::bulk::{Ended, STOPPED, Stop, Tally};
pub use self::enrol::{Added, Proof, Sent, accepted};
pub use self::import::{
    Fate, Form, IMPORT_LIMIT, Imported, Line, MOST_ROWS, Options, Plan, Rows, machine_rows,
    read_rows,
};
pub use self::invite::{Invited, MOST_MISSING, Person};
pub use self::view::{Address, Listed, Mask, Shown, Standing, State};
pub(super) use self::view::{mask, rounded};
use super::roles::Right;
use super::{Admin, AdminError};
use crate::code::recovery::{self, RecoveryCode};
use crate::policy::limits::HELPDESK_UNLOCKS_PER_DAY;
use crate::store::accounts::Recorded;
pub use crate::store::accounts::{Asked, Versions};
use crate::store::error::StoreError;
use crate::store::unlocks::Unlocked;

/// The longest note, in bytes.
const NOTE_LIMIT: usize = 1024;

/// A note as the store keeps it: one line, fit to be shown.
fn note(text: &str) -> Result<String, AdminError> {
    let mut clean = String::new();
    for c in text.trim().chars() {
        clean.push_str(&sanitise(c.encode_utf8(&mut [0; 4])));
        if clean.len() > NOTE_LIMIT {
            let text = format!("a note has at most {NOTE_LIMIT} bytes: say it shorter");
            return Err(AdminError::Usage(text));
        }
    }
    Ok(clean)
}

/// An act that has nothing to show but that it was done.
#[derive(Debug, Serialize)]
pub struct Acted {
    /// Whose.
    pub user: String,
    /// `disabled`, `enabled`, `removed`, `unlocked`, `locked`, `noted`, `confirmed`.
    pub act: &'static str,
    /// Its state before.
    pub before: Standing,
    /// Its version before and after.
    #[serde(skip)]
    pub versions: Versions,
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
    /// Refuses an account's sign-ins until it is enabled again; open codes die.
    pub fn disable_user(
        &mut self,
        typed: &str,
        asked: impl Into<Asked>,
    ) -> Result<Acted, AdminError> {
        self.may(Right::Accounts)?;
        self.set_state(typed, "disabled", "user-disable", asked.into())
    }

    /// Ends a disabling.
    pub fn enable_user(
        &mut self,
        typed: &str,
        asked: impl Into<Asked>,
    ) -> Result<Acted, AdminError> {
        self.may(Right::Accounts)?;
        self.set_state(typed, "active", "user-enable", asked.into())
    }

    fn set_state(
        &mut self,
        typed: &str,
        state: &'static str,
        kind: &str,
        asked: Asked,
    ) -> Result<Acted, AdminError> {
        let act = if state == "active" {
            "enabled"
        } else {
            "disabled"
        };
        let way = (Right::Accounts, kind, act);
        self.act(way, typed, asked, |admin, name, asked| {
            let now = admin.host.now();
            admin
                .store
                .set_state(&now, &admin.actor, name, state, asked)
        })
    }

    /// Removes an account; its tombstone keeps the name refused until it is enrolled again.
    pub fn remove_user(
        &mut self,
        typed: &str,
        asked: impl Into<Asked>,
    ) -> Result<Acted, AdminError> {
        self.may(Right::Accounts)?;
        let way = (Right::Accounts, "user-remove", "removed");
        self.act(way, typed, asked.into(), |admin, name, asked| {
            let now = admin.host.now();
            let actor = admin.actor_of_addresses();
            admin.store.remove_account(&now, &actor, name, asked)
        })
    }

    /// Lets failures so far no longer count, and ends an administrator's lock. The helpdesk may do so a
    /// few times a day.
    pub fn unlock_user(
        &mut self,
        typed: &str,
        asked: impl Into<Asked>,
    ) -> Result<Acted, AdminError> {
        self.may(Right::Unlock)?;
        let (name, account) = self.enrolled(typed)?;
        self.may_on(Right::Unlock, &account)?;
        let before = self.standing(&account)?;
        let now = self.host.now();
        let by = self.operator.acts_on(&account);
        let asked = self.among(asked.into());
        let Recorded { versions, entry } =
            match self.store.unlock(&now, &self.actor, &name, by, &asked)? {
                Unlocked::Done(recorded) => recorded,
                Unlocked::TooOften => {
                    return Err(AdminError::UnlockedOften {
                        user: name.to_string(),
                        most: HELPDESK_UNLOCKS_PER_DAY,
                    });
                }
            };
        self.batch = self.batch.after(entry);
        self.log("user-unlock", name.as_str());
        Ok(Acted {
            user: name.to_string(),
            act: "unlocked",
            before,
            versions,
        })
    }

    /// Locks an account until it is unlocked, as a hundred wrong codes do: no mailed code and no
    /// recovery code is taken.
    pub fn lock_user(&mut self, typed: &str, asked: impl Into<Asked>) -> Result<Acted, AdminError> {
        self.may(Right::Accounts)?;
        let way = (Right::Accounts, "user-lock", "locked");
        self.act(way, typed, asked.into(), |admin, name, asked| {
            let now = admin.host.now();
            admin.store.lock(&now, &admin.actor, name, asked)
        })
    }

    /// Notes something about an account; an empty text takes the note away.
    pub fn note_user(
        &mut self,
        typed: &str,
        text: &str,
        asked: impl Into<Asked>,
    ) -> Result<Acted, AdminError> {
        self.may(Right::Accounts)?;
        let note = note(text)?;
        let way = (Right::Accounts, "user-note", "noted");
        self.act(way, typed, asked.into(), |admin, name, asked| {
            let now = admin.host.now();
            admin.store.set_note(&now, &admin.actor, name, &note, asked)
        })
    }

    /// One act on one account, and a line for the system log: what it takes, its kind, and what it is called
    /// once it is done.
    fn act(
        &mut self,
        (right, kind, done): (Right, &str, &'static str),
        typed: &str,
        asked: Asked,
        act: impl FnOnce(&mut Self, &UserName, &Asked) -> Result<Recorded, StoreError>,
    ) -> Result<Acted, AdminError> {
        self.may(right)?;
        let (name, account) = self.enrolled(typed)?;
        self.may_on(right, &account)?;
        let before = self.standing(&account)?;
        let asked = self.among(asked);
        let Recorded { versions, entry } = act(self, &name, &asked)?;
        self.batch = self.batch.after(entry);
        self.log(kind, name.as_str());
        Ok(Acted {
            user: name.to_string(),
            act: done,
            before,
            versions,
        })
    }

    /// The same, taken back with the acts that it is one of.
    pub(super) fn among(&self, asked: Asked) -> Asked {
        Asked {
            batch: self.batch,
            ..asked
        }
    }

    /// Makes ten recovery codes; earlier ones no longer work.
    pub fn new_recovery(&mut self, typed: &str, why: Option<&str>) -> Result<Recovery, AdminError> {
        self.may(Right::Accounts)?;
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
        let actor = self.actor.clone().because(why);
        self.store.set_recovery(&now, &actor, &name, &hashes)?;
        self.log("recovery-new", name.as_str());
        Ok(Recovery {
            user: name.to_string(),
            codes: codes.iter().map(RecoveryCode::shown).collect(),
            replaced,
        })
    }
}
