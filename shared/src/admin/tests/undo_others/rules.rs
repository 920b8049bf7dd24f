//! Taking back changes of the rules: which are in force then, and what is refused.

use gatepost_words::time::Span;

use super::{REFUSE_DAEMON, REFUSE_ROOT, enrolled};
use crate::admin::Kind;
use crate::admin::roles::Role;
use crate::admin::users::Stop;

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
    let refused = store.undo(&now, &actor, &entry, &"".into()).unwrap_err();
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
    let refused = store.undo(&now, &actor, &entry, &"".into()).unwrap_err();
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
