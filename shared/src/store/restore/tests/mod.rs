//! What a restore takes from the copy, and what it lets stand.

use std::collections::BTreeSet;

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::time::Span;

use super::{FATES, Options, Plan};
use crate::host::Host;
use crate::host::tests::Fixed;
use crate::policy::rules::{Action, Rule};
use crate::store::Store;
use crate::store::accounts::{Actor, Confirmation};

mod crafted;

/// A store in a folder of its own, and where its copies go.
struct Bench {
    folder: tempfile::TempDir,
    store: Store,
    clock: Fixed,
}

fn actor() -> Actor {
    Actor {
        name: "root".into(),
        ..Actor::default()
    }
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::scratch(&folder.path().join("store.db"));
        Self {
            folder,
            store,
            clock: Fixed::new(),
        }
    }

    fn add(&mut self, name: &str) {
        let address = EmailAddress::new(format!("{name}@example.org")).unwrap();
        let name = UserName::new(name.to_owned()).unwrap();
        let word = Confirmation::Word;
        self.store
            .add_account(&self.clock.now(), &actor(), &name, 1000, &address, &word)
            .unwrap();
    }

    fn sql(&self, sql: &str) {
        self.store.connection.execute_batch(sql).unwrap();
    }

    fn value(&self, sql: &str) -> String {
        let sql = format!("SELECT CAST(({sql}) AS TEXT)");
        let row = |row: &rusqlite::Row<'_>| row.get::<_, Option<String>>(0);
        let value = self.store.connection.query_row(&sql, [], row).unwrap();
        value.unwrap_or_else(|| "none".to_owned())
    }

    fn copy(&self) -> std::path::PathBuf {
        let copy = self.folder.path().join("copy.db");
        let _none_there = std::fs::remove_file(&copy);
        self.store.keep_copy(&copy).unwrap();
        copy
    }

    fn restore(&mut self, copy: &std::path::Path) -> Plan {
        self.restore_with(copy, Options::default())
    }

    fn restore_with(&mut self, copy: &std::path::Path, options: Options) -> Plan {
        let aside = self.folder.path().join("aside.db");
        let _none_there = std::fs::remove_file(&aside);
        let now = self.clock.now();
        let plan = self.store.restore_plan(&now, copy, options).unwrap();
        self.store
            .restore(&now, copy, &aside, options, &plan, &actor(), "test")
            .unwrap()
    }
}

const WRONG: &str = "INSERT INTO guesses (account, factor, right, source, at_store, at_wall)
    SELECT id, 'code', 0, 'ip:203.0.113.9', 86400000, 0 FROM accounts WHERE name = 'alice';
    UPDATE accounts SET failures_in_row = failures_in_row + 1 WHERE name = 'alice'";

// Mutants: the ledger, the row, or a used recovery code is the copy's; the generation stays; an account
// that the copy does not know is forgotten; the log is the copy's.
#[test]
fn a_restore_brings_addresses_back_and_lowers_nothing() {
    let mut bench = Bench::new();
    bench.add("alice");
    bench.add("bob");
    bench.sql(
        "INSERT INTO recovery_codes (account, first_group, hash)
         SELECT id, 'AAAAA', 'x' FROM accounts WHERE name = 'alice'",
    );
    let copy = bench.copy();
    bench.sql(WRONG);
    bench.sql(WRONG);
    bench.sql("UPDATE recovery_codes SET used_wall = 1");
    bench.sql("UPDATE addresses SET address = 'eve@example.org'");
    bench.add("carol");
    bench.sql("UPDATE accounts SET state = 'disabled' WHERE name = 'bob'");
    let last = bench.store.last_seq().unwrap();
    let generation: i64 = bench
        .value("SELECT coalesce(max(value), 0) FROM meta WHERE key = 'generation'")
        .parse()
        .unwrap();

    let plan = bench.restore(&copy);
    assert_eq!(
        plan,
        Plan {
            same_log: true,
            reopened: vec![],
            kept_closed: vec!["bob".into()],
            closed: vec![],
            locked: vec![],
            unknown: vec!["carol".into()],
            moved: vec!["alice".into(), "bob".into()],
            kept_unconfirmed: vec![],
            new: vec![],
            takes_rules: false,
            waiting: 0,
        }
    );
    for (sql, now) in [
        ("SELECT count(*) FROM guesses", "2"),
        (
            "SELECT failures_in_row FROM accounts WHERE name = 'alice'",
            "2",
        ),
        ("SELECT used_wall FROM recovery_codes", "1"),
        ("SELECT count(*) FROM recovery_codes", "1"),
        (
            "SELECT address FROM addresses ORDER BY id LIMIT 1",
            "alice@example.org",
        ),
        ("SELECT state FROM accounts WHERE name = 'bob'", "disabled"),
        ("SELECT state FROM accounts WHERE name = 'carol'", "removed"),
        // Mutant: whoever saw an account before the restore may act on what it is afterwards.
        ("SELECT min(version) FROM accounts", "2"),
        ("SELECT count(*) FROM addresses", "2"),
        (
            "SELECT kind FROM events ORDER BY seq DESC LIMIT 1",
            "store-restore",
        ),
    ] {
        assert_eq!(bench.value(sql), now, "{sql}");
    }
    assert_eq!(bench.store.last_seq().unwrap(), last + 1, "the log goes on");
    assert_eq!(bench.store.verify_chain().unwrap().broken_at, None);
    let raised: i64 = bench
        .value("SELECT value FROM meta WHERE key = 'generation'")
        .parse()
        .unwrap();
    assert!(raised > generation, "{raised} {generation}");
    // The store as it was is whole, too.
    let (kept, found) = Store::open_copy(&bench.folder.path().join("aside.db")).unwrap();
    assert_eq!((found.seq, found.accounts), (last, 3));
    drop(kept);
    assert_eq!(bench.store.foreign_keys_are_on(), Some(true));
}

