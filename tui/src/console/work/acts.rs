//! What changes something, one after the other, and what takes long. Each answer is a sentence that
//! says what is so now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Receiver;

use gatepost_shared::admin::browse::After;
use gatepost_shared::admin::filter::Filter;
use gatepost_shared::admin::users::{Mask, Versions};
use gatepost_shared::admin::{Admin, doctor, undo};
use gatepost_words::text::one_line;

use super::super::effect::{Deed, Effect, Verb};
use super::super::message::{Found, Job, Progress, Tally, Undone};
use super::super::model::list::PAGE;
use super::super::model::text::grouped;
use super::deeds::act;
use super::pace::Pace;
use super::{Desk, asking, policy, post, said};

/// Versions that acts of this console left, by accounts, as far as nothing else lies between.
type Own = BTreeMap<String, Versions>;

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let mut own = Own::new();
    for effect in effects {
        let Effect::Do(mut deed) = effect else {
            continue;
        };
        // Asked for before the answer to the one before was there.
        for (user, step) in &own {
            deed.stepped(user, *step);
        }
        if let Some(found) = policy::change(desk, &deed) {
            desk.tell(found);
            continue;
        }
        if deed.may_ask_back() {
            desk.tell(Found::Answered(asking::act(desk, &deed)));
            continue;
        }
        // Opened for each act: acts are rare, and the store may have been replaced.
        desk.tell(match desk.admin() {
            Ok(mut admin) => one(desk, &mut admin, &deed, &mut own),
            Err(error) => Found::Done(Err(error)),
        });
    }
}

/// Keeps what an act left, behind those before it where nothing lies between.
fn keep(own: &mut Own, user: &str, step: Versions) {
    let before = match own.get(user) {
        Some(last) if last.after == step.before => last.before,
        Some(_) | None => step.before,
    };
    own.insert(user.to_owned(), Versions { before, ..step });
}

/// Does one act; where somebody else changed the account since it was looked at, says what they did.
fn one(desk: &Desk, admin: &mut Admin, deed: &Deed, own: &mut Own) -> Found {
    match act(admin, deed, deed.object()) {
        Ok(_) if deed.verb == Verb::Unmask => Found::Unmasked,
        Ok(done) => {
            if let Some(step) = done.step {
                keep(own, deed.object(), step);
                // Before the sentence: who has read it can go on.
                desk.tell(Found::Stepped(deed.object().to_owned(), step));
            }
            Found::Done(done.said)
        }
        Err(error) => match error.changed() {
            Some(what) if !deed.seen.is_empty() => {
                // Whatever it is by now, it is asked about anew.
                own.remove(deed.object());
                Found::Changed(deed.object().to_owned(), one_line(what))
            }
            Some(_) | None => Found::Done(Err(said(&error))),
        },
    }
}

