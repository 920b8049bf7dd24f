//! Changes to the policy by administrators: who is affected, who may, and who was first.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::time::Span;

use super::act::Guard;
use super::diff::{Candidate, Change, Closed, Closure, Diff, Go, Outcome, Stopped};
use crate::admin::filter::EventFilter;
use crate::admin::roles::Role;
use crate::admin::tests::{Bench, bench};
use crate::admin::{AdminError, Kind};
use crate::people;
use crate::store::accounts::{Asked, Confirmation};

const REFUSE_DAEMON: &str = "[[rule]]\nusers = [\"daemon\"]\naction = \"refuse\"\n";

/// With root and daemon enrolled, and bin without a confirmed address.
fn peopled() -> Bench {
    let mut bench = bench();
    for name in ["root", "daemon", "bin"] {
        let name = UserName::new(name.to_owned()).unwrap();
        let uid = people::find(&name).unwrap().uid;
        let address = EmailAddress::new(format!("{name}@example.org")).unwrap();
        let (store, now, actor) = bench.admin.parts();
        let word = if name.as_str() == "bin" {
            Confirmation::Code {
                id: [1; 16],
                tag: crate::code::key::Tag([0; 32]),
                most: 60,
            }
        } else {
            Confirmation::Word
        };
        store
            .add_account(&now, &actor, &name, uid, &address, &word)
            .unwrap();
    }
    bench
}

fn diff(bench: &Bench, text: &str) -> Diff {
    let candidate = Candidate::parse(text).unwrap();
    bench
        .admin
        .policy_diff(&candidate, &mut |_| Go::On)
        .unwrap()
}

fn changed(diff: &Diff) -> Vec<(Outcome, Outcome, u64, String)> {
    let row = |change: &Change| {
        (
            change.from,
            change.to,
            change.people,
            change.names.join(" "),
        )
    };
    diff.changes.iter().map(row).collect()
}

// Mutants: somebody who is asked and has no address counts as let in; unenrolled names in rules are left
// out; outcomes are compared at one service alone; groups are not looked up.
#[test]
fn a_difference_counts_everybody_whom_it_touches() {
    use Outcome::{Asked, NoWay, NotAsked, Refused};
    let mut bench = peopled();
    let none = diff(&bench, "");
    assert_eq!(
        (changed(&none), none.summary.as_str()),
        (vec![], "the same text as the one in force")
    );
    let same = diff(&bench, "# no rules\n");
    assert_eq!(same.summary, "changes nothing for anybody");
    assert_eq!((same.looked_at, same.stopped), (3, Stopped::No));
    let refused = diff(&bench, REFUSE_DAEMON);
    assert_eq!(
        changed(&refused),
        [(Asked, Refused, 1, "daemon".to_owned())]
    );
    assert_eq!(refused.summary, "locks out 1 person");
    assert_eq!(
        (refused.locks_you_out, refused.locks_everybody_out),
        (false, false)
    );
    let group = diff(
        &bench,
        "[[rule]]\ngroups = [\"root\"]\nservices = [\"su\"]\naction = \"refuse\"\n",
    );
    assert_eq!(changed(&group), [(Asked, Refused, 1, "root".to_owned())]);
    assert_eq!(group.changes[0].services, ["su"]);
    assert_eq!(group.summary, "locks out 1 person: you");
    let all = diff(&bench, "[[rule]]\naction = \"refuse\"\n");
    assert_eq!(
        changed(&all),
        [
            (Asked, Refused, 2, "daemon root".to_owned()),
            (NoWay, Refused, 1, "bin".to_owned())
        ]
    );
    assert_eq!((all.locked_out, all.locks_everybody_out), (2, true));
    assert_eq!(
        all.summary,
        "locks out everybody who can sign in now, you among them"
    );
    // games is not enrolled, and a rule lets it in.
    let (store, now, _) = bench.admin.parts();
    let skip = "[[rule]]\nusers = [\"games\", \"bin\"]\naction = \"skip\"\n";
    store.put_rules(&now, &crate::policy::text::parse(skip).unwrap());
    let back = diff(&bench, "");
    assert_eq!(
        changed(&back),
        [
            (NotAsked, NoWay, 1, "bin".to_owned()),
            (NotAsked, Refused, 1, "games".to_owned())
        ]
    );
    assert_eq!(back.summary, "locks out 2 people");
    let candidate = Candidate::parse("").unwrap();
    let stopped = bench
        .admin
        .policy_diff(&candidate, &mut |_| Go::Stop)
        .unwrap();
    assert_eq!(stopped.stopped, Stopped::Early);
    let half = bench.admin.policy_apply(&stopped, None, Guard::Kept);
    assert_eq!(half.unwrap_err().kind(), Kind::Usage);
}

