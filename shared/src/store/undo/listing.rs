//! What can be taken back: all of it, at each change of the store, also while an import writes very many entries;
//! and one act, by any of its numbers.

use gatepost_words::time::StoreTime;
use rusqlite::{Connection, Row, params};

use super::{DOING, Undoable, about, absent, identity, kept, last_end, open_entry, others, parsed};
use crate::host::Now;
use crate::store::error::StoreError;
use crate::store::{Store, clock};

const LISTING: &str = "listing what can be taken back";

/// An act, and what takes it back where that is no change of an account.
struct Listed {
    act: Undoable,
    back: Option<String>,
}

/// Entries that are taken back together.
struct Together {
    first: i64,
    newest: i64,
    until: i64,
    count: i64,
}

impl Store {
    /// Acts that can be taken back, the newest first; those of a batch as one. Without what is over by itself, or
    /// was ended: a code that was used, a try that was kept.
    pub fn undoables(&self, now: &Now, limit: u32) -> Result<Vec<Undoable>, StoreError> {
        self.read(LISTING, |connection| {
            let at = clock::read(connection, now)?.store;
            let mut acts = alone(connection, at, limit)?;
            let mut before = i64::MAX;
            for _ in 0..limit {
                let Some(batch) = batch_before(connection, before)? else {
                    break;
                };
                acts.extend(batch_of(connection, at, batch)?);
                before = batch;
            }
            acts.sort_by_key(|listed| std::cmp::Reverse(listed.act.newest));
            acts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            let mut open = Vec::new();
            for Listed { act, back } in acts {
                let back = back.and_then(|back| parsed(act.id, &back).ok());
                if !others::is_over(connection, (now, at), back.as_ref())? {
                    open.push(act);
                }
            }
            Ok(open)
        })
    }

    /// An act that can be taken back, by any of the entries that are taken back together.
    pub fn undoable(&self, now: &Now, id: i64) -> Result<Undoable, StoreError> {
        self.read(DOING, |connection| {
            let at = clock::read(connection, now)?.store;
            let Some(asked) = kept(connection, id)? else {
                return Err(absent(id));
            };
            let batch: Option<i64> = connection
                .prepare_cached("SELECT batch FROM undo WHERE id = ?1")
                .and_then(|mut statement| statement.query_row([id], |row| row.get(0)))
                .map_err(StoreError::sqlite(DOING))?;
            let together = batch.map(|batch| together(connection, at, batch));
            // Where it is none of several, or the last of them: itself, if it is still open.
            let together = match together.transpose()?.flatten() {
                Some(together) => together,
                None => Together {
                    first: id,
                    newest: id,
                    until: open_entry(connection, at, id)?.until,
                    count: 1,
                },
            };
            // One that was taken back says nothing of those that were left.
            let rest = if asked.is_open {
                None
            } else {
                kept(connection, together.first)?
            };
            let kept = rest.unwrap_or(asked);
            Ok(Undoable {
                id: kept.id,
                identity: kept.identity,
                about: kept.about.words(),
                left: StoreTime::from_millis(together.until).since(at),
                count: u64::try_from(together.count).unwrap_or(0),
                newest: together.newest,
            })
        })
    }
}

/// Acts that stand alone, the newest first.
fn alone(connection: &Connection, at: StoreTime, limit: u32) -> Result<Vec<Listed>, StoreError> {
    connection
        .prepare_cached(
            "SELECT u.kind, coalesce(a.name, ''), u.undoes, u.actor, u.at_wall,
                    iif(u.account IS NULL OR u.kind = 'bypass-new', u.back, NULL), u.id, u.until_store
             FROM undo u LEFT JOIN accounts a ON a.id = u.account
             WHERE u.batch IS NULL AND u.state = 'open' AND u.until_store > ?1 AND u.until_store <= ?2
             ORDER BY u.until_store DESC, u.id DESC LIMIT ?3",
        )
        .and_then(|mut statement| {
            let values = params![at.millis(), last_end(at), limit];
            statement
                .query_map(values, |row| {
                    let id = row.get(6)?;
                    let itself = Together {
                        first: id,
                        newest: id,
                        until: row.get(7)?,
                        count: 1,
                    };
                    listed(row, at, &itself)
                })?
                .collect()
        })
        .map_err(StoreError::sqlite(LISTING))
}

/// The newest batch before that one.
fn batch_before(connection: &Connection, before: i64) -> Result<Option<i64>, StoreError> {
    connection
        .prepare_cached(
            "SELECT max(batch) FROM undo
             WHERE batch IS NOT NULL AND state = 'open' AND batch < ?1",
        )
        .and_then(|mut statement| statement.query_row([before], |row| row.get(0)))
        .map_err(StoreError::sqlite(LISTING))
}

/// What a batch has that can be taken back.
fn together(
    connection: &Connection,
    at: StoreTime,
    batch: i64,
) -> Result<Option<Together>, StoreError> {
    connection
        .prepare_cached(
            "SELECT min(id), max(id), min(until_store), count(*) FROM undo
             WHERE batch = ?1 AND state = 'open' AND until_store > ?2 AND until_store <= ?3",
        )
        .and_then(|mut statement| {
            statement.query_row(params![batch, at.millis(), last_end(at)], |row| {
                let count = row.get(3)?;
                if count == 0 {
                    return Ok(None);
                }
                Ok(Some(Together {
                    first: row.get(0)?,
                    newest: row.get(1)?,
                    until: row.get(2)?,
                    count,
                }))
            })
        })
        .map_err(StoreError::sqlite(LISTING))
}

fn batch_of(
    connection: &Connection,
    at: StoreTime,
    batch: i64,
) -> Result<Option<Listed>, StoreError> {
    let Some(together) = together(connection, at, batch)? else {
        return Ok(None);
    };
    connection
        .prepare_cached(
            "SELECT u.kind, coalesce(a.name, ''), u.undoes, u.actor, u.at_wall,
                    iif(u.account IS NULL, u.back, NULL)
             FROM undo u LEFT JOIN accounts a ON a.id = u.account WHERE u.id = ?1",
        )
        .and_then(|mut statement| {
            statement.query_row([together.first], |row| listed(row, at, &together))
        })
        .map(Some)
        .map_err(StoreError::sqlite(LISTING))
}

/// Of a row that begins with the act's identity and what takes it back.
fn listed(row: &Row<'_>, at: StoreTime, of: &Together) -> Result<Listed, rusqlite::Error> {
    let back: Option<String> = row.get(5)?;
    Ok(Listed {
        act: Undoable {
            identity: identity(row)?,
            about: about(back.as_deref(), (0, 0)).words(),
            id: of.first,
            left: StoreTime::from_millis(of.until).since(at),
            count: u64::try_from(of.count).unwrap_or(0),
            newest: of.newest,
        },
        back,
    })
}
