//! Orders that are looked for, against a naive sort.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::super::conditions;
use super::{Bound, Order, Seen, Way, by_key, looked_for};
use crate::host::Host;
use crate::host::tests::Fixed;
use crate::store::Store;
use crate::store::browse::{Condition, Kept, Side, Test};

const ORDERS: [Order; 4] = [Order::Last, Order::LastBack, Order::Fails, Order::FailsBack];

/// An account: name, last success, failures in a row.
type Row = (String, Option<i64>, u32);

/// So many accounts with few different values, and names in no order.
fn filled(count: u64) -> (Store, Vec<Row>) {
    let store = Store::in_memory();
    let mut random = 7_u64;
    let mut draw = |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let rows: Vec<Row> = (0..count)
        .map(|number| {
            let name = format!("{:04}-{number}", draw(10_000));
            let last = Some(draw(9).cast_signed()).filter(|last| *last > 2);
            (
                name,
                last.map(|last| last - 3),
                u32::try_from(draw(4)).unwrap(),
            )
        })
        .collect();
    for (uid, (name, last, fails)) in (1000..).zip(&rows) {
        store
            .connection
            .execute(
                "INSERT INTO accounts (name, uid, state, created_wall, success_wall, failures_in_row)
                 VALUES (?1, ?2, 'active', 0, ?3, ?4)",
                params![name, uid, last, fails],
            )
            .unwrap();
    }
    (store, rows)
}

/// As somebody would sort them who has them all.
fn sorted(mut rows: Vec<Row>, order: Order) -> Vec<Row> {
    rows.sort_by(|one, other| {
        let by_value = if matches!(order, Order::Fails | Order::FailsBack) {
            one.2.cmp(&other.2)
        } else {
            // None is less than any.
            one.1.cmp(&other.1)
        };
        let is_falling = matches!(order, Order::LastBack | Order::FailsBack);
        let by_value = if is_falling {
            by_value.reverse()
        } else {
            by_value
        };
        by_value.then(one.0.cmp(&other.0))
    });
    rows
}

fn page(
    store: &Store,
    (order, way, from): (Order, Way, Option<&Bound>),
    conditions: &[Condition],
    limit: u32,
) -> Vec<Row> {
    let now = Fixed::new().now();
    let found = store.accounts_from(&now, conditions, 100, (order, way, from), limit);
    let row = |found: crate::store::accounts::Account| {
        (found.name, found.last_success, found.failures_in_a_row)
    };
    found.unwrap().into_iter().map(row).collect()
}

fn after((name, last, fails): &Row) -> Bound {
    let seen = Seen {
        last: *last,
        fails: *fails,
    };
    Bound::after(name, seen)
}

/// All of it, so many at a time.
fn paged(store: &Store, order: Order, way: Way, conditions: &[Condition]) -> Vec<Row> {
    let mut all = Vec::new();
    let mut from = None;
    loop {
        let rows = page(store, (order, way, from.as_ref()), conditions, 7);
        let Some(last) = rows.last() else { return all };
        from = Some(after(last));
        all.extend(rows);
    }
}

// Mutants: never is the latest; a direction is the other one; ties stand as they were enrolled, or against
// their names in one direction; the value of a bound, or its name, is left out.
#[test]
fn every_order_is_a_naive_sort_and_paging_meets_each_account_once() {
    let (store, rows) = filled(200);
    for order in ORDERS {
        let wanted = sorted(rows.clone(), order);
        assert_eq!(page(&store, (order, Way::Onwards, None), &[], 999), wanted);
        assert_eq!(paged(&store, order, Way::Onwards, &[]), wanted, "{order:?}");
        let mut back = wanted.clone();
        back.reverse();
        assert_eq!(paged(&store, order, Way::Back, &[]), back, "{order:?}");
        for (at, row) in wanted.iter().enumerate() {
            let bound = Bound::at(&row.0);
            let onwards = page(&store, (order, Way::Onwards, Some(&bound)), &[], 5);
            assert_eq!(onwards, wanted[at..wanted.len().min(at + 5)], "{order:?}");
            let before = page(&store, (order, Way::Back, Some(&bound)), &[], 5);
            let (from, to) = (back.len() - at, back.len().min(back.len() - at + 5));
            assert_eq!(before, back[from..to], "{order:?}");
        }
    }
}