/// Does something that takes long.
pub(super) fn job(desk: &Desk, effect: Effect) {
    match effect {
        Effect::Checks => {
            // Who may open the console may look.
            let report = desk.operator().and_then(|operator| {
                doctor::run(desk.conf(), &operator).map_err(|error| said(&error))
            });
            desk.tell(match report {
                Ok(report) => Found::Checks(report.checks),
                Err(why) => Found::Ended(Job::Doctor, Err(why)),
            });
        }
        Effect::CheckChain => desk.tell(Found::Ended(Job::Chain, check_chain(desk))),
        Effect::Post => desk.tell(Found::Post(post::read(desk))),
        Effect::Preview(kind) => desk.tell(Found::Preview(kind, post::preview(desk, kind))),
        Effect::Do(deed) => {
            let job = if deed.verb == Verb::RetryMail {
                Job::RetryMail
            } else {
                Job::TestMail
            };
            let done = desk
                .admin()
                .and_then(|mut admin| act(&mut admin, &deed, "").map_err(|error| said(&error)));
            desk.tell(Found::Ended(job, done.and_then(|done| done.said)));
        }
        Effect::Each(job, deed) => each(desk, job, &deed),
        Effect::Long(job, deed) => desk.tell(long(desk, job, &deed)),
        Effect::Plan(job, deed) => {
            let planned = super::import::plan(desk, job, &deed);
            desk.tell(Found::Planned(job, planned));
        }
        Effect::LookThrough(job, deed) => {
            let found = super::restore::look_through(desk, job, &deed);
            desk.tell(Found::LookedThrough(job, found));
        }
        Effect::DropCopy(job) => super::restore::let_go(desk, job),
        Effect::Export(job, export) => super::export::work(desk, job, &export),
        Effect::Difference(number, source) => policy::difference(desk, number, &source),
        Effect::Missing => desk.tell(Found::Missing(missing(desk))),
        Effect::Keys(filter) => desk.tell(Found::Keys(keys(desk, &filter))),
        Effect::Summary
        | Effect::Activity
        | Effect::SignIns(_)
        | Effect::Applies(_)
        | Effect::Stop(_)
        | Effect::Users { .. }
        | Effect::User { .. }
        | Effect::Sources(_)
        | Effect::Undoables
        | Effect::Events { .. }
        | Effect::Mails { .. }
        | Effect::Policy(_)
        | Effect::Edit(_)
        | Effect::Copy(_)
        | Effect::CopyCode(_)
        | Effect::Standing
        | Effect::Stream { .. }
        | Effect::Keep(_)
        | Effect::Mouse(_)
        | Effect::Quit
        | Effect::Suspend
        | Effect::Redraw => {}
    }
}

/// Does what takes long, and is no row of acts on accounts.
fn long(desk: &Desk, job: Job, deed: &Deed) -> Found {
    match job {
        Job::Import(_) => Found::Ended(job, super::import::apply(desk, job, deed)),
        Job::Undo(_) => Found::Undone(job, undo(desk, job, deed)),
        Job::Restore(_) => Found::Ended(job, super::restore::apply(desk, deed)),
        Job::Chain
        | Job::TestMail
        | Job::RetryMail
        | Job::BackUp
        | Job::LookThrough(_)
        | Job::Doctor
        | Job::Each(_)
        | Job::Export(_)
        | Job::Difference(_)
        | Job::Plan(_) => Found::Ended(job, Err("that is no such job".to_owned())),
    }
}

/// Takes back what may take long: an act on many accounts, or a change of the rules.
fn undo(desk: &Desk, job: Job, deed: &Deed) -> Undone {
    match taken_back(desk, job, deed) {
        Ok(undone) => asking::undone(undone, asking::does_again(deed)),
        Err(error) => Undone {
            said: Err(error),
            failures: Vec::new(),
            steps: Vec::new(),
        },
    }
}

fn taken_back(desk: &Desk, job: Job, deed: &Deed) -> Result<undo::Undone, String> {
    let mut admin = desk.admin()?;
    let id = deed.object().parse().unwrap_or(0);
    let stop = desk.stop(job);
    let mut pace = Pace::new();
    let Some(asked) = deed.asked_undo(desk.open.own) else {
        return Err("nothing was done".to_owned());
    };
    let undone = admin.undo(id, asked, &stop, |done, of| {
        desk.look_up(job, &stop);
        if pace.is_due() {
            let progress = Progress {
                // How many there are is not known while it is looked whom it would lock out.
                total: Some(of as u64).filter(|of| *of > 0),
                ..progress(done, of, 0)
            };
            desk.tell(Found::Progress(job, progress));
        }
    });
    undone.map_err(|error| said(&error))
}

