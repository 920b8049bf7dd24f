//! What an old copy, or one that somebody wrote by hand, gets out of a restore: nothing.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::time::Span;

use super::super::Options;
use super::{Bench, actor};
use crate::code::key::Tag;
use crate::host::Host;
use crate::store::accounts::{Confirmation, Guarded};

const UID: u32 = 1000;

fn name(name: &str) -> UserName {
    UserName::new(name.to_owned()).unwrap()
}

impl Bench {
    /// Enrols somebody whose address waits for its code.
    fn enrol(&mut self, who: &str, address: &str) {
        let address = EmailAddress::new(address.to_owned()).unwrap();
        let code = Confirmation::Code {
            id: [1; 16],
            tag: Tag([1; 32]),
            most: 60,
        };
        let now = self.clock.now();
        self.store
            .add_account(&now, &actor(), &name(who), UID, &address, &code)
            .unwrap();
    }

    /// Whether a confirmation code may be tried once more, which counts it.
    fn tries(&mut self, who: &str) -> bool {
        let now = self.clock.now();
        let name = name(who);
        let guarded = Guarded {
            name: &name,
            uid: UID,
            seen: None,
        };
        self.store.count_confirmation(&now, guarded).is_ok()
    }
}

// Mutants: a copy's confirmation codes come with its addresses; their tries are those that the copy counted.
#[test]
fn a_confirmation_code_that_was_used_up_or_replaced_stays_so() {
    let mut bench = Bench::new();
    bench.enrol("alice", "alice@example.org");
    let copy = bench.copy();
    while bench.tries("alice") {}
    bench.restore(&copy);
    assert!(!bench.tries("alice"), "its tries were used up");
    // Ours, with tries left, ends as well: it is not told from the copy's by anything that a copy lacks.
    let held = bench.value(
        "SELECT count(*) FROM addresses WHERE confirm_id IS NOT NULL
        OR confirm_tag IS NOT NULL OR confirm_until IS NOT NULL OR confirm_tries <> 0",
    );
    assert_eq!(held, "0");
    // A new one is one key away.
    let alice = name("alice");
    let guarded = Guarded {
        name: &alice,
        uid: UID,
        seen: None,
    };
    let now = bench.clock.now();
    bench
        .store
        .renew_confirmation(&now, &actor(), guarded, [2; 16], &Tag([2; 32]), 60)
        .unwrap();
    assert!(bench.tries("alice"));
}

// Mutant: what another store's clock said of a code's end is taken as it is.
#[test]
fn a_confirmation_code_of_another_store_lives_for_no_year() {
    let mut other = Bench::new();
    other.clock.pass(Span::from_hours(24 * 365));
    other.sql("INSERT INTO meta VALUES ('clock', 'boot-1 1000000 1790000000000 31536000000')");
    other.enrol("alice", "alice@example.org");
    let copy = other.copy();
    let mut bench = Bench::new();
    bench.add("dora");
    assert!(!bench.restore(&copy).same_log);
    bench.clock.pass(Span::from_hours(48));
    assert!(!bench.tries("alice"));
}

const REOPEN: Options = Options {
    reopen: true,
    with_policy: false,
};

/// Addresses of all accounts, and which of them are confirmed.
const ADDRESSES: &str = "SELECT group_concat(x, ' ') FROM (
    SELECT a.name || ':' || d.address || iif(d.confirmed_wall IS NULL, '?', '') AS x
    FROM addresses d JOIN accounts a ON a.id = d.account ORDER BY a.name, d.id)";
const TOLD: &str = "SELECT group_concat(x, ' ') FROM (
    SELECT recipient || '=' || json_extract(detail, '$.act') AS x FROM outbox
    WHERE json_extract(detail, '$.act') <> 'removed' ORDER BY recipient)";

