//! Versions, and the try that ends by itself, on a store in memory with a clock that a test sets.

use gatepost_words::time::Span;

use super::{Draft, How};
use crate::host::Host;
use crate::host::tests::Fixed;
use crate::policy::rules::Action;
use crate::policy::versions::{Body, InForce, Unusable};
use crate::store::Store;
use crate::store::accounts::Actor;
use crate::store::error::{Problem, StoreError};

const SKIP: &str = "[[rule]]\naction = \"skip\"\n";
const REFUSE: &str = "[[rule]]\naction = \"refuse\"\n";
const FIVE: Span = Span::from_mins(5);

/// A store with version 1, which setup made, and no rule in it.
struct Shelf {
    store: Store,
    host: Fixed,
}

fn actor() -> Actor {
    Actor {
        name: "root (login bob)".to_owned(),
        ..Actor::default()
    }
}

impl Shelf {
    fn new() -> Self {
        Self {
            store: Store::in_memory(),
            host: Fixed::new(),
        }
    }

    fn put(&mut self, text: &str, base: i64, how: How) -> Result<i64, StoreError> {
        let draft = Draft {
            text,
            base: Some(base),
            how,
            reason: "because",
        };
        self.store.add_policy(&self.host.now(), &actor(), &draft)
    }

    fn in_force(&self) -> InForce {
        self.store.policy(&self.host.now()).unwrap()
    }

    fn version(&self) -> Option<i64> {
        self.in_force().version
    }

    fn confirm(&mut self, base: i64) -> Result<(), StoreError> {
        self.store
            .confirm_policy(&self.host.now(), &actor(), base, "it works")
    }

    /// What somebody with root and sqlite3 may do.
    fn run(&self, sql: &str) -> Result<(), rusqlite::Error> {
        self.store.connection.execute_batch(sql)
    }

    fn unguarded(&self, sql: &str) {
        self.run(
            "DROP TRIGGER policies_are_never_changed; DROP TRIGGER policies_are_never_removed",
        )
        .unwrap();
        self.run(sql).unwrap();
    }

    fn kinds(&self) -> Vec<String> {
        let events = self.store.events_after(0, 100).unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }
}

fn found(moved: &StoreError) -> Option<i64> {
    let Problem::PolicyMoved { found } = moved.problem else {
        panic!("{moved:?}")
    };
    found
}

#[test]
fn versions_follow_one_another_and_say_who_and_why() {
    let mut shelf = Shelf::new();
    assert_eq!(shelf.version(), Some(1));
    assert_eq!(shelf.put(SKIP, 1, How::Apply).unwrap(), 2);
    assert_eq!(shelf.in_force().rules()[0].action, Action::Skip);
    assert_eq!(shelf.put("", 2, How::Rollback(1)).unwrap(), 3);
    assert_eq!(shelf.in_force().rules(), []);
    let all = shelf.store.policies_before(None, 10).unwrap();
    let told: Vec<_> = all
        .iter()
        .map(|one| (one.version, one.how.as_str(), one.based_on, one.restores))
        .collect();
    assert_eq!(
        told,
        [
            (3, "rollback", Some(2), Some(1)),
            (2, "apply", Some(1), None),
            (1, "setup", None, None),
        ]
    );
    assert_eq!(
        (all[0].by.as_str(), all[0].reason.as_str()),
        ("root (login bob)", "because")
    );
    assert_eq!(shelf.store.policies_before(Some(2), 10).unwrap().len(), 1);
    assert_eq!(shelf.kinds(), ["policy-apply", "policy-rollback"]);
    // Setup makes the first one, and no other.
    let now = shelf.host.now();
    assert!(!shelf.store.first_policy(&now, &actor(), SKIP, "").unwrap());
    assert_eq!(shelf.version(), Some(3));
}

