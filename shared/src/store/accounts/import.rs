//! Enrolling many accounts, in transactions of a bounded number of rows. What a file says of an
//! account that is there is a change of address or of the note; its state and its counts are not
//! touched.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::time::StoreTime;
use rusqlite::Transaction;
use serde_json::json;

use super::address::{Change, change_address};
use super::{Account, Act, Actor, Asked, Confirmation, by_name, enrol, existing, record};
use crate::host::Now;
use crate::store::error::{Problem, StoreError};
use crate::store::kinds::Kind;
use crate::store::undo::{self, Back, Batch};
use crate::store::{Store, clock};

/// What is to become of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It enrols an account.
    Add,
    /// It gives an account another address, and a note where there is one.
    Change,
    /// It gives an account a note.
    Note,
}

/// A row to be imported.
#[derive(Clone, Debug)]
pub struct Row {
    /// Canonical name.
    pub name: UserName,
    /// Its uid.
    pub uid: u32,
    /// Where codes are to go.
    pub address: EmailAddress,
    /// What to note; empty: nothing.
    pub note: String,
    /// Whether the address is taken on the administrator's word.
    pub confirmed: bool,
    /// What is to become of it.
    pub way: Way,
    /// The account's version when it was looked at; none where the name never had a row. Another one by now
    /// leaves the row undone.
    pub seen: Option<i64>,
}

/// How rows ended.
#[derive(Debug)]
pub struct Ended {
    /// Each of them.
    pub rows: Vec<Result<(), StoreError>>,
    /// The journal's entry that takes all of them back together.
    pub batch: Option<i64>,
}

impl Store {
    /// Imports rows in one transaction. A row that is refused has changed nothing and hinders no other.
    pub fn import(
        &mut self,
        now: &Now,
        actor: &Actor,
        rows: &[Row],
        batch: Option<i64>,
        asked: &Asked,
    ) -> Result<Ended, StoreError> {
        self.write("importing accounts", |tx| {
            let at = clock::advance(tx, now)?;
            let mut batch = batch.map_or(Batch::First, Batch::Of);
            let mut ended = Vec::with_capacity(rows.len());
            for row in rows {
                let before = batch;
                run(tx, "SAVEPOINT row")?;
                let done = one(tx, now, at, actor, row, &mut batch, asked);
                if done.is_err() {
                    run(tx, "ROLLBACK TO row")?;
                    batch = before;
                }
                run(tx, "RELEASE row")?;
                ended.push(done);
            }
            Ok(Ended {
                rows: ended,
                batch: batch.first(),
            })
        })
    }
}

fn run(tx: &Transaction<'_>, sql: &str) -> Result<(), StoreError> {
    tx.execute_batch(sql)
        .map_err(StoreError::sqlite("importing accounts"))
}

/// The row's account as it was looked at: still there or still not, of that version and uid, and active.
fn as_seen(
    tx: &Transaction<'_>,
    doing: &'static str,
    row: &Row,
) -> Result<Option<Account>, StoreError> {
    let account = by_name(tx, row.name.as_str())?;
    let same = match (&account, row.seen) {
        (None, None) => true,
        (Some(account), Some(seen)) => {
            account.version == seen && account.uid == row.uid && account.state == "active"
        }
        (None, Some(_)) | (Some(_), None) => false,
    };
    if same {
        return Ok(account);
    }
    let what = format!(
        "{} was changed since the list was looked at: nothing was done; import it again",
        row.name
    );
    Err(StoreError {
        doing,
        problem: Problem::Changed(what),
    })
}

fn one(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    actor: &Actor,
    row: &Row,
    batch: &mut Batch,
    asked: &Asked,
) -> Result<(), StoreError> {
    let doing = "importing an account";
    let confirmation = if row.confirmed {
        Confirmation::Word
    } else {
        Confirmation::Later
    };
    let account = as_seen(tx, doing, row)?;
    let entry = match row.way {
        Way::Add if account.is_some() => {
            return Err(StoreError::odd(doing, "it adds what is there"));
        }
        Way::Add => {
            let person = (&row.name, row.uid);
            enrol(
                tx,
                now,
                at,
                actor,
                person,
                &row.address,
                &confirmation,
                *batch,
            )?
        }
        Way::Change => {
            let account = existing(tx, doing, &row.name)?;
            let change = Change {
                address: &row.address,
                confirmation: &confirmation,
                reason: &asked.reason,
                batch: *batch,
            };
            change_address(tx, now, at, actor, &account, &change)?
        }
        Way::Note => None,
    };
    *batch = batch.after(entry);
    if row.note.is_empty() {
        return Ok(());
    }
    let account = existing(tx, doing, &row.name)?;
    undo::set_note(tx, account.id, &row.note)?;
    let act = Act {
        kind: Kind::UserNote,
        detail: json!({"before": account.note, "after": row.note, "reason": asked.reason}),
        back: Some(Back::Note(account.note.clone())),
        batch: *batch,
    };
    let entry = record(tx, now, at, actor, &account, act)?;
    *batch = batch.after(entry);
    Ok(())
}
