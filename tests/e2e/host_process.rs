//! Living inside sshd, sudo, su and login: what the host was like before, it is like after, and no
//! state of the host's is a way in. I4 is asserted by the harness after every one of these.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::pam::{Answer, Sigchld};
use gatepost_tests::pty::Pty;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::{Encryption, Sink};
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::users::User;
use gatepost_tests::wait::{SOON, until};
use rustix::process::Signal;

const SU: Need = Need::Program("/usr/bin/su");
const SUDO: Need = Need::Program("/usr/bin/sudo");
/// Longer than libpam's delay after a failure.
const A_MOMENT: Duration = Duration::from_secs(4);
const STRACE: Need = Need::Program("/usr/bin/strace");

fn stage(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .build()
}

/// The sheet of answers: a right login through `client`.
fn right(sink: &Sink, client: gatepost_tests::pam::Client<'_>) -> gatepost_tests::pam::Outcome {
    let before = sink.mails().len();
    client.run(|_| {
        let code = until(SOON, || {
            sink.mails()
                .get(before)
                .and_then(gatepost_tests::smtp::Mail::find_code)
        });
        Answer::from(code.unwrap())
    })
}

// No mutant: std itself moves what it hands on above 2, should above_stdio not.
#[test]
fn closed_stdio_8_combos() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    for combination in 0..8 {
        let closed: Vec<i32> = (0..3).filter(|fd| combination & (1 << fd) != 0).collect();
        let client = stage.pam("rig").user("alice").closed(&closed);
        let outcome = right(&sink, client);
        assert_eq!(
            outcome.authenticate(),
            "PAM_SUCCESS",
            "{closed:?}: {}",
            outcome.report()
        );
    }
}

// Mutant: HelperProcess takes a failing wait for a verdict, or sets SIGCHLD.
#[test]
fn sigchld_ign_handler_reaps_all_custom() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    for manner in [Sigchld::Ignore, Sigchld::ReapAll, Sigchld::Handler] {
        let shown = format!("{manner:?}");
        let client = stage.pam("rig").user("alice").sigchld(manner);
        let outcome = right(&sink, client);
        assert_eq!(
            outcome.authenticate(),
            "PAM_SUCCESS",
            "{shown}: {}",
            outcome.report()
        );
        let wrong = stage.pam("rig").user("alice").answers(["00000000"; 3]);
        assert_ne!(wrong.authenticate(), "PAM_SUCCESS", "{}", wrong.report());
    }
}

// Mutant: the module keeps its socket open after the verdict.
#[test]
fn fd_leak_and_no_stdio_over_many_calls() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    let rounds = if std::env::var_os("GATEPOST_SOAK").is_some() {
        1000
    } else {
        40
    };
    // Refusals and faults leak more easily than successes: an unenrolled user, every time.
    let outcome = stage
        .pam("rig")
        .user("carol")
        .without_failure_delay()
        .rounds(rounds)
        .answers([""; 0]);
    assert!(
        outcome
            .all_codes()
            .iter()
            .all(|code| *code == "PAM_USER_UNKNOWN"),
        "{}",
        outcome.report()
    );
}

// Mutant: the helper or the sender starts a thread.
#[test]
fn no_threads() {
    require!(STRACE);
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    let trace = "/run/trace";
    let client = stage.pam("rig").user("alice").under(&[
        "strace",
        "-f",
        "-qq",
        "-e",
        "trace=clone,clone3,fork,vfork",
        "-o",
        trace,
    ]);
    let outcome = right(&sink, client);
    assert_eq!(
        outcome.authenticate(),
        "PAM_SUCCESS",
        "{}",
        outcome.report()
    );
    let seen = stage.read(trace);
    assert!(!seen.contains("CLONE_THREAD"), "{seen}");
    assert!(
        seen.contains("clone") || seen.contains("fork"),
        "the trace saw no process: {seen}"
    );
}

