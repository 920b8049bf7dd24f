//! What every act on an account leaves: a new version, an event, and what takes it back. And the
//! refusal for whoever saw another version.

use gatepost_words::text::sanitise;
use gatepost_words::time::StoreTime;
use rusqlite::{Connection, Transaction, params};
use serde_json::Value;

use super::{Account, Actor, Asked};
use crate::host::Now;
use crate::store::error::{Problem, StoreError};
use crate::store::events::{self, Event, append};
use crate::store::kinds::Kind;
use crate::store::undo::{self, Back, Batch};

/// An act on an account, to be recorded.
pub(in crate::store) struct Act {
    /// The event's kind.
    pub(in crate::store) kind: Kind,
    /// What the event tells of it, as an object.
    pub(in crate::store) detail: Value,
    /// What takes it back, where something does.
    pub(in crate::store) back: Option<Back>,
    /// The acts that are taken back together with it.
    pub(in crate::store) batch: Batch,
}

/// Records an act on an account: a new version, the event, and what takes it back. The journal's
/// row, where there is one.
pub(in crate::store) fn record(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    actor: &Actor,
    account: &Account,
    done: Act,
) -> Result<Option<i64>, StoreError> {
    let version = account.version.saturating_add(1);
    let changed = tx
        .execute(
            "UPDATE accounts SET version = ?2 WHERE id = ?1 AND version = ?3",
            params![account.id, version, account.version],
        )
        .map_err(StoreError::sqlite("changing an account"))?;
    if changed != 1 {
        return Err(StoreError::odd("changing an account", "its row is gone"));
    }
    let mut detail = done.detail;
    if let Value::Object(fields) = &mut detail {
        fields.insert("version".to_owned(), version.into());
    }
    act(tx, now, actor, done.kind, &account.name, detail)?;
    let Some(back) = done.back else {
        return Ok(None);
    };
    let entry = undo::Entry {
        account: Some(account.id),
        kind: done.kind.name(),
        back: &back,
        versions: (account.version, version),
        batch: done.batch,
        undoes: None,
    };
    undo::write(tx, now, at, actor, &entry).map(Some)
}

/// Refuses an act on an account that somebody changed since the person who asks for it looked.
pub(in crate::store) fn unchanged(
    tx: &Transaction<'_>,
    doing: &'static str,
    account: &Account,
    asked: &Asked,
) -> Result<(), StoreError> {
    match asked.version {
        Some(seen) if seen != account.version => Err(changed_since(tx, doing, account, seen)?),
        Some(_) | None => Ok(()),
    }
}

/// Events that are looked through for what changed.
const LOOK_BACK: u32 = 50;

/// The refusal for an account that is not what somebody saw, with what was done to it since.
pub(in crate::store) fn changed_since(
    tx: &Connection,
    doing: &'static str,
    account: &Account,
    seen: i64,
) -> Result<StoreError, StoreError> {
    let newest = events::newest_of(tx, &account.name, LOOK_BACK)?;
    let since: Vec<String> = newest
        .iter()
        .rev()
        .filter(|event| {
            let version = event.detail.get("version").and_then(Value::as_i64);
            version.is_some_and(|version| version > seen)
        })
        .map(difference)
        .collect();
    let what = if since.is_empty() {
        format!("this says version {seen}, and it has {}", account.version)
    } else {
        since.join("; ")
    };
    let what = format!(
        "{} was changed in the meantime: {what}. Nothing was done; look again: gatepost user show {0}",
        sanitise(&account.name)
    );
    Ok(StoreError {
        doing,
        problem: Problem::Changed(what),
    })
}

/// An event on one line: `user-disable by root (login bob), after disabled, before active`.
pub(in crate::store) fn difference(event: &events::Listed) -> String {
    let mut parts = Vec::new();
    let mut by = String::new();
    if let Value::Object(fields) = &event.detail {
        for (name, value) in fields {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            match name.as_str() {
                "by" => by = value,
                "version" | "tty" | "rhost" => {}
                _ if value.is_empty() => {}
                _ => parts.push(format!("{name} {value}")),
            }
        }
    }
    let at = crate::host::rfc3339(gatepost_words::time::Wall::from_millis(event.at));
    let told = parts
        .iter()
        .fold(String::new(), |told, part| told + ", " + part);
    format!("{} by {by} at {at}{told}", event.kind)
}

/// Writes an administrator's event.
pub(in crate::store) fn act(
    tx: &Transaction<'_>,
    now: &Now,
    actor: &Actor,
    kind: Kind,
    account: &str,
    detail: Value,
) -> Result<(), StoreError> {
    let event = Event {
        kind,
        account,
        service: "",
        source: "",
        conversation: None,
        detail: actor.sign(detail),
    };
    append(tx, now.wall, &event)?;
    Ok(())
}
