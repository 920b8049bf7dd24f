//! Ends that no typed code brought: a fault, what the host answers itself, another user name.

use gatepost_words::wire::{HostAnswer, Verdict};

use super::{Desk, Play, USER, user};
use crate::login::{GivenUp, Step};

// Mutants: give_up() closes nothing; end() forgets its conversation before that is closed.
#[test]
fn a_fault_after_the_beginning_leaves_one_decision() {
    type Act = fn(&mut Play<'_>) -> bool;
    let acts: [(&str, &str, Act); 3] = [
        ("a guess", "guesses", |play| {
            let code = play.code.clone().unwrap();
            play.login.answer(USER, code.as_bytes()).is_err()
        }),
        ("the success", "known_sources", |play| {
            let code = play.code.clone().unwrap();
            play.login.answer(USER, code.as_bytes()).is_err()
        }),
        ("the end", "outbox", |play| play.login.left().is_err()),
    ];
    for (what, table, act) in acts {
        let desk = Desk::enrolled();
        let mut play = desk.log_in();
        desk.store().break_table(table);
        assert!(act(&mut play), "{what}");
        let GivenUp::Closed(closed) = play.login.give_up() else {
            panic!("{what}: it is still open")
        };
        assert_eq!((closed.word.as_str(), desk.decisions()), ("refuse", 1));
        // Nothing is left that somebody would close once more.
        desk.store().mend_table(table);
        let _next = desk.log_in();
        assert_eq!(desk.decisions(), 1, "{what}");
    }
    // Where even that fails, the one decision is that of whoever closes it later.
    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    desk.store().break_table("events");
    assert!(play.login.left().is_err());
    assert!(matches!(play.login.give_up(), GivenUp::Open(_)));
    desk.store().mend_table("events");
    assert_eq!(desk.decisions(), 0);
}

#[test]
fn what_the_host_answers_is_not_counted() {
    for how in [HostAnswer::Password, HostAnswer::Junk] {
        let desk = Desk::enrolled();
        let mut play = desk.log_in();
        let Step::End(end) = play.login.host_answered(how).unwrap() else {
            panic!("no end")
        };
        assert_eq!(end.verdict, Verdict::Refuse);
        let account = desk.store().account(&user()).unwrap().unwrap();
        assert_eq!(account.failures_in_a_row, 0);
        assert_eq!(desk.decisions(), 1);
    }
}

#[test]
fn another_user_name_after_the_prompt_is_refused() {
    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    let code = play.code.clone().unwrap();
    let Step::End(end) = play.login.answer("root", code.as_bytes()).unwrap() else {
        panic!("no end")
    };
    assert_eq!(end.verdict, Verdict::Refuse);
}
