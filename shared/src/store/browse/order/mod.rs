//! A page of accounts in an order, found by key in both directions.
//!
//! By name and as they were enrolled, an index has the order and the page is read off it. By what logins
//! change there is none: SQLite looks at every account that the conditions leave and keeps the first so many,
//! numbers alone, whose rows are read at the end. The key there is the value and the name. Where conditions
//! leave few accounts, these are looked for in the same way, by name.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

use super::{Bound, LISTING, Order, Seen, Way, conditions, rows, values};
use crate::store::accounts::{self, Account};
use crate::store::error::StoreError;

/// Accounts without their addresses.
pub(super) fn page_of_accounts(
    connection: &Connection,
    clause: &conditions::Clause,
    (order, way, bound): (Order, Way, Option<&Bound>),
    limit: u32,
) -> Result<Vec<Account>, StoreError> {
    let (sql, values) = match order.looked_for() {
        None => by_key(clause, (order, way, bound), limit),
        Some(by) => {
            let edge = match bound {
                None => None,
                Some(bound) => match value_of(connection, by, bound)? {
                    Some(value) => Some((bound, value)),
                    // Whoever it began from is gone: onwards, all are there again.
                    None if way == Way::Onwards => None,
                    None => return Ok(Vec::new()),
                },
            };
            looked_for(clause, (by, way, edge), limit)
        }
    };
    rows(connection, LISTING, &sql, &values, accounts::account_of)
}

/// What logins change, and which way a list goes by it.
#[derive(Clone, Copy)]
struct By {
    /// In SQL. Never is earlier than any time.
    value: &'static str,
    seen: fn(Seen) -> i64,
    is_falling: bool,
}

impl Order {
    /// What it goes by where no index has it.
    const fn looked_for(self) -> Option<By> {
        let (value, seen, is_falling): (_, fn(Seen) -> i64, _) = match self {
            Self::Name | Self::NameBack | Self::Sought | Self::Enrolled | Self::EnrolledBack => {
                return None;
            }
            Self::Last => (LAST, last, false),
            Self::LastBack => (LAST, last, true),
            Self::Fails => (FAILS, fails, false),
            Self::FailsBack => (FAILS, fails, true),
        };
        Some(By {
            value,
            seen,
            is_falling,
        })
    }

    /// Whether every page of it is looked for among all accounts.
    pub const fn is_looked_for(self) -> bool {
        matches!(self, Self::Sought) || self.looked_for().is_some()
    }
}

const LAST: &str = "coalesce(a.success_wall, -1)";
const FAILS: &str = "a.failures_in_row";

fn last(seen: Seen) -> i64 {
    seen.last.unwrap_or(-1)
}

fn fails(seen: Seen) -> i64 {
    seen.fails.into()
}

/// What the account of a bound has or had; none where there is no such account.
fn value_of(connection: &Connection, by: By, bound: &Bound) -> Result<Option<i64>, StoreError> {
    if let Some(seen) = bound.seen {
        return Ok(Some((by.seen)(seen)));
    }
    connection
        .prepare_cached(&format!(
            "SELECT {} FROM accounts a WHERE a.name = ?1",
            by.value
        ))
        .and_then(|mut statement| {
            statement
                .query_row([&bound.name], |row| row.get(0))
                .optional()
        })
        .map_err(StoreError::sqlite(LISTING))
}

/// A page of an order that goes by a key alone.
fn by_key(
    clause: &conditions::Clause,
    (order, way, bound): (Order, Way, Option<&Bound>),
    limit: u32,
) -> (String, Vec<Value>) {
    let (key, at) = match order {
        Order::Enrolled | Order::EnrolledBack => {
            ("a.id", "(SELECT id FROM accounts WHERE name = ?)")
        }
        // No index is gone through where it is no column alone.
        Order::Sought => ("+a.name", "?"),
        Order::Name
        | Order::NameBack
        | Order::Last
        | Order::LastBack
        | Order::Fails
        | Order::FailsBack => ("a.name", "?"),
    };
    let is_back = matches!(order, Order::NameBack | Order::EnrolledBack);
    let is_rising = is_back == (way == Way::Back);
    let edge = bound.map_or_else(String::new, |bound| {
        let side = side(is_rising, is_after(way, bound));
        format!(" AND {key} {side} {at}")
    });
    let direction = if is_rising { "" } else { " DESC" };
    let sql = format!(
        "SELECT {} FROM accounts a WHERE 1{}{edge} ORDER BY {key}{direction} LIMIT ?",
        accounts::COLUMNS,
        clause.sql
    );
    let bound = bound.map(|bound| bound.name.clone());
    (sql, values(&clause.values, bound.as_ref(), limit))
}

/// A page of an order that is looked for. Those that have the same value stand by name, whichever way the
/// list goes.
fn looked_for(
    clause: &conditions::Clause,
    (by, way, edge): (By, Way, Option<(&Bound, i64)>),
    limit: u32,
) -> (String, Vec<Value>) {
    let By {
        value, is_falling, ..
    } = by;
    let (value_rises, name_rises) = (is_falling == (way == Way::Back), way == Way::Onwards);
    let mut bound = Vec::new();
    let edge = edge.map_or_else(String::new, |(edge, at)| {
        bound.extend([at.into(), at.into(), edge.name.clone().into()]);
        let beyond = side(value_rises, true);
        let side = side(name_rises, is_after(way, edge));
        format!(" AND ({value} {beyond} ? OR {value} = ? AND a.name {side} ?)")
    });
    let direction = |rises| if rises { "" } else { " DESC" };
    let order = format!(
        "{value}{}, a.name{}",
        direction(value_rises),
        direction(name_rises)
    );
    let sql = format!(
        "SELECT {} FROM accounts a WHERE a.id IN
           (SELECT a.id FROM accounts a WHERE 1{}{edge} ORDER BY {order} LIMIT ?)
         ORDER BY {order}",
        accounts::COLUMNS,
        clause.sql
    );
    let mut values = clause.values.clone();
    values.append(&mut bound);
    values.push(i64::from(limit).into());
    (sql, values)
}

/// Whether the account of a bound is left out: where it says so, or where the list is read against itself.
fn is_after(way: Way, bound: &Bound) -> bool {
    bound.is_after || way == Way::Back
}

const fn side(is_rising: bool, is_after: bool) -> &'static str {
    match (is_rising, is_after) {
        (true, true) => ">",
        (true, false) => ">=",
        (false, true) => "<",
        (false, false) => "<=",
    }
}

#[cfg(test)]
mod tests;
