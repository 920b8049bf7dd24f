//! `gatepost store`, `backup` and `restore`.

use clap::{Args, Subcommand};
use gatepost_shared::admin::copies::{self, Clock, Depth, Doing, Options, Restored, Room};
use serde::Serialize;

use super::exit::{Exit, Failure};
use super::output::{confirmed, fault, words};
use super::{Context, named};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a copy of the store, while it is used
    Backup(Backup),
    /// Take accounts and settings back from a copy; no count falls
    Restore(Restore),
    /// Have SQLite check the whole file: one long read
    Check {
        /// Its pages alone, not its indexes
        #[arg(long)]
        quick: bool,
    },
    /// Bring an older store to this program's version
    Migrate {
        /// Say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Give free pages back to the disk; sign-ins are refused as busy meanwhile
    Vacuum {
        /// Why, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Show the store's own clock, or let it go on from now
    Clock {
        /// Do not count the time since it was last read; no count is lowered
        #[arg(long)]
        reset: bool,
        /// Why, for the audit
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// A new file, readable by its owner alone; - is the standard output
    file: String,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Accounts, addresses and settings become the copy's. Counts of wrong codes and mails \
                  stay as they are, or become the higher of both; codes that are open no longer work, those \
                  that confirm an address among them; recovery codes that were used or replaced stay so; accounts that the copy does not \
                  know become removed ones, whose names stay refused; an administrator's lock stays, and so does an \
                  account that is disabled or removed now, or has no confirmed address, without --reopen. The log goes on, or where the \
                  copy is of another store becomes the copy's. The store as it was is kept beside it."
)]
pub(crate) struct Restore {
    /// What gatepost backup wrote; - is the standard input
    file: String,
    /// Look the copy through and say what would change; change nothing
    #[arg(long, visible_alias = "dry-run")]
    verify: bool,
    #[command(flatten)]
    more: More,
    /// Don't ask, and don't mind logins that wait at a prompt
    #[arg(long)]
    yes: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// What is taken from the copy only if asked for.
#[derive(Debug, Args)]
pub(crate) struct More {
    /// Make accounts that are disabled, removed or without a confirmed address now what they are in the copy
    #[arg(long)]
    reopen: bool,
    /// Take the rules from a copy of another store, too
    #[arg(long)]
    with_policy: bool,
}

pub(crate) fn run(context: &Context, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Backup(asked) => backup(context, &asked),
        Command::Restore(asked) => restore(context, &asked),
        Command::Check { quick } => check(context, if quick { Depth::Quick } else { Depth::Whole }),
        Command::Migrate { dry_run } => {
            migrate(context, if dry_run { Doing::DryRun } else { Doing::It })
        }
        Command::Vacuum { reason } => vacuum(context, reason.as_deref()),
        Command::Clock { reset, reason } if reset => {
            let clock = context.admin()?.reset_clock(reason.as_deref())?;
            clock_shown(context, &clock)
        }
        Command::Clock { .. } => clock_shown(context, &context.admin()?.clock()?),
    }
}

pub(crate) fn backup(context: &Context, asked: &Backup) -> Result<Exit, Failure> {
    let mut admin = context.admin()?;
    let mut out = named::create(context, &asked.file)?;
    let done = admin.backup(&mut out, asked.reason.as_deref())?;
    if asked.file != "-" {
        context.one(&done, || {
            format!(
                "{} bytes, up to event {} with head {}.",
                done.bytes, done.seq, done.head
            )
        })?;
    }
    words(
        "The key is not in it: back /etc/gatepost/key up too, apart from this. Try the copy: gatepost \
         restore FILE --verify",
    );
    Ok(Exit::Ok)
}

pub(crate) fn restore(context: &Context, asked: &Restore) -> Result<Exit, Failure> {
    let name = match asked.file.as_str() {
        "-" => "the standard input",
        file => file,
    };
    let mut admin = context.admin().map_err(|failure| match failure {
        Failure::Admin(error) => Failure::Admin(error.restoring(name)),
        Failure::Said(..) | Failure::Output(_) => failure,
    })?;
    let options = Options {
        reopen: asked.more.reopen,
        with_policy: asked.more.with_policy,
    };
    let mut copy = named::read(context, &asked.file).map_err(|failure| match failure {
        Failure::Said(exit, text) => Failure::Said(
            exit,
            format!("{text}: name a file that gatepost backup wrote"),
        ),
        Failure::Admin(_) | Failure::Output(_) => failure,
    })?;
    let candidate = admin.candidate(&mut copy, name, options)?;
    if asked.verify {
        context.one(&candidate.restored, || text(&candidate.restored))?;
        return Ok(Exit::Ok);
    }
    let plan = &candidate.restored.plan;
    if plan.waiting > 0 && !asked.yes {
        let text = format!(
            "{} logins wait at a prompt, whose codes would no longer work: wait until they are over (11 \
             minutes at the most), or add --yes",
            plan.waiting
        );
        return Err(Failure::Said(Exit::No, text));
    }
    confirmed(asked.yes, &text(&candidate.restored), "restore")?;
    let done = admin.restore(&candidate, asked.reason.as_deref())?;
    context.one(&done, || text(&done))?;
    Ok(Exit::Ok)
}

fn text(restored: &Restored) -> String {
    let mut told = restored.told(Room::PAGE);
    if let Some(kept) = &restored.kept {
        told.push(format!(
            "Restored. The store as it was: {}. Remove it when nobody needs it.",
            kept.display()
        ));
    }
    told.join("\n") + "\n"
}

fn check(context: &Context, depth: Depth) -> Result<Exit, Failure> {
    let checked = context.admin()?.check_store(depth)?;
    context.one(&checked, || match checked.problems.as_slice() {
        [] => "SQLite finds nothing wrong.".to_owned(),
        problems => problems.join("\n"),
    })?;
    if checked.problems.is_empty() {
        return Ok(Exit::Ok);
    }
    fault("the store is damaged: restore a backup; it is never repaired by itself");
    Ok(Exit::No)
}

fn migrate(context: &Context, doing: Doing) -> Result<Exit, Failure> {
    let done = copies::migrate(context.conf.as_deref(), &context.operator, doing)?;
    context.one(&done, || {
        let (found, needed) = (done.found, done.needed);
        if done.done {
            format!("The store was of version {found} and is of version {needed} now.")
        } else if found == needed {
            format!("The store is of version {needed}, as it must be.")
        } else {
            format!("The store is of version {found}; it would be brought to version {needed}.")
        }
    })?;
    Ok(Exit::Ok)
}

fn vacuum(context: &Context, why: Option<&str>) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Done {
        done: bool,
    }
    context.admin()?.vacuum(why)?;
    context.one(&Done { done: true }, || "The store is shrunk.".to_owned())?;
    Ok(Exit::Ok)
}

fn clock_shown(context: &Context, clock: &Clock) -> Result<Exit, Failure> {
    context.one(clock, || {
        let shows = clock.shows.unwrap_or(0) / 1000;
        let read = clock.read_at.as_deref().unwrap_or("never");
        let reset = if clock.reset {
            "\nIt goes on from now; no window emptied by that."
        } else {
            ""
        };
        format!("The store's clock shows {shows} s; last read {read}.{reset}")
    })?;
    Ok(Exit::Ok)
}
