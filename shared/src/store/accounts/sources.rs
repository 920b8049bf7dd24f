//! Where an account's people come from: the sources of their successes.

use gatepost_words::ident::UserName;
use rusqlite::params;
use serde_json::json;

use super::{Act, Actor, Asked, Versions, existing, record, unchanged};
use crate::host::Now;
use crate::store::error::StoreError;
use crate::store::events::not_found;
use crate::store::kinds::Kind;
use crate::store::undo::Batch;
use crate::store::{Store, clock};

/// A source that somebody succeeded from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The network that it is counted by.
    pub source: String,
    /// At which service.
    pub service: String,
    /// The first success, milliseconds since 1970.
    pub first: i64,
    /// The last one.
    pub last: i64,
    /// Until when no code is asked for, on the store's own clock.
    pub remembered: bool,
}

/// Sources of an account that are listed at the most.
const LISTED: u32 = 1000;

impl Store {
    /// An account's known sources, the latest first.
    pub fn known_sources(&self, now: &Now, account: i64) -> Result<Vec<Known>, StoreError> {
        let doing = "listing known sources";
        self.read(doing, |connection| {
            let at = clock::read(connection, now)?.store;
            connection
                .prepare_cached(
                    "SELECT source, service, first_wall, last_wall,
                            coalesce(remembered_until, 0) > ?2
                     FROM known_sources WHERE account = ?1
                     ORDER BY last_store DESC LIMIT ?3",
                )
                .and_then(|mut statement| {
                    statement
                        .query_map(params![account, at.millis(), LISTED], |row| {
                            Ok(Known {
                                source: row.get(0)?,
                                service: row.get(1)?,
                                first: row.get(2)?,
                                last: row.get(3)?,
                                remembered: row.get(4)?,
                            })
                        })?
                        .collect()
                })
                .map_err(StoreError::sqlite(doing))
        })
    }

    /// Forgets a source of an account, or all of them; how many rows that were. The next success from
    /// there makes it known again.
    pub fn forget_sources(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        source: Option<&str>,
        asked: &Asked,
    ) -> Result<(usize, Versions), StoreError> {
        let doing = "forgetting known sources";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
            let account = existing(tx, doing, name)?;
            unchanged(tx, doing, &account, asked)?;
            let gone = tx
                .execute(
                    "DELETE FROM known_sources
                     WHERE account = ?1 AND (?2 IS NULL OR source = ?2)",
                    params![account.id, source],
                )
                .map_err(StoreError::sqlite(doing))?;
            if gone == 0 {
                let what = format!("{name} has no such source: gatepost source list {name}");
                return Err(not_found(doing, what));
            }
            let act = Act {
                kind: Kind::SourceRevoke,
                detail: json!({
                    "sources": source.unwrap_or("all"),
                    "count": gone,
                    "reason": asked.reason,
                }),
                back: None,
                batch: Batch::Alone,
            };
            record(tx, now, at, actor, &account, act)?;
            Ok((gone, Versions::of(&account)))
        })
    }
}
