//! `gatepost why`, `policy`, `audit`, `maintain`, `doctor`, `version`.

use serde_json::Value;

use crate::stage::{CONFIG, Stage};

// Mutant: why exits as if the login were let in.
#[test]
fn why_says_what_would_happen_and_exits_by_it() {
    let Some(stage) = Stage::installed("why_says_what_would_happen_and_exits_by_it") else {
        return;
    };
    stage
        .gatepost(&["why", "alice"])
        .exits(10)
        .says("alice would be refused: not enrolled. \u{2192} gatepost user add alice ADDRESS\n");
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    stage
        .gatepost(&["why", "alice", "--from", "203.0.113.9"])
        .exits(0)
        .says("alice would be asked for a code: enrolled, confirmed a***@e***.org, 0 failures.\n");
    stage
        .gatepost(&["why", "alice", "--from", "pc.example.org"])
        .exits(2)
        .tells("pc.example.org is no IP address");
    let rule = "[[rule]]\nusers = [\"alice\"]\nservices = [\"cron\"]\naction = \"skip\"\n";
    stage.rules(rule);
    stage
        .gatepost(&["why", "alice", "--service", "cron"])
        .exits(0)
        .says("would not be asked for a code: rule 1 of policy version 2 skips");
    stage.shell("userdel alice").exits(0);
    stage
        .gatepost(&["why", "alice"])
        .exits(10)
        .says("the password database has no such user");
}

// Mutants: a group that is not there is told nowhere, or not where --yes answers beforehand.
#[test]
fn a_mistyped_group_is_told_wherever_somebody_looks() {
    let Some(stage) = Stage::installed("a_mistyped_group_is_told_wherever_somebody_looks") else {
        return;
    };
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    let rules = |group: &str| {
        format!(
            "[[rule]]\ngroups = [\"{group}\"]\naction = \"require\"\n\
             [[rule]]\naction = \"skip\"\n"
        )
    };
    let keep = format!("{CONFIG}[audit]\nkeep = \"30d\"\n");
    stage.write("/etc/gatepost/gatepost.toml", &keep);
    stage.rules(&rules("admns"));
    stage
        .gatepost(&["policy", "show"])
        .exits(0)
        .says("30 days")
        .tells("there is no group admns: a rule to require or refuse");
    stage
        .gatepost(&["doctor"])
        .exits(10)
        .says("there is no group admns");
    stage
        .gatepost(&["why", "alice"])
        .exits(0)
        .says("rule 1 (Require) might match: there is no group admns")
        .says("would be asked for a code");
    stage.rules(&rules("daemon"));
    let right = stage.gatepost(&["policy", "show"]).exits(0);
    assert!(!right.err.contains("no group"), "{right}");
    stage
        .gatepost(&["why", "alice"])
        .exits(0)
        .says("would not be asked for a code: rule 2 of policy version 3 skips");
    stage.write("/etc/typo.toml", &rules("admns"));
    let told = "gatepost: there is no group admns: a rule to require or refuse that names it applies to everybody";
    let change = |line: &[&str]| {
        let all = [&["policy"], line, &["/etc/typo.toml", "--yes"]].concat();
        stage.gatepost(&all).exits(0).tells(told);
    };
    change(&["try", "--revert-after", "5m"]);
    stage.rules(&rules("daemon"));
    change(&["apply", "--even-if-locked-out"]);
}

// Mutant: a document does not say its schema.
#[test]
fn every_json_document_parses_and_names_its_schema() {
    let Some(stage) = Stage::installed("every_json_document_parses_and_names_its_schema") else {
        return;
    };
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    let json = |words: &[&str]| stage.gatepost(&[&["--json"], words].concat()).json();
    assert_eq!(json(&add)["confirmed"], true);
    assert_eq!(json(&["user", "list"])["users"][0]["state"], "active");
    assert_eq!(json(&["user", "show", "alice"])["uid"], 31234);
    let length = |series: &Value| series["counts"].as_array().map(Vec::len);
    let days = &json(&["user", "show", "alice"])["sign_ins"];
    assert_eq!(
        (length(&days["let_in"]), &days["refused"]["total"]),
        (Some(30), &0.into())
    );
    let hours = &json(&["status"])["activity"];
    assert_eq!(length(&hours["mails_failed"]), Some(24));
    assert_eq!(hours["let_in"]["at_least"], false);
    assert_eq!(json(&["user", "unlock", "alice"])["act"], "unlocked");
    assert_eq!(json(&["why", "alice"])["verdict"], "asked");
    assert_eq!(json(&["mail", "test", "a@example.org"])["accepted"], false);
    assert_eq!(json(&["policy", "show"])["unenrolled"], "refuse");
    assert!(json(&["policy", "odds"])["per_day"].is_f64());
    assert_eq!(
        json(&["audit", "tail", "-n", "1"])["event"]["kind"],
        "mail-test"
    );
    assert_eq!(json(&["audit", "list", "alice"])["events"][0]["seq"], 3);
    assert!(json(&["audit", "verify"])["broken_at"].is_null());
    assert_eq!(json(&["maintain"])["notices_sent"], 0);
    assert!(json(&["doctor"])["checks"].is_array());
    assert!(json(&["version"])["version"].is_string());
    let codes = json(&["recovery", "new", "alice"]);
    assert_eq!(codes["codes"].as_array().map(Vec::len), Some(10));
    assert_eq!(json(&["user", "show", "nobody-such"])["error"]["exit"], 5);
}

