//! What a restore would do, told before anything is done. Nothing is changed here.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::{Options, PLANNING};
use crate::host::Now;
use crate::policy::versions;
use crate::store::copies::Unfit;
use crate::store::error::{Problem, StoreError};
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
    /// Accounts that can sign in now and cannot afterwards, since the copy has them disabled or removed, for another
    /// uid or without a confirmed address.
    pub closed: Vec<String>,
    /// Accounts that are locked afterwards and are not now.
    pub locked: Vec<String>,
    /// Accounts that the copy does not know: they are removed, and their names stay refused.
    pub unknown: Vec<String>,
    /// Accounts whose codes go afterwards to an address where they do not go now.
    pub moved: Vec<String>,
    /// Accounts that have no confirmed address now, one in the copy, and get none by it.
    pub kept_unconfirmed: Vec<String>,
    /// Accounts of the copy that the store never had.
    pub new: Vec<String>,
    /// Whether the rules become the copy's.
    pub takes_rules: bool,
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
    let same_log = same_log(connection)?;
    let new = "SELECT c.name FROM copy.accounts c WHERE c.state <> 'removed'
                 AND NOT EXISTS (SELECT 1 FROM main.accounts m WHERE m.name = c.name)
               ORDER BY c.name";
    // Counts are ours where the log goes on.
    let counted = if same_log { "FALSE" } else { "TRUE" };
    let locked = format!(
        "NOT ({CLOSED}) AND (lock IS NOT NULL
           OR {counted} AND row >= {FULL_ROW} AND row_now < {FULL_ROW})"
    );
    let kept_unconfirmed = format!(
        "SELECT m.name FROM main.accounts m JOIN copy.accounts c ON c.name = m.name
         WHERE c.state <> 'removed' AND {} AND {} IS NOT NULL ORDER BY m.name",
        keeps_unconfirmed(options),
        confirmed("copy", "c"),
    );
    Ok(Plan {
        same_log,
        moved: moved(connection, options)?
            .into_iter()
            .map(|moved| moved.name)
            .collect(),
        kept_unconfirmed: names(&kept_unconfirmed)?,
        new: names(new)?,
        closed: names(&shut_out(options, CLOSED))?,
        locked: names(&shut_out(options, &locked))?,
        takes_rules: !same_log && (options.with_policy || !has_rules(connection)?),
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

/// An account whose codes go after a restore to where they do not go now.
pub(super) struct Moved {
    pub(super) name: String,
    /// The address that it has now, which need not be confirmed; a tombstone has none.
    pub(super) from: Option<String>,
    pub(super) to: String,
}

const CONFIRMED: &str = "(SELECT address FROM {side}.addresses
    WHERE account = {row}.id AND confirmed_wall IS NOT NULL ORDER BY id LIMIT 1)";

/// Where the codes of `accounts {row}` of a side go.
fn confirmed(side: &str, row: &str) -> String {
    CONFIRMED.replace("{side}", side).replace("{row}", row)
}

/// An account's state afterwards, of ours as `m` beside the copy's as `c`: the stricter, unless it was asked
/// otherwise.
pub(super) const fn state(options: Options) -> &'static str {
    if options.reopen {
        "c.state"
    } else {
        "CASE WHEN 'removed' IN (c.state, m.state) THEN 'removed'
              WHEN 'disabled' IN (c.state, m.state) THEN 'disabled' ELSE c.state END"
    }
}

/// Failures in a row that let nobody in by mail, whatever the limits are.
const FULL_ROW: u32 = 100;
/// Which accounts of [`shut_out`] are closed.
const CLOSED: &str = "state <> 'active' OR another_uid OR (ours IS NOT NULL AND theirs IS NULL)";

/// Those accounts of which that is so afterwards, and that are neither closed nor locked by an administrator now.
fn shut_out(options: Options, which: &str) -> String {
    format!(
        "SELECT name FROM (
           SELECT m.name AS name, {} AS state, m.uid <> c.uid AS another_uid, {} AS ours, {} AS theirs,
             c.held_wall AS lock, c.failures_in_row AS row, m.failures_in_row AS row_now
           FROM main.accounts m JOIN copy.accounts c ON c.name = m.name
           WHERE m.state = 'active' AND m.held_wall IS NULL)
         WHERE {which} ORDER BY name",
        state(options),
        confirmed("main", "m"),
        confirmed("copy", "c"),
    )
}

