//! What is understood of filters, and where what is not stands.

use super::{Asks, Filter, State};
use crate::store::browse::{Fate, Side, Test};

#[test]
fn words_become_conditions() {
    let cases = [
        ("ali", false, Asks::Rows(Test::Has("ali".into()))),
        ("  !ali ", true, Asks::Rows(Test::Has("ali".into()))),
        (
            "state:locked,removed",
            false,
            Asks::States(vec![State::Locked, State::Removed]),
        ),
        ("!state:active", true, Asks::States(vec![State::Active])),
        (
            "fails:>3",
            false,
            Asks::Rows(Test::Failures(Side::Above, 3)),
        ),
        (
            "last:<2h",
            false,
            Asks::Rows(Test::Last(Side::Below, 7_200_000)),
        ),
        ("uid:7", false, Asks::Rows(Test::Uid(7))),
        ("!group:wheel", true, Asks::Group("wheel".into())),
        (
            "from:203.0.113.0/24",
            false,
            Asks::Rows(Test::From("203.0.113.0/24".parse().unwrap())),
        ),
        (
            "from:203.0.113.9",
            false,
            Asks::Rows(Test::From("203.0.113.9".parse().unwrap())),
        ),
        ("mail:bounced", false, Asks::Rows(Test::Mail(Fate::Bounced))),
        ("\"ali ng\"", false, Asks::Rows(Test::Has("ali ng".into()))),
        (
            "state:none,pending",
            false,
            Asks::States(vec![State::Unconfirmed]),
        ),
    ];
    for (text, negated, asks) in cases {
        let terms = Filter::parse(text).unwrap().terms;
        assert_eq!(terms.len(), 1, "{text}");
        assert_eq!(
            (terms[0].negated, &terms[0].asks),
            (negated, &asks),
            "{text}"
        );
    }
    assert!(Filter::parse("  \"\" ").unwrap().is_empty());
    assert_eq!(Filter::parse("a b uid:1").unwrap().terms.len(), 3);
}

// Mutants: state:none alone lists accounts too; with another state it lists people alone.
#[test]
fn people_without_an_account_are_asked_for_by_a_state() {
    for (text, none, alone) in [
        ("state:none", true, true),
        ("ali state:none", true, true),
        ("state:none,pending", true, false),
        ("state:active", false, false),
        ("", false, false),
    ] {
        let filter = Filter::parse(text).unwrap();
        assert_eq!(
            (filter.wants_none(), filter.wants_none_alone()),
            (none, alone),
            "{text}"
        );
    }
    let filter = Filter::parse("state:none !group:bots a").unwrap();
    let members = |_: &str| Ok(vec!["bart".to_owned()]);
    for (name, kept) in [("alice", true), ("bart", false), ("bob", false)] {
        assert_eq!(
            filter.keeps_person(name, 7, &members).unwrap(),
            kept,
            "{name}"
        );
    }
}

#[test]
fn errors_point_at_their_column() {
    let cases = [
        ("ali state:lokced", 10, "no such state"),
        ("state:locked,x", 13, "no such state"),
        ("\u{fc} colour:red", 2, "no field colour"),
        ("fails:3", 6, "> or <"),
        ("fails:>x", 7, "a number"),
        ("!last:>3s", 7, "a time"),
        ("a !", 3, "must follow"),
        ("uid:alice", 4, "a number"),
        ("a \"b c", 2, "no end"),
        ("from:203.0.113.0/33", 5, "up to 32"),
        ("from:example.org", 5, "an address or a network"),
        ("mail:lost", 5, "one of bounced"),
        ("a group:", 8, "a group"),
        ("!state:active,none", 14, "no list has"),
    ];
    for (text, column, message) in cases {
        let error = Filter::parse(text).unwrap_err();
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

#[test]
fn what_an_index_finds_at_once_is_told_from_what_is_searched() {
    let beginning = |text| Filter::parse(text).unwrap().beginning();
    let begins = |text: &str| Asks::Rows(Test::Begins(text.into()));
    let found = beginning("Ali !bob uid:7").unwrap().terms;
    assert_eq!(found[0].asks, begins("ali"));
    // What is not to be there is searched for all the same.
    assert_eq!(found[1].asks, Asks::Rows(Test::Has("bob".into())));
    assert_eq!(found[2].asks, Asks::Rows(Test::Uid(7)));
    assert_eq!(beginning("!bob state:locked"), None);
}

#[test]
fn an_order_is_a_word_of_its_own() {
    use super::{By, Order};
    let filter = Filter::parse("ali sort:-enrolled").unwrap();
    assert_eq!(
        (filter.order(), filter.terms.len()),
        (Order::of(By::Enrolled).turned(), 1)
    );
    assert_eq!(filter.beginning(), None);
    // Who has no account has a name and a state, and nothing else to go by.
    for (text, order) in [
        ("state:none sort:-last", Order::default()),
        ("state:none sort:-state", Order::of(By::State).turned()),
        ("state:none sort:-name", Order::of(By::Name).turned()),
        ("sort:-last", Order::of(By::Last).turned()),
    ] {
        assert_eq!(Filter::parse(text).unwrap().listed_in(), order, "{text}");
    }
    for order in Order::ALL {
        let filter = Filter::parse(&format!("sort:{order}")).unwrap();
        assert_eq!(filter.order(), order);
        assert!(filter.is_empty(), "an order leaves nobody out");
    }
    let error = Filter::parse("sort:age").unwrap_err();
    assert_eq!(error.column, 5);
    assert!(error.message.contains(" state -state "), "{error}");
}
