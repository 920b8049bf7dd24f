//! Guessing: however somebody with the password goes about it, as many codes are compared as the policy
//! says, and every one of them was counted first.

use std::fs;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::pam::Conversation;
use gatepost_tests::process::Process;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::soak;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;
use rustix::process::Signal;

/// What an attacker types who knows nothing: one code in a hundred million.
const GUESS: &str = "00000000";

const HOUR: Duration = Duration::from_hours(1);

/// alice enrolled, the limits at their defaults but for a short cooldown.
fn rig(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::plain())
        .build()
}

/// Begins a login from `rhost`, the password typed.
fn begin<'s>(stage: &'s Stage, rhost: &str) -> Conversation<'s> {
    let client = stage.pam("rig").user("alice").rhost(rhost);
    let mut login = client.without_failure_delay().start();
    login.password_of("alice");
    login
}

/// Logs in as often as `clients` at once, each typing guesses until it is sent away; yields how many
/// answers were typed.
fn attack(stage: &Stage, clients: usize) -> u32 {
    let mut typed = 0;
    let mut logins: Vec<Conversation<'_>> =
        (0..clients).map(|_| begin(stage, "192.0.2.7")).collect();
    // All at their prompts, or refused one, before the first answer.
    let mut asked: Vec<bool> = logins
        .iter_mut()
        .map(|login| login.next_prompt().is_some())
        .collect();
    while asked.contains(&true) {
        for (login, _) in logins.iter_mut().zip(&asked).filter(|(_, asked)| **asked) {
            login.answer(GUESS);
            typed += 1;
        }
        for (login, asked) in logins
            .iter_mut()
            .zip(&mut asked)
            .filter(|(_, asked)| **asked)
        {
            *asked = login.next_prompt().is_some();
        }
    }
    for login in logins {
        assert_ne!(login.finish().authenticate(), "PAM_SUCCESS");
    }
    typed
}

/// Attacks until so many answers were typed; between two rounds the cooldown passes.
fn attack_with(stage: &Stage, answers: u32) {
    let mut typed = 0;
    while typed < answers {
        typed += attack(stage, 8);
        stage.wait_for_quiet();
        stage.store().pass(Duration::from_secs(2));
    }
}

// Mutant: store::guesses::count_guess does not look at the lock; or write_guess writes nothing.
#[test]
fn guess_10k_parallel() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    attack_with(&stage, soak::size(40, 10_000));
    let store = stage.store();
    assert_eq!(store.guesses().unwrap(), (10, 0), "ten an hour");
    assert_eq!(store.failures_in_a_row("alice").unwrap(), 10);
}

// Mutant: lockout::mailed looks at the hour alone; or guesses are forgotten with their code.
#[test]
fn a_thousand_wrong_answers_in_a_day_are_compared_twenty_times() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    for expected in [10, 20, 20] {
        attack_with(&stage, soak::size(40, 334));
        assert_eq!(stage.store().guesses().unwrap(), (expected, 0));
        stage.store().pass(HOUR);
    }
    // Nor does a locked day's right code help: there is none, for no mail goes out either.
    let mails = Mailbox::of(&sink).codes();
    let mut login = begin(&stage, "192.0.2.7");
    assert!(login.code_prompt().text.contains("locked for another"));
    login.hang_up();
    login.finish();
    stage.wait_for_quiet();
    assert_eq!(Mailbox::of(&sink).codes(), mails);
}

// Mutant: signin::resend::Store::resend gives the new challenge all its tries; or clears failures_in_row.
#[test]
fn guess_resend_keeps_count() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut mailbox = Mailbox::of(&sink);
    let mut counted = 0;
    for round in 1..=3 {
        let mut login = begin(&stage, "192.0.2.7");
        login.code_prompt();
        for left in ["2 tries left", "One try left"] {
            let code = mailbox.next_code();
            let said = login.tries(wrong(&code)).text;
            assert!(said.contains(left), "round {round}: {said}");
            counted += 1;
            assert_eq!(stage.store().guesses().unwrap(), (counted, 0));
            assert_eq!(
                stage.store().failures_in_a_row("alice").unwrap(),
                counted,
                "a new code in between changes nothing"
            );
            // Five mails an hour would end this; that hour's mails are not what is tried here.
            stage.store().pass(Duration::from_secs(2));
            let said = login.tries("r").text;
            assert!(said.contains("A new code is on its way"), "{said}");
            stage.store().forget_mails();
        }
        login.answer(wrong(&mailbox.next_code()));
        login.finish().expect("PAM_MAXTRIES");
        counted += 1;
        stage.store().pass(Duration::from_secs(2));
    }
    let mut login = begin(&stage, "192.0.2.7");
    login.code_prompt();
    let code = mailbox.next_code();
    assert!(login.tries(wrong(&code)).text.contains("2 tries left"));
    assert_eq!(stage.store().guesses().unwrap(), (10, 0));
    // The tenth locks, for as long as if nobody had asked for new codes.
    let said = login.tries("r").text;
    assert!(said.contains("locked for another 59 min"), "{said}");
    login.hang_up();
    login.finish();
}

