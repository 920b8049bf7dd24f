//! Pages on a store in memory: in both directions, under conditions, at their ends.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::time::Wall;
use rusqlite::params;
use serde_json::json;

use super::{Around, Bound, Condition, EventAsks, EventTerm, Kept, Order, Seen, Side, Test, Way};
use crate::host::Host;
use crate::host::tests::Fixed;
use crate::store::Store;
use crate::store::accounts::{Actor, Confirmation};
use crate::store::events::Event;
use crate::store::kinds::Kind;

const ROW: u32 = 100;

fn store_with(names: &[&str]) -> (Store, Fixed) {
    let mut store = Store::in_memory();
    let clock = Fixed::new();
    let actor = Actor {
        name: "root".into(),
        ..Actor::default()
    };
    for (uid, name) in (1000..).zip(names) {
        let name = UserName::new((*name).to_owned()).unwrap();
        let address = EmailAddress::new(format!("{name}@example.org")).unwrap();
        let word = Confirmation::Word;
        store
            .add_account(&clock.now(), &actor, &name, uid, &address, &word)
            .unwrap();
    }
    (store, clock)
}

/// At a name; with a NUL behind it, after it.
fn bound(name: &str) -> Bound {
    let seen = Seen {
        last: None,
        fails: 0,
    };
    match name.strip_suffix('\0') {
        Some(name) => Bound::after(name, seen),
        None => Bound::at(name),
    }
}

fn names(
    (store, clock): &(Store, Fixed),
    tests: &[(bool, Test)],
    way: Way,
    from: Option<&str>,
    limit: u32,
) -> Vec<String> {
    let conditions: Vec<Condition> = tests
        .iter()
        .map(|(negated, test)| Condition {
            negated: *negated,
            test: test.clone(),
        })
        .collect();
    let from = from.map(bound);
    let found = store.accounts_from(
        &clock.now(),
        &conditions,
        ROW,
        (Order::Name, way, from.as_ref()),
        limit,
    );
    found.unwrap().into_iter().map(|found| found.name).collect()
}

// Mutants: a side of the bound is the other one; the bound is in where it must be out.
#[test]
fn accounts_are_read_in_each_order_from_each_bound() {
    // Enrolled in another order than their names have.
    let (store, clock) = store_with(&["bob", "dan", "alice", "carol"]);
    for (order, list) in [
        (Order::Name, ["alice", "bob", "carol", "dan"]),
        (Order::NameBack, ["dan", "carol", "bob", "alice"]),
        (Order::Sought, ["alice", "bob", "carol", "dan"]),
        (Order::Enrolled, ["bob", "dan", "alice", "carol"]),
        (Order::EnrolledBack, ["carol", "alice", "dan", "bob"]),
    ] {
        let page = |way, from: Option<&str>| {
            let from = from.map(bound);
            let reading = (order, way, from.as_ref());
            let found = store.accounts_from(&clock.now(), &[], ROW, reading, 9);
            let names = found.unwrap().into_iter().map(|found| found.name);
            names.collect::<Vec<_>>()
        };
        assert_eq!(page(Way::Onwards, None), list, "{order:?}");
        let mut back = list;
        back.reverse();
        assert_eq!(page(Way::Back, None), back, "{order:?}");
        for (at, name) in list.into_iter().enumerate() {
            assert_eq!(
                page(Way::Onwards, Some(name)),
                list[at..],
                "{order:?} {name}"
            );
            let after = format!("{name}\0");
            assert_eq!(
                page(Way::Onwards, Some(&after)),
                list[at + 1..],
                "{order:?} {name}"
            );
            assert_eq!(
                page(Way::Back, Some(name)),
                back[4 - at..],
                "{order:?} {name}"
            );
        }
    }
}

