//! What the attack meter reads: the newest rows of the ledger, of the mails and of the strangers, never
//! more than a constant number of each. No login makes these reads.

use gatepost_words::time::{Span, StoreTime};
use rusqlite::{Connection, Row, params};

use super::error::StoreError;
use super::{Store, clock, strangers};
use crate::host::Now;
use crate::policy::attack::{MAIL_WINDOW, Mailed, ROWS, Strangers, Traffic, WINDOW, Wrong};

const DOING: &str = "reading the attack meter";

impl Store {
    /// The counts of the last minutes, and the store's time at which they were read.
    pub fn traffic(&self, now: &Now) -> Result<(Traffic, StoreTime), StoreError> {
        self.read(DOING, |connection| {
            let at = clock::read(connection, now)?.store;
            let traffic = traffic(connection, at).map_err(StoreError::sqlite(DOING))?;
            Ok((traffic, at))
        })
    }
}

fn traffic(connection: &Connection, at: StoreTime) -> Result<Traffic, rusqlite::Error> {
    let since = |window: Span| at.minus(window).millis();
    // Right ones are read past here and not by the statement: it must not look at more than so many.
    let guesses: Vec<(bool, Wrong)> = connection
        .prepare_cached(
            "SELECT g.right, a.name, g.source, g.at_store
             FROM guesses g JOIN accounts a ON a.id = g.account
             WHERE g.at_store > ?1 ORDER BY g.at_store DESC LIMIT ?2",
        )?
        .query_map(params![since(WINDOW), ROWS], |row| {
            Ok((row.get(0)?, wrong(row)?))
        })?
        .collect::<Result<_, _>>()?;
    let mailed: Vec<(bool, Mailed)> = connection
        .prepare_cached(
            "SELECT s.state, a.name, s.source, s.at_store
             FROM sends s JOIN accounts a ON a.id = s.account
             WHERE s.at_store > ?1 ORDER BY s.at_store DESC LIMIT ?2",
        )?
        .query_map(params![since(MAIL_WINDOW), ROWS], sent)?
        .collect::<Result<_, _>>()?;
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let cut = guesses.len() >= most || mailed.len() >= most;
    let strangers =
        strangers::of_hours(connection, at)?
            .into_iter()
            .map(|(from, source, count)| Strangers {
                source,
                from: StoreTime::from_millis(from),
                count,
            });
    let wrong = guesses.into_iter().filter(|(right, _)| !right);
    let went = mailed.into_iter().filter(|(failed, _)| !failed);
    Ok(Traffic {
        wrong: wrong.map(|(_, guess)| guess).collect(),
        mailed: went.map(|(_, mail)| mail).collect(),
        strangers: strangers.collect(),
        cut,
    })
}

fn wrong(row: &Row<'_>) -> Result<Wrong, rusqlite::Error> {
    Ok(Wrong {
        account: row.get(1)?,
        source: row.get(2)?,
        at: StoreTime::from_millis(row.get(3)?),
    })
}

/// Whether a mail failed, and the mail.
fn sent(row: &Row<'_>) -> Result<(bool, Mailed), rusqlite::Error> {
    let state: String = row.get(0)?;
    let mail = Mailed {
        account: row.get(1)?,
        source: row.get(2)?,
        open: state == "open",
        at: StoreTime::from_millis(row.get(3)?),
    };
    Ok((state == "failed", mail))
}

#[cfg(test)]
impl Store {
    /// Wrong guesses of a moment at the account of number one.
    pub(crate) fn seed_wrong(&mut self, now: &Now, source: &str, count: u32) {
        self.write(DOING, |tx| {
            let at = clock::advance(tx, now)?;
            for _ in 0..count {
                tx.execute(
                    "INSERT INTO guesses (account, factor, source, at_store, at_wall)
                     VALUES (1, 'code', ?1, ?2, 0)",
                    params![source, at.millis()],
                )
                .map_err(StoreError::sqlite(DOING))?;
            }
            Ok(())
        })
        .unwrap();
    }
}
