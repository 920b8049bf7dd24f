//! The rows of the store's own clock and of its generation.

use gatepost_words::time::{Boot, StoreTime, Wall};
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::error::StoreError;
use crate::host::Now;
use crate::policy::challenge::BootMoment;
use crate::policy::clock::Reading;

const DOING: &str = "reading the store's clock";

/// Advances the clock to `now` and writes it down.
pub(super) fn advance(tx: &Transaction<'_>, now: &Now) -> Result<StoreTime, StoreError> {
    let reading = read(tx, now)?;
    let row = format!(
        "{} {} {} {}",
        reading.moment.boot_id,
        reading.moment.at.millis(),
        reading.wall.millis(),
        reading.store.millis()
    );
    tx.prepare_cached("INSERT INTO meta VALUES ('clock', ?1) ON CONFLICT DO UPDATE SET value = ?1")
        .and_then(|mut statement| statement.execute([row]))
        .map_err(StoreError::sqlite(DOING))?;
    Ok(reading.store)
}

/// What the clock shows, without writing it down.
pub(super) fn read(connection: &Connection, now: &Now) -> Result<Reading, StoreError> {
    let row: Option<String> = connection
        .prepare_cached("SELECT value FROM meta WHERE key = 'clock'")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite(DOING))?;
    let Some(row) = row else {
        // A new store: its clock starts at a day, so that no window reaches before its zero.
        return Ok(Reading {
            moment: now.moment.clone(),
            wall: now.wall,
            store: StoreTime::from_millis(24 * 3600 * 1000),
        });
    };
    let reading = parse(&row).ok_or_else(|| StoreError::odd(DOING, "its row is unreadable"))?;
    Ok(reading.advance(&now.moment, now.wall))
}

fn parse(row: &str) -> Option<Reading> {
    let mut fields = row.split(' ');
    let boot_id = fields.next()?.to_owned();
    let mut number = || fields.next()?.parse::<i64>().ok();
    Some(Reading {
        moment: BootMoment {
            boot_id,
            at: Boot::from_millis(number()?),
        },
        wall: Wall::from_millis(number()?),
        store: StoreTime::from_millis(number()?),
    })
}

/// The store's generation: raised when an old copy came back, which voids every code in it.
pub(super) fn generation(connection: &Connection) -> Result<i64, StoreError> {
    let row: Option<i64> = connection
        .prepare_cached("SELECT value FROM meta WHERE key = 'generation'")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite("reading the store's generation"))?;
    Ok(row.unwrap_or(0))
}

/// Raises the generation.
pub(super) fn raise_generation(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let next = generation(tx)?.saturating_add(1);
    tx.prepare_cached(
        "INSERT INTO meta VALUES ('generation', ?1) ON CONFLICT DO UPDATE SET value = ?1",
    )
    .and_then(|mut statement| statement.execute([next]))
    .map_err(StoreError::sqlite("raising the store's generation"))?;
    Ok(())
}
