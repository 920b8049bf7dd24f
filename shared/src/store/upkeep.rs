//! Upkeep: purging what no limit looks at any more, truncating the log, checking the file. Never
//! while a login waits for it.

use std::path::Path;

use gatepost_words::time::{Boot, Span};
use rusqlite::{Connection, ErrorCode, Transaction, params};
use serde::Serialize;

use super::error::StoreError;
use super::{Store, clock, companions, inside, undo, wait_a_little, wait_hardly};
use crate::host::Now;

/// What `gatepost maintain` did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Purged {
    /// Challenges past use.
    pub challenges: usize,
    /// Guesses past every window.
    pub guesses: usize,
    /// Mails past every window.
    pub sends: usize,
    /// Delivery records past their keep.
    pub deliveries: usize,
    /// Notices past their keep.
    pub notices: usize,
    /// Known sources past theirs.
    pub sources: usize,
    /// Acts that can no longer be taken back.
    pub undo: usize,
    /// Bypass codes past every life.
    pub bypass_codes: usize,
    /// Events past theirs, or too many.
    pub events: i64,
    /// Hours whose sign-ins that proved nothing were told in one event.
    pub strangers_told: u32,
}

/// How much of a file is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Its pages.
    Quick,
    /// Its indexes against its tables too.
    Whole,
}

/// What a look at the tables one by one came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// What is wrong.
    pub problems: Vec<String>,
    /// Tables that take longer, and were not looked at to their end.
    pub unfinished: Vec<String>,
}

/// Guesses and mails: no window is longer than a day; nor is a bypass code's life.
const KEEP_COUNTS: Span = Span::from_hours(48);
/// Challenges: ten minutes is the longest life; a day serves those who ask what happened.
const KEEP_CHALLENGES: Span = Span::from_hours(24);
/// Known sources.
const KEEP_SOURCES: Span = Span::from_hours(30 * 24);
/// Deliveries and notices.
const KEEP_RECORDS: Span = Span::from_hours(90 * 24);
/// Bytes of write-ahead log after which a login that is over moves it into the store.
const LONG_LOG: u64 = 1024 * 1024;
/// Rows a transaction removes at the most, so that a login never waits for a long one.
const BATCH: u32 = 1000;
const PURGING: &str = "purging old rows";
const CHECKING: &str = "checking the store";
/// Steps of SQLite's between two looks at the clock: less than a millisecond of them.
const STEPS: i32 = 1000;

impl Store {
    /// Removes what is past its keep, in short transactions, and truncates the write-ahead log.
    /// Events stay for `keep_events`.
    pub fn maintain(&mut self, now: &Now, keep_events: Span) -> Result<Purged, StoreError> {
        let at = self.write("reading the store's clock", |tx| clock::advance(tx, now))?;
        let before = |keep: Span| at.minus(keep).millis();
        let wall = now.wall.minus(KEEP_RECORDS).millis();
        let purged = Purged {
            challenges: self.purge(
                "DELETE FROM challenges WHERE id IN
                 (SELECT id FROM challenges WHERE created_store < ?1 LIMIT ?2)",
                before(KEEP_CHALLENGES),
            )?,
            guesses: self.purge(
                "DELETE FROM guesses WHERE id IN
                 (SELECT id FROM guesses WHERE at_store < ?1 LIMIT ?2)",
                before(KEEP_COUNTS),
            )?,
            sends: self.purge(
                "DELETE FROM sends WHERE id IN
                 (SELECT id FROM sends WHERE at_store < ?1 LIMIT ?2)",
                before(KEEP_COUNTS),
            )?,
            deliveries: self.purge(
                "DELETE FROM deliveries WHERE id IN
                 (SELECT id FROM deliveries WHERE at_wall < ?1 LIMIT ?2)",
                wall,
            )?,
            notices: self.purge(
                "DELETE FROM outbox WHERE id IN
                 (SELECT id FROM outbox WHERE created_store < ?1 LIMIT ?2)",
                before(KEEP_RECORDS),
            )?,
            sources: self.purge(
                "DELETE FROM known_sources WHERE (account, source, service) IN
                 (SELECT account, source, service FROM known_sources
                  WHERE last_store < ?1 AND remembered_until IS NULL LIMIT ?2)",
                before(KEEP_SOURCES),
            )?,
            undo: self.purge(
                "DELETE FROM undo WHERE id IN
                 (SELECT id FROM undo WHERE until_store <= ?1 LIMIT ?2)",
                at.millis(),
            )? + self.purge_undo_too_far_ahead(now)?,
            bypass_codes: self.purge(
                "DELETE FROM bypass_codes WHERE id IN
                 (SELECT id FROM bypass_codes WHERE created_store < ?1 LIMIT ?2)",
                before(KEEP_COUNTS),
            )?,
            events: 0,
            strangers_told: self.tell_strangers(now)?,
        };
        let events = self.purge_events(now, keep_events);
        self.truncate_log()?;
        // A broken chain keeps its events, and hinders nothing else.
        Ok(Purged {
            events: events?,
            ..purged
        })
    }

