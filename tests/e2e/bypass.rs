//! Bypass codes through the real libpam and sshd: made by the administrator's program, typed in place of
//! the mailed code.

use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::pam::Conversation;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::sshd::Sshd;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;

const SSHD: Need = Need::Program("/usr/sbin/sshd");
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
/// Of a bypass code's shape, and nobody's.
const GUESS: &str = "B-22AA-3333-4444";

fn rig(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .enrol("bob", "bob@example.org")
        .stack("rig", &Stack::plain())
        .stack("decoy", &Stack::decoy())
        .stack("sshd", &Stack::plain())
        .build()
}

fn begin<'s>(stage: &'s Stage, service: &str, user: &str) -> Conversation<'s> {
    let client = stage.pam(service).user(user).rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.password_of(user);
    login
}

/// Whether a new login lets in with that answer.
fn lets_in(stage: &Stage, user: &str, code: &str) -> bool {
    let mut login = begin(stage, "rig", user);
    login.code_prompt();
    login.answer(code);
    if login.next_prompt().is_some() {
        login.hang_up();
        login.finish();
        return false;
    }
    login.finish().authenticate() == "PAM_SUCCESS"
}

// Mutants: consume_bypass takes no use away; the account is looked at neither by count_bypass nor by
// consume_bypass (each alone covers the other).
#[test]
fn a_bypass_code_lets_in_once_however_it_is_written() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let ways: [fn(&str) -> String; 4] = [
        str::to_owned,
        str::to_lowercase,
        |code| code.replace('-', ""),
        |code| format!(" {} ", code.replace('-', " ")),
    ];
    for way in ways {
        let code = stage.bypass_code("alice", &[]);
        assert!(!lets_in(&stage, "bob", &code), "somebody else's");
        assert!(lets_in(&stage, "alice", &way(&code)));
        assert!(!lets_in(&stage, "alice", &code), "a replay");
        stage.store().pass(HOUR * 2);
    }
    let twice = stage.bypass_code("alice", &["--uses", "2"]);
    assert!(lets_in(&stage, "alice", &twice));
    assert!(lets_in(&stage, "alice", &twice));
    assert!(!lets_in(&stage, "alice", &twice));
}

// Mutants, each in count_bypass and in consume_bypass, since each alone covers the other: a life without an
// end; one that outlives a boot; revoked_wall is not looked at. And: revoking, or taking back, does not set it.
#[test]
fn a_bypass_code_ends_with_its_time_its_boot_and_by_an_act() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let acts: [fn(&Stage); 6] = [
        |stage| stage.store().pass(MINUTE * 15),
        |stage| stage.store().reboot(),
        |stage| {
            let _ = stage.gatepost(&["bypass", "revoke", "alice"]).success();
        },
        |stage| {
            let _ = stage.gatepost(&["undo", "--yes"]).success();
        },
        |stage| {
            let words = ["factor", "remove", "alice", "bypass"];
            let _ = stage.gatepost(&words).success();
        },
        |stage| {
            for act in ["disable", "enable"] {
                let _ = stage.gatepost(&["user", act, "alice"]).success();
            }
        },
    ];
    for (number, act) in acts.iter().enumerate() {
        let code = stage.bypass_code("alice", &[]);
        act(&stage);
        assert!(!lets_in(&stage, "alice", &code), "act {number}");
        // Five wrong ones an hour would lock them all.
        stage.store().pass(HOUR * 2);
    }
    let code = stage.bypass_code("alice", &["--ttl", "20m"]);
    stage.store().pass(MINUTE * 19);
    assert!(lets_in(&stage, "alice", &code));
}

// Mutants: count_bypass looks at the lock on mailed codes, has no budget, or counts after comparing.
#[test]
fn a_bypass_code_works_under_a_window_lock_and_its_guesses_are_counted() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut mailbox = Mailbox::of(&sink);
    let mut count = 0;
    while count < 10 {
        let mut login = begin(&stage, "rig", "alice");
        login.code_prompt();
        let code = mailbox.next_code();
        for _ in 0..2.min(10 - count) {
            login.tries(wrong(&code));
            count += 1;
        }
        login.hang_up();
        login.finish();
        stage.store().pass(Duration::from_mins(6));
    }
    let mut login = begin(&stage, "rig", "alice");
    let said = login.code_prompt().text;
    assert!(said.contains("mailed codes are locked"), "{said}");
    assert!(said.contains("A recovery or bypass code works"), "{said}");
    login.hang_up();
    login.finish();
    let code = stage.bypass_code("alice", &["--uses", "2", "--ttl", "2h"]);
    for guess in 1..=4 {
        assert!(!lets_in(&stage, "alice", GUESS), "guess {guess}");
    }
    assert_eq!(stage.store().guesses().unwrap(), (14, 0));
    assert!(lets_in(&stage, "alice", &code));
    assert!(!lets_in(&stage, "alice", GUESS));
    assert_eq!(stage.store().guesses().unwrap(), (16, 1));
    assert!(!lets_in(&stage, "alice", &code), "the budget is used up");
    assert_eq!(stage.store().guesses().unwrap(), (16, 1));
}

// Mutant: a failed delivery shuts the prompt for bypass codes.
#[test]
fn relay_down_bypass_code_works_over_ssh() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let code = stage.bypass_code("alice", &[]);
    sink.stop();
    let sshd = Sshd::start(&stage);
    let mut login = sshd.login("alice");
    login
        .password_of("alice")
        .expect_prompt("Verification code: ");
    stage.wait_for_deliveries(2);
    login.answer(&code);
    login.expect_shell().log_out();
    // What was typed is nowhere; stages look for it in every file and line when they end.
    let kinds = stage.store().event_kinds().unwrap();
    assert!(kinds.contains(&"bypass-used".to_owned()), "{kinds:?}");
}

// Mutant: the uses are read and then written; then several of a crowd are let in. That consume_bypass asks
// whether a use is left is covered by the schema, which lets none fall below zero.
#[test]
fn of_a_crowd_with_one_bypass_code_one_gets_in() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let code = stage.bypass_code("alice", &[]);
    let mut crowd: Vec<Conversation<'_>> = (0..4)
        .map(|_| {
            let mut login = begin(&stage, "rig", "alice");
            login.code_prompt();
            login
        })
        .collect();
    for login in &mut crowd {
        login.answer(code.as_str());
    }
    let inside = crowd.into_iter().map(|mut login| {
        if login.next_prompt().is_some() {
            login.hang_up();
        }
        login.finish().authenticate() == "PAM_SUCCESS"
    });
    assert_eq!(inside.filter(|is| *is).count(), 1);
}

// Mutant: a decoy stack says what it knows of bypass codes; or takes none.
#[test]
fn a_decoy_stack_shows_nothing_of_bypass_codes() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let code = stage.bypass_code("alice", &[]);
    let told = |password: Option<&str>| {
        let client = stage.pam("decoy").user("alice").rhost("192.0.2.7");
        let mut login = client.without_failure_delay().start();
        match password {
            Some(wrong) => {
                login.expect_prompt("Password: ");
                login.answer(wrong);
            }
            None => {
                login.password_of("alice");
            }
        }
        login.code_prompt();
        login.tries(GUESS);
        login.tries(GUESS);
        login.answer(GUESS);
        login.finish().expect("PAM_MAXTRIES").messages().to_vec()
    };
    assert_eq!(told(None), told(Some("not the password")));
    let mut login = begin(&stage, "decoy", "alice");
    login.code_prompt();
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
}
