//! What can go wrong with an administrator's act, and what kind of failure it is for a script.

use std::path::PathBuf;

use gatepost_words::ident::BadName;

use super::roles::{NoRole, Right, Role};
use super::templates::Problem;
use crate::config::ConfigError;
use crate::files::Untrusted;
use crate::host::{NoBootId, NoRandomness};
use crate::people::LookupError;
use crate::store::copies::Unfit;
use crate::store::error::{self, StoreError};

/// A failed act, said with what to do next.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be used, or says no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file cannot be trusted.
    #[error(transparent)]
    File(#[from] Untrusted),
    /// The key file holds no key.
    #[error(
        "{0} is no key: it must hold 32 random bytes; restore it from a backup, or move it away \
         and run gatepost setup, which voids the codes that are open now"
    )]
    BadKey(PathBuf),
    /// Something typed is no name or address.
    #[error("{0}")]
    Name(#[from] BadName),
    /// Something else typed makes no sense.
    #[error("{0}")]
    Usage(String),
    /// The password database has no such user.
    #[error("no such user: {0}. Is it spelt as in: getent passwd {0}")]
    NoSuchUser(String),
    /// The user exists and has no row.
    #[error("{0} is not enrolled: gatepost user add {0} ADDRESS")]
    NotEnrolled(String),
    /// The user's row is a tombstone.
    #[error("{0} was removed: gatepost user add {0} ADDRESS enrols the account again")]
    Removed(String),
    /// The user's addresses are all confirmed.
    #[error("{0} has no address that waits for confirmation: gatepost user show {0}")]
    NothingToConfirm(String),
    /// No act of this person's can be taken back.
    #[error("{0}")]
    NothingToUndo(String),
    /// A confirmation code did not match.
    #[error(
        "that is not the code that was mailed to {address} for {user}; look for the newest mail, or \
         send a new code: gatepost user verify {user}"
    )]
    WrongCode {
        /// Whose.
        user: String,
        /// Where to, masked.
        address: String,
    },
    /// The password database cannot be asked.
    #[error(transparent)]
    Lookup(LookupError),
    /// The kernel gives no randomness.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The kernel does not say which boot this is.
    #[error(transparent)]
    Boot(#[from] NoBootId),
    /// The person's role does not have that right.
    #[error(
        "your role here is {}, which may not {}: ask somebody who is {}",
        .role.name(), .right.what(), .right.least().name()
    )]
    NotPermitted {
        /// What they are.
        role: Role,
        /// What it needs.
        right: Right,
    },
    /// The person has no role at all.
    #[error(transparent)]
    NoRole(#[from] NoRole),
    /// The person's role does not reach that account.
    #[error("your role here is {}, which may not act on {user}: {why}. Ask an admin", .role.name())]
    Guarded {
        /// What they are.
        role: Role,
        /// Whom they would act on.
        user: String,
        /// Why not.
        why: &'static str,
    },
    /// The helpdesk unlocked that account as often as it may.
    #[error(
        "the helpdesk unlocked {user} {most} times within a day, which is the most: somebody may be \
         guessing, so ask an admin to look"
    )]
    UnlockedOften {
        /// Whose.
        user: String,
        /// How often that may be.
        most: u32,
    },
    /// Somebody of the helpdesk saw addresses in full as often as they may.
    #[error("you saw addresses in full {0} times within a day, which is the most: ask an admin")]
    UnmaskedOften(u32),
    /// The helpdesk asks for a bypass code that lives longer, or works more often, than it may make.
    #[error(
        "your role here is {}, whose bypass codes for {user} live {life} and work once: leave --ttl and \
         --uses away, or ask an admin", .role.name()
    )]
    BypassTooMuch {
        /// What they are.
        role: Role,
        /// For whom.
        user: String,
        /// How long it may live.
        life: gatepost_words::time::Span,
    },
    /// Another version came in force meanwhile.
    #[error(
        "the change was made against policy version {base}, and version {found} is in force now{by}: \
         look at it (gatepost policy diff FILE), then try again"
    )]
    PolicyMoved {
        /// The version that the change was made against.
        base: i64,
        /// The version in force.
        found: i64,
        /// Who put it there.
        by: String,
    },
    /// A change of the policy is not taken back, since another version came in force meanwhile.
    #[error(
        "policy version {made} is no longer in force: version {found} is{by}. Nothing was done; to \
         go back all the same: gatepost policy rollback {to}"
    )]
    NoLongerInForce {
        /// The version that the change put in force.
        made: i64,
        /// The version whose rules would come back.
        to: i64,
        /// The version in force.
        found: i64,
        /// Who put it there.
        by: String,
    },
    /// There is no such version of the policy.
    #[error("there is no policy version {0}: gatepost policy history")]
    NoSuchPolicy(i64),
    /// A version of the policy cannot be used.
    #[error("policy version {0} cannot be used: {1}; take another: gatepost policy history")]
    UnusablePolicy(i64, crate::policy::versions::Unusable),
    /// Rules cannot be read.
    #[error("the rules cannot be used: {0}")]
    Rules(#[from] crate::policy::text::BadRules),
    /// A change would lock out whoever makes it, or everybody.
    #[error(
        "that would lock out {0}, and stay so. gatepost policy try FILE --revert-after 5m puts it in \
         force for a while; --even-if-locked-out applies it all the same, where there is another way in"
    )]
    LocksOut(&'static str),
    /// Taking a change back would lock out whoever does it, or everybody.
    #[error(
        "taking that back would lock out {who}, and stay so. gatepost policy rollback {to} \
         --even-if-locked-out does it all the same, where there is another way in"
    )]
    UndoLocksOut {
        /// Whom.
        who: &'static str,
        /// The version whose rules would come back.
        to: i64,
    },
    /// What is asked for would not help; the text says what does.
    #[error("{0}")]
    Useless(String),
    /// It can be done, once somebody says that they mean it.
    #[error("{0}")]
    NotSure(String),
    /// The system log, or the copy of it, cannot be read.
    #[error("the log cannot be read: {0}")]
    Log(std::io::Error),
    /// A copy of the store cannot be read or written.
    #[error("the copy: {0}")]
    Copy(std::io::Error),
    /// A copy cannot be restored.
    #[error("{copy} {unfit}. Nothing was restored")]
    Unfit {
        /// The copy, as it was named.
        copy: String,
        /// What is wrong with it.
        unfit: Unfit,
    },
    /// A copy was opened, and cannot be read to its end.
    #[error(
        "{copy} cannot be read to its end ({error}): fetch it again from where it is kept. Nothing was \
         restored"
    )]
    Unread {
        /// The copy, as it was named.
        copy: String,
        /// Why not.
        error: std::io::Error,
    },
    /// The store that is there is no use, so that nothing can be restored into it.
    #[error(
        "{error}. That is the store that is there, not {copy}. To have {copy} in its place: move it away \
         with its -wal and -shm, then gatepost setup --new-store, then gatepost restore with --with-policy"
    )]
    StoreBroken {
        /// The copy, as it was named.
        copy: String,
        /// What is wrong with the store.
        error: StoreError,
    },
    /// There is no such template, or kind of message.
    #[error("{0}")]
    NoSuchTemplate(String),
    /// A template cannot be used.
    #[error(
        "{}. Nothing was replaced. Mend it there, or look at the built-in one: gatepost mail template show \
         {}", told(.0), .0.first().and_then(|problem| problem.template.as_deref()).unwrap_or("NAME")
    )]
    Template(Vec<Problem>),
    /// A template's file cannot be read or put there.
    #[error("{0}")]
    TemplateFile(String),
    /// The sender printed nothing.
    #[error("the sender cannot print it: {0}")]
    Unrendered(String),
    /// A hash could not be made.
    #[error("a code could not be hashed: is there 20 MB of free memory?")]
    Hash,
}

