//! Takes a copy back into the store, in one transaction: accounts and what is set come from the copy;
//! counts, codes that were used up and the log do not go back with it.
//!
//! The files stay the same files. To put another under the store's name would leave whoever has it open,
//! a login among them, with the old one, and SQLite with a log that fits neither.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction};
use serde_json::json;

use super::Store;
use super::accounts::Actor;
use super::beside::Kept;
use super::error::{Problem, StoreError};
use super::events::{Event, append};
use super::kinds::Kind;
use crate::host::Now;

mod moments;
mod plan;
mod sound;
mod telling;

pub use self::plan::Plan;

/// What a restore takes from the copy beyond what it takes anyway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether accounts that are disabled or removed now become what they are in the copy.
    pub reopen: bool,
    /// Whether the rules become the copy's where it is of another store.
    pub with_policy: bool,
}

/// What happens to a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The copy's rows.
    Copied,
    /// The store's rows, and where the logs are not the same the copy's too: no count falls.
    Counted,
    /// The store's rows for accounts that the store knows: what was used or revoked stays so. None where the
    /// copy has another uid for the name, so that nobody gets what was somebody else's.
    KeptWhereKnown,
    /// The store's rows while its log goes on from the copy's; else the copy's.
    Logged,
    /// The store's own rows, of helpers that run now.
    Kept,
    /// The store's own rows: what it defends itself with now.
    Ours,
    /// The store's rules where it has rules that can be used; the copy's of another store if asked for.
    Rules,
    /// Nobody's.
    Emptied,
}

/// Every table. A new one needs a row here: a test says so.
const FATES: [(&str, Fate); 21] = [
    ("meta", Fate::Copied),
    ("accounts", Fate::Copied),
    ("addresses", Fate::Copied),
    ("challenges", Fate::Emptied),
    ("guesses", Fate::Counted),
    ("sends", Fate::Counted),
    ("helpdesk_unlocks", Fate::Counted),
    ("recovery_codes", Fate::KeptWhereKnown),
    ("known_sources", Fate::KeptWhereKnown),
    ("conversations", Fate::Kept),
    ("deliveries", Fate::Logged),
    ("outbox", Fate::Logged),
    ("events", Fate::Logged),
    ("event_days", Fate::Logged),
    ("strangers", Fate::Logged),
    // What was done before is not what is there now.
    ("undo", Fate::Emptied),
    // A bypass code is dead in another generation.
    ("bypass_codes", Fate::Emptied),
    ("shields", Fate::Ours),
    // An older copy of the same store takes no rule back that was in force since.
    ("policies", Fate::Rules),
    ("policy_confirmations", Fate::Rules),
    ("policy_in_force", Fate::Rules),
];

/// Tables of the log that name no account's row: they need not be moved to be kept.
const IN_PLACE: [&str; 3] = ["events", "event_days", "strangers"];

/// Whether a table's rows stay where they are.
fn stays(table: &str, fate: Fate, plan: &Plan) -> bool {
    match fate {
        Fate::Ours => true,
        Fate::Rules => !plan.takes_rules,
        Fate::Logged => plan.same_log && IN_PLACE.contains(&table),
        Fate::Copied | Fate::Counted | Fate::KeptWhereKnown | Fate::Kept | Fate::Emptied => false,
    }
}

const DOING: &str = "restoring the store";
const PLANNING: &str = "comparing the store with the copy";

impl Store {
    /// What a restore of that copy, which was looked through, would do.
    pub fn restore_plan(
        &self,
        now: &Now,
        copy: &Path,
        options: Options,
    ) -> Result<Plan, StoreError> {
        self.with_copy(copy, |connection| {
            sound::check(connection)?;
            plan::no_contradiction(connection)?;
            plan::plan(connection, now, options).map_err(StoreError::sqlite(PLANNING))
        })
    }

