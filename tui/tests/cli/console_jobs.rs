//! Jobs on accounts in the console, in a real terminal: what is done there and taken back, two consoles
//! on one account, consoles that are killed, and a store full of escape sequences.

use crate::console::Terminal;
use crate::stage::{Stage, skip};

/// A stage and a terminal on it; none, having said why, where that cannot be.
macro_rules! terminal {
    ($stage:ident, $terminal:ident, $name:literal) => {
        let Some($stage) = Stage::installed($name) else {
            return;
        };
        let Some($terminal) = Terminal::open($name, &$stage) else {
            return;
        };
    };
}

fn enrol(stage: &Stage, user: &str) {
    let address = format!("{user}@example.org");
    let add = ["user", "add", user, &address, "--confirmed"];
    stage.gatepost(&add).exits(0);
}

/// Has everybody sign in from there, as far as the store knows.
fn knows(stage: &Stage, source: &str) {
    let columns = "account, source, service, first_wall, last_wall, last_store";
    let rows = format!("SELECT id, '{source}', 'sshd', 1, 1, 0 FROM accounts");
    stored(
        stage,
        &format!("INSERT INTO known_sources ({columns}) {rows}"),
    );
}

/// One value of the store.
fn stored(stage: &Stage, question: &str) -> String {
    let line = format!("sqlite3 /var/lib/gatepost/gatepost.db \"{question}\"");
    stage.shell(&line).exits(0).out.trim().to_owned()
}

// Mutants: an address that is taken on the operator's word waits for a code; a lock cannot be taken
// back.
#[test]
fn who_is_not_enrolled_is_enrolled_from_the_list_and_that_is_taken_back() {
    terminal!(stage, terminal, "console_enrols");
    terminal.line("gatepost").shows("Nobody is enrolled yet");
    terminal.press(&["n"]).shows("~ not enrolled");
    // Other people may live on this machine.
    terminal.press(&["/", " alice", "Enter"]).shows("1 account");
    terminal
        .press(&["u"])
        .shows("alice has no account: N enrols");
    terminal.press(&["N"]).shows("Enrol somebody");
    terminal.press(&["alice@example.org", "Enter", "Right"]);
    terminal.shows("gatepost user add alice alice@example.org --confirmed");
    terminal.press(&["y"]).shows("alice is enrolled");
    terminal.shows("z undo: add alice");
    // She has an account now, and an address: the list is empty, and says what to do.
    terminal.shows("No account is like that").press(&["Escape"]);
    // A key that follows Esc at once would be one with Alt; the address stands elsewhere too.
    terminal.waits("a list with alice in it", |picture| {
        !picture.contains("No account is like that") && picture.contains("a***@e***.org")
    });
    terminal.press(&["o", "on leave", "Enter", "Enter"]);
    terminal
        .shows("Noted about alice")
        .shows("z undo: note alice");
    terminal.press(&["l"]).shows("Lock alice?");
    terminal.press(&["y"]).shows("! locked");
    terminal.press(&["l"]).press(&["Escape"]);
    terminal.press(&["z"]).shows("Take back: lock alice?");
    terminal.waits("when, as every time on the screen", |picture| {
        picture.contains("Done 20") && !picture.contains("Z by")
    });
    terminal.press(&["y"]).shows("active");
    assert_eq!(
        stored(&stage, "SELECT held_wall IS NULL FROM accounts"),
        "1"
    );
    terminal.press(&["Z"]).shows("Do again: lock alice?");
    terminal.press(&["y"]).shows("! locked");
    terminal.press(&["X"]).shows("Remove alice?");
    terminal
        .press(&["alice", "Enter", "Enter"])
        .shows("- removed");
    terminal.press(&["z"]).shows("Take back: remove alice?");
    terminal.press(&["y"]).shows("! locked");
    terminal.press(&["q"]).is_the_shells();
    stage.gatepost(&["audit", "verify"]).exits(0);
}

