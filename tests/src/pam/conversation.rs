//! A running PAM host as the test sees it: prompts come in, answers go out, and at its end the host's
//! own state is judged (I4).

use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use rustix::process::Signal;

use super::outcome::Outcome;
use super::outcome::Round;
use super::protocol::Answer;
use super::protocol::Event;
use super::protocol::Job;
use super::protocol::ProcessState;
use super::protocol::Style;
use super::protocol::Times;
use super::state;
use crate::invariants::LOGIN_LIMIT;
use crate::process::Process;
use crate::stage::Stage;
use crate::users::User;
use crate::wait::SOON;

/// What every prompt for a code ends in.
const CODE_PROMPT: &str = "Verification code: ";

/// A prompt of the stack, with the messages that came before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Hidden or shown.
    pub style: Style,
    /// The prompt's text.
    pub text: String,
    /// Errors and infos since the prompt before.
    pub told: Vec<String>,
    /// When it came.
    pub times: Times,
}

/// A running PAM host.
#[derive(Debug)]
pub struct Conversation<'s> {
    stage: &'s Stage,
    process: Process,
    reader: BufReader<UnixStream>,
    rounds: Vec<Round>,
    current: Round,
    may_change: Vec<String>,
    asked: bool,
    deadline: Duration,
}

impl<'s> Conversation<'s> {
    /// Gives the host its job over `control`.
    pub(super) fn begin(
        stage: &'s Stage,
        process: Process,
        control: UnixStream,
        job: &Job,
        deadline: Duration,
    ) -> Self {
        control
            .set_read_timeout(Some(deadline))
            .expect("set a timeout");
        let mut conversation = Self {
            stage,
            process,
            reader: BufReader::new(control),
            rounds: Vec::new(),
            current: Round::default(),
            may_change: job.may_change.clone(),
            asked: false,
            deadline,
        };
        conversation.send(job);
        conversation
    }

    /// Waits for the next prompt; `None` once the host has ended.
    #[track_caller]
    pub fn next_prompt(&mut self) -> Option<Prompt> {
        loop {
            match self.read()? {
                Event::Message { style, text, times } => {
                    self.current.messages.push((style, text.clone()));
                    self.judge_time(&text, times);
                    if style.asks() {
                        self.asked = true;
                        let told = std::mem::take(&mut self.current.untold);
                        return Some(Prompt {
                            style,
                            text,
                            told,
                            times,
                        });
                    }
                    self.current.untold.push(text);
                }
                Event::Returned { call, code, times } => {
                    self.judge_time(&format!("{call:?}"), times);
                    self.current.results.push((call, code, times));
                }
                Event::State { when, state } => self.current.states.push((when, state)),
                Event::RoundEnded { code, user } => {
                    self.current.end = Some((code, user));
                    self.rounds.push(std::mem::take(&mut self.current));
                }
            }
        }
    }

    /// Waits for a prompt that ends in `text`; panics with all that is known for any other.
    #[track_caller]
    pub fn expect_prompt(&mut self, text: &str) -> Prompt {
        match self.next_prompt() {
            Some(prompt) if prompt.text.ends_with(text) => prompt,
            other => panic!(
                "{other:?} instead of a prompt {text:?}\n{}",
                self.describe()
            ),
        }
    }

    /// Waits for `pam_unix`'s prompt and types the right password of a user of the rig.
    #[track_caller]
    pub fn password_of(&mut self, user: &str) -> &mut Self {
        self.expect_prompt("Password: ");
        self.answer(User::password_of(user))
    }

    /// Waits for the prompt for a code.
    #[track_caller]
    pub fn code_prompt(&mut self) -> Prompt {
        self.expect_prompt(CODE_PROMPT)
    }

    /// Answers the prompt, and waits for the next one for a code.
    #[track_caller]
    pub fn tries(&mut self, answer: impl Into<Answer>) -> Prompt {
        self.answer(answer).code_prompt()
    }

