//! What a console asks of the store while somebody looks: pages around a key, counts, and whether
//! anything changed. It changes nothing.
//!
//! Pages go by key in both directions, never by OFFSET, so that the millionth account costs what the
//! first one does. A condition that no index answers walks the table in the order of the page and
//! stops when the page is full.

mod conditions;
mod events;
mod lately;
mod order;

use gatepost_words::time::Span;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params_from_iter};
use serde_json::json;

use self::conditions::clause;
pub use self::conditions::{Condition, Fate, Kept, Side, Test};
pub use self::events::{EventAsks, EventTerm};
pub use self::lately::{End, Lately, Reach};
use self::order::page_of_accounts;
use super::accounts::{self, Account};
use super::error::StoreError;
use super::mails::Delivery;
use super::{Store, inside, mails};
use crate::host::Now;

/// Where a page lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Around<K> {
    /// At the beginning.
    First,
    /// At the end.
    Last,
    /// Before and after that key, the key itself among the latter.
    Key(K),
}

/// Rows in the order of the list, and whether there are more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<R> {
    /// The rows.
    pub rows: Vec<R>,
    /// Whether rows lie before the first.
    pub more_before: bool,
    /// Whether rows lie after the last.
    pub more_after: bool,
}

/// Which way a list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In the list's order, from the bound on, the bound included.
    Onwards,
    /// Against the list's order, the bound left out.
    Back,
}

/// In which order accounts are listed: those that the store keeps anyway, and those that it looks for. What
/// each login changes has no index, which each login would pay for: a page in an order by that is found by
/// looking at every account that the conditions leave, of which no more than the page is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// By name, the last one first.
    NameBack,
    /// By name too, for conditions that few accounts meet: all of them are looked at as they lie, which costs a
    /// tenth of going from name to name all over the table.
    Sought,
    /// As they were enrolled.
    Enrolled,
    /// As they were enrolled, the newest first.
    EnrolledBack,
    /// By the last success, the longest ago first; whoever never had one, before that.
    Last,
    /// By the last success, the latest first; whoever never had one, last.
    LastBack,
    /// By failures in a row, the fewest first.
    Fails,
    /// By failures in a row, the most first.
    FailsBack,
}

/// Where a reading of accounts begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// That account's name.
    pub name: String,
    /// What the order goes by, as that account had it when it was read; none: as it has it now. Accounts that
    /// change meanwhile must not let others be passed over or come twice.
    pub seen: Option<Seen>,
    /// Whether the account itself is left out.
    pub is_after: bool,
}

/// What an account had that orders go by and logins change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The last success, milliseconds since 1970.
    pub last: Option<i64>,
    /// Failures in a row.
    pub fails: u32,
}

impl Bound {
    /// An account and those beyond it.
    pub fn at(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            seen: None,
            is_after: false,
        }
    }

    /// Those beyond an account that was read.
    pub fn after(name: &str, seen: Seen) -> Self {
        Self {
            name: name.to_owned(),
            seen: Some(seen),
            is_after: true,
        }
    }
}

/// What a home page counts.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Accounts that are not removed.
    pub accounts: u64,
    /// Of these: disabled.
    pub disabled: u64,
    /// Of these: active, with no confirmed address.
    pub unconfirmed: u64,
    /// Of these: enrolled for longer than [`LONG`].
    pub unconfirmed_long: u64,
    /// Accounts whose newest delivery since the given moment no relay will ever take.
    pub bounced: u64,
    /// Names of those that may be locked, as many as were asked for.
    pub suspects: Vec<String>,
    /// Deliveries since the given moment.
    pub mails: u64,
    /// Of these: not taken.
    pub mails_failed: u64,
    /// The newest delivery.
    pub newest_mail: Option<Delivery>,
    /// Notices that wait to be sent.
    pub notices_due: u64,
}

/// Ends a read that has become pointless; it fails then. Where none is going on, nothing happens.
pub struct Stopper(rusqlite::InterruptHandle);

impl Stopper {
    /// Ends it.
    pub fn stop(&self) {
        self.0.interrupt();
    }
}

/// How long somebody may wait with a confirmation before it is worth a word.
pub const LONG: Span = Span::from_hours(7 * 24);

const LISTING: &str = "listing the accounts";

