//! Accounts: enrol, confirm, list, show, disable, enable, remove, unlock, recovery codes.

mod enrol;
mod view;

use gatepost_words::secret::Secret;
use serde::Serialize;

pub use self::enrol::{Added, Proof, Sent, accepted};
pub use self::view::{Address, Listed, Mask, Shown, Standing, State};
pub(super) use self::view::{mask, rounded};
use super::roles::{Right, Role};
use super::{Admin, AdminError, reason};
use crate::code::recovery::{self, RecoveryCode};
use crate::policy::limits::HELPDESK_UNLOCKS_PER_DAY;
use crate::store::unlocks::{Unlocked, Unlocker};

/// An act that has nothing to show but that it was done.
#[derive(Debug, Serialize)]
pub struct Acted {
    /// Whose.
    pub user: String,
    /// `disabled`, `enabled`, `removed`, `unlocked`, `confirmed`.
    pub act: &'static str,
    /// Its state before.
    pub before: Standing,
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
    pub fn disable_user(&mut self, typed: &str, why: Option<&str>) -> Result<Acted, AdminError> {
        self.may(Right::Accounts)?;
        self.set_state(typed, "disabled", "user-disable", why)
    }

    /// Ends a disabling.
    pub fn enable_user(&mut self, typed: &str, why: Option<&str>) -> Result<Acted, AdminError> {
        self.may(Right::Accounts)?;
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
        let before = self.standing(&account)?;
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
            before,
        })
    }

    /// Removes an account; its tombstone keeps the name refused until it is enrolled again.
    pub fn remove_user(&mut self, typed: &str, why: Option<&str>) -> Result<Acted, AdminError> {
        self.may(Right::Accounts)?;
        let (name, account) = self.enrolled(typed)?;
        let before = self.standing(&account)?;
        let now = self.host.now();
        self.store
            .remove_account(&now, &self.actor, &name, &reason(why))?;
        self.log("user-remove", name.as_str());
        Ok(Acted {
            user: name.to_string(),
            act: "removed",
            before,
        })
    }

    /// Lets failures so far no longer count. The helpdesk may do so a few times a day.
    pub fn unlock_user(&mut self, typed: &str, why: Option<&str>) -> Result<Acted, AdminError> {
        self.may(Right::Unlock)?;
        let (name, account) = self.enrolled(typed)?;
        self.may_on(Right::Unlock, &account)?;
        let before = self.standing(&account)?;
        let now = self.host.now();
        let by = match self.operator.role {
            Role::Admin => Unlocker::Admin,
            Role::Helpdesk | Role::Auditor => Unlocker::Helpdesk { uid: account.uid },
        };
        let reason = reason(why);
        match self.store.unlock(&now, &self.actor, &name, by, &reason)? {
            Unlocked::Done => {}
            Unlocked::TooOften => {
                return Err(AdminError::UnlockedOften {
                    user: name.to_string(),
                    most: HELPDESK_UNLOCKS_PER_DAY,
                });
            }
        }
        self.log("user-unlock", name.as_str());
        Ok(Acted {
            user: name.to_string(),
            act: "unlocked",
            before,
        })
    }

    /// Makes ten recovery codes; earlier ones no longer work.
    pub fn new_recovery(&mut self, typed: &str) -> Result<Recovery, AdminError> {
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
        self.store.set_recovery(&now, &self.actor, &name, &hashes)?;
        self.log("recovery-new", name.as_str());
        Ok(Recovery {
            user: name.to_string(),
            codes: codes.iter().map(RecoveryCode::shown).collect(),
            replaced,
        })
    }
}
