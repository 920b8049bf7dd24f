//! The rows of the store's own clock and of its generation.

use gatepost_words::time::{Boot, StoreTime, Wall};
use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::json;

use super::Store;
use super::accounts::Actor;
use super::error::StoreError;
use super::events::{Event, append};
use crate::host::Now;
use crate::policy::challenge::BootMoment;
use crate::policy::clock::Reading;

const DOING: &str = "reading the store's clock";

/// Advances the clock to `now` and writes it down.
pub(super) fn advance(tx: &Transaction<'_>, now: &Now) -> Result<StoreTime, StoreError> {
    let reading = read(tx, now)?;
    write(tx, &reading)?;
    Ok(reading.store)
}

/// Has the clock show that now.
pub(super) fn set(tx: &Transaction<'_>, now: &Now, store: StoreTime) -> Result<(), StoreError> {
    let reading = Reading {
        moment: now.moment.clone(),
        wall: now.wall,
        store,
    };
    write(tx, &reading)
}

/// What the clock showed when it was last read, in a copy that is attached.
pub(super) fn copied(tx: &Transaction<'_>) -> Result<Option<StoreTime>, StoreError> {
    let row: Option<String> = tx
        .query_row(
            "SELECT value FROM copy.meta WHERE key = 'clock'",
            [],
            |row| row.get(0),
        )
        .optional()
        .map_err(StoreError::sqlite(DOING))?;
    row.map(|row| parse(&row).ok_or_else(|| StoreError::odd(DOING, "its row is unreadable")))
        .transpose()
        .map(|reading| reading.map(|reading| reading.store))
}

fn write(tx: &Transaction<'_>, reading: &Reading) -> Result<(), StoreError> {
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
    Ok(())
}

impl Store {
    /// What the clock showed when it was last read, and on which wall time; none where it never was.
    pub fn clock(&self) -> Result<Option<Reading>, StoreError> {
        self.read(DOING, last)
    }

    /// Lets the clock go on from now: what passed since it was last read is not counted, and no window
    /// empties by it. An unreadable clock is set to the newest moment that anything was counted at.
    pub fn reset_clock(
        &mut self,
        now: &Now,
        actor: &Actor,
        reason: &str,
    ) -> Result<StoreTime, StoreError> {
        self.write("resetting the store's clock", |tx| {
            let (store, was) = match last(tx) {
                Ok(Some(reading)) => (reading.store, "readable"),
                Ok(None) => (new_clock(), "new"),
                Err(_unreadable) => (newest_count(tx)?, "unreadable"),
            };
            set(tx, now, store)?;
            let event = Event {
                kind: "store-clock-reset",
                account: "",
                service: "",
                source: "",
                conversation: None,
                detail: json!({
                    "by": actor.name,
                    "reason": reason,
                    "was": was,
                    "shows": store.millis(),
                }),
            };
            append(tx, now.wall, &event)?;
            Ok(store)
        })
    }
}

/// The newest moment that a guess or a mail was counted at.
fn newest_count(connection: &Connection) -> Result<StoreTime, StoreError> {
    let sql = "SELECT max(coalesce((SELECT max(at_store) FROM guesses), 0),
                          coalesce((SELECT max(at_store) FROM sends), 0), ?1)";
    connection
        .query_row(sql, [new_clock().millis()], |row| row.get(0))
        .map(StoreTime::from_millis)
        .map_err(StoreError::sqlite(DOING))
}

/// A new store's clock starts at a day, so that no window reaches before its zero.
const fn new_clock() -> StoreTime {
    StoreTime::from_millis(24 * 3600 * 1000)
}

/// What the clock showed when it was last read.
fn last(connection: &Connection) -> Result<Option<Reading>, StoreError> {
    let row: Option<String> = connection
        .prepare_cached("SELECT value FROM meta WHERE key = 'clock'")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
        .map_err(StoreError::sqlite(DOING))?;
    row.map(|row| {
        let unreadable = "its row is unreadable: gatepost store clock --reset";
        parse(&row).ok_or_else(|| StoreError::odd(DOING, unreadable))
    })
    .transpose()
}

/// What the clock shows, without writing it down.
pub(super) fn read(connection: &Connection, now: &Now) -> Result<Reading, StoreError> {
    Ok(match last(connection)? {
        None => Reading {
            moment: now.moment.clone(),
            wall: now.wall,
            store: new_clock(),
        },
        Some(reading) => reading.advance(&now.moment, now.wall),
    })
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
