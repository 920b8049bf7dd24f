//! Mailed codes: right ones, wrong ones, and when a code is dead.

use gatepost_words::job::Outcome;
use gatepost_words::time::Span;
use gatepost_words::wire::Verdict;

use super::{Desk, Play, actor, consumed, counted, user, wrong_code};
use crate::host::Host;

#[test]
fn the_right_code_succeeds_once() {
    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    assert!(
        play.said
            .contains("enter the 8-digit code sent to d***@e***.org"),
        "{}",
        play.said
    );
    assert_eq!(play.type_code(), Err(Verdict::Success));
    assert_eq!(desk.kinds(), ["user-add", "opened", "guess", "decision"]);
    let chain = desk.store().verify_chain().unwrap();
    assert_eq!((chain.events, chain.broken_at), (4, None));
}

#[test]
fn a_wrong_code_may_be_followed_by_the_right_one() {
    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    let wrong = wrong_code(&play);
    assert!(play.type_in(wrong).unwrap().contains("2 tries left"));
    assert_eq!(play.type_code(), Err(Verdict::Success));
    // A success clears the row, so the next login has a fresh code and all its tries.
    let mut play = desk.log_in();
    assert!(
        play.type_in(wrong_code(&play))
            .unwrap()
            .contains("2 tries left")
    );
}

#[test]
fn three_wrong_codes_kill_the_code_and_end_the_login() {
    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    let (code, wrong) = (play.code.clone().unwrap(), wrong_code(&play));
    play.delivery(Outcome::Accepted);
    assert!(play.type_in(wrong).is_ok());
    assert!(play.type_in(wrong).is_ok());
    assert_eq!(play.type_in(wrong), Err(Verdict::MaxTries));
    // Within the cooldown there is no new mail, and the dead code is not resumed.
    let mut play = desk.log_in();
    assert!(play.said.contains("no mail is sent now"), "{}", play.said);
    assert!(play.type_in(&code).is_ok());
}

#[test]
fn empty_answers_are_free_ten_times() {
    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    assert!(play.type_in("").unwrap().contains("still being sent"));
    play.delivery(Outcome::Accepted);
    assert!(play.type_in("").unwrap().contains("took the mail at"));
    assert!(play.type_in("?").unwrap().contains("recovery code"));
    for _ in 0..7 {
        assert!(play.type_in("").is_ok());
    }
    assert_eq!(play.type_in(""), Err(Verdict::Refuse));
    assert_eq!(desk.decisions(), 1);
}

#[test]
fn an_old_code_of_another_boot_or_time_is_dead() {
    type Kill = fn(&Desk);
    let kill: [(&str, Kill); 3] = [
        ("its life is over", |desk| {
            desk.host.pass(Span::from_mins(5));
        }),
        ("a reboot", |desk| {
            *desk.host.boot_id.borrow_mut() = "boot-2".into();
        }),
        ("a reboot and a clock set back", |desk| {
            *desk.host.boot_id.borrow_mut() = "boot-2".into();
            desk.host.boot.set(1);
            desk.host.wall.set(1);
        }),
    ];
    for (what, kill) in kill {
        let desk = Desk::enrolled();
        let mut play = desk.log_in();
        play.delivery(Outcome::Accepted);
        kill(&desk);
        assert!(play.type_code().unwrap().contains("expired"), "{what}");
    }
}

#[test]
fn a_clock_set_back_or_forward_changes_no_lifetime() {
    for jump in [-3_600_000, 365 * 86_400_000] {
        let desk = Desk::enrolled();
        let mut play = desk.log_in();
        play.delivery(Outcome::Accepted);
        desk.host.wall.set(desk.host.wall.get() + jump);
        assert_eq!(play.type_code(), Err(Verdict::Success), "{jump}");
    }
}

// Mutants: consume does not look at used_wall, at replaced, at the life or at the account; it does not
// look at how many rows changed; a new code leaves the old one.
#[test]
fn what_happens_between_counting_and_consuming_is_seen() {
    type Meanwhile = fn(&Desk, &mut Play<'_>, &str);
    let meanwhile: [(&str, Meanwhile, bool); 5] = [
        ("nothing", |_, _, _| (), true),
        (
            "another session uses the code",
            |_, other, code| assert_eq!(other.type_in(code), Err(Verdict::Success)),
            false,
        ),
        (
            "another session has a new one sent",
            |desk, other, _| {
                desk.host.pass(Span::from_mins(1));
                assert!(other.type_in("r").is_ok());
                assert!(other.code.is_some());
            },
            false,
        ),
        (
            "the code's life ends",
            |desk, _, _| desk.host.pass(Span::from_mins(6)),
            false,
        ),
        (
            "an administrator disables the account",
            |desk, _, _| {
                let now = desk.host.now();
                desk.store()
                    .set_state(&now, &actor(), &user(), "disabled", &"".into())
                    .unwrap();
            },
            false,
        ),
    ];
    for (what, meanwhile, lets_in) in meanwhile {
        let desk = Desk::enrolled();
        let mut first = desk.log_in();
        first.delivery(Outcome::Accepted);
        let code = first.code.clone().unwrap();
        let mut second = desk.log_in();
        assert!(second.said.contains("already sent"), "{}", second.said);
        let half = counted(&mut first, &code);
        meanwhile(&desk, &mut second, &code);
        assert_eq!(consumed(&mut first, half), lets_in, "{what}");
    }
}
