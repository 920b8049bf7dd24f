//! What can go wrong with the store, said so that an administrator knows what to do. Every one of
//! them is a refusal for a login.

use std::fmt;
use std::path::PathBuf;

use super::copies::Unfit;
use crate::files::Untrusted;

/// A failed operation on the store.
#[derive(Debug)]
pub struct StoreError {
    /// What was being done: `counting a guess`.
    pub doing: &'static str,
    /// What went wrong.
    pub problem: Problem,
}

/// What went wrong.
#[derive(Debug)]
pub enum Problem {
    /// The files cannot be trusted.
    Untrusted(Untrusted),
    /// Another process held the store for too long.
    Busy,
    /// The store was written by a newer Gatepost.
    Newer {
        /// Its version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The store's version is older than this program's, or it is no store of ours.
    NotMigrated {
        /// Its version.
        found: i64,
        /// What this program needs.
        known: i64,
    },
    /// No space, or no quota, is left.
    Full,
    /// The file system is read-only.
    ReadOnly,
    /// The content is damaged.
    Corrupt(String),
    /// A row says what no program of ours writes.
    Odd(String),
    /// Something that should have been there was not.
    NotFound(String),
    /// What should be new is there already.
    Exists(String),
    /// Somebody else changed it since it was looked at.
    Changed(String),
    /// The policy is not the one that was seen before.
    PolicyMoved {
        /// The version in force.
        found: Option<i64>,
    },
    /// Anything else that SQLite says.
    Sqlite(rusqlite::Error),
    /// The file is already there.
    AlreadyThere(PathBuf),
    /// It is the copy that is at fault, and not the store.
    Unfit(Unfit),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.doing)?;
        match &self.problem {
            Problem::Untrusted(untrusted) => write!(f, "{untrusted}"),
            Problem::Busy => f.write_str(
                "another process held the store for over 2 s; see who has it open: fuser \
                 /var/lib/gatepost/gatepost.db",
            ),
            Problem::Newer { found, known } => write!(
                f,
                "the store has version {found}, this program knows {known}: install the Gatepost \
                 that wrote it, on every host that shares it"
            ),
            Problem::NotMigrated { found, known } => write!(
                f,
                "the store has version {found}, this program needs {known}: run gatepost setup"
            ),
            Problem::Full => f.write_str("no space is left: free some, nothing else is needed"),
            Problem::ReadOnly => f.write_str("the file system is read-only: remount it rw"),
            Problem::Corrupt(what) => write!(
                f,
                "the store is damaged ({what}): restore a backup; it is never repaired or emptied \
                 by itself, since that would forget every lock"
            ),
            Problem::Odd(what) => write!(f, "the store says something odd: {what}"),
            Problem::NotFound(what) | Problem::Exists(what) | Problem::Changed(what) => {
                f.write_str(what)
            }
            Problem::PolicyMoved { found: Some(found) } => write!(
                f,
                "policy version {found} is in force now, put there in the meantime: gatepost policy \
                 history"
            ),
            Problem::PolicyMoved { found: None } => {
                f.write_str("the store names no policy version: gatepost doctor")
            }
            Problem::Sqlite(error) => write!(f, "{error}"),
            Problem::AlreadyThere(path) => {
                write!(f, "{} is there already and is left alone", path.display())
            }
            Problem::Unfit(unfit) => write!(f, "the copy {unfit}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.problem {
            Problem::Untrusted(untrusted) => Some(untrusted),
            Problem::Sqlite(error) => Some(error),
            Problem::Busy
            | Problem::Newer { .. }
            | Problem::NotMigrated { .. }
            | Problem::Full
            | Problem::ReadOnly
            | Problem::Corrupt(_)
            | Problem::Odd(_)
            | Problem::NotFound(_)
            | Problem::Exists(_)
            | Problem::Changed(_)
            | Problem::PolicyMoved { .. }
            | Problem::AlreadyThere(_)
            | Problem::Unfit(_) => None,
        }
    }
}

impl StoreError {
    /// For `map_err`: what was being done when SQLite said that.
    pub(super) fn sqlite(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |error| Self {
            doing,
            problem: Problem::from(error),
        }
    }

    /// A row that no program of ours writes.
    pub(super) fn odd(doing: &'static str, what: impl Into<String>) -> Self {
        Self {
            doing,
            problem: Problem::Odd(what.into()),
        }
    }

    /// Whether waiting and trying again may help.
    pub fn is_busy(&self) -> bool {
        matches!(self.problem, Problem::Busy)
    }

    /// Whether the policy changed between two looks at it: reading it again helps.
    pub fn is_moved(&self) -> bool {
        matches!(self.problem, Problem::PolicyMoved { .. })
    }

    /// Whether an administrator must act before any login can succeed.
    pub fn is_grave(&self) -> bool {
        matches!(
            self.problem,
            Problem::Untrusted(_)
                | Problem::Newer { .. }
                | Problem::NotMigrated { .. }
                | Problem::Full
                | Problem::ReadOnly
                | Problem::Corrupt(_)
        )
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "SQLite has many codes; those without advice of their own are told as they are"
)]
impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let rusqlite::Error::SqliteFailure(code, message) = &error else {
            return Self::Sqlite(error);
        };
        let said = || message.clone().unwrap_or_else(|| code.to_string());
        match code.code {
            Code::DatabaseBusy | Code::DatabaseLocked => Self::Busy,
            Code::DiskFull => Self::Full,
            Code::ReadOnly => Self::ReadOnly,
            Code::DatabaseCorrupt | Code::NotADatabase => Self::Corrupt(said()),
            _ => Self::Sqlite(error),
        }
    }
}
