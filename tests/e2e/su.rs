//! What an ordinary user can do to `su` while our code runs in it: kill it, stop it, freeze it, starve
//! it. su keeps its caller's real uid, limits, scheduling and control group; the helper must not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::pty::Pty;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::require::report_skipped;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::soak;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::users::User;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;
use rustix::process::Signal;

const SU: Need = Need::Program("/usr/bin/su");
const STRACE: Need = Need::Program("/usr/bin/strace");
const CODE: &str = "Verification code: ";
/// What su runs for those who are let in; its output is not in what was typed.
const INSIDE: &str = "echo in-$((6*7))";
const SHOWN: &str = "in-42";

/// Long enough for every budget but the row to be full again, and for every code to be dead.
const DAY: Duration = Duration::from_hours(25);

fn rig(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .enrol("bob", "bob@example.org")
        .stack("rig", &Stack::plain())
        .stack("su", &Stack::plain())
        .build()
}

/// `words`, followed by su to bob, all started by eve.
fn eves_su(stage: &Stage, words: &[&str]) -> Command {
    let mut command = stage.command("/usr/bin/setpriv");
    command
        .args(["--reuid=2005", "--regid=2005", "--clear-groups", "--"])
        .args(words)
        .args(["/usr/bin/su", "bob", "-c", INSIDE]);
    command
}

/// The same under strace, which is root's: su stays set-uid, and nothing but su is traced.
fn traced_su(stage: &Stage, options: &[&str]) -> Command {
    let mut command = stage.command("/usr/bin/strace");
    command
        .args(["-qq", "-u", "eve", "-o", TRACE])
        .args(options)
        .args(["/usr/bin/su", "bob", "-c", INSIDE]);
    command
}

const TRACE: &str = "/tmp/su-trace";

/// What a person at su's terminal saw of a login that may have ended at any moment.
#[derive(Debug, Default)]
struct Seen {
    asked: bool,
    told_wrong: bool,
    inside: bool,
}

/// Goes through su as far as it lets: password, code, shell.
fn go_through(su: &mut Pty<'_>, mailbox: &Mailbox<'_>, change: fn(&str) -> String) -> Seen {
    give_password(su);
    give_code(su, mailbox, change)
}

fn give_password(su: &mut Pty<'_>) {
    if su.shows("Password: ", SOON) {
        su.send_line(User::password_of("bob"));
    }
}

fn give_code(su: &mut Pty<'_>, mailbox: &Mailbox<'_>, change: fn(&str) -> String) -> Seen {
    let mut seen = Seen {
        asked: su.shows(CODE, SOON),
        ..Seen::default()
    };
    if !seen.asked {
        return seen;
    }
    let code = mailbox.code_for(&su.transcript());
    su.send_line(&change(&code));
    let came = wait::until(SOON, || {
        let unread = su.unread();
        (unread.contains(SHOWN) || unread.contains(CODE) || !su.is_running()).then_some(())
    });
    came.unwrap();
    if !su.is_running() {
        // What it showed last may still be on its way.
        su.wait_exit(SOON);
    }
    let unread = su.unread();
    seen.inside = unread.contains(SHOWN);
    seen.told_wrong = unread.contains("That code is not right");
    seen
}

/// Ends strace and the su below it, and waits for what they leave to be done. One that is stopped gets no
/// hangup, nor does one that strace holds at that moment.
#[track_caller]
fn end(stage: &Stage, su: Pty<'_>) {
    drop(su);
    for su in stage.processes("su") {
        su.signal(Signal::KILL);
        assert!(su.wait_end(SOON));
    }
    stage.wait_for_quiet();
}

fn right(code: &str) -> String {
    code.to_owned()
}

/// alice logs in at the same time: nobody holds anything that she needs.
#[track_caller]
fn another_logs_in(stage: &Stage, mailbox: &Mailbox<'_>) {
    let mut login = stage.pam("rig").user("alice").rhost("192.0.2.7").start();
    login.password_of("alice");
    let prompt = login.code_prompt();
    assert!(prompt.times.waited < 5000, "{:?}", prompt.times);
    login.answer(mailbox.code_for(&prompt.text));
    login.finish().expect("PAM_SUCCESS");
}

