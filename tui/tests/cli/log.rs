//! `gatepost audit`: lists, exports, heads, a log held against the chain, prunes. That every act leaves
//! its event is shown where all of it is installed: tests/e2e/audit.rs.

use crate::stage::Stage;

fn enrolled(test: &str) -> Option<Stage> {
    let stage = Stage::installed(test)?;
    stage
        .gatepost(&["user", "add", "alice", "a@example.org", "--confirmed"])
        .exits(0);
    Some(stage)
}

// Mutant: --until is taken for --since.
#[test]
fn events_are_listed_by_one_grammar() {
    let Some(stage) = enrolled("events_are_listed_by_one_grammar") else {
        return;
    };
    stage.gatepost(&["user", "disable", "alice"]).exits(0);
    let seqs = |words: &[&str]| {
        let document = stage
            .gatepost(&[&["--json", "audit", "list"], words].concat())
            .json();
        let events = document["events"].as_array().unwrap().clone();
        events
            .iter()
            .map(|event| event["kind"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(seqs(&["alice"]), ["user-add", "user-disable"]);
    assert_eq!(seqs(&["kind:setup,user-add"]), ["setup", "user-add"]);
    assert_eq!(seqs(&["!user:alice"]), ["policy-setup", "setup"]);
    assert_eq!(seqs(&["who:root", "kind:user-disable"]), ["user-disable"]);
    assert_eq!(
        seqs(&["--since", "1h", "user:alice", "-n", "1"]),
        ["user-disable"]
    );
    assert!(seqs(&["--until", "1h"]).is_empty());
    assert!(seqs(&["from:203.0.113.0/24"]).is_empty());
    stage
        .gatepost(&["audit", "list", "alice", "colour:red"])
        .exits(2)
        .tells("column 7: no field colour");
    stage
        .gatepost(&["audit", "list", "alice", "kind:gess"])
        .exits(2)
        .tells("column 12: no such kind of event: is it guess?");
    stage
        .gatepost(&["audit", "tail", "kind:zzz"])
        .exits(2)
        .tells("it is one of bypass-new ");
    stage
        .gatepost(&["audit", "list", "--since", "soon"])
        .exits(2)
        .tells("a time must stand here");
    stage
        .gatepost(&["audit", "list", "zzz"])
        .exits(0)
        .tells("no such event");
}

// Mutants: cells are not guarded; --raw guards; the hash is left out.
#[test]
fn an_export_is_guarded_and_has_its_proof() {
    let Some(stage) = enrolled("an_export_is_guarded_and_has_its_proof") else {
        return;
    };
    let head = stage.gatepost(&["--json", "audit", "head"]).json();
    let export = stage
        .gatepost(&["audit", "export"])
        .exits(0)
        .says("seq,at,at_millis,kind,user,service,source,conversation,detail,hash\n")
        .tells(head["head"].as_str().unwrap());
    assert!(
        export
            .out
            .lines()
            .last()
            .unwrap()
            .ends_with(head["head"].as_str().unwrap())
    );
    let lines = stage
        .gatepost(&["-o", "jsonl", "audit", "export", "kind:user-add"])
        .exits(0);
    let event: serde_json::Value = serde_json::from_str(&lines.out).unwrap();
    assert_eq!(
        (&event["schema"], &event["user"]),
        (&1.into(), &"alice".into())
    );
    stage.change("events SET source = '=cmd()' WHERE seq = 2");
    stage
        .gatepost(&["audit", "export"])
        .exits(10)
        .says(",'=cmd(),");
    stage
        .gatepost(&["audit", "export", "--raw"])
        .exits(10)
        .says(",=cmd(),");
}

/// A decision's line for an event as it is now.
fn line(stage: &Stage, seq: u32) -> String {
    let export = stage.gatepost(&["-o", "jsonl", "audit", "export"]).out;
    let event = export
        .lines()
        .nth(usize::try_from(seq).unwrap() - 1)
        .unwrap()
        .to_owned();
    let event: serde_json::Value = serde_json::from_str(&event).unwrap();
    let hash = event.get("hash").and_then(|hash| hash.as_str()).unwrap();
    let head: String = hash.chars().take(16).collect();
    format!("Nov 24 12:00:00 h gatepost[1]: decision=success user=alice seq={seq} head={head}\n")
}

// Mutants: a head that differs counts as the same; an event that is lost is passed over; only the last
// line is looked at.
#[test]
fn audit_tamper_found() {
    let Some(stage) = enrolled("audit_tamper_found") else {
        return;
    };
    for _ in 0..3 {
        stage.gatepost(&["user", "unlock", "alice"]).exits(0);
    }
    let log: String = (2..=5).map(|seq| line(&stage, seq)).collect();
    stage.write("/var/auth.log", &format!("noise\n{log}"));
    let verify = |code: i32| {
        let words = ["--json", "audit", "verify", "--against", "/var/auth.log"];
        stage.gatepost(&words).exits(code).json()["against"].clone()
    };
    let good = verify(0);
    assert_eq!(
        (&good["heads"], &good["same"]),
        (&4.into(), &4.into()),
        "{good}"
    );

    // A log that somebody doctored, or a store that was rewritten with a chain that fits.
    stage.write(
        "/var/auth.log",
        &log.replace("seq=3 head=", "seq=3 head=0000000000000000 x="),
    );
    let doctored = verify(10);
    assert_eq!(doctored["differs"]["seq"], 3, "{doctored}");
    stage.write("/var/auth.log", &log);

    // The store's end is cut off: the chain by itself holds.
    stage.shell("cp -a /var/lib/gatepost /var/before").exits(0);
    stage.delete("events WHERE seq > 3");
    stage.gatepost(&["audit", "verify"]).exits(0);
    let cut = verify(10);
    assert_eq!(cut["lost"], serde_json::json!([4, 5]), "{cut}");
    stage
        .gatepost(&["audit", "verify", "--against", "/var/auth.log"])
        .exits(10)
        .tells("2 events that the store lost (4 5); the store ends at 3");
    // And grown again: the numbers are there, with other hashes.
    stage.gatepost(&["user", "disable", "alice"]).exits(0);
    let grown = verify(10);
    assert_eq!(
        (&grown["different"], &grown["lost_count"]),
        (&1.into(), &1.into()),
        "{grown}"
    );

    // One event is changed: the chain itself breaks.
    stage
        .shell("rm -r /var/lib/gatepost && mv /var/before /var/lib/gatepost")
        .exits(0);
    stage.change("events SET account = 'eve' WHERE seq = 4");
    stage
        .gatepost(&["audit", "verify"])
        .exits(10)
        .tells("event 4 does not follow");

    stage
        .gatepost(&["audit", "verify", "--against", "/var/none"])
        .exits(1);
}

// Mutants: other users' lines count; the child has an environment.
#[test]
fn the_journal_is_read_by_its_own_program_for_root_alone() {
    let Some(stage) = enrolled("the_journal_is_read_by_its_own_program_for_root_alone") else {
        return;
    };
    let fake = format!(
        "#!/bin/sh\necho \"$* PATH=$(tr '\\0' ' ' < /proc/$$/environ)\" > /var/asked\ncat <<'E'\n{}E\n",
        line(&stage, 2)
    );
    stage.shell("rm -f /usr/bin/journalctl").exits(0);
    stage.write("/usr/bin/journalctl", &fake);
    stage.shell("chmod 755 /usr/bin/journalctl").exits(0);
    let verified = stage
        .gatepost(&["--json", "audit", "verify", "--against", "journal"])
        .exits(0)
        .json();
    assert_eq!(verified["against"]["same"], 1);
    stage
        .shell("cat /var/asked")
        .says("_UID=0 SYSLOG_IDENTIFIER=gatepost PATH=\n");
    stage.write("/usr/bin/journalctl", "#!/bin/sh\nexit 1\n");
    stage
        .gatepost(&["audit", "verify", "--against", "journal"])
        .exits(1)
        .tells("journalctl ended with");
}

// Mutants: a prune does not ask; --dry-run prunes.
#[test]
fn a_prune_is_told_asked_and_recorded() {
    let Some(stage) = enrolled("a_prune_is_told_asked_and_recorded") else {
        return;
    };
    stage.gatepost(&["maintain"]).exits(0);
    let prune = |words: &[&str]| stage.gatepost(&[&["audit", "prune"], words].concat());
    prune(&["--keep", "29d", "--dry-run"])
        .exits(2)
        .tells("30 days at the least");
    prune(&["--keep", "soon"]).exits(2);
    prune(&["--keep", "30d"])
        .exits(0)
        .says("No event is that old");
    stage.change("event_days SET from_store = -9000000000");
    prune(&["--keep", "30d", "--dry-run"])
        .exits(0)
        .says("3 events would go");
    prune(&["--keep", "30d"]).exits(2).tells("add --yes");
    prune(&["--keep", "30d", "--yes", "--reason", "T-1"])
        .exits(0)
        .says("3 events are removed");
    let last = stage
        .gatepost(&["--json", "audit", "tail", "-n", "1"])
        .json();
    assert_eq!(last["event"]["detail"]["reason"], "T-1", "{last}");
    stage
        .gatepost(&["audit", "verify"])
        .exits(0)
        .tells("up to 3 are purged");
}