// Mutants: min() and max() are confused; the copy's ledger is left out; what is due is sent again.
#[test]
fn a_copy_of_another_store_brings_its_log_and_the_higher_counts() {
    let mut lost = Bench::new();
    lost.clock.pass(Span::from_hours(50));
    lost.add("alice");
    lost.sql(WRONG);
    lost.sql(WRONG);
    lost.sql(
        "INSERT INTO outbox (account, kind, detail, state, due_store, created_wall, created_store)
         SELECT id, 'x', '{}', 'due', 0, 0, 0 FROM accounts",
    );
    lost.sql(
        "UPDATE meta SET value = replace(value, ' 86400000', ' 99000000') WHERE key = 'clock'",
    );
    let copy = lost.copy();
    let ended = lost.store.last_seq().unwrap();
    let mut bench = Bench::new();
    bench.add("dora");
    bench.add("alice");
    bench.sql(WRONG);
    bench.sql("UPDATE accounts SET unlocked_store = 5 WHERE name = 'alice'");
    let plan = bench.restore(&copy);
    assert!(!plan.same_log && plan.unknown == ["dora"], "{plan:?}");
    for (sql, now) in [
        ("SELECT count(*) FROM guesses", "3"),
        (
            "SELECT failures_in_row FROM accounts WHERE name = 'alice'",
            "2",
        ),
        (
            "SELECT unlocked_store FROM accounts WHERE name = 'alice'",
            "none",
        ),
        ("SELECT state FROM outbox", "failed"),
        (
            "SELECT max(at_store) - min(at_store) FROM guesses",
            "12600000",
        ),
    ] {
        assert_eq!(bench.value(sql), now, "{sql}");
    }
    assert_eq!(bench.store.last_seq().unwrap(), ended + 1);
    assert_eq!(bench.store.verify_chain().unwrap().broken_at, None);
}

