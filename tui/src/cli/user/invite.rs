//! `gatepost user invite`: the confirmation code again, to those who wait for it. One after the other:
//! each mail is handed to a relay before the next, so that a thousand of them are no burst.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use gatepost_shared::admin::Admin;
use gatepost_shared::admin::users::{Ended, Invited, Stop, Tally};
use gatepost_words::text::sanitise;
use serde::Serialize;

use super::acts::{ending, named, sure};
use super::list::filter_of;
use crate::cli::Context;
use crate::cli::complete::users as names;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::words;

#[derive(Debug, Args)]
pub(crate) struct Invite {
    /// The accounts' names; - takes them from the standard input
    #[arg(
        value_name = "USER",
        required_unless_present = "filter",
        add = ArgValueCompleter::new(names)
    )]
    users: Vec<String>,
    /// Those of a filter that wait for a code; with state:none, who has no account is named too
    #[arg(long, value_name = "FILTER", conflicts_with = "users")]
    filter: Option<String>,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Don't ask, however many they are
    #[arg(long)]
    yes: bool,
    /// Say who would be invited, and send nothing
    #[arg(long)]
    dry_run: bool,
}

/// More than this are not mailed without a word more.
const FEW: usize = 20;
/// People without an account that are looked for at a time.
const PAGE: u32 = 500;
/// How often progress is told.
const TOLD: usize = 20;

#[derive(Serialize)]
struct Row {
    user: String,
    address: String,
    sent: bool,
    error: String,
}

pub(super) fn run(context: &Context, invite: &Invite) -> Result<Exit, Failure> {
    let mut admin = context.admin()?;
    let (users, typed) = match &invite.filter {
        Some(filter) => {
            let filter = filter_of(std::slice::from_ref(filter))?;
            if filter.wants_none() {
                missing(&admin, &filter)?;
            }
            (admin.to_invite(&filter)?, true)
        }
        None => named(context, &invite.users)?,
    };
    if users.is_empty() {
        words("Nobody who is like that waits for a confirmation code.");
        return Ok(Exit::Ok);
    }
    if invite.dry_run {
        let rows = users.iter().map(|user| Row {
            user: sanitise(user),
            address: String::new(),
            sent: false,
            error: String::new(),
        });
        told(context, rows.collect())?;
        words("Nothing was sent.");
        return Ok(Exit::Ok);
    }
    if users.len() > FEW && !invite.yes {
        sure("mail", users.len(), typed)?;
    }
    send(context, &mut admin, &users, invite.reason.as_deref())
}

/// Sends the codes and tells how each fared.
pub(super) fn send(
    context: &Context,
    admin: &mut Admin,
    users: &[String],
    why: Option<&str>,
) -> Result<Exit, Failure> {
    let mut rows = Vec::with_capacity(users.len());
    let mut refused = 0;
    let mut first = None;
    let tally = admin.each(
        users,
        &Stop::default(),
        |admin, user| admin.invite(user, why),
        |ended: Ended<'_, Invited>| {
            if users.len() > TOLD && ended.done.is_multiple_of(TOLD) {
                words(&format!("{} of {}", ended.done, ended.of));
            }
            rows.push(match ended.result {
                Ok(invited) => {
                    refused += usize::from(!invited.accepted);
                    Row {
                        error: if invited.accepted {
                            String::new()
                        } else {
                            format!("no relay took it: gatepost mail list {}", invited.user)
                        },
                        user: invited.user,
                        address: invited.address,
                        sent: invited.accepted,
                    }
                }
                Err(error) => {
                    let text = error.to_string();
                    first.get_or_insert(Failure::from(error).exit());
                    Row {
                        user: sanitise(ended.user),
                        address: String::new(),
                        sent: false,
                        error: text,
                    }
                }
            });
        },
    );
    told(context, rows)?;
    if refused > 0 {
        first.get_or_insert(Exit::Mail);
    }
    Ok(ending(
        Tally {
            done: tally.done.saturating_sub(refused),
            failed: tally.failed + refused,
            ..tally
        },
        first,
    ))
}

/// Names those who have no account: nobody knows where to mail them.
fn missing(admin: &Admin, filter: &gatepost_shared::admin::filter::Filter) -> Result<(), Failure> {
    let mut after = String::new();
    loop {
        let page = admin.unenrolled(filter, &after, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        for person in &page {
            words(&format!(
                "{0} has no account, so nobody knows where to mail: gatepost user add {0} ADDRESS",
                person.user
            ));
        }
        after.clone_from(&last.key);
    }
}

fn told(context: &Context, rows: Vec<Row>) -> Result<(), Failure> {
    let mut page = Some(rows);
    context.many(
        "invited",
        || Ok(page.take().unwrap_or_default()),
        |rows| {
            let row = |row: &Row| {
                let how = match (row.sent, row.error.is_empty()) {
                    (true, _) => "sent".to_owned(),
                    (false, true) => "would be sent".to_owned(),
                    (false, false) => row.error.clone(),
                };
                vec![row.user.clone(), row.address.clone(), how]
            };
            (
                vec!["USER", "ADDRESS", "RESULT"],
                rows.iter().map(row).collect(),
            )
        },
    )?;
    Ok(())
}
