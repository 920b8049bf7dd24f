//! A store with very many accounts: a login costs what it costs with ten, since no statement of the
//! store's reads a table from end to end.

use std::collections::BTreeSet;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::soak;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

use crate::architecture;

fn stage(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink))
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .build()
}

/// The shortest of a few logins of alice's: until the prompt, and from the code to the verdict.
#[track_caller]
fn fastest(stage: &Stage, sink: &Sink) -> (Duration, Duration) {
    let times = (0..5).map(|_| {
        let mut login = stage.pam("rig").user("alice").rhost("192.0.2.7").start();
        let prompt = login.code_prompt();
        login.answer(sink.next_mail(SOON).code());
        let outcome = login.finish().expect("PAM_SUCCESS");
        stage.wait_for_quiet();
        (
            Duration::from_millis(prompt.times.waited),
            outcome.last_wait(),
        )
    });
    let times: Vec<_> = times.collect();
    let shortest = |pick: fn(&(Duration, Duration)) -> Duration| times.iter().map(pick).min();
    (
        shortest(|time| time.0).unwrap(),
        shortest(|time| time.1).unwrap(),
    )
}

// Mutant: an index of schema_1.sql that a login needs is left out (accounts.name, guesses_wrong,
// sends_by_account, challenges_live), or a look-up by a column without one.
#[test]
fn a_login_among_very_many_accounts_is_as_quick_as_among_few() {
    require!();
    let accounts = soak::size(10_000, 1_000_000);
    let sink = Sink::start(Encryption::Implicit);
    let stage = stage(&sink);
    let few = fastest(&stage, &sink);
    stage.store().seed_accounts(accounts);
    assert_eq!(stage.store().rows("accounts"), Ok(accounts));
    let challenges = stage.store().rows("challenges").unwrap();
    assert!(challenges >= accounts - 1, "{challenges}");
    let many = fastest(&stage, &sink);
    for (what, few, many) in [("prompt", few.0, many.0), ("verdict", few.1, many.1)] {
        // A machine has its moods; a scan of a million rows costs far more than this.
        let limit = few * 2 + Duration::from_millis(50);
        assert!(
            many <= limit,
            "{what}: {many:?} among {accounts}, {few:?} alone"
        );
    }
    stage.expect_conversations(10);
}

/// A step of a plan that is no look-up, how its statement begins, and why that is well.
const ALLOWED: &[(&str, &str, &str)] = &[
    (
        "SCAN events",
        "SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1",
        "the newest alone: a scan from the end, of one row",
    ),
    (
        "SEARCH events USING INTEGER PRIMARY KEY (rowid<?)",
        "DELETE FROM events WHERE seq <= ?1",
        "upkeep, a batch from the log's beginning",
    ),
    (
        "SCAN conversations",
        "SELECT id, user, service, source, boot_id, pid, pid_started FROM conversations",
        "64 wait at prompts at most",
    ),
    (
        "SCAN conversations",
        "SELECT count(*) FROM conversations",
        "64 wait at prompts at most",
    ),
    (
        "SEARCH event_days USING INTEGER PRIMARY KEY (rowid<?)",
        "",
        "a row a day, whoever logs in",
    ),
    (
        "SEARCH s USING PRIMARY KEY (from_store<?)",
        "SELECT from_store, recorded, counted,",
        "the hours that are over and not yet told of",
    ),
    (
        "SEARCH shields USING INDEX shields_by_end (until_store<?)",
        "DELETE FROM shields WHERE until_store <= ?1",
        "those that ended, when an administrator puts one up: 64 at most",
    ),
    (
        "SCAN shields USING COVERING INDEX shields_by_end",
        "SELECT count(*) FROM shields",
        "those that are up, at the same time: 64 at most",
    ),
    (
        "SCAN challenges",
        "DELETE FROM addresses WHERE account = ?1",
        "an administrator's act, not a login's: the challenges' foreign key has no index",
    ),
    (
        "SCAN accounts",
        "SELECT count(*) FROM accounts WHERE state <> 'removed'",
        "a copy that was looked through from end to end",
    ),
    (
        "SCAN sqlite_schema",
        "SELECT type, name, tbl_name, sql",
        "a few dozen tables and indexes",
    ),
    (
        "SCAN sqlite_schema",
        "SELECT name FROM sqlite_schema",
        "the names of a few dozen tables",
    ),
    (
        "SCAN outbox",
        "UPDATE outbox SET state = 'due'",
        "an administrator's act: all that failed is tried again",
    ),
    (
        "SEARCH d USING INDEX deliveries_by_age (at_wall>?)",
        "SELECT d.relay, d.outcome,",
        "the newest, as many as gatepost mail health looks at",
    ),
    (
        "SEARCH undo USING COVERING INDEX undo_by_end (until_store<?)",
        "DELETE FROM undo",
        "upkeep, a batch from the beginning",
    ),
    (
        "SEARCH undo USING COVERING INDEX undo_together (batch>? AND batch<?)",
        "SELECT max(batch) FROM undo",
        "the greatest alone: the index's end",
    ),
    (
        "SEARCH undo USING COVERING INDEX undo_by_end (until_store>?)",
        "DELETE FROM undo",
        "upkeep, a batch from the end",
    ),
    (
        "SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
        "SELECT * FROM events WHERE seq > ?1 AND seq <= ?2",
        "whoever verifies the log reads it, ten thousand at a time",
    ),
    (
        "CO-ROUTINE (subquery-1)",
        "SELECT count(*) FROM (SELECT at_wall",
        UNMASKED,
    ),
    (
        "SCAN (subquery-1)",
        "SELECT count(*) FROM (SELECT at_wall",
        UNMASKED,
    ),
    ("MERGE (UNION ALL)", "SELECT id FROM undo", UNDONE),
    ("LEFT", "SELECT id FROM undo", UNDONE),
    ("RIGHT", "SELECT id FROM undo", UNDONE),
];

