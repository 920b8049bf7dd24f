//! What is in force, and what it leaves an attacker who has the password.

use serde::Serialize;

use crate::config::Config;
use crate::policy::Unenrolled;
use crate::policy::limits::{self, Binding};
use crate::policy::odds::{Odds, odds};
use crate::policy::rules::Action;

/// The policy in force.
#[derive(Debug, Serialize)]
pub struct Policy {
    /// Limits and their values, in order, as a person reads them.
    pub limits: Vec<(&'static str, String)>,
    /// What happens to accounts that were never enrolled.
    pub unenrolled: Unenrolled,
    /// The rules in order; the first that matches decides.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Serialize)]
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

/// The policy that a configuration puts in force.
pub fn show(config: &Config) -> Policy {
    let policy = &config.policy;
    let given = &policy.limits;
    let binding = match given.binding {
        Binding::Source => "account, service, host and source",
        Binding::Session => "the connection that asked for it",
    };
    Policy {
        limits: vec![
            ("code", given.shape.to_string()),
            ("life of a code", given.life.to_string()),
            ("tries a code", given.tries.to_string()),
            ("a code is bound to", binding.to_owned()),
            ("failures an hour", given.failures_per_hour.to_string()),
            ("failures a day", given.failures_per_day.to_string()),
            ("failures in a row", given.failures_in_a_row.to_string()),
            (
                "failed recovery codes an hour, a day",
                format!(
                    "{}, {}",
                    limits::RECOVERY_PER_HOUR,
                    limits::RECOVERY_PER_DAY
                ),
            ),
            ("time between mails", given.send_cooldown.to_string()),
            ("mails an hour", given.sends_per_hour.to_string()),
            ("mails a day", given.sends_per_day.to_string()),
            (
                "mails an address a day",
                given.mails_per_address_per_day.to_string(),
            ),
            (
                "unanswered mails a source",
                format!("{} in {}", given.sends_per_source, limits::SOURCE_WINDOW),
            ),
            ("time for a delivery", given.delivery.to_string()),
        ],
        unenrolled: policy.unenrolled,
        rules: policy
            .rules
            .iter()
            .zip(1..)
            .map(|(rule, number)| Rule {
                number,
                users: rule.users.iter().map(ToString::to_string).collect(),
                groups: rule
                    .groups
                    .iter()
                    .map(|group| gatepost_words::text::sanitise(group))
                    .collect(),
                services: rule.services.iter().map(ToString::to_string).collect(),
                action: rule.action,
            })
            .collect(),
    }
}

/// What the limits leave an attacker.
pub fn chances(config: &Config) -> Odds {
    odds(&config.policy.limits)
}
