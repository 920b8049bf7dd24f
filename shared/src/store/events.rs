//! The append-only, hash-chained audit log.
//!
//! Each event's hash covers the one before it, so that a changed, removed or inserted row breaks
//! the chain. The hash has no key: whoever may write the store may also rewrite the whole chain.
//! What they cannot rewrite is the syslog, where each decision leaves the head it had.

use gatepost_words::time::Wall;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Store;
use super::error::{Problem, StoreError};
use super::kinds::Kind;

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// What.
    pub kind: Kind,
    /// Canonical account name, or what was typed, without control characters.
    pub account: &'a str,
    /// PAM service; empty for an administrator's act.
    pub service: &'a str,
    /// Where from, as a person reads it.
    pub source: &'a str,
    /// The opening event's number; none for the opening itself and for acts outside a login.
    pub conversation: Option<i64>,
    /// The rest.
    pub detail: serde_json::Value,
}

/// Where an event stands in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its number, one more than the one before.
    pub seq: i64,
    /// Its hash: the head of the chain.
    pub head: [u8; 32],
}

impl Appended {
    /// The head's first eight bytes in hex, as syslog lines carry it.
    pub fn short_head(&self) -> String {
        hex(self.head.get(..8).unwrap_or_default())
    }
}

/// An event as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its number.
    pub seq: i64,
    /// When, milliseconds since 1970.
    pub at: i64,
    /// What.
    pub kind: String,
    /// Whose.
    pub account: String,
    /// Which service.
    pub service: String,
    /// Where from.
    pub source: String,
    /// Which conversation.
    pub conversation: i64,
    /// The rest.
    pub detail: serde_json::Value,
}

/// An event with its place in the chain.
#[derive(Clone, Debug)]
pub struct Hashed {
    /// The event.
    pub event: Listed,
    /// Its hash, in hex.
    pub hash: String,
}

/// What checking the chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// How many events were checked.
    pub events: u64,
    /// The number of the first and the last.
    pub first: i64,
    /// See `first`.
    pub last: i64,
    /// The head, in hex.
    pub head: String,
    /// The first event that does not follow from the one before it, or from the anchor.
    pub broken_at: Option<i64>,
    /// Where the chain that is left begins, once upkeep has purged the events before it.
    pub anchor: Option<Anchor>,
}

/// The last event that was purged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Anchor {
    /// Its number.
    pub seq: i64,
    /// Its hash, in hex.
    pub head: String,
}

const DOING: &str = "writing an event";

/// Appends an event.
pub(super) fn append(
    tx: &Transaction<'_>,
    wall: Wall,
    event: &Event<'_>,
) -> Result<Appended, StoreError> {
    let last: Option<(i64, [u8; 32])> = tx
        .prepare_cached("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1")
        .and_then(|mut statement| {
            statement
                .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .map_err(StoreError::sqlite(DOING))?;
    let (before, previous) = last.unwrap_or((0, [0; 32]));
    let seq = before + 1;
    let conversation = event.conversation.unwrap_or(seq);
    let detail = event.detail.to_string();
    let fields = Fields {
        seq,
        wall: wall.millis(),
        texts: [
            event.kind.name(),
            event.account,
            event.service,
            event.source,
            &detail,
        ],
        conversation,
    };
    let head = fields.hash(&previous);
    tx.prepare_cached("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
        .and_then(|mut statement| {
            statement.execute(params![
                seq,
                wall.millis(),
                event.kind.name(),
                event.account,
                event.service,
                event.source,
                conversation,
                detail,
                head,
            ])
        })
        .map_err(StoreError::sqlite(DOING))?;
    Ok(Appended { seq, head })
}

/// The number of the last event; zero where there is none.
pub(super) fn last_seq(connection: &Connection) -> Result<i64, StoreError> {
    connection
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM events")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(StoreError::sqlite("reading the last event"))
}

/// What an event's hash covers.
pub(super) struct Fields<'a> {
    pub(super) seq: i64,
    pub(super) wall: i64,
    pub(super) texts: [&'a str; 5],
    pub(super) conversation: i64,
}

impl Fields<'_> {
    pub(super) fn hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"gatepost event v1");
        hash.update(previous);
        for number in [self.seq, self.wall, self.conversation] {
            hash.update(number.to_le_bytes());
        }
        for text in self.texts {
            hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(text.as_bytes());
        }
        hash.finalize().into()
    }
}