// Mutants: a state is the copy's, or the store's, whichever is stricter; --reopen reopens nothing; a lock of
// either side ends.
#[test]
fn what_was_closed_stays_closed_unless_it_is_asked_for() {
    // In the copy, now, after a restore, after one that reopens.
    let cases = [
        ("alice", "active", "active", "active", "active"),
        ("bob", "active", "disabled", "disabled", "active"),
        ("carol", "disabled", "active", "disabled", "disabled"),
        ("dora", "active", "removed", "removed", "active"),
        ("erin", "removed", "active", "removed", "removed"),
        ("finn", "disabled", "removed", "removed", "disabled"),
    ];
    for reopen in [false, true] {
        let mut bench = Bench::new();
        let set = |bench: &Bench, name: &str, state: &str, held: &str| {
            bench.sql(&format!(
                "UPDATE accounts SET state = '{state}', held_wall = {held} WHERE name = '{name}'"
            ));
        };
        for (name, copied, ..) in cases {
            bench.add(name);
            set(&bench, name, copied, "NULL");
        }
        set(&bench, "carol", "disabled", "5");
        let copy = bench.copy();
        for (name, _, now, ..) in cases {
            set(&bench, name, now, "NULL");
        }
        set(&bench, "alice", "active", "7");
        let plan = bench.restore_with(
            &copy,
            Options {
                reopen,
                with_policy: false,
            },
        );
        let names = vec!["bob".to_owned(), "dora".to_owned()];
        let (reopened, closed) = if reopen {
            (names, vec![])
        } else {
            (vec![], names)
        };
        assert_eq!((plan.reopened, plan.kept_closed), (reopened, closed));
        for (name, _, _, kept, reopened) in cases {
            let state = bench.value(&format!("SELECT state FROM accounts WHERE name = '{name}'"));
            assert_eq!(
                state,
                if reopen { reopened } else { kept },
                "{name} {reopen}"
            );
        }
        let held =
            "SELECT group_concat(name || held_wall) FROM accounts WHERE held_wall IS NOT NULL";
        assert_eq!(bench.value(held), "alice7,carol5", "{reopen}");
    }
}

#[test]
fn every_table_has_its_fate() {
    let store = Store::in_memory();
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut statement = store.connection.prepare(sql).unwrap();
    let tables = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    let tables: BTreeSet<String> = tables.map(Result::unwrap).collect();
    let known: BTreeSet<String> = FATES.iter().map(|(table, _)| (*table).to_owned()).collect();
    assert_eq!(tables, known, "say what a restore does with it");
}

// Mutant: a restore that fails leaves something behind.
#[test]
fn a_restore_that_fails_changes_nothing() {
    let mut bench = Bench::new();
    bench.add("alice");
    let copy = bench.copy();
    bench.sql("UPDATE addresses SET address = 'eve@example.org'");
    let aside = bench.folder.path().join("aside.db");
    std::fs::write(&aside, "in the way").unwrap();
    let now = bench.clock.now();
    let plan = bench.store.restore_plan(&now, &copy, Options::default());
    let plan = plan.unwrap();
    let failed = bench
        .store
        .restore(&now, &copy, &aside, Options::default(), &plan, &actor(), "");
    assert!(failed.unwrap_err().to_string().contains("is there already"));
    assert_eq!(
        bench.value("SELECT address FROM addresses"),
        "eve@example.org"
    );
    assert_eq!(bench.store.foreign_keys_are_on(), Some(true));
    std::fs::remove_file(&aside).unwrap();
    bench.restore(&copy);
    assert_eq!(
        bench.value("SELECT address FROM addresses"),
        "alice@example.org"
    );
}

// Mutants: a tombstone keeps recovery codes, known sources or addresses; a name that the copy has for another
// uid keeps them.
#[test]
fn no_code_comes_back_for_a_tombstone_or_for_somebody_else() {
    let mut bench = Bench::new();
    for name in ["alice", "bob"] {
        bench.add(name);
    }
    bench.sql("UPDATE accounts SET uid = 2000 WHERE name = 'bob'");
    let copy = bench.copy();
    bench.sql("UPDATE accounts SET uid = 1000 WHERE name = 'bob'");
    bench.sql("UPDATE accounts SET state = 'removed' WHERE name = 'alice'");
    bench.add("carol");
    bench.sql(
        "INSERT INTO recovery_codes (account, first_group, hash) SELECT id, 'AAAAA', 'x' FROM accounts;
         INSERT INTO known_sources SELECT id, 'ip:203.0.113.9', 'sshd', 0, 0, 0, NULL FROM accounts",
    );
    bench.restore(&copy);
    for (sql, now) in [
        ("SELECT count(*) FROM recovery_codes", "0"),
        ("SELECT count(*) FROM known_sources", "0"),
        (
            "SELECT group_concat(a.name) FROM addresses JOIN accounts a ON a.id = account",
            "bob",
        ),
    ] {
        assert_eq!(bench.value(sql), now, "{sql}");
    }
}

