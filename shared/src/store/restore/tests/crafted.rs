//! What an old copy, or one that somebody wrote by hand, gets out of a restore: nothing.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::time::Span;

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
