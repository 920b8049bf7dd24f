//! `gatepost undo`: what it asks before; of acts on many; and of bypass codes, shields and changes of the rules, what it says and
//! what it refuses.

use serde_json::Value;

use crate::console::Terminal;
use crate::stage::Stage;

fn enrolled(test: &str) -> Option<Stage> {
    let stage = Stage::installed(test)?;
    for user in ["alice", "root"] {
        let address = format!("{user}@example.org");
        let add = ["user", "add", user, &address, "--confirmed"];
        stage.gatepost(&add).exits(0);
    }
    Some(stage)
}

/// The entry of the newest act, and its row.
fn newest(stage: &Stage) -> (String, Value) {
    let listed = stage
        .gatepost(&["--json", "undo", "--list"])
        .exits(0)
        .json();
    let row = listed.pointer("/undo/0").unwrap();
    (row.pointer("/id").unwrap().to_string(), row.clone())
}

// Mutants: it is done unasked, or where nobody can be asked; which act it is is not said; a dry run does it, or not as
// much as the question says; any word is taken for a yes.
#[test]
fn an_act_is_named_and_asked_about_before_it_is_taken_back() {
    let test = "an_act_is_named_and_asked_about_before_it_is_taken_back";
    let Some(stage) = enrolled(test) else {
        return;
    };
    stage.gatepost(&["user", "lock", "alice"]).exits(0);
    let (lock, _) = newest(&stage);
    stage.gatepost(&["user", "disable", "root"]).exits(0);
    let (disable, _) = newest(&stage);
    let acts = [
        (&["undo"][..], &disable, "disable of root, done 20"),
        (&["undo", &lock], &lock, "lock of alice, done 20"),
    ];
    for (line, id, act) in acts {
        let act = format!("Act {id}: {act}");
        stage
            .gatepost(line)
            .exits(2)
            .tells(&act)
            .tells(" by root")
            .tells("Nobody can be asked here: add --yes to go on");
        let dry = [line, &["--dry-run"]].concat();
        stage
            .gatepost(&dry)
            .exits(0)
            .says(&act)
            .tells("Nothing was changed.");
        let dry = stage.gatepost(&[&["--json"], &dry[..]].concat());
        assert_eq!(&dry.exits(0).json()["id"].to_string(), id);
    }
    assert_eq!(newest(&stage).0, disable, "nothing was done");
    let done = stage.gatepost(&["undo", &disable, "--yes"]).exits(0);
    done.tells(&format!("Act {disable}: disable of root, done 20"));
    let (redo, _) = newest(&stage);
    stage
        .gatepost(&["undo", &redo, "--dry-run"])
        .exits(0)
        .says(&format!("Act {redo}: disable of root, taken back 20"))
        .says("this does it again");
    let Some(terminal) = Terminal::open(test, &stage) else {
        return;
    };
    terminal.line(&format!("gatepost undo {lock}"));
    terminal
        .shows(&format!("Act {lock}: lock of alice, done 20"))
        .shows("Type yes to go on:");
    terminal.line("y").shows("nothing was changed").prompts();
    terminal.line(&format!("clear; gatepost --no-input undo {lock}"));
    terminal.shows("Nobody can be asked here").prompts();
    // Whatever hints are not wanted, the question says what it asks about.
    terminal.line(&format!("clear; gatepost --quiet undo {lock}"));
    terminal
        .shows(&format!("Act {lock}: lock of alice, done 20"))
        .shows("Type yes to go on:");
    terminal.line("yes").shows("lock of alice is taken back.");
}

