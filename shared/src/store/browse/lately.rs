//! How sign-ins, guesses and deliveries ended of late, as moments to be counted by the hour or the day.
//!
//! Each read takes rows by an index, the newest first, and ends at the first that are too old or after as
//! many as its caller allows: what it costs does not grow with the log.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::bind;
use crate::host::Now;
use crate::store::error::StoreError;
use crate::store::signin::lets_in;
use crate::store::{Store, clock, guesses};

/// What ended since a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// The newest first.
    pub ends: Vec<End>,
    /// Whether there may be more that were not looked at.
    pub cut: bool,
}

/// How something ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// When, milliseconds since 1970.
    pub at: i64,
    /// Whether somebody was let in, the guess was right, or the mail was taken.
    pub went_well: bool,
    /// Of a sign-in of one account: at which service.
    pub service: String,
}

/// From when on, in milliseconds since 1970, and how many rows are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// From when on.
    pub since: i64,
    /// How many rows.
    pub most: u32,
}

/// Rows in a row that are too old, after which older ones are not looked for: a clock that was wrong for a
/// while leaves a few among newer ones.
const STRAYS: u32 = 64;

const DECISIONS: &str = "SELECT at_wall, kind, CASE WHEN json_valid(detail)
        THEN json_extract(detail, '$.decision') END, '' FROM events
     WHERE kind = 'decision' ORDER BY seq DESC LIMIT ?";
const DECISIONS_OF: &str =
    "SELECT at_wall, kind, CASE WHEN kind = 'decision' AND json_valid(detail)
        THEN json_extract(detail, '$.decision') END, service FROM events
     WHERE account = ? ORDER BY seq DESC LIMIT ?";
const GUESSES: &str = "SELECT at_wall, right FROM guesses
     WHERE at_store > ? ORDER BY at_store DESC LIMIT ?";
const DELIVERIES: &str = "SELECT at_wall, outcome = 'accepted' FROM deliveries
     WHERE at_wall >= ? ORDER BY at_wall DESC LIMIT ?";

impl Store {
    /// How sign-ins ended.
    pub fn decisions_lately(&self, reach: Reach) -> Result<Lately, StoreError> {
        let doing = "counting the sign-ins";
        self.read(doing, |connection| {
            lately(connection, DECISIONS, &[], reach, decision).map_err(StoreError::sqlite(doing))
        })
    }

    /// How an account's sign-ins ended. All of its events are looked at: sign-ins alone have no index.
    pub fn decisions_of_lately(&self, account: &str, reach: Reach) -> Result<Lately, StoreError> {
        let doing = "counting an account's sign-ins";
        self.read(doing, |connection| {
            let account = [account.to_owned().into()];
            lately(connection, DECISIONS_OF, &account, reach, decision)
                .map_err(StoreError::sqlite(doing))
        })
    }

    /// How guesses ended, of the last day.
    pub fn guesses_lately(&self, now: &Now, reach: Reach) -> Result<Lately, StoreError> {
        let doing = "counting the wrong codes";
        self.read(doing, |connection| {
            let day_ago = clock::read(connection, now)?.store.minus(guesses::DAY);
            let bound = [day_ago.millis().into()];
            lately(connection, GUESSES, &bound, reach, ending).map_err(StoreError::sqlite(doing))
        })
    }

    /// How deliveries ended.
    pub fn deliveries_lately(&self, reach: Reach) -> Result<Lately, StoreError> {
        let doing = "counting the deliveries";
        self.read(doing, |connection| {
            let bound = [reach.since.into()];
            lately(connection, DELIVERIES, &bound, reach, ending).map_err(StoreError::sqlite(doing))
        })
    }
}

/// Reads rows, the newest first, until they are too old or too many.
fn lately(
    connection: &Connection,
    sql: &str,
    bound: &[Value],
    reach: Reach,
    end: fn(&Row<'_>) -> Result<Option<End>, rusqlite::Error>,
) -> Result<Lately, rusqlite::Error> {
    let mut bound = bound.to_vec();
    // One more, to know whether there are more.
    bound.push(i64::from(reach.most).saturating_add(1).into());
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(bind(&bound)))?;
    let (mut found, mut looked_at, mut strays) = (Lately::default(), 0, 0);
    while let Some(row) = rows.next()? {
        looked_at += 1;
        found.cut = looked_at > reach.most;
        if found.cut {
            break;
        }
        if row.get::<_, i64>(0)? < reach.since {
            strays += 1;
            if strays >= STRAYS {
                break;
            }
            continue;
        }
        strays = 0;
        found.ends.extend(end(row)?);
    }
    Ok(found)
}

