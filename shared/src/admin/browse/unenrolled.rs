//! Lists in which people of this machine stand who have no account, among those who have one: by name,
//! whatever order is asked for, since somebody without an account has nothing else.

use super::rows::{UserRow, person_row, user_row};
use super::{Around, Bound, Page, Way};
use crate::admin::filter::Filter;
use crate::admin::users::{Mask, Person};
use crate::admin::{Admin, AdminError};

/// People that are looked at for a list at the most.
const MOST: u32 = 100_000;

impl Admin {
    /// Accounts that the filter wants, and people without one.
    pub(super) fn browse_people(
        &self,
        filter: &Filter,
        around: &Around<String>,
        limit: u32,
        show: Mask,
    ) -> Result<Page<UserRow>, AdminError> {
        let filter = &filter.by_name();
        let people = self.unenrolled(filter, "", MOST)?;
        let room = usize::try_from(limit).unwrap_or(usize::MAX);
        let side = |way, from: Option<&str>| -> Result<(Vec<UserRow>, bool), AdminError> {
            let (accounts, more) = self.side(filter, way, from.map(Bound::at), limit, show)?;
            let mut rows: Vec<UserRow> = accounts.into_iter().map(user_row).collect();
            let last = rows.last().map(|row| row.key.clone());
            let is_within = |person: &&Person| {
                let key = person.key.as_str();
                // Beyond the last account of a page that goes on, somebody else may come first.
                let reaches = |last: &String| match way {
                    Way::Onwards => key <= last.as_str(),
                    Way::Back => key >= last.as_str(),
                };
                let is_on_side = from.is_none_or(|from| match way {
                    Way::Onwards => key >= from,
                    Way::Back => key < from,
                });
                is_on_side && (!more || last.as_ref().is_none_or(reaches))
            };
            rows.extend(people.iter().filter(is_within).cloned().map(person_row));
            rows.sort_by(|one, other| match way {
                Way::Onwards => one.key.cmp(&other.key),
                Way::Back => other.key.cmp(&one.key),
            });
            let more = more || rows.len() > room;
            rows.truncate(room);
            Ok((rows, more))
        };
        let (mut rows, more_before) = match around {
            Around::First => (Vec::new(), false),
            Around::Last => side(Way::Back, None)?,
            Around::Key(key) => side(Way::Back, Some(key))?,
        };
        rows.reverse();
        let (onwards, more_after) = match around {
            Around::First => side(Way::Onwards, None)?,
            Around::Last => (Vec::new(), false),
            Around::Key(key) => side(Way::Onwards, Some(key))?,
        };
        rows.extend(onwards);
        Ok(Page {
            rows,
            more_before,
            more_after,
        })
    }
}
