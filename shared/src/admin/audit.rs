//! The log of events as an administrator reads it, and the check of its chain.

use gatepost_words::ident::UserName;
use gatepost_words::text::sanitise;
use serde::Serialize;

use super::roles::Right;
use super::{Admin, AdminError, stamp};
use crate::store::events::{self, Chain};

/// An event in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its number.
    pub seq: i64,
    /// When, RFC 3339.
    pub at: String,
    /// The same, milliseconds since 1970.
    pub at_millis: i64,
    /// What.
    pub kind: String,
    /// Whose; empty where it is nobody's.
    pub user: String,
    /// Which service.
    pub service: String,
    /// Where from.
    pub source: String,
    /// Which conversation: its opening event's number.
    pub conversation: i64,
    /// The rest.
    pub detail: serde_json::Value,
}

impl Admin {
    /// The newest events, oldest of them first; of one user where one is named.
    pub fn events(&self, user: Option<&str>, limit: u32) -> Result<Vec<Listed>, AdminError> {
        self.may(Right::Look)?;
        let account = match user {
            None => None,
            Some(typed) => {
                let typed = UserName::new(typed.to_owned())?;
                // Events outlive rows, and sign-ins of users that never had one leave some too.
                Some(
                    self.row(&typed)?
                        .map_or(typed.into(), |account| account.name),
                )
            }
        };
        let mut newest = self.store.events(account.as_deref(), None, limit)?;
        newest.reverse();
        Ok(newest.into_iter().map(Listed::from).collect())
    }

    /// The events after that number, oldest first.
    pub fn events_after(&self, seq: i64, limit: u32) -> Result<Vec<Listed>, AdminError> {
        self.may(Right::Look)?;
        let events = self.store.events_after(seq, limit)?;
        Ok(events.into_iter().map(Listed::from).collect())
    }

    /// Recomputes the whole chain.
    pub fn verify_events(&self) -> Result<Chain, AdminError> {
        self.may(Right::Look)?;
        Ok(self.store.verify_chain()?)
    }

    /// As [`Self::verify_events`], telling now and then how many events were checked.
    pub fn watch_events_verified(&self, progress: &dyn Fn(u64)) -> Result<Chain, AdminError> {
        self.may(Right::Look)?;
        Ok(self.store.watch_chain_verified(progress)?)
    }
}

impl From<events::Listed> for Listed {
    fn from(event: events::Listed) -> Self {
        Self {
            seq: event.seq,
            at: stamp(event.at),
            at_millis: event.at,
            kind: event.kind,
            user: sanitise(&event.account),
            service: event.service,
            source: event.source,
            conversation: event.conversation,
            detail: event.detail,
        }
    }
}
