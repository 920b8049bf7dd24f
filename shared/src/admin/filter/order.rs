//! In which order accounts are listed: a word of the filter. Pure.

use std::fmt;

use super::FilterError;
use super::words::{Word, parts, words};
use crate::store::browse;

/// How the word begins.
pub(super) const FIELD: &str = "sort:";

/// In which order accounts are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// What it goes by.
    pub by: By,
    /// Whether it is turned round.
    pub is_back: bool,
}

/// What an order goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// The name.
    #[default]
    Name,
    /// The state: whoever needs somebody comes first.
    State,
    /// When it was enrolled, the first one first.
    Enrolled,
    /// The last success, the longest ago first; never before that.
    Last,
    /// Failures in a row, the fewest first.
    Fails,
}

impl Order {
    /// Those that there are.
    pub const ALL: [Self; 10] = [
        Self::of(By::Name),
        Self::of(By::Name).turned(),
        Self::of(By::State),
        Self::of(By::State).turned(),
        Self::of(By::Enrolled),
        Self::of(By::Enrolled).turned(),
        Self::of(By::Last),
        Self::of(By::Last).turned(),
        Self::of(By::Fails),
        Self::of(By::Fails).turned(),
    ];

    /// The order by that, as it is meant first.
    pub const fn of(by: By) -> Self {
        Self { by, is_back: false }
    }

    /// The same the other way round.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self {
            is_back: !self.is_back,
            ..self
        }
    }

    /// A filter in this order, whatever order it had; none where its text makes no words.
    pub fn put_into(self, filter: &str) -> Option<String> {
        words(filter).ok()?;
        let is_order = |part: &&str| part.replace('"', "").starts_with(FIELD);
        let mut parts: Vec<&str> = parts(filter);
        parts.retain(|part| !is_order(part));
        let word = format!("{FIELD}{self}");
        // By name they stand anyway.
        parts.extend((self != Self::default()).then_some(word.as_str()));
        Some(parts.join(" "))
    }

    /// The same as the store has it; none where the store cannot know.
    pub(in crate::admin) const fn rows(self) -> Option<browse::Order> {
        Some(match (self.by, self.is_back) {
            (By::State, _) => return None,
            (By::Name, false) => browse::Order::Name,
            (By::Name, true) => browse::Order::NameBack,
            (By::Enrolled, false) => browse::Order::Enrolled,
            (By::Enrolled, true) => browse::Order::EnrolledBack,
            (By::Last, false) => browse::Order::Last,
            (By::Last, true) => browse::Order::LastBack,
            (By::Fails, false) => browse::Order::Fails,
            (By::Fails, true) => browse::Order::FailsBack,
        })
    }
}

impl fmt::Display for Order {
    /// As it is typed: `-last`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_back { "-" } else { "" })?;
        f.write_str(match self.by {
            By::Name => "name",
            By::State => "state",
            By::Enrolled => "enrolled",
            By::Last => "last",
            By::Fails => "fails",
        })
    }
}

/// The order of that name, which stands in a word.
pub(super) fn named(word: &Word, name: &str) -> Result<Order, FilterError> {
    let order = Order::ALL
        .into_iter()
        .find(|order| order.to_string() == name);
    order.ok_or_else(|| {
        let known = Order::ALL.map(|order| order.to_string());
        let message = format!("no such order: it is one of {}", known.join(" "));
        word.error(FIELD.len(), message)
    })
}

#[cfg(test)]
mod tests {
    use super::{By, Order};

    // Mutants: blanks within quotes are lost; a second order stays; one in quotes is not seen.
    #[test]
    fn a_filter_takes_another_order_and_is_the_same_otherwise() {
        let last = Order::of(By::Last).turned();
        for (filter, put) in [
            ("", Some("sort:-last")),
            ("  ali   uid:7 ", Some("ali uid:7 sort:-last")),
            ("sort:fails ali", Some("ali sort:-last")),
            ("sort:fails \"sort:name\"", Some("sort:-last")),
            ("\"ali  ng\"", Some("\"ali  ng\" sort:-last")),
            ("\"a sort:b\"", Some("\"a sort:b\" sort:-last")),
            ("\"ali ng", None),
        ] {
            assert_eq!(last.put_into(filter).as_deref(), put, "{filter}");
        }
        let by_name = Order::default().put_into("ali sort:-last");
        assert_eq!(by_name.as_deref(), Some("ali"));
    }
}
