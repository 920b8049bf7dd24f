//! Rows as the console shows them, and how they come of what the store has. Every text in them was
//! made fit for a screen here.

use gatepost_words::text::{one_line, sanitise};
use gatepost_words::time::Wall;

use crate::admin::bypass::Listed as Bypass;
use crate::admin::factors::Factor;
use crate::admin::users::{Listed, Person, Shown, State};
use crate::admin::why::Why;
use crate::admin::{AdminError, audit, mail};
use crate::host;

/// An account in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The row's key: the name as it is.
    pub key: String,
    /// The name, fit to be shown.
    pub user: String,
    /// Its state; none for somebody of this machine who has no account.
    pub state: Option<State>,
    /// The same in words: `locked 43 min`.
    pub standing: String,
    /// Its addresses, masked unless asked for in full.
    pub address: String,
    /// Whether one of them waits for its code.
    pub unconfirmed: bool,
    /// Whether no relay will take the newest mail to it.
    pub bounced: bool,
    /// The last success; empty where there was none.
    pub last: String,
    /// The version that an act on this row expects: see [`crate::store::accounts::Asked`].
    pub version: i64,
}

/// An event in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: String,
    /// What.
    pub kind: String,
    /// Whose.
    pub user: String,
    /// Which service.
    pub service: String,
    /// Where from.
    pub source: String,
    /// Which conversation.
    pub conversation: i64,
    /// The rest, field by field.
    pub detail: Vec<(String, String)>,
}

/// A delivery in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRow {
    /// Its row.
    pub id: i64,
    /// When.
    pub at: String,
    /// Whose.
    pub user: String,
    /// `code`, `confirmation` …
    pub kind: String,
    /// The relay, as `host:port`.
    pub relay: String,
    /// The word for how it ended.
    pub outcome: String,
    /// The relay's words.
    pub reply: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
}

/// An account in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDetail {
    /// The row's key.
    pub key: String,
    /// The name, fit to be shown.
    pub user: String,
    /// Its uid.
    pub uid: u32,
    /// Its state.
    pub state: State,
    /// The verdict's sentence, or why there is none.
    pub why: String,
    /// Whether the person gets in with a mailed code.
    pub lets_in: bool,
    /// Commands that help.
    pub next: Vec<String>,
    /// Addresses and how they were confirmed.
    pub addresses: Vec<String>,
    /// Whether an address waits for its code.
    pub unconfirmed: bool,
    /// Wrong codes in the last hour, day, and in a row.
    pub failures: [u32; 3],
    /// Recovery codes that are left.
    pub recovery_left: u32,
    /// What administrators noted.
    pub note: String,
    /// The version that an act on this account expects.
    pub version: i64,
    /// What it can sign in with.
    pub factors: Vec<Factor>,
    /// The bypass codes that are out, never the codes themselves.
    pub bypass: Vec<Bypass>,
    /// Why a bypass code would be of no use now, and what would be.
    pub bypass_useless: Option<String>,
    /// Where its person signs in from, the latest first.
    pub sources: Vec<String>,
    /// The newest deliveries.
    pub mails: Vec<MailRow>,
    /// The newest sign-ins.
    pub logins: Vec<EventRow>,
}

/// What the home page counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Accounts that are not removed.
    pub accounts: u64,
    /// Of these: locked.
    pub locked: u64,
    /// Whether more than that may be locked.
    pub more_locked: bool,
    /// Of these: no address is confirmed.
    pub unconfirmed: u64,
    /// Of these: enrolled more than seven days ago.
    pub unconfirmed_long: u64,
    /// Accounts whose newest mail of the last day no relay will take.
    pub bounced: u64,
    /// Accounts that are disabled.
    pub disabled: u64,
    /// Deliveries in the last day.
    pub mails: u64,
    /// Of these: not taken.
    pub mails_failed: u64,
    /// The newest delivery.
    pub newest_mail: Option<MailRow>,
    /// Notices that wait.
    pub notices_due: u64,
    /// What administrators did last.
    pub acts: Vec<EventRow>,
}

