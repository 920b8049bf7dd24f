//! Taking acts back, each one, and what is refused.

use gatepost_words::ident::EmailAddress;
use gatepost_words::secret::Secret;
use gatepost_words::time::Span;

use super::super::roles::Role;
use super::super::undo::{self, Undone};
use super::super::users::{Form, Mask, Options, Proof, Stop, read_rows};
use super::super::{AdminError, Kind};
use super::{Bench, bench, name};
use crate::store::accounts::Confirmation;

fn enrolled() -> Bench {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench
}

impl Bench {
    fn undo(&mut self, id: i64) -> Result<Undone, AdminError> {
        self.admin
            .undo(id, Some("slip"), &Stop::default(), |_, _| ())
    }

    fn undo_last(&mut self) -> Undone {
        let id = self.admin.last_undoable().unwrap().id;
        self.undo(id).unwrap()
    }

    fn rows(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        let connection = self.admin.store.connection();
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }
}

// Mutants: an act's entry is not written, or takes something else back; a redo is none; an undo writes
// no event.
#[test]
fn each_act_is_taken_back_and_done_again() {
    type Deed = fn(&mut Bench);
    let acts: [(&str, Deed); 6] = [
        ("lock", |b| drop(b.admin.lock_user("root", None).unwrap())),
        ("disable", |b| {
            drop(b.admin.disable_user("root", None).unwrap());
        }),
        ("note", |b| {
            drop(b.admin.note_user("root", "new", None).unwrap());
        }),
        ("set-mail", |b| {
            let address = "bob@example.net";
            drop(
                b.admin
                    .set_mail("root", address, Proof::Code, None)
                    .unwrap(),
            );
        }),
        ("remove", |b| {
            drop(b.admin.remove_user("root", None).unwrap());
        }),
        ("unlock", |b| {
            drop(b.admin.unlock_user("root", None).unwrap());
        }),
    ];
    for (word, deed) in acts {
        let mut bench = enrolled();
        bench.admin.new_recovery("root", None).unwrap();
        bench.admin.note_user("root", "old", None).unwrap();
        if word == "unlock" {
            bench.admin.lock_user("root", None).unwrap();
        }
        let picture = |bench: &Bench| {
            let shown = bench.admin.show_user("root", Mask::Masked).unwrap();
            (
                bench.state(),
                shown.account.note,
                bench.addresses(),
                bench.rows("recovery_codes"),
            )
        };
        let before = picture(&bench);
        deed(&mut bench);
        let after = picture(&bench);
        assert_ne!(before, after, "{word}");
        let undone = bench.undo_last();
        assert_eq!((undone.act.as_str(), undone.user.as_str()), (word, "root"));
        assert_eq!(picture(&bench), before, "{word} taken back");
        assert_eq!(
            bench.kinds().last().map(String::as_str),
            Some("undo"),
            "{word}"
        );
        assert_eq!(
            bench.admin.last_redoable().unwrap().id,
            undone.redo.unwrap()
        );
        let redone = bench.undo(undone.redo.unwrap()).unwrap();
        assert_eq!(picture(&bench), after, "{word} done again");
        // What did it again stands where the act stood.
        let newest = bench.admin.last_undoable().unwrap();
        assert_eq!((newest.id, newest.again), (redone.redo.unwrap(), false));
        bench.undo(redone.redo.unwrap()).unwrap();
        assert_eq!(picture(&bench), before, "{word} taken back again");
    }
}

#[test]
fn an_enabling_is_taken_back() {
    let mut bench = enrolled();
    bench.admin.disable_user("root", None).unwrap();
    bench.admin.enable_user("root", None).unwrap();
    bench.undo_last();
    assert_eq!(bench.state(), "disabled");
}

// Mutants: the count is set back to what it was, below what came since; the windows stay forgiven.
#[test]
fn failures_come_back_on_top_of_those_since() {
    let mut bench = enrolled();
    bench.fail(2);
    bench.admin.unlock_user("root", None).unwrap();
    bench.fail(1);
    assert_eq!(bench.state(), "active");
    bench.undo_last();
    let shown = bench.admin.show_user("root", Mask::Masked).unwrap();
    assert_eq!(
        shown.account.failures_in_a_row, 9,
        "2 x 3 and 3: three wrong codes kill a code"
    );
    assert_eq!(shown.failures_last_hour, 9);
}

