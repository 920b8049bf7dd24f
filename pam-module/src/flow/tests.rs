//! Plays the helper and the host against the loop.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use gatepost_words::secret::Secret;
use gatepost_words::wire::{
    FrameError, HEADER, Hello, HostAnswer, Nonce, Proved, ToHelper, ToModule, Verdict, decode,
    encode,
};
use pam::constants::PamResultCode;

use super::{ANSWER_LIMIT, MAX_ROUNDS, run};
use crate::conversation::Tone;
use crate::conversation::script::{Scripted, Step};
use crate::helper_process::{Link, LinkError};
use crate::log::Log;
use crate::outcome::{Failure, Proof, code};

const NONCE: Nonce = Nonce([3; 16]);
const PROMPT: &str = "Verification code: ";

/// The helper's side: what it sends, in order, and what it got.
#[derive(Default)]
struct Played {
    bodies: VecDeque<Result<Vec<u8>, LinkError>>,
    got: Vec<ToHelper>,
    /// Sends that still go through, and what the next one fails with.
    sends: Option<(usize, fn() -> LinkError)>,
}

impl Played {
    fn new(frames: impl IntoIterator<Item = ToModule>) -> Self {
        Self {
            bodies: frames.into_iter().map(|frame| Ok(body(&frame))).collect(),
            ..Self::default()
        }
    }

    fn then(mut self, last: Result<Vec<u8>, LinkError>) -> Self {
        self.bodies.push_back(last);
        self
    }
}

