//! The outbox as an administrator sees it, and how deliveries fared.

use gatepost_words::job::Outcome;
use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::accounts::Actor;
use super::error::StoreError;
use super::events::{Event, append, not_found};
use super::kinds::Kind;
use super::{Store, clock};
use crate::host::Now;

/// A notice that was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// Its row.
    pub id: i64,
    /// Whose.
    pub account: String,
    /// What it tells.
    pub kind: String,
    /// `due`, `claimed` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub tries: u32,
    /// How many milliseconds until it is due; negative where it is.
    pub due_in: i64,
    /// When it was queued, milliseconds since 1970.
    pub created: i64,
}

/// One delivery, as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fared {
    /// The relay, as `host:port`.
    pub relay: String,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The relay's words.
    pub reply: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// When, milliseconds since 1970.
    pub at: i64,
    /// The account's present address; none where it has none any more.
    pub address: Option<String>,
}

/// Which notices are to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// All that were not sent.
    All,
    /// This one.
    One(i64),
}

impl Store {
    /// Notices that were not sent, oldest first, after row `after`.
    pub fn queued(&self, now: &Now, after: i64, limit: u32) -> Result<Vec<Queued>, StoreError> {
        let doing = "reading the outbox";
        self.read(doing, |connection| {
            let at = clock::read(connection, now)?.store.millis();
            connection
                .prepare_cached(
                    "SELECT o.id, a.name, o.kind, o.state, o.tries, o.due_store - ?1, o.created_wall
                     FROM outbox o JOIN accounts a ON a.id = o.account
                     WHERE o.id > ?2 AND o.state <> 'sent' ORDER BY o.id LIMIT ?3",
                )
                .and_then(|mut statement| {
                    statement
                        .query_map(params![at, after, limit], queued)?
                        .collect()
                })
                .map_err(StoreError::sqlite(doing))
        })
    }

    /// Makes notices due now, with all their tries; how many.
    pub fn requeue(
        &mut self,
        now: &Now,
        again: Again,
        actor: &Actor,
        reason: &str,
    ) -> Result<usize, StoreError> {
        let doing = "making notices due";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?.millis();
            let set = "UPDATE outbox SET state = 'due', tries = 0, due_store = ?1
                       WHERE state IN ('due', 'failed')";
            let due = match again {
                Again::All => tx.execute(set, [at]),
                Again::One(id) => tx.execute(&format!("{set} AND id = ?2"), [at, id]),
            };
            let due = due.map_err(StoreError::sqlite(doing))?;
            if let (0, Again::One(id)) = (due, again) {
                let what = format!("no notice {id} waits: gatepost mail queue");
                return Err(not_found(doing, what));
            }
            let event = Event {
                kind: Kind::MailRetry,
                account: "",
                service: "",
                source: "",
                conversation: None,
                detail: actor.sign(json!({"notices": due, "reason": reason})),
            };
            append(tx, now.wall, &event)?;
            Ok(due)
        })
    }

    /// Tells how each delivery since a moment fared, the newest `most` of them, newest first.
    pub fn deliveries_since(
        &self,
        since: i64,
        most: u32,
        tell: &mut dyn FnMut(Fared),
    ) -> Result<(), StoreError> {
        let doing = "counting the deliveries";
        self.read(doing, |connection| {
            each_since(connection, since, most, tell).map_err(StoreError::sqlite(doing))
        })
    }
}

fn each_since(
    connection: &Connection,
    since: i64,
    most: u32,
    tell: &mut dyn FnMut(Fared),
) -> Result<(), rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT d.relay, d.outcome, d.reply, d.millis, d.at_wall,
           (SELECT address FROM addresses WHERE account = d.account ORDER BY id DESC LIMIT 1)
         FROM deliveries d WHERE d.at_wall >= ?1 ORDER BY d.at_wall DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![since, most])?;
    while let Some(row) = rows.next()? {
        let outcome: String = row.get(1)?;
        tell(Fared {
            relay: row.get(0)?,
            outcome: Outcome::from_word(&outcome),
            reply: row.get(2)?,
            millis: row.get(3)?,
            at: row.get(4)?,
            address: row.get(5)?,
        });
    }
    Ok(())
}

fn queued(row: &Row<'_>) -> Result<Queued, rusqlite::Error> {
    Ok(Queued {
        id: row.get(0)?,
        account: row.get(1)?,
        kind: row.get(2)?,
        state: row.get(3)?,
        tries: row.get(4)?,
        due_in: row.get(5)?,
        created: row.get(6)?,
    })
}
