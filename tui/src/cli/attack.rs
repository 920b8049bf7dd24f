//! `gatepost attack`.

use std::fmt::Write;

use clap::Args;
use gatepost_shared::admin::attack::{Account, Attack as Reading, Source};

use super::Context;
use super::exit::{Exit, Failure};
use super::output::{table, words};
use super::watch::{self, Screen};

#[derive(Debug, Args)]
pub(crate) struct Attack {
    /// Look again every two seconds, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

pub(crate) fn run(context: &Context, asked: &Attack) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let show = |reading: &Reading| context.each(reading, &reading.sources, || text(reading));
    if asked.watch {
        watch::forever(Screen::of(context), || show(&admin.attack()?))?;
    }
    let reading = admin.attack()?;
    show(&reading)?;
    if !reading.attack {
        return Ok(Exit::Ok);
    }
    if reading.shieldable {
        words("Refuse the suspects for a while: gatepost shield on");
    }
    Ok(Exit::No)
}

/// The meter's reading as people read it.
fn text(reading: &Reading) -> String {
    let mut text = verdict(reading);
    let least = if reading.at_least { "at least " } else { "" };
    // Writing to a String cannot fail.
    let _infallible = write!(
        text,
        "\nwrong codes, last 10 min: {least}{} ({})\nmails a minute, last 30 min: {least}({})\n",
        reading.wrong_codes,
        numbers(&reading.wrong_per_minute),
        numbers(&reading.mails_per_minute),
    );
    if !reading.sources.is_empty() {
        let head = [
            "SOURCE",
            "WRONG",
            "WORST MIN",
            "ACCOUNTS",
            "UNANSWERED",
            "STRANGERS/MIN",
            "",
        ];
        let rows: Vec<Vec<String>> = reading.sources.iter().map(source).collect();
        let _infallible = write!(text, "\n{}", table(&head, &rows));
    }
    if !reading.accounts.is_empty() {
        let rows: Vec<Vec<String>> = reading.accounts.iter().map(account).collect();
        let head = ["ACCOUNT", "WRONG", "SOURCES", ""];
        let _infallible = write!(text, "\n{}", table(&head, &rows));
    }
    text
}

/// Yes or no, and why.
pub(crate) fn verdict(reading: &Reading) -> String {
    if !reading.attack {
        return "attack: no\n".to_owned();
    }
    let mut text = "attack: YES\n".to_owned();
    for why in reading.why.iter().chain(&reading.unshieldable) {
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "  {why}");
    }
    text
}

fn numbers(counts: &[u32]) -> String {
    let all: Vec<String> = counts.iter().map(u32::to_string).collect();
    all.join(" ")
}

fn source(of: &Source) -> Vec<String> {
    vec![
        of.source.clone(),
        of.wrong_codes.to_string(),
        of.worst_minute.to_string(),
        of.accounts.to_string(),
        of.unanswered.to_string(),
        of.strangers_per_minute.to_string(),
        suspect(of.suspect).to_owned(),
    ]
}

fn account(of: &Account) -> Vec<String> {
    vec![
        of.user.clone(),
        of.wrong_codes.to_string(),
        of.sources.to_string(),
        suspect(of.suspect).to_owned(),
    ]
}

const fn suspect(is: bool) -> &'static str {
    if is { "suspect" } else { "" }
}
