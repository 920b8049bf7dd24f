//! What the roles below admin may do, to whom and how often, and addresses in full.

use gatepost_words::secret::Secret;
use gatepost_words::time::Span;

use super::super::browse::{After, Around};
use super::super::filter::Filter;
use super::super::roles::{Operator, Role};
use super::super::users::{Mask, Proof};
use super::super::{AdminError, Kind};
use super::{Bench, bench, daemon};

#[test]
fn addresses_in_full_leave_an_event() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.admin.unmask("root", Some("a call")).unwrap();
    let listed = &bench.listed("", Mask::Unmasked)[0];
    assert_eq!(listed.addresses[0].address, "alice@example.org");
    assert_eq!(bench.kinds(), ["user-add", "unmask"]);
}

// Mutants: any of the guards is left out; the account's own uid, or the login's, is not asked.
#[test]
fn the_helpdesk_acts_on_nobody_with_privileges() {
    type Change = fn(&mut Operator);
    let cases: [(&str, Change, Option<&str>); 7] = [
        ("daemon", |_| {}, None),
        ("root", |_| {}, Some("that is root")),
        ("daemon", |o| o.uid = Some(daemon().uid), Some("yourself")),
        ("daemon", |o| o.login = Some(daemon().uid), Some("yourself")),
        (
            "daemon",
            |o| o.roles.auditor = vec!["daemon".into()],
            Some("have a role"),
        ),
        (
            "daemon",
            |o| o.roles.helpdesk = vec!["daemon".into()],
            Some("have a role"),
        ),
        (
            "daemon",
            |o| o.roles.admin = vec!["no-such-group".into(), "daemon".into()],
            Some("have a role"),
        ),
    ];
    for (user, change, why) in cases {
        let mut bench = Bench::helped();
        change(&mut bench.admin.operator);
        let ends = [
            bench.admin.unlock_user(user, None).map(drop),
            bench.admin.confirmation_open(user).map(drop),
            bench.admin.send_confirmation(user, None).map(drop),
        ];
        for end in ends {
            let Some(why) = why else {
                end.unwrap();
                continue;
            };
            let error = end.unwrap_err();
            assert!(error.to_string().contains(why), "{user}: {error}");
            assert_eq!(error.kind(), Kind::NotPermitted);
        }
        let wrong = bench
            .admin
            .confirm(user, &Secret::from("1".to_owned()), None);
        let is_guarded = matches!(wrong, Err(AdminError::Guarded { .. }));
        assert_eq!(is_guarded, why.is_some(), "{user}");
    }
}

// Mutants: nothing is counted; an admin's unlock counts, or refills; the count is another account's; a
// refused one unlocks nevertheless.
#[test]
fn the_helpdesk_unlocks_an_account_five_times_a_day() {
    let mut bench = Bench::helped();
    let helpdesk = bench.admin.operator.clone();
    for _ in 0..5 {
        bench.admin.unlock_user("daemon", None).unwrap();
    }
    let unlocks = |bench: &Bench| {
        let mut kinds = bench.kinds();
        kinds.retain(|kind| kind == "user-unlock");
        kinds.len()
    };
    let often = bench.admin.unlock_user("daemon", None).unwrap_err();
    assert!(matches!(often, AdminError::UnlockedOften { most: 5, .. }));
    assert_eq!(often.kind(), Kind::NotPermitted);
    assert_eq!(unlocks(&bench), 5);
    bench.admin.operator.role = Role::Admin;
    bench.admin.unlock_user("daemon", None).unwrap();
    bench.admin.operator = helpdesk;
    assert!(bench.admin.unlock_user("daemon", None).is_err());
    bench.clock.pass(Span::from_hours(23));
    assert!(bench.admin.unlock_user("daemon", None).is_err());
    bench.clock.pass(Span::from_hours(1));
    bench.admin.unlock_user("daemon", None).unwrap();
    assert_eq!(unlocks(&bench), 7);
}

// Mutant: admins are counted, or nobody is.
#[test]
fn the_helpdesk_sees_addresses_a_hundred_times_a_day() {
    let mut bench = Bench::helped();
    for _ in 0..100 {
        bench.admin.unmask("", None).unwrap();
    }
    let often = bench.admin.unmask("", None).unwrap_err();
    assert!(matches!(often, AdminError::UnmaskedOften(100)));
    assert_eq!(often.kind(), Kind::NotPermitted);
    bench.admin.operator.role = Role::Admin;
    bench.admin.unmask("", None).unwrap();
}

// Mutants: Mask::needs says Look; an auditor's search looks at addresses.
#[test]
fn an_auditor_learns_no_address() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.admin.operator.role = Role::Auditor;
    let all = Filter::parse("").unwrap();
    let shown = [
        bench.admin.unmask("", None).map(drop),
        bench.admin.show_user("root", Mask::Unmasked).map(drop),
        bench.admin.browse_user("root", Mask::Unmasked).map(drop),
        bench
            .admin
            .users_like(&all, &After::default(), 9, Mask::Unmasked)
            .map(drop),
        bench
            .admin
            .browse_users(&all, &Around::First, 9, Mask::Unmasked)
            .map(drop),
    ];
    for refused in shown {
        assert_eq!(refused.unwrap_err().kind(), Kind::NotPermitted);
    }
    assert_eq!(bench.listed("root", Mask::Masked).len(), 1);
    assert_eq!(bench.listed("alice@", Mask::Masked).len(), 0);
    let by_address = Filter::parse("alice@").unwrap();
    assert_eq!(bench.admin.count_users(&by_address).unwrap(), Some(0));
    bench.admin.operator.role = Role::Helpdesk;
    assert_eq!(bench.listed("alice@", Mask::Masked).len(), 1);
}
