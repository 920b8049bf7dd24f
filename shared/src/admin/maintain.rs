//! Upkeep: what is past its keep goes, notices that are due go out, and the end of a policy's try is
//! written down.

use serde::Serialize;

use super::roles::Right;
use super::{Admin, AdminError};
use crate::notices;
use crate::store::beside;
use crate::store::upkeep::Purged;

/// What upkeep did.
#[derive(Debug, Serialize)]
pub struct Maintained {
    /// Rows that were removed.
    pub purged: Purged,
    /// Notices that a relay took.
    pub notices_sent: u32,
    /// Notices that none took; they stay due until their tries are used up.
    pub notices_failed: u32,
    /// Files beside the store that a killed backup or restore left.
    pub left_files: u32,
}

/// Failures after which the rest waits for the next run: the relays are down.
const PATIENCE: u32 = 3;

impl Admin {
    /// Sends due notices and removes old rows.
    pub fn maintain(&mut self) -> Result<Maintained, AdminError> {
        self.may(Right::Machine)?;
        let (mut sent, mut failed) = (0, 0);
        // Each one that is taken from the outbox becomes due later or never, so this ends.
        while failed < PATIENCE && self.store.notice_due(&self.host.now())? {
            match notices::send_due(&mut self.store, &self.config, self.host.as_ref(), 1)? {
                0 => failed += 1,
                some => sent += some,
            }
        }
        self.store.settle_policy(&self.host.now())?;
        let left_files = beside::sweep(&self.config.store);
        Ok(Maintained {
            purged: self
                .store
                .maintain(&self.host.now(), self.config.keep_events)?,
            notices_sent: sent,
            notices_failed: failed,
            left_files,
        })
    }
}
