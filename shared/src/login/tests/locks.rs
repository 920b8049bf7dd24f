//! Locks: after how many failures, for how long, and who ends them.

use gatepost_words::job::Outcome;
use gatepost_words::time::Span;
use gatepost_words::wire::Verdict;

use super::{Desk, actor, user, wrong_code};
use crate::host::Host;
use crate::store::unlocks::{Unlocked, Unlocker};

#[test]
fn ten_failures_lock_and_the_right_code_is_not_even_compared() {
    let desk = Desk::enrolled();
    let mut failures = 0;
    while failures < 9 {
        let mut play = desk.log_in();
        play.delivery(Outcome::Accepted);
        let wrong = wrong_code(&play);
        for _ in 0..3 {
            let _step = play.type_in(wrong);
            failures += 1;
        }
        desk.host.pass(Span::from_secs(31));
    }
    let mut play = desk.log_in();
    play.delivery(Outcome::Accepted);
    let code = play.code.clone().unwrap();
    assert!(play.type_in(wrong_code(&play)).is_ok());
    let said = play.type_in(&code).unwrap();
    assert!(said.contains("locked for another"), "{said}");
    assert!(desk.log_in().said.contains("locked for another"));
    // The window ends by itself.
    desk.host.pass(Span::from_mins(61));
    let mut play = desk.log_in();
    assert_eq!(play.type_code(), Err(Verdict::Success));
}

#[test]
fn an_unlocking_lets_in_again() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.failures_in_a_row = 2;
    let mut play = desk.log_in();
    play.delivery(Outcome::Accepted);
    let wrong = wrong_code(&play);
    let _first = play.type_in(wrong);
    let _second = play.type_in(wrong);
    assert!(
        desk.log_in()
            .said
            .contains("until an administrator unlocks")
    );
    let unlocked = desk
        .store()
        .unlock(
            &desk.host.now(),
            &actor(),
            &user(),
            Unlocker::Admin,
            &"asked".into(),
        )
        .unwrap();
    assert!(matches!(unlocked, Unlocked::Done(_)));
    let code = play.code.clone().unwrap();
    let mut play = desk.log_in();
    assert_eq!(play.type_in(&code), Err(Verdict::Success));
}

#[test]
fn a_right_last_guess_leaves_no_lock_behind() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.failures_in_a_row = 1;
    let mut play = desk.log_in();
    assert_eq!(play.type_code(), Err(Verdict::Success));
    assert!(!desk.kinds().contains(&"locked".to_owned()));
}