// Mutants: expect_base is left out of add_policy, or of confirm_policy.
#[test]
fn a_change_against_another_version_is_refused() {
    let mut shelf = Shelf::new();
    shelf.put(SKIP, 1, How::Apply).unwrap();
    for base in [1, 3, 0] {
        let refused = shelf.put(REFUSE, base, How::Apply).unwrap_err();
        assert_eq!(found(&refused), Some(2), "{base}");
    }
    let refused = shelf.put(REFUSE, 1, How::Try(FIVE)).unwrap_err();
    assert_eq!(found(&refused), Some(2));
    assert_eq!(shelf.version(), Some(2));
    // A try runs: what was made against the version before it comes too late, and too early is a
    // confirmation of another.
    shelf.put(REFUSE, 2, How::Try(FIVE)).unwrap();
    assert_eq!(found(&shelf.put("", 2, How::Apply).unwrap_err()), Some(3));
    assert_eq!(found(&shelf.confirm(2).unwrap_err()), Some(3));
    shelf.confirm(3).unwrap();
    assert_eq!(shelf.store.policies_before(None, 9).unwrap().len(), 3);
}

/// How a try comes to its end.
type End = (&'static str, fn(&Fixed));

// Mutants: in_force answers the tried version; left() forgets the boot, the end or the beginning.
#[test]
fn a_try_ends_whatever_becomes_of_whoever_began_it() {
    let ends: [End; 4] = [
        ("its end", |host| host.pass(FIVE)),
        ("a reboot", |host| {
            "boot-2".clone_into(&mut host.boot_id.borrow_mut());
        }),
        // The wall clock says that it has not begun; the other one went on.
        ("the clock set back", |host| {
            host.pass(FIVE);
            host.wall.set(1_000_000_000_000);
        }),
        ("a boot clock from before", |host| host.boot.set(5)),
    ];
    for (name, end) in ends {
        let mut shelf = Shelf::new();
        shelf.put(REFUSE, 1, How::Apply).unwrap();
        shelf.put(SKIP, 2, How::Try(FIVE)).unwrap();
        assert_eq!(shelf.version(), Some(3), "{name}");
        // A clock set back ends nothing early and keeps nothing longer.
        shelf.host.wall.set(shelf.host.wall.get() - 3_600_000);
        assert_eq!(shelf.version(), Some(3), "{name}");
        end(&shelf.host);
        assert_eq!(shelf.version(), Some(2), "{name}");
        assert_eq!(shelf.in_force().rules()[0].action, Action::Refuse, "{name}");
        // Too late to keep it; and a change goes on from what is in force.
        assert_eq!(found(&shelf.confirm(3).unwrap_err()), Some(2), "{name}");
        assert_eq!(shelf.put("", 2, How::Apply).unwrap(), 4, "{name}");
        let kinds = shelf.kinds();
        let ended = kinds.iter().filter(|kind| *kind == "policy-try-ended");
        assert_eq!(ended.count(), 1, "{name} {kinds:?}");
    }
}

#[test]
fn upkeep_writes_the_end_of_a_try_down_once() {
    let mut shelf = Shelf::new();
    shelf.put(SKIP, 1, How::Try(FIVE)).unwrap();
    for (after, ended) in [(Span::ZERO, 0), (FIVE, 1), (FIVE, 1)] {
        shelf.host.pass(after);
        shelf.store.settle_policy(&shelf.host.now()).unwrap();
        let kinds = shelf.kinds();
        let seen = kinds.iter().filter(|kind| *kind == "policy-try-ended");
        assert_eq!(seen.count(), ended);
    }
    assert_eq!(shelf.version(), Some(1));
}

// Mutant: the previous version of a try is the one in force, which may be a try.
#[test]
fn a_try_of_a_try_goes_back_to_what_was_kept() {
    let mut shelf = Shelf::new();
    shelf.put(SKIP, 1, How::Try(FIVE)).unwrap();
    shelf.put(REFUSE, 2, How::Try(FIVE)).unwrap();
    assert_eq!(shelf.version(), Some(3));
    shelf.host.pass(FIVE);
    assert_eq!(shelf.version(), Some(1));
}

#[test]
fn a_confirmed_try_stays() {
    let mut shelf = Shelf::new();
    shelf.put(SKIP, 1, How::Try(FIVE)).unwrap();
    shelf.confirm(2).unwrap();
    shelf.host.pass(Span::from_hours(5));
    "boot-2".clone_into(&mut shelf.host.boot_id.borrow_mut());
    assert_eq!(shelf.version(), Some(2));
    let newest = shelf.store.policies_before(None, 1).unwrap();
    let by = newest[0].confirmed.as_ref().map(|(by, _)| by.as_str());
    assert_eq!(
        (by, newest[0].tried_for),
        (Some("root (login bob)"), Some(FIVE))
    );
    let twice = shelf.confirm(2).unwrap_err();
    assert!(matches!(twice.problem, Problem::NotFound(_)), "{twice}");
}

// Mutants: a trigger is left out; a missing row reads as one without rules.
#[test]
fn a_version_is_never_changed_and_one_that_is_broken_is_not_used() {
    let shelf = || {
        let mut shelf = Shelf::new();
        shelf.put(SKIP, 1, How::Apply).unwrap();
        shelf
    };
    for sql in [
        "UPDATE policies SET rules = ''",
        "UPDATE policies SET reason = ''",
        "DELETE FROM policies WHERE version = 1",
    ] {
        assert!(shelf().run(sql).is_err(), "{sql}");
    }
    let breaks = [
        ("DELETE FROM policies WHERE version = 2", Unusable::Missing),
        ("DELETE FROM policy_in_force", Unusable::NoneNamed),
        ("UPDATE policy_in_force SET version = 99", Unusable::Missing),
        ("UPDATE policies SET format = 2", Unusable::Newer),
        (
            "UPDATE policies SET rules = rules || ' '",
            Unusable::Changed,
        ),
        ("UPDATE policies SET sha256 = x''", Unusable::Changed),
        (
            "UPDATE policies SET rules = CAST(x'ff' AS TEXT)",
            Unusable::Changed,
        ),
        (
            "UPDATE policies SET rules = rules || CAST(zeroblob(99999999) AS TEXT)",
            Unusable::Changed,
        ),
    ];
    for (sql, unusable) in breaks {
        let mut shelf = shelf();
        shelf.unguarded(sql);
        let in_force = shelf.in_force();
        assert_eq!(in_force.body, Body::Unusable(unusable), "{sql}");
        assert_eq!(in_force.rules(), [], "{sql}");
        // Whatever it is, applying a new one mends it, under a number of its own.
        let draft = Draft {
            text: REFUSE,
            base: in_force.version,
            how: How::Apply,
            reason: "",
        };
        let now = shelf.host.now();
        let made = shelf.store.add_policy(&now, &actor(), &draft).unwrap();
        assert!(made > in_force.version.unwrap_or(2), "{sql}");
        assert_eq!(shelf.in_force().rules()[0].action, Action::Refuse, "{sql}");
    }
}

// Mutant: a statement scans a table. A sign-in runs the first two.
#[test]
fn every_statement_is_found_by_its_key() {
    let shelf = Shelf::new();
    for sql in [
        "SELECT version, previous, boot_id, began_boot, until_boot FROM policy_in_force WHERE one = 1",
        "SELECT format, rules, sha256 FROM policies WHERE version = 1",
        "SELECT p.version, c.by FROM policies p LEFT JOIN policy_confirmations c
         ON c.version = p.version WHERE p.version < 9 ORDER BY p.version DESC LIMIT 5",
        "SELECT name, EXISTS (SELECT 1 FROM addresses d WHERE d.account = a.id)
         FROM accounts a WHERE name > 'a' ORDER BY name LIMIT 5",
    ] {
        let mut explain = shelf
            .store
            .connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let steps: Vec<String> = explain
            .query_map([], |row| row.get("detail"))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let bad = |step: &&String| step.starts_with("SCAN") && !step.contains("CONSTANT");
        let bad: Vec<_> = steps.iter().filter(bad).collect();
        assert!(bad.is_empty(), "{sql}\n{steps:?}");
        assert!(steps.iter().all(|step| !step.contains("TEMP")), "{steps:?}");
    }
}
