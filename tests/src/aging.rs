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

/// One attempt to hand over a message, as the store has it on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// `code`, `half-finished` and the like.
    pub kind: String,
    /// The relay, as `host:port`.
    pub relay: String,
    /// `accepted`, `transient`, `permanent`, `connection`, `tls`, `auth`, `message` or `lost`.
    pub outcome: String,
    /// The relay's words, or what went wrong and what to do.
    pub reply: String,
    /// How long it took.
    pub millis: u64,
}

/// The store's write lock, held until this goes.
#[derive(Debug)]
pub struct WriteLock {
    _transaction: Connection,
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

/// Not aged: the chained events' hashes cover their times, meta holds the clock itself, and a policy
/// version is never changed.
const TIMELESS: [&str; 3] = ["events", "meta", "policies"];

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

    /// How many bytes of the file hold something.
    pub fn bytes_in_use(&self) -> rusqlite::Result<u64> {
        self.read_only()?.query_row(
            "SELECT (p.page_count - f.freelist_count) * s.page_size
             FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s",
            [],
            |row| row.get::<_, i64>(0).map(i64::cast_unsigned),
        )
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
        self.count("SELECT count(*) FROM sends WHERE state <> 'failed' AND challenge IS NOT NULL")
    }

    /// Forgets all mails that were sent: their budgets are full again, and nothing else has changed.
    pub fn forget_mails(&self) {
        self.execute("DELETE FROM sends").expect("forget the mails");
    }

    /// Forgets all notices that wait: what is sent then is what the test asks for.
    pub fn forget_notices(&self) {
        self.execute("DELETE FROM outbox")
            .expect("forget the notices");
    }

    /// The words of all decisions on record, in order: `success`, `refuse`, `lost` and the like.
    pub fn verdicts(&self) -> rusqlite::Result<Vec<String>> {
        let connection = self.read_only()?;
        let mut statement = connection.prepare(
            "SELECT detail ->> 'decision' FROM events WHERE kind = 'decision' ORDER BY seq",
        )?;
        statement.query_map([], |row| row.get(0))?.collect()
    }

    /// All attempts to deliver, in order.
    pub fn deliveries(&self) -> rusqlite::Result<Vec<Delivery>> {
        let connection = self.read_only()?;
        let mut statement = connection
            .prepare("SELECT kind, relay, outcome, reply, millis FROM deliveries ORDER BY id")?;
        statement
            .query_map([], |row| {
                Ok(Delivery {
                    kind: row.get(0)?,
                    relay: row.get(1)?,
                    outcome: row.get(2)?,
                    reply: row.get(3)?,
                    millis: row.get::<_, i64>(4)?.unsigned_abs(),
                })
            })?
            .collect()
    }

