//! `gatepost mail`.

mod template;

use std::fmt::Write;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use gatepost_shared::admin::mail::{Attempt, Listed, meaning};
use gatepost_shared::admin::postbox::{Again, Health, Queued, Tally};
use serde::Serialize;

use super::Context;
use super::complete::users;
use super::exit::{Exit, Failure};
use super::output::{bounded, fault, table, words};
use super::shape::Rows;
use crate::exports::Mails;
use crate::records::Guard;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send a test message and say what the relay answered
    Test {
        /// Where to
        address: String,
        /// Why, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// List the newest deliveries
    List {
        /// Of this account alone
        #[arg(add = ArgValueCompleter::new(users))]
        user: Option<String>,
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = bounded())]
        number: u32,
    },
    /// Write all deliveries, the newest first: CSV, unless -o says jsonl or json
    Export {
        /// Of this account alone
        #[arg(add = ArgValueCompleter::new(users))]
        user: Option<String>,
        /// Leave cells that a spreadsheet would calculate as they are
        #[arg(long)]
        raw: bool,
    },
    /// List notices that were not sent
    Queue,
    /// Try notices again that were not sent
    Retry(Retry),
    /// Show how deliveries fared in the last day, by relay and by domain
    Health,
    /// List, show, preview, edit or check the templates of messages
    #[command(subcommand)]
    Template(template::Command),
}

#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// The notice's number, as in mail queue
    #[arg(required_unless_present = "all")]
    id: Option<i64>,
    /// All of them
    #[arg(long, conflicts_with = "id")]
    all: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Test { address, reason } => test(context, &address, reason.as_deref()),
        Command::List { user, number } => list(context, user.as_deref(), number),
        Command::Export { user, raw } => {
            let guard = if raw { Guard::Raw } else { Guard::Formulas };
            export(context, user, guard)
        }
        Command::Queue => queue(context),
        Command::Retry(asked) => retry(context, &asked),
        Command::Health => health(context),
        Command::Template(command) => template::run(context, &command),
    }
}

fn test(context: &Context, address: &str, why: Option<&str>) -> Result<Exit, Failure> {
    let tested = context.admin()?.test_mail(address, why)?;
    context.one(&tested, || attempts(&tested.mail))?;
    if tested.accepted {
        words(&format!(
            "The relay took the message for {}. Look for it there, in the spam folder too.",
            tested.address
        ));
        return Ok(Exit::Ok);
    }
    fault(&format!(
        "no relay took the message for {}: codes cannot be mailed now. Mend what is said above and run \
         this again; recovery codes work meanwhile.",
        tested.address
    ));
    Ok(Exit::Mail)
}

fn list(context: &Context, user: Option<&str>, number: u32) -> Result<Exit, Failure> {
    let mut page = Some(context.admin()?.mails(user, number)?);
    let count = context.many("mails", || Ok(page.take().unwrap_or_default()), rows)?;
    if count == 0 {
        words("No mail was sent yet.");
    }
    Ok(Exit::Ok)
}

fn export(context: &Context, user: Option<String>, guard: Guard) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let mut mails = Mails::of(user);
    let count = context.exported("mails", guard, || Ok(mails.next(&admin)?))?;
    words(&format!("{count} deliveries."));
    Ok(Exit::Ok)
}

/// Notices that are read from the store at a time.
const PAGE: u32 = 500;

fn queue(context: &Context) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let mut after = 0;
    let next = || -> Result<Vec<Queued>, Failure> {
        let page = admin.mail_queue(after, PAGE)?;
        after = page.last().map_or(after, |last| last.id);
        Ok(page)
    };
    let count = context.many("notices", next, |page| {
        let rows = page.iter().map(|queued| {
            vec![
                queued.id.to_string(),
                queued.user.clone(),
                queued.kind.clone(),
                queued.state.clone(),
                queued.tries.to_string(),
                format!("{} s", queued.due_in_secs),
                queued.created.clone(),
            ]
        });
        let head = vec!["ID", "USER", "KIND", "STATE", "TRIES", "DUE IN", "QUEUED"];
        (head, rows.collect())
    })?;
    if count == 0 {
        words("No notice waits. Codes are never queued.");
    }
    Ok(Exit::Ok)
}

