//! Who is asked: what is in force, what a candidate would change and for whom, and the acts that put a
//! version in force. And what the limits leave an attacker who has the password.
//!
//! - `mod`: the policy as a whole, for screens and `gatepost policy show`
//! - [`effective`]: what applies to one person, also by a candidate
//! - [`diff`]: a candidate against the version in force, with who is affected
//! - [`act`]: apply, try, confirm, roll back: each against the version that the difference was made with
//! - [`history`]: the versions

pub mod act;
pub mod diff;
pub mod effective;
pub mod history;

use gatepost_words::text::sanitise;
use gatepost_words::time::Span;
use serde::Serialize;

use super::roles::Right;
use super::{Admin, AdminError};
use crate::config::Config;
use crate::people;
use crate::policy::Unenrolled;
use crate::policy::limits::{
    BYPASS_PER_DAY, BYPASS_PER_HOUR, Binding, Limits, RECOVERY_PER_DAY, RECOVERY_PER_HOUR,
    SOURCE_WINDOW,
};
use crate::policy::odds::{Odds, odds};
use crate::policy::rules::{self, Action};
pub use crate::policy::text::{LONGEST, PRIMER};
pub use crate::policy::versions::TRY;

/// The policy in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// The limits, in the order of the configuration.
    pub limits: Vec<Limit>,
    /// What happens to accounts that were never enrolled.
    pub unenrolled: Unenrolled,
    /// Which version of the rules is in force, and for how long.
    #[serde(flatten)]
    pub state: State,
    /// The rules in order; the first that matches decides.
    pub rules: Vec<Rule>,
    /// Groups that rules name and that are not there.
    pub missing_groups: Vec<String>,
}

/// Which version is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// Its number; none where the store names none.
    pub version: Option<i64>,
    /// Why it cannot be used, so that everybody is asked; none where it can.
    pub trouble: Option<String>,
    /// The try that is running; none where the version is there to stay.
    pub trial: Option<Trial>,
}

/// A try that is running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The version that is tried.
    pub version: i64,
    /// The version that is in force again when it is over.
    pub back_to: i64,
    /// Until then.
    pub seconds_left: i64,
    /// Who tries it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// Its key in the configuration; empty for one that is fixed.
    pub key: &'static str,
    /// What it says, as a person reads it.
    pub value: String,
    /// What it is.
    pub what: &'static str,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its number, counted from one.
    pub number: usize,
    /// Names; empty is everybody.
    pub users: Vec<String>,
    /// Groups; empty is any.
    pub groups: Vec<String>,
    /// Services; empty is any.
    pub services: Vec<String>,
    /// What it says.
    pub action: Action,
}

impl Admin {
    /// The policy in force.
    pub fn policy(&self) -> Result<Policy, AdminError> {
        self.may(Right::Look)?;
        let in_force = self.store.policy(&self.host.now())?;
        let missing = people::missing_groups(in_force.rules())?;
        let policy = &self.config.policy;
        Ok(Policy {
            missing_groups: missing.iter().map(|group| sanitise(group)).collect(),
            limits: limits(&policy.limits, self.config.keep_events),
            unenrolled: policy.unenrolled,
            state: self.policy_state()?,
            rules: shown(in_force.rules()),
        })
    }

    /// Which version is in force, and how long a try has left: cheap enough to ask each second.
    pub fn policy_state(&self) -> Result<State, AdminError> {
        self.may(Right::Look)?;
        let now = self.host.now();
        let in_force = self.store.policy(&now)?;
        let running = self.store.policy_pointer()?.and_then(|pointer| {
            let trial = pointer.trial?;
            let left = trial.left(&now.moment)?;
            (in_force.version == Some(pointer.version)).then_some((trial.previous, left))
        });
        let trial = match (running, in_force.version) {
            (Some((back_to, left)), Some(version)) => {
                let listed = self.version(version)?;
                let told = |text: Option<String>| sanitise(&text.unwrap_or_default());
                Some(Trial {
                    version,
                    back_to,
                    seconds_left: left.secs_up(),
                    by: told(listed.as_ref().map(|listed| listed.by.clone())),
                    reason: told(listed.map(|listed| listed.reason)),
                })
            }
            (_, _) => None,
        };
        Ok(State {
            version: in_force.version,
            trouble: in_force.trouble().map(|trouble| sanitise(&trouble)),
            trial,
        })
    }

