//! The policy: what is in force, a try that runs, the versions, and rules that somebody edited.
//!
//! - [`lines`]: all of it as text; [`possible`]: what can be done with it now

mod lines;
mod possible;

use gatepost_shared::admin::policy::history::Row;
use gatepost_shared::admin::policy::{Policy as InForce, State, Trial};
use gatepost_shared::admin::why::Why;

use super::super::effect::Source;
use super::super::message::Told;
use super::list::List;

/// The screen's state.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    /// What is in force; none before it was read.
    pub(crate) whole: Option<Result<InForce, String>>,
    /// The try that runs.
    pub(crate) trial: Option<Running>,
    /// What is shown.
    pub(crate) pane: Pane,
    /// The versions.
    pub(crate) versions: List<Row>,
    /// The text of the version that is looked at.
    pub(crate) text: Option<Result<String, String>>,
    /// Rules that may come in force.
    pub(crate) draft: Option<Draft>,
    /// What a sign-in would meet.
    pub(crate) simulated: Option<Result<Why, String>>,
    /// What was last asked about a sign-in: user, service, source.
    pub(crate) asked: Option<[String; 3]>,
    /// How far the text is scrolled.
    pub(crate) scroll: usize,
}

/// What the screen shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pane {
    /// What is in force.
    #[default]
    Rules,
    /// The versions.
    Versions,
    /// One of them.
    Version(i64),
    /// What the draft would change, or what is wrong with it.
    Draft,
    /// What a sign-in would meet.
    Simulated,
}

/// A try that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    /// What it was when it was read.
    pub(crate) trial: Trial,
    /// When it ends, in milliseconds since the start.
    pub(crate) ends: u64,
}

/// Rules that may come in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Draft {
    /// Where they come from.
    pub(crate) source: Source,
    /// The number of their difference.
    pub(crate) number: u32,
    /// What was found about them.
    pub(crate) looked: Looked,
    /// Who put another version in force meanwhile, where somebody did.
    pub(crate) moved: Option<String>,
}

/// What was found about a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    /// It is still being looked for.
    Underway,
    /// What is wrong with it, in lines.
    Wrong(Vec<String>),
    /// What it would change.
    Found(Box<Told>),
}

/// Seconds in which each second is told.
const LAST: u64 = 60;

impl Running {
    /// A try as it was read at that moment.
    pub(crate) fn read(trial: Trial, now: u64) -> Self {
        let left = u64::try_from(trial.seconds_left).unwrap_or(0);
        Self {
            trial,
            ends: now.saturating_add(left.saturating_mul(1000)),
        }
    }

    fn seconds(&self, now: u64) -> u64 {
        self.ends.saturating_sub(now).div_ceil(1000)
    }

    /// How long it has left: by the minute, and in the last minute by the second.
    pub(crate) fn left(&self, now: u64) -> String {
        match self.seconds(now) {
            seconds if seconds <= LAST => format!("{seconds} s"),
            seconds => format!("{} min", seconds.div_ceil(60)),
        }
    }

    /// When that has to be told otherwise.
    pub(crate) fn wakes(&self, now: u64) -> u64 {
        let left = self.ends.saturating_sub(now);
        let step = if left <= LAST * 1000 { 1000 } else { 60_000 };
        // The number that is shown is true until so much is left.
        let until = left.div_ceil(step).saturating_sub(1) * step;
        self.ends - until
    }
}

impl Draft {
    /// The older version that it is, where it is one.
    pub(crate) const fn restores(&self) -> Option<i64> {
        match self.source {
            Source::Edited(_) => None,
            Source::Version(version) => Some(version),
        }
    }
}

impl Policy {
    /// Takes in which version is in force.
    pub(crate) fn take(&mut self, state: State, now: u64) {
        self.trial = state.trial.map(|trial| Running::read(trial, now));
    }

    /// Where Esc leads to: the draft where there is one.
    pub(crate) fn home(&self) -> Pane {
        if self.draft.is_some() {
            Pane::Draft
        } else {
            Pane::Rules
        }
    }

    /// Rules that were edited and are nowhere else.
    pub(crate) fn edited(&self) -> Option<&str> {
        match self.draft.as_ref().map(|draft| &draft.source) {
            Some(Source::Edited(text)) => Some(text),
            Some(Source::Version(_)) | None => None,
        }
    }

    /// What the draft would change, once that is known.
    pub(crate) fn told(&self) -> Option<(&Draft, &Told)> {
        let draft = self.draft.as_ref()?;
        match &draft.looked {
            Looked::Found(told) => Some((draft, told)),
            Looked::Underway | Looked::Wrong(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Running, Trial};

    // Mutants: the last minute is told by the minute; the console wakes for nothing, or too late.
    #[test]
    fn a_try_is_told_by_the_minute_and_at_last_by_the_second() {
        let trial = Trial {
            version: 8,
            back_to: 7,
            seconds_left: 150,
            by: "root".into(),
            reason: String::new(),
        };
        let running = Running::read(trial, 1_000);
        for (now, left, wakes) in [
            (1_000, "3 min", 31_000),
            (30_999, "3 min", 31_000),
            (31_000, "2 min", 91_000),
            (90_999, "2 min", 91_000),
            (91_000, "60 s", 92_000),
            (91_500, "60 s", 92_000),
            (150_000, "1 s", 151_000),
        ] {
            assert_eq!(running.left(now), left, "{now}");
            assert_eq!(running.wakes(now), wakes, "{now}");
        }
        // From one waking to the next, what is told changes each time.
        let mut now = 1_000;
        while now < running.ends {
            let next = running.wakes(now);
            assert!(
                next > now && running.left(next) != running.left(now),
                "{now}"
            );
            now = next;
        }
    }
}
