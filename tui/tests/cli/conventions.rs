//! What holds for every command there is: help, a manual page, refusals, shapes, colour.

use crate::stage::Stage;

/// Every command that does something, with words that make sense to it; and whether it opens anything.
const LEAVES: &[(&str, &str, Opens)] = &[
    ("setup", "", Opens::Store),
    (
        "user add",
        "alice alice@example.org --confirmed",
        Opens::Store,
    ),
    ("user list", "", Opens::Store),
    ("user set-mail", "alice b@example.org", Opens::Store),
    ("user invite", "alice", Opens::Store),
    ("user lock", "alice", Opens::Store),
    ("user note", "alice sits-upstairs", Opens::Store),
    ("user import", "/etc/people.csv --yes", Opens::Store),
    ("user export", "", Opens::Store),
    ("user show", "alice", Opens::Store),
    ("user verify", "alice 12345678", Opens::Store),
    ("user disable", "alice", Opens::Store),
    ("user enable", "alice", Opens::Store),
    ("user remove", "alice --yes", Opens::Store),
    ("user unlock", "alice", Opens::Store),
    ("source list", "alice", Opens::Store),
    ("source revoke", "alice --all", Opens::Store),
    ("undo", "--yes", Opens::Store),
    ("recovery new", "alice", Opens::Store),
    (
        "bypass new",
        "alice --reason T-1 --ttl 15m --uses 1",
        Opens::Store,
    ),
    ("bypass list", "", Opens::Store),
    ("bypass revoke", "alice", Opens::Store),
    ("factor list", "alice", Opens::Store),
    ("factor remove", "alice recovery", Opens::Store),
    ("attack", "", Opens::Store),
    ("shield on", "--source 203.0.113.9 --for 15m", Opens::Store),
    ("shield off", "203.0.113.9", Opens::Store),
    ("shield status", "", Opens::Store),
    ("status", "", Opens::Store),
    ("why", "alice", Opens::Store),
    ("simulate", "alice --service sshd", Opens::Store),
    ("mail test", "a@example.org", Opens::Store),
    ("mail list", "", Opens::Store),
    ("mail export", "", Opens::Store),
    ("mail queue", "", Opens::Store),
    ("mail retry", "--all", Opens::Store),
    ("mail health", "", Opens::Store),
    ("mail template list", "", Opens::Store),
    ("mail template show", "code.txt", Opens::Store),
    ("mail template preview", "code", Opens::Store),
    ("mail template edit", "test.txt --reset --yes", Opens::Store),
    ("mail template check", "", Opens::Store),
    ("policy show", "", Opens::Store),
    ("policy odds", "", Opens::Store),
    ("policy test", "--user alice", Opens::Store),
    ("policy diff", "/etc/rules.toml", Opens::Store),
    (
        "policy try",
        "/etc/rules.toml --revert-after 5m --yes",
        Opens::Store,
    ),
    ("policy confirm", "", Opens::Store),
    ("policy apply", "/etc/rules.toml --yes", Opens::Store),
    ("policy history", "", Opens::Store),
    ("policy rollback", "1 --yes", Opens::Store),
    ("audit tail", "-n 1", Opens::Store),
    ("audit list", "", Opens::Store),
    ("audit export", "", Opens::Store),
    ("audit verify", "", Opens::Store),
    ("audit head", "", Opens::Store),
    ("audit fingerprint", "a@example.org", Opens::Store),
    ("audit prune", "--keep 400d --dry-run", Opens::Store),
    ("store backup", "/var/copy", Opens::Store),
    ("store restore", "/var/copy --verify", Opens::Store),
    ("store check", "", Opens::Store),
    ("store migrate", "--dry-run", Opens::Store),
    ("store vacuum", "", Opens::Store),
    ("store clock", "", Opens::Store),
    ("maintain", "", Opens::Store),
    ("doctor", "", Opens::Store),
    ("version", "", Opens::Nothing),
    ("keys", "", Opens::Nothing),
    ("themes", "", Opens::Nothing),
    ("completions", "bash", Opens::Nothing),
    ("man", "", Opens::Nothing),
];

/// Commands that are no lines: the console, and help; and short forms that a longer one tests.
const OTHERS: [&str; 4] = ["console", "help", "backup", "restore"];

/// What a command opens.
#[derive(Clone, Copy, PartialEq)]
enum Opens {
    Nothing,
    Store,
}

