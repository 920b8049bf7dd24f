//! Lists by state: a list by name for each state, one after the other. Who is locked is no column, so
//! that no statement has this order; the list of those who are locked is read past those who only might be.

use gatepost_words::ident::UserName;

use super::{Edge, store};
use crate::admin::filter::Filter;
use crate::admin::roles::Right;
use crate::admin::users::{Listed, Mask, State};
use crate::admin::{Admin, AdminError};
use crate::store::browse::{Bound, Way};

/// A part of such a list: the accounts in a state; none: people of this machine who have no account.
pub(super) type Part = Option<State>;

/// The parts in their order: whoever waits for somebody, then whoever is kept out on purpose, then those whom
/// nothing ails; tombstones last.
const PARTS: [Part; 6] = [
    Some(State::Locked),
    Some(State::Unconfirmed),
    None,
    Some(State::Disabled),
    Some(State::Active),
    Some(State::Removed),
];

/// One side of a page, and whether there are more, of the part that it begins in and those beyond it. `read`
/// reads a part, from where it begins if it is that one.
pub(super) fn part_by_part<R>(
    filter: &Filter,
    way: Way,
    first: Option<Part>,
    limit: u32,
    read: impl Fn(Part, bool) -> Result<(Vec<R>, bool), AdminError>,
) -> Result<(Vec<R>, bool), AdminError> {
    let mut parts = PARTS;
    if filter.order().is_back == (way == Way::Onwards) {
        parts.reverse();
    }
    let room = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    let is_passed = |part: &Part| first.is_some_and(|first| first != *part);
    for part in parts.into_iter().skip_while(is_passed) {
        let (some, more) = read(part, first == Some(part))?;
        rows.extend(some);
        if more || rows.len() > room {
            rows.truncate(room);
            return Ok((rows, true));
        }
    }
    Ok((rows, false))
}

impl Admin {
    /// One side of a page of accounts, and whether there are more.
    pub(super) fn by_state(
        &self,
        filter: &Filter,
        way: Way,
        from: Option<&Edge>,
        limit: u32,
        show: Mask,
    ) -> Result<(Vec<Listed>, bool), AdminError> {
        self.may(Right::Look)?;
        let first = from.map(|edge| self.part_of(edge)).transpose()?;
        let first = match first {
            // Whoever it began from is gone: onwards, all are there again.
            Some(None) if way == Way::Back => return Ok((Vec::new(), false)),
            Some(None) | None => None,
            Some(state) => Some(state),
        };
        part_by_part(filter, way, first, limit, |part, is_first| match part {
            Some(state) => {
                let bound = from.filter(|_| is_first).map(|edge| edge.bound.clone());
                self.in_state(filter, state, (way, bound), limit, show)
            }
            None => Ok((Vec::new(), false)),
        })
    }

    /// The accounts of a filter that are in a state, by name.
    pub(super) fn in_state(
        &self,
        filter: &Filter,
        state: State,
        (way, from): (Way, Option<Bound>),
        limit: u32,
        show: Mask,
    ) -> Result<(Vec<Listed>, bool), AdminError> {
        self.may(Right::Look)?;
        match filter.only(state) {
            Some(only) => self.in_order(&only, (order(state), way, from), limit, show),
            None => Ok((Vec::new(), false)),
        }
    }

    /// In which part the account stands that a reading begins from; none where there is no such account.
    pub(super) fn part_of(&self, edge: &Edge) -> Result<Part, AdminError> {
        self.may(Right::Look)?;
        if edge.state.is_some() {
            return Ok(edge.state);
        }
        let Ok(name) = UserName::new(edge.bound.name.clone()) else {
            return Ok(None);
        };
        let account = self.store.account(&name)?;
        let standing = account.map(|account| self.standing(&account)).transpose()?;
        Ok(standing.map(|standing| standing.state))
    }
}

/// How the accounts of a state are found by name: most are active, few are anything else.
const fn order(state: State) -> store::Order {
    match state {
        State::Active => store::Order::Name,
        State::Locked | State::Unconfirmed | State::Disabled | State::Removed => {
            store::Order::Sought
        }
    }
}
