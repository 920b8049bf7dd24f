//! `gatepost source`.

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use gatepost_shared::admin::sources::Listed;

use super::Context;
use super::complete::users;
use super::exit::{Exit, Failure};
use super::output::words;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List where an account's people signed in from in the last 30 days
    List {
        /// The account's name
        #[arg(add = ArgValueCompleter::new(users))]
        user: String,
    },
    /// Forget a source of an account, or all; the next sign-in from there makes it known again
    Revoke {
        /// The account's name
        #[arg(add = ArgValueCompleter::new(users))]
        user: String,
        /// Which one, as source list has it in its first column
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// All of them
        #[arg(long, conflicts_with = "id")]
        all: bool,
        /// Why, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::List { user } => list(context, &user),
        Command::Revoke {
            user,
            id,
            all: _,
            reason,
        } => {
            let mut admin = context.admin()?;
            let revoked = admin.revoke_sources(&user, id.as_deref(), reason.as_deref())?;
            context.one(&revoked, || {
                format!(
                    "{}: {} sources are forgotten.",
                    revoked.user, revoked.revoked
                )
            })?;
            Ok(Exit::Ok)
        }
    }
}

fn list(context: &Context, user: &str) -> Result<Exit, Failure> {
    let mut page = Some(context.admin()?.sources(user)?);
    let count = context.many(
        "sources",
        || Ok(page.take().unwrap_or_default()),
        |sources| {
            let row = |source: &Listed| {
                vec![
                    source.id.clone(),
                    source.source.clone(),
                    source.service.clone(),
                    source.last.clone(),
                    if source.remembered { "no code" } else { "" }.to_owned(),
                ]
            };
            let head = vec!["ID", "SOURCE", "SERVICE", "LAST", ""];
            (head, sources.iter().map(row).collect())
        },
    )?;
    if count == 0 {
        words("No source is known: there was no sign-in with a code in the last 30 days.");
    }
    Ok(Exit::Ok)
}
