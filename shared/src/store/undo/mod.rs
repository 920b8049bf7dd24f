//! The journal of acts that can be taken back: each writes, in its own transaction, what does that.
//! An entry lives for ten minutes of the store's own clock, and works only while nobody changed since
//! what the act changed.
//!
//! Another verb joins by a variant of [`Back`] and its arm in [`apply`], whose answer takes that back
//! in turn: a redo is the undo of an undo. What is no account's row joins by one of [`Other`]. Counts of
//! failures only rise by an undo.

use gatepost_words::time::{Span, StoreTime};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::accounts::{self, Actor, Asked, Versions, void_codes};
use super::error::{Problem, StoreError};
use super::events::{self, not_found};
use super::kinds::Kind;
use super::{Store, clock};
use crate::host::Now;

mod listing;
mod others;
mod restore;

pub use self::others::About;
pub(super) use self::others::{Other, open_shields, set_back};
use self::restore::{PendingAddress, apply};
pub(super) use self::restore::{Snapshot, hold, pending, set_note, set_state, unlock};

/// How long an act can be taken back.
pub const UNDO_LIFE: Span = Span::from_mins(10);
/// Expired entries that each act removes; upkeep removes the rest.
const BATCH: u32 = 100;
const DOING: &str = "taking an act back";

/// What takes an act back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Back {
    /// Failures count again that an unlocking had ended.
    Failures(Failures),
    /// Unlock.
    Unlock,
    /// Set, or end, an administrator's lock.
    Held(Option<i64>),
    /// Set the state.
    State(String),
    /// Set the note.
    Note(String),
    /// Have this address wait for its code, or none.
    Pending(Option<PendingAddress>),
    /// Turn the account into a tombstone with that uid: whose it was before.
    Remove(u32),
    /// Bring it back from one.
    Restore(Box<Snapshot>),
    /// What leaves an account's row as it is.
    Other(Other),
}

/// What an unlocking ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Failures {
    pub(super) in_a_row: u32,
    pub(super) unlocked: Option<i64>,
    pub(super) held: Option<i64>,
}

/// An entry to be written.
pub(super) struct Entry<'a> {
    /// Whose; none for an act on no account.
    pub(super) account: Option<i64>,
    /// The act, as its event names it.
    pub(super) kind: &'a str,
    /// What takes it back.
    pub(super) back: &'a Back,
    /// The account's version before and after; for an act on the rules, the policy's.
    pub(super) versions: (i64, i64),
    /// The acts that are taken back together with it.
    pub(super) batch: Batch,
    /// The entry that this act took back.
    pub(super) undoes: Option<i64>,
}

/// The acts that one is taken back with. They are known by the entry of the first of them, which each act hands on
/// to the next: no transaction is about more than one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Batch {
    /// None: it stands alone.
    #[default]
    Alone,
    /// Those that follow it.
    First,
    /// Those of that entry.
    Of(i64),
}

impl Batch {
    /// For what follows an act that left this entry, if it left one.
    #[must_use]
    pub fn after(self, entry: Option<i64>) -> Self {
        match (self, entry) {
            (Self::First, Some(first)) => Self::Of(first),
            (Self::First | Self::Alone | Self::Of(_), _) => self,
        }
    }

    /// The entry of the first of them, once there is one.
    pub const fn first(self) -> Option<i64> {
        match self {
            Self::Of(first) => Some(first),
            Self::Alone | Self::First => None,
        }
    }
}

/// Which act an entry takes back: more than its number, which says nothing of what somebody saw under it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The act, as its event names it.
    pub kind: String,
    /// Whose account; empty for an act on none.
    pub account: String,
    /// The entry that this act took back, where it did; below zero where that did an act again.
    pub undoes: Option<i64>,
    /// Who did it.
    pub actor: String,
    /// When, milliseconds since 1970.
    pub at: i64,
}

impl Identity {
    /// Whether taking this back does an act again: it was itself the taking back of one. What did an act
    /// again stands where the act stood.
    pub fn does_again(&self) -> bool {
        self.undoes.is_some_and(|entry| entry > 0)
    }

    /// What the entry says it undoes that takes this one back, which has that number.
    fn undone_as(&self, id: i64) -> i64 {
        if self.does_again() { -id } else { id }
    }
}

/// An act that can be taken back, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undoable {
    /// The entry, or the first of those that are taken back together.
    pub id: i64,
    /// Which act it takes back.
    pub identity: Identity,
    /// What it is about, where that is no account: `203.0.113.0/24`, `version 8`.
    pub about: String,
    /// How much longer it can be taken back.
    pub left: Span,
    /// How many accounts it is about.
    pub count: u64,
    /// The newest of the entries that are taken back together: what is done with it later comes above.
    pub newest: i64,
}

/// What an entry is about: who may take it back is judged by this, and nothing else is taken back then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The entry.
    pub id: i64,
    /// Which act it takes back.
    pub identity: Identity,
    /// What it is about.
    pub about: About,
    /// Whether it was not taken back yet.
    pub is_open: bool,
}

