//! Bypass codes: made and ended by administrators, counted and consumed like every other code.
//!
//! A row is live while a use is left, nobody revoked it, its boot and its generation last and its time
//! is not over; the same words stand in each statement that asks. Ended rows count for a day how many
//! were made, and are no record, the events are: they go with a later code, or with upkeep.

use gatepost_words::ident::UserName;
use gatepost_words::job::OwnerAct;
use gatepost_words::text::sanitise;
use gatepost_words::time::{Boot, Span, StoreTime};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::json;

use super::accounts::{self, Actor, act, existing};
use super::error::{Problem, StoreError};
use super::events::not_found;
use super::guesses::{
    CONSUMING, COUNTING, Consumed, Counted, DAY, Kept, claimed, count_kept, end_unused, succeed,
};
use super::kinds::Kind;
use super::signin::{Opening, Waiting, append_for};
use super::undo::{self, Back, Batch, Other};
use super::unlocks::Unlocker;
use super::{Store, clock};
use crate::code::bypass::VerifiedBypass;
use crate::host::Now;
use crate::policy::Policy;
use crate::policy::limits::{BYPASS_CODES, HELPDESK_BYPASS_PER_DAY};
use crate::policy::lockout;

/// A code to be kept.
#[derive(Debug)]
pub struct NewBypass<'a> {
    /// Its public symbols.
    pub index: &'a str,
    /// Argon2id, as a PHC string.
    pub hash: &'a str,
    /// How long it lives.
    pub life: Span,
    /// How often it works.
    pub uses: u32,
    /// Why it was made.
    pub reason: &'a str,
    /// Who makes it.
    pub by: Unlocker,
}

/// A live code as it is listed: never the code, nor its public symbols.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bypass {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub account: String,
    /// How often it was to work.
    pub uses: u32,
    /// How often it still does.
    pub uses_left: u32,
    /// How much longer.
    pub left: Span,
    /// Why it was made.
    pub reason: String,
    /// By whom.
    pub by: String,
    /// When, milliseconds since 1970.
    pub created: i64,
}

/// Whose live codes are meant.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// One account's.
    Of(&'a UserName),
    /// Everybody's, by number, after that one.
    AllAfter(i64),
}

/// A bypass code's hash, to be compared.
#[derive(Debug)]
pub struct BypassHash {
    /// Its row.
    pub id: i64,
    /// Argon2id, as a PHC string.
    pub hash: String,
}

/// A bypass code that matched its hash.
#[derive(Debug)]
pub struct BypassMatch {
    /// The code's row and the hash that was compared.
    pub code: BypassHash,
    /// The ledger's row.
    pub guess: i64,
    /// That it matched; spent on one consumption.
    pub verified: VerifiedBypass,
}

const LISTING: &str = "listing bypass codes";

