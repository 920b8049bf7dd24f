//! Counting guesses and consuming codes: the heart of the product.
//!
//! A guess is counted and committed before it is compared. A success is one guarded UPDATE that
//! must change exactly one row; only that transaction makes a [`Consumed`].

use gatepost_words::ident::Person;
use gatepost_words::time::{Span, StoreTime};
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde_json::json;

use super::error::StoreError;
use super::failures::tally;
use super::kinds::Kind;
use super::signin::{Closed, Opening, Waiting, append_for, close};
use super::{Store, clock, mails, shields};
use crate::code::key::Verified;
use crate::code::recovery::VerifiedRecovery;
use crate::host::Now;
use crate::policy::Policy;
use crate::policy::challenge::{Delivery, Life, State};
use crate::policy::limits::Limits;
use crate::policy::lockout::{self, Lock, Tally};

/// An account's row, as a sign-in needs it.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// Its number.
    pub id: i64,
    /// The uid it was enrolled with.
    pub uid: i64,
    /// `active`, `disabled` or `removed`.
    pub state: String,
    /// Failures since the last success or unlocking.
    pub in_a_row: u32,
    /// Whether an administrator locked it.
    pub held: bool,
    /// When it was last unlocked.
    pub unlocked: Option<StoreTime>,
    /// When it last succeeded.
    pub success: Option<StoreTime>,
}

/// That a code was consumed: the only thing a success can be made from.
#[derive(Debug)]
#[must_use = "this is the success"]
pub struct Consumed(Closed);

impl Consumed {
    /// The decision, for the log.
    pub fn into_closed(self) -> Closed {
        self.0
    }
}

/// Whether a guess may be compared.
#[derive(Debug)]
#[must_use]
pub enum Counted {
    /// It is counted: compare it.
    Compare {
        /// The ledger's row, which a success turns to right.
        guess: i64,
        /// Tries left if it is wrong.
        left: u32,
    },
    /// The account is locked: nothing is compared.
    Locked(Lock),
    /// The challenge is not live: nothing is compared.
    Dead(State),
    /// There is no such recovery or bypass code: the guess is counted, and is wrong.
    NoSuchCode,
    /// Its source is shielded for so long: nothing is compared, and nothing counted.
    Shielded(Span),
}

/// A recovery code that matched its hash.
#[derive(Debug)]
pub struct RecoveryMatch {
    /// The code's row and the hash that was compared: a row's number may be another code's by now.
    pub code: RecoveryHash,
    /// The ledger's row.
    pub guess: i64,
    /// That it matched; spent on one consumption.
    pub verified: VerifiedRecovery,
}

/// A recovery code's hash, to be compared.
#[derive(Debug)]
pub struct RecoveryHash {
    /// Its row.
    pub id: i64,
    /// Argon2id, as a PHC string.
    pub hash: String,
}

pub(super) const COUNTING: &str = "counting a guess";
pub(super) const CONSUMING: &str = "consuming a code";
pub(super) const DAY: Span = Span::from_hours(24);

impl Store {
    /// Counts a guess against a mailed code, and commits, before anything is compared.
    pub fn count_guess(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
        waiting: &Waiting,
        challenge: [u8; 16],
    ) -> Result<Counted, StoreError> {
        self.write(COUNTING, |tx| {
            let at = clock::advance(tx, now)?;
            if let Some(left) = shields::stop(tx, now, at, opening, waiting, "code")? {
                return Ok(Counted::Shielded(left));
            }
            if is_stale(tx, waiting)? {
                return Ok(Counted::Dead(State::Expired));
            }
            let Some(account) = active(tx, opening, waiting)? else {
                return Ok(Counted::Locked(Lock::Row));
            };
            let lock = lockout::mailed(&tally(tx, &account, "code", at)?, &policy.limits, at);
            if lock.locked() {
                let detail = json!({"factor": "code", "why": lock.word()});
                append_for(
                    tx,
                    now,
                    opening,
                    Kind::Locked,
                    Some(waiting.conversation),
                    detail,
                )?;
                return Ok(Counted::Locked(lock));
            }
            let life = life(tx, challenge)?;
            let state = life
                .as_ref()
                .map_or(State::Expired, |life| life.state(&now.moment));
            let (Some(life), State::Live) = (life, state) else {
                return Ok(Counted::Dead(state));
            };
            tx.prepare_cached("UPDATE challenges SET tries = tries + 1 WHERE id = ?1")
                .and_then(|mut statement| statement.execute([challenge]))
                .map_err(StoreError::sqlite(COUNTING))?;
            let left = life.max_tries.saturating_sub(life.tries + 1);
            let guess = write_guess(tx, now, at, opening, &account, "code")?;
            let detail = json!({"factor": "code", "left": left});
            append_for(
                tx,
                now,
                opening,
                Kind::Guess,
                Some(waiting.conversation),
                detail,
            )?;
            Ok(Counted::Compare { guess, left })
        })
    }

