//! Lists of accounts, read page by page.

use gatepost_words::ident::{EmailAddress, UserName};

use super::super::browse::{After, Around};
use super::super::filter::{Filter, Order};
use super::super::users::{Listed, Mask, Proof, State};
use super::{Bench, bench, in_every_state, name};

#[test]
fn a_page_reads_past_accounts_that_were_wrong_and_are_not_locked() {
    let mut bench = bench();
    // Each of them was wrong today; only root is locked.
    for number in 0..9 {
        let name = UserName::new(format!("wrong{number}")).unwrap();
        let address = EmailAddress::new(format!("{name}@example.org")).unwrap();
        bench
            .admin
            .enrol(&name, 70_000 + number, &address, Proof::Word, None)
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
            .enrol(&name, 70_000 + number, &address, proof, None)
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

/// Where a state stands.
fn rank(state: State) -> usize {
    let states = [
        State::Locked,
        State::Unconfirmed,
        State::Disabled,
        State::Active,
        State::Removed,
    ];
    states.iter().position(|other| *other == state).unwrap()
}

// Mutants: who only might be locked is listed as locked, or twice, or not at all; a list that is turned round
// has its names turned round too; a page ends with its state; a bound is looked for in the states before its own,
// or left out of its own; where the list goes on, a state is looked up anew; a filter's states are not asked.
#[test]
fn by_state_each_account_stands_once_in_the_state_that_was_reckoned() {
    let bench = in_every_state();
    for (filter, count) in [
        ("", 15),
        ("state:locked,active", 6),
        ("!state:locked", 12),
        ("user1", 5),
    ] {
        for is_back in [false, true] {
            let by_state = if is_back { "sort:-state" } else { "sort:state" };
            let filter_by = |order: &str| Filter::parse(&format!("{filter} {order}")).unwrap();
            let listed = |order: &str, after: &After| {
                let rows = bench
                    .admin
                    .users_like(&filter_by(order), after, 9, Mask::Masked);
                rows.unwrap()
            };
            let keys = |rows: &[Listed]| -> Vec<String> {
                rows.iter().map(|row| row.key.clone()).collect()
            };
            let mut wanted = Vec::new();
            let mut after = After::default();
            loop {
                let some = listed("", &after);
                let Some(last) = some.last() else { break };
                after = After::row(last);
                wanted.extend(some);
            }
            wanted.sort_by(|one, other| {
                let [mut first, mut second] = [one, other].map(|row| rank(row.standing.state));
                if is_back {
                    std::mem::swap(&mut first, &mut second);
                }
                first.cmp(&second).then(one.key.cmp(&other.key))
            });
            assert_eq!(wanted.len(), count);
            let wanted_keys = keys(&wanted);
            assert_eq!(keys(&listed(by_state, &After::default())), wanted_keys);
            for (at, row) in wanted.iter().enumerate() {
                let rest = keys(&listed(by_state, &After::row(row)));
                assert_eq!(rest, wanted_keys[at + 1..], "{filter} {by_state}");
                for room in [1, 4, 99] {
                    let page = bench.admin.browse_users(
                        &filter_by(by_state),
                        &Around::Key(row.key.clone()),
                        room,
                        Mask::Masked,
                    );
                    let page = page.unwrap();
                    let found: Vec<String> = page.rows.into_iter().map(|row| row.key).collect();
                    let room = usize::try_from(room).unwrap();
                    let (from, to) = (at.saturating_sub(room), count.min(at + room));
                    assert_eq!(found, wanted_keys[from..to], "{filter} {by_state} {at}");
                    assert_eq!((page.more_before, page.more_after), (from > 0, to < count));
                }
            }
        }
    }
}

// Mutants: the state of who was read last is looked up anew; an account that is gone ends the list.
#[test]
fn by_state_an_account_that_moves_lets_no_other_be_passed_over() {
    let mut bench = in_every_state();
    let filter = Filter::parse("sort:state").unwrap();
    let first = |bench: &Bench, around| {
        let page = bench
            .admin
            .browse_users(&filter, &around, 2, Mask::Masked)
            .unwrap();
        let keys: Vec<String> = page.rows.into_iter().map(|row| row.key).collect();
        keys
    };
    let locked = bench.listed("state:locked", Mask::Masked);
    assert_eq!(locked.len(), 3);
    let after = After::row(&locked[0]);
    bench.admin.unlock_user(locked[0].key.as_str(), "").unwrap();
    let rest = bench
        .admin
        .users_like(&filter, &after, 9, Mask::Masked)
        .unwrap();
    let (of_it, others): (Vec<_>, Vec<_>) = rest.iter().partition(|row| row.key == locked[0].key);
    assert_eq!(others.len(), 14, "those that were not read yet");
    assert_eq!(of_it.len(), 1, "and itself, where it is now");
    // Around it, it is looked for where it is by now.
    let around = Around::Key(locked[0].key.clone());
    assert!(first(&bench, around).contains(&locked[0].key));
    let gone = Around::Key("nobody".to_owned());
    assert_eq!(first(&bench, gone), first(&bench, Around::First));
}
