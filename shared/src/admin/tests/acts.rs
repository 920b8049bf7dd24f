//! Acts on accounts: another address, the administrator's lock, notes, versions, rights.

use gatepost_words::secret::Secret;
use gatepost_words::time::Span;

use super::super::filter::EventFilter;
use super::super::roles::Role;
use super::super::users::{Asked, Fate, Form, Mask, Options, Proof, Stop, read_rows};
use super::super::why::Verdict;
use super::super::{AdminError, Kind};
use super::{Bench, bench, name};

const OLD: &str = "alice@example.org";
const NEW: &str = "bob@example.net";

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = pairs
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
    owned.collect()
}

fn moved() -> Bench {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench
        .admin
        .set_mail("root", NEW, Proof::Code, None)
        .unwrap();
    bench
}

// Mutants: the new address has codes before it is confirmed; the old one is not told of the asking, or
// of the change, or the new one is told instead; the old one keeps its codes; a pending one piles up.
#[test]
fn a_new_address_is_unused_until_proved_and_the_old_one_hears_of_both_steps() {
    let mut bench = moved();
    assert!(bench.why().sentence.contains("confirmed a***@e***.org"));
    assert_eq!(
        bench.addresses(),
        [(OLD.to_owned(), true), (NEW.to_owned(), false)]
    );
    assert_eq!(
        bench.notices(),
        pairs(&[("address-asked b***@e***.net", OLD)])
    );

    let again = bench
        .admin
        .set_mail("root", "carol@example.net", Proof::Code, None);
    assert_eq!(again.unwrap().before, "a***@e***.org");
    assert_eq!(bench.addresses().len(), 2);
    let late = Secret::from(bench.codes.borrow()[0].clone());
    assert!(
        bench.admin.confirm("root", &late, None).is_err(),
        "of an address that was given up"
    );
    let code = Secret::from(bench.codes.borrow()[1].clone());
    bench.admin.confirm("root", &code, None).unwrap();
    assert_eq!(bench.addresses(), [("carol@example.net".to_owned(), true)]);
    assert_eq!(
        bench.notices(),
        pairs(&[
            ("address-asked c***@e***.net", OLD),
            ("address-changed c***@e***.net", OLD),
        ])
    );
    assert!(bench.why().sentence.contains("confirmed c***@e***.net"));
}

// Mutant: codes that went to the old address are still taken after the change.
#[test]
fn codes_to_the_old_address_die_with_it() {
    let live = |bench: &Bench| -> i64 {
        let sql = "SELECT count(*) FROM challenges WHERE replaced = 0";
        bench
            .admin
            .store
            .connection()
            .query_row(sql, [], |row| row.get(0))
            .unwrap()
    };
    for proof in [Proof::Word, Proof::Code] {
        let mut bench = bench();
        bench.enrol(Proof::Word);
        bench.fail(1);
        bench
            .admin
            .store
            .connection()
            .execute("UPDATE challenges SET replaced = 0", [])
            .unwrap();
        bench.admin.set_mail("root", NEW, proof, None).unwrap();
        if proof == Proof::Code {
            assert_eq!(live(&bench), 1, "until then, codes go on");
            let code = Secret::from(bench.codes.borrow()[0].clone());
            bench.admin.confirm("root", &code, None).unwrap();
        }
        assert_eq!(live(&bench), 0, "{proof:?}");
    }
}

#[test]
fn an_address_by_word_is_in_use_at_once_and_the_old_one_is_told() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench
        .admin
        .set_mail("root", NEW, Proof::Word, Some("TICKET-1"))
        .unwrap();
    assert_eq!(bench.addresses(), [(NEW.to_owned(), true)]);
    assert_eq!(
        bench.notices(),
        pairs(&[("address-changed b***@e***.net", OLD)])
    );
    let event = &bench.admin.events_like(&EventFilter::default(), 1).unwrap()[0];
    assert_eq!(event.detail["before"], "a***@e***.org");
    assert_eq!(event.detail["after"], "b***@e***.net");
    assert_eq!(event.detail["reason"], "TICKET-1");

    let same = bench
        .admin
        .set_mail("root", NEW, Proof::Word, None)
        .unwrap_err();
    assert!(same.to_string().contains("already"), "{same}");
    let spelt = bench
        .admin
        .set_mail("root", "Bob@example.net", Proof::Code, None);
    assert!(spelt.unwrap_err().to_string().contains("--confirmed"));
    bench
        .admin
        .set_mail("root", "Bob@example.net", Proof::Word, None)
        .unwrap();
    assert_eq!(bench.addresses(), [("Bob@example.net".to_owned(), true)]);
}

// Mutants: removing takes the promised notices along; an address is changed unheard by removing first.
#[test]
fn nobody_is_moved_unheard_by_removing_first() {
    let mut bench = moved();
    bench.admin.remove_user("root", None).unwrap();
    assert_eq!(
        bench.notices(),
        pairs(&[("address-asked b***@e***.net", OLD), ("removed", OLD)])
    );
}

