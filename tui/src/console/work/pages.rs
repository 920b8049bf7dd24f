//! An account's page, of which only the newest request counts, and the counts, which may take long
//! on a large store: not more often than once in ten times what they took, nor than once a second.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use gatepost_shared::admin::Admin;
use gatepost_shared::host::{Host, System};

use super::super::effect::Effect;
use super::super::message::Found;
use super::{Desk, said};

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let clock = System::new().ok();
    let now = || {
        clock
            .as_ref()
            .map_or(0, |clock| clock.now().moment.at.millis())
    };
    let mut admin: Option<Admin> = None;
    let mut counts_wanted = false;
    let mut counts_from = 0;
    loop {
        let effect = if counts_wanted {
            let wait = u64::try_from(counts_from - now()).unwrap_or(0);
            effects.recv_timeout(Duration::from_millis(wait))
        } else {
            effects
                .recv()
                .map_err(|_over| RecvTimeoutError::Disconnected)
        };
        let mut page = None;
        match effect {
            Ok(first) => {
                for effect in std::iter::once(first).chain(effects.try_iter()) {
                    if effect == Effect::Summary {
                        counts_wanted = true;
                    } else {
                        page = Some(effect);
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if let Some(Effect::User { key, mask }) = page {
            let found = with(desk, &mut admin, |admin| admin.browse_user(&key, mask));
            desk.tell(Found::User(found.map_err(|error| (key, error))));
        }
        if counts_wanted && now() >= counts_from {
            let begun = now();
            counts_wanted = false;
            let found = with(desk, &mut admin, Admin::summary);
            desk.tell(Found::Summary(found));
            let took = now() - begun;
            counts_from = now() + took.saturating_mul(10).max(1_000);
        }
    }
}

/// Does something with the store, which is opened where it is not open.
fn with<T>(
    desk: &Desk,
    admin: &mut Option<Admin>,
    look: impl FnOnce(&Admin) -> Result<T, gatepost_shared::admin::AdminError>,
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
