//! What a notice tells its owner, as its row keeps it, and the queueing of those about a sign-in. Those
//! about an administrator's act are queued by [`crate::store::notices`].

use gatepost_words::job::OwnerAct;
use gatepost_words::time::StoreTime;
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};

use super::HOUR;
use crate::host::Now;
use crate::store::error::StoreError;
use crate::store::signin::Opening;

/// What a notice tells.
#[derive(Clone, Debug)]
pub enum Told {
    /// The password was right, no code followed.
    HalfFinished(HalfFinished),
    /// An administrator did something to the account.
    Act(ToldAct),
}

/// What the notice of an administrator's act tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToldAct {
    /// What was done.
    pub act: OwnerAct,
    /// The new address, masked, where it is about one.
    pub address: String,
    /// How often it was done since the owner was last told.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

impl ToldAct {
    /// That it was done once; with the new address, masked, where it is about one.
    pub fn of(act: OwnerAct, address: String) -> Self {
        Self {
            act,
            address,
            times: 1,
        }
    }
}

/// What the notice of a half-finished sign-in tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HalfFinished {
    /// Which service.
    pub service: String,
    /// Where from.
    pub source: String,
    /// How it ended.
    pub ending: String,
}

/// Queues the notice of a half-finished sign-in, one an hour at most.
pub(in crate::store) fn queue_half_finished(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    account: i64,
    opening: &Opening<'_>,
    ending: &str,
) -> Result<(), StoreError> {
    let failed = StoreError::sqlite;
    let doing = "queueing a notice";
    let recent: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM outbox
             WHERE account = ?1 AND kind = 'half-finished' AND created_store > ?2)",
        )
        .and_then(|mut statement| {
            statement.query_row(params![account, at.minus(HOUR).millis()], |row| row.get(0))
        })
        .map_err(failed(doing))?;
    if recent {
        return Ok(());
    }
    let detail = serde_json::json!({
        "service": opening.service.as_str(),
        "source": opening.source.to_string(),
        "ending": ending,
    });
    tx.prepare_cached(
        "INSERT INTO outbox (account, kind, detail, state, due_store, created_wall, created_store)
         VALUES (?1, 'half-finished', ?2, 'due', ?3, ?4, ?3)",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            account,
            detail.to_string(),
            at.millis(),
            now.wall.millis()
        ])
    })
    .map_err(failed(doing))?;
    Ok(())
}

/// The kind of a notice of a half-finished sign-in.
pub(super) const HALF_FINISHED: &str = "half-finished";
/// The kind of a notice of an administrator's act.
pub(in crate::store) const ACT: &str = "act";
