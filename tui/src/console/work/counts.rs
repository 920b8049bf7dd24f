//! The home page's counts, which may take long on a large store: not more often than once in ten
//! times what they took, nor than once a second.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use gatepost_shared::admin::Admin;
use gatepost_shared::host::{Host, System};

use super::super::effect::Effect;
use super::super::message::Found;
use super::Desk;
use super::pages::with;

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let clock = System::new().ok();
    let now = || {
        let moment = clock.as_ref().map(|clock| clock.now().moment.at.millis());
        moment.unwrap_or(0)
    };
    let mut admin: Option<Admin> = None;
    // When the counts may be read next.
    let mut from = now();
    while effects.recv().is_ok() {
        // Whoever asks meanwhile gets the same answer.
        loop {
            let wait = u64::try_from(from - now()).unwrap_or(0);
            match effects.recv_timeout(Duration::from_millis(wait)) {
                Ok(_same) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let begun = now();
        let found = with(desk, &mut admin, Admin::summary);
        desk.tell(Found::Summary(found));
        let took = now() - begun;
        from = now() + took.saturating_mul(10).max(1_000);
    }
}