// Mutant: the place of who was read last is looked up anew, so that others are passed over.
#[test]
fn an_account_that_moves_meanwhile_lets_no_other_be_passed_over() {
    for order in ORDERS {
        let (store, rows) = filled(60);
        let mut met = BTreeSet::new();
        let mut from = None;
        loop {
            let rows = page(&store, (order, Way::Onwards, from.as_ref()), &[], 7);
            let Some(last) = rows.last() else { break };
            from = Some(after(last));
            // The last one signs in, or types wrong codes, before the next page is read.
            let sql = "UPDATE accounts SET success_wall = 99, failures_in_row = 99 WHERE name = ?1";
            store.connection.execute(sql, [&last.0]).unwrap();
            met.extend(rows.into_iter().map(|row| row.0));
        }
        let all: BTreeSet<String> = rows.into_iter().map(|row| row.0).collect();
        assert_eq!(met, all, "{order:?}");
    }
}

#[test]
fn conditions_hold_in_every_order() {
    let (store, rows) = filled(200);
    let conditions = [Condition {
        negated: false,
        test: Test::Failures(Side::Above, 1),
    }];
    for order in ORDERS {
        let wanted: Vec<Row> = sorted(rows.clone(), order)
            .into_iter()
            .filter(|row| row.2 > 1)
            .collect();
        assert_eq!(paged(&store, order, Way::Onwards, &conditions), wanted);
    }
}

// Mutants: nothing comes after an account that is gone; all comes before it.
#[test]
fn a_page_around_an_account_that_is_gone_begins_anew() {
    let (store, rows) = filled(3);
    let gone = Bound::at("nobody");
    let order = Order::LastBack;
    let wanted = sorted(rows, order);
    let onwards = page(&store, (order, Way::Onwards, Some(&gone)), &[], 9);
    assert_eq!(onwards.cmp(&wanted), Ordering::Equal);
    assert!(page(&store, (order, Way::Back, Some(&gone)), &[], 9).is_empty());
}

// Mutant: the order tempts SQLite away from what the conditions are found by.
#[test]
fn what_an_index_finds_is_all_that_is_looked_at() {
    let (store, _) = filled(3);
    let now = Fixed::new().now();
    let by_uid = "SEARCH a USING INDEX accounts_by_uid (uid=?)";
    let by_name = "SEARCH a USING INDEX sqlite_autoindex_accounts_1 (name=?)";
    let by_start = "SEARCH a USING INDEX sqlite_autoindex_accounts_1 (name>? AND name<?)";
    for (test, step) in [
        (Test::Uid(7), by_uid),
        (Test::OneOf(vec!["alice".into()]), by_name),
        (Test::Begins("ali".into()), by_start),
    ] {
        for order in ORDERS {
            let condition = [Condition {
                negated: false,
                test: test.clone(),
            }];
            let clause = conditions::clause(&store.connection, &now, &condition, 100).unwrap();
            let by = order.looked_for().unwrap();
            let bound = Bound::at("alice");
            let (sql, values) = looked_for(&clause, (by, Way::Onwards, Some((&bound, 5))), 9);
            let steps = plan(&store, &sql, values);
            assert!(steps.contains(&step.to_owned()), "{order:?} {steps:?}");
            let is_scan = |step: &String| step.starts_with("SCAN a");
            assert!(!steps.iter().any(is_scan), "{order:?} {steps:?}");
        }
    }
}

// Mutant: rows are read by name, each from another end of the table.
#[test]
fn what_few_accounts_are_is_sought_as_the_table_lies() {
    let (store, _) = filled(3);
    let now = Fixed::new().now();
    for (test, step) in [
        (Test::State(vec![Kept::Disabled]), "SCAN a"),
        (Test::Uid(7), "SEARCH a USING INDEX accounts_by_uid (uid=?)"),
    ] {
        let condition = [Condition {
            negated: false,
            test,
        }];
        let clause = conditions::clause(&store.connection, &now, &condition, 100).unwrap();
        let bound = Bound::at("alice");
        let (sql, values) = by_key(&clause, (Order::Sought, Way::Onwards, Some(&bound)), 9);
        let steps = plan(&store, &sql, values);
        assert_eq!(steps, [step, "USE TEMP B-TREE FOR ORDER BY"]);
    }
}

/// How SQLite goes about it.
fn plan(store: &Store, sql: &str, values: Vec<Value>) -> Vec<String> {
    let sql = format!("EXPLAIN QUERY PLAN {sql}");
    let mut statement = store.connection.prepare(&sql).unwrap();
    let steps = statement
        .query_map(params_from_iter(values), |row| row.get::<_, String>(3))
        .unwrap();
    steps.map(Result::unwrap).collect()
}
