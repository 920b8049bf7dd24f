//! Acts on one account: unlock, lock, disable, enable, remove, note, recovery codes.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::job::OwnerAct;
use gatepost_words::time::StoreTime;
use rusqlite::{Transaction, params};
use serde_json::json;

use super::{Account, Act, Actor, Asked, Recorded, clear, existing, record, unchanged};
use crate::host::Now;
use crate::store::error::{Problem, StoreError};
use crate::store::events::not_found;
use crate::store::kinds::Kind;
use crate::store::mails::{ToldAct, address};
use crate::store::notices::notify;
use crate::store::undo::{self, Back, Batch, Snapshot};
use crate::store::{Store, clock};

impl Store {
    /// Sets an account's state: `active` or `disabled`.
    pub fn set_state(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        state: &'static str,
        asked: &Asked,
    ) -> Result<Recorded, StoreError> {
        let kind = if state == "active" {
            Kind::UserEnable
        } else {
            Kind::UserDisable
        };
        self.change_account(now, name, asked, |tx, at, account| {
            undo::set_state(tx, account, state)?;
            if state == "active" && account.state == "disabled" {
                tell(tx, now, at, account, OwnerAct::Enabled)?;
            }
            let act = Act {
                kind,
                detail: json!({
                    "before": account.state,
                    "after": state,
                    "reason": asked.reason,
                }),
                back: Some(Back::State(account.state.clone())),
                batch: asked.batch,
            };
            record(tx, now, at, actor, account, act).map(|entry| Recorded::of(account, entry))
        })
    }

    /// Locks an account until it is unlocked: no mailed code and no recovery code is taken, as when a
    /// hundred wrong codes locked it. The person is told that the account is locked.
    pub fn lock(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        asked: &Asked,
    ) -> Result<Recorded, StoreError> {
        self.change_account(now, name, asked, |tx, at, account| {
            if account.held.is_some() {
                let what = format!("{name} is locked by an administrator already");
                return Err(StoreError {
                    doing: CHANGING,
                    problem: Problem::Exists(what),
                });
            }
            undo::hold(tx, account.id, Some(now.wall.millis()))?;
            let act = Act {
                kind: Kind::UserLock,
                detail: json!({"reason": asked.reason}),
                back: Some(Back::Held(None)),
                batch: asked.batch,
            };
            record(tx, now, at, actor, account, act).map(|entry| Recorded::of(account, entry))
        })
    }

    /// Removes an account, leaving a tombstone: its name is never taken for one that never was.
    pub fn remove_account(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        asked: &Asked,
    ) -> Result<Recorded, StoreError> {
        self.change_account(now, name, asked, |tx, at, account| {
            let snapshot = remove(tx, now, at, account)?;
            let all = account.addresses.iter();
            let all = all.filter_map(|address| EmailAddress::new(address.address.clone()).ok());
            let addresses: Vec<EmailAddress> = all.collect();
            let act = Act {
                kind: Kind::UserRemove,
                detail: actor.naming(json!({"reason": asked.reason}), "addresses", &addresses),
                back: Some(Back::Restore(Box::new(snapshot))),
                batch: asked.batch,
            };
            record(tx, now, at, actor, account, act).map(|entry| Recorded::of(account, entry))
        })
    }

    /// Writes what administrators want to know about an account, in place of what was there.
    pub fn set_note(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        note: &str,
        asked: &Asked,
    ) -> Result<Recorded, StoreError> {
        self.change_account(now, name, asked, |tx, at, account| {
            undo::set_note(tx, account.id, note)?;
            let act = Act {
                kind: Kind::UserNote,
                detail: json!({
                    "before": account.note,
                    "after": note,
                    "reason": asked.reason,
                }),
                back: Some(Back::Note(account.note.clone())),
                batch: asked.batch,
            };
            record(tx, now, at, actor, account, act).map(|entry| Recorded::of(account, entry))
        })
    }

