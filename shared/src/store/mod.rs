//! The one door to the SQLite store: all SQL is here, in methods named for what the domain wants,
//! each one transaction.
//!
//! WAL with `synchronous=FULL`: a count, a send or a consumption that was reported is on the disk.
//! Each transaction begins IMMEDIATE, so that it sees what it will change. Nothing is created but
//! by [`Store::create`], which `gatepost setup` alone calls. A fleet may later share another
//! database behind the same methods: no SQL dialect leaves this module.

pub mod accounts;
pub mod attack;
pub mod beside;
pub mod browse;
pub mod bypass;
mod chain;
pub mod clock;
pub mod copies;
pub mod error;
pub mod events;
pub mod failures;
pub mod guesses;
pub mod inside;
pub mod kinds;
pub mod mails;
mod notices;
pub mod outbox;
pub mod policies;
pub mod restore;
mod retention;
pub mod schema;
pub mod shields;
pub mod signin;
mod strangers;
pub mod undo;
pub mod unlocks;
pub mod unmasks;
pub mod upkeep;

use std::path::{Path, PathBuf};
use std::time::Duration;

use error::{Problem, StoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::files;

/// An open store.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
}

/// How long the busy handler sleeps. Constant and short: SQLite's own back-off starves waiters
/// (p99 2641 ms at 32 processes, against 131 ms with this).
const BUSY_SLEEP: Duration = Duration::from_micros(300);
/// Pages in the write-ahead log before a commit also checkpoints: about two mebibytes. A last resort:
/// a login settles the log at a smaller size, after its verdict ([`Store::settle_log`]).
const CHECKPOINT_PAGES: i64 = 512;
/// How often it sleeps where others wait.
const HARDLY: i32 = 16;
/// How often it sleeps: two seconds in all, a little less where the kernel rounds up.
const BUSY_TRIES: i32 = 5500;

impl Store {
    /// Opens an existing store, its files checked first; creates nothing.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let doing = "opening the store";
        let _inside = inside::enter();
        files::check_database(path).map_err(|untrusted| StoreError {
            doing,
            problem: Problem::Untrusted(untrusted),
        })?;
        let store = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        // First: nothing is written to a file that is no store, not even a header to an empty one.
        schema::check(&store.connection)?;
        store.write_ahead()?;
        Ok(store)
    }

    /// Creates a store where there is none, or migrates an older one. For `gatepost setup`.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut store = Self::connect(path, flags)?;
        store.write_ahead()?;
        schema::migrate(&mut store.connection)?;
        Ok(store)
    }

    /// Connects and sets what every connection needs; writes nothing.
    fn connect(path: &Path, access: OpenFlags) -> Result<Self, StoreError> {
        let doing = "opening the store";
        let flags = access
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let mut connection =
            Connection::open_with_flags(path, flags).map_err(StoreError::sqlite(doing))?;
        prepare(&mut connection).map_err(StoreError::sqlite(doing))?;
        Ok(Self { connection })
    }

    /// Has no commit move the log into the store: it can fail, or die, after what was done is on the disk
    /// and before the system log has its line. Whoever asks for this settles the log themselves, behind
    /// that line ([`Self::settle_log`]).
    pub fn settling_later(self) -> Result<Self, StoreError> {
        self.connection
            .pragma_update(None, "wal_autocheckpoint", 0)
            .map_err(StoreError::sqlite("opening the store"))?;
        Ok(self)
    }

    /// Has the store keep a write-ahead log, as it does unless another program changed that.
    fn write_ahead(&self) -> Result<(), StoreError> {
        self.connection
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(StoreError::sqlite("opening the store"))
    }

    /// A store in a file of a test's own, whose folder need not be root's.
    #[cfg(test)]
    pub(crate) fn scratch(path: &Path) -> Self {
        Self::create(path).unwrap().with_no_rules()
    }

    /// What is in it, for tests.
    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// A store in memory, for tests.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        let mut connection = Connection::open_in_memory().unwrap();
        prepare(&mut connection).unwrap();
        schema::migrate(&mut connection).unwrap();
        Self { connection }.with_no_rules()
    }

    /// With the policy that setup makes, and without its event.
    #[cfg(test)]
    fn with_no_rules(self) -> Self {
        let none = crate::policy::versions::digest("");
        let first = "INSERT OR IGNORE INTO policies
                     VALUES (1, 1, '', ?1, 'setup', NULL, NULL, NULL, 'setup', '', 0)";
        self.connection.execute(first, [none]).unwrap();
        let named = "INSERT OR IGNORE INTO policy_in_force VALUES (1, 1, NULL, NULL, NULL, NULL)";
        self.connection.execute(named, []).unwrap();
        self
    }

    /// Puts rules in force, for tests.
    #[cfg(test)]
    pub(crate) fn put_rules(
        &mut self,
        now: &crate::host::Now,
        rules: &[crate::policy::rules::Rule],
    ) {
        let actor = accounts::Actor {
            name: "root".to_owned(),
            ..accounts::Actor::default()
        };
        let draft = policies::Draft {
            text: &crate::policy::text::render(rules),
            base: self.policy(now).unwrap().version,
            how: policies::How::Apply,
            reason: "",
        };
        self.add_policy(now, &actor, &draft).unwrap();
    }

    /// Runs `work` in one IMMEDIATE transaction and commits it, or rolls all of it back.
    fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _inside = inside::enter();
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(StoreError::sqlite(doing))?;
        let done = work(&tx)?;
        tx.commit().map_err(StoreError::sqlite(doing))?;
        Ok(done)
    }

    /// As [`Self::write`], without waiting for the disk: for records that hold no count, no send
    /// and no consumption, and may be lost in a power cut.
    fn write_unsynced<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let sync = |connection: &Connection, mode: &str| {
            connection
                .pragma_update(None, "synchronous", mode)
                .map_err(StoreError::sqlite(doing))
        };
        sync(&self.connection, "NORMAL")?;
        let done = self.write(doing, work);
        sync(&self.connection, "FULL")?;
        done
    }

    /// Runs `look` on one consistent view.
    fn read<T>(
        &self,
        doing: &'static str,
        look: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _inside = inside::enter();
        let tx = self
            .connection
            .unchecked_transaction()
            .map_err(StoreError::sqlite(doing))?;
        look(&tx)
    }
}

