//! What whoever calls the program could steer, starve, stop or end it by: environment, limits, signals,
//! the terminal's size; through the real program.

use crate::console::Terminal;
use crate::roles::staffed;
use crate::stage::{Stage, skip};

/// Whether strace works here.
pub(crate) fn traces(test: &str, stage: &Stage) -> bool {
    let works = stage
        .shell("command -v strace && strace -f -o /run/trace true")
        .code
        == 0;
    if !works {
        skip(test, "needs strace, and leave to trace");
    }
    works
}

/// What a follower of the log looks like from outside, started as `before` says.
fn seen(stage: &Stage, before: &str) -> String {
    let line = format!(
        "{before} /usr/bin/gatepost audit tail --follow >/dev/null & pid=$!
         tries=0; until grep -q nanosleep /proc/$pid/wchan 2>/dev/null || [ $tries -gt 40 ]; do
             tries=$((tries+1)); sleep 0.05; done
         tr '\\0' '\\n' < /proc/$pid/environ | sort; echo --; cat /proc/$pid/limits /proc/$pid/comm;
         cut -d' ' -f19 /proc/$pid/stat | sed s/^/nice=/; grep -E '^(Sig|Uid)' /proc/$pid/status
         kill -KILL $pid"
    );
    stage.shell(&line).out
}

// Mutants: the program does not begin again; a variable is kept that is not named; a mark skips it.
#[test]
fn the_environment_is_ours_before_anything_else() {
    let Some(stage) = staffed("the_environment_is_ours") else {
        return;
    };
    let hal = stage.shell("id -u hal").out.trim().to_owned();
    let before = format!(
        "env -i PATH=/run/evil TERMINFO=/run/evil LD_BIND_NOW=1 TZ=/run/evil TERM=xterm LINES=1 \
         GATEPOST_CLEAN=1 SUDO_UID={hal} SUDO_USER=hal"
    );
    let seen = seen(&stage, &before);
    let (environment, _) = seen.split_once("--\n").unwrap();
    assert_eq!(
        environment,
        format!("PATH=/usr/sbin:/usr/bin:/sbin:/bin\nSUDO_UID={hal}\nTERM=xterm\n"),
        "{seen}"
    );
}

// Mutants: become_root_at_a_terminal is not called; reset_limits or reset_scheduling is left out.
#[test]
fn limits_and_pace_of_the_callers_are_shed() {
    let Some(stage) = Stage::installed("limits_and_pace_of_the_callers_are_shed") else {
        return;
    };
    let seen = seen(&stage, "ulimit -S -f 1; ulimit -S -t 7; nice -n 19");
    for limit in ["Max file size", "Max cpu time"] {
        let line = seen.lines().find(|line| line.starts_with(limit)).unwrap();
        assert_eq!(line.matches("unlimited").count(), 2, "{line}");
    }
    assert!(seen.contains("nice=0\n"), "{seen}");
    assert!(seen.contains("\ngatepost\n"), "{seen}");
}

// Mutant: the limit stays; then the write dies, or the act is done and its line is missing.
#[test]
fn a_small_limit_of_files_ends_no_act() {
    let Some(stage) = staffed("a_small_limit_of_files_ends_no_act") else {
        return;
    };
    stage
        .shell("ulimit -S -f 1; exec gatepost user unlock alice")
        .exits(0);
}

/// Makes a commit take two seconds on its way to the disk, with the store's lock held.
const SLOW: &str = "strace -f -qq -o /run/trace -e trace=fsync,fdatasync \
    -e inject=fsync,fdatasync:delay_enter=2000000:when=1";

