//! Sign-ins played through the machine, without a socket or a sender. The account is `daemon`,
//! which every password database has.

mod bypass;
mod changed;
mod shield;

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::job::{Content, Delivered, Outcome};
use gatepost_words::secret::Secret;
use gatepost_words::time::Span;
use gatepost_words::wire::{Hello, HostAnswer, Nonce, Proved, Verdict};

use super::{Fault, GivenUp, Login, Step};
use crate::code::Code;
use crate::code::key::{Key, Purpose, Verified};
use crate::code::recovery::RecoveryCode;
use crate::config::{Config, Mail};
use crate::host::Host;
use crate::host::tests::Fixed;
use crate::policy::limits::{Binding, Limits};
use crate::policy::rules::{Action, Rule};
use crate::policy::{Policy, Unenrolled};
use crate::store::Store;
use crate::store::accounts::{Actor, Confirmation};
use crate::store::guesses::Counted;
use crate::store::policies::{Draft, How};
use crate::store::unlocks::{Unlocked, Unlocker};

const USER: &str = "daemon";
const UID: u32 = 1;

/// A store, a configuration and clocks; logins begin in it.
struct Desk {
    host: Fixed,
    config: Config,
    key: Key,
    folder: tempfile::TempDir,
}

/// One login under way, with the code that was mailed for it.
struct Play<'d> {
    login: Login<'d, Fixed>,
    said: String,
    code: Option<String>,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            policy: Policy {
                limits: Limits::default(),
                unenrolled: Unenrolled::Refuse,
            },
            mail: Mail {
                from: "Gatepost <gatepost@example.org>".into(),
                envelope_from: "gatepost@example.org".into(),
                code_in_subject: false,
                templates: None,
                relays: Vec::new(),
            },
            host: "host01".into(),
            store: folder.path().join("gatepost.db"),
            key: "/nowhere".into(),
            keep_events: Span::from_hours(400 * 24),
        };
        let key = Key::new(Secret::new(vec![7; 32])).unwrap();
        Self {
            host: Fixed::new(),
            config,
            key,
            folder,
        }
    }

    /// With `daemon` enrolled.
    fn enrolled() -> Self {
        let desk = Self::new();
        let address = EmailAddress::new("daemon@example.org".into()).unwrap();
        desk.store()
            .add_account(
                &desk.host.now(),
                &actor(),
                &user(),
                UID,
                &address,
                &Confirmation::Word,
            )
            .unwrap();
        desk
    }

    fn store(&self) -> Store {
        Store::scratch(&self.folder.path().join("gatepost.db"))
    }

    fn rules(&self, rules: &[Rule]) {
        self.store().put_rules(&self.host.now(), rules);
    }

    #[expect(clippy::unused_self, reason = "it reads as the desk's own")]
    fn hello(&self) -> Hello {
        Hello {
            nonce: Nonce([9; 16]),
            conf: None,
            service: "sshd".into(),
            user: USER.into(),
            rhost: Some("192.0.2.1".into()),
            tty: Some("ssh".into()),
            ruser: None,
            caller_uid: 0,
            auth_info: None,
            decoy: false,
            after: Proved::Password,
        }
    }

    fn begin(&self, hello: Hello) -> Result<Play<'_>, Verdict> {
        let mut login = Login::new(
            &self.host,
            &self.config,
            &self.key,
            self.store(),
            None,
            hello,
        )
        .unwrap();
        match login.begin().unwrap() {
            Step::Ask(said) => {
                let code = mailed(&mut login);
                Ok(Play { login, said, code })
            }
            Step::End(end) => Err(end.verdict),
        }
    }

    fn log_in(&self) -> Play<'_> {
        self.begin(self.hello()).unwrap()
    }

    fn kinds(&self) -> Vec<String> {
        self.store()
            .events_after(0, 1000)
            .unwrap()
            .into_iter()
            .map(|event| event.kind)
            .collect()
    }

    fn decisions(&self) -> usize {
        self.kinds()
            .iter()
            .filter(|kind| *kind == "decision")
            .count()
    }
}

