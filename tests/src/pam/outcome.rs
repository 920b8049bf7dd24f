//! What came of a login: the codes, the messages, and what the host saw of itself.

use std::fmt::Write;
use std::time::Duration;

use super::protocol::Call;
use super::protocol::ProcessState;
use super::protocol::Style;
use super::protocol::Times;

/// What came of a login.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub(super) rounds: Vec<Round>,
    pub(super) report: String,
}

impl Outcome {
    /// The name of the code that a call returned in the last round, e.g. `PAM_AUTH_ERR`; empty if the
    /// call was not made or did not come back.
    pub fn code(&self, call: Call) -> &str {
        let last = self.rounds.last();
        let result = last.and_then(|round| round.results.iter().find(|result| result.0 == call));
        result.map_or("", |result| &result.1)
    }

    /// The name of the code that `pam_authenticate` returned in the last round.
    pub fn authenticate(&self) -> &str {
        self.code(Call::Authenticate)
    }

    /// Insists on the code of `pam_authenticate`; panics with all that is known.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "the check is what it is called for"
    )]
    pub fn expect(self, code: &str) -> Self {
        assert_eq!(self.authenticate(), code, "\n{}", self.report);
        self
    }

    /// The codes that `pam_authenticate` returned, one a round.
    pub fn all_codes(&self) -> Vec<&str> {
        let results = self.rounds.iter().flat_map(|round| &round.results);
        results
            .filter(|result| result.0 == Call::Authenticate)
            .map(|result| &*result.1)
            .collect()
    }

    /// All messages of the last round.
    pub fn messages(&self) -> &[(Style, String)] {
        self.rounds.last().map_or(&[], |round| &round.messages)
    }

    /// How long the last round's calls took, answers included.
    pub fn duration(&self) -> Duration {
        let last = self.rounds.last().and_then(|round| round.results.last());
        Duration::from_millis(last.map_or(0, |result| result.2.since_start))
    }

    /// How long libpam took from the last answer (or the last call's begin) to the last result.
    pub fn last_wait(&self) -> Duration {
        let last = self.rounds.last().and_then(|round| round.results.last());
        Duration::from_millis(last.map_or(0, |result| result.2.waited))
    }

    /// `PAM_USER` as it was before `pam_end` in the last round.
    pub fn user(&self) -> Option<&str> {
        self.rounds.last()?.end.as_ref()?.1.as_deref()
    }

    /// What the process saw of itself in the last round: when, and the state.
    pub fn states(&self) -> &[(String, ProcessState)] {
        self.rounds.last().map_or(&[], |round| &round.states)
    }

    /// How many rounds came to their end.
    pub fn rounds(&self) -> usize {
        self.rounds
            .iter()
            .filter(|round| round.end.is_some())
            .count()
    }

    /// All that is known, for a failure's message.
    pub fn report(&self) -> &str {
        &self.report
    }
}

/// One round: what was said and what came of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Round {
    pub(super) messages: Vec<(Style, String)>,
    pub(super) untold: Vec<String>,
    pub(super) results: Vec<(Call, String, Times)>,
    pub(super) states: Vec<(String, ProcessState)>,
    pub(super) end: Option<(String, Option<String>)>,
}

impl Round {
    /// What was said and what came of it, a line each.
    pub(super) fn describe(&self) -> String {
        let mut text = String::new();
        for (style, message) in &self.messages {
            let _ = writeln!(text, "{style:?} {message:?}");
        }
        for (call, code, times) in &self.results {
            let Times {
                since_start,
                waited,
            } = times;
            let _ = writeln!(
                text,
                "{call:?} {code} at {since_start} ms, waited {waited} ms"
            );
        }
        text
    }
}