    /// Moves a long write-ahead log into the store and empties it. For logins, once nobody waits for
    /// them any more: where logins never cease to overlap, a commit's own checkpoint is always
    /// overtaken by the next writer, and the log grew to 20 MiB under eight at a time.
    ///
    /// One process at a time does this; the others find it being done and go on.
    pub fn settle_log(&mut self) -> Result<(), StoreError> {
        let path = self.connection.path().unwrap_or_default();
        let [_, log, _] = companions(Path::new(path));
        let length = std::fs::metadata(log).map_or(0, |file| file.len());
        if length > LONG_LOG {
            self.truncate_log()?;
        }
        Ok(())
    }

    /// Those who are quick are waited for; where somebody reads for longer, SQLite does what it can
    /// without them. To wait for them would hold the writer's lock all the while, and refuse every login
    /// in between.
    fn truncate_log(&mut self) -> Result<(), StoreError> {
        let _inside = inside::enter();
        let failed = StoreError::sqlite("truncating the write-ahead log");
        let mut truncate = || {
            self.connection.busy_handler(Some(wait_hardly))?;
            let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
            let done = self.connection.query_row(sql, [], |_row| Ok(()));
            self.connection.busy_handler(Some(wait_a_little))?;
            // Told that somebody is busy, or not let near: the next one finds it done, or does it.
            match done {
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
                done => done,
            }
        };
        truncate().map_err(failed)
    }

    /// Acts whose end a clock that was set back left further ahead than any can be. An act that is done
    /// while upkeep is at work ends later than what upkeep began with allows: the clock is read anew.
    fn purge_undo_too_far_ahead(&mut self, now: &Now) -> Result<usize, StoreError> {
        self.in_batches(|tx| {
            let at = clock::advance(tx, now)?;
            tx.prepare_cached(
                "DELETE FROM undo WHERE id IN
                 (SELECT id FROM undo WHERE until_store > ?1 LIMIT ?2)",
            )
            .and_then(|mut statement| statement.execute(params![undo::last_end(at), BATCH]))
            .map_err(StoreError::sqlite(PURGING))
        })
    }

    fn purge(&mut self, sql: &'static str, before: i64) -> Result<usize, StoreError> {
        self.in_batches(|tx| {
            tx.prepare_cached(sql)
                .and_then(|mut statement| statement.execute(params![before, BATCH]))
                .map_err(StoreError::sqlite(PURGING))
        })
    }

