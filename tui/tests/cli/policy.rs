//! `gatepost policy` and `gatepost simulate`: shown, tried, kept, applied, brought back, and refused.

use crate::stage::Stage;

const REFUSE_ALICE: &str = "[[rule]]\nusers = [\"alice\"]\naction = \"refuse\"\n";
const REFUSE_ALL: &str = "[[rule]]\naction = \"refuse\"\n";

fn enrolled(test: &str) -> Option<Stage> {
    let stage = Stage::installed(test)?;
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    stage.write("/etc/alice.toml", REFUSE_ALICE);
    stage.write("/etc/all.toml", REFUSE_ALL);
    Some(stage)
}

// Mutants: diff says 0 where somebody is locked out; --base is not looked at; --dry-run applies.
#[test]
fn a_change_says_who_is_affected_before_it_is_made() {
    let Some(stage) = enrolled("a_change_says_who_is_affected_before_it_is_made") else {
        return;
    };
    let add = ["user", "add", "root", "root@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    stage
        .gatepost(&["policy", "diff", "/etc/alice.toml"])
        .exits(10)
        .says("+ users = [\"alice\"]\n")
        .says("Against policy version 1, which is in force: locks out 1 person.\n")
        .says("1 person, asked -> refused at sshd, sudo, su, login: alice\n");
    let dry = stage
        .gatepost(&["--json", "policy", "apply", "/etc/alice.toml", "--dry-run"])
        .exits(10)
        .json();
    assert_eq!(dry["locked_out"], 1);
    assert_eq!(dry["changes"][0]["names"][0], "alice");
    // Nobody can be asked here.
    stage
        .gatepost(&["policy", "apply", "/etc/alice.toml"])
        .exits(2)
        .tells("--yes does it");
    stage
        .gatepost(&["policy", "show"])
        .exits(0)
        .says("rules: policy version 1\nno rules: everybody is asked\n");
    stage
        .gatepost(&["policy", "apply", "/etc/alice.toml", "--yes", "--base", "4"])
        .exits(10)
        .tells("was made against policy version 4, and version 1 is in force now");
    // One of two people: that is for the administrator to say. Both: not without a word more.
    let all = ["policy", "apply", "/etc/all.toml", "--yes"];
    stage
        .gatepost(&all)
        .exits(10)
        .tells("that would lock out you, and stay so.");
    let alice = ["policy", "apply", "/etc/alice.toml", "--yes"];
    stage
        .gatepost(&alice)
        .exits(0)
        .says("Policy version 2 is in force.")
        .tells("this locks out 1 person");
    stage
        .gatepost(&alice)
        .exits(2)
        .tells("in force already, as policy version 2");
    stage
        .gatepost(&["policy", "show", "alice"])
        .exits(0)
        .says("alice, by policy version 2:\n")
        .says("sshd     refused   1     alice would be refused: rule 1 of policy version 2 says so.\n");
    stage
        .gatepost(&["policy", "rollback", "1", "--yes", "--reason", "T-7"])
        .exits(0)
        .says("Policy version 3 is in force.");
    stage
        .gatepost(&["policy", "rollback", "9", "--yes"])
        .exits(5)
        .tells("no policy version 9");
    let history = stage
        .gatepost(&["--json", "policy", "history"])
        .exits(0)
        .json();
    let versions = history["versions"].as_array().unwrap();
    let told: Vec<String> = versions
        .iter()
        .map(|row| {
            format!(
                "{} {} {} {}",
                row["version"], row["how"], row["state"], row["reason"]
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "3 \"rollback\" \"in force\" \"T-7\"",
            "2 \"apply\" \"\" \"\"",
            "1 \"setup\" \"\" \"gatepost setup\"",
        ]
    );
}

// Mutants: myself() is never root where no login is known; guarded() asks for everybody alone.
#[test]
fn nobody_locks_themselves_out_by_mistake() {
    let Some(stage) = enrolled("nobody_locks_themselves_out_by_mistake") else {
        return;
    };
    let add = ["user", "add", "root", "root@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    let root = "[[rule]]\nusers = [\"root\"]\nservices = [\"sshd\"]\naction = \"refuse\"\n";
    stage.write("/etc/root.toml", root);
    stage
        .gatepost(&["policy", "diff", "/etc/root.toml"])
        .exits(10)
        .says("locks out 1 person: you.\n")
        .says("you (root) at sshd: asked -> refused\n");
    stage
        .gatepost(&["policy", "apply", "/etc/root.toml", "--yes"])
        .exits(10)
        .tells("that would lock out you, and stay so.");
    stage
        .gatepost(&["policy", "test", "--service", "sshd", "/etc/root.toml"])
        .exits(10)
        .says("root would be refused: rule 1 of the candidate says so.");
    stage
        .gatepost(&["policy", "test"])
        .exits(0)
        .says("By policy version 1, for sshd:");
    stage
        .gatepost(&[
            "simulate",
            "me",
            "--service",
            "sudo",
            "--from",
            "203.0.113.9",
        ])
        .exits(0)
        .says("Nothing was sent, and nothing was counted.");
    // Not enrolled, they lose nothing; the only one who is enrolled does.
    stage
        .gatepost(&["user", "remove", "root", "--yes"])
        .exits(0);
    stage
        .gatepost(&["policy", "apply", "/etc/alice.toml", "--yes"])
        .exits(10)
        .tells("that would lock out everybody who can sign in now");
    let mean_it = [
        "policy",
        "apply",
        "/etc/alice.toml",
        "--yes",
        "--even-if-locked-out",
    ];
    stage.gatepost(&mean_it).exits(0);
    stage
        .gatepost(&["policy", "rollback", "1", "--yes"])
        .exits(0);
    stage.gatepost(&add).exits(0);
    // For a while it may: it ends by itself.
    let try_it = [
        "policy",
        "try",
        "/etc/root.toml",
        "--yes",
        "--revert-after",
        "5m",
    ];
    stage
        .gatepost(&try_it)
        .exits(0)
        .says("Policy version 4 is in force for 5 min, then version 3 again");
    stage
        .gatepost(&["why", "root"])
        .exits(10)
        .says("rule 1 of policy version 4");
    let shown = stage
        .gatepost(&["--json", "policy", "show"])
        .exits(0)
        .json();
    let left = shown["trial"]["seconds_left"].as_i64().unwrap();
    assert!((240..=300).contains(&left), "{left}");
    stage
        .gatepost(&["policy", "confirm", "--base", "1"])
        .exits(10);
    stage
        .gatepost(&["policy", "confirm"])
        .exits(0)
        .says("Policy version 4 stays in force.");
    stage
        .gatepost(&["policy", "confirm"])
        .exits(5)
        .tells("no version is being tried");
    for span in ["59s", "61m", "-5m", "5", "x", "0s"] {
        let wrong = format!("--revert-after={span}");
        let wrong = ["policy", "try", "/etc/all.toml", "--yes", &wrong];
        stage
            .gatepost(&wrong)
            .exits(2)
            .tells("is no length for a try: give 1 min to 1 h");
    }
}

#[test]
fn rules_go_out_and_come_back_as_text() {
    let Some(stage) = enrolled("rules_go_out_and_come_back_as_text") else {
        return;
    };
    let text = "# kept, word for word\n[[rule]]\nusers = [ \"backup\" ]\naction = \"skip\"\n";
    stage.rules(text);
    assert_eq!(
        stage.gatepost(&["policy", "show", "--text"]).exits(0).out,
        text
    );
    stage
        .gatepost(&["policy", "show", "--text", "--version", "1"])
        .exits(0);
    stage
        .shell("gatepost policy show --text | sed s/backup/alice/ | gatepost policy apply - --yes")
        .exits(0)
        .says("Policy version 3 is in force.");
    stage
        .gatepost(&["why", "alice"])
        .exits(0)
        .says("rule 1 of policy version 3 skips");
    for (text, told) in [
        ("[[rule]]\naction = \"allow\"", "line 2, column 10"),
        (
            "[[rule]]\nuser = \"x\"\naction = \"skip\"",
            "unknown field `user`",
        ),
        (
            "[[rule]]\nusers = []\naction = \"skip\"",
            "line 1, column 1: [[rule]] 1 has an empty list",
        ),
    ] {
        stage.write("/etc/wrong.toml", text);
        for act in ["diff", "apply"] {
            stage
                .gatepost(&["policy", act, "/etc/wrong.toml"])
                .exits(2)
                .tells(told);
        }
    }
    stage
        .gatepost(&["policy", "diff", "/etc/not-there"])
        .exits(1)
        .tells("/etc/not-there: No such file");
    stage
        .shell("head -c 70000 /dev/zero | tr '\\0' '#' | gatepost policy diff -")
        .exits(2)
        .tells("longer than 65536 bytes");
}