/// The newest events of an account, newest first.
pub(super) fn newest_of(
    connection: &Connection,
    account: &str,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    connection
        .prepare_cached("SELECT * FROM events WHERE account = ?1 ORDER BY seq DESC LIMIT ?2")
        .and_then(|mut statement| {
            statement
                .query_map(params![account, limit], listed)?
                .collect()
        })
        .map_err(StoreError::sqlite("reading the events"))
}

/// The newest events of a kind, newest first.
pub(super) fn newest_of_kind(
    connection: &Connection,
    kind: Kind,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    connection
        .prepare_cached("SELECT * FROM events WHERE kind = ?1 ORDER BY seq DESC LIMIT ?2")
        .and_then(|mut statement| {
            statement
                .query_map(params![kind.name(), limit], listed)?
                .collect()
        })
        .map_err(StoreError::sqlite("reading the events"))
}

impl Store {
    /// Appends an event of an administrator's own.
    pub fn record(&mut self, wall: Wall, event: &Event<'_>) -> Result<Appended, StoreError> {
        self.write(DOING, |tx| append(tx, wall, event))
    }

    /// The newest events before `before`, newest first; of one account where one is given.
    pub fn events(
        &self,
        account: Option<&str>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Listed>, StoreError> {
        let doing = "reading the events";
        self.read(doing, |connection| {
            let sql = match account {
                Some(_) => {
                    "SELECT * FROM events WHERE account = ?3 AND seq < ?1 ORDER BY seq DESC LIMIT ?2"
                }
                None => "SELECT * FROM events WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2",
            };
            let before = before.unwrap_or(i64::MAX);
            let mut statement = connection.prepare_cached(sql).map_err(StoreError::sqlite(doing))?;
            let rows = match account {
                Some(account) => statement.query_map(params![before, limit, account], listed),
                None => statement.query_map(params![before, limit], listed),
            };
            rows.and_then(Iterator::collect).map_err(StoreError::sqlite(doing))
        })
    }

    /// The events after `after`, oldest first.
    pub fn events_after(&self, after: i64, limit: u32) -> Result<Vec<Listed>, StoreError> {
        let doing = "reading the events";
        self.read(doing, |connection| {
            let sql = "SELECT * FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2";
            connection
                .prepare_cached(sql)
                .and_then(|mut statement| {
                    statement
                        .query_map(params![after, limit], listed)?
                        .collect()
                })
                .map_err(StoreError::sqlite(doing))
        })
    }

    /// The number of the last event.
    pub fn last_seq(&self) -> Result<i64, StoreError> {
        self.read("looking for the last event", |connection| {
            last_seq(connection)
        })
    }

    /// The hash of an event, in hex; none where there is no such event.
    pub fn event_hash(&self, seq: i64) -> Result<Option<String>, StoreError> {
        let doing = "reading an event";
        self.read(doing, |connection| {
            connection
                .prepare_cached("SELECT hash FROM events WHERE seq = ?1")
                .and_then(|mut statement| {
                    statement
                        .query_row([seq], |row| row.get::<_, Vec<u8>>(0))
                        .optional()
                })
                .map(|hash| hash.map(|hash| hex(&hash)))
                .map_err(StoreError::sqlite(doing))
        })
    }

    /// The last event that was purged; none where none was.
    pub fn anchor(&self) -> Result<Option<Anchor>, StoreError> {
        let doing = "reading where the log of events begins";
        self.read(doing, |connection| {
            anchor(connection).map_err(StoreError::sqlite(doing))
        })
    }
}

/// What the event of a purge says: through which event, and that event's hash.
pub(super) fn announcement(detail: &str) -> Option<(i64, String)> {
    let detail: serde_json::Value = serde_json::from_str(detail).ok()?;
    Some((
        detail.get("through")?.as_i64()?,
        detail.get("head")?.as_str()?.to_owned(),
    ))
}

/// The last event that was purged.
pub(super) fn anchor(connection: &Connection) -> Result<Option<Anchor>, rusqlite::Error> {
    anchor_in(connection, "main")
}

/// As [`anchor`], of a file that may be an attached one.
pub(super) fn anchor_in(
    connection: &Connection,
    file: &str,
) -> Result<Option<Anchor>, rusqlite::Error> {
    let row: Option<String> = connection
        .prepare_cached(&format!(
            "SELECT value FROM {file}.meta WHERE key = 'anchor'"
        ))?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(row.map(|text| {
        let (seq, head) = text.split_once(' ').unwrap_or_default();
        Anchor {
            // What is no number is one that no event follows.
            seq: seq.parse().unwrap_or(i64::MAX).min(i64::MAX - 1),
            head: head.to_owned(),
        }
    }))
}

/// Moves the anchor on, in the transaction that deletes what is before it.
pub(super) fn set_anchor(tx: &Transaction<'_>, anchor: &Anchor) -> Result<(), rusqlite::Error> {
    let text = format!("{} {}", anchor.seq, anchor.head);
    tx.prepare_cached(
        "INSERT INTO meta VALUES ('anchor', ?1) ON CONFLICT DO UPDATE SET value = ?1",
    )?
    .execute([text])?;
    Ok(())
}

/// The 32 bytes of a hash in hex.
pub(super) fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut all = [0; 32];
    if hex.len() != 2 * all.len() {
        return None;
    }
    for (byte, at) in all.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
    }
    Some(all)
}