// Mutants: what was told, and what is under the number when it is answered, are not compared; any yes is enough for
// very many.
#[test]
fn what_was_told_is_what_is_taken_back() {
    let test = "what_was_told_is_what_is_taken_back";
    let Some(stage) = enrolled(test) else {
        return;
    };
    let Some(terminal) = Terminal::open(test, &stage) else {
        return;
    };
    stage.write("/etc/people.csv", "user,address\nalice,al@example.net\n");
    let import = ["user", "import", "/etc/people.csv", "--update", "--yes"];
    stage.gatepost(&import).exits(0);
    let (id, row) = newest(&stage);
    assert_eq!(row["count"], 1);
    terminal.line(&format!("gatepost undo {id}"));
    terminal.shows("Type yes to go on:");
    // The import goes on.
    stage.gatepost(&["user", "disable", "root"]).exits(0);
    let (later, _) = newest(&stage);
    stage.change(&format!("undo SET batch = {id} WHERE id = {later}"));
    terminal.line("yes").shows("went on after you looked: 1");
    terminal.shows("Nothing").prompts();
    assert_eq!(newest(&stage).1["count"], 2);
    // Another act comes under the number.
    terminal.line(&format!("clear; gatepost undo {id}"));
    terminal
        .shows("import of 2 accounts, done 20")
        .shows("Type yes to go on:");
    stage.change(&format!("undo SET actor = 'carol' WHERE id = {id}"));
    terminal.line("yes").shows("changed in the meantime");
    terminal.prompts();
    assert_eq!(newest(&stage).1["count"], 2);
    // Very many take their number.
    stage.change(&format!(
        "undo SET batch = {id}; WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 20)
         INSERT INTO undo (account, kind, actor, back, version_before, version_after, batch, state, until_store, at_wall)
         SELECT account, kind, actor, back, version_before, version_after, batch, state, until_store, at_wall
         FROM undo, more WHERE id = {id}"
    ));
    let count = newest(&stage).1["count"].to_string();
    terminal.line(&format!("clear; gatepost undo {id}"));
    terminal.shows(&format!("Type {count} to go on:"));
    terminal.line("yes").shows("nothing was changed").prompts();
    terminal.line(&format!("clear; gatepost undo {id}"));
    terminal.shows(&format!("Type {count} to go on:"));
    terminal.line(&count).shows("To do it again, within ten");
}

// Mutants: each of many is an act of its own; many take any yes; what changed since is taken back, or not named; part of
// it done is all of it.
#[test]
fn acts_on_many_are_taken_back_together() {
    let test = "acts_on_many_are_taken_back_together";
    let Some(stage) = Stage::installed(test) else {
        return;
    };
    let people = "(echo user,address; for i in $(seq 25); do \
           echo \"u$i:x:$((40000 + i)):100::/:/bin/sh\" >> /etc/passwd; echo \"u$i,u$i@example.org\"; done) > /etc/list.csv";
    stage.shell(people).exits(0);
    let import = ["user", "import", "/etc/list.csv", "--confirmed", "--yes"];
    stage.gatepost(&import).exits(0);
    let lock = "(echo nobody9; seq -f u%g 25) | gatepost user lock - --yes --reason T-1";
    let locked = stage.shell(lock).exits(3);
    let (id, row) = newest(&stage);
    assert_eq!((&row["act"], &row["count"]), (&"lock".into(), &25.into()));
    locked.tells(&format!(
        "For ten minutes, what was done is taken back by: gatepost undo {id}\n"
    ));
    stage
        .gatepost(&["undo", "--list"])
        .exits(0)
        .says("lock")
        .says("25 accounts");
    let act = format!("Act {id}: lock of 25 accounts, done 20");
    stage.gatepost(&["undo"]).exits(2).tells(&act);
    stage
        .gatepost(&["user", "note", "u7", "ask carol"])
        .exits(0);
    let (note, _) = newest(&stage);
    if let Some(terminal) = Terminal::open(test, &stage) {
        terminal.line(&format!("gatepost undo {id}"));
        terminal.shows(&act).shows("Type 25 to go on:");
        terminal.line("yes").shows("nothing was changed").prompts();
    }
    let words = ["undo", &id, "--yes", "--reason", "slip"];
    let undone = stage.gatepost(&words).exits(3);
    let redo = newest(&stage).0;
    undone
        .says("lock: 24 of 25 accounts taken back.\n")
        .tells("u7: u7 was changed in the meantime: user-note by root")
        .tells("after ask carol")
        .tells(&format!(
            "To do it again, within ten minutes: gatepost undo {redo}\n"
        ));
    let shown = |user| stage.gatepost(&["user", "show", user]).exits(0);
    shown("u6").says("active");
    shown("u7").says("locked");
    let redone = ["undo", &redo, "--yes"];
    stage
        .gatepost(&redone)
        .exits(0)
        .tells(&format!("Act {redo}: lock of 24 accounts, taken back 20"))
        .says("lock: 24 of 24 accounts done again.\n");
    shown("u6").says("locked");
    // Once what came in between is taken back, so is what was left.
    stage.gatepost(&["undo", &note, "--yes"]).exits(0);
    // Mutant: by the unit's number, the one that was left is called by the one whose number that is.
    let rest = stage.gatepost(&["--json", "undo", &id, "--dry-run"]);
    let rest = rest.exits(0).json();
    assert_eq!((&rest["user"], &rest["count"]), (&"u7".into(), &1.into()));
    stage
        .gatepost(&["undo", &id, "--yes"])
        .exits(0)
        .tells(&format!("Act {}: lock of u7, done 20", rest["id"]))
        .says("lock of u7 is taken back.\n");
    shown("u7").says("active");
    stage.gatepost(&["audit", "verify"]).exits(0);
}