// Mutants: what is done to those that are marked is one act for each; who undid them cannot go on with them.
#[test]
fn console_takes_back_what_was_done_to_many() {
    terminal!(stage, terminal, "console_takes_back_what_was_done_to_many");
    for user in ["daemon", "bin", "sys", "sync"] {
        enrol(&stage, user);
    }
    terminal.line("gatepost console --screen users");
    terminal.shows("4 accounts").press(&["*"]).shows("4 marked");
    terminal.press(&["l"]).shows("Lock 4 accounts?");
    terminal.press(&["y"]).shows("Locking 4 accounts: 4 done");
    terminal
        .press(&["z"])
        .shows("Take back: lock of 4 accounts?");
    let held = "SELECT count(*) FROM accounts WHERE held_wall IS NOT NULL";
    assert_eq!(stored(&stage, held), "4");
    terminal.press(&["y"]);
    terminal.shows("lock of 4 accounts is taken back; Z does it again.");
    assert_eq!(stored(&stage, held), "0");
    terminal
        .press(&["Z"])
        .shows("Do again: lock of 4 accounts?");
    // A colleague changes one of them meanwhile.
    stage
        .gatepost(&["user", "note", "sys", "on leave"])
        .exits(0);
    terminal.press(&["y"]);
    terminal.shows("lock of 4 accounts: 3 done again, 1 failed; w shows which and why");
    assert_eq!(stored(&stage, held), "3");
    terminal
        .press(&["w"])
        .shows("sys: changed since: user-note by root");
    terminal.press(&["Escape"]);
    terminal.press(&["q"]).is_the_shells();
    stage.gatepost(&["audit", "verify"]).exits(0);
}

// Mutants: a dialog passes no version; what the other one did is not said; it is done all the same.
#[test]
fn console_lost_update() {
    terminal!(stage, one, "console_lost_update");
    let Some(other) = Terminal::open("console_lost_update_2", &stage) else {
        return;
    };
    enrol(&stage, "alice");
    for terminal in [&one, &other] {
        terminal.line("gatepost console --screen users");
        terminal.shows("a***@e***.org");
    }
    // Both look at the same version; the second one is quicker.
    one.press(&["e"]).shows("Change where alice's codes go?");
    other.press(&["o"]).shows("Note something about alice");
    other.press(&["on leave", "Enter", "Enter"]);
    other.shows("Noted about alice");
    one.press(&["al@example.net", "Enter", "Enter"]);
    one.shows("alice was changed in the meantime");
    one.shows("user-note").shows("on leave");
    let addresses = "SELECT count(*) FROM addresses WHERE address LIKE 'al@%'";
    assert_eq!(stored(&stage, addresses), "0", "it is not done");
    // The safe button looks again; the other asks again, with what was typed.
    one.press(&["y"]).shows("[al@example.net");
    one.press(&["Enter", "Enter"]).shows("could not be sent");
    assert_eq!(stored(&stage, addresses), "1");
    assert_eq!(stored(&stage, "SELECT note FROM accounts"), "on leave");
    for terminal in [&one, &other] {
        terminal.press(&["q"]).is_the_shells();
    }
}

// Mutants: the version that one's own act left is not taken by whoever does what was asked before the answer
// came; acts go out without the version that was seen, so that a colleague's in between is passed over.
#[test]
fn console_acts_one_after_the_other() {
    terminal!(stage, terminal, "console_acts_one_after_the_other");
    enrol(&stage, "alice");
    terminal.line("gatepost console --screen users");
    terminal.shows("a***@e***.org");
    let held = "SELECT held_wall IS NOT NULL, state FROM accounts";
    // As fast as keys can be pressed.
    terminal.press(&["l", "y", "u", "y", "D", "y", "l", "y"]);
    // The first of them says so too.
    let done =
        "SELECT count(*) FROM events WHERE kind IN ('user-lock', 'user-unlock', 'user-disable')";
    terminal.waits("all four acts", |_picture| stored(&stage, done) == "4");
    terminal.shows("alice is locked");
    assert_eq!(stored(&stage, held), "1|disabled", "{}", terminal.picture());
    // Somebody else in between, while the dialog stands.
    terminal.press(&["u"]).shows("Unlock alice?");
    stage
        .gatepost(&["user", "note", "alice", "on leave"])
        .exits(0);
    terminal.press(&["y"]);
    terminal.shows("alice was changed in the meantime");
    terminal.shows("user-note").shows("on leave");
    assert_eq!(stored(&stage, held), "1|disabled");
    terminal.press(&["Escape", "q"]).is_the_shells();
}