// Mutants: an act's notice is left out, or one is sent that tips somebody off.
#[test]
fn owners_are_told_of_what_opens_a_way_in() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    let admin = &mut bench.admin;
    admin.lock_user("root", None).unwrap();
    admin.unlock_user("root", None).unwrap();
    admin.disable_user("root", None).unwrap();
    admin.enable_user("root", None).unwrap();
    admin.enable_user("root", None).unwrap();
    admin.note_user("root", "x", None).unwrap();
    admin.new_recovery("root", None).unwrap();
    assert_eq!(
        bench.notices(),
        pairs(&[
            ("unlocked", OLD),
            ("enabled", OLD),
            ("recovery-replaced", OLD)
        ])
    );
}

// Mutants: an act of the table does not look at the version; it raises none; the difference is not told.
#[test]
fn console_lost_update_is_refused_with_what_changed() {
    type Deed = fn(&mut Bench, Asked) -> Result<(), AdminError>;
    let deeds: [(&str, Deed); 7] = [
        ("unlock", |b, a| b.admin.unlock_user("root", a).map(|_| ())),
        ("lock", |b, a| b.admin.lock_user("root", a).map(|_| ())),
        ("disable", |b, a| {
            b.admin.disable_user("root", a).map(|_| ())
        }),
        ("enable", |b, a| b.admin.enable_user("root", a).map(|_| ())),
        ("note", |b, a| {
            b.admin.note_user("root", "hers", a).map(|_| ())
        }),
        ("set-mail", |b, a| {
            b.admin.set_mail("root", NEW, Proof::Code, a).map(|_| ())
        }),
        ("remove", |b, a| b.admin.remove_user("root", a).map(|_| ())),
    ];
    for (word, deed) in deeds {
        let mut bench = bench();
        bench.enrol(Proof::Word);
        let seen = bench.version();
        bench
            .admin
            .note_user("root", "another console", Some("T-1"))
            .unwrap();
        let late = Asked {
            version: Some(seen),
            ..Asked::default()
        };
        let before = bench.kinds().len();
        let refused = deed(&mut bench, late).unwrap_err().to_string();
        assert!(
            refused.contains("user-note by root (login bob)"),
            "{word}: {refused}"
        );
        assert!(
            refused.contains("after another console"),
            "{word}: {refused}"
        );
        assert!(!refused.contains("user-add"), "what was seen: {refused}");
        assert_eq!(bench.kinds().len(), before, "{word}");
        let now = Asked {
            version: Some(bench.version()),
            ..Asked::default()
        };
        let seen = bench.version();
        deed(&mut bench, now).unwrap();
        assert_eq!(bench.version(), seen + 1, "{word}");
    }
}

// Mutants: the lock is not looked at where codes are mailed; unlocking leaves it; it counts failures.
#[test]
fn an_administrators_lock_holds_until_unlocked() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.admin.lock_user("root", Some("T-1")).unwrap();
    assert_eq!(bench.state(), "locked");
    let why = bench.why();
    assert_eq!(why.verdict, Verdict::Locked);
    assert_eq!(
        why.sentence,
        "root is locked until an administrator unlocks the account: one locked it."
    );
    assert_eq!(bench.listed("state:locked", Mask::Masked).len(), 1);
    let twice = bench.admin.lock_user("root", None).unwrap_err();
    assert!(
        twice
            .to_string()
            .contains("locked by an administrator already")
    );
    bench.clock.pass(Span::from_hours(48));
    assert_eq!(bench.why().verdict, Verdict::Locked);
    bench.admin.unlock_user("root", None).unwrap();
    assert_eq!(bench.why().verdict, Verdict::Asked);
}

// Mutants: a note is not cleaned, or not bounded; why does not show it.
#[test]
fn a_note_is_one_clean_bounded_line() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench
        .admin
        .note_user("root", " on \u{1b}[31mleave\n ", None)
        .unwrap();
    let shown = bench.admin.show_user("root", Mask::Masked).unwrap();
    assert_eq!(shown.account.note, "on \\u{1b}[31mleave");
    assert!(
        bench
            .why()
            .steps
            .contains(&"note: on \\u{1b}[31mleave".to_owned())
    );
    bench
        .admin
        .note_user("root", &"a".repeat(1024), None)
        .unwrap();
    let long = bench
        .admin
        .note_user("root", &"a".repeat(1025), None)
        .unwrap_err();
    assert_eq!(long.kind(), Kind::Usage);
    bench.admin.note_user("root", "", None).unwrap();
    let shown = bench.admin.show_user("root", Mask::Masked).unwrap();
    assert_eq!(shown.account.note, "");
}

