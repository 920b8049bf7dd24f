//! Taking back bypass codes, shields and changes of the rules: what comes back, and what is refused.

use gatepost_words::time::Span;

use super::super::bypass::Asked;
use super::super::policy::act::Guard;
use super::super::policy::diff::{Candidate, Go};
use super::super::roles::Role;
use super::super::shield::{self, Sure};
use super::super::undo;
use super::super::users::{Mask, Proof, Stop};
use super::super::{AdminError, Kind};
use super::{Bench, bench};
use crate::policy::limits::SHIELDS;

const NET: &str = "203.0.113.0/24";
const OTHER: &str = "198.51.100.0/24";
const REFUSE_DAEMON: &str = "[[rule]]\nusers = [\"daemon\"]\naction = \"refuse\"\n";
const REFUSE_ROOT: &str = "[[rule]]\nusers = [\"root\"]\naction = \"refuse\"\n";

impl Bench {
    fn last(&self) -> undo::Listed {
        self.admin.last_undoable().unwrap()
    }

    fn takes_back(&mut self, id: i64) -> Result<undo::Undone, AdminError> {
        let stop = Stop::default();
        self.admin.undo(id, Some("slip"), &stop, |_, _| ())
    }

    fn takes_last_back(&mut self) -> undo::Undone {
        let id = self.last().id;
        self.takes_back(id).unwrap()
    }

    fn refuses(&mut self, id: i64) -> String {
        self.takes_back(id).unwrap_err().to_string()
    }

    /// Somebody else does something.
    fn as_carol<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let name = std::mem::replace(&mut self.admin.actor.name, "root (login carol)".into());
        let done = act(self);
        self.admin.actor.name = name;
        done
    }

    fn shield(&mut self, sources: &[&str], minutes: i64) {
        let sources: Vec<String> = sources.iter().map(|one| (*one).to_owned()).collect();
        let asked = shield::Asked {
            sources: &sources,
            time: Span::from_mins(minutes),
            reason: Some("spray"),
            own: None,
            sure: Sure::Yes,
        };
        self.admin.shield_on(&asked).unwrap();
    }

    /// The shields that are up, with their minutes and whose they are.
    fn up(&self) -> Vec<(String, i64, String)> {
        let shields = self.admin.shields().unwrap().into_iter();
        shields
            .map(|shield| (shield.source, shield.seconds_left / 60, shield.by))
            .collect()
    }

    fn events_of(&self, kind: &str) -> Vec<serde_json::Value> {
        let events = self.admin.store.events_after(0, 1000).unwrap().into_iter();
        let of_kind = events.filter(|event| event.kind == kind);
        of_kind.map(|event| event.detail).collect()
    }

    fn apply(&mut self, text: &str) -> i64 {
        let candidate = Candidate::parse(text).unwrap();
        let diff = self.admin.policy_diff(&candidate, &mut |_| Go::On).unwrap();
        let done = self.admin.policy_apply(&diff, None, Guard::Waived);
        done.unwrap().version
    }

    fn tries(&mut self, text: &str) -> i64 {
        let candidate = Candidate::parse(text).unwrap();
        let diff = self.admin.policy_diff(&candidate, &mut |_| Go::On).unwrap();
        let done = self.admin.policy_try(&diff, Span::from_mins(5), None);
        done.unwrap().version
    }

    /// The version in force and its text.
    fn policy(&self) -> (i64, String) {
        let state = self.admin.policy_state().unwrap();
        assert_eq!(state.trial.map(|trial| trial.version), None);
        let text = self.admin.policy_text(None).unwrap();
        (state.version.unwrap(), text)
    }
}

fn enrolled() -> Bench {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.enrol_daemon();
    bench
}

fn someones(minutes: i64, source: &str) -> (String, i64, String) {
    (source.to_owned(), minutes, "root (login bob)".to_owned())
}

fn code(bench: &mut Bench) -> i64 {
    let asked = Asked::usual("daemon", "TICKET-812");
    bench.admin.new_bypass(&asked).unwrap().id
}

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
        let step = undone.versions.unwrap();
        assert_eq!((step.before, step.after), (before + 1, before + 2));
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
    assert_eq!(undone.versions, None);
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

