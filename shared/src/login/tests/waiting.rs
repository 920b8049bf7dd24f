//! Helpers that wait at prompts: how many may, and until when.

use gatepost_words::time::Span;
use gatepost_words::wire::{Hello, Proved, Verdict};

use super::{Desk, Play};
use crate::policy::limits::Binding;

#[test]
fn four_helpers_of_an_account_may_wait() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.binding = Binding::Source;
    let waiting: Vec<Play<'_>> = (0..4).map(|_| desk.log_in()).collect();
    assert_eq!(
        desk.begin(desk.hello()).map(|_| ()).unwrap_err(),
        Verdict::Denied
    );
    drop(waiting);
}

// Mutants: crowd() does not look at the deadline, for the account or for the host; the deadline in
// the row is sooner than the helper's own may become.
#[test]
fn a_helper_that_outstays_its_deadline_takes_no_place() {
    let desk = Desk::enrolled();
    // These processes live, as frozen ones do.
    let _frozen: Vec<Play<'_>> = (0..4).map(|_| desk.log_in()).collect();
    desk.host.pass(Span::from_secs(11 * 60 - 1));
    assert!(desk.begin(desk.hello()).is_err());
    desk.host.pass(Span::from_secs(1));
    assert!(desk.begin(desk.hello()).is_ok());

    let desk = Desk::enrolled();
    let nobody = || Hello {
        user: "no-such-user".into(),
        decoy: true,
        after: Proved::Nothing,
        ..desk.hello()
    };
    let _frozen: Vec<Play<'_>> = (0..64).map(|_| desk.begin(nobody()).unwrap()).collect();
    assert!(desk.begin(desk.hello()).is_err());
    desk.host.pass(Span::from_mins(11));
    assert!(desk.begin(desk.hello()).is_ok());
}
