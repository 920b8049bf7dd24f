//! Logins from shielded sources.

use gatepost_words::time::Span;
use gatepost_words::wire::{Hello, Proved, Verdict};
use serde_json::Value;

use super::{Desk, Step, USER, actor, user};
use crate::code::recovery::RecoveryCode;
use crate::host::Host;
use crate::login::Login;
use crate::policy::rules::{Action, Rule};

impl Desk {
    fn shield(&self, network: &str) {
        let now = self.host.now();
        let networks = [network.parse().unwrap()];
        let time = Span::from_mins(15);
        self.store()
            .raise_shields(&now, &actor(), &networks, time, "")
            .unwrap();
    }

    /// The why of the last decision.
    fn last_why(&self) -> Value {
        let events = self.store().events_after(0, 1000).unwrap();
        let mut newest = events.into_iter().rev();
        let decision = newest.find(|event| event.kind == "decision").unwrap();
        decision.detail["why"].clone()
    }

    /// What a login begins with: its prompt, or its verdict and last line.
    fn meets(&self, hello: Hello) -> Result<String, (Verdict, Option<String>)> {
        let (host, config, key) = (&self.host, &self.config, &self.key);
        let mut login = Login::new(host, config, key, self.store(), None, hello).unwrap();
        match login.begin().unwrap() {
            Step::Ask(said) => Ok(said),
            Step::End(end) => Err((end.verdict, end.say)),
        }
    }
}

// Mutants: begin does not look for shields; a rule that skips comes first; the source is not matched; a
// shield outlives its time.
#[test]
fn a_shielded_source_is_refused_for_as_long_as_it_says_and_others_are_not() {
    let desk = Desk::enrolled();
    desk.rules(&[Rule {
        users: vec![],
        groups: vec![],
        services: vec![gatepost_words::ident::Service::new("skipping").unwrap()],
        action: Action::Skip,
    }]);
    desk.shield("192.0.2.0/30");
    let from = |rhost: Option<&str>, service: &str| Hello {
        rhost: rhost.map(str::to_owned),
        service: service.into(),
        ..desk.hello()
    };
    for rhost in ["192.0.2.1", "::ffff:192.0.2.3"] {
        for service in ["sshd", "skipping"] {
            let (verdict, said) = desk.meets(from(Some(rhost), service)).unwrap_err();
            assert_eq!(verdict, Verdict::Denied);
            let said = said.unwrap();
            assert!(said.contains("refused for another 15 min"), "{said}");
            assert_eq!(desk.last_why(), "shield");
        }
    }
    assert!(!desk.kinds().contains(&"challenge".to_owned()));
    for other in [Some("192.0.2.4"), Some("some.name"), Some(""), None] {
        assert!(desk.meets(from(other, "sshd")).is_ok(), "{other:?}");
    }
    desk.host.pass(Span::from_secs(899));
    assert!(desk.meets(desk.hello()).is_err());
    desk.host.pass(Span::from_secs(1));
    assert!(desk.meets(desk.hello()).is_ok());
}

// Mutants: a shield that was taken back refuses; one that came back does not, or for longer than it had.
#[test]
fn a_shield_that_is_taken_back_refuses_nobody_until_it_is_back() {
    let desk = Desk::enrolled();
    desk.shield("192.0.2.0/24");
    let take_back = || {
        let now = desk.host.now();
        let id = desk.store().undoables(&now, 1).unwrap()[0].id;
        let entry = desk.store().undo_entry(id).unwrap().unwrap();
        desk.store()
            .undo(&now, &actor(), &entry, &"".into())
            .unwrap();
    };
    assert!(desk.meets(desk.hello()).is_err());
    take_back();
    assert!(desk.meets(desk.hello()).is_ok());
    desk.host.pass(Span::from_mins(5));
    take_back();
    assert!(desk.meets(desk.hello()).is_err());
    desk.host.pass(Span::from_mins(10));
    assert!(desk.meets(desk.hello()).is_ok());
}