// Mutants: signals are not held back; let_in is called inside a transaction.
#[test]
fn a_stop_from_the_terminal_waits_until_the_lock_is_given_back() {
    let test = "a_stop_from_the_terminal_waits";
    let Some(stage) = staffed(test) else {
        return;
    };
    if !traces(test, &stage) {
        return;
    }
    for signal in ["TSTP", "TTOU", "INT", "HUP"] {
        // The first that is slow is the commit's; another act needs the lock meanwhile, and gets it within
        // the two seconds that it waits and the two that the disk takes.
        let line = format!(
            "rm -f /run/trace; {SLOW} gatepost user unlock alice > /dev/null 2>&1 & tracer=$!
             tries=0; until grep -q sync /run/trace 2>/dev/null || [ $tries -gt 200 ]; do
                 tries=$((tries+1)); sleep 0.02; done
             pid=$(pgrep -P $tracer); kill -{signal} $pid; sleep 1.5
             gatepost user disable alice && gatepost user enable alice; code=$?
             kill -CONT $pid 2>/dev/null; kill -KILL $pid 2>/dev/null; wait $tracer; exit $code"
        );
        let before = unlocked(&stage);
        stage.shell(&line).exits(0);
        // What was begun was done, and its commit was not cut off.
        assert_eq!(unlocked(&stage), before + 1, "{signal}");
    }
}

fn unlocked(stage: &Stage) -> usize {
    let listed = stage.gatepost(&["audit", "list", "alice"]).exits(0).out;
    listed.matches("user-unlock").count()
}

/// Which calls of a kind a console makes until it is closed, in order, by the thread that draws.
pub(crate) fn console(stage: &Stage, terminal: &Terminal<'_>, how: &str) -> String {
    stage.shell("rm -f /run/trace /run/over").exits(0);
    let hal = stage.shell("id -u hal").out.trim().to_owned();
    let path = "PATH=/run/evil:$PATH";
    terminal.line(&format!(
        "clear; {path} SUDO_UID={hal} strace -f -qq -o /run/trace {how} gatepost console; touch /run/over"
    ));
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        std::thread::sleep(std::time::Duration::from_millis(100));
        if stage.shell("test -e /run/over").code == 0 {
            break;
        }
        assert!(std::time::Instant::now() < until, "{}", terminal.picture());
        terminal.press(&["q"]);
    }
    stage.shell("cat /run/trace").exits(0).out
}

// Mutant: the size is asked of crossterm, which starts tput where the kernel does not say.
#[test]
fn a_terminal_that_does_not_say_its_size_starts_no_program() {
    let test = "a_terminal_that_does_not_say_its_size";
    let Some(stage) = staffed(test) else {
        return;
    };
    if !traces(test, &stage) {
        return;
    }
    let Some(terminal) = Terminal::open(test, &stage) else {
        return;
    };
    stage
        .shell("mkdir -p /run/evil; printf '#!/bin/sh\ntouch /run/evil/ran\n' > /run/evil/tput; chmod 0755 /run/evil/tput")
        .exits(0);
    let calm = console(&stage, &terminal, "-e trace=ioctl,execve");
    let main = calm.split(' ').next().unwrap();
    let calls: Vec<&str> = calm
        .lines()
        .filter(|line| line.starts_with(main) && line.contains("ioctl("))
        .collect();
    let sizes = calls
        .iter()
        .enumerate()
        .filter(|(_, line)| line.contains("TIOCGWINSZ"));
    let sizes: Vec<usize> = sizes.map(|(at, _)| at + 1).collect();
    assert!(!sizes.is_empty(), "{calm}");
    for at in sizes {
        let how = format!("-e trace=ioctl,execve -e inject=ioctl:error=EIO:when={at}");
        let trace = console(&stage, &terminal, &how);
        let runs = trace.lines().filter(|line| line.contains("execve("));
        for line in runs {
            let is_ours =
                line.contains("\"/usr/bin/gatepost\"") || line.contains("\"/proc/self/exe\"");
            assert!(is_ours, "{line}");
        }
        assert!(trace.contains("TIOCGWINSZ, 0x"), "not injected:\n{trace}");
    }
    stage
        .shell("test ! -e /run/evil/ran; code=$?; rm -r /run/evil; exit $code")
        .exits(0);
}

