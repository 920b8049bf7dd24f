//! What is decided before anything is asked, and by which rules.

use gatepost_words::ident::EmailAddress;
use gatepost_words::time::Span;
use gatepost_words::wire::Verdict;

use super::{Desk, actor, all, user};
use crate::host::Host;
use crate::login::{Fault, Login, Step};
use crate::policy::Unenrolled;
use crate::policy::rules::{Action, Rule};
use crate::store::accounts::Confirmation;
use crate::store::policies::{Draft, How};

#[test]
fn rules_and_enrolment_decide_before_anything_is_asked() {
    let rule = |action| Rule {
        users: vec![],
        groups: vec![],
        services: vec![],
        action,
    };
    let mut desk = Desk::new();
    let refused = |desk: &Desk| desk.begin(desk.hello()).map(|_| ()).unwrap_err();
    assert_eq!(refused(&desk), Verdict::UserUnknown);
    desk.config.policy.unenrolled = Unenrolled::Ignore;
    assert_eq!(refused(&desk), Verdict::Ignore);
    desk.rules(&[rule(Action::Refuse)]);
    assert_eq!(refused(&desk), Verdict::Denied);
    desk.rules(&[rule(Action::Skip)]);
    assert_eq!(refused(&desk), Verdict::Ignore);
    assert_eq!(desk.decisions(), 4);
}

// Mutants: people::groups takes a group that is not there for an empty one; nobody is told.
#[test]
fn a_mistyped_group_asks_everybody_and_is_told() {
    let desk = Desk::enrolled();
    let rule = |groups: &[&str], action| Rule {
        users: vec![],
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        services: vec![],
        action,
    };
    desk.rules(&[
        rule(&["no-such-group"], Action::Require),
        rule(&[], Action::Skip),
    ]);
    let play = desk.log_in();
    assert_eq!(
        play.login.notes(),
        ["a rule names a group that is not there: no-such-group"]
    );
}

// Mutants: Store::begin, or resend, does not compare what was read with what is in force; a policy that
// changed is decided by groups that were looked up for another.
#[test]
fn a_policy_that_changes_before_the_decision_is_read_again() {
    let desk = Desk::enrolled();
    let store = desk.store();
    let login = |store| {
        Login::new(
            &desk.host,
            &desk.config,
            &desk.key,
            store,
            None,
            desk.hello(),
        )
        .unwrap()
    };
    let mut early = login(store);
    desk.rules(&[
        all(Action::Skip, &["no-such-group"]),
        all(Action::Refuse, &["daemon"]),
    ]);
    let Step::End(end) = early.begin().unwrap() else {
        panic!("asked by rules that are no longer in force")
    };
    assert_eq!(end.verdict, Verdict::Denied);
    assert_eq!(
        early.notes(),
        ["a rule names a group that is not there: no-such-group"]
    );
    // A new code is a decision too.
    desk.rules(&[]);
    let mut play = desk.log_in();
    desk.rules(&[all(Action::Refuse, &[])]);
    desk.host.pass(Span::from_mins(1));
    assert!(play.type_in("r").unwrap().contains("sign in again"));
    assert_eq!(desk.decisions(), 1);
    assert!(play.login.take_letter().is_none());
}

// Mutants: the tries are not bounded, or the last one is taken whatever came in between.
#[test]
fn a_policy_that_never_rests_is_a_refusal() {
    let desk = Desk::enrolled();
    let mut login = Login::new(
        &desk.host,
        &desk.config,
        &desk.key,
        desk.store(),
        None,
        desk.hello(),
    )
    .unwrap();
    let mut tries = 0;
    let policy = &desk.config.policy;
    let refused = login
        .under_the_policy(|store, now, opening| {
            tries += 1;
            desk.rules(&vec![all(Action::Skip, &[]); tries]);
            store.look(now, opening, policy)
        })
        .unwrap_err();
    assert_eq!(tries, 4);
    assert!(
        matches!(&refused, Fault::Store(error) if error.is_moved()),
        "{refused}"
    );
    assert_eq!(desk.decisions(), 0);
}

// Mutant: a login that begins in a try is told that it goes on after the try's end, or the other way.
#[test]
fn a_try_decides_until_its_end_and_no_longer() {
    let desk = Desk::enrolled();
    desk.rules(&[all(Action::Refuse, &[])]);
    let draft = Draft {
        text: "[[rule]]\naction = \"skip\"\n",
        base: Some(2),
        how: How::Try(Span::from_mins(1)),
        reason: "",
    };
    let mut store = desk.store();
    store
        .add_policy(&desk.host.now(), &actor(), &draft)
        .unwrap();
    let ended = || desk.begin(desk.hello()).map(|_| ()).unwrap_err();
    assert_eq!(ended(), Verdict::Ignore);
    // Read while it was tried, decided when that was over.
    let mut late = Login::new(
        &desk.host,
        &desk.config,
        &desk.key,
        store,
        None,
        desk.hello(),
    )
    .unwrap();
    desk.host.pass(Span::from_mins(1));
    let Step::End(end) = late.begin().unwrap() else {
        panic!("asked")
    };
    assert_eq!(end.verdict, Verdict::Denied);
    assert_eq!(ended(), Verdict::Denied);
}

#[test]
fn a_removed_a_disabled_and_a_reused_account_are_refused() {
    let mut desk = Desk::enrolled();
    desk.config.policy.unenrolled = Unenrolled::Ignore;
    let refused = |desk: &Desk| desk.begin(desk.hello()).map(|_| ()).unwrap_err();
    let now = desk.host.now();
    desk.store()
        .set_state(&now, &actor(), &user(), "disabled", &"".into())
        .unwrap();
    assert_eq!(refused(&desk), Verdict::Denied);
    desk.store()
        .remove_account(&now, &actor(), &user(), &"".into())
        .unwrap();
    assert_eq!(refused(&desk), Verdict::Denied);
    let address = EmailAddress::new("x@example.org".into()).unwrap();
    desk.store()
        .add_account(&now, &actor(), &user(), 4711, &address, &Confirmation::Word)
        .unwrap();
    assert_eq!(refused(&desk), Verdict::Denied);
}
