//! `gatepost bypass`, `factor`, `attack`, `shield` and `status`.

use crate::stage::Stage;

fn enrolled(test: &str) -> Option<Stage> {
    let stage = Stage::installed(test)?;
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    Some(stage)
}

// Mutants: a bypass code needs no reason; a revoked code is still listed.
#[test]
fn a_bypass_code_is_made_listed_and_revoked() {
    let Some(stage) = enrolled("a_bypass_code_is_made_listed_and_revoked") else {
        return;
    };
    let bypass = |words: &[&str]| stage.gatepost(&[&["bypass"], words].concat());
    bypass(&["list"])
        .exits(0)
        .tells("No bypass code works now.");
    bypass(&["new", "alice"]).exits(2).tells("--reason");
    bypass(&["new", "alice", "--reason", " "])
        .exits(2)
        .tells("needs a reason");
    bypass(&["new", "alice", "--reason", "T", "--ttl", "25h"])
        .exits(2)
        .tells("ttl = 25 h is outside its bounds");
    bypass(&["new", "alice", "--reason", "T", "--ttl", "15"])
        .exits(2)
        .tells("is no time");
    bypass(&["new", "zzz", "--reason", "T"]).exits(5);
    let made = bypass(&["new", "alice", "--reason", "TICKET-812"]).exits(0);
    let code = made.out.trim_end();
    assert_eq!((code.len(), code.split('-').count()), (16, 4), "{made}");
    assert!(made.err.contains("It works once, within 15 min"), "{made}");
    let listed = bypass(&["list", "alice", "--json"]).exits(0);
    let document = listed.json();
    assert_eq!(document["schema"], 1);
    assert_eq!(document["bypass_codes"][0]["reason"], "TICKET-812");
    let log = stage.gatepost(&["audit", "tail", "-n", "5"]).exits(0);
    for part in code.split('-').filter(|part| part.len() == 4) {
        assert!(!format!("{listed}{log}").contains(part), "{listed}{log}");
    }
    let made = bypass(&["new", "alice", "--reason", "T", "--uses", "3", "--json"]);
    let document = made.exits(0).json();
    assert_eq!((&document["uses"], &document["id"]), (&3.into(), &2.into()));
    bypass(&["revoke", "alice", "7"]).exits(5);
    bypass(&["revoke", "alice", "1"])
        .exits(0)
        .says("1 no longer works");
    bypass(&["list"]).exits(0).says("3 of 3");
    stage
        .gatepost(&["factor", "list", "alice"])
        .exits(0)
        .says("bypass    yes     1 live");
    let factor = ["factor", "remove", "alice"];
    stage
        .gatepost(&[&factor[..], &["bypass"]].concat())
        .exits(0);
    stage
        .gatepost(&[&factor[..], &["recovery"]].concat())
        .exits(5);
    stage
        .gatepost(&[&factor[..], &["mailed"]].concat())
        .exits(2);
    bypass(&["list"])
        .exits(0)
        .tells("No bypass code works now.");
}

// Mutant: a shield may cover the loopback.
#[test]
fn a_shield_goes_up_and_down_and_is_told_of() {
    let Some(stage) = enrolled("a_shield_goes_up_and_down_and_is_told_of") else {
        return;
    };
    let shield = |words: &[&str]| stage.gatepost(&[&["shield"], words].concat());
    shield(&["status"])
        .exits(0)
        .tells("No source is refused now.");
    shield(&["on"])
        .exits(10)
        .tells("no source looks like an attack");
    shield(&["on", "--source", "0.0.0.0/0"])
        .exits(2)
        .tells("too wide");
    shield(&["on", "--source", "192.0.2.1", "--for", "0m"]).exits(2);
    shield(&["on", "--source", "127.0.0.1"])
        .exits(2)
        .tells("--yes");
    shield(&[
        "on",
        "--source",
        "203.0.113.9/24",
        "--for",
        "1h",
        "--reason",
        "spray",
    ])
    .exits(0)
    .says("203.0.113.0/24  1 h");
    stage
        .shell("SSH_CONNECTION='198.51.100.7 4711 192.0.2.1 22' gatepost shield on --source 198.51.100.0/24 </dev/null")
        .exits(2)
        .tells("your own session");
    let document = shield(&["status", "--json"]).exits(0).json();
    assert_eq!(document["shields"][0]["source"], "203.0.113.0/24");
    stage
        .gatepost(&["why", "alice", "--from", "203.0.113.77"])
        .exits(10)
        .says("alice would be refused: 203.0.113.77 is shielded until");
    stage
        .gatepost(&["status"])
        .exits(0)
        .says("203.0.113.0/24 for another 1 h")
        .says("shield-on");
    stage
        .gatepost(&["doctor"])
        .says("sign-ins are refused from 203.0.113.0/24");
    shield(&["off"]).exits(2);
    shield(&["off", "198.51.100.7"]).exits(5);
    shield(&["off", "203.0.113.0/24"])
        .exits(0)
        .says("No longer refused");
    shield(&["off", "--all"]).exits(0).says("No shield was up.");
    stage.gatepost(&["audit", "verify"]).exits(0);
}