/// A decision; none where the row is of another kind.
fn decision(row: &Row<'_>) -> Result<Option<End>, rusqlite::Error> {
    if row.get_ref(1)?.as_str()? != "decision" {
        return Ok(None);
    }
    // A detail that somebody broke let nobody in.
    let word = row.get_ref(2)?.as_str().unwrap_or_default();
    Ok(Some(End {
        at: row.get(0)?,
        went_well: lets_in(word),
        service: row.get(3)?,
    }))
}

fn ending(row: &Row<'_>) -> Result<Option<End>, rusqlite::Error> {
    Ok(Some(End {
        at: row.get(0)?,
        went_well: row.get(1)?,
        service: String::new(),
    }))
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::{Span, Wall};
    use serde_json::json;

    use super::{DECISIONS, DECISIONS_OF, DELIVERIES, End, GUESSES, Reach, STRAYS};
    use crate::host::Host;
    use crate::host::tests::Fixed;
    use crate::store::Store;
    use crate::store::events::Event;
    use crate::store::kinds::Kind;

    const HOUR: i64 = 3_600_000;
    const ALL: Reach = Reach {
        since: 0,
        most: 1_000,
    };

    fn record(store: &mut Store, at: i64, kind: Kind, account: &str, word: &str) {
        let event = Event {
            kind,
            account,
            service: "sshd",
            source: "",
            conversation: None,
            detail: json!({"decision": word}),
        };
        store.record(Wall::from_millis(at), &event).unwrap();
    }

    fn moments(ends: &[End]) -> Vec<(i64, bool)> {
        ends.iter().map(|end| (end.at, end.went_well)).collect()
    }

    // Mutants: any event is a sign-in; refused is let in; an account's are everybody's; since is left out.
    #[test]
    fn sign_ins_are_found_with_how_they_ended() {
        let mut store = Store::in_memory();
        for (at, kind, account, word) in [
            (10, Kind::Decision, "alice", "success"),
            (20, Kind::Guess, "alice", "success"),
            (30, Kind::Decision, "bob", "refuse"),
            (40, Kind::Decision, "alice", "lost"),
            (50, Kind::Decision, "alice", "skip"),
            (60, Kind::Decision, "alice", "ignore"),
        ] {
            record(&mut store, at, kind, account, word);
        }
        let of_all = store.decisions_lately(ALL).unwrap();
        let ends = [(60, true), (50, true), (40, false), (30, false), (10, true)];
        assert_eq!((moments(&of_all.ends), of_all.cut), (ends.to_vec(), false));
        let of_alice = store.decisions_of_lately("alice", ALL).unwrap();
        let ends = [(60, true), (50, true), (40, false), (10, true)];
        assert_eq!(moments(&of_alice.ends), ends);
        assert!(of_alice.ends.iter().all(|end| end.service == "sshd"));
        let reach = Reach { since: 40, ..ALL };
        let newer = store.decisions_lately(reach).unwrap();
        assert_eq!(moments(&newer.ends), [(60, true), (50, true), (40, false)]);
        assert!(!newer.cut);
    }

    // Mutants: no bound; a bound that is met is one that cuts; rows of other kinds are free.
    #[test]
    fn not_more_rows_are_looked_at_than_allowed() {
        let mut store = Store::in_memory();
        for at in 0..6 {
            let kind = if at % 2 == 0 {
                Kind::Decision
            } else {
                Kind::Guess
            };
            record(&mut store, at, kind, "alice", "success");
        }
        for (most, of_all, cut, of_alice, cut_of_alice) in [
            (2, 2, true, 1, true),
            (3, 3, false, 1, true),
            (4, 3, false, 2, true),
            (6, 3, false, 3, false),
        ] {
            let reach = Reach { since: 0, most };
            let found = store.decisions_lately(reach).unwrap();
            assert_eq!((found.ends.len(), found.cut), (of_all, cut), "{most}");
            let found = store.decisions_of_lately("alice", reach).unwrap();
            let got = (found.ends.len(), found.cut);
            assert_eq!(got, (of_alice, cut_of_alice), "{most}");
        }
    }

    // Mutants: the first row that is too old ends the reading; nothing does.
    #[test]
    fn a_wall_clock_that_was_wrong_for_a_while_hides_nothing_before_it() {
        let mut store = Store::in_memory();
        for at in [100, 110, 1, 2, 120] {
            record(&mut store, at, Kind::Decision, "alice", "success");
        }
        let reach = Reach { since: 100, ..ALL };
        let found = store.decisions_lately(reach).unwrap();
        let ends = [(120, true), (110, true), (100, true)];
        assert_eq!(moments(&found.ends), ends);
        for _ in 0..STRAYS {
            record(&mut store, 1, Kind::Decision, "alice", "success");
        }
        assert!(store.decisions_lately(reach).unwrap().ends.is_empty());
    }

    // Mutants: what is no JSON is given to json_extract; what is no text stops the list.
    #[test]
    fn a_detail_that_somebody_broke_let_nobody_in() {
        let mut store = Store::in_memory();
        for at in [10, 20, 30] {
            record(&mut store, at, Kind::Decision, "alice", "success");
        }
        let sql = "UPDATE events SET detail = '{' WHERE seq = 1;
                   UPDATE events SET detail = '{\"decision\": 1}' WHERE seq = 2";
        store.connection.execute_batch(sql).unwrap();
        let found = store.decisions_lately(ALL).unwrap();
        let ends = [(30, true), (20, false), (10, false)];
        assert_eq!(moments(&found.ends), ends);
        assert_eq!(store.decisions_of_lately("alice", ALL).unwrap(), {
            let mut of_alice = found;
            let services = of_alice.ends.iter_mut().map(|end| &mut end.service);
            services.for_each(|service| *service = "sshd".to_owned());
            of_alice
        });
    }

    // Mutants: guesses of all time are read; a delivery before the moment is; right and wrong are confused.
    #[test]
    fn guesses_and_deliveries_are_those_of_the_window() {
        let store = Store::in_memory();
        let clock = Fixed::new();
        let change = |sql: &str| store.connection.execute_batch(sql).unwrap();
        change(
            "INSERT INTO accounts (name, uid, state, created_wall) VALUES ('alice', 1, 'active', 0)",
        );
        // A new store's clock shows a day, and goes on with the host's.
        for (age, right) in [(0, 0), (HOUR, 1), (25 * HOUR, 0)] {
            let at = 24 * HOUR - age;
            change(&format!(
                "INSERT INTO guesses (account, factor, right, source, at_store, at_wall)
                 VALUES (1, 'code', {right}, '', {at}, {at})"
            ));
        }
        let found = store.guesses_lately(&clock.now(), ALL).unwrap();
        let ends = [(24 * HOUR, false), (23 * HOUR, true)];
        assert_eq!(moments(&found.ends), ends);
        clock.pass(Span::from_hours(1));
        for (at, outcome) in [(10, "accepted"), (20, "permanent"), (30, "accepted")] {
            change(&format!(
                "INSERT INTO deliveries (kind, relay, outcome, reply, message_id, millis, at_wall)
                 VALUES ('code', '', '{outcome}', '', '', 1, {at})"
            ));
        }
        let reach = Reach { since: 20, most: 9 };
        let found = store.deliveries_lately(reach).unwrap();
        assert_eq!(moments(&found.ends), [(30, true), (20, false)]);
    }

    // Mutants: an ORDER BY that no index has; a condition that scans.
    #[test]
    fn every_read_goes_by_an_index_and_sorts_nothing() {
        let store = Store::in_memory();
        for (sql, index) in [
            (DECISIONS, "events USING INDEX events_by_kind (kind=?)"),
            (
                DECISIONS_OF,
                "events USING INDEX events_by_account (account=?)",
            ),
            (GUESSES, "guesses USING INDEX guesses_by_age (at_store>?)"),
            (
                DELIVERIES,
                "deliveries USING INDEX deliveries_by_age (at_wall>?)",
            ),
        ] {
            let explain = format!("EXPLAIN QUERY PLAN {sql}");
            let mut statement = store.connection.prepare(&explain).unwrap();
            let values = vec![1; statement.parameter_count()];
            let steps = statement
                .query_map(rusqlite::params_from_iter(values), |row| row.get(3))
                .unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            assert_eq!(steps, [format!("SEARCH {index}")], "{sql}");
        }
    }
}
