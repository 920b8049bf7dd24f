//! Shields: networks whose sign-ins are refused for a while. Read in the transaction that decides, and
//! again in the one that counts a guess; they end by themselves, on the store's own clock.

use gatepost_words::ident::Source;
use gatepost_words::time::{Span, StoreTime};
use rusqlite::{Connection, Transaction, params};
use serde_json::json;

use super::accounts::{Actor, act};
use super::error::{Problem, StoreError};
use super::events::not_found;
use super::signin::{Opening, Waiting, append_for};
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
            for network in networks {
                tx.execute(
                    "INSERT INTO shields VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
                     SET until_store = ?2, reason = ?3, made_by = ?4, created_wall = ?5",
                    params![
                        network.to_string(),
                        at.plus(time).millis(),
                        reason,
                        actor.name,
                        now.wall.millis(),
                    ],
                )
                .map_err(failed(doing))?;
                let network = network.to_string();
                let detail = json!({"network": network, "for": time.to_string(), "reason": reason});
                act(tx, now, actor, "shield-on", "", detail)?;
            }
            let up: u32 = tx
                .query_row("SELECT count(*) FROM shields", [], |row| row.get(0))
                .map_err(failed(doing))?;
            if up > SHIELDS {
                let what = format!(
                    "there would be {up} shields, and {SHIELDS} is the most: take some down \
                     (gatepost shield status), or shield a wider network"
                );
                let problem = Problem::Exists(what);
                return Err(StoreError { doing, problem });
            }
            Ok(())
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
            for network in &down {
                tx.execute("DELETE FROM shields WHERE network = ?1", [network])
                    .map_err(StoreError::sqlite(doing))?;
                let detail = json!({"network": network, "reason": reason});
                act(tx, now, actor, "shield-off", "", detail)?;
            }
            Ok(down)
        })
    }
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
        "shielded",
        Some(waiting.conversation),
        detail,
    )?;
    Ok(Some(left))
}

fn parsed(network: &str) -> Result<Network, StoreError> {
    shieldable(network).map_err(|bad| StoreError::odd(LOOKING, format!("a shield's row: {bad}")))
}
