//! What is typed at the prompt, and what each answer is taken for: the code, a recovery code, a free
//! word, a wrong code; and what the host types in a person's place.

use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::pam::Answer;
use gatepost_tests::pam::Conversation;
use gatepost_tests::pam::Style;
use gatepost_tests::require;
use gatepost_tests::smtp::Act;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Fault;
use gatepost_tests::smtp::Sink;
use gatepost_tests::smtp::Step;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::users::User;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;

fn rig(config: Config) -> Stage {
    Stage::builder()
        .product(config.set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::plain())
        .build()
}

fn begin(stage: &Stage) -> Conversation<'_> {
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.password_of("alice");
    login
}

/// What an answer shall be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// No guess.
    Free,
    /// A wrong code.
    Wrong,
}

/// Answers that are no code whatever the code is.
fn odd_answers() -> Vec<(&'static str, Vec<u8>, Taken)> {
    use Taken::{Free, Wrong};
    vec![
        ("empty", vec![], Free),
        ("blanks", b"   ".to_vec(), Free),
        ("help", b"?".to_vec(), Free),
        ("another factor", b"m".to_vec(), Free),
        ("another factor in capitals", b"T".to_vec(), Free),
        // What follows a NUL is lost on the way, in C: it was an empty answer.
        ("a NUL first", b"\x0012345678".to_vec(), Free),
        ("a dash", b"-".to_vec(), Wrong),
        ("two letters", b"rr".to_vec(), Wrong),
        ("a tab", b"\t".to_vec(), Wrong),
        ("too short", b"1234567".to_vec(), Wrong),
        ("too long", b"123456789".to_vec(), Wrong),
        ("65 bytes", vec![b'1'; 65], Wrong),
        ("a megabyte", vec![b'1'; 1 << 20], Wrong),
        ("no UTF-8", b"\xff\xfe\xfd".to_vec(), Wrong),
        (
            "right to left",
            "\u{202e}87654321".as_bytes().to_vec(),
            Wrong,
        ),
        ("escapes", b"\x1b[2J12345678".to_vec(), Wrong),
        ("a format", b"%n%n%s".to_vec(), Wrong),
        ("SQL", b"' OR 1=1; --".to_vec(), Wrong),
        ("no recovery code", b"AAAAA-AAAAA-AAAAA-A".to_vec(), Wrong),
        (
            "a bypass code's digits",
            b"B-2222-3333-4444".to_vec(),
            Wrong,
        ),
        (
            "too short a bypass code",
            b"B-AAAA-AAAA-AAA".to_vec(),
            Wrong,
        ),
        (
            "too long a bypass code",
            b"B-AAAA-AAAA-AAAAA".to_vec(),
            Wrong,
        ),
        ("another mark", b"C-AAAA-AAAA-AAAA".to_vec(), Wrong),
    ]
}

// Mutant: Typed::read takes what it does not know for a free word; or trims more than blanks; or a
// long answer is not counted.
#[test]
fn input_matrix() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    let mut mailbox = Mailbox::of(&sink);
    let counted = || stage.store().guesses().unwrap();
    for (name, answer, taken) in odd_answers() {
        let mut login = begin(&stage);
        login.code_prompt();
        let code = mailbox.next_code();
        let before = counted();
        let said = login.tries(Answer::Bytes(answer)).text;
        let guesses = u32::from(taken == Taken::Wrong);
        assert_eq!(counted(), (before.0 + guesses, before.1), "{name}: {said}");
        let is_wrong = said.contains("That code is not right. 2 tries left");
        assert_eq!(is_wrong, taken == Taken::Wrong, "{name}: {said}");
        assert!(said.len() <= 512, "{name}: {} bytes", said.len());
        // Whatever it was, the code is still good.
        login.answer(code);
        login.finish().expect("PAM_SUCCESS");
        stage.store().pass(Duration::from_hours(1));
    }
}

/// The code in a way in which people, or programs, write it.
type Written = (&'static str, fn(&str) -> String, bool);

const WAYS: [Written; 9] = [
    ("as it is", str::to_owned, true),
    ("as the mail shows it", |code| halves(code).join(" "), true),
    ("with a dash", |code| halves(code).join("-"), true),
    ("with blanks around", |c| format!("  {c} "), true),
    (
        "digit by digit",
        |c| c.chars().flat_map(|d| [d, ' ']).collect(),
        true,
    ),
    ("with a newline", |c| format!("{c}\n"), false),
    ("with a tab", |c| format!("{c}\t"), false),
    ("in full width", full_width, false),
    ("with one digit more", |c| format!("{c}0"), false),
];

fn halves(code: &str) -> [&str; 2] {
    code.split_at(4).into()
}

fn full_width(code: &str) -> String {
    let wide = |digit| char::from_u32(u32::from(digit) - u32::from('0') + 0xff10);
    code.chars().filter_map(wide).collect()
}

// Mutant: Code::typed keeps blanks and dashes, or drops more than those.
#[test]
fn the_code_is_taken_as_people_write_it() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    let mut mailbox = Mailbox::of(&sink);
    for (name, write, is_right) in WAYS {
        let mut login = begin(&stage);
        login.code_prompt();
        let code = mailbox.next_code();
        login.answer(write(&code));
        let again = login.next_prompt();
        assert_eq!(again.is_none(), is_right, "{name}: {again:?}");
        if again.is_some() {
            login.answer(code);
        }
        login.finish().expect("PAM_SUCCESS");
    }
}

