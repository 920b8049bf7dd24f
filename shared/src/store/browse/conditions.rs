//! What an account's row must be like to be listed: conditions as values, and as SQL.

use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::json;

use crate::host::Now;
use crate::policy::network::Network;
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
    /// It has one of these names.
    OneOf(Vec<String>),
    /// A wrong code of the last days, or a success of the last month, came from this network.
    From(Network),
    /// How its last mail ended.
    Mail(Fate),
}

/// How a mail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A relay refused it for good.
    Bounced,
    /// It was not taken, for whatever reason.
    Failed,
    /// It was taken.
    Accepted,
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
        let test = &known(connection, test)?;
        let sql = test_sql(test, now, day_ago.millis(), row_limit, &mut clause.values);
        let not = if *negated { " AND NOT (" } else { " AND (" };
        for part in [not, sql.as_str(), ")"] {
            clause.sql.push_str(part);
        }
    }
    Ok(clause)
}

/// A test once what it needs of other tables is known.
enum Asked<'a> {
    Test(&'a Test),
    /// Sources that lie in the network that was asked for.
    From(Vec<String>),
}

fn known<'a>(connection: &Connection, test: &'a Test) -> Result<Asked<'a>, StoreError> {
    match test {
        Test::From(network) => sources_in(connection, *network).map(Asked::From),
        Test::Has(_)
        | Test::State(_)
        | Test::Failures(..)
        | Test::Last(..)
        | Test::Uid(_)
        | Test::Begins(_)
        | Test::Named(_)
        | Test::OneOf(_)
        | Test::Mail(_) => Ok(Asked::Test(test)),
    }
}

/// Every source that the rows know and that lies in a network. The rows have texts, which no index
/// sorts as networks: they are read, on whichever worker asked.
fn sources_in(connection: &Connection, network: Network) -> Result<Vec<String>, StoreError> {
    let failed = StoreError::sqlite;
    let doing = "looking for sources";
    let mut statement = connection
        .prepare_cached(
            "SELECT source FROM guesses WHERE right = 0 UNION SELECT source FROM known_sources",
        )
        .map_err(failed(doing))?;
    let mut rows = statement.query([]).map_err(failed(doing))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed(doing))? {
        let source: String = row.get(0).map_err(failed(doing))?;
        if lies_in(&source, network) {
            found.push(source);
        }
    }
    Ok(found)
}

/// Whether a source, as the rows have it, is an address of that network.
fn lies_in(source: &str, network: Network) -> bool {
    let Some(address) = source.strip_prefix("ip:") else {
        return false;
    };
    match address.strip_suffix("/64") {
        // Of IPv6 the rows keep the /64, so that a longer prefix asks for that.
        Some(address) => address
            .parse()
            .is_ok_and(|address| network.widened(64).covers(address)),
        None => address.parse().is_ok_and(|address| network.covers(address)),
    }
}

fn test_sql(
    asked: &Asked<'_>,
    now: &Now,
    day_ago: i64,
    row_limit: u32,
    values: &mut Vec<Value>,
) -> String {
    match asked {
        Asked::Test(Test::Has(needle)) => {
            let needle = needle.to_ascii_lowercase();
            values.extend([needle.clone().into(), needle.into()]);
            "instr(lower(a.name), ?) > 0 OR EXISTS (SELECT 1 FROM addresses d
             WHERE d.account = a.id AND instr(lower(d.address), ?) > 0)"
                .to_owned()
        }
        Asked::Test(Test::Begins(start)) => {
            // Names have no character beyond the last one that there is.
            values.extend([start.clone().into(), format!("{start}{}", char::MAX).into()]);
            "a.name >= ? AND a.name < ?".to_owned()
        }
        Asked::Test(Test::Named(needle)) => {
            values.push(needle.to_ascii_lowercase().into());
            "instr(lower(a.name), ?) > 0".to_owned()
        }
        Asked::Test(Test::State(states)) => {
            let any: Vec<String> = states
                .iter()
                .map(|state| state_sql(*state, day_ago, row_limit, values))
                .collect();
            any.join(" OR ")
        }
        Asked::Test(Test::Failures(side, count)) => {
            values.push(i64::from(*count).into());
            format!("a.failures_in_row {} ?", side.sign())
        }
        Asked::Test(Test::Last(side, millis)) => {
            values.push(now.wall.millis().saturating_sub(*millis).into());
            // Longer ago is an earlier moment.
            match side {
                Side::Above => "coalesce(a.success_wall, 0) < ?".to_owned(),
                Side::Below => "coalesce(a.success_wall, 0) > ?".to_owned(),
            }
        }
        Asked::Test(Test::Uid(uid)) => {
            values.push(i64::from(*uid).into());
            "a.uid = ?".to_owned()
        }
        Asked::Test(Test::OneOf(names)) => {
            values.push(json!(names).to_string().into());
            "a.name IN (SELECT value FROM json_each(?))".to_owned()
        }
        // Its sources were looked up.
        Asked::Test(Test::From(_)) => "0".to_owned(),
        Asked::From(sources) => {
            let sources = json!(sources).to_string();
            values.extend([sources.clone().into(), sources.into()]);
            "a.id IN (SELECT account FROM guesses WHERE right = 0
                        AND source IN (SELECT value FROM json_each(?))
                      UNION SELECT account FROM known_sources
                      WHERE source IN (SELECT value FROM json_each(?)))"
                .to_owned()
        }
        Asked::Test(Test::Mail(fate)) => {
            let is = match fate {
                Fate::Bounced => "= 'permanent'",
                Fate::Failed => "<> 'accepted'",
                Fate::Accepted => "= 'accepted'",
            };
            format!(
                "coalesce((SELECT d.outcome {is} FROM deliveries d WHERE d.account = a.id
                   ORDER BY d.id DESC LIMIT 1), 0)"
            )
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
            "(a.state = 'active' AND (a.held_wall IS NOT NULL OR a.failures_in_row >= ? OR a.id IN
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

#[cfg(test)]
mod tests {
    use super::lies_in;

    // Mutants: the prefix is off by one; no prefix matches nothing; v6 asks for more than a /64.
    #[test]
    fn a_source_lies_in_a_network() {
        let cases = [
            ("ip:203.0.113.9", "203.0.113.0/24", true),
            ("ip:203.0.114.9", "203.0.113.0/24", false),
            ("ip:203.0.114.9", "203.0.112.0/22", true),
            ("ip:203.0.113.9", "203.0.113.9/32", true),
            ("ip:203.0.113.8", "203.0.113.9/32", false),
            ("ip:203.0.113.8", "0.0.0.0/0", true),
            ("ip:2001:db8:0:1::/64", "2001:db8::/32", true),
            ("ip:2001:db8:0:1::/64", "2001:db8:0:1::7/128", true),
            ("ip:2001:db8:0:1::/64", "2001:db8:0:2::7/128", false),
            ("ip:2001:db8:0:1::/64", "203.0.113.9/0", false),
            ("uid:0", "0.0.0.0/0", false),
        ];
        for (source, network, is) in cases {
            let typed = network;
            let network = network.parse().unwrap();
            assert_eq!(lies_in(source, network), is, "{source} {typed}");
        }
    }
}
