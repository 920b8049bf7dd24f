//! A store that others are busy with: the lock is waited for, not for long, and never taken for an answer.

use std::fs;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::soak;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

use super::faults;
use super::stage;

// Mutant: store::prepare sets no busy handler, or one that never gives up.
#[test]
fn busy_hold_10s() {
    require!();
    let (stage, sink) = stage();
    let words = "another process held the store for over 2 s";
    stage.wait_for_quiet();
    let lock = stage.store().hold();
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let outcome = client.without_failure_delay().answers([""; 0]);
    let waited = outcome.expect("PAM_AUTHINFO_UNAVAIL").duration();
    let bounds = Duration::from_millis(1800)..Duration::from_secs(6);
    assert!(bounds.contains(&waited), "{waited:?}");
    assert!(
        faults(&stage)
            .iter()
            .all(|line| line.message.contains(words))
    );
    drop(lock);

    // While somebody is at the prompt, with the right code in hand.
    let before = sink.mails().len();
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.code_prompt();
    let code = sink.wait_for_mail(before + 1, SOON).code();
    stage.wait_for_deliveries(1);
    let lock = stage.store().hold();
    login.answer(code.as_str());
    let outcome = login.finish().expect("PAM_AUTHINFO_UNAVAIL");
    assert!(
        outcome.duration() < Duration::from_secs(20),
        "{}",
        outcome.report()
    );
    drop(lock);
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.code_prompt();
    login.answer(code.as_str());
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: as for busy_hold_10s, or a retry around the whole login that waits again and again.
#[test]
fn a_lock_that_is_let_go_in_time_costs_a_login_only_time() {
    require!();
    let (stage, sink) = stage();
    stage.wait_for_quiet();
    let lock = stage.store().hold();
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    stage.wait_for_process("gatepost-helper");
    drop(lock);
    login.code_prompt();
    login.answer(sink.next_mail(SOON).code());
    login.finish().expect("PAM_SUCCESS");
    stage.expect_conversations(1);
}

/// What an administrator does all day: locks and unlocks, codes, addresses, looks at the log.
const EDITS: &str = "\
number=0
while [ ! -e /tmp/enough ] && [ $number -lt 5000 ]; do
    number=$((number + 1))
    gatepost user unlock bob && gatepost user disable carol && gatepost user enable carol &&
        gatepost recovery new bob && gatepost audit verify && gatepost why bob &&
        gatepost user list || exit 1
    echo round $number
done >/tmp/edits.log
tail -n 1 /tmp/edits.log
";

// Mutants: BEGIN instead of BEGIN IMMEDIATE (SQLITE_BUSY_SNAPSHOT is not waited for), with milliseconds between
// a read and its write; no busy handler.
#[test]
fn logins_beside_an_administrators_edits_have_the_right_verdicts() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let stage = Stage::builder()
        .product(Config::to(&sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .enrol("bob", "bob@example.org")
        .enrol("carol", "carol@example.org")
        .stack("rig", &Stack::module(""))
        .build();
    let mut shell = stage.command("/bin/sh");
    let administrator = stage.start(shell.args(["-c", EDITS]));
    let logins = soak::size(20, 100);
    for number in 0..logins {
        stage.store().refill_budgets();
        let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
        let mut login = client.without_failure_delay().start();
        // Between the codes come notices: bob hears of every unlocking.
        let prompt = login.code_prompt().text;
        let code = Mailbox::of(&sink).code_for(&prompt);
        let said = login.tries(wrong(&code)).text;
        assert!(said.contains("not right"), "{number}: {said}");
        login.answer(code);
        login.finish().expect("PAM_SUCCESS");
    }
    fs::write("/tmp/enough", "").unwrap();
    let edits = administrator.finish(SOON).success().stdout;
    assert!(edits.starts_with("round "), "{edits}");
    let decisions = stage.store().verdicts().unwrap();
    assert_eq!(decisions, vec!["success"; usize::try_from(logins).unwrap()]);
    stage.expect_conversations(usize::try_from(logins).unwrap());
}