// Mutants: a mark has no version; what changed since is done all the same, or keeps the others from being done;
// marks do not take the version that one's own act left.
#[test]
fn console_marks_know_what_was_seen() {
    terminal!(stage, terminal, "console_marks_know_what_was_seen");
    enrol(&stage, "alice");
    enrol(&stage, "root");
    terminal.line("gatepost console --screen users");
    terminal.shows("2 accounts");
    terminal.press(&["Space", "Space"]).shows("2 marked");
    stage
        .gatepost(&["user", "note", "alice", "on leave"])
        .exits(0);
    terminal.press(&["l"]).shows("Lock 2 accounts?");
    terminal.press(&["y"]).shows("1 done, 1 failed");
    let locked = "SELECT group_concat(name) FROM accounts WHERE held_wall IS NOT NULL";
    assert_eq!(stored(&stage, locked), "root");
    terminal
        .press(&["w"])
        .shows("changed since you marked it: user-note by root");
    // It was said, so it is asked about anew.
    terminal.press(&["R"]).shows("Lock 1 account?");
    terminal.press(&["y"]).shows("alice is locked");
    terminal
        .press(&["Escape"])
        .waits("no marks", |picture| !picture.contains("marked"));
    // What was done here since is no news.
    terminal
        .press(&["Home", "Space", "Space"])
        .shows("2 marked");
    terminal.press(&["z"]).shows("Take back: lock alice?");
    terminal.press(&["y"]).shows("is taken back");
    terminal.press(&["D"]).shows("Disable 2 accounts?");
    terminal.press(&["y"]).shows("2 done");
    terminal.press(&["Escape", "q"]).is_the_shells();
}

// Mutant: taking back a bypass code does not revoke it.
#[test]
fn a_bypass_code_a_shield_and_rules_are_taken_back_in_the_console() {
    terminal!(stage, terminal, "console_takes_back");
    enrol(&stage, "alice");
    enrol(&stage, "root");
    terminal.line("gatepost console --screen users");
    terminal.shows("2 accounts").press(&["Home", "b"]);
    terminal.shows("Give alice a bypass code?");
    terminal.press(&["T-1", "Tab", "Tab", "Tab", "y"]);
    terminal.shows("it is not shown again");
    let live = "SELECT count(*) FROM bypass_codes WHERE revoked_wall IS NULL";
    assert_eq!(stored(&stage, live), "1");
    // A key that comes too soon was meant for something else.
    terminal.waits("the code's end", |picture| {
        terminal.press(&["Escape"]);
        !picture.contains("it is not shown again")
    });
    terminal.shows("z undo: bypass new alice");
    terminal.press(&["z"]).shows("Take back: bypass new alice?");
    terminal
        .press(&["y"])
        .shows("bypass new of alice is taken back.");
    assert_eq!(stored(&stage, live), "0");
    let on = ["shield", "on", "--source", "203.0.113.0/24"];
    stage.gatepost(&on).exits(0);
    terminal.shows("z undo: shield on 203.0.113.0/24");
    terminal.press(&["z", "y"]);
    terminal.shows("shield on 203.0.113.0/24 is taken back; Z does it again.");
    assert_eq!(stored(&stage, "SELECT count(*) FROM shields"), "0");
    stage.write("/etc/rules.toml", "# two\n");
    let apply = ["policy", "apply", "/etc/rules.toml", "--yes"];
    stage.gatepost(&apply).exits(0);
    terminal.shows("z undo: policy apply version 2");
    terminal.press(&["z"]).shows("as a new version");
    terminal
        .press(&["y"])
        .shows("policy apply version 2 is taken back");
    terminal.press(&["q"]).is_the_shells();
    stage.gatepost(&["audit", "verify"]).exits(0);
}

// Mutant: a line with a user whom the machine has not is skipped in silence.
#[test]
fn a_list_is_imported_and_taken_back_as_one() {
    terminal!(stage, terminal, "console_imports");
    let list = "user,address\nalice,alice@example.org\nnobody-here,n@example.org\n";
    stage.write("/etc/people.csv", list);
    terminal.line("gatepost console --screen users");
    terminal.shows("Nobody is enrolled yet");
    terminal.press(&[":", "import", "Enter"]);
    terminal.shows("Enrol people from a list");
    terminal.press(&["/etc/people.csv", "Tab", "Tab", "Tab", "Tab", "y"]);
    terminal.shows("Import 1 account?").shows("no such user");
    terminal.shows("1 to enrol, 0 to change, 0 to skip, 1 that make no sense.");
    terminal.press(&["y"]).shows("1 enrolled, 0 changed");
    terminal.shows("~ unconfirmed").shows("z undo: add alice");
    terminal.press(&["z"]).shows("Take back: add alice?");
    terminal.press(&["y"]).shows("- removed");
    terminal.press(&["q"]).is_the_shells();
}

