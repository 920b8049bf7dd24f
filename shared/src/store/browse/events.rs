//! Which events are wanted, as values and as SQL; pages of them around a number, and onwards from one.
//!
//! Account and kind have indexes. All else walks the log in the order of the page and stops when the
//! page is full, in one read that [`super::Stopper`] ends.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value;

use super::{Around, Page, page, rows, values};
use crate::policy::network::Network;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::events::{self, Hashed, Listed};
use crate::store::kinds::Kind;

/// What an event must be like to be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTerm {
    /// Whether the events that are *not* like that are wanted.
    pub negated: bool,
    /// What they must be like.
    pub asks: EventAsks,
}

/// What an event may be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventAsks {
    /// Of this account.
    Account(String),
    /// Of one of these kinds.
    Kind(Vec<Kind>),
    /// Of this service.
    Service(String),
    /// An administrator's act, by somebody whose name has this in it, whatever the case.
    Actor(String),
    /// From this source, as it is written there.
    Source(String),
    /// From an address in this network.
    Network(Network),
    /// At or after this moment, milliseconds since 1970.
    Since(i64),
    /// Before this moment.
    Until(i64),
}

/// Conditions of a statement over events, and what its placeholders stand for.
struct Clause {
    sql: String,
    values: Vec<Value>,
}

/// All terms together. The first account or single kind is left to its index; the others must not
/// tempt SQLite to sort what an index gave it in another order.
fn clause(connection: &Connection, terms: &[EventTerm]) -> Result<Clause, rusqlite::Error> {
    let mut clause = Clause {
        sql: String::new(),
        values: Vec::new(),
    };
    // An account has few events, and a kind may have millions.
    let has_account =
        |term: &EventTerm| !term.negated && matches!(term.asks, EventAsks::Account(_));
    let kind = if terms.iter().any(has_account) {
        "+kind"
    } else {
        "kind"
    };
    for EventTerm { negated, asks } in terms {
        let sql = asked(connection, asks, kind, &mut clause.values)?;
        let not = if *negated { " AND NOT (" } else { " AND (" };
        for part in [not, sql.as_str(), ")"] {
            clause.sql.push_str(part);
        }
    }
    Ok(clause)
}

/// `kind` is how the statement calls that column: with a plus before it, its index is passed over.
fn asked(
    connection: &Connection,
    asks: &EventAsks,
    kind: &str,
    values: &mut Vec<Value>,
) -> Result<String, rusqlite::Error> {
    let mut equal = |column: &str, value: &str| {
        values.push(value.to_owned().into());
        format!("{column} = ?")
    };
    Ok(match asks {
        EventAsks::Account(name) => equal("account", name),
        EventAsks::Kind(kinds) => match kinds.as_slice() {
            [one] => equal(kind, one.name()),
            kinds => {
                values.extend(kinds.iter().map(|kind| Value::from(kind.name().to_owned())));
                format!("+kind IN ({})", vec!["?"; kinds.len()].join(", "))
            }
        },
        EventAsks::Service(service) => equal("service", service),
        EventAsks::Source(source) => equal("source", source),
        EventAsks::Actor(name) => {
            values.push(name.to_lowercase().into());
            // A detail that somebody broke names nobody, and stops no list.
            "CASE WHEN json_valid(detail)
               THEN instr(lower(coalesce(json_extract(detail, '$.by'), '')), ?) > 0
               ELSE 0 END"
                .to_owned()
        }
        EventAsks::Network(network) => {
            know_networks(connection)?;
            values.push(network.to_string().into());
            "in_network(source, ?)".to_owned()
        }
        EventAsks::Since(at) => {
            values.push((*at).into());
            "at_wall >= ?".to_owned()
        }
        EventAsks::Until(at) => {
            values.push((*at).into());
            "at_wall < ?".to_owned()
        }
    })
}

/// Teaches this connection the function that tells whether an address lies in a network.
fn know_networks(connection: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function("in_network", 2, flags, |context| {
        let source = context.get_raw(0).as_str()?;
        let network = context.get_raw(1).as_str()?.parse::<Network>().ok();
        Ok(network
            .zip(source.parse().ok())
            .is_some_and(|(network, source)| network.covers(source)))
    })
}

impl Store {
    /// Events that meet all terms, newest first.
    pub fn events_around(
        &self,
        terms: &[EventTerm],
        around: &Around<i64>,
        limit: u32,
    ) -> Result<Page<Listed>, StoreError> {
        let doing = "reading the events";
        self.read(doing, |connection| {
            let clause = clause(connection, terms).map_err(StoreError::sqlite(doing))?;
            page(around, limit, |way, bound: Option<&i64>, limit| {
                let edge = way.newest_first("seq", bound.is_some());
                let sql = format!("SELECT * FROM events WHERE 1{}{edge} LIMIT ?", clause.sql);
                rows(
                    connection,
                    doing,
                    &sql,
                    &values(&clause.values, bound, limit),
                    events::listed,
                )
            })
        })
    }

