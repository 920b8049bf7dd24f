//! One act on many accounts is one to be taken back: what was done of it, account by account.

use super::super::roles::Role;
use super::super::undo::{Listed, Undone};
use super::super::users::{Acted, Stop, Tally};
use super::super::{Admin, AdminError, Kind};
use super::{Bench, bench, name};

type Act = fn(&mut Admin, &str) -> Result<Acted, AdminError>;

const LOCK: Act = |admin, user| admin.lock_user(user, None);
const UNLOCK: Act = |admin, user| admin.unlock_user(user, None);

/// Accounts that are enrolled, as one import.
fn enrolled(count: usize) -> (Bench, Vec<String>) {
    let mut bench = bench();
    let users: Vec<String> = (0..count).map(|at| format!("u{at:02}")).collect();
    let uids = 3000..;
    let rows: Vec<(&str, u32)> = users.iter().map(String::as_str).zip(uids).collect();
    bench.imports(&rows, None);
    (bench, users)
}

impl Bench {
    fn each(&mut self, users: &[String], act: Act) -> Tally {
        self.admin.each(users, &Stop::default(), act, |_ended| ())
    }

    fn takes(&mut self, id: i64) -> Result<Undone, AdminError> {
        let stop = Stop::default();
        self.admin.undo(id, Some("slip"), &stop, |_, _| ())
    }

    fn newest(&self) -> Listed {
        self.admin.undoables().unwrap()[0].clone()
    }

    /// How the accounts stand, and whether failures count again.
    fn stand(&self, users: &[String]) -> Vec<(String, String, Option<i64>, u32)> {
        let of = |user: &String| {
            let account = self.admin.store.account(&name(user)).unwrap().unwrap();
            let held = account.held.map(|_at| 0);
            (account.name, account.state, held, account.failures_in_a_row)
        };
        users.iter().map(of).collect()
    }
}

// Mutants: acts on many are not handed the first one's entry, or each of them is a first one; their undo is, or their
// redo; they are called an import; what is done alone later joins them.
#[test]
fn an_act_on_many_is_taken_back_and_done_again_as_one() {
    let acts: [(&str, Act); 4] = [
        ("lock", LOCK),
        ("unlock", UNLOCK),
        ("disable", |admin, user| admin.disable_user(user, None)),
        ("enable", |admin, user| admin.enable_user(user, None)),
    ];
    for (word, act) in acts {
        let (mut bench, users) = enrolled(25);
        match word {
            "unlock" => {
                let sql = "UPDATE accounts SET failures_in_row = 7";
                bench.admin.store.connection().execute(sql, []).unwrap();
                bench.each(&users, LOCK);
            }
            "enable" => {
                bench.each(&users, |admin, user| admin.disable_user(user, None));
            }
            _ => {}
        }
        let before = bench.stand(&users);
        let tally = bench.each(&users, act);
        assert_eq!((tally.done, tally.failed, tally.left), (25, 0, 0));
        let after = bench.stand(&users);
        assert_ne!(before, after, "{word}");
        let listed = bench.admin.last_undoable().unwrap();
        let named = format!("{word} of 25 accounts");
        assert_eq!((listed.named(), listed.count), (named.clone(), 25));
        assert_eq!(tally.undo, Some(listed.id), "as its number was told");
        // What is done to one stands alone.
        bench.admin.note_user("u07", "hello", None).unwrap();
        let note = bench.newest();
        assert_eq!((note.named(), note.count), ("note of u07".to_owned(), 1));
        bench.takes(note.id).unwrap();

        let undone = bench.takes(listed.id).unwrap();
        assert_eq!((undone.named(), undone.done), (named.clone(), 25));
        assert!(undone.is_whole(), "{:?}", undone.failed);
        assert_eq!(undone.steps.len(), 25);
        assert_eq!(bench.stand(&users), before, "{word} taken back");
        let again = bench.admin.last_redoable().unwrap();
        assert_eq!((again.named(), again.count), (named.clone(), 25));
        assert_eq!(undone.redo, Some(again.id));
        let redone = bench.takes(again.id).unwrap();
        assert_eq!(bench.stand(&users), after, "{word} done again");
        let newest = bench.admin.last_undoable().unwrap();
        assert_eq!((newest.id, newest.named()), (redone.redo.unwrap(), named));
        bench.takes(newest.id).unwrap();
        assert_eq!(bench.stand(&users), before, "{word} taken back again");
    }
}

