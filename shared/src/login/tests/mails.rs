//! Mails with codes: how many go out, and what one counts that did not arrive.

use gatepost_words::job::Outcome;
use gatepost_words::time::Span;
use gatepost_words::wire::Verdict;

use super::Desk;

#[test]
fn a_failed_delivery_is_neither_resumed_nor_charged() {
    let desk = Desk::enrolled();
    for _ in 0..8 {
        let mut play = desk.log_in();
        assert!(play.said.contains("code sent to"), "{}", play.said);
        play.delivery(Outcome::Connection);
        assert!(play.type_in("").unwrap().contains("could not be sent"));
        let _ended = play.login.left().unwrap();
        desk.host.pass(Span::from_secs(31));
    }
}

// Mutants: a delivery that cannot be recorded is a fault again; it counts as accepted for resuming.
#[test]
fn a_delivery_that_cannot_be_recorded_ends_no_login_and_is_not_resumed() {
    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    desk.store().break_table("deliveries");
    play.delivery(Outcome::Accepted);
    let [note] = play.login.notes() else {
        panic!("{:?}", play.login.notes())
    };
    assert!(
        note.starts_with("the delivery (accepted) is not on record: recording a delivery: "),
        "{note}"
    );
    assert!(play.type_in("").unwrap().contains("took the mail at"));
    let code = play.code.clone().unwrap();
    desk.store().mend_table("deliveries");
    // Once the delivery's time is over, nobody knows of a mail that could be waited for.
    desk.host.pass(Span::from_secs(31));
    let other = desk.log_in();
    assert!(other.said.contains("code sent to"), "{}", other.said);
    assert_ne!(other.code.as_ref(), Some(&code));
    // Each source has one live code; here the newer one.
    assert!(play.type_in(&code).unwrap().contains("newer code"));

    let desk = Desk::enrolled();
    let mut play = desk.log_in();
    desk.store().break_table("deliveries");
    play.delivery(Outcome::Connection);
    assert_eq!(play.type_code(), Err(Verdict::Success));
}

// Mutant: the account's number is taken for the account, whatever came back meanwhile.
#[test]
fn a_delivery_that_a_restore_overtook_is_nobodys() {
    for (is_restored, deliveries) in [(false, 1), (true, 0)] {
        let desk = Desk::enrolled();
        let mut play = desk.log_in();
        if is_restored {
            desk.store().restored().unwrap();
        }
        play.delivery(Outcome::Accepted);
        let listed = desk.store().deliveries(None, None, 9).unwrap();
        assert_eq!(listed.len(), deliveries, "{is_restored}");
        assert!(play.login.notes().is_empty());
    }
}

#[test]
fn mails_stop_at_the_policys_number() {
    let desk = Desk::enrolled();
    let mut mails = 0;
    for _ in 0..100 {
        let mut play = desk.log_in();
        if play.code.is_some() {
            mails += 1;
            play.delivery(Outcome::Accepted);
        }
        let _ended = play.login.left().unwrap();
        // Past the life of each code, so that none is resumed.
        desk.host.pass(Span::from_mins(6));
    }
    // Ten hours: ten in the day.
    assert_eq!(mails, 10);
}

#[test]
fn honest_people_are_never_short_of_mails() {
    let desk = Desk::enrolled();
    for login in 0..40 {
        let mut play = desk.log_in();
        play.delivery(Outcome::Accepted);
        assert_eq!(play.type_code(), Err(Verdict::Success), "login {login}");
        desk.host.pass(Span::from_mins(1));
    }
}
