//! The changes that take acts back, and what each of them ended: the smallest steps that verbs and
//! undo share.

use gatepost_words::job::OwnerAct;
use gatepost_words::time::StoreTime;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{Back, Failures, void_codes};
use crate::host::Now;
use crate::store::accounts::{Account, remove, tell};
use crate::store::error::StoreError;

const DOING: &str = "changing an account";

/// An address that waits for its code, as its row has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::store) struct PendingAddress {
    address: String,
    limit_key: String,
    confirmed: Option<i64>,
    confirmed_by: Option<String>,
    id: Option<Vec<u8>>,
    tag: Option<Vec<u8>>,
    until: Option<i64>,
    tries: u32,
    created: i64,
}

/// What a removal ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::store) struct Snapshot {
    /// Whose addresses and codes these are: a name that was enrolled anew may be somebody else's.
    uid: u32,
    state: String,
    addresses: Vec<PendingAddress>,
    /// First group, hash, when it was used.
    recovery: Vec<(String, String, Option<i64>)>,
}

const ADDRESS: &str = "SELECT address, limit_key, confirmed_wall, confirmed_by, confirm_id, \
    confirm_tag, confirm_until, confirm_tries, created_wall FROM addresses WHERE account = ?1";

impl PendingAddress {
    fn of(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            address: row.get(0)?,
            limit_key: row.get(1)?,
            confirmed: row.get(2)?,
            confirmed_by: row.get(3)?,
            id: row.get(4)?,
            tag: row.get(5)?,
            until: row.get(6)?,
            tries: row.get(7)?,
            created: row.get(8)?,
        })
    }

    fn insert(&self, tx: &Transaction<'_>, account: i64) -> Result<(), StoreError> {
        tx.execute(
            "INSERT INTO addresses (account, address, limit_key, confirmed_wall, confirmed_by,
               confirm_id, confirm_tag, confirm_until, confirm_tries, created_wall)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                account,
                self.address,
                self.limit_key,
                self.confirmed,
                self.confirmed_by,
                self.id,
                self.tag,
                self.until,
                self.tries,
                self.created
            ],
        )
        .map_err(StoreError::sqlite(DOING))?;
        Ok(())
    }
}

impl Snapshot {
    /// What an account is now.
    pub(in crate::store) fn of(
        connection: &Connection,
        account: &Account,
    ) -> Result<Self, StoreError> {
        let failed = StoreError::sqlite;
        let addresses = connection
            .prepare_cached(&format!("{ADDRESS} ORDER BY id"))
            .and_then(|mut statement| {
                statement
                    .query_map([account.id], PendingAddress::of)?
                    .collect()
            })
            .map_err(failed(DOING))?;
        let recovery = connection
            .prepare_cached(
                "SELECT first_group, hash, used_wall FROM recovery_codes WHERE account = ?1",
            )
            .and_then(|mut statement| {
                statement
                    .query_map([account.id], |row| {
                        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                    })?
                    .collect()
            })
            .map_err(failed(DOING))?;
        Ok(Self {
            uid: account.uid,
            state: account.state.clone(),
            addresses,
            recovery,
        })
    }

    fn restore(&self, tx: &Transaction<'_>, account: &Account) -> Result<(), StoreError> {
        set_state(tx, account, &self.state)?;
        set_uid(tx, account.id, self.uid)?;
        for address in &self.addresses {
            address.insert(tx, account.id)?;
        }
        for (first_group, hash, used) in &self.recovery {
            tx.execute(
                "INSERT INTO recovery_codes (account, first_group, hash, used_wall)
                 VALUES (?1, ?2, ?3, ?4)",
                params![account.id, first_group, hash, used],
            )
            .map_err(StoreError::sqlite(DOING))?;
        }
        Ok(())
    }
}