    /// Restores that copy, which was looked through, if that does what `told` says. What is there now is kept
    /// in the file `aside`.
    #[expect(
        clippy::too_many_arguments,
        reason = "one value for each thing that a restore needs"
    )]
    pub fn restore(
        &mut self,
        now: &Now,
        copy: &Path,
        aside: &Path,
        options: Options,
        told: &Plan,
        actor: &Actor,
        reason: &str,
    ) -> Result<Plan, StoreError> {
        let path = self.connection.path().unwrap_or_default().to_owned();
        // What refers to what is checked at the end, as a whole.
        self.foreign_keys(false)?;
        let mut kept = None;
        let done = self.with_copy_mut(copy, |store| {
            // The copy is root's alone, beside the store: nobody changes it any more.
            sound::check(&store.connection)?;
            store.write(DOING, |tx| {
                plan::no_contradiction(tx)?;
                let plan = plan::plan(tx, now, options).map_err(StoreError::sqlite(DOING))?;
                plan.expect(told)?;
                // Nobody writes while this transaction has the lock: no event falls between.
                let reader = Self::connect(Path::new(&path), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
                kept = Some(Kept::at(&reader, aside)?);
                let moved = plan::moved(tx, options).map_err(StoreError::sqlite(DOING))?;
                let at = moments::settle(tx, now, &plan)?;
                let waited = if plan.same_log {
                    Vec::new()
                } else {
                    renumber_waiting(tx).map_err(StoreError::sqlite(DOING))?
                };
                merge(tx, &plan, options).map_err(StoreError::sqlite(DOING))?;
                whole(tx)?;
                telling::tell(tx, now, at, &plan, &moved)?;
                let detail = json!({
                    "reason": reason,
                    "same_log": plan.same_log,
                    "reopened": plan.reopened,
                    "kept_closed": plan.kept_closed,
                    "closed": plan.closed,
                    "locked": plan.locked,
                    "unknown": plan.unknown,
                    "moved": plan.moved,
                    "kept_unconfirmed": plan.kept_unconfirmed,
                    "new": plan.new,
                    "takes_rules": plan.takes_rules,
                    "waited": waited,
                });
                let event = Event {
                    kind: Kind::StoreRestore,
                    account: "",
                    service: "",
                    source: "",
                    conversation: None,
                    detail: actor.sign(detail),
                };
                append(tx, now.wall, &event)?;
                Ok(plan)
            })
        });
        self.foreign_keys(true)?;
        if let (Ok(_), Some(kept)) = (&done, kept) {
            kept.stay();
        }
        done
    }

    fn foreign_keys(&self, on: bool) -> Result<(), StoreError> {
        self.connection
            .pragma_update(None, "foreign_keys", on)
            .map_err(StoreError::sqlite(DOING))
    }

    fn with_copy<T>(
        &self,
        copy: &Path,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        attach(&self.connection, copy)?;
        let done = work(&self.connection);
        detach(&self.connection)?;
        done
    }

    fn with_copy_mut<T>(
        &mut self,
        copy: &Path,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        attach(&self.connection, copy)?;
        let done = work(self);
        detach(&self.connection)?;
        done
    }
}

fn attach(connection: &Connection, copy: &Path) -> Result<(), StoreError> {
    connection
        .execute("ATTACH ?1 AS copy", [copy.to_string_lossy()])
        .map_err(StoreError::sqlite(DOING))?;
    Ok(())
}

fn detach(connection: &Connection) -> Result<(), StoreError> {
    // Statements that were kept for later hold the copy open.
    connection.flush_prepared_statement_cache();
    connection
        .execute("DETACH copy", [])
        .map_err(StoreError::sqlite(DOING))?;
    Ok(())
}

