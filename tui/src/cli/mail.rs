//! `gatepost mail`.

use std::fmt::Write;

use clap::Subcommand;
use gatepost_shared::admin::mail::{Attempt, Listed, meaning};
use serde::Serialize;

use super::Context;
use super::exit::{Exit, Failure};
use super::output::{data, document, table, words};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send a test message and say what the relay answered
    Test {
        /// Where to
        address: String,
    },
    /// List the newest deliveries
    List {
        /// Of this account alone
        user: Option<String>,
        /// How many
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
        number: u32,
    },
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Test { address } => test(context, &address),
        Command::List { user, number } => list(context, user.as_deref(), number),
    }
}

fn test(context: &Context, address: &str) -> Result<Exit, Failure> {
    let tested = context.admin()?.test_mail(address)?;
    if context.json {
        document(&tested)?;
    } else {
        data(&attempts(&tested.mail))?;
    }
    if tested.accepted {
        words(&format!(
            "The relay took the message for {}. Look for it there, in the spam folder too.",
            tested.address
        ));
        return Ok(Exit::Ok);
    }
    words(&format!(
        "gatepost: no relay took the message for {}: codes cannot be mailed now. Mend what is said \
         above and run this again; recovery codes work meanwhile.",
        tested.address
    ));
    Ok(Exit::Mail)
}

fn list(context: &Context, user: Option<&str>, number: u32) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Mails {
        mails: Vec<Listed>,
    }
    let mails = context.admin()?.mails(user, number)?;
    if context.json {
        document(&Mails { mails })?;
    } else if mails.is_empty() {
        words("No mail was sent yet.");
    } else {
        data(&listed(&mails))?;
    }
    Ok(Exit::Ok)
}

/// Deliveries as a table.
pub(crate) fn listed(mails: &[Listed]) -> String {
    let rows: Vec<Vec<String>> = mails
        .iter()
        .map(|mail| {
            vec![
                mail.at.clone(),
                mail.user.clone(),
                mail.kind.clone(),
                mail.outcome.clone(),
                format!("{} ms", mail.millis),
                mail.relay.clone(),
                mail.reply.clone(),
            ]
        })
        .collect();
    table(
        &["TIME", "USER", "KIND", "OUTCOME", "TOOK", "RELAY", "REPLY"],
        &rows,
    )
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