impl Link for Played {
    fn send(&mut self, frame: &Secret) -> Result<(), LinkError> {
        match &mut self.sends {
            Some((0, error)) => return Err(error()),
            Some((left, _)) => *left -= 1,
            None => {}
        }
        let body = &frame.expose()[HEADER..];
        if let Ok(message) = decode::<ToHelper>(body) {
            self.got.push(message);
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, LinkError> {
        self.bodies.pop_front().unwrap_or(Err(LinkError::Closed))
    }
}

fn body(frame: &ToModule) -> Vec<u8> {
    encode(frame).unwrap().expose()[HEADER..].to_vec()
}

fn ask() -> ToModule {
    ToModule::Ask {
        text: PROMPT.to_owned(),
        echo: true,
    }
}

fn verdict(verdict: Verdict, say: Option<&str>) -> ToModule {
    ToModule::Verdict {
        nonce: NONCE,
        word: verdict.word(),
        say: say.map(str::to_owned),
    }
}

fn hello() -> Hello {
    Hello {
        nonce: NONCE,
        conf: None,
        service: "sshd".to_owned(),
        user: "alice".to_owned(),
        rhost: None,
        tty: None,
        ruser: None,
        caller_uid: 0,
        auth_info: None,
        decoy: false,
        after: Proved::Password,
    }
}

fn answer(text: &[u8]) -> ToHelper {
    ToHelper::Answer {
        user: "alice".to_owned(),
        text: Secret::new(text.to_vec()),
    }
}

fn play(
    steps: impl IntoIterator<Item = Step>,
    mut helper: Played,
) -> (Result<Proof, Failure>, Vec<ToHelper>) {
    let mut conversation = Scripted::new(steps);
    let outcome = run(&mut conversation, &mut helper, &hello(), &Log::default());
    (outcome, helper.got)
}

/// Plays and reduces to what libpam sees.
fn code_of(steps: impl IntoIterator<Item = Step>, helper: Played) -> PamResultCode {
    code(&play(steps, helper).0)
}

#[test]
fn the_right_answer_lets_in() {
    let helper = Played::new([ask(), verdict(Verdict::Success, None)]);
    let (outcome, got) = play([Step::Types(PROMPT, b"1234 5678")], helper);
    assert_eq!(code(&outcome), PamResultCode::PAM_SUCCESS);
    assert_eq!(got, [answer(b"1234 5678")]);
}

#[test]
fn wrong_answers_go_on_until_the_helper_ends_it() {
    let helper = Played::new([
        ask(),
        ask(),
        ask(),
        verdict(Verdict::MaxTries, Some("That was the last try.")),
    ]);
    let (outcome, got) = play(
        [
            Step::Types(PROMPT, b"1"),
            Step::Types(PROMPT, b""),
            Step::Types(PROMPT, b"\xff\xfe"),
            Step::Hears(Tone::Refuse, "That was the last try."),
        ],
        helper,
    );
    assert_eq!(code(&outcome), PamResultCode::PAM_MAXTRIES);
    assert_eq!(got, [answer(b"1"), answer(b""), answer(b"\xff\xfe")]);
}

#[test]
fn the_line_of_a_wrong_password_lets_nobody_in() {
    let hello = Hello {
        after: Proved::Nothing,
        decoy: true,
        ..hello()
    };
    let mut skips = Played::new([verdict(Verdict::Ignore, None)]);
    let outcome = run(&mut Scripted::new([]), &mut skips, &hello, &Log::default());
    assert_eq!(code(&outcome), PamResultCode::PAM_AUTHINFO_UNAVAIL);
    let mut succeeds = Played::new([ask(), verdict(Verdict::Success, None)]);
    let mut person = Scripted::new([Step::Types(PROMPT, b"12345678")]);
    let outcome = run(&mut person, &mut succeeds, &hello, &Log::default());
    assert_eq!(code(&outcome), PamResultCode::PAM_AUTHINFO_UNAVAIL);
}

#[test]
fn a_verdict_without_a_question_may_skip_or_refuse_but_not_succeed() {
    for (given, expected) in [
        (Verdict::Ignore, PamResultCode::PAM_IGNORE),
        (Verdict::Denied, PamResultCode::PAM_PERM_DENIED),
        (Verdict::UserUnknown, PamResultCode::PAM_USER_UNKNOWN),
        (Verdict::Success, PamResultCode::PAM_AUTHINFO_UNAVAIL),
    ] {
        assert_eq!(
            code_of([], Played::new([verdict(given, None)])),
            expected,
            "{given:?}"
        );
    }
}

#[test]
fn a_hidden_prompt_is_hidden() {
    let question = ToModule::Ask {
        text: PROMPT.to_owned(),
        echo: false,
    };
    let helper = Played::new([question, verdict(Verdict::Success, None)]);
    assert_eq!(
        code_of([Step::TypesHidden(PROMPT, b"12345678")], helper),
        PamResultCode::PAM_SUCCESS
    );
}

#[test]
fn a_verdict_for_another_login_is_none() {
    let forged = ToModule::Verdict {
        nonce: Nonce([4; 16]),
        word: Verdict::Success.word(),
        say: Some("Welcome.".to_owned()),
    };
    let (outcome, _) = play([Step::Types(PROMPT, b"1")], Played::new([ask(), forged]));
    assert!(matches!(outcome, Err(Failure::WrongNonce)), "{outcome:?}");
}

#[test]
fn an_unknown_word_is_none() {
    let forged = ToModule::Verdict {
        nonce: NONCE,
        word: [0; 4],
        say: None,
    };
    let (outcome, _) = play([Step::Types(PROMPT, b"1")], Played::new([ask(), forged]));
    assert!(matches!(outcome, Err(Failure::UnknownWord)), "{outcome:?}");
}

#[test]
fn a_helper_that_goes_silent_or_away_is_a_refusal() {
    for gone in [LinkError::Closed, LinkError::Silent, LinkError::Short] {
        let told = gone.to_string();
        let helper = Played::new([ask()]).then(Err(gone));
        let (outcome, _) = play([Step::Types(PROMPT, b"1")], helper);
        assert!(
            matches!(outcome, Err(Failure::Link(..))),
            "{told}: {outcome:?}"
        );
    }
}

#[test]
fn every_body_that_is_no_message_is_a_refusal() {
    let whole = body(&verdict(Verdict::Success, Some("x")));
    let mut bodies: Vec<Vec<u8>> = (0..whole.len()).map(|cut| whole[..cut].to_vec()).collect();
    bodies.push([whole.as_slice(), &[0]].concat());
    bodies.push(vec![0xff; 64]);
    for bytes in bodies {
        let helper = Played::new([ask()]).then(Ok(bytes.clone()));
        let (outcome, _) = play([Step::Types(PROMPT, b"1")], helper);
        let malformed = matches!(
            outcome,
            Err(Failure::Link(LinkError::Frame(FrameError::Malformed), _))
        );
        assert!(malformed, "{bytes:?}: {outcome:?}");
    }
}

#[test]
fn a_user_that_changes_at_the_prompt_is_a_refusal_and_sends_no_answer() {
    for last in [Verdict::Success, Verdict::Ignore] {
        let helper = Played::new([ask(), verdict(last, Some("Welcome."))]);
        let (outcome, got) = play([Step::ChangesUser(PROMPT, "root")], helper);
        assert!(matches!(outcome, Err(Failure::UserChanged)), "{outcome:?}");
        let told = ToHelper::Answer {
            user: "root".to_owned(),
            text: Secret::default(),
        };
        assert_eq!(got, [told]);
    }
    let helper = Played::new([ask(), verdict(Verdict::Denied, None)]);
    assert_eq!(
        code_of([Step::ChangesUser(PROMPT, "root")], helper),
        PamResultCode::PAM_PERM_DENIED
    );
    let helper = Played::new([ask(), ask()]);
    let (outcome, _) = play([Step::ChangesUser(PROMPT, "root")], helper);
    assert!(matches!(outcome, Err(Failure::UserChanged)), "{outcome:?}");
}

#[test]
fn a_user_that_becomes_unreadable_is_a_refusal() {
    let helper = Played::new([ask(), verdict(Verdict::Success, None)]);
    let (outcome, got) = play([Step::ChangesUser(PROMPT, "")], helper);
    assert_eq!(code(&outcome), PamResultCode::PAM_AUTHINFO_UNAVAIL);
    assert_eq!(got, [ToHelper::ConversationFailed]);
}

#[test]
fn a_user_that_changes_after_the_answer_is_a_refusal() {
    for last in [Verdict::Success, Verdict::Ignore] {
        let helper = Played::new([ask(), verdict(last, Some("Welcome."))]);
        let steps = [
            Step::Types(PROMPT, b"1"),
            Step::HearsAndChangesUser("Welcome.", "root"),
        ];
        let (outcome, _) = play(steps, helper);
        assert!(matches!(outcome, Err(Failure::UserChanged)), "{outcome:?}");
    }
}

#[test]
fn the_password_never_crosses_and_cannot_be_right() {
    let helper = Played::new([ask(), verdict(Verdict::Refuse, None)]);
    let (outcome, got) = play([Step::Types(PROMPT, b"correct horse")], helper);
    assert_eq!(code(&outcome), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(got, [ToHelper::HostAnswered(HostAnswer::Password)]);

    let helper = Played::new([ask(), verdict(Verdict::Success, None)]);
    let (outcome, _) = play([Step::Types(PROMPT, b"correct horse")], helper);
    assert!(matches!(outcome, Err(Failure::OutOfTurn)), "{outcome:?}");
}

#[test]
fn an_empty_answer_is_not_the_password_of_a_stack_that_knows_none() {
    let mut helper = Played::new([ask(), verdict(Verdict::Refuse, None)]);
    let mut conversation = Scripted::with_password("", [Step::Types(PROMPT, b"")]);
    let outcome = run(&mut conversation, &mut helper, &hello(), &Log::default());
    assert_eq!(code(&outcome), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(helper.got, [answer(b"")]);
}

#[test]
fn sshds_filler_is_known_at_any_length() {
    let filler: Vec<u8> = b"\x08\n\r\x7fINCORRECT"
        .iter()
        .copied()
        .cycle()
        .take(40)
        .collect();
    for length in 1..filler.len() {
        let typed: &'static [u8] = filler[..length].to_vec().leak();
        let helper = Played::new([ask(), verdict(Verdict::Refuse, None)]);
        let (_, got) = play([Step::Types(PROMPT, typed)], helper);
        assert_eq!(
            got,
            [ToHelper::HostAnswered(HostAnswer::Junk)],
            "{length} bytes"
        );
    }
    for typed in [b"\n".as_slice(), b"1\x08\n\r\x7f", b"\x08 12345678"] {
        let helper = Played::new([ask(), verdict(Verdict::Refuse, None)]);
        let (_, got) = play([Step::Types(PROMPT, typed)], helper);
        assert_eq!(got, [answer(typed)]);
    }
}

/// Tried: sshd answers both prompts of an invalid user with as much filler as was typed.
#[test]
fn filler_is_filler_also_where_it_was_the_password() {
    let filler = "\u{8}\n\r\u{7f}INCO";
    let mut helper = Played::new([ask(), verdict(Verdict::Refuse, None)]);
    let mut conversation =
        Scripted::with_password(filler, [Step::Types(PROMPT, filler.as_bytes())]);
    let outcome = run(&mut conversation, &mut helper, &hello(), &Log::default());
    assert_eq!(code(&outcome), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(helper.got, [ToHelper::HostAnswered(HostAnswer::Junk)]);
}

#[test]
fn a_failed_conversation_is_the_helpers_to_judge_but_not_to_let_in() {
    let helper = Played::new([ask(), verdict(Verdict::Broken, None)]);
    let (outcome, got) = play([Step::Fails(PROMPT)], helper);
    assert_eq!(code(&outcome), PamResultCode::PAM_CONV_ERR);
    assert_eq!(got, [ToHelper::ConversationFailed]);

    for last in [
        verdict(Verdict::Success, None),
        verdict(Verdict::Ignore, None),
        ask(),
    ] {
        let (outcome, _) = play([Step::Fails(PROMPT)], Played::new([ask(), last]));
        assert!(matches!(outcome, Err(Failure::OutOfTurn)), "{outcome:?}");
    }
    let (outcome, _) = play([Step::Fails(PROMPT)], Played::new([ask()]));
    assert!(matches!(outcome, Err(Failure::Link(..))), "{outcome:?}");
}

#[test]
fn a_helper_that_left_during_the_prompt_may_still_refuse_but_not_let_in() {
    for (left, expected) in [
        (Verdict::Refuse, PamResultCode::PAM_AUTH_ERR),
        (Verdict::Success, PamResultCode::PAM_AUTHINFO_UNAVAIL),
        (Verdict::Ignore, PamResultCode::PAM_AUTHINFO_UNAVAIL),
    ] {
        let helper = Played {
            sends: Some((1, || LinkError::Closed)),
            ..Played::new([ask(), verdict(left, None)])
        };
        assert_eq!(
            code_of([Step::Types(PROMPT, b"1")], helper),
            expected,
            "{left:?}"
        );
    }
}

#[test]
fn a_helper_that_an_answer_cannot_reach_is_not_waited_for() {
    let helper = Played {
        sends: Some((1, || LinkError::Silent)),
        ..Played::new([ask(), verdict(Verdict::Refuse, None)])
    };
    let (outcome, _) = play([Step::Types(PROMPT, b"1")], helper);
    let silent = matches!(outcome, Err(Failure::Link(LinkError::Silent, None)));
    assert!(silent, "{outcome:?}");
}

#[test]
fn a_helper_that_cannot_be_greeted_is_a_refusal() {
    let helper = Played {
        sends: Some((0, || LinkError::Closed)),
        ..Played::new([verdict(Verdict::Ignore, None)])
    };
    assert_eq!(code_of([], helper), PamResultCode::PAM_AUTHINFO_UNAVAIL);
}

#[test]
fn an_endless_answer_is_cut() {
    let helper = Played::new([ask(), verdict(Verdict::Refuse, None)]);
    let (_, got) = play([Step::Types(PROMPT, vec![b'7'; 100_000].leak())], helper);
    assert_eq!(got, [answer(&[b'7'; ANSWER_LIMIT])]);
}

#[test]
fn a_helper_that_never_stops_asking_is_a_refusal() {
    let helper = Played::new((0..1000).map(|_| ask()));
    let steps = (0..MAX_ROUNDS).map(|_| Step::Types(PROMPT, b"1"));
    let (outcome, got) = play(steps, helper);
    assert!(
        matches!(outcome, Err(Failure::TooManyRounds)),
        "{outcome:?}"
    );
    assert_eq!(got.len(), usize::try_from(MAX_ROUNDS).unwrap());
}

#[test]
fn a_panic_in_the_conversation_is_no_verdict() {
    let mut helper = Played::new([ask(), verdict(Verdict::Success, None)]);
    let mut conversation = Scripted::new([Step::Panics(PROMPT)]);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        run(&mut conversation, &mut helper, &hello(), &Log::default())
    }));
    assert!(caught.is_err());
    assert_eq!(helper.got, []);
}
