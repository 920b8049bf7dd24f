//! How long events are kept. The oldest are purged by age and by number; the chain that is left stays
//! verifiable, since the last purged event's number and hash are kept as its anchor.
//!
//! An age is told on the store's own clock: a wall clock that jumps a year ahead purges nothing. A
//! purge is announced by an event of its own, which vouches for the anchor, and which is younger than
//! anything that it removes.

use gatepost_words::time::{Span, StoreTime};
use rusqlite::{Connection, Transaction, params};
use serde_json::{Value, json};

use super::accounts::Actor;
use super::chain::check_chain;
use super::error::StoreError;
use super::events::{self, Anchor, Event};
use super::kinds::Kind;
use super::{Store, clock};
use crate::host::Now;
use crate::policy::limits::MOST_EVENTS;

/// Events a transaction removes at the most: each is checked before it goes.
const BATCH: i64 = 1000;
const DAY: Span = Span::from_hours(24);
const DOING: &str = "purging old events";

impl Store {
    /// Removes the events that are older than `keep`, and the oldest of more than [`MOST_EVENTS`];
    /// how many. A chain that is broken there is left as it is, for whoever looks into it.
    pub(super) fn purge_events(&mut self, now: &Now, keep: Span) -> Result<i64, StoreError> {
        self.purge_events_over(now, keep, MOST_EVENTS)
    }

    /// As [`Self::purge_events`], at an administrator's word.
    pub fn prune_events(
        &mut self,
        now: &Now,
        keep: Span,
        actor: &Actor,
        reason: &str,
    ) -> Result<i64, StoreError> {
        let who = actor.sign(json!({"reason": reason}));
        self.purge_events_as(now, keep, MOST_EVENTS, &who)
    }

    /// The last event that was purged, and the last that would go: after the first up to the second.
    pub fn prunable_events(&self, now: &Now, keep: Span) -> Result<(i64, i64), StoreError> {
        self.read(DOING, |connection| {
            let at = clock::read(connection, now)?.store;
            let kept = events::anchor(connection).map_err(StoreError::sqlite(DOING))?;
            let gone = kept.map_or(0, |anchor| anchor.seq);
            let due = old_enough(connection, at, keep, MOST_EVENTS);
            Ok((gone, due.map_err(StoreError::sqlite(DOING))?))
        })
    }

    /// As [`Self::purge_events`], with another ceiling for tests.
    fn purge_events_over(&mut self, now: &Now, keep: Span, most: i64) -> Result<i64, StoreError> {
        self.purge_events_as(now, keep, most, &json!({}))
    }

    /// `who` is what the announcement says beside what goes.
    fn purge_events_as(
        &mut self,
        now: &Now,
        keep: Span,
        most: i64,
        who: &Value,
    ) -> Result<i64, StoreError> {
        let (first, through) = self.write(DOING, |tx| {
            let at = clock::advance(tx, now)?;
            let due = due(tx, at, keep, most).map_err(StoreError::sqlite(DOING))?;
            let kept = events::anchor(tx).map_err(StoreError::sqlite(DOING))?;
            Ok((kept.map_or(0, |anchor| anchor.seq), due))
        })?;
        if through <= first {
            return Ok(0);
        }
        // Looked at before it is announced: a chain that is broken gets no event at each try.
        let head = self.read(DOING, |connection| unbroken(connection, through))?;
        let mut detail = json!({"events": through - first, "through": through, "head": head});
        if let (Value::Object(fields), Value::Object(who)) = (&mut detail, who) {
            fields.extend(who.clone());
        }
        let event = Event {
            kind: Kind::Purged,
            account: "",
            service: "",
            source: "",
            conversation: None,
            detail,
        };
        if !self.announce(now, through, &event)? {
            return Ok(0);
        }
        while self.write(DOING, |tx| purge_batch(tx, through))? < through {}
        Ok(through - first)
    }

    /// Announces a purge, unless another upkeep was quicker: an announcement that lies behind the anchor
    /// would look like tampering.
    fn announce(&mut self, now: &Now, through: i64, event: &Event<'_>) -> Result<bool, StoreError> {
        self.write(DOING, |tx| {
            let kept = events::anchor(tx).map_err(StoreError::sqlite(DOING))?;
            let ahead = kept.is_none_or(|anchor| anchor.seq < through);
            if ahead {
                events::append(tx, now.wall, event)?;
            }
            Ok(ahead)
        })
    }
}

