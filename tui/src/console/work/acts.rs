//! What changes something, one after the other, and what takes long. Each answer is a sentence that
//! says what is so now.

use std::sync::mpsc::Receiver;

use gatepost_shared::admin::filter::Filter;
use gatepost_shared::admin::users::{Mask, State, accepted};
use gatepost_shared::admin::{Admin, AdminError, doctor};

use super::super::effect::{Deed, Effect, Slot, Verb};
use super::super::message::{Found, Job, Progress, Tally};
use super::super::model::list::PAGE;
use super::super::model::text::grouped;
use super::pace::Pace;
use super::{Desk, asking, policy, post, said};

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    for effect in effects {
        let Effect::Do(deed) = effect else { continue };
        if let Some(found) = policy::change(desk, &deed) {
            desk.tell(found);
            continue;
        }
        if deed.may_ask_back() {
            desk.tell(Found::Answered(asking::act(desk, &deed)));
            continue;
        }
        // Opened for each act: acts are rare, and the store may have been replaced.
        let done = desk.admin().and_then(|mut admin| {
            act(&mut admin, &deed, deed.object()).map_err(|error| said(&error))
        });
        desk.tell(match done {
            Ok(_) if deed.verb == Verb::Unmask => Found::Unmasked,
            Ok(sentence) => Found::Done(sentence),
            Err(error) => Found::Done(Err(error)),
        });
    }
}

/// Does it to one account; the sentence says what is so now, or what is not.
fn act(admin: &mut Admin, deed: &Deed, user: &str) -> Result<Result<String, String>, AdminError> {
    let reason = deed.reason();
    Ok(match deed.verb {
        Verb::Unlock => {
            let done = admin.unlock_user(user, reason)?;
            Ok(if done.before.state == State::Locked {
                format!(
                    "{} is unlocked: wrong codes so far no longer count.",
                    done.user
                )
            } else {
                format!(
                    "{} was not locked; wrong codes so far no longer count.",
                    done.user
                )
            })
        }
        Verb::Disable => {
            let done = admin.disable_user(user, reason)?;
            Ok(format!("{} is disabled: sign-ins are refused.", done.user))
        }
        Verb::Enable => {
            let done = admin.enable_user(user, reason)?;
            Ok(format!("{} is enabled.", done.user))
        }
        Verb::Verify => {
            let sent = admin.send_confirmation(user)?;
            let how = sent.mail.last().map_or("", |last| last.reply.as_str());
            if accepted(&sent.mail) {
                Ok(format!(
                    "A new code is on its way to {}. With it: gatepost user verify {} CODE",
                    sent.address, sent.user
                ))
            } else {
                Err(format!(
                    "The code for {} could not be sent: {how}",
                    sent.address
                ))
            }
        }
        Verb::Revoke(id) => {
            let revoked = admin.revoke_bypass(user, Some(id), reason)?;
            Ok(format!(
                "{}'s bypass code {id} no longer works.",
                revoked.user
            ))
        }
        Verb::EndShield => {
            let lowered = admin.shield_off(Some(user), reason)?;
            Ok(format!(
                "Sign-ins from {} are possible again.",
                lowered.lowered.join(", ")
            ))
        }
        // They may ask back, and are done elsewhere.
        Verb::Bypass | Verb::Shield => Err("nothing was done".to_owned()),
        Verb::Unmask => {
            admin.unmask("", reason)?;
            Ok(String::new())
        }
        // Told with what came in between, where they are done.
        Verb::TryRules(_) | Verb::ApplyRules(_) | Verb::KeepTry(_) => Ok(String::new()),
        Verb::RetryMail => post::retry(admin, reason)?,
        Verb::TestMail => {
            let tested = admin.test_mail(deed.said.get(Slot::Address))?;
            let last = tested.mail.last();
            let how = last.map_or_else(String::new, |last| {
                format!("{} in {} ms: {}", last.relay, last.millis, last.reply)
            });
            if tested.accepted {
                Ok(format!("Taken for {} by {how}", tested.address))
            } else {
                Err(format!("Not taken for {}. {how}", tested.address))
            }
        }
    })
}

/// Does something that takes long.
pub(super) fn job(desk: &Desk, effect: Effect) {
    match effect {
        Effect::Checks => {
            // Who may open the console may look.
            let report = desk
                .operator()
                .map(|operator| doctor::run(desk.conf(), &operator));
            if let Ok(Ok(report)) = report {
                desk.tell(Found::Checks(report.checks));
            }
        }
        Effect::CheckChain => desk.tell(Found::Ended(Job::Chain, check_chain(desk))),
        Effect::Post => desk.tell(Found::Post(post::read(desk))),
        Effect::Do(deed) => {
            let job = if deed.verb == Verb::RetryMail {
                Job::RetryMail
            } else {
                Job::TestMail
            };
            let done = desk
                .admin()
                .and_then(|mut admin| act(&mut admin, &deed, "").map_err(|error| said(&error)));
            desk.tell(Found::Ended(job, done.and_then(|sentence| sentence)));
        }
        Effect::Each(job, deed) => each(desk, job, &deed),
        Effect::Export(job, export) => super::export::work(desk, job, &export),
        Effect::Difference(number, source) => policy::difference(desk, number, &source),
        Effect::Keys(filter) => desk.tell(Found::Keys(keys(desk, &filter))),
        Effect::Summary
        | Effect::Stop(_)
        | Effect::Users { .. }
        | Effect::User { .. }
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

/// Does the same to many accounts. What fails on one is told at the end, and the others are tried; what
/// was asked to stop stops between two.
fn each(desk: &Desk, job: Job, deed: &Deed) {
    let total = deed.objects.len() as u64;
    let mut tally = Tally {
        done: 0,
        failures: Vec::new(),
        left: total,
    };
    let mut store = desk.admin();
    let mut pace = Pace::new();
    for object in &deed.objects {
        if desk.is_stopped(job) {
            break;
        }
        // A role that goes while this goes on ends it for those that are left.
        let done = match (desk.operator(), &mut store) {
            (Err(gone), _) => Err(gone),
            (Ok(_), Ok(admin)) => match act(admin, deed, object) {
                Ok(done) => done.map(drop),
                Err(error) => Err(said(&error)),
            },
            (Ok(_), Err(error)) => Err(error.clone()),
        };
        tally.left -= 1;
        match done {
            Ok(()) => tally.done += 1,
            Err(why) => tally.failures.push((object.clone(), why)),
        }
        if pace.is_due() {
            let progress = Progress {
                done: total - tally.left,
                total: Some(total),
                failed: tally.failures.len() as u64,
            };
            desk.tell(Found::Progress(job, progress));
        }
    }
    desk.tell(Found::Tried(job, tally));
}

/// How many accounts are marked at once, at the most.
const MOST_MARKED: usize = 1_000;

/// The keys of the accounts that a filter wants, and whether there are more.
fn keys(desk: &Desk, filter: &Filter) -> Result<(Vec<String>, bool), String> {
    let admin = desk.admin()?;
    let mut keys: Vec<String> = Vec::new();
    loop {
        let after = keys.last().cloned().unwrap_or_default();
        let page = admin.users_like(filter, &after, PAGE, Mask::Masked);
        let page = page.map_err(|error| said(&error))?;
        if page.is_empty() {
            return Ok((keys, false));
        }
        keys.extend(page.into_iter().map(|row| row.key));
        if keys.len() > MOST_MARKED {
            keys.truncate(MOST_MARKED);
            return Ok((keys, true));
        }
    }
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
