//! Pages of lists, of which only the newest request counts; and a look every quarter of a second
//! whether anything changed.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use gatepost_shared::admin::Admin;

use super::super::effect::Effect;
use super::super::message::{Found, Message};
use super::super::model::list::PAGE;
use super::{Desk, said};

/// How often it is looked whether anything changed.
const LOOK: Duration = Duration::from_millis(250);
/// Looks after which everything is read anew though nothing changed: locks end by themselves.
const MINUTE: u32 = 240;

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let mut admin: Option<Admin> = None;
    let mut seen: Option<i64> = None;
    let mut idle = 0;
    loop {
        match effects.recv_timeout(LOOK) {
            Ok(first) => {
                let mut pending = vec![first];
                pending.extend(effects.try_iter());
                for effect in newest(pending) {
                    read(desk, &mut admin, effect);
                }
            }
            Err(RecvTimeoutError::Timeout) => idle += 1,
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let change = admin.as_ref().and_then(|admin| admin.change().ok());
        let is_new = seen.is_some() && change.is_some() && change != seen;
        seen = change.or(seen);
        if is_new || idle >= MINUTE {
            idle = 0;
            desk.send(Message::Changed);
        }
    }
}

/// Of each kind of list, the request that came last.
fn newest(pending: Vec<Effect>) -> Vec<Effect> {
    let mut kept: Vec<Effect> = Vec::new();
    for effect in pending {
        let same =
            |other: &Effect| std::mem::discriminant(other) == std::mem::discriminant(&effect);
        kept.retain(|other| !same(other));
        kept.push(effect);
    }
    kept
}

fn read(desk: &Desk, admin: &mut Option<Admin>, effect: Effect) {
    let opened = match admin.take() {
        Some(open) => Ok(open),
        None => desk.admin(),
    };
    match opened {
        Ok(open) => {
            // Where reading fails, the next request opens the store anew.
            *admin = answer(desk, &open, effect).then_some(open);
        }
        Err(error) => refuse(desk, &effect, error),
    }
}

/// Reads and tells; whether that went well.
fn answer(desk: &Desk, admin: &Admin, effect: Effect) -> bool {
    let (found, went_well) = match effect {
        Effect::Users {
            request,
            filter,
            around,
            mask,
        } => {
            let page = admin.browse_users(&filter, &around, PAGE, mask);
            let counted = page.and_then(|page| Ok((page, admin.count_users(&filter)?)));
            let went_well = counted.is_ok();
            (
                Found::Users(request, counted.map_err(|error| said(&error))),
                went_well,
            )
        }
        Effect::Events {
            request,
            filter,
            around,
        } => {
            let page = admin.browse_events(&filter, &around, PAGE);
            let went_well = page.is_ok();
            (
                Found::Events(request, page.map_err(|error| said(&error))),
                went_well,
            )
        }
        Effect::Mails { request, around } => {
            let page = admin.browse_mails(None, &around, PAGE);
            let went_well = page.is_ok();
            (
                Found::Mails(request, page.map_err(|error| said(&error))),
                went_well,
            )
        }
        Effect::Summary
        | Effect::User { .. }
        | Effect::Checks
        | Effect::CheckChain
        | Effect::Do(_)
        | Effect::Quit
        | Effect::Suspend
        | Effect::Redraw => return true,
    };
    desk.tell(found);
    went_well
}

/// Tells that the store cannot be opened.
fn refuse(desk: &Desk, effect: &Effect, error: String) {
    match *effect {
        Effect::Users { request, .. } => desk.tell(Found::Users(request, Err(error))),
        Effect::Events { request, .. } => desk.tell(Found::Events(request, Err(error))),
        Effect::Mails { request, .. } => desk.tell(Found::Mails(request, Err(error))),
        Effect::Summary
        | Effect::User { .. }
        | Effect::Checks
        | Effect::CheckChain
        | Effect::Do(_)
        | Effect::Quit
        | Effect::Suspend
        | Effect::Redraw => {}
    }
}

#[cfg(test)]
mod tests {
    use gatepost_shared::admin::browse::Around;
    use gatepost_shared::admin::filter::EventFilter;

    use super::{Effect, newest};

    #[test]
    fn of_each_list_only_the_newest_request_is_answered() {
        let mails = |request| Effect::Mails {
            request,
            around: Around::First,
        };
        let events = |request| Effect::Events {
            request,
            filter: EventFilter::default(),
            around: Around::First,
        };
        let kept = newest(vec![mails(1), events(1), mails(2), mails(3)]);
        assert_eq!(kept, [events(1), mails(3)]);
    }
}
