//! Taking back bypass codes: what no longer works, and what is refused.

use super::super::Bench;
use super::{code, enrolled};
use crate::admin::Kind;
use crate::admin::bypass::{Asked, Confirmed};
use crate::admin::roles::Role;
use crate::admin::users::{Mask, Versions};

// Mutants: the code goes on working; it is done again by an entry; its event is not written.
#[test]
fn a_bypass_code_is_taken_back_and_not_done_again() {
    let mut bench = enrolled();
    let (first, id) = (code(&mut bench), code(&mut bench));
    let listed = bench.last();
    assert_eq!(
        (listed.act.as_str(), listed.user.as_str()),
        ("bypass-new", "daemon")
    );
    let undone = bench.takes_last_back();
    assert_eq!(undone.named(), "bypass new of daemon");
    assert_eq!(undone.redo, None);
    let live: Vec<i64> = bench
        .admin
        .bypass_of("daemon")
        .unwrap()
        .iter()
        .map(|code| code.id)
        .collect();
    assert_eq!(live, [first]);
    assert_eq!(
        bench.events_of("bypass-revoke")[0]["ids"],
        serde_json::json!([id])
    );
    let event = &bench.events_of("undo")[0];
    assert_eq!(
        (&event["act"], &event["by"]),
        (&"bypass-new".into(), &"root (login bob)".into())
    );
    assert!(bench.admin.last_redoable().is_err());
    // The account's version is no part of it: what was done to the account since does not count.
    bench.as_carol(|b| b.admin.note_user("daemon", "hello", None).unwrap());
    bench.takes_last_back();
    assert_eq!(bench.admin.bypass_of("daemon").unwrap(), []);
}

// Mutants: the answer has the entry's versions; the entry of a code goes on with those of the account.
#[test]
fn a_bypass_code_that_is_taken_back_makes_no_version() {
    let mut bench = enrolled();
    let version = |bench: &Bench| {
        bench
            .admin
            .show_user("daemon", Mask::Masked)
            .unwrap()
            .account
            .version
    };
    let before = version(&bench);
    code(&mut bench);
    let entry = bench.last().id;
    bench.as_carol(|b| {
        b.admin.note_user("daemon", "hello", None).unwrap();
        let note = b.last().id;
        let undone = b.takes_back(note).unwrap();
        let step = Versions {
            before: before + 1,
            after: before + 2,
        };
        assert_eq!(undone.steps, [("daemon".to_owned(), step)]);
    });
    // Who saw the account before carol's acts is not to think that nothing lies between.
    let kept: (i64, i64) = bench
        .admin
        .store
        .connection()
        .query_row(
            "SELECT version_before, version_after FROM undo WHERE id = ?1",
            [entry],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!(kept, (before, before));
    let undone = bench.takes_back(entry).unwrap();
    assert_eq!(undone.steps, []);
    assert_eq!(version(&bench), before + 2);
}

// Mutants: a code that was used, revoked or is over is "taken back"; a second use does not count as one.
#[test]
fn a_bypass_code_that_ended_or_was_used_is_not_taken_back() {
    type Meanwhile = fn(&mut Bench, i64);
    let cases: [(&str, Meanwhile, &str); 5] = [
        (
            "used",
            |b, id| b.set_uses(id, 0),
            "was used, or its time is over",
        ),
        (
            "used once of twice",
            |b, id| b.set_uses(id, 1),
            "bypass revoke daemon",
        ),
        (
            "revoked",
            |b, id| drop(b.admin.revoke_bypass("daemon", Some(id), None).unwrap()),
            "has ended already",
        ),
        (
            "over",
            |b, _| *b.clock.boot_id.borrow_mut() = "boot-2".into(),
            "has ended already",
        ),
        (
            "disabled",
            |b, _| drop(b.admin.disable_user("daemon", None).unwrap()),
            "has ended already",
        ),
    ];
    for (what, meanwhile, says) in cases {
        let mut bench = enrolled();
        let mut asked = Asked::usual("daemon", "TICKET-812");
        asked.uses = 2;
        let id = bench.admin.new_bypass(&asked).unwrap().id;
        let entry = bench.last().id;
        meanwhile(&mut bench, id);
        let refused = bench.refuses(entry);
        assert!(refused.contains(says), "{what}: {refused}");
        assert_eq!(
            bench.events_of("undo"),
            [] as [serde_json::Value; 0],
            "{what}"
        );
    }
}

// Mutants: a code that was taken back no longer counts among the day's; the guards of the account are not
// asked.
#[test]
fn the_helpdesk_gets_no_more_codes_by_taking_them_back() {
    let mut bench = Bench::helped();
    for _ in 0..5 {
        code(&mut bench);
        bench.takes_last_back();
    }
    let asked = Asked::usual("daemon", "TICKET-812");
    let refused = bench.admin.new_bypass(&asked).unwrap_err().to_string();
    assert!(refused.contains("5 bypass codes within a day"), "{refused}");
    // Nor does it end what it may not.
    bench.role(Role::Admin);
    let mut roots = Asked::usual("root", "TICKET-812");
    roots.confirmed = Confirmed::ByName;
    bench.admin.new_bypass(&roots).unwrap();
    let entry = bench.last().id;
    bench.role(Role::Helpdesk);
    assert_eq!(
        bench.takes_back(entry).unwrap_err().kind(),
        Kind::NotPermitted
    );
    bench.role(Role::Auditor);
    assert_eq!(
        bench.takes_back(entry).unwrap_err().kind(),
        Kind::NotPermitted
    );
}
