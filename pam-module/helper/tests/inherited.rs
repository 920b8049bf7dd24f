//! Starts the built helper from as hostile a process as a user can make of `su`, and looks at it in
//! /proc while it waits for its first frame.
//!
//! Not for verdicts: those need a store and belong to the end-to-end tests.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the rules for tests do not reach the functions that tests share"
)]

use std::fs;
use std::io::{ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// The built program.
const HELPER: &str = env!("CARGO_BIN_EXE_gatepost-helper");

#[test]
fn nothing_hostile_is_left() {
    let Some(helper) = Helper::start("nothing_hostile_is_left", HOSTILE) else {
        return;
    };
    let status = helper.proc("status");
    for (field, expected) in [
        ("Uid", "0\t0\t0\t0"),
        ("Gid", "0\t0\t0\t0"),
        ("Groups", ""),
        ("Umask", "0077"),
        ("Threads", "1"),
        ("SigBlk", "0000000000000000"),
        ("SigIgn", "0000000000001000"),
        ("SigCgt", "0000000000000000"),
        ("SigPnd", "0000000000000000"),
        ("ShdPnd", "0000000000000000"),
    ] {
        assert_eq!(field_of(&status, field), expected, "{field}");
    }
    let stat = helper.stat();
    assert_eq!(stat.nice, 0, "nice");
    assert_eq!(stat.policy, 0, "SCHED_OTHER");
    assert_eq!(stat.session, helper.child.id(), "own session");
    assert_eq!(stat.terminal, 0, "no terminal");
    assert_eq!(helper.proc("oom_score_adj").trim(), "0");
    assert_eq!(helper.proc("timerslack_ns").trim(), "50000");
    assert_eq!(helper.proc("personality").trim(), "00000000");
    assert_eq!(helper.proc("environ"), "");
    assert_eq!(helper.link("cwd"), "/");
    assert_eq!(helper.io_class(), "none: prio 0");
    assert!(
        field_of(&status, "Cpus_allowed_list") == field_of(&own_status(), "Cpus_allowed_list"),
        "every processor that the test itself may use: {status}"
    );
    // A timer is the login's own deadline.
    let mut open = helper.descriptors();
    open.retain(|fd| !fd.ends_with("[timerfd]"));
    assert_eq!(
        open,
        ["0 /dev/null", "1 /dev/null", "2 /dev/null", "3 socket"]
    );
}

#[test]
fn soft_limits_are_raised_again() {
    const NAME: &str = "soft_limits_are_raised_again";
    let Some(helper) = Helper::start(NAME, &limited(":")) else {
        return;
    };
    // Without the right to raise a hard limit, the caller's is as far as it goes.
    let own = fs::read_to_string("/proc/self/limits").unwrap();
    for (name, wanted) in LIMITS {
        let most = limit_of(&own, name).1.min(wanted);
        let most = if may_raise_limits() { wanted } else { most };
        assert_eq!(
            limit_of(&helper.proc("limits"), name),
            (most, most),
            "{name}"
        );
    }
}

#[test]
fn hard_limits_are_raised_again() {
    const NAME: &str = "hard_limits_are_raised_again";
    if !may_raise_limits() {
        println!("SKIPPED {NAME}: no CAP_SYS_RESOURCE here");
        return;
    }
    let Some(helper) = Helper::start(NAME, &limited("")) else {
        return;
    };
    for (name, wanted) in LIMITS {
        let found = limit_of(&helper.proc("limits"), name);
        assert_eq!(found, (wanted, wanted), "{name}");
    }
}

/// As in a container whose root may not raise limits: no login on a limit that would fail it.
#[test]
fn a_limit_that_stays_too_low_is_a_refusal() {
    if not_root("a_limit_that_stays_too_low_is_a_refusal") {
        return;
    }
    for (limit, refused) in [
        ("--fsize=0", true),
        ("--nofile=16", true),
        ("--as=100000000", true),
        ("--cpu=5", true),
        ("--data=1000000", true),
        ("--memlock=0", false),
        ("--nproc=1", false),
        ("--nofile=100", false),
    ] {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(Duration::from_millis(300)))
            .unwrap();
        let mut helper = command("prlimit")
            .args([limit, "setpriv", "--bounding-set=-sys_resource", HELPER])
            .stdin(OwnedFd::from(theirs))
            .spawn()
            .unwrap();
        let ended = match ours.read(&mut [0]) {
            Ok(length) => length == 0,
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            // It went without reading, which is the only way to end here.
            Err(error) => panic!("{limit}: {error}"),
        };
        drop(ours);
        let _ended = helper.wait().unwrap();
        assert_eq!(ended, refused, "{limit}");
    }
}

#[test]
fn a_timer_of_the_callers_does_not_go_off() {
    // Blocked, it would go off as soon as the helper unblocks it; so it must be off by then.
    let caller = "exec env --block-signal=ALRM perl -e 'alarm 1; exec @ARGV' \"$@\"";
    let Some(mut helper) = Helper::start("a_timer_of_the_callers_does_not_go_off", caller) else {
        return;
    };
    wait(Duration::from_millis(1500));
    assert_eq!(helper.child.try_wait().unwrap(), None, "still there");
}

