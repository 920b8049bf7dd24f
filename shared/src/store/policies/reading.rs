//! Reading what is in force: two look-ups by key, which every sign-in makes.

use gatepost_words::time::{Boot, Span};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Version;
use crate::host::Now;
use crate::policy::challenge::BootMoment;
use crate::policy::text::LONGEST;
use crate::policy::versions::{InForce, Kept, Pointer, Trial};
use crate::store::error::{Problem, StoreError};
use crate::store::events::hex;

pub(super) const READING: &str = "reading the policy";

/// Refuses to go on where the policy is not what was read before, to the last byte.
pub(in crate::store) fn expect_unmoved(
    connection: &Connection,
    now: &BootMoment,
    seen: &InForce,
) -> Result<(), StoreError> {
    let (version, kept) = in_force(connection, now)?;
    if seen.is(version, kept.as_ref()) {
        return Ok(());
    }
    Err(moved(version))
}

/// The number of the version in force, and what is kept of it.
pub(super) fn in_force(
    connection: &Connection,
    now: &BootMoment,
) -> Result<(Option<i64>, Option<Kept>), StoreError> {
    let version = pointer(connection)?.map(|pointer| pointer.in_force(now));
    let kept = match version {
        Some(version) => kept(connection, version)?,
        None => None,
    };
    Ok((version, kept))
}

pub(super) fn pointer(connection: &Connection) -> Result<Option<Pointer>, StoreError> {
    connection
        .prepare_cached(
            "SELECT version, previous, boot_id, began_boot, until_boot FROM policy_in_force
             WHERE one = 1",
        )
        .and_then(|mut statement| {
            statement
                .query_row([], |row| {
                    let trial = |previous| -> Result<Trial, rusqlite::Error> {
                        Ok(Trial {
                            previous,
                            boot_id: row.get(2)?,
                            began: Boot::from_millis(row.get(3)?),
                            until: Boot::from_millis(row.get(4)?),
                        })
                    };
                    Ok(Pointer {
                        version: row.get(0)?,
                        trial: row.get::<_, Option<i64>>(1)?.map(trial).transpose()?,
                    })
                })
                .optional()
        })
        .map_err(StoreError::sqlite(READING))
}

pub(super) fn kept(connection: &Connection, version: i64) -> Result<Option<Kept>, StoreError> {
    // One byte more than the longest text: a longer one is no longer what was applied.
    let most = i64::try_from(LONGEST + 1).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "SELECT format, coalesce(substr(CAST(rules AS BLOB), 1, ?2), x''), sha256 FROM policies
             WHERE version = ?1",
        )
        .and_then(|mut statement| {
            statement
                .query_row(params![version, most], |row| {
                    let text: Vec<u8> = row.get(1)?;
                    Ok(Kept {
                        format: row.get(0)?,
                        // What is no UTF-8 has another hash then.
                        text: String::from_utf8_lossy(&text).into_owned(),
                        sha256: row.get(2)?,
                    })
                })
                .optional()
        })
        .map_err(StoreError::sqlite(READING))
}

pub(super) fn listed(row: &Row<'_>) -> Result<Version, rusqlite::Error> {
    let confirmed = match (row.get(9)?, row.get(10)?) {
        (Some(by), Some(at)) => Some((by, at)),
        (_, _) => None,
    };
    Ok(Version {
        version: row.get(0)?,
        sha256: hex(row.get_ref(1)?.as_blob()?),
        how: row.get(2)?,
        based_on: row.get(3)?,
        restores: row.get(4)?,
        tried_for: row.get::<_, Option<i64>>(5)?.map(Span::from_millis),
        confirmed,
        by: row.get(6)?,
        reason: row.get(7)?,
        created: row.get(8)?,
    })
}

pub(super) fn newest(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .query_row(
            "SELECT coalesce(max(version), 0) FROM policies",
            [],
            |row| row.get(0),
        )
        .map_err(StoreError::sqlite(READING))
}

fn moved(found: Option<i64>) -> StoreError {
    StoreError {
        doing: READING,
        problem: Problem::PolicyMoved { found },
    }
}

pub(super) fn expect_base(
    pointer: Option<&Pointer>,
    now: &Now,
    base: Option<i64>,
) -> Result<(), StoreError> {
    let found = pointer.map(|pointer| pointer.in_force(&now.moment));
    if found == base {
        Ok(())
    } else {
        Err(moved(found))
    }
}
