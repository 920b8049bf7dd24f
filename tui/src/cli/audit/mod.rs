//! `gatepost audit`.

use std::fmt::Write;
use std::time::Duration;

use clap::{Args, Subcommand};
use gatepost_shared::admin::Admin;
use gatepost_shared::admin::audit::Listed;
use gatepost_shared::admin::filter::{EventFilter, span_of};
use gatepost_shared::signals;
use gatepost_words::text::quote;
use gatepost_words::time::Span;

use super::Context;
use super::exit::{Exit, Failure};
use super::output::{self, confirmed, local, words};
use super::shape::Form;
use crate::cells::ascii;
use crate::exports::{self, Events, Proof};
use crate::records::Guard;

mod verify;

const FILTERS: &str = "A filter is words, all of which must hold, as after / in the console: \
    user:alice (or alice); kind:guess,decision; service:sshd; who:bob (an administrator's acts); \
    from:203.0.113.9 or from:203.0.113.0/24; since:2h, until:2026-11-01. ! before a word: not so.";

const FINGERPRINTS: &str = "Events have no whole address: d***@e***.org may be many. The fingerprint \
    beside it is made of the address and of this machine's key, so nobody without the key can try addresses \
    on it, and under another key the same address has another. gatepost user show has that of the address \
    in use.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the newest events, and with --follow those to come
    #[command(after_help = FILTERS)]
    Tail {
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = output::bounded())]
        number: u32,
        /// Go on as events happen, until Ctrl-C
        #[arg(short, long)]
        follow: bool,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// List the newest events, or those that a filter wants
    #[command(after_help = FILTERS)]
    List {
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 100, value_parser = output::bounded())]
        number: u32,
        #[command(flatten)]
        stretch: Stretch,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Write events oldest first, with their hashes: CSV, unless -o says jsonl or json
    #[command(after_help = FILTERS)]
    Export {
        #[command(flatten)]
        stretch: Stretch,
        /// Leave cells that a spreadsheet would calculate as they are
        #[arg(long)]
        raw: bool,
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Recompute the chain: was an event changed, removed or slipped in?
    Verify(verify::Verify),
    /// Print the number and hash of the newest event, to be kept elsewhere
    Head,
    /// Print what events mean by an address: its fingerprint, which stands beside the mask
    #[command(after_help = FINGERPRINTS)]
    Fingerprint {
        /// The address, written as it was then
        address: String,
    },
    /// Remove events that are older than is said
    Prune(Prune),
}

#[derive(Debug, Args)]
pub(crate) struct Wanted {
    /// Which events: alice, kind:decision, who:bob, from:203.0.113.0/24, since:2h, !service:sudo
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Stretch {
    /// From this moment on: 2h or 30d ago, 2026-11-01, 2026-11-01T10:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Up to this moment
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Prune {
    /// How long events are kept: 30d to 3650d, 1y
    #[arg(long, value_name = "TIME", value_parser = keep)]
    keep: Span,
    /// Say what would go, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

fn keep(text: &str) -> Result<Span, String> {
    span_of(text)
        .map(Span::from_millis)
        .ok_or_else(|| "a time must stand here: 400d or 1y".to_owned())
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Tail {
            number,
            follow,
            wanted,
        } => tail(context, number, follow, &filter(&wanted, None)?),
        Command::List {
            number,
            stretch,
            wanted,
        } => list(context, number, &filter(&wanted, Some(&stretch))?),
        Command::Export {
            stretch,
            raw,
            wanted,
        } => {
            let guard = if raw { Guard::Raw } else { Guard::Formulas };
            export(context, filter(&wanted, Some(&stretch))?, guard)
        }
        Command::Verify(asked) => verify::run(context, &asked),
        Command::Head => head(context),
        Command::Fingerprint { address } => fingerprint(context, &address),
        Command::Prune(asked) => prune(context, &asked),
    }
}

fn filter(wanted: &Wanted, stretch: Option<&Stretch>) -> Result<EventFilter, Failure> {
    let mut text = wanted.filter.join(" ");
    let bounds = stretch.map(|stretch| [("since", &stretch.since), ("until", &stretch.until)]);
    for (field, value) in bounds.into_iter().flatten() {
        if let Some(value) = value {
            // Writing to a String cannot fail.
            let _infallible = write!(text, " {field}:{value}");
        }
    }
    EventFilter::parse(&text)
        .map_err(|error| Failure::Said(Exit::Usage, format!("the filter \"{text}\", {error}")))
}

/// Gives a page once, and then the end.
fn once<T>(page: Vec<T>) -> impl FnMut() -> Result<Vec<T>, Failure> {
    let mut page = Some(page);
    move || Ok(page.take().unwrap_or_default())
}

fn list(context: &Context, number: u32, filter: &EventFilter) -> Result<Exit, Failure> {
    let events = context.admin()?.events_like(filter, number)?;
    if context.lines("events", once(events), lines)? == 0 {
        words("There is no such event.");
    }
    Ok(Exit::Ok)
}

/// With JSON, a document a line, so that it can be read as it grows.
fn tail(
    context: &Context,
    number: u32,
    follow: bool,
    filter: &EventFilter,
) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let mut last = admin.events_head()?.seq;
    if number > 0 {
        show(context, admin.events_like(filter, number)?)?;
    }
    if !follow {
        return Ok(Exit::Ok);
    }
    loop {
        wait();
        last = grown(context, &admin, last, filter)?;
    }
}

/// Events that are read from the store at a time.
const PAGE: u32 = 500;

/// Shows what came after `last`; the new last.
fn grown(
    context: &Context,
    admin: &Admin,
    last: i64,
    filter: &EventFilter,
) -> Result<i64, Failure> {
    // First: what comes while events are read is the next look's.
    let head = admin.events_head()?.seq;
    if head <= last {
        return Ok(last);
    }
    let new = admin.events_onwards(filter, last, PAGE)?;
    let full = new.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    let read = new.last().map_or(last, |one| one.event.seq);
    show(context, new.into_iter().map(|one| one.event).collect())?;
    Ok(if full { read } else { read.max(head) })
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process writes the events: there is no condition to wait on, and nobody waits \
              for this one"
)]
fn wait() {
    signals::let_in(|| std::thread::sleep(Duration::from_millis(500)));
}