    /// Removes rows, a transaction for each [`BATCH`] of them, until none is left.
    fn in_batches(
        &mut self,
        remove: impl Fn(&Transaction<'_>) -> Result<usize, StoreError>,
    ) -> Result<usize, StoreError> {
        let mut all = 0;
        loop {
            let removed = self.write(PURGING, |tx| remove(tx))?;
            all += removed;
            if removed == 0 {
                return Ok(all);
            }
        }
    }

    /// Makes every write to a table fail, as a damaged page would.
    #[cfg(test)]
    pub(crate) fn break_table(&self, table: &str) {
        let sql = format!("ALTER TABLE {table} RENAME TO broken_{table}");
        self.connection.execute_batch(&sql).unwrap();
    }

    /// What a restored copy brings about, without one.
    #[cfg(test)]
    pub(crate) fn restored(&mut self) -> Result<(), StoreError> {
        self.write("raising the generation", clock::raise_generation)
    }

    /// Sets the only account's state and nothing else.
    #[cfg(test)]
    pub(crate) fn set_state_alone(&self, state: &str) {
        let sql = format!("UPDATE accounts SET state = '{state}'");
        self.connection.execute_batch(&sql).unwrap();
    }

    /// Sets an account's row of failures and nothing else.
    #[cfg(test)]
    pub(crate) fn set_failures_alone(&self, name: &str, in_a_row: u32) {
        let sql = "UPDATE accounts SET failures_in_row = ?2 WHERE name = ?1";
        self.connection
            .execute(sql, params![name, in_a_row])
            .unwrap();
    }

    /// Undoes [`Self::break_table`].
    #[cfg(test)]
    pub(crate) fn mend_table(&self, table: &str) {
        let sql = format!("ALTER TABLE broken_{table} RENAME TO {table}");
        self.connection.execute_batch(&sql).unwrap();
    }

    /// SQLite's own check of the file: the problems it found. One read, as long as the file is large: what
    /// is written meanwhile stays in the write-ahead log.
    pub fn check(&self, depth: Depth) -> Result<Vec<String>, StoreError> {
        let sql = match depth {
            Depth::Quick => "quick_check",
            Depth::Whole => "integrity_check",
        };
        self.read(CHECKING, |connection| {
            problems(connection, sql, None).map_err(StoreError::sqlite(CHECKING))
        })
    }

    /// A check of each table by itself, in a read of at most `longest` by that clock: whoever may look may
    /// begin it, on a busy host too. Neither indexes nor what lies between tables is looked at.
    pub fn check_tables(
        &mut self,
        longest: Span,
        clock: impl Fn() -> Boot + Clone + Send + 'static,
    ) -> Result<Looked, StoreError> {
        let failed = || StoreError::sqlite(CHECKING);
        let names: Vec<String> = self.read(CHECKING, |connection| {
            let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rootpage";
            connection
                .prepare(sql)
                .and_then(|mut all| all.query_map([], |row| row.get(0))?.collect())
                .map_err(failed())
        })?;
        let mut looked = Looked::default();
        for name in names {
            let (clock, until) = (clock.clone(), clock().plus(longest));
            let is_over = move || clock() > until;
            self.connection
                .progress_handler(STEPS, Some(is_over))
                .map_err(failed())?;
            let found = self.read(CHECKING, |connection| {
                Ok(problems(connection, "quick_check", Some(&name)))
            });
            self.connection
                .progress_handler(0, None::<fn() -> bool>)
                .map_err(failed())?;
            match found? {
                Ok(problems) => looked.problems.extend(problems),
                Err(error) if was_interrupted(&error) => looked.unfinished.push(name),
                Err(error) => return Err(failed()(error)),
            }
        }
        Ok(looked)
    }

    /// Gives the free pages of the file back to the disk. Logins are refused as busy while it is written.
    pub fn vacuum(&mut self) -> Result<(), StoreError> {
        let _inside = inside::enter();
        self.connection
            .execute_batch("VACUUM")
            .map_err(StoreError::sqlite("shrinking the store"))?;
        self.truncate_log()
    }
}

/// What SQLite finds wrong with all tables or with one, and with what their rows refer to.
fn problems(
    connection: &Connection,
    check: &str,
    table: Option<&str>,
) -> Result<Vec<String>, rusqlite::Error> {
    let mut found = Vec::new();
    let mut each = |row: &rusqlite::Row<'_>| {
        let line: String = row.get(0)?;
        found.extend(Some(line).filter(|line| line != "ok"));
        Ok(())
    };
    match table {
        Some(table) => connection.pragma(None, check, table, &mut each)?,
        None => connection.pragma_query(None, check, &mut each)?,
    }
    let mut each = |row: &rusqlite::Row<'_>| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        found.push(format!(
            "a row of {table} refers to one of {parent} that is not there"
        ));
        Ok(())
    };
    match table {
        Some(table) => connection.pragma(None, "foreign_key_check", table, &mut each)?,
        None => connection.pragma_query(None, "foreign_key_check", &mut each)?,
    }
    Ok(found)
}