/// Does the same to many accounts. What fails on one is told at the end, and the others are tried; what
/// was asked to stop stops between two.
fn each(desk: &Desk, job: Job, deed: &Deed) {
    let mut failures: Vec<(String, String)> = Vec::new();
    let mut changed: BTreeSet<String> = BTreeSet::new();
    let mut admin = match desk.admin() {
        Ok(admin) => admin,
        Err(error) => {
            let all = deed.objects.iter();
            let tally = Tally {
                done: 0,
                failures: all.map(|object| (object.clone(), error.clone())).collect(),
                changed,
                left: 0,
            };
            return desk.tell(Found::Tried(job, tally));
        }
    };
    let stop = desk.stop(job);
    let mut pace = Pace::new();
    let tally = admin.each(
        &deed.objects,
        &stop,
        // A role that goes while this goes on ends it for those that are left.
        |admin, object| match desk.operator() {
            Ok(_) => act(admin, deed, object),
            Err(gone) => Ok(Err(gone).into()),
        },
        |ended| {
            let why = match ended.result {
                Ok(done) => {
                    if let Some(step) = done.step {
                        desk.tell(Found::Stepped(ended.user.to_owned(), step));
                    }
                    done.said.err()
                }
                Err(error) => Some(match error.changed() {
                    Some(what) if deed.seen.contains_key(ended.user) => {
                        changed.insert(ended.user.to_owned());
                        since_marked(what)
                    }
                    Some(_) | None => said(&error),
                }),
            };
            failures.extend(why.map(|why| (ended.user.to_owned(), why)));
            desk.look_up(job, &stop);
            if pace.is_due() {
                let failed = failures.len() as u64;
                desk.tell(Found::Progress(job, progress(ended.done, ended.of, failed)));
            }
        },
    );
    let tried = (tally.done + tally.failed) as u64;
    let tally = Tally {
        done: tried.saturating_sub(failures.len() as u64),
        failures,
        changed,
        left: tally.left as u64,
    };
    desk.tell(Found::Tried(job, tally));
}

/// What was done to an account since it was marked, for the list of what failed.
fn since_marked(what: &str) -> String {
    let what = meanwhile(what).unwrap_or(what);
    one_line(&format!("changed since you marked it: {what}"))
}

/// What others did to an account, of the refusal that says so.
pub(super) fn meanwhile(refusal: &str) -> Option<&str> {
    let (_, what) = refusal.split_once(" in the meantime: ")?;
    what.split(". Nothing was done;").next()
}

/// How far a job is.
pub(super) fn progress(done: usize, of: usize, failed: u64) -> Progress {
    Progress {
        done: done as u64,
        total: Some(of as u64),
        failed,
    }
}

/// How many accounts are marked at once, at the most.
const MOST_MARKED: usize = 1_000;

/// The keys of the accounts that a filter wants, and whether there are more.
fn keys(desk: &Desk, filter: &Filter) -> Result<(Vec<String>, bool), String> {
    let admin = desk.admin()?;
    let mut keys: Vec<String> = Vec::new();
    let mut after = After::default();
    loop {
        let page = admin.users_like(filter, &after, PAGE, Mask::Masked);
        let page = page.map_err(|error| said(&error))?;
        let Some(last) = page.last() else {
            return Ok((keys, false));
        };
        after = After::row(last);
        keys.extend(page.into_iter().map(|row| row.key));
        if keys.len() > MOST_MARKED {
            keys.truncate(MOST_MARKED);
            return Ok((keys, true));
        }
    }
}

fn missing(desk: &Desk) -> Result<u64, String> {
    let admin = desk.admin()?;
    admin.missing().map_err(|error| said(&error))
}

fn check_chain(desk: &Desk) -> Result<String, String> {
    let admin = desk.admin()?;
    let progress = |events: u64| {
        let progress = Progress {
            done: events,
            ..Progress::default()
        };
        desk.tell(Found::Progress(Job::Chain, progress));
    };
    let chain = admin.watch_events_verified(&progress);
    let chain = chain.map_err(|error| said(&error))?;
    match chain.broken_at {
        None => Ok(format!(
            "{} events, from {} to {}, each follows from the one before. Compare with the system \
             log: head={}",
            grouped(chain.events),
            chain.first,
            chain.last,
            chain.head.get(..16).unwrap_or(&chain.head)
        )),
        Some(seq) => Err(format!(
            "The chain is broken: event {seq} does not follow from the one before; up to {} it \
             holds. Compare with the system log: seq= and head=",
            chain.last
        )),
    }
}