#[test]
fn accounts_are_read_from_a_name_on_in_both_directions() {
    let bench = store_with(&["alice", "bob", "carol", "dan"]);
    let page = |way, from, limit| names(&bench, &[], way, from, limit);
    assert_eq!(page(Way::Onwards, None, 2), ["alice", "bob"]);
    assert_eq!(page(Way::Onwards, Some("bob"), 2), ["bob", "carol"]);
    assert_eq!(page(Way::Onwards, Some("bob\0"), 9), ["carol", "dan"]);
    assert_eq!(page(Way::Back, None, 2), ["dan", "carol"]);
    assert_eq!(page(Way::Back, Some("carol"), 9), ["bob", "alice"]);
}

#[test]
fn each_condition_finds_what_it_says() {
    let bench = store_with(&["alice", "bob", "carol"]);
    let change = |sql: &str| bench.0.connection.execute_batch(sql).unwrap();
    change("UPDATE accounts SET failures_in_row = 7, success_wall = 1000 WHERE name = 'alice'");
    change("UPDATE accounts SET state = 'disabled' WHERE name = 'bob'");
    change("UPDATE addresses SET confirmed_wall = NULL WHERE address LIKE 'carol%'");
    let has = |text: &str| Test::Has(text.into());
    let state = |state| Test::State(vec![state]);
    let cases: [(&str, bool, Test, &[&str]); 12] = [
        ("name", false, has("LIC"), &["alice"]),
        ("address", false, has("bob@"), &["bob"]),
        ("a wildcard is a character", false, has("%"), &[]),
        ("not", true, has("o"), &[]),
        ("not in the name", true, has("bob"), &["alice", "carol"]),
        ("active", false, state(Kept::Active), &["alice"]),
        ("disabled", false, state(Kept::Disabled), &["bob"]),
        ("unconfirmed", false, state(Kept::Unconfirmed), &["carol"]),
        ("fails", false, Test::Failures(Side::Above, 6), &["alice"]),
        (
            "few",
            false,
            Test::Failures(Side::Below, 7),
            &["bob", "carol"],
        ),
        (
            "long ago",
            false,
            Test::Last(Side::Above, 1000),
            &["alice", "bob", "carol"],
        ),
        ("uid", false, Test::Uid(1001), &["bob"]),
    ];
    for (what, negated, test, found) in cases {
        let listed = names(&bench, &[(negated, test)], Way::Onwards, None, 9);
        assert_eq!(listed, found, "{what}");
    }
    change("UPDATE accounts SET failures_in_row = 100 WHERE name = 'alice'");
    let suspects = names(
        &bench,
        &[(false, state(Kept::Suspect))],
        Way::Onwards,
        None,
        9,
    );
    assert_eq!(suspects, ["alice"]);
    let counts = bench.0.counts(&bench.1.now(), ROW, 0, 9).unwrap();
    assert_eq!(
        (
            counts.accounts,
            counts.disabled,
            counts.unconfirmed,
            counts.suspects.len()
        ),
        (3, 1, 1, 1)
    );
}

// Mutants: a later mail that was taken does not count; nor does a mail to nobody, or to who is disabled; one of long
// ago does; a wait of seven days is short.
#[test]
fn what_waits_for_somebody_is_counted() {
    let bench = store_with(&["alice", "bob", "carol", "dan"]);
    let now = bench.1.now();
    let deliver = |account: Option<&str>, outcome: &str, at: i64| {
        let sql = "INSERT INTO deliveries
              (account, kind, relay, outcome, reply, message_id, millis, at_wall)
            VALUES ((SELECT id FROM accounts WHERE name = ?), 'code', 'r', ?, '', '', 1, ?)";
        let written = bench
            .0
            .connection
            .execute(sql, params![account, outcome, at]);
        written.unwrap();
    };
    deliver(Some("alice"), "accepted", 10);
    deliver(Some("alice"), "permanent", 20);
    deliver(Some("bob"), "permanent", 20);
    deliver(Some("bob"), "accepted", 30);
    deliver(Some("carol"), "permanent", 9);
    deliver(Some("dan"), "permanent", 20);
    deliver(None, "permanent", 20);
    let change = |sql: &str| bench.0.connection.execute_batch(sql).unwrap();
    change("UPDATE accounts SET state = 'disabled' WHERE name = 'dan'");
    change("UPDATE addresses SET confirmed_wall = NULL");
    let counts = || bench.0.counts(&now, ROW, 10, 9).unwrap();
    assert_eq!((counts().bounced, counts().unconfirmed_long), (1, 0));
    let all = ["alice", "bob", "carol", "dan", "nobody"];
    assert_eq!(bench.0.bounced_among(&all).unwrap(), ["alice", "carol"]);
    assert_eq!(bench.0.bounced_among(&["bob"]).unwrap(), [""; 0]);
    let long_ago = now.wall.millis() - super::LONG.millis();
    for (created, long) in [(long_ago, 0), (long_ago - 1, 1)] {
        change(&format!(
            "UPDATE accounts SET created_wall = {created} WHERE name = 'alice'"
        ));
        assert_eq!((counts().unconfirmed, counts().unconfirmed_long), (3, long));
    }
}