/// Has a copy looked through on Health.
fn look_through<'a>(terminal: &'a Terminal<'a>, file: &str) -> &'a Terminal<'a> {
    terminal.press(&["7"]).shows("R restore").press(&["R"]);
    terminal.shows("Restore the store from a copy");
    terminal.press(&[file, "Tab", "Tab", "Tab", "Tab", "Tab", "Enter"])
}

// Mutants: readers stay at the store before; marks outlive it; it is done without the word; a copy that is at fault is
// called the store; one that nobody wants restored stays beside the store; so does one that is left at the end.
#[test]
fn a_backup_is_restored_in_the_console_under_its_own_readers() {
    terminal!(stage, terminal, "console_restores");
    enrol(&stage, "alice");
    let others = "ls /var/lib/gatepost | grep -cvxE 'gatepost.db(-wal|-shm)?'; true";
    let beside = || stage.shell(others).out.trim().to_owned();
    terminal
        .line("gatepost console --screen users")
        .shows("1 account");
    terminal.press(&["7"]).shows("B backup").press(&["B"]);
    terminal.press(&["/root/copy", "Enter", "Enter"]);
    terminal.shows("bytes written to /root/copy");
    // The change that is to go, and marks on both rows.
    terminal.press(&["2", "D"]).shows("Disable alice?");
    terminal.press(&["y"]).shows("- disabled");
    enrol(&stage, "root");
    terminal.shows("2 accounts");
    terminal.press(&["*"]).shows("2 marked");
    // What is no copy changes nothing, and is named.
    look_through(&terminal, "/etc/passwd").shows("/etc/passwd is no SQLite database");
    assert_eq!(beside(), "0");
    // Nor does one that is left.
    look_through(&terminal, "/root/copy").shows("Restore this copy?");
    terminal.shows("1 accounts not in the copy, and so removed: root");
    terminal.shows("Same as: gatepost restore /root/copy");
    assert_eq!(beside(), "1");
    terminal.press(&["Escape"]);
    terminal.waits("no file beside the store", |_picture| beside() == "0");
    let kinds = "SELECT count(*) FROM events WHERE kind = 'store-restore'";
    assert_eq!(stored(&stage, kinds), "0");
    // Accounts that were closed since become the copy's.
    terminal
        .press(&["R"])
        .shows("Restore the store from a copy");
    terminal.press(&["/root/copy", "Tab", "Right"]);
    terminal.shows("gatepost restore /root/copy --reopen --verify");
    terminal.press(&["Tab", "Tab", "T-17", "Tab", "Tab", "Enter"]);
    terminal.shows("1 accounts disabled or removed now, and active again");
    // Not without the word.
    terminal
        .press(&["Enter", "Enter"])
        .shows("Type restore to do it");
    terminal.press(&["restore", "Enter", "Enter"]);
    terminal.shows("Restored, up to event");
    // The same console, the same readers: rows, pages, events, and what can be taken back.
    terminal.press(&["2"]).shows("- removed").shows("active");
    terminal.waits("no marks, and nothing to be taken back", |picture| {
        !picture.contains("marked") && !picture.contains("z undo")
    });
    terminal.press(&["4"]).shows("store-restore");
    assert_eq!(stored(&stage, kinds), "1");
    let reason = "SELECT json_extract(detail, '$.reason') FROM events WHERE kind = 'store-restore'";
    assert_eq!(stored(&stage, reason), "T-17");
    // What is done next is done to the store that there is now.
    terminal.press(&["2", "Home", "l"]).shows("Lock alice?");
    terminal
        .press(&["y"])
        .shows("! locked")
        .shows("z undo: lock alice");
    // Only the store as it was stays.
    assert_eq!(beside(), "1");
    look_through(&terminal, "/root/copy").shows("Restore this copy?");
    assert_eq!(beside(), "2");
    terminal.press(&["C-c", "q"]).is_the_shells();
    assert_eq!(beside(), "1");
    // Nor does an end by a signal leave the copy there.
    terminal
        .line("clear; gatepost console --screen health")
        .shows("R restore");
    look_through(&terminal, "/root/copy").shows("Restore this copy?");
    assert_eq!(beside(), "2");
    terminal.kill("TERM");
    terminal.is_the_shells();
    assert_eq!(beside(), "1");
    stage.gatepost(&["store", "check"]).exits(0);
    stage.gatepost(&["audit", "verify"]).exits(0);
}