    /// Answers the prompt.
    #[track_caller]
    pub fn answer(&mut self, answer: impl Into<Answer>) -> &mut Self {
        assert!(
            std::mem::take(&mut self.asked),
            "nothing was asked\n{}",
            self.describe()
        );
        self.send(&answer.into());
        self
    }

    /// Hangs up: the prompt that waits is answered with a conversation error.
    pub fn hang_up(&mut self) -> &mut Self {
        self.answer(Answer::Fail)
    }

    /// The host's pid.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the host looks like at this moment, seen from outside: its descriptors, threads, children
    /// and the like, under the names that [`Outcome::states`] has.
    pub fn look(&self) -> ProcessState {
        state::of(self.pid())
    }

    /// Sends the host a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits for the host's end after all prompts were answered, and judges what it saw of itself.
    #[track_caller]
    pub fn finish(mut self) -> Outcome {
        if let Some(prompt) = self.next_prompt() {
            panic!("unanswered: {prompt:?}\n{}", self.describe());
        }
        let Some(status) = self.process.wait(self.deadline) else {
            panic!("the PAM host has not ended\n{}", self.describe());
        };
        assert!(
            status.success(),
            "the PAM host ended with {status}\n{}",
            self.describe()
        );
        self.judge();
        self.outcome()
    }

    /// Waits for the end of a host that a test has killed.
    #[track_caller]
    pub fn finish_killed(mut self) -> Outcome {
        while self.next_prompt().is_some() {}
        assert!(
            self.process.wait(SOON).is_some(),
            "it lives\n{}",
            self.describe()
        );
        self.outcome()
    }

    fn outcome(&self) -> Outcome {
        let mut rounds = self.rounds.clone();
        rounds.push(self.current.clone());
        rounds.retain(|round| !round.states.is_empty());
        Outcome {
            rounds,
            report: self.describe(),
        }
    }

    /// I7: libpam gives control back within the limit, to ask or to end.
    fn judge_time(&self, what: &str, times: Times) {
        if Duration::from_millis(times.waited) > LOGIN_LIMIT {
            let waited = times.waited;
            self.stage
                .ledger
                .fault(format!("I7: {what:?} came after {waited} ms"));
        }
    }

    /// I4: each state as the first one, nothing on stdout or stderr.
    fn judge(&self) {
        let ledger = &self.stage.ledger;
        for round in &self.rounds {
            let Some((_, before)) = round.states.first() else {
                continue;
            };
            for (when, after) in round.states.iter().skip(1) {
                let differences = state::differences(before, after)
                    .into_iter()
                    .filter(|line| {
                        !self
                            .may_change
                            .iter()
                            .any(|name| line.starts_with(name.as_str()))
                    });
                for difference in differences {
                    ledger.fault(format!("I4: {when}: {difference}"));
                }
            }
        }
        for (name, capture) in [
            ("stdout", &self.process.stdout),
            ("stderr", &self.process.stderr),
        ] {
            capture.wait_end(SOON);
            if !capture.bytes().is_empty() {
                ledger.fault(format!(
                    "I4: a module wrote to {name}: {:?}",
                    capture.text()
                ));
            }
        }
    }

    #[track_caller]
    fn read(&mut self) -> Option<Event> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).expect("the PAM host speaks the protocol")),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("no message of the PAM host: {error}\n{}", self.describe()),
        }
    }

    fn send(&mut self, line: &impl serde::Serialize) {
        let text = serde_json::to_string(line).expect("the protocol is JSON");
        // A host that was killed reads no more; that shows by its end.
        let _ = self
            .reader
            .get_mut()
            .write_all(format!("{text}\n").as_bytes());
    }

    fn describe(&self) -> String {
        let mut text = String::new();
        for round in self.rounds.iter().chain([&self.current]) {
            text.push_str(&round.describe());
        }
        format!("{text}{}\n{}", self.process.describe(), self.stage.report())
    }
}
