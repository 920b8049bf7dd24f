//! What Gatepost decides, as pure functions of facts: no I/O, no clock, no randomness.
//!
//! - [`limits`]: every limit with its default and bounds, in one table
//! - [`rules`]: who is asked: skip, require, refuse
//! - [`text`]: rules as an administrator writes them
//! - [`versions`]: which rules are in force
//! - [`challenge`]: may this challenge be compared or resumed?
//! - [`lockout`]: failures → open, locked for a while, locked by the row
//! - [`sends`]: may a mail go out?
//! - [`clock`]: the store's own clock
//! - [`shield`]: networks that are refused for a while
//! - [`attack`]: do the counts look like an attack?
//! - [`odds`]: what the limits leave an attacker

pub mod attack;
pub mod challenge;
pub mod clock;
pub mod limits;
pub mod lockout;
pub mod network;
pub mod odds;
pub mod rules;
pub mod sends;
pub mod shield;
pub mod text;
pub mod versions;

use limits::Limits;

/// What the configuration decides about sign-ins; who is asked is a matter of the rules, which the
/// store keeps ([`versions`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Shapes, lifetimes, counts.
    pub limits: Limits,
    /// What happens to an account that never had a row.
    pub unenrolled: Unenrolled,
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