/// Takes an act back; what does it again.
pub(super) fn apply(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    account: &Account,
    back: Back,
) -> Result<Back, StoreError> {
    Ok(match back {
        Back::Failures(failures) => {
            count_again(tx, account.id, &failures)?;
            Back::Unlock
        }
        Back::Unlock => {
            let failures = unlock(tx, at, account)?;
            tell(tx, now, at, account, OwnerAct::Unlocked)?;
            failures
        }
        Back::Held(held) => {
            hold(tx, account.id, held)?;
            Back::Held(account.held)
        }
        Back::State(state) => {
            set_state(tx, account, &state)?;
            if state == "active" && account.state == "disabled" {
                tell(tx, now, at, account, OwnerAct::Enabled)?;
            }
            Back::State(account.state.clone())
        }
        Back::Note(note) => {
            set_note(tx, account.id, &note)?;
            Back::Note(account.note.clone())
        }
        Back::Pending(wanted) => {
            let before = pending(tx, account.id)?;
            tx.execute(
                "DELETE FROM addresses WHERE account = ?1 AND confirmed_wall IS NULL",
                [account.id],
            )
            .map_err(StoreError::sqlite(DOING))?;
            if let Some(wanted) = wanted {
                wanted.insert(tx, account.id)?;
            }
            Back::Pending(before)
        }
        Back::Remove(uid) => {
            let snapshot = remove(tx, now, at, account)?;
            set_uid(tx, account.id, uid)?;
            Back::Restore(Box::new(snapshot))
        }
        Back::Restore(snapshot) => {
            snapshot.restore(tx, account)?;
            Back::Remove(account.uid)
        }
        Back::Other(_) => return Err(StoreError::odd(DOING, "it is no change of an account")),
    })
}

/// Lets failures so far no longer count, and ends an administrator's lock; what they were.
pub(in crate::store) fn unlock(
    tx: &Transaction<'_>,
    at: StoreTime,
    account: &Account,
) -> Result<Back, StoreError> {
    let failed = StoreError::sqlite;
    let unlocked = tx
        .query_row(
            "SELECT unlocked_store FROM accounts WHERE id = ?1",
            [account.id],
            |row| row.get(0),
        )
        .map_err(failed(DOING))?;
    tx.execute(
        "UPDATE accounts SET failures_in_row = 0, unlocked_store = ?2, held_wall = NULL
         WHERE id = ?1",
        params![account.id, at.millis()],
    )
    .map_err(failed(DOING))?;
    Ok(Back::Failures(Failures {
        in_a_row: account.failures_in_a_row,
        unlocked,
        held: account.held,
    }))
}

/// Failures count again, on top of those since: counts only rise.
fn count_again(tx: &Transaction<'_>, account: i64, failures: &Failures) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE accounts SET failures_in_row = failures_in_row + ?2, unlocked_store = ?3,
           held_wall = coalesce(held_wall, ?4)
         WHERE id = ?1",
        params![account, failures.in_a_row, failures.unlocked, failures.held],
    )
    .map_err(StoreError::sqlite(DOING))?;
    Ok(())
}

/// Sets or ends an administrator's lock; codes that are open die with it.
pub(in crate::store) fn hold(
    tx: &Transaction<'_>,
    account: i64,
    held: Option<i64>,
) -> Result<(), StoreError> {
    let failed = StoreError::sqlite;
    tx.execute(
        "UPDATE accounts SET held_wall = ?2 WHERE id = ?1",
        params![account, held],
    )
    .map_err(failed(DOING))?;
    void_codes(tx, account).map_err(failed(DOING))
}

/// Sets the state; codes that are open die with it.
pub(in crate::store) fn set_state(
    tx: &Transaction<'_>,
    account: &Account,
    state: &str,
) -> Result<(), StoreError> {
    let failed = StoreError::sqlite;
    tx.execute(
        "UPDATE accounts SET state = ?2 WHERE id = ?1",
        params![account.id, state],
    )
    .map_err(failed(DOING))?;
    void_codes(tx, account.id).map_err(failed(DOING))
}

/// Sets whose the row is.
fn set_uid(tx: &Transaction<'_>, account: i64, uid: u32) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE accounts SET uid = ?2 WHERE id = ?1",
        params![account, uid],
    )
    .map_err(StoreError::sqlite(DOING))?;
    Ok(())
}

/// Sets the note.
pub(in crate::store) fn set_note(
    tx: &Transaction<'_>,
    account: i64,
    note: &str,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE accounts SET note = ?2 WHERE id = ?1",
        params![account, note],
    )
    .map_err(StoreError::sqlite(DOING))?;
    Ok(())
}

/// The address that waits for its code.
pub(in crate::store) fn pending(
    connection: &Connection,
    account: i64,
) -> Result<Option<PendingAddress>, StoreError> {
    connection
        .prepare_cached(&format!(
            "{ADDRESS} AND confirmed_wall IS NULL ORDER BY id LIMIT 1"
        ))
        .and_then(|mut statement| {
            statement
                .query_row([account], PendingAddress::of)
                .optional()
        })
        .map_err(StoreError::sqlite(DOING))
}
