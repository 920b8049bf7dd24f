//! Sign-ins that proved nothing: the first of them in an hour are recorded in full, the others
//! counted, so that strangers cannot fill the disk or push other people's events out of the log.
//!
//! Not a limit on them: each gets its prompt, its refusal and its line in the system log as before.
//! What is counted is told by one event for each hour, which upkeep writes.

use gatepost_words::ident::Source;
use gatepost_words::time::{Span, StoreTime};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::json;

use super::error::StoreError;
use super::events::{Event, append};
use super::kinds::Kind;
use super::{Store, clock};
use crate::host::{self, Now};
use crate::policy::limits::{STRANGER_SOURCES, STRANGERS_PER_HOUR, STRANGERS_PER_SOURCE};

/// What a conversation leaves in the log of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// Its own events.
    InFull,
    /// A number in the event of its hour.
    Counted,
}

/// The row with the sums of its hour; no source is empty.
const ALL: &str = "";
/// Sources that the event of an hour names.
const NAMED: u32 = 10;
const HOUR: Span = Span::from_hours(1);
const COUNTING: &str = "counting a sign-in that proved nothing";
const TELLING: &str = "telling how many sign-ins proved nothing";

/// Counts one more, and says what it leaves.
pub(super) fn count(
    tx: &Transaction<'_>,
    at: StoreTime,
    source: &Source,
) -> Result<Record, StoreError> {
    count_in(tx, hour(at), &source.network()).map_err(StoreError::sqlite(COUNTING))
}

fn count_in(tx: &Transaction<'_>, hour: i64, source: &str) -> Result<Record, rusqlite::Error> {
    let recorded = |source: &str| -> Result<Option<u32>, rusqlite::Error> {
        tx.prepare_cached("SELECT recorded FROM strangers WHERE from_store = ?1 AND source = ?2")?
            .query_row(params![hour, source], |row| row.get(0))
            .optional()
    };
    let (of_all, of_source) = (recorded(ALL)?.unwrap_or(0), recorded(source)?);
    let in_full = of_all < STRANGERS_PER_HOUR && of_source.unwrap_or(0) < STRANGERS_PER_SOURCE;
    // Sources can be as many as somebody has addresses; past a number they are in the sums alone.
    let named = of_source.is_some() || {
        let sources: u32 = tx
            .prepare_cached("SELECT count(*) FROM strangers WHERE from_store = ?1")?
            .query_row([hour], |row| row.get(0))?;
        sources <= STRANGER_SOURCES
    };
    let mut add = tx.prepare_cached(
        "INSERT INTO strangers VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET recorded = recorded + ?3, counted = counted + ?4",
    )?;
    add.execute(params![hour, ALL, in_full, !in_full])?;
    if named {
        add.execute(params![hour, source, in_full, !in_full])?;
    }
    Ok(if in_full {
        Record::InFull
    } else {
        Record::Counted
    })
}

/// The strangers of this hour and the one before, by source: when the hour began, and how many. No more
/// than [`STRANGER_SOURCES`] an hour are told apart.
pub(super) fn of_hours(
    connection: &Connection,
    at: StoreTime,
) -> Result<Vec<(i64, String, u32)>, rusqlite::Error> {
    let mut all = Vec::new();
    for from in [hour(at), hour(at) - HOUR.millis()] {
        let mut statement = connection.prepare_cached(
            "SELECT from_store, source, recorded + counted FROM strangers
             WHERE from_store = ?1 AND source <> ?2 LIMIT ?3",
        )?;
        let rows = statement.query_map(params![from, ALL, STRANGER_SOURCES + 1], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?;
        for row in rows {
            all.push(row?);
        }
    }
    Ok(all)
}

/// The hour that a time is in.
fn hour(at: StoreTime) -> i64 {
    at.millis() - at.millis().rem_euclid(HOUR.millis())
}

/// An hour that is over.
struct Hour {
    from: i64,
    recorded: i64,
    counted: i64,
    sources: i64,
}

impl Store {
    /// Writes the events of the hours that are over and forgets their counts; how many events.
    pub(super) fn tell_strangers(&mut self, now: &Now) -> Result<u32, StoreError> {
        let mut told = 0;
        // An hour a transaction, and none twice: this ends.
        while let Some(event) = self.write(TELLING, |tx| tell_one(tx, now))? {
            told += u32::from(event == Told::Event);
        }
        Ok(told)
    }
}

/// What became of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Event,
    /// All of it was recorded in full.
    Nothing,
}

