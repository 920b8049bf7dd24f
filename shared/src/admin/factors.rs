//! What an account can prove itself by, and taking a factor away.

use serde::Serialize;

use super::roles::Right;
use super::users::{Mask, mask, rounded};
use super::{Admin, AdminError, reason};
use crate::policy::lockout::Lock;
use crate::store::bypass::Whose;

/// What an account has of a factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Factor {
    /// `mailed`, `recovery`, `bypass`, `totp`.
    pub factor: &'static str,
    /// Whether it can be used now.
    pub usable: bool,
    /// What there is of it, as a person reads it.
    pub detail: String,
}

/// A factor that was taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Whose.
    pub user: String,
    /// Which.
    pub factor: &'static str,
    /// How many codes of it no longer work.
    pub codes: u32,
}

impl Admin {
    /// The factors that an account can use.
    pub fn factors(&self, typed: &str) -> Result<Vec<Factor>, AdminError> {
        self.may(Right::Look)?;
        let (name, account) = self.enrolled(typed)?;
        let now = self.host.now();
        let failures = self
            .store
            .failures(&now, name.as_str(), &self.config.policy)?;
        let [mailed, recovery, bypass] = failures.map_or([Lock::Row; 3], |failures| {
            [failures.lock, failures.recovery, failures.bypass]
        });
        let active = account.state == "active";
        let factor = |factor, there: bool, lock: Lock, detail: String| Factor {
            factor,
            usable: active && there && !lock.locked(),
            detail: format!("{detail}{}", locked(lock)),
        };
        let confirmed = account
            .addresses
            .iter()
            .any(|address| address.confirmed.is_some());
        let addresses: Vec<String> = account
            .addresses
            .iter()
            .map(|address| {
                let shown = mask(&address.address, Mask::Masked);
                let how = address.confirmed.map_or("not confirmed", |_at| "confirmed");
                format!("{shown} {how}")
            })
            .collect();
        let left = self.store.recovery_left(account.id)?;
        let most = crate::policy::limits::BYPASS_CODES;
        let live = self.store.bypass_codes(&now, Whose::Of(&name), most)?.len();
        Ok(vec![
            factor("mailed", confirmed, mailed, addresses.join(", ")),
            factor("recovery", left > 0, recovery, format!("{left} left")),
            factor("bypass", live > 0, bypass, format!("{live} live")),
            Factor {
                factor: "totp",
                usable: false,
                detail: "this version has no authenticator apps".to_owned(),
            },
        ])
    }

    /// Takes an account's recovery codes away.
    pub fn remove_recovery(
        &mut self,
        typed: &str,
        why: Option<&str>,
    ) -> Result<Removed, AdminError> {
        self.may(Right::Accounts)?;
        let (name, _account) = self.enrolled(typed)?;
        let now = self.host.now();
        let codes = self
            .store
            .remove_recovery(&now, &self.actor, &name, &reason(why))?;
        self.log("recovery-remove", name.as_str());
        Ok(Removed {
            user: name.to_string(),
            factor: "recovery",
            codes,
        })
    }

    /// Takes an account's bypass codes away.
    pub fn remove_bypass(&mut self, typed: &str, why: Option<&str>) -> Result<Removed, AdminError> {
        self.may(Right::Bypass)?;
        let revoked = self.revoke_bypass(typed, None, why)?;
        Ok(Removed {
            user: revoked.user,
            factor: "bypass",
            codes: u32::try_from(revoked.revoked.len()).unwrap_or(u32::MAX),
        })
    }
}

fn locked(lock: Lock) -> String {
    match lock {
        Lock::Open => String::new(),
        Lock::Window(left) => format!("; locked for another {}", rounded(left)),
        Lock::Row => "; locked until the account is unlocked".to_owned(),
    }
}
