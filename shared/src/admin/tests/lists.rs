//! Lists of accounts, read page by page.

use gatepost_words::ident::{EmailAddress, UserName};

use super::super::browse::{After, Around};
use super::super::filter::{Filter, Order};
use super::super::users::{Mask, Proof};
use super::{bench, name};

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

// Mutants: a list goes on from the account itself, or from its name alone; a reckoning ends a list early.
#[test]
fn a_list_goes_on_after_what_was_read_of_it_in_every_order() {
    let mut bench = bench();
    for number in (0..4).rev() {
        let name = name(&format!("wrong{number}"));
        let address = EmailAddress::new(format!("{name}@example.org")).unwrap();
        let proof = Proof::Word;
        bench
            .admin
            .enrol(&name, 70_000 + number, &address, proof)
            .unwrap();
    }
    bench.enrol(Proof::Word);
    bench.fail(1);
    for order in Order::ALL {
        for filter in ["", "state:active "] {
            let filter = Filter::parse(&format!("{filter}sort:{order}")).unwrap();
            let like = |after: &After| {
                let rows = bench.admin.users_like(&filter, after, 9, Mask::Masked);
                rows.unwrap()
            };
            let all = like(&After::default());
            assert_eq!(all.len(), 5, "{order}");
            for (at, row) in all.iter().enumerate() {
                let rest: Vec<String> = like(&After::row(row))
                    .into_iter()
                    .map(|row| row.key)
                    .collect();
                let wanted: Vec<String> =
                    all.iter().skip(at + 1).map(|row| row.key.clone()).collect();
                assert_eq!(rest, wanted, "{order}");
                let around = Around::Key(row.key.clone());
                let page = bench.admin.browse_users(&filter, &around, 9, Mask::Masked);
                let keys: Vec<String> = page.unwrap().rows.into_iter().map(|row| row.key).collect();
                assert!(keys.iter().eq(all.iter().map(|row| &row.key)), "{order}");
            }
        }
    }
    let first = |text: &str| {
        let filter = Filter::parse(text).unwrap();
        let page = bench
            .admin
            .browse_users(&filter, &Around::First, 1, Mask::Masked);
        page.unwrap().rows[0].key.clone()
    };
    assert_eq!(first("sort:-fails"), "root");
    assert_eq!(first("sort:fails"), "wrong0");
}
