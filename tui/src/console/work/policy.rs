//! The policy: read, held against a candidate, changed. The difference that was found last is kept here:
//! a candidate is put in force from it alone, so against the version that somebody looked at.

use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use gatepost_shared::admin::browse::{Around, Page};
use gatepost_shared::admin::policy::act::length;
use gatepost_shared::admin::policy::diff::{Candidate, Diff, Go};
use gatepost_shared::admin::policy::effective::myself;
use gatepost_shared::admin::policy::history::Row;
use gatepost_shared::admin::why::Why;
use gatepost_shared::admin::{Admin, AdminError};
use gatepost_words::time::Span;

use super::super::effect::{Ask, Deed, Effect, Put, Said, Slot as Field, Source, Verb};
use super::super::message::{Found, FoundPolicy, Job, Progress, Refused, Told};
use super::super::model::list::PAGE;
use super::pace::Pace;
use super::pages::with;
use super::{Desk, said};

/// The candidate whose difference was found last.
pub(in super::super) type Slot = Mutex<Option<Kept>>;

/// A candidate, and what it would change.
pub(in super::super) struct Kept {
    number: u32,
    candidate: Candidate,
    diff: Diff,
}

/// Reads until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let mut admin: Option<Admin> = None;
    for effect in effects {
        let Effect::Policy(ask) = effect else {
            continue;
        };
        if let Some(found) = read(desk, &mut admin, ask) {
            desk.tell(Found::Policy(found));
        }
    }
}

fn read(desk: &Desk, admin: &mut Option<Admin>, ask: Ask) -> Option<FoundPolicy> {
    Some(match ask {
        // Why it cannot be read is said by whatever else is on the screen.
        Ask::State => FoundPolicy::State(with(desk, admin, Admin::policy_state).ok()?),
        Ask::Whole => FoundPolicy::Whole(with(desk, admin, Admin::policy)),
        Ask::Versions { request, around } => {
            let page = with(desk, admin, |admin| versions(admin, &around));
            FoundPolicy::Versions(request, page)
        }
        Ask::Text(version) => {
            let text = with(desk, admin, |admin| admin.policy_text(version));
            FoundPolicy::Text(version, text)
        }
        Ask::Simulate { said, candidate } => {
            let found = with(desk, admin, |admin| {
                simulated(desk, admin, &said, candidate)
            });
            FoundPolicy::Simulated(found)
        }
    })
}

/// The versions around one; their numbers have no gaps.
fn versions(admin: &Admin, around: &Around<i64>) -> Result<Page<Row>, AdminError> {
    let page = i64::from(PAGE);
    let (before, most) = match around {
        Around::First => (None, PAGE),
        Around::Last => (Some(page + 1), PAGE),
        Around::Key(version) => (version.checked_add(page + 1), PAGE * 2),
    };
    let rows = admin.policy_history(before, most)?;
    let newest = admin.policy_history(None, 1)?;
    let more_after = match rows.last() {
        Some(last) => !admin.policy_history(Some(last.version), 1)?.is_empty(),
        None => false,
    };
    let first = rows.first().map(|row| row.version);
    Ok(Page {
        more_before: newest.first().map(|row| row.version) > first,
        more_after,
        rows,
    })
}

fn simulated(
    desk: &Desk,
    admin: &Admin,
    asked: &Said,
    candidate: Option<u32>,
) -> Result<Why, AdminError> {
    let user = myself(admin, asked.get(Field::User))?;
    let service = asked.get(Field::Service);
    let from = Some(asked.get(Field::From)).filter(|from| !from.is_empty());
    let slot = desk.candidate().lock().ok();
    let kept = slot.as_ref().and_then(|slot| slot.as_ref());
    let kept = kept.filter(|kept| Some(kept.number) == candidate);
    admin.policy_test(&user, service, from, kept.map(|kept| &kept.candidate))
}

/// Finds out what a candidate would change.
pub(super) fn difference(desk: &Desk, number: u32, source: &Source) {
    let found = found(desk, number, source);
    desk.tell(Found::Policy(FoundPolicy::Difference(number, found)));
}

