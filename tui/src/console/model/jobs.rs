//! What takes long: how far it is, and how it ended; what failed of it can be tried again.

use std::collections::{BTreeMap, BTreeSet};

use gatepost_shared::admin::users::Versions;

use super::super::effect::Deed;
use super::super::message::{Job, Progress, Step, Tally};

/// How many that are over are kept.
const KEPT: usize = 20;

/// The jobs, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    works: Vec<Work>,
    /// Which is selected, counted from the newest.
    pub(crate) selected: usize,
    begun: u32,
}

/// A job.
#[derive(Debug)]
pub(crate) struct Work {
    /// Which.
    pub(crate) job: Job,
    /// What it does, in a few words.
    pub(crate) name: String,
    /// How it goes.
    pub(crate) how: How,
    /// How far it is.
    pub(crate) progress: Progress,
    /// What could not be done, and why.
    pub(crate) failures: Vec<(String, String)>,
    /// Those of them that somebody else changed since they were marked, as was said.
    changed: BTreeSet<String>,
    /// What is done, where it is done to many accounts.
    deed: Option<Deed>,
}

/// How a job goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It runs.
    Runs,
    /// It was asked to stop, and will after what it is at.
    Stops,
    /// It is over, said in a sentence; or it failed.
    Over(Result<String, String>),
}

impl Jobs {
    /// A job begins.
    pub(crate) fn begin(&mut self, job: Job, name: impl Into<String>, deed: Option<Deed>) {
        let total = deed.as_ref().map(|deed| deed.objects.len() as u64);
        let over = |work: &Work| matches!(work.how, How::Over(_));
        if self.works.len() >= KEPT
            && let Some(oldest) = self.works.iter().position(over)
        {
            self.works.remove(oldest);
        }
        self.works.push(Work {
            job,
            name: name.into(),
            how: How::Runs,
            progress: Progress {
                total,
                ..Progress::default()
            },
            failures: Vec::new(),
            changed: BTreeSet::new(),
            deed,
        });
        self.selected = 0;
    }

    /// A number that no job had yet.
    pub(crate) fn number(&mut self) -> u32 {
        self.begun += 1;
        self.begun
    }

    /// All of them, the newest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Work> {
        self.works.iter().rev()
    }

    /// Those that run.
    pub(crate) fn running(&self) -> impl Iterator<Item = &Work> {
        self.works.iter().filter(|work| work.is_running())
    }

    /// Whether that job runs.
    pub(crate) fn runs(&self, job: Job) -> bool {
        self.running().any(|work| work.job == job)
    }

    /// What a job that runs does to many accounts.
    pub(crate) fn deed(&self, job: Job) -> Option<&Deed> {
        let mut running = self.running();
        running
            .find(|work| work.job == job)
            .and_then(|work| work.deed.as_ref())
    }

    /// The selected one.
    pub(crate) fn selected(&self) -> Option<&Work> {
        self.all().nth(self.selected)
    }

    /// Selects another one.
    pub(crate) fn step(&mut self, step: Step) {
        let last = self.works.len().saturating_sub(1);
        self.selected = match step {
            Step::Up => self.selected.saturating_sub(1),
            Step::Down => (self.selected + 1).min(last),
            Step::PageUp | Step::First => 0,
            Step::PageDown | Step::Last => last,
        };
    }

    /// A job goes on.
    pub(crate) fn progress(&mut self, job: Job, progress: Progress) {
        if let Some(work) = self.find(job) {
            work.progress = progress;
        }
    }

    /// A job is over.
    pub(crate) fn ended(&mut self, job: Job, said: Result<String, String>) {
        if let Some(work) = self.find(job) {
            work.how = How::Over(said);
        }
    }

    /// A job is over that told what of it could not be done.
    pub(crate) fn ended_with(
        &mut self,
        job: Job,
        said: Result<String, String>,
        failures: Vec<(String, String)>,
    ) {
        if let Some(work) = self.find(job) {
            work.progress.failed = failures.len() as u64;
            work.failures = failures;
            work.how = How::Over(said);
        }
    }

    /// A job on many accounts is over: what is to be said of it.
    pub(crate) fn tried(&mut self, job: Job, tally: Tally) -> Option<Result<String, String>> {
        let work = self.find(job)?;
        let Tally {
            done,
            failures,
            changed,
            left,
        } = tally;
        let mut said = format!("{}: {done} done", work.name);
        for (count, word) in [
            (failures.len() as u64, "failed"),
            (left, "left as they were"),
        ] {
            if count > 0 {
                let more = format!(", {count} {word}");
                said.push_str(&more);
            }
        }
        let said = if failures.is_empty() {
            Ok(said)
        } else {
            Err(format!(
                "{said}; w shows which and why, R there tries them again"
            ))
        };
        work.progress = Progress {
            done: done + failures.len() as u64,
            failed: failures.len() as u64,
            ..work.progress
        };
        work.failures = failures;
        work.changed = changed;
        work.how = How::Over(said.clone());
        Some(said)
    }

    /// An act of this console left another version of an account.
    pub(crate) fn stepped(&mut self, key: &str, step: Versions) {
        let deeds = self.works.iter_mut().filter_map(|work| work.deed.as_mut());
        deeds.for_each(|deed| deed.stepped(key, step));
    }

    /// Asks a job to stop; false where it does not run, or cannot be stopped.
    pub(crate) fn stop(&mut self, job: Job) -> bool {
        match self.find(job) {
            Some(work) if work.how == How::Runs && work.job.can_stop() => {
                work.how = How::Stops;
                true
            }
            Some(_) | None => false,
        }
    }

    fn find(&mut self, job: Job) -> Option<&mut Work> {
        let mut works = self.works.iter_mut().rev();
        works.find(|work| work.job == job && work.is_running())
    }
}