// Mutants: the console goes on with the role that it was opened with; whoever only reads may go on.
#[test]
fn a_role_that_is_gone_ends_what_an_open_console_may() {
    let test = "a_role_that_is_gone";
    let Some(stage) = staffed(test) else {
        return;
    };
    let Some(terminal) = Terminal::open(test, &stage) else {
        return;
    };
    let hal = stage.shell("id -u hal").out.trim().to_owned();
    terminal
        .line(&format!("SUDO_UID={hal} gatepost console --screen users"))
        .shows("a***@e***.org");
    terminal.press(&["u"]).shows("gatepost user unlock alice");
    terminal.press(&["y"]).shows("alice was not locked");
    terminal.press(&["u"]).shows("gatepost user unlock alice");
    stage.shell("gpasswd -d hal gp-helpdesk").exits(0);
    terminal.press(&["y"]).shows("hal has no role here");
    assert_eq!(unlocked(&stage), 1);
    // Without a key: there may be nobody at it who would press one.
    terminal.is_the_shells();
}

// Mutant: the console is stopped whether or not a thread is inside the store.
#[test]
fn a_console_is_not_stopped_inside_the_store() {
    let test = "a_console_is_not_stopped_inside";
    let Some(stage) = staffed(test) else {
        return;
    };
    if !traces(test, &stage) {
        return;
    }
    let Some(terminal) = Terminal::open(test, &stage) else {
        return;
    };
    terminal
        .line(&format!("{SLOW} gatepost console --screen users"))
        .shows("a***@e***.org");
    terminal.press(&["u"]).shows("gatepost user unlock alice");
    terminal.press(&["y"]);
    stage
        .shell("tries=0; until grep -q sync /run/trace || [ $tries -gt 100 ]; do tries=$((tries+1)); sleep 0.02; done")
        .exits(0);
    terminal.press(&["C-z"]);
    // It waits for its lock two seconds, as long as the disk takes: the lock is back before, or never.
    stage
        .shell("sleep 1.5; exec gatepost user disable alice")
        .exits(0);
    assert_eq!(unlocked(&stage), 1);
    // strace has the shell's terminal meanwhile and stops for nobody.
    stage
        .shell("pid=$(head -n 1 /run/trace | cut -d' ' -f1); until grep -q '^State:.[tT]' /proc/$pid/status; do sleep 0.05; done; kill -CONT $pid")
        .exits(0);
    terminal.shows("disabled");
    terminal.press(&["q"]).is_the_shells();
}

// Mutant: the stop is held back for good, so that sudo never hears of it.
#[test]
fn a_console_through_sudo_is_stopped_and_goes_on() {
    let test = "a_console_through_sudo";
    let Some(stage) = staffed(test) else {
        return;
    };
    let Some(terminal) = Terminal::open(test, &stage) else {
        return;
    };
    for defaults in ["use_pty", "!use_pty"] {
        stage
            .shell(&format!(
                "echo 'Defaults {defaults}' > /etc/sudoers.d/pty; chmod 0440 /etc/sudoers.d/pty"
            ))
            .exits(0);
        terminal
            .line("clear; setpriv --reuid=hal --regid=hal --init-groups sudo -n gatepost console --screen users")
            .shows("a***@e***.org");
        terminal.press(&["C-z"]).prompts().is_the_shells();
        terminal.line("fg").shows("a***@e***.org");
        terminal.press(&["q"]).prompts().is_the_shells();
        // A subcommand that looks again and again is between two looks nearly always.
        terminal.line("clear; setpriv --reuid=hal --regid=hal --init-groups sudo -n gatepost audit tail --follow");
        terminal.shows("user-add");
        terminal.press(&["C-c"]).prompts().is_the_shells();
    }
}

// Mutant: something is shed that takes a power that the unit leaves out.
#[test]
fn upkeep_sheds_with_the_few_powers_that_its_unit_leaves() {
    let test = "upkeep_sheds_with_the_few_powers";
    let Some(stage) = Stage::installed(test) else {
        return;
    };
    let few = "setpriv --bounding-set=-all,+setuid,+setgid,+kill --inh-caps=-all --no-new-privs";
    if stage.shell(&format!("{few} true")).code != 0 {
        return skip(test, "needs setpriv");
    }
    // Also where the unit has it run at a lower priority than it may leave.
    for pace in ["", "nice -n 5 "] {
        stage
            .shell(&format!("{pace}{few} gatepost maintain"))
            .exits(0);
    }
}