impl Play<'_> {
    /// Types an answer: the next prompt, or the verdict.
    fn type_in(&mut self, text: &str) -> Result<String, Verdict> {
        match self.login.answer(USER, text.as_bytes()).unwrap() {
            Step::Ask(said) => {
                if let Some(code) = mailed(&mut self.login) {
                    self.code = Some(code);
                }
                Ok(said)
            }
            Step::End(end) => Err(end.verdict),
        }
    }

    fn type_code(&mut self) -> Result<String, Verdict> {
        let code = self.code.clone().unwrap();
        self.type_in(&code)
    }

    fn delivery(&mut self, outcome: Outcome) {
        let delivered = Delivered {
            kind: "code",
            relay: "relay:465".into(),
            outcome,
            reply: "250 ok".into(),
            message_id: "<x@y>".into(),
            millis: 5,
            warning: None,
        };
        self.login.delivered(&delivered, true);
    }
}

fn mailed(login: &mut Login<'_, Fixed>) -> Option<String> {
    let letter = login.take_letter()?;
    let Content::Code { code, .. } = letter.content else {
        panic!("not a code")
    };
    Some(code.expose_str().unwrap().to_owned())
}

fn actor() -> Actor {
    Actor {
        name: "root".into(),
    }
}

fn user() -> UserName {
    UserName::new(USER.into()).unwrap()
}