fn was_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use gatepost_words::time::{Boot, Span};

    use super::{Depth, LONG_LOG, Looked};
    use crate::host::{Host, System};
    use crate::store::{Store, companions};

    // Mutant: the checkpoint waits like every other writer; then it holds the lock for two seconds.
    #[test]
    fn a_long_log_is_settled_although_others_have_the_store_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let mut store = Store::scratch(&path);
        let other = Store::scratch(&path);
        let [_, log, _] = companions(&path);
        let length = || std::fs::metadata(&log).unwrap().len();
        // As eight logins at a time do it: no commit's own checkpoint ever catches up.
        let sql = "PRAGMA wal_autocheckpoint = 0; CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(1000))";
        other.connection.execute_batch(sql).unwrap();
        let short = length();
        assert!(short > 0);
        store.settle_log().unwrap();
        assert_eq!(length(), short, "not worth a wait");
        let sql_of_a_login = "INSERT INTO filler VALUES (1)";
        let blob = "UPDATE filler SET x = zeroblob(2000000)";
        other.connection.execute_batch(blob).unwrap();
        assert!(length() > LONG_LOG);
        store.settle_log().unwrap();
        assert_eq!(length(), 0);

        // Somebody reads for long, as `audit verify` does: neither this one waits nor a writer behind it.
        other.connection.execute_batch(sql_of_a_login).unwrap();
        let reader = Store::scratch(&path);
        reader
            .connection
            .execute_batch("BEGIN; SELECT * FROM filler")
            .unwrap();
        other.connection.execute_batch(blob).unwrap();
        let clock = System::new().unwrap();
        let began = clock.now().moment.at;
        store.settle_log().unwrap();
        other.connection.execute_batch(sql_of_a_login).unwrap();
        let took = clock.now().moment.at.since(began);
        assert!(took < Span::from_secs(1), "{took:?}");
        reader.connection.execute_batch("COMMIT").unwrap();
        store.settle_log().unwrap();
        assert_eq!(length(), 0);
    }
    // Mutants: the clock is not looked at, or its time is not given anew to each table; what is broken off
    // counts as looked at, or as damage; rows that refer to nothing are not looked for.
    #[test]
    fn tables_are_looked_at_one_by_one_and_none_for_long() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::scratch(&folder.path().join("store.db"));
        let filler = "CREATE TABLE filler (x INTEGER CHECK (x > 0));
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO filler SELECT i FROM n";
        store.connection.execute_batch(filler).unwrap();
        // It goes on by a second whenever somebody looks.
        let time = Arc::new(AtomicI64::new(0));
        let ticking = move || Boot::from_millis(time.fetch_add(1000, Ordering::Relaxed));
        let long = Span::from_hours(1);
        let whole = store.check_tables(long, ticking.clone()).unwrap();
        assert_eq!(whole, Looked::default());
        let brief = store.check_tables(Span::from_secs(2), ticking.clone());
        let brief = brief.unwrap();
        assert_eq!(
            (brief.problems.len(), brief.unfinished),
            (0, vec!["filler".to_owned()])
        );
        // Nothing is broken off any more.
        assert_eq!(store.check(Depth::Whole).unwrap(), Vec::<String>::new());

        let damage = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
            INSERT INTO filler VALUES (-1); PRAGMA ignore_check_constraints = OFF;
            INSERT INTO addresses (account, address, limit_key, created_wall) VALUES (7, 'a', 'a', 0)";
        store.connection.execute_batch(damage).unwrap();
        let damaged = store
            .check_tables(long, ticking)
            .unwrap()
            .problems
            .join("; ");
        assert!(damaged.contains("filler"), "{damaged}");
        assert!(
            damaged.contains("a row of addresses refers to one of accounts"),
            "{damaged}"
        );
        assert_eq!(store.check(Depth::Quick).unwrap().len(), 2);
    }
}
