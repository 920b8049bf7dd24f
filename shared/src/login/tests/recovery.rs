//! Recovery codes at the prompt.

use gatepost_words::job::Outcome;
use gatepost_words::wire::Verdict;

use super::{Desk, actor, user, wrong_code};
use crate::code::recovery::RecoveryCode;
use crate::host::Host;

#[test]
fn a_recovery_code_works_once_and_under_a_window_lock() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.failures_per_hour = 1;
    let code = RecoveryCode::parse(b"ABCDE-FGHJK-MNPQR").unwrap();
    let hash = code.hash(&[7; 16]).unwrap();
    desk.store()
        .set_recovery(&desk.host.now(), &actor(), &user(), &[(code.index(), hash)])
        .unwrap();
    let mut play = desk.log_in();
    assert!(play.type_in(wrong_code(&play)).is_ok());
    let mut play = desk.log_in();
    assert!(play.said.contains("locked"), "{}", play.said);
    assert!(
        play.type_in("ABCDE-FGHJK-MNPQS")
            .unwrap()
            .contains("recovery code is not right")
    );
    assert_eq!(play.type_in("abcde fghjk mnpqr"), Err(Verdict::Success));
    let mut play = desk.log_in();
    assert!(
        play.type_in("ABCDE-FGHJK-MNPQR")
            .unwrap()
            .contains("used already")
    );
}

#[test]
fn a_success_by_recovery_code_ends_the_mailed_one() {
    let desk = Desk::enrolled();
    let code = RecoveryCode::parse(b"ABCDE-FGHJK-MNPQR").unwrap();
    let hash = code.hash(&[7; 16]).unwrap();
    let now = desk.host.now();
    desk.store()
        .set_recovery(&now, &actor(), &user(), &[(code.index(), hash)])
        .unwrap();
    let mut play = desk.log_in();
    play.delivery(Outcome::Accepted);
    let mut sharing = desk.log_in();
    assert!(sharing.said.contains("already sent"), "{}", sharing.said);
    assert_eq!(play.type_in("abcde-fghjk-mnpqr"), Err(Verdict::Success));
    let mailed = play.code.clone().unwrap();
    assert!(sharing.type_in(&mailed).unwrap().contains("newer code"));
}

// Mutant: a guess at a recovery code is counted as one at a mailed code; then five of them lock both.
#[test]
fn guesses_at_recovery_codes_have_a_budget_of_their_own() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.failures_per_hour = 3;
    let code = RecoveryCode::parse(b"ABCDE-FGHJK-MNPQR").unwrap();
    let hash = code.hash(&[7; 16]).unwrap();
    desk.store()
        .set_recovery(&desk.host.now(), &actor(), &user(), &[(code.index(), hash)])
        .unwrap();
    let mut first = desk.log_in();
    first.delivery(Outcome::Accepted);
    let mailed = first.code.clone().unwrap();
    for _ in 0..5 {
        let mut play = desk.log_in();
        assert!(play.said.contains("already sent"), "{}", play.said);
        let said = play.type_in("ABCDE-FGHJK-MNPQS").unwrap();
        assert!(said.contains("recovery code is not right"), "{said}");
        let _left = play.login.left().unwrap();
    }
    // Five wrong ones are an hour's: the right one is not compared any more, and the mailed one is.
    let mut play = desk.log_in();
    let said = play.type_in("ABCDE-FGHJK-MNPQR").unwrap();
    assert!(!said.contains("is not right"), "{said}");
    assert_eq!(play.type_in(&mailed), Err(Verdict::Success));
}