/// Closes accounts: those with a yes to the first are disabled, to the second locked, to the third removed.
fn closed(bench: &mut Bench, names: [&[&str]; 3]) {
    let (store, now, actor) = bench.admin.parts();
    let asked = Asked::from("");
    for (way, names) in names.into_iter().enumerate() {
        for name in names {
            let name = UserName::new((*name).to_owned()).unwrap();
            match way {
                0 => store.set_state(&now, &actor, &name, "disabled", &asked),
                1 => store.lock(&now, &actor, &name, &asked),
                _removed => store.remove_account(&now, &actor, &name, &asked),
            }
            .unwrap();
        }
    }
}

fn shut(diff: &Diff) -> Vec<(Closure, u64, String)> {
    let row = |closed: &Closed| (closed.why, closed.people, closed.names.join(" "));
    diff.closed.iter().map(row).collect()
}

// Mutants: whoever is newly let in counts as somebody who stays; whoever stays by a rule that skips does not.
#[test]
fn whoever_is_newly_let_in_keeps_nobody_from_being_everybody() {
    use Outcome::{Asked, NoWay, NotAsked, Refused};
    let mut bench = peopled();
    bench.admin.operator.uid = Some(2);
    let skip = "[[rule]]\nusers = [\"bin\"]\naction = \"skip\"\n";
    let rest = "[[rule]]\naction = \"refuse\"\n";
    let swap = diff(&bench, &format!("{skip}{rest}"));
    assert_eq!(
        changed(&swap),
        [
            (Asked, Refused, 2, "daemon root".to_owned()),
            (NoWay, NotAsked, 1, "bin".to_owned())
        ]
    );
    assert_eq!(
        (swap.locks_you_out, swap.locks_everybody_out),
        (false, true)
    );
    assert_eq!(swap.summary, "locks out everybody who can sign in now");
    let refused = bench.admin.policy_apply(&swap, None, Guard::Kept);
    assert_eq!(refused.unwrap_err().kind(), Kind::No);
    // Who gets in now and still would, by whatever way, is somebody.
    let kept = skip.replace("bin", "daemon");
    let kept = diff(&bench, &format!("{kept}{rest}"));
    assert!(!kept.locks_everybody_out, "{}", kept.summary);
    let (store, now, _) = bench.admin.parts();
    store.put_rules(&now, &crate::policy::text::parse(skip).unwrap());
    let same = diff(&bench, &format!("{skip}{rest}"));
    assert!(!same.locks_everybody_out, "{}", same.summary);
}