/// Every so many-eth system call that su makes between the password and its end, as strace counts
/// them: name, and how often it was made by then.
fn calls_of_su(stage: &Stage, mailbox: &Mailbox<'_>, wanted: u32) -> Vec<(String, u32)> {
    let mut su = Pty::start(stage, &traced_su(stage, &[]));
    let seen = go_through(&mut su, mailbox, right);
    assert!(seen.inside, "{seen:?}\n{}", su.transcript());
    su.wait_exit(SOON);
    let trace = stage.read(TRACE);
    let mut counts = BTreeMap::new();
    let mut calls = Vec::new();
    let mut begun = false;
    for line in trace.lines() {
        let Some((name, _)) = line.split_once('(') else {
            continue;
        };
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            continue;
        }
        let count = counts.entry(name.to_owned()).or_insert(0_u32);
        *count += 1;
        // The module's first act of note.
        begun |= name == "socketpair";
        if begun {
            calls.push((name.to_owned(), *count));
        }
    }
    let step = calls
        .len()
        .div_ceil(usize::try_from(wanted).unwrap())
        .max(1);
    calls.into_iter().step_by(step).collect()
}

// Mutant: the guess is counted after the comparison, or in su itself; or a helper that has lost its
// host takes the answer for right.
#[test]
fn kill_sweep_su() {
    require!(SU, STRACE);
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mailbox = Mailbox::of(&sink);
    let calls = calls_of_su(&stage, &mailbox, soak::size(8, 1000));
    let (mut told, mut inside) = (0, 0);
    let (before, _) = stage.store().guesses().unwrap();
    assert_eq!(before, 1);
    for (name, count) in &calls {
        let kill = format!("inject={name}:signal=KILL:when={count}");
        for change in [wrong as fn(&str) -> String, right] {
            stage.store().pass(DAY);
            stage.store().set_failures_in_a_row("bob", 0);
            let (all, successes) = stage.store().guesses().unwrap();
            let mut su = Pty::start(&stage, &traced_su(&stage, &["-e", &kill]));
            let seen = go_through(&mut su, &mailbox, change);
            end(&stage, su);
            let (all_after, successes_after) = stage.store().guesses().unwrap();
            let reply = u32::from(seen.told_wrong || seen.inside);
            assert!(all_after >= all + reply, "{kill}: uncounted, {seen:?}");
            let success = u32::from(seen.inside);
            assert!(successes_after >= successes + success, "{kill}: {seen:?}");
            assert!(successes_after <= successes + 1, "{kill}: {seen:?}");
            assert_eq!(stage.store().waiting().unwrap(), 0, "{kill}");
            told += u32::from(seen.told_wrong);
            inside += success;
        }
    }
    assert!(calls.len() > 4, "{calls:?}");
    // A sweep in which nothing ever came back, or everything did, would prove nothing.
    let runs = u32::try_from(calls.len()).unwrap();
    assert!(told + inside < 2 * runs, "{told} and {inside} of {runs}");
}

// Mutant: the helper waits for its host while it holds the store's lock; or prompts within a
// transaction.
#[test]
fn stop_sweep_su() {
    require!(SU, STRACE);
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mailbox = Mailbox::of(&sink);
    let calls = calls_of_su(&stage, &mailbox, soak::size(6, 1000));
    for (name, count) in &calls {
        stage.store().pass(DAY);
        stage.store().set_failures_in_a_row("bob", 0);
        let stop = format!("inject={name}:signal=STOP:when={count}");
        let mut su = Pty::start(&stage, &traced_su(&stage, &["-e", &stop]));
        su.wait_for("Password: ")
            .send_line(User::password_of("bob"));
        let asked = wait::until(SOON, || {
            let stopped = stage.read(TRACE).contains("stopped by SIGSTOP");
            (stopped || su.unread().contains(CODE)).then_some(())
        });
        asked.expect("a stop or a prompt");
        if su.unread().contains(CODE) {
            su.send_line(&wrong(&mailbox.code_for(&su.transcript())));
        }
        another_logs_in(&stage, &mailbox);
        end(&stage, su);
        assert_eq!(stage.store().waiting().unwrap(), 0, "{stop}");
    }
}