/// Problems in a line.
fn told(problems: &[Problem]) -> String {
    let told: Vec<String> = problems.iter().map(Problem::to_string).collect();
    told.join("; ")
}

impl From<LookupError> for AdminError {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::NoSuchUser(name) => Self::NoSuchUser(name),
            failed @ (LookupError::Failed(_)
            | LookupError::Odd(_)
            | LookupError::NoGroup(_)
            | LookupError::SilentGroup(_)
            | LookupError::Login(_)
            | LookupError::SudoUid) => Self::Lookup(failed),
        }
    }
}

/// What kind of failure it is: the exit code's meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It did not work.
    Failed,
    /// What was typed makes no sense.
    Usage,
    /// The person may not.
    NotPermitted,
    /// No such user or object.
    NotFound,
    /// The store is busy or has another version.
    Store,
    /// A check says no.
    No,
}

impl AdminError {
    /// For `map_err`: the log could not be read.
    pub(super) fn log(error: std::io::Error) -> Self {
        Self::Log(error)
    }

    /// For `map_err`: a copy of the store could not be read or written.
    pub(super) fn copy(error: std::io::Error) -> Self {
        Self::Copy(error)
    }

    /// What somebody else did since it was looked at, where that is why it was refused.
    pub fn changed(&self) -> Option<&str> {
        if let Self::Store(StoreError {
            problem: error::Problem::Changed(what),
            ..
        }) = self
        {
            return Some(what);
        }
        None
    }