fn tell_one(tx: &Transaction<'_>, now: &Now) -> Result<Option<Told>, StoreError> {
    let at = clock::advance(tx, now)?;
    let over = first_over(tx, hour(at)).map_err(StoreError::sqlite(TELLING))?;
    let Some(over) = over else { return Ok(None) };
    let most = most(tx, over.from).map_err(StoreError::sqlite(TELLING))?;
    forget(tx, over.from).map_err(StoreError::sqlite(TELLING))?;
    if over.counted == 0 {
        return Ok(Some(Told::Nothing));
    }
    // As people tell the time: as far back on the wall as it is on the store's own clock.
    let began = now.wall.minus(at.since(StoreTime::from_millis(over.from)));
    let event = Event {
        kind: Kind::Strangers,
        account: "",
        service: "",
        source: "",
        conversation: None,
        detail: json!({
            "from": host::rfc3339(began),
            "until": host::rfc3339(began.plus(HOUR)),
            "counted": over.counted,
            "recorded": over.recorded,
            "sources": over.sources,
            "most": most,
        }),
    };
    append(tx, now.wall, &event)?;
    Ok(Some(Told::Event))
}

fn first_over(tx: &Transaction<'_>, current: i64) -> Result<Option<Hour>, rusqlite::Error> {
    tx.prepare_cached(
        "SELECT from_store, recorded, counted,
                (SELECT count(*) FROM strangers o WHERE o.from_store = s.from_store) - 1
         FROM strangers s WHERE from_store < ?1 AND source = ?2 ORDER BY from_store LIMIT 1",
    )?
    .query_row(params![current, ALL], |row| {
        Ok(Hour {
            from: row.get(0)?,
            recorded: row.get(1)?,
            counted: row.get(2)?,
            sources: row.get(3)?,
        })
    })
    .optional()
}

