//! The policy's versions, which of them is in force, and the try that ends by itself.
//!
//! Every change compares and swaps: it names the version in force that it was made against, and is
//! refused where another one is. A sign-in only reads; it never settles a try that is over.

mod change;
mod reading;

use gatepost_words::time::Span;
use rusqlite::params;
use serde_json::json;

pub(super) use self::change::{end_try, go_back, is_tried};
use self::change::{make, put_in_force, remember, settle};
pub(super) use self::reading::expect_unmoved;
use self::reading::{READING, expect_base, in_force, kept, listed, newest, pointer};
use super::Store;
use super::accounts::{Actor, act};
use super::error::StoreError;
use super::events::not_found;
use super::kinds::Kind;
use super::signin::standing_of;
use super::undo::Other;
use crate::host::Now;
use crate::policy::rules::Standing;
use crate::policy::versions::{InForce, Kept, Pointer};

/// A version that is to be made.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The rules, checked.
    pub text: &'a str,
    /// The version in force that it was made against.
    pub base: Option<i64>,
    /// Why it comes to be.
    pub how: How,
    /// For the audit.
    pub reason: &'a str,
}

/// Why a version comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Setup made it, or took it from the configuration.
    Setup,
    /// Somebody applied it.
    Apply,
    /// Somebody tries it for so long.
    Try(Span),
    /// Somebody brought an older one back.
    Rollback(i64),
}

impl How {
    const fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Apply => "apply",
            Self::Try(_) => "try",
            Self::Rollback(_) => "rollback",
        }
    }

    const fn event(self) -> Kind {
        match self {
            Self::Setup => Kind::PolicySetup,
            Self::Apply => Kind::PolicyApply,
            Self::Try(_) => Kind::PolicyTry,
            Self::Rollback(_) => Kind::PolicyRollback,
        }
    }
}

/// A version as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number.
    pub version: i64,
    /// Its text's SHA-256 as it was recorded, in hex.
    pub sha256: String,
    /// `setup`, `apply`, `try` or `rollback`.
    pub how: String,
    /// The version in force when it was made.
    pub based_on: Option<i64>,
    /// The version that it brought back.
    pub restores: Option<i64>,
    /// For how long it was tried.
    pub tried_for: Option<Span>,
    /// Who confirmed the try before it was over, and when, milliseconds since 1970.
    pub confirmed: Option<(String, i64)>,
    /// Who made it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When, milliseconds since 1970.
    pub created: i64,
}

/// An account, as far as rules care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Canonical name.
    pub name: String,
    /// The uid it was enrolled with.
    pub uid: u32,
    /// `active`, `disabled` or `removed`.
    pub state: String,
    /// Failures since the last success or unlocking.
    pub in_a_row: u32,
    /// Whether an administrator locked it.
    pub held: bool,
    /// Whether it has a confirmed address or an unused recovery code.
    pub reachable: bool,
}

impl Subject {
    /// What its row says of whoever has its name and that uid.
    pub fn standing(&self, uid: u32) -> Standing {
        let enrolled_with = i64::from(self.uid);
        standing_of((&self.state, self.held, enrolled_with), uid)
    }
}

impl Store {
    /// The rules in force.
    pub fn policy(&self, now: &Now) -> Result<InForce, StoreError> {
        self.read(READING, |connection| {
            let (version, kept) = in_force(connection, &now.moment)?;
            Ok(InForce::read(version, kept))
        })
    }

    /// What the store names as in force, tries that are over included.
    pub fn policy_pointer(&self) -> Result<Option<Pointer>, StoreError> {
        self.read(READING, pointer)
    }

    /// A version's text and hash.
    pub fn policy_version(&self, version: i64) -> Result<Option<Kept>, StoreError> {
        self.read(READING, |connection| kept(connection, version))
    }

    /// The versions before that one, or the newest, newest first.
    pub fn policies_before(
        &self,
        before: Option<i64>,
        most: u32,
    ) -> Result<Vec<Version>, StoreError> {
        self.read(READING, |connection| {
            connection
                .prepare_cached(
                    "SELECT p.version, p.sha256, p.how, p.based_on, p.restores, p.tried_for, p.by,
                            p.reason, p.created_wall, c.by, c.created_wall
                     FROM policies p LEFT JOIN policy_confirmations c ON c.version = p.version
                     WHERE p.version < ?1 ORDER BY p.version DESC LIMIT ?2",
                )
                .and_then(|mut statement| {
                    let before = before.unwrap_or(i64::MAX);
                    statement
                        .query_map(params![before, most], listed)?
                        .collect()
                })
                .map_err(StoreError::sqlite(READING))
        })
    }