// Mutants: an account whose address waits to be confirmed gets the copy's confirmed one unasked; nobody is named
// where there is no confirmed address on both sides, or told at an address that is not confirmed.
#[test]
fn an_account_without_a_confirmed_address_gets_none_unasked() {
    for (options, addresses, told) in [
        (
            Options::default(),
            "alice:new@example.org? bob:bob@example.org?",
            "none",
        ),
        (
            REOPEN,
            "alice:alice@example.org bob:eve@example.net",
            "bob@example.org=address-changed new@example.org=address-changed",
        ),
    ] {
        let mut bench = Bench::new();
        bench.add("alice");
        bench.enrol("bob", "bob@example.org");
        let copy = bench.copy();
        // Somebody wrote an address of theirs into it.
        let editor = rusqlite::Connection::open(&copy).unwrap();
        let crafted =
            "UPDATE addresses SET address = 'eve@example.net', limit_key = 'eve@example.net',
             confirmed_wall = 1, confirmed_by = 'code' WHERE confirmed_wall IS NULL";
        editor.execute_batch(crafted).unwrap();
        drop(editor);
        // The mailbox was taken.
        let now = bench.clock.now();
        bench
            .store
            .remove_account(&now, &actor(), &name("alice"), &"".into())
            .unwrap();
        bench.enrol("alice", "new@example.org");
        let plan = bench.restore_with(&copy, options);
        let both = vec!["alice".to_owned(), "bob".to_owned()];
        let named = if options.reopen {
            (both, vec![])
        } else {
            (vec![], both)
        };
        assert_eq!((plan.moved, plan.kept_unconfirmed), named);
        assert_eq!(bench.value(ADDRESSES), addresses);
        assert_eq!(bench.value(TOLD), told);
    }
}

// Mutants: who is reopened is not told; a tombstone's address that comes back is in no list.
#[test]
fn who_is_reopened_is_named_and_told() {
    let mut bench = Bench::new();
    for who in ["alice", "bob"] {
        bench.add(who);
    }
    let copy = bench.copy();
    let now = bench.clock.now();
    bench
        .store
        .remove_account(&now, &actor(), &name("alice"), &"".into())
        .unwrap();
    bench.sql("UPDATE accounts SET state = 'disabled' WHERE name = 'bob'");
    let plan = bench.restore_with(&copy, REOPEN);
    assert_eq!(plan.reopened, ["alice", "bob"]);
    assert_eq!(plan.moved, ["alice"]);
    assert_eq!(
        bench.value(TOLD),
        "alice@example.org=enabled bob@example.org=enabled"
    );
}

// Mutant: our address, which waits for its code, goes to whoever the copy has under that name.
#[test]
fn an_unconfirmed_address_goes_to_no_other_uid() {
    let mut bench = Bench::new();
    bench.add("alice");
    bench.sql("UPDATE accounts SET uid = 2000");
    let copy = bench.copy();
    bench.sql("UPDATE accounts SET uid = 1000; UPDATE addresses SET confirmed_wall = NULL");
    let plan = bench.restore(&copy);
    assert_eq!(plan.kept_unconfirmed, ["alice"]);
    assert_eq!(bench.value(ADDRESSES), "none");
}

/// Changes a copy by hand.
fn craft(copy: &std::path::Path, sql: &str) {
    let editor = rusqlite::Connection::open(copy).unwrap();
    editor.execute_batch(sql).unwrap();
}