const UNMASKED: &str = "the newest ten thousand of a kind, before an act of the helpdesk's";

const UNDONE: &str = "one act of an administrator's, and those that were done with it";

/// Whether a step costs the same among very many rows: it finds rows by what they are equal to, or
/// takes a few from an index's end, where the next in line are those that are wanted.
fn is_quick(statement: &str, step: &str) -> bool {
    let pages = [
        "(rowid<?)",
        "(rowid>?)",
        "sqlite_autoindex_accounts_1 (name>?)",
        "outbox_due (due_store<?)",
        "guesses_by_age (at_store>?)",
        "undo_alone (until_store>? AND until_store<?)",
        "sends_by_age (at_store>?)",
        "shields_by_end (until_store>?)",
    ];
    let of_no_table = [
        "SCAN CONSTANT ROW",
        "SCALAR SUBQUERY",
        "CORRELATED SCALAR SUBQUERY",
        "LIST SUBQUERY",
        "USE TEMP B-TREE",
    ];
    if !step.starts_with("SEARCH ") {
        return of_no_table.iter().any(|begin| step.starts_with(begin));
    }
    let a_few = ["LIMIT", "EXISTS"]
        .iter()
        .any(|word| statement.contains(word));
    let purges = statement.starts_with("DELETE ") && step.contains("_by_age (");
    // Bound by nothing: the least or the greatest, at an index's end.
    let end_alone = !step.contains('(') && !step.contains(" USING ");
    step.contains("=?")
        || end_alone
        || a_few && (purges || pages.iter().any(|end| step.ends_with(end)))
}

/// The console's reads: they page by key, and a filter may scan, on a worker that the next key ends
/// (decision 0030). No login makes them.
const OF_THE_CONSOLE: &str = "shared/src/store/browse/";

/// A copy is compared with the store and taken back whole, and this test has no copy.
const OF_COPIES: &str = "shared/src/store/restore/";

/// The tables that a statement for several of them is for.
const OF_AN_ACCOUNT: [&str; 3] = ["recovery_codes", "known_sources", "addresses"];

/// All statements of the store's, those that are put together from parts once for each part.
fn statements() -> Vec<(String, String)> {
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
    let texts = architecture::texts("shared/src/store/");
    let (whole, others): (Vec<_>, Vec<_>) = texts
        .into_iter()
        .filter(|(place, text)| {
            let is_other = [OF_THE_CONSOLE, OF_COPIES];
            let is_of_another = is_other.iter().any(|other| place.starts_with(other));
            // The clock is reset by an administrator, once in a blue moon, and looks at every moment.
            !is_of_another && !text.contains("copy.") && !text.contains("max({column})")
        })
        .map(|(place, text)| (place, text.split_whitespace().collect::<Vec<_>>().join(" ")))
        .partition(|(_, text)| verbs.iter().any(|verb| text.starts_with(verb)));
    let mut statements = Vec::new();
    for (place, text) in whole {
        let text = text
            .replace("{COLUMNS}", "*")
            .replace("{file}", "main")
            .replace("{DELIVERY}", "d.*, a.name");
        if text.contains("{table}") {
            let whole = OF_AN_ACCOUNT.map(|table| (place.clone(), text.replace("{table}", table)));
            statements.extend(whole);
            continue;
        }
        if !text.contains("{condition}") {
            statements.push((place, text));
            continue;
        }
        let file = place.split(':').next().unwrap();
        let parts = others
            .iter()
            .filter(|(place, part)| place.starts_with(file) && part.contains('?'));
        let before = statements.len();
        statements
            .extend(parts.map(|(_, part)| (place.clone(), text.replace("{condition}", part))));
        assert!(statements.len() > before, "{place}: no part for {text}");
    }
    statements
}

// Mutant: an index of schema_1.sql is left out; delivered() finds its send without the account; any
// look-up by a column without an index.
#[test]
fn no_statement_reads_a_table_from_end_to_end() {
    require!();
    // Read before the stage is: that has a /tmp of its own, and the tree may lie there.
    let statements = statements();
    assert!(statements.len() > 60, "{}", statements.len());
    let sink = Sink::start(Encryption::Implicit);
    let stage = stage(&sink);
    // Without ANALYZE the plan is the same for any number.
    stage.store().seed_accounts(1000);
    let mut slow = Vec::new();
    let mut met = BTreeSet::new();
    for (place, statement) in &statements {
        let plan = stage.store().plan(statement);
        for step in plan.unwrap_or_else(|why| panic!("{place}: {why}")) {
            let allows = |(scan, begin, _): &(&str, &str, &str)| {
                *scan == step && statement.starts_with(begin)
            };
            if let Some(allowed) = ALLOWED.iter().position(allows) {
                met.insert(allowed);
            } else if !is_quick(statement, &step) {
                slow.push(format!("{place}: {step}: {statement}"));
            }
        }
    }
    assert_eq!(slow, [""; 0]);
    assert_eq!(met.len(), ALLOWED.len(), "what is allowed is still needed");
}
