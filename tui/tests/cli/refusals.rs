//! Who may not, what is no use, and how the program ends for it.

use crate::stage::{CONFIG, Stage};

// Mutants: the real uid is not asked; more of the command line is repeated than its verb.
#[test]
fn only_root_may() {
    let Some(stage) = Stage::installed("only_root_may") else {
        return;
    };
    let as_alice = |words: &str| {
        let identity = "--reuid=31234 --regid=31234 --clear-groups";
        stage.shell(&format!("setpriv {identity} gatepost {words}"))
    };
    as_alice("user list")
        .exits(4)
        .tells("gatepost: needs root: try sudo gatepost user list\n");
    as_alice("user verify alice 12345678")
        .exits(4)
        .tells("try sudo gatepost user verify \u{2026}\n");
    as_alice("setup").exits(4);
    as_alice("version").exits(0).says("gatepost ");
    as_alice("--help").exits(0);
    // Nor through a set-uid bit.
    stage.shell("chmod u+s /usr/bin/gatepost").exits(0);
    as_alice("user list").exits(4);
}

#[test]
fn what_makes_no_sense_is_usage() {
    let Some(stage) = Stage::installed("what_makes_no_sense_is_usage") else {
        return;
    };
    stage.gatepost(&[]).exits(2).tells("Usage: gatepost");
    stage
        .gatepost(&["user"])
        .exits(2)
        .tells("Usage: gatepost user");
    stage.gatepost(&["user", "frobnicate"]).exits(2);
    stage
        .gatepost(&["user", "add", "alice", "no address", "--confirmed"])
        .exits(2)
        .tells("not a usable mail address");
    stage
        .gatepost(&["user", "show", "a:b"])
        .exits(2)
        .tells("not a usable user name");
    stage
        .gatepost(&["why", "alice", "--service", "a/b"])
        .exits(2)
        .tells("not a usable service name");
}

#[test]
fn unknown_users_are_told_from_unenrolled_ones() {
    let Some(stage) = Stage::installed("unknown_users_are_told_from_unenrolled_ones") else {
        return;
    };
    for words in [
        ["user", "show", "zzz"].as_slice(),
        &["user", "add", "zzz", "z@example.org", "--confirmed"],
        &["user", "unlock", "zzz"],
        &["user", "verify", "zzz", "12345678"],
        &["user", "remove", "zzz", "--yes"],
        &["recovery", "new", "zzz"],
        &["mail", "list", "zzz"],
        &["why", "zzz"],
    ] {
        stage.gatepost(words).exits(5).tells("no such user: zzz");
    }
    stage
        .gatepost(&["user", "show", "alice"])
        .exits(5)
        .tells("alice is not enrolled: gatepost user add alice ADDRESS");
}

// Mutant: the configuration is read without a look at its owner and mode.
#[test]
fn a_bad_configuration_is_told_with_its_line() {
    let Some(stage) = Stage::installed("a_bad_configuration_is_told_with_its_line") else {
        return;
    };
    let conf = "/etc/gatepost/gatepost.toml";
    let cases = [
        ("[code]\nlenght = 8\n", "line 8, column 1"),
        ("[code]\nlength = 99\n", "give 6 to 12"),
        ("[code\n", "line 7"),
    ];
    for (text, told) in cases {
        stage.write(conf, &format!("{CONFIG}{text}"));
        stage.gatepost(&["user", "list"]).exits(1).tells(conf);
        stage.gatepost(&["policy", "show"]).exits(1).tells(told);
    }
    stage.write(conf, CONFIG);
    stage.shell(&format!("chmod 0666 {conf}")).exits(0);
    stage
        .gatepost(&["user", "list"])
        .exits(1)
        .tells("chmod go-w /etc/gatepost/gatepost.toml");
    stage.shell(&format!("rm {conf}")).exits(0);
    stage
        .gatepost(&["user", "list"])
        .exits(1)
        .tells("run gatepost setup");
}

#[test]
fn a_store_that_cannot_be_used_is_told() {
    let Some(stage) = Stage::installed("a_store_that_cannot_be_used_is_told") else {
        return;
    };
    let store = "/var/lib/gatepost/gatepost.db";
    stage.shell(&format!("chmod 0640 {store}")).exits(0);
    stage
        .gatepost(&["user", "list"])
        .exits(1)
        .tells("chmod 0600 /var/lib/gatepost/gatepost.db");
    // user_version, at byte 60 of SQLite's header: a newer store.
    stage
        .shell(&format!(
            "chmod 0600 {store} && printf '\\000\\000\\000\\143' | dd of={store} bs=1 seek=60 \
             conv=notrunc"
        ))
        .exits(0);
    stage
        .gatepost(&["user", "list"])
        .exits(6)
        .tells("the store has version 99");
    stage
        .gatepost(&["setup"])
        .exits(1)
        .says("the store has version 99");
}

// Mutant: a broken chain exits well.
#[test]
fn a_broken_chain_of_events_is_a_no() {
    let Some(stage) = Stage::installed("a_broken_chain_of_events_is_a_no") else {
        return;
    };
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    stage.gatepost(&["maintain"]).exits(0);
    stage
        .shell(
            "sed -i 's/administrator.s word/administrator-s word/' /var/lib/gatepost/gatepost.db",
        )
        .exits(0);
    stage
        .shell("chmod 0600 /var/lib/gatepost/gatepost.db")
        .exits(0);
    stage
        .gatepost(&["audit", "verify"])
        .exits(10)
        .tells("event 3 does not follow");
}

// Mutant: a closed pipe is a fault.
#[test]
fn a_reader_that_has_seen_enough_is_no_fault() {
    let Some(stage) = Stage::installed("a_reader_that_has_seen_enough_is_no_fault") else {
        return;
    };
    // The shell's own PIPESTATUS is not in every sh: the exit code goes through a file.
    stage
        .shell("{ gatepost policy odds; echo $? > /mnt/code; } | true; cat /mnt/code")
        .exits(0)
        .says("0\n");
    stage
        .shell("gatepost policy odds > /dev/full")
        .exits(1)
        .tells("the output cannot be written");
}
