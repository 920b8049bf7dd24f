//! What happened in the last hours: bounded reads, as seldom as those of the counts.

use std::sync::mpsc::Receiver;

use gatepost_shared::admin::Admin;

use super::super::effect::Effect;
use super::super::message::Found;
use super::Desk;
use super::pages::with;
use super::standing::paced;

/// Works until the console is over.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let mut admin: Option<Admin> = None;
    paced(effects, || {
        let found = with(desk, &mut admin, Admin::activity);
        desk.tell(Found::Activity(found));
    });
}
