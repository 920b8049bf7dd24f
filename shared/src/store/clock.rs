//! The rows of the store's own clock and of its generation.

use gatepost_words::time::{Boot, StoreTime, Wall};
use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::json;

use super::Store;
use super::accounts::Actor;
use super::error::StoreError;
use super::events::{Event, append};
use super::kinds::Kind;
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
pub(super) fn copied(connection: &Connection) -> Result<Option<StoreTime>, StoreError> {
    let row: Option<String> = connection
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
                kind: Kind::StoreClockReset,
                account: "",
                service: "",
                source: "",
                conversation: None,
                detail: actor.sign(json!({
                    "reason": reason,
                    "was": was,
                    "shows": store.millis(),
                })),
            };
            append(tx, now.wall, &event)?;
            Ok(store)
        })
    }
}

/// Where moments of the clock stand that were now when they were written.
pub(super) const MOMENTS: [(&str, &str); 11] = [
    ("accounts", "success_store"),
    ("accounts", "unlocked_store"),
    ("bypass_codes", "created_store"),
    ("challenges", "created_store"),
    ("event_days", "from_store"),
    ("guesses", "at_store"),
    ("helpdesk_unlocks", "at_store"),
    ("known_sources", "last_store"),
    ("outbox", "created_store"),
    ("sends", "at_store"),
    ("strangers", "from_store"),
];

/// Where moments of the clock stand that were to come when they were written. Two have names that do not say so.
pub(super) const ENDS: [(&str, &str); 5] = [
    ("addresses", "confirm_until"),
    ("known_sources", "remembered_until"),
    ("outbox", "due_store"),
    ("shields", "until_store"),
    ("undo", "until_store"),
];

/// The newest moment that anything was counted, unlocked or kept at: a clock behind an unlocking would leave
/// out of every count what comes until it is there again.
fn newest_count(connection: &Connection) -> Result<StoreTime, StoreError> {
    let mut newest = new_clock().millis();
    for (table, column) in MOMENTS {
        let found: Option<i64> = connection
            .query_row(&format!("SELECT max({column}) FROM {table}"), [], |row| {
                row.get(0)
            })
            .map_err(StoreError::sqlite(DOING))?;
        newest = newest.max(found.unwrap_or(newest));
    }
    Ok(StoreTime::from_millis(newest))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ENDS, MOMENTS, Store};
    use crate::host::Host;
    use crate::host::tests::Fixed;
    use crate::store::accounts::Actor;

    // Mutant: only guesses and mails are looked at; then the clock falls behind an unlocking.
    #[test]
    fn a_reset_goes_behind_no_moment_that_was() {
        for (table, column) in MOMENTS {
            let mut store = Store::in_memory();
            let sql = format!(
                "INSERT INTO accounts (name, uid, state, created_wall) VALUES ('alice', 1, 'active', 0);
                 INSERT INTO known_sources VALUES (1, 'x', 's', 0, 0, 0, NULL);
                 INSERT INTO guesses (account, factor, source, at_store, at_wall) VALUES (1, 'code', '', 0, 0);
                 INSERT INTO sends (account, limit_key, source, state, at_store) VALUES (1, '', '', 'open', 0);
                 INSERT INTO helpdesk_unlocks (account, at_store) VALUES (1, 0);
                 INSERT INTO event_days VALUES (0, 0);
                 INSERT INTO strangers VALUES (0, '', 0, 0);
                 INSERT INTO outbox (account, kind, detail, state, due_store, created_wall, created_store)
                 VALUES (1, 'x', '', 'sent', 0, 0, 0);
                 INSERT INTO bypass_codes (account, first_symbols, hash, uses, uses_left, boot_id,
                   expires_boot, generation, reason, made_by, created_wall, created_store)
                 VALUES (1, 'K7', 'x', 1, 1, 'b', 9, 0, '', '', 0, 0);
                 INSERT INTO challenges VALUES (x'01', 1, NULL, 's', 'h', 'x', 1, 'r', x'02', 'b', 9, 0, 0, 3,
                   NULL, 0, 'running', 9, NULL, 0, 0);
                 UPDATE {table} SET {column} = 900000000;
                 INSERT INTO meta VALUES ('clock', 'unreadable')"
            );
            store.connection.execute_batch(&sql).unwrap();
            let actor = Actor {
                name: "root".into(),
                ..Actor::default()
            };
            let now = Fixed::new().now();
            let shows = store.reset_clock(&now, &actor, "").unwrap();
            assert_eq!(shows.millis(), 900_000_000, "{table} {column}");
        }
    }

    #[test]
    fn every_moment_that_was_is_looked_at() {
        let store = Store::in_memory();
        let sql = "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
                   WHERE t.type = 'table' AND (c.name LIKE '%\\_store' ESCAPE '\\'
                     OR c.name LIKE '%\\_until' ESCAPE '\\')";
        let mut statement = store.connection.prepare(sql).unwrap();
        let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let pairs = statement.query_map([], pair).unwrap();
        let pairs: BTreeSet<(String, String)> = pairs.map(Result::unwrap).collect();
        // On the clock of a boot.
        let others = [("challenges", "delivery_until")];
        let owned = |(table, column): &(&str, &str)| ((*table).to_owned(), (*column).to_owned());
        let known: BTreeSet<_> = MOMENTS
            .iter()
            .chain(&ENDS)
            .chain(&others)
            .map(owned)
            .collect();
        assert_eq!(
            pairs, known,
            "say which clock it is of, and whether that may go behind it"
        );
    }
}