/// Makes the copy what the store is to be, and then the store what the copy is.
fn merge(tx: &Transaction<'_>, plan: &Plan, options: Options) -> Result<(), rusqlite::Error> {
    accounts(tx, plan, options)?;
    keep_unconfirmed(tx, options)?;
    end_confirmations(tx)?;
    for (table, fate) in FATES {
        match fate {
            Fate::Copied | Fate::Ours | Fate::Rules => {}
            Fate::Emptied => {
                tx.execute(&format!("DELETE FROM copy.{table}"), [])?;
            }
            Fate::Counted | Fate::Logged if !plan.same_log => {
                if fate == Fate::Counted {
                    bring(tx, table)?;
                }
            }
            Fate::Logged if IN_PLACE.contains(&table) => {}
            Fate::Counted | Fate::Logged | Fate::Kept => {
                tx.execute(&format!("DELETE FROM copy.{table}"), [])?;
                bring(tx, table)?;
            }
            Fate::KeptWhereKnown => {
                let sql = format!(
                    "DELETE FROM copy.{table} WHERE account IN (SELECT c.id FROM copy.accounts c
                       JOIN main.accounts m ON m.name = c.name)"
                );
                tx.execute(&sql, [])?;
                bring(tx, table)?;
                tx.execute(&of_nobody(table), [])?;
            }
        }
    }
    if !plan.same_log {
        // They were due when the copy was made.
        let sql = "UPDATE copy.outbox SET state = 'failed' WHERE state IN ('due', 'claimed')";
        tx.execute(sql, [])?;
    }
    let sql = "DELETE FROM copy.addresses WHERE account IN (SELECT id FROM copy.accounts
                 WHERE state = 'removed')";
    tx.execute(sql, [])?;
    let guards = lift_guards(tx)?;
    for (table, fate) in FATES {
        if stays(table, fate, plan) {
            continue;
        }
        tx.execute(&format!("DELETE FROM main.{table}"), [])?;
        tx.execute(
            &format!("INSERT INTO main.{table} SELECT * FROM copy.{table}"),
            [],
        )?;
    }
    guards.iter().try_for_each(|guard| tx.execute_batch(guard))
}

/// Takes their numbers from conversations that wait, which are those of events of a log that goes: in the other log
/// a new sign-in gets such a number, and would be refused. Below zero no event has one. The numbers that they had,
/// for the log: the decisions that still come bear them.
fn renumber_waiting(tx: &Transaction<'_>) -> Result<Vec<i64>, rusqlite::Error> {
    let mut statement =
        tx.prepare("SELECT id FROM main.conversations WHERE id >= 0 ORDER BY id")?;
    let waited: Vec<i64> = statement
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for number in &waited {
        let sql = "UPDATE main.conversations
                   SET id = (SELECT min(min(id), 0) - 1 FROM main.conversations) WHERE id = ?1";
        tx.execute(sql, [number])?;
    }
    Ok(waited)
}

/// Takes from a table of the copy what is a tombstone's, or of a name that is another uid's in the store.
fn of_nobody(table: &str) -> String {
    format!(
        "DELETE FROM copy.{table} WHERE account IN (SELECT c.id FROM copy.accounts c
           LEFT JOIN main.accounts m ON m.name = c.name
         WHERE c.state = 'removed' OR m.uid <> c.uid)"
    )
}

/// Takes away the triggers that forbid to change what is on record, since all of it is replaced; what they
/// were, to be put back in the same transaction.
fn lift_guards(tx: &Transaction<'_>) -> Result<Vec<String>, rusqlite::Error> {
    let mut statement =
        tx.prepare("SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'")?;
    let guards: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, _) in &guards {
        tx.execute_batch(&format!("DROP TRIGGER main.{name}"))?;
    }
    Ok(guards.into_iter().map(|(_, sql)| sql).collect())
}

/// Accounts are the copy's, their counts as they stand now or, where the logs differ, the higher of both.
/// An administrator's lock of either stays, and so does the stricter state unless it was asked otherwise. An
/// account that the copy does not know leaves a tombstone.
fn accounts(tx: &Transaction<'_>, plan: &Plan, options: Options) -> Result<(), rusqlite::Error> {
    let counts = if plan.same_log {
        "failures_in_row = m.failures_in_row, success_store = m.success_store,
         success_wall = m.success_wall, unlocked_store = m.unlocked_store"
    } else {
        // min() is null where one is: never unlocked leaves nothing out of a count.
        "failures_in_row = max(c.failures_in_row, m.failures_in_row),
         success_store = min(c.success_store, m.success_store),
         unlocked_store = min(c.unlocked_store, m.unlocked_store)"
    };
    let state = plan::state(options);
    let sql = format!(
        "UPDATE copy.accounts AS c SET version = max(c.version, m.version) + 1, state = {state},
           held_wall = coalesce(m.held_wall, c.held_wall), {counts}
         FROM main.accounts m WHERE m.name = c.name"
    );
    tx.execute(&sql, [])?;
    let columns: Vec<String> = columns(tx, "accounts")?;
    let columns: Vec<String> = columns.into_iter().filter(|name| name != "id").collect();
    let values: Vec<&str> = columns
        .iter()
        .map(|name| match name.as_str() {
            "state" => "'removed'",
            // Whoever saw it before the restore saw another one.
            "version" => "version + 1",
            name => name,
        })
        .collect();
    let sql = format!(
        "INSERT INTO copy.accounts ({}) SELECT {} FROM main.accounts m
         WHERE NOT EXISTS (SELECT 1 FROM copy.accounts c WHERE c.name = m.name)",
        columns.join(", "),
        values.join(", ")
    );
    tx.execute(&sql, [])?;
    Ok(())
}

