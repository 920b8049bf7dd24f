//! The attack meter and the shields: bounded reads, not more often than once in ten times what they took,
//! nor than once a second.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use gatepost_shared::admin::browse::Around;
use gatepost_shared::admin::filter::EventFilter;
use gatepost_shared::admin::{Admin, AdminError};
use gatepost_shared::host::{Host, System};

use super::super::effect::Effect;
use super::super::message::{Found, Standing};
use super::Desk;
use super::pages::with;

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let mut admin: Option<Admin> = None;
    paced(effects, || {
        let found = with(desk, &mut admin, standing);
        desk.tell(Found::Standing(found));
    });
}

/// What stands now.
pub(in super::super) fn standing(admin: &Admin) -> Result<Standing, AdminError> {
    let newest = admin.browse_events(&EventFilter::default(), &Around::First, 1)?;
    Ok(Standing {
        attack: admin.attack()?,
        shields: admin.shields()?,
        newest: newest.rows.first().map_or(0, |event| event.seq),
    })
}

/// Reads when somebody asks; whoever asks meanwhile gets the same answer.
pub(super) fn paced(effects: &Receiver<Effect>, mut read: impl FnMut()) {
    let clock = System::new().ok();
    let now = || {
        let moment = clock.as_ref().map(|clock| clock.now().moment.at.millis());
        moment.unwrap_or(0)
    };
    // When it may be read next.
    let mut from = now();
    while effects.recv().is_ok() {
        loop {
            let wait = u64::try_from(from - now()).unwrap_or(0);
            match effects.recv_timeout(Duration::from_millis(wait)) {
                Ok(_same) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
        let begun = now();
        read();
        let took = now() - begun;
        from = now() + took.saturating_mul(10).max(1_000);
    }
}