/// A control group of this test alone, thawed and taken away when it goes.
struct Group {
    path: PathBuf,
    freeze: &'static str,
    frozen: &'static str,
    thawed: &'static str,
}

impl Group {
    /// In the first hierarchy that can freeze and that we may write to.
    fn make() -> Option<Self> {
        let hierarchies = [
            (
                "/sys/fs/cgroup/freezer",
                "freezer.state",
                "FROZEN",
                "THAWED",
            ),
            ("/sys/fs/cgroup/unified", "cgroup.freeze", "1", "0"),
            ("/sys/fs/cgroup", "cgroup.freeze", "1", "0"),
        ];
        hierarchies
            .into_iter()
            .find_map(|(root, freeze, frozen, thawed)| {
                let path = Path::new(root).join(format!("gatepost-test-{}", std::process::id()));
                fs::create_dir(&path).ok()?;
                let group = Self {
                    path,
                    freeze,
                    frozen,
                    thawed,
                };
                group.path.join(freeze).exists().then_some(group)
            })
    }

    fn write(&self, name: &str, text: &str) -> std::io::Result<()> {
        fs::write(self.path.join(name), text)
    }

    fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Nothing may stay frozen, whatever went wrong before.
        let _ = self.write(self.freeze, self.thawed);
        let gone = wait::until(SOON, || fs::remove_dir(&self.path).ok());
        if gone.is_none() {
            report_skipped(&format!("{} could not be removed", self.path.display()));
        }
    }
}

// Mutant: cgroup::leave is not called; then the helper freezes with su.
#[test]
fn freeze_sweep_su() {
    require!(SU);
    let Some(group) = Group::make() else {
        report_skipped("no control group here can be made and frozen");
        return;
    };
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mailbox = Mailbox::of(&sink);
    let mut su = Pty::start(&stage, &eves_su(&stage, &[]));
    su.wait_for("Password: ");
    // As eve could with a group that was delegated to her.
    group.write("cgroup.procs", &su.pid().to_string()).unwrap();
    su.send_line(User::password_of("bob")).wait_for(CODE);
    let helper = stage.wait_for_process("gatepost-helper");
    let groups = helper.look().get("cgroup").cloned().unwrap_or_default();
    assert!(!groups.contains(&group.name()), "{groups}");
    let code = mailbox.code_for(&su.transcript());
    group.write(group.freeze, group.frozen).unwrap();
    su.send_line(&code);
    another_logs_in(&stage, &mailbox);
    assert_eq!(stage.store().guesses().unwrap(), (1, 1), "alice's");
    group.write(group.freeze, group.thawed).unwrap();
    su.wait_for(SHOWN);
    assert!(su.wait_exit(SOON).success());
    stage.expect_conversations(2);
}

