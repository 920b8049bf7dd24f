//! `gatepost store`, `backup`, `restore`.

use crate::stage::Stage;

fn enrolled(test: &str) -> Option<Stage> {
    let stage = Stage::installed(test)?;
    stage
        .gatepost(&["user", "add", "alice", "a@example.org", "--confirmed"])
        .exits(0);
    Some(stage)
}

// Mutants: the file is open to others; one that is there is written over; --verify changes something;
// it is done without a word.
#[test]
fn a_backup_comes_back_in_two_steps() {
    let Some(stage) = enrolled("a_backup_comes_back_in_two_steps") else {
        return;
    };
    stage
        .gatepost(&["backup", "/var/copy"])
        .exits(0)
        .tells("The key is not in it");
    stage.shell("stat -c %a /var/copy").says("600\n");
    stage
        .gatepost(&["backup", "/var/copy"])
        .exits(1)
        .tells("is there already");
    stage.shell("gatepost backup - > /var/other").exits(0);
    stage
        .shell("gatepost restore - --verify < /var/other")
        .exits(0)
        .says("1 accounts");
    stage
        .gatepost(&["user", "remove", "alice", "--yes"])
        .exits(0);
    stage
        .gatepost(&["restore", "/var/copy", "--verify"])
        .exits(0)
        .says("closed they stay: --reopen opens them: alice");
    stage
        .gatepost(&["restore", "/var/copy", "--verify", "--reopen"])
        .exits(0)
        .says("active again with the copy: alice");
    let alice = |stage: &Stage| {
        stage.gatepost(&["--json", "user", "show", "alice"]).json()["state"].clone()
    };
    assert_eq!(alice(&stage), "removed");
    stage
        .gatepost(&["restore", "/var/copy"])
        .exits(2)
        .tells("add --yes");
    stage
        .gatepost(&[
            "restore",
            "/var/copy",
            "--yes",
            "--reopen",
            "--reason",
            "T-2",
        ])
        .exits(0)
        .says("The store as it was: /var/lib/gatepost/gatepost.db.before-restore-");
    assert_eq!(alice(&stage), "active");
    stage.gatepost(&["audit", "verify"]).exits(0);
    let events = stage
        .gatepost(&["--json", "audit", "list", "kind:store-restore"])
        .json();
    assert_eq!(events["events"][0]["detail"]["reason"], "T-2");
    let left = stage.shell("ls /var/lib/gatepost");
    assert!(
        !left.out.contains("restore-") || left.out.contains("before-restore-"),
        "{left}"
    );
    assert!(!left.out.contains(".backup-"), "{left}");
}

// Mutants: the store as it was is written under its name; what a dead process left stays for good, or is in the way.
#[test]
fn what_a_killed_restore_leaves_is_taken_for_nothing_and_goes() {
    let Some(stage) = enrolled("what_a_killed_restore_leaves_is_taken_for_nothing_and_goes") else {
        return;
    };
    stage.gatepost(&["backup", "/var/copy"]).exits(0);
    // The writes of a look at the copy, and then some of those that keep the store as it was.
    stage.change("accounts SET note = hex(zeroblob(400000))");
    let writes = "strace -f -e trace=pwrite64 -o /var/trace gatepost restore /var/copy --verify; \
                  grep -c pwrite64 /var/trace";
    let looked: u32 = stage
        .shell(writes)
        .exits(0)
        .out
        .lines()
        .last()
        .unwrap()
        .parse()
        .unwrap();
    let files = |stage: &Stage| {
        let all = stage.shell("ls /var/lib/gatepost").out;
        let odd = all.lines().filter(|name| name.starts_with("gatepost.db."));
        odd.map(str::to_owned).collect::<Vec<_>>()
    };
    let killed = &format!(
        "strace -f -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when={} -o /var/trace \
           gatepost restore /var/copy --yes; test $? = 137",
        looked + 50
    );
    for mend in ["gatepost maintain", "gatepost backup - > /dev/null"] {
        stage.shell(killed).exits(0);
        let left = files(&stage);
        assert!(left.len() >= 2, "{left:?}");
        assert!(!left.iter().any(|name| name.contains("before")), "{left:?}");
        stage.shell(mend).exits(0);
        assert_eq!(files(&stage), Vec::<String>::new(), "{mend}");
    }
    stage.shell(killed).exits(0);
    for nth in ["", "-2"] {
        // What is kept of an earlier try at this event is no half file, and in nobody's way.
        let seq =
            stage.shell("sqlite3 /var/lib/gatepost/gatepost.db 'SELECT max(seq) FROM events'");
        let name = format!("gatepost.db.before-restore-{}", seq.out.trim());
        let kept = format!("{name}{nth}");
        if !nth.is_empty() {
            stage
                .shell(&format!("touch /var/lib/gatepost/{name}"))
                .exits(0);
        }
        stage
            .gatepost(&["restore", "/var/copy", "--yes"])
            .exits(0)
            .says(&format!("{kept}."));
        assert!(
            files(&stage)
                .iter()
                .all(|name| name.contains(".before-restore-"))
        );
    }
}

