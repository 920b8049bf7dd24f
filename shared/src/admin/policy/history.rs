//! The policy's versions: who made them, when, why, from which, and what became of them.

use gatepost_words::text::sanitise;
use serde::Serialize;

use crate::admin::roles::Right;
use crate::admin::{Admin, AdminError, stamp};
use crate::store::policies::Version;

/// A version, as a row of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its number.
    pub version: i64,
    /// `in force`, `being tried`, `tried and kept`, `tried, not kept`, or empty.
    pub state: &'static str,
    /// `setup`, `apply`, `try` or `rollback`.
    pub how: String,
    /// When, RFC 3339.
    pub at: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The version in force when it was made.
    pub based_on: Option<i64>,
    /// The version whose text it brought back.
    pub restores: Option<i64>,
    /// For how many seconds it was tried.
    pub tried_for: Option<i64>,
    /// Who confirmed a try.
    pub confirmed_by: Option<String>,
    /// Its text's SHA-256, in hex.
    pub sha256: String,
}

impl Admin {
    /// The versions before that one, or the newest, newest first.
    pub fn policy_history(&self, before: Option<i64>, most: u32) -> Result<Vec<Row>, AdminError> {
        self.may(Right::Look)?;
        let state = self.policy_state()?;
        let versions = self.store.policies_before(before, most)?;
        let row = |version: Version| {
            let is_in_force = state.version == Some(version.version);
            let became = match (is_in_force, &state.trial, version.tried_for) {
                (true, Some(_), _) => "being tried",
                (true, None, _) => "in force",
                (false, _, None) => "",
                (false, _, Some(_)) if version.confirmed.is_some() => "tried and kept",
                (false, _, Some(_)) => "tried, not kept",
            };
            Row {
                version: version.version,
                state: became,
                how: sanitise(&version.how),
                at: stamp(version.created),
                by: sanitise(&version.by),
                reason: sanitise(&version.reason),
                based_on: version.based_on,
                restores: version.restores,
                tried_for: version.tried_for.map(gatepost_words::time::Span::secs_up),
                confirmed_by: version.confirmed.map(|(by, _)| sanitise(&by)),
                sha256: version.sha256,
            }
        };
        Ok(versions.into_iter().map(row).collect())
    }

    /// One version's row.
    pub(super) fn version(&self, version: i64) -> Result<Option<Version>, AdminError> {
        let found = self.store.policies_before(version.checked_add(1), 1)?;
        Ok(found.into_iter().find(|listed| listed.version == version))
    }
}