// Mutant: a verb does not ask for its right.
#[test]
fn each_verb_asks_for_its_right() {
    type Deed = fn(&mut Bench) -> Result<(), AdminError>;
    let deeds: [(Role, Deed); 14] = [
        (Role::Helpdesk, |b| {
            b.admin.unlock_user("root", None).map(|_| ())
        }),
        (Role::Helpdesk, |b| {
            b.admin.send_confirmation("root", None).map(|_| ())
        }),
        (Role::Helpdesk, |b| b.admin.invite("root", None).map(|_| ())),
        (Role::Helpdesk, |b| b.admin.unmask("root", None)),
        (Role::Helpdesk, |b| {
            b.admin
                .undo(999, None, &Stop::default(), |_, _| ())
                .map(|_| ())
        }),
        (Role::Admin, |b| b.admin.lock_user("root", None).map(|_| ())),
        (Role::Admin, |b| {
            b.admin.disable_user("root", None).map(|_| ())
        }),
        (Role::Admin, |b| {
            b.admin.enable_user("root", None).map(|_| ())
        }),
        (Role::Admin, |b| {
            b.admin.note_user("root", "x", None).map(|_| ())
        }),
        (Role::Admin, |b| {
            b.admin.new_recovery("root", None).map(|_| ())
        }),
        (Role::Admin, |b| {
            b.admin.revoke_sources("root", None, None).map(|_| ())
        }),
        (Role::Admin, |b| {
            b.admin.set_mail("root", NEW, Proof::Code, None).map(|_| ())
        }),
        (Role::Admin, |b| {
            b.admin.add_user("root", NEW, Proof::Word, None).map(|_| ())
        }),
        (Role::Admin, |b| {
            b.admin.remove_user("root", None).map(|_| ())
        }),
    ];
    for (index, (least, deed)) in deeds.into_iter().enumerate() {
        for role in [Role::Auditor, Role::Helpdesk, Role::Admin] {
            let mut bench = moved();
            bench.admin.operator.role = role;
            let refused = matches!(deed(&mut bench), Err(AdminError::NotPermitted { .. }));
            assert_eq!(refused, role < least, "{index} {role:?}");
        }
    }
}

// Mutants: a list changes an address unasked, brings back, enables, takes another's uid; a line that
// makes no sense ends it.
#[test]
fn a_list_only_adds_unless_it_is_told_to_change() {
    let plan = |bench: &Bench, address: &str, update: bool| {
        let text = format!("user,address\nroot,{address}\nno/body,x@example.org\n");
        let rows = read_rows(text.as_bytes(), &Form::Csv).unwrap();
        let options = Options {
            update,
            confirmed: false,
        };
        let plan = bench.admin.plan_import(rows, options).unwrap();
        assert_eq!(plan.lines[1].fate, Fate::Wrong);
        assert!(plan.lines[1].why.contains("user name"));
        plan
    };
    let mut bench = bench();
    let fate = |bench: &Bench, address: &str, update| plan(bench, address, update).lines[0].fate;
    assert_eq!(fate(&bench, OLD, false), Fate::Add);
    bench.enrol(Proof::Word);
    assert_eq!(fate(&bench, "ALICE@example.org", true), Fate::Skip);
    assert_eq!(fate(&bench, NEW, false), Fate::Skip);
    assert_eq!(fate(&bench, NEW, true), Fate::Change);
    let imported = bench
        .admin
        .apply_import(&plan(&bench, NEW, true), None, &Stop::default(), |_, _| ())
        .unwrap();
    assert_eq!((imported.changed, imported.failed.len()), (1, 1));
    assert_eq!(imported.to_invite, ["root"]);
    assert_eq!(
        bench.addresses(),
        [(OLD.to_owned(), true), (NEW.to_owned(), false)]
    );
    assert!(
        bench.codes.borrow().is_empty(),
        "nothing is mailed by a list"
    );
    assert_eq!(
        bench.notices(),
        pairs(&[("address-asked b***@e***.net", OLD)])
    );
    bench.admin.disable_user("root", None).unwrap();
    let why = |bench: &Bench| plan(bench, NEW, true).lines[0].why.clone();
    assert_eq!(fate(&bench, NEW, true), Fate::Skip);
    assert!(why(&bench).contains("is disabled"));
    bench.admin.remove_user("root", None).unwrap();
    assert_eq!(fate(&bench, NEW, true), Fate::Skip);
    assert!(why(&bench).contains("was removed"));
    assert_eq!(bench.state(), "removed");
}

#[test]
fn many_are_done_one_by_one_until_it_is_stopped() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    let users: Vec<String> = ["root", "no/body", "root"].map(str::to_owned).into();
    let stop = Stop::default();
    let mut told = Vec::new();
    let tally = bench.admin.each(
        &users,
        &stop,
        |admin, user| admin.unlock_user(user, None),
        |ended| {
            told.push((ended.done, ended.of, ended.result.is_ok()));
            if ended.done == 2 {
                stop.stop();
            }
        },
    );
    assert_eq!((tally.done, tally.failed, tally.left), (1, 1, 1));
    assert_eq!(told, [(1, 3, true), (2, 3, false)]);
}