// Mutant: login::Login::free does not count; then a person holds a helper for as long as they like.
#[test]
fn ten_words_are_free_and_the_eleventh_ends_the_login() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    let mut login = begin(&stage);
    login.code_prompt();
    for word in ["", "?", "m", "s", "t", "", "?", "", "", ""] {
        login.tries(word);
    }
    login.answer("");
    login.finish().expect("PAM_AUTH_ERR");
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    stage.expect_conversations(1);
}

// Mutant: an empty answer tells nothing of the delivery, or tells of one that failed as if it had not.
#[test]
fn an_empty_answer_tells_that_no_relay_took_the_mail() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    sink.fault(Fault::no_such_mailbox());
    let mut login = begin(&stage);
    login.code_prompt();
    let failed = wait::until(SOON, || {
        let kinds = stage.store().event_kinds().ok()?;
        kinds.iter().any(|kind| kind == "delivery").then_some(())
    });
    failed.expect("a delivery on record");
    let said = login.tries("").text;
    assert!(said.contains("The mail could not be sent."), "{said}");
    // It was not charged: asked for, another goes out, and this time it arrives.
    sink.faults(&[]);
    stage.store().pass(Duration::from_secs(2));
    let said = login.tries("r").text;
    assert!(said.contains("A new code is on its way"), "{said}");
    login.answer(Mailbox::of(&sink).next_code());
    login.finish().expect("PAM_SUCCESS");
    assert_eq!(stage.store().mails_charged().unwrap(), 1);
}

// Mutant: the prompt waits for the delivery.
#[test]
fn the_prompt_comes_before_the_mail_has_gone() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    sink.fault(Fault::At(Step::Greeting, Act::Silent));
    let mut login = begin(&stage);
    let prompt = login.code_prompt();
    assert_eq!(prompt.style, Style::Shown);
    assert!(prompt.times.waited < 2000, "{:?}", prompt.times);
    assert!(login.tries("").text.contains("still being sent"));
    login.hang_up();
    login.finish();
}

// Mutant: an answer that is the password goes to the helper, and counts as a guess.
#[test]
fn the_password_at_our_prompt_is_the_hosts_answer_and_no_guess() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    let mut login = begin(&stage);
    login.code_prompt();
    login.answer(User::password_of("alice"));
    login.finish().expect("PAM_AUTH_ERR");
    let line = stage.wait_for_syslog(SOON, |line| line.message.starts_with("decision=refuse"));
    assert!(
        line.message.contains("KbdInteractiveAuthentication"),
        "{line:?}"
    );
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    stage.expect_conversations(1);
}

/// What sshd writes for users whom it will not let in, cut or repeated to the answer's length.
const JUNK: &[u8] = b"\x08\n\r\x7fINCORRECT";

// Mutant: flow::is_junk wants all of sshd's junk and misses what was cut short.
#[test]
fn sshds_junk_of_any_length_is_no_guess() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    for length in [1, 4, 8, 13, 26, 40] {
        let junk: Vec<u8> = JUNK.iter().copied().cycle().take(length).collect();
        let mut login = begin(&stage);
        login.code_prompt();
        login.answer(Answer::Bytes(junk));
        let outcome = login.finish();
        assert_eq!(outcome.authenticate(), "PAM_AUTH_ERR", "{length} bytes");
    }
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    // The code that was sent is none the worse for it.
    let mut login = begin(&stage);
    assert!(login.code_prompt().text.contains("already sent"));
    let code = Mailbox::of(&sink).next_code();
    login.tries(wrong(&code));
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: Code::typed does not fold case, or the alphabet has letters that look alike.
#[test]
fn a_code_of_letters_may_be_typed_in_small_ones() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let config = Config::to(&sink).set("code.alphabet", "letters");
    let stage = rig(config.number("code.length", 12));
    let mut login = begin(&stage);
    assert!(login.code_prompt().text.contains("the 12-letter code"));
    let code = Mailbox::of(&sink).next_code();
    assert!(!code.contains(['0', 'O', '1', 'I', 'L']), "{code}");
    login.answer(code.to_lowercase());
    login.finish().expect("PAM_SUCCESS");
}