// Mutants: acts are taken back in any order; an entry of a version that is gone works.
#[test]
fn acts_are_taken_back_in_the_order_of_a_stack() {
    let mut bench = enrolled();
    bench.admin.note_user("root", "one", None).unwrap();
    let one = bench.admin.last_undoable().unwrap().id;
    bench.admin.note_user("root", "two", None).unwrap();
    let two = bench.admin.last_undoable().unwrap().id;
    let early = bench.undo(one).unwrap_err().to_string();
    assert!(early.contains("user-note by root (login bob)"), "{early}");
    assert!(early.contains("after two"), "{early}");
    bench.undo(two).unwrap();
    bench.undo(one).unwrap();
    let shown = bench.admin.show_user("root", Mask::Masked).unwrap();
    assert_eq!(shown.account.note, "");
    let twice = bench.undo(one).unwrap_err();
    assert!(twice.to_string().contains("taken back already"), "{twice}");
}

// Mutants: the ten minutes are not looked at; upkeep keeps what a removal kept.
#[test]
fn after_ten_minutes_an_act_stays() {
    let mut bench = enrolled();
    bench.admin.remove_user("root", None).unwrap();
    let id = bench.admin.last_undoable().unwrap().id;
    bench.clock.pass(Span::from_mins(10));
    assert!(bench.admin.undoables().unwrap().is_empty());
    let late = bench.undo(id).unwrap_err();
    assert_eq!(late.kind(), Kind::NotFound);
    assert!(late.to_string().contains("older than 10 min"), "{late}");
    bench.admin.maintain().unwrap();
    assert_eq!(bench.rows("undo"), 0);
}

// Mutants: an end that a clock set back left far ahead counts, in the list, alone or with others; what ends then is
// kept until then.
#[test]
fn an_end_that_is_too_far_ahead_is_over() {
    let mut bench = enrolled();
    bench.admin.remove_user("root", None).unwrap();
    let id = bench.admin.last_undoable().unwrap().id;
    let set = |bench: &Bench, sql: &str| {
        let connection = bench.admin.store.connection();
        connection.execute_batch(sql).unwrap();
    };
    // To the very end it is not.
    assert_eq!(bench.admin.undoable(id).unwrap().seconds_left, 600);
    set(&bench, "UPDATE undo SET until_store = until_store + 1");
    for batch in ["NULL", "id"] {
        set(&bench, &format!("UPDATE undo SET batch = {batch}"));
        assert!(bench.admin.undoables().unwrap().is_empty());
        for refused in [bench.admin.undoable(id).err(), bench.undo(id).err()] {
            let refused = refused.unwrap().to_string();
            assert!(refused.contains("older than 10 min"), "{refused}");
        }
    }
    bench.admin.maintain().unwrap();
    assert_eq!(bench.rows("undo"), 0);
}

// Mutant: what upkeep began with says which ends are too far ahead.
#[test]
fn an_act_that_is_done_beside_upkeep_stays_one_that_can_be_taken_back() {
    let mut bench = enrolled();
    let began = bench.admin.host.now();
    bench.clock.pass(Span::from_secs(20));
    bench.admin.remove_user("root", None).unwrap();
    let id = bench.admin.last_undoable().unwrap().id;
    let purged = bench.admin.store.maintain(&began, Span::from_hours(24));
    assert_eq!(purged.unwrap().undo, 0);
    assert_eq!(bench.admin.undoable(id).unwrap().seconds_left, 600);
}

// Mutants: a change of address is taken back after the new one proved itself.
#[test]
fn an_address_that_is_in_use_stays() {
    let mut bench = enrolled();
    bench
        .admin
        .set_mail("root", "bob@example.net", Proof::Code, None)
        .unwrap();
    let id = bench.admin.last_undoable().unwrap().id;
    let code = Secret::from(bench.codes.borrow()[0].clone());
    bench.admin.confirm("root", &code, None).unwrap();
    let late = bench.undo(id).unwrap_err().to_string();
    assert!(late.contains("user-confirmed"), "{late}");
    assert_eq!(bench.addresses(), [("bob@example.net".to_owned(), true)]);
}

// Mutant: a change on the administrator's word leaves an entry.
#[test]
fn an_address_by_word_stays_too() {
    let mut bench = enrolled();
    bench
        .admin
        .set_mail("root", "bob@example.net", Proof::Word, None)
        .unwrap();
    let listed = bench.admin.undoables().unwrap();
    assert!(
        listed.iter().all(|entry| entry.act != "set-mail"),
        "{listed:?}"
    );
    let enrolling = listed[0].id;
    assert!(bench.undo(enrolling).is_err(), "it is not the newest act");
}