/// The newest event that may go; marks the day on the way.
fn due(tx: &Transaction<'_>, at: StoreTime, keep: Span, most: i64) -> Result<i64, rusqlite::Error> {
    let last: i64 = tx.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| {
        row.get(0)
    })?;
    let today = at.millis() - at.millis().rem_euclid(DAY.millis());
    tx.execute(
        "INSERT INTO event_days SELECT ?1, ?2
         WHERE NOT EXISTS (SELECT 1 FROM event_days WHERE from_store >= ?3)",
        params![at.millis(), last, today],
    )?;
    let old = old_enough(tx, at, keep, most)?;
    // One mark of that age stays: all older ones say less.
    tx.execute(
        "DELETE FROM event_days WHERE from_store <
         (SELECT max(from_store) FROM event_days WHERE from_store <= ?1)",
        [at.minus(keep).millis()],
    )?;
    Ok(old)
}

/// The newest event that is past its keep, or one too many.
fn old_enough(
    connection: &Connection,
    at: StoreTime,
    keep: Span,
    most: i64,
) -> Result<i64, rusqlite::Error> {
    // What was there when a mark was made is at least as old as the mark.
    connection.query_row(
        "SELECT max(coalesce((SELECT max(seq) FROM event_days WHERE from_store <= ?1), 0),
                    coalesce((SELECT max(seq) FROM events), 0) - ?2)",
        params![at.minus(keep).millis(), most],
        |row| row.get(0),
    )
}

/// Removes a batch that follows from the anchor and moves the anchor on; to where.
fn purge_batch(tx: &Transaction<'_>, through: i64) -> Result<i64, StoreError> {
    let gone = events::anchor(tx)
        .map_err(StoreError::sqlite(DOING))?
        .map_or(0, |anchor| anchor.seq);
    // Another upkeep may have been quicker.
    if gone >= through {
        return Ok(gone);
    }
    let upto = through.min(gone + BATCH);
    let head = unbroken(tx, upto)?;
    let anchor = Anchor { seq: upto, head };
    events::set_anchor(tx, &anchor)
        .and_then(|()| {
            tx.prepare_cached("DELETE FROM events WHERE seq <= ?1")?
                .execute([upto])
        })
        .map_err(StoreError::sqlite(DOING))?;
    Ok(upto)
}

