//! `gatepost shield`.

use std::net::IpAddr;

use clap::{Args, Subcommand};
use gatepost_shared::admin::AdminError;
use gatepost_shared::admin::shield::{Asked, Shield, Sure};
use gatepost_words::time::Span;

use super::Context;
use super::exit::{Exit, Failure};
use super::output::{all_the_same, interactive, words};
use super::watch::span;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Refuse sources for a while; it ends by itself
    On(On),
    /// End a shield before its time
    Off(Off),
    /// List the sources that are refused
    Status,
}

#[derive(Debug, Args)]
pub(crate) struct On {
    /// For how long: 1m to 24h
    #[arg(long = "for", value_name = "TIME", default_value = "15m", value_parser = span)]
    time: Span,
    /// An address or a network; without it, those that gatepost attack suspects
    #[arg(long = "source", value_name = "CIDR")]
    sources: Vec<String>,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Don't ask, even where it refuses your own session's address or this machine's
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Off {
    /// Which, as gatepost shield status has it
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    source: Option<String>,
    /// All of them
    #[arg(long)]
    all: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::On(on) => raise(context, &on),
        Command::Off(off) => {
            let lowered = context
                .admin()?
                .shield_off(off.source.as_deref(), off.reason.as_deref())?;
            context.one(&lowered, || match lowered.lowered.as_slice() {
                [] => "No shield was up.".to_owned(),
                lowered => format!("No longer refused: {}", lowered.join(", ")),
            })?;
            Ok(Exit::Ok)
        }
        Command::Status => {
            let shields = context.admin()?.shields()?;
            list(context, shields)?;
            Ok(Exit::Ok)
        }
    }
}

fn raise(context: &Context, on: &On) -> Result<Exit, Failure> {
    let mut admin = context.admin()?;
    let mut asked = Asked {
        sources: &on.sources,
        time: on.time,
        reason: on.reason.as_deref(),
        own: own_address(),
        sure: if on.yes { Sure::Yes } else { Sure::No },
    };
    let shields = match admin.shield_on(&asked) {
        Err(AdminError::NotSure(text)) if interactive() => {
            all_the_same(&text, "Type yes to go on: ", "yes")?;
            asked.sure = Sure::Yes;
            admin.shield_on(&asked)
        }
        done => done,
    }?;
    list(context, shields)?;
    words(
        "Sign-ins from there are refused until then. To end one before: gatepost shield off SOURCE",
    );
    // The shields are up whatever comes of these looks.
    if let (true, Ok(reading)) = (on.sources.is_empty(), admin.attack()) {
        for instead in &reading.unshieldable {
            words(&format!("gatepost: {instead}."));
        }
    }
    if let Ok(Some(uncovered)) = admin.unshielded() {
        words(&format!("gatepost: {uncovered}."));
    }
    Ok(Exit::Ok)
}

fn list(context: &Context, shields: Vec<Shield>) -> Result<(), Failure> {
    let mut all = Some(shields);
    let next = || Ok(all.take().unwrap_or_default());
    let count = context.many("shields", next, |page| {
        let head = vec!["SOURCE", "LEFT", "UNTIL", "BY", "REASON"];
        (head, page.iter().map(row).collect())
    })?;
    if count == 0 {
        words("No source is refused now.");
    }
    Ok(())
}

fn row(shield: &Shield) -> Vec<String> {
    vec![
        shield.source.clone(),
        Span::from_secs(shield.seconds_left).to_string(),
        shield.until.clone(),
        shield.by.clone(),
        shield.reason.clone(),
    ]
}

/// Where this session comes from, if sshd says so and sudo leaves it: a reason to ask, nothing else.
#[expect(
    clippy::disallowed_methods,
    reason = "whatever stands there, it can only make the program ask first"
)]
pub(super) fn own_address() -> Option<IpAddr> {
    let said = std::env::var("SSH_CONNECTION").ok()?;
    said.split(' ').next()?.parse().ok()
}
