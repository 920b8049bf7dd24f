//! Rules from the store, through libpam: who is asked, what a try survives (nothing), and what a version
//! that cannot be used means (everybody is asked).

use gatepost_tests::config::Config;
use gatepost_tests::pam::Outcome;
use gatepost_tests::require;
use gatepost_tests::smtp::{Encryption, Sink};
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;
use std::time::Duration;

const SKIP_ALL: &str = "[[rule]]\naction = \"skip\"\n";
const REFUSE_ALL: &str = "[[rule]]\naction = \"refuse\"\n";
const FILE: &str = "/etc/candidate.toml";

fn stage(config: Config) -> Stage {
    Stage::builder()
        .product(config)
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .build()
}

fn log_in(stage: &Stage, user: &str) -> Outcome {
    stage
        .pam("rig")
        .user(user)
        .rhost("192.0.2.7")
        .answers(["00000000"; 3])
}

#[track_caller]
fn ends(stage: &Stage, user: &str, verdict: &str) {
    let outcome = log_in(stage, user);
    assert_eq!(outcome.authenticate(), verdict, "{}", outcome.report());
}

/// Puts a candidate in force for five minutes, through the administrator's program.
fn try_out(stage: &Stage, rules: &str) {
    stage.write(FILE, rules);
    let words = ["policy", "try", FILE, "--revert-after", "5m", "--yes"];
    let _ = stage.gatepost(&words).success();
}

// Mutants: Store::begin decides by no rules; the first rule that matches is not the one that decides.
#[test]
fn rules_in_the_store_decide_who_is_asked() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    ends(&stage, "alice", "PAM_MAXTRIES");
    stage.put_rules(SKIP_ALL);
    ends(&stage, "alice", "PAM_SUCCESS");
    stage.wait_for_syslog(SOON, |line| {
        line.message.contains("why=\"rule 1 of policy version 2\"")
    });
    stage.put_rules(&format!(
        "[[rule]]\nusers = [\"alice\"]\naction = \"refuse\"\n{SKIP_ALL}"
    ));
    ends(&stage, "alice", "PAM_PERM_DENIED");
    ends(&stage, "carol", "PAM_SUCCESS");
    stage.put_rules("[[rule]]\nusers = [\"alice\"]\naction = \"require\"\n");
    stage.store().refill_budgets();
    ends(&stage, "alice", "PAM_MAXTRIES");
}

// Mutants: Pointer::in_force answers the version that is tried, whatever became of the try; Trial::left
// leaves out the boot or the end.
#[test]
fn policy_try_survives_nothing() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    stage.put_rules(REFUSE_ALL);
    ends(&stage, "alice", "PAM_PERM_DENIED");
    // Whoever began it is gone: it goes on to its end, and no longer.
    try_out(&stage, SKIP_ALL);
    assert!(stage.processes("gatepost").is_empty());
    ends(&stage, "alice", "PAM_SUCCESS");
    // Its end is on the boot's own clock; a wall clock that is set back is played in the store's tests.
    stage.store().pass(Duration::from_secs(299));
    ends(&stage, "alice", "PAM_SUCCESS");
    stage.store().pass(Duration::from_secs(2));
    ends(&stage, "alice", "PAM_PERM_DENIED");
    // Too late to keep it, and nobody need settle it first.
    let late = stage.gatepost(&["policy", "confirm", "--base", "3"]);
    assert_eq!(late.status.code(), Some(10), "{late:?}");
    ends(&stage, "alice", "PAM_PERM_DENIED");
    // A power cut: another boot.
    try_out(&stage, SKIP_ALL);
    ends(&stage, "alice", "PAM_SUCCESS");
    stage.store().reboot();
    ends(&stage, "alice", "PAM_PERM_DENIED");
    // A try that was kept survives all of it.
    try_out(&stage, SKIP_ALL);
    let _ = stage.gatepost(&["policy", "confirm"]).success();
    stage.store().pass(Duration::from_hours(1));
    stage.store().reboot();
    ends(&stage, "alice", "PAM_SUCCESS");
}

