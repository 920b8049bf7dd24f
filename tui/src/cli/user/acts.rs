//! What is done to one account or to many: unlock, lock, disable, enable. And notes.

use std::io::Read;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use gatepost_shared::admin::users::{Acted, Asked, Mask, State, Stop, Tally};
use gatepost_shared::admin::{Admin, AdminError};
use gatepost_words::text::sanitise;
use serde::Serialize;

use super::Why;
use crate::cli::Context;
use crate::cli::complete::users as names;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{ask, interactive, words};
use crate::cli::standard::Input;

#[derive(Debug, Args)]
pub(crate) struct Bulk {
    /// The accounts' names; - takes them from the standard input, a line each, with -0 between NULs
    #[arg(value_name = "USER", required = true, add = ArgValueCompleter::new(names))]
    users: Vec<String>,
    #[command(flatten)]
    why: Why,
    /// Don't ask, however many they are
    #[arg(long)]
    yes: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Note {
    /// The account's name
    #[arg(add = ArgValueCompleter::new(names))]
    user: String,
    /// What to note, instead of what was noted; without it, the note is shown
    text: Option<String>,
    /// Take the note away
    #[arg(long, conflicts_with = "text")]
    clear: bool,
    #[command(flatten)]
    why: Why,
}

/// What is done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verb {
    Unlock,
    Lock,
    Disable,
    Enable,
}

/// More accounts than this are not changed without a word more.
const FEW: usize = 20;
/// The most that names may have, in bytes.
const NAMES_LIMIT: u64 = 16 * 1024 * 1024;
/// The most names.
const MOST_NAMES: usize = 100_000;
/// How often progress is told.
const TOLD: usize = 100;

/// How it ended for one of many.
#[derive(Serialize)]
struct Result1 {
    user: String,
    act: &'static str,
    done: bool,
    before: String,
    error: String,
}

impl Verb {
    const fn word(self) -> &'static str {
        match self {
            Self::Unlock => "unlock",
            Self::Lock => "lock",
            Self::Disable => "disable",
            Self::Enable => "enable",
        }
    }

    fn does(self, admin: &mut Admin, user: &str, asked: Asked) -> Result<Acted, AdminError> {
        match self {
            Self::Unlock => admin.unlock_user(user, asked),
            Self::Lock => admin.lock_user(user, asked),
            Self::Disable => admin.disable_user(user, asked),
            Self::Enable => admin.enable_user(user, asked),
        }
    }

    /// What is so now, for people.
    fn sentence(self, done: &Acted) -> String {
        let Acted { user, before, .. } = done;
        match self {
            Self::Unlock if before.state == State::Locked => {
                format!("{user} is unlocked: wrong codes so far no longer count.")
            }
            Self::Unlock => format!(
                "{user} was not locked ({before}); wrong codes so far no longer count. What else may \
                 be wrong: gatepost why {user}"
            ),
            Self::Lock => format!(
                "{user} is locked: no code is taken until gatepost user unlock {user}. Sessions that \
                 are open stay open."
            ),
            Self::Disable => format!(
                "{user} is disabled: sign-ins are refused. Sessions that are open stay open."
            ),
            Self::Enable => format!("{user} is enabled."),
        }
    }
}

pub(super) fn run(context: &Context, verb: Verb, bulk: &Bulk) -> Result<Exit, Failure> {
    let (users, typed) = named(context, &bulk.users)?;
    if let ([user], false) = (users.as_slice(), bulk.dry_run) {
        let done = verb.does(&mut context.admin()?, user, Asked::from(&bulk.why))?;
        return super::acted(context, &done, &verb.sentence(&done));
    }
    if bulk.why.version.is_some() && users.len() > 1 {
        let text = "--version is of one account: name one".to_owned();
        return Err(Failure::Said(Exit::Usage, text));
    }
    let mut admin = context.admin()?;
    if bulk.dry_run {
        return would(context, &admin, verb, &users);
    }
    if users.len() > FEW && !bulk.yes {
        sure(verb.word(), users.len(), typed)?;
    }
    let mut results = Vec::with_capacity(users.len());
    let mut first = None;
    let of = users.len();
    let tally = admin.each(
        &users,
        &Stop::default(),
        |admin, user| verb.does(admin, user, Asked::from(&bulk.why)),
        |ended| {
            let (done, before, error) = match ended.result {
                Ok(done) => (true, done.before.to_string(), String::new()),
                Err(error) => {
                    let text = error.to_string();
                    first.get_or_insert(Failure::from(error).exit());
                    (false, String::new(), text)
                }
            };
            results.push(Result1 {
                user: sanitise(ended.user),
                act: verb.word(),
                done,
                before,
                error,
            });
            if of > TOLD && ended.done.is_multiple_of(TOLD) {
                words(&format!("{} of {of}", ended.done));
            }
        },
    );
    told(context, results)?;
    if let Some(undo) = tally.undo {
        words(&format!(
            "For ten minutes, what was done is taken back by: gatepost undo {undo}"
        ));
    }
    Ok(ending(tally, first))
}

