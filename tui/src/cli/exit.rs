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
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 10] = [
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::Partly,
        Self::NotPermitted,
        Self::NotFound,
        Self::Store,
        Self::Mail,
        Self::Cancelled,
        Self::No,
    ];

    /// What it means for every command.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Usage => "what was typed makes no sense",
            Self::Partly => "partly done; JSON lists the failures",
            Self::NotPermitted => "not permitted",
            Self::NotFound => "no such user or object",
            Self::Store => "the store is busy, or of another version",
            Self::Mail => "no relay took the mail",
            Self::Cancelled => "cancelled",
            Self::No => "a check says no",
        }
    }

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

/// How a command may end beside the ways in which every command may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    /// The commands, as they are typed.
    pub(crate) commands: &'static [&'static str],
    /// The code.
    pub(crate) exit: Exit,
    /// When.
    pub(crate) when: &'static str,
}

/// All of these: the help on exit codes and the manual pages are made from it, and the tests hold what
/// commands do against it.
pub(crate) const ENDINGS: &[Ending] = &[
    ending(
        &["setup"],
        Exit::Partly,
        "some of it was made, and something could not be",
    ),
    ending(
        &["user lock", "user unlock", "user disable", "user enable"],
        Exit::Partly,
        "it was done to some of the accounts",
    ),
    ending(
        &["user invite"],
        Exit::Partly,
        "some of the codes were mailed",
    ),
    ending(
        &["user import"],
        Exit::Partly,
        "some lines failed, or would, or a code was not mailed",
    ),
    ending(
        &["undo"],
        Exit::Partly,
        "it was taken back for some of the accounts",
    ),
    ending(&["maintain"], Exit::Partly, "some notices were not sent"),
    ending(
        &["user add", "user set-mail", "user verify", "user invite"],
        Exit::Mail,
        "no relay took the confirmation code",
    ),
    ending(&["mail test"], Exit::Mail, "no relay took the message"),
    ending(
        &["mail retry"],
        Exit::Mail,
        "no relay took any of the notices",
    ),
    ending(
        &[
            "user verify",
            "user remove",
            "user lock",
            "user unlock",
            "user disable",
            "user enable",
            "user invite",
            "user import",
            "bypass new",
            "shield on",
            "undo",
            "policy try",
            "policy apply",
            "policy rollback",
            "audit prune",
            "store restore",
            "restore",
        ],
        Exit::Cancelled,
        "the question was not answered by what goes on",
    ),
    ending(
        &["mail template edit"],
        Exit::Cancelled,
        "the text was left as it was, or the question answered so",
    ),
    ending(
        &["why", "simulate", "policy test"],
        Exit::No,
        "the sign-in would be refused",
    ),
    ending(&["doctor"], Exit::No, "something is missing or unsafe"),
    ending(&["attack"], Exit::No, "an attack is going on"),
    ending(
        &["shield on"],
        Exit::No,
        "no source is suspected, and none was named",
    ),
    ending(&["policy diff"], Exit::No, "somebody would be locked out"),
    ending(
        &["policy try"],
        Exit::No,
        "--dry-run: somebody would be locked out",
    ),
    ending(
        &["policy apply", "policy rollback"],
        Exit::No,
        "you or everybody would be locked out; --dry-run: anybody",
    ),
    ending(
        &[
            "policy diff",
            "policy try",
            "policy apply",
            "policy rollback",
            "policy confirm",
        ],
        Exit::No,
        "another version came in force meanwhile",
    ),
    ending(
        &["undo"],
        Exit::No,
        "you or everybody would be locked out, or other rules are in force",
    ),
    ending(&["user verify"], Exit::No, "the code is wrong"),
    ending(
        &["bypass new"],
        Exit::No,
        "the code would be of no use; what is said instead is",
    ),
    ending(
        &["mail template check"],
        Exit::No,
        "the sender cannot use a template",
    ),
    ending(
        &["mail template edit"],
        Exit::No,
        "--dry-run: the sender cannot use the text; or no folder for it is configured",
    ),
    ending(
        &["audit verify", "audit export"],
        Exit::No,
        "the chain is broken",
    ),
    ending(
        &["audit verify"],
        Exit::No,
        "a log or a head that was given says otherwise",
    ),
    ending(&["store check"], Exit::No, "the store is damaged"),
    ending(
        &["store restore", "restore"],
        Exit::No,
        "logins wait at a prompt",
    ),
];

const fn ending(commands: &'static [&'static str], exit: Exit, when: &'static str) -> Ending {
    Ending {
        commands,
        exit,
        when,
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
