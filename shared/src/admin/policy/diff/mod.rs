//! A candidate against the version in force: which lines differ, and for whom something changes.
//!
//! Who is affected is found by the function that decides sign-ins, over every account, those that rules
//! name, and whoever asks. Accounts are read in pages; the groups that rules name are looked
//! up once.

mod affected;
mod lines;

use serde::Serialize;

use self::affected::Census;
pub use self::affected::{Change, Closed, Closure, Outcome, Yours};
pub(in crate::admin) use self::lines::between;
pub use self::lines::{Line, Sign};
use crate::admin::roles::Right;
use crate::admin::{Admin, AdminError};
use crate::policy::text;
use crate::policy::versions::{InForce, digest};
use crate::store::events::hex;

/// Rules that may come in force: checked, and so far no more than a text.
#[derive(Clone, Debug)]
pub struct Candidate {
    text: String,
    rules: InForce,
    restores: Option<i64>,
}

/// Whether to go on with a long look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// Yes.
    On,
    /// No: what was found so far will do.
    Stop,
}

/// Whether a look went to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stopped {
    /// It did.
    No,
    /// It was told to stop.
    Early,
}

/// What a candidate would change.
#[derive(Clone, Debug, Serialize)]
pub struct Diff {
    /// The version in force, that it was made against.
    pub base: Option<i64>,
    /// Why that version cannot be used, where it cannot.
    pub base_trouble: Option<String>,
    /// The candidate's SHA-256, in hex.
    pub sha256: String,
    /// How many rules it has.
    pub rules: usize,
    /// Lines that go, come and stay; none where the texts are the same.
    pub lines: Vec<Line>,
    /// Groups that the candidate names and that are not there.
    pub missing_groups: Vec<String>,
    /// The services that were looked at.
    pub services: Vec<String>,
    /// How many accounts were looked at.
    pub looked_at: u64,
    /// Whether all were.
    pub stopped: Stopped,
    /// What changes, and for whom.
    pub changes: Vec<Change>,
    /// Whom it would change something for, if their accounts were open.
    pub closed: Vec<Closed>,
    /// How many people get in somewhere now, and would no longer.
    pub locked_out: u64,
    /// What changes for whoever asks.
    pub yours: Vec<Yours>,
    /// Whether they are among those who are locked out.
    pub locks_you_out: bool,
    /// Whether somebody who is enrolled gets in somewhere now, and none of those would anywhere; whoever is
    /// newly let in does not count.
    pub locks_everybody_out: bool,
    /// All of it as one sentence: `locks out 3 people, you among them`.
    pub summary: String,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    restores: Option<i64>,
}

impl Candidate {
    /// Reads rules.
    pub fn parse(text: &str) -> Result<Self, AdminError> {
        let rules = text::parse(text)?;
        Ok(Self {
            text: text.to_owned(),
            rules: InForce::candidate(rules),
            restores: None,
        })
    }

    pub(super) fn rules(&self) -> &InForce {
        &self.rules
    }
}

impl Diff {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn restores(&self) -> Option<i64> {
        self.restores
    }
}

impl Admin {
    /// An older version as a candidate: to apply it is to roll back, as a version of its own.
    pub fn policy_candidate(&self, version: i64) -> Result<Candidate, AdminError> {
        self.may(Right::Look)?;
        let kept = self.store.policy_version(version)?;
        let kept = kept.ok_or(AdminError::NoSuchPolicy(version))?;
        let rules = kept
            .rules()
            .map_err(|unusable| AdminError::UnusablePolicy(version, unusable))?;
        Ok(Candidate {
            text: kept.text,
            rules: InForce::candidate(rules),
            restores: Some(version),
        })
    }

    /// What a candidate would change, and for whom. `watch` hears after each page how many accounts were
    /// looked at, and says whether to go on.
    pub fn policy_diff(
        &self,
        candidate: &Candidate,
        watch: &mut dyn FnMut(u64) -> Go,
    ) -> Result<Diff, AdminError> {
        self.may(Right::Look)?;
        let now = self.host.now();
        let before = self.store.policy(&now)?;
        let lines = between(before.text().unwrap_or_default(), &candidate.text);
        let mut census = Census::new(self, &before, &candidate.rules);
        let stopped = census.take(watch)?;
        let yours = census.yours()?;
        let found = census.found();
        let locks_you_out = yours.iter().any(Yours::locks_out);
        let missing = crate::people::missing_groups(candidate.rules.rules())?;
        let locks_everybody_out = found.in_before > 0 && found.still_in == 0;
        let summary = found.summary(&lines, locks_you_out, locks_everybody_out);
        Ok(Diff {
            base: before.version,
            base_trouble: before
                .trouble()
                .map(|trouble| gatepost_words::text::sanitise(&trouble)),
            sha256: hex(&digest(&candidate.text)),
            rules: candidate.rules.rules().len(),
            lines,
            missing_groups: missing
                .iter()
                .map(|group| gatepost_words::text::sanitise(group))
                .collect(),
            services: found.services,
            looked_at: found.looked_at,
            stopped,
            changes: found.changes,
            closed: found.closed,
            locked_out: found.locked_out,
            yours,
            locks_you_out,
            locks_everybody_out,
            summary,
            text: candidate.text.clone(),
            restores: candidate.restores,
        })
    }
}