// Mutant: Command::env_clear is not called; or the helper reads TZ, LANG, TMPDIR.
#[test]
fn a_hostile_environment_reaches_nobody() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    // Without those that ld.so and the C library obey in the host itself.
    let variables = [
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "http_proxy",
        "https_proxy",
        "ALL_PROXY",
        "TZ",
        "LANG",
        "LC_ALL",
        "TMPDIR",
        "SQLITE_TMPDIR",
        "RUST_BACKTRACE",
        "RUST_LOG",
        "NLSPATH",
        "XDG_CONFIG_HOME",
        "HOME",
        "PATH",
        "IFS",
        "GATEPOST_CONF",
    ];
    let client = variables
        .iter()
        .fold(stage.pam("rig").user("alice"), |client, name| {
            client.environment(name, "/evil")
        });
    let mut login = client.start();
    login.expect_prompt("Verification code: ");
    let helper = stage.wait_for_process("gatepost-helper");
    let environment = std::fs::read(format!("/proc/{}/environ", helper.pid)).expect("environ");
    assert_eq!(environment, b"", "the helper's environment is empty");
    login.answer(sink.next_mail(SOON).code());
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: the module treats the end of the stream as anything but a refusal.
#[test]
fn a_helper_that_dies_is_a_refusal_and_is_closed_as_lost() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    for signal in [Signal::KILL, Signal::TERM, Signal::SEGV] {
        let mut login = stage.pam("rig").user("alice").start();
        login.expect_prompt("Verification code: ");
        let helper = stage.wait_for_process("gatepost-helper");
        helper.signal(signal);
        assert!(helper.wait_end(SOON), "{signal:?}");
        login.answer("12345678");
        let outcome = login.finish();
        assert_eq!(
            outcome.authenticate(),
            "PAM_AUTHINFO_UNAVAIL",
            "{}",
            outcome.report()
        );
    }
    let outcome = stage.pam("rig").user("carol").answers([""; 0]);
    assert_eq!(
        outcome.authenticate(),
        "PAM_USER_UNKNOWN",
        "{}",
        outcome.report()
    );
    let lost = stage
        .syslog()
        .into_iter()
        .filter(|line| line.field("decision") == Some("lost"))
        .count();
    assert_eq!(lost, 3, "{}", stage.report());
}

// Mutant: the helper keeps the caller's uid, so that eve may kill it at bob's prompt.
#[test]
fn the_user_at_the_prompt_cannot_signal_the_helper() {
    require!(SU);
    let sink = Sink::start(Encryption::StartTls);
    let stage = Stage::builder()
        .product(Config::to(&sink))
        .enrol("bob", "bob@example.org")
        .stack("su", &Stack::plain())
        .build();
    let mut command = stage.command("setpriv");
    command.args([
        "--reuid=2005",
        "--regid=2005",
        "--clear-groups",
        "su",
        "bob",
        "-c",
        "id -un",
    ]);
    let mut su = Pty::start(&stage, &command);
    su.wait_for("Password: ");
    su.send_line(User::password_of("bob"));
    su.wait_for("Verification code: ");
    let helper = stage.wait_for_process("gatepost-helper");
    let mut kill = stage.command("setpriv");
    let pid = helper.pid.to_string();
    kill.args([
        "--reuid=2005",
        "--regid=2005",
        "--clear-groups",
        "kill",
        "-9",
        &pid,
    ]);
    let killed = stage.run(&mut kill);
    assert!(!killed.status.success(), "eve killed root's helper");
    su.send_line(&sink.next_mail(SOON).code());
    su.wait_for("bob");
    let status = su.wait_exit(SOON);
    assert_eq!(status.into_raw(), 0);
}

// Mutant: a helper that died behind the caller's limits, which reset_limits leaves, is one that let in. That
// it lifts them is rlimit_matrix_su's.
#[test]
fn rlimit_matrix() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    for (resource, value) in [
        ("fsize", 0),
        ("cpu", 1),
        ("core", 0),
        ("nofile", 64),
        ("nproc", 64),
    ] {
        let client = stage
            .pam("rig")
            .user("alice")
            .started_by(2005)
            .limit(resource, value);
        let outcome = right(&sink, client);
        // What cannot be raised again here must refuse; nothing may die or let in unasked.
        let ended = ["PAM_SUCCESS", "PAM_AUTHINFO_UNAVAIL"];
        assert!(
            ended.contains(&outcome.authenticate()),
            "{resource}: {}",
            outcome.report()
        );
        let asked = !outcome.messages().is_empty();
        assert!(
            asked || outcome.authenticate() != "PAM_SUCCESS",
            "{resource}"
        );
    }
}

