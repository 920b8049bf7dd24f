//! The one grammar of filters, for the console and the subcommands alike: text in, conditions out,
//! and errors that know their column. Pure.
//!
//! A filter is words with blanks between them; an account must meet all of them:
//!
//! - `ali`: name or an address has that in it
//! - `state:locked,disabled`: one of `active`, `unconfirmed`, `locked`, `disabled`, `removed`
//! - `fails:>3`, `fails:<3`: wrong codes in a row
//! - `last:>30d`, `last:<2h`: how long ago the last success was; never is long ago
//! - `uid:1007`
//! - `sort:name`, `sort:enrolled`; `-` before the order: backwards
//! - `!` before any of them: not so
//!
//! Events have a grammar of the same kind: [`EventFilter`].

mod complete;
mod events;

use std::fmt;

pub use self::complete::{complete_events, complete_users};
pub use self::events::EventFilter;
use super::users::{Listed, State};
pub use crate::store::browse::Order;
use crate::store::browse::{Condition, Kept, Side, Test};

/// Which accounts are wanted. Empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
    /// In which order.
    pub(super) order: Order,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    negated: bool,
    asks: Asks,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Asks {
    /// The rows know.
    Rows(Test),
    /// Only a reckoning says whether an account is locked.
    States(Vec<State>),
}

/// What cannot be understood, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// The first character of it, counted from 0.
    pub column: usize,
    /// What is wrong, and what could stand there.
    pub message: String,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column + 1, self.message)
    }
}

impl Filter {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut filter = Self::default();
        for word in words(text) {
            match word.text.strip_prefix("sort:") {
                Some(name) => filter.order = order(&word, name)?,
                None => filter.terms.push(term(&word)?),
            }
        }
        Ok(filter)
    }

    /// Whether all accounts are wanted.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// In which order it lists.
    pub const fn order(&self) -> Order {
        self.order
    }

    /// The part of it that an index finds at once: where a name or an address is to have something in it,
    /// the names that begin so. None where there is no such part.
    pub(super) fn beginning(&self) -> Option<Self> {
        if !matches!(self.order, Order::Name | Order::NameBack) {
            // In another order all of them are looked at before the first is known.
            return None;
        }
        let mut found = false;
        let begins = |term: &Term| match &term.asks {
            Asks::Rows(Test::Has(text)) if !term.negated => {
                found = true;
                Term {
                    negated: false,
                    asks: Asks::Rows(Test::Begins(text.to_ascii_lowercase())),
                }
            }
            Asks::Rows(_) | Asks::States(_) => term.clone(),
        };
        let terms = self.terms.iter().map(begins).collect();
        found.then_some(Self {
            terms,
            order: self.order,
        })
    }

    /// What the rows must be like. Accounts that [`Self::keeps`] turns down may be among them.
    pub(super) fn conditions(&self) -> Vec<Condition> {
        self.terms.iter().filter_map(Term::condition).collect()
    }

    /// Whether [`Self::conditions`] says all.
    pub(super) fn is_exact(&self) -> bool {
        let by_rows = |term: &Term| matches!(term.asks, Asks::Rows(_));
        self.terms.iter().all(by_rows)
    }

    /// Whether an account is wanted whose state has been reckoned.
    pub(super) fn keeps(&self, account: &Listed) -> bool {
        self.terms.iter().all(|term| match &term.asks {
            Asks::Rows(_) => true,
            Asks::States(states) => states.contains(&account.standing.state) != term.negated,
        })
    }
}

impl Term {
    fn condition(&self) -> Option<Condition> {
        let test = match &self.asks {
            Asks::Rows(test) => test.clone(),
            // Who is not locked cannot be told by the rows alone.
            Asks::States(_) if self.negated => return None,
            Asks::States(states) => Test::State(states.iter().map(|state| kept(*state)).collect()),
        };
        Some(Condition {
            negated: self.negated,
            test,
        })
    }
}

/// A word and where it begins.
struct Word<'a> {
    column: usize,
    text: &'a str,
}

