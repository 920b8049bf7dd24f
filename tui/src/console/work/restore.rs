//! A copy of the store: read as the calling person, looked through, and restored as it was looked through.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Mutex;

use gatepost_shared::admin::copies::{Candidate, Options, Room};
use gatepost_shared::admin::roles::Right;
use gatepost_shared::admin::{Admin, AdminError};
use gatepost_words::text::one_line;

use super::super::effect::{Deed, Slot};
use super::super::message::{Found, Job, LookedThrough, Progress};
use super::super::model::twin::{AS_COPIED, THE_COPYS};
use super::pace::Pace;
use super::{Desk, said};
use crate::person;

/// The copy that was looked through, and by which job. Who looks one through, or restores it, holds the lock all
/// the while: its file beside the store is named after this process, so that there is one at a time.
pub(super) type Kept = Mutex<Option<(Job, Candidate)>>;

const STOPPED: &str = "Stopped; nothing was changed.";

/// Looks a copy through; it is kept, so that what is restored is what was looked at.
pub(super) fn look_through(desk: &Desk, job: Job, deed: &Deed) -> Result<LookedThrough, String> {
    let name = deed.said.get(Slot::File);
    let admin = opened(desk, name)?;
    // Before a file is opened for somebody who may not.
    admin.may(Right::Machine).map_err(|error| said(&error))?;
    let mut kept = desk.copy().map_err(str::to_owned)?;
    *kept = None;
    let file = person::open_read(&desk.operator()?, &PathBuf::from(name));
    let file = file
        .map_err(|error| one_line(&format!("{error}: name a file that gatepost backup wrote")))?;
    let mut copy = Watched {
        total: file.metadata().ok().map(|file| file.len()),
        file,
        desk,
        job,
        pace: Pace::new(),
        done: 0,
    };
    let options = Options {
        reopen: deed.said.get(Slot::Closed) == AS_COPIED,
        with_policy: deed.said.get(Slot::Rules) == THE_COPYS,
    };
    let candidate = admin.candidate(&mut copy, name, options);
    if desk.is_stopped(job) {
        return Err(STOPPED.to_owned());
    }
    let candidate = candidate.map_err(|error| said(&error))?;
    let told = candidate.restored.told(Room::DIALOG);
    let looked = LookedThrough {
        told: told.iter().map(|line| one_line(line)).collect(),
        waiting: candidate.restored.plan.waiting,
    };
    *kept = Some((job, candidate));
    Ok(looked)
}

/// Restores what was looked through.
pub(super) fn apply(desk: &Desk, deed: &Deed) -> Result<String, String> {
    let name = deed.said.get(Slot::File);
    let mut kept = desk.copy().map_err(str::to_owned)?;
    let candidate = take(&mut kept, deed.looked);
    let candidate = candidate.ok_or("The copy is to be looked through again first.")?;
    let mut admin = opened(desk, name)?;
    let done = admin.restore(&candidate, deed.reason());
    let done = done.map_err(|error| said(&error))?;
    // What was looked at before was held against another store.
    if let Some(mut list) = desk.plan() {
        *list = None;
    }
    if done.plan.takes_rules
        && let Ok(mut rules) = desk.candidate().lock()
    {
        *rules = None;
    }
    let kept = done.kept.unwrap_or_default();
    Ok(one_line(&format!(
        "Restored, up to event {} of {name}. The store as it was: {}; remove it when nobody needs it.",
        done.copy.seq,
        kept.display()
    )))
}

/// Lets go of the copy that this job looked through: nobody wants it restored.
pub(super) fn let_go(desk: &Desk, job: Job) {
    if let Ok(mut kept) = desk.copy() {
        let _unwanted = take(&mut kept, Some(job));
    }
}

/// The copy that this job looked through: another one is never restored in its place.
fn take<T>(kept: &mut Option<(Job, T)>, looked: Option<Job>) -> Option<T> {
    let (_, candidate) = kept.take_if(|(job, _)| Some(*job) == looked)?;
    Some(candidate)
}

/// Opens the store for a copy of that name to be restored.
fn opened(desk: &Desk, name: &str) -> Result<Admin, String> {
    let opened = Admin::open(desk.conf(), desk.operator()?);
    opened.map_err(|error: AdminError| said(&error.restoring(name)))
}

/// A copy on its way in: tells how far it is, and ends where somebody stops it.
struct Watched<'a> {
    file: File,
    desk: &'a Desk,
    job: Job,
    pace: Pace,
    done: u64,
    total: Option<u64>,
}

impl Read for Watched<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.desk.is_stopped(self.job) {
            return Err(io::Error::other("it was stopped"));
        }
        let count = self.file.read(bytes)?;
        self.done += count as u64;
        if self.pace.is_due() {
            let progress = Progress {
                done: self.done,
                total: self.total,
                failed: 0,
            };
            self.desk.tell(Found::Progress(self.job, progress));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::{Job, take};

    // Mutant: whatever copy was looked through last is restored.
    #[test]
    fn a_copy_that_another_job_looked_through_is_not_restored() {
        let mut kept = Some((Job::LookThrough(2), ()));
        for other in [None, Some(Job::LookThrough(1)), Some(Job::Restore(2))] {
            assert!(take(&mut kept, other).is_none(), "{other:?}");
        }
        assert!(take(&mut kept, Some(Job::LookThrough(2))).is_some());
        assert!(take(&mut kept, Some(Job::LookThrough(2))).is_none(), "once");
    }
}
