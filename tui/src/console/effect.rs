//! What the console wants done outside of itself, as data. The workers do it and answer with
//! messages.

use gatepost_shared::admin::browse::Around;
use gatepost_shared::admin::filter::{EventFilter, Filter};
use gatepost_shared::admin::roles::Right;
use gatepost_shared::admin::users::Mask;

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Read the home page's counts.
    Summary,
    /// Read a page of accounts.
    Users {
        /// The request's number: answers to earlier ones are dropped.
        request: u64,
        /// Which.
        filter: Filter,
        /// Where.
        around: Around<String>,
        /// Whether addresses are shown.
        mask: Mask,
    },
    /// Read one account.
    User {
        /// Its key.
        key: String,
        /// Whether addresses are shown.
        mask: Mask,
    },
    /// Read a page of events.
    Events {
        /// The request's number.
        request: u64,
        /// Which.
        filter: EventFilter,
        /// Where.
        around: Around<i64>,
    },
    /// Read a page of deliveries.
    Mails {
        /// The request's number.
        request: u64,
        /// Where.
        around: Around<i64>,
    },
    /// Look around as doctor does.
    Checks,
    /// Recompute the chain.
    CheckChain,
    /// Change something.
    Do(Deed),
    /// Leave.
    Quit,
    /// Stop, to be resumed by `fg`.
    Suspend,
    /// Draw everything anew.
    Redraw,
}

/// A change, which went through a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    /// What.
    pub(crate) verb: Verb,
    /// On which account, by its key; to which address.
    pub(crate) object: String,
    /// Why, for the audit; empty where nothing was said.
    pub(crate) reason: String,
}

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Wrong codes no longer count.
    Unlock,
    /// Sign-ins are refused.
    Disable,
    /// Sign-ins are possible again.
    Enable,
    /// A new confirmation code goes out.
    Verify,
    /// Addresses are shown.
    Unmask,
    /// A test message goes out.
    TestMail,
}

impl Verb {
    /// What it takes. The act itself asks again; here it is for saying so before a dialog opens.
    pub(crate) const fn needs(self) -> Right {
        match self {
            Self::Unlock => Right::Unlock,
            Self::Disable | Self::Enable => Right::Accounts,
            Self::Verify => Right::Resend,
            Self::Unmask => Right::Unmask,
            Self::TestMail => Right::Mail,
        }
    }
}