/// An act that was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whose account; empty for an act on none.
    pub account: String,
    /// What it was about, where that is no account.
    pub about: String,
    /// What is so now, where that needs saying.
    pub now: String,
    /// The entry that does it again, where that can be.
    pub again: Option<i64>,
    /// The account's version before and after, where taking it back made one.
    pub versions: Option<Versions>,
}

/// When the newest entry ends. A later end is one of before the clock was set back, and over.
pub(super) fn last_end(at: StoreTime) -> i64 {
    at.plus(UNDO_LIFE).millis()
}

/// Writes an entry; its row.
pub(super) fn write(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    actor: &Actor,
    entry: &Entry<'_>,
) -> Result<i64, StoreError> {
    let doing = "writing what takes an act back";
    let failed = StoreError::sqlite;
    let back = text(entry.back)?;
    tx.execute(
        "DELETE FROM undo WHERE id IN (SELECT id FROM undo WHERE until_store <= ?1 LIMIT ?2)",
        params![at.millis(), BATCH],
    )
    .map_err(failed(doing))?;
    // By the log, to which the act wrote before: though the rows are gone after ten quiet minutes, no later act
    // in it has that number. A log that is restored may come to it once more, so people are told which act
    // it names.
    let last = events::last_seq(tx)?;
    tx.execute(
        "INSERT INTO undo (id, account, kind, actor, back, version_before, version_after, batch,
           undoes, state, until_store, at_wall)
         VALUES (max(?11, (SELECT coalesce(max(id), 0) + 1 FROM undo)),
           ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'open', ?9, ?10)",
        params![
            entry.account,
            entry.kind,
            actor.name,
            back,
            entry.versions.0,
            entry.versions.1,
            entry.batch.first(),
            entry.undoes,
            last_end(at),
            now.wall.millis(),
            last,
        ],
    )
    .map_err(failed(doing))?;
    let id = tx.last_insert_rowid();
    if entry.batch == Batch::First {
        tx.execute("UPDATE undo SET batch = id WHERE id = ?1", [id])
            .map_err(failed(doing))?;
    }
    Ok(id)
}

impl Store {
    /// The open entries that are taken back with one of them, the newest first.
    pub fn undo_together(&self, id: i64) -> Result<Vec<i64>, StoreError> {
        self.read(DOING, |connection| {
            connection
                .prepare_cached(
                    "SELECT id FROM undo WHERE id = ?1 AND batch IS NULL
                     UNION ALL
                     SELECT id FROM undo WHERE batch = (SELECT batch FROM undo WHERE id = ?1)
                       AND state = 'open'
                     ORDER BY 1 DESC",
                )
                .and_then(|mut statement| statement.query_map([id], |row| row.get(0))?.collect())
                .map_err(StoreError::sqlite(DOING))
        })
    }

    /// What an entry would take back. None where there is no such entry any more.
    pub fn undo_entry(&self, id: i64) -> Result<Option<Kept>, StoreError> {
        self.read(DOING, |connection| kept(connection, id))
    }

    /// Takes an act back, while it is what it was `judged` by.
    pub fn undo(
        &mut self,
        now: &Now,
        actor: &Actor,
        judged: &Kept,
        asked: &Asked,
    ) -> Result<Taken, StoreError> {
        self.write(DOING, |tx| {
            let at = clock::advance(tx, now)?;
            let id = judged.id;
            let mut row = open_entry(tx, at, id)?;
            row.undone_as = judged.identity.undone_as(id);
            if kept(tx, id)?.as_ref() != Some(judged) {
                return Err(another(id));
            }
            let changed = tx
                .execute(
                    "UPDATE undo SET state = 'taken' WHERE id = ?1 AND state = 'open'",
                    [id],
                )
                .map_err(StoreError::sqlite(DOING))?;
            if changed != 1 {
                return Err(not_found(DOING, "it was taken back in the meantime"));
            }
            if let Back::Other(other) = &row.back {
                return others::take(tx, now, at, actor, (id, &row), other, asked);
            }
            on_account(tx, now, at, actor, (id, row), asked)
        })
    }
}

/// The refusal for an entry that is not what somebody looked at.
pub(crate) fn another(id: i64) -> StoreError {
    let what = format!(
        "what act {id} takes back changed in the meantime. Nothing was done; look again: \
         gatepost undo --list"
    );
    StoreError {
        doing: DOING,
        problem: Problem::Changed(what),
    }
}

/// The refusal for acts that went on after somebody looked at those done together.
pub(crate) fn went_on(id: i64, more: usize) -> StoreError {
    let what = format!(
        "what act {id} is part of went on after you looked: {more} more would be taken back with it. Nothing \
         was done; when that is over, look again: gatepost undo --list"
    );
    StoreError {
        doing: DOING,
        problem: Problem::Changed(what),
    }
}