/// A copy of another store, with rows in it, changed by hand.
fn crafted(sql: &str) -> (Bench, std::path::PathBuf) {
    let mut other = Bench::new();
    other.add("alice");
    other.sql(
        "INSERT INTO guesses (account, factor, right, source, at_store, at_wall)
         VALUES (1, 'code', 0, 'ip:203.0.113.9', 0, 0);
         INSERT INTO sends (account, limit_key, source, state, at_store) VALUES (1, '', '', 'open', 0);
         INSERT INTO helpdesk_unlocks (account, at_store) VALUES (1, 0);
         INSERT INTO known_sources VALUES (1, 'x', 's', 0, 0, 0, 0);
         INSERT INTO recovery_codes (account, first_group, hash, used_wall) VALUES (1, 'AAAAA', 'x', 0);
         INSERT INTO event_days VALUES (0, 0);
         INSERT INTO strangers VALUES (0, '', 0, 0);
         INSERT INTO deliveries (account, kind, relay, outcome, reply, message_id, millis, at_wall)
         VALUES (1, '', '', '', '', '', 0, 0);
         INSERT INTO outbox (account, kind, detail, state, due_store, created_wall, created_store, recipient)
         VALUES (1, 'x', '', 'sent', 0, 0, 0, '');
         UPDATE accounts SET success_store = 0, success_wall = 0, unlocked_store = 0, held_wall = 0;
         INSERT INTO policy_confirmations VALUES (1, '', 0)",
    );
    let copy = other.copy();
    craft(&copy, sql);
    let mut bench = Bench::new();
    bench.add("dora");
    // The copy goes with its folder.
    let here = bench.folder.path().join("crafted.db");
    std::fs::rename(&copy, &here).unwrap();
    (bench, here)
}

// Mutants: the generation is made of the copy's; rows of meta that nobody knows come along.
#[test]
fn no_copy_makes_the_generation_unreadable() {
    for value in ["1e308", "9223372036854775807", "'x'", "x'00'"] {
        let (mut bench, copy) = crafted(&format!(
            "INSERT OR REPLACE INTO meta VALUES ('generation', {value}), ('other', {value})"
        ));
        for generation in ["1", "2"] {
            // A restore changes the file that it takes.
            let again = copy.with_extension("again");
            std::fs::copy(&copy, &again).unwrap();
            bench.restore(&again);
            let rows =
                "SELECT group_concat(key || iif(key = 'generation', value, ''), ' ') FROM meta";
            assert_eq!(bench.value(rows), format!("clock generation{generation}"));
        }
    }
}

// Mutants: a moment of another store that is to come stays so; marks that are to come, or behind the last event.
#[test]
fn no_copy_brings_what_has_not_happened_yet() {
    let far = "9000000000000";
    let (mut bench, copy) = crafted(&format!(
        "UPDATE guesses SET at_store = {far};
         UPDATE sends SET at_store = {far};
         UPDATE helpdesk_unlocks SET at_store = {far};
         UPDATE known_sources SET last_store = {far}, remembered_until = {far};
         UPDATE outbox SET created_store = {far};
         UPDATE accounts SET success_store = {far}, unlocked_store = {far};
         INSERT INTO event_days VALUES ({far}, 1), (-99999999999, 7777);
         INSERT INTO strangers VALUES ({far}, '', 1, 1)"
    ));
    bench.restore(&copy);
    let here = bench.value("SELECT substr(value, -8) FROM meta WHERE key = 'clock'");
    for sql in [
        "SELECT at_store FROM guesses",
        "SELECT at_store FROM sends",
        "SELECT at_store FROM helpdesk_unlocks",
        "SELECT last_store FROM known_sources",
        "SELECT remembered_until - 30 * 86400000 FROM known_sources",
        "SELECT created_store FROM outbox ORDER BY id LIMIT 1",
        "SELECT success_store FROM accounts WHERE name = 'alice'",
        "SELECT unlocked_store FROM accounts WHERE name = 'alice'",
    ] {
        assert_eq!(bench.value(sql), here, "{sql}");
    }
    assert_eq!(bench.value("SELECT count(*) FROM event_days"), "1");
    assert_eq!(bench.value("SELECT count(*) FROM strangers"), "1");
    // Upkeep goes on.
    let now = bench.clock.now();
    bench.store.maintain(&now, Span::from_hours(24)).unwrap();
}