    /// Events after `after` that meet all terms, oldest first, each with its hash.
    pub fn events_onwards(
        &self,
        terms: &[EventTerm],
        after: i64,
        limit: u32,
    ) -> Result<Vec<Hashed>, StoreError> {
        let doing = "reading the events";
        self.read(doing, |connection| {
            let clause = clause(connection, terms).map_err(StoreError::sqlite(doing))?;
            let sql = format!(
                "SELECT * FROM events WHERE 1{} AND seq > ? ORDER BY seq LIMIT ?",
                clause.sql
            );
            let values = values(&clause.values, Some(&after), limit);
            rows(connection, doing, &sql, &values, events::hashed)
        })
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::Wall;
    use serde_json::json;

    use super::{Around, EventAsks, EventTerm};
    use crate::store::Store;
    use crate::store::events::Event;
    use crate::store::kinds::Kind;

    fn filled() -> Store {
        let mut store = Store::in_memory();
        let rows = [
            (Kind::Decision, "alice", "sshd", "203.0.113.9", json!({})),
            (Kind::Decision, "bob", "sudo", "2001:db8::1", json!({})),
            (
                Kind::UserUnlock,
                "alice",
                "",
                "",
                json!({"by": "root (login Carol)"}),
            ),
            (
                Kind::Guess,
                "alice",
                "sshd",
                "::ffff:203.0.113.200",
                json!({}),
            ),
        ];
        for (at, (kind, account, service, source, detail)) in (1..).zip(rows) {
            let event = Event {
                kind,
                account,
                service,
                source,
                conversation: None,
                detail,
            };
            store.record(Wall::from_millis(at * 10), &event).unwrap();
        }
        store
    }

    // Mutants: negation is dropped; since and until are confused, or until has its own moment in it.
    #[test]
    fn each_term_finds_its_events_and_negated_the_others() {
        let store = filled();
        let network = |text: &str| EventAsks::Network(text.parse().unwrap());
        let cases: [(EventAsks, &[i64]); 10] = [
            (EventAsks::Account("alice".into()), &[4, 3, 1]),
            (EventAsks::Kind(vec![Kind::Guess]), &[4]),
            (
                EventAsks::Kind(vec![Kind::Guess, Kind::UserUnlock]),
                &[4, 3],
            ),
            (EventAsks::Service("sshd".into()), &[4, 1]),
            (EventAsks::Actor("carol".into()), &[3]),
            (EventAsks::Source("2001:db8::1".into()), &[2]),
            (network("203.0.113.0/24"), &[4, 1]),
            (network("2001:db8::/32"), &[2]),
            (EventAsks::Since(30), &[4, 3]),
            (EventAsks::Until(30), &[2, 1]),
        ];
        for (asks, found) in cases {
            for negated in [false, true] {
                let terms = [EventTerm {
                    negated,
                    asks: asks.clone(),
                }];
                let wanted: Vec<i64> = (1..=4)
                    .rev()
                    .filter(|seq| found.contains(seq) != negated)
                    .collect();
                let page = store.events_around(&terms, &Around::First, 10).unwrap();
                let seqs: Vec<i64> = page.rows.iter().map(|event| event.seq).collect();
                assert_eq!(seqs, wanted, "{negated} {asks:?}");
                let onwards = store.events_onwards(&terms, 1, 10).unwrap();
                let seqs: Vec<i64> = onwards.iter().map(|one| one.event.seq).collect();
                let after: Vec<i64> = wanted
                    .iter()
                    .rev()
                    .copied()
                    .filter(|seq| *seq > 1)
                    .collect();
                assert_eq!(seqs, after, "{negated} {asks:?}");
            }
        }
    }

    // Mutant: a detail that is no JSON is given to json_extract.
    #[test]
    fn a_detail_that_is_no_json_stops_no_list() {
        let store = filled();
        let sql = "UPDATE events SET detail = '{' WHERE seq = 1";
        store.connection.execute_batch(sql).unwrap();
        let terms = [EventTerm {
            negated: false,
            asks: EventAsks::Actor("carol".into()),
        }];
        let page = store.events_around(&terms, &Around::First, 10).unwrap();
        assert_eq!(page.rows.len(), 1);
    }

    // Mutants: an account's events of a kind are looked for among all of that kind; any term sorts.
    #[test]
    fn accounts_and_kinds_are_found_by_their_index() {
        let store = filled();
        let term = |asks| EventTerm {
            negated: false,
            asks,
        };
        let account = || term(EventAsks::Account("x".into()));
        let kind = || term(EventAsks::Kind(vec![Kind::Decision]));
        let service = || term(EventAsks::Service("sshd".into()));
        for (terms, index) in [
            (vec![account()], "account=?"),
            (vec![kind()], "kind=?"),
            (vec![account(), kind()], "account=?"),
            (vec![kind(), account()], "account=?"),
            (vec![service(), kind()], "kind=?"),
        ] {
            let clause = super::clause(&store.connection, &terms).unwrap();
            let sql = format!(
                "EXPLAIN QUERY PLAN SELECT * FROM events WHERE 1{} AND seq <= 9
                 ORDER BY seq DESC LIMIT 5",
                clause.sql
            );
            let values = rusqlite::params_from_iter(clause.values);
            let plan: String = store
                .connection
                .query_row(&sql, values, |row| row.get(3))
                .unwrap();
            assert!(plan.contains(index) && !plan.contains("B-TREE"), "{plan}");
        }
    }
}
