//! Lists of accounts, read page by page.

use gatepost_words::ident::{EmailAddress, UserName};

use super::super::browse::Around;
use super::super::filter::Filter;
use super::super::users::{Mask, Proof};
use super::bench;

#[test]
fn a_page_reads_past_accounts_that_were_wrong_and_are_not_locked() {
    let mut bench = bench();
    // Each of them was wrong today; only root is locked.
    for number in 0..9 {
        let name = UserName::new(format!("wrong{number}")).unwrap();
        let address = EmailAddress::new(format!("{name}@example.org")).unwrap();
        bench
            .admin
            .enrol(&name, 70_000 + number, &address, Proof::Word)
            .unwrap();
    }
    bench.enrol(Proof::Word);
    bench.admin.config.policy.limits.tries = 5;
    bench.fail(2);
    bench.admin.store.suspect_all();
    let page = |filter: &str, around, limit| {
        let filter = Filter::parse(filter).unwrap();
        let page = bench
            .admin
            .browse_users(&filter, &around, limit, Mask::Masked)
            .unwrap();
        let names: Vec<String> = page.rows.into_iter().map(|row| row.key).collect();
        (names, page.more_before, page.more_after)
    };
    let root = || vec!["root".to_owned()];
    assert_eq!(
        page("state:locked", Around::First, 2),
        (root(), false, false)
    );
    assert_eq!(
        page("state:locked", Around::Last, 2),
        (root(), false, false)
    );
    let wrong = |from: u32, to: u32| (from..to).map(|number| format!("wrong{number}"));
    let (names, before, after) = page("!state:locked", Around::First, 2);
    assert_eq!((names, before, after), (wrong(0, 2).collect(), false, true));
    let (names, before, after) = page("", Around::Key("wrong4".into()), 2);
    assert_eq!((names, before, after), (wrong(2, 6).collect(), true, true));
    let counted = |filter: &str| {
        bench
            .admin
            .count_users(&Filter::parse(filter).unwrap())
            .unwrap()
    };
    assert_eq!(counted("wrong"), Some(9));
    assert_eq!(counted("state:locked"), None, "only a reckoning knows");
}
