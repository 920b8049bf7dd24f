//! What is said of an account: why it is asked, refused or locked, and what to do next.

use super::super::users::{Mask, Proof, State};
use super::super::why::Verdict;
use super::super::{AdminError, Kind};
use super::{bench, name};
use crate::policy::rules::{Action, Rule};

#[test]
fn why_speaks_to_the_point() {
    let mut bench = bench();
    assert_eq!(bench.why().sentence, "root would be refused: not enrolled.");
    bench.enrol(Proof::Word);
    let why = bench.why();
    assert_eq!(
        why.sentence,
        "root would be asked for a code: enrolled, confirmed a***@e***.org, 0 failures."
    );
    assert!(why.next.is_empty());

    bench.admin.disable_user("root", Some("left")).unwrap();
    let why = bench.why();
    assert_eq!(why.verdict, Verdict::Refused);
    assert_eq!(why.next, ["gatepost user enable root"]);
    bench.admin.enable_user("root", None).unwrap();

    bench.rules(&[Rule {
        users: vec![name("root")],
        groups: Vec::new(),
        services: Vec::new(),
        action: Action::Skip,
    }]);
    assert_eq!(bench.why().verdict, Verdict::NotAsked);
    bench.rules(&[]);

    bench.admin.remove_user("root", None).unwrap();
    let why = bench.why();
    assert_eq!(
        why.sentence,
        "root would be refused: the account was removed."
    );
    assert_eq!(why.next, ["gatepost user add root ADDRESS"]);
}

#[test]
fn a_lock_tells_its_time_and_its_cause_and_unlocking_ends_it() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.admin.config.policy.limits.tries = 5;
    bench.fail(2);
    let why = bench.why();
    assert_eq!(why.verdict, Verdict::Locked);
    assert_eq!(
        why.sentence,
        "root is locked for another 50 min: 10 wrong codes in the last hour, the last from \
         203.0.113.9."
    );
    assert_eq!(why.next, ["gatepost user unlock root"]);
    let listed = &bench.listed("state:locked", Mask::Masked)[0];
    assert_eq!(listed.standing.to_string(), "locked 50 min");

    let acted = bench.admin.unlock_user("root", Some("she called")).unwrap();
    assert_eq!(acted.before.state, State::Locked);
    assert_ne!(bench.why().verdict, Verdict::Locked);
}

#[test]
fn the_page_of_an_account_gives_the_verdict_of_why() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.admin.config.policy.limits.tries = 5;
    bench.fail(2);
    let page = bench.admin.browse_user("root", Mask::Masked).unwrap();
    assert_eq!((page.state, page.failures[0]), (State::Locked, 10));
    assert!(
        !page.mails.is_empty()
            || page.addresses == ["a***@e***.org [q1s3vp0c] confirmed by an administrator's word"]
    );
    let summary = bench.admin.summary().unwrap();
    assert_eq!(
        (summary.accounts, summary.locked, summary.unconfirmed),
        (1, 1, 0)
    );
    assert_eq!(summary.acts[0].kind, "user-add");
}

#[test]
fn who_is_not_enrolled_is_told_what_enrols_them() {
    let mut bench = bench();
    // Who is no user at all is told by the program's own tests: a machine without an installation
    // has no system user to believe the password database by.
    let error = bench.admin.unlock_user("root", None).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (
            Kind::NotFound,
            "root is not enrolled: gatepost user add root ADDRESS"
        )
    );
    bench.enrol(Proof::Word);
    bench.admin.remove_user("root", None).unwrap();
    let error = bench.admin.unlock_user("root", None).unwrap_err();
    assert!(matches!(error, AdminError::Removed(_)), "{error}");
}