    /// How SQLite would go about a statement, step by step: `SEARCH accounts USING INDEX ..`.
    pub fn plan(&self, statement: &str) -> rusqlite::Result<Vec<String>> {
        let connection = self.read_only()?;
        let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}"))?;
        let mut rows = explained.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next()? {
            steps.push(row.get("detail")?);
        }
        Ok(steps)
    }

    /// Takes the write lock, as another process that is busy with the store does.
    pub fn hold(&self) -> WriteLock {
        let connection = self.read_write().expect("open the store");
        connection
            .execute_batch("BEGIN IMMEDIATE")
            .expect("take the write lock");
        WriteLock {
            _transaction: connection,
        }
    }

    /// Brings all that was written into the one file, so that a copy of it is whole.
    pub fn checkpoint(&self) {
        self.read_write()
            .and_then(|connection| {
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            })
            .expect("bring the store into one file");
    }

    /// The version of the program that wrote the store last.
    pub fn version(&self) -> rusqlite::Result<i64> {
        self.read_only()?
            .query_row("PRAGMA user_version", [], |row| row.get(0))
    }

    /// Says that a program of another version wrote the store.
    pub fn set_version(&self, version: i64) {
        self.read_write()
            .and_then(|connection| connection.pragma_update(None, "user_version", version))
            .expect("set the version");
    }

    /// Puts a store of the first version in its place, with nothing in it. What follows is the product's.
    pub fn begin_at_the_first_version(&self) {
        self.execute("PRAGMA user_version")
            .expect("a store is there");
        for suffix in ["-wal", "-shm"] {
            let beside = format!("{}{suffix}", self.path.display());
            // Whoever used it last may have taken these away.
            let _gone = std::fs::remove_file(beside);
        }
        // The file stays, with its owner and mode.
        std::fs::write(&self.path, "").expect("empty the store");
        let first = include_str!("../../shared/src/store/schema_1.sql");
        let marks = "PRAGMA application_id = 0x47505354; PRAGMA user_version = 1;";
        self.read_write()
            .and_then(|connection| connection.execute_batch(&format!("{marks}{first}")))
            .expect("make a store of the first version");
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
        let tables = [
            "challenges",
            "conversations",
            "policy_in_force",
            "bypass_codes",
        ];
        for table in tables {
            connection
                .execute(
                    &format!("UPDATE {table} SET boot_id = ?1 WHERE boot_id IS NOT NULL"),
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

    /// Changes the policy's tables past the guards that keep its versions as they are.
    pub fn break_policy(&self, sql: &str) {
        self.execute(&format!(
            "DROP TRIGGER IF EXISTS policies_are_never_changed;
             DROP TRIGGER IF EXISTS policies_are_never_removed; {sql}"
        ))
        .expect("break the policy");
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

    /// Lets every account start afresh: no mail, guess or notice counts, no failure is left, and no
    /// code that was sent before works any more.
    pub fn start_afresh(&self) {
        self.execute(
            "DELETE FROM sends WHERE state = 'open' OR account <= 1000;
             DELETE FROM guesses WHERE right = 0;
             DELETE FROM outbox;
             UPDATE challenges SET replaced = 1 WHERE used_wall IS NULL AND replaced = 0;
             UPDATE accounts SET failures_in_row = 0 WHERE failures_in_row <> 0",
        )
        .expect("start afresh");
    }

    /// Forgets all mails, guesses and notices, and all failures in a row: every budget is full again.
    pub fn refill_budgets(&self) {
        self.execute(
            "DELETE FROM sends; DELETE FROM guesses; DELETE FROM outbox;
             UPDATE accounts SET failures_in_row = 0 WHERE failures_in_row <> 0",
        )
        .expect("refill the budgets");
    }

    /// Adds accounts until there are `accounts` of them, each with the rows that a person who logged
    /// in once today leaves: what a login must not slow down on. Their events are left out, so that
    /// the chain stays whole.
    pub fn seed_accounts(&self, accounts: u32) {
        let there = self
            .count("SELECT count(*) FROM accounts")
            .expect("count the accounts");
        let missing = accounts.saturating_sub(there);
        let script = format!(
            "PRAGMA journal_mode = MEMORY;
             PRAGMA synchronous = OFF;
             PRAGMA cache_size = -1000000;
             BEGIN IMMEDIATE;
             CREATE TEMP TABLE seed AS SELECT
                 {missing} AS amount,
                 (SELECT coalesce(max(id), 0) FROM accounts) AS before,
                 unixepoch() * 1000 - 3600000 AS wall,
                 (SELECT CAST(replace(value, rtrim(value, '0123456789'), '') AS INTEGER) - 3600000
                  FROM meta WHERE key = 'clock') AS store;
             {};
             DROP TABLE seed;
             COMMIT;
             PRAGMA journal_mode = WAL",
            SEED.join(";")
        );
        self.read_write()
            .and_then(|connection| connection.execute_batch(&script))
            .expect("seed the store");
    }

    /// Adds events until there are `events` of them: sign-ins of the seeded accounts, without the
    /// chain's hashes. For a store whose chain nobody checks.
    pub fn seed_events(&self, events: u32) {
        let there = self
            .count("SELECT count(*) FROM events")
            .expect("count the events");
        let missing = events.saturating_sub(there);
        if missing == 0 {
            return;
        }
        let script = format!(
            "PRAGMA journal_mode = MEMORY;
             PRAGMA synchronous = OFF;
             PRAGMA cache_size = -1000000;
             BEGIN IMMEDIATE;
             CREATE TEMP TABLE seed AS SELECT
                 {missing} AS amount,
                 (SELECT coalesce(max(seq), 0) FROM events) AS before,
                 (SELECT count(*) FROM accounts) AS people,
                 unixepoch() * 1000 - 3600000 AS wall;
             {SEED_EVENTS};
             DROP TABLE seed;
             COMMIT;
             PRAGMA journal_mode = WAL"
        );
        self.read_write()
            .and_then(|connection| connection.execute_batch(&script))
            .expect("seed the events");
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

/// What each seeded account has: account number `i` of the seed, one hour ago.
const SEED: [&str; 7] = [
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n, seed WHERE i < amount)
     INSERT INTO accounts (id, name, uid, state, success_store, success_wall, created_wall)
     SELECT before + i, printf('seed%07d', i), 1000000 + i, 'active', store, wall, wall
     FROM n, seed",
    "INSERT INTO addresses
         (account, address, limit_key, confirmed_wall, confirmed_by, created_wall)
     SELECT id, name || '@example.org', name || '@example.org', wall, 'administrator', wall
     FROM accounts, seed WHERE id > before",
    "INSERT INTO known_sources (account, source, service, first_wall, last_wall, last_store)
     SELECT id, printf('10.0.%d.%d', id / 256 % 256, id % 256), 'sshd', wall, wall, store
     FROM accounts, seed WHERE id > before",
    "INSERT INTO guesses (account, factor, right, source, at_store, at_wall)
     SELECT id, 'code', 1, printf('10.0.%d.%d', id / 256 % 256, id % 256), store, wall
     FROM accounts, seed WHERE id > before",
    "INSERT INTO challenges
         (id, account, address, service, host, source, conversation, reference, tag, boot_id,
          expires_boot, generation, tries, max_tries, used_wall, delivery, delivery_until,
          accepted_wall, created_wall, created_store)
     SELECT randomblob(16), id, NULL, 'sshd', 'host01',
            printf('10.0.%d.%d', id / 256 % 256, id % 256), 0, 'SEED', randomblob(32), 'none',
            0, 0, 1, 3, wall, 'accepted', 0, wall, wall, store
     FROM accounts, seed WHERE id > before",
    "INSERT INTO sends (account, challenge, limit_key, source, state, at_store)
     SELECT id, randomblob(16), name || '@example.org',
            printf('10.0.%d.%d', id / 256 % 256, id % 256), 'answered', store
     FROM accounts, seed WHERE id > before",
    "INSERT INTO deliveries
         (account, challenge, kind, relay, outcome, reply, message_id, millis, at_wall)
     SELECT id, NULL, 'code', 'localhost:25', 'accepted', '250 2.0.0 queued', 'none', 5, wall
     FROM accounts, seed WHERE id > before",
];

/// What each seeded event is: the decision of somebody's sign-in, all within the last month.
const SEED_EVENTS: &str =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n, seed WHERE i < amount)
     INSERT INTO events (seq, at_wall, kind, account, service, source, conversation, detail, hash)
     SELECT before + i, wall - (amount - i) / 4, 'decision', printf('seed%07d', i % people + 1),
            'sshd', printf('10.0.%d.%d', i / 256 % 256, i % 256), before + i,
            '{\"decision\":\"success\",\"factor\":\"code\"}', zeroblob(32)
     FROM n, seed";

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
