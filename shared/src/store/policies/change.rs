//! Making versions and putting them in force, within the caller's transaction.

use rusqlite::{Connection, Transaction, params};
use serde_json::json;

use super::reading::{expect_base, kept, newest, pointer};
use super::{Draft, How};
use crate::host::Now;
use crate::policy::versions::{FORMAT, Pointer, Trial, digest};
use crate::store::accounts::{Actor, act};
use crate::store::clock;
use crate::store::error::StoreError;
use crate::store::events::{Event, append, hex, not_found};
use crate::store::kinds::Kind;
use crate::store::undo::{self, Back, Batch, Other};

/// Writes down the end of a try that is over; what the store names then.
pub(super) fn settle(tx: &Transaction<'_>, now: &Now) -> Result<Option<Pointer>, StoreError> {
    let Some(found) = pointer(tx)? else {
        return Ok(None);
    };
    let Some(trial) = &found.trial else {
        return Ok(Some(found));
    };
    if trial.left(&now.moment).is_some() {
        return Ok(Some(found));
    }
    put_in_force(tx, trial.previous, None)?;
    let event = Event {
        kind: Kind::PolicyTryEnded,
        account: "",
        service: "",
        source: "",
        conversation: None,
        detail: json!({"tried": found.version, "version": trial.previous}),
    };
    append(tx, now.wall, &event)?;
    Ok(Some(Pointer {
        version: trial.previous,
        trial: None,
    }))
}

/// Makes a version after all others, and names it.
pub(super) fn make(
    tx: &Transaction<'_>,
    now: &Now,
    actor: &Actor,
    draft: &Draft<'_>,
    pointer: Option<&Pointer>,
) -> Result<i64, StoreError> {
    let doing = "making a policy version";
    // Also after one that the store names and has no more: a number never means two things.
    let named = pointer.map_or(0, |pointer| pointer.version.max(pointer.kept()));
    let version = newest(tx)?.max(named).saturating_add(1);
    let sha256 = digest(draft.text);
    let (restores, tried_for) = match draft.how {
        How::Setup | How::Apply => (None, None),
        How::Try(span) => (None, Some(span.millis())),
        How::Rollback(restores) => (Some(restores), None),
    };
    tx.execute(
        "INSERT INTO policies VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            version,
            FORMAT,
            draft.text,
            sha256,
            draft.how.word(),
            draft.base,
            restores,
            tried_for,
            actor.name,
            draft.reason,
            now.wall.millis(),
        ],
    )
    .map_err(StoreError::sqlite(doing))?;
    let trial = match draft.how {
        How::Try(span) => {
            // A try of a try goes back to what was there before both.
            let Some(previous) = pointer.map(Pointer::kept) else {
                let what =
                    "no version is in force that a try could go back to: gatepost policy apply";
                return Err(not_found(doing, what));
            };
            Some(Trial {
                previous,
                boot_id: now.moment.boot_id.clone(),
                began: now.moment.at,
                until: now.moment.at.plus(span),
            })
        }
        How::Setup | How::Apply | How::Rollback(_) => None,
    };
    put_in_force(tx, version, trial.as_ref())?;
    let detail = json!({
        "version": version,
        "before": draft.base,
        "sha256": hex(&sha256),
        "restores": restores,
        "tried_for": tried_for,
        "reason": draft.reason,
    });
    act(tx, now, actor, draft.how.event(), "", detail)?;
    Ok(version)
}

/// Writes down what takes a change of the rules back; `versions` are the one that was kept before and the one
/// that is in force.
pub(super) fn remember(
    tx: &Transaction<'_>,
    now: &Now,
    actor: &Actor,
    kind: Kind,
    back: Other,
    versions: (i64, i64),
) -> Result<(), StoreError> {
    let at = clock::advance(tx, now)?;
    let entry = undo::Entry {
        account: None,
        kind: kind.name(),
        back: &Back::Other(back),
        versions,
        batch: Batch::Alone,
        undoes: None,
    };
    undo::write(tx, now, at, actor, &entry).map(|_undo| ())
}

const BACK: &str = "taking a change of the policy back";

/// Brings the rules of version `to` back in place of those of `made`, where these are in force, as a
/// version of its own; its number.
pub(in crate::store) fn go_back(
    tx: &Transaction<'_>,
    now: &Now,
    actor: &Actor,
    made: i64,
    to: i64,
    reason: &str,
) -> Result<i64, StoreError> {
    let pointer = settle(tx, now)?;
    expect_base(pointer.as_ref(), now, Some(made))?;
    let Some(old) = kept(tx, to)? else {
        return Err(not_found(BACK, format!("policy version {to} is not there")));
    };
    old.rules().map_err(|unusable| {
        StoreError::odd(
            BACK,
            format!("policy version {to} cannot be used: {unusable}"),
        )
    })?;
    let draft = Draft {
        text: &old.text,
        base: Some(made),
        how: How::Rollback(to),
        reason,
    };
    make(tx, now, actor, &draft, pointer.as_ref())
}

/// Whether that version is being tried.
pub(in crate::store) fn is_tried(
    connection: &Connection,
    now: &Now,
    version: i64,
) -> Result<bool, StoreError> {
    let pointer = pointer(connection)?.filter(|pointer| pointer.version == version);
    let trial = pointer.and_then(|pointer| pointer.trial);
    Ok(trial.is_some_and(|trial| trial.left(&now.moment).is_some()))
}

/// Ends the try of a version before its time, as time itself would; the version that is in force then.
pub(in crate::store) fn end_try(
    tx: &Transaction<'_>,
    now: &Now,
    actor: &Actor,
    tried: i64,
    reason: &str,
) -> Result<i64, StoreError> {
    let pointer = settle(tx, now)?;
    let trial = pointer.as_ref().and_then(|pointer| pointer.trial.as_ref());
    let is_it = pointer.as_ref().map(|pointer| pointer.version) == Some(tried);
    let Some(trial) = trial.filter(|_| is_it) else {
        let what = if is_it {
            format!("policy version {tried} was kept in the meantime: gatepost policy history")
        } else {
            format!("the try of policy version {tried} is over: gatepost policy history")
        };
        return Err(not_found(BACK, what));
    };
    put_in_force(tx, trial.previous, None)?;
    let detail = json!({"tried": tried, "version": trial.previous, "reason": reason});
    act(tx, now, actor, Kind::PolicyTryEnded, "", detail)?;
    Ok(trial.previous)
}

pub(super) fn put_in_force(
    tx: &Transaction<'_>,
    version: i64,
    trial: Option<&Trial>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO policy_in_force VALUES (1, ?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET version = ?1, previous = ?2, boot_id = ?3, began_boot = ?4,
           until_boot = ?5",
        params![
            version,
            trial.map(|trial| trial.previous),
            trial.map(|trial| trial.boot_id.as_str()),
            trial.map(|trial| trial.began.millis()),
            trial.map(|trial| trial.until.millis()),
        ],
    )
    .map_err(StoreError::sqlite("putting a policy version in force"))?;
    Ok(())
}
