//! How the program ends: one table of exit codes, and failures that know theirs.

use std::fmt;
use std::io;
use std::process::ExitCode;

use gatepost_shared::admin::{AdminError, Kind};

use crate::records::NotWritten;

/// The exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Ok,
    /// It did not work.
    Failed,
    /// What was typed makes no sense.
    Usage,
    /// Some of it was done.
    Partly,
    /// The caller may not.
    NotPermitted,
    /// No such user or object.
    NotFound,
    /// The store is busy or has another version.
    Store,
    /// No relay took the mail.
    Mail,
    /// The caller changed their mind.
    Cancelled,
    /// A check says no.
    No,
}

impl Exit {
    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Partly => 3,
            Self::NotPermitted => 4,
            Self::NotFound => 5,
            Self::Store => 6,
            Self::Mail => 7,
            Self::Cancelled => 8,
            Self::No => 10,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a subcommand stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The act itself.
    Admin(AdminError),
    /// What the program says of itself, with its exit code.
    Said(Exit, String),
    /// Nobody reads the output any more, or it cannot be written.
    Output(io::Error),
}

impl Failure {
    /// How the program ends for it.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Admin(error) => match error.kind() {
                Kind::Failed => Exit::Failed,
                Kind::Usage => Exit::Usage,
                Kind::NotPermitted => Exit::NotPermitted,
                Kind::NotFound => Exit::NotFound,
                Kind::Store => Exit::Store,
                Kind::No => Exit::No,
            },
            Self::Said(exit, _) => *exit,
            // A reader that has seen enough, such as head, is no fault.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
            Self::Output(_) => Exit::Failed,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin(error) => write!(f, "{error}"),
            Self::Said(_, text) => f.write_str(text),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        Self::Admin(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<NotWritten> for Failure {
    fn from(why: NotWritten) -> Self {
        match why {
            NotWritten::NoField(text) => Self::Said(Exit::Usage, text),
            NotWritten::NoJson(_) => Self::Said(Exit::Failed, why.to_string()),
            NotWritten::Output(error) => Self::Output(error),
        }
    }
}
