//! Copies of the store as files: made while it is used, and looked through before anything is taken
//! from them. What is taken, and what stays, is [`super::restore`]'s.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use gatepost_words::text::sanitise;
use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use super::error::{Problem, StoreError};
use super::events::Chain;
use super::{Store, inside, schema};

/// What a copy is found to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The version it was made by; it is brought to this program's.
    pub version: i64,
    /// Accounts in it that are not removed.
    pub accounts: u64,
    /// The number of its last event.
    pub seq: i64,
    /// That event's hash, in hex.
    pub head: String,
}

/// Why a copy cannot be restored. What is said of a copy goes on from its name, so that nobody takes it for the
/// store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing is in it.
    Empty,
    /// It is no database.
    NoDatabase,
    /// It is another program's database.
    Foreign,
    /// A newer Gatepost wrote it.
    Newer {
        /// Its version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// SQLite finds it damaged.
    Damaged(String),
    /// It says what no Gatepost writes.
    Odd(String),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty: name a file that gatepost backup wrote"),
            Self::NoDatabase => f.write_str(
                "is no SQLite database, so no backup: name a file that gatepost backup wrote; where it was \
                 packed or encrypted, unpack it first",
            ),
            Self::Foreign => f.write_str(
                "is not a Gatepost store but another program's database: name a file that gatepost backup \
                 wrote",
            ),
            Self::Newer { found, known } => write!(
                f,
                "has version {found}, and this program knows {known}: restore it with the Gatepost that \
                 wrote it"
            ),
            Self::Damaged(what) => write!(
                f,
                "is damaged or cut off ({what}): fetch it again from where it is kept, or take another copy"
            ),
            Self::Odd(what) => write!(f, "cannot be restored: {what}"),
        }
    }
}

/// How a file begins that SQLite wrote.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

const COPYING: &str = "copying the store";
const LOOKING: &str = "looking through the copy";

impl Store {
    /// Writes a copy of what is committed now into an empty file; logins go on meanwhile.
    pub fn copy_into(&self, empty: &Path) -> Result<(), StoreError> {
        let _inside = inside::enter();
        self.connection
            .execute("VACUUM INTO ?1", [empty.to_string_lossy()])
            .map_err(StoreError::sqlite(COPYING))?;
        Ok(())
    }

    /// The version of the store at `path`, whatever it is, and this program's.
    pub fn version_at(path: &Path) -> Result<(i64, i64), StoreError> {
        let store = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        Ok((schema::version(&store.connection)?, schema::VERSION))
    }

    /// As [`Self::copy_into`], a new file that is kept, for tests.
    #[cfg(test)]
    pub(crate) fn keep_copy(&self, path: &Path) -> Result<(), StoreError> {
        super::beside::make_private(path)?;
        self.copy_into(path)
    }

    /// Opens a private copy and looks it through: whose it is, of which version, whole, with the tables
    /// of this program and no others, its chain unbroken. An older one is migrated there.
    pub fn open_copy(path: &Path) -> Result<(Self, Found), StoreError> {
        looks_like_a_database(path)?;
        Self::looked_through(path).map_err(StoreError::of_the_copy)
    }

    fn looked_through(path: &Path) -> Result<(Self, Found), StoreError> {
        let mut copy = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let version = schema::ours(&copy.connection)?;
        let version = version.ok_or_else(|| Unfit::Foreign.while_doing(LOOKING))?;
        if version < 1 {
            let what =
                format!("it has version {version}, which no Gatepost gave it: take another copy");
            return Err(StoreError::odd(LOOKING, what));
        }
        schema::migrate(&mut copy.connection)?;
        copy.connection
            .pragma_update(None, "journal_mode", "DELETE")
            .map_err(StoreError::sqlite(LOOKING))?;
        let problems = copy.check(super::upkeep::Depth::Whole)?;
        if let Some(first) = problems.first() {
            return Err(StoreError {
                doing: LOOKING,
                problem: Problem::Corrupt(first.clone()),
            });
        }
        same_schema(&copy.connection)?;
        let chain = copy.verify_chain()?;
        if let Some(seq) = chain.broken_at {
            let what = format!("its chain of events is broken at event {seq}: take an older copy");
            return Err(StoreError::odd(LOOKING, what));
        }
        let found = copy.found(version, &chain)?;
        Ok((copy, found))
    }

    fn found(&self, version: i64, chain: &Chain) -> Result<Found, StoreError> {
        let accounts = self
            .connection
            .query_row(
                "SELECT count(*) FROM accounts WHERE state <> 'removed'",
                [],
                |row| row.get::<_, i64>(0),
            )
            .map_err(StoreError::sqlite(LOOKING))?;
        Ok(Found {
            version,
            accounts: u64::try_from(accounts).unwrap_or(0),
            seq: chain.last,
            head: chain.head.clone(),
        })
    }
}

impl Unfit {
    /// As a failure of the store's methods.
    pub(super) fn while_doing(self, doing: &'static str) -> StoreError {
        StoreError {
            doing,
            problem: Problem::Unfit(self),
        }
    }
}

impl StoreError {
    /// The same of a copy: where nothing but the copy was open, what is wrong with it is not wrong with the store.
    /// What the machine cannot do stays what it is.
    fn of_the_copy(self) -> Self {
        use rusqlite::ErrorCode as Code;
        let Self { doing, problem } = self;
        let problem = match problem {
            Problem::Newer { found, known } => Problem::Unfit(Unfit::Newer { found, known }),
            Problem::Corrupt(what) => Problem::Unfit(Unfit::Damaged(what)),
            Problem::Odd(what) => Problem::Unfit(Unfit::Odd(what)),
            Problem::Sqlite(error) => match error.sqlite_error_code() {
                Some(Code::SystemIoFailure | Code::OutOfMemory | Code::CannotOpen) => {
                    Problem::Sqlite(error)
                }
                _ => Problem::Unfit(Unfit::Damaged(error.to_string())),
            },
            other @ (Problem::Untrusted(_)
            | Problem::Busy
            | Problem::NotMigrated { .. }
            | Problem::Full
            | Problem::ReadOnly
            | Problem::NotFound(_)
            | Problem::Exists(_)
            | Problem::Changed(_)
            | Problem::PolicyMoved { .. }
            | Problem::AlreadyThere(_)
            | Problem::Unfit(_)) => other,
        };
        Self { doing, problem }
    }
}

