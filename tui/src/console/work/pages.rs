//! An account's page, and other small things that are looked up, of each of which only the newest request counts.

use std::mem::discriminant;
use std::sync::mpsc::Receiver;

use gatepost_shared::admin::{Admin, AdminError};
use gatepost_shared::host::local_stamp;
use gatepost_words::time::Wall;

use super::super::effect::Effect;
use super::super::message::Found;
use super::{Desk, said};

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let mut admin: Option<Admin> = None;
    while let Ok(first) = effects.recv() {
        let mut waiting: Vec<Effect> = Vec::new();
        for effect in std::iter::once(first).chain(effects.try_iter()) {
            let is_same = |other: &Effect| discriminant(other) == discriminant(&effect);
            waiting.retain(|other| !is_same(other));
            waiting.push(effect);
        }
        for effect in waiting {
            look(desk, &mut admin, effect);
        }
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other effects are handed to others"
)]
fn look(desk: &Desk, admin: &mut Option<Admin>, effect: Effect) {
    match effect {
        Effect::User { key, mask } => {
            let found = with(desk, admin, |admin| admin.browse_user(&key, mask));
            desk.tell(Found::User(found.map_err(|error| (key, error))));
        }
        Effect::SignIns(key) => {
            let found = with(desk, admin, |admin| admin.sign_ins(&key));
            desk.tell(Found::SignIns(key, found));
        }
        Effect::Applies(key) => {
            let found = with(desk, admin, |admin| admin.policy_of(&key, None));
            desk.tell(Found::Applies(key, found));
        }
        Effect::Sources(key) => {
            let found = with(desk, admin, |admin| admin.sources(&key));
            desk.tell(Found::Sources(key, found));
        }
        Effect::Undoables => {
            // What fails of it is said where something is taken back. Until it is read, what is listed stays as
            // long as it lives.
            if let Ok(mut acts) = with(desk, admin, Admin::undoables) {
                for act in &mut acts {
                    // In the machine's own zone, as every time on the screen is.
                    act.at = local_stamp(Wall::from_millis(act.seen.identity.at));
                }
                desk.tell(Found::Undoables(acts));
            }
        }
        _ => {}
    }
}

/// Does something with the store, which is opened where it is not open.
pub(super) fn with<T>(
    desk: &Desk,
    admin: &mut Option<Admin>,
    look: impl FnOnce(&Admin) -> Result<T, AdminError>,
) -> Result<T, String> {
    let open = match admin.take() {
        Some(open) => open,
        None => desk.admin()?,
    };
    let found = look(&open);
    // An account that is gone is no fault of the store's.
    *admin = Some(open);
    found.map_err(|error| said(&error))
}