// Mutants: the right of the act is not asked for; undo is for everybody; the account's guard is not
// asked; unlocking again by the way of two undos is not counted.
#[test]
fn the_right_of_the_act_takes_it_back() {
    let mut bench = Bench::helped();
    bench.admin.unlock_user("daemon", None).unwrap();
    let unlock = bench.admin.last_undoable().unwrap().id;
    bench.admin.operator.role = Role::Auditor;
    assert!(!bench.admin.undoables().unwrap()[0].permitted);
    let refused = bench.undo(unlock).unwrap_err();
    assert_eq!(refused.kind(), Kind::NotPermitted);
    bench.admin.operator.role = Role::Helpdesk;
    assert!(bench.admin.undoables().unwrap()[0].permitted);
    let undone = bench.undo(unlock).unwrap();
    let again = bench.undo(undone.redo.unwrap()).unwrap_err();
    assert_eq!(again.kind(), Kind::NotPermitted, "{again}");

    for (user, act) in [("daemon", "disable"), ("root", "unlock")] {
        bench.admin.operator.role = Role::Admin;
        if act == "disable" {
            bench.admin.disable_user(user, None).unwrap();
        } else {
            bench.admin.unlock_user(user, None).unwrap();
        }
        let id = bench.admin.undoables().unwrap()[0].id;
        bench.admin.operator.role = Role::Helpdesk;
        let refused = bench.undo(id).unwrap_err();
        assert_eq!(refused.kind(), Kind::NotPermitted, "{act} of {user}");
    }
}

impl Bench {
    /// Has something be done to the journal between looking at an entry and taking it: with the clock's
    /// row, which the transaction that takes it writes first.
    fn meanwhile(&self, sql: &str) {
        let triggers = ["INSERT", "UPDATE"].map(|when| {
            format!("CREATE TEMP TRIGGER meanwhile_{when} AFTER {when} ON meta BEGIN {sql}; END;")
        });
        let connection = self.admin.store.connection();
        connection.execute_batch(&triggers.concat()).unwrap();
    }
}

// Mutants: a number that names nothing is looked up again by the transaction; what was judged is not
// compared there.
#[test]
fn what_nobody_judged_is_not_taken_back() {
    // Nothing is there when the helpdesk asks; then an admin's act is.
    let mut bench = Bench::helped();
    let next = bench.rows("undo") + 1;
    bench.meanwhile(&format!(
        "INSERT INTO undo SELECT {next}, id, 'user-disable', 'root', '{{\"state\":\"disabled\"}}',
           version - 1, version, NULL, NULL, 'open', 9e15, 0 FROM accounts WHERE name = 'root'
         ON CONFLICT DO NOTHING"
    ));
    let refused = bench.undo(next).unwrap_err();
    assert_eq!(refused.kind(), Kind::NotFound, "{refused}");
    assert_eq!(bench.state(), "unconfirmed");

    // Something they may take back is there when they ask; then something else has its number.
    for other in [
        "kind = 'user-disable'",
        "account = (SELECT id FROM accounts WHERE name = 'root')",
        "undoes = 1",
        "actor = 'root'",
        "at_wall = at_wall + 1",
    ] {
        let mut bench = Bench::helped();
        bench.admin.unlock_user("daemon", None).unwrap();
        let unlock = bench.admin.last_undoable().unwrap().id;
        bench.meanwhile(&format!("UPDATE undo SET {other} WHERE id = {unlock}"));
        let refused = bench.undo(unlock).unwrap_err().to_string();
        assert!(refused.contains("changed in the meantime"), "{refused}");
        let kinds = bench.kinds();
        assert!(
            !kinds.iter().any(|kind| kind == "undo"),
            "{other}: {kinds:?}"
        );
    }
}

// Mutants: entries are numbered from one again when none is left.
#[test]
fn an_old_number_names_no_other_act() {
    let mut bench = enrolled();
    bench.admin.note_user("root", "one", None).unwrap();
    let old = bench.admin.last_undoable().unwrap();
    assert_eq!(
        old.id,
        bench.admin.store.last_seq().unwrap(),
        "the event's own"
    );
    bench.clock.pass(Span::from_mins(10));
    for note in ["two", "three"] {
        bench.admin.note_user("root", note, None).unwrap();
        let new = bench.admin.last_undoable().unwrap().id;
        assert!(new > old.id, "{new}");
    }
    let refused = bench.undo(old.id).unwrap_err();
    assert_eq!(refused.kind(), Kind::NotFound);
    assert!(refused.to_string().contains("there is no act"), "{refused}");
    // Also where the log is another one, whose numbers may come again.
    let new = bench.admin.last_undoable().unwrap();
    let asked = |seen| undo::Asked {
        seen: Some(seen),
        ..None.into()
    };
    let stop = Stop::default();
    let mut undo = |seen| bench.admin.undo(new.id, asked(seen), &stop, |_, _| ());
    let refused = undo(&old.seen).unwrap_err().to_string();
    assert!(refused.contains("changed in the meantime"), "{refused}");
    assert!(refused.contains("undo --list"), "{refused}");
    undo(&new.seen).unwrap();
}