// Mutant: sudo -n is mailed a code although nobody can type it.
#[test]
fn sudo_modes() {
    require!(SUDO);
    let sink = Sink::start(Encryption::StartTls);
    let stage = Stage::builder()
        .product(Config::to(&sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("sudo", &Stack::plain())
        .build();
    stage.write_as(
        "/etc/sudoers",
        "Defaults !lecture, mailerpath=/usr/bin/true\nalice ALL=(ALL) ALL\n",
        0o440,
    );
    let sudo = |arguments: &[&str]| {
        let mut command = stage.command("setpriv");
        command
            .args([
                "--reuid=2001",
                "--regid=2001",
                "--init-groups",
                "sudo",
                "-k",
            ])
            .args(arguments);
        command
    };
    // -n asks nobody: no mail.
    let refused = stage.run(&mut sudo(&["-n", "id", "-un"]));
    assert!(!refused.status.success(), "{refused:?}");
    assert_eq!(sink.mails().len(), 0);
    // At a terminal.
    let mut pty = Pty::start(&stage, &sudo(&["id", "-un"]));
    pty.wait_for("password for alice: ");
    pty.send_line(User::password_of("alice"));
    pty.wait_for("Verification code: ");
    pty.send_line(&sink.next_mail(SOON).code());
    pty.wait_for("root");
    assert!(pty.wait_exit(SOON).success());
    // Ctrl-C at the prompt is no way round it, as often as it is tried.
    for _ in 0..3 {
        let mut pty = Pty::start(&stage, &sudo(&["id", "-un"]));
        pty.wait_for("password for alice: ");
        pty.send_line(User::password_of("alice"));
        pty.wait_for("Verification code: ");
        // sudo may put its question again before it gives up.
        let gone = (0..5).any(|_| {
            pty.ctrl_c();
            until(A_MOMENT, || (!pty.is_running()).then_some(())).is_some()
        });
        assert!(gone, "{}", pty.transcript());
        assert!(!pty.wait_exit(SOON).success());
        assert!(!pty.transcript().contains("\nroot"), "{}", pty.transcript());
    }
}

// Mutant: the module takes a helper's exit status for its word.
#[test]
fn a_program_that_is_no_helper_is_a_refusal() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    for (service, program) in [("odd1", "/usr/bin/true"), ("odd2", "/usr/bin/false")] {
        stage.stack(service, &Stack::module(&format!("helper={program}")));
        let outcome = stage.pam(service).user("alice").answers([""; 0]);
        assert_eq!(
            outcome.authenticate(),
            "PAM_AUTHINFO_UNAVAIL",
            "{program}: {}",
            outcome.report()
        );
    }
}

// Mutant: the helper may leave a core. That it is not dumpable root cannot see from outside.
#[test]
fn no_secret_in_environ_cmdline_or_core_limit() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    let mut login = stage.pam("rig").user("alice").start();
    login.expect_prompt("Verification code: ");
    let code = sink.next_mail(SOON).code();
    let helper = stage.wait_for_process("gatepost-helper");
    let proc = |name: &str| std::fs::read(format!("/proc/{}/{name}", helper.pid)).expect(name);
    for name in ["cmdline", "environ"] {
        assert!(
            !String::from_utf8_lossy(&proc(name)).contains(&code),
            "{name}"
        );
    }
    let limits = String::from_utf8(proc("limits")).expect("limits");
    let ceiling = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .expect("core");
    assert_eq!(ceiling.split_whitespace().nth(4), Some("0"), "{ceiling}");
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: the debug argument writes the answer to the log. I5 greps for the code and the password.
#[test]
fn debug_has_no_secret() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    stage.stack("debugged", &Stack::of("auth requisite pam_unix.so nodelay\nauth required pam_gatepost.so debug\nauth required pam_permit.so\n"));
    let mut login = stage.pam("debugged").user("alice").start();
    login.expect_prompt("Password: ");
    login.answer(User::password_of("alice"));
    login.expect_prompt("Verification code: ");
    login.answer(sink.next_mail(SOON).code());
    login.finish().expect("PAM_SUCCESS");
    let steps = stage
        .syslog()
        .into_iter()
        .filter(|line| line.message.contains("asking, round"))
        .count();
    assert_eq!(steps, 1, "{}", stage.report());
}

// Mutant: a helper that was not started is ignored. That the module does not ask who it is changes nothing:
// the helper cannot become root.
#[test]
fn nonroot_host() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(&sink);
    let outcome = stage.pam("rig").user("alice").run_as(2001).answers([""; 0]);
    assert_eq!(
        outcome.authenticate(),
        "PAM_AUTHINFO_UNAVAIL",
        "{}",
        outcome.report()
    );
    assert_eq!(sink.mails().len(), 0);
}
