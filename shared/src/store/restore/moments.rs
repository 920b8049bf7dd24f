//! Which clock the store has after a restore, and what becomes of moments that the copy's measured.

use gatepost_words::time::{Span, StoreTime};
use rusqlite::Transaction;

use super::{DOING, Plan};
use crate::host::Now;
use crate::store::clock;
use crate::store::error::StoreError;

const DAY: Span = Span::from_hours(24);
/// For how long a source is remembered at the most.
const REMEMBERED: Span = Span::from_hours(30 * 24);
/// Further than any clock of ours.
const FAR: i64 = 1 << 60;

/// The clock is ours, whatever the copy's shows: a clock that jumped would let every window end, and the log
/// be purged. What another store measured by its own moves to where ours is. The generation is raised,
/// which voids every code.
pub(super) fn settle(
    tx: &Transaction<'_>,
    now: &Now,
    plan: &Plan,
) -> Result<StoreTime, StoreError> {
    let failed = StoreError::sqlite;
    let here = clock::advance(tx, now)?;
    if !plan.same_log {
        let there = clock::copied(tx)?.unwrap_or(here);
        shift(tx, here.millis().saturating_sub(there.millis())).map_err(failed(DOING))?;
    }
    clamp(tx, here).map_err(failed(DOING))?;
    clock::raise_generation(tx)?;
    let mut ours = vec!["clock", "generation"];
    if plan.same_log {
        ours.push("anchor");
    }
    // What the copy says of its own is never made ours: a generation that nobody can read would stay.
    tx.execute(
        "DELETE FROM copy.meta WHERE key <> 'anchor' OR ?1",
        [plan.same_log],
    )
    .map_err(failed(DOING))?;
    for key in ours {
        let sql = "INSERT INTO copy.meta SELECT key, value FROM main.meta WHERE key = ?1";
        tx.execute(sql, [key]).map_err(failed(DOING))?;
    }
    Ok(here)
}

/// Has nothing have happened later than now. What a later unlocking or success leaves out of a count would be left
/// out for as long as that lies ahead, and a later guess or mail be counted for as long.
fn clamp(tx: &Transaction<'_>, here: StoreTime) -> Result<(), rusqlite::Error> {
    for (table, column) in clock::MOMENTS {
        let sql = match column {
            // Marks that begin a stretch. Strangers' are moved rather too late; what is told of them is not.
            "from_store" if table == "strangers" => {
                format!(
                    "DELETE FROM copy.{table} WHERE {column} > ?1 + {}",
                    DAY.millis()
                )
            }
            "from_store" => format!("DELETE FROM copy.{table} WHERE {column} > ?1"),
            _ => format!("UPDATE copy.{table} SET {column} = ?1 WHERE {column} > ?1"),
        };
        tx.execute(&sql, [here.millis()])?;
    }
    tx.execute(
        "UPDATE copy.known_sources SET remembered_until = min(remembered_until, ?1)",
        [here.plus(REMEMBERED).millis()],
    )?;
    // A mark behind the last event would have upkeep look for events that are not there, and purge none.
    let sql =
        "DELETE FROM copy.event_days WHERE seq > coalesce((SELECT max(seq) FROM copy.events), 0)";
    tx.execute(sql, [])?;
    Ok(())
}

/// Moves every moment of the copy's clock, so that its distance from its end is its distance from now.
fn shift(tx: &Transaction<'_>, by: i64) -> Result<(), rusqlite::Error> {
    for (table, column) in clock::MOMENTS.iter().chain(&clock::ENDS) {
        // Days and hours are counted from marks: those move by whole days, and rather too late.
        let by = match *column {
            "from_store" => DAY
                .millis()
                .saturating_mul(by.saturating_add(DAY.millis() - 1).div_euclid(DAY.millis())),
            _ => by,
        };
        // A primary key must not meet the next one's old place: so twice, by way of far away.
        for step in [FAR, by.saturating_sub(FAR)] {
            let sql = format!("UPDATE copy.{table} SET {column} = {column} + ?1");
            tx.execute(&sql, [step])?;
        }
    }
    Ok(())
}