/// Refuses what SQLite would call a damaged database, though it never was one.
fn looks_like_a_database(path: &Path) -> Result<(), StoreError> {
    let mut begins = Vec::new();
    let length = MAGIC.len() as u64;
    File::open(path)
        .and_then(|file| file.take(length).read_to_end(&mut begins))
        .map_err(|error| StoreError::odd(LOOKING, format!("{}: {error}", path.display())))?;
    if begins.is_empty() {
        return Err(Unfit::Empty.while_doing(LOOKING));
    }
    if begins != MAGIC {
        return Err(Unfit::NoDatabase.while_doing(LOOKING));
    }
    Ok(())
}

/// Refuses a file whose tables, indexes, views or triggers are not exactly ours: a view in the place of
/// a table would answer with whatever its maker likes.
fn same_schema(copy: &Connection) -> Result<(), StoreError> {
    let mut ours = Connection::open_in_memory().map_err(StoreError::sqlite(LOOKING))?;
    schema::migrate(&mut ours)?;
    let (ours, theirs) = (statements(&ours)?, statements(copy)?);
    let odd = |name: &str| {
        let name = sanitise(name);
        StoreError::odd(
            LOOKING,
            format!("its {name} is not what this Gatepost makes: take another copy"),
        )
    };
    let known: BTreeSet<&Statement> = ours.iter().collect();
    if let Some(unknown) = theirs.iter().find(|said| !known.contains(said)) {
        return Err(odd(&unknown.name()));
    }
    // None of ours is missing, and none is there twice.
    match ours
        .iter()
        .zip(&theirs)
        .find(|(ours, theirs)| ours != theirs)
    {
        None if ours.len() == theirs.len() => Ok(()),
        None => Err(odd("schema")),
        Some((missing, _)) => Err(odd(&missing.name())),
    }
}

/// A row of a schema.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

impl Statement {
    fn name(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }
}

/// Everything that a schema says, sorted. No name is left out: whoever writes a file by hand may give a
/// trigger any name, those that SQLite keeps for itself among them.
fn statements(connection: &Connection) -> Result<Vec<Statement>, StoreError> {
    let mut said: Vec<Statement> = connection
        .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(Statement {
                        kind: row.get(0)?,
                        name: row.get(1)?,
                        table: row.get(2)?,
                        sql: row.get(3)?,
                    })
                })?
                .collect()
        })
        .map_err(StoreError::sqlite(LOOKING))?;
    said.sort();
    Ok(said)
}

#[cfg(test)]
mod tests {
    use crate::store::Store;
    use crate::store::beside::{Purpose, Temporary};

    fn copied(tamper: &str) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::scratch(&folder.path().join("store.db"));
        let copy = Temporary::beside(&folder.path().join("store.db"), Purpose::Restore).unwrap();
        store.copy_into(copy.path()).unwrap();
        let editor = rusqlite::Connection::open(copy.path()).unwrap();
        editor.execute_batch(tamper).unwrap();
        drop(editor);
        Store::open_copy(copy.path())
            .map(|_| ())
            .map_err(|error| error.to_string())
    }

    // Mutants: any one of the looks is left out; names that begin like SQLite's own are.
    #[test]
    fn a_copy_that_is_not_ours_or_not_whole_is_refused() {
        assert_eq!(copied(""), Ok(()));
        for (tamper, why) in [
            ("PRAGMA application_id = 1", "the copy is not a Gatepost store"),
            (
                "PRAGMA application_id = 1; PRAGMA user_version = 0",
                "the copy is not a Gatepost store",
            ),
            ("PRAGMA user_version = 999", "the copy has version 999"),
            ("PRAGMA user_version = 0", "it has version 0"),
            ("PRAGMA user_version = -1", "it has version -1"),
            (
                "CREATE TRIGGER t AFTER INSERT ON events BEGIN SELECT 1; END",
                "trigger t",
            ),
            (
                "CREATE TRIGGER sqliteX1 AFTER UPDATE ON accounts BEGIN SELECT 1; END",
                "trigger sqliteX1",
            ),
            (
                "PRAGMA writable_schema = ON;
                 INSERT INTO sqlite_schema VALUES ('trigger', 'sqlite_x', 'accounts', 0,
                   'CREATE TRIGGER sqlite_x AFTER UPDATE ON accounts BEGIN SELECT 1; END')",
                "trigger sqlite_x",
            ),
            (
                "DROP INDEX guesses_by_age",
                "index guesses_by_age",
            ),
            (
                "DROP TABLE strangers; CREATE VIEW strangers AS SELECT 1",
                "strangers",
            ),
            (
                "INSERT INTO events VALUES (1, 0, 'x', '', '', '', 1, '{}', zeroblob(32))",
                "broken at event 1",
            ),
            (
                "PRAGMA foreign_keys = OFF; INSERT INTO guesses (account, factor, source, at_store, at_wall)
                 VALUES (99, 'code', '', 0, 0)",
                "guesses",
            ),
        ] {
            let refused = copied(tamper).unwrap_err();
            assert!(refused.contains(why), "{tamper}: {refused}");
        }
    }
}
