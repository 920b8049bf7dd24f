//! Codes that several connections share, and what a new code does to the earlier one.

use gatepost_words::job::Outcome;
use gatepost_words::time::Span;
use gatepost_words::wire::{Hello, Verdict};

use super::{Desk, wrong_code};
use crate::login::Step;
use crate::policy::limits::Binding;

#[test]
fn a_code_is_resumed_by_its_own_source_and_no_other() {
    let desk = Desk::enrolled();
    let mut first = desk.log_in();
    first.delivery(Outcome::Accepted);
    let code = first.code.clone().unwrap();
    assert!(
        matches!(first.login.left().unwrap(), Step::End(end) if end.verdict == Verdict::Broken)
    );
    let elsewhere = Hello {
        rhost: Some("192.0.2.2".into()),
        ..desk.hello()
    };
    let other_service = Hello {
        service: "sudo".into(),
        ..desk.hello()
    };
    for hello in [elsewhere, other_service] {
        let mut play = desk.begin(hello).unwrap();
        assert!(play.said.contains("no mail is sent now"), "{}", play.said);
        assert!(play.type_in(&code).is_ok());
    }
    let mut again = desk.log_in();
    assert!(again.said.contains("already sent"), "{}", again.said);
    assert_eq!(again.code, None);
    assert_eq!(again.type_in(&code), Err(Verdict::Success));
    // Once used it is used, in the session that was told of it too.
    let mut third = desk.log_in();
    assert_ne!(third.type_in(&code), Err(Verdict::Success));
}

#[test]
fn session_binding_turns_resuming_off() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.binding = Binding::Session;
    let mut first = desk.log_in();
    first.delivery(Outcome::Accepted);
    desk.host.pass(Span::from_secs(31));
    let second = desk.log_in();
    assert!(second.said.contains("code sent to"), "{}", second.said);
    assert!(second.code.is_some());
}

#[test]
fn a_new_code_kills_the_old_one_and_refills_nothing() {
    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    play.delivery(Outcome::Accepted);
    let old = play.code.clone().unwrap();
    assert!(
        play.type_in("r")
            .unwrap()
            .contains("next mail can be sent in 30 s")
    );
    assert!(
        play.type_in(wrong_code(&play))
            .unwrap()
            .contains("2 tries left")
    );
    let mut sharing = desk.log_in();
    desk.host.pass(Span::from_secs(30));
    assert!(
        play.type_in("r")
            .unwrap()
            .contains("A new code is on its way")
    );
    assert_ne!(play.code, Some(old.clone()));
    assert!(sharing.type_in(&old).unwrap().contains("newer code"));
    assert!(play.type_in(&old).unwrap().contains("One try left"));
    assert_eq!(play.type_code(), Err(Verdict::Success));
}

// Mutant: replace_older forgets the tries of what it kills.
#[test]
fn a_new_code_in_one_session_refills_none_of_the_others() {
    let desk = Desk::enrolled();
    let mut first = desk.log_in();
    first.delivery(Outcome::Accepted);
    let mut second = desk.log_in();
    desk.host.pass(Span::from_secs(30));
    let _new_code = second.type_in("r").unwrap();
    second.delivery(Outcome::Accepted);
    let wrong = wrong_code(&second);
    assert!(second.type_in(wrong).unwrap().contains("2 tries left"));
    assert!(second.type_in(wrong).unwrap().contains("One try left"));
    desk.host.pass(Span::from_secs(30));
    assert!(first.type_in("r").unwrap().contains("A new code"));
    assert_eq!(first.type_in(wrong_code(&first)), Err(Verdict::MaxTries));
}
