//! Enrolling many accounts, in transactions of a bounded number of rows. What a file says of an
//! account that is there is a change of address or of the note; its state and its counts are not
//! touched.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::time::StoreTime;
use rusqlite::Transaction;
use serde_json::json;

use super::address::{Change, change_address};
use super::{Act, Actor, Asked, Confirmation, enrol, existing, record};
use crate::host::Now;
use crate::store::error::StoreError;
use crate::store::undo::{self, Back};
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
        mut batch: Option<i64>,
        asked: &Asked,
    ) -> Result<Ended, StoreError> {
        self.write("importing accounts", |tx| {
            let at = clock::advance(tx, now)?;
            let ended = rows
                .iter()
                .map(|row| one(tx, now, at, actor, row, &mut batch, asked))
                .collect();
            Ok(Ended { rows: ended, batch })
        })
    }
}

fn one(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    actor: &Actor,
    row: &Row,
    batch: &mut Option<i64>,
    asked: &Asked,
) -> Result<(), StoreError> {
    let doing = "importing an account";
    let confirmation = if row.confirmed {
        Confirmation::Word
    } else {
        Confirmation::Later
    };
    let entry = match row.way {
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
    joined(tx, entry, batch)?;
    if row.note.is_empty() {
        return Ok(());
    }
    let account = existing(tx, doing, &row.name)?;
    undo::set_note(tx, account.id, &row.note)?;
    let act = Act {
        kind: "user-note",
        detail: json!({"before": account.note, "after": row.note, "reason": asked.reason}),
        back: Some(Back::Note(account.note.clone())),
        batch: *batch,
    };
    let entry = record(tx, now, at, actor, &account, act)?;
    joined(tx, entry, batch)
}

/// The first entry of an import is the one that all others join.
fn joined(
    tx: &Transaction<'_>,
    entry: Option<i64>,
    batch: &mut Option<i64>,
) -> Result<(), StoreError> {
    if let (Some(first), None) = (entry, *batch) {
        undo::begin_batch(tx, first)?;
        *batch = Some(first);
    }
    Ok(())
}