impl Store {
    /// Keeps a new code; its number.
    pub fn add_bypass(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        new: &NewBypass<'_>,
    ) -> Result<i64, StoreError> {
        let doing = "making a bypass code";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
            let account = existing(tx, doing, name)?;
            if matches!(new.by, Unlocker::Helpdesk { uid } if uid != account.uid) {
                return Err(not_found(doing, "the account was changed in the meantime"));
            }
            if account.state != "active" {
                let what = format!(
                    "{name} is {}, and a bypass code does not help against that: gatepost user \
                     enable {name}",
                    account.state
                );
                return Err(refused(doing, what));
            }
            let generation = clock::generation(tx)?;
            let (live, made) = end_ended(tx, now, at, generation, account.id)
                .map_err(StoreError::sqlite(doing))?;
            if new.by != Unlocker::Admin && made >= HELPDESK_BYPASS_PER_DAY {
                let what = format!(
                    "{name} got {made} bypass codes within a day, after which the helpdesk makes no more: \
                     ask an admin"
                );
                return Err(refused(doing, what));
            }
            if live >= BYPASS_CODES {
                let what = format!(
                    "{name} has {live} live bypass codes, which is the most: gatepost bypass revoke \
                     {name}"
                );
                return Err(refused(doing, what));
            }
            let expires = now.moment.at.plus(new.life);
            tx.execute(
                "INSERT INTO bypass_codes (account, first_symbols, hash, uses, uses_left, boot_id,
                   expires_boot, generation, reason, made_by, created_wall, created_store)
                 VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    account.id,
                    new.index,
                    new.hash,
                    new.uses,
                    now.moment.boot_id,
                    expires.millis(),
                    generation,
                    new.reason,
                    actor.name,
                    now.wall.millis(),
                    at.millis(),
                ],
            )
            .map_err(StoreError::sqlite(doing))?;
            let id = tx.last_insert_rowid();
            let detail = json!({
                "id": id,
                "ttl": new.life.to_string(),
                "uses": new.uses,
                "reason": new.reason,
            });
            act(tx, now, actor, Kind::BypassNew, name.as_str(), detail)?;
            accounts::tell(tx, now, at, &account, OwnerAct::BypassMade)?;
            let entry = undo::Entry {
                account: Some(account.id),
                kind: Kind::BypassNew.name(),
                back: &Back::Other(Other::Bypass(id)),
                versions: (account.version, account.version),
                batch: Batch::Alone,
                undoes: None,
            };
            undo::write(tx, now, at, actor, &entry)?;
            Ok(id)
        })
    }

    /// Whether a live code of the account has these public symbols: they must be one code's alone.
    pub fn bypass_index_taken(&self, account: i64, index: &str) -> Result<bool, StoreError> {
        let doing = "making a bypass code";
        self.read(doing, |connection| {
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM bypass_codes WHERE account = ?1
                       AND first_symbols = ?2 AND uses_left > 0 AND revoked_wall IS NULL)",
                )
                .and_then(|mut statement| {
                    statement.query_row(params![account, index], |row| row.get(0))
                })
                .map_err(StoreError::sqlite(doing))
        })
    }

    /// Ends one live code of an account, or all; which ones.
    pub fn revoke_bypass(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        id: Option<i64>,
        reason: &str,
    ) -> Result<Vec<i64>, StoreError> {
        let doing = "revoking bypass codes";
        self.write(doing, |tx| {
            let account = existing(tx, doing, name)?;
            let generation = clock::generation(tx)?;
            let ended: Vec<i64> = tx
                .prepare_cached(
                    "UPDATE bypass_codes SET revoked_wall = ?2
                     WHERE account = ?1 AND id = ifnull(?3, id)
                       AND uses_left > 0 AND revoked_wall IS NULL
                       AND boot_id = ?4 AND expires_boot > ?5 AND generation = ?6
                     RETURNING id",
                )
                .and_then(|mut statement| {
                    statement
                        .query_map(
                            params![
                                account.id,
                                now.wall.millis(),
                                id,
                                now.moment.boot_id,
                                now.moment.at.millis(),
                                generation,
                            ],
                            |row| row.get(0),
                        )?
                        .collect()
                })
                .map_err(StoreError::sqlite(doing))?;
            if ended.is_empty() {
                let which = id.map_or_else(String::new, |id| format!(" of number {id}"));
                let what =
                    format!("{name} has no live bypass code{which}: gatepost bypass list {name}");
                return Err(not_found(doing, what));
            }
            let detail = json!({"ids": ended, "reason": reason});
            act(tx, now, actor, Kind::BypassRevoke, name.as_str(), detail)?;
            Ok(ended)
        })
    }

    /// Live codes, by number.
    pub fn bypass_codes(
        &self,
        now: &Now,
        whose: Whose<'_>,
        limit: u32,
    ) -> Result<Vec<Bypass>, StoreError> {
        self.read(LISTING, |connection| {
            let generation = clock::generation(connection)?;
            let listed = |row: &Row<'_>| listed(row, now);
            let live = params![
                now.moment.boot_id,
                now.moment.at.millis(),
                generation,
                match whose {
                    Whose::Of(name) => name.as_str().to_owned().into(),
                    Whose::AllAfter(id) => rusqlite::types::Value::Integer(id),
                },
                limit,
            ];
            let sql = match whose {
                Whose::Of(_) => {
                    "SELECT b.id, a.name, b.uses, b.uses_left, b.expires_boot, b.reason, b.made_by,
                       b.created_wall
                     FROM accounts a JOIN bypass_codes b ON b.account = a.id
                     WHERE a.name = ?4 AND b.uses_left > 0 AND b.revoked_wall IS NULL
                       AND b.boot_id = ?1 AND b.expires_boot > ?2 AND b.generation = ?3
                     ORDER BY b.id LIMIT ?5"
                }
                Whose::AllAfter(_) => {
                    "SELECT b.id, a.name, b.uses, b.uses_left, b.expires_boot, b.reason, b.made_by,
                       b.created_wall
                     FROM bypass_codes b JOIN accounts a ON a.id = b.account
                     WHERE b.id > ?4 AND b.uses_left > 0 AND b.revoked_wall IS NULL
                       AND b.boot_id = ?1 AND b.expires_boot > ?2 AND b.generation = ?3
                     ORDER BY b.id LIMIT ?5"
                }
            };
            connection
                .prepare_cached(sql)
                .and_then(|mut statement| statement.query_map(live, listed)?.collect())
                .map_err(StoreError::sqlite(LISTING))
        })
    }

    /// Counts a guess against a bypass code, and commits; the hash to compare, where the account has a
    /// live code with those public symbols.
    pub fn count_bypass(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
        waiting: &Waiting,
        index: &str,
    ) -> Result<(Counted, Option<BypassHash>), StoreError> {
        let factor = Kept {
            name: "bypass",
            lock: lockout::bypass,
        };
        self.write(COUNTING, |tx| {
            count_kept(tx, now, opening, policy, waiting, &factor, |account| {
                let generation = clock::generation(tx)?;
                tx.prepare_cached(
                    "SELECT id, hash FROM bypass_codes
                     WHERE account = ?1 AND first_symbols = ?2
                       AND uses_left > 0 AND revoked_wall IS NULL
                       AND boot_id = ?3 AND expires_boot > ?4 AND generation = ?5",
                )
                .and_then(|mut statement| {
                    let key = params![
                        account,
                        index,
                        now.moment.boot_id,
                        now.moment.at.millis(),
                        generation,
                    ];
                    statement
                        .query_row(key, |row| {
                            Ok(BypassHash {
                                id: row.get(0)?,
                                hash: row.get(1)?,
                            })
                        })
                        .optional()
                })
                .map_err(StoreError::sqlite(COUNTING))
            })
        })
    }

    /// Consumes one use of a bypass code that matched; see [`Self::consume`].
    pub fn consume_bypass(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        waiting: &Waiting,
        matched: BypassMatch,
        unused: Option<[u8; 16]>,
    ) -> Result<Option<Consumed>, StoreError> {
        let BypassMatch {
            code,
            guess,
            verified: _spent,
        } = matched;
        self.write(CONSUMING, |tx| {
            let at = clock::advance(tx, now)?;
            let Some((account, person)) = claimed(tx, opening, waiting)? else {
                return Ok(None);
            };
            let generation = clock::generation(tx)?;
            let changed = tx
                .prepare_cached(
                    "UPDATE bypass_codes SET uses_left = uses_left - 1
                     WHERE id = ?1 AND hash = ?2 AND uses_left > 0 AND revoked_wall IS NULL
                       AND boot_id = ?3 AND expires_boot > ?4 AND generation = ?5
                       AND account = (SELECT id FROM accounts WHERE id = ?6 AND name = ?7
                                        AND uid = ?8 AND state = 'active' AND held_wall IS NULL)",
                )
                .and_then(|mut statement| {
                    statement.execute(params![
                        code.id,
                        code.hash,
                        now.moment.boot_id,
                        now.moment.at.millis(),
                        generation,
                        account,
                        person.name.as_str(),
                        person.uid,
                    ])
                })
                .map_err(StoreError::sqlite(CONSUMING))?;
            if changed != 1 {
                return Ok(None);
            }
            end_unused(tx, unused)?;
            let detail = json!({"id": code.id});
            let within = Some(waiting.conversation);
            append_for(tx, now, opening, Kind::BypassUsed, within, detail)?;
            succeed(tx, now, at, opening, waiting, guess, "bypass").map(Some)
        })
    }
}

