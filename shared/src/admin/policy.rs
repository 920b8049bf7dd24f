//! What is in force, and what it leaves an attacker who has the password.

use std::path::Path;

use gatepost_words::text::sanitise;
use gatepost_words::time::Span;
use serde::Serialize;

use super::AdminError;
use super::roles::{Operator, Right};
use crate::people;
use crate::policy::Unenrolled;
use crate::policy::limits::{Binding, Limits, RECOVERY_PER_DAY, RECOVERY_PER_HOUR, SOURCE_WINDOW};
use crate::policy::odds::{Odds, odds};
use crate::policy::rules::Action;

/// The policy in force.
#[derive(Debug, Serialize)]
pub struct Policy {
    /// The limits, in the order of the configuration.
    pub limits: Vec<Limit>,
    /// What happens to accounts that were never enrolled.
    pub unenrolled: Unenrolled,
    /// The rules in order; the first that matches decides.
    pub rules: Vec<Rule>,
    /// Groups that rules name and that are not there.
    pub missing_groups: Vec<String>,
}

/// One limit.
#[derive(Debug, Serialize)]
pub struct Limit {
    /// Its key in the configuration; empty for one that is fixed.
    pub key: &'static str,
    /// What it says, as a person reads it.
    pub value: String,
    /// What it is.
    pub what: &'static str,
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
pub fn show(conf: Option<&Path>, operator: &Operator) -> Result<Policy, AdminError> {
    operator.may(Right::Look)?;
    let config = super::config(conf, operator)?;
    let policy = &config.policy;
    let missing = people::missing_groups(&policy.rules)?;
    Ok(Policy {
        missing_groups: missing.iter().map(|group| sanitise(group)).collect(),
        limits: limits(&policy.limits, config.keep_events),
        unenrolled: policy.unenrolled,
        rules: policy
            .rules
            .iter()
            .zip(1..)
            .map(|(rule, number)| Rule {
                number,
                users: rule.users.iter().map(ToString::to_string).collect(),
                groups: rule.groups.iter().map(|group| sanitise(group)).collect(),
                services: rule.services.iter().map(ToString::to_string).collect(),
                action: rule.action,
            })
            .collect(),
    })
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
pub fn chances(conf: Option<&Path>, operator: &Operator) -> Result<Odds, AdminError> {
    operator.may(Right::Look)?;
    Ok(odds(&super::config(conf, operator)?.policy.limits))
}
