//! `gatepost undo`.

use clap::Args;
use gatepost_shared::admin::AdminError;
use gatepost_shared::admin::shield::Sure;
use gatepost_shared::admin::undo::{Asked, Listed};
use gatepost_shared::admin::users::Stop;

use super::Context;
use super::exit::{Exit, Failure};
use super::output::{all_the_same, confirmed, interactive, local, words};
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
    /// Say which act it is, and change nothing
    #[arg(long, conflicts_with = "list")]
    dry_run: bool,
    /// Don't ask, however many accounts it is about, and though a shield that comes back refuses your own
    /// session's address or this machine's
    #[arg(long)]
    yes: bool,
}

/// More accounts than this are not changed without their number being typed.
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
    admin.may_take_back(&entry)?;
    let which = which(&entry);
    if undo.dry_run {
        context.one(&entry, || which)?;
        words("Nothing was changed.");
        return Ok(Exit::Ok);
    }
    let word = match entry.count {
        0..=FEW => "yes".to_owned(),
        many => many.to_string(),
    };
    confirmed(undo.yes, &which, &word)?;
    if undo.yes {
        words(&which);
    }
    let mut asked = Asked {
        reason: undo.reason.as_deref(),
        own: own_address(),
        sure: if undo.yes { Sure::Yes } else { Sure::No },
        // What was told above is what is taken back, or nothing is: whatever has the number by now.
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
    let (so, back) = if entry.again {
        ("done again", "take it back")
    } else {
        ("taken back", "do it again")
    };
    context.one(&undone, || match undone.of() {
        0 | 1 => format!("{} is {so}.", undone.named()),
        of => format!("{}: {} of {of} accounts {so}.", undone.act, undone.done),
    })?;
    if !undone.now.is_empty() {
        words(&format!("Now {}.", undone.now));
    }
    for failed in &undone.failed {
        let whose = match failed.user.as_str() {
            "" => failed.id.to_string(),
            user => user.to_owned(),
        };
        words(&format!("{whose}: {}", failed.why));
    }
    if !undone.stays.is_empty() && !entry.again {
        words(&format!("What stays: {}.", undone.stays));
    }
    if let Some(redo) = undone.redo {
        words(&format!(
            "To {back}, within ten minutes: gatepost undo {redo}"
        ));
    }
    Ok(match (undone.done, undone.is_whole()) {
        (_, true) => Exit::Ok,
        (0, false) => Exit::Failed,
        (_, false) => Exit::Partly,
    })
}

/// Which act it is, in a line: a number may be mistyped, and the last act another than one thinks.
fn which(entry: &Listed) -> String {
    let (id, act, by) = (entry.id, entry.named(), &entry.by);
    let at = local(entry.seen.identity.at);
    if entry.again {
        format!("Act {id}: {act}, taken back {at} by {by}; this does it again.")
    } else {
        format!("Act {id}: {act}, done {at} by {by}.")
    }
}

fn list(context: &Context, entries: Vec<Listed>) -> Result<Exit, Failure> {
    let mut page = Some(entries);
    let count = context.many(
        "undo",
        || Ok(page.take().unwrap_or_default()),
        |entries| {
            let row = |entry: &Listed| {
                let act = if entry.again {
                    format!("{} again", entry.word())
                } else {
                    entry.word()
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