impl Word<'_> {
    fn error(&self, further: usize, message: impl Into<String>) -> FilterError {
        FilterError {
            column: self.column + further,
            message: message.into(),
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    let mut column = 0;
    text.split(' ').filter_map(move |word| {
        let begins = column;
        column += word.chars().count() + 1;
        (!word.is_empty()).then_some(Word {
            column: begins,
            text: word,
        })
    })
}

fn term(word: &Word<'_>) -> Result<Term, FilterError> {
    let (negated, bare) = match word.text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, word.text),
    };
    let begins = usize::from(negated);
    if bare.is_empty() {
        return Err(word.error(begins, "a word must follow the !"));
    }
    let Some((field, value)) = bare.split_once(':') else {
        return Ok(Term {
            negated,
            asks: Asks::Rows(Test::Has(bare.to_owned())),
        });
    };
    let value = Word {
        column: word.column + begins + field.chars().count() + 1,
        text: value,
    };
    let asks = match field {
        "state" => Asks::States(states(&value)?),
        "fails" => {
            let (side, count) = sided(&value, "fails:>3")?;
            let count = count.text.parse();
            let count = count.map_err(|_no| value.error(1, "a number must stand here"))?;
            Asks::Rows(Test::Failures(side, count))
        }
        "last" => {
            let (side, ago) = sided(&value, "last:>30d")?;
            Asks::Rows(Test::Last(side, span(&ago)?))
        }
        "uid" => {
            let uid = value.text.parse();
            let uid = uid.map_err(|_no| value.error(0, "a number must stand here"))?;
            Asks::Rows(Test::Uid(uid))
        }
        _ => {
            let message = format!("no field {field}: it is one of {}", FIELDS.join(" "));
            return Err(word.error(begins, message));
        }
    };
    Ok(Term { negated, asks })
}

fn order(word: &Word<'_>, name: &str) -> Result<Order, FilterError> {
    let order = ORDERS.iter().find(|(known, _)| *known == name);
    order.map(|(_, order)| *order).ok_or_else(|| {
        let known: Vec<&str> = ORDERS.iter().map(|(name, _)| *name).collect();
        let message = format!("no such order: it is one of {}", known.join(" "));
        word.error("sort:".len(), message)
    })
}

fn states(value: &Word<'_>) -> Result<Vec<State>, FilterError> {
    let mut column = value.column;
    let mut found = Vec::new();
    for name in value.text.split(',') {
        let word = Word { column, text: name };
        column += name.chars().count() + 1;
        let state = STATES.iter().find(|(known, _)| *known == name);
        let Some((_, state)) = state else {
            let known: Vec<&str> = STATES.iter().map(|(name, _)| *name).collect();
            return Err(word.error(
                0,
                format!("no such state: it is one of {}", known.join(" ")),
            ));
        };
        found.push(*state);
    }
    Ok(found)
}

fn sided<'a>(value: &Word<'a>, like: &str) -> Result<(Side, Word<'a>), FilterError> {
    let sides = [('>', Side::Above), ('<', Side::Below)];
    for (sign, side) in sides {
        if let Some(rest) = value.text.strip_prefix(sign) {
            let rest = Word {
                column: value.column + 1,
                text: rest,
            };
            return Ok((side, rest));
        }
    }
    Err(value.error(0, format!("> or < must stand here, as in {like}")))
}

fn span(value: &Word<'_>) -> Result<i64, FilterError> {
    span_of(value.text).ok_or_else(|| value.error(0, "a time must stand here: 15m, 2h or 30d"))
}

/// `15m`, `2h`, `30d`, `1y` in milliseconds; a year has 365 days.
pub fn span_of(text: &str) -> Option<i64> {
    const DAY: i64 = 86_400_000;
    let units = [
        ('m', 60_000),
        ('h', 3_600_000),
        ('d', DAY),
        ('w', 7 * DAY),
        ('y', 365 * DAY),
    ];
    let (count, unit) = units
        .iter()
        .find_map(|(unit, millis)| Some((text.strip_suffix(*unit)?, *millis)))?;
    let count: u32 = count.parse().ok()?;
    Some(i64::from(count).saturating_mul(unit))
}

const fn kept(state: State) -> Kept {
    match state {
        State::Active => Kept::Active,
        State::Unconfirmed => Kept::Unconfirmed,
        State::Locked => Kept::Suspect,
        State::Disabled => Kept::Disabled,
        State::Removed => Kept::Removed,
    }
}

const STATES: [(&str, State); 5] = [
    ("active", State::Active),
    ("unconfirmed", State::Unconfirmed),
    ("locked", State::Locked),
    ("disabled", State::Disabled),
    ("removed", State::Removed),
];

/// The orders by their names.
pub const ORDERS: [(&str, Order); 4] = [
    ("name", Order::Name),
    ("-name", Order::NameBack),
    ("enrolled", Order::Enrolled),
    ("-enrolled", Order::EnrolledBack),
];

const FIELDS: [&str; 5] = ["state:", "fails:", "last:", "uid:", "sort:"];

#[cfg(test)]
mod tests {
    use super::{Asks, Filter, State};
    use crate::store::browse::{Side, Test};

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
        assert!(Filter::parse("  ").unwrap().is_empty());
        assert_eq!(Filter::parse("a b uid:1").unwrap().terms.len(), 3);
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
        ];
        for (text, column, message) in cases {
            let error = Filter::parse(text).unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
            assert!(error.message.contains(message), "{text}: {error}");
        }
    }
}