#[test]
fn nobody_may_read_its_memory() {
    let Some(helper) = Helper::start("nobody_may_read_its_memory", "exec \"$@\"") else {
        return;
    };
    // The kernel gives the files of a process that is not dumpable to root; the test is root, so it
    // asks as somebody who is uid 0 without the right to look.
    let seen = command("setpriv")
        .args(["--bounding-set=-all", "--inh-caps=-all", "cat"])
        .arg(helper.path("mem"))
        .output()
        .unwrap();
    assert!(!seen.status.success(), "{seen:?}");
    let told = String::from_utf8_lossy(&seen.stderr).into_owned();
    assert!(told.contains("Permission denied"), "{told}");
}

#[test]
fn the_callers_control_group_is_left() {
    const NAME: &str = "the_callers_control_group_is_left";
    let Some(group) = Group::make(NAME) else {
        return;
    };
    let caller = format!("echo 0 > {}/cgroup.procs && exec \"$@\"", group.path);
    let Some(helper) = Helper::start(NAME, &caller) else {
        return;
    };
    let groups = helper.proc("cgroup");
    assert!(groups.lines().any(|line| line == "0::/"), "{groups}");
}

#[test]
fn the_end_of_the_socket_is_its_end() {
    let Some(mut helper) = Helper::start("the_end_of_the_socket_is_its_end", "exec \"$@\"") else {
        return;
    };
    helper.socket.take();
    let status = helper.child.wait().unwrap();
    assert_eq!(status.signal(), None, "{status:?}");
}

#[test]
fn started_by_hand_it_does_nothing() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(ours);
    for (what, stdin) in [
        ("/dev/null", Stdio::null()),
        ("a pipe", Stdio::piped()),
        (
            "a socket without a peer",
            Stdio::from(OwnedFd::from(theirs)),
        ),
    ] {
        // The last one has a peer in the kernel's eyes, which is gone: end of file.
        let output = command(HELPER).stdin(stdin).output().unwrap();
        assert!(!output.status.success(), "{what}: {output:?}");
        assert_eq!(output.stderr, b"", "{what}: no terminal, no hint");
        assert_eq!(output.stdout, b"", "{what}");
    }
}

#[test]
fn without_root_it_does_nothing() {
    if not_root("without_root_it_does_nothing") {
        return;
    }
    // As a copy where nobody may run it from: the build directory may be root's alone.
    let copy = format!("/run/gatepost-helper-{}", std::process::id());
    fs::copy(HELPER, &copy).unwrap();
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut helper = command(&copy);
    helper.uid(65534).gid(65534).stdin(OwnedFd::from(theirs));
    let status: ExitStatus = helper.status().unwrap();
    drop(helper);
    fs::remove_file(&copy).unwrap();
    assert_eq!(status.code(), Some(1), "{status:?}");
    let mut said = Vec::new();
    ours.read_to_end(&mut said).unwrap();
    assert_eq!(said, b"");
}

/// What a user can do to the process that becomes `su`, and some that a user cannot.
const HOSTILE: &str = r#"
    umask 0
    cd /tmp
    echo 700 > /proc/self/oom_score_adj
    echo 100000000 > /proc/self/timerslack_ns
    exec 7</etc/passwd 9>/dev/null 5</etc/passwd
    exec setarch --addr-no-randomize \
      env --block-signal --ignore-signal=ALRM --ignore-signal=TERM --ignore-signal=CHLD \
      nice -n 19 chrt --idle 0 ionice --class 3 taskset --cpu-list 0 \
      perl -e 'alarm 600; exec @ARGV' "$@"
"#;

/// Limits as tight as leave the programs on the way alive. With a colon only the soft ones.
fn limited(soft: &str) -> String {
    let tight = [
        ("as", 2_147_483_648_u64),
        ("core", 0),
        ("cpu", 600),
        ("data", 1_073_741_824),
        ("fsize", 0),
        ("memlock", 0),
        ("nofile", 30),
        ("nproc", 1),
        ("rss", 1),
        ("rttime", 1000),
        ("sigpending", 0),
        ("stack", 1_048_576),
    ];
    let options: Vec<String> = tight
        .iter()
        .map(|(name, limit)| format!("--{name}={limit}{soft}"))
        .collect();
    format!("exec prlimit {} \"$@\"", options.join(" "))
}

/// As /proc names them, with what they are to be.
const LIMITS: [(&str, u64); 12] = [
    ("Max address space", 256 * 1024 * 1024),
    ("Max core file size", 0),
    ("Max cpu time", u64::MAX),
    ("Max data size", u64::MAX),
    ("Max file size", u64::MAX),
    ("Max locked memory", 8 * 1024 * 1024),
    ("Max open files", 256),
    ("Max pending signals", u64::MAX),
    ("Max processes", u64::MAX),
    ("Max realtime timeout", u64::MAX),
    ("Max resident set", u64::MAX),
    ("Max stack size", 8 * 1024 * 1024),
];

