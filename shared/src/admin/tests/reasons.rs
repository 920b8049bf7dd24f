//! Why an act was done, in its event.

use gatepost_words::secret::Secret;

use super::super::filter::EventFilter;
use super::super::users::Proof;
use super::{bench, name};

// Mutants: an act drops the reason that it is given; who gave none is said to have given an empty one.
#[test]
fn an_act_on_an_account_keeps_its_reason_in_its_event() {
    for why in [Some("TICKET-812"), None] {
        let mut bench = bench();
        let address = gatepost_words::ident::EmailAddress::new("alice@example.org".to_owned());
        let address = address.unwrap();
        let admin = &mut bench.admin;
        admin
            .enrol(&name("root"), 0, &address, Proof::Code, why)
            .unwrap();
        admin.send_confirmation("root", why).unwrap();
        admin.invite("root", why).unwrap();
        let code = Secret::from(bench.codes.borrow().last().unwrap().clone());
        admin.confirm("root", &code, why).unwrap();
        admin.new_recovery("root", why).unwrap();
        admin.test_mail("bob@example.net", why).unwrap();
        admin.vacuum(why).unwrap();
        let events = admin.events_like(&EventFilter::default(), 20).unwrap();
        let reasons: Vec<(&str, Option<&str>)> = events
            .iter()
            .map(|event| (event.kind.as_str(), event.detail["reason"].as_str()))
            .collect();
        let kinds = [
            "user-add",
            "user-verify-sent",
            "user-verify-sent",
            "user-confirmed",
            "recovery-new",
            "mail-test",
            "store-vacuum",
        ];
        assert_eq!(reasons, kinds.map(|kind| (kind, why)));
    }
}
