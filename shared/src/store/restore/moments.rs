//! Which clock the store has after a restore, and what becomes of moments that the copy's measured.

use gatepost_words::time::{Span, StoreTime};
use rusqlite::Transaction;

use super::{DOING, Plan};
use crate::host::Now;
use crate::store::clock;
use crate::store::error::StoreError;

const DAY: Span = Span::from_hours(24);
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
    // What a later unlocking or success would leave out of a count has not happened yet.
    for column in ["unlocked_store", "success_store"] {
        let sql = format!("UPDATE copy.accounts SET {column} = min({column}, ?1)");
        tx.execute(&sql, [here.millis()]).map_err(failed(DOING))?;
    }
    clock::raise_generation(tx)?;
    let sql = "INSERT OR REPLACE INTO copy.meta SELECT 'generation',
                 max(coalesce((SELECT value FROM copy.meta WHERE key = 'generation'), 0) + 1,
                     (SELECT value FROM main.meta WHERE key = 'generation'))";
    tx.execute(sql, []).map_err(failed(DOING))?;
    let kept: &[&str] = if plan.same_log {
        &["clock", "anchor"]
    } else {
        &["clock"]
    };
    for key in kept {
        tx.execute("DELETE FROM copy.meta WHERE key = ?1", [key])
            .and_then(|_| {
                let sql = "INSERT INTO copy.meta SELECT key, value FROM main.meta WHERE key = ?1";
                tx.execute(sql, [key])
            })
            .map_err(failed(DOING))?;
    }
    Ok(here)
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
