//! What people with a role, or with none, make of the program's surroundings: other identities, the
//! environment, programs that it may run and files that it may open.

use std::collections::HashMap;

use crate::console::Terminal;
use crate::roles::{COMMANDS, staffed};
use crate::stage::skip;

#[test]
fn console_nonroot() {
    let Some(stage) = staffed("console_nonroot") else {
        return;
    };
    let identity = "setpriv --reuid=ann --regid=ann --init-groups";
    for (before, line) in [
        ("true", format!("{identity} gatepost user list")),
        (
            "true",
            format!("SUDO_UID=0 SUDO_USER=root {identity} gatepost user list"),
        ),
        (
            "chmod u+s /usr/bin/gatepost",
            format!("{identity} gatepost user list"),
        ),
        (
            "chmod u+s /usr/bin/gatepost",
            format!("{identity} gatepost console"),
        ),
    ] {
        stage.shell(before).exits(0);
        let ended = stage.shell(&line);
        assert!(matches!(ended.code, 2 | 4), "{ended}");
        assert!(!ended.out.contains("alice"), "{ended}");
    }
}

/// Variables that steer one library or another.
const HOSTILE: &str = "HOME=/run/evil XDG_CONFIG_HOME=/run/evil XDG_DATA_HOME=/run/evil TMPDIR=/run/evil \
    SQLITE_TMPDIR=/run/evil TZ=:/run/evil/zone TZDIR=/run/evil LANG=xx LC_ALL=xx LANGUAGE=xx \
    SSL_CERT_FILE=/run/evil/pem SSL_CERT_DIR=/run/evil http_proxy=http://127.0.0.1:1 \
    RES_OPTIONS=debug LOCALDOMAIN=evil HOSTALIASES=/run/evil/hosts EDITOR=/run/evil/run \
    VISUAL=/run/evil/run PAGER=/run/evil/run SHELL=/run/evil/run RUST_BACKTRACE=full RUST_LOG=trace \
    COLUMNS=1 LINES=1 TERM=/run/evil TERMINFO=/run/evil CLICOLOR_FORCE=1 SUDO_USER=root SUDO_GID=0 \
    SUDO_COMMAND=x USER=root LOGNAME=root GATEPOST_ROLE=admin";

// Mutant: a variable decides what a role is, and the caller's variables are kept.
#[test]
fn console_hostile_env() {
    let Some(stage) = staffed("console_hostile_env") else {
        return;
    };
    stage
        .shell("mkdir /run/evil; printf '#!/bin/sh\\ntouch /run/evil/ran\\n' > /run/evil/run; chmod 0755 /run/evil/run")
        .exits(0);
    let hal = stage.shell("id -u hal").out.trim().to_owned();
    for words in [
        "user list",
        "user show alice",
        "why alice",
        "policy show",
        "audit verify",
        "maintain",
    ] {
        let calm = stage.shell(&format!("SUDO_UID={hal} gatepost --color never {words}"));
        let hostile = stage.shell(&format!(
            "env {HOSTILE} PATH=/run/evil SUDO_UID={hal} /usr/bin/gatepost --color never {words}"
        ));
        assert_eq!(
            (calm.code, &calm.out, &calm.err),
            (hostile.code, &hostile.out, &hostile.err)
        );
    }
    stage
        .shell("test ! -e /run/evil/ran; code=$?; rm -r /run/evil; exit $code")
        .exits(0);
}

/// Where the program may open something for somebody of the helpdesk.
const ALLOWED: [&str; 23] = [
    // Where the C library asks systemd for users.
    "/run/systemd/userdb",
    "/etc/userdb",
    "/run/userdb",
    "/run/host/userdb",
    "/usr/local/lib/userdb",
    // How many heaps the C library makes for threads.
    "/sys/devices/system/cpu/online",
    "/dev/urandom",
    "/etc/gatepost",
    "/etc/group",
    "/etc/passwd",
    // Which uids are people's, for who has no account.
    "/etc/login.defs",
    "/etc/nsswitch.conf",
    "/etc/localtime",
    "/etc/ld.so",
    "/etc/pam.d",
    "/usr/share/zoneinfo",
    "/usr/libexec/gatepost",
    "/usr/lib",
    "/lib",
    "/proc/",
    "/sys/fs/cgroup",
    "/run/gatepost",
    "/var/lib/gatepost",
];