fn kept(connection: &Connection, id: i64) -> Result<Option<Kept>, StoreError> {
    connection
        .prepare_cached(
            "SELECT u.kind, coalesce(a.name, ''), u.undoes, u.actor, u.at_wall,
                    iif(u.account IS NULL, u.back, NULL), u.state = 'open', u.version_before,
                    u.version_after
             FROM undo u LEFT JOIN accounts a ON a.id = u.account WHERE u.id = ?1",
        )
        .and_then(|mut statement| {
            statement
                .query_row([id], |row| {
                    let back: Option<String> = row.get(5)?;
                    Ok(Kept {
                        id,
                        identity: identity(row)?,
                        is_open: row.get(6)?,
                        about: about(back.as_deref(), (row.get(7)?, row.get(8)?)),
                    })
                })
                .optional()
        })
        .map_err(StoreError::sqlite(DOING))
}

/// Of a row that begins with these columns.
fn identity(row: &Row<'_>) -> Result<Identity, rusqlite::Error> {
    Ok(Identity {
        kind: row.get(0)?,
        account: row.get(1)?,
        undoes: row.get(2)?,
        actor: row.get(3)?,
        at: row.get(4)?,
    })
}

/// Takes an act on an account back, while it has the version that the act left.
fn on_account(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    actor: &Actor,
    (id, row): (i64, Open),
    asked: &Asked,
) -> Result<Taken, StoreError> {
    let account = accounts::by_name(tx, &row.account)?
        .ok_or_else(|| StoreError::odd(DOING, "the account's row is gone"))?;
    if account.version != row.versions.1 {
        return Err(accounts::changed_since(
            tx,
            DOING,
            &account,
            row.versions.1,
        )?);
    }
    let inverse = apply(tx, now, at, &account, row.back)?;
    let detail = json!({"act": row.kind, "entry": id, "reason": asked.reason});
    let act = accounts::Act {
        kind: Kind::Undo,
        detail,
        back: None,
        batch: Batch::Alone,
    };
    accounts::record(tx, now, at, actor, &account, act)?;
    let version = account.version.saturating_add(1);
    // What was done before that act is as it was right after it: it can be taken back too. A bypass code
    // made no version, and has none to go on from.
    tx.execute(
        "UPDATE undo SET version_after = ?3
         WHERE account = ?1 AND version_after = ?2 AND state = 'open'
           AND version_before <> version_after",
        params![account.id, row.versions.0, version],
    )
    .map_err(StoreError::sqlite(DOING))?;
    let entry = Entry {
        account: Some(account.id),
        kind: &row.kind,
        back: &inverse,
        versions: (account.version, version),
        batch: asked.batch,
        undoes: Some(row.undone_as),
    };
    let again = write(tx, now, at, actor, &entry)?;
    Ok(Taken {
        account: account.name,
        about: String::new(),
        now: String::new(),
        again: Some(again),
        versions: Some(Versions {
            before: account.version,
            after: version,
        }),
    })
}

/// An entry that can be taken back.
struct Open {
    account: String,
    kind: String,
    back: Back,
    versions: (i64, i64),
    until: i64,
    /// What the entry says it undoes that takes this one back.
    undone_as: i64,
}

fn open_entry(connection: &Connection, at: StoreTime, id: i64) -> Result<Open, StoreError> {
    type Columns = (String, String, String, i64, i64, String, i64);
    let row: Option<Columns> = connection
        .prepare_cached(
            "SELECT coalesce(a.name, ''), u.kind, u.back, u.version_before, u.version_after,
                    u.state, u.until_store
             FROM undo u LEFT JOIN accounts a ON a.id = u.account WHERE u.id = ?1",
        )
        .and_then(|mut statement| {
            statement
                .query_row([id], |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                        row.get(5)?,
                        row.get(6)?,
                    ))
                })
                .optional()
        })
        .map_err(StoreError::sqlite(DOING))?;
    let Some((account, kind, back, before, after, state, until)) = row else {
        return Err(absent(id));
    };
    if state != "open" {
        return Err(gone(&format!("act {id} was taken back already")));
    }
    if until <= at.millis() || until > last_end(at) {
        return Err(gone(&format!(
            "act {id} is older than {UNDO_LIFE}, and stays"
        )));
    }
    let back = parsed(id, &back)?;
    Ok(Open {
        account,
        kind,
        back,
        versions: (before, after),
        until,
        undone_as: id,
    })
}

fn text(back: &Back) -> Result<String, StoreError> {
    serde_json::to_string(back).map_err(|error| StoreError::odd(DOING, error.to_string()))
}

fn parsed(id: i64, back: &str) -> Result<Back, StoreError> {
    serde_json::from_str(back)
        .map_err(|error| StoreError::odd(DOING, format!("entry {id} is unreadable: {error}")))
}

/// The refusal for a number that names no act.
pub(crate) fn absent(id: i64) -> StoreError {
    gone(&format!("there is no act {id} that can be taken back"))
}

fn gone(why: &str) -> StoreError {
    let what = format!("{why}; what can be taken back: gatepost undo --list");
    not_found(DOING, what)
}

/// What an act on no account is about, by what takes it back. One that cannot be read is refused when
/// it is to be taken back, and listed until then.
fn about(back: Option<&str>, versions: (i64, i64)) -> About {
    let back: Option<Back> = back.and_then(|back| serde_json::from_str(back).ok());
    back.map_or(About::Account, |back| About::of(&back, versions))
}