#[test]
fn events_come_newest_first_around_a_number() {
    const A: Kind = Kind::Opened;
    const B: Kind = Kind::Guess;
    let mut store = Store::in_memory();
    for (kind, account) in [(A, "x"), (B, "x"), (A, "y"), (B, "y"), (A, "x")] {
        let event = Event {
            kind,
            account,
            service: "",
            source: "",
            conversation: None,
            detail: json!({}),
        };
        store.record(Wall::from_millis(5), &event).unwrap();
    }
    let page = |account: Option<&str>, kind: Option<Kind>, around, limit| {
        let account = account.map(|name| EventAsks::Account(name.to_owned()));
        let kind = kind.map(|kind| EventAsks::Kind(vec![kind]));
        let asked = account.into_iter().chain(kind);
        let terms: Vec<EventTerm> = asked
            .map(|asks| EventTerm {
                negated: false,
                asks,
            })
            .collect();
        let page = store.events_around(&terms, &around, limit).unwrap();
        let rows: Vec<i64> = page.rows.iter().map(|event| event.seq).collect();
        (rows, page.more_before, page.more_after)
    };
    let all = |around, limit| page(None, None, around, limit);
    assert_eq!(all(Around::First, 2), (vec![5, 4], false, true));
    assert_eq!(all(Around::Last, 2), (vec![2, 1], true, false));
    assert_eq!(all(Around::Key(3), 1), (vec![4, 3], true, true));
    assert_eq!(all(Around::Key(3), 9), (vec![5, 4, 3, 2, 1], false, false));
    let of = page(Some("x"), Some(A), Around::First, 9);
    assert_eq!(of, (vec![5, 1], false, false));
}

#[test]
fn another_connection_is_noticed() {
    let folder = std::env::temp_dir().join(format!("gatepost-browse-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("gatepost.db");
    let watcher = Store::scratch(&file);
    let mut other = Store::scratch(&file);
    let before = watcher.change().unwrap();
    assert_eq!(watcher.change().unwrap(), before);
    let event = Event {
        kind: Kind::Opened,
        account: "",
        service: "",
        source: "",
        conversation: None,
        detail: json!({}),
    };
    other.record(Wall::from_millis(5), &event).unwrap();
    assert_ne!(watcher.change().unwrap(), before);
    std::fs::remove_dir_all(&folder).unwrap();
}

// Mutant: the range ends at the text itself, or has no end.
#[test]
fn names_are_found_by_how_they_begin() {
    let bench = store_with(&["al", "alice", "alzoubi", "am", "bob-al"]);
    let begins = |text: &str| {
        let test = [(false, Test::Begins(text.into()))];
        names(&bench, &test, Way::Onwards, None, 9)
    };
    assert_eq!(begins("al"), ["al", "alice", "alzoubi"]);
    assert_eq!(begins("alz"), ["alzoubi"]);
    assert!(begins("x").is_empty());
}
