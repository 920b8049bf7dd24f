//! Shields: networks whose sign-ins are refused for a while. Read in the transaction that decides, and
//! again in the one that counts a guess; they end by themselves, on the store's own clock.

use std::collections::BTreeMap;

use gatepost_words::ident::Source;
use gatepost_words::text::sanitise;
use gatepost_words::time::{Span, StoreTime};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::accounts::{Actor, act, difference};
use super::error::{Problem, StoreError};
use super::events::{self, not_found};
use super::kinds::Kind;
use super::signin::{Opening, Waiting, append_for};
use super::undo::{self, Back, Batch, Other};
use super::{Store, clock};
use crate::host::Now;
use crate::policy::limits::SHIELDS;
use crate::policy::network::Network;
use crate::policy::shield::shieldable;

/// A shield that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shield {
    /// What it refuses.
    pub network: Network,
    /// How much longer.
    pub left: Span,
    /// Why, as whoever put it up said.
    pub reason: String,
    /// Who did.
    pub by: String,
    /// Since when, milliseconds since 1970.
    pub since: i64,
}

const LOOKING: &str = "looking for shields";

impl Store {
    /// The shields that are up, the one that stays longest first.
    pub fn shields(&self, now: &Now) -> Result<Vec<Shield>, StoreError> {
        self.read(LOOKING, |connection| {
            let at = clock::read(connection, now)?.store;
            let rows: Vec<(String, i64, String, String, i64)> = connection
                .prepare_cached(
                    "SELECT network, until_store, reason, made_by, created_wall FROM shields
                     WHERE until_store > ?1 ORDER BY until_store DESC LIMIT ?2",
                )
                .and_then(|mut statement| {
                    statement
                        .query_map(params![at.millis(), SHIELDS], |row| {
                            Ok((
                                row.get(0)?,
                                row.get(1)?,
                                row.get(2)?,
                                row.get(3)?,
                                row.get(4)?,
                            ))
                        })?
                        .collect()
                })
                .map_err(StoreError::sqlite(LOOKING))?;
            let shield =
                |(network, until, reason, by, since): (String, i64, String, String, i64)| {
                    Ok(Shield {
                        network: parsed(&network)?,
                        left: StoreTime::from_millis(until).since(at),
                        reason,
                        by,
                        since,
                    })
                };
            rows.into_iter().map(shield).collect()
        })
    }

    /// Puts shields up, all or none; one that is up already ends when the new one does.
    pub fn raise_shields(
        &mut self,
        now: &Now,
        actor: &Actor,
        networks: &[Network],
        time: Span,
        reason: &str,
    ) -> Result<(), StoreError> {
        let doing = "putting a shield up";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
            let failed = StoreError::sqlite;
            tx.execute("DELETE FROM shields WHERE until_store <= ?1", [at.millis()])
                .map_err(failed(doing))?;
            let mut changes = Vec::new();
            for network in networks {
                let up = Up {
                    until: at.plus(time).millis(),
                    reason: reason.to_owned(),
                    by: actor.name.clone(),
                    since: now.wall.millis(),
                };
                let network = network.to_string();
                let before = found(tx, at, &network)?;
                put(tx, &network, &up)?;
                let detail = json!({"network": network, "for": time.to_string(), "reason": reason});
                act(tx, now, actor, Kind::ShieldOn, "", detail)?;
                changes.push(Change {
                    network,
                    before,
                    after: Some(up),
                    since: 0,
                    followed: 0,
                });
            }
            few(tx, doing)?;
            remember(tx, now, at, actor, Kind::ShieldOn, changes)
        })
    }

    /// Takes one shield down, or all; which ones.
    pub fn lower_shields(
        &mut self,
        now: &Now,
        actor: &Actor,
        network: Option<&Network>,
        reason: &str,
    ) -> Result<Vec<String>, StoreError> {
        let doing = "taking a shield down";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
            let wanted = network.map(Network::to_string);
            let down: Vec<String> = tx
                .prepare_cached(
                    "SELECT network FROM shields WHERE until_store > ?1 AND network = ifnull(?2, network)
                     ORDER BY until_store DESC LIMIT ?3",
                )
                .and_then(|mut statement| {
                    statement
                        .query_map(params![at.millis(), wanted, SHIELDS], |row| row.get(0))?
                        .collect()
                })
                .map_err(StoreError::sqlite(doing))?;
            if let (Some(wanted), true) = (wanted, down.is_empty()) {
                let what = format!("{wanted} is not shielded: gatepost shield status");
                return Err(not_found(doing, what));
            }
            let mut changes = Vec::new();
            for network in &down {
                let before = found(tx, at, network)?;
                take_down(tx, network)?;
                let detail = json!({"network": network, "reason": reason});
                act(tx, now, actor, Kind::ShieldOff, "", detail)?;
                changes.push(Change {
                    network: network.clone(),
                    before,
                    after: None,
                    since: 0,
                    followed: 0,
                });
            }
            if !changes.is_empty() {
                remember(tx, now, at, actor, Kind::ShieldOff, changes)?;
            }
            Ok(down)
        })
    }
}

