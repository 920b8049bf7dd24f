//! Changes to the rules: each is shown with who is affected before it is asked about.

use std::fmt::Write;

use gatepost_shared::admin::policy::act::{self, Done, Guard};
use gatepost_shared::admin::policy::diff::{Candidate as Rules, Change, Closed, Diff, Go};
use gatepost_shared::admin::roles::Right;
use gatepost_shared::admin::{Admin, AdminError};
use gatepost_shared::signals::let_in;
use gatepost_words::time::Span;

use super::super::Context;
use super::super::difference::changed;
use super::super::exit::{Exit, Failure};
use super::super::output::{ask, data, interactive, words};
use super::super::shape::Form;
use super::{Apply, Candidate, Confirm, Rollback, Saying, Try, file};

pub(super) fn diff(context: &Context, asked: &Candidate) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let rules = file::candidate(context, &asked.file)?;
    let diff = against(&admin, &rules, asked.base)?;
    context.one(&diff, || shown(&diff))?;
    Ok(verdict(&diff))
}

pub(super) fn try_out(context: &Context, asked: &Try) -> Result<Exit, Failure> {
    let span = act::length(&asked.revert_after)?;
    let mut admin = context.admin()?;
    let rules = file::candidate(context, &asked.candidate.file)?;
    let diff = against(&admin, &rules, asked.candidate.base)?;
    let question = format!("Try it for {span}?");
    if let Some(exit) = settled(context, &diff, &asked.saying, &question)? {
        return Ok(exit);
    }
    let done = admin.policy_try(&diff, span, asked.saying.reason.as_deref())?;
    context.one(&done, || {
        format!(
            "Policy version {} is in force for {}, then version {} again, whatever happens. Sign in \
             elsewhere to try it; gatepost policy confirm keeps it.",
            done.version,
            Span::from_secs(done.seconds.unwrap_or(0)),
            back_to(&admin)
        )
    })?;
    Ok(Exit::Ok)
}

fn back_to(admin: &Admin) -> String {
    let trial = admin.policy_state().ok().and_then(|state| state.trial);
    trial.map_or_else(|| "?".to_owned(), |trial| trial.back_to.to_string())
}

pub(super) fn confirm(context: &Context, asked: &Confirm) -> Result<Exit, Failure> {
    let mut admin = context.admin()?;
    admin.may(Right::Policy)?;
    let version = match (asked.base, admin.policy_state()?.trial) {
        (Some(base), _) => base,
        (None, Some(trial)) => trial.version,
        (None, None) => {
            let text = "no version is being tried: gatepost policy history says what became of it";
            return Err(Failure::Said(Exit::NotFound, text.to_owned()));
        }
    };
    let done = admin.policy_confirm(version, asked.reason.as_deref())?;
    context.one(&done, || {
        format!("Policy version {} stays in force.", done.version)
    })?;
    Ok(Exit::Ok)
}

pub(super) fn apply(context: &Context, asked: &Apply) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let rules = file::candidate(context, &asked.candidate.file)?;
    let base = asked.candidate.base;
    for_good(
        context,
        admin,
        &rules,
        base,
        &asked.saying,
        guard(asked.even_if_locked_out),
    )
}

pub(super) fn rollback(context: &Context, asked: &Rollback) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let rules = admin.policy_candidate(asked.version)?;
    let guard = guard(asked.even_if_locked_out);
    for_good(context, admin, &rules, asked.base, &asked.saying, guard)
}

fn for_good(
    context: &Context,
    mut admin: Admin,
    rules: &Rules,
    base: Option<i64>,
    saying: &Saying,
    guard: Guard,
) -> Result<Exit, Failure> {
    let diff = against(&admin, rules, base)?;
    if let Some(exit) = settled(context, &diff, saying, "Apply it?")? {
        return Ok(exit);
    }
    let done = admin.policy_apply(&diff, saying.reason.as_deref(), guard)?;
    context.one(&done, || applied(&done))?;
    Ok(Exit::Ok)
}

fn applied(done: &Done) -> String {
    let before = done.before.map_or_else(String::new, |before| {
        format!(" gatepost policy rollback {before} brings back what was there.")
    });
    format!("Policy version {} is in force.{before}", done.version)
}

fn guard(waived: bool) -> Guard {
    if waived { Guard::Waived } else { Guard::Kept }
}