fn found(desk: &Desk, number: u32, source: &Source) -> Result<Told, Vec<String>> {
    let lines = |error: AdminError| {
        let text = error.to_string();
        let lines: Vec<String> = text.lines().map(gatepost_words::text::sanitise).collect();
        lines
    };
    let admin = desk.admin().map_err(|error| vec![error])?;
    let candidate = match source {
        Source::Edited(text) => Candidate::parse(text),
        Source::Version(version) => admin.policy_candidate(*version),
    };
    let candidate = candidate.map_err(lines)?;
    let job = Job::Difference(number);
    let mut pace = Pace::new();
    let mut watch = |done| {
        if pace.is_due() {
            let progress = Progress {
                done,
                ..Progress::default()
            };
            desk.tell(Found::Progress(job, progress));
        }
        if desk.is_stopped(job) {
            Go::Stop
        } else {
            Go::On
        }
    };
    let diff = admin.policy_diff(&candidate, &mut watch).map_err(lines)?;
    let told = told(&diff);
    if let Ok(mut slot) = desk.candidate().lock() {
        *slot = Some(Kept {
            number,
            candidate,
            diff,
        });
    }
    Ok(told)
}

fn told(diff: &Diff) -> Told {
    Told {
        base: diff.base,
        base_trouble: diff.base_trouble.clone(),
        lines: diff.lines.clone(),
        missing_groups: diff.missing_groups.clone(),
        looked_at: diff.looked_at,
        stopped: diff.stopped,
        changes: diff.changes.clone(),
        closed: diff.closed.clone(),
        yours: diff.yours.clone(),
        locked_out: diff.locked_out,
        locks_you_out: diff.locks_you_out,
        locks_everybody_out: diff.locks_everybody_out,
        summary: diff.summary.clone(),
    }
}

/// Changes the policy, where that is what the deed is.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other verbs belong elsewhere"
)]
pub(super) fn change(desk: &Desk, deed: &Deed) -> Option<Found> {
    let done = match deed.verb {
        Verb::TryRules(of) => put(desk, of, |admin, diff| {
            let span = length(deed.said.get(Field::Time))?;
            let done = admin.policy_try(diff, span, deed.reason())?;
            Ok(format!(
                "Policy version {} is on trial for {}. Sign in elsewhere to try it; c keeps it.",
                done.version,
                Span::from_secs(done.seconds.unwrap_or(0))
            ))
        }),
        Verb::ApplyRules(of) => put(desk, of, |admin, diff| {
            let done = admin.policy_apply(diff, deed.reason(), of.guard)?;
            Ok(format!(
                "Policy version {} is in force; h lists the one before.",
                done.version
            ))
        }),
        Verb::KeepTry(version) => {
            let kept = desk.admin().and_then(|mut admin| {
                let done = admin.policy_confirm(version, deed.reason());
                let done = done.map_err(|error| said(&error))?;
                Ok(format!("Policy version {} stays in force.", done.version))
            });
            return Some(Found::Done(kept));
        }
        _ => return None,
    };
    Some(Found::Policy(FoundPolicy::Put(done)))
}

/// Does something with the difference that somebody looked at, and with no other.
fn put(
    desk: &Desk,
    of: Put,
    act: impl FnOnce(&mut Admin, &Diff) -> Result<String, AdminError>,
) -> Result<String, Refused> {
    let refused = |why| Refused {
        why,
        is_moved: false,
    };
    let mut admin = desk.admin().map_err(refused)?;
    let slot = desk.candidate().lock();
    let slot = slot.map_err(|_poisoned| refused("a fault ended the search".to_owned()))?;
    let kept = slot.as_ref().filter(|kept| kept.number == of.number);
    let kept = kept.ok_or_else(|| {
        refused("what it would change was found for other rules: e edits them again".to_owned())
    })?;
    act(&mut admin, &kept.diff).map_err(|error| Refused {
        is_moved: matches!(error, AdminError::PolicyMoved { .. }),
        why: said(&error),
    })
}
