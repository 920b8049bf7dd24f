//! The one grammar of filters, for the console and the subcommands alike: text in, conditions out,
//! and errors that know their column. Pure.
//!
//! A filter is words with blanks between them; an account must meet all of them:
//!
//! - `ali`: name or an address has that in it
//! - `state:locked,disabled`: one of `active`, `unconfirmed` (or `pending`), `locked`, `disabled`,
//!   `removed`; `none`: people of this machine who have no account
//! - `fails:>3`, `fails:<3`: wrong codes in a row
//! - `last:>30d`, `last:<2h`: how long ago the last success was; never is long ago
//! - `uid:1007`
//! - `group:wheel`: members of a group of this machine
//! - `from:203.0.113.0/24`: a wrong code of the last days, or a success of the last month, came from
//!   there
//! - `mail:bounced`: how the last mail ended, or `failed`, `accepted`
//! - `sort:name`, `sort:state`, `sort:enrolled`, `sort:last`, `sort:fails`; `-` before the order: backwards
//! - `"ali ng"`: blanks between quotes are part of the word
//! - `!` before any of them: not so
//!
//! Events have a grammar of the same kind: [`EventFilter`].

mod complete;
mod events;
mod near;
mod order;
mod words;

use std::fmt;
use std::net::IpAddr;

pub use self::complete::{complete_events, complete_users};
pub use self::events::EventFilter;
pub use self::order::{By, Order};
pub use self::words::span_of;
use self::words::{Word, words};
use super::AdminError;
use super::users::{Listed, State};
use crate::store::browse::{Condition, Fate, Kept, Side, Test};

/// Which accounts are wanted. Empty: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    terms: Vec<Term>,
    /// Whether people without an account are wanted.
    none: bool,
    /// In which order.
    order: Order,
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
    /// Only the group database knows who is in a group.
    Group(String),
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
        for word in words(text)? {
            if let Some(name) = word.text.strip_prefix(order::FIELD) {
                filter.order = order::named(&word, name)?;
                continue;
            }
            let (term, none) = term(&word)?;
            filter.none |= none;
            filter.terms.extend(term);
        }
        Ok(filter)
    }

    /// Whether people of this machine are wanted who have no account: `state:none`.
    pub fn wants_none(&self) -> bool {
        self.none
    }

    /// The same in the order that it is listed in.
    pub(super) fn as_listed(&self) -> Self {
        Self {
            order: self.listed_in(),
            ..self.clone()
        }
    }

    /// The accounts of it that are in one state; none where it wants none of these.
    pub(super) fn only(&self, state: State) -> Option<Self> {
        let term = Term {
            negated: false,
            asks: Asks::States(vec![state]),
        };
        let allows = |term: &Term| term.allows(state);
        self.terms.iter().all(allows).then(|| {
            let mut only = self.clone();
            only.terms.push(term);
            only
        })
    }

    /// Whether nobody else is wanted.
    pub fn wants_none_alone(&self) -> bool {
        let states = |term: &Term| matches!(&term.asks, Asks::States(_));
        self.none && !self.terms.iter().any(states)
    }

    /// Whether a person without an account meets the words that can be asked of one.
    pub(super) fn keeps_person(
        &self,
        name: &str,
        uid: u32,
        members: &impl Fn(&str) -> Result<Vec<String>, AdminError>,
    ) -> Result<bool, AdminError> {
        for term in &self.terms {
            let is = match &term.asks {
                Asks::States(_) => continue,
                Asks::Group(group) => members(group)?.iter().any(|member| member == name),
                Asks::Rows(Test::Has(part)) => {
                    let lower = |text: &str| text.to_ascii_lowercase();
                    lower(name).contains(&lower(part))
                }
                Asks::Rows(Test::Uid(wanted)) => *wanted == uid,
                // What only an account has.
                Asks::Rows(
                    Test::State(_)
                    | Test::Failures(..)
                    | Test::Last(..)
                    | Test::Begins(_)
                    | Test::Named(_)
                    | Test::OneOf(_)
                    | Test::From(_)
                    | Test::Mail(_),
                ) => false,
            };
            if is == term.negated {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether all accounts are wanted.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty() && !self.none
    }

    /// The order that is asked for.
    pub const fn order(&self) -> Order {
        self.order
    }

    /// Whether it can be listed in that order: people without an account have a name and a state, and nothing
    /// else to go by.
    pub const fn has(&self, order: Order) -> bool {
        !self.none || matches!(order.by, By::Name | By::State)
    }

    /// In which order it is listed.
    pub fn listed_in(&self) -> Order {
        if self.has(self.order) {
            self.order
        } else {
            Order::default()
        }
    }

    /// The part of it that an index finds at once: where a name or an address is to have something in it,
    /// the names that begin so. None where there is no such part.
    pub(super) fn beginning(&self) -> Option<Self> {
        if self.order.by != By::Name {
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
            Asks::Rows(_) | Asks::States(_) | Asks::Group(_) => term.clone(),
        };
        let terms = self.terms.iter().map(begins).collect();
        found.then_some(Self {
            terms,
            none: self.none,
            order: self.order,
        })
    }

    /// What the rows must be like. Accounts that [`Self::keeps`] turns down may be among them.
    /// `members` says who is in a group.
    pub(super) fn conditions(
        &self,
        members: impl Fn(&str) -> Result<Vec<String>, AdminError>,
    ) -> Result<Vec<Condition>, AdminError> {
        let mut conditions = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            conditions.extend(term.condition(&members)?);
        }
        Ok(conditions)
    }

    /// Whether [`Self::conditions`] says all.
    pub(super) fn is_exact(&self) -> bool {
        let by_rows = |term: &Term| matches!(term.asks, Asks::Rows(_) | Asks::Group(_));
        self.terms.iter().all(by_rows)
    }

    /// Whether an account is wanted whose state has been reckoned.
    pub(super) fn keeps(&self, account: &Listed) -> bool {
        let allows = |term: &Term| term.allows(account.standing.state);
        self.terms.iter().all(allows)
    }
}

