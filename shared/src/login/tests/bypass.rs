//! Bypass codes at the prompt.

use gatepost_words::ident::UserName;
use gatepost_words::job::Outcome;
use gatepost_words::time::Span;
use gatepost_words::wire::{Hello, Proved, Verdict};

use super::{Desk, Play, actor, user, wrong_code};
use crate::code::bypass::BypassCode;
use crate::code::recovery::RecoveryCode;
use crate::host::Host;
use crate::store::bypass::{BypassHash, BypassMatch, NewBypass, Whose};
use crate::store::guesses::Counted;
use crate::store::unlocks::Unlocker;

pub(super) const CODE: &str = "B-K7QX-MNPQ-2345";
const OTHER: &str = "B-K7QX-MNPQ-2346";
const NO_SUCH: &str = "B-2222-MNPQ-2345";
const LIFE: Span = Span::from_mins(15);

impl Desk {
    /// Makes [`CODE`] for daemon; its number.
    pub(super) fn bypass(&self, uses: u32) -> i64 {
        let code = BypassCode::parse(CODE.as_bytes()).unwrap();
        let new = NewBypass {
            index: &code.index(),
            hash: &code.hash(&[7; 16]).unwrap(),
            life: LIFE,
            uses,
            reason: "TICKET-812",
            by: Unlocker::Admin,
        };
        let now = self.host.now();
        self.store()
            .add_bypass(&now, &actor(), &user(), &new)
            .unwrap()
    }

    fn live(&self) -> Vec<(i64, u32)> {
        let now = self.host.now();
        let codes = self.store().bypass_codes(&now, Whose::Of(&user()), 10);
        let codes = codes.unwrap().into_iter();
        codes.map(|code| (code.id, code.uses_left)).collect()
    }

    /// Whether a new login lets in with that answer.
    fn lets_in(&self, answer: &str) -> bool {
        let mut play = self.log_in();
        let end = play.type_in(answer);
        if end.is_ok() {
            let _left = play.login.left().unwrap();
        }
        end == Err(Verdict::Success)
    }
}

// Mutants: count_bypass looks at the lock on mailed codes; consume_bypass takes no use away, or does not
// ask whether one is left.
#[test]
fn a_bypass_code_works_once_and_under_a_window_lock() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.failures_per_hour = 1;
    let id = desk.bypass(1);
    let mut play = desk.log_in();
    assert!(play.type_in(wrong_code(&play)).is_ok());
    let mut play = desk.log_in();
    assert!(
        play.said.contains("A recovery or bypass code works"),
        "{}",
        play.said
    );
    assert!(
        play.type_in(OTHER)
            .unwrap()
            .contains("bypass code is not right")
    );
    assert_eq!(desk.live(), [(id, 1)]);
    assert_eq!(play.type_in("bk7qx mnpq-2345"), Err(Verdict::Success));
    assert_eq!(desk.live(), []);
    assert!(!desk.lets_in(CODE), "a replay");
    let kinds = desk.kinds();
    let used = kinds.iter().filter(|kind| *kind == "bypass-used").count();
    assert_eq!(used, 1, "{kinds:?}");
}

#[test]
fn a_bypass_code_works_as_often_as_it_says() {
    let desk = Desk::enrolled();
    let id = desk.bypass(3);
    for left in [2, 1] {
        assert!(desk.lets_in(CODE));
        assert_eq!(desk.live(), [(id, left)]);
    }
    assert!(desk.lets_in(CODE));
    assert!(!desk.lets_in(CODE));
}

#[test]
fn a_bypass_code_is_one_accounts_alone() {
    let desk = Desk::enrolled();
    let bin = UserName::new("bin".into()).unwrap();
    let address = gatepost_words::ident::EmailAddress::new("bin@example.org".into()).unwrap();
    let now = desk.host.now();
    let word = crate::store::accounts::Confirmation::Word;
    desk.store()
        .add_account(&now, &actor(), &bin, 2, &address, &word)
        .unwrap();
    desk.bypass(1);
    let hello = Hello {
        user: "bin".into(),
        ..desk.hello()
    };
    let mut play = desk.begin(hello).unwrap();
    let step = play.login.answer("bin", CODE.as_bytes()).unwrap();
    assert!(matches!(step, super::Step::Ask(_)), "{step:?}");
    assert!(desk.lets_in(CODE));
}