/// Whether an account keeps the addresses that it has now, since none of them is confirmed: a confirmed one
/// would be a way in that is not there now.
pub(super) fn keeps_unconfirmed(options: Options) -> String {
    if options.reopen {
        return "FALSE".to_owned();
    }
    format!(
        "m.state <> 'removed' AND {} IS NULL",
        confirmed("main", "m")
    )
}

/// Accounts that get a confirmed address which is not where their codes go now.
pub(super) fn moved(
    connection: &Connection,
    options: Options,
) -> Result<Vec<Moved>, rusqlite::Error> {
    let sql = format!(
        "SELECT name, coalesce(ours, waits), theirs FROM (
           SELECT m.name AS name, {} AS ours, {} AS theirs, {} AS state, {} AS kept,
             (SELECT address FROM main.addresses WHERE account = m.id ORDER BY id LIMIT 1) AS waits
           FROM main.accounts m JOIN copy.accounts c ON c.name = m.name)
         WHERE state <> 'removed' AND theirs IS NOT NULL AND theirs IS NOT ours AND NOT kept
         ORDER BY name",
        confirmed("main", "m"),
        confirmed("copy", "c"),
        state(options),
        keeps_unconfirmed(options),
    );
    connection
        .prepare(&sql)?
        .query_map([], |row| {
            Ok(Moved {
                name: row.get(0)?,
                from: row.get(1)?,
                to: row.get(2)?,
            })
        })?
        .collect()
}

/// Whether the store names a version of its rules that is what was applied.
fn has_rules(connection: &Connection) -> Result<bool, rusqlite::Error> {
    let row: Option<(String, Vec<u8>)> = connection
        .query_row(
            "SELECT p.rules, p.sha256 FROM main.policy_in_force f
             JOIN main.policies p ON p.version = f.version",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(row.is_some_and(|(rules, sha256)| versions::digest(&rules).as_slice() == sha256))
}

/// Refuses a copy that no Gatepost made: one with our last event in it and an account that we never had, or
/// with accounts and a log that never began.
pub(super) fn no_contradiction(connection: &Connection) -> Result<(), StoreError> {
    let failed = StoreError::sqlite;
    let ask = |sql: &str| -> Result<bool, StoreError> {
        connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(failed(PLANNING))
    };
    let unlogged = "SELECT EXISTS (SELECT 1 FROM copy.accounts)
        AND NOT EXISTS (SELECT 1 FROM copy.events)
        AND NOT EXISTS (SELECT 1 FROM copy.meta WHERE key = 'anchor')";
    if ask(unlogged)? {
        let what = "it has accounts, and no event says where they come from: take another copy";
        return Err(Unfit::Odd(what.to_owned()).while_doing(PLANNING));
    }
    let strangers = "SELECT EXISTS (SELECT 1 FROM copy.accounts c
        WHERE NOT EXISTS (SELECT 1 FROM main.accounts m WHERE m.name = c.name))";
    if same_log(connection).map_err(failed(PLANNING))? && ask(strangers)? {
        let what = "it says that it is an earlier state of this store, and has accounts that this store \
                    never had: somebody changed it; take another copy";
        return Err(Unfit::Odd(what.to_owned()).while_doing(PLANNING));
    }
    Ok(())
}

impl Plan {
    /// Refuses where it is not what was told. Logins come and go: no code works in those that wait.
    pub(super) fn expect(&self, told: &Self) -> Result<(), StoreError> {
        let waiting = self.waiting;
        if *self
            == (Self {
                waiting,
                ..told.clone()
            })
        {
            return Ok(());
        }
        let what = "the store was changed since the copy was held against it: nothing was done; look again: \
                    gatepost restore FILE --verify";
        Err(StoreError {
            doing: PLANNING,
            problem: Problem::Changed(what.to_owned()),
        })
    }
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
