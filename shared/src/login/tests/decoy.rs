//! Decoy stacks: they let in nobody by themselves, and tell nothing by words, places or time.

use gatepost_words::time::Span;
use gatepost_words::wire::{Hello, Proved, Verdict};

use super::{Desk, Play, USER};
use crate::login::{Login, Step};
use crate::policy::Unenrolled;
use crate::policy::rules::{Action, Rule};

#[test]
fn nobody_is_let_in_by_the_line_that_proved_nothing() {
    let mut desk = Desk::enrolled();
    desk.config.policy.unenrolled = Unenrolled::Ignore;
    desk.rules(&[Rule {
        users: vec![],
        groups: vec![],
        services: vec![],
        action: Action::Skip,
    }]);
    for user in [USER, "no-such-user", "bin"] {
        let hello = Hello {
            user: user.into(),
            decoy: true,
            after: Proved::Nothing,
            ..desk.hello()
        };
        let mut login = Login::new(
            &desk.host,
            &desk.config,
            &desk.key,
            desk.store(),
            None,
            hello,
        )
        .unwrap();
        let Step::Ask(said) = login.begin().unwrap() else {
            panic!("{user}: no prompt")
        };
        assert!(!said.contains('@') && !said.contains("ref"), "{said}");
        assert!(login.take_letter().is_none(), "{user}");
        for _ in 0..2 {
            let Step::Ask(again) = login.answer(user, b"12345678").unwrap() else {
                panic!("end")
            };
            assert_eq!(again, said);
        }
        let Step::End(end) = login.answer(user, b"12345678").unwrap() else {
            panic!("no end")
        };
        assert_eq!(end.verdict, Verdict::MaxTries);
    }
}

#[test]
fn a_decoy_stack_says_the_same_to_everybody() {
    let desk = Desk::enrolled();
    let transcript = |hello: Hello| {
        let name = hello.user.clone();
        let mut login = Login::new(
            &desk.host,
            &desk.config,
            &desk.key,
            desk.store(),
            None,
            hello,
        )
        .unwrap();
        let mut said = Vec::new();
        let mut step = login.begin().unwrap();
        for answer in ["", "r", "?", "m", "11111111", "22222222", "33333333"] {
            let Step::Ask(text) = step else {
                panic!("ended before {answer:?}")
            };
            said.push(text.replace(&name, "USER"));
            step = login.answer(&name, answer.as_bytes()).unwrap();
        }
        let Step::End(end) = step else {
            panic!("no end")
        };
        (said, end.verdict, end.say)
    };
    let decoy = |user: &str, after| Hello {
        user: user.into(),
        decoy: true,
        after,
        ..desk.hello()
    };
    let right = transcript(decoy(USER, Proved::Password));
    for hello in [
        decoy(USER, Proved::Password),
        decoy(USER, Proved::Nothing),
        decoy("no-such-user", Proved::Nothing),
        decoy("bin", Proved::Password),
    ] {
        assert_eq!(transcript(hello), right);
    }
    // Nor is it shown that a stranger is only counted.
    for _ in 0..12 {
        assert_eq!(transcript(decoy("no-such-user", Proved::Nothing)), right);
    }
    // Of the five above two were strangers; ten of a source are recorded.
    assert_eq!(desk.decisions(), 5 + 8);
}

// Mutants: crowd() refuses in decoy stacks as well; deadline() goes by the challenge there.
#[test]
fn a_decoy_stack_tells_nothing_by_its_places_or_its_time() {
    let desk = Desk::enrolled();
    let decoy = |after| Hello {
        decoy: true,
        after,
        ..desk.hello()
    };
    let right: Vec<Play<'_>> = (0..5)
        .map(|_| desk.begin(decoy(Proved::Password)).unwrap())
        .collect();
    let wrong = desk.begin(decoy(Proved::Nothing)).unwrap();
    let shown: Vec<_> = right
        .iter()
        .map(|play| (&play.said, play.login.deadline()))
        .collect();
    assert!(
        shown
            .iter()
            .all(|one| *one == (&wrong.said, wrong.login.deadline()))
    );
    desk.host.pass(Span::from_mins(4));
    let later = desk.begin(decoy(Proved::Password)).unwrap();
    let dummy = desk.begin(decoy(Proved::Nothing)).unwrap();
    assert_eq!(later.login.deadline(), dummy.login.deadline());
}
