//! Files for other programs: what `export` writes, and what E writes in the console.

use crate::stage::Stage;

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
