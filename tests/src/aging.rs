//! The store's file, seen and aged from outside: the one place of the tests that may use SQL.
//!
//! The product has no hook for time. A test that needs an hour to have passed moves the timestamps of
//! the rows back instead.

use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::OpenFlags;

/// A store's file.
#[derive(Debug, Clone)]
pub struct StoreFile {
    path: PathBuf,
}

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

    /// How many conversations have their decision on record.
    pub fn decisions(&self) -> rusqlite::Result<u32> {
        self.read_only()?.query_row(
            "SELECT count(*) FROM events WHERE kind = 'decision'",
            [],
            |row| row.get(0),
        )
    }

    /// Counts the rows of a table; for tests that compare before and after.
    pub fn rows(&self, table: &str) -> rusqlite::Result<u32> {
        assert!(
            table
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            "{table:?} is no table's name"
        );
        self.read_only()?
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get(0)
            })
    }

    fn read_only(&self) -> rusqlite::Result<Connection> {
        Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }
}
