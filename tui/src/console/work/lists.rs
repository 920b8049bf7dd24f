//! Pages of lists, of which only the newest request counts; and a look every quarter of a second
//! whether anything changed.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use gatepost_shared::admin::Admin;
use gatepost_shared::admin::browse::{Around, Stopper};
use gatepost_shared::admin::filter::EventFilter;
use gatepost_shared::host::{Host, System};

use super::super::effect::Effect;
use super::super::message::{Found, Message};
use super::super::model::list::PAGE;
use super::{Desk, said};

/// How often it is looked whether anything changed.
const LOOK: Duration = Duration::from_millis(250);
/// Looks after which everything is read anew though nothing changed: locks end by themselves.
const MINUTE: u32 = 240;

/// Looks after which a store that could not be opened is tried again.
const REOPEN: u32 = 8;

/// Where the reading that goes on can be ended by whoever asks for something newer.
pub(super) type Slot = Mutex<Option<Stopper>>;

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let clock = System::new().ok();
    let now = || {
        let moment = clock.as_ref().map(|clock| clock.now().moment.at.millis());
        moment.unwrap_or(0)
    };
    let mut admin: Option<Admin> = None;
    let mut counted: Counted = None;
    let mut seen: Option<i64> = None;
    let mut idle = 0;
    // Where reading takes long and others write all the time, most of the time is left to them.
    let mut quiet_until = 0;
    let mut waiting: Vec<Effect> = Vec::new();
    loop {
        if waiting.is_empty() {
            match effects.recv_timeout(LOOK) {
                Ok(effect) => waiting.push(effect),
                Err(RecvTimeoutError::Timeout) => idle += 1,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        if admin.is_none() && idle % REOPEN == 0 {
            // For the look whether anything changed; why it fails is said when something is read.
            admin = opened(desk).ok();
        }
        waiting = newest(waiting.into_iter().chain(effects.try_iter()).collect());
        if !waiting.is_empty() {
            let effect = waiting.remove(0);
            let begun = now();
            if let Some(first) = first(admin.as_ref(), &effect) {
                desk.tell(first);
                // Whoever typed on meanwhile may have ended those first rows, and not the search to come.
                if is_outdated(&effect, &mut waiting, effects) {
                    continue;
                }
            }
            let mut found = read(desk, &mut admin, &mut counted, &effect);
            if !went_well(found.as_ref()) {
                if is_outdated(&effect, &mut waiting, effects) {
                    // It was ended for a newer one.
                    continue;
                }
                // It may have been hit by what was meant for the one before it.
                found = read(desk, &mut admin, &mut counted, &effect);
            }
            if let Some(found) = found {
                desk.tell(found);
            }
            let took = now() - begun;
            quiet_until = now() + took.saturating_mul(10);
        }
        if now() < quiet_until {
            continue;
        }
        let change = admin.as_ref().and_then(|admin| admin.change().ok());
        // The first look too: something may have been read before it, and changed between.
        let is_new = change.is_some() && change != seen;
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
        kept.retain(|other| !same_list(other, &effect));
        kept.push(effect);
    }
    kept
}

/// Whether a newer request for the same list has come in meanwhile.
fn is_outdated(effect: &Effect, waiting: &mut Vec<Effect>, effects: &Receiver<Effect>) -> bool {
    waiting.extend(effects.try_iter());
    waiting.iter().any(|newer| same_list(newer, effect))
}

fn same_list(one: &Effect, other: &Effect) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

fn went_well(found: Option<&Found>) -> bool {
    !matches!(
        found,
        Some(
            Found::Users(_, Err(_))
                | Found::Events(_, Err(_))
                | Found::Stream(_, Err(_))
                | Found::Mails(_, Err(_))
        )
    )
}

/// Reads what was asked for; where the store fails, the next time opens it anew.
fn read(
    desk: &Desk,
    admin: &mut Option<Admin>,
    counted: &mut Counted,
    effect: &Effect,
) -> Option<Found> {
    let open = if let Some(open) = admin.take() {
        Ok(open)
    } else {
        // Another connection has another count of changes.
        *counted = None;
        opened(desk)
    };
    let found = match &open {
        Ok(open) => answer(open, counted, effect),
        Err(error) => unopened(effect, error),
    };
    *admin = open
        .ok()
        .filter(|open| went_well(found.as_ref()) || open.change().is_ok());
    found
}

fn opened(desk: &Desk) -> Result<Admin, String> {
    let open = desk.admin();
    open.inspect(|open| desk.can_be_stopped_by(open.stopper()))
}

/// What is found at once, where the whole answer may take a while.
fn first(admin: Option<&Admin>, effect: &Effect) -> Option<Found> {
    let Effect::Users {
        request,
        filter,
        around: Around::First,
        mask,
    } = effect
    else {
        return None;
    };
    // Why it cannot be read is said with the whole answer.
    let page = admin?.first_users(filter, PAGE, *mask).ok().flatten()?;
    Some(Found::FirstUsers(*request, page))
}

/// How many accounts there were, and at which of the store's changes: a page costs less than their count.
type Counted = Option<(i64, u64)>;

fn answer(admin: &Admin, counted: &mut Counted, effect: &Effect) -> Option<Found> {
    Some(match effect {
        Effect::Users {
            request,
            filter,
            around,
            mask,
        } => {
            let page = admin.browse_users(filter, around, PAGE, *mask);
            let found = page.and_then(|page| {
                let is_whole = !page.more_before && !page.more_after;
                // Under a filter that would be a second scan; the next request must not wait for it.
                let total = if is_whole || !filter.is_empty() {
                    None
                } else {
                    let change = admin.change()?;
                    let known = counted.filter(|(at, _)| *at == change);
                    let total = match known {
                        Some((_, total)) => Some(total),
                        None => admin.count_users(filter)?,
                    };
                    *counted = total.map(|total| (change, total));
                    total
                };
                Ok((page, total))
            });
            Found::Users(*request, found.map_err(|error| said(&error)))
        }
        Effect::Events {
            request,
            filter,
            around,
        } => {
            let page = admin.browse_events(filter, around, PAGE);
            Found::Events(*request, page.map_err(|error| said(&error)))
        }
        Effect::Stream { request, around } => {
            let page = admin.browse_events(&EventFilter::default(), around, PAGE);
            Found::Stream(*request, page.map_err(|error| said(&error)))
        }
        Effect::Mails {
            request,
            of,
            around,
        } => {
            let page = admin.browse_mails(of.as_deref(), around, PAGE);
            Found::Mails(*request, page.map_err(|error| said(&error)))
        }
        Effect::Summary
        | Effect::Activity
        | Effect::Standing
        | Effect::User { .. }
        | Effect::SignIns(_)
        | Effect::Missing
        | Effect::Applies(_)
        | Effect::Post
        | Effect::Preview(_)
        | Effect::Sources(_)
        | Effect::Undoables
        | Effect::Plan(..)
        | Effect::LookThrough(..)
        | Effect::DropCopy(_)
        | Effect::Checks
        | Effect::CheckChain
        | Effect::Do(_)
        | Effect::Each(..)
        | Effect::Long(..)
        | Effect::Stop(_)
        | Effect::Keys(_)
        | Effect::Export(..)
        | Effect::Policy(_)
        | Effect::Difference(..)
        | Effect::Edit(_)
        | Effect::Copy(_)
        | Effect::CopyCode(_)
        | Effect::Keep(_)
        | Effect::Mouse(_)
        | Effect::Quit
        | Effect::Suspend
        | Effect::Redraw => return None,
    })
}

/// That the store cannot be opened.
fn unopened(effect: &Effect, error: &str) -> Option<Found> {
    let error = error.to_owned();
    match effect {
        Effect::Users { request, .. } => Some(Found::Users(*request, Err(error))),
        Effect::Events { request, .. } => Some(Found::Events(*request, Err(error))),
        Effect::Stream { request, .. } => Some(Found::Stream(*request, Err(error))),
        Effect::Mails { request, .. } => Some(Found::Mails(*request, Err(error))),
        Effect::Summary
        | Effect::Activity
        | Effect::Standing
        | Effect::User { .. }
        | Effect::SignIns(_)
        | Effect::Missing
        | Effect::Applies(_)
        | Effect::Post
        | Effect::Preview(_)
        | Effect::Sources(_)
        | Effect::Undoables
        | Effect::Plan(..)
        | Effect::LookThrough(..)
        | Effect::DropCopy(_)
        | Effect::Checks
        | Effect::CheckChain
        | Effect::Do(_)
        | Effect::Each(..)
        | Effect::Long(..)
        | Effect::Stop(_)
        | Effect::Keys(_)
        | Effect::Export(..)
        | Effect::Policy(_)
        | Effect::Difference(..)
        | Effect::Edit(_)
        | Effect::Copy(_)
        | Effect::CopyCode(_)
        | Effect::Keep(_)
        | Effect::Mouse(_)
        | Effect::Quit
        | Effect::Suspend
        | Effect::Redraw => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::{Around, Effect, EventFilter, is_outdated, newest};

    #[test]
    fn of_each_list_only_the_newest_request_is_answered() {
        let mails = |request| Effect::Mails {
            request,
            of: None,
            around: Around::First,
        };
        let events = |request| Effect::Events {
            request,
            filter: EventFilter::default(),
            around: Around::First,
        };
        let kept = newest(vec![mails(1), events(1), mails(2), mails(3)]);
        assert_eq!(kept, [events(1), mails(3)]);
        // What came in meanwhile is seen, and kept for its turn.
        let (sender, coming) = channel();
        let mut waiting = Vec::new();
        sender.send(events(2)).unwrap();
        assert!(!is_outdated(&mails(3), &mut waiting, &coming));
        sender.send(mails(4)).unwrap();
        assert!(is_outdated(&mails(3), &mut waiting, &coming));
        assert_eq!(waiting, [events(2), mails(4)]);
    }
}