    /// Replaces an account's recovery codes.
    pub fn set_recovery(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        codes: &[(String, String)],
    ) -> Result<(), StoreError> {
        let doing = "setting recovery codes";
        self.change_account(now, name, &Asked::default(), |tx, at, account| {
            tx.execute(
                "DELETE FROM recovery_codes WHERE account = ?1",
                [account.id],
            )
            .map_err(StoreError::sqlite(doing))?;
            for (first_group, hash) in codes {
                tx.execute(
                    "INSERT INTO recovery_codes (account, first_group, hash) VALUES (?1, ?2, ?3)",
                    params![account.id, first_group, hash],
                )
                .map_err(StoreError::sqlite(doing))?;
            }
            tell(tx, now, at, account, OwnerAct::RecoveryReplaced)?;
            // What was shown once cannot be unseen: new codes are the way, not the old ones back.
            let act = Act {
                kind: Kind::RecoveryNew,
                detail: json!({"codes": codes.len()}),
                back: None,
                batch: Batch::Alone,
            };
            record(tx, now, at, actor, account, act).map(|_undo| ())
        })
    }

    /// Takes an account's recovery codes away; how many were left.
    pub fn remove_recovery(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        reason: &str,
    ) -> Result<u32, StoreError> {
        let doing = "removing recovery codes";
        self.change_account(now, name, &Asked::default(), |tx, at, account| {
            let left: u32 = tx
                .query_row(
                    "SELECT count(*) FROM recovery_codes
                     WHERE account = ?1 AND used_wall IS NULL",
                    [account.id],
                    |row| row.get(0),
                )
                .map_err(StoreError::sqlite(doing))?;
            if left == 0 {
                return Err(not_found(
                    doing,
                    format!("{name} has no recovery code left"),
                ));
            }
            tx.execute(
                "DELETE FROM recovery_codes WHERE account = ?1",
                [account.id],
            )
            .map_err(StoreError::sqlite(doing))?;
            let act = Act {
                kind: Kind::RecoveryRemove,
                detail: json!({"left": left, "reason": reason}),
                back: None,
                batch: Batch::Alone,
            };
            record(tx, now, at, actor, account, act)?;
            Ok(left)
        })
    }

    /// One act on an account that is there, not removed, and what the person saw.
    fn change_account<T>(
        &mut self,
        now: &Now,
        name: &UserName,
        asked: &Asked,
        act: impl FnOnce(&Transaction<'_>, StoreTime, &Account) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.write(CHANGING, |tx| {
            let at = clock::advance(tx, now)?;
            let account = existing(tx, CHANGING, name)?;
            unchanged(tx, CHANGING, &account, asked)?;
            act(tx, at, &account)
        })
    }
}

const CHANGING: &str = "changing an account";

/// Tells the owner of an act, where codes go now: whoever gets them later is somebody else to tell. An account
/// without a confirmed address is told where its codes go one day.
pub(in crate::store) fn tell(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    account: &Account,
    act: OwnerAct,
) -> Result<(), StoreError> {
    let told = ToldAct::of(act, String::new());
    let to = address(tx, account.id)?.map(|(_, address)| address);
    notify(tx, now, at, account.id, &told, to.as_ref())
}

/// Turns an account into a tombstone; what brings it back. Its owner is told, so that nobody gets
/// another address enrolled by removing the account first.
pub(in crate::store) fn remove(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    account: &Account,
) -> Result<Snapshot, StoreError> {
    let doing = "removing an account";
    let run = |sql: &str| {
        tx.execute(sql, [account.id])
            .map_err(StoreError::sqlite(doing))
    };
    let snapshot = Snapshot::of(tx, account)?;
    run("UPDATE accounts SET state = 'removed' WHERE id = ?1")?;
    // Those that go to an address of their own were promised to whoever had it then.
    run("UPDATE outbox SET state = 'failed'
         WHERE account = ?1 AND state <> 'sent' AND recipient IS NULL")?;
    for old in &account.addresses {
        let to = EmailAddress::new(old.address.clone());
        if let (Some(_), Ok(to)) = (old.confirmed, to) {
            let told = ToldAct::of(OwnerAct::Removed, String::new());
            notify(tx, now, at, account.id, &told, Some(&to))?;
        }
    }
    clear(tx, account.id).map_err(StoreError::sqlite(doing))?;
    Ok(snapshot)
}
