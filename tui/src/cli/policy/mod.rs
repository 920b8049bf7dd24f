//! `gatepost policy` and `gatepost simulate`.

mod change;
mod file;
mod odds;
mod show;

use clap::{Args, Subcommand};

use super::Context;
use super::exit::{Exit, Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the limits and the rules in force, or what applies to one user
    Show(Show),
    /// Show what the limits leave an attacker who has the password
    Odds,
    /// Say what a sign-in would meet by the rules in force, or by those in a file; sends nothing
    Test(Test),
    /// Show what the rules in a file would change, and for whom
    Diff(Candidate),
    /// Put the rules in a file in force for a while; they end by themselves
    Try(Try),
    /// Keep the rules that are being tried
    Confirm(Confirm),
    /// Put the rules in a file in force, to stay
    Apply(Apply),
    /// List the versions: who made them, when and why
    History,
    /// Bring the rules of an older version back, as a new version
    Rollback(Rollback),
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// What applies to this user; me: whoever is behind sudo
    user: Option<String>,
    /// Write the rules' text as it was applied, to be edited: policy show --text > rules.toml
    #[arg(long, conflicts_with = "user")]
    text: bool,
    /// With --text: of that version
    #[arg(long, value_name = "N", requires = "text")]
    version: Option<i64>,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Whose sign-in; me: whoever is behind sudo
    #[arg(long, default_value = "me")]
    user: String,
    #[command(flatten)]
    at: At,
    /// The rules, where not those in force; -: standard input
    file: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Whose sign-in; me: whoever is behind sudo
    user: String,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, Args)]
pub(crate) struct At {
    /// Which PAM service: sshd, sudo, su, login
    #[arg(long, value_name = "S", default_value = "sshd")]
    service: String,
    /// Where the login comes from, as an IP address
    #[arg(long, value_name = "IP")]
    from: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Candidate {
    /// The rules; -: standard input
    file: String,
    /// Only if this version is in force still
    #[arg(long, value_name = "N")]
    base: Option<i64>,
}

/// What every change may be told.
#[derive(Debug, Args)]
pub(crate) struct Saying {
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Try {
    #[command(flatten)]
    candidate: Candidate,
    /// After how long what was in force before is in force again: 1m to 1h
    #[arg(long, value_name = "TIME")]
    revert_after: String,
    #[command(flatten)]
    saying: Saying,
}

#[derive(Debug, Args)]
pub(crate) struct Confirm {
    /// Only if this version is being tried still
    #[arg(long, value_name = "N")]
    base: Option<i64>,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Apply {
    #[command(flatten)]
    candidate: Candidate,
    #[command(flatten)]
    saying: Saying,
    /// Do it though it locks out you, or everybody
    #[arg(long)]
    even_if_locked_out: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The version whose rules come back
    version: i64,
    /// Only if this version is in force still
    #[arg(long, value_name = "N")]
    base: Option<i64>,
    #[command(flatten)]
    saying: Saying,
    /// Do it though it locks out you, or everybody
    #[arg(long)]
    even_if_locked_out: bool,
}

pub(crate) fn run(context: &Context, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::Show(show) => show::policy(context, show),
        Command::Odds => odds::run(context),
        Command::Test(test) => show::test(context, test),
        Command::Diff(candidate) => change::diff(context, candidate),
        Command::Try(try_) => change::try_out(context, try_),
        Command::Confirm(confirm) => change::confirm(context, confirm),
        Command::Apply(apply) => change::apply(context, apply),
        Command::History => show::history(context),
        Command::Rollback(rollback) => change::rollback(context, rollback),
    }
}

pub(crate) fn simulate(context: &Context, asked: &Simulate) -> Result<Exit, Failure> {
    show::decided(context, &asked.user, &asked.at, None)
}
