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
