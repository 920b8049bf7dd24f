//! One system call that fails, at every place in turn: in the module's host and in the helper. Whatever
//! fails, a wrong code lets nobody in, no line of the stack lets in instead, and the next login works.

use std::collections::BTreeMap;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::soak;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::strace;

/// What an attacker types who knows nothing: one code in a hundred million.
const GUESS: &str = "00000000";

/// Long enough for every budget but the row to be full again.
const DAY: Duration = Duration::from_hours(25);

/// Where strace writes what the module's host calls.
const TRACE: &str = "/tmp/host.trace";

/// Calls of the module that its host, as the tests have it, does not make itself between two of them.
const OF_THE_MODULE: [&str; 13] = [
    "clone3",
    "fcntl",
    "geteuid",
    "getrandom",
    "open",
    "pidfd_open",
    "pidfd_send_signal",
    "poll",
    "ppoll",
    "recvfrom",
    "sendto",
    "socketpair",
    "waitid",
];

/// How a call fails. Some errors are handled apart (EINTR: again; ENOSYS: an old kernel), and a call that
/// claims to have done nothing in place of failing is the worst of them.
const FAILURES: [&str; 5] = [
    "error=EIO",
    "error=ENOMEM",
    "error=EINTR",
    "error=ENOSYS",
    "retval=0",
];

fn rig(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .stack("traced", &strace::stack())
        .build()
}

/// The system calls of a trace from the first `begin` on: the name, and how often it was made by then.
fn calls_in(trace: &str, begin: &str) -> Vec<(String, u32)> {
    let mut counts = BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let name = line.split_once('(').map_or("", |(name, _)| name);
        let count = counts.entry(name).or_insert(0_u32);
        *count += 1;
        // Asking for a lock without waiting, or giving one back, fails on no file system that we take;
        // SQLite would try for ten seconds.
        let is_lock = line.contains("F_SETLK");
        if !is_lock && (name == begin || !calls.is_empty()) {
            calls.push((name.to_owned(), *count));
        }
    }
    calls.retain(|(name, _)| !name.is_empty());
    calls
}

/// A login that types one wrong code and hangs up; what `pam_authenticate` said.
fn guess(stage: &Stage, service: &str, under: &[&str]) -> String {
    stage.store().pass(DAY);
    stage.store().set_failures_in_a_row("alice", 0);
    let client = stage.pam(service).user("alice").rhost("192.0.2.7");
    // Where one of the two waits in vain for the other, it gives up after 35 s.
    let client = client
        .without_failure_delay()
        .deadline(Duration::from_mins(1));
    let outcome = client.under(under).answers([GUESS]);
    outcome.authenticate().to_owned()
}

/// The right code, typed at once.
#[track_caller]
fn log_in(stage: &Stage, sink: &Sink) {
    stage.store().pass(DAY);
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.start();
    let prompt = login.code_prompt();
    login.answer(Mailbox::of(sink).code_for(&prompt.text));
    login.finish().expect("PAM_SUCCESS");
}

/// Of all faults, evenly spread, as many as this run has time for.
fn spread(calls: &[(String, u32)], wanted: u32) -> Vec<String> {
    let all: Vec<String> = calls
        .iter()
        .enumerate()
        .flat_map(|(place, (name, count))| {
            // The kinds in another order at each place, so that a spread of a few meets them all.
            let kinds = FAILURES.iter().cycle().skip(place).take(FAILURES.len());
            kinds.map(move |kind| format!("inject={name}:{kind}:when={count}"))
        })
        .collect();
    let step = all.len().div_ceil(usize::try_from(wanted).unwrap()).max(1);
    all.into_iter().step_by(step).collect()
}

/// Types a wrong code under each of these faults in the helper; counts the verdicts.
fn sweep(stage: &Stage, faults: Vec<String>, codes: &mut BTreeMap<String, u32>) {
    for fault in faults {
        stage.trace_helper(&["-qq", "-e", &fault]);
        let code = guess(stage, "traced", &[]);
        assert_ne!(code, "PAM_SUCCESS", "in the helper: {fault}");
        assert_ne!(code, "PAM_IGNORE", "in the helper: {fault}");
        *codes.entry(code).or_insert(0) += 1;
    }
}

/// The calls by which a line reaches the system log: where they fail there is no line, and where a call
/// claims a success there is nobody to know it.
fn writes_the_log(fault: &str) -> bool {
    let calls = ["connect", "sendto", "setsockopt", "socket"];
    let ours = calls.map(|call| format!("inject={call}:"));
    ours.iter().any(|call| fault.starts_with(call)) && !fault.contains("EINTR")
}

// Mutant: the module's table answers PAM_IGNORE to a fault (the stack's pam_permit then lets in), or the
// helper's silence is a success.
#[test]
fn ret_sweep_all_faults() {
    require!(Need::Program("/usr/bin/strace"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);

    // Without a fault, to see which calls there are.
    stage.trace_helper(&["-qq"]);
    assert_eq!(guess(&stage, "traced", &[]), "PAM_CONV_ERR");
    stage.wait_for_quiet();
    let of_the_helper = calls_in(&stage.trace(), "execve");
    let strace = ["/usr/bin/strace", "-qq", "-o", TRACE];
    assert_eq!(guess(&stage, "rig", &strace), "PAM_CONV_ERR");
    // The module's first act of note; what its host does before is none of ours.
    let mut of_the_module = calls_in(&stage.read(TRACE), "socketpair");
    of_the_module.retain(|(name, _)| OF_THE_MODULE.contains(&&**name));
    assert!(of_the_helper.len() > 200, "{}", of_the_helper.len());
    assert!(of_the_module.len() > 10, "{of_the_module:?}");

    let mut codes = BTreeMap::new();
    let (log, others): (Vec<String>, Vec<String>) = spread(&of_the_helper, soak::size(24, 100_000))
        .into_iter()
        .partition(|fault| writes_the_log(fault));
    sweep(&stage, others, &mut codes);
    for fault in spread(&of_the_module, soak::size(16, 100_000)) {
        // What strace gives back in place of a call that makes a descriptor or a process would be
        // taken for one, and 0 is the host's own.
        if fault.contains("retval=0") {
            continue;
        }
        let under = [&strace[..], &["-e", &fault]].concat();
        let code = guess(&stage, "rig", &under);
        assert_ne!(code, "PAM_SUCCESS", "in the host: {fault}");
        assert_ne!(code, "PAM_IGNORE", "in the host: {fault}");
        *codes.entry(code).or_insert(0) += 1;
    }
    // Some faults are met with another try and end as hanging up does; others are refusals of their own.
    assert!(codes.len() > 1, "{codes:?}");
    log_in(&stage, &sink);
    stage.wait_for_quiet();
    // From here on lines may be missing in the log.
    stage.store_is_broken_on_purpose();
    sweep(&stage, log, &mut codes);
    println!("verdicts: {codes:?}");
}
