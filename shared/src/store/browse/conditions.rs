//! What an account's row must be like to be listed: conditions as values, and as SQL.

use rusqlite::Connection;
use rusqlite::types::Value;

use crate::host::Now;
use crate::store::error::StoreError;
use crate::store::{clock, guesses};

/// What an account's row must be like to be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whether the rows that are *not* like that are wanted.
    pub negated: bool,
    /// What they must be like.
    pub test: Test,
}

/// What an account's row may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// Name or an address has this in it, whatever the case.
    Has(String),
    /// The name begins with this: an index knows, whatever the number of accounts.
    Begins(String),
    /// Its name has this in it, whatever the case.
    Named(String),
    /// It is in one of these states.
    State(Vec<Kept>),
    /// Failures in a row: more, or fewer, than this.
    Failures(Side, u32),
    /// The last success: longer ago, or less long, than so many milliseconds; never is long ago.
    Last(Side, i64),
    /// Its uid.
    Uid(u32),
}

/// Which side of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// More than it.
    Above,
    /// Less than it.
    Below,
}

/// A state as the rows have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// None of the others.
    Active,
    /// No address is confirmed.
    Unconfirmed,
    /// Perhaps locked: the row is full, or there were wrong codes within a day. The caller's own
    /// reckoning says whether it really is.
    Suspect,
    /// An administrator disabled it.
    Disabled,
    /// A tombstone.
    Removed,
}

/// A condition in SQL, and what its placeholders stand for.
pub(super) struct Clause {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

/// All conditions together.
pub(super) fn clause(
    connection: &Connection,
    now: &Now,
    conditions: &[Condition],
    row_limit: u32,
) -> Result<Clause, StoreError> {
    let mut clause = Clause {
        sql: String::new(),
        values: Vec::new(),
    };
    let day_ago = clock::read(connection, now)?.store.minus(guesses::DAY);
    for Condition { negated, test } in conditions {
        let sql = test_sql(test, now, day_ago.millis(), row_limit, &mut clause.values);
        let not = if *negated { " AND NOT (" } else { " AND (" };
        for part in [not, sql.as_str(), ")"] {
            clause.sql.push_str(part);
        }
    }
    Ok(clause)
}

fn test_sql(
    asked: &Test,
    now: &Now,
    day_ago: i64,
    row_limit: u32,
    values: &mut Vec<Value>,
) -> String {
    match asked {
        Test::Has(needle) => {
            let needle = needle.to_ascii_lowercase();
            values.extend([needle.clone().into(), needle.into()]);
            "instr(lower(a.name), ?) > 0 OR EXISTS (SELECT 1 FROM addresses d
             WHERE d.account = a.id AND instr(lower(d.address), ?) > 0)"
                .to_owned()
        }
        Test::Begins(start) => {
            // Names have no character beyond the last one that there is.
            values.extend([start.clone().into(), format!("{start}{}", char::MAX).into()]);
            "a.name >= ? AND a.name < ?".to_owned()
        }
        Test::Named(needle) => {
            values.push(needle.to_ascii_lowercase().into());
            "instr(lower(a.name), ?) > 0".to_owned()
        }
        Test::State(states) => {
            let any: Vec<String> = states
                .iter()
                .map(|state| state_sql(*state, day_ago, row_limit, values))
                .collect();
            any.join(" OR ")
        }
        Test::Failures(side, count) => {
            values.push(i64::from(*count).into());
            format!("a.failures_in_row {} ?", side.sign())
        }
        Test::Last(side, millis) => {
            values.push(now.wall.millis().saturating_sub(*millis).into());
            // Longer ago is an earlier moment.
            match side {
                Side::Above => "coalesce(a.success_wall, 0) < ?".to_owned(),
                Side::Below => "coalesce(a.success_wall, 0) > ?".to_owned(),
            }
        }
        Test::Uid(uid) => {
            values.push(i64::from(*uid).into());
            "a.uid = ?".to_owned()
        }
    }
}

fn state_sql(state: Kept, day_ago: i64, row_limit: u32, values: &mut Vec<Value>) -> String {
    const CONFIRMED: &str = "EXISTS (SELECT 1 FROM addresses d
        WHERE d.account = a.id AND d.confirmed_wall IS NOT NULL)";
    match state {
        Kept::Active => format!("(a.state = 'active' AND {CONFIRMED})"),
        Kept::Unconfirmed => format!("(a.state = 'active' AND NOT {CONFIRMED})"),
        Kept::Suspect => {
            values.extend([i64::from(row_limit).into(), day_ago.into()]);
            "(a.state = 'active' AND (a.failures_in_row >= ? OR a.id IN
               (SELECT account FROM guesses WHERE at_store > ? AND right = 0)))"
                .to_owned()
        }
        Kept::Disabled => "a.state NOT IN ('active', 'removed')".to_owned(),
        Kept::Removed => "a.state = 'removed'".to_owned(),
    }
}

impl Side {
    const fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::Below => "<",
        }
    }
}