// Mutants: a code that was taken back works on, or is offered to be made again; it is not listed by its name.
#[test]
fn a_bypass_code_is_taken_back_by_the_person_who_made_it() {
    let Some(stage) = enrolled("a_bypass_code_is_taken_back_by_the_person_who_made_it") else {
        return;
    };
    let new = ["bypass", "new", "alice", "--reason", "T-1", "--yes"];
    stage.gatepost(&new).exits(0);
    stage
        .gatepost(&["undo", "--list"])
        .exits(0)
        .says("bypass new")
        .says("alice");
    let undone = stage.gatepost(&["--json", "undo", "--yes"]).exits(0).json();
    assert_eq!(undone["redo"], Value::Null);
    let listed = stage
        .gatepost(&["--json", "bypass", "list", "alice"])
        .exits(0)
        .json();
    assert_eq!(
        listed["bypass_codes"].as_array().map(Vec::len),
        Some(0),
        "{listed}"
    );
    stage
        .gatepost(&["audit", "list", "kind:undo"])
        .exits(0)
        .says("bypass-new")
        .says("\"by\":\"root");
    // One that was ended meanwhile is told of, and so is the next before it.
    stage.gatepost(&new).exits(0);
    let (id, _) = newest(&stage);
    stage.gatepost(&["bypass", "revoke", "alice"]).exits(0);
    stage
        .gatepost(&["undo", &id, "--yes"])
        .exits(5)
        .tells("has ended already: there is nothing to take back");
    stage.gatepost(&["audit", "verify"]).exits(0);
}