// Mutant: the meter says the opposite.
/// So many wrong codes of a source at alice, as of now.
fn wrong_codes(stage: &Stage, source: &str, count: u32) {
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO guesses \
         (account, factor, source, at_store, at_wall) SELECT a.id, 'code', '{source}', replace(m.value, \
         rtrim(m.value, replace(m.value, ' ', '')), ''), 0 FROM n, accounts a, meta m WHERE a.name = 'alice' \
         AND m.key = 'clock'"
    );
    let line = format!("sqlite3 /var/lib/gatepost/gatepost.db \"{sql}\"");
    stage.shell(&line).exits(0);
}

// Mutants: attack names shield on though no suspect can be shielded, or keeps to itself which those are; shield on
// says that nothing looks like an attack, or what is up alone; a record is not of a source; a state has more
// than its word.
#[test]
fn a_local_attack_is_told_with_what_to_do_instead_of_a_shield() {
    let Some(stage) = enrolled("a_local_attack_is_told_with_what_to_do_instead_of_a_shield") else {
        return;
    };
    wrong_codes(&stage, "uid:1", 12);
    let told =
        "this machine (uid 1) cannot be shielded: that is daemon. See what they run (ps -fu 1)";
    let attack = stage
        .gatepost(&["attack"])
        .exits(10)
        .says("attack: YES")
        .says(told);
    assert!(!attack.err.contains("shield on"), "{attack}");
    stage.gatepost(&["shield", "on"]).exits(10).tells(told);
    wrong_codes(&stage, "ip:203.0.113.9", 12);
    stage
        .gatepost(&["attack"])
        .exits(10)
        .says(told)
        .tells("gatepost shield on");
    let shields = stage.gatepost(&["shield", "on"]).exits(0).tells(told);
    assert!(shields.out.contains("203.0.113.9"), "{shields}");
    let plain = stage.gatepost(&["-o", "plain", "attack"]).exits(10).out;
    let mut rows: Vec<&str> = plain.lines().collect();
    rows.sort_unstable();
    assert_eq!(
        rows,
        [
            "203.0.113.9\t12\t12\t1\t0\t0\ttrue",
            "this machine (uid 1)\t12\t12\t1\t0\t0\ttrue"
        ]
    );
    let export = [
        "user",
        "export",
        "alice",
        "--fields",
        "state,locked_seconds",
    ];
    let export = stage.gatepost(&export).exits(0).out;
    let seconds = export
        .strip_prefix("state,locked_seconds\nlocked,")
        .unwrap();
    assert!(seconds.trim_end().parse::<u32>().unwrap() > 0, "{export}");
}

// Mutants: a record is a whole report; its rules, checks or relays are JSON in a cell.
#[test]
fn what_is_about_many_has_a_record_for_each() {
    let Some(stage) = enrolled("what_is_about_many_has_a_record_for_each") else {
        return;
    };
    stage.rules("[[rule]]\nusers = [\"bin\", \"games\"]\naction = \"skip\"\n");
    let written = |form: &str, line: &[&str]| {
        let ended = stage.gatepost(&[&["-o", form], line].concat());
        assert!([0, 10].contains(&ended.code), "{ended}");
        ended.out
    };
    for (line, head, row) in [
        (&["doctor"][..], "finding,what,detail", "ok,configuration,"),
        (
            &["mail", "health"],
            "of,name,accepted,failed,bounced,deferred,p50_ms,p95_ms",
            "all,,0,0,0,0,,",
        ),
        (
            &["policy", "show"],
            "number,users,groups,services,action",
            "1,bin games,,,skip",
        ),
        (
            &["policy", "show", "alice"],
            "service,verdict,rule,sentence",
            "sshd,",
        ),
    ] {
        let csv = written("csv", line);
        assert_eq!(csv.lines().next(), Some(head), "{csv}");
        assert!(csv.lines().any(|line| line.starts_with(row)), "{csv}");
        assert!(!csv.contains(['{', '[']), "{csv}");
        let plain = written("plain", line);
        assert_eq!(plain.lines().count() + 1, csv.lines().count(), "{plain}");
        assert_eq!(
            written("jsonl", line).lines().count(),
            plain.lines().count()
        );
        // One document has all of it.
        assert_eq!(written("json", line).lines().count(), 1);
    }
}

#[test]
fn without_an_attack_the_meter_says_no() {
    let Some(stage) = enrolled("without_an_attack_the_meter_says_no") else {
        return;
    };
    stage.gatepost(&["attack"]).exits(0).says("attack: no");
    let document = stage.gatepost(&["attack", "--json"]).exits(0).json();
    assert_eq!(
        (&document["schema"], &document["attack"]),
        (&1.into(), &false.into())
    );
    assert_eq!(
        document["mails_per_minute"].as_array().map(Vec::len),
        Some(30)
    );
    let document = stage.gatepost(&["status", "--json"]).exits(0).json();
    assert_eq!(document["accounts"], 1);
    assert_eq!(document["attack"]["attack"], false);
    let watched = stage.shell("timeout 1 gatepost attack --watch --json");
    assert!(watched.out.contains("\"attack\":false"), "{watched}");
}