/// Whether a restore of such a copy says no, and why: when it is looked at, and when it is to be done.
fn refusal(bench: &mut Bench, copy: &std::path::Path) -> Option<String> {
    let (now, options) = (bench.clock.now(), Options::default());
    let aside = bench.folder.path().join("aside.db");
    let planned = bench.store.restore_plan(&now, copy, options);
    let told = planned.as_ref().cloned().unwrap_or_default();
    let done = bench
        .store
        .restore(&now, copy, &aside, options, &told, &actor(), "");
    let refused = [planned.err(), done.err()].map(|error| error.map(|error| error.to_string()));
    assert_eq!(refused[0], refused[1]);
    refused[0].clone()
}

// Mutants: any column is left out; a uid is bounded as a number is and not as a uid; a hash may cost anything.
#[test]
fn a_copy_with_a_value_that_nobody_can_read_is_refused() {
    let (mut bench, copy) = crafted("");
    let mut columns: Vec<(String, String, String)> = Vec::new();
    for table in [
        "accounts",
        "addresses",
        "guesses",
        "sends",
        "helpdesk_unlocks",
        "recovery_codes",
        "known_sources",
        "deliveries",
        "outbox",
        "event_days",
        "strangers",
    ] {
        let sql = "SELECT name, type FROM pragma_table_info(?1)";
        let connection = bench.store.connection();
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement
            .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        columns.extend(rows.map(|row| {
            let (column, kind): (String, String) = row.unwrap();
            (table.to_owned(), column, kind)
        }));
    }
    assert!(columns.len() > 60);
    let refused = |bench: &mut Bench, tamper: &str| {
        let changed = copy.with_extension("changed");
        std::fs::copy(&copy, &changed).unwrap();
        craft(&changed, tamper);
        refusal(bench, &changed)
    };
    for (table, column, kind) in columns {
        let value = match (kind.as_str(), column.as_str()) {
            ("INTEGER", "uid" | "failures_in_row" | "tries" | "recorded") => "4294967296",
            ("INTEGER", _) => "9007199254740993",
            // Told by a list of words.
            ("TEXT", "state" | "factor" | "confirmed_by") => continue,
            ("TEXT", _) => "CAST(x'61ff' AS TEXT)",
            _ => continue,
        };
        let tamper = format!("PRAGMA foreign_keys = OFF; UPDATE {table} SET {column} = {value}");
        let refused = refused(&mut bench, &tamper).expect(&tamper);
        assert!(refused.contains(&format!("{table}.{column}")), "{refused}");
    }
    for costs in [
        "m=4194304,t=2,p=1",
        "m=19456,t=4294967295,p=1",
        "m=19456,t=2,p=64",
    ] {
        let hash = format!("$argon2id$v=19${costs}$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA");
        let tamper = format!("UPDATE recovery_codes SET hash = '{hash}'");
        let refused = refused(&mut bench, &tamper).expect(&tamper);
        assert!(refused.contains("recovery_codes.hash"), "{refused}");
    }
    for (tamper, why) in [
        ("UPDATE accounts SET name = 'a:b'", "accounts.name"),
        (
            "UPDATE addresses SET address = 'nowhere'",
            "addresses.address",
        ),
        (
            "INSERT INTO meta VALUES ('anchor', '9007199254740993 x')",
            "meta.value",
        ),
        (
            "UPDATE meta SET value = 'b 1 1 9007199254740993' WHERE key = 'clock'",
            "meta.value",
        ),
    ] {
        let refused = refused(&mut bench, tamper).expect(tamper);
        assert!(refused.contains(why), "{refused}");
    }
    assert_eq!(refused(&mut bench, ""), None);
}