/// What a terminal must never be given: each would steer it, or turn the text round.
const STEERING: [&str; 7] = [
    "\u{1b}[66;6H",
    "\u{1b}]0;owned",
    "\u{1b}[31;41m",
    "\u{1b}P+q",
    "\u{9b}5m",
    "\u{202e}",
    "\u{7}",
];

/// What lies over the accounts, and what of it is seen nowhere else.
const OPENED: [(&str, &str); 11] = [
    ("u", "Same as: gatepost user unlock"),
    ("D", "Same as: gatepost user disable"),
    ("e", "Same as: gatepost user set-mail"),
    ("o", "Same as: gatepost user note"),
    ("X", "Same as: gatepost user remove"),
    ("N", "Same as: gatepost user add"),
    ("z", "Same as: gatepost undo"),
    ("x", "Actions on"),
    (":", "Commands"),
    ("w", "Jobs"),
    ("?", "Keys on"),
];

/// The same, over accounts whose address waits for its code.
const UNCONFIRMED: [(&str, &str); 3] = [
    ("v", "Same as: gatepost user verify"),
    ("C", "Same as: gatepost user verify"),
    ("i", "Same as: gatepost user invite"),
];

/// Insists that what steers is told as what it is: that the terminal's library drops it is not enough.
#[track_caller]
fn is_told(terminal: &Terminal<'_>) {
    let picture = terminal.picture();
    assert!(!picture.contains("x[66;6H"), "{picture}");
}

/// Opens what lies over the screen, one after the other, and closes it again.
#[track_caller]
fn opens(terminal: &Terminal<'_>, over: &[(&str, &str)]) {
    for (key, shown) in over {
        is_told(terminal.press(&[key]).shows(shown));
        terminal.press(&["Escape"]);
        terminal.waits(shown, |picture| !picture.contains(shown));
    }
}

/// The end of a line may be cut off: one code has an odd reason, the other an odd maker.
fn makes_odd_bypass_codes(stage: &Stage, odd: &str) {
    let new = ["bypass", "new", "root", "--reason", "T-1", "--yes"];
    for change in [
        format!("reason = '{odd}', made_by = 'x'"),
        format!("made_by = '{odd}'"),
    ] {
        stage.gatepost(&new).exits(0);
        stage.change(&format!(
            "bypass_codes SET {change} WHERE id = (SELECT max(id) FROM bypass_codes)"
        ));
    }
}