/// The settings of every connection.
fn prepare(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    connection.busy_handler(Some(wait_a_little))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

#[expect(
    clippy::disallowed_methods,
    reason = "SQLite offers no condition to wait on; the count bounds it to two seconds"
)]
fn wait_a_little(tries: i32) -> bool {
    std::thread::sleep(BUSY_SLEEP);
    tries < BUSY_TRIES
}

/// For whoever holds a lock that others want while it waits: six milliseconds for each lock.
fn wait_hardly(tries: i32) -> bool {
    wait_a_little(tries) && tries < HARDLY
}

/// Where a store is, for messages.
pub fn companions(path: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::{Store, companions};
    use crate::files;

    /// Places of the POSIX locks that this process holds on the store's files.
    fn locks(path: &std::path::Path) -> Vec<String> {
        let ours = std::process::id().to_string();
        let inodes =
            companions(path).map(|file| std::fs::metadata(file).unwrap().ino().to_string());
        let all = std::fs::read_to_string("/proc/locks").unwrap();
        // 1: POSIX  ADVISORY  WRITE 4711 fd:00:123456 120 120
        let held = all.lines().filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let inode = words.get(5)?.rsplit(':').next()?;
            let is_ours = words.get(4)? == &ours && inodes.iter().any(|file| file == inode);
            is_ours.then(|| words.get(3..).unwrap_or_default().join(" "))
        });
        let mut held: Vec<String> = held.collect();
        held.sort();
        held
    }

    // Mutant: settling_later changes nothing.
    #[test]
    fn whoever_settles_later_has_no_commit_move_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let store = Store::scratch(&path).settling_later().unwrap();
        let length = || std::fs::metadata(&path).unwrap().len();
        let before = length();
        let sql = "CREATE TABLE filler (x); INSERT INTO filler VALUES (zeroblob(9000000))";
        store.connection.execute_batch(sql).unwrap();
        assert_eq!(length(), before);
        let mut store = store;
        store.settle_log().unwrap();
        assert!(length() > before);
    }

    // Mutant: the files are checked by descriptors that may read. Closing any such descriptor of a file
    // drops all locks that its process holds on it (POSIX); one that only names it (O_PATH) drops none.
    #[test]
    fn lock_survives_other_open() {
        let Ok(folder) = tempfile::tempdir_in("/root") else {
            println!("SKIPPED: a folder below /root needs root");
            return;
        };
        let path = folder.path().join("store.db");
        let store = Store::scratch(&path);
        for file in companions(&path) {
            // As setup makes them.
            let private = std::fs::Permissions::from_mode(0o600);
            std::fs::set_permissions(file, private).unwrap();
        }
        store.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let before = locks(&path);
        assert!(
            before.iter().any(|lock| lock.starts_with("WRITE")),
            "{before:?}"
        );
        files::check_database(&path).unwrap();
        assert_eq!(locks(&path), before);
        drop(Store::open(&path).unwrap());
        assert_eq!(locks(&path), before);
    }
}