pub(super) fn user_row(listed: Listed) -> UserRow {
    let addresses: Vec<&str> = listed
        .addresses
        .iter()
        .map(|address| address.address.as_str())
        .collect();
    UserRow {
        state: Some(listed.standing.state),
        standing: listed.standing.to_string(),
        address: sanitise(&addresses.join(" ")),
        unconfirmed: listed
            .addresses
            .iter()
            .any(|address| address.confirmed.is_none()),
        bounced: false,
        last: listed.last_success_millis.map(when).unwrap_or_default(),
        version: listed.version,
        key: listed.key,
        user: listed.user,
    }
}

/// Somebody of this machine who has no account.
pub(super) fn person_row(person: Person) -> UserRow {
    UserRow {
        state: None,
        standing: "not enrolled".to_owned(),
        address: String::new(),
        unconfirmed: false,
        bounced: false,
        last: String::new(),
        version: 0,
        key: person.key,
        user: person.user,
    }
}

pub(super) fn user_detail(shown: Shown, why: Result<Why, AdminError>) -> UserDetail {
    let account = shown.account;
    let addresses = account.addresses.iter().map(|address| {
        let how = match (&address.confirmed, address.confirmed_by.as_deref()) {
            (Some(_), Some("administrator")) => "confirmed by an administrator's word",
            (Some(_), _) => "confirmed by a code",
            (None, _) => "not confirmed",
        };
        sanitise(&format!("{} {how}", address.told()))
    });
    let (why, lets_in, next) = match why {
        Ok(why) => (why.sentence, why.verdict.lets_in(), why.next),
        Err(error) => (error.to_string(), false, Vec::new()),
    };
    UserDetail {
        uid: account.uid,
        state: account.standing.state,
        why: one_line(&why),
        lets_in,
        next: next.iter().map(|line| one_line(line)).collect(),
        addresses: addresses.collect(),
        unconfirmed: account
            .addresses
            .iter()
            .any(|address| address.confirmed.is_none()),
        failures: [
            shown.failures_last_hour,
            shown.failures_last_day,
            account.failures_in_a_row,
        ],
        recovery_left: shown.recovery_codes_left,
        note: account.note,
        version: account.version,
        factors: Vec::new(),
        bypass: Vec::new(),
        bypass_useless: None,
        sources: Vec::new(),
        mails: Vec::new(),
        logins: Vec::new(),
        key: account.key,
        user: account.user,
    }
}

/// A bypass code in a list, fit to be shown whoever wrote its row.
pub(super) fn bypass_row(code: Bypass) -> Bypass {
    Bypass {
        reason: sanitise(&code.reason),
        by: sanitise(&code.by),
        ..code
    }
}

pub(super) fn event_row(event: crate::store::events::Listed) -> EventRow {
    let at = when(event.at);
    let event = audit::Listed::from(event);
    let detail = match event.detail {
        serde_json::Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (sanitise(&name), sanitise(&plain(&value))))
            .collect(),
        other @ (serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_)
        | serde_json::Value::Array(_)) => vec![(String::new(), sanitise(&plain(&other)))],
    };
    EventRow {
        seq: event.seq,
        at,
        kind: sanitise(&event.kind),
        user: event.user,
        service: sanitise(&event.service),
        source: sanitise(&event.source),
        conversation: event.conversation,
        detail,
    }
}

pub(super) fn mail_row(delivery: crate::store::mails::Delivery) -> MailRow {
    let (id, at) = (delivery.id, when(delivery.at));
    let mail = mail::Listed::from(delivery);
    MailRow {
        id,
        at,
        user: mail.user,
        kind: sanitise(&mail.kind),
        relay: mail.relay,
        outcome: sanitise(&mail.outcome),
        reply: mail.reply,
        millis: mail.millis,
    }
}

/// A value as a person reads it: a text without its quotes.
fn plain(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A moment in the machine's own zone: `2026-11-22 12:03:04`.
fn when(millis: i64) -> String {
    host::local_stamp(Wall::from_millis(millis))
}