/// The hash of event `upto`, where the chain reaches it unbroken.
fn unbroken(connection: &Connection, upto: i64) -> Result<String, StoreError> {
    let chain = check_chain(connection, upto).map_err(StoreError::sqlite(DOING))?;
    if chain.broken_at.is_none() && chain.last == upto {
        return Ok(chain.head);
    }
    let at = chain.broken_at.unwrap_or(chain.last + 1);
    let what = format!(
        "the chain of events is broken at event {at}, so nothing of it is purged: gatepost audit \
         verify"
    );
    Err(StoreError::odd(DOING, what))
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::{Span, Wall};
    use serde_json::json;

    use crate::host::Host;
    use crate::host::tests::Fixed;
    use crate::store::Store;
    use crate::store::events::Event;
    use crate::store::kinds::Kind;

    const KEEP: Span = Span::from_hours(400 * 24);
    const MANY: i64 = 1_000_000;

    fn grow(store: &mut Store, events: u32) {
        for n in 0..events {
            let event = Event {
                kind: Kind::Opened,
                account: "alice",
                service: "sshd",
                source: "192.0.2.1",
                conversation: None,
                detail: json!({"n": n}),
            };
            store.record(Wall::from_millis(5), &event).unwrap();
        }
    }

    fn seqs(store: &Store) -> Vec<i64> {
        let events = store.events_after(0, 100_000).unwrap();
        events.into_iter().map(|event| event.seq).collect()
    }

    /// Ten events, of which a purge took six; it is event 11 itself.
    fn purged() -> Store {
        let mut store = Store::in_memory();
        let host = Fixed::new();
        grow(&mut store, 10);
        assert_eq!(store.purge_events_over(&host.now(), KEEP, 4).unwrap(), 6);
        store
    }

    // Mutants: due() goes by the wall clock of an event; a mark carries the beginning of its day.
    #[test]
    fn events_go_when_their_keep_is_over_on_the_stores_own_clock() {
        let mut store = Store::in_memory();
        let host = Fixed::new();
        let purge = |store: &mut Store| store.purge_events_over(&host.now(), KEEP, MANY).unwrap();
        assert_eq!(purge(&mut store), 0);
        // Into a day of the store's clock, which began with one.
        host.pass(Span::from_hours(29));
        grow(&mut store, 5);
        assert_eq!(purge(&mut store), 0);
        grow(&mut store, 5);
        // A wall clock that jumps ten years ahead makes nothing old.
        host.wall.set(host.wall.get() + 10 * 365 * 86_400_000);
        assert_eq!(purge(&mut store), 0);
        host.pass(Span::from_mins(400 * 24 * 60 - 1));
        assert_eq!(purge(&mut store), 0);
        host.pass(Span::from_mins(1));
        assert_eq!(purge(&mut store), 5);
        assert_eq!(seqs(&store), [6, 7, 8, 9, 10, 11]);
        assert_eq!(purge(&mut store), 0, "once");
        // What came between the marks goes with the next one.
        host.pass(Span::from_hours(400 * 24));
        assert_eq!(purge(&mut store), 5);
        assert_eq!(seqs(&store), [11, 12]);
        let chain = store.verify_chain().unwrap();
        assert_eq!((chain.events, chain.broken_at), (2, None));
    }

    // Mutants: the anchor is not kept; the announcement is not written; check_chain begins at zero.
    #[test]
    fn what_is_left_of_a_purged_chain_still_verifies() {
        let mut store = purged();
        assert_eq!(seqs(&store), [7, 8, 9, 10, 11]);
        let chain = store.verify_chain().unwrap();
        let anchor = chain.anchor.clone().unwrap();
        assert_eq!(
            (chain.first, chain.last, chain.broken_at, anchor.seq),
            (7, 11, None, 6)
        );
        let newest = store.events(None, None, 1).unwrap().remove(0);
        assert_eq!(newest.kind, "purged");
        assert_eq!(
            newest.detail,
            json!({"events": 6, "through": 6, "head": anchor.head})
        );
        grow(&mut store, 3);
        assert_eq!(store.verify_chain().unwrap().broken_at, None);
    }

    // Mutants: check_chain does not compare the anchor with its announcement; an anchor that is no
    // number counts as none.
    #[test]
    fn an_anchor_that_does_not_fit_is_a_break() {
        let head_of = "(SELECT lower(hex(hash)) FROM events WHERE seq = 8)";
        let tampers = [
            "DELETE FROM meta WHERE key = 'anchor'".to_owned(),
            "UPDATE meta SET value = 'x' WHERE key = 'anchor'".to_owned(),
            "UPDATE meta SET value = '6 ' WHERE key = 'anchor'".to_owned(),
            "UPDATE meta SET value = replace(value, '6 ', '5 ') WHERE key = 'anchor'".to_owned(),
            "DELETE FROM events WHERE seq = 7".to_owned(),
            "DELETE FROM events".to_owned(),
            // Two more are cut off, and the anchor is moved to where they ended.
            format!(
                "UPDATE meta SET value = '8 ' || {head_of} WHERE key = 'anchor';
                 DELETE FROM events WHERE seq <= 8"
            ),
            // All but nothing is cut off: no announcement is left.
            "DELETE FROM events WHERE seq > 10".to_owned(),
        ];
        for tamper in tampers {
            let store = purged();
            store.connection.execute_batch(&tamper).unwrap();
            assert!(
                store.verify_chain().unwrap().broken_at.is_some(),
                "{tamper}"
            );
        }
    }

    // Mutant: unbroken() takes every chain for whole.
    #[test]
    fn a_broken_chain_is_not_purged() {
        for (tamper, at) in [
            ("UPDATE events SET account = 'eve' WHERE seq = 3", 3),
            ("DELETE FROM events WHERE seq = 3", 4),
        ] {
            let mut store = Store::in_memory();
            let host = Fixed::new();
            grow(&mut store, 10);
            store.connection.execute_batch(tamper).unwrap();
            let before = seqs(&store);
            let refused = store
                .purge_events_over(&host.now(), KEEP, 4)
                .unwrap_err()
                .to_string();
            assert!(
                refused.contains(&format!("broken at event {at}")),
                "{refused}"
            );
            assert_eq!(seqs(&store), before, "nor is a purge announced");
        }
    }

    // Mutant: the loop ends after one batch, or a batch is not bounded.
    #[test]
    fn a_long_purge_goes_in_batches_and_may_be_cut_short() {
        let mut store = Store::in_memory();
        let host = Fixed::new();
        grow(&mut store, 2510);
        store.write("", |tx| super::purge_batch(tx, 2500)).unwrap();
        assert_eq!(seqs(&store).len(), 1510, "one batch");
        // Nobody announced that batch, as no purge would do it.
        assert_eq!(store.verify_chain().unwrap().broken_at, Some(1001));
        let purged = store.purge_events_over(&host.now(), KEEP, 10).unwrap();
        assert_eq!(purged, 1500);
        assert_eq!(store.verify_chain().unwrap().broken_at, None);
        assert_eq!(seqs(&store).len(), 11);
    }

    // Mutant: a purge is announced without another look at the anchor.
    #[test]
    fn the_slower_of_two_upkeeps_announces_nothing() {
        let mut store = purged();
        let behind = store.verify_chain().unwrap().first - 2;
        let event = Event {
            kind: Kind::Purged,
            account: "",
            service: "",
            source: "",
            conversation: None,
            detail: json!({"events": 1, "through": behind, "head": "00".repeat(32)}),
        };
        let now = Fixed::new().now();
        assert!(!store.announce(&now, behind, &event).unwrap());
        assert_eq!(store.verify_chain().unwrap().broken_at, None);
    }
}
