//! What goes on in a host while our code runs in it: signals that cut its calls short, children of its
//! own that end, programs that it starts. None of it is a verdict, and none of it gets hold of ours.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::pam::INTERRUPTIONS;
use gatepost_tests::pam::ProcessState;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::soak;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::users::User;
use gatepost_tests::wait::Watched;
use rustix::process::Pid;
use rustix::process::PidfdFlags;
use rustix::process::pidfd_open;
use rustix::process::pidfd_send_signal;

fn rig(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .stack("plain", &Stack::plain())
        .build()
}

/// Eight signals to this process, a thousand times a second each, until `over`.
fn storm(pid: u32, over: &Watched<bool>) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let process = pidfd_open(pid, PidfdFlags::empty()).unwrap();
    while over
        .wait(Duration::from_millis(1), |over| over.then_some(()))
        .is_none()
    {
        for signal in INTERRUPTIONS {
            // A host that has ended gets none.
            let _ = pidfd_send_signal(&process, signal);
        }
    }
}

// Mutant: helper_process::deadline takes EINTR for the deadline; or the socket takes it for a fault.
#[test]
fn signal_storm() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mailbox = Mailbox::of(&sink);
    for number in 0..soak::size(6, 200) {
        // Each login types a wrong code: a day later the budget is full again.
        stage.store().pass(Duration::from_hours(25));
        let source = format!("192.0.2.{}", number % 200 + 1);
        let client = stage.pam("plain").user("alice").rhost(source.as_str());
        let mut login = client.interruptible().start();
        // The host asks for the password, so its handlers are in place.
        let password = login.next_prompt().unwrap();
        assert!(password.text.contains("Password"), "{}", password.text);
        let over = Arc::new(Watched::new(false));
        let weather = {
            let (pid, over) = (login.pid(), Arc::clone(&over));
            thread::spawn(move || storm(pid, &over))
        };
        login.answer(User::password_of("alice"));
        let prompt = login.code_prompt();
        let again = login.tries("00000000");
        assert!(again.text.contains("not right"), "{}", again.text);
        login.answer(mailbox.code_for(&prompt.text));
        let outcome = login.finish();
        over.update(|over| *over = true);
        weather.join().unwrap();
        outcome.expect("PAM_SUCCESS");
    }
}

// Mutant: HelperProcess::wait waits for any child; then the host's own is taken away, and its status 0
// for the helper's.
#[test]
fn host_child_exits_0_midway() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let quits = "/usr/libexec/gatepost/quits";
    stage.write_as(quits, "#!/bin/sh\nexit 0\n", 0o755);
    stage.stack("quits", &Stack::module(&format!("helper={quits}")));
    let client = |service, user| {
        let client = stage.pam(service).user(user).rhost("192.0.2.7");
        client.without_failure_delay().with_a_child_of_its_own()
    };
    let code = |service, user| {
        let outcome = client(service, user).answers(["00000000"; 3]);
        outcome.authenticate().to_owned()
    };
    assert_eq!(code("quits", "alice"), "PAM_AUTHINFO_UNAVAIL");
    assert_eq!(code("rig", "carol"), "PAM_USER_UNKNOWN");
    assert_eq!(code("rig", "alice"), "PAM_MAXTRIES");
    stage.store().pass(Duration::from_mins(1));
    let mut login = client("rig", "alice").start();
    let prompt = login.code_prompt();
    login.answer(Mailbox::of(&sink).code_for(&prompt.text));
    login.finish().expect("PAM_SUCCESS");
}

/// Descriptors above standard error that a program started now would inherit.
fn inherited(state: &ProcessState) -> Vec<String> {
    const CLOSE_ON_EXEC: u32 = 0o2_000_000;
    let descriptors = state.iter().filter_map(|(name, value)| {
        let number: u32 = name.strip_prefix("fd ")?.parse().ok()?;
        let flags = value.rsplit_once(' ').map_or("", |(_, flags)| flags);
        let flags = u32::from_str_radix(flags, 8).unwrap_or(0);
        (number > 2 && flags & CLOSE_ON_EXEC == 0).then(|| format!("{name}: {value}"))
    });
    descriptors.collect()
}

// Mutant: the module's socket pair is made without CLOEXEC; or the helper's descriptors are.
#[test]
fn fd_cloexec_during_prompt() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut login = stage.pam("rig").user("alice").rhost("192.0.2.7").start();
    let prompt = login.code_prompt();
    let helper = stage.wait_for_process("gatepost-helper");
    // With its store, its log and its sender's pipes open.
    assert_eq!(inherited(&helper.look()), [""; 0]);
    let at_the_prompt = login.look();
    login.answer(Mailbox::of(&sink).code_for(&prompt.text));
    let outcome = login.finish().expect("PAM_SUCCESS");
    // What the host was started with is not ours.
    let (_, before) = outcome.states().first().unwrap();
    let open = |state: &ProcessState| state.keys().filter(|name| name.starts_with("fd ")).count();
    assert!(open(&at_the_prompt) > open(before), "{at_the_prompt:?}");
    assert_eq!(inherited(&at_the_prompt), inherited(before));
}