// Mutants: who is locked counts as let in, or as disabled; whoever is closed is left out, is counted as
// locked out, or is told though nothing changes for them; they are told beside a change of theirs too.
#[test]
fn who_gets_in_neither_way_is_told_and_not_locked_out() {
    use Outcome::{Locked, Refused};
    let mut bench = peopled();
    closed(&mut bench, [&["daemon"], &["root"], &["bin"]]);
    let all = diff(&bench, "[[rule]]\naction = \"refuse\"\n");
    assert_eq!(changed(&all), [(Locked, Refused, 1, "root".to_owned())]);
    let others = [
        (Closure::Disabled, 1, "daemon".to_owned()),
        (Closure::Removed, 1, "bin".to_owned()),
    ];
    assert_eq!(shut(&all), others);
    assert_eq!(
        (all.locked_out, all.locks_you_out, all.locks_everybody_out),
        (0, false, false)
    );
    assert_eq!(all.summary, "locks out nobody");
    assert_eq!(all.looked_at, 2);
    let one = diff(&bench, REFUSE_DAEMON);
    assert_eq!((changed(&one), shut(&one)), (vec![], others[..1].to_vec()));
    assert_eq!(
        one.summary,
        "changes nothing for anybody but where accounts are closed"
    );
    let none = diff(&bench, "# none\n");
    assert_eq!((changed(&none), shut(&none)), (vec![], vec![]));
    // An administrator's lock is asked about whatever a rule skips; nobody gets in by that.
    let skipped = diff(&bench, "[[rule]]\naction = \"skip\"\n");
    assert_eq!(
        shut(&skipped),
        [
            (Closure::Locked, 1, "root".to_owned()),
            (Closure::Disabled, 1, "daemon".to_owned())
        ]
    );
}

// Mutants: tombstones are left out of the look; a row of wrong codes is no lock, or is one where a rule skips.
#[test]
fn who_gets_in_by_a_rule_alone_is_locked_out_where_it_goes() {
    use Outcome::{Locked, NotAsked, Refused};
    let mut bench = peopled();
    closed(&mut bench, [&[], &[], &["bin"]]);
    let (store, now, _) = bench.admin.parts();
    store.set_failures_alone("daemon", 100);
    let skip = "[[rule]]\nusers = [\"bin\", \"daemon\"]\naction = \"skip\"\n";
    store.put_rules(&now, &crate::policy::text::parse(skip).unwrap());
    let back = diff(&bench, "");
    assert_eq!(
        changed(&back),
        [
            (NotAsked, Locked, 1, "daemon".to_owned()),
            (NotAsked, Refused, 1, "bin".to_owned())
        ]
    );
    assert_eq!(back.summary, "locks out 2 people");
    assert_eq!(shut(&back), []);
}

// Mutant: policy_apply, try or confirm goes by the version in force instead of the diff's.
#[test]
fn the_second_of_two_consoles_is_refused_and_told_what_came_first() {
    let mut bench = peopled();
    let (mine, theirs) = (diff(&bench, REFUSE_DAEMON), diff(&bench, "# theirs\n"));
    let done = bench
        .admin
        .policy_apply(&theirs, Some("T-1\u{1b}[31m"), Guard::Kept)
        .unwrap();
    assert_eq!((done.version, done.before), (2, Some(1)));
    for refused in [
        bench.admin.policy_apply(&mine, None, Guard::Kept),
        bench.admin.policy_try(&mine, Span::from_mins(5), None),
        bench.admin.policy_confirm(1, None),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind(), Kind::No);
        let told = error.to_string();
        assert!(
            told.starts_with(
                "the change was made against policy version 1, and version 2 is in force now, which root \
                 (login bob) made on "
            ),
            "{told}"
        );
        assert!(!told.contains('\u{1b}'), "{told}");
    }
    assert_eq!(bench.admin.policy_text(None).unwrap(), "# theirs\n");
    let again = diff(&bench, REFUSE_DAEMON);
    let tried = bench
        .admin
        .policy_try(&again, Span::from_mins(5), None)
        .unwrap();
    assert_eq!((tried.version, tried.seconds), (3, Some(300)));
    let state = bench.admin.policy_state().unwrap();
    let trial = state.trial.unwrap();
    assert_eq!(
        (trial.version, trial.back_to, trial.seconds_left),
        (3, 2, 300)
    );
    let states: Vec<_> = bench
        .admin
        .policy_history(None, 9)
        .unwrap()
        .into_iter()
        .map(|row| (row.version, row.state))
        .collect();
    assert_eq!(states, [(3, "being tried"), (2, ""), (1, "")]);
    bench.clock.pass(Span::from_mins(5));
    let newest = bench.admin.policy_history(None, 1).unwrap();
    assert_eq!(newest[0].state, "tried, not kept");
    for span in [Span::from_secs(59), Span::from_secs(3601), Span::ZERO] {
        let refused = bench.admin.policy_try(&again, span, None).unwrap_err();
        assert_eq!(refused.kind(), Kind::Usage, "{span}");
    }
}