/// Names as typed, or from the standard input; whether they were typed.
pub(super) fn named(context: &Context, users: &[String]) -> Result<(Vec<String>, bool), Failure> {
    let said = |text: String| Failure::Said(Exit::Usage, text);
    if users != ["-"] {
        if users.iter().any(|user| user == "-") {
            return Err(said(
                "- stands alone: names, or the standard input".to_owned(),
            ));
        }
        return Ok((users.to_vec(), true));
    }
    let mut text = String::new();
    Input
        .take(NAMES_LIMIT)
        .read_to_string(&mut text)
        .map_err(|error| said(format!("the names cannot be read: {error}")))?;
    let end = if context.shape.null() { '\0' } else { '\n' };
    let names: Vec<String> = text
        .split(end)
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        return Err(said("the standard input names nobody".to_owned()));
    }
    if names.len() > MOST_NAMES {
        return Err(said(format!("more than {MOST_NAMES} names: split them")));
    }
    Ok((names, false))
}

/// Asks for the number of accounts; typed right, it goes on.
pub(super) fn sure(what: &str, count: usize, typed: bool) -> Result<(), Failure> {
    if !typed || !interactive() {
        let text =
            format!("this would {what} {count} accounts: add --yes, or --dry-run to see them");
        return Err(Failure::Said(Exit::Usage, text));
    }
    let question = format!("This would {what} {count} accounts. Type {count} to go on: ");
    if ask(&question).as_deref() == Some(count.to_string().as_str()) {
        return Ok(());
    }
    Err(Failure::Said(
        Exit::Cancelled,
        "nothing was changed".to_owned(),
    ))
}

/// Says what would be done.
fn would(context: &Context, admin: &Admin, verb: Verb, users: &[String]) -> Result<Exit, Failure> {
    let mut results = Vec::with_capacity(users.len());
    let mut tally = Tally::default();
    let mut first = None;
    for user in users {
        let looked = admin.standing_of(user);
        let (before, error) = match looked {
            Ok(standing) => {
                tally.done += 1;
                (standing.to_string(), String::new())
            }
            Err(error) => {
                tally.failed += 1;
                let text = error.to_string();
                first.get_or_insert(Failure::from(error).exit());
                (String::new(), text)
            }
        };
        results.push(Result1 {
            user: sanitise(user),
            act: verb.word(),
            done: false,
            before,
            error,
        });
    }
    told(context, results)?;
    words("Nothing was changed.");
    Ok(ending(tally, first))
}

fn told(context: &Context, results: Vec<Result1>) -> Result<(), Failure> {
    let mut page = Some(results);
    context.many(
        "results",
        || Ok(page.take().unwrap_or_default()),
        |results| {
            let row = |result: &Result1| {
                let how = match (result.done, result.error.is_empty()) {
                    (true, _) => format!("{}: done", result.act),
                    (false, true) => format!("{}: would be done", result.act),
                    (false, false) => result.error.clone(),
                };
                vec![result.user.clone(), result.before.clone(), how]
            };
            (
                vec!["USER", "BEFORE", "RESULT"],
                results.iter().map(row).collect(),
            )
        },
    )?;
    Ok(())
}

/// How the program ends: all, some, or none of it done; for none, as the first one failed.
pub(super) fn ending(tally: Tally, first: Option<Exit>) -> Exit {
    match (tally.done, tally.failed + tally.left) {
        (_, 0) => Exit::Ok,
        (0, _) => first.unwrap_or(Exit::Failed),
        (_, _) => Exit::Partly,
    }
}

pub(super) fn note(context: &Context, note: &Note) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Noted {
        user: String,
        note: String,
    }
    let mut admin = context.admin()?;
    let text = match (&note.text, note.clear) {
        (_, true) => Some(""),
        (Some(text), false) => Some(text.as_str()),
        (None, false) => None,
    };
    if let Some(text) = text {
        let done = admin.note_user(&note.user, text, Asked::from(&note.why))?;
        let sentence = if text.is_empty() {
            format!("Nothing is noted about {} any more.", done.user)
        } else {
            format!("Noted about {}.", done.user)
        };
        return super::acted(context, &done, &sentence);
    }
    let shown = admin.show_user(&note.user, Mask::Masked)?;
    let noted = Noted {
        user: shown.account.user,
        note: shown.account.note,
    };
    context.one(&noted, || noted.note.clone())?;
    if noted.note.is_empty() {
        words(&format!(
            "Nothing is noted about {0}: gatepost user note {0} TEXT",
            noted.user
        ));
    }
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use gatepost_shared::admin::users::Tally;

    use super::ending;
    use crate::cli::exit::Exit;

    // Mutants: what was left counts as done; none done is partly done.
    #[test]
    fn many_end_as_all_some_or_none_of_them_did() {
        for (done, failed, left, exit) in [
            (2, 0, 0, Exit::Ok),
            (1, 1, 0, Exit::Partly),
            (1, 0, 1, Exit::Partly),
            (0, 2, 0, Exit::NotFound),
        ] {
            let tally = Tally {
                done,
                failed,
                left,
                undo: None,
            };
            assert_eq!(ending(tally, Some(Exit::NotFound)), exit, "{tally:?}");
        }
    }
}
