//! `gatepost audit`.

use std::fmt::Write;
use std::time::Duration;

use clap::Subcommand;
use gatepost_shared::admin::Admin;
use gatepost_shared::admin::audit::Listed;
use gatepost_words::text::{log_value, quote};
use serde::Serialize;

use super::Context;
use super::exit::{Exit, Failure};
use super::output::{ascii, data, document, local, words};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the newest events, and with --follow those to come
    Tail {
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
        number: u32,
        /// Go on as events happen, until Ctrl-C
        #[arg(short, long)]
        follow: bool,
    },
    /// List the newest events, of one account where one is named
    List {
        /// Of this account alone
        user: Option<String>,
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
        number: u32,
    },
    /// Recompute the chain: was an event changed, removed or slipped in?
    Verify,
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Tail { number, follow } => tail(context, number, follow),
        Command::List { user, number } => list(context, user.as_deref(), number),
        Command::Verify => verify(context),
    }
}

fn list(context: &Context, user: Option<&str>, number: u32) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Events {
        events: Vec<Listed>,
    }
    let events = context.admin()?.events(user, number)?;
    if context.json {
        document(&Events { events })?;
    } else if events.is_empty() {
        words("There is no such event.");
    } else {
        data(&lines(&events))?;
    }
    Ok(Exit::Ok)
}

/// With `--json`, a document a line, so that it can be read as it grows.
fn tail(context: &Context, number: u32, follow: bool) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let newest = admin.events(None, number.max(1))?;
    let mut last = newest.last().map_or(0, |event| event.seq);
    if number > 0 {
        show(context, &newest)?;
    }
    if !follow {
        return Ok(Exit::Ok);
    }
    loop {
        wait();
        last = grown(context, &admin, last)?;
    }
}

/// Events that are read from the store at a time.
const PAGE: u32 = 500;

/// Shows what came after `last`; the new last.
fn grown(context: &Context, admin: &Admin, last: i64) -> Result<i64, Failure> {
    let new = admin.events_after(last, PAGE)?;
    show(context, &new)?;
    Ok(new.last().map_or(last, |event| event.seq))
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process writes the events: there is no condition to wait on, and nobody waits \
              for this one"
)]
fn wait() {
    std::thread::sleep(Duration::from_millis(500));
}

fn show(context: &Context, events: &[Listed]) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct One<'a> {
        event: &'a Listed,
    }
    if !context.json {
        return data(&lines(events));
    }
    for event in events {
        document(&One { event })?;
    }
    Ok(())
}

fn verify(context: &Context) -> Result<Exit, Failure> {
    let chain = context.admin()?.verify_events()?;
    if context.json {
        document(&chain)?;
    }
    match chain.broken_at {
        None => {
            if !context.json {
                data(&format!(
                    "{} events, from {} to {}, each follows from the one before it.\nhead {}",
                    chain.events, chain.first, chain.last, chain.head
                ))?;
            }
            if let Some(anchor) = &chain.anchor {
                words(&format!(
                    "The events up to {} are purged; the chain begins behind the last of them, whose \
                     head was {}.",
                    anchor.seq, anchor.head
                ));
            }
            words(
                "Somebody with root can rewrite the whole chain: compare seq= and head= with the \
                 system log, best one on another machine.",
            );
            Ok(Exit::Ok)
        }
        Some(seq) => {
            if let Some(anchor) = &chain.anchor {
                words(&format!(
                    "gatepost: the chain should begin behind event {}, the last that was purged, \
                     whose head was {}",
                    anchor.seq,
                    log_value(&anchor.head)
                ));
            }
            words(&format!(
                "gatepost: the chain is broken: event {seq} does not follow from the one before it. \
                 Up to event {} it holds. Compare with the system log: seq= and head=",
                chain.last
            ));
            Ok(Exit::No)
        }
    }
}

fn lines(events: &[Listed]) -> String {
    events
        .iter()
        .map(|event| {
            let mut line = format!("{:>6} {} {}", event.seq, local(event.at_millis), event.kind);
            for (name, value) in [
                ("user", &event.user),
                ("service", &event.service),
                ("from", &event.source),
            ] {
                if !value.is_empty() {
                    // Writing to a String cannot fail.
                    let _infallible = write!(line, " {name}={}", quote(value.clone()));
                }
            }
            line.push(' ');
            line.push_str(&ascii(&event.detail.to_string()));
            line.push('\n');
            line
        })
        .collect()
}