// Mutants: a note, an event or an act that can be taken back is shown as it is stored; so is who made a version
// of the rules, a shield or a bypass code, a bypass code's reason, or a source.
#[test]
fn tui_escape_corpus() {
    terminal!(stage, terminal, "tui_escape_corpus");
    if stage.shell("command -v sqlite3").code != 0 {
        return skip("tui_escape_corpus", "needs sqlite3");
    }
    enrol(&stage, "alice");
    enrol(&stage, "root");
    stage.gatepost(&["user", "lock", "alice"]).exits(0);
    let odd = "x' || char(27) || '[66;6H' || char(27) || ']0;owned' || char(7) || char(27) || \
               '[31;41m' || char(27) || 'P+q' || char(155) || '5m' || char(8238) || char(10) || 'y";
    stage.change(&format!("accounts SET note = '{odd}'"));
    stage.change(&format!("accounts SET name = '{odd}' WHERE name = 'alice'"));
    let mail = format!("1, 'code', '{odd}', 'permanent', '{odd}', '', 7, 1764000000000");
    let columns = "account, kind, relay, outcome, reply, message_id, millis, at_wall";
    stored(
        &stage,
        &format!("INSERT INTO deliveries ({columns}) VALUES ({mail})"),
    );
    stage.change(&format!("addresses SET address = '{odd}' WHERE id = 1"));
    knows(&stage, odd);
    makes_odd_bypass_codes(&stage, odd);
    // The newest act is what z asks about.
    stage.change(&format!("undo SET kind = '{odd}'"));
    let columns = "version, format, rules, sha256, how, by, reason, created_wall";
    for row in [
        format!("shields VALUES ('192.0.2.0/24', 9000000000000, '{odd}', '{odd}', 1)"),
        format!("policies ({columns}) VALUES (2, 1, '{odd}', x'00', 'apply', '{odd}', '{odd}', 1)"),
    ] {
        stored(&stage, &format!("INSERT INTO {row}"));
    }
    let line: String = STEERING.concat();
    stage.write(
        "/etc/people.csv",
        &format!("user,address\nalice,alice@example.net\nx{line}y,{line}@example.org\n"),
    );
    stage.change(&format!(
        "events SET source = '{odd}', detail = json_object('by', '{odd}', '{odd}', '{odd}')"
    ));
    terminal.tmux(&["pipe-pane", "-O", "cat > /run/seen"]);
    terminal.tmux(&["resize-window", "-x", "160", "-y", "48"]);
    terminal
        .line("gatepost console --screen users")
        .shows("ADDRESS");
    for (row, page) in [("Home", "WHY"), ("End", "not a usable user name")] {
        terminal.press(&[row]).shows(page);
        opens(&terminal, &OPENED);
    }
    // Of a name that cannot be one, neither is asked.
    terminal.press(&["Home"]);
    let roots = [
        ("t", "Same as: gatepost source revoke"),
        ("b", "Same as: gatepost bypass new"),
        ("B", "Bypass codes of"),
    ];
    opens(&terminal, &roots);
    stage.change("addresses SET confirmed_wall = NULL, confirmed_by = NULL");
    terminal.shows("~ unconfirmed");
    for row in ["Home", "End"] {
        terminal.press(&[row]);
        opens(&terminal, &UNCONFIRMED);
    }
    terminal.press(&[":", "import", "Enter"]);
    terminal.shows("Enrol people from a list");
    terminal.press(&["/etc/people.csv", "Tab", "Tab", "Tab", "Tab", "y"]);
    is_told(terminal.shows("make no sense"));
    terminal.press(&["Escape"]);
    terminal.shows("? keys");
    terminal.press(&["*"]).shows("2 marked").press(&["D"]);
    terminal
        .shows("Disable 2 accounts?")
        .press(&["Tab", "Enter"]);
    terminal.shows("? keys").press(&["m"]).shows("Delivery");
    terminal.press(&["3"]).shows("newest first");
    opens(&terminal, &[("!", "Refuse a source for a while?")]);
    terminal.press(&["6"]).shows("IN FORCE");
    opens(&terminal, &[("s", "What would a sign-in meet?")]);
    terminal.press(&["h"]).shows("Policy: versions");
    is_told(terminal.shows("in force"));
    terminal.press(&["Home", "Enter"]);
    is_told(terminal.shows("Policy version 2"));
    for (screen, shown) in [
        ("4", "Event"),
        ("5", "Delivery"),
        ("7", "store"),
        ("1", "LAST DONE"),
    ] {
        is_told(terminal.press(&[screen]).shows(shown));
    }
    terminal.press(&["q"]).is_the_shells();
    nothing_steered(&stage);
}

/// No byte of what would steer a terminal went to this one, as what it was sent was kept.
fn nothing_steered(stage: &Stage) {
    let seen = stage.shell("od -An -v -tx1 /run/seen | tr -s ' \\n' ' '");
    let seen = format!("{} ", seen.exits(0).out.trim_end());
    assert!(seen.len() > 10_000, "nothing was seen");
    for text in STEERING {
        let hex: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let is_there = seen.contains(&format!(" {} ", hex.join(" ")));
        assert!(!is_there, "{text:?} went out");
    }
}

/// Where somebody is when the console is killed: the screen's key and what it shows, the keys from there,
/// and what is shown then. alice signs in from somewhere, root's address is not confirmed.
const PLACES: [(&str, &str, &[&str], &str); 17] = [
    ("1", "accounts in all", &[], "in all"),
    ("2", "a***@e***.org", &[], "ADDRESS"),
    ("3", "newest first", &[], "newest first"),
    ("4", "KIND", &[], "KIND"),
    ("5", "Mail", &[], "Mail"),
    ("6", "everybody is asked", &[], "IN FORCE"),
    ("7", "Health", &[], "Health"),
    ("2", "a***@e***.org", &["D"], "Disable alice?"),
    (
        "2",
        "a***@e***.org",
        &["e", "new@example.org"],
        "[new@example.org",
    ),
    (
        "2",
        "a***@e***.org",
        &["t"],
        "Forget where alice signs in from?",
    ),
    (
        "2",
        "a***@e***.org",
        &["End", "v"],
        "Same as: gatepost user verify root",
    ),
    (
        "2",
        "a***@e***.org",
        &["End", "C", "1234-5678"],
        "user verify root CODE",
    ),
    (
        "2",
        "a***@e***.org",
        &["End", "i"],
        "Same as: gatepost user invite root",
    ),
    (
        "2",
        "a***@e***.org",
        &[":", "import", "Enter"],
        "Enrol people from a list",
    ),
    ("2", "a***@e***.org", &["b", "TICKET-812"], "[TICKET-812"),
    ("3", "newest first", &["!"], "Refuse a source for a while?"),
    (
        "6",
        "everybody is asked",
        &["s"],
        "What would a sign-in meet?",
    ),
];