impl Work {
    /// Whether it is not over.
    pub(crate) const fn is_running(&self) -> bool {
        match self.how {
            How::Runs | How::Stops => true,
            How::Over(_) => false,
        }
    }

    /// What failed, to be done again as it was seen; none where nothing did. Of what somebody changed since it
    /// was said what they did: that is done as it is listed now. Where it is not, it is left out and counted.
    pub(crate) fn again(&self, listed: impl Fn(&str) -> Option<i64>) -> Option<(Deed, u64)> {
        let deed = self.deed.as_ref().filter(|_| !self.failures.is_empty())?;
        let mut again = Deed {
            objects: Vec::new(),
            seen: BTreeMap::new(),
            ..deed.clone()
        };
        let mut left_out = 0;
        for (key, _) in &self.failures {
            let version = if self.changed.contains(key) {
                let Some(version) = listed(key) else {
                    left_out += 1;
                    continue;
                };
                Some(version)
            } else {
                deed.seen.get(key).copied().or_else(|| listed(key))
            };
            again
                .seen
                .extend(version.map(|version| (key.clone(), version)));
            again.objects.push(key.clone());
        }
        Some((again, left_out))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Deed, How, Job, Jobs, Tally};
    use crate::console::effect::Verb;

    fn tally(done: u64, failed: &[&str], left: u64) -> Tally {
        let failed = failed
            .iter()
            .map(|key| ((*key).to_owned(), "busy".to_owned()));
        Tally {
            done,
            failures: failed.collect(),
            changed: BTreeSet::new(),
            left,
        }
    }

    #[test]
    fn what_failed_is_said_and_can_be_done_again() {
        let mut jobs = Jobs::default();
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        let job = Job::Each(jobs.number());
        jobs.begin(job, "Unlocking", Some(Deed::on(Verb::Unlock, names)));
        assert!(jobs.runs(job));
        assert!(jobs.stop(job));
        assert!(!jobs.stop(job), "once is enough");
        let said = jobs
            .tried(job, tally(1, &["b", "c"], 1))
            .unwrap()
            .unwrap_err();
        assert!(
            said.starts_with("Unlocking: 1 done, 2 failed, 1 left as they were;"),
            "{said}"
        );
        assert!(!jobs.runs(job));
        assert_eq!(
            jobs.selected().unwrap().again(|_| None).unwrap().0.objects,
            ["b", "c"]
        );
        assert_eq!(jobs.tried(job, tally(0, &[], 0)), None, "it is over");
    }

    #[test]
    fn only_some_jobs_can_be_stopped_and_old_ones_go() {
        let mut jobs = Jobs::default();
        jobs.begin(Job::Chain, "checking", None);
        assert!(!jobs.stop(Job::Chain));
        for number in 0..40 {
            jobs.begin(Job::Each(number), "each", None);
            jobs.ended(Job::Each(number), Ok(String::new()));
        }
        assert_eq!(jobs.all().count(), super::KEPT);
        assert!(jobs.runs(Job::Chain), "one that runs is never dropped");
        assert_eq!(jobs.running().next().unwrap().how, How::Runs);
    }
}
