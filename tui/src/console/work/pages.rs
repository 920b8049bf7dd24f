//! An account's page, of which only the newest request counts.

use std::sync::mpsc::Receiver;

use gatepost_shared::admin::{Admin, AdminError};

use super::super::effect::Effect;
use super::super::message::Found;
use super::{Desk, said};

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let mut admin: Option<Admin> = None;
    while let Ok(first) = effects.recv() {
        let newest = effects.try_iter().last().unwrap_or(first);
        if let Effect::User { key, mask } = newest {
            let found = with(desk, &mut admin, |admin| admin.browse_user(&key, mask));
            desk.tell(Found::User(found.map_err(|error| (key, error))));
        }
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
