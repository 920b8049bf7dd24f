//! A store that is missing, damaged, full, locked or somebody else's: every login is refused, nothing is
//! mended behind the administrator's back, and it works again once the cause is gone.

mod busy;
mod content;
mod disk;
mod faults;
mod paths;

use gatepost_tests::config::Config;
use gatepost_tests::pam::Outcome;
use gatepost_tests::product::STORE;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::strace;
use gatepost_tests::syslog::SyslogLine;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;

/// The folder that the store lies in.
const FOLDER: &str = "/var/lib/gatepost";

/// Alice enrolled, whoever is not enrolled let through: an error that is taken for "not enrolled" opens.
fn stage() -> (Stage, Sink) {
    let sink = Sink::start(Encryption::Implicit);
    let config = Config::to(&sink)
        .set("limits.send_cooldown", "1s")
        .set("login.unenrolled", "ignore");
    let stage = Stage::builder()
        .product(config)
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .stack("traced", &strace::stack())
        .build();
    (stage, sink)
}

/// A login of `user`'s that answers with a wrong code and then hangs up.
#[track_caller]
fn try_as(stage: &Stage, user: &str) -> Outcome {
    let client = stage.pam("rig").user(user).rhost("192.0.2.7");
    client.without_failure_delay().answers(["00000000"])
}

/// Alice and carol, who is not enrolled, are refused before a prompt, and the log says `words`.
#[track_caller]
fn refuses_everybody(stage: &Stage, words: &str) {
    for user in ["alice", "carol"] {
        let before = faults(stage).len();
        let outcome = try_as(stage, user).expect("PAM_AUTHINFO_UNAVAIL");
        assert_eq!(outcome.messages(), [], "{words}: {}", outcome.report());
        let says_so =
            |line: &SyslogLine| line.field("user") == Some(user) && line.message.contains(words);
        let told = wait::until(SOON, || {
            let lines = faults(stage).split_off(before);
            lines.iter().any(says_so).then_some(())
        });
        assert!(told.is_some(), "{user} {words:?}\n{}", stage.report());
    }
}

/// The lines of logins that ended by a fault.
fn faults(stage: &Stage) -> Vec<SyslogLine> {
    let mut lines = stage.syslog();
    lines.retain(|line| line.message.starts_with("decision=refuse why=fault"));
    lines
}

/// Alice logs in with a fresh code, as if an hour had passed; and then nothing waits any more.
#[track_caller]
fn lets_alice_in(stage: &Stage, sink: &Sink) {
    stage.wait_for_quiet();
    stage.store().refill_budgets();
    stage.store().pass(std::time::Duration::from_hours(1));
    let before = sink.mails().len();
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    let prompt = login.code_prompt();
    assert!(prompt.text.contains("code sent to"), "{prompt:?}");
    let mut mail = sink.wait_for_mail(before + 1, SOON);
    if mail.find_code().is_none() {
        // A notice of an earlier login was faster.
        mail = sink.wait_for_mail(before + 2, SOON);
    }
    login.answer(mail.code());
    login.finish().expect("PAM_SUCCESS");
    stage.wait_for_quiet();
    assert_eq!(stage.store().integrity().as_deref(), Ok("ok"));
    assert_eq!(stage.store().waiting(), Ok(0));
}

/// The store's file and what may lie beside it.
fn files() -> [String; 3] {
    ["", "-wal", "-shm"].map(|suffix| format!("{STORE}{suffix}"))
}
