//! What is done to accounts: another address, locks, notes, many at once, undo, sources.

use crate::stage::Stage;

/// A stage where alice is enrolled.
fn enrolled(test: &str) -> Option<Stage> {
    let stage = Stage::installed(test)?;
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    Some(stage)
}

/// So many further users of the machine, u1 and on, from uid 40001.
fn people(stage: &Stage, count: u32) {
    let line = format!(
        "awk 'BEGIN {{ for (i = 1; i <= {count}; i++) \
           printf \"u%d:x:%d:100::/nonexistent:/bin/sh\\n\", i, 40000 + i }}' >> /etc/passwd"
    );
    stage.shell(&line).exits(0);
}

// Mutant: undo exits well where there is nothing to undo.
#[test]
fn every_subcommand_has_its_help_and_knows_nobody() {
    let Some(stage) = Stage::installed("every_subcommand_has_its_help_and_knows_nobody") else {
        return;
    };
    let commands: [&[&str]; 14] = [
        &["user", "set-mail", "zzz", "z@example.org"],
        &["user", "lock", "zzz"],
        &["user", "unlock", "zzz"],
        &["user", "disable", "zzz"],
        &["user", "enable", "zzz"],
        &["user", "note", "zzz"],
        &["user", "note", "zzz", "text"],
        &["user", "invite", "zzz"],
        &["source", "list", "zzz"],
        &["source", "revoke", "zzz", "--all"],
        &["source", "revoke", "zzz", "203.0.113.9"],
        &["undo", "99"],
        &["undo"],
        &["mail", "list", "zzz"],
    ];
    for words in commands {
        stage.gatepost(words).exits(5);
        let mut help = words.to_vec();
        help.push("--help");
        stage.gatepost(&help).exits(0).says("Usage: gatepost");
    }
    for words in [["user", "import"], ["user", "export"]] {
        stage
            .gatepost(&[&words[..], &["--help"]].concat())
            .exits(0)
            .says("Usage: gatepost");
    }
    let refused = stage.gatepost(&["--json", "user", "lock", "zzz"]).exits(5);
    assert_eq!(refused.json()["error"]["exit"], 5);
}

// Mutants: a new address is taken without its code; old and new cannot be told apart in the reply; what is shown
// is not what the reply and the log mean.
#[test]
fn an_address_is_changed_and_taken_back() {
    let Some(stage) = enrolled("an_address_is_changed_and_taken_back") else {
        return;
    };
    // Nothing answers at the relay: the change stands, and the exit says that the code went nowhere.
    stage
        .gatepost(&["user", "set-mail", "alice", "bob@example.net"])
        .exits(7)
        .says("until then, codes go to a***@e***.org")
        .tells("] is told by mail");
    stage
        .gatepost(&["why", "alice"])
        .exits(0)
        .says("a***@e***.org");
    let listed = stage
        .gatepost(&["--json", "undo", "--list"])
        .exits(0)
        .json();
    assert_eq!(listed["undo"][0]["act"], "set-mail");
    assert_eq!(listed["undo"][0]["permitted"], true);
    stage
        .gatepost(&["undo", "--reason", "slip", "--yes"])
        .exits(0)
        .says("set-mail of alice is taken back")
        .tells("are not called back");
    let shown = stage
        .gatepost(&["--json", "user", "show", "alice"])
        .exits(0)
        .json();
    assert_eq!(shown["addresses"].as_array().unwrap().len(), 1);
    let word = [
        "--json",
        "user",
        "set-mail",
        "alice",
        "bob@example.net",
        "--confirmed",
    ];
    let moved = stage.gatepost(&word).exits(0).json();
    assert_eq!(moved["confirmed"], true);
    assert_eq!(moved["before"], "a***@e***.org");
    assert_eq!(
        moved["before_fingerprint"],
        shown["addresses"][0]["fingerprint"]
    );
    let marked = moved["address_fingerprint"].as_str().unwrap();
    assert_ne!(moved["before_fingerprint"], marked);
    stage
        .gatepost(&["user", "show", "alice"])
        .exits(0)
        .says(&format!("b***@e***.net [{marked}] ("));
    stage
        .gatepost(&["audit", "fingerprint", "bob@example.net"])
        .exits(0)
        .says(&format!("{marked}\n"));
    stage
        .gatepost(&["user", "set-mail", "alice", "no address"])
        .exits(2)
        .tells("not a usable mail address");
    let version = stage
        .gatepost(&["--json", "user", "show", "alice"])
        .exits(0)
        .json();
    assert_eq!(version["version"], shown["version"].as_i64().unwrap() + 1);
}

