//! Who is not enrolled, and chasing those who have not confirmed their address.

use gatepost_words::text::sanitise;
use serde::Serialize;

use super::super::browse::{After, group_members};
use super::super::filter::Filter;
use super::super::roles::Right;
use super::super::{Admin, AdminError};
use super::{Mask, Sent, State};
use crate::people;

/// Somebody of this machine, with an account or without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The name as it is, for the next page.
    #[serde(skip)]
    pub key: String,
    /// The name, fit to be shown.
    pub user: String,
    /// The uid.
    pub uid: u32,
    /// `none`, or the state of their account.
    pub state: String,
}

impl From<&super::Listed> for Person {
    fn from(account: &super::Listed) -> Self {
        Self {
            key: account.key.clone(),
            user: account.user.clone(),
            uid: account.uid,
            state: account.standing.to_string(),
        }
    }
}

/// What inviting somebody came to.
#[derive(Debug, Serialize)]
pub struct Invited {
    /// Who.
    pub user: String,
    /// Where the code went, masked.
    pub address: String,
    /// Whether a relay took it.
    pub accepted: bool,
}

/// People without an account that are counted.
pub const MOST_MISSING: u32 = 10_000;
/// Accounts that are read at a time.
const PAGE: u32 = 500;

impl Admin {
    /// A page of people of this machine who have no account, by name, after `after`: those of its own
    /// list, with a uid of people and a shell to log in with. A removed account is one.
    pub fn unenrolled(
        &self,
        filter: &Filter,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Person>, AdminError> {
        self.may(Right::Look)?;
        let room = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for person in people::inhabitants()? {
            if found.len() >= room {
                break;
            }
            let name = person.name.as_str();
            if name <= after
                || !filter.keeps_person(name, person.uid, &group_members)?
                || self.store.account(&person.name)?.is_some()
            {
                continue;
            }
            found.push(Person {
                key: name.to_owned(),
                user: sanitise(name),
                uid: person.uid,
                state: "none".to_owned(),
            });
        }
        Ok(found)
    }

    /// How many people of this machine have no account, [`MOST_MISSING`] at the most.
    pub fn missing(&self) -> Result<u64, AdminError> {
        self.may(Right::Look)?;
        let found = self.unenrolled(&Filter::default(), "", MOST_MISSING)?;
        Ok(found.len() as u64)
    }

    /// The accounts of a filter that wait for their first confirmation, or for that of another
    /// address: their names.
    pub fn to_invite(&self, filter: &Filter) -> Result<Vec<String>, AdminError> {
        self.may(Right::Resend)?;
        let mut names = Vec::new();
        let mut after = After::default();
        loop {
            let page = self.users_like(filter, &after, PAGE, Mask::Masked)?;
            let Some(last) = page.last() else {
                return Ok(names);
            };
            after = After::row(last);
            let waiting = page.into_iter().filter(|account| {
                let open = |address: &super::Address| address.confirmed.is_none();
                let shut = matches!(account.standing.state, State::Removed | State::Disabled);
                !shut && account.addresses.iter().any(open)
            });
            names.extend(waiting.map(|account| account.key));
        }
    }

    /// Mails the confirmation code again to an account that waits for it.
    pub fn invite(&mut self, user: &str, why: Option<&str>) -> Result<Invited, AdminError> {
        self.may(Right::Resend)?;
        let Sent {
            user,
            address,
            mail,
        } = self.send_confirmation(user, why)?;
        let accepted = super::accepted(&mail);
        Ok(Invited {
            user,
            address,
            accepted,
        })
    }
}
