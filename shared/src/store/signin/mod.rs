//! A conversation's beginning and end: who is it, may they be asked, is there a live code, may a
//! mail go out; and the one decision that every conversation leaves.
//!
//! - here: what the steps pass on, and the event of a conversation
//! - `look`: what an account looks like, with nothing changed
//! - `begin`: the transaction that decides; `slot`: the rows that it fills; `challenge`: its code
//! - `resend`: a new code meanwhile; `end`: the decision, and those of helpers that died

mod begin;
mod challenge;
mod end;
mod look;
mod resend;
mod slot;

use gatepost_words::ident::{EmailAddress, Person, Service, Source};
use gatepost_words::text::NoMail;
use gatepost_words::time::{Boot, Span};
use gatepost_words::wire::Proved;
use rusqlite::Transaction;
use serde_json::Value;

use super::error::StoreError;
use super::events::{Appended, Event, append};
use super::kinds::Kind;
use crate::code::key::Tag;
use crate::host::{Now, ProcessId};
use crate::policy::lockout::Lock;
use crate::policy::rules::{Decision, Groups};
use crate::policy::versions::InForce;

pub(super) use self::end::close;
pub use self::end::lets_in;
pub(super) use self::look::standing_of;
pub use self::look::{Look, Ready};

/// What the helper knows when a conversation begins.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// The account, where the password database has it.
    pub person: Option<&'a Person>,
    /// What was typed as the user, without control characters.
    pub typed: &'a str,
    /// Which service.
    pub service: &'a Service,
    /// Where from.
    pub source: &'a Source,
    /// The rules in force, as they were read to resolve `groups`: where the transaction finds others, it
    /// is undone, and [`StoreError::is_moved`].
    pub rules: &'a InForce,
    /// Membership in the groups that rules name.
    pub groups: &'a Groups,
    /// This host.
    pub host: &'a str,
    /// This helper.
    pub process: ProcessId,
    /// What the stack proved.
    pub proved: Proved,
    /// Whether the stack is a decoy stack.
    pub decoy: bool,
    /// What else is worth keeping of the opening: tty, ruser, authentication so far.
    pub detail: Value,
}

/// A challenge that is not in the store yet.
#[derive(Clone, Debug)]
pub struct Fresh {
    /// 128 random bits.
    pub id: [u8; 16],
    /// What prompt and mail show.
    pub reference: String,
    /// The code's keyed hash.
    pub tag: Tag,
}

/// How a conversation begins.
#[derive(Debug)]
pub struct Begun {
    /// Conversations whose helper died, closed in passing: a log line each.
    pub lost: Vec<Closed>,
    /// What is to happen.
    pub what: What,
}

/// What is to happen.
#[derive(Debug)]
pub enum What {
    /// Nothing more: the decision is recorded.
    Ended {
        /// Skip, ignore or refuse.
        decision: Decision,
        /// Where it stands.
        closed: Closed,
    },
    /// Too many helpers wait at prompts.
    Crowded(Closed),
    /// A prompt.
    Waiting(Waiting),
}

/// A conversation that waits at its prompt.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its number.
    pub conversation: i64,
    /// The account's row; none where the prompt is a dummy. Never trusted alone: a restore gives rows
    /// other numbers.
    pub account: Option<i64>,
    /// The store's generation when it began: in another one nothing of this conversation is compared.
    pub generation: i64,
    /// What to prompt.
    pub prompt: Prompt,
}

/// What to prompt.
#[derive(Clone, Debug)]
pub enum Prompt {
    /// A fresh code; its mail is to be sent.
    Mail(Mailing),
    /// A code that was sent before still works.
    Resumed {
        /// Which.
        challenge: Challenge,
        /// To whom it went.
        to: EmailAddress,
        /// How much longer it lives.
        left: Span,
    },
    /// No mail goes out.
    NoMail(NoMail),
    /// Mailed codes are locked.
    Locked(Lock),
    /// A prompt for nobody: every answer is wrong.
    Dummy,
    /// The same for a shielded source; no code of any kind is compared for so long.
    Shielded(Span),
}

/// A fresh code's mail.
#[derive(Clone, Debug)]
pub struct Mailing {
    /// What was put into the store.
    pub challenge: Challenge,
    /// To whom.
    pub to: EmailAddress,
}

/// A challenge, as a conversation holds on to it.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Its id.
    pub id: [u8; 16],
    /// What the prompt shows.
    pub reference: String,
    /// The code's keyed hash.
    pub tag: Tag,
    /// Its end.
    pub expires: Boot,
}

/// Where a conversation's decision is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// In an event of its own.
    Event {
        /// Where that stands in the chain.
        appended: Appended,
        /// The conversation's number.
        conversation: i64,
    },
    /// In a number: it proved nothing, like many others of its hour.
    Counted,
}

/// A conversation's end, as the log tells it.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Where its decision is on record.
    pub recorded: Recorded,
    /// Whose.
    pub account: String,
    /// Which service.
    pub service: String,
    /// Where from.
    pub source: String,
    /// The word for it.
    pub word: String,
}

/// The canonical name, where there is one.
fn account_name<'a>(opening: &'a Opening<'_>) -> &'a str {
    opening
        .person
        .map_or(opening.typed, |person| person.name.as_str())
}

/// Appends an event of a conversation.
pub(super) fn append_for(
    tx: &Transaction<'_>,
    now: &Now,
    opening: &Opening<'_>,
    kind: Kind,
    conversation: Option<i64>,
    detail: Value,
) -> Result<Appended, StoreError> {
    let source = opening.source.to_string();
    let event = Event {
        kind,
        account: account_name(opening),
        service: opening.service.as_str(),
        source: &source,
        conversation,
        detail,
    };
    append(tx, now.wall, &event)
}

const DOING: &str = "beginning a sign-in";