/// Whether a code lives and was never used: then making it can be taken back.
pub(super) fn is_untouched(
    connection: &Connection,
    now: &Now,
    id: i64,
) -> Result<bool, StoreError> {
    let generation = clock::generation(connection)?;
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM bypass_codes
               WHERE id = ?1 AND uses_left = uses AND revoked_wall IS NULL
                 AND boot_id = ?2 AND expires_boot > ?3 AND generation = ?4)",
        )
        .and_then(|mut statement| {
            let moment = &now.moment;
            let values = params![id, moment.boot_id, moment.at.millis(), generation];
            statement.query_row(values, |row| row.get(0))
        })
        .map_err(StoreError::sqlite("looking at a bypass code"))
}

/// Ends a code because making it is taken back: only one that is live and was never used. Its row stays, and
/// counts among those of its day.
pub(super) fn take_back(
    tx: &Transaction<'_>,
    now: &Now,
    actor: &Actor,
    account: &str,
    id: i64,
    reason: &str,
) -> Result<(), StoreError> {
    let doing = "taking a bypass code back";
    let generation = clock::generation(tx)?;
    let changed = tx
        .execute(
            "UPDATE bypass_codes SET revoked_wall = ?2
             WHERE id = ?1 AND uses_left = uses AND revoked_wall IS NULL
               AND boot_id = ?3 AND expires_boot > ?4 AND generation = ?5",
            params![
                id,
                now.wall.millis(),
                now.moment.boot_id,
                now.moment.at.millis(),
                generation,
            ],
        )
        .map_err(StoreError::sqlite(doing))?;
    if changed == 1 {
        let detail = json!({"ids": [id], "reason": reason});
        return act(tx, now, actor, Kind::BypassRevoke, account, detail);
    }
    let row: Option<(u32, u32, bool)> = tx
        .query_row(
            "SELECT uses, uses_left, revoked_wall IS NOT NULL FROM bypass_codes WHERE id = ?1",
            [id],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()
        .map_err(StoreError::sqlite(doing))?;
    let name = sanitise(account);
    Err(not_found(
        doing,
        match row {
            Some((uses, left, false)) if left > 0 && left < uses => format!(
                "bypass code {id} of {name} was used, which is not taken back; to end what is left of \
                 it: gatepost bypass revoke {name} {id}"
            ),
            Some((_, 0, false)) => format!(
                "bypass code {id} of {name} was used, or its time is over: there is nothing to take back"
            ),
            Some(_) | None => {
                format!(
                    "bypass code {id} of {name} has ended already: there is nothing to take back"
                )
            }
        },
    ))
}

/// Removes an account's codes that ended and are older than a day; how many are live, and how many were made
/// within the day. Those that ended give their public symbols back.
fn end_ended(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    generation: i64,
    account: i64,
) -> Result<(u32, u32), rusqlite::Error> {
    tx.execute(
        "UPDATE bypass_codes SET uses_left = 0
         WHERE account = ?1 AND NOT (uses_left > 0 AND revoked_wall IS NULL
           AND boot_id = ?2 AND expires_boot > ?3 AND generation = ?4)",
        params![
            account,
            now.moment.boot_id,
            now.moment.at.millis(),
            generation
        ],
    )?;
    let day = at.minus(DAY).millis();
    tx.execute(
        "DELETE FROM bypass_codes WHERE account = ?1 AND uses_left = 0 AND created_store <= ?2",
        params![account, day],
    )?;
    tx.query_row(
        "SELECT count(*) FILTER (WHERE uses_left > 0), count(*) FILTER (WHERE created_store > ?2)
         FROM bypass_codes WHERE account = ?1",
        params![account, day],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

fn listed(row: &Row<'_>, now: &Now) -> Result<Bypass, rusqlite::Error> {
    Ok(Bypass {
        id: row.get(0)?,
        account: row.get(1)?,
        uses: row.get(2)?,
        uses_left: row.get(3)?,
        left: Boot::from_millis(row.get(4)?).since(now.moment.at),
        reason: row.get(5)?,
        by: row.get(6)?,
        created: row.get(7)?,
    })
}

fn refused(doing: &'static str, what: String) -> StoreError {
    let problem = Problem::Exists(what);
    StoreError { doing, problem }
}
