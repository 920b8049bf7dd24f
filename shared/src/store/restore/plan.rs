//! What a restore would do, told before anything is done. Nothing is changed here.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::Options;
use crate::host::Now;
use crate::store::events;

/// What a restore does, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Whether the store's log goes on from the copy's, so that it stays as it is.
    pub same_log: bool,
    /// Accounts that are disabled or removed now and become active.
    pub reopened: Vec<String>,
    /// Accounts that are disabled or removed now, active in the copy, and stay closed.
    pub kept_closed: Vec<String>,
    /// Accounts that the copy does not know: they are removed, and their names stay refused.
    pub unknown: Vec<String>,
    /// Logins that wait at a prompt now; their codes no longer work afterwards.
    pub waiting: u64,
}

/// What a restore of the copy that is attached does.
pub(super) fn plan(
    connection: &Connection,
    now: &Now,
    options: Options,
) -> Result<Plan, rusqlite::Error> {
    let names = |sql: &str| -> Result<Vec<String>, rusqlite::Error> {
        connection
            .prepare(sql)?
            .query_map([], |row| row.get(0))?
            .collect()
    };
    let waiting: i64 = connection.query_row(
        "SELECT count(*) FROM main.conversations WHERE boot_id = ?1 AND deadline_boot > ?2",
        params![now.moment.boot_id, now.moment.at.millis()],
        |row| row.get(0),
    )?;
    let closed = names(
        "SELECT m.name FROM main.accounts m JOIN copy.accounts c ON c.name = m.name
         WHERE c.state = 'active' AND m.state <> 'active' ORDER BY m.name",
    )?;
    let (reopened, kept_closed) = if options.reopen {
        (closed, Vec::new())
    } else {
        (Vec::new(), closed)
    };
    Ok(Plan {
        same_log: same_log(connection)?,
        reopened,
        kept_closed,
        unknown: names(
            "SELECT m.name FROM main.accounts m WHERE m.state <> 'removed'
               AND NOT EXISTS (SELECT 1 FROM copy.accounts c WHERE c.name = m.name)
             ORDER BY m.name",
        )?,
        waiting: u64::try_from(waiting).unwrap_or(0),
    })
}

/// Whether the store has the copy's last event, with that hash: then all before it is the same too.
fn same_log(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let last: Option<(i64, Vec<u8>)> = connection
        .query_row(
            "SELECT seq, hash FROM copy.events ORDER BY seq DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((seq, hash)) = last else {
        // A log without an event is the beginning of any.
        return Ok(true);
    };
    let anchor = events::anchor(connection)?;
    if anchor.is_some_and(|anchor| anchor.seq == seq && anchor.head == events::hex(&hash)) {
        return Ok(true);
    }
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM main.events WHERE seq = ?1 AND hash = ?2)",
        params![seq, hash],
        |row| row.get(0),
    )
}