/// The shell has its terminal again; after a SIGKILL, once somebody typed what they would.
fn ended(stage: &Stage, terminal: &Terminal<'_>, signal: &str) {
    terminal.kill(signal);
    let shell = terminal.tmux(&["display-message", "-p", "#{pane_pid}"]);
    let runs = format!("pgrep -P {} -x gatepost", shell.trim());
    terminal.waits("its end", |_picture| stage.shell(&runs).code == 1);
    if signal == "KILL" {
        // Set from beside it, and only once the shell has the terminal: what is typed before may be lost.
        let command = || terminal.tmux(&["display-message", "-p", "#{pane_current_command}"]);
        terminal.waits("the shell in front", |_picture| command().trim() == "sh");
        let tty = terminal.tmux(&["display-message", "-p", "#{pane_tty}"]);
        let sane = format!("stty -F {} sane", tty.trim());
        stage.shell(&sane).exits(0);
        let mends =
            "printf '\\033[?1049l\\033[?2004l\\033[?1000l\\033[?1006l'; clear; echo men''ded";
        terminal.line(mends).shows("mended");
    }
    terminal.is_the_shells();
}

// Mutants: a dialog writes before it is confirmed; an act and its event are two transactions some milliseconds
// apart; a signal is not caught.
#[test]
fn console_kill_each_screen() {
    terminal!(stage, terminal, "console_kill_each_screen");
    enrol(&stage, "alice");
    // From a list, without a word: it waits for its code, and none was mailed.
    stage.write("/etc/people.csv", "user,address\nroot,root@example.org\n");
    let import = ["user", "import", "/etc/people.csv", "--yes"];
    stage.gatepost(&import).exits(0);
    knows(&stage, "192.0.2.7");
    let events = stored(&stage, "SELECT count(*) FROM events");
    for signal in ["TERM", "HUP", "KILL"] {
        for (screen, ready, keys, shown) in PLACES {
            terminal
                .line("clear; gatepost")
                .shows("2 accounts in all")
                .press(&[screen])
                .shows(ready);
            for key in keys {
                terminal.press(&[key]);
            }
            terminal.shows(shown);
            ended(&stage, &terminal, signal);
            assert_eq!(
                stored(&stage, "SELECT count(*) FROM events"),
                events,
                "{signal} on {screen} {keys:?}"
            );
        }
    }
    // With a job that runs: what was done has its event, and what was not has none.
    let people = "i=0; while [ $i -lt 400 ]; do i=$((i+1)); \
                  echo \"u$i:x:$((40000+i)):100::/:/bin/sh\" >> /etc/passwd; \
                  echo \"u$i,u$i@example.org\" >> /etc/people.csv; done";
    stage.write("/etc/people.csv", "user,address\n");
    stage.shell(people).exits(0);
    let import = ["user", "import", "/etc/people.csv", "--confirmed", "--yes"];
    stage.gatepost(&import).exits(0);
    for signal in ["TERM", "HUP", "KILL"] {
        terminal
            .line("clear; gatepost console --screen users")
            .shows("402 accounts");
        terminal.press(&["*"]).shows("402 marked");
        terminal.press(&["l"]).shows("type 402 first");
        terminal
            .press(&["402", "Enter", "Enter"])
            .shows("Locking 402");
        ended(&stage, &terminal, signal);
        let locked = stored(&stage, "SELECT sum(version - 1) FROM accounts");
        let acts = "SELECT count(*) FROM events WHERE kind = 'user-lock'";
        assert_eq!(stored(&stage, acts), locked, "{signal}");
        stage.gatepost(&["store", "check"]).exits(0);
        stage.gatepost(&["audit", "verify"]).exits(0);
    }
}