// Mutants: who is shut out is not told; nor is who keeps an address that is not confirmed.
#[test]
fn a_restore_names_whom_it_shuts_out_before_it_is_done() {
    let Some(stage) = enrolled("a_restore_names_whom_it_shuts_out_before_it_is_done") else {
        return;
    };
    stage.change("accounts SET state = 'disabled'");
    stage.gatepost(&["backup", "/var/closed"]).exits(0);
    stage.change("accounts SET state = 'active', held_wall = NULL");
    let verify = ["restore", "/var/closed", "--verify"];
    stage
        .gatepost(&verify)
        .exits(0)
        .says("that can sign in now and cannot then")
        .says("Codes that are open no longer work, those that confirm an address among them");
    let plan = stage.gatepost(&["--json", "restore", "/var/closed", "--verify"]);
    assert_eq!(plan.json()["plan"]["closed"][0], "alice");
    stage.change("accounts SET held_wall = 5, state = 'active'");
    stage.gatepost(&["backup", "/var/locked"]).exits(0);
    stage.change("accounts SET held_wall = NULL");
    stage
        .gatepost(&["restore", "/var/locked", "--verify"])
        .exits(0)
        .says("that are not locked now and are then: alice");
    stage.change("addresses SET confirmed_wall = NULL");
    stage
        .gatepost(&verify)
        .exits(0)
        .says("without a confirmed address now, with one in the copy");
}

/// What is no backup: how it comes to be, how it is named, the exit code, and what is said of it.
const NO_BACKUPS: [(&str, &str, i32, &str); 10] = [
    (
        "true",
        "/var/none",
        1,
        "/var/none: No such file or directory (os error 2): name a file that gatepost backup wrote",
    ),
    (
        "mkdir /var/odd",
        "/var/odd",
        1,
        "/var/odd: it is not a regular file: name a file that gatepost backup wrote",
    ),
    (
        "touch /var/odd",
        "/var/odd",
        1,
        "/var/odd is empty: name a file that gatepost backup wrote",
    ),
    (
        "cp /etc/passwd /var/odd",
        "/var/odd",
        1,
        "/var/odd is no SQLite database, so no backup: name a file that gatepost backup wrote",
    ),
    (
        "head -c 50000 /var/copy > /var/odd",
        "/var/odd",
        1,
        "/var/odd is damaged or cut off (database disk image is malformed): fetch it again",
    ),
    (
        "head -c 60 /var/copy > /var/odd",
        "/var/odd",
        1,
        "/var/odd is damaged or cut off (database disk image is malformed): fetch it again",
    ),
    (
        "sqlite3 /var/odd 'CREATE TABLE notes (text)'",
        "/var/odd",
        1,
        "/var/odd is not a Gatepost store but another program's database: name a file",
    ),
    (
        "cp /var/copy /var/odd; sqlite3 /var/odd 'PRAGMA user_version = 999'",
        "/var/odd",
        6,
        "/var/odd has version 999, and this program knows",
    ),
    (
        "cp /var/copy /var/odd; sqlite3 /var/odd 'CREATE VIEW more AS SELECT 1'",
        "/var/odd",
        1,
        "/var/odd cannot be restored: its view more is not what this Gatepost makes: take another copy",
    ),
    (
        "cp /var/copy /var/odd; sqlite3 /var/odd 'UPDATE accounts SET uid = 5000000000'",
        "/var/odd",
        1,
        "/var/odd cannot be restored: it has a value in accounts.uid that no Gatepost writes: take another",
    ),
];

// Mutants: what is no store of ours is taken; a fault of the copy is said of the store that is there; a file that
// never was a database is called a damaged one; what comes by the standard input has no name.
#[test]
fn what_is_no_backup_is_named_and_refused_and_nothing_changes() {
    let Some(stage) = enrolled("what_is_no_backup_is_named_and_refused_and_nothing_changes") else {
        return;
    };
    stage.gatepost(&["backup", "/var/copy"]).exits(0);
    for (makes, file, code, told) in NO_BACKUPS {
        stage.shell(&format!("rm -rf /var/odd; {makes}")).exits(0);
        for last in ["--verify", "--yes"] {
            let refused = stage.gatepost(&["restore", file, last]).exits(code);
            let refused = refused.tells(told);
            assert!(!refused.err.contains("the store"), "{makes}\n{refused}");
            assert_eq!(refused.out, "", "{makes}");
        }
    }
    stage
        .shell("gatepost restore - --yes < /etc/passwd")
        .exits(1)
        .tells("the standard input is no SQLite database");
    stage.gatepost(&["user", "show", "alice"]).exits(0);
    assert!(!stage.shell("ls /var/lib/gatepost").out.contains("restore"));
}

