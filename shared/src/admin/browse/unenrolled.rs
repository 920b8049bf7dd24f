//! Lists in which people of this machine stand who have no account, among those who have one: by name or by
//! state, whatever order is asked for, since somebody without an account has nothing else.

use std::cmp::Ordering;

use super::by_state::part_by_part;
use super::rows::{UserRow, person_row, user_row};
use super::{After, Around, Bound, Edge, LOOKED_FOR, Page, Seen, Way};
use crate::admin::filter::{By, Filter};
use crate::admin::users::{Listed, Mask, Person};
use crate::admin::{Admin, AdminError};

/// People that are looked at for a list at the most.
const MOST: u32 = 100_000;

/// What one side of a page has, and whether there are more.
type Side = (Vec<Somebody>, bool);

/// What is listed, how many rows a side has, and what of an address.
#[derive(Clone, Copy)]
struct Asked<'a> {
    filter: &'a Filter,
    people: &'a [Person],
    limit: u32,
    show: Mask,
}

/// Somebody in a list.
#[derive(Debug)]
pub enum Somebody {
    /// Who has an account.
    Account(Listed),
    /// Who has none.
    Person(Person),
}

impl Somebody {
    fn key(&self) -> &str {
        match self {
            Self::Account(account) => &account.key,
            Self::Person(person) => &person.key,
        }
    }
}

impl From<Somebody> for UserRow {
    fn from(somebody: Somebody) -> Self {
        match somebody {
            Somebody::Account(account) => user_row(account),
            Somebody::Person(person) => person_row(person),
        }
    }
}

impl After {
    /// Up to somebody and with them.
    pub fn somebody(somebody: &Somebody) -> Self {
        match somebody {
            Somebody::Account(account) => Self::row(account),
            Somebody::Person(person) => {
                let never = Seen {
                    last: None,
                    fails: 0,
                };
                Self(Some(Edge {
                    bound: Bound::after(&person.key, never),
                    state: None,
                }))
            }
        }
    }
}

impl Admin {
    /// A page of whoever the filter wants, with an account or without, in the order of the list, after those
    /// that were read. It may have more than `limit`, where many cost what few do.
    pub fn everybody_like(
        &self,
        filter: &Filter,
        after: &After,
        limit: u32,
        show: Mask,
    ) -> Result<Vec<Somebody>, AdminError> {
        self.may(show.needs())?;
        if !filter.wants_none() {
            let page = self.users_like(filter, after, limit, show)?;
            return Ok(page.into_iter().map(Somebody::Account).collect());
        }
        // The machine's people are gone through for each page.
        let people = self.unenrolled(filter, "", u32::MAX)?;
        self.onwards_among(&people, filter, after, limit.max(LOOKED_FOR), show)
    }

    /// The same where it is known who has no account.
    fn onwards_among(
        &self,
        people: &[Person],
        filter: &Filter,
        after: &After,
        limit: u32,
        show: Mask,
    ) -> Result<Vec<Somebody>, AdminError> {
        self.may(show.needs())?;
        let last = after.0.as_ref().map(|edge| edge.bound.name.as_str());
        let from = after.0.as_ref().map(|edge| Edge {
            bound: Bound::at(&edge.bound.name),
            state: edge.state,
        });
        let asked = Asked {
            filter: &filter.as_listed(),
            people,
            // The last one is read once more, unless they are gone meanwhile.
            limit: limit.saturating_add(1),
            show,
        };
        let (mut page, _more) = self.people_side(asked, Way::Onwards, from.as_ref())?;
        page.retain(|somebody| last != Some(somebody.key()));
        Ok(page)
    }

    /// Accounts that the filter wants, and people without one.
    pub(super) fn browse_people(
        &self,
        filter: &Filter,
        around: &Around<String>,
        limit: u32,
        show: Mask,
    ) -> Result<Page<UserRow>, AdminError> {
        self.may(show.needs())?;
        let people = self.unenrolled(filter, "", MOST)?;
        self.browse_among(&people, filter, around, limit, show)
    }