    /// Which kind of failure this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Store(error) => match &error.problem {
                error::Problem::Busy
                | error::Problem::Newer { .. }
                | error::Problem::NotMigrated { .. }
                | error::Problem::Unfit(Unfit::Newer { .. }) => Kind::Store,
                error::Problem::NotFound(_) => Kind::NotFound,
                error::Problem::PolicyMoved { .. } => Kind::No,
                error::Problem::Untrusted(_)
                | error::Problem::Full
                | error::Problem::ReadOnly
                | error::Problem::Corrupt(_)
                | error::Problem::Odd(_)
                | error::Problem::Exists(_)
                | error::Problem::Changed(_)
                | error::Problem::Sqlite(_)
                | error::Problem::AlreadyThere(_)
                | error::Problem::Unfit(_) => Kind::Failed,
            },
            Self::Unfit {
                unfit: Unfit::Newer { .. },
                ..
            } => Kind::Store,
            Self::Name(_) | Self::Usage(_) | Self::Rules(_) | Self::NotSure(_) => Kind::Usage,
            Self::NoSuchUser(_)
            | Self::NotEnrolled(_)
            | Self::Removed(_)
            | Self::NothingToConfirm(_)
            | Self::NothingToUndo(_)
            | Self::NoSuchPolicy(_)
            | Self::NoSuchTemplate(_) => Kind::NotFound,
            Self::WrongCode { .. }
            | Self::PolicyMoved { .. }
            | Self::NoLongerInForce { .. }
            | Self::LocksOut(_)
            | Self::UndoLocksOut { .. }
            | Self::Useless(_) => Kind::No,
            Self::NotPermitted { .. }
            | Self::NoRole(_)
            | Self::Guarded { .. }
            | Self::BypassTooMuch { .. }
            | Self::UnlockedOften { .. }
            | Self::UnmaskedOften(_) => Kind::NotPermitted,
            Self::Config(_)
            | Self::File(_)
            | Self::BadKey(_)
            | Self::Lookup(_)
            | Self::Randomness(_)
            | Self::Boot(_)
            | Self::UnusablePolicy(..)
            | Self::Log(_)
            | Self::Copy(_)
            | Self::Unfit { .. }
            | Self::Unread { .. }
            | Self::StoreBroken { .. }
            | Self::Template(_)
            | Self::TemplateFile(_)
            | Self::Unrendered(_)
            | Self::Hash => Kind::Failed,
        }
    }
}