fn show(context: &Context, events: Vec<Listed>) -> Result<(), Failure> {
    #[derive(serde::Serialize)]
    struct One<'a> {
        event: &'a Listed,
    }
    if !matches!(context.shape.form(), Form::Json | Form::Jsonl) {
        context.lines("events", once(events), lines)?;
        return Ok(());
    }
    for event in &events {
        context.one(&One { event }, String::new)?;
    }
    Ok(())
}

fn export(context: &Context, filter: EventFilter, guard: Guard) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let mut events = Events::of(&admin, filter)?;
    let count = context.exported("events", guard, || Ok(events.next(&admin)?))?;
    let proof = exports::proof(&admin, &output::progress("events checked"))?;
    output::progress_over();
    let stretch = match events.stretch() {
        Some((first, last)) => format!("{count} events, from {first} to {last}."),
        None => "There is no such event.".to_owned(),
    };
    match proof {
        Proof::Broken(how) => {
            output::fault(&format!("{stretch} {how}"));
            Ok(Exit::No)
        }
        Proof::Holds(how) => {
            words(&format!(
                "{stretch} {how} What that proves: gatepost help audit verify"
            ));
            Ok(Exit::Ok)
        }
    }
}

fn head(context: &Context) -> Result<Exit, Failure> {
    let head = context.admin()?.events_head()?;
    context.one(&head, || format!("{} {}", head.seq, head.head))?;
    Ok(Exit::Ok)
}

fn fingerprint(context: &Context, address: &str) -> Result<Exit, Failure> {
    let found = context.admin()?.fingerprint(address)?;
    context.one(&found, || found.fingerprint.clone())?;
    Ok(Exit::Ok)
}

fn prune(context: &Context, asked: &Prune) -> Result<Exit, Failure> {
    let mut admin = context.admin()?;
    let due = admin.prunable(asked.keep)?;
    if asked.dry_run || due.events == 0 {
        context.one(&due, || match due.events {
            0 => "No event is that old: nothing would go.".to_owned(),
            events => format!(
                "{events} events would go, the last of them event {}.",
                due.through
            ),
        })?;
        return Ok(Exit::Ok);
    }
    let question = format!(
        "This removes {} events for good, up to event {}. An export first: gatepost audit export.",
        due.events, due.through
    );
    confirmed(asked.yes, &question, "remove")?;
    let done = admin.prune(asked.keep, asked.reason.as_deref())?;
    context.one(&done, || format!("{} events are removed.", done.events))?;
    Ok(Exit::Ok)
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