    /// The same where it is known who has no account: by name.
    fn browse_among(
        &self,
        people: &[Person],
        filter: &Filter,
        around: &Around<String>,
        limit: u32,
        show: Mask,
    ) -> Result<Page<UserRow>, AdminError> {
        self.may(show.needs())?;
        let filter = &filter.as_listed();
        let asked = Asked {
            filter,
            people,
            limit,
            show,
        };
        let side =
            |way, from: Option<&str>| self.people_side(asked, way, from.map(Edge::at).as_ref());
        self.page(around, side, UserRow::from)
    }

    /// One side of a page: accounts, and people among them, in the order of the list.
    fn people_side(
        &self,
        asked: Asked<'_>,
        way: Way,
        from: Option<&Edge>,
    ) -> Result<Side, AdminError> {
        match asked.filter.order().by {
            By::State => self.people_by_state(asked, way, from),
            By::Name | By::Enrolled | By::Last | By::Fails => self.people_by_name(asked, way, from),
        }
    }

    fn people_by_name(
        &self,
        asked: Asked<'_>,
        way: Way,
        from: Option<&Edge>,
    ) -> Result<Side, AdminError> {
        let Asked {
            filter,
            people,
            limit,
            show,
        } = asked;
        let room = usize::try_from(limit).unwrap_or(usize::MAX);
        let (accounts, more) = self.side(filter, way, from.cloned(), limit, show)?;
        let mut rows: Vec<Somebody> = accounts.into_iter().map(Somebody::Account).collect();
        let rises = filter.order().is_back == (way == Way::Back);
        let last = rows.last().map(|row| row.key().to_owned());
        // Beyond the last account of a page that goes on, somebody else may come first.
        let reaches = |person: &&Person| {
            !more
                || last.as_ref().is_none_or(|last| {
                    if rises {
                        person.key <= *last
                    } else {
                        person.key >= *last
                    }
                })
        };
        let people = on_side(people, (rises, way), from.map(Edge::name)).filter(reaches);
        rows.extend(people.cloned().map(Somebody::Person));
        rows.sort_by(|one, other| one.key().cmp(other.key()));
        if !rises {
            rows.reverse();
        }
        let more = more || rows.len() > room;
        rows.truncate(room);
        Ok((rows, more))
    }

    fn people_by_state(
        &self,
        asked: Asked<'_>,
        way: Way,
        from: Option<&Edge>,
    ) -> Result<Side, AdminError> {
        let Asked {
            filter,
            people,
            limit,
            show,
        } = asked;
        let first = from.map(|edge| self.part_of(edge)).transpose()?;
        part_by_part(filter, way, first, limit, |part, is_first| {
            let Some(state) = part else {
                // Names rise whichever way the states go.
                let side = (way == Way::Onwards, way);
                let from = from.filter(|_| is_first).map(Edge::name);
                let found = on_side(people, side, from);
                let mut rows: Vec<Somebody> = found.cloned().map(Somebody::Person).collect();
                if way == Way::Back {
                    rows.reverse();
                }
                return Ok((rows, false));
            };
            if filter.wants_none_alone() {
                return Ok((Vec::new(), false));
            }
            let bound = from.filter(|_| is_first);
            let from = (way, bound.map(|edge| edge.bound.clone()));
            let (accounts, more) = self.in_state(filter, state, from, limit, show)?;
            Ok((accounts.into_iter().map(Somebody::Account).collect(), more))
        })
    }
}