// Mutant: process::reset_scheduling or reset_signals is not called.
#[test]
fn idle_class_su() {
    require!(SU, Need::Program("/usr/bin/chrt"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mailbox = Mailbox::of(&sink);
    let ignoring = [
        "/bin/sh",
        "-c",
        "trap '' ALRM TERM HUP INT; exec \"$@\"",
        "-",
    ];
    let idle = ["/usr/bin/chrt", "--idle", "0", "/usr/bin/nice", "-n", "19"];
    let words: Vec<&str> = ignoring.into_iter().chain(idle).collect();
    let mut su = Pty::start(&stage, &eves_su(&stage, &words));
    su.wait_for("Password: ")
        .send_line(User::password_of("bob"))
        .wait_for(CODE);
    let look = |name: &str| {
        let found = stage.wait_for_process(name).look();
        ["session", "SigIgn"].map(|key| found.get(key).cloned().unwrap_or_default())
    };
    // Nice, real-time priority and policy are the last three; SIGPIPE alone is ignored.
    let [scheduling, ignored] = look("su");
    assert!(scheduling.ends_with(" 19 0 5"), "su itself: {scheduling}");
    assert_ne!(ignored, "0000000000001000");
    let [scheduling, ignored] = look("gatepost-helper");
    assert!(scheduling.ends_with(" 0 0 0"), "{scheduling}");
    assert_eq!(ignored, "0000000000001000");
    su.send_line(&mailbox.code_for(&su.transcript()))
        .wait_for(SHOWN);
    su.wait_exit(SOON);
    stage.expect_conversations(1);
}

/// True where root may raise hard limits; in some containers it may not (`CAP_SYS_RESOURCE`, bit 24).
fn may_raise_limits() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    bits.is_some_and(|bits| bits & (1 << 24) != 0)
}

/// True where this process may write cores of any size; a login session of an ordinary kind may not.
fn may_dump_cores() -> bool {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let cores = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    cores.is_some_and(|line| line.split_whitespace().nth(5) == Some("unlimited"))
}

// Mutant: process::reset_limits is not called; then a count cannot be written, or kills the helper.
#[test]
fn rlimit_matrix_su() {
    require!(SU, Need::Program("/usr/bin/prlimit"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mailbox = Mailbox::of(&sink);
    let su = |limit: &str| Pty::start(&stage, &eves_su(&stage, &["/usr/bin/prlimit", limit]));
    let counted = || stage.store().guesses().unwrap();
    // Soft limits, which the helper can lift anywhere.
    for limit in [
        "--fsize=0:",
        "--fsize=1:",
        "--fsize=4096:",
        "--nofile=16:",
        "--cpu=1:",
        "--memlock=0:",
        "--nproc=0:",
        "--core=unlimited",
    ] {
        if limit == "--core=unlimited" && !may_dump_cores() {
            report_skipped("the hard limit of cores is not to be raised here");
            continue;
        }
        stage.store().pass(DAY);
        let before = counted();
        let seen = go_through(&mut su(limit), &mailbox, wrong);
        assert!(seen.told_wrong, "{limit}: {seen:?}");
        stage.wait_for_quiet();
        stage.store().pass(DAY);
        // Without processes bob's shell may not start; that he was let in is on record.
        go_through(&mut su(limit), &mailbox, right);
        assert_eq!(counted(), (before.0 + 2, before.1 + 1), "{limit}");
    }
    // Hard ones, which it can lift where root may. Where it cannot, and where su itself cannot live
    // with them, there is a refusal and nothing is compared.
    for limits in [
        ["--fsize=0", "--nofile=16", "--cpu=1", "--stack=65536"],
        [
            "--nofile=5",
            "--data=1000000",
            "--as=30000000",
            "--as=60000000",
        ],
    ] {
        stage.wait_for_quiet();
        stage.store().pass(DAY);
        let before = counted();
        // Each refusal takes its time: all at once.
        let mut all: Vec<Pty<'_>> = limits.iter().map(|limit| su(limit)).collect();
        all.iter_mut().for_each(give_password);
        let each = all.iter_mut().map(|su| give_code(su, &mailbox, right));
        let seen: Vec<Seen> = each.collect();
        let answered = seen.iter().filter(|seen| seen.asked).count();
        let after = counted();
        let guesses = u32::try_from(answered).unwrap();
        assert_eq!(after.0, before.0 + guesses, "{limits:?}: {seen:?}");
        let inside = seen.iter().filter(|seen| seen.inside).count();
        assert_eq!(inside > 0, after.1 > before.1, "{limits:?}: {seen:?}");
        if may_raise_limits() && limits[0] == "--fsize=0" {
            assert!(seen[..3].iter().all(|seen| seen.asked), "{seen:?}");
        }
    }
}