pub(super) fn listed(row: &Row<'_>) -> Result<Listed, rusqlite::Error> {
    let detail: String = row.get(7)?;
    Ok(Listed {
        seq: row.get(0)?,
        at: row.get(1)?,
        kind: row.get(2)?,
        account: row.get(3)?,
        service: row.get(4)?,
        source: row.get(5)?,
        conversation: row.get(6)?,
        detail: serde_json::from_str(&detail).unwrap_or(serde_json::Value::String(detail)),
    })
}

pub(super) fn hashed(row: &Row<'_>) -> Result<Hashed, rusqlite::Error> {
    let hash: Vec<u8> = row.get(8)?;
    Ok(Hashed {
        event: listed(row)?,
        hash: hex(&hash),
    })
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            // Writing to a String cannot fail.
            let _infallible = write!(out, "{byte:02x}");
            out
        })
}

/// That nothing was there.
pub(super) fn not_found(doing: &'static str, what: impl Into<String>) -> StoreError {
    StoreError {
        doing,
        problem: Problem::NotFound(what.into()),
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::Wall;
    use serde_json::json;

    use super::Event;
    use crate::store::Store;
    use crate::store::kinds::Kind;

    fn three_events() -> Store {
        let mut store = Store::in_memory();
        for kind in [Kind::Opened, Kind::Guess, Kind::Decision] {
            let event = Event {
                kind,
                account: "alice",
                service: "sshd",
                source: "192.0.2.1",
                conversation: None,
                detail: json!({"n": 1}),
            };
            store.record(Wall::from_millis(5), &event).unwrap();
        }
        store
    }

    #[test]
    fn an_untouched_chain_holds() {
        let chain = three_events().verify_chain().unwrap();
        assert_eq!((chain.events, chain.last, chain.broken_at), (3, 3, None));
    }

    #[test]
    fn every_change_breaks_the_chain_where_it_was_made() {
        let cases = [
            ("UPDATE events SET kind = 'x' WHERE seq = 2", 2),
            ("UPDATE events SET at_wall = 6 WHERE seq = 2", 2),
            ("UPDATE events SET account = 'bob' WHERE seq = 1", 1),
            ("UPDATE events SET detail = '{\"n\":2}' WHERE seq = 3", 3),
            ("UPDATE events SET conversation = 9 WHERE seq = 3", 3),
            ("UPDATE events SET hash = zeroblob(32) WHERE seq = 2", 2),
            ("DELETE FROM events WHERE seq = 2", 3),
            ("DELETE FROM events WHERE seq = 1", 2),
            (
                "UPDATE events SET service = 'sshd1', source = '92.0.2.1' WHERE seq = 1",
                1,
            ),
        ];
        for (tamper, broken_at) in cases {
            let store = three_events();
            store.connection.execute_batch(tamper).unwrap();
            assert_eq!(
                store.verify_chain().unwrap().broken_at,
                Some(broken_at),
                "{tamper}"
            );
        }
    }
    // Mutant: an event's hash leaves out the one before it.
    #[test]
    fn an_event_with_a_hash_of_its_own_that_fits_breaks_the_next() {
        let store = three_events();
        let mut forger = Store::in_memory();
        let event = Event {
            kind: Kind::Opened,
            account: "bob",
            service: "sshd",
            source: "192.0.2.1",
            conversation: None,
            detail: json!({"n": 1}),
        };
        forger.record(Wall::from_millis(5), &event).unwrap();
        assert_eq!(forger.verify_chain().unwrap().broken_at, None);
        let sql = "SELECT hash FROM events WHERE seq = 1";
        let fits: Vec<u8> = forger
            .connection
            .query_row(sql, [], |row| row.get(0))
            .unwrap();
        let sql = "UPDATE events SET account = 'bob', hash = ?1 WHERE seq = 1";
        store.connection.execute(sql, [fits]).unwrap();
        assert_eq!(store.verify_chain().unwrap().broken_at, Some(2));
    }
}