// Mutants: may() is left out of a verb, or asks for the wrong right.
#[test]
fn below_admin_the_policy_is_read_and_not_changed() {
    let mut bench = peopled();
    let diff_before = diff(&bench, REFUSE_DAEMON);
    for role in [Role::Auditor, Role::Helpdesk] {
        bench.admin.operator.role = role;
        let again = diff(&bench, REFUSE_DAEMON);
        assert_eq!(again.locked_out, 1);
        assert!(bench.admin.policy().is_ok() && bench.admin.policy_history(None, 1).is_ok());
        assert!(bench.admin.policy_test("root", "sshd", None, None).is_ok());
        for refused in [
            bench.admin.policy_apply(&diff_before, None, Guard::Waived),
            bench
                .admin
                .policy_try(&diff_before, Span::from_mins(5), None),
            bench.admin.policy_confirm(1, None),
        ] {
            let refused = refused.unwrap_err();
            assert!(
                matches!(refused, AdminError::NotPermitted { .. }),
                "{refused}"
            );
        }
    }
    assert_eq!(bench.admin.policy_state().unwrap().version, Some(1));
}

// Mutant: guarded() is left out, looks at one of the two alone, or at nobody but root.
#[test]
fn an_administrator_is_not_locked_out_by_mistake() {
    let mut bench = peopled();
    bench.admin.operator.uid = Some(1);
    let mine = diff(&bench, REFUSE_DAEMON);
    assert_eq!(mine.summary, "locks out 1 person: you");
    let told = |error: AdminError| (error.kind(), error.to_string());
    let (kind, text) = told(
        bench
            .admin
            .policy_apply(&mine, None, Guard::Kept)
            .unwrap_err(),
    );
    assert_eq!(kind, Kind::No);
    assert!(
        text.starts_with("that would lock out you, and stay so."),
        "{text}"
    );
    assert_eq!(bench.admin.policy_state().unwrap().version, Some(1));
    // Somebody who gets in nowhere now loses nothing.
    bench.admin.operator.uid = Some(2);
    let all = diff(&bench, "[[rule]]\naction = \"refuse\"\n");
    let (_, text) = told(
        bench
            .admin
            .policy_apply(&all, None, Guard::Kept)
            .unwrap_err(),
    );
    assert!(
        text.starts_with("that would lock out everybody who can sign in now"),
        "{text}"
    );
    bench.admin.policy_apply(&all, None, Guard::Waived).unwrap();
    let back = bench.admin.policy_candidate(1).unwrap();
    let back = bench.admin.policy_diff(&back, &mut |_| Go::On).unwrap();
    let done = bench
        .admin
        .policy_apply(&back, Some("T-9"), Guard::Kept)
        .unwrap();
    assert_eq!(done.version, 3);
    let rows = bench.admin.policy_history(None, 1).unwrap();
    assert_eq!(
        (rows[0].how.as_str(), rows[0].restores),
        ("rollback", Some(1))
    );
    let last = bench.admin.events_like(&EventFilter::default(), 1).unwrap();
    assert_eq!(last[0].kind, "policy-rollback");
    assert_eq!(last[0].detail["reason"], "T-9");
    assert_eq!(last[0].detail["by"], "root (login bob)");
    assert_eq!(
        (&last[0].detail["before"], &last[0].detail["version"]),
        (&2.into(), &3.into())
    );
}