/// The difference to what is in force, where that is still what the caller looked at.
fn against(admin: &Admin, rules: &Rules, base: Option<i64>) -> Result<Diff, Failure> {
    // Between two reads: on many accounts it takes a while, and whoever waits may end it.
    let mut watch = |_looked_at| {
        let_in(|| {});
        Go::On
    };
    let diff = admin.policy_diff(rules, &mut watch)?;
    match (base, diff.base) {
        (Some(base), found) if found != Some(base) => {
            Err(Failure::Admin(AdminError::PolicyMoved {
                base,
                found: found.unwrap_or(0),
                by: String::new(),
            }))
        }
        (_, _) => Ok(diff),
    }
}

/// Shows a change and asks; how the program ends where nothing is to be done.
fn settled(
    context: &Context,
    diff: &Diff,
    saying: &Saying,
    question: &str,
) -> Result<Option<Exit>, Failure> {
    if saying.dry_run {
        context.one(diff, || shown(diff))?;
        return Ok(Some(verdict(diff)));
    }
    if saying.yes {
        words(&format!("gatepost: this {}", diff.summary));
        for group in &diff.missing_groups {
            words(&format!("gatepost: {}", missing(group)));
        }
        return Ok(None);
    }
    if !interactive() {
        let text = "nobody can be asked here: --yes does it, --dry-run shows what it would change";
        return Err(Failure::Said(Exit::Usage, text.to_owned()));
    }
    // Part of the question, where it is no part of the data: also for who wants no hints.
    let mut asked = format!("{question} Type yes: ");
    if context.shape.form() == Form::Table {
        data(&shown(diff))?;
    } else {
        asked = format!("{}\n{asked}", shown(diff));
    }
    let answer = ask(&asked);
    if answer.is_some_and(|answer| answer.eq_ignore_ascii_case("yes")) {
        return Ok(None);
    }
    words("Nothing was changed.");
    Ok(Some(Exit::Cancelled))
}

/// A change that locks somebody out is a check that says no.
fn verdict(diff: &Diff) -> Exit {
    if diff.locked_out > 0 || diff.locks_you_out {
        Exit::No
    } else {
        Exit::Ok
    }
}

fn shown(diff: &Diff) -> String {
    let mut text = changed(&diff.lines);
    if !text.is_empty() {
        text.push('\n');
    }
    // Writing to a String cannot fail.
    let base = diff.base.unwrap_or(0);
    let _infallible = writeln!(
        text,
        "Against policy version {base}, which is in force: {}.",
        diff.summary
    );
    for change in &diff.changes {
        text.push_str(&affected(change));
    }
    for closed in &diff.closed {
        text.push_str(&closed_as_before(closed));
    }
    for yours in &diff.yours {
        let _infallible = writeln!(
            text,
            "  you ({}) at {}: {} -> {}",
            yours.user,
            yours.service,
            yours.from.words(),
            yours.to.words()
        );
    }
    let _infallible = writeln!(
        text,
        "  {} accounts looked at, for {}",
        diff.looked_at,
        diff.services.join(", ")
    );
    for group in &diff.missing_groups {
        let _infallible = writeln!(text, "  {}", missing(group));
    }
    text
}

fn missing(group: &str) -> String {
    format!(
        "there is no group {group}: a rule to require or refuse that names it applies to everybody"
    )
}

/// `  3 people, asked -> refused at sshd: alice, bob, carol`
fn affected(change: &Change) -> String {
    format!(
        "  {}, {} -> {} at {}: {}\n",
        people(change.people),
        change.from.words(),
        change.to.words(),
        change.services.join(", "),
        first(change.people, &change.names)
    )
}

/// `  2 people, disabled, get in neither way: dave, erin`
fn closed_as_before(closed: &Closed) -> String {
    let get = if closed.people == 1 { "gets" } else { "get" };
    format!(
        "  {}, {}, {get} in neither way: {}\n",
        people(closed.people),
        closed.why.words(),
        first(closed.people, &closed.names)
    )
}

fn people(many: u64) -> String {
    match many {
        1 => "1 person".to_owned(),
        many => format!("{many} people"),
    }
}

/// The first names, and how many more there are.
fn first(people: u64, names: &[String]) -> String {
    let shown = u64::try_from(names.len()).unwrap_or(u64::MAX);
    let more = match people.saturating_sub(shown) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names.join(", "))
}