fn retry(context: &Context, asked: &Retry) -> Result<Exit, Failure> {
    let again = asked.id.map_or(Again::All, Again::One);
    let done = context
        .admin()?
        .retry_mail(again, asked.reason.as_deref())?;
    context.one(&done, || {
        format!("{} notices are due; {} were sent now.", done.due, done.sent)
    })?;
    if done.due == 0 || done.sent > 0 {
        return Ok(Exit::Ok);
    }
    fault("none was taken: gatepost mail health, gatepost mail test ADDRESS");
    Ok(Exit::Mail)
}

fn health(context: &Context) -> Result<Exit, Failure> {
    let health = context.admin()?.mail_health()?;
    context.each(&health, &of_health(&health), || {
        let all = std::iter::once(fared("all", &health.all));
        let relays = health.relays.iter().map(|row| fared(&row.name, &row.tally));
        let domains = health
            .domains
            .iter()
            .map(|row| fared(&format!("to {}", row.name), &row.tally));
        let rows: Vec<Vec<String>> = all.chain(relays).chain(domains).collect();
        let head = [
            "LAST 24 HOURS",
            "ACCEPTED",
            "FAILED",
            "BOUNCED",
            "DEFERRED",
            "P50 MS",
            "P95 MS",
        ];
        let mut text = table(&head, &rows);
        if let Some(failed) = &health.last_failure {
            // Writing to a String cannot fail.
            let _infallible = writeln!(
                text,
                "\nLast failure: {} {}: {}: {}",
                failed.at,
                failed.relay,
                meaning(failed.outcome),
                failed.reply
            );
        }
        text
    })?;
    Ok(Exit::Ok)
}

/// How deliveries fared, a record for all of them, each relay and each domain.
fn of_health(health: &Health) -> Vec<Fared<'_>> {
    let all = std::iter::once(Fared {
        of: "all",
        name: "",
        tally: &health.all,
    });
    let relays = health.relays.iter().map(|row| ("relay", row));
    let domains = health.domains.iter().map(|row| ("domain", row));
    let named = relays.chain(domains).map(|(of, row)| Fared {
        of,
        name: &row.name,
        tally: &row.tally,
    });
    all.chain(named).collect()
}

/// A record of that.
#[derive(Serialize)]
struct Fared<'a> {
    /// `all`, `relay` or `domain`.
    of: &'static str,
    /// Its name; empty for all of them.
    name: &'a str,
    #[serde(flatten)]
    tally: &'a Tally,
}

fn fared(name: &str, tally: &Tally) -> Vec<String> {
    let millis = |value: Option<u32>| value.map_or_else(String::new, |value| value.to_string());
    vec![
        name.to_owned(),
        tally.accepted.to_string(),
        tally.failed.to_string(),
        tally.bounced.to_string(),
        tally.deferred.to_string(),
        millis(tally.p50_ms),
        millis(tally.p95_ms),
    ]
}

/// Deliveries as a table.
pub(crate) fn listed(mails: &[Listed]) -> String {
    let (head, rows) = rows(mails);
    table(&head, &rows)
}

fn rows(mails: &[Listed]) -> Rows {
    let rows = mails.iter().map(|mail| {
        vec![
            mail.at.clone(),
            mail.user.clone(),
            mail.kind.clone(),
            mail.outcome.clone(),
            format!("{} ms", mail.millis),
            mail.relay.clone(),
            mail.reply.clone(),
        ]
    });
    let head = vec!["TIME", "USER", "KIND", "OUTCOME", "TOOK", "RELAY", "REPLY"];
    (head, rows.collect())
}

/// Attempts, a line each.
pub(crate) fn attempts(attempts: &[Attempt]) -> String {
    if attempts.is_empty() {
        return "no relay was tried: is there time left in [mail] deadline?\n".to_owned();
    }
    attempts.iter().fold(String::new(), |mut out, attempt| {
        // Writing to a String cannot fail.
        let _infallible = writeln!(
            out,
            "{}: {} ({} ms): {}",
            attempt.relay,
            meaning(attempt.outcome),
            attempt.millis,
            attempt.reply
        );
        if let Some(warning) = &attempt.warning {
            let _infallible = writeln!(out, "  look: {warning}");
        }
        out
    })
}