impl Store {
    /// What ends this store's reads, from another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper(self.connection.get_interrupt_handle())
    }

    /// A number that changes when another connection changed anything.
    pub fn change(&self) -> Result<i64, StoreError> {
        let _inside = inside::enter();
        self.connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))
            .map_err(StoreError::sqlite("looking for changes"))
    }

    /// Accounts that meet all conditions, read one way from one of them on.
    pub fn accounts_from(
        &self,
        now: &Now,
        conditions: &[Condition],
        row_limit: u32,
        (order, way, from): (Order, Way, Option<&Bound>),
        limit: u32,
    ) -> Result<Vec<Account>, StoreError> {
        self.read(LISTING, |connection| {
            let clause = clause(connection, now, conditions, row_limit)?;
            let mut accounts = page_of_accounts(connection, &clause, (order, way, from), limit)?;
            for account in &mut accounts {
                account.addresses = accounts::addresses(connection, account.id)?;
            }
            Ok(accounts)
        })
    }

    /// Those of the named active accounts whose newest delivery no relay will ever take.
    pub fn bounced_among(&self, names: &[&str]) -> Result<Vec<String>, StoreError> {
        self.read(LISTING, |connection| {
            let sql = "SELECT a.name FROM json_each(?) j JOIN accounts a ON a.name = j.value
                       WHERE a.state = 'active' AND
                         (SELECT d.outcome FROM deliveries d WHERE d.account = a.id
                          ORDER BY d.id DESC LIMIT 1) = 'permanent'";
            let names: Value = json!(names).to_string().into();
            rows(connection, LISTING, sql, &[names], |row| row.get(0))
        })
    }

    /// Names of accounts that are not removed and begin so.
    pub fn names_beginning(&self, begun: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        self.read(LISTING, |connection| {
            let sql = "SELECT name FROM accounts
                       WHERE name >= ? AND name < ? AND state <> 'removed' ORDER BY name LIMIT ?";
            let fixed = [begun.to_owned().into(), format!("{begun}\u{10ffff}").into()];
            let values = values::<String>(&fixed, None, limit);
            rows(connection, LISTING, sql, &values, |row| row.get(0))
        })
    }

    /// How many accounts meet all conditions.
    pub fn count_accounts(
        &self,
        now: &Now,
        conditions: &[Condition],
        row_limit: u32,
    ) -> Result<u64, StoreError> {
        let doing = "counting the accounts";
        self.read(doing, |connection| {
            let clause = clause(connection, now, conditions, row_limit)?;
            let sql = format!("SELECT count(*) FROM accounts a WHERE 1{}", clause.sql);
            count(connection, doing, &sql, &clause.values)
        })
    }

    /// Deliveries, newest first.
    pub fn deliveries_around(
        &self,
        account: Option<i64>,
        around: &Around<i64>,
        limit: u32,
    ) -> Result<Page<Delivery>, StoreError> {
        let doing = "listing the deliveries";
        self.read(doing, |connection| {
            let (sql, fixed): (&str, Vec<Value>) = match account {
                Some(account) => (" AND d.account = ?", vec![account.into()]),
                None => ("", Vec::new()),
            };
            page(around, limit, |way, bound: Option<&i64>, limit| {
                let edge = way.newest_first("d.id", bound.is_some());
                let sql = format!(
                    "SELECT {} FROM deliveries d LEFT JOIN accounts a ON a.id = d.account
                     WHERE 1{sql}{edge} LIMIT ?",
                    mails::DELIVERY
                );
                rows(
                    connection,
                    doing,
                    &sql,
                    &values(&fixed, bound, limit),
                    mails::delivery,
                )
            })
        })
    }

    /// What a home page counts; `since` is milliseconds since 1970, `suspects` how many to name.
    pub fn counts(
        &self,
        now: &Now,
        row_limit: u32,
        since: i64,
        suspects: u32,
    ) -> Result<Counts, StoreError> {
        let doing = "counting what there is";
        self.read(doing, |connection| {
            let total = |sql: &str, with: &[Value]| count(connection, doing, sql, with);
            let state = |state: &str| {
                let sql = "SELECT count(*) FROM accounts WHERE state = ?";
                total(sql, &[state.to_owned().into()])
            };
            let disabled = state("disabled")?;
            let long_ago = now.wall.millis().saturating_sub(LONG.millis());
            let suspect = [Condition {
                negated: false,
                test: Test::State(vec![Kept::Suspect]),
            }];
            let clause = clause(connection, now, &suspect, row_limit)?;
            let suspects = page_of_accounts(
                connection,
                &clause,
                (Order::Name, Way::Onwards, None),
                suspects,
            )?;
            let newest_mail = connection
                .prepare_cached(&format!(
                    "SELECT {} FROM deliveries d LEFT JOIN accounts a ON a.id = d.account
                     ORDER BY d.id DESC LIMIT 1",
                    mails::DELIVERY
                ))
                .and_then(|mut statement| statement.query_row([], mails::delivery).optional())
                .map_err(StoreError::sqlite(doing))?;
            // All accounts are gone through for it: once.
            let waiting = connection
                .prepare_cached(
                    "SELECT count(*), coalesce(sum(a.created_wall < ?), 0) FROM accounts a
                     WHERE a.state = 'active' AND NOT EXISTS
                       (SELECT 1 FROM addresses d
                        WHERE d.account = a.id AND d.confirmed_wall IS NOT NULL)",
                )
                .and_then(|mut all| {
                    all.query_row([long_ago], |row| Ok([row.get::<_, i64>(0)?, row.get(1)?]))
                })
                .map_err(StoreError::sqlite(doing))?;
            let [unconfirmed, unconfirmed_long] = waiting;
            Ok(Counts {
                accounts: state("active")?.saturating_add(disabled),
                disabled,
                unconfirmed: unconfirmed.unsigned_abs(),
                unconfirmed_long: unconfirmed_long.unsigned_abs(),
                bounced: total(
                    "SELECT count(*) FROM deliveries d JOIN accounts a ON a.id = d.account
                     WHERE d.at_wall >= ? AND d.outcome = 'permanent' AND a.state = 'active'
                       AND NOT EXISTS (SELECT 1 FROM deliveries n
                                       WHERE n.account = d.account AND n.id > d.id)",
                    &[since.into()],
                )?,
                suspects: suspects.into_iter().map(|account| account.name).collect(),
                mails: total(
                    "SELECT count(*) FROM deliveries WHERE at_wall >= ?",
                    &[since.into()],
                )?,
                mails_failed: total(
                    "SELECT count(*) FROM deliveries
                     WHERE at_wall >= ? AND outcome <> 'accepted'",
                    &[since.into()],
                )?,
                newest_mail,
                notices_due: total(
                    "SELECT count(*) FROM outbox WHERE state IN ('due', 'claimed')",
                    &[],
                )?,
            })
        })
    }
}

