//! Files for other programs: what `export` writes, and that E writes the same in the console.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::console::Terminal;
use crate::stage::{Ended, Stage};

/// A stage with four people of this machine, of whom the second and the fourth have an account that waits for
/// its code.
fn half_enrolled(test: &str) -> Option<Stage> {
    let stage = Stage::installed(test)?;
    for number in 1..=4 {
        let line = format!("zu{number}:x:{}:100::/nonexistent:/bin/sh", 40_000 + number);
        stage.shell(&format!("echo {line} >> /etc/passwd")).exits(0);
    }
    stage.write(
        "/etc/people.csv",
        "user,address\nzu4,zu4@example.org\nzu2,zu2@example.org\n",
    );
    let import = ["user", "import", "/etc/people.csv", "--yes"];
    stage.gatepost(&import).exits(0);
    Some(stage)
}

// Mutants: those who have no account are left out, or stand before those who have one; a cell of theirs is
// left out, so that the next one stands in its column.
#[test]
fn an_export_has_whoever_the_list_has_in_its_order() {
    let Some(stage) = half_enrolled("an_export_has_whoever_the_list_has_in_its_order") else {
        return;
    };
    let filter = ["state:none,unconfirmed", "zu"];
    let fields = ["--fields", "user,address,note,confirmed,uid,state,version"];
    let export = ["user", "export"];
    let written = stage
        .gatepost(&[&export[..], &filter, &fields].concat())
        .exits(0)
        .tells("4 people.");
    assert_eq!(
        written.out,
        "user,address,note,confirmed,uid,state,version\n\
         zu1,,,no,40001,none,\n\
         zu2,z***@e***.org,,no,40002,unconfirmed,1\n\
         zu3,,,no,40003,none,\n\
         zu4,z***@e***.org,,no,40004,unconfirmed,1\n"
    );
    let list = ["-o", "plain", "--fields", "user", "user", "list"];
    let listed = stage.gatepost(&[&list[..], &filter].concat()).exits(0);
    assert_eq!(listed.out, "zu1\nzu2\nzu3\nzu4\n");
    let none = stage
        .gatepost(&["-o", "jsonl", "user", "export", "state:none", "uid:40003"])
        .exits(0)
        .json();
    assert_eq!(
        (&none["user"], &none["enrolled"], &none["address"]),
        (&"zu3".into(), &serde_json::Value::Null, &"".into())
    );
    // What is exported is filled in and imported.
    stage
        .shell(
            "gatepost user export state:none zu --fields user,address,note,confirmed | sed -e 's/^zu1,,/zu1,zu1@example.org,/' \
             -e '/^zu3/d' > /mnt/filled.csv; gatepost user import /mnt/filled.csv --yes",
        )
        .exits(0);
    stage
        .gatepost(&["user", "show", "zu1"])
        .exits(0)
        .says("unconfirmed");
}

/// So many deliveries to zu2 and one to zu4, as a store has them.
fn mailed(stage: &Stage, count: u32) {
    let insert = |from: u32, to: u32, user: &str| {
        let columns = "account, kind, relay, outcome, reply, message_id, millis, at_wall";
        format!(
            "WITH RECURSIVE n(i) AS (SELECT {from} UNION ALL SELECT i + 1 FROM n WHERE i < {to}) \
             INSERT INTO deliveries ({columns}) SELECT (SELECT id FROM accounts WHERE name = '{user}'), \
             'code', 'relay.example.org:465', 'accepted', '=250 ok ' || i, '<' || i || '@h>', i, \
             1764000000000 + i FROM n"
        )
    };
    for sql in [insert(1, count, "zu2"), insert(count + 1, count + 1, "zu4")] {
        let line = format!("sqlite3 /var/lib/gatepost/gatepost.db \"{sql}\"");
        stage.shell(&line).exits(0);
    }
}

// Mutants: a page goes on from the first one again, or passes one over; another account's are in it; a cell
// is not guarded, or is with --raw.
#[test]
fn all_deliveries_are_exported_newest_first() {
    let Some(stage) = half_enrolled("all_deliveries_are_exported_newest_first") else {
        return;
    };
    mailed(&stage, 1203);
    let listed = stage
        .gatepost(&["-o", "csv", "mail", "list", "-n", "9999"])
        .exits(0);
    let all = stage
        .gatepost(&["mail", "export"])
        .exits(0)
        .tells("1204 deliveries.");
    assert_eq!(all.out, listed.out);
    assert_eq!(all.out.lines().count(), 1205);
    let one = stage.gatepost(&["mail", "export", "zu4", "--raw"]).exits(0);
    assert_eq!(
        one.out,
        "at,user,kind,relay,outcome,reply,message_id,millis\n\
         2025-11-24T16:00:01.204Z,zu4,code,relay.example.org:465,accepted,=250 ok 1204,<1204@h>,1204\n"
    );
    let lines = stage
        .gatepost(&["-o", "jsonl", "mail", "export", "zu2"])
        .exits(0);
    assert_eq!(lines.out.lines().count(), 1203);
    stage.gatepost(&["mail", "export", "zzz"]).exits(5);
}

