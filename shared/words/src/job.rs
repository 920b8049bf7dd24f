//! The frames between the helper and the sender: one message for one relay in, one delivery out.
//!
//! The framing is that of [`crate::wire`]. The job holds the code and the relay's password, so it
//! travels over a pipe and nowhere else; the outcome holds neither.

use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::time::Span;

/// How the connection to a relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tls {
    /// TLS from the first byte (RFC 8314, port 465).
    Implicit,
    /// STARTTLS, required (RFC 3207, port 587): without it nothing is said.
    Starttls,
    /// No TLS, to a loopback address alone.
    LoopbackPlaintext,
}

/// One relay, as the sender needs it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Relay {
    /// The name that the certificate must carry, or a literal address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Protection.
    pub tls: Tls,
    /// PEM file with the trusted roots; unused for plaintext.
    pub roots: String,
    /// SASL user name and password, where the relay wants them.
    pub credentials: Option<(String, Secret)>,
    /// What to say in EHLO.
    pub hello_name: String,
    /// How long the helper waits for this attempt; the sender ends itself a little later.
    pub time: Span,
}

/// The message's words; the sender renders them.
#[derive(Debug, Serialize, Deserialize)]
pub struct Letter {
    /// `From:` as configured: `Name <address>`.
    pub from: String,
    /// Envelope sender; empty is the null sender `<>`.
    pub envelope_from: String,
    /// The one recipient.
    pub to: String,
    /// Folder with an administrator's own templates, where configured.
    pub templates: Option<String>,
    /// What it says.
    pub content: Content,
    /// This host's name, as configured or found.
    pub host: String,
    /// The account's name.
    pub account: String,
    /// Time of the request, as a person reads it, with its zone.
    pub when: String,
    /// The same as seconds since 1970, for the Date header.
    pub epoch_secs: i64,
}

/// The kinds of message.
#[derive(Debug, Serialize, Deserialize)]
pub enum Content {
    /// A sign-in code.
    Code {
        /// Grouped for reading: `1234 5678`.
        code: Secret,
        /// Which PAM service asks.
        service: String,
        /// Where the login comes from, sanitised.
        source: String,
        /// How long the code lives, as a person says it.
        valid_for: String,
        /// The short reference that the prompt shows too.
        reference: String,
        /// Whether the subject carries the code.
        code_in_subject: bool,
    },
    /// A code that confirms an address.
    Confirmation {
        /// Grouped for reading.
        code: Secret,
        /// How long it lives.
        valid_for: String,
    },
    /// Notice to the owner: the password was right, no code followed.
    HalfFinished {
        /// Which PAM service.
        service: String,
        /// From where, sanitised.
        source: String,
        /// What happened: `left`, `timed out`, `three wrong codes`.
        ending: String,
    },
    /// `gatepost mail test`.
    Test,
    /// Notice to the owner: what an administrator did to the account.
    Act {
        /// What.
        act: OwnerAct,
        /// The new address, masked, where it is about one; else empty.
        address: String,
        /// How often it was done since the owner was last told.
        times: u32,
    },
}

/// What an administrator did to an account that its owner is told. What opens a way in is; what
/// closes one shows at the next prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerAct {
    /// Wrong codes so far no longer count.
    Unlocked,
    /// A disabled account may sign in again.
    Enabled,
    /// The account was removed.
    Removed,
    /// Codes are to go to another address, once that is confirmed.
    AddressAsked,
    /// Codes go to another address.
    AddressChanged,
    /// A bypass code was made.
    BypassMade,
    /// New recovery codes were made; earlier ones no longer work.
    RecoveryReplaced,
}

