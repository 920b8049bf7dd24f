//! An account's failures as they are read: what they lock, for a sign-in that begins and for whoever shows
//! the account. They are counted in [`super::guesses`].

use gatepost_words::time::{Span, StoreTime};
use rusqlite::{Connection, OptionalExtension, params};

use super::error::StoreError;
use super::guesses::{AccountRow, DAY, account_by_name};
use super::{Store, clock};
use crate::host::Now;
use crate::policy::Policy;
use crate::policy::lockout::{self, Lock, Tally};

/// An account's failures, as people want to know them.
#[derive(Clone, Debug)]
pub struct Failures {
    /// The lock on mailed codes.
    pub lock: Lock,
    /// The lock on recovery codes.
    pub recovery: Lock,
    /// The lock on bypass codes.
    pub bypass: Lock,
    /// Wrong codes in the last hour, as far as they count.
    pub last_hour: u32,
    /// Wrong codes in the last day, as far as they count; at most twenty are looked at.
    pub last_day: u32,
    /// Failures in a row, of all factors.
    pub in_a_row: u32,
    /// Whether an administrator locked the account.
    pub held: bool,
    /// Where the last failure came from, and when: milliseconds since 1970.
    pub last: Option<(String, i64)>,
}

impl Store {
    /// An account's failures and what they lock; none where there is no such row.
    pub fn failures(
        &self,
        now: &Now,
        name: &str,
        policy: &Policy,
    ) -> Result<Option<Failures>, StoreError> {
        let doing = "reading an account's failures";
        self.read(doing, |connection| {
            let at = clock::read(connection, now)?.store;
            let Some(account) = account_by_name(connection, name)? else {
                return Ok(None);
            };
            let codes = tally(connection, &account, "code", at)?;
            let recovery = tally(connection, &account, "recovery", at)?;
            let bypass = tally(connection, &account, "bypass", at)?;
            let last = connection
                .prepare_cached(
                    "SELECT source, at_wall FROM guesses
                     WHERE account = ?1 AND factor IN ('code', 'recovery', 'bypass') AND right = 0
                     ORDER BY at_store DESC LIMIT 1",
                )
                .and_then(|mut statement| {
                    statement
                        .query_row([account.id], |row| Ok((row.get(0)?, row.get(1)?)))
                        .optional()
                })
                .map_err(StoreError::sqlite(doing))?;
            let since = |span: Span| {
                let count = codes
                    .recent
                    .iter()
                    .filter(|failure| **failure > at.minus(span));
                u32::try_from(count.count()).unwrap_or(u32::MAX)
            };
            Ok(Some(Failures {
                lock: lockout::mailed(&codes, &policy.limits, at),
                recovery: lockout::recovery(&recovery, account.in_a_row, &policy.limits, at),
                bypass: lockout::bypass(&bypass, account.in_a_row, &policy.limits, at),
                last_hour: since(Span::from_hours(1)),
                last_day: since(DAY),
                in_a_row: account.in_a_row,
                held: account.held,
                last,
            }))
        })
    }

    /// Whether mailed codes are taken at accounts, in the order of their names; none where there is no
    /// such account. One reading for a whole page of them, since a list asks nothing else of each.
    pub fn mailed_locks(
        &self,
        now: &Now,
        names: &[&str],
        policy: &Policy,
    ) -> Result<Vec<Option<Lock>>, StoreError> {
        self.read("reading accounts' failures", |connection| {
            let at = clock::read(connection, now)?.store;
            let lock = |name: &&str| {
                let Some(account) = account_by_name(connection, name)? else {
                    return Ok(None);
                };
                let codes = tally(connection, &account, "code", at)?;
                Ok(Some(lockout::mailed(&codes, &policy.limits, at)))
            };
            names.iter().map(lock).collect()
        })
    }
}

/// An account's failures of one factor in the last day, since it was last unlocked.
pub(super) fn tally(
    connection: &Connection,
    account: &AccountRow,
    factor: &str,
    at: StoreTime,
) -> Result<Tally, StoreError> {
    let since = account
        .unlocked
        .map_or(at.minus(DAY), |unlocked| unlocked.max(at.minus(DAY)));
    let recent = connection
        .prepare_cached(
            "SELECT at_store FROM guesses
             WHERE account = ?1 AND factor = ?2 AND right = 0 AND at_store > ?3
             ORDER BY at_store DESC LIMIT 20",
        )
        .and_then(|mut statement| {
            statement
                .query_map(params![account.id, factor, since.millis()], |row| {
                    row.get(0).map(StoreTime::from_millis)
                })?
                .collect()
        })
        .map_err(StoreError::sqlite("reading an account's failures"))?;
    Ok(Tally {
        recent,
        in_a_row: account.in_a_row,
        held: account.held,
    })
}