/// Has accounts without a confirmed address keep those that they have, where the copy has the same uid for them.
/// Where it has another one they have none: it would be somebody else's that waits to be confirmed.
fn keep_unconfirmed(tx: &Transaction<'_>, options: Options) -> Result<(), rusqlite::Error> {
    let kept = plan::keeps_unconfirmed(options);
    let sql = format!(
        "DELETE FROM copy.addresses WHERE account IN (SELECT c.id FROM copy.accounts c
           JOIN main.accounts m ON m.name = c.name WHERE {kept})"
    );
    tx.execute(&sql, [])?;
    let whose = format!(
        "t.account IN (SELECT m.id FROM main.accounts m
           JOIN copy.accounts c ON c.name = m.name AND c.uid = m.uid WHERE {kept})"
    );
    bring_where(tx, "addresses", &whose)
}

/// Ends every confirmation code of the copy. One that was used up, or that another one replaced, would live again,
/// with tries that were used by now; a new one is sent at a word.
fn end_confirmations(tx: &Transaction<'_>) -> Result<(), rusqlite::Error> {
    let sql = "UPDATE copy.addresses SET confirm_id = NULL, confirm_tag = NULL,
                 confirm_until = NULL, confirm_tries = 0";
    tx.execute(sql, [])?;
    Ok(())
}

/// Brings the store's rows of a table into the copy, each to the account of the same name there.
fn bring(tx: &Transaction<'_>, table: &str) -> Result<(), rusqlite::Error> {
    bring_where(tx, table, "TRUE")
}

/// As [`bring`], those rows `t` that are `which`.
fn bring_where(tx: &Transaction<'_>, table: &str, which: &str) -> Result<(), rusqlite::Error> {
    // Numbers of rows are each file's own; that of a conversation is its opening event's.
    let own = |name: &String| table == "conversations" || name != "id";
    let columns: Vec<String> = columns(tx, table)?.into_iter().filter(own).collect();
    let values: Vec<String> = columns
        .iter()
        .map(|name| match name.as_str() {
            "account" => "(SELECT c.id FROM copy.accounts c JOIN main.accounts m ON m.name = c.name
                           WHERE m.id = t.account)"
                .to_owned(),
            name => format!("t.{name}"),
        })
        .collect();
    let sql = format!(
        "INSERT INTO copy.{table} ({}) SELECT {} FROM main.{table} t WHERE {which}",
        columns.join(", "),
        values.join(", ")
    );
    tx.execute(&sql, [])?;
    Ok(())
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<String>, rusqlite::Error> {
    connection
        .prepare("SELECT name FROM pragma_table_info(?1)")?
        .query_map([table], |row| row.get(0))?
        .collect()
}

/// Whether every row refers to one that is there.
fn whole(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let broken: Option<String> = tx
        .query_row("PRAGMA main.foreign_key_check", [], |row| row.get(0))
        .optional()
        .map_err(StoreError::sqlite(DOING))?;
    match broken {
        None => Ok(()),
        Some(table) => Err(StoreError {
            doing: DOING,
            problem: Problem::Corrupt(format!("{table} refers to rows that are not there")),
        }),
    }
}

#[cfg(test)]
impl Store {
    /// Whether this connection checks what refers to what.
    fn foreign_keys_are_on(&self) -> Option<bool> {
        let sql = "PRAGMA foreign_keys";
        self.connection.query_row(sql, [], |row| row.get(0)).ok()
    }
}

#[cfg(test)]
mod tests;