// Mutants: who is shut out by any one of these is in no list; so is who was shut out before.
#[test]
fn who_is_shut_out_is_named() {
    let all = [
        "alice", "bob", "carol", "dora", "erin", "finn", "gina", "hugo",
    ];
    let mut bench = Bench::new();
    for who in all {
        bench.add(who);
    }
    let set = |bench: &Bench, who: &str, what: &str| {
        bench.sql(&format!("UPDATE accounts SET {what} WHERE name = '{who}'"));
    };
    set(&bench, "alice", "state = 'disabled'");
    set(&bench, "bob", "state = 'removed'");
    set(&bench, "carol", "uid = 2000");
    bench.sql("UPDATE addresses SET confirmed_wall = NULL WHERE address LIKE 'dora%'");
    set(&bench, "erin", "held_wall = 5");
    set(&bench, "finn", "state = 'disabled', held_wall = 5");
    set(&bench, "gina", "held_wall = 5");
    set(&bench, "hugo", "state = 'disabled'");
    let copy = bench.copy();
    for who in all {
        set(
            &bench,
            who,
            "state = 'active', uid = 1000, held_wall = NULL",
        );
    }
    bench.sql("UPDATE addresses SET confirmed_wall = 1");
    // Shut out now.
    set(&bench, "gina", "held_wall = 7");
    set(&bench, "hugo", "state = 'disabled'");
    for options in [Options::default(), REOPEN] {
        let plan = bench
            .store
            .restore_plan(&bench.clock.now(), &copy, options)
            .unwrap();
        let closed = ["alice", "bob", "carol", "dora", "finn"];
        assert_eq!(plan.closed, closed, "{options:?}");
        assert_eq!(plan.locked, ["erin"], "{options:?}");
    }
    let plan = bench.restore(&copy);
    let event = "SELECT json_extract(detail, '$.closed') || json_extract(detail, '$.locked')
                 FROM events ORDER BY seq DESC LIMIT 1";
    let named = serde_json::to_string(&plan.closed).unwrap() + "[\"erin\"]";
    assert_eq!(bench.value(event), named);
}

// Mutant: a full row of failures that another store counted locks in silence.
#[test]
fn who_another_store_counted_a_full_row_of_is_named() {
    let mut other = Bench::new();
    other.add("alice");
    other.add("bob");
    other.sql("UPDATE accounts SET failures_in_row = 99 + (name = 'alice')");
    let copy = other.copy();
    let mut bench = Bench::new();
    bench.add("bob");
    bench.add("alice");
    assert_eq!(bench.restore(&copy).locked, ["alice"]);
}

const WAITING: &str =
    "INSERT INTO conversations SELECT value, NULL, 'alice', 'sshd', 'x', 'h', 'boot-1', 1, 1,
    9000000000000 FROM json_each(";

// Mutants: who waits keeps a number that the other log gives out again; one of two is left out, or both get the same.
#[test]
fn who_waits_has_no_number_of_another_log() {
    let mut other = Bench::new();
    other.add("alice");
    let copy = other.copy();
    let mut bench = Bench::new();
    for who in ["dora", "bob", "alice"] {
        bench.add(who);
    }
    bench.sql(&format!("{WAITING}'[2, 3, 4, -1]')"));
    assert_eq!(bench.restore(&copy).waiting, 4);
    let numbers = "SELECT group_concat(id, ' ') FROM (SELECT id FROM conversations ORDER BY id)";
    assert_eq!(bench.value(numbers), "-4 -3 -2 -1");
    let waited = "SELECT json_extract(detail, '$.waited') FROM events ORDER BY seq DESC LIMIT 1";
    assert_eq!(bench.value(waited), "[2,3,4]");
    // As a sign-in takes its number.
    bench.sql(&format!(
        "{WAITING}json_array((SELECT max(seq) + 1 FROM events)))"
    ));
}

// Mutant: numbers are changed where the log goes on.
#[test]
fn who_waits_keeps_the_number_of_a_log_that_goes_on() {
    let mut bench = Bench::new();
    bench.add("alice");
    let copy = bench.copy();
    bench.sql(&format!("{WAITING}'[2, 3, -1]')"));
    bench.restore(&copy);
    let numbers = "SELECT group_concat(id, ' ') FROM (SELECT id FROM conversations ORDER BY id)";
    assert_eq!(bench.value(numbers), "-1 2 3");
}