// Mutants: a life on wall time; boot_id, generation, revoked_wall or the account's state not looked at.
#[test]
fn a_bypass_code_ends_by_time_boot_restore_and_acts() {
    type Meanwhile = fn(&Desk);
    let meanwhile: [(&str, Meanwhile, bool); 10] = [
        ("nothing", |_| (), true),
        (
            "most of its life",
            |desk| desk.host.pass(Span::from_secs(899)),
            true,
        ),
        ("its life", |desk| desk.host.pass(LIFE), false),
        (
            "its life, and the clock is set back",
            |desk| {
                desk.host.pass(LIFE);
                desk.host.wall.set(desk.host.wall.get() - 3_600_000);
            },
            false,
        ),
        (
            "the clock is set on a day",
            |desk| desk.host.wall.set(desk.host.wall.get() + 24 * 3_600_000),
            true,
        ),
        (
            "a boot",
            |desk| *desk.host.boot_id.borrow_mut() = "boot-2".into(),
            false,
        ),
        (
            "an old copy of the store comes back",
            |desk| desk.store().restored().unwrap(),
            false,
        ),
        (
            "the making of it is taken back",
            |desk| {
                let now = desk.host.now();
                let id = desk.store().undoables(&now, 1).unwrap()[0].id;
                let entry = desk.store().undo_entry(id).unwrap().unwrap();
                desk.store()
                    .undo(&now, &actor(), &entry, &"".into())
                    .unwrap();
            },
            false,
        ),
        (
            "it is revoked",
            |desk| {
                let now = desk.host.now();
                let ended = desk
                    .store()
                    .revoke_bypass(&now, &actor(), &user(), None, "");
                assert_eq!(ended.unwrap().len(), 1);
            },
            false,
        ),
        (
            "the account is disabled and enabled again",
            |desk| {
                let now = desk.host.now();
                for state in ["disabled", "active"] {
                    desk.store()
                        .set_state(&now, &actor(), &user(), state, &"".into())
                        .unwrap();
                }
            },
            false,
        ),
    ];
    for (what, meanwhile, lets_in) in meanwhile {
        let desk = Desk::enrolled();
        desk.bypass(1);
        meanwhile(&desk);
        assert_eq!(desk.lets_in(CODE), lets_in, "{what}");
    }
}

/// The first half of an answer: the guess is counted and found right, and nothing is consumed yet.
fn counted(play: &mut Play<'_>) -> BypassMatch {
    let login = &mut play.login;
    let waiting = login.waiting.clone().unwrap();
    let (now, opening) = (login.host.now(), login.case.opening());
    let typed = BypassCode::parse(CODE.as_bytes()).unwrap();
    let policy = &login.config.policy;
    let counted = login
        .store
        .count_bypass(&now, &opening, policy, &waiting, &typed.index());
    let (Counted::Compare { guess, .. }, Some(code)) = counted.unwrap() else {
        panic!("not compared")
    };
    let verified = typed.verify(&code.hash).unwrap();
    BypassMatch {
        code,
        guess,
        verified,
    }
}

/// The second half; true when it let in.
fn consumed(play: &mut Play<'_>, matched: BypassMatch) -> bool {
    let login = &mut play.login;
    let waiting = login.waiting.clone().unwrap();
    let (now, opening) = (login.host.now(), login.case.opening());
    let consumed = login
        .store
        .consume_bypass(&now, &opening, &waiting, matched, None);
    consumed.unwrap().is_some()
}

// Mutants: consume_bypass lacks any one line of its WHERE; or does not look at how many rows changed.
#[test]
fn what_happens_between_counting_and_consuming_a_bypass_code_is_seen() {
    type Meanwhile = fn(&Desk);
    let meanwhile: [(&str, Meanwhile, bool); 8] = [
        ("nothing", |_| (), true),
        (
            "another session uses it",
            |desk| assert!(desk.lets_in(CODE)),
            false,
        ),
        ("its life ends", |desk| desk.host.pass(LIFE), false),
        (
            "a boot",
            |desk| *desk.host.boot_id.borrow_mut() = "boot-2".into(),
            false,
        ),
        (
            "an old copy of the store comes back",
            |desk| desk.store().restored().unwrap(),
            false,
        ),
        (
            "the making of it is taken back",
            |desk| {
                let now = desk.host.now();
                let id = desk.store().undoables(&now, 1).unwrap()[0].id;
                let entry = desk.store().undo_entry(id).unwrap().unwrap();
                desk.store()
                    .undo(&now, &actor(), &entry, &"".into())
                    .unwrap();
            },
            false,
        ),
        (
            "it is revoked",
            |desk| {
                let now = desk.host.now();
                let ended = desk
                    .store()
                    .revoke_bypass(&now, &actor(), &user(), None, "");
                assert_eq!(ended.unwrap().len(), 1);
            },
            false,
        ),
        (
            "the account is disabled",
            |desk| {
                desk.store().set_state_alone("disabled");
            },
            false,
        ),
    ];
    for (what, meanwhile, lets_in) in meanwhile {
        let desk = Desk::enrolled();
        desk.bypass(1);
        let mut play = desk.log_in();
        let half = counted(&mut play);
        meanwhile(&desk);
        assert_eq!(consumed(&mut play, half), lets_in, "{what}");
    }
    // Another row's number with this code's match is nothing.
    let desk = Desk::enrolled();
    desk.bypass(1);
    let mut play = desk.log_in();
    let half = counted(&mut play);
    let other = BypassMatch {
        code: BypassHash {
            hash: "another".into(),
            ..half.code
        },
        ..half
    };
    assert!(!consumed(&mut play, other));
}