/// Names of all commands, groups too, as the manual has them.
fn commands(stage: &Stage) -> Vec<String> {
    let listed = stage.gatepost(&["man", "--list"]).exits(0);
    let names = listed
        .out
        .lines()
        .filter_map(|page| page.strip_prefix("gatepost-"));
    // A page's name has a dash where the command has a blank; and where it has a dash.
    names
        .map(|name| name.replace('-', " ").replace("set mail", "set-mail"))
        .collect()
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

// Mutant: a command is added and nobody says here what it takes.
#[test]
fn every_command_has_help_a_page_and_a_row_here() {
    let Some(stage) = Stage::open("every_command_has_help_a_page_and_a_row_here") else {
        return;
    };
    let commands = commands(&stage);
    assert!(commands.len() > LEAVES.len(), "{commands:?}");
    for command in &commands {
        let is_group = commands
            .iter()
            .any(|other| other.starts_with(&format!("{command} ")));
        let known =
            LEAVES.iter().any(|(name, _, _)| name == command) || OTHERS.contains(&command.as_str());
        assert!(is_group || known, "{command} has no row");
        let mut help = words(command);
        help.push("--help");
        stage
            .gatepost(&help)
            .exits(0)
            .says(&format!("Usage: gatepost {command}"));
        let asked: Vec<&str> = ["help"].into_iter().chain(words(command)).collect();
        stage.gatepost(&asked).exits(0).says("Usage: gatepost ");
        let mut odd = words(command);
        odd.push("--no-such-word");
        stage.gatepost(&odd).exits(2);
    }
    stage
        .gatepost(&["help", "frobnicate"])
        .exits(2)
        .tells("exit-codes");
    stage
        .gatepost(&["help", "exit-codes"])
        .exits(0)
        .says("  10  a check says no");
    stage.gatepost(&["man", "no-such-page"]).exits(5);
    for page in stage.gatepost(&["man", "--list"]).out.lines() {
        let lint = format!("gatepost man {page} | groff -man -ww -z -Tutf8 2>&1");
        let told = stage.shell(&lint).exits(0);
        assert_eq!(told.out, "", "{page}");
    }
    stage
        .gatepost(&["man"])
        .exits(0)
        .says(".SH \"EXIT CODES\"")
        .says("NIST SP 800\\-63B\\-4");
}

// Mutant: a command is done before it is asked whether the caller is root.
#[test]
fn nobody_but_root_gets_anything_opened() {
    let Some(stage) = Stage::installed("nobody_but_root_gets_anything_opened") else {
        return;
    };
    let identity = "--reuid=31234 --regid=31234 --clear-groups";
    for &(command, words, opens) in LEAVES {
        let code = if opens == Opens::Store { 4 } else { 0 };
        stage
            .shell(&format!("setpriv {identity} gatepost {command} {words}"))
            .exits(code);
        if opens == Opens::Store {
            let json = format!("setpriv {identity} gatepost --json {command} {words}");
            assert_eq!(stage.shell(&json).json()["error"]["exit"], 4);
        }
    }
}

/// What makes every command of the table possible again.
const AFRESH: &str = "rm -f /var/copy; gatepost user add alice a@example.org --confirmed; gatepost user unlock alice; \
    gatepost bypass revoke alice; gatepost shield off --all; gatepost policy rollback 1 --yes; \
    printf 'user,address\\nalice,a@example.org\\n' > /etc/people.csv; \
    printf '[[rule]]\nusers = [\"nobody\"]\naction = \"refuse\"\n' > /etc/rules.toml";

/// What must be done before some of them.
const FIRST: &[(&str, &str)] = &[
    ("undo", "gatepost user lock alice"),
    (
        "source revoke",
        "sqlite3 /var/lib/gatepost/gatepost.db \"INSERT INTO known_sources SELECT id, \
         'ip:203.0.113.9', 'sshd', 0, 0, 0, NULL FROM accounts WHERE name = 'alice'\"",
    ),
    ("user add", "gatepost user remove alice --yes"),
    ("store restore", "gatepost backup /var/copy"),
    ("bypass revoke", "gatepost bypass new alice --reason T-1"),
    (
        "policy rollback",
        "gatepost policy apply /etc/rules.toml --yes",
    ),
    ("factor remove", "gatepost recovery new alice"),
    ("shield off", "gatepost shield on --source 203.0.113.9"),
    (
        "mail template edit",
        "echo Hello > /etc/gatepost/templates/test.txt",
    ),
    (
        "policy confirm",
        "gatepost policy try /etc/rules.toml --revert-after 5m --yes",
    ),
];

// Mutant: a command writes its own text whatever shape is asked for.
#[test]
fn every_command_obeys_the_shape_that_is_asked_for() {
    let Some(stage) = Stage::installed("every_command_obeys_the_shape_that_is_asked_for") else {
        return;
    };
    // Confirming takes a code, and its words are those of the others; texts for other programs have
    // one shape; a preview takes a sender, which is not here.
    let other = [
        "user verify",
        "completions",
        "man",
        "audit export",
        "mail template preview",
    ];
    let shaped = LEAVES.iter().filter(|(name, _, _)| !other.contains(name));
    for (command, more, _) in shaped {
        let run = |form: &str| {
            // Acts on an account need one that is there, and copies a place.
            stage.shell(AFRESH);
            if let Some((_, first)) = FIRST.iter().find(|(name, _)| name == command) {
                stage.shell(first).exits(0);
            }
            let line: Vec<&str> = words(command).into_iter().chain(words(more)).collect();
            let ended = stage.gatepost(&[&["-o", form], &line[..]].concat());
            // A relay that is not there, and problems that a check finds, are answers too.
            assert!([0, 3, 7, 10].contains(&ended.code), "{ended}");
            ended
        };
        run("json").json();
        for line in run("jsonl").out.lines() {
            let document: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(document["schema"], 1, "{command}: {line}");
        }
        let csv = run("csv");
        assert!(!csv.out.contains('\u{1b}'), "{csv}");
        run("plain");
    }
    stage
        .gatepost(&["-o", "plain", "--fields", "user,uid", "user", "list"])
        .exits(0)
        .says("alice\t31234\n");
    stage
        .gatepost(&["--fields", "colour", "user", "list"])
        .exits(2)
        .tells("no field colour: there are");
    let null = stage.shell("gatepost -o plain --fields user -0 user list | od -c");
    assert!(null.out.contains("a   l   i   c   e  \\0"), "{null}");
    let headless = stage.gatepost(&["--no-header", "user", "list"]).exits(0);
    assert!(headless.out.starts_with("alice "), "{headless}");
}

// Mutants: colour without a terminal; NO_COLOR is not heard; --quiet hides data or faults.
#[test]
fn colour_hints_and_questions_can_be_had_or_not() {
    let Some(stage) = Stage::installed("colour_hints_and_questions_can_be_had_or_not") else {
        return;
    };
    stage
        .shell("gatepost user add alice a@example.org --confirmed")
        .exits(0);
    for (line, coloured) in [
        ("gatepost user list", false),
        ("gatepost --color always user list", true),
        ("CLICOLOR_FORCE=1 gatepost user list", true),
        ("CLICOLOR_FORCE=1 NO_COLOR=1 gatepost user list", false),
        ("CLICOLOR_FORCE=1 gatepost --color never user list", false),
        ("CLICOLOR_FORCE=1 gatepost why alice", true),
        ("CLICOLOR_FORCE=1 gatepost -o csv user list", false),
    ] {
        let shown = stage.shell(line).exits(0);
        assert_eq!(shown.out.contains('\u{1b}'), coloured, "{line}: {shown}");
        assert!(shown.out.contains("alice"), "{shown}");
    }
    let hint = "How a login would go";
    stage
        .gatepost(&["user", "show", "alice"])
        .exits(0)
        .tells(hint);
    let quiet = stage
        .gatepost(&["--quiet", "user", "show", "alice"])
        .exits(0);
    assert_eq!(quiet.err, "");
    stage
        .gatepost(&["-q", "user", "show", "zzz"])
        .exits(5)
        .tells("no such user");
    let line = "script -qec 'gatepost --no-input user remove alice' /dev/null";
    let unasked = stage.shell(line);
    assert!(unasked.out.contains("add --yes"), "{unasked}");
    stage
        .shell("ACCESSIBLE=1 gatepost")
        .exits(0)
        .says("Usage: gatepost")
        .tells("the console stays closed");
}

// Mutant: a name, a relay's words or a detail reaches the terminal as it is.
#[test]
fn tui_escape_corpus_nothing_from_outside_steers_a_terminal() {
    let name = "tui_escape_corpus_nothing_from_outside_steers_a_terminal";
    let Some(stage) = Stage::installed(name) else {
        return;
    };
    let hostile = "\u{1b}[31mred\u{7}\u{9b}2J\u{202e}";
    stage
        .gatepost(&["user", "add", "alice", "a@example.org", "--confirmed"])
        .exits(0);
    stage
        .gatepost(&["user", "disable", "alice", "--reason", hostile])
        .exits(0);
    stage.write("/var/list", &format!("decision={hostile}\n"));
    let asked: [&[&str]; 7] = [
        &["audit", "list"],
        &["audit", "list", hostile],
        &["audit", "export"],
        &["-o", "plain", "audit", "list"],
        &["why", hostile],
        &["audit", "verify", "--against", hostile],
        &["mail", "template", "show", hostile],
    ];
    for words in asked {
        let ended = stage.gatepost(words);
        let steers = |c: char| c.is_control() && c != '\n' && c != '\t';
        for text in [&ended.out, &ended.err] {
            assert!(!text.contains(steers), "{words:?}: {ended}");
        }
    }
}
