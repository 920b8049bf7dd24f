//! One act on many accounts: each in its own transaction, each with its own end, and stoppable in
//! between. What was done stays done, and is taken back together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::{Admin, AdminError};
use crate::store::undo::Batch;

/// Ends work between two accounts, from another thread.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends it.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it is to end.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How the act ended for one account.
#[derive(Debug)]
pub struct Ended<'a, T> {
    /// The account, as it was named.
    pub user: &'a str,
    /// What came of it.
    pub result: Result<T, AdminError>,
    /// How many are done, this one among them.
    pub done: usize,
    /// Of how many.
    pub of: usize,
}

/// How many ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Done.
    pub done: usize,
    /// Refused or failed.
    pub failed: usize,
    /// Not begun: it was stopped before.
    pub left: usize,
    /// What takes back all that was done: `gatepost undo` and this. None where nothing can be.
    pub undo: Option<i64>,
}

/// Why the rest was left.
pub const STOPPED: &str = "stopped: the rest was not begun";

impl Admin {
    /// Does one act to each of many accounts and tells how each ended. What is done of it is one act to be taken
    /// back, also where some of it failed, or it was stopped.
    pub fn each<T>(
        &mut self,
        users: &[String],
        stop: &Stop,
        mut act: impl FnMut(&mut Self, &str) -> Result<T, AdminError>,
        mut tell: impl FnMut(Ended<'_, T>),
    ) -> Tally {
        let mut tally = Tally::default();
        self.batch = Batch::First;
        for (index, user) in users.iter().enumerate() {
            if stop.is_stopped() {
                tally.left = users.len().saturating_sub(index);
                break;
            }
            let result = act(self, user);
            match &result {
                Ok(_) => tally.done += 1,
                Err(_) => tally.failed += 1,
            }
            tell(Ended {
                user,
                result,
                done: index + 1,
                of: users.len(),
            });
        }
        tally.undo = std::mem::take(&mut self.batch).first();
        tally
    }
}
