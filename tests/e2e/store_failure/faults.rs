//! A system call that fails, and a helper that is killed, one place after the other: no login is let in
//! by it, no count is lost, nothing is stuck, and the next login works.

use std::time::Duration;

use gatepost_tests::aging::Delivery;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::pam::Answer;
use gatepost_tests::pam::Prompt;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::Sink;
use gatepost_tests::soak;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;

use super::lets_alice_in;
use super::stage;

const STRACE: Need = Need::Program("/usr/bin/strace");

/// What alice types at the prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Path {
    Right,
    Wrong,
}

/// A login of alice's through the traced helper, its budgets full. What came of it, and whether the
/// right code was typed.
#[track_caller]
fn log_in_traced(stage: &Stage, sink: &Sink, path: Path) -> (String, bool) {
    let store = stage.store();
    store.refill_budgets();
    store.pass(Duration::from_hours(1));
    let mailbox = Mailbox::of(sink);
    let before = mailbox.codes().len();
    let mut typed = false;
    let attempts = store.deliveries().unwrap().len();
    let mut answer = |_: &Prompt| {
        // None comes of a helper that died before it sent the mail, or could not send it.
        let code = wait::until(SOON, || {
            let code = mailbox.codes().get(before).cloned();
            let failed = || {
                store
                    .deliveries()
                    .is_ok_and(|mut all| gave_up(&all.split_off(attempts)))
            };
            let died = || stage.processes("gatepost-helper").is_empty();
            (code.is_some() || failed() || died()).then_some(code)
        });
        let code = code.flatten();
        match (path, code) {
            (Path::Right, Some(code)) if !typed => {
                typed = true;
                Answer::from(code)
            }
            (Path::Right, _) => Answer::Fail,
            (Path::Wrong, _) => Answer::from("00000000"),
        }
    };
    let client = stage.pam("traced").user("alice").rhost("192.0.2.7");
    let outcome = client.without_failure_delay().run(&mut answer);
    stage.wait_for_quiet();
    (outcome.authenticate().to_owned(), typed)
}

/// A lone relay gets two attempts; a sender that cannot be started is not tried again.
fn gave_up(deliveries: &[Delivery]) -> bool {
    deliveries.len() == 2 || deliveries.iter().any(|one| one.outcome == "message")
}

/// What must hold after a login that something went wrong in.
#[track_caller]
fn judge(stage: &Stage, sink: &Sink, path: Path, code: &str, typed: bool, what: &str) {
    let (guesses, right) = stage.store().guesses().unwrap();
    if code == "PAM_SUCCESS" {
        assert!(
            path == Path::Right && typed,
            "{what}: let in without the code"
        );
        assert_eq!(right, 1, "{what}: let in, and the ledger does not know");
    }
    assert!(guesses >= right, "{what}");
    assert!(!code.is_empty(), "{what}: the host did not live");
    assert_eq!(stage.store().integrity().as_deref(), Ok("ok"), "{what}");
    // The next login is an ordinary one, and closes what was left open.
    lets_alice_in(stage, sink);
}

/// Evenly spread numbers from 1 to `last`: some three hundred in a soak, which takes minutes.
fn places(last: usize, few: u32) -> Vec<usize> {
    let all = soak::size(few, 300);
    let all = usize::try_from(all).unwrap().min(last);
    let mut places: Vec<usize> = (1..=all).map(|place| place * last / all).collect();
    places.dedup();
    places
}

// Mutant: login::code compares before count_guess has committed; Case::record's error lets a login end
// in Verdict::Ignore; or ToModule::Verdict is sent before consume().
#[test]
fn inject_eio() {
    require!(STRACE);
    let (stage, sink) = stage();
    // A commit that could not be synced may be found in the log later: the helper and syslog differ.
    stage.store_is_broken_on_purpose();
    let mut refused = 0;
    for (call, few) in [("pwrite64", 6), ("fdatasync", 4), ("ftruncate", 1)] {
        stage.trace_helper(&["-e", &format!("trace={call}")]);
        let (code, _) = log_in_traced(&stage, &sink, Path::Right);
        assert_eq!(code, "PAM_SUCCESS");
        let calls = stage.trace().matches(&format!("{call}(")).count();
        for place in places(calls, few) {
            for error in ["EIO", "ENOSPC"] {
                let inject = format!("inject={call}:error={error}:when={place}");
                stage.trace_helper(&["-e", &inject]);
                let (code, typed) = log_in_traced(&stage, &sink, Path::Right);
                refused += u32::from(code != "PAM_SUCCESS");
                judge(&stage, &sink, Path::Right, &code, typed, &inject);
                if call == "pwrite64" && place == 1 {
                    assert_ne!(
                        code, "PAM_SUCCESS",
                        "the first write failed, and nobody noticed"
                    );
                }
            }
        }
    }
    assert!(refused >= 6, "{refused}");
}

// Mutant: as for inject_eio; count_guess as part of the transaction that consumes; close_lost returns no
// row.
#[test]
fn kill_sweep() {
    require!(STRACE);
    let (stage, sink) = stage();
    // Killed between the commit of a decision and its line in the log: the one is without the other.
    stage.store_is_broken_on_purpose();
    let mut lost = 0;
    for path in [Path::Right, Path::Wrong] {
        stage.trace_helper(&["-e", "trace=all"]);
        let (code, _) = log_in_traced(&stage, &sink, path);
        assert_eq!(code == "PAM_SUCCESS", path == Path::Right, "{code}");
        let calls = stage.trace().lines().count();
        assert!(calls > 100, "{calls}");
        for place in places(calls, 8) {
            let inject = format!("inject=all:signal=KILL:when={place}");
            stage.trace_helper(&["-e", &inject]);
            let before = closed_as_lost(&stage);
            let (code, typed) = log_in_traced(&stage, &sink, path);
            judge(
                &stage,
                &sink,
                path,
                &code,
                typed,
                &format!("{path:?} {inject}"),
            );
            lost += closed_as_lost(&stage) - before;
        }
    }
    // How many of the places lie between a login's beginning and its decision is the machine's doing.
    assert!(lost >= 1, "none of the logins was closed as lost");
}

fn closed_as_lost(stage: &Stage) -> usize {
    let verdicts = stage.store().verdicts().unwrap();
    verdicts.iter().filter(|verdict| *verdict == "lost").count()
}

// Mutant: link::Link::hear takes a broken socket for an answer; Talk::verdict's error is a success.
#[test]
fn calls_that_are_refused_are_refusals() {
    require!(STRACE);
    let (stage, sink) = stage();
    stage.store_is_broken_on_purpose();
    for (call, error) in [
        ("getrandom", "ENOSYS"),
        ("openat", "EACCES"),
        ("openat", "EMFILE"),
        ("fcntl", "ENOLCK"),
        ("mmap", "ENOMEM"),
        ("clone3,clone,vfork", "EAGAIN"),
        ("timerfd_create", "EMFILE"),
        ("fstatfs", "EIO"),
    ] {
        let inject = format!("inject={call}:error={error}:when=1+");
        stage.trace_helper(&["-e", &inject]);
        let (code, typed) = log_in_traced(&stage, &sink, Path::Wrong);
        assert_ne!(code, "PAM_SUCCESS", "{inject}");
        judge(&stage, &sink, Path::Wrong, &code, typed, &inject);
    }
}
