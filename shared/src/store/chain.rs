//! The check of the chain of events: a walk over all of them, in reads of a bounded length. One long
//! read would keep the write-ahead log from being emptied for as long as whoever asked takes, or has
//! their program stopped.

use rusqlite::Connection;

use super::Store;
use super::error::StoreError;
use super::events::{Anchor, Chain, Fields, anchor, announcement, bytes, hex};
use super::kinds::Kind;

/// Events that are checked in one read: some twenty milliseconds.
const BATCH: u64 = 10_000;

const DOING: &str = "checking the chain of events";

impl Store {
    /// Recomputes the whole chain, from its anchor on.
    pub fn verify_chain(&self) -> Result<Chain, StoreError> {
        self.watch_chain_verified(&|_| {})
    }

    /// As [`Self::verify_chain`], telling now and then how many events were checked; between two reads.
    pub fn watch_chain_verified(&self, progress: &dyn Fn(u64)) -> Result<Chain, StoreError> {
        let mut walk: Option<Walk> = None;
        loop {
            let (now, step) = self.read(DOING, |connection| {
                walked(connection, walk.take(), i64::MAX, BATCH).map_err(StoreError::sqlite(DOING))
            })?;
            if step == Step::Over {
                return Ok(now.ended(i64::MAX));
            }
            progress(now.chain.events);
            walk = Some(now);
        }
    }
}

/// Checks the chain from its anchor to event `upto`, in the transaction that the caller has.
pub(super) fn check_chain(connection: &Connection, upto: i64) -> Result<Chain, rusqlite::Error> {
    let (walk, _over) = walked(connection, None, upto, u64::MAX)?;
    Ok(walk.ended(upto))
}

/// Whether a walk goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// There may be more.
    Further,
    /// At the end, or where the chain is broken.
    Over,
}

/// How far a check came.
struct Walk {
    before: i64,
    previous: [u8; 32],
    chain: Chain,
    /// The newest announcement of a purge vouches for the anchor.
    announced: Option<(i64, String)>,
}

/// Walks on, or begins; begins anew where what was reached is purged meanwhile.
fn walked(
    connection: &Connection,
    walk: Option<Walk>,
    upto: i64,
    most: u64,
) -> Result<(Walk, Step), rusqlite::Error> {
    let anchor = anchor(connection)?;
    let reached = anchor.as_ref().map_or(0, |anchor| anchor.seq);
    let mut walk = walk
        .filter(|walk| walk.before >= reached)
        .unwrap_or_else(|| Walk::from(anchor));
    let step = walk.on(connection, upto, most)?;
    Ok((walk, step))
}

impl Walk {
    fn from(anchor: Option<Anchor>) -> Self {
        let before = anchor.as_ref().map_or(0, |anchor| anchor.seq);
        // What is no hash is a hash that no event follows from.
        let previous = anchor
            .as_ref()
            .map_or([0; 32], |anchor| bytes(&anchor.head).unwrap_or([0xff; 32]));
        let chain = Chain {
            events: 0,
            first: before + 1,
            last: before,
            head: hex(&previous),
            broken_at: None,
            anchor,
        };
        Self {
            before,
            previous,
            chain,
            announced: None,
        }
    }

    fn on(
        &mut self,
        connection: &Connection,
        upto: i64,
        most: u64,
    ) -> Result<Step, rusqlite::Error> {
        let sql = "SELECT * FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
        let mut statement = connection.prepare_cached(sql)?;
        // One that is left before the anchor is an event too many.
        let after = if self.chain.events == 0 {
            i64::MIN
        } else {
            self.before
        };
        let mut rows = statement.query([after, upto])?;
        let until = self.chain.events.saturating_add(most);
        while let Some(row) = rows.next()? {
            let seq: i64 = row.get(0)?;
            let text = |index| row.get_ref(index)?.as_str().map_err(rusqlite::Error::from);
            let fields = Fields {
                seq,
                wall: row.get(1)?,
                texts: [text(2)?, text(3)?, text(4)?, text(5)?, text(7)?],
                conversation: row.get(6)?,
            };
            let stored: [u8; 32] = row.get(8)?;
            if seq != self.before + 1 || fields.hash(&self.previous) != stored {
                self.chain.broken_at = Some(seq);
                return Ok(Step::Over);
            }
            if text(2)? == Kind::Purged.name() {
                self.announced = announcement(text(7)?);
            }
            (self.before, self.previous) = (seq, stored);
            self.chain.events += 1;
            self.chain.last = seq;
            self.chain.head = hex(&stored);
            if self.chain.events >= until {
                return Ok(Step::Further);
            }
        }
        Ok(Step::Over)
    }

    /// What was found. An anchor that no announcement left in the chain reaches was not set by a purge;
    /// a stretch that ends before the newest event may end before the announcement.
    fn ended(mut self, upto: i64) -> Chain {
        let announced = self.announced;
        if upto == i64::MAX
            && self.chain.broken_at.is_none()
            && let Some(anchor) = &self.chain.anchor
            && !announced.is_some_and(|(through, head)| {
                anchor.seq < through || (anchor.seq == through && anchor.head == head)
            })
        {
            self.chain.broken_at = Some(self.chain.first);
        }
        self.chain
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::Wall;
    use serde_json::json;

    use super::{Step, walked};
    use crate::store::Store;
    use crate::store::events::Event;
    use crate::store::kinds::Kind;

    fn add(store: &mut Store, kind: Kind, detail: serde_json::Value) {
        let event = Event {
            kind,
            account: "",
            service: "",
            source: "",
            conversation: None,
            detail,
        };
        store.record(Wall::from_millis(5), &event).unwrap();
    }

    // Mutants: a read goes on past its most; what was purged between two reads breaks the chain.
    #[test]
    fn a_walk_of_short_reads_finds_what_one_read_finds_though_events_are_purged_between() {
        let mut store = Store::in_memory();
        for _ in 0..4 {
            add(&mut store, Kind::Opened, json!({}));
        }
        let (walk, step) = walked(&store.connection, None, i64::MAX, 2).unwrap();
        assert_eq!((walk.chain.last, step), (2, Step::Further));
        // Past what was reached: the walk begins behind the purge.
        let head = store.event_hash(3).unwrap().unwrap();
        add(
            &mut store,
            Kind::Purged,
            json!({"through": 3, "head": head}),
        );
        let anchor = format!(
            "INSERT INTO meta VALUES ('anchor', '3 {head}'); DELETE FROM events WHERE seq <= 3"
        );
        store.connection.execute_batch(&anchor).unwrap();
        let (walk, step) = walked(&store.connection, Some(walk), i64::MAX, 9).unwrap();
        let chain = walk.ended(i64::MAX);
        assert_eq!((step, chain.first, chain.last), (Step::Over, 4, 5));
        assert_eq!(chain.broken_at, None);
        assert_eq!(store.verify_chain().unwrap(), chain);
    }
}