// Mutant: the guess is counted when the reply has been sent, and not before.
#[test]
fn guess_disconnect_after_answer() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut mailbox = Mailbox::of(&sink);
    let mut code = String::new();
    for guesses in 1..=10 {
        let mut login = begin(&stage, "192.0.2.7");
        if !login.code_prompt().text.contains("already sent") {
            code = mailbox.next_code();
        }
        login.answer(wrong(&code));
        let counted = wait::until(SOON, || {
            let (counted, _) = stage.store().guesses().ok()?;
            (counted == guesses).then_some(())
        });
        // The reply was not read: the host dies with it.
        login.signal(Signal::KILL);
        assert!(counted.is_some(), "guess {guesses} is not counted");
        login.finish_killed();
        stage.wait_for_quiet();
        stage.store().pass(Duration::from_secs(2));
    }
    assert_eq!(stage.store().failures_in_a_row("alice").unwrap(), 10);
    let mut login = begin(&stage, "192.0.2.7");
    assert!(login.code_prompt().text.contains("locked for another"));
    login.answer(code.as_str());
    login.code_prompt();
    login.hang_up();
    login.finish();
    assert_eq!(stage.store().guesses().unwrap(), (10, 0));
}

// Mutant: an answer to a code that is not this login's own is compared with the newest code there is.
#[test]
fn a_login_without_a_code_of_its_own_compares_nothing() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut owner = begin(&stage, "192.0.2.7");
    owner.code_prompt();
    let code = Mailbox::of(&sink).next_code();
    // Within the cooldown another source gets no mail, and its answers meet a closed door.
    let mut other = begin(&stage, "198.51.100.9");
    assert!(other.code_prompt().text.contains("no mail is sent now"));
    other.tries(code.as_str());
    other.tries(code.as_str());
    other.answer(code.as_str());
    other.finish().expect("PAM_MAXTRIES");
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    owner.answer(code);
    owner.finish().expect("PAM_SUCCESS");
}

/// A helper that strace holds: what it injects reaches the helper and nobody else.
const TRACED: &str = "/usr/libexec/gatepost/traced-helper";

fn trace_helper(stage: &Stage, options: &str) {
    let script = format!(
        "#!/bin/sh\nexec /usr/bin/strace -qq -o /tmp/trace {options} \
         /usr/libexec/gatepost/gatepost-helper\n"
    );
    stage.write_as(TRACED, &script, 0o755);
}

fn traced_stack() -> Stack {
    Stack::of(&format!(
        "auth requisite pam_unix.so nodelay\nauth required pam_gatepost.so helper={TRACED}\n\
         auth required pam_permit.so\n"
    ))
}

