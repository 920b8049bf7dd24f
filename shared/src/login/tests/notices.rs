//! Notices that a sign-in leaves for the owner: which end is told of, and what they may use up.

use gatepost_words::job::{Delivered, Outcome};
use gatepost_words::time::Span;
use gatepost_words::wire::{Hello, HostAnswer, Verdict};

use super::{Desk, Play, USER, wrong_code};
use crate::host::Host;
use crate::login::Step;

/// What a relay said to a notice.
fn told(outcome: Outcome) -> Delivered {
    Delivered {
        kind: "half-finished",
        relay: "relay:465".into(),
        outcome,
        reply: String::new(),
        message_id: String::new(),
        millis: 5,
        warning: None,
    }
}

// Mutants: a notice is not counted, or ends up in the cooldown of codes; one that no relay took counts.
#[test]
fn a_notice_counts_towards_the_ceiling_and_nothing_else() {
    for (outcome, mails) in [
        (Outcome::Accepted, 2),
        (Outcome::Lost, 2),
        (Outcome::Connection, 1),
    ] {
        let mut desk = Desk::enrolled();
        let mut play = desk.log_in();
        play.delivery(Outcome::Accepted);
        let _left = play.login.left().unwrap();
        desk.host.pass(Span::from_mins(6));
        let now = desk.host.now();
        let notice = desk.store().claim_notice(&now, 30).unwrap().unwrap();
        desk.store()
            .notice_done(&now, &notice, &told(outcome))
            .unwrap();
        // No cooldown, and no more than the one mail with a code in the budgets of an hour.
        desk.config.policy.limits.sends_per_hour = 2;
        desk.config.policy.limits.mails_per_address_per_day = mails + 1;
        let next = desk.log_in();
        assert!(next.code.is_some(), "{outcome:?}: {}", next.said);
        let _left = next.login;
        desk.config.policy.limits.sends_per_hour = 5;
        desk.host.pass(Span::from_mins(6));
        assert_eq!(desk.log_in().code, None, "{outcome:?}");
        desk.config.policy.limits.mails_per_address_per_day = mails + 2;
        assert!(desk.log_in().code.is_some(), "{outcome:?}");
    }
}

// Mutants: claim_notice does not look at the ceiling; a try is used up by waiting.
#[test]
fn a_notice_waits_where_its_address_had_many_mails() {
    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    play.delivery(Outcome::Accepted);
    let _left = play.login.left().unwrap();
    for _hour in 0..23 {
        desk.host.pass(Span::from_hours(1));
        let now = desk.host.now();
        assert!(desk.store().notice_due(&now).unwrap());
        assert!(desk.store().claim_notice(&now, 1).unwrap().is_none());
        assert!(!desk.store().notice_due(&now).unwrap(), "an hour later");
    }
    desk.host.pass(Span::from_hours(1));
    let claimed = desk.store().claim_notice(&desk.host.now(), 1).unwrap();
    assert_eq!(claimed.unwrap().name, USER);
}

// Mutant: a login that ends with the host's answer, or with another user name, gives no notice.
#[test]
fn no_way_to_end_a_login_of_wrong_codes_hides_them_from_the_owner() {
    type Ending = fn(&mut Play<'_>) -> Step;
    let endings: [Ending; 3] = [
        |play| play.login.host_answered(HostAnswer::Password).unwrap(),
        |play| play.login.host_answered(HostAnswer::Junk).unwrap(),
        |play| play.login.answer("root", b"12345678").unwrap(),
    ];
    for (number, ending) in endings.into_iter().enumerate() {
        for guesses in [0, 2] {
            let desk = Desk::enrolled();
            let mut play = desk.log_in();
            for _ in 0..guesses {
                assert!(play.type_in(wrong_code(&play)).is_ok());
            }
            assert!(matches!(ending(&mut play), Step::End(_)));
            let due = desk.store().notice_due(&desk.host.now()).unwrap();
            assert_eq!(due, guesses > 0, "ending {number} after {guesses} guesses");
        }
    }
}

// Mutant: the answered codes of somebody who signs in all day use up what notices may have.
#[test]
fn who_signs_in_all_day_long_hears_of_others_too() {
    let desk = Desk::enrolled();
    let ceiling = desk.config.policy.limits.mails_per_address_per_day;
    for _ in 0..40 {
        let mut play = desk.log_in();
        play.delivery(Outcome::Accepted);
        assert_eq!(play.type_code(), Err(Verdict::Success));
        desk.host.pass(Span::from_mins(10));
    }
    let elsewhere = Hello {
        rhost: Some("203.0.113.9".into()),
        ..desk.hello()
    };
    let mut stranger = desk.begin(elsewhere).unwrap();
    let _left = stranger.login.left().unwrap();
    let now = desk.host.now();
    assert!(desk.store().claim_notice(&now, ceiling).unwrap().is_some());
}
