//! What the log and the replies say of addresses: no whole one, and which one it was.

use gatepost_words::secret::Secret;

use super::super::AdminError;
use super::super::filter::EventFilter;
use super::super::roles::Role;
use super::super::users::{Form, Mask, Options, Proof, Stop, read_rows};
use super::{Bench, bench};

/// Two addresses with one mask.
const OLD: &str = "alice@example.org";
const NEW: &str = "andrew@easter.org";
const MASK: &str = "a***@e***.org";

impl Bench {
    fn mark(&self, address: &str) -> String {
        self.admin.fingerprint(address).unwrap().fingerprint
    }

    fn last_detail(&self, kind: &str) -> serde_json::Value {
        let filter = EventFilter::parse(&format!("kind:{kind}")).unwrap();
        let events = self.admin.events_like(&filter, 1).unwrap();
        events.last().unwrap().detail.clone()
    }
}

// Mutants: before and after are confused; one event or reply lacks its fingerprint, or has the address;
// the mask is what is hashed.
#[test]
fn addresses_with_one_mask_are_told_apart_wherever_an_event_names_one() {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    let (old, new) = (bench.mark(OLD), bench.mark(NEW));
    assert_ne!(old, new);
    let told = |bench: &Bench, kind: &str, field: &str| {
        let detail = bench.last_detail(kind);
        let text = |name: &str| detail[name].as_str().unwrap_or_default().to_owned();
        (text(field), text(&format!("{field}_fingerprint")))
    };
    let both = |fingerprint: &str| (MASK.to_owned(), fingerprint.to_owned());
    assert_eq!(told(&bench, "user-add", "address"), both(&old));

    let moved = bench
        .admin
        .set_mail("root", NEW, Proof::Code, None)
        .unwrap();
    assert_eq!(told(&bench, "user-set-mail", "before"), both(&old));
    assert_eq!(told(&bench, "user-set-mail", "after"), both(&new));
    assert_eq!(moved.before_told(), format!("{MASK} [{old}]"));
    assert_eq!(moved.address_told(), format!("{MASK} [{new}]"));
    let page = bench.admin.show_user("root", Mask::Masked).unwrap();
    let shown = page.account.addresses.iter();
    let shown: Vec<Option<String>> = shown.map(|one| one.fingerprint.clone()).collect();
    assert_eq!(shown, [Some(old.clone()), Some(new.clone())]);

    bench.admin.send_confirmation("root", None).unwrap();
    assert_eq!(told(&bench, "user-verify-sent", "address"), both(&new));
    let code = Secret::from(bench.codes.borrow()[1].clone());
    bench.admin.confirm("root", &code, None).unwrap();
    assert_eq!(told(&bench, "user-confirmed", "address"), both(&new));
    assert_eq!(told(&bench, "user-confirmed", "replaced"), both(&old));

    bench.admin.test_mail(OLD, None).unwrap();
    assert_eq!(told(&bench, "mail-test", "address"), both(&old));
    bench.admin.remove_user("root", None).unwrap();
    assert_eq!(told(&bench, "user-remove", "addresses"), both(&new));

    let rows = read_rows(&b"user,address\ndaemon,alice@example.org\n"[..], &Form::Csv).unwrap();
    let plan = bench.admin.plan_import(rows, Options::default()).unwrap();
    let done = bench
        .admin
        .apply_import(&plan, "", &Stop::default(), |_, _| {});
    assert_eq!(done.unwrap().added, 1);
    assert_eq!(told(&bench, "user-add", "address"), both(&old));

    let all = format!("{:?}", bench.admin.store.events_after(0, 100).unwrap());
    for address in [OLD, NEW] {
        assert!(!all.contains(address), "{address} in {all}");
    }
}

// Mutants: an act that needs no key fails without one; a fingerprint of nothing is told.
#[test]
fn without_a_key_an_act_is_told_with_the_mask_alone() {
    let mut bench = bench();
    bench.admin.key = None;
    bench.enrol(Proof::Word);
    let moved = bench
        .admin
        .set_mail("root", NEW, Proof::Word, None)
        .unwrap();
    assert_eq!(moved.address_told(), MASK);
    let detail = bench.last_detail("user-set-mail");
    assert_eq!(detail["before"], MASK);
    assert_eq!(detail.get("before_fingerprint"), None);
    let page = bench.admin.show_user("root", Mask::Masked).unwrap();
    assert_eq!(page.account.addresses[0].fingerprint, None);
    bench.admin.remove_user("root", None).unwrap();
    assert!(bench.admin.fingerprint(OLD).is_err());
    // Once it can be read again, it is.
    bench.admin.key = super::Key::new(Secret::new(vec![7; 32]));
    assert_eq!(bench.mark(OLD), "q1s3vp0c");
}

// Mutant: whoever may look may try addresses.
#[test]
fn only_who_may_have_all_addresses_may_try_one() {
    for role in [Role::Auditor, Role::Helpdesk] {
        let mut bench = bench();
        bench.role(role);
        let refused = bench.admin.fingerprint(OLD);
        assert!(matches!(refused, Err(AdminError::NotPermitted { .. })));
    }
}