impl Bench {
    fn set_uses(&self, id: i64, left: u32) {
        let connection = self.admin.store.connection();
        connection
            .execute(
                "UPDATE bypass_codes SET uses_left = ?2 WHERE id = ?1",
                (id, left),
            )
            .unwrap();
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
    roots.confirmed = super::super::bypass::Confirmed::ByName;
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

// Mutants: one of two shields stays; a shield that the act replaced is lost; a redo begins its time anew.
#[test]
fn a_shield_is_taken_down_and_put_up_for_what_is_left_of_its_time() {
    let mut bench = enrolled();
    bench.as_carol(|b| b.shield(&[NET], 60));
    bench.shield(&[NET, OTHER], 15);
    let listed = bench.last();
    assert_eq!(listed.about, format!("{NET} and 1 more"));
    assert!(listed.user.is_empty());
    let undone = bench.takes_last_back();
    assert_eq!(undone.named(), format!("shield on {NET} and 1 more"));
    let carols = (NET.to_owned(), 60, "root (login carol)".to_owned());
    assert_eq!(bench.up().first(), Some(&carols));
    assert_eq!(bench.up().len(), 1);
    assert_eq!(bench.events_of("shield-off")[0]["network"], OTHER);
    bench.clock.pass(Span::from_mins(5));
    bench.takes_back(undone.redo.unwrap()).unwrap();
    let mut up = bench.up();
    up.sort();
    assert_eq!(up, [someones(10, OTHER), someones(10, NET)]);
    // And back again: carol's is what it was.
    let id = bench.admin.undoables().unwrap()[0].id;
    bench.takes_back(id).unwrap();
    assert_eq!(bench.up(), [(NET.to_owned(), 55, carols.2)]);
    let undone = bench.admin.undoables().unwrap();
    assert!(undone.iter().any(|entry| !entry.own), "carol's is listed");
    // Time that is over is not brought back.
    let redo = undone
        .iter()
        .find(|entry| entry.again && entry.own)
        .unwrap()
        .id;
    bench.clock.pass(Span::from_mins(9));
    assert!(bench.takes_back(redo).is_ok(), "a minute is left");
}

// Mutants: it comes back with a fresh time; one whose end has passed comes back; what is up is not looked at.
#[test]
fn a_shield_that_was_ended_comes_back_with_the_end_it_had() {
    let mut bench = enrolled();
    bench.shield(&[NET], 15);
    bench.shield(&[OTHER], 5);
    bench.clock.pass(Span::from_mins(1));
    bench.as_carol(|b| b.admin.shield_off(None, None).unwrap());
    let entry = bench.admin.undoables().unwrap()[0].clone();
    assert_eq!((entry.act.as_str(), entry.own), ("shield-off", false));
    bench.clock.pass(Span::from_mins(4));
    let undone = bench.takes_back(entry.id).unwrap();
    assert_eq!(bench.up(), [someones(10, NET)]);
    let event = bench.events_of("shield-on").pop().unwrap();
    assert_eq!(
        (&event["network"], &event["for"], &event["by"]),
        (&NET.into(), &"10 min".into(), &"root (login bob)".into())
    );
    // Done again, it is down.
    bench.takes_back(undone.redo.unwrap()).unwrap();
    assert_eq!(bench.up(), []);
    let mut bench = enrolled();
    bench.shield(&[NET], 2);
    bench.admin.shield_off(Some(NET), None).unwrap();
    let entry = bench.last().id;
    bench.clock.pass(Span::from_mins(2));
    assert!(bench.refuses(entry).contains("own time is over"));
}

// Mutants: a shield that somebody else put up, or took down, since is overwritten; they are not named.
#[test]
fn a_shield_that_somebody_changed_since_is_left_alone() {
    let mut bench = enrolled();
    bench.shield(&[NET, OTHER], 15);
    let on = bench.last().id;
    bench.as_carol(|b| b.admin.shield_off(Some(OTHER), Some("customers")).unwrap());
    let refused = bench.refuses(on);
    assert!(
        refused.contains("shield-off by root (login carol)") && refused.contains("customers"),
        "{refused}"
    );
    assert_eq!(bench.up(), [someones(15, NET)], "all or none");
    bench.admin.shield_off(Some(NET), None).unwrap();
    let off = bench.last().id;
    bench.as_carol(|b| b.shield(&[NET], 30));
    let refused = bench.refuses(off);
    assert!(
        refused.contains("shield-on by root (login carol)"),
        "{refused}"
    );
    assert_eq!(bench.up()[0].1, 30);
}

// Mutants: that nothing is up is compared, and not who saw to it; what one act said of a network is not what
// the next one followed.
#[test]
fn that_nothing_is_up_says_not_who_took_it_down() {
    // One that is over by itself hides that somebody took it down.
    let mut bench = enrolled();
    bench.as_carol(|b| b.shield(&[NET], 24 * 60));
    bench.shield(&[NET], 1);
    let on = bench.last().id;
    bench.as_carol(|b| b.admin.shield_off(None, Some("customers")).unwrap());
    bench.clock.pass(Span::from_mins(2));
    let refused = bench.refuses(on);
    assert!(
        refused.contains("shield-off by root (login carol)"),
        "{refused}"
    );
    assert_eq!(bench.up(), []);

    // Put up once more by somebody, and over by itself. Mutant: only who took it down is looked for.
    let mut bench = enrolled();
    bench.shield(&[NET], 30);
    bench.admin.shield_off(Some(NET), None).unwrap();
    let off = bench.last().id;
    bench.as_carol(|b| b.shield(&[NET], 1));
    bench.clock.pass(Span::from_mins(2));
    let refused = bench.refuses(off);
    assert!(
        refused.contains("shield-on by root (login carol)"),
        "{refused}"
    );

    // Taken down, put up and taken down again.
    let mut bench = enrolled();
    bench.shield(&[NET, OTHER], 30);
    bench.admin.shield_off(Some(NET), None).unwrap();
    let off = bench.last().id;
    bench.as_carol(|b| {
        b.shield(&[NET], 5);
        b.admin.shield_off(Some(NET), Some("customers")).unwrap();
    });
    let refused = bench.refuses(off);
    assert!(refused.contains("customers"), "{refused}");
    // Until what came since is taken back: then it is the newest.
    let all = bench.admin.undoables().unwrap();
    let carols = all.iter().filter(|act| !act.own);
    let carols: Vec<i64> = carols.map(|act| act.id).collect();
    for id in carols {
        assert!(bench.refuses(off).contains("meantime"), "{id}");
        bench.takes_back(id).unwrap();
    }
    let undone = bench.takes_back(off).unwrap();
    let mut up = bench.up();
    up.sort();
    assert_eq!(up, [someones(30, OTHER), someones(30, NET)]);
    // Done again and taken back again, it still is; and so is what was before it.
    let redone = bench.takes_back(undone.redo.unwrap()).unwrap();
    bench.takes_back(redone.redo.unwrap()).unwrap();
    let first = bench.last();
    assert_eq!(first.about, format!("{NET} and 1 more"));
    bench.takes_back(first.id).unwrap();
    assert_eq!(bench.up(), []);
}

// Mutants: the guards of `shield on` are not asked when one comes back; there may be any number.
#[test]
fn a_shield_that_comes_back_is_asked_about_as_when_it_was_put_up() {
    let mut bench = enrolled();
    bench.shield(&["127.0.0.0/8"], 15);
    bench.admin.shield_off(None, None).unwrap();
    let entry = bench.last().id;
    let refused = bench.takes_back(entry).unwrap_err();
    assert!(matches!(refused, AdminError::NotSure(_)), "{refused}");
    let mut asked = undo::Asked {
        reason: None,
        own: None,
        sure: Sure::Yes,
        seen: None,
    };
    let stop = Stop::default();
    bench.admin.undo(entry, asked, &stop, |_, _| ()).unwrap();
    bench.admin.shield_off(None, None).unwrap();
    bench.shield(&[NET], 15);
    bench.admin.shield_off(None, None).unwrap();
    let entry = bench.last().id;
    asked.sure = Sure::No;
    asked.own = Some("203.0.113.9".parse().unwrap());
    let refused = bench
        .admin
        .undo(entry, asked, &stop, |_, _| ())
        .unwrap_err();
    assert!(
        refused.to_string().contains("your own session"),
        "{refused}"
    );
    let many: Vec<String> = (0..SHIELDS).map(|last| format!("192.0.2.{last}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    bench.shield(&many, 15);
    assert!(bench.refuses(entry).contains("64 is the most"));
    assert_eq!(bench.up().len(), 64);
    // Helpdesk may neither.
    bench.role(Role::Helpdesk);
    assert_eq!(
        bench.takes_back(entry).unwrap_err().kind(),
        Kind::NotPermitted
    );
}

// Mutants: the pointer moves back instead of a version being made; the act before is no longer taken back;
// a redo is none.
#[test]
fn changes_of_the_rules_are_taken_back_in_the_order_of_a_stack() {
    let mut bench = enrolled();
    let before = bench.policy().1;
    assert_eq!(bench.apply("# two\n"), 2);
    assert_eq!(bench.apply("# three\n"), 3);
    assert_eq!(bench.last().about, "version 3");
    let undone = bench.takes_last_back();
    assert_eq!(undone.named(), "policy apply version 3");
    assert_eq!(
        undone.now,
        "policy version 4 is in force, with the rules of 2"
    );
    assert_eq!(bench.policy(), (4, "# two\n".to_owned()));
    let history = bench.admin.policy_history(None, 1).unwrap();
    assert_eq!(
        (history[0].how.as_str(), history[0].restores),
        ("rollback", Some(2))
    );
    assert_eq!(
        bench.events_of("policy-rollback")[0]["by"],
        "root (login bob)"
    );
    // Done again, then both are taken back.
    bench.takes_back(undone.redo.unwrap()).unwrap();
    assert_eq!(bench.policy(), (5, "# three\n".to_owned()));
    // What did it again stands where the act stood. Mutant: any entry that took one back does it again.
    let again = bench.admin.last_undoable().unwrap();
    assert_eq!((again.again, again.about.as_str()), (false, "version 5"));
    bench.takes_back(again.id).unwrap();
    assert_eq!(bench.policy(), (6, "# two\n".to_owned()));
    let first = bench.last();
    assert_eq!(first.about, "version 2", "named as it was");
    bench.takes_back(first.id).unwrap();
    assert_eq!(bench.policy(), (7, before));
    let events = bench.events_of("undo");
    assert_eq!(events.len(), 4);
    assert!(events.iter().all(|event| event["by"] == "root (login bob)"));
}

// Mutants: the version in force is not compared; the entry of a version that is not in force works.
#[test]
fn a_change_of_the_rules_that_another_followed_stays() {
    let mut bench = enrolled();
    bench.apply("# mine\n");
    let entry = bench.last().id;
    bench.as_carol(|b| b.apply("# theirs\n"));
    let refused = bench.takes_back(entry).unwrap_err();
    assert_eq!(refused.kind(), Kind::No);
    let refused = refused.to_string();
    for part in [
        "version 2 is no longer",
        "version 3 is",
        "carol",
        "rollback 1",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    // The store compares too, whatever was looked at before.
    let (store, now, actor) = bench.admin.parts();
    let entry = store.undo_entry(entry).unwrap().unwrap();
    let refused = store
        .undo(&now, &actor, &entry, None, &"".into())
        .unwrap_err();
    assert!(matches!(
        refused.problem,
        crate::store::error::Problem::PolicyMoved { found: Some(3) }
    ));
    assert_eq!(bench.policy().0, 3);
}

// Mutants: rules that lock out whoever takes back come back; the right is not asked for.
#[test]
fn rules_that_lock_out_do_not_come_back_by_the_way() {
    let mut bench = enrolled();
    bench.apply("# one more\n");
    // A look that is stopped is no look.
    let entry = bench.last().id;
    let stop = Stop::default();
    stop.stop();
    let early = bench.admin.undo(entry, None, &stop, |_, _| ()).unwrap_err();
    assert_eq!(early.kind(), Kind::Usage, "{early}");
    bench.apply(REFUSE_ROOT);
    bench.apply("# harmless\n");
    let entry = bench.last().id;
    let refused = bench.takes_back(entry).unwrap_err();
    assert_eq!(refused.kind(), Kind::No);
    assert!(refused.to_string().contains("lock out you"), "{refused}");
    bench.role(Role::Helpdesk);
    assert_eq!(
        bench.takes_back(entry).unwrap_err().kind(),
        Kind::NotPermitted
    );
    assert_eq!(bench.policy().0, 4);
}

// Mutants: a try leaves a version when it is ended; it can be taken back after its end, or after it was kept;
// a confirmation goes back to the version that was tried.
#[test]
fn a_try_is_ended_and_a_confirmation_taken_back() {
    let mut bench = enrolled();
    let before = bench.policy();
    assert_eq!(bench.tries(REFUSE_DAEMON), 2);
    let undone = bench.takes_last_back();
    assert_eq!(
        (undone.redo, undone.now.as_str()),
        (None, "policy version 1 is in force again")
    );
    assert_eq!(bench.policy(), before);
    let ended = &bench.events_of("policy-try-ended")[0];
    assert_eq!(
        (&ended["tried"], &ended["by"]),
        (&2.into(), &"root (login bob)".into())
    );
    // One that is over by itself.
    bench.tries(REFUSE_DAEMON);
    let entry = bench.last().id;
    bench.clock.pass(Span::from_mins(5));
    let refused = bench.refuses(entry);
    assert!(
        refused.contains("version 3 is no longer in force"),
        "{refused}"
    );
    let (store, now, actor) = bench.admin.parts();
    let entry = store.undo_entry(entry).unwrap().unwrap();
    let refused = store
        .undo(&now, &actor, &entry, None, &"".into())
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("try of policy version 3 is over"),
        "{refused}"
    );
    // One that was kept: the keeping is taken back, the try is not.
    bench.tries(REFUSE_DAEMON);
    let tried = bench.last().id;
    bench.admin.policy_confirm(4, None).unwrap();
    let refused = bench.refuses(tried);
    assert!(refused.contains("version 4 was kept"), "{refused}");
    let undone = bench.takes_last_back();
    assert_eq!(undone.named(), "policy confirm version 4");
    assert_eq!(bench.policy(), (5, before.1));
    bench.takes_back(undone.redo.unwrap()).unwrap();
    assert_eq!(bench.policy(), (6, REFUSE_DAEMON.to_owned()));
}

// Mutants: what is over stays the newest, and the act before it is out of reach; what only looks over is skipped.
#[test]
fn what_is_over_hides_nothing_that_is_not() {
    type Act = fn(&mut Bench);
    let acts: [(&str, Act, Act); 5] = [
        (
            "policy-try",
            |b| {
                b.tries(REFUSE_DAEMON);
            },
            |b| b.clock.pass(Span::from_mins(5)),
        ),
        (
            "bypass-new",
            |b| {
                code(b);
            },
            |b| {
                let id = b.admin.bypass_of("daemon").unwrap()[0].id;
                b.set_uses(id, 0);
            },
        ),
        (
            "bypass-new",
            |b| {
                code(b);
            },
            |b| drop(b.admin.revoke_bypass("daemon", None, None).unwrap()),
        ),
        (
            "shield-on",
            |b| b.shield(&[NET], 5),
            |b| b.clock.pass(Span::from_mins(5)),
        ),
        (
            "bypass-new",
            |b| {
                code(b);
            },
            |b| drop(b.admin.disable_user("daemon", None).unwrap()),
        ),
    ];
    for (kind, act, ends) in acts {
        let mut bench = enrolled();
        bench.admin.note_user("root", "hello", None).unwrap();
        act(&mut bench);
        assert_eq!(bench.last().act, kind);
        bench.as_carol(ends);
        let newest = bench.last();
        assert_eq!(newest.act, "note", "{kind}");
        bench.takes_back(newest.id).unwrap();
    }
    // A try that is kept leaves the keeping, and what was before the try.
    let mut bench = enrolled();
    bench.admin.note_user("root", "hello", None).unwrap();
    let tried = bench.tries(REFUSE_DAEMON);
    bench.admin.policy_confirm(tried, None).unwrap();
    assert_eq!(bench.takes_last_back().named(), "policy confirm version 2");
    assert_eq!(bench.takes_last_back().named(), "note of root");
    // A shield that replaced a longer one brings that back, though its own time is over.
    let mut bench = enrolled();
    bench.shield(&[NET], 60);
    bench.shield(&[NET], 1);
    bench.clock.pass(Span::from_mins(2));
    bench.takes_last_back();
    assert_eq!(bench.up(), [someones(58, NET)]);
}

// Mutant: what an apply in the middle of a try goes back to is the rules that were on trial.
#[test]
fn what_was_only_tried_does_not_come_back_to_stay() {
    let mut bench = enrolled();
    let before = bench.policy().1;
    bench.tries(REFUSE_DAEMON);
    bench.apply("# three\n");
    let undone = bench.takes_last_back();
    assert_eq!(
        undone.now,
        "policy version 4 is in force, with the rules of 1"
    );
    assert_eq!(bench.policy(), (4, before));
}

// Mutant: taking back after ten minutes.
#[test]
fn ten_minutes_hold_for_these_acts_too() {
    let mut bench = enrolled();
    bench.shield(&[NET], 60);
    let entry = bench.last().id;
    bench.clock.pass(Span::from_mins(10));
    assert!(bench.refuses(entry).contains("older than 10 min"));
    assert_eq!(bench.up().len(), 1);
}