// Mutants: what is taken back stays in force; a try goes on.
#[test]
fn a_change_that_is_taken_back_decides_no_more() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink));
    // Who takes back must get in by what comes back.
    let root = ["user", "add", "root", "root@example.org", "--confirmed"];
    let _ = stage.gatepost(&root).success();
    let undo = || drop(stage.gatepost(&["undo", "--yes"]).success());
    try_out(&stage, SKIP_ALL);
    ends(&stage, "alice", "PAM_SUCCESS");
    undo();
    ends(&stage, "alice", "PAM_MAXTRIES");
    stage.store().refill_budgets();
    stage.write(FILE, SKIP_ALL);
    let apply = ["policy", "apply", FILE, "--yes"];
    let _ = stage.gatepost(&apply).success();
    ends(&stage, "alice", "PAM_SUCCESS");
    undo();
    ends(&stage, "alice", "PAM_MAXTRIES");
}

// Mutants: a version that cannot be used is one without rules (an unenrolled account is ignored), or
// keeps the rules that can be read.
#[test]
fn a_version_that_is_broken_asks_everybody() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let breaks = [
        ("DELETE FROM policy_in_force", "names no version"),
        ("UPDATE policy_in_force SET version = 99", "not there"),
        (
            "UPDATE policies SET rules = rules || ' '",
            "not the one that was applied",
        ),
        ("UPDATE policies SET format = 2", "newer Gatepost"),
    ];
    for (sql, told) in breaks {
        let stage = stage(Config::to(&sink).set("login.unenrolled", "ignore"));
        ends(&stage, "carol", "PAM_SUCCESS");
        stage.put_rules(SKIP_ALL);
        ends(&stage, "alice", "PAM_SUCCESS");
        stage.store().break_policy(sql);
        ends(&stage, "alice", "PAM_MAXTRIES");
        ends(&stage, "carol", "PAM_USER_UNKNOWN");
        stage.wait_for_syslog(SOON, |line| {
            line.message.contains("user=carol") && line.message.contains(told)
        });
        let doctor = stage.gatepost(&["doctor"]);
        assert!(doctor.stdout.contains(told), "{doctor:?}");
        // Applying anything mends it.
        stage.put_rules(REFUSE_ALL);
        ends(&stage, "carol", "PAM_PERM_DENIED");
    }
}

// Mutant: config::Config::mean takes a configuration with rules for one without.
#[test]
fn a_configuration_with_rules_lets_nobody_in() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = stage(Config::to(&sink).set("login.unenrolled", "ignore"));
    stage.configure(
        &Config::to(&sink)
            .set("login.unenrolled", "ignore")
            .append("[[rule]]\nusers = [\"carol\"]\naction = \"refuse\"\n"),
    );
    for user in ["alice", "carol"] {
        ends(&stage, user, "PAM_AUTHINFO_UNAVAIL");
    }
    stage.wait_for_syslog(SOON, |line| {
        line.message.contains("rules are in the store now")
    });
}

// Mutants: setup migrates the store and forgets the rules, or lets the file's rules go first.
#[test]
fn an_older_installation_keeps_its_rules_and_lets_nobody_in_meanwhile() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let old = Config::to(&sink)
        .set("login.unenrolled", "ignore")
        .append("[[rule]]\nusers = [\"carol\"]\naction = \"refuse\"\n");
    let stage = stage(Config::to(&sink));
    stage.store().break_policy(
        "DROP TABLE policy_confirmations; DROP TABLE policies; DROP TABLE policy_in_force;
         DROP TABLE bypass_codes; DROP TABLE shields; DROP TABLE undo; DROP TABLE helpdesk_unlocks;
         ALTER TABLE accounts DROP COLUMN held_wall; ALTER TABLE outbox DROP COLUMN recipient;
         PRAGMA user_version = 2",
    );
    stage.configure(&old);
    let refused = || {
        for user in ["alice", "carol"] {
            ends(&stage, user, "PAM_AUTHINFO_UNAVAIL");
        }
    };
    refused();
    let setup = stage.gatepost(&["setup"]).success();
    assert!(
        setup.stdout.contains("are policy version 1 now"),
        "{setup:?}"
    );
    ends(&stage, "carol", "PAM_PERM_DENIED");
    ends(&stage, "alice", "PAM_MAXTRIES");
    // As a setup that stopped between the two leaves it: the store has the rules, and so has the file.
    stage.configure(&old);
    refused();
    let _ = stage.gatepost(&["setup"]).success();
    ends(&stage, "carol", "PAM_PERM_DENIED");
    let _ = stage.gatepost(&["audit", "verify"]).success();
}
