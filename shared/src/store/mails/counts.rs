//! Mails as the limits count them, before each goes out and whatever becomes of it. What the limits
//! are is [`crate::policy::sends`]'s.

use gatepost_words::ident::{EmailAddress, Source};
use gatepost_words::time::{Span, StoreTime};
use rusqlite::{Connection, Transaction, params};

use crate::policy::sends::Sent;
use crate::store::error::StoreError;
use crate::store::guesses::AccountRow;

/// The mails that a decision to send depends on.
pub(in crate::store) fn sent(
    connection: &Connection,
    account: &AccountRow,
    address: &EmailAddress,
    source: &Source,
    at: StoreTime,
) -> Result<Sent, StoreError> {
    let times = |sql: &str, key: &dyn rusqlite::ToSql, since: StoreTime| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement
                    .query_map(params![key, since.millis()], |row| {
                        row.get(0).map(StoreTime::from_millis)
                    })?
                    .collect::<Result<Vec<_>, _>>()
            })
            .map_err(StoreError::sqlite("counting mails"))
    };
    let day = at.minus(DAY);
    let key = address.limit_key();
    let address_all = all_to(connection, &key, at)?;
    let since_success = account.success.unwrap_or(StoreTime::from_millis(0));
    let last = times(
        "SELECT at_store FROM sends
         WHERE account = ?1 AND at_store > ?2 AND challenge IS NOT NULL
         ORDER BY at_store DESC LIMIT 1",
        &account.id,
        since_success,
    )?;
    Ok(Sent {
        account: times(
            "SELECT at_store FROM sends WHERE account = ?1 AND state = 'open' AND at_store > ?2
             ORDER BY at_store DESC LIMIT 10",
            &account.id,
            day,
        )?,
        address: times(
            "SELECT at_store FROM sends WHERE limit_key = ?1 AND state = 'open' AND at_store > ?2
             ORDER BY at_store DESC LIMIT 10",
            &key,
            day,
        )?,
        address_all,
        source: times(
            "SELECT at_store FROM sends WHERE source = ?1 AND state = 'open' AND at_store > ?2
             ORDER BY at_store DESC LIMIT 1000",
            &source.network(),
            at.minus(crate::policy::limits::SOURCE_WINDOW),
        )?,
        last: last.first().copied(),
    })
}

/// All mails to an address in a day, newest first.
pub(in crate::store) fn all_to(
    connection: &Connection,
    limit_key: &str,
    at: StoreTime,
) -> Result<Vec<StoreTime>, StoreError> {
    mails_to(
        connection,
        "SELECT at_store FROM sends WHERE limit_key = ?1 AND at_store > ?2
         ORDER BY at_store DESC LIMIT 200",
        limit_key,
        at,
    )
}

/// Of those, the ones that carried no code.
pub(in crate::store) fn others_to(
    connection: &Connection,
    limit_key: &str,
    at: StoreTime,
) -> Result<Vec<StoreTime>, StoreError> {
    mails_to(
        connection,
        "SELECT at_store FROM sends WHERE limit_key = ?1 AND at_store > ?2 AND challenge IS NULL
         ORDER BY at_store DESC LIMIT 200",
        limit_key,
        at,
    )
}

fn mails_to(
    connection: &Connection,
    sql: &'static str,
    limit_key: &str,
    at: StoreTime,
) -> Result<Vec<StoreTime>, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement
                .query_map(params![limit_key, at.minus(DAY).millis()], |row| {
                    row.get(0).map(StoreTime::from_millis)
                })?
                .collect()
        })
        .map_err(StoreError::sqlite("counting mails"))
}

/// Counts a mail without a code: towards the ceiling of its address, and nothing else.
pub(in crate::store) fn count_other(
    tx: &Transaction<'_>,
    at: StoreTime,
    account: i64,
    address: &EmailAddress,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO sends (account, challenge, limit_key, source, state, at_store)
         VALUES (?1, NULL, ?2, '', 'answered', ?3)",
    )
    .and_then(|mut statement| statement.execute(params![account, address.limit_key(), at.millis()]))
    .map_err(StoreError::sqlite("counting a mail"))?;
    Ok(())
}

/// Counts a mail before it goes out.
pub(in crate::store) fn count_send(
    tx: &Transaction<'_>,
    at: StoreTime,
    account: i64,
    challenge: [u8; 16],
    address: &EmailAddress,
    source: &Source,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO sends (account, challenge, limit_key, source, state, at_store)
         VALUES (?1, ?2, ?3, ?4, 'open', ?5)",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            account,
            challenge,
            address.limit_key(),
            source.network(),
            at.millis(),
        ])
    })
    .map_err(StoreError::sqlite("counting a mail"))?;
    Ok(())
}

/// A success answers the account's mails: their budgets are given back.
pub(in crate::store) fn answer_sends(
    tx: &Transaction<'_>,
    account: Option<i64>,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE sends SET state = 'answered' WHERE account = ?1 AND state = 'open'")
        .and_then(|mut statement| statement.execute([account]))
        .map_err(StoreError::sqlite("answering mails"))?;
    Ok(())
}

const DAY: Span = Span::from_hours(24);
