//! `gatepost bypass` and `gatepost factor`.

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use gatepost_shared::admin::AdminError;
use gatepost_shared::admin::bypass::{Asked, Confirmed, Listed, Made};
use gatepost_shared::admin::factors::{Factor, Removed};
use gatepost_words::time::Span;
use serde::Serialize;

use super::Context;
use super::complete::users;
use super::exit::{Exit, Failure};
use super::output::{all_the_same, interactive, words};
use super::watch::span;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a bypass code, shown once; the account's owner types it in place of the mailed one
    New(New),
    /// List the codes that still work, never the codes themselves
    List {
        /// Of this account alone
        user: Option<String>,
    },
    /// End a code, or all of an account's
    Revoke {
        /// The account's name
        #[arg(add = ArgValueCompleter::new(users))]
        user: String,
        /// The code's number, from gatepost bypass list
        id: Option<i64>,
        /// Why, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The account's name
    #[arg(add = ArgValueCompleter::new(users))]
    user: String,
    /// How long it works: 1m to 24h
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = span)]
    ttl: Span,
    /// How often it works: 1 to 10
    #[arg(long, value_name = "N", default_value_t = 1)]
    uses: u32,
    /// Why, for the audit, such as a ticket's number
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Don't ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FactorCommand {
    /// List what an account can sign in with
    List {
        /// The account's name
        #[arg(add = ArgValueCompleter::new(users))]
        user: String,
    },
    /// Take a factor away: its codes no longer work
    Remove {
        /// The account's name
        #[arg(add = ArgValueCompleter::new(users))]
        user: String,
        /// Which
        factor: Which,
        /// Why, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

/// A factor that can be taken away; for the mailed code, change or remove the account.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Which {
    /// Recovery codes
    Recovery,
    /// Bypass codes
    Bypass,
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::New(new) => make(context, &new),
        Command::List { user } => list(context, user.as_deref()),
        Command::Revoke { user, id, reason } => {
            let revoked = context
                .admin()?
                .revoke_bypass(&user, id, reason.as_deref())?;
            context.one(&revoked, || {
                let numbers: Vec<String> = revoked.revoked.iter().map(i64::to_string).collect();
                let plural = if numbers.len() == 1 { "" } else { "s" };
                let numbers = numbers.join(", ");
                format!(
                    "{}'s bypass code{plural} {numbers} no longer works.",
                    revoked.user
                )
            })?;
            Ok(Exit::Ok)
        }
    }
}

fn make(context: &Context, new: &New) -> Result<Exit, Failure> {
    let mut admin = context.admin()?;
    let mut asked = Asked {
        ttl: new.ttl,
        uses: new.uses,
        confirmed: if new.yes {
            Confirmed::ByName
        } else {
            Confirmed::No
        },
        ..Asked::usual(&new.user, &new.reason)
    };
    let made = match admin.new_bypass(&asked) {
        Err(AdminError::NotSure(text)) if interactive() => {
            all_the_same(&text, "Type the name to go on: ", &new.user)?;
            asked.confirmed = Confirmed::ByName;
            admin.new_bypass(&asked)
        }
        made => made,
    }?;
    shown(context, &made)
}

fn shown(context: &Context, made: &Made) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Once<'a> {
        id: i64,
        user: &'a str,
        code: &'a str,
        ttl_seconds: i64,
        uses: u32,
    }
    let code = made.code.expose_str().unwrap_or_default();
    let once = Once {
        id: made.id,
        user: &made.user,
        code,
        ttl_seconds: made.ttl.secs_up(),
        uses: made.uses,
    };
    context.one(&once, || code.to_owned())?;
    let uses = match made.uses {
        1 => "once".to_owned(),
        uses => format!("{uses} times"),
    };
    words(&format!(
        "This is {0}'s bypass code, number {1}. It is shown this once: hand it over now, to {0} and \
         nobody else. It works {uses}, within {2}, at the prompt for the code. To end it before: \
         gatepost bypass revoke {0} {1}",
        made.user, made.id, made.ttl
    ));
    Ok(Exit::Ok)
}

/// Codes that are read from the store at a time.
const PAGE: u32 = 500;

fn list(context: &Context, user: Option<&str>) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let mut after = Some(0);
    let next = || -> Result<Vec<Listed>, Failure> {
        let Some(from) = after else {
            return Ok(Vec::new());
        };
        let page = match user {
            Some(user) => admin.bypass_of(user)?,
            None => admin.bypass_codes(from, PAGE)?,
        };
        // One account's are few, and all there at once.
        let last = page.last().map(|last| last.id);
        after = last.filter(|_| user.is_none());
        Ok(page)
    };
    let count = context.many("bypass_codes", next, |page| {
        let head = vec!["ID", "USER", "LEFT", "USES", "BY", "REASON"];
        (head, page.iter().map(row).collect())
    })?;
    if count == 0 {
        words("No bypass code works now.");
    }
    Ok(Exit::Ok)
}

fn row(code: &Listed) -> Vec<String> {
    vec![
        code.id.to_string(),
        code.user.clone(),
        Span::from_secs(code.seconds_left).to_string(),
        format!("{} of {}", code.uses_left, code.uses),
        code.by.clone(),
        code.reason.clone(),
    ]
}

pub(crate) fn factor(context: &Context, command: FactorCommand) -> Result<Exit, Failure> {
    match command {
        FactorCommand::List { user } => {
            let mut all = Some(context.admin()?.factors(&user)?);
            let next = || Ok(all.take().unwrap_or_default());
            context.many("factors", next, |page| {
                let head = vec!["FACTOR", "USABLE", "HOW IT IS"];
                (head, page.iter().map(factor_row).collect())
            })?;
        }
        FactorCommand::Remove {
            user,
            factor,
            reason,
        } => {
            let mut admin = context.admin()?;
            let removed = match factor {
                Which::Recovery => admin.remove_recovery(&user, reason.as_deref()),
                Which::Bypass => admin.remove_bypass(&user, reason.as_deref()),
            }?;
            let Removed { user, codes, .. } = &removed;
            let factor = removed.factor;
            context.one(&removed, || {
                format!("{user}'s {codes} {factor} codes no longer work.")
            })?;
        }
    }
    Ok(Exit::Ok)
}

fn factor_row(factor: &Factor) -> Vec<String> {
    let usable = if factor.usable { "yes" } else { "no" };
    vec![
        factor.factor.to_owned(),
        usable.to_owned(),
        factor.detail.clone(),
    ]
}