// Mutant: the version that was seen is not asked.
#[test]
fn console_lost_update_by_subcommand() {
    let Some(stage) = enrolled("console_lost_update_by_subcommand") else {
        return;
    };
    let shown = stage
        .gatepost(&["--json", "user", "show", "alice"])
        .exits(0)
        .json();
    let seen = shown["version"].to_string();
    stage
        .gatepost(&["user", "note", "alice", "on leave"])
        .exits(0);
    stage
        .gatepost(&["user", "disable", "alice", "--version", &seen])
        .exits(1)
        .tells("alice was changed in the meantime: user-note by root")
        .tells("after on leave");
    stage.gatepost(&["user", "list"]).exits(0).says("active");
    stage
        .gatepost(&["user", "note", "alice"])
        .exits(0)
        .says("on leave\n");
    stage
        .gatepost(&["why", "alice"])
        .exits(0)
        .says("note: on leave");
    stage
        .gatepost(&["user", "note", "alice", "--clear"])
        .exits(0);
    stage
        .gatepost(&["user", "note", "alice"])
        .exits(0)
        .tells("Nothing is noted");
}

// Mutant: a lock holds nothing.
#[test]
fn a_lock_is_an_administrators_until_unlocked() {
    let Some(stage) = enrolled("a_lock_is_an_administrators_until_unlocked") else {
        return;
    };
    stage
        .gatepost(&["user", "lock", "alice", "--reason", "T-1"])
        .exits(0)
        .says("alice is locked: no code is taken until gatepost user unlock alice");
    stage
        .gatepost(&["user", "lock", "alice"])
        .exits(1)
        .tells("already");
    stage
        .gatepost(&["user", "list", "state:locked"])
        .exits(0)
        .says("alice");
    stage
        .gatepost(&["user", "show", "alice"])
        .exits(0)
        .says("an administrator's");
    stage
        .gatepost(&["why", "alice"])
        .exits(10)
        .says("one locked it.");
    stage
        .gatepost(&["user", "unlock", "alice"])
        .exits(0)
        .says("alice is unlocked");
    stage
        .gatepost(&["undo", "--yes"])
        .exits(0)
        .says("unlock of alice is taken back");
    stage.gatepost(&["why", "alice"]).exits(10);
}