/// A helper that waits for its first frame.
struct Helper {
    child: Child,
    socket: Option<UnixStream>,
}

impl Helper {
    /// Starts it from a shell that runs `caller` with the program as its arguments.
    fn start(test: &str, caller: &str) -> Option<Self> {
        if not_root(test) {
            return None;
        }
        let (ours, theirs) = UnixStream::pair().unwrap();
        let child = command("/bin/sh")
            .args(["-euc", caller, "sh", "env", "--ignore-environment", HELPER])
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut helper = Self {
            child,
            socket: Some(ours),
        };
        // It took the socket over and sleeps: it waits for the first frame.
        for _ in 0..500 {
            if let Some(status) = helper.child.try_wait().unwrap() {
                panic!("the helper ended: {status:?}");
            }
            if helper.descriptors().iter().any(|fd| fd == "3 socket") && helper.stat().state == "S"
            {
                return Some(helper);
            }
            wait(Duration::from_millis(10));
        }
        panic!("the helper does not wait: {}", helper.proc("status"));
    }

    fn path(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.child.id())
    }

    fn proc(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn link(&self, name: &str) -> String {
        let target = fs::read_link(self.path(name)).unwrap();
        target.to_str().unwrap().to_owned()
    }

    /// What is open, sockets without their numbers.
    fn descriptors(&self) -> Vec<String> {
        let mut open: Vec<(u32, String)> = fs::read_dir(self.path("fd"))
            .unwrap()
            .filter_map(|entry| {
                let entry = entry.unwrap();
                let number = entry.file_name().to_str().unwrap().parse().unwrap();
                // One may close between the listing and the look.
                let target = fs::read_link(entry.path()).ok()?;
                let target = target.to_str().unwrap().to_owned();
                let target = if target.starts_with("socket:") {
                    "socket".to_owned()
                } else {
                    target
                };
                Some((number, target))
            })
            .collect();
        open.sort();
        open.iter()
            .map(|(number, target)| format!("{number} {target}"))
            .collect()
    }

    fn stat(&self) -> Stat {
        let stat = self.proc("stat");
        let (_, fields) = stat.rsplit_once(") ").unwrap();
        let fields: Vec<&str> = fields.split_whitespace().collect();
        Stat {
            state: fields[0].to_owned(),
            session: fields[3].parse().unwrap(),
            terminal: fields[4].parse().unwrap(),
            nice: fields[16].parse().unwrap(),
            policy: fields[38].parse().unwrap(),
        }
    }

    fn io_class(&self) -> String {
        let seen = command("ionice")
            .args(["-p", &self.child.id().to_string()])
            .output()
            .unwrap();
        String::from_utf8(seen.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        self.socket.take();
        let _may_be_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Fields of /proc/PID/stat, as proc(5) numbers them from the third on.
struct Stat {
    state: String,
    session: u32,
    terminal: i32,
    nice: i32,
    policy: u32,
}

/// A control group of version 2, as a user may be delegated one.
struct Group {
    path: String,
}

impl Group {
    fn make(test: &str) -> Option<Self> {
        if not_root(test) {
            return None;
        }
        let Some(root) = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"]
            .into_iter()
            .find(|root| Path::new(root).join("cgroup.subtree_control").exists())
        else {
            println!("SKIPPED {test}: no control groups of version 2");
            return None;
        };
        let path = format!("{root}/gatepost-test-{}", std::process::id());
        if let Err(error) = fs::create_dir(&path) {
            println!("SKIPPED {test}: {path}: {error}");
            return None;
        }
        Some(Self { path })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for _ in 0..100 {
            match fs::remove_dir(&self.path) {
                Err(error) if error.kind() == ErrorKind::ResourceBusy => {}
                Ok(()) | Err(_) => return,
            }
            wait(Duration::from_millis(10));
        }
    }
}

fn not_root(test: &str) -> bool {
    let uid = field_of(&own_status(), "Uid");
    if uid.starts_with("0\t0\t") {
        return false;
    }
    println!("SKIPPED {test}: not root");
    true
}

fn own_status() -> String {
    fs::read_to_string("/proc/self/status").unwrap()
}

fn field_of(status: &str, name: &str) -> String {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .unwrap_or_else(|| panic!("no {name} in {status}"))
        .trim()
        .to_owned()
}

/// Soft and hard.
fn limit_of(limits: &str, name: &str) -> (u64, u64) {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name} in {limits}"));
    let mut numbers = line
        .split_whitespace()
        .map(|number| number.parse().unwrap_or(u64::MAX));
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn may_raise_limits() -> bool {
    const SYS_RESOURCE: u32 = 24;
    let capabilities = field_of(&own_status(), "CapEff");
    u64::from_str_radix(&capabilities, 16).unwrap() >> SYS_RESOURCE & 1 == 1
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test starts programs; the rule is for the product"
)]
fn command(program: &str) -> Command {
    Command::new(program)
}

#[expect(
    clippy::disallowed_methods,
    reason = "/proc cannot be waited for; each use is a step of a bounded wait"
)]
fn wait(while_: Duration) {
    std::thread::sleep(while_);
}
