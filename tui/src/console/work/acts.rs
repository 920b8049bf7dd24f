//! What changes something, one after the other, and what takes long. Each answer is a sentence that
//! says what is so now.

use std::sync::mpsc::Receiver;

use gatepost_shared::admin::users::{State, accepted};
use gatepost_shared::admin::{Admin, AdminError, doctor};

use super::super::effect::{Deed, Effect, Verb};
use super::super::message::{Found, Job};
use super::super::model::text::grouped;
use super::{Desk, said};

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    for effect in effects {
        let Effect::Do(deed) = effect else { continue };
        // Opened for each act: acts are rare, and the store may have been replaced.
        let done = desk
            .admin()
            .and_then(|mut admin| act(&mut admin, &deed).map_err(|error| said(&error)));
        desk.tell(match done {
            Ok(_) if deed.verb == Verb::Unmask => Found::Unmasked,
            Ok(sentence) => Found::Done(sentence),
            Err(error) => Found::Done(Err(error)),
        });
    }
}

/// Does it; the sentence says what is so now, or what is not.
fn act(admin: &mut Admin, deed: &Deed) -> Result<Result<String, String>, AdminError> {
    let reason = Some(deed.reason.as_str()).filter(|reason| !reason.is_empty());
    let user = &deed.object;
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
        Verb::Unmask => {
            admin.unmask("", reason)?;
            Ok(String::new())
        }
        Verb::TestMail => {
            let tested = admin.test_mail(user)?;
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
            if let Ok(report) = doctor::run(desk.conf(), desk.operator()) {
                desk.tell(Found::Checks(report.checks));
            }
        }
        Effect::CheckChain => desk.tell(Found::Ended(Job::Chain, check_chain(desk))),
        Effect::Do(deed) => {
            let done = desk
                .admin()
                .and_then(|mut admin| act(&mut admin, &deed).map_err(|error| said(&error)));
            desk.tell(Found::Ended(
                Job::TestMail,
                done.and_then(|sentence| sentence),
            ));
        }
        Effect::Summary
        | Effect::Users { .. }
        | Effect::User { .. }
        | Effect::Events { .. }
        | Effect::Mails { .. }
        | Effect::Quit
        | Effect::Suspend
        | Effect::Redraw => {}
    }
}

fn check_chain(desk: &Desk) -> Result<String, String> {
    let admin = desk.admin()?;
    let progress = |events: u64| {
        desk.tell(Found::Progress(Job::Chain, grouped(events)));
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
