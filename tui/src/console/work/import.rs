//! A list of people: read as the calling person, looked at, and imported as it was looked at.

use std::path::PathBuf;
use std::sync::Mutex;

use gatepost_shared::admin::Admin;
use gatepost_shared::admin::roles::Right;
use gatepost_shared::admin::users::{Fate, Form, Imported, Line, Options, Plan, Rows, read_rows};
use gatepost_words::text::one_line;

use super::super::effect::{Deed, Slot};
use super::super::message::{Found, Job, Planned};
use super::super::model::twin::{INVITES, UPDATES};
use super::acts::progress;
use super::pace::Pace;
use super::{Desk, said};
use crate::person;

/// Lines of a list that are shown before it is imported.
const SHOWN: usize = 8;

/// The list that was looked at last, and by which job.
pub(super) type Kept = Mutex<Option<(Job, Plan)>>;

/// What would become of it; it is kept, so that what is imported is what was looked at.
pub(super) fn plan(desk: &Desk, job: Job, deed: &Deed) -> Result<Planned, String> {
    let admin = desk.admin()?;
    // Before a file is opened for somebody who may not.
    admin.may(Right::Accounts).map_err(|error| said(&error))?;
    let rows = read(desk, deed)?;
    let options = Options {
        update: deed.said.get(Slot::Update) == UPDATES,
        confirmed: false,
    };
    let plan = admin.plan_import(rows, options);
    let plan = plan.map_err(|error| said(&error))?;
    let mut lines: Vec<&Line> = plan.lines.iter().collect();
    lines.sort_by_key(|line| match line.fate {
        Fate::Wrong => 0,
        Fate::Change => 1,
        Fate::Skip => 2,
        Fate::Add => 3,
    });
    let planned = Planned {
        counts: [Fate::Add, Fate::Change, Fate::Skip, Fate::Wrong].map(|fate| plan.count(fate)),
        lines: lines.into_iter().take(SHOWN).map(shown).collect(),
    };
    if let Some(mut kept) = desk.plan()
        && !desk.is_stopped(job)
    {
        *kept = Some((job, plan));
    }
    Ok(planned)
}

fn read(desk: &Desk, deed: &Deed) -> Result<Rows, String> {
    let domain = deed.said.get(Slot::Domain);
    let form = match (deed.said.get(Slot::Form), domain) {
        ("passwd", "") => {
            return Err("The form passwd needs a domain for the addresses.".to_owned());
        }
        ("passwd", domain) => Form::Passwd(domain.to_owned()),
        ("ldif", _) => Form::Ldif,
        _csv => Form::Csv,
    };
    let path = PathBuf::from(deed.said.get(Slot::File));
    let file = person::open_read(&desk.operator()?, &path).map_err(|error| error.to_string())?;
    read_rows(file, &form).map_err(|error| said(&error))
}

fn shown(line: &Line) -> String {
    let Line {
        line,
        user,
        address,
        fate,
        why,
    } = line;
    one_line(&format!(
        "line {line}: {} {user} {address} {why}",
        fate.word()
    ))
}

/// Imports what was looked at, and mails the codes where that was asked for.
pub(super) fn apply(desk: &Desk, job: Job, deed: &Deed) -> Result<String, String> {
    let plan = desk
        .plan()
        .and_then(|mut kept| take(&mut kept, deed.looked));
    let plan = plan.ok_or("The list is to be looked at again first.")?;
    let mut admin = desk.admin()?;
    let stop = desk.stop(job);
    let mut pace = Pace::new();
    let imported = admin.apply_import(&plan, deed.reason(), &stop, |done, of| {
        desk.look_up(job, &stop);
        if pace.is_due() {
            desk.tell(Found::Progress(job, progress(done, of, 0)));
        }
    });
    let imported = imported.map_err(|error| said(&error))?;
    let mut text = told(&imported);
    let mut all_sent = true;
    if deed.said.get(Slot::After) == INVITES && !imported.to_invite.is_empty() {
        let (sent, failed) = invite(desk, &mut admin, job, deed, &imported.to_invite);
        let mails = format!(" {sent} codes mailed, {failed} not.");
        text.push_str(&mails);
        all_sent = failed == 0;
    }
    if imported.failed.is_empty() && all_sent {
        Ok(text)
    } else {
        Err(text)
    }
}

/// The list that this job looked at: one that another looked at beside it is never imported in its place.
fn take(kept: &mut Option<(Job, Plan)>, looked: Option<Job>) -> Option<Plan> {
    let (_, plan) = kept.take_if(|(job, _)| Some(*job) == looked)?;
    Some(plan)
}

fn told(imported: &Imported) -> String {
    let mut text = format!(
        "{} enrolled, {} changed, {} skipped, {} failed.",
        imported.added,
        imported.changed,
        imported.skipped,
        imported.failed.len()
    );
    if imported.left > 0 {
        let left = format!(" Stopped: {} left as they were.", imported.left);
        text.push_str(&left);
    }
    if let Some(first) = imported.failed.first() {
        let first = format!(
            " The first that failed: line {}, {}: {}.",
            first.line, first.user, first.why
        );
        text.push_str(&one_line(&first));
    }
    if imported.undo.is_some() {
        text.push_str(" z takes all of it back.");
    }
    text
}

/// Mails the codes, one after the other: how many were sent, and how many were not.
fn invite(
    desk: &Desk,
    admin: &mut Admin,
    job: Job,
    deed: &Deed,
    users: &[String],
) -> (usize, usize) {
    let stop = desk.stop(job);
    let mut pace = Pace::new();
    let mut sent = 0;
    let invites = |admin: &mut Admin, user: &str| admin.invite(user, deed.reason());
    admin.each(users, &stop, invites, |ended| {
        let is_sent = ended.result.is_ok_and(|invited| invited.accepted);
        sent += usize::from(is_sent);
        desk.look_up(job, &stop);
        if pace.is_due() {
            desk.tell(Found::Progress(job, progress(ended.done, ended.of, 0)));
        }
    });
    (sent, users.len().saturating_sub(sent))
}

#[cfg(test)]
mod tests {
    use super::{Job, Plan, take};

    // Mutant: whatever list was looked at last is imported.
    #[test]
    fn a_list_that_another_job_looked_at_is_not_imported() {
        let mut kept = Some((Job::Plan(2), Plan::default()));
        for other in [None, Some(Job::Plan(1)), Some(Job::Import(2))] {
            assert!(take(&mut kept, other).is_none(), "{other:?}");
        }
        assert!(take(&mut kept, Some(Job::Plan(2))).is_some());
        assert!(take(&mut kept, Some(Job::Plan(2))).is_none(), "once");
    }
}