// Mutants: the copy is blamed for the store; the way out is not said.
#[test]
fn a_store_that_cannot_be_opened_is_told_from_the_copy() {
    let Some(stage) = enrolled("a_store_that_cannot_be_opened_is_told_from_the_copy") else {
        return;
    };
    stage.gatepost(&["backup", "/var/copy"]).exits(0);
    for (breaks, told) in [
        (
            "head -c 60 /etc/passwd >",
            "the store is damaged (file is not a database)",
        ),
        ("cat /var/other >", "it is not a Gatepost store"),
    ] {
        let breaks = format!(
            "cd /var/lib/gatepost; rm -f gatepost.db-wal gatepost.db-shm; rm -f /var/other; \
             sqlite3 /var/other 'CREATE TABLE notes (text)'; {breaks} gatepost.db"
        );
        stage.shell(&breaks).exits(0);
        for last in ["--verify", "--yes"] {
            stage
                .gatepost(&["restore", "/var/copy", last])
                .exits(1)
                .tells(told)
                .tells("That is the store that is there, not /var/copy.")
                .tells("gatepost setup --new-store");
        }
    }
    // And that way leads out.
    stage.shell("rm /var/lib/gatepost/*").exits(0);
    stage.gatepost(&["setup", "--new-store"]).exits(0);
    let restore = ["restore", "/var/copy", "--yes", "--with-policy"];
    stage.gatepost(&restore).exits(0);
    stage.gatepost(&["user", "show", "alice"]).exits(0);
}

// Mutant: who waits at a prompt is not counted.
#[test]
fn a_restore_waits_for_logins_unless_told_not_to() {
    let Some(stage) = enrolled("a_restore_waits_for_logins_unless_told_not_to") else {
        return;
    };
    stage.gatepost(&["backup", "/var/copy"]).exits(0);
    let waiting = "sqlite3 /var/lib/gatepost/gatepost.db \"INSERT INTO conversations VALUES (1, 1, \
        'alice', 'sshd', 'x', 'h', '$(cat /proc/sys/kernel/random/boot_id)', 1, 1, 9000000000000)\"";
    stage.shell(waiting).exits(0);
    stage
        .gatepost(&["restore", "/var/copy"])
        .exits(10)
        .tells("1 logins wait at a prompt");
    stage.gatepost(&["restore", "/var/copy", "--yes"]).exits(0);
}

// Mutants: the clock of the store is not mended; a check with problems exits well.
#[test]
fn the_store_is_checked_migrated_shrunk_and_its_clock_mended() {
    let Some(stage) = enrolled("the_store_is_checked_migrated_shrunk_and_its_clock_mended") else {
        return;
    };
    stage
        .gatepost(&["store", "check"])
        .exits(0)
        .says("nothing wrong");
    stage.gatepost(&["store", "check", "--quick"]).exits(0);
    stage.gatepost(&["store", "vacuum"]).exits(0);
    stage
        .gatepost(&["store", "migrate", "--dry-run"])
        .exits(0)
        .says("as it must be");
    let before = stage.gatepost(&["--json", "store", "clock"]).json();
    let after = stage
        .gatepost(&["--json", "store", "clock", "--reset"])
        .json();
    assert_eq!(
        (&before["shows"], &after["reset"]),
        (&after["shows"], &true.into())
    );
    // A clock that nobody can read refuses everybody; the reset mends it.
    stage.change("meta SET value = 'x' WHERE key = 'clock'");
    stage
        .gatepost(&["user", "show", "alice"])
        .exits(1)
        .tells("store clock --reset");
    stage.gatepost(&["store", "clock", "--reset"]).exits(0);
    stage.gatepost(&["user", "show", "alice"]).exits(0);
    // A row that refers to none is found.
    stage
        .shell("sqlite3 /var/lib/gatepost/gatepost.db 'PRAGMA foreign_keys = OFF; DELETE FROM accounts'")
        .exits(0);
    stage
        .gatepost(&["store", "check"])
        .exits(10)
        .says("a row of addresses refers");
}
