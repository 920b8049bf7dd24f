//! Home as text, and the console in ASCII.

use crate::console::Terminal;
use crate::stage::Stage;

// Mutants: a terminal is asked for; a width of another is taken; a sign or an escape is in it whatever is
// drawn; what a program would read is written as if it were for people; the role is not asked.
#[test]
fn home_is_printed_once_where_no_terminal_is() {
    let Some(stage) = Stage::installed("home_is_printed_once_where_no_terminal_is") else {
        return;
    };
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    stage
        .gatepost(&[
            "user",
            "disable",
            "alice",
            "--reason",
            "a reason which is told in many words",
        ])
        .exits(0);
    // So that there is a bar to be drawn.
    let mail = "INSERT INTO deliveries (kind, relay, outcome, reply, message_id, millis, at_wall) \
                VALUES ('test', 'r', 'accepted', '250', 'm', 7, unixepoch() * 1000)";
    stage
        .run(&["sqlite3", "/var/lib/gatepost/gatepost.db", mail])
        .exits(0);
    let told = stage.gatepost(&["console", "--once"]).exits(0);
    for words in [
        "gatepost ",
        "- 1 account disabled",
        "LAST DONE BY",
        "user-disable alice",
    ] {
        assert!(told.out.contains(words), "no {words:?} in {told}");
    }
    assert_eq!(told.err, "", "{told}");
    let is_plain = |text: &str| text.chars().all(|c| c == '\n' || !c.is_control());
    let widest = |text: &str| text.lines().map(|line| line.chars().count()).max();
    for (line, ascii, at_most) in [
        // No terminal is named: that is a plain one.
        ("gatepost console --once", true, 80),
        ("TERM=xterm-256color gatepost console --once", false, 80),
        (
            "TERM=xterm-256color gatepost console --once --ascii",
            true,
            80,
        ),
        ("TERM=linux COLUMNS=40 gatepost console --once", true, 40),
        (
            "CLICOLOR_FORCE=1 COLUMNS=0 gatepost console --once --read-only",
            true,
            80,
        ),
        ("COLUMNS=132 gatepost console --once", true, 132),
        (
            "script -qec 'stty cols 132; gatepost console --once' /dev/null | tr -d '\\r'",
            true,
            80,
        ),
    ] {
        let told = stage.shell(line).exits(0);
        assert!(is_plain(&told.out), "{line}: {told}");
        assert!(widest(&told.out) <= Some(at_most), "{line}: {told}");
        let is_whole = told.out.contains("a reason which is told in many words");
        assert_eq!(is_whole, at_most > 80, "{line}: {told}");
        assert_eq!(told.out.is_ascii(), ascii, "{line}: {told}");
    }
    stage
        .gatepost(&["--json", "console", "--once"])
        .exits(2)
        .tells("gatepost status");
    for more in ["--screen=users", "--filter=alice"] {
        stage.gatepost(&["console", "--once", more]).exits(2);
    }
    stage
        .shell("setpriv --reuid=31234 --regid=31234 --clear-groups gatepost console --once")
        .exits(4);
    // Half of Home would say that all is well.
    stage
        .shell("mv /var/lib/gatepost/gatepost.db /var/db")
        .exits(0);
    let told = stage.gatepost(&["console", "--once"]);
    assert!(told.code != 0 && told.out.is_empty(), "{told}");
}

// Mutant: the flag is not handed on.
#[test]
fn the_console_can_be_drawn_in_ascii_on_any_terminal() {
    let name = "the_console_can_be_drawn_in_ascii_on_any_terminal";
    let Some(stage) = Stage::installed(name) else {
        return;
    };
    let Some(terminal) = Terminal::open(name, &stage) else {
        return;
    };
    terminal.line("gatepost console").shows("0 accounts in all");
    assert!(!terminal.picture().is_ascii(), "{}", terminal.picture());
    terminal.press(&["q"]).is_the_shells();
    terminal.line("clear; gatepost console --ascii");
    terminal.shows("0 accounts in all");
    assert!(terminal.picture().is_ascii(), "{}", terminal.picture());
    terminal.press(&["q"]).is_the_shells();
}
