//! The store's file, seen and aged from outside: the one place of the tests that may use SQL.
//!
//! The product has no hook for time. A test that needs an hour to have passed moves the times of all
//! rows an hour back instead; what is left is what the product makes of it.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::params;

/// A store's file.
#[derive(Debug, Clone)]
pub struct StoreFile {
    path: PathBuf,
}

/// Columns that hold a time although their names do not end as [`TIME_ENDINGS`] have it.
const TIMES: [&str; 4] = [
    "delivery_until",
    "confirm_until",
    "remembered_until",
    "expires_boot",
];

/// How the columns that hold a time are named: by the clock that the time is on.
const TIME_ENDINGS: [&str; 3] = ["_store", "_wall", "_boot"];

/// Not aged: the chained events' hashes cover their times, and meta holds the clock itself.
const TIMELESS: [&str; 2] = ["events", "meta"];

impl StoreFile {
    /// The store at `path`; nothing is opened yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// What `PRAGMA integrity_check` says: `ok`, or what is wrong.
    pub fn integrity(&self) -> rusqlite::Result<String> {
        self.read_only()?
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
    }

    /// The decisions on record: number in the chain, and the first eight bytes of its head in hex.
    pub fn decisions(&self) -> rusqlite::Result<Vec<(i64, String)>> {
        let connection = self.read_only()?;
        let mut statement = connection.prepare(
            "SELECT seq, lower(hex(substr(hash, 1, 8))) FROM events WHERE kind = 'decision' \
             ORDER BY seq",
        )?;
        statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// The kinds of all events, in order.
    pub fn event_kinds(&self) -> rusqlite::Result<Vec<String>> {
        let connection = self.read_only()?;
        let mut statement = connection.prepare("SELECT kind FROM events ORDER BY seq")?;
        statement.query_map([], |row| row.get(0))?.collect()
    }

    /// How many rows a table has; for tests that compare before and after.
    pub fn rows(&self, table: &str) -> rusqlite::Result<u32> {
        self.count(&format!("SELECT count(*) FROM {}", name(table)))
    }

    /// How many guesses stand in the ledger: all, and the right ones among them.
    pub fn guesses(&self) -> rusqlite::Result<(u32, u32)> {
        let all = self.count("SELECT count(*) FROM guesses")?;
        Ok((
            all,
            self.count("SELECT count(*) FROM guesses WHERE right = 1")?,
        ))
    }

    /// How many failures in a row an account has.
    pub fn failures_in_a_row(&self, user: &str) -> rusqlite::Result<u32> {
        self.read_only()?.query_row(
            "SELECT failures_in_row FROM accounts WHERE name = ?1",
            [user],
            |row| row.get(0),
        )
    }

    /// How many helpers the store believes to wait at a prompt.
    pub fn waiting(&self) -> rusqlite::Result<u32> {
        self.count("SELECT count(*) FROM conversations")
    }

    /// How many mails with a code were charged: all that were not found undeliverable.
    pub fn mails_charged(&self) -> rusqlite::Result<u32> {
        self.count("SELECT count(*) FROM sends WHERE state <> 'failed'")
    }

    /// Forgets all mails that were sent: their budgets are full again, and nothing else has changed.
    pub fn forget_mails(&self) {
        self.execute("DELETE FROM sends").expect("forget the mails");
    }

    /// The words of all decisions on record, in order: `success`, `refuse`, `lost` and the like.
    pub fn verdicts(&self) -> rusqlite::Result<Vec<String>> {
        let connection = self.read_only()?;
        let mut statement = connection.prepare(
            "SELECT detail ->> 'decision' FROM events WHERE kind = 'decision' ORDER BY seq",
        )?;
        statement.query_map([], |row| row.get(0))?.collect()
    }

    /// Lets `time` pass, to the store's eyes: moves the times of all rows back by as much.
    pub fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).expect("a test's time is short");
        let columns = self.time_columns().expect("read the schema");
        assert!(!columns.is_empty(), "no column of the store holds a time");
        let updates: Vec<String> = columns
            .iter()
            .map(|(table, column)| {
                format!(
                    "UPDATE {table} SET {column} = {column} - {millis} WHERE {column} IS NOT NULL"
                )
            })
            .collect();
        self.execute(&updates.join(";")).expect("move times back");
    }

    /// Makes the store believe that it was last used in another boot.
    pub fn reboot(&self) {
        let another = "00000000-0000-4000-8000-000000000000";
        let connection = self.read_write().expect("open the store");
        for table in ["challenges", "conversations"] {
            connection
                .execute(
                    &format!("UPDATE {table} SET boot_id = ?1"),
                    params![another],
                )
                .expect("name another boot");
        }
        connection
            .execute(
                "UPDATE meta SET value = ?1 || substr(value, instr(value, ' ')) WHERE key = 'clock'",
                params![another],
            )
            .expect("name another boot in the clock");
    }

    /// Sets how many failures in a row an account has.
    pub fn set_failures_in_a_row(&self, user: &str, count: u32) {
        let changed = self
            .read_write()
            .and_then(|connection| {
                let statement = "UPDATE accounts SET failures_in_row = ?1 WHERE name = ?2";
                connection.execute(statement, params![count, user])
            })
            .expect("set the failures in a row");
        assert_eq!(changed, 1, "{user} has one row");
    }

    /// Table and column of every time that ages.
    fn time_columns(&self) -> rusqlite::Result<Vec<(String, String)>> {
        let connection = self.read_only()?;
        let mut statement = connection.prepare(
            "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c \
             WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%'",
        )?;
        let all: Vec<(String, String)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let is_time = |column: &str| {
            TIMES.contains(&column) || TIME_ENDINGS.iter().any(|ending| column.ends_with(ending))
        };
        let ages = |(table, column): &(String, String)| {
            !TIMELESS.contains(&table.as_str()) && is_time(column)
        };
        Ok(all.into_iter().filter(ages).collect())
    }

    fn count(&self, query: &str) -> rusqlite::Result<u32> {
        self.read_only()?.query_row(query, [], |row| row.get(0))
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.read_write()?
            .execute_batch(&format!("BEGIN IMMEDIATE;{sql};COMMIT"))
    }

    fn read_only(&self) -> rusqlite::Result<Connection> {
        self.open(OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    fn read_write(&self) -> rusqlite::Result<Connection> {
        self.open(OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Never creates: a test of a missing store must not mend it.
    fn open(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        Ok(connection)
    }
}

/// A table's name that is nothing else.
fn name(table: &str) -> &str {
    let plain = table
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    assert!(plain, "{table:?} is no table's name");
    table
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rusqlite::Connection;

    use super::StoreFile;

    #[test]
    fn time_passes_for_every_clock_and_for_no_event() {
        let folder = std::env::temp_dir().join(format!("gatepost-aging-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("store.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "CREATE TABLE guesses (at_store INTEGER, at_wall INTEGER, count INTEGER);
                 CREATE TABLE events (at_wall INTEGER);
                 INSERT INTO guesses VALUES (5000, NULL, 5000);
                 INSERT INTO events VALUES (5000);",
            )
            .unwrap();
        StoreFile::at(&path).pass(Duration::from_secs(2));
        let read = |query: &str| {
            connection
                .query_row(query, [], |row| row.get::<_, i64>(0))
                .unwrap()
        };
        assert_eq!(read("SELECT at_store FROM guesses"), 3000);
        assert_eq!(read("SELECT count FROM guesses"), 5000);
        assert_eq!(read("SELECT at_wall FROM events"), 5000);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
