//! Addresses that are confirmed: by a code that came back, or by the administrator's word.

use gatepost_words::ident::EmailAddress;
use gatepost_words::job::Outcome;
use gatepost_words::secret::Secret;
use gatepost_words::time::Span;

use super::super::filter::EventFilter;
use super::super::users::{self, Mask, Proof};
use super::super::why::Verdict;
use super::super::{AdminError, Kind};
use super::{bench, name};
use crate::code::key::Tag;
use crate::store::accounts::Guarded;

#[test]
fn an_address_is_used_once_its_code_came_back() {
    let mut bench = bench();
    let added = bench.enrol(Proof::Code);
    assert_eq!((added.confirmed, added.mail.len()), (false, 1));
    assert_eq!(added.address, "a***@e***.org");
    let why = bench.why();
    assert_eq!(why.verdict, Verdict::NoMail);
    assert_eq!(
        why.sentence,
        "root would be asked, but no code can be mailed: a***@e***.org is not confirmed."
    );
    assert_eq!(why.next, ["gatepost user verify root"]);

    let code = Secret::from(bench.codes.borrow()[0].clone());
    assert!(bench.admin.confirmation_open("root").unwrap());
    bench.admin.confirm("root", &code, None).unwrap();
    assert_eq!(bench.why().verdict, Verdict::Asked);
    let again = bench.admin.confirm("root", &code, None).unwrap_err();
    assert_eq!(again.kind(), Kind::NotFound, "{again}");
    assert_eq!(bench.kinds(), ["user-add", "user-confirmed"]);
}

#[test]
fn five_wrong_codes_end_a_confirmation_and_a_new_code_begins_another() {
    let mut bench = bench();
    bench.enrol(Proof::Code);
    let wrong = Secret::from("00000000".to_owned());
    for _ in 0..5 {
        let error = bench.admin.confirm("root", &wrong, None).unwrap_err();
        assert!(matches!(error, AdminError::WrongCode { .. }), "{error}");
    }
    let right = Secret::from(bench.codes.borrow()[0].clone());
    let over = bench.admin.confirm("root", &right, None).unwrap_err();
    assert_eq!(over.kind(), Kind::NotFound, "{over}");
    assert!(!bench.admin.confirmation_open("root").unwrap());

    let sent = bench.admin.send_confirmation("root", None).unwrap();
    assert_eq!(sent.address, "a***@e***.org");
    let newer = Secret::from(bench.codes.borrow()[1].clone());
    assert_eq!(
        bench
            .admin
            .confirm("root", &right, None)
            .unwrap_err()
            .kind(),
        Kind::No,
        "the earlier code died"
    );
    bench.admin.confirm("root", &newer, None).unwrap();
}

// Mutants: a confirmation's mail is not counted, or not among those that are no codes; it is refused without a
// word; a refused one kills the earlier code.
#[test]
fn confirmations_stop_at_the_ceiling_of_an_address_and_say_why() {
    let mut bench = bench();
    bench.admin.config.policy.limits.mails_per_address_per_day = 4;
    bench.enrol(Proof::Code);
    bench.clock.pass(Span::from_hours(1));
    bench.admin.send_confirmation("root", None).unwrap();
    let refused = bench.admin.send_confirmation("root", None).unwrap_err();
    let said = refused.to_string();
    assert!(
        said.contains("a***@e***.org had 2 mails that were no sign-in codes within a day")
            && said.contains("the next may go in 23 h"),
        "{said}"
    );
    assert_eq!(bench.codes.borrow().len(), 2, "no third mail");
    let newest = Secret::from(bench.codes.borrow()[1].clone());
    bench.admin.confirm("root", &newest, None).unwrap();
    // They count for codes too, and an enrolment that is refused leaves nothing.
    bench.admin.config.policy.limits.mails_per_address_per_day = 2;
    assert_eq!(bench.why().verdict, Verdict::NoMail);
    bench.admin.remove_user("root", None).unwrap();
    let address = EmailAddress::new("alice@example.org".to_owned()).unwrap();
    let refused = bench
        .admin
        .enrol(&name("root"), 0, &address, Proof::Code, None);
    assert!(refused.unwrap_err().to_string().contains("2 mails within"));
    let account = bench.admin.store.account(&name("root")).unwrap().unwrap();
    assert_eq!(account.state, "removed");
    bench.clock.pass(Span::from_hours(24));
    bench.enrol(Proof::Code);
}

#[test]
fn a_day_old_confirmation_code_is_no_longer_taken() {
    let mut bench = bench();
    bench.enrol(Proof::Code);
    bench.clock.pass(Span::from_hours(24));
    assert!(!bench.admin.confirmation_open("root").unwrap());
    let code = Secret::from(bench.codes.borrow()[0].clone());
    assert!(bench.admin.confirm("root", &code, None).is_err());
}

#[test]
fn the_administrators_word_is_recorded_as_that() {
    let mut bench = bench();
    assert!(bench.enrol(Proof::Word).confirmed);
    assert!(bench.codes.borrow().is_empty());
    let shown = bench.admin.show_user("root", Mask::Masked).unwrap();
    let by = shown.account.addresses[0].confirmed_by.as_deref();
    assert_eq!(by, Some("administrator"));
    let newest = bench.admin.events_like(&EventFilter::default(), 1);
    let event = &newest.unwrap()[0];
    assert_eq!(event.detail["by"], "root (login bob)");
    assert_eq!(event.detail["confirmed"], "by the administrator's word");
    assert_eq!(event.detail["address"], "a***@e***.org");
}

#[test]
fn a_mail_that_failed_shows_where_it_is_asked_about() {
    let mut bench = bench();
    *bench.outcome.borrow_mut() = Outcome::Tls;
    let added = bench.enrol(Proof::Code);
    assert!(!users::accepted(&added.mail));
    assert_eq!(added.mail[0].reply, "said \\u{1b}[31mred");
    let mails = bench.admin.mails(Some("root"), 10).unwrap();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (mails[0].kind.as_str(), mails[0].outcome.as_str()),
        ("confirmation", "tls")
    );
    let test = bench.admin.test_mail("bob@example.org", None).unwrap();
    assert!(!test.accepted);
}

// Mutants: the uid that the guards were asked about is not compared, in either transaction.
#[test]
fn a_confirmation_is_the_account_that_the_guards_saw() {
    let mut bench = bench();
    bench.enrol(Proof::Code);
    let (name, account) = bench.admin.enrolled("root").unwrap();
    bench.clock.pass(Span::from_hours(2));
    let now = bench.admin.host.now();
    for (uid, is_it) in [(account.uid, true), (account.uid + 1, false)] {
        let guarded = Guarded {
            name: &name,
            uid,
            seen: None,
        };
        let counted = bench.admin.store.count_confirmation(&now, guarded);
        assert_eq!(counted.is_ok(), is_it, "{uid}");
        let (tag, actor) = (Tag([0; 32]), bench.admin.actor.clone());
        let sent = bench
            .admin
            .store
            .renew_confirmation(&now, &actor, guarded, [1; 16], &tag, 9);
        assert_eq!(sent.is_ok(), is_it, "{uid}");
    }
}