impl OwnerAct {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Unlocked,
        Self::Enabled,
        Self::Removed,
        Self::AddressAsked,
        Self::AddressChanged,
        Self::BypassMade,
        Self::RecoveryReplaced,
    ];

    /// The word that the store and an administrator's own templates know it by.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unlocked => "unlocked",
            Self::Enabled => "enabled",
            Self::Removed => "removed",
            Self::AddressAsked => "address-asked",
            Self::AddressChanged => "address-changed",
            Self::BypassMade => "bypass-made",
            Self::RecoveryReplaced => "recovery-replaced",
        }
    }
}

/// What the sender is asked to do.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    /// Through whom.
    pub relay: Relay,
    /// What.
    pub letter: Letter,
}

/// How one attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The relay took the message (250 to the final dot).
    Accepted,
    /// 4xx: later, or elsewhere.
    Transient,
    /// 5xx: not this message, here.
    Permanent,
    /// No connection, or it broke.
    Connection,
    /// TLS failed: certificate, name, version, STARTTLS missing.
    Tls,
    /// The relay did not take our credentials.
    Auth,
    /// The message could not be made: a bad address or template.
    Message,
    /// The sender was killed at the deadline or died.
    Lost,
}

impl Outcome {
    /// Whether another relay, or the same a moment later, may do better.
    pub const fn try_next(self) -> bool {
        match self {
            Self::Transient | Self::Connection | Self::Tls | Self::Auth | Self::Lost => true,
            Self::Accepted | Self::Permanent | Self::Message => false,
        }
    }

    /// The word in the store, the log and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Transient => "transient",
            Self::Permanent => "permanent",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Message => "message",
            Self::Lost => "lost",
        }
    }

    /// The outcome of a word; an unknown one is none.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Accepted,
            Self::Transient,
            Self::Permanent,
            Self::Connection,
            Self::Tls,
            Self::Auth,
            Self::Message,
            Self::Lost,
        ]
        .into_iter()
        .find(|outcome| outcome.word() == word)
    }
}

/// What the sender reports: the outcome and the relay's own words, sanitised, at most 200 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// SMTP reply or the error, with what to do where that is known.
    pub reply: String,
    /// The `Message-ID` that was sent, empty where nothing was.
    pub message_id: String,
    /// A warning for the administrator: a template that could not be used, say.
    pub warning: Option<String>,
}

/// The word that has the sender print a letter and deliver nothing.
pub const PRINT: &str = "print";

/// The longest template, in bytes.
pub const LONGEST_TEMPLATE: usize = 64 * 1024;

/// The largest body of a [`Proof`] or a [`Printed`], in bytes.
pub const MAX_PROOF: usize = 512 * 1024;

/// What the sender is asked to print: a letter with sample facts, in the words that would be mailed.
#[derive(Debug, Serialize, Deserialize)]
pub struct Proof {
    /// What.
    pub letter: Letter,
    /// A text that is tried in the place of the template of that name.
    pub trial: Option<(String, String)>,
    /// How long whoever asks waits.
    pub time: Span,
}

/// A letter in words, or why there is none.
pub type Printed = Result<Print, String>;

/// A letter in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// One line.
    pub subject: String,
    /// The `text/plain` part.
    pub text: String,
    /// The `text/html` part.
    pub html: String,
    /// What is wrong with own templates; the built-in ones were used in their place.
    pub faults: Vec<Fault>,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Its file's name.
    pub template: String,
    /// The line, from 1, where one is known.
    pub line: Option<u32>,
    /// The column in it, from 1, where one is known.
    pub column: Option<u32>,
    /// What is wrong.
    pub why: String,
}

/// One attempt's end, as it is recorded and told.
#[derive(Clone, Debug)]
pub struct Delivered {
    /// `code`, `half-finished`, `test` …
    pub kind: &'static str,
    /// The relay, as `host:port`.
    pub relay: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The relay's words.
    pub reply: String,
    /// `Message-ID`.
    pub message_id: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// What an administrator should mend: an own template that could not be used, say.
    pub warning: Option<String>,
}

/// The system user that senders run as; `gatepost setup` creates it.
pub const SENDER_USER: &str = "gatepost";