/// Calls that open or run something.
const CALLS: &str = "execve,execveat,open,openat,openat2,creat";

/// The calls of a trace, each in one line: strace divides those that another thread's come between.
fn calls(trace: &str) -> Vec<String> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let (pid, _) = line.split_once(' ').unwrap_or((line, ""));
        if let Some(start) = line.strip_suffix("<unfinished ...>") {
            begun.insert(pid, start);
        } else if let Some((_, rest)) = line.split_once("resumed>") {
            calls.push(format!("{}{rest}", begun.remove(pid).unwrap_or(line)));
        } else {
            calls.push(line.to_owned());
        }
    }
    // Of those that the end of the program cut off, nothing says that they failed.
    calls.extend(begun.into_values().map(str::to_owned));
    calls
}

/// Holds a trace of the program against what somebody of the helpdesk may have it open and run.
fn opens_and_runs_what_it_may(words: &str, trace: &str) {
    for line in calls(trace).iter().filter(|line| !line.contains("= -1 E")) {
        let Some(path) = line.split('"').nth(1) else {
            continue;
        };
        let runs = line.contains("execve");
        // The link is how the program begins again with an environment of its own.
        let may_run = [
            "/usr/bin/gatepost",
            "/proc/self/exe",
            "/usr/libexec/gatepost/gatepost-sender",
        ];
        let is_right = if runs {
            may_run.contains(&path)
        } else {
            // A step of the walk from / is a name alone, or / itself.
            (!path.contains('/') && path != "named")
                || path == "/"
                || ["/dev/null", "/dev/tty"].contains(&path)
                // Where preferences would be: the way is a name alone, too.
                || (path.starts_with("/home/") && line.contains("O_PATH"))
                || ALLOWED.iter().any(|allowed| path.starts_with(allowed))
        };
        assert!(is_right, "gatepost {words}: {line}");
    }
}

// Mutants: a pager is started for long lists; a file is opened before the role is asked for.
#[test]
fn helpdesk_gets_no_shell_no_file() {
    let test = "helpdesk_gets_no_shell_no_file";
    let Some(stage) = staffed(test) else {
        return;
    };
    if stage
        .shell("command -v strace && strace -f -o /run/trace true")
        .code
        != 0
    {
        return skip(test, "needs strace, and leave to trace");
    }
    // It is there, so that opening it would work.
    stage.write("/run/named", "user,address\n");
    let hal = stage.shell("id -u hal").out.trim().to_owned();
    for &(words, _) in COMMANDS {
        let traced = format!(
            "echo {hal} 2>/dev/null > /proc/self/loginuid
             EDITOR=/bin/sh VISUAL=/bin/sh PAGER=/bin/sh SUDO_UID={hal} \
             exec strace -f -qq -o /run/trace -e trace={CALLS} \
             gatepost {words}"
        );
        stage.shell(&traced);
        let trace = stage.shell("cat /run/trace").exits(0).out;
        assert!(
            trace.contains("execve(\"/usr/bin/gatepost\""),
            "{words}\n{trace}"
        );
        opens_and_runs_what_it_may(words, &trace);
        let shell = stage.shell("grep -c '/bin/sh' /run/trace").out;
        assert_eq!(shell.trim(), "0", "{words}");
    }
    let Some(terminal) = Terminal::open(test, &stage) else {
        return;
    };
    let calls = format!("-e trace={CALLS}");
    let trace = crate::shedding::console(&stage, &terminal, &calls);
    opens_and_runs_what_it_may("console", &trace);
}