// Mutant: who is enrolled for a removed name gets what the tombstone still has.
#[test]
fn a_successor_inherits_no_way_in() {
    let mut bench = Bench::new();
    bench.add("alice");
    bench.sql(
        "UPDATE accounts SET state = 'removed';
         INSERT INTO recovery_codes (account, first_group, hash) VALUES (1, 'AAAAA', 'x');
         INSERT INTO known_sources VALUES (1, 'ip:203.0.113.9', 'sshd', 0, 0, 0, NULL);
         INSERT INTO bypass_codes (account, first_symbols, hash, uses, uses_left, boot_id, expires_boot,
           generation, reason, made_by, created_wall, created_store)
         VALUES (1, 'K7', 'x', 1, 1, 'b', 9, 0, '', '', 0, 0);
         INSERT INTO challenges VALUES (x'01', 1, NULL, 's', 'h', 'x', 1, 'r', x'02', 'b', 9, 0, 0, 3, NULL, 0,
           'running', 9, NULL, 0, 0)",
    );
    bench.add("alice");
    let left = "SELECT (SELECT count(*) FROM recovery_codes) + (SELECT count(*) FROM known_sources)
                  + (SELECT count(*) FROM bypass_codes)
                  + (SELECT count(*) FROM challenges WHERE replaced = 0)";
    assert_eq!(bench.value(left), "0");
    assert_eq!(bench.value("SELECT count(*) FROM addresses"), "1");
}

// Mutants: the clock jumps to the copy's; an unlocking of later than now leaves failures out.
#[test]
fn a_copy_moves_no_clock() {
    let mut bench = Bench::new();
    bench.add("alice");
    bench.sql(WRONG);
    let before = bench.store.clock().unwrap().unwrap().store;
    let copy = bench.copy();
    let editor = rusqlite::Connection::open(&copy).unwrap();
    let far =
        "UPDATE meta SET value = replace(value, ' 86400000', ' 400000000000') WHERE key = 'clock';
               UPDATE accounts SET unlocked_store = 300000000000";
    editor.execute_batch(far).unwrap();
    drop(editor);
    bench.sql("UPDATE addresses SET address = 'eve@example.org'");
    let plan = bench.restore(&copy);
    assert_eq!(plan.moved, ["alice"]);
    assert_eq!(bench.store.clock().unwrap().unwrap().store, before);
    let unlocked = "SELECT coalesce(unlocked_store, 0) <= 86400000 FROM accounts";
    assert_eq!(bench.value(unlocked), "1");
    // Who had the codes is told where they go.
    let told =
        "SELECT group_concat(recipient || ' ' || json_extract(detail, '$.address')) FROM outbox";
    assert_eq!(bench.value(told), "eve@example.org a***@e***.org");
}

// Mutants: what a later moment of the copy's clock says of an unlocking is taken as it is; another store's
// moments are not moved, or by the wrong distance.
#[test]
fn what_another_store_measured_keeps_its_distance() {
    let mut other = Bench::new();
    other.clock.pass(Span::from_hours(1000));
    other.add("alice");
    other.sql(
        "UPDATE meta SET value = replace(value, ' 86400000', ' 3600000000') WHERE key = 'clock';
         INSERT INTO guesses (account, factor, right, source, at_store, at_wall)
         VALUES (1, 'code', 0, 'ip:203.0.113.9', 3599000000, 0);
         INSERT INTO event_days VALUES (3456000000, 1);
         INSERT INTO known_sources VALUES (1, 'x', 's', 0, 0, 3599000000, 3700000000);
         UPDATE accounts SET unlocked_store = 9900000000",
    );
    let copy = other.copy();
    let mut bench = Bench::new();
    bench.add("dora");
    let plan = bench.restore(&copy);
    assert_eq!((plan.same_log, plan.new), (false, vec!["alice".to_owned()]));
    for (sql, now) in [
        ("SELECT 86400000 - at_store FROM guesses", "1000000"),
        ("SELECT from_store % 86400000 FROM event_days", "0"),
        (
            "SELECT remembered_until - 86400000 FROM known_sources",
            "100000000",
        ),
        (
            "SELECT unlocked_store FROM accounts WHERE name = 'alice'",
            "86400000",
        ),
    ] {
        assert_eq!(bench.value(sql), now, "{sql}");
    }
}

