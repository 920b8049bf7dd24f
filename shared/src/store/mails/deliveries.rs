//! Deliveries: each attempt that a relay took or refused, and how the mail of a code fares. What was
//! meant to go out is counted in [`super::counts`], before it goes.

use gatepost_words::ident::UserName;
use gatepost_words::job::{Delivered, Outcome};
use gatepost_words::time::Wall;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use crate::host::Now;
use crate::policy::challenge::BootMoment;
use crate::store::error::StoreError;
use crate::store::guesses::account_by_name;
use crate::store::kinds::Kind;
use crate::store::signin::{Opening, append_for};
use crate::store::{Store, clock};

/// Whose delivery it is.
#[derive(Clone, Copy, Debug)]
pub struct Of {
    /// The account's row.
    pub account: i64,
    /// The conversation that caused it.
    pub conversation: i64,
    /// The code that it carries.
    pub challenge: [u8; 16],
    /// The store's generation when it went out: in another one those numbers may be somebody else's.
    pub generation: i64,
}

/// A delivery as it is listed.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its row.
    pub id: i64,
    /// Whose.
    pub account: String,
    /// `code`, `half-finished`, `confirmation` …
    pub kind: String,
    /// The relay, as `host:port`.
    pub relay: String,
    /// The word of its [`Outcome`].
    pub outcome: String,
    /// The relay's words.
    pub reply: String,
    /// `Message-ID`.
    pub message_id: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// When, milliseconds since 1970.
    pub at: i64,
}

/// How a mail fares that was sent for an earlier connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// A relay took it then.
    Accepted(Wall),
    /// A sender still has it.
    Running,
    /// It did not go out, or nobody knows.
    Failed,
}

impl Store {
    /// Records one attempt of a code's delivery; `done` says that no other follows.
    pub fn delivered(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        of: &Of,
        delivered: &Delivered,
        done: bool,
    ) -> Result<(), StoreError> {
        let doing = "recording a delivery";
        let Of {
            account,
            conversation,
            challenge,
            generation,
        } = *of;
        self.write_unsynced(doing, |tx| {
            let is_theirs = clock::generation(tx)? == generation;
            if is_theirs {
                write_delivery(tx, now, account, Some(challenge), delivered)?;
            }
            let detail = serde_json::json!({
                "outcome": delivered.outcome.word(),
                "relay": delivered.relay,
                "reply": delivered.reply,
                "millis": delivered.millis,
                "warning": delivered.warning,
            });
            let conversation = is_theirs.then_some(conversation);
            append_for(tx, now, opening, Kind::Delivery, conversation, detail)?;
            let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
                tx.prepare_cached(sql)
                    .and_then(|mut statement| statement.execute(values))
                    .map_err(StoreError::sqlite(doing))
            };
            if delivered.outcome == Outcome::Accepted {
                run(
                    "UPDATE challenges SET delivery = 'accepted', accepted_wall = ?2
                     WHERE id = ?1",
                    &[&challenge, &now.wall.millis()],
                )?;
            } else if done {
                run(
                    "UPDATE challenges SET delivery = 'failed' WHERE id = ?1",
                    &[&challenge],
                )?;
                run(
                    "UPDATE sends SET state = 'failed'
                     WHERE account = ?1 AND challenge = ?2 AND state = 'open'",
                    &[&account, &challenge],
                )?;
            }
            Ok(())
        })
    }

    /// Records a delivery outside a sign-in, to the account that has that name by now.
    pub fn delivered_otherwise(
        &mut self,
        now: &Now,
        name: &UserName,
        delivered: &Delivered,
    ) -> Result<(), StoreError> {
        self.write_unsynced("recording a delivery", |tx| {
            match account_by_name(tx, name.as_str())? {
                Some(account) => write_delivery(tx, now, account.id, None, delivered),
                None => Ok(()),
            }
        })
    }

    /// The newest deliveries before `before`, newest first; of one account where one is given.
    pub fn deliveries(
        &self,
        account: Option<i64>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let doing = "listing the deliveries";
        self.read(doing, |connection| {
            let condition = match account {
                Some(_) => "d.account = ?3 AND",
                None => "?3 IS NULL AND",
            };
            connection
                .prepare_cached(&format!(
                    "SELECT {DELIVERY} FROM deliveries d LEFT JOIN accounts a ON a.id = d.account
                     WHERE {condition} d.id < ?1 ORDER BY d.id DESC LIMIT ?2"
                ))
                .and_then(|mut statement| {
                    let before = before.unwrap_or(i64::MAX);
                    statement
                        .query_map(params![before, limit, account], delivery)?
                        .collect()
                })
                .map_err(StoreError::sqlite(doing))
        })
    }

    /// How the mail of a challenge fares that an earlier connection asked for.
    pub fn delivery_of(
        &self,
        challenge: [u8; 16],
        moment: &BootMoment,
    ) -> Result<Earlier, StoreError> {
        let doing = "reading a delivery";
        self.read(doing, |connection| {
            let row: Option<(String, i64, Option<i64>)> = connection
                .prepare_cached(
                    "SELECT delivery, delivery_until, accepted_wall FROM challenges WHERE id = ?1",
                )
                .and_then(|mut statement| {
                    statement
                        .query_row([challenge], |row| {
                            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                        })
                        .optional()
                })
                .map_err(StoreError::sqlite(doing))?;
            Ok(match row {
                Some((_, _, Some(at))) => Earlier::Accepted(Wall::from_millis(at)),
                Some((state, until, None)) if state == "running" && moment.at.millis() < until => {
                    Earlier::Running
                }
                Some(_) | None => Earlier::Failed,
            })
        })
    }
}

pub(super) fn write_delivery(
    tx: &Transaction<'_>,
    now: &Now,
    account: i64,
    challenge: Option<[u8; 16]>,
    delivered: &Delivered,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO deliveries
         (account, challenge, kind, relay, outcome, reply, message_id, millis, at_wall)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            account,
            challenge,
            delivered.kind,
            delivered.relay,
            delivered.outcome.word(),
            delivered.reply,
            delivered.message_id,
            delivered.millis,
            now.wall.millis(),
        ])
    })
    .map_err(StoreError::sqlite("recording a delivery"))?;
    Ok(())
}

/// What a delivery is made of, of `deliveries d` beside `accounts a`.
pub(in crate::store) const DELIVERY: &str = "d.id, coalesce(a.name, ''), d.kind, d.relay, \
    d.outcome, d.reply, d.message_id, d.millis, d.at_wall";

/// A row of [`DELIVERY`].
pub(in crate::store) fn delivery(row: &Row<'_>) -> Result<Delivery, rusqlite::Error> {
    Ok(Delivery {
        id: row.get(0)?,
        account: row.get(1)?,
        kind: row.get(2)?,
        relay: row.get(3)?,
        outcome: row.get(4)?,
        reply: row.get(5)?,
        message_id: row.get(6)?,
        millis: row.get(7)?,
        at: row.get(8)?,
    })
}