    /// Counts a guess against a recovery code, and commits; the hash to compare, where the account
    /// has a live code of that first group.
    pub fn count_recovery(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
        waiting: &Waiting,
        first_group: &str,
    ) -> Result<(Counted, Option<RecoveryHash>), StoreError> {
        let factor = Kept {
            name: "recovery",
            lock: lockout::recovery,
        };
        self.write(COUNTING, |tx| {
            count_kept(tx, now, opening, policy, waiting, &factor, |account| {
                tx.prepare_cached(
                    "SELECT id, hash FROM recovery_codes
                     WHERE account = ?1 AND first_group = ?2 AND used_wall IS NULL",
                )
                .and_then(|mut statement| {
                    statement
                        .query_row(params![account, first_group], |row| {
                            Ok(RecoveryHash {
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

    /// Consumes a code that matched. None where it was used, replaced, expired or voided in the
    /// meantime: then it is a refusal like any other.
    pub fn consume(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        waiting: &Waiting,
        challenge: [u8; 16],
        guess: i64,
        _spent: Verified,
    ) -> Result<Option<Consumed>, StoreError> {
        self.write(CONSUMING, |tx| {
            let at = clock::advance(tx, now)?;
            let Some((id, person)) = claimed(tx, opening, waiting)? else {
                return Ok(None);
            };
            let generation = clock::generation(tx)?;
            let changed = tx
                .prepare_cached(
                    "UPDATE challenges SET used_wall = ?2
                     WHERE id = ?1 AND used_wall IS NULL AND replaced = 0 AND tries <= max_tries
                       AND boot_id = ?3 AND expires_boot > ?4 AND generation = ?5
                       AND account = (SELECT id FROM accounts WHERE id = ?6 AND name = ?7
                                        AND uid = ?8 AND state = 'active' AND held_wall IS NULL)",
                )
                .and_then(|mut statement| {
                    statement.execute(params![
                        challenge,
                        now.wall.millis(),
                        now.moment.boot_id,
                        now.moment.at.millis(),
                        generation,
                        id,
                        person.name.as_str(),
                        person.uid,
                    ])
                })
                .map_err(StoreError::sqlite(CONSUMING))?;
            if changed != 1 {
                return Ok(None);
            }
            succeed(tx, now, at, opening, waiting, guess, "code").map(Some)
        })
    }

    /// Consumes a recovery code that matched; see [`Self::consume`].
    pub fn consume_recovery(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        waiting: &Waiting,
        matched: RecoveryMatch,
        unused: Option<[u8; 16]>,
    ) -> Result<Option<Consumed>, StoreError> {
        let RecoveryMatch {
            code,
            guess,
            verified: _spent,
        } = matched;
        self.write(CONSUMING, |tx| {
            let at = clock::advance(tx, now)?;
            let Some((id, person)) = claimed(tx, opening, waiting)? else {
                return Ok(None);
            };
            let changed = tx
                .prepare_cached(
                    "UPDATE recovery_codes SET used_wall = ?2
                     WHERE id = ?1 AND hash = ?4 AND used_wall IS NULL
                       AND account = (SELECT id FROM accounts WHERE id = ?3 AND name = ?5
                                        AND uid = ?6 AND state = 'active' AND held_wall IS NULL)",
                )
                .and_then(|mut statement| {
                    statement.execute(params![
                        code.id,
                        now.wall.millis(),
                        id,
                        code.hash,
                        person.name.as_str(),
                        person.uid,
                    ])
                })
                .map_err(StoreError::sqlite(CONSUMING))?;
            if changed != 1 {
                return Ok(None);
            }
            end_unused(tx, unused)?;
            succeed(tx, now, at, opening, waiting, guess, "recovery").map(Some)
        })
    }
}

/// Ends the mailed code that a person did without: they are in, so it must not stay live.
pub(super) fn end_unused(tx: &Transaction<'_>, unused: Option<[u8; 16]>) -> Result<(), StoreError> {
    if let Some(unused) = unused {
        tx.prepare_cached("UPDATE challenges SET replaced = 1 WHERE id = ?1")
            .and_then(|mut statement| statement.execute([unused]))
            .map_err(StoreError::sqlite(CONSUMING))?;
    }
    Ok(())
}

/// What a success changes, in the transaction that consumed the code.
pub(super) fn succeed(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    opening: &Opening<'_>,
    waiting: &Waiting,
    guess: i64,
    factor: &str,
) -> Result<Consumed, StoreError> {
    let failed = StoreError::sqlite;
    let account = waiting.account;
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        tx.prepare_cached(sql)
            .and_then(|mut statement| statement.execute(values))
            .map_err(failed(CONSUMING))
    };
    run(
        "UPDATE guesses SET right = 1 WHERE id = ?1 AND account = ?2",
        &[&guess, &account],
    )?;
    run(
        "UPDATE accounts SET failures_in_row = 0, success_store = ?2, success_wall = ?3
         WHERE id = ?1",
        &[&account, &at.millis(), &now.wall.millis()],
    )?;
    run(
        "INSERT INTO known_sources (account, source, service, first_wall, last_wall, last_store)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5)
         ON CONFLICT DO UPDATE SET last_wall = ?4, last_store = ?5",
        &[
            &account,
            &opening.source.network(),
            &opening.service.as_str(),
            &now.wall.millis(),
            &at.millis(),
        ],
    )?;
    mails::answer_sends(tx, account)?;
    let detail = json!({"factor": factor});
    let closed = close(tx, now, opening, waiting.conversation, "success", detail)?;
    Ok(Consumed(closed))
}

/// A factor whose codes are kept as hashes, each of them found by its public symbols.
pub(super) struct Kept {
    /// Its name in the ledger and in the log.
    pub(super) name: &'static str,
    /// What locks it.
    pub(super) lock: fn(&Tally, u32, &Limits, StoreTime) -> Lock,
}

/// Counts a guess at a code of such a factor, where nothing forbids it; only then is the hash looked for
/// among the account's codes.
pub(super) fn count_kept<H>(
    tx: &Transaction<'_>,
    now: &Now,
    opening: &Opening<'_>,
    policy: &Policy,
    waiting: &Waiting,
    factor: &Kept,
    find: impl FnOnce(i64) -> Result<Option<H>, StoreError>,
) -> Result<(Counted, Option<H>), StoreError> {
    let Kept { name, lock } = factor;
    let at = clock::advance(tx, now)?;
    if let Some(left) = shields::stop(tx, now, at, opening, waiting, name)? {
        return Ok((Counted::Shielded(left), None));
    }
    if is_stale(tx, waiting)? {
        return Ok((Counted::Dead(State::Expired), None));
    }
    let Some(account) = active(tx, opening, waiting)? else {
        return Ok((Counted::Locked(Lock::Row), None));
    };
    let record =
        |kind, detail| append_for(tx, now, opening, kind, Some(waiting.conversation), detail);
    let tally = tally(tx, &account, name, at)?;
    let lock = lock(&tally, account.in_a_row, &policy.limits, at);
    if lock.locked() {
        record(Kind::Locked, json!({"factor": name, "why": lock.word()}))?;
        return Ok((Counted::Locked(lock), None));
    }
    let guess = write_guess(tx, now, at, opening, &account, name)?;
    record(Kind::Guess, json!({"factor": name}))?;
    let hash = find(account.id)?;
    let counted = match hash {
        Some(_) => Counted::Compare { guess, left: 0 },
        None => Counted::NoSuchCode,
    };
    Ok((counted, hash))
}

/// Writes a guess into the ledger as wrong, and the account's row count with it.
fn write_guess(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    opening: &Opening<'_>,
    account: &AccountRow,
    factor: &str,
) -> Result<i64, StoreError> {
    let failed = StoreError::sqlite;
    let changed = tx
        .prepare_cached("UPDATE accounts SET failures_in_row = failures_in_row + 1 WHERE id = ?1")
        .and_then(|mut statement| statement.execute([account.id]))
        .map_err(failed(COUNTING))?;
    if changed != 1 {
        return Err(StoreError::odd(COUNTING, "the account's row is gone"));
    }
    tx.prepare_cached(
        "INSERT INTO guesses (account, factor, source, at_store, at_wall)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )
    .and_then(|mut statement| {
        statement.insert(params![
            account.id,
            factor,
            opening.source.network(),
            at.millis(),
            now.wall.millis(),
        ])
    })
    .map_err(failed(COUNTING))
}

/// Whether the store was restored since the conversation began: rows may have other numbers, and nothing
/// that was prompted for is what it was.
pub(super) fn is_stale(tx: &Transaction<'_>, waiting: &Waiting) -> Result<bool, StoreError> {
    Ok(clock::generation(tx)? != waiting.generation)
}

/// Which row the conversation says is whose; none where the store is no longer the one that it began in.
pub(super) fn claimed<'a>(
    tx: &Transaction<'_>,
    opening: &Opening<'a>,
    waiting: &Waiting,
) -> Result<Option<(i64, &'a Person)>, StoreError> {
    if is_stale(tx, waiting)? {
        return Ok(None);
    }
    Ok(waiting.account.zip(opening.person))
}

/// The conversation's account, where it is still active, and still that person's.
fn active(
    tx: &Transaction<'_>,
    opening: &Opening<'_>,
    waiting: &Waiting,
) -> Result<Option<AccountRow>, StoreError> {
    let Some((id, _person)) = claimed(tx, opening, waiting)? else {
        return Ok(None);
    };
    let row = of_person(tx, opening)?;
    Ok(row.filter(|account| account.id == id && account.state == "active"))
}

/// The account of the person who signs in: of that name and that uid.
pub(super) fn of_person(
    tx: &Transaction<'_>,
    opening: &Opening<'_>,
) -> Result<Option<AccountRow>, StoreError> {
    let Some(person) = opening.person else {
        return Ok(None);
    };
    let row = account_by_name(tx, person.name.as_str())?;
    Ok(row.filter(|account| account.uid == i64::from(person.uid)))
}

/// The account of a name.
pub(super) fn account_by_name(
    connection: &Connection,
    name: &str,
) -> Result<Option<AccountRow>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, uid, state, failures_in_row, unlocked_store, success_store,
                    held_wall IS NOT NULL
             FROM accounts WHERE name = ?1",
        )
        .and_then(|mut statement| {
            statement
                .query_row([name], |row| {
                    Ok(AccountRow {
                        id: row.get(0)?,
                        uid: row.get(1)?,
                        state: row.get(2)?,
                        in_a_row: row.get(3)?,
                        unlocked: row.get::<_, Option<i64>>(4)?.map(StoreTime::from_millis),
                        success: row.get::<_, Option<i64>>(5)?.map(StoreTime::from_millis),
                        held: row.get(6)?,
                    })
                })
                .optional()
        })
        .map_err(StoreError::sqlite("reading an account"))
}

/// What a challenge's row says of its life.
fn life(tx: &Transaction<'_>, id: [u8; 16]) -> Result<Option<Life>, StoreError> {
    let generation = clock::generation(tx)?;
    tx.prepare_cached(
        "SELECT boot_id, expires_boot, tries, max_tries, used_wall IS NOT NULL, replaced, generation
         FROM challenges WHERE id = ?1",
    )
    .and_then(|mut statement| {
        statement
            .query_row([id], |row| {
                Ok(Life {
                    boot_id: row.get(0)?,
                    expires: gatepost_words::time::Boot::from_millis(row.get(1)?),
                    tries: row.get(2)?,
                    max_tries: row.get(3)?,
                    used: row.get(4)?,
                    replaced: row.get(5)?,
                    stale_generation: row.get::<_, i64>(6)? != generation,
                    delivery: Delivery::Accepted,
                })
            })
            .optional()
    })
    .map_err(StoreError::sqlite(COUNTING))
}
