//! Whether each value of a copy is one that our readers can read. A row that none of them can read would refuse
//! sign-ins for good, and the next restore too; so the copy is refused before, and the words say where.

use gatepost_words::ident::{EmailAddress, UserName};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::{FATES, Fate, PLANNING, columns};
use crate::code::kept;
use crate::store::copies::Unfit;
use crate::store::error::StoreError;
use crate::store::{clock, events};

/// No number that a Gatepost writes is larger: counted in milliseconds, 285,000 years. Sums of them stay numbers.
const LARGEST: i64 = 1 << 53;

/// What is read as 32 bits. Two of the counts of strangers are added before they are read.
const SMALLER: [(&str, &str, u32); 6] = [
    ("accounts", "uid", u32::MAX),
    ("accounts", "failures_in_row", u32::MAX),
    ("addresses", "confirm_tries", u32::MAX),
    ("outbox", "tries", u32::MAX),
    ("strangers", "recorded", u32::MAX / 2),
    ("strangers", "counted", u32::MAX / 2),
];

/// Refuses a copy with a value that nobody can read.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    for (table, fate) in FATES {
        match fate {
            Fate::Copied | Fate::Counted | Fate::KeptWhereKnown | Fate::Logged | Fate::Rules => {
                check_table(connection, table)?;
            }
            // Nothing of the copy's is taken.
            Fate::Kept | Fate::Ours | Fate::Emptied => {}
        }
    }
    let meta = || odd("meta", "value");
    let within = |number: i64| (0..=LARGEST).contains(&number);
    let anchor = events::anchor_in(connection, "copy").map_err(StoreError::sqlite(PLANNING))?;
    if anchor.is_some_and(|anchor| !within(anchor.seq)) {
        return Err(meta());
    }
    match clock::copied(connection)? {
        Some(shows) if !within(shows.millis()) => Err(meta()),
        Some(_) | None => Ok(()),
    }
}

fn check_table(connection: &Connection, table: &str) -> Result<(), StoreError> {
    let failed = StoreError::sqlite;
    let columns = columns(connection, table).map_err(failed(PLANNING))?;
    let mut statement = connection
        .prepare(&format!("SELECT * FROM copy.{table}"))
        .map_err(failed(PLANNING))?;
    let mut rows = statement.query([]).map_err(failed(PLANNING))?;
    while let Some(row) = rows.next().map_err(failed(PLANNING))? {
        for (at, column) in columns.iter().enumerate() {
            let value = row.get_ref(at).map_err(failed(PLANNING))?;
            if !readable(table, column, value) {
                return Err(odd(table, column));
            }
        }
    }
    Ok(())
}

fn readable(table: &str, column: &str, value: ValueRef<'_>) -> bool {
    match value {
        ValueRef::Null | ValueRef::Blob(_) => true,
        // The rows of meta that may be of any kind are looked at, or made anew, one by one.
        ValueRef::Real(_) => table == "meta",
        ValueRef::Integer(number) => {
            let smaller = SMALLER
                .iter()
                .find(|(of, name, _)| (*of, *name) == (table, column));
            match smaller {
                _ if table == "meta" => true,
                Some((_, _, most)) => (0..=i64::from(*most)).contains(&number),
                None => (-LARGEST..=LARGEST).contains(&number),
            }
        }
        ValueRef::Text(bytes) => {
            std::str::from_utf8(bytes).is_ok_and(|text| match (table, column) {
                ("accounts", "name") => UserName::new(text.to_owned()).is_ok(),
                ("addresses", "address") => EmailAddress::new(text.to_owned()).is_ok(),
                ("recovery_codes", "hash") => !kept::costs_more(text),
                _ => true,
            })
        }
    }
}

fn odd(table: &str, column: &str) -> StoreError {
    let what =
        format!("it has a value in {table}.{column} that no Gatepost writes: take another copy");
    Unfit::Odd(what).while_doing(PLANNING)
}