    /// The first version, where there is none at all and none is named; whether it was made.
    pub fn first_policy(
        &mut self,
        now: &Now,
        actor: &Actor,
        text: &str,
        reason: &str,
    ) -> Result<bool, StoreError> {
        self.write("making the first policy version", |tx| {
            let named = pointer(tx)?.is_some();
            if named || newest(tx)? != 0 {
                return Ok(false);
            }
            let draft = Draft {
                text,
                base: None,
                how: How::Setup,
                reason,
            };
            make(tx, now, actor, &draft, None)?;
            Ok(true)
        })
    }

    /// Makes a version and puts it in force, where the one that it was made against still is; its
    /// number.
    pub fn add_policy(
        &mut self,
        now: &Now,
        actor: &Actor,
        draft: &Draft<'_>,
    ) -> Result<i64, StoreError> {
        self.write("changing the policy", |tx| {
            let pointer = settle(tx, now)?;
            expect_base(pointer.as_ref(), now, draft.base)?;
            let version = make(tx, now, actor, draft, pointer.as_ref())?;
            // Without a version before there is nothing to go back to.
            if let Some(kept) = pointer.map(|pointer| pointer.kept()) {
                let back = match draft.how {
                    How::Try(_) => Other::Try(version),
                    How::Setup | How::Apply | How::Rollback(_) => Other::Rules(version),
                };
                remember(tx, now, actor, draft.how.event(), back, (kept, version))?;
            }
            Ok(version)
        })
    }

    /// Keeps the version that is being tried.
    pub fn confirm_policy(
        &mut self,
        now: &Now,
        actor: &Actor,
        base: i64,
        reason: &str,
    ) -> Result<(), StoreError> {
        let doing = "confirming a policy version";
        self.write(doing, |tx| {
            let pointer = settle(tx, now)?;
            expect_base(pointer.as_ref(), now, Some(base))?;
            let Some(previous) = pointer.and_then(|p| p.trial).map(|trial| trial.previous) else {
                let what =
                    "no version is being tried: gatepost policy history says what became of it";
                return Err(not_found(doing, what));
            };
            put_in_force(tx, base, None)?;
            tx.execute(
                "INSERT INTO policy_confirmations VALUES (?1, ?2, ?3)",
                params![base, actor.name, now.wall.millis()],
            )
            .map_err(StoreError::sqlite(doing))?;
            let detail = json!({"version": base, "before": previous, "reason": reason});
            act(tx, now, actor, Kind::PolicyConfirm, "", detail)?;
            let back = Other::Rules(base);
            remember(tx, now, actor, Kind::PolicyConfirm, back, (previous, base))
        })
    }

    /// Writes down that a try is over, where one is: for the audit's sake alone.
    pub fn settle_policy(&mut self, now: &Now) -> Result<(), StoreError> {
        self.write("ending a policy's try", |tx| settle(tx, now).map(|_| ()))
    }

    /// Accounts after that name, as far as rules care; removed ones too, since a rule may let them in.
    pub fn subjects_after(&self, after: &str, most: u32) -> Result<Vec<Subject>, StoreError> {
        let doing = "listing accounts";
        self.read(doing, |connection| {
            connection
                .prepare_cached(
                    "SELECT name, uid, state, failures_in_row, held_wall IS NOT NULL,
                            EXISTS (SELECT 1 FROM addresses d
                                    WHERE d.account = a.id AND d.confirmed_wall IS NOT NULL)
                            OR EXISTS (SELECT 1 FROM recovery_codes r
                                       WHERE r.account = a.id AND r.used_wall IS NULL)
                     FROM accounts a WHERE name > ?1 ORDER BY name LIMIT ?2",
                )
                .and_then(|mut statement| {
                    statement
                        .query_map(params![after, most], |row| {
                            Ok(Subject {
                                name: row.get(0)?,
                                uid: row.get(1)?,
                                state: row.get(2)?,
                                in_a_row: row.get(3)?,
                                held: row.get(4)?,
                                reachable: row.get(5)?,
                            })
                        })?
                        .collect()
                })
                .map_err(StoreError::sqlite(doing))
        })
    }
}

#[cfg(test)]
mod tests;