// Mutants: one entry of an import is all that is counted; one that is over is listed.
#[test]
fn an_act_is_found_by_any_of_its_numbers() {
    let mut bench = bench();
    let list = "user,address,note\nroot,alice@example.org,from the list\n";
    let rows = read_rows(list.as_bytes(), &Form::Csv).unwrap();
    let plan = bench.admin.plan_import(rows, Options::default()).unwrap();
    bench
        .admin
        .apply_import(&plan, None, &Stop::default(), |_, _| ())
        .unwrap();
    let listed = bench.admin.undoables().unwrap();
    let ids = bench.admin.store.undo_together(listed[0].id).unwrap();
    assert_eq!(ids.len(), 2);
    for id in ids {
        let one = bench.admin.undoable(id).unwrap();
        assert_eq!((one.id, one.count), (id, 2));
        assert_eq!(one.seconds_left, 600);
    }
    assert_eq!(bench.admin.undoable(listed[0].id).unwrap(), listed[0]);
    bench.clock.pass(Span::from_mins(10));
    let late = bench.admin.undoable(listed[0].id).unwrap_err();
    assert!(late.to_string().contains("older than 10 min"), "{late}");
    let none = bench.admin.undoable(9_999).unwrap_err();
    assert_eq!(none.kind(), Kind::NotFound);
}

// Mutants: an import is taken back in part; what it added vanishes instead of leaving a tombstone.
#[test]
fn an_import_is_taken_back_as_one() {
    let mut bench = bench();
    let list = "user,address,note\nroot,alice@example.org,from the list\n";
    let rows = read_rows(list.as_bytes(), &Form::Csv).unwrap();
    let plan = bench.admin.plan_import(rows, Options::default()).unwrap();
    let imported = bench
        .admin
        .apply_import(&plan, None, &Stop::default(), |_, _| ())
        .unwrap();
    assert_eq!((imported.added, imported.failed.len()), (1, 0));
    assert_eq!(bench.state(), "unconfirmed");
    let listed = bench.admin.undoables().unwrap();
    assert_eq!((listed.len(), listed[0].count), (1, 2));
    let undone = bench.undo(imported.undo.unwrap()).unwrap();
    assert_eq!((undone.done, undone.failed.len()), (2, 0));
    assert_eq!(bench.state(), "removed");
    let shown = bench.admin.show_user("root", Mask::Masked).unwrap();
    assert_eq!(shown.account.note, "");
    let redone = bench.undo(undone.redo.unwrap()).unwrap();
    assert_eq!(redone.failed.len(), 0);
    assert_eq!(bench.state(), "unconfirmed");
    assert!(bench.admin.store.account(&name("root")).unwrap().is_some());
}

// Mutant: what is judged is the entry that was asked for, and not the one that is left of its import.
#[test]
fn the_last_of_an_import_is_taken_back_by_the_number_of_the_first() {
    let mut bench = bench();
    let list = "user,address\nroot,alice@example.org\ndaemon,d@example.org\n";
    let rows = read_rows(list.as_bytes(), &Form::Csv).unwrap();
    let plan = bench.admin.plan_import(rows, Options::default()).unwrap();
    let imported = bench
        .admin
        .apply_import(&plan, None, &Stop::default(), |_, _| ())
        .unwrap();
    let first = imported.undo.unwrap();
    bench.admin.note_user("daemon", "hello", None).unwrap();
    let undone = bench.undo(first).unwrap();
    assert_eq!((undone.done, undone.failed.len()), (1, 1));
    assert_eq!(bench.admin.undoable(first).unwrap().count, 1);
    let note = bench.admin.undoables().unwrap();
    let note = note.iter().find(|act| act.act == "note").unwrap().id;
    bench.undo(note).unwrap();
    let undone = bench.undo(first).unwrap();
    assert_eq!((undone.done, undone.user.as_str()), (1, "daemon"));
    let over = bench.undo(first).unwrap_err().to_string();
    assert!(over.contains("taken back already"), "{over}");
}

