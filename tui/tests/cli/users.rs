//! `gatepost user` and `gatepost recovery`.

use crate::stage::{Stage, skip};

// Mutant: a removed account is disabled.
#[test]
fn an_account_goes_from_enrolled_to_removed() {
    let Some(stage) = Stage::installed("an_account_goes_from_enrolled_to_removed") else {
        return;
    };
    let user = |words: &[&str]| stage.gatepost(&[&["user"], words].concat());
    user(&["list"]).exits(0).tells("Nobody is enrolled yet");
    user(&["add", "alice", "alice@example.org", "--confirmed"])
        .exits(0)
        .says("alice is enrolled (uid 31234); codes go to a***@e***.org");
    user(&["add", "alice", "b@example.org", "--confirmed"])
        .exits(1)
        .tells("alice is enrolled already");
    user(&["list"])
        .exits(0)
        .says("alice  31234  active  a***@e***.org  never");
    user(&["show", "alice"])
        .exits(0)
        .says("by an administrator's word")
        .says("0 let in, 0 refused since ");
    stage
        .gatepost(&["status"])
        .exits(0)
        .says(": 0 let in, 0 refused, 0 wrong codes");
    for order in [
        "sort:-state",
        "sort:-last",
        "sort:last",
        "sort:-fails",
        "fails:<1 sort:fails",
    ] {
        user(&["list", order]).exits(0).says("alice  31234  active");
    }
    user(&["list", "fails:>3", "sort:-fails"])
        .exits(0)
        .tells("No account is like that.");
    user(&["list", "sort:lost"])
        .exits(2)
        .tells("column 6: no such order: it is one of name -name state -state enrolled -enrolled last -last");
    user(&["disable", "alice", "--reason", "left\u{1b}[31m"]).exits(0);
    user(&["list"]).exits(0).says("disabled");
    user(&["enable", "alice"]).exits(0);
    user(&["unlock", "alice"]).exits(0).says("was not locked");
    user(&["remove", "alice"]).exits(2).tells("--yes");
    user(&["remove", "alice", "--yes"]).exits(0);
    user(&["list"]).exits(0).says("removed");
    user(&["unlock", "alice"])
        .exits(5)
        .tells("gatepost user add alice ADDRESS");
    user(&["add", "alice", "alice@example.org", "--confirmed"]).exits(0);

    let log = stage.gatepost(&["audit", "list", "alice"]).exits(0);
    assert!(!log.out.contains('\u{1b}'), "{log}");
    let kinds = [
        "user-add",
        "user-disable",
        "user-enable",
        "user-unlock",
        "user-remove",
        "user-add",
    ];
    assert_eq!(log.out.lines().count(), kinds.len(), "{log}");
    for (line, kind) in log.out.lines().zip(kinds) {
        assert!(line.contains(&format!(" {kind} user=alice ")), "{log}");
    }
    stage.gatepost(&["audit", "verify"]).exits(0);
}

// Mutant: --unmask leaves no event.
#[test]
fn addresses_are_masked_until_somebody_asks_on_record() {
    let Some(stage) = Stage::installed("addresses_are_masked_until_somebody_asks_on_record") else {
        return;
    };
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    for words in [["list"].as_slice(), &["show", "alice"], &["list", "--json"]] {
        let masked = stage.gatepost(&[&["user"], words].concat()).exits(0);
        assert!(!masked.out.contains("alice@example.org"), "{masked}");
        let unmask = ["--unmask", "--reason", "TICKET-7"];
        stage
            .gatepost(&[&["user"], words, &unmask].concat())
            .exits(0)
            .says("alice@example.org");
    }
    let log = stage.gatepost(&["audit", "tail", "-n", "3"]).exits(0);
    assert_eq!(log.out.matches(" unmask ").count(), 3, "{log}");
    assert_eq!(log.out.matches("TICKET-7").count(), 3, "{log}");
}

// Mutant: a code that was not mailed exits well.
#[test]
fn a_code_that_cannot_be_mailed_leaves_the_account_unconfirmed_and_says_what_next() {
    let name = "a_code_that_cannot_be_mailed_leaves_the_account_unconfirmed_and_says_what_next";
    let Some(stage) = Stage::installed(name) else {
        return;
    };
    stage
        .gatepost(&["user", "add", "alice", "alice@example.org"])
        .exits(7)
        .says("a***@e***.org is not confirmed yet")
        .tells("gatepost user verify alice");
    stage
        .gatepost(&["user", "list"])
        .exits(0)
        .says("unconfirmed");
    stage
        .gatepost(&["user", "verify", "alice", "00000000"])
        .exits(10)
        .tells("that is not the code");
    stage.gatepost(&["user", "verify", "alice"]).exits(7);
    stage
        .gatepost(&["mail", "list", "alice"])
        .exits(0)
        .says("confirmation");
    stage
        .gatepost(&["why", "alice"])
        .exits(10)
        .says("no code can be mailed: a***@e***.org is not confirmed. \u{2192} gatepost user verify alice");
}