// Mutants: what is not done is part of it; it ends with the first that fails, or that is first and fails; a stop takes
// its number away.
#[test]
fn what_was_done_of_it_is_taken_back_and_no_more() {
    let (mut bench, users) = enrolled(5);
    let some: Vec<String> = ["no/body", "u00", "nobody9", "u01", "u02", "u03"]
        .map(str::to_owned)
        .into();
    let stop = Stop::default();
    let tally = bench.admin.each(&some, &stop, LOCK, |ended| {
        if ended.done == 5 {
            stop.stop();
        }
    });
    assert_eq!((tally.done, tally.failed, tally.left), (3, 2, 1));
    let listed = bench.newest();
    assert_eq!(listed.named(), "lock of 3 accounts");
    assert_eq!(tally.undo, Some(listed.id));
    // What failed is tried again by itself.
    let retried = bench.each(&["u03".to_owned()], LOCK);
    assert_eq!(bench.newest().named(), "lock of u03");
    assert_eq!(bench.each(&["nobody9".to_owned()], LOCK).undo, None);
    let undone = bench.takes(listed.id).unwrap();
    assert_eq!((undone.done, undone.is_whole()), (3, true));
    let held = |bench: &Bench| {
        let stand = bench.stand(&users).into_iter();
        stand.filter(|(_, _, held, _)| held.is_some()).count()
    };
    assert_eq!(held(&bench), 1);
    bench.takes(retried.undo.unwrap()).unwrap();
    assert_eq!(held(&bench), 0);
}

// Mutants: one that changed since hinders the others, is taken back all the same, or is not named; what a stop left
// counts as done, or cannot be taken back after it.
#[test]
fn what_changed_since_is_left_and_named() {
    let (mut bench, users) = enrolled(4);
    bench.each(&users, LOCK);
    let listed = bench.newest();
    bench.admin.note_user("u02", "ask carol", None).unwrap();
    let stop = Stop::default();
    let stopped = bench.admin.undo(listed.id, None, &stop, |done, of| {
        assert_eq!(of, 4);
        if done == 2 {
            stop.stop();
        }
    });
    let stopped = stopped.unwrap();
    assert_eq!((stopped.done, stopped.left, stopped.of()), (1, 2, 4));
    assert_eq!(stopped.named(), "lock of 4 accounts");
    let [failed] = stopped.failed.as_slice() else {
        panic!("{:?}", stopped.failed)
    };
    assert_eq!(failed.user, "u02");
    assert!(failed.why.contains("after ask carol"), "{}", failed.why);
    let mut open = bench.admin.undoables().unwrap().into_iter();
    let rest = open.find(|act| act.word() == "lock" && !act.again);
    let rest = rest.unwrap();
    assert_eq!(rest.named(), "lock of 3 accounts");
    let undone = bench.takes(rest.id).unwrap();
    assert_eq!((undone.done, undone.left, undone.failed.len()), (2, 0, 1));
    let held: Vec<String> = bench
        .stand(&users)
        .into_iter()
        .filter(|(_, _, held, _)| held.is_some())
        .map(|(name, ..)| name)
        .collect();
    assert_eq!(held, ["u02"]);
    let left = bench.admin.undoable(listed.id).unwrap();
    assert_eq!(left.named(), "lock of u02");
    // Each of the two is done again by itself, as it was taken back.
    let again = |bench: &Bench, id: Option<i64>| {
        let listed = bench.admin.undoable(id.unwrap()).unwrap();
        (listed.named(), listed.again)
    };
    assert_eq!(
        again(&bench, undone.redo),
        ("lock of 2 accounts".to_owned(), true)
    );
    assert_eq!(
        again(&bench, stopped.redo),
        ("lock of u03".to_owned(), true)
    );
}

// Mutants: the right to one of them is that to all; one that may not be acted on takes the others from the helpdesk; an
// act may be done again with the right to take it back.
#[test]
fn each_of_them_needs_its_right() {
    let mut bench = Bench::helped();
    let both = ["daemon", "root"].map(str::to_owned);
    bench.role(Role::Admin);
    bench.each(&both, LOCK);
    bench.each(&both, UNLOCK);
    let unlock = bench.newest();
    assert_eq!(unlock.named(), "unlock of 2 accounts");
    bench.role(Role::Auditor);
    let refused = bench.takes(unlock.id).unwrap_err();
    assert_eq!(refused.kind(), Kind::NotPermitted);
    bench.role(Role::Helpdesk);
    let undone = bench.takes(unlock.id).unwrap();
    assert_eq!((undone.done, undone.failed.len()), (1, 1));
    assert_eq!(undone.failed[0].user, "root");
    assert!(
        undone.failed[0].why.contains("may not act on root"),
        "{:?}",
        undone.failed
    );
    let again = bench.takes(undone.redo.unwrap()).unwrap_err();
    assert_eq!(again.kind(), Kind::NotPermitted, "{again}");
    let locks = bench.admin.undoables().unwrap();
    let locks = locks.iter().find(|act| act.word() == "lock").unwrap();
    assert!(!locks.permitted, "a lock takes more than the helpdesk has");
}