#[test]
fn upkeep_and_odds_work_on_a_fresh_store() {
    let Some(stage) = Stage::installed("upkeep_and_odds_work_on_a_fresh_store") else {
        return;
    };
    stage.gatepost(&["maintain"]).exits(0).says("notices sent");
    stage
        .gatepost(&["policy", "odds"])
        .exits(0)
        .says("a day, 1,000 accounts");
    stage
        .gatepost(&["policy", "show"])
        .exits(0)
        .says("no rules: everybody is asked");
}

// Mutant: doctor exits well with problems.
#[test]
fn doctor_is_honest_and_names_what_is_missing() {
    let Some(stage) = Stage::installed("doctor_is_honest_and_names_what_is_missing") else {
        return;
    };
    let report = stage
        .gatepost(&["doctor"])
        .exits(10)
        .says("NIST SP 800-63B-4 (3.1.3.1)")
        .says("ASVS 5.0")
        .says("install the package again");
    for what in ["key", "store", "configuration", "system user"] {
        let line = report.out.lines().find(|line| line.contains(what));
        assert!(line.is_some_and(|line| line.starts_with("ok")), "{report}");
    }
    stage.write("/etc/pam.d/sshd", "auth sufficient pam_gatepost.so\n");
    stage
        .gatepost(&["doctor"])
        .exits(10)
        .says("say auth required pam_gatepost.so, followed by auth required pam_permit.so");
}

// Mutants: a file outside of the folder is read; a jump past us, or a file that is included, is not seen.
#[test]
fn doctor_shows_the_stacks_and_who_gets_past_us() {
    let Some(stage) = Stage::installed("doctor_shows_the_stacks_and_who_gets_past_us") else {
        return;
    };
    let two = "auth required pam_gatepost.so\nauth required pam_permit.so\n";
    let common = "auth [success=1 default=ignore] pam_unix.so \\\n  nullok\nauth requisite pam_deny.so\n\
                  auth required pam_permit.so\n";
    stage.write("/etc/pam.d/common-auth", common);
    stage.write("/etc/pam.d/good", &format!("@include common-auth\n{two}"));
    stage.write(
        "/etc/pam.d/bad",
        &format!("auth sufficient pam_unix.so\n{two}"),
    );
    stage.write("/etc/pam.d/common-bad", "auth sufficient pam_unix.so\n");
    stage.write("/etc/pam.d/under", &format!("@include common-bad\n{two}"));
    stage.write("/etc/pam.d/none", "@include common-auth\n");
    stage.write("/etc/elsewhere", two);
    stage
        .shell("cd /etc/pam.d && ln -s ../elsewhere linked && mkfifo -m 644 pipe && mkdir -m 755 folder")
        .exits(0);
    for odd in ["linked", "pipe", "folder", "/etc/elsewhere", "../elsewhere"] {
        let name = odd.replace(['/', '.'], "");
        stage.write(
            &format!("/etc/pam.d/by-{name}"),
            &format!("@include {odd}\n{two}"),
        );
    }
    let report = stage.gatepost(&["--json", "doctor"]).exits(10).json();
    let checks = report["checks"].as_array().unwrap();
    let of = |service: &str| {
        let name = format!("PAM {service}");
        checks.iter().find(|check| check["what"] == name.as_str())
    };
    let good = of("good").unwrap();
    assert_eq!(good["finding"], "ok", "{good}");
    let places: Vec<String> = good["stack"]["modules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| {
            format!(
                "{}:{} {} {}",
                place["file"], place["line"], place["module"], place["words"]
            )
        })
        .map(|shown| shown.replace('"', ""))
        .collect();
    assert_eq!(
        places,
        [
            "common-auth:1 pam_unix.so nullok",
            "common-auth:3 pam_deny.so ",
            "common-auth:4 pam_permit.so ",
            "good:2 pam_gatepost.so ",
            "good:3 pam_permit.so ",
        ]
    );
    for (service, file) in [("bad", "bad"), ("under", "common-bad")] {
        let bad = of(service).unwrap();
        assert_eq!(bad["finding"], "problem", "{bad}");
        assert_eq!(
            bad["stack"]["faults"][0]["what"],
            format!("{file}:1: whoever passes pam_unix.so is let in without a code")
        );
    }
    for odd in ["linked", "pipe", "folder", "etcelsewhere", "elsewhere"] {
        let found = of(&format!("by-{odd}")).unwrap();
        assert_eq!(found["finding"], "warning", "{found}");
        assert_eq!(
            found["stack"]["modules"].as_array().unwrap().len(),
            2,
            "{found}"
        );
    }
    for absent in ["none", "linked", "common-auth"] {
        assert_eq!(of(absent), None);
    }
    // A link may load it, and so may what includes one.
    stage.write("/etc/pam.d/through", "@include linked\n");
    stage
        .gatepost(&["doctor"])
        .exits(10)
        .says("linked is a link or lies elsewhere, and was not looked at")
        .says("linked, through may load pam_gatepost.so is not known")
        .says("PAM bad")
        .says("whoever passes pam_unix.so is let in without a code");
}