impl Term {
    /// Whether an account in that state may meet it.
    fn allows(&self, state: State) -> bool {
        match &self.asks {
            Asks::Rows(_) | Asks::Group(_) => true,
            Asks::States(states) => states.contains(&state) != self.negated,
        }
    }

    fn condition(
        &self,
        members: &impl Fn(&str) -> Result<Vec<String>, AdminError>,
    ) -> Result<Option<Condition>, AdminError> {
        let test = match &self.asks {
            Asks::Rows(test) => test.clone(),
            Asks::Group(group) => Test::OneOf(members(group)?),
            // Who is not locked cannot be told by the rows alone.
            Asks::States(_) if self.negated => return Ok(None),
            Asks::States(states) => Test::State(states.iter().map(|state| kept(*state)).collect()),
        };
        Ok(Some(Condition {
            negated: self.negated,
            test,
        }))
    }
}

/// A term, and whether people without an account are wanted; no term where that is all.
fn term(word: &Word) -> Result<(Option<Term>, bool), FilterError> {
    let (negated, bare) = match word.text.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, word.text.as_str()),
    };
    let begins = usize::from(negated);
    if bare.is_empty() {
        return Err(word.error(begins, "a word must follow the !"));
    }
    let Some((field, value)) = bare.split_once(':') else {
        let asks = Asks::Rows(Test::Has(bare.to_owned()));
        return Ok((Some(Term { negated, asks }), false));
    };
    let value = Word {
        column: word.column + begins + field.chars().count() + 1,
        text: value.to_owned(),
    };
    let asks = match field {
        "state" => return states(&value, negated),
        "group" if value.text.is_empty() => {
            return Err(value.error(0, "a group must stand here, as in group:wheel"));
        }
        "group" => Asks::Group(value.text.clone()),
        "from" => Asks::Rows(network(&value)?),
        "mail" => Asks::Rows(Test::Mail(fate(&value)?)),
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
    Ok((Some(Term { negated, asks }), false))
}

fn states(value: &Word, negated: bool) -> Result<(Option<Term>, bool), FilterError> {
    let mut column = value.column;
    let mut found = Vec::new();
    let mut none = false;
    for name in value.text.split(',') {
        let word = Word {
            column,
            text: name.to_owned(),
        };
        column += name.chars().count() + 1;
        if name == NONE && negated {
            return Err(word.error(0, "no list has everybody but those without an account"));
        }
        if name == NONE {
            none = true;
            continue;
        }
        let state = STATES.iter().find(|(known, _)| *known == name);
        let Some((_, state)) = state else {
            let known: Vec<&str> = STATES.iter().map(|(name, _)| *name).collect();
            return Err(word.error(
                0,
                format!("no such state: it is one of {} {NONE}", known.join(" ")),
            ));
        };
        found.push(*state);
    }
    let term = (!found.is_empty()).then_some(Term {
        negated,
        asks: Asks::States(found),
    });
    Ok((term, none))
}

/// `203.0.113.9`, `203.0.113.0/24`, `2001:db8::/32`.
fn network(value: &Word) -> Result<Test, FilterError> {
    let network = value.text.parse().map_err(|_no| {
        let address = value
            .text
            .split_once('/')
            .map(|(address, _)| address.parse());
        let message = match address {
            Some(Ok(IpAddr::V4(_))) => "after the / a number up to 32 must stand",
            Some(Ok(IpAddr::V6(_))) => "after the / a number up to 128 must stand",
            Some(Err(_)) | None => "an address or a network must stand here: 203.0.113.0/24",
        };
        value.error(0, message)
    })?;
    Ok(Test::From(network))
}

fn fate(value: &Word) -> Result<Fate, FilterError> {
    match value.text.as_str() {
        "bounced" => Ok(Fate::Bounced),
        "failed" => Ok(Fate::Failed),
        "accepted" => Ok(Fate::Accepted),
        _ => Err(value.error(0, "it is one of bounced failed accepted")),
    }
}

fn sided(value: &Word, like: &str) -> Result<(Side, Word), FilterError> {
    let sides = [('>', Side::Above), ('<', Side::Below)];
    for (sign, side) in sides {
        if let Some(rest) = value.text.strip_prefix(sign) {
            let rest = Word {
                column: value.column + 1,
                text: rest.to_owned(),
            };
            return Ok((side, rest));
        }
    }
    Err(value.error(0, format!("> or < must stand here, as in {like}")))
}

fn span(value: &Word) -> Result<i64, FilterError> {
    span_of(&value.text).ok_or_else(|| value.error(0, "a time must stand here: 15m, 2h or 30d"))
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

/// The state of people who have no account.
const NONE: &str = "none";

const STATES: [(&str, State); 6] = [
    ("active", State::Active),
    ("unconfirmed", State::Unconfirmed),
    ("pending", State::Unconfirmed),
    ("locked", State::Locked),
    ("disabled", State::Disabled),
    ("removed", State::Removed),
];

const FIELDS: [&str; 8] = [
    "state:", "fails:", "last:", "uid:", "group:", "from:", "mail:", "sort:",
];

#[cfg(test)]
mod tests;