// Mutants: a snapshot comes back to whatever uid the row has; undoing an enrolment leaves its uid.
#[test]
fn what_comes_back_is_that_uids_it_was_taken_from() {
    let mut bench = enrolled();
    bench.admin.new_recovery("root", None).unwrap();
    bench.admin.remove_user("root", None).unwrap();
    let removing = bench.admin.last_undoable().unwrap().id;
    let other = EmailAddress::new("other@example.net".to_owned()).unwrap();
    let (store, now, actor) = bench.admin.parts();
    store
        .add_account(
            &now,
            &actor,
            &name("root"),
            2000,
            &other,
            &Confirmation::Word,
        )
        .unwrap();
    let whose = |bench: &Bench| {
        let account = bench.admin.store.account(&name("root")).unwrap().unwrap();
        let addresses = account.addresses.into_iter();
        let addresses: Vec<String> = addresses.map(|address| address.address).collect();
        (
            account.uid,
            addresses.join(" "),
            bench.rows("recovery_codes"),
        )
    };
    assert_eq!(whose(&bench), (2000, "other@example.net".to_owned(), 0));
    let enrolling = bench.admin.last_undoable().unwrap().id;
    let redo = bench.undo(enrolling).unwrap().redo.unwrap();
    assert_eq!(whose(&bench), (0, String::new(), 0));
    let redo = bench.undo(redo).unwrap().redo.unwrap();
    assert_eq!(whose(&bench), (2000, "other@example.net".to_owned(), 0));
    bench.undo(redo).unwrap();
    bench.undo(removing).unwrap();
    assert_eq!(whose(&bench), (0, "alice@example.org".to_owned(), 10));
}

// Mutants: acts alone and those of an import are not in one order; only the newest import is found; what ended of
// one is counted.
#[test]
fn acts_alone_and_together_are_listed_in_one_order() {
    let mut bench = bench();
    let import = |bench: &mut Bench, list: &str| {
        let rows = read_rows(list.as_bytes(), &Form::Csv).unwrap();
        let plan = bench.admin.plan_import(rows, Options::default()).unwrap();
        let stop = Stop::default();
        let done = bench.admin.apply_import(&plan, None, &stop, |_, _| ());
        done.unwrap().undo.unwrap()
    };
    let first = import(&mut bench, "user,address,note\nroot,a@example.org,one\n");
    bench.admin.note_user("root", "two", None).unwrap();
    let second = import(&mut bench, "user,address,note\ndaemon,d@example.org,one\n");
    bench.admin.note_user("daemon", "two", None).unwrap();
    let listed = |bench: &Bench| {
        let acts = bench.admin.undoables().unwrap().into_iter();
        acts.map(|act| (act.act, act.user, act.count))
            .collect::<Vec<_>>()
    };
    let act = |act: &str, user: &str, count| (act.to_owned(), user.to_owned(), count);
    let all = [
        act("note", "daemon", 1),
        act("add", "daemon", 2),
        act("note", "root", 1),
        act("add", "root", 2),
    ];
    assert_eq!(listed(&bench), all);
    assert_eq!(bench.admin.undoables().unwrap()[1].id, second);
    // As many as are asked for, and these the newest.
    let (_, now, _) = bench.admin.parts();
    let three = bench.admin.store.undoables(&now, 3).unwrap();
    assert_eq!(three.len(), 3);
    assert_ne!(three[2].id, first);
    // One entry of the first import is over before the other.
    let connection = bench.admin.store.connection();
    let sql = "UPDATE undo SET until_store = 1 WHERE id = ?1";
    connection.execute(sql, [first]).unwrap();
    assert_eq!(listed(&bench)[3].2, 1);
}

// Mutants: what was found of one account, or one right, holds for another.
#[test]
fn who_may_is_said_of_each_act() {
    let mut bench = Bench::helped();
    bench.role(Role::Admin);
    for user in ["daemon", "root"] {
        bench.admin.unlock_user(user, None).unwrap();
        bench.admin.disable_user(user, None).unwrap();
        bench.admin.enable_user(user, None).unwrap();
        bench.admin.unlock_user(user, None).unwrap();
    }
    bench.role(Role::Helpdesk);
    let acts = bench.admin.undoables().unwrap();
    let may = acts.iter().filter(|act| act.permitted);
    let may: Vec<_> = may
        .map(|act| (act.act.as_str(), act.user.as_str()))
        .collect();
    assert_eq!(may, [("unlock", "daemon"), ("unlock", "daemon")]);
}