/// Those who stand on one side of a name, the name itself among those onwards.
fn on_side<'a>(
    people: &'a [Person],
    (rises, way): (bool, Way),
    from: Option<&'a str>,
) -> impl Iterator<Item = &'a Person> {
    people.iter().filter(move |person| {
        from.is_none_or(|from| match person.key.as_str().cmp(from) {
            Ordering::Equal => way == Way::Onwards,
            Ordering::Greater => rises,
            Ordering::Less => !rises,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{After, Around, Person, Somebody};
    use crate::admin::filter::Filter;
    use crate::admin::tests::{bench, in_every_state};
    use crate::admin::users::{Mask, Proof};

    // Mutants: people stand at the end, or twice where a page ends before them; they are turned round with the
    // states; a page around one of them begins with the first; an order that they do not have is tried.
    #[test]
    fn people_stand_among_the_accounts_in_every_order_that_they_have() {
        let bench = in_every_state();
        let people = ["ann", "user035", "zoe"].map(|name| Person {
            key: name.to_owned(),
            user: name.to_owned(),
            uid: 1,
            state: "none".to_owned(),
        });
        let by_name = "ann 00 02 035 04 05 07 09 10 12 14 zoe";
        for (typed, list) in [
            ("", by_name),
            ("sort:-name", "zoe 14 12 10 09 07 05 04 035 02 00 ann"),
            // They never signed in; who has an account did neither.
            ("sort:last", by_name),
            ("sort:state", "00 05 10 02 07 12 ann 035 zoe 04 09 14"),
            ("sort:-state", "04 09 14 ann 035 zoe 02 07 12 00 05 10"),
        ] {
            let filter = format!("state:none,locked,disabled,unconfirmed {typed}");
            let filter = &Filter::parse(&filter).unwrap();
            let page = |around, limit| {
                let found = bench
                    .admin
                    .browse_among(&people, filter, &around, limit, Mask::Masked);
                let page = found.unwrap();
                let keys: Vec<String> = page.rows.into_iter().map(|row| row.key).collect();
                (keys, page.more_before, page.more_after)
            };
            let all: Vec<String> = list
                .split(' ')
                .map(|name| match name {
                    "ann" | "zoe" => name.to_owned(),
                    number => format!("user{number}"),
                })
                .collect();
            for room in [1, 2, 5, 99] {
                let limit = u32::try_from(room).unwrap();
                let part = |from: usize, to: usize| {
                    let (from, to) = (from, to.min(all.len()));
                    (all[from..to].to_vec(), from > 0, to < all.len())
                };
                assert_eq!(page(Around::First, limit), part(0, room), "{typed}");
                let last = part(all.len().saturating_sub(room), all.len());
                assert_eq!(page(Around::Last, limit), last, "{typed}");
                for (at, key) in all.iter().enumerate() {
                    let around = page(Around::Key(key.clone()), limit);
                    let wanted = part(at.saturating_sub(room), at + room);
                    assert_eq!(around, wanted, "{typed} {key} {room}");
                }
            }
        }
    }

    // Mutants: accounts come after the people, or not at all; a page goes on from its last row itself, or from
    // the last account of it; who came first comes twice.
    #[test]
    fn whoever_goes_through_a_list_meets_everybody_once_in_its_order() {
        let mut bench = bench();
        bench.enrol(Proof::Code);
        let people = ["ann", "rob", "rooty", "zoe"].map(|name| Person {
            key: name.to_owned(),
            user: name.to_owned(),
            uid: 1,
            state: "none".to_owned(),
        });
        for (typed, wanted) in [
            ("state:none", "ann rob rooty zoe"),
            ("state:none,unconfirmed", "ann rob root rooty zoe"),
            ("state:none,unconfirmed sort:last", "ann rob root rooty zoe"),
            ("state:none,disabled", "ann rob rooty zoe"),
        ] {
            let filter = Filter::parse(typed).unwrap();
            for limit in [1, 2, 3, 99] {
                let mut after = After::default();
                let mut met = Vec::new();
                loop {
                    let page = bench
                        .admin
                        .onwards_among(&people, &filter, &after, limit, Mask::Masked)
                        .unwrap();
                    let Some(last) = page.last() else {
                        break;
                    };
                    after = After::somebody(last);
                    assert!(met.len() < 9, "{typed}, {limit} at a time: {met:?}");
                    met.extend(page.iter().map(|row| match row {
                        Somebody::Account(account) => account.user.clone(),
                        Somebody::Person(person) => person.user.clone(),
                    }));
                }
                assert_eq!(met.join(" "), wanted, "{typed}, {limit} at a time");
            }
        }
    }
}