    /// The text of a version, or of the one in force, exactly as it was applied.
    pub fn policy_text(&self, version: Option<i64>) -> Result<String, AdminError> {
        self.may(Right::Look)?;
        let in_force = || Ok(self.store.policy(&self.host.now())?.version);
        let number = match version {
            Some(version) => Some(version),
            None => in_force().map_err(|error: AdminError| error)?,
        };
        let kept = match number {
            Some(number) => self.store.policy_version(number)?,
            None => None,
        };
        match kept {
            Some(kept) => Ok(kept.text),
            None => Err(AdminError::NoSuchPolicy(number.unwrap_or(0))),
        }
    }
}

/// Rules as they are shown.
fn shown(rules: &[rules::Rule]) -> Vec<Rule> {
    let one = |(rule, number): (&rules::Rule, usize)| Rule {
        number,
        users: rule.users.iter().map(ToString::to_string).collect(),
        groups: rule.groups.iter().map(|group| sanitise(group)).collect(),
        services: rule.services.iter().map(ToString::to_string).collect(),
        action: rule.action,
    };
    rules.iter().zip(1..).map(one).collect()
}

fn limits(given: &Limits, keep_events: Span) -> Vec<Limit> {
    let binding = match given.binding {
        Binding::Source => "account, service, host and source",
        Binding::Session => "the connection that asked for it",
    };
    let limit = |key, value, what| Limit { key, value, what };
    vec![
        limit("code.length", given.shape.to_string(), "code"),
        limit(
            "code.life",
            given.life.to_string(),
            "how long it may be typed",
        ),
        limit(
            "code.tries",
            given.tries.to_string(),
            "wrong answers that kill it",
        ),
        limit("code.binding", binding.to_owned(), "who may type it"),
        limit(
            "limits.failures_per_hour",
            given.failures_per_hour.to_string(),
            "wrong codes an hour that lock an account",
        ),
        limit(
            "limits.failures_per_day",
            given.failures_per_day.to_string(),
            "wrong codes a day that lock it",
        ),
        limit(
            "limits.failures_in_a_row",
            given.failures_in_a_row.to_string(),
            "wrong codes in a row that lock it until it is unlocked",
        ),
        limit(
            "",
            RECOVERY_PER_HOUR.to_string(),
            "wrong recovery codes an hour",
        ),
        limit(
            "",
            RECOVERY_PER_DAY.to_string(),
            "wrong recovery codes a day",
        ),
        limit(
            "",
            BYPASS_PER_HOUR.to_string(),
            "wrong bypass codes an hour",
        ),
        limit("", BYPASS_PER_DAY.to_string(), "wrong bypass codes a day"),
        limit(
            "limits.send_cooldown",
            given.send_cooldown.to_string(),
            "time between two mails",
        ),
        limit(
            "limits.sends_per_hour",
            given.sends_per_hour.to_string(),
            "mails an hour since the last success",
        ),
        limit(
            "limits.sends_per_day",
            given.sends_per_day.to_string(),
            "mails a day since the last success",
        ),
        limit(
            "limits.mails_per_address_per_day",
            given.mails_per_address_per_day.to_string(),
            "mails a day to one address, whatever happens",
        ),
        limit(
            "limits.sends_per_source",
            format!("{} in {}", given.sends_per_source, SOURCE_WINDOW),
            "unanswered mails that one source may cause",
        ),
        limit(
            "mail.deadline",
            given.delivery.to_string(),
            "time for a delivery over all relays",
        ),
        limit(
            "audit.keep",
            format!(
                "{} days",
                keep_events.millis() / Span::from_hours(24).millis()
            ),
            "how long events are kept",
        ),
    ]
}

/// What the limits leave an attacker.
pub fn chances(config: &Config) -> Odds {
    odds(&config.policy.limits)
}

#[cfg(test)]
mod tests;