// Mutants: `--yes` is not asked for where a shield comes back over this machine; a shield is not named.
#[test]
fn shields_come_down_and_back_by_undo() {
    let Some(stage) = enrolled("shields_come_down_and_back_by_undo") else {
        return;
    };
    let net = "203.0.113.0/24";
    stage
        .gatepost(&["shield", "on", "--source", net, "--for", "20m"])
        .exits(0);
    let (_, row) = newest(&stage);
    assert_eq!(
        (&row["act"], &row["about"]),
        (&"shield-on".into(), &net.into())
    );
    stage
        .gatepost(&["undo", "--list"])
        .exits(0)
        .says("shield on")
        .says(net);
    stage
        .gatepost(&["undo", "--reason", "wrong network", "--yes"])
        .exits(0)
        .says("shield on 203.0.113.0/24 is taken back.\n")
        .tells("To do it again, within ten minutes: gatepost undo");
    stage
        .gatepost(&["shield", "status"])
        .exits(0)
        .tells("No source is refused now.");
    let (redo, row) = newest(&stage);
    assert_eq!(row["again"], true);
    // Mutant: what is done again is called taken back.
    stage
        .gatepost(&["undo", &redo, "--yes"])
        .exits(0)
        .says("shield on 203.0.113.0/24 is done again.\n")
        .tells("To take it back, within ten minutes: gatepost undo");
    stage.gatepost(&["shield", "off", net]).exits(0);
    let (off, _) = newest(&stage);
    stage
        .gatepost(&["undo", &off, "--yes"])
        .exits(0)
        .says("shield off 203.0.113.0/24 is taken back.\n");
    stage.gatepost(&["shield", "status"]).exits(0).says(net);
    // Over this machine itself, it is asked as when it was put up, whatever was said of the act before.
    let own = ["shield", "on", "--source", "127.0.0.1", "--yes"];
    stage.gatepost(&own).exits(0);
    stage.gatepost(&["shield", "off", "127.0.0.1"]).exits(0);
    let (off, _) = newest(&stage);
    if let Some(terminal) = Terminal::open("shields_come_down_and_back", &stage) {
        terminal.line("gatepost undo").shows("Type yes to go on:");
        terminal
            .line("yes")
            .shows("127.0.0.1 is this machine itself");
        terminal.line("no").shows("nothing was changed").prompts();
        // Mutant: who wants no hints is asked without being told why.
        terminal.line("clear; gatepost --quiet undo");
        terminal.shows("Type yes to go on:");
        terminal
            .line("yes")
            .shows("127.0.0.1 is this machine itself");
        terminal.line("no").shows("nothing was changed").prompts();
        terminal.line("clear; gatepost --quiet shield on --source 127.0.0.1");
        terminal.shows("127.0.0.1 is this machine itself");
        terminal.line("no").shows("nothing was changed").prompts();
        terminal.line("clear; gatepost --quiet bypass new root --reason T-1");
        terminal.shows("root has power over this machine");
        terminal.line("no").shows("nothing was changed");
    }
    stage.gatepost(&["undo", &off, "--yes"]).exits(0);
    stage.gatepost(&["audit", "verify"]).exits(0);
}

// Mutants: what came in between is not named; the guard against locking oneself out is not asked.
#[test]
fn changes_of_the_rules_are_taken_back_as_versions() {
    let Some(stage) = enrolled("changes_of_the_rules_are_taken_back_as_versions") else {
        return;
    };
    stage.write("/etc/one.toml", "# one\n");
    stage.write("/etc/two.toml", "# two\n");
    let root = "[[rule]]\nusers = [\"root\"]\naction = \"refuse\"\n";
    stage.write("/etc/root.toml", root);
    let apply = |file: &str| {
        let words = ["policy", "apply", file, "--yes", "--even-if-locked-out"];
        stage.gatepost(&words).exits(0);
        newest(&stage).0
    };
    let one = apply("/etc/one.toml");
    stage
        .gatepost(&["undo", "--yes"])
        .exits(0)
        .says("policy apply version 2 is taken back.\n")
        .tells("Now policy version 3 is in force, with the rules of 1.");
    stage
        .gatepost(&["undo", &one, "--yes"])
        .exits(5)
        .tells("was taken back already");
    let two = apply("/etc/two.toml");
    apply("/etc/root.toml");
    stage
        .gatepost(&["undo", &two, "--yes"])
        .exits(10)
        .tells("policy version 4 is no longer in force: version 5 is, which root")
        .tells("gatepost policy rollback 3");
    // Back to the rules that refuse root.
    let harmless = apply("/etc/one.toml");
    stage
        .gatepost(&["undo", &harmless, "--yes"])
        .exits(10)
        .tells("would lock out you")
        .tells("gatepost policy rollback 5 --even-if-locked-out");
    let tried = [
        "policy",
        "try",
        "/etc/two.toml",
        "--revert-after",
        "5m",
        "--yes",
    ];
    stage.gatepost(&tried).exits(0);
    stage
        .gatepost(&["undo", "--yes"])
        .exits(0)
        .says("policy try version 7 is taken back.\n")
        .tells("Now policy version 6 is in force again.");
    stage
        .gatepost(&["policy", "show"])
        .exits(0)
        .says("policy version 6");
    stage.gatepost(&["audit", "verify"]).exits(0);
}