/// The sources with most that was only counted.
fn most(tx: &Transaction<'_>, from: i64) -> Result<Vec<(String, i64)>, rusqlite::Error> {
    tx.prepare_cached(
        "SELECT source, counted FROM strangers
         WHERE from_store = ?1 AND source <> ?2 AND counted > 0
         ORDER BY counted DESC, source LIMIT ?3",
    )?
    .query_map(params![from, ALL, NAMED], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?
    .collect()
}

fn forget(tx: &Transaction<'_>, from: i64) -> Result<(), rusqlite::Error> {
    tx.prepare_cached("DELETE FROM strangers WHERE from_store = ?1")?
        .execute([from])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use gatepost_words::ident::{Service, Source};
    use gatepost_words::time::Span;
    use gatepost_words::wire::Proved;
    use serde_json::{Value, json};

    use crate::code::key::Tag;
    use crate::host::tests::Fixed;
    use crate::host::{Host, ProcessId};
    use crate::policy::limits::{Limits, STRANGER_SOURCES, STRANGERS_PER_HOUR};
    use crate::policy::rules::Groups;
    use crate::policy::{Policy, Unenrolled};
    use crate::store::Store;
    use crate::store::signin::{Fresh, Opening, Prompt, Recorded, Waiting, What};

    const KEEP: Span = Span::from_hours(400 * 24);

    /// A decoy stack's conversations, with nothing proved unless a test says otherwise.
    struct Door {
        store: Store,
        host: Fixed,
        process: ProcessId,
        proved: Proved,
    }

    impl Door {
        fn new() -> Self {
            Self {
                store: Store::in_memory(),
                host: Fixed::new(),
                process: ProcessId::own(),
                proved: Proved::Nothing,
            }
        }

        fn with<T>(
            &mut self,
            from: &str,
            act: impl FnOnce(&mut Store, &Fixed, &Opening<'_>) -> T,
        ) -> T {
            let service = Service::new("sshd").unwrap();
            let source = Source::from_pam(Some(from), None, 0);
            let rules = self.store.policy(&self.host.now()).unwrap();
            let opening = Opening {
                rules: &rules,
                person: None,
                typed: "eve",
                service: &service,
                source: &source,
                groups: &Groups::Unknown,
                host: "host01",
                process: self.process,
                proved: self.proved,
                decoy: true,
                detail: json!({}),
            };
            act(&mut self.store, &self.host, &opening)
        }

        fn begin(&mut self, from: &str) -> What {
            let policy = Policy {
                limits: Limits::default(),
                unenrolled: Unenrolled::Refuse,
            };
            let fresh = Fresh {
                id: [1; 16],
                reference: "K7QX".to_owned(),
                tag: Tag([0; 32]),
            };
            self.with(from, |store, host, opening| {
                store
                    .begin(&host.now(), opening, &policy, &fresh, None)
                    .unwrap()
                    .what
            })
        }

        fn close(&mut self, from: &str, waiting: &Waiting) -> Recorded {
            self.with(from, |store, host, opening| {
                let detail = json!({"why": "wrong"});
                store
                    .close(&host.now(), opening, waiting, "refuse", detail, None)
                    .unwrap()
                    .recorded
            })
        }

        /// One whole conversation: what its line in the system log is to say.
        fn refuse(&mut self, from: &str) -> Recorded {
            let What::Waiting(waiting) = self.begin(from) else {
                panic!("no prompt")
            };
            assert!(matches!(waiting.prompt, Prompt::Dummy));
            self.close(from, &waiting)
        }

        fn count(&self, sql: &str) -> i64 {
            self.store
                .connection
                .query_row(sql, [], |row| row.get(0))
                .unwrap()
        }

        fn decisions(&self) -> i64 {
            self.count("SELECT count(*) FROM events WHERE kind = 'decision'")
        }

        fn told(&self) -> Vec<Value> {
            let events = self.store.events_after(0, 10_000).unwrap();
            events
                .into_iter()
                .filter(|event| event.kind == "strangers")
                .map(|event| event.detail)
                .collect()
        }
    }

    // Mutants: count() always answers InFull; close() records what was only counted; the count is of
    // all sources at once, or of the whole life of the store.
    #[test]
    fn a_stranger_fills_no_log_and_nobody_elses() {
        let mut door = Door::new();
        let recorded = |door: &mut Door, from: &str, times: usize| {
            let ends: Vec<Recorded> = (0..times).map(|_| door.refuse(from)).collect();
            ends.iter().filter(|end| **end != Recorded::Counted).count()
        };
        assert_eq!(recorded(&mut door, "2001:db8::1", 15), 10);
        assert_eq!(recorded(&mut door, "2001:db8::2", 15), 0, "the same /64");
        assert_eq!(recorded(&mut door, "192.0.2.1", 15), 10);
        assert_eq!(door.decisions(), 20);
        assert_eq!(door.count("SELECT count(*) FROM events"), 40);
        assert_eq!(door.count("SELECT count(*) FROM conversations"), 0);
        // Another hour, another budget.
        door.host.pass(Span::from_hours(1));
        assert_eq!(recorded(&mut door, "192.0.2.1", 15), 10);
        assert_eq!(door.store.verify_chain().unwrap().broken_at, None);
    }

    // Mutant: what was proved is not looked at.
    #[test]
    fn whoever_proved_something_is_always_recorded() {
        let mut door = Door::new();
        for _ in 0..20 {
            door.refuse("192.0.2.1");
        }
        for proved in [Proved::Password, Proved::Key] {
            door.proved = proved;
            let before = door.decisions();
            for _ in 0..20 {
                assert_ne!(door.refuse("192.0.2.1"), Recorded::Counted);
            }
            assert_eq!(door.decisions(), before + 20);
        }
    }

    // Mutants: STRANGERS_PER_HOUR is not looked at; each source gets a row.
    #[test]
    fn many_strangers_fill_no_log_either() {
        let mut door = Door::new();
        for n in 0..400 {
            door.refuse(&format!("198.51.{}.{}", n / 200, n % 200));
        }
        assert_eq!(door.decisions(), i64::from(STRANGERS_PER_HOUR));
        assert_eq!(
            door.count("SELECT count(*) FROM strangers"),
            i64::from(STRANGER_SOURCES) + 1
        );
        assert_eq!(
            door.count("SELECT recorded + counted FROM strangers WHERE source = ''"),
            400
        );
    }

    // Mutants: the hour that still runs is told too; an hour is told twice; nothing is told.
    #[test]
    fn upkeep_tells_each_hour_in_one_event() {
        let mut door = Door::new();
        // To the beginning of an hour of the store's clock, which begins at one.
        for (from, times) in [("192.0.2.1", 13), ("192.0.2.2", 30), ("192.0.2.3", 2)] {
            for _ in 0..times {
                door.refuse(from);
            }
        }
        let now = door.host.now();
        assert_eq!(door.store.maintain(&now, KEEP).unwrap().strangers_told, 0);
        door.host.pass(Span::from_hours(1));
        // Nothing but what is recorded in full: no event is wanted.
        door.refuse("192.0.2.1");
        door.host.pass(Span::from_hours(1));
        let now = door.host.now();
        assert_eq!(door.store.maintain(&now, KEEP).unwrap().strangers_told, 1);
        assert_eq!(door.store.maintain(&now, KEEP).unwrap().strangers_told, 0);
        let [told] = door.told().try_into().unwrap();
        let from: jiff::Timestamp = told["from"].as_str().unwrap().parse().unwrap();
        assert_eq!(
            now.wall.millis() - from.as_millisecond(),
            Span::from_hours(2).millis()
        );
        assert_eq!(told["counted"], 23);
        assert_eq!(told["recorded"], 22);
        assert_eq!(told["sources"], 3);
        assert_eq!(
            told["most"],
            json!([["ip:192.0.2.2", 20], ["ip:192.0.2.1", 3]])
        );
        assert_eq!(door.count("SELECT count(*) FROM strangers"), 0);
        assert_eq!(door.store.verify_chain().unwrap().broken_at, None);
    }

    // Mutants: close_lost leaves an event for what was only counted, or leaves its row; crowd() does
    // not count such rows.
    #[test]
    fn who_is_only_counted_still_takes_a_place_and_gives_it_back() {
        let mut door = Door::new();
        for _ in 0..10 {
            door.refuse("192.0.2.1");
        }
        let events = door.count("SELECT count(*) FROM events");
        for _ in 0..64 {
            assert!(matches!(door.begin("192.0.2.1"), What::Waiting(_)));
        }
        let What::Crowded(closed) = door.begin("192.0.2.1") else {
            panic!("no place is taken")
        };
        assert_eq!(closed.recorded, Recorded::Counted);
        // All helpers die.
        let sql = "UPDATE conversations SET pid = 999999999";
        door.store.connection.execute(sql, []).unwrap();
        assert!(matches!(door.begin("192.0.2.1"), What::Waiting(_)));
        assert_eq!(door.count("SELECT count(*) FROM conversations"), 1);
        assert_eq!(door.count("SELECT count(*) FROM events"), events);
    }
}
