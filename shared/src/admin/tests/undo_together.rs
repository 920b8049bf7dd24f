//! Taking acts back that were done together: all that somebody saw of them, and no more.

use gatepost_words::ident::EmailAddress;

use super::super::undo::{Asked, Listed, Undone};
use super::super::users::Stop;
use super::super::{AdminError, Kind};
use super::{Bench, bench, name};
use crate::store::accounts::{ImportRow, Way};

impl Bench {
    /// Another transaction of an import, or its first; the number of the import.
    pub(super) fn imports(&mut self, users: &[(&str, u32)], import: Option<i64>) -> i64 {
        let row = |(user, uid): &(&str, u32)| ImportRow {
            name: name(user),
            uid: *uid,
            address: EmailAddress::new(format!("{user}@example.org")).unwrap(),
            note: String::new(),
            confirmed: false,
            way: Way::Add,
            seen: None,
        };
        let rows: Vec<ImportRow> = users.iter().map(row).collect();
        let (store, now, actor) = self.admin.parts();
        let ended = store.import(&now, &actor, &rows, import, &None.into());
        let ended = ended.unwrap();
        assert!(ended.rows.iter().all(Result::is_ok));
        ended.batch.unwrap()
    }

    fn takes_back_seen(&mut self, seen: &Listed) -> Result<Undone, AdminError> {
        let asked = Asked {
            seen: Some(&seen.seen),
            ..Some("slip").into()
        };
        let stop = Stop::default();
        self.admin.undo(seen.id, asked, &stop, |_, _| ())
    }

    fn is_taken(&self, entry: i64) {
        let sql = "UPDATE undo SET state = 'taken' WHERE id = ?1";
        let connection = self.admin.store.connection();
        assert_eq!(connection.execute(sql, [entry]).unwrap(), 1);
    }

    /// The numbers of what can be taken back with it, the first one first.
    fn numbers(&self, import: i64) -> Vec<i64> {
        let mut numbers = self.admin.store.undo_together(import).unwrap();
        numbers.reverse();
        numbers
    }
}

// Mutants: what goes on after somebody looked is taken back with the rest; only how many they are
// is compared; only the list says how far it had come, and not the number of any of them.
#[test]
fn what_went_on_after_somebody_looked_stays_and_so_does_the_rest() {
    let mut bench = bench();
    let import = bench.imports(&[("root", 0), ("daemon", 1)], None);
    let last = bench.numbers(import)[1];
    let listed = bench.admin.undoables().unwrap()[0].clone();
    let by_number = bench.admin.undoable(last).unwrap();
    assert_eq!((listed.count, by_number.count), (2, 2));
    bench.imports(&[("bin", 2), ("sys", 3)], Some(import));
    // As many as before, and two of them are others.
    for entry in [import, last] {
        bench.is_taken(entry);
    }
    assert_eq!(bench.admin.undoable(import).unwrap().count, 2);
    let before = bench.kinds();
    for seen in [&listed, &by_number] {
        let refused = bench.takes_back_seen(seen).unwrap_err();
        assert_eq!(refused.kind(), Kind::Failed);
        let refused = refused.to_string();
        for part in [
            &format!("act {} is part of", seen.id),
            "went on after you looked: 2 more",
            "Nothing was done",
            "gatepost undo --list",
        ] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
    }
    assert_eq!(bench.kinds(), before);
    // Whoever looks again sees them all.
    let again = bench.admin.undoable(last).unwrap();
    let undone = bench.takes_back_seen(&again).unwrap();
    assert_eq!((undone.done, undone.failed.len()), (2, 0));
}

// Mutant: an act that stood alone says nothing of what is done with it later, as doing an import again does.
#[test]
fn an_act_that_stood_alone_is_not_taken_back_with_others() {
    let mut bench = bench();
    bench.enrol_daemon();
    let alone = [
        bench.admin.undoables().unwrap()[0].clone(),
        bench.admin.last_undoable().unwrap(),
    ];
    let first = alone[0].id;
    let sql = "UPDATE undo SET batch = id WHERE id = ?1";
    let connection = bench.admin.store.connection();
    assert_eq!(connection.execute(sql, [first]).unwrap(), 1);
    bench.imports(&[("bin", 2)], Some(first));
    for seen in &alone {
        let refused = bench.takes_back_seen(seen).unwrap_err().to_string();
        assert!(refused.contains("1 more"), "{refused}");
    }
    // Nor is another one of them in its place.
    bench.is_taken(first);
    let refused = bench.takes_back_seen(&alone[0]).unwrap_err().to_string();
    assert!(refused.contains("1 more"), "{refused}");
}

// Mutant: what somebody took back in between is no less than what was seen, and refused.
#[test]
fn what_is_left_of_what_was_seen_is_taken_back() {
    let mut bench = bench();
    let users = [("root", 0), ("daemon", 1), ("bin", 2)];
    let import = bench.imports(&users, None);
    let numbers = bench.numbers(import);
    let seen = bench.admin.undoables().unwrap()[0].clone();
    bench.is_taken(import);
    let undone = bench.takes_back_seen(&seen).unwrap();
    assert_eq!((undone.done, undone.failed.len()), (2, 0));
    // Also the last one, by the number of another.
    let mut bench = super::bench();
    let import = bench.imports(&users, None);
    assert_eq!(bench.numbers(import), numbers);
    let seen = bench.admin.undoable(numbers[1]).unwrap();
    for entry in [numbers[0], numbers[1]] {
        bench.is_taken(entry);
    }
    // Mutant: by the number of one that was taken back, those that are left are called by its account.
    let left = bench.admin.undoable(numbers[0]).unwrap();
    assert_eq!((left.id, left.user.as_str()), (numbers[2], "bin"));
    let undone = bench.takes_back_seen(&seen).unwrap();
    assert_eq!((undone.done, undone.user.as_str()), (1, "bin"));
}