// Mutant: host::System::fill_random falls back to another source (or ignores the error).
#[test]
fn no_randomness_is_a_refusal() {
    require!(Need::Program("/usr/bin/strace"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    stage.stack("traced", &traced_stack());
    let log_in = |service: &str, strace: &[&str]| {
        let client = stage.pam(service).user("alice").rhost("192.0.2.7");
        let mut login = client.without_failure_delay().under(strace).start();
        login.password_of("alice");
        let asked = login.next_prompt().is_some();
        if asked {
            login.hang_up();
        }
        (asked, login.finish().authenticate().to_owned())
    };
    for error in ["ENOSYS", "EAGAIN", "EIO"] {
        let inject = format!("inject=getrandom:error={error}");
        // In the helper: no code can be made.
        trace_helper(&stage, &format!("-e {inject}"));
        let (asked, code) = log_in("traced", &[]);
        assert_eq!((asked, &*code), (false, "PAM_AUTHINFO_UNAVAIL"), "{error}");
        // In the host: the module has no nonce, and starts nothing.
        let strace = ["/usr/bin/strace", "-qq", "-o", "/tmp/trace", "-e", &inject];
        let (asked, code) = log_in("rig", &strace);
        assert_eq!((asked, &*code), (false, "PAM_SYSTEM_ERR"), "{error}");
    }
    // A call that a signal cuts short is made again.
    trace_helper(&stage, "-e inject=getrandom:error=EINTR:when=1..2");
    assert!(log_in("traced", &[]).0, "no prompt after EINTR");
    stage.wait_for_quiet();
    assert_eq!(Mailbox::of(&sink).codes().len(), 1);
}

/// Has every write of the one helper that runs fail from here on.
fn fail_writes(stage: &Stage, error: &str) -> Process {
    let pid = stage.wait_for_process("gatepost-helper").pid;
    let strace = stage.start(stage.command("/usr/bin/strace").args([
        "-qq",
        "-o",
        "/tmp/trace",
        "-e",
        &format!("inject=pwrite64,fdatasync:error={error}"),
        "-p",
        &pid.to_string(),
    ]));
    let status = format!("/proc/{pid}/status");
    let holds = wait::until(SOON, || {
        let status = fs::read_to_string(&status).ok()?;
        (!status.contains("TracerPid:\t0\n")).then_some(())
    });
    assert!(holds.is_some(), "strace does not hold the helper");
    strace
}

// Mutant: a commit that failed is ignored.
#[test]
fn a_guess_that_cannot_be_counted_is_not_compared() {
    require!(Need::Program("/usr/bin/strace"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut mailbox = Mailbox::of(&sink);
    let mut login = begin(&stage, "192.0.2.7");
    login.code_prompt();
    let code = mailbox.next_code();
    login.hang_up();
    login.finish();
    stage.wait_for_quiet();
    for error in ["EIO", "ENOSPC"] {
        let mut login = begin(&stage, "192.0.2.7");
        login.code_prompt();
        // From the prompt on: the first write that fails is the count's.
        let mut strace = fail_writes(&stage, error);
        login.answer(code.as_str());
        while login.next_prompt().is_some() {
            login.hang_up();
        }
        let outcome = login.finish();
        assert_ne!(
            outcome.authenticate(),
            "PAM_SUCCESS",
            "{}",
            outcome.report()
        );
        stage.wait_for_quiet();
        assert!(strace.wait(SOON).is_some(), "strace goes on");
        assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    }
    let mut login = begin(&stage, "192.0.2.7");
    login.code_prompt();
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: the module takes a helper that died behind an answer for one that let in; or the guess is
// counted after the reply.
#[test]
fn a_helper_killed_at_any_write_lets_nobody_in_uncounted() {
    require!(Need::Program("/usr/bin/strace"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    stage.stack("traced", &traced_stack());
    let mailbox = Mailbox::of(&sink);
    let store = stage.store();
    let mut killed = 0;
    let points = soak::size(8, 64);
    for point in 1..=points {
        let write = 64 * point / points;
        trace_helper(
            &stage,
            &format!("-e inject=pwrite64:signal=KILL:when={write}"),
        );
        store.pass(HOUR * 25);
        let (all, right) = store.guesses().unwrap();
        let client = stage.pam("traced").user("alice").rhost("192.0.2.7");
        let mut login = client.without_failure_delay().start();
        login.password_of("alice");
        let asked = login.next_prompt();
        if let Some(prompt) = &asked {
            login.answer(mailbox.code_for(&prompt.text));
            while login.next_prompt().is_some() {
                login.hang_up();
            }
        }
        let outcome = login.finish();
        let let_in = outcome.authenticate() == "PAM_SUCCESS";
        stage.wait_for_quiet();
        let counted = store.guesses().unwrap();
        // A code may be used up with nobody let in, never the other way round.
        let used = right + u32::from(let_in)..=right + 1;
        assert!(used.contains(&counted.1), "write {write}: {counted:?}");
        assert!(counted.0 >= all + u32::from(let_in), "write {write}");
        killed += u32::from(outcome.authenticate() == "PAM_AUTHINFO_UNAVAIL");
        // Nobody else is any the worse for it.
        store.pass(Duration::from_secs(2));
        let mut next = begin(&stage, "192.0.2.7");
        let prompt = next.code_prompt();
        next.answer(mailbox.code_for(&prompt.text));
        next.finish().expect("PAM_SUCCESS");
    }
    assert!(killed >= points / 2, "{killed} of {points} were killed");
}
