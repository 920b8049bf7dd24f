//! `gatepost why`, `doctor`, `maintain` and `version`.

use std::fmt::Write;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use gatepost_shared::admin::STORE_VERSION;
use gatepost_shared::admin::doctor::{self, Finding};
use gatepost_words::wire::PROTOCOL;
use serde::Serialize;

use super::Context;
use super::complete::users;
use super::exit::{Exit, Failure};
use super::manner::verdict;
use super::output::{fault, fields, table};

#[derive(Debug, Args)]
pub(crate) struct Why {
    /// The account's name
    #[arg(add = ArgValueCompleter::new(users))]
    user: String,
    /// Which PAM service: sshd, sudo, su, login
    #[arg(long, value_name = "S", default_value = "sshd")]
    service: String,
    /// Where the login comes from, as an IP address
    #[arg(long, value_name = "IP")]
    from: Option<String>,
}

pub(crate) fn why(context: &Context, asked: &Why) -> Result<Exit, Failure> {
    let why = context
        .admin()?
        .why(&asked.user, Some(&asked.service), asked.from.as_deref())?;
    context.one(&why, || {
        let mut text = verdict(&why.sentence, why.verdict.lets_in());
        for next in &why.next {
            // Writing to a String cannot fail.
            let _infallible = write!(text, " \u{2192} {next}");
        }
        let _infallible = writeln!(text, "\n\nHow that comes about, for {}:", why.service);
        for (number, step) in (1..).zip(&why.steps) {
            let _infallible = writeln!(text, "{number:>3}. {step}");
        }
        text
    })?;
    Ok(if why.verdict.lets_in() {
        Exit::Ok
    } else {
        Exit::No
    })
}

pub(crate) fn doctor(context: &Context) -> Result<Exit, Failure> {
    let report = doctor::run(context.conf.as_deref(), &context.operator)?;
    context.each(&report, &report.rows(), || {
        let rows = report.checks.iter().map(|check| {
            let finding = match check.finding {
                Finding::Ok => "ok",
                Finding::Warning => "look",
                Finding::Problem => "PROBLEM",
            };
            vec![finding.to_owned(), check.what.clone(), check.detail.clone()]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        let text = table(&["", "WHAT", "HOW IT IS"], &rows);
        format!("{text}\n{}", report.honestly.join("\n"))
    })?;
    Ok(if report.problems() {
        Exit::No
    } else {
        Exit::Ok
    })
}

pub(crate) fn maintain(context: &Context) -> Result<Exit, Failure> {
    let done = context.admin()?.maintain()?;
    context.one(&done, || {
        let purged = &done.purged;
        fields(&[
            ("notices sent", done.notices_sent.to_string()),
            ("notices not taken", done.notices_failed.to_string()),
            ("challenges removed", purged.challenges.to_string()),
            ("guesses removed", purged.guesses.to_string()),
            ("mail counts removed", purged.sends.to_string()),
            ("deliveries removed", purged.deliveries.to_string()),
            ("bypass codes removed", purged.bypass_codes.to_string()),
            ("notices removed", purged.notices.to_string()),
            ("known sources removed", purged.sources.to_string()),
            ("events removed", purged.events.to_string()),
            ("hours of strangers told", purged.strangers_told.to_string()),
            ("files of killed restores", done.left_files.to_string()),
        ])
    })?;
    if done.notices_failed == 0 {
        return Ok(Exit::Ok);
    }
    fault("some notices could not be sent; see gatepost mail list, gatepost mail test ADDRESS");
    Ok(Exit::Partly)
}

pub(crate) fn version(context: &Context) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Versions {
        version: &'static str,
        protocol: u16,
        store: i64,
    }
    let versions = Versions {
        version: env!("CARGO_PKG_VERSION"),
        protocol: PROTOCOL,
        store: STORE_VERSION,
    };
    context.one(&versions, || {
        format!(
            "gatepost {} (protocol {}, store version {})",
            versions.version, versions.protocol, versions.store
        )
    })?;
    Ok(Exit::Ok)
}