// Mutants: a guess is compared before it is counted; one at a code that is not there is not counted; it is
// counted as another factor's, and so locks that.
#[test]
fn guesses_at_bypass_codes_are_counted_first_and_have_a_budget_of_their_own() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.failures_per_hour = 3;
    desk.bypass(2);
    let recovery = RecoveryCode::parse(b"ABCDE-FGHJK-MNPQR").unwrap();
    let hash = recovery.hash(&[7; 16]).unwrap();
    let now = desk.host.now();
    desk.store()
        .set_recovery(&now, &actor(), &user(), &[(recovery.index(), hash)])
        .unwrap();
    let mut first = desk.log_in();
    first.delivery(Outcome::Accepted);
    let mailed = first.code.clone().unwrap();
    for answer in [OTHER, NO_SUCH, OTHER, NO_SUCH, OTHER] {
        let mut play = desk.log_in();
        let said = play.type_in(answer).unwrap();
        assert!(said.contains("bypass code is not right"), "{said}");
        let _left = play.login.left().unwrap();
    }
    let guesses = desk.kinds().iter().filter(|kind| *kind == "guess").count();
    assert_eq!(guesses, 5);
    // Five wrong ones are an hour's: the right one is not compared any more.
    let mut play = desk.log_in();
    let said = play.type_in(CODE).unwrap();
    assert!(said.contains("Too many wrong bypass codes"), "{said}");
    assert_eq!(play.type_in(&mailed), Err(Verdict::Success));
    assert!(desk.lets_in("ABCDE-FGHJK-MNPQR"));
    // An hour later it works again, as long as it lives; this one does not.
    desk.host.pass(Span::from_hours(1));
    assert!(!desk.lets_in(CODE));
    desk.bypass(1);
    assert!(desk.lets_in(CODE));
}

// Mutant: count_bypass or lockout::bypass does not look at the row.
#[test]
fn the_row_locks_bypass_codes_too() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.failures_in_a_row = 2;
    desk.bypass(1);
    let mut play = desk.log_in();
    assert!(play.type_in(OTHER).is_ok());
    assert!(play.type_in(OTHER).is_ok());
    let mut play = desk.log_in();
    assert!(
        play.said.contains("until an administrator unlocks"),
        "{}",
        play.said
    );
    assert!(play.type_in(CODE).is_ok());
    assert!(!desk.kinds().contains(&"bypass-used".to_owned()));
}

// Mutant: end_unused is not called.
#[test]
fn a_success_by_bypass_code_ends_the_mailed_one() {
    let desk = Desk::enrolled();
    desk.bypass(1);
    let mut play = desk.log_in();
    play.delivery(Outcome::Accepted);
    let mut sharing = desk.log_in();
    assert_eq!(play.type_in(CODE), Err(Verdict::Success));
    let mailed = play.code.clone().unwrap();
    assert!(sharing.type_in(&mailed).unwrap().contains("newer code"));
}

#[test]
fn a_bypass_code_works_where_no_mail_can_go() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.sends_per_hour = 1;
    desk.bypass(2);
    let mut play = desk.log_in();
    play.delivery(Outcome::Connection);
    assert_eq!(play.type_in(CODE), Err(Verdict::Success));
    let mut play = desk.log_in();
    play.delivery(Outcome::Accepted);
    let _left = play.login.left().unwrap();
    desk.host.pass(Span::from_mins(6));
    let mut play = desk.log_in();
    assert!(play.said.contains("no mail is sent now"), "{}", play.said);
    assert_eq!(play.type_in(CODE), Err(Verdict::Success));
}

// Mutant: the words at a wrong bypass code are shown in a decoy stack as well.
#[test]
fn a_decoy_stack_says_the_same_to_bypass_codes() {
    let desk = Desk::enrolled();
    desk.bypass(1);
    let transcript = |hello: Hello| {
        let mut play = desk.begin(hello).unwrap();
        let mut said = vec![play.said.clone()];
        for answer in [OTHER, NO_SUCH] {
            said.push(play.type_in(answer).unwrap());
        }
        (said, play.type_in(OTHER))
    };
    let decoy = |after| Hello {
        decoy: true,
        after,
        ..desk.hello()
    };
    let right = transcript(decoy(Proved::Password));
    assert_eq!(transcript(decoy(Proved::Nothing)), right);
    assert_eq!(right.1, Err(Verdict::MaxTries));
    let mut play = desk.begin(decoy(Proved::Password)).unwrap();
    assert_eq!(play.type_in(CODE), Err(Verdict::Success));
}
