//! What Gatepost decides, as pure functions of facts: no I/O, no clock, no randomness.
//!
//! - [`limits`]: every limit with its default and bounds, in one table
//! - [`rules`]: who is asked: skip, require, refuse
//! - [`challenge`]: may this challenge be compared or resumed?
//! - [`lockout`]: failures → open, locked for a while, locked by the row
//! - [`sends`]: may a mail go out?
//! - [`clock`]: the store's own clock
//! - [`odds`]: what the limits leave an attacker

pub mod challenge;
pub mod clock;
pub mod limits;
pub mod lockout;
pub mod odds;
pub mod rules;
pub mod sends;

use limits::Limits;
use rules::Rule;

/// Everything an administrator decides about sign-ins.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Shapes, lifetimes, counts.
    pub limits: Limits,
    /// What happens to an account that never had a row.
    pub unenrolled: Unenrolled,
    /// Who is asked; the first that matches decides.
    pub rules: Vec<Rule>,
}

/// What happens to an account that never had a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unenrolled {
    /// It is refused.
    Refuse,
    /// Gatepost has no opinion: PAM goes by the rest of the stack.
    Ignore,
}