// Mutants: an account that never was, in a copy with our last event, is taken; so are accounts without a log.
#[test]
fn a_copy_that_contradicts_itself_is_refused() {
    let refused = |tamper: &str| {
        let mut bench = Bench::new();
        bench.add("alice");
        let copy = bench.copy();
        rusqlite::Connection::open(&copy)
            .unwrap()
            .execute_batch(tamper)
            .unwrap();
        let now = bench.clock.now();
        let planned = bench.store.restore_plan(&now, &copy, Options::default());
        let told = Plan::default();
        let aside = bench.folder.path().join("aside.db");
        let done =
            bench
                .store
                .restore(&now, &copy, &aside, Options::default(), &told, &actor(), "");
        (
            planned.unwrap_err().to_string(),
            done.unwrap_err().to_string(),
        )
    };
    for (tamper, why) in [
        (
            "INSERT INTO accounts (name, uid, state, created_wall) VALUES ('root', 0, 'active', 0)",
            "never had",
        ),
        ("DELETE FROM events", "no event says"),
    ] {
        let (planned, done) = refused(tamper);
        assert!(planned.contains(why), "{planned}");
        assert!(done.contains(why), "{done}");
    }
}

// Mutants: the transaction does not hold its plan against the one that was told; logins that wait are part
// of it.
#[test]
fn a_restore_does_what_was_told_or_nothing() {
    let mut bench = Bench::new();
    bench.add("alice");
    let copy = bench.copy();
    let now = bench.clock.now();
    let options = Options::default();
    let told = bench.store.restore_plan(&now, &copy, options).unwrap();
    bench.add("bob");
    let aside = bench.folder.path().join("aside.db");
    let restore = |bench: &mut Bench, told: &Plan| {
        let done = bench
            .store
            .restore(&now, &copy, &aside, options, told, &actor(), "");
        done.map(|_plan| ()).map_err(|error| error.to_string())
    };
    let refused = restore(&mut bench, &told).unwrap_err();
    assert!(refused.contains("changed since"), "{refused}");
    let told = bench.store.restore_plan(&now, &copy, options).unwrap();
    restore(&mut bench, &Plan { waiting: 9, ..told }).unwrap();
}

// Mutants: another store's rules are taken unasked; ours are kept where nobody can use them; its shields
// take the place of ours.
#[test]
fn another_stores_rules_are_taken_where_it_is_asked_for() {
    let skip = [Rule {
        users: vec![],
        groups: vec![],
        services: vec![],
        action: Action::Skip,
    }];
    for (with_policy, broken, taken) in [
        (false, false, false),
        (true, false, true),
        (false, true, true),
    ] {
        let mut other = Bench::new();
        other.add("alice");
        let now = other.clock.now();
        other.store.put_rules(&now, &skip);
        other.sql("INSERT INTO shields VALUES ('203.0.113.0/24', 9, '', '', 0)");
        let copy = other.copy();
        let mut bench = Bench::new();
        bench.add("dora");
        bench.sql("INSERT INTO shields VALUES ('192.0.2.0/24', 9, '', '', 0)");
        if broken {
            bench.sql("DELETE FROM policy_in_force");
        }
        let options = Options {
            reopen: false,
            with_policy,
        };
        assert_eq!(bench.restore_with(&copy, options).takes_rules, taken);
        let in_force = bench.value("SELECT version FROM policy_in_force");
        assert_eq!(in_force, if taken { "2" } else { "1" }, "{with_policy}");
        let shields = "SELECT group_concat(network) FROM shields";
        assert_eq!(bench.value(shields), "192.0.2.0/24");
    }
}

// Mutant: a restore that is undone leaves the file that keeps the store as it was, and the next one finds it
// in its way.
#[test]
fn a_restore_that_is_undone_is_in_no_other_ones_way() {
    let mut bench = Bench::new();
    bench.add("alice");
    let copy = bench.copy();
    let editor = rusqlite::Connection::open(&copy).unwrap();
    let torn = "PRAGMA foreign_keys = OFF;
        UPDATE addresses SET account = 99";
    editor.execute_batch(torn).unwrap();
    drop(editor);
    let (now, options) = (bench.clock.now(), Options::default());
    let aside = bench.folder.path().join("aside.db");
    let told = bench.store.restore_plan(&now, &copy, options).unwrap();
    let failed = bench
        .store
        .restore(&now, &copy, &aside, options, &told, &actor(), "");
    let why = failed.unwrap_err().to_string();
    assert!(why.contains("refers to rows"), "{why}");
    assert!(!aside.exists());
}