impl Way {
    /// The end of a statement over a list whose highest key comes first.
    fn newest_first(self, key: &str, bounded: bool) -> String {
        match (self, bounded) {
            (Self::Onwards, true) => format!(" AND {key} <= ? ORDER BY {key} DESC"),
            (Self::Onwards, false) => format!(" ORDER BY {key} DESC"),
            (Self::Back, true) => format!(" AND {key} > ? ORDER BY {key}"),
            (Self::Back, false) => format!(" ORDER BY {key}"),
        }
    }
}

#[cfg(test)]
impl Store {
    /// One wrong code now for every account, for tests.
    pub(crate) fn suspect_all(&self) {
        self.connection
            .execute_batch(
                "INSERT INTO guesses (account, factor, right, source, at_store, at_wall)
                 SELECT id, 'code', 0, 'ip:203.0.113.9', 1000000000000000, 0 FROM accounts
                 WHERE name <> 'root'",
            )
            .unwrap();
    }
}

/// Puts a page together from reading onwards and back; one row more is read on each side than is
/// given, to know whether there are more.
fn page<K, R>(
    around: &Around<K>,
    limit: u32,
    read: impl Fn(Way, Option<&K>, u32) -> Result<Vec<R>, StoreError>,
) -> Result<Page<R>, StoreError> {
    let room = usize::try_from(limit).unwrap_or(usize::MAX);
    let read = |way, bound| -> Result<(Vec<R>, bool), StoreError> {
        let mut rows = read(way, bound, limit.saturating_add(1))?;
        let more = rows.len() > room;
        rows.truncate(room);
        Ok((rows, more))
    };
    Ok(match around {
        Around::First => {
            let (rows, more_after) = read(Way::Onwards, None)?;
            Page {
                rows,
                more_before: false,
                more_after,
            }
        }
        Around::Last => {
            let (mut rows, more_before) = read(Way::Back, None)?;
            rows.reverse();
            Page {
                rows,
                more_before,
                more_after: false,
            }
        }
        Around::Key(key) => {
            let (mut rows, more_before) = read(Way::Back, Some(key))?;
            rows.reverse();
            let (onwards, more_after) = read(Way::Onwards, Some(key))?;
            rows.extend(onwards);
            Page {
                rows,
                more_before,
                more_after,
            }
        }
    })
}

/// What a statement's placeholders stand for, in order.
fn values<K: Clone + Into<Value>>(fixed: &[Value], bound: Option<&K>, limit: u32) -> Vec<Value> {
    let mut values = fixed.to_vec();
    values.extend(bound.cloned().map(Into::into));
    values.push(i64::from(limit).into());
    values
}

fn rows<R>(
    connection: &Connection,
    doing: &'static str,
    sql: &str,
    values: &[Value],
    row: fn(&Row<'_>) -> Result<R, rusqlite::Error>,
) -> Result<Vec<R>, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement
                .query_map(params_from_iter(bind(values)), row)?
                .collect()
        })
        .map_err(StoreError::sqlite(doing))
}

fn count(
    connection: &Connection,
    doing: &'static str,
    sql: &str,
    values: &[Value],
) -> Result<u64, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement.query_row(params_from_iter(bind(values)), |row| row.get::<_, i64>(0))
        })
        .map(|count| u64::try_from(count).unwrap_or(0))
        .map_err(StoreError::sqlite(doing))
}

fn bind(values: &[Value]) -> impl Iterator<Item = &dyn ToSql> {
    values.iter().map(|value| value as &dyn ToSql)
}

#[cfg(test)]
mod tests;