// Mutants: one failure ends the rest; all failed is partly done; a dry run does it.
#[test]
fn many_are_done_at_once_with_partial_results() {
    let Some(stage) = enrolled("many_are_done_at_once_with_partial_results") else {
        return;
    };
    people(&stage, 25);
    stage
        .shell(
            "for i in $(seq 25); do gatepost user add u$i u$i@example.org --confirmed || exit 1; \
             done > /dev/null",
        )
        .exits(0);
    let dry = stage
        .gatepost(&["--json", "user", "disable", "u1", "zzz", "--dry-run"])
        .exits(3)
        .json();
    assert_eq!(dry["results"][0]["before"], "active");
    assert_eq!(dry["results"][0]["done"], false);
    stage
        .gatepost(&["user", "list", "state:disabled"])
        .exits(0)
        .tells("No account");
    let done = stage
        .gatepost(&["--json", "user", "disable", "u1", "zzz", "u2"])
        .exits(3)
        .json();
    let ends: Vec<bool> = done["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["done"].as_bool().unwrap())
        .collect();
    assert_eq!(ends, [true, false, true]);
    let by_state = stage
        .gatepost(&["--json", "user", "list", "sort:state"])
        .exits(0)
        .json();
    let first: Vec<&str> = by_state["users"]
        .as_array()
        .unwrap()
        .iter()
        .take(3)
        .map(|account| account["user"].as_str().unwrap())
        .collect();
    assert_eq!(first, ["u1", "u2", "alice"], "the disabled come first");
    assert!(
        done["results"][1]["error"]
            .as_str()
            .unwrap()
            .contains("no such user")
    );
    stage.gatepost(&["user", "enable", "yyy", "zzz"]).exits(5);
    stage
        .shell("seq 25 | sed s/^/u/ | gatepost user unlock -")
        .exits(2)
        .tells("25 accounts: add --yes");
    let many = stage
        .shell("seq 25 | sed s/^/u/ | gatepost user unlock - --yes --json")
        .exits(0)
        .json();
    assert_eq!(many["results"].as_array().unwrap().len(), 25);
    stage
        .shell("printf 'u1\\0alice\\0' | gatepost -0 user enable -")
        .exits(0)
        .says("u1")
        .says("alice");
    stage
        .shell("gatepost user unlock - < /dev/null")
        .exits(2)
        .tells("names nobody");
    stage
        .gatepost(&["user", "unlock", "a", "b", "--version", "1"])
        .exits(2);
}

// Mutants: an import mails, or changes an address unasked; a wrong line ends it, or puts the numbers of the
// lines behind it off; judge() has who is disabled or was removed changed all the same.
#[test]
fn a_list_is_looked_at_then_imported_then_taken_back() {
    let Some(stage) = enrolled("a_list_is_looked_at_then_imported_then_taken_back") else {
        return;
    };
    people(&stage, 500);
    stage
        .shell(
            "{ echo user,address,note; for i in $(seq 500); do echo u$i,u$i@example.org,; done; \
               echo zzz,z@example.org,; echo u1,other@example.org,; \
               echo alice,new@example.org,; } > /mnt/list.csv",
        )
        .exits(0);
    let import =
        |words: &[&str]| stage.gatepost(&[&["user", "import", "/mnt/list.csv"], words].concat());
    let lines = import(&["--dry-run", "--json"]).exits(3).json();
    let lines = lines["lines"].as_array().unwrap();
    assert_eq!(lines.len(), 503);
    let picked: Vec<(i64, &str)> = lines[499..]
        .iter()
        .map(|line| {
            (
                line["line"].as_i64().unwrap(),
                line["fate"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        picked,
        [(501, "add"), (502, "wrong"), (503, "wrong"), (504, "skip")]
    );
    stage
        .gatepost(&["user", "list", "u1"])
        .exits(0)
        .tells("No account");
    import(&[])
        .exits(2)
        .tells("500 to enrol, 0 to change, 1 to skip, 2 that make no sense");
    let started = std::time::Instant::now();
    let done = import(&["--yes", "--json", "--reason", "T-9"]).exits(3);
    let took = started.elapsed();
    assert!(took.as_secs() < 10, "500 users took {took:?}");
    let imported = done.json();
    assert_eq!(imported["added"], 500);
    assert_eq!(imported["failed"].as_array().unwrap().len(), 2);
    assert!(
        done.err
            .contains("gatepost user invite --filter state:unconfirmed"),
        "{done}"
    );
    stage.gatepost(&["mail", "list"]).exits(0).tells("No mail");
    stage
        .gatepost(&["user", "list", "u500"])
        .exits(0)
        .says("unconfirmed");
    let undo = imported["undo"].to_string();
    stage
        .gatepost(&["undo", &undo])
        .exits(2)
        .tells(": import of 500 accounts, done 20")
        .tells("add --yes to go on");
    // Nor by the number of any other of them.
    let last = stage.gatepost(&["--json", "audit", "list", "kind:user-add"]);
    let last = last.exits(0).json()["events"].as_array().unwrap().clone();
    let last = last
        .iter()
        .map(|event| event["seq"].as_i64().unwrap())
        .max();
    stage
        .gatepost(&["undo", &last.unwrap().to_string()])
        .exits(2)
        .tells(": import of 500 accounts, done 20");
    let undone = stage
        .gatepost(&["--json", "undo", &undo, "--yes"])
        .exits(0)
        .json();
    assert_eq!(undone["done"], 500);
    stage
        .gatepost(&["user", "list", "u500"])
        .exits(0)
        .says("removed");
    // A list neither enables nor brings back.
    stage.gatepost(&["user", "disable", "alice"]).exits(0);
    import(&["--update", "--yes"])
        .exits(1)
        .says("0 enrolled, 0 changed, 501 skipped, 2 failed");
    for (user, state) in [("alice", "disabled"), ("u500", "removed")] {
        stage.gatepost(&["user", "list", user]).exits(0).says(state);
    }
    let redo = undone["redo"].to_string();
    stage
        .gatepost(&["undo", &redo, "--yes"])
        .exits(0)
        .tells(": import of 500 accounts, taken back 20")
        .says("import: 500 of 500 accounts done again.\n")
        .tells("To take it back, within ten minutes: gatepost undo");
    stage.gatepost(&["audit", "verify"]).exits(0);
}

// Mutants: those who are enrolled are listed among those who are not; a list is read from a device.
#[test]
fn lists_come_in_three_forms_and_from_the_machine() {
    let Some(stage) = enrolled("lists_come_in_three_forms_and_from_the_machine") else {
        return;
    };
    people(&stage, 4);
    stage
        .gatepost(&["user", "list", "state:none"])
        .exits(0)
        .says("u1")
        .says("u4");
    let none = stage
        .gatepost(&["user", "list", "state:none", "!u1"])
        .exits(0);
    assert!(
        !none.out.contains("u1") && !none.out.contains("alice"),
        "{none}"
    );
    stage
        .shell(
            "printf 'dn: uid=u1\\nuid: u1\\nmail:: dTFAZXhhbXBsZS5vcmc=\\n' | \
             gatepost user import - --format ldif --yes",
        )
        .exits(0)
        .says("1 enrolled");
    stage
        .shell("getent passwd u2 | gatepost user import - --format passwd --yes")
        .exits(2)
        .tells("--domain");
    stage
        .shell(
            "getent passwd u2 | gatepost user import - --format passwd --domain example.org --yes",
        )
        .exits(0)
        .says("1 enrolled");
    stage
        .gatepost(&[
            "user",
            "import",
            "--from",
            "getent",
            "--domain",
            "example.org",
            "--yes",
        ])
        .exits(0);
    let none = stage
        .gatepost(&["user", "list", "state:none", "u"])
        .exits(0);
    assert!(!none.out.contains("u3"), "{none}");
    stage
        .gatepost(&["user", "import", "/nowhere"])
        .exits(1)
        .tells("/nowhere");
    stage
        .gatepost(&["user", "import", "/dev/zero"])
        .exits(1)
        .tells("not a regular file");
    stage
        .shell("printf 'name,mail\\n' | gatepost user import - --yes")
        .exits(2)
        .tells("name the columns");
}

// Mutant: an invitation that was refused is not told of.
#[test]
fn those_who_wait_are_invited() {
    let Some(stage) = enrolled("those_who_wait_are_invited") else {
        return;
    };
    people(&stage, 3);
    stage
        .shell(
            "printf 'user,address\\nu1,u1@example.org\\nu2,u2@example.org\\n' | \
             gatepost user import - --yes",
        )
        .exits(0);
    let filter = ["user", "invite", "--filter", "state:none,pending"];
    let dry = stage
        .gatepost(&[&filter[..], &["--dry-run", "--json"]].concat())
        .exits(0);
    assert_eq!(dry.json()["invited"].as_array().unwrap().len(), 2);
    assert!(dry.err.contains("u3 has no account"), "{dry}");
    // No relay answers: each is told, and none was sent.
    stage.gatepost(&filter).exits(7).says("no relay took it");
    stage
        .gatepost(&["user", "invite", "alice"])
        .exits(5)
        .says("waits for confirmation");
    stage
        .gatepost(&["user", "invite", "--filter", "state:disabled"])
        .exits(0)
        .tells("Nobody");
}

// Mutants: an export calculates; --raw is ignored; what is masked is not; the shape is not CSV.
#[test]
fn an_export_is_csv_that_an_import_takes() {
    let Some(stage) = enrolled("an_export_is_csv_that_an_import_takes") else {
        return;
    };
    stage
        .gatepost(&["user", "note", "alice", "--", "=1+1"])
        .exits(0);
    let masked = stage
        .gatepost(&["user", "export"])
        .exits(0)
        .says("user,address,note,confirmed");
    assert!(
        masked.out.contains("alice,a***@e***.org,'=1+1,yes"),
        "{masked}"
    );
    stage
        .gatepost(&["user", "export", "--raw"])
        .exits(0)
        .says(",=1+1,");
    let lines = stage
        .gatepost(&["-o", "jsonl", "user", "export", "alice"])
        .exits(0);
    assert_eq!(lines.json()["user"], "alice");
    let unmask = ["user", "export", "--unmask", "--reason", "T-3", "--fields"];
    let full = stage
        .gatepost(&[&unmask[..], &["user,address,note,confirmed"]].concat())
        .exits(0);
    assert_eq!(
        full.out,
        "user,address,note,confirmed\nalice,alice@example.org,'=1+1,yes\n"
    );
    stage.gatepost(&["audit", "list"]).exits(0).says("T-3");
    stage
        .shell(
            "gatepost user export --unmask > /mnt/e.csv; gatepost user import /mnt/e.csv --dry-run",
        )
        .exits(2)
        .tells("name the columns");
}

// Mutant: the filter is not asked.
#[test]
fn a_filter_asks_groups_networks_and_mails() {
    let Some(stage) = enrolled("a_filter_asks_groups_networks_and_mails") else {
        return;
    };
    stage
        .shell("groupadd gates && usermod -aG gates alice")
        .exits(0);
    let list = |words: &[&str]| stage.gatepost(&[&["user", "list"], words].concat());
    list(&["group:gates"]).exits(0).says("alice");
    list(&["!group:gates"]).exits(0).tells("No account");
    list(&["group:nowhere"])
        .exits(2)
        .tells("there is no group nowhere");
    list(&["from:203.0.113.0/24"]).exits(0).tells("No account");
    list(&["from:203.0.113.0/40"]).exits(2).tells("column 6");
    list(&["mail:failed"]).exits(0).tells("No account");
    stage
        .gatepost(&["user", "set-mail", "alice", "bob@example.net"])
        .exits(7);
    list(&["mail:failed"]).exits(0).says("alice");
    list(&["mail:bounced"]).exits(0).tells("No account");
    list(&["\"ali"]).exits(2).tells("this quote has no end");
    stage
        .gatepost(&["source", "list", "alice"])
        .exits(0)
        .tells("No source is known");
    stage.gatepost(&["source", "revoke", "alice"]).exits(2);
}

// Mutants: a subcommand takes a reason and drops it; an import takes a version of no account.
#[test]
fn every_act_that_is_recorded_takes_a_reason() {
    let Some(stage) = enrolled("every_act_that_is_recorded_takes_a_reason") else {
        return;
    };
    people(&stage, 1);
    // Without a relay the mails fail; the acts are recorded all the same.
    let acts: [(&[&str], i32, &str); 7] = [
        (&["user", "add", "u1", "u1@example.org"], 7, "user-add"),
        (&["user", "verify", "u1"], 7, "user-verify-sent"),
        (&["user", "invite", "u1"], 7, "user-verify-sent"),
        (&["recovery", "new", "alice"], 0, "recovery-new"),
        (&["mail", "test", "a@example.org"], 7, "mail-test"),
        (&["backup", "/root/reason.db"], 0, "store-backup"),
        (&["store", "vacuum"], 0, "store-vacuum"),
    ];
    for (at, (words, exit, kind)) in acts.into_iter().enumerate() {
        let why = format!("T-{at}");
        let typed = [words, &["--reason", &why]].concat();
        stage.gatepost(&typed).exits(exit);
        let last = stage
            .gatepost(&[
                "--json",
                "audit",
                "list",
                &format!("kind:{kind}"),
                "-n",
                "1",
            ])
            .exits(0)
            .json();
        let events = last["events"].as_array().unwrap();
        assert_eq!(events[0]["detail"]["reason"], why, "{typed:?}: {last}");
    }
    stage
        .gatepost(&["user", "import", "-", "--version", "1"])
        .exits(2)
        .tells("--version");
}
