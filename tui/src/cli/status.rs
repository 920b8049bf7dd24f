//! `gatepost status`.

use std::fmt::Write;

use clap::Args;
use gatepost_shared::admin::browse::{Activity, Series};
use gatepost_shared::admin::status::Status as Standing;
use gatepost_words::time::Span;

use super::Context;
use super::attack::verdict;
use super::exit::{Exit, Failure};
use super::output::{fields, table};
use super::watch::{self, Screen};

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Look again every two seconds, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

pub(crate) fn run(context: &Context, asked: &Status) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let look = || {
        let standing = admin.status()?;
        context.one(&standing, || text(&standing))
    };
    if asked.watch {
        watch::forever(Screen::of(context), look)?;
    }
    look()?;
    Ok(Exit::Ok)
}

fn text(standing: &Standing) -> String {
    let more = if standing.more_locked { " or more" } else { "" };
    let shields: Vec<String> = standing
        .shields
        .iter()
        .map(|shield| {
            let left = Span::from_secs(shield.seconds_left);
            format!("{} for another {left}", shield.source)
        })
        .collect();
    let mut text = fields(&[
        ("host", standing.host.clone()),
        (
            "accounts",
            format!(
                "{}; {}{more} locked, {} not confirmed, {} disabled",
                standing.accounts, standing.locked, standing.unconfirmed, standing.disabled
            ),
        ),
        ("sign-ins", sign_ins(standing)),
        ("mail", mail(standing)),
        (
            "shields",
            if shields.is_empty() {
                "none".to_owned()
            } else {
                shields.join(", ")
            },
        ),
    ]);
    text.push_str(&verdict(&standing.attack));
    if !standing.acts.is_empty() {
        let rows: Vec<Vec<String>> = standing
            .acts
            .iter()
            .map(|act| {
                vec![
                    act.at.clone(),
                    act.act.clone(),
                    act.user.clone(),
                    act.by.clone(),
                ]
            })
            .collect();
        // Writing to a String cannot fail.
        let _infallible = write!(text, "\n{}", table(&["TIME", "ACT", "USER", "BY"], &rows));
    }
    text
}

/// The last hours in a sentence; scripts have them one by one.
fn sign_ins(standing: &Standing) -> String {
    let Activity {
        since_here,
        let_in,
        refused,
        wrong_codes,
        ..
    } = &standing.activity;
    let most = |series: &Series| match &series.most_here {
        Some(at) => format!(" (most {} at {at})", series.most),
        None => String::new(),
    };
    format!(
        "since {since_here}: {} let in{}, {} refused{}, {} wrong codes",
        counted(let_in),
        most(let_in),
        counted(refused),
        most(refused),
        counted(wrong_codes),
    )
}

/// A sum, and whether it is all.
pub(super) fn counted(series: &Series) -> String {
    let lead = if series.at_least { "at least " } else { "" };
    format!("{lead}{}", series.total)
}

fn mail(standing: &Standing) -> String {
    let newest = match (standing.mail_ok, standing.newest_mail_millis) {
        (Some(true), Some(millis)) => format!("ok, {millis} ms"),
        (Some(false), _) => "the newest was NOT taken: gatepost mail list".to_owned(),
        (_, _) => "none was sent yet".to_owned(),
    };
    let bounced = match standing.bounced {
        0 => String::new(),
        1 => "; refused for good: 1 account (gatepost user list mail:bounced)".to_owned(),
        many => format!("; refused for good: {many} accounts (gatepost user list mail:bounced)"),
    };
    format!(
        "{newest}; {} in the last day, {} not taken; notices that wait: {}{bounced}",
        standing.mails, standing.mails_failed, standing.notices_due
    )
}
