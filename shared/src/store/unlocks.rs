//! Unlocking an account, and how often the helpdesk did: the count belongs to the account and stands in
//! the transaction that unlocks. Who may unlock whom is decided above.

use gatepost_words::ident::UserName;
use gatepost_words::job::OwnerAct;
use gatepost_words::time::StoreTime;
use rusqlite::{Transaction, params};
use serde_json::json;

use super::accounts::{self, Account, Actor, Asked, Recorded};
use super::error::StoreError;
use super::events::not_found;
use super::guesses::DAY;
use super::kinds::Kind;
use super::{Store, clock, undo};
use crate::host::Now;
use crate::policy::limits::HELPDESK_UNLOCKS_PER_DAY;

/// Who unlocks, or makes a bypass code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlocker {
    /// As often as it takes.
    Admin,
    /// A few times a day, and the account that was looked at alone: the one with this uid.
    Helpdesk {
        /// The uid that the guards were asked about.
        uid: u32,
    },
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Unlocked {
    /// Failures so far no longer count; what the act left.
    Done(Recorded),
    /// The helpdesk did so too often; nothing was changed.
    TooOften,
}

const DOING: &str = "unlocking an account";

impl Store {
    /// Unlocks an account: failures so far no longer count, in windows and in a row, and an
    /// administrator's lock ends.
    pub fn unlock(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        by: Unlocker,
        asked: &Asked,
    ) -> Result<Unlocked, StoreError> {
        self.write(DOING, |tx| {
            let at = clock::advance(tx, now)?;
            let account = accounts::existing(tx, DOING, name)?;
            accounts::unchanged(tx, DOING, &account, asked)?;
            match by {
                Unlocker::Admin => {}
                Unlocker::Helpdesk { uid } if uid != account.uid => {
                    return Err(not_found(DOING, "the account was changed in the meantime"));
                }
                Unlocker::Helpdesk { .. } => {
                    if !count(tx, &account, at).map_err(StoreError::sqlite(DOING))? {
                        return Ok(Unlocked::TooOften);
                    }
                }
            }
            let back = undo::unlock(tx, at, &account)?;
            accounts::tell(tx, now, at, &account, OwnerAct::Unlocked)?;
            let lock = account.held.map_or("", |_| "by an administrator");
            let act = accounts::Act {
                kind: Kind::UserUnlock,
                detail: json!({
                    "failures": account.failures_in_a_row,
                    "lock": lock,
                    "reason": asked.reason,
                }),
                back: Some(back),
                batch: asked.batch,
            };
            let entry = accounts::record(tx, now, at, actor, &account, act)?;
            Ok(Unlocked::Done(Recorded::of(&account, entry)))
        })
    }
}

/// Counts one more unlocking by the helpdesk; says whether there was room. Rows that are older than a
/// day go here, so that an account never has more than the most.
fn count(tx: &Transaction<'_>, account: &Account, at: StoreTime) -> Result<bool, rusqlite::Error> {
    tx.execute(
        "DELETE FROM helpdesk_unlocks WHERE account = ?1 AND at_store <= ?2",
        params![account.id, at.minus(DAY).millis()],
    )?;
    let counted = tx.execute(
        "INSERT INTO helpdesk_unlocks (account, at_store) SELECT ?1, ?2
         WHERE (SELECT count(*) FROM helpdesk_unlocks WHERE account = ?1) < ?3",
        params![account.id, at.millis(), HELPDESK_UNLOCKS_PER_DAY],
    )?;
    Ok(counted == 1)
}