/// A shield as its row has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Up {
    until: i64,
    reason: String,
    by: String,
    since: i64,
}

/// What an act did to a network's shield.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) network: String,
    pub(super) before: Option<Up>,
    pub(super) after: Option<Up>,
    /// The last event when it became that: "nothing is up" looks the same whoever saw to it.
    #[serde(default)]
    since: i64,
    /// What `since` was of the change before it.
    #[serde(default)]
    followed: i64,
}

impl Change {
    /// Whether neither what was up before nor what was up after it would be up still.
    pub(super) fn is_over(&self, at: StoreTime) -> bool {
        let ends = [&self.before, &self.after];
        ends.into_iter()
            .all(|up| Up::still(up.as_ref(), at).is_none())
    }
}

/// What the open entries say of a network: when the newest act on it left it as it is.
#[derive(Default)]
struct Newest(BTreeMap<String, i64>);

impl Newest {
    fn of(tx: &Transaction<'_>) -> Result<Self, StoreError> {
        let mut newest = Self::default();
        for change in undo::open_shields(tx)?.into_iter().flat_map(|(_, one)| one) {
            let since = newest.0.entry(change.network).or_default();
            *since = change.since.max(*since);
        }
        Ok(newest)
    }

    fn since(&self, network: &str) -> i64 {
        self.0.get(network).copied().unwrap_or(0)
    }
}

impl Up {
    /// Itself, while its end is ahead.
    fn still(shield: Option<&Self>, at: StoreTime) -> Option<Self> {
        shield.filter(|up| up.until > at.millis()).cloned()
    }
}

/// A network's shield, where one is up.
fn found(tx: &Transaction<'_>, at: StoreTime, network: &str) -> Result<Option<Up>, StoreError> {
    tx.query_row(
        "SELECT until_store, reason, made_by, created_wall FROM shields
         WHERE network = ?1 AND until_store > ?2",
        params![network, at.millis()],
        |row| {
            Ok(Up {
                until: row.get(0)?,
                reason: row.get(1)?,
                by: row.get(2)?,
                since: row.get(3)?,
            })
        },
    )
    .optional()
    .map_err(StoreError::sqlite(LOOKING))
}

fn put(tx: &Transaction<'_>, network: &str, up: &Up) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO shields VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
         SET until_store = ?2, reason = ?3, made_by = ?4, created_wall = ?5",
        params![network, up.until, up.reason, up.by, up.since],
    )
    .map_err(StoreError::sqlite("putting a shield up"))?;
    Ok(())
}

fn take_down(tx: &Transaction<'_>, network: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM shields WHERE network = ?1", [network])
        .map_err(StoreError::sqlite("taking a shield down"))?;
    Ok(())
}

/// Refuses more shields than a login may have to read.
fn few(tx: &Transaction<'_>, doing: &'static str) -> Result<(), StoreError> {
    let up: u32 = tx
        .query_row("SELECT count(*) FROM shields", [], |row| row.get(0))
        .map_err(StoreError::sqlite(doing))?;
    if up <= SHIELDS {
        return Ok(());
    }
    let what = format!(
        "there would be {up} shields, and {SHIELDS} is the most: take some down (gatepost shield \
         status), or shield a wider network"
    );
    let problem = Problem::Exists(what);
    Err(StoreError { doing, problem })
}

/// Writes down what takes an act on shields back, all of them together.
fn remember(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    actor: &Actor,
    kind: Kind,
    mut changes: Vec<Change>,
) -> Result<(), StoreError> {
    let (newest, since) = (Newest::of(tx)?, events::last_seq(tx)?);
    for change in &mut changes {
        change.followed = newest.since(&change.network);
        change.since = since;
    }
    let entry = undo::Entry {
        account: None,
        kind: kind.name(),
        back: &Back::Other(Other::Shields(changes)),
        versions: (0, 0),
        batch: Batch::Alone,
        undoes: None,
    };
    undo::write(tx, now, at, actor, &entry).map(|_undo| ())
}

const BACK: &str = "taking an act on shields back";

