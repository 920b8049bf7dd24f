//! `gatepost undo`.

use clap::Args;
use gatepost_shared::admin::AdminError;
use gatepost_shared::admin::shield::Sure;
use gatepost_shared::admin::undo::{Asked, Listed, in_words};
use gatepost_shared::admin::users::Stop;

use super::Context;
use super::exit::{Exit, Failure};
use super::output::{all_the_same, interactive, words};
use super::shield::own_address;

#[derive(Debug, Args)]
pub(crate) struct Undo {
    /// Which act; without it, your own last one
    id: Option<i64>,
    /// List what can be taken back
    #[arg(long, conflicts_with = "id")]
    list: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Don't ask, however many accounts it is about, and though a shield that comes back refuses your own
    /// session's address or this machine's
    #[arg(long)]
    yes: bool,
}

/// More accounts than this are not changed without a word more.
const FEW: u64 = 20;

pub(crate) fn run(context: &Context, undo: &Undo) -> Result<Exit, Failure> {
    let mut admin = context.admin()?;
    if undo.list {
        return list(context, admin.undoables()?);
    }
    let entry = match undo.id {
        Some(id) => admin.undoable(id)?,
        None => admin.last_undoable()?,
    };
    let id = entry.id;
    if entry.count > FEW && !undo.yes {
        let text = format!(
            "act {id} is about {} accounts: add --yes to take all of it back",
            entry.count
        );
        return Err(Failure::Said(Exit::Usage, text));
    }
    let mut asked = Asked {
        reason: undo.reason.as_deref(),
        own: own_address(),
        sure: if undo.yes { Sure::Yes } else { Sure::No },
        // What is asked about below is what is taken back.
        seen: Some(&entry.seen),
    };
    let stop = Stop::default();
    let told = |done: usize, of: usize| {
        if done.is_multiple_of(100) && of > 0 {
            words(&format!("{done} of {of}"));
        }
    };
    let undone = match admin.undo(id, asked, &stop, told) {
        Err(AdminError::NotSure(text)) if interactive() => {
            all_the_same(&text, "Type yes to go on: ", "yes")?;
            asked.sure = Sure::Yes;
            admin.undo(id, asked, &stop, told)
        }
        done => done,
    }?;
    context.one(&undone, || match undone.done {
        1 if undone.failed.is_empty() => format!("{} is taken back.", undone.named()),
        done => format!("{}: {done} accounts are as they were.", undone.act),
    })?;
    if !undone.now.is_empty() {
        words(&format!("Now {}.", undone.now));
    }
    for failed in &undone.failed {
        words(&format!("{}: {}", failed.id, failed.why));
    }
    if !undone.stays.is_empty() {
        words(&format!("What stays: {}.", undone.stays));
    }
    if let Some(redo) = undone.redo {
        words(&format!(
            "To do it again, within ten minutes: gatepost undo {redo}"
        ));
    }
    Ok(match (undone.done, undone.failed.len()) {
        (_, 0) => Exit::Ok,
        (0, _) => Exit::Failed,
        (_, _) => Exit::Partly,
    })
}

fn list(context: &Context, entries: Vec<Listed>) -> Result<Exit, Failure> {
    let mut page = Some(entries);
    let count = context.many(
        "undo",
        || Ok(page.take().unwrap_or_default()),
        |entries| {
            let row = |entry: &Listed| {
                let act = if entry.again {
                    format!("{} again", in_words(&entry.act))
                } else {
                    in_words(&entry.act)
                };
                let whose = match entry.count {
                    1 if entry.user.is_empty() => entry.about.clone(),
                    1 => entry.user.clone(),
                    count => format!("{count} accounts"),
                };
                vec![
                    entry.id.to_string(),
                    act,
                    whose,
                    entry.by.clone(),
                    format!("{} min", entry.seconds_left.saturating_add(59) / 60),
                    if entry.permitted { "" } else { "not by you" }.to_owned(),
                ]
            };
            let head = vec!["ID", "ACT", "OF", "BY", "LEFT", ""];
            (head, entries.iter().map(row).collect())
        },
    )?;
    if count == 0 {
        words("Nothing was done in the last ten minutes that can be taken back.");
    }
    Ok(Exit::Ok)
}
