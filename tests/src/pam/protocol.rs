//! What the tests and `gatepost-pam-host` say to each other: JSON, a line each, over the socket that is
//! the host's standard input when it starts.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

/// `PAM_SILENT`.
pub const SILENT: i32 = 0x8000;
/// `PAM_DISALLOW_NULL_AUTHTOK`.
pub const DISALLOW_NULL_AUTHTOK: i32 = 0x1;

/// What a host shall do: the first line it reads.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) service: String,
    /// `None`: libpam looks in /etc/pam.d.
    pub(crate) confdir: Option<PathBuf>,
    /// `None`: libpam asks for it. Bytes, as names need not be UTF-8.
    pub(crate) user: Option<Vec<u8>>,
    pub(crate) rhost: Option<Vec<u8>>,
    pub(crate) tty: Option<Vec<u8>>,
    pub(crate) ruser: Option<Vec<u8>>,
    /// For `pam_putenv`, `NAME=value`.
    pub(crate) pam_env: Vec<String>,
    pub(crate) flags: i32,
    /// The calls of one round, in order; a failed one does not keep the next from being made.
    pub(crate) calls: Vec<Call>,
    /// Rounds, each with a handle of its own: libpam loads and unloads the modules each time.
    pub(crate) rounds: u32,
    /// Of 0, 1 and 2: those closed before libpam is called.
    pub(crate) closed: Vec<i32>,
    pub(crate) sigchld: Sigchld,
    /// Handlers for the signals that interrupt, which do nothing and restart no call.
    pub(crate) interruptible: bool,
    /// A child of the host's own, which ends with status 0 during each call.
    pub(crate) own_child: bool,
    /// Resource name as in /proc/self/limits' man page (`nofile`), soft and hard limit.
    pub(crate) limits: BTreeMap<String, u64>,
    /// Real uid beside effective uid 0, as in a set-uid program started by a user.
    pub(crate) real_uid: Option<u32>,
    pub(crate) umask: Option<u32>,
    /// The host has a function of its own for the wait after a failure, which does nothing.
    pub(crate) skip_delay: bool,
    /// Threads that do all rounds at once; 0: none, and the test answers.
    pub(crate) threads: u32,
    /// The answers of each round in a thread.
    pub(crate) script: Vec<Answer>,
    /// The test's own: properties that the stack may change without breaking I4, prefixes of names.
    #[serde(skip)]
    pub(crate) may_change: Vec<String>,
}

/// One call of the application to libpam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// `pam_authenticate`
    Authenticate,
    /// `pam_setcred` with `PAM_ESTABLISH_CRED`
    Setcred,
    /// `pam_acct_mgmt`
    Account,
    /// `pam_open_session`
    OpenSession,
    /// `pam_close_session`
    CloseSession,
    /// `pam_chauthtok`
    ChangeToken,
}

/// What the host process does about SIGCHLD.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sigchld {
    /// Nothing special.
    #[default]
    Default,
    /// Ignores it: the kernel reaps all children at once.
    Ignore,
    /// Has a handler that reaps every child there is.
    ReapAll,
    /// Has a handler that does nothing.
    Handler,
}

/// How a module speaks in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Style {
    /// Asks, hidden.
    Hidden,
    /// Asks, with echo.
    Shown,
    /// Tells of an error.
    Error,
    /// Tells.
    Info,
    /// Anything else.
    Other(i32),
}

impl Style {
    /// True for a message that wants an answer.
    pub const fn asks(self) -> bool {
        matches!(self, Self::Hidden | Self::Shown)
    }
}

/// What the application's conversation does with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Answers with text; also the reply to what does not ask.
    Text(String),
    /// Answers with bytes; what follows a NUL is lost, as in C.
    Bytes(Vec<u8>),
    /// Sets `PAM_USER` anew, then answers with text.
    ChangeUser(String, String),
    /// Answers with a null pointer.
    Null,
    /// Returns `PAM_CONV_ERR`, as on ctrl-c.
    Fail,
}

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// What the process looks like: name of a property, its value.
pub type ProcessState = BTreeMap<String, String>;

/// When something happened, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// Since the round began, the person's time included.
    pub since_start: u64,
    /// Since libpam got control: at a call's begin, or with the last answer.
    pub waited: u64,
}

/// A line from the host.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// A message of a conversation; the host waits for an [`Answer`] line if its style asks.
    Message {
        style: Style,
        text: String,
        times: Times,
    },
    /// A call came back.
    Returned {
        call: Call,
        code: String,
        times: Times,
    },
    /// The process before the first call, after each, and behind `pam_end`.
    State { when: String, state: ProcessState },
    /// A round is over; `pam_end` said this.
    RoundEnded { code: String, user: Option<String> },
}