/// Has networks' shields be what they were before an act, all or none: where each is what the act left,
/// and only as far as their ends are ahead. What does it again.
pub(super) fn put_back(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    actor: &Actor,
    changes: &[Change],
    reason: &str,
) -> Result<Vec<Change>, StoreError> {
    tx.execute("DELETE FROM shields WHERE until_store <= ?1", [at.millis()])
        .map_err(StoreError::sqlite(BACK))?;
    // This act's own entry is taken already.
    let newest = Newest::of(tx)?;
    let mut again = Vec::new();
    let mut is_changed = false;
    // One network may be named twice in an act: the last is undone first.
    for Change {
        network,
        before,
        after,
        since,
        followed: _,
    } in changes.iter().rev()
    {
        let is_now = found(tx, at, network)?;
        if is_now != Up::still(after.as_ref(), at) || newest.since(network) > *since {
            return Err(changed_since(tx, network, is_now.as_ref())?);
        }
        let wanted = Up::still(before.as_ref(), at);
        if wanted != is_now {
            is_changed = true;
            let (kind, detail) = if let Some(up) = &wanted {
                put(tx, network, up)?;
                let left = StoreTime::from_millis(up.until).since(at).to_string();
                let detail = json!({"network": network, "for": left, "reason": reason});
                (Kind::ShieldOn, detail)
            } else {
                take_down(tx, network)?;
                let detail = json!({"network": network, "reason": reason});
                (Kind::ShieldOff, detail)
            };
            act(tx, now, actor, kind, "", detail)?;
        }
        again.push(Change {
            network: network.clone(),
            before: after.clone(),
            after: wanted,
            since: 0,
            followed: *since,
        });
    }
    if !is_changed {
        let what = "the shield's own time is over: there is nothing to take back";
        return Err(not_found(BACK, what));
    }
    few(tx, BACK)?;
    let since = events::last_seq(tx)?;
    for change in &mut again {
        change.since = since;
    }
    step_back(tx, changes, since)?;
    Ok(again)
}

/// What was done to a network before the act that is taken back is as it was right after it: it can be
/// taken back too.
fn step_back(tx: &Transaction<'_>, taken: &[Change], since: i64) -> Result<(), StoreError> {
    for (id, mut changes) in undo::open_shields(tx)? {
        let mut is_moved = false;
        for change in &mut changes {
            let mut followed = taken.iter().filter(|one| one.network == change.network);
            if followed.any(|one| one.followed == change.since) {
                change.since = since;
                is_moved = true;
            }
        }
        if is_moved {
            undo::set_back(tx, id, &Back::Other(Other::Shields(changes)))?;
        }
    }
    Ok(())
}

/// Events that are looked through for what was done to a network.
const LOOK_BACK: u32 = 50;

/// The refusal for a shield that is not what an act left, with who did that.
fn changed_since(
    tx: &Transaction<'_>,
    network: &str,
    is_now: Option<&Up>,
) -> Result<StoreError, StoreError> {
    // One that is down was taken down, or was put up once more and ended by itself.
    let kinds: &[Kind] = if is_now.is_some() {
        &[Kind::ShieldOn]
    } else {
        &[Kind::ShieldOff, Kind::ShieldOn]
    };
    let mut events = Vec::new();
    for kind in kinds {
        events.extend(events::newest_of_kind(tx, *kind, LOOK_BACK)?);
    }
    let is_it = |event: &&events::Listed| {
        let named = event.detail.get("network");
        named.and_then(serde_json::Value::as_str) == Some(network)
    };
    let newest = events.iter().filter(is_it).max_by_key(|event| event.seq);
    let what = match (newest, is_now) {
        (Some(event), _) => difference(event),
        (None, Some(up)) => format!("it was put up by {}", sanitise(&up.by)),
        (None, None) => "it is down".to_owned(),
    };
    let what = format!(
        "the shield on {network} was changed in the meantime: {what}. Nothing was done; look again: \
         gatepost shield status"
    );
    Ok(StoreError {
        doing: BACK,
        problem: Problem::Changed(what),
    })
}

/// The shield that covers a source, and how much longer: of several the one that stays longest. A row
/// that cannot be read is an error, and so a refusal.
pub(super) fn covering(
    connection: &Connection,
    at: StoreTime,
    source: &Source,
) -> Result<Option<(Network, Span)>, StoreError> {
    let address = match source {
        Source::Address(address) => *address,
        Source::Named { .. } | Source::Local { .. } => return Ok(None),
    };
    let rows: Vec<(String, i64)> = connection
        .prepare_cached(
            "SELECT network, until_store FROM shields WHERE until_store > ?1
             ORDER BY until_store DESC LIMIT ?2",
        )
        .and_then(|mut statement| {
            statement
                .query_map(params![at.millis(), SHIELDS], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
        })
        .map_err(StoreError::sqlite(LOOKING))?;
    for (network, until) in rows {
        let network = parsed(&network)?;
        if network.covers(address) {
            return Ok(Some((network, StoreTime::from_millis(until).since(at))));
        }
    }
    Ok(None)
}

/// Stops a guess from a source that was shielded while somebody waited at the prompt: it is neither
/// counted nor compared.
pub(super) fn stop(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    opening: &Opening<'_>,
    waiting: &Waiting,
    factor: &str,
) -> Result<Option<Span>, StoreError> {
    let Some((network, left)) = covering(tx, at, opening.source)? else {
        return Ok(None);
    };
    let detail = json!({"factor": factor, "network": network.to_string()});
    append_for(
        tx,
        now,
        opening,
        Kind::Shielded,
        Some(waiting.conversation),
        detail,
    )?;
    Ok(Some(left))
}

fn parsed(network: &str) -> Result<Network, StoreError> {
    shieldable(network).map_err(|bad| StoreError::odd(LOOKING, format!("a shield's row: {bad}")))
}