/// Presses E, gives a file's name and has it written: the dialog's own line then does the same, and the two
/// files are one. What is in them, and what the line tells beside its output.
#[track_caller]
fn written_twice(
    stage: &Stage,
    terminal: &Terminal<'_>,
    form: &str,
    line: &str,
) -> (String, Ended) {
    // Each its own: what was said of the one before may still be on the screen.
    static FILES: AtomicU32 = AtomicU32::new(0);
    let file = format!("/run/e{}", FILES.fetch_add(1, Ordering::Relaxed));
    terminal.press(&["E"]).shows("Write nothing");
    terminal.press(&[&file, "Enter"]);
    if form == "jsonl" {
        terminal.press(&["Right"]);
    }
    let line = line.replace("FORM", form);
    // The dialog is narrower than some lines are long.
    let bare = |text: &str| text.replace(['\u{2502}', ' ', '\n'], "");
    let same = bare(&format!("Same as: gatepost {line} > {file}"));
    terminal.waits(&same, |picture| bare(picture).contains(&same));
    terminal.press(&["y"]).shows(&format!("written to {file}"));
    let twin = stage.shell(&format!("gatepost {line}"));
    let written = stage.shell(&format!("cat {file}")).exits(0).out;
    assert!(!written.is_empty());
    assert_eq!(written, twin.out, "{line}");
    (written, twin)
}

// Mutants: E asks for accounts alone; it stands in another order, or its rows in that of the screen; a column,
// the mask, the guard, a time or the schema is another one; a page is left out or written twice; the hash is
// left out, or the head is not told.
#[test]
fn the_file_that_e_writes_is_the_subcommands() {
    let name = "the_file_that_e_writes_is_the_subcommands";
    let Some(stage) = half_enrolled(name) else {
        return;
    };
    let Some(terminal) = Terminal::open(name, &stage) else {
        return;
    };
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    stage
        .gatepost(&["user", "note", "zu2", "--", "=1+1"])
        .exits(0);
    mailed(&stage, 1203);
    terminal.tmux(&["resize-window", "-x", "160", "-y", "40"]);
    terminal.line("gatepost console --screen users --filter 'state:none,unconfirmed zu'");
    terminal.shows("zu4").shows("~ not enrolled");
    for form in ["csv", "jsonl"] {
        let line = "user export -o FORM state:none,unconfirmed zu";
        let (rows, twin) = written_twice(&stage, &terminal, form, line);
        twin.exits(0);
        assert_eq!(rows.matches("zu").count(), 4, "{rows}");
        assert_eq!(rows.matches("1+1").count(), 1, "{rows}");
    }
    terminal.press(&["/", "C-u", "sort:-enrolled", "Enter"]);
    terminal.shows("alice");
    for form in ["csv", "jsonl"] {
        let line = "user export -o FORM sort:-enrolled";
        let (rows, twin) = written_twice(&stage, &terminal, form, line);
        twin.exits(0);
        assert!(rows.contains("z***@e***.org"), "{rows}");
        assert!(!rows.contains("@example.org"), "{rows}");
    }
    // More events than a page has, and one that a spreadsheet would calculate.
    let act = "for i in $(seq 520); do gatepost -q user unlock alice || exit 1; done";
    stage.shell(act).exits(0);
    stage.change("events SET source = '=cmd()' WHERE seq = 3");
    terminal.press(&["4"]).shows("KIND");
    for form in ["csv", "jsonl"] {
        // It was tampered with, and E says so as the subcommand does.
        let line = "audit export -o FORM";
        let (rows, twin) = written_twice(&stage, &terminal, form, line);
        twin.exits(10).tells("the chain is broken at event 3");
        terminal.shows("But the chain is broken at event 3");
        assert!(rows.lines().count() > 520, "{rows}");
    }
    stage.change("events SET source = '' WHERE seq = 3");
    let head = stage.gatepost(&["--json", "audit", "head"]).json();
    let head = head["head"].as_str().unwrap();
    terminal.press(&["/", "kind:setup,user-add", "Enter"]);
    terminal.shows("user-add");
    let line = "audit export -o FORM kind:setup,user-add";
    for form in ["csv", "jsonl"] {
        let (_, twin) = written_twice(&stage, &terminal, form, line);
        twin.exits(0).tells(head);
        terminal.shows(&format!("with head {head}"));
    }
    terminal.press(&["5"]).shows("relay.example.org");
    for form in ["csv", "jsonl"] {
        let (rows, twin) = written_twice(&stage, &terminal, form, "mail export -o FORM");
        twin.exits(0);
        assert_eq!(rows.matches("relay.example").count(), 1204);
    }
    terminal.press(&["3"]).shows("newest first");
    terminal.press(&["E"]).shows("E on Audit writes the same");
    terminal.press(&["q"]).is_the_shells();
}