/// A code that is not the one of the play.
fn wrong_code(play: &Play<'_>) -> &'static str {
    if play.code.as_deref() == Some("0000 0000") {
        "11111111"
    } else {
        "00000000"
    }
}

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
    assert_eq!(unlocked, Unlocked::Done);
    let code = play.code.clone().unwrap();
    let mut play = desk.log_in();
    assert_eq!(play.type_in(&code), Err(Verdict::Success));
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

#[test]
fn rules_and_enrolment_decide_before_anything_is_asked() {
    let rule = |action| Rule {
        users: vec![],
        groups: vec![],
        services: vec![],
        action,
    };
    let mut desk = Desk::new();
    let refused = |desk: &Desk| desk.begin(desk.hello()).map(|_| ()).unwrap_err();
    assert_eq!(refused(&desk), Verdict::UserUnknown);
    desk.config.policy.unenrolled = Unenrolled::Ignore;
    assert_eq!(refused(&desk), Verdict::Ignore);
    desk.rules(&[rule(Action::Refuse)]);
    assert_eq!(refused(&desk), Verdict::Denied);
    desk.rules(&[rule(Action::Skip)]);
    assert_eq!(refused(&desk), Verdict::Ignore);
    assert_eq!(desk.decisions(), 4);
}

// Mutants: people::groups takes a group that is not there for an empty one; nobody is told.
#[test]
fn a_mistyped_group_asks_everybody_and_is_told() {
    let desk = Desk::enrolled();
    let rule = |groups: &[&str], action| Rule {
        users: vec![],
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        services: vec![],
        action,
    };
    desk.rules(&[
        rule(&["no-such-group"], Action::Require),
        rule(&[], Action::Skip),
    ]);
    let play = desk.log_in();
    assert_eq!(
        play.login.notes(),
        ["a rule names a group that is not there: no-such-group"]
    );
}

fn all(action: Action, groups: &[&str]) -> Rule {
    Rule {
        users: vec![],
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        services: vec![],
        action,
    }
}

// Mutants: Store::begin, or resend, does not compare what was read with what is in force; a policy that
// changed is decided by groups that were looked up for another.
#[test]
fn a_policy_that_changes_before_the_decision_is_read_again() {
    let desk = Desk::enrolled();
    let store = desk.store();
    let login = |store| {
        Login::new(
            &desk.host,
            &desk.config,
            &desk.key,
            store,
            None,
            desk.hello(),
        )
        .unwrap()
    };
    let mut early = login(store);
    desk.rules(&[
        all(Action::Skip, &["no-such-group"]),
        all(Action::Refuse, &["daemon"]),
    ]);
    let Step::End(end) = early.begin().unwrap() else {
        panic!("asked by rules that are no longer in force")
    };
    assert_eq!(end.verdict, Verdict::Denied);
    assert_eq!(
        early.notes(),
        ["a rule names a group that is not there: no-such-group"]
    );
    // A new code is a decision too.
    desk.rules(&[]);
    let mut play = desk.log_in();
    desk.rules(&[all(Action::Refuse, &[])]);
    desk.host.pass(Span::from_mins(1));
    assert!(play.type_in("r").unwrap().contains("sign in again"));
    assert_eq!(desk.decisions(), 1);
    assert!(play.login.take_letter().is_none());
}

// Mutants: the tries are not bounded, or the last one is taken whatever came in between.
#[test]
fn a_policy_that_never_rests_is_a_refusal() {
    let desk = Desk::enrolled();
    let mut login = Login::new(
        &desk.host,
        &desk.config,
        &desk.key,
        desk.store(),
        None,
        desk.hello(),
    )
    .unwrap();
    let mut tries = 0;
    let policy = &desk.config.policy;
    let refused = login
        .under_the_policy(|store, now, opening| {
            tries += 1;
            desk.rules(&vec![all(Action::Skip, &[]); tries]);
            store.look(now, opening, policy)
        })
        .unwrap_err();
    assert_eq!(tries, 4);
    assert!(
        matches!(&refused, Fault::Store(error) if error.is_moved()),
        "{refused}"
    );
    assert_eq!(desk.decisions(), 0);
}

// Mutant: a login that begins in a try is told that it goes on after the try's end, or the other way.
#[test]
fn a_try_decides_until_its_end_and_no_longer() {
    let desk = Desk::enrolled();
    desk.rules(&[all(Action::Refuse, &[])]);
    let draft = Draft {
        text: "[[rule]]\naction = \"skip\"\n",
        base: Some(2),
        how: How::Try(Span::from_mins(1)),
        reason: "",
    };
    let mut store = desk.store();
    store
        .add_policy(&desk.host.now(), &actor(), &draft)
        .unwrap();
    let ended = || desk.begin(desk.hello()).map(|_| ()).unwrap_err();
    assert_eq!(ended(), Verdict::Ignore);
    // Read while it was tried, decided when that was over.
    let mut late = Login::new(
        &desk.host,
        &desk.config,
        &desk.key,
        store,
        None,
        desk.hello(),
    )
    .unwrap();
    desk.host.pass(Span::from_mins(1));
    let Step::End(end) = late.begin().unwrap() else {
        panic!("asked")
    };
    assert_eq!(end.verdict, Verdict::Denied);
    assert_eq!(ended(), Verdict::Denied);
}

#[test]
fn a_removed_a_disabled_and_a_reused_account_are_refused() {
    let mut desk = Desk::enrolled();
    desk.config.policy.unenrolled = Unenrolled::Ignore;
    let refused = |desk: &Desk| desk.begin(desk.hello()).map(|_| ()).unwrap_err();
    let now = desk.host.now();
    desk.store()
        .set_state(&now, &actor(), &user(), "disabled", &"".into())
        .unwrap();
    assert_eq!(refused(&desk), Verdict::Denied);
    desk.store()
        .remove_account(&now, &actor(), &user(), &"".into())
        .unwrap();
    assert_eq!(refused(&desk), Verdict::Denied);
    let address = EmailAddress::new("x@example.org".into()).unwrap();
    desk.store()
        .add_account(&now, &actor(), &user(), 4711, &address, &Confirmation::Word)
        .unwrap();
    assert_eq!(refused(&desk), Verdict::Denied);
}

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

#[test]
fn a_right_last_guess_leaves_no_lock_behind() {
    let mut desk = Desk::enrolled();
    desk.config.policy.limits.failures_in_a_row = 1;
    let mut play = desk.log_in();
    assert_eq!(play.type_code(), Err(Verdict::Success));
    assert!(!desk.kinds().contains(&"locked".to_owned()));
}

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

/// The first half of an answer: the guess is counted and found right, and nothing is consumed yet.
fn counted(play: &mut Play<'_>, code: &str) -> (Verified, i64) {
    let login = &mut play.login;
    let (waiting, challenge) = (
        login.waiting.clone().unwrap(),
        login.current.clone().unwrap(),
    );
    let (now, opening) = (login.host.now(), login.case.opening());
    let policy = &login.config.policy;
    let counted = login
        .store
        .count_guess(&now, &opening, policy, &waiting, challenge.id)
        .unwrap();
    let Counted::Compare { guess, .. } = counted else {
        panic!("{counted:?}")
    };
    let typed = Code::typed(code.as_bytes());
    let verified = login
        .key
        .verify(Purpose::SignIn, &challenge.id, &typed, &challenge.tag);
    (verified.unwrap(), guess)
}

/// The second half; true when it let in.
fn consumed(play: &mut Play<'_>, (verified, guess): (Verified, i64)) -> bool {
    let login = &mut play.login;
    let (waiting, challenge) = (
        login.waiting.clone().unwrap(),
        login.current.clone().unwrap(),
    );
    let (now, opening) = (login.host.now(), login.case.opening());
    let consumed = login
        .store
        .consume(&now, &opening, &waiting, challenge.id, guess, verified);
    consumed.unwrap().is_some()
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