// Mutants: until is on the wall's clock; a boot ends it.
#[test]
fn neither_a_clock_that_is_set_nor_a_boot_ends_a_shield() {
    let desk = Desk::enrolled();
    desk.shield("192.0.2.1");
    desk.host.wall.set(desk.host.wall.get() + 3_600_000);
    assert!(desk.meets(desk.hello()).is_err());
    desk.host.wall.set(desk.host.wall.get() - 7_200_000);
    *desk.host.boot_id.borrow_mut() = "boot-2".into();
    assert!(desk.meets(desk.hello()).is_err());
}

// Mutants: count_guess, count_recovery, count_bypass or resend does not look for shields; the guess is
// counted all the same.
#[test]
fn a_shield_stops_answers_at_prompts_that_wait_already() {
    for answer in [
        "the mailed code",
        "r",
        "ABCDE-FGHJK-MNPQR",
        "B-K7QX-MNPQ-2345",
    ] {
        let desk = Desk::enrolled();
        let recovery = RecoveryCode::parse(b"ABCDE-FGHJK-MNPQR").unwrap();
        let hash = recovery.hash(&[7; 16]).unwrap();
        let now = desk.host.now();
        desk.store()
            .set_recovery(&now, &actor(), &user(), &[(recovery.index(), hash)])
            .unwrap();
        let mut play = desk.log_in();
        let code = play.code.clone().unwrap();
        desk.host.pass(Span::from_mins(1));
        desk.shield("192.0.2.0/24");
        let typed = if answer == "the mailed code" {
            &code
        } else {
            answer
        };
        let step = play.login.answer(USER, typed.as_bytes()).unwrap();
        let Step::End(end) = step else {
            panic!("{answer}: {step:?}")
        };
        assert_eq!(end.verdict, Verdict::Denied, "{answer}");
        assert!(end.say.unwrap().contains("refused for another"), "{answer}");
        assert_eq!(desk.last_why(), "shield", "{answer}");
        assert!(!desk.kinds().contains(&"guess".to_owned()), "{answer}");
        assert!(play.login.take_letter().is_none(), "{answer}");
    }
}

// Mutants: a decoy stack refuses a shielded source at once, or says why; its tries are fewer.
#[test]
fn a_decoy_stack_does_not_tell_of_shields() {
    let desk = Desk::enrolled();
    let decoy = |after| Hello {
        decoy: true,
        after,
        ..desk.hello()
    };
    // The shield goes up before the answer of that number; the first is the beginning.
    let transcript = |after, at: Option<usize>| {
        let answers = ["", "r", "?", "11111111", "B-K7QX-MNPQ-2345", "33333333"];
        let now = desk.host.now();
        desk.store()
            .lower_shields(&now, &actor(), None, "")
            .unwrap();
        if at == Some(0) {
            desk.shield("192.0.2.1");
        }
        let mut play = desk.begin(decoy(after)).unwrap();
        let mut said = vec![play.said.clone()];
        let mut end = None;
        for (number, answer) in (1..).zip(answers) {
            if at == Some(number) {
                desk.shield("192.0.2.1");
            }
            match play.type_in(answer) {
                Ok(text) => said.push(text),
                Err(verdict) => end = Some((number, verdict)),
            }
        }
        (said, end)
    };
    let open = transcript(Proved::Password, None);
    assert_eq!(open.1, Some((6, Verdict::MaxTries)));
    for at in 0..=6 {
        for after in [Proved::Password, Proved::Nothing] {
            assert_eq!(transcript(after, Some(at)), open, "{at} {after:?}");
        }
        assert!(["shield", "wrong"].contains(&desk.last_why().as_str().unwrap()));
    }
    desk.shield("192.0.2.1");
    let mut play = desk.begin(decoy(Proved::Password)).unwrap();
    for _ in 0..2 {
        assert!(play.type_in("11111111").is_ok());
    }
    assert_eq!(play.type_in("11111111"), Err(Verdict::MaxTries));
    assert_eq!(desk.last_why(), "shield", "the audit knows");
}