// Mutant: the filter is not asked.
#[test]
fn a_filter_lists_who_is_like_that() {
    let Some(stage) = Stage::installed("a_filter_lists_who_is_like_that") else {
        return;
    };
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    let list = |words: &[&str]| stage.gatepost(&[&["user", "list"], words].concat());
    for like in [
        ["alice"].as_slice(),
        &["state:active", "!bob"],
        &["example.org"],
    ] {
        list(like).exits(0).says("alice");
    }
    for unlike in [["state:locked"].as_slice(), &["!alice"], &["fails:>0"]] {
        let none = list(unlike).exits(0).tells("No account is like that.");
        assert_eq!(none.out, "", "{none}");
    }
    list(&["alice state:lokced"])
        .exits(2)
        .tells("column 13: no such state: it is one of active unconfirmed pending locked");
}

// Mutant: any answer will do where a name must be typed.
#[test]
fn on_a_terminal_what_is_missing_is_asked_for() {
    let Some(stage) = Stage::installed("on_a_terminal_what_is_missing_is_asked_for") else {
        return;
    };
    if stage.shell("command -v script").code != 0 {
        skip(
            "on_a_terminal_what_is_missing_is_asked_for",
            "needs script(1)",
        );
        return;
    }
    let typed = |answer: &str, words: &str| {
        let line = format!("printf '{answer}\\n' | script -qec 'gatepost {words}' /dev/null");
        stage.shell(&line)
    };
    stage
        .gatepost(&["user", "add", "alice", "alice@example.org"])
        .exits(7);
    typed("1234 5678", "user verify alice")
        .exits(10)
        .says("The code from the mail")
        .says("that is not the code");
    typed("bob", "user remove alice")
        .exits(8)
        .says("nothing was changed");
    typed("alice", "user remove alice")
        .exits(0)
        .says("alice is removed");
}

// Mutant: one recovery code less is made.
#[test]
fn recovery_codes_are_shown_once_and_are_ten() {
    let Some(stage) = Stage::installed("recovery_codes_are_shown_once_and_are_ten") else {
        return;
    };
    let add = ["user", "add", "alice", "alice@example.org", "--confirmed"];
    stage.gatepost(&add).exits(0);
    let made = stage.gatepost(&["recovery", "new", "alice"]).exits(0);
    let codes: Vec<&str> = made.out.lines().collect();
    assert_eq!(codes.len(), 10, "{made}");
    for code in &codes {
        let groups: Vec<usize> = code.split('-').map(str::len).collect();
        assert_eq!(groups, [5, 5, 5], "{made}");
        let kept = stage.shell(&format!("grep -ac {code} /var/lib/gatepost/gatepost.db*"));
        assert!(
            kept.out
                .lines()
                .all(|line| line.ends_with(":0") || line == "0"),
            "{kept}"
        );
    }
    stage
        .gatepost(&["user", "show", "alice"])
        .exits(0)
        .says("10 left");
    stage
        .gatepost(&["recovery", "new", "alice"])
        .exits(0)
        .tells("The 10 codes that were left no longer work.");
}

// Mutants: a page begins with the last account of the one before; the list ends with its first page;
// the document's items have no comma between pages.
#[test]
fn a_long_list_has_everybody_once() {
    let Some(stage) = Stage::installed("a_long_list_has_everybody_once") else {
        return;
    };
    let none = stage.gatepost(&["--json", "user", "list"]).exits(0).json();
    assert_eq!(none["users"], serde_json::json!([]));
    // The names alone: what a list reads in pages of 500.
    stage
        .shell(
            "awk 'BEGIN { for (i = 1; i <= 1001; i++) \
               printf \"u%04d:x:%d:100::/nonexistent:/bin/false\\n\", i, 40000 + i }' >> /etc/passwd \
             && i=1 && while [ $i -le 1001 ]; do \
               gatepost user add $(printf u%04d $i) a@example.org --confirmed > /dev/null || exit 1; \
               i=$((i + 1)); done",
        )
        .exits(0);
    let listed = stage.gatepost(&["--json", "user", "list"]).exits(0).json();
    let names: Vec<&str> = listed["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["user"].as_str().unwrap())
        .collect();
    let everybody: Vec<String> = (1..=1001).map(|n| format!("u{n:04}")).collect();
    assert_eq!(names, everybody);
    let shown = stage.gatepost(&["user", "list"]).exits(0);
    assert_eq!(shown.out.matches("@e***.org").count(), 1001);
}