// Mutants: a revocation takes another account's, or other sources; nothing found is a success.
#[test]
fn known_sources_are_listed_and_forgotten() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    let id = bench
        .admin
        .store
        .account(&name("root"))
        .unwrap()
        .unwrap()
        .id;
    let add = |bench: &Bench, account: i64, source: &str| {
        let sql = "INSERT INTO known_sources VALUES (?1, ?2, 'sshd', 0, 0, 0, NULL)";
        let connection = bench.admin.store.connection();
        connection
            .execute(sql, rusqlite::params![account, source])
            .unwrap();
    };
    for source in ["ip:203.0.113.9", "ip:2001:db8::/64", "uid:0"] {
        add(&bench, id, source);
    }
    let ids = |bench: &Bench| -> Vec<String> {
        let listed = bench.admin.sources("root").unwrap();
        let mut ids: Vec<String> = listed.into_iter().map(|listed| listed.id).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(&bench), ["2001:db8::/64", "203.0.113.9", "uid:0"]);
    let none = bench
        .admin
        .revoke_sources("root", Some("192.0.2.1"), None)
        .unwrap_err();
    assert_eq!(none.kind(), Kind::NotFound);
    let gone = bench
        .admin
        .revoke_sources("root", Some("203.0.113.9"), None)
        .unwrap();
    assert_eq!(gone.revoked, 1);
    assert_eq!(ids(&bench), ["2001:db8::/64", "uid:0"]);
    assert_eq!(
        bench
            .admin
            .revoke_sources("root", None, None)
            .unwrap()
            .revoked,
        2
    );
    assert!(ids(&bench).is_empty());
}

// Mutants: the version, the uid or the state in the transaction is not looked at; a tombstone is taken for
// a name that never was.
#[test]
fn a_list_does_nothing_to_an_account_that_is_not_what_was_looked_at() {
    type Meanwhile = fn(&mut Bench);
    let sql = |bench: &Bench, sql: &str| bench.admin.store.connection().execute_batch(sql).unwrap();
    let removed: Meanwhile = |bench| {
        bench.enrol(Proof::Word);
        bench.admin.remove_user("root", None).unwrap();
    };
    let cases: [(bool, Meanwhile); 5] = [
        (false, removed),
        (false, |bench| drop(bench.enrol(Proof::Word))),
        (true, |bench| {
            bench.admin.note_user("root", "hers", None).unwrap();
        }),
        (true, |bench| {
            let connection = bench.admin.store.connection();
            let other = "UPDATE accounts SET uid = 2000";
            connection.execute_batch(other).unwrap();
        }),
        (true, |bench| {
            let connection = bench.admin.store.connection();
            let closed = "UPDATE accounts SET state = 'disabled'";
            connection.execute_batch(closed).unwrap();
        }),
    ];
    for (number, (enrolled, meanwhile)) in cases.into_iter().enumerate() {
        let mut bench = bench();
        if enrolled {
            bench.enrol(Proof::Word);
        }
        let text = format!("user,address,note\nroot,{NEW},from a list\n");
        let rows = read_rows(text.as_bytes(), &Form::Csv).unwrap();
        let options = Options {
            update: true,
            confirmed: true,
        };
        let plan = bench.admin.plan_import(rows, options).unwrap();
        meanwhile(&mut bench);
        let before = (bench.version(), bench.addresses());
        let imported = bench
            .admin
            .apply_import(&plan, None, &Stop::default(), |_, _| ())
            .unwrap();
        assert_eq!((imported.added, imported.changed), (0, 0), "{number}");
        let why = &imported.failed[0].why;
        assert!(why.contains("changed since"), "{number}: {why}");
        assert_eq!((bench.version(), bench.addresses()), before, "{number}");
    }
    // A row that fails half way has changed nothing.
    let mut bench = bench();
    sql(
        &bench,
        "CREATE TRIGGER no_notes BEFORE UPDATE OF note ON accounts
         BEGIN SELECT RAISE(ABORT, 'no notes'); END",
    );
    let text = format!("user,address,note\nroot,{NEW},from a list\n");
    let rows = read_rows(text.as_bytes(), &Form::Csv).unwrap();
    let plan = bench.admin.plan_import(rows, Options::default()).unwrap();
    let imported = bench
        .admin
        .apply_import(&plan, None, &Stop::default(), |_, _| ())
        .unwrap();
    assert_eq!((imported.failed.len(), imported.undo), (1, None));
    assert!(bench.admin.store.account(&name("root")).unwrap().is_none());
}
