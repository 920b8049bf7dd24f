//! Notices of administrators' acts, as they are queued: one an hour for each act, which tells how often it was
//! done. A change to another address is another act. Who asks for the same act again and again fills neither a mailbox nor the outbox.
//! How they are claimed and sent is [`super::mails`]'s.

use gatepost_words::ident::EmailAddress;
use gatepost_words::time::{Span, StoreTime};
use rusqlite::{OptionalExtension, Transaction, params};

use super::error::StoreError;
use super::mails::{ACT, ToldAct};
use crate::host::Now;

const DOING: &str = "queueing a notice";
const HOUR: Span = Span::from_hours(1);

/// The newest notice of an act to an address.
struct Newest {
    id: i64,
    due: bool,
    detail: String,
    /// When it is due, or was taken to be sent.
    at: StoreTime,
}

/// Queues a notice of an administrator's act, in the act's own transaction: to `to`, or to where the
/// account's codes go when it is sent. Each verb that opens a way in calls this.
pub(super) fn notify(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    account: i64,
    told: &ToldAct,
    to: Option<&EmailAddress>,
) -> Result<(), StoreError> {
    let to = to.map(EmailAddress::as_str);
    let due = match newest(tx, account, told, to)? {
        Some(newest) if newest.due => return count_in(tx, &newest, told),
        Some(told_last) => at.max(told_last.at.plus(HOUR)),
        None => at,
    };
    tx.prepare_cached(
        "INSERT INTO outbox
           (account, kind, detail, recipient, state, due_store, created_wall, created_store)
         VALUES (?1, ?2, ?3, ?4, 'due', ?5, ?6, ?7)",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            account,
            ACT,
            written(told)?,
            to,
            due.millis(),
            now.wall.millis(),
            at.millis(),
        ])
    })
    .map_err(StoreError::sqlite(DOING))?;
    Ok(())
}

fn newest(
    tx: &Transaction<'_>,
    account: i64,
    told: &ToldAct,
    to: Option<&str>,
) -> Result<Option<Newest>, StoreError> {
    tx.prepare_cached(
        "SELECT id, state = 'due', detail, due_store FROM outbox
         WHERE account = ?1 AND kind = ?2 AND recipient IS ?3 AND state <> 'failed'
           AND json_valid(detail) AND json_extract(detail, '$.act') = ?4
           AND json_extract(detail, '$.address') = ?5
         ORDER BY created_store DESC, id DESC LIMIT 1",
    )
    .and_then(|mut statement| {
        statement
            .query_row(
                params![account, ACT, to, told.act.word(), told.address],
                |row| {
                    Ok(Newest {
                        id: row.get(0)?,
                        due: row.get(1)?,
                        detail: row.get(2)?,
                        at: StoreTime::from_millis(row.get(3)?),
                    })
                },
            )
            .optional()
    })
    .map_err(StoreError::sqlite(DOING))
}

/// Has the one that waits tell of this too.
fn count_in(tx: &Transaction<'_>, newest: &Newest, told: &ToldAct) -> Result<(), StoreError> {
    let times = serde_json::from_str(&newest.detail).map_or(0, |earlier: ToldAct| earlier.times);
    let told = ToldAct {
        times: told.times.saturating_add(times),
        ..told.clone()
    };
    tx.prepare_cached("UPDATE outbox SET detail = ?2 WHERE id = ?1")
        .and_then(|mut statement| statement.execute(params![newest.id, written(&told)?]))
        .map_err(StoreError::sqlite(DOING))?;
    Ok(())
}

fn written(told: &ToldAct) -> Result<String, rusqlite::Error> {
    serde_json::to_string(told)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
