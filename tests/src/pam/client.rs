//! The test's side of a PAM login: a builder, the running conversation, and what came of it.

use std::env;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use super::protocol::Answer;
use super::protocol::Call;
use super::protocol::Event;
use super::protocol::Job;
use super::protocol::ProcessState;
use super::protocol::Sigchld;
use super::protocol::Style;
use super::state;
use crate::process::Process;
use crate::stage::Stage;
use crate::wait::SOON;

/// Where cargo put `gatepost-pam-host`: beside this program, or one folder up from a test binary.
pub fn host_program() -> PathBuf {
    let own = env::current_exe().expect("know the own path");
    let folder = own.parent().expect("a program lies in a folder");
    [Some(folder), folder.parent()]
        .into_iter()
        .flatten()
        .map(|folder| folder.join("gatepost-pam-host"))
        .find(|path| path.exists())
        .expect("cargo has built gatepost-pam-host")
}

/// A login to be described. Without more it authenticates once, as sshd would, with no user given.
#[derive(Debug)]
pub struct Client<'s> {
    stage: &'s Stage,
    job: Job,
    environment: Vec<(String, String)>,
    wrapper: Vec<String>,
    uid: Option<u32>,
    may_change: Vec<String>,
    deadline: Duration,
}

impl<'s> Client<'s> {
    pub(crate) fn new(stage: &'s Stage, service: &str) -> Self {
        let job = Job {
            service: service.to_owned(),
            calls: vec![Call::Authenticate],
            rounds: 1,
            ..Job::default()
        };
        Self {
            stage,
            job,
            environment: Vec::new(),
            wrapper: Vec::new(),
            uid: None,
            may_change: Vec::new(),
            deadline: Duration::from_secs(30),
        }
    }

    /// PAM_USER as given to pam_start.
    #[must_use]
    pub fn user(mut self, user: impl Into<Vec<u8>>) -> Self {
        self.job.user = Some(user.into());
        self
    }

    /// PAM_RHOST.
    #[must_use]
    pub fn rhost(mut self, host: impl Into<Vec<u8>>) -> Self {
        self.job.rhost = Some(host.into());
        self
    }

    /// PAM_TTY.
    #[must_use]
    pub fn tty(mut self, tty: impl Into<Vec<u8>>) -> Self {
        self.job.tty = Some(tty.into());
        self
    }

    /// PAM_RUSER.
    #[must_use]
    pub fn ruser(mut self, user: impl Into<Vec<u8>>) -> Self {
        self.job.ruser = Some(user.into());
        self
    }

    /// A variable of the PAM environment, e.g. `SSH_AUTH_INFO_0=publickey …`.
    #[must_use]
    pub fn pam_env(mut self, name_value: &str) -> Self {
        self.job.pam_env.push(name_value.to_owned());
        self
    }

    /// Service files in this folder instead of /etc/pam.d.
    #[must_use]
    pub fn confdir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.job.confdir = Some(folder.into());
        self
    }

    /// Flags for every call, e.g. [`super::SILENT`].
    #[must_use]
    pub fn flags(mut self, flags: i32) -> Self {
        self.job.flags = flags;
        self
    }

    /// The calls of a round, in order.
    #[must_use]
    pub fn calls(mut self, calls: &[Call]) -> Self {
        self.job.calls = calls.to_vec();
        self
    }

    /// Authenticates, sets credentials, checks the account and opens a session, as a real login does.
    #[must_use]
    pub fn whole_login(self) -> Self {
        self.calls(&[
            Call::Authenticate,
            Call::Account,
            Call::Setcred,
            Call::OpenSession,
        ])
    }

    /// Does it all this many times in one process, loading and unloading the modules each time.
    #[must_use]
    pub fn rounds(mut self, rounds: u32) -> Self {
        self.job.rounds = rounds;
        self
    }

    /// Runs the host without privileges, as this uid and gid.
    #[must_use]
    pub fn run_as(mut self, uid: u32) -> Self {
        self.uid = Some(uid);
        self
    }

    /// Runs the host as a set-uid program that this user started.
    #[must_use]
    pub fn started_by(mut self, real_uid: u32) -> Self {
        self.job.real_uid = Some(real_uid);
        self
    }

    /// Closes these of 0, 1 and 2 before libpam is called.
    #[must_use]
    pub fn closed(mut self, descriptors: &[i32]) -> Self {
        self.job.closed = descriptors.to_vec();
        self
    }

    /// What the host does about SIGCHLD.
    #[must_use]
    pub fn sigchld(mut self, what: Sigchld) -> Self {
        self.job.sigchld = what;
        self
    }

    /// A resource limit, soft and hard: `as core cpu data fsize memlock nofile nproc stack`.
    #[must_use]
    pub fn limit(mut self, resource: &str, value: u64) -> Self {
        self.job.limits.insert(resource.to_owned(), value);
        self
    }

    /// The host's umask.
    #[must_use]
    pub fn umask(mut self, mask: u32) -> Self {
        self.job.umask = Some(mask);
        self
    }

    /// A variable in the host's own environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs the host under another program, e.g. `["strace", "-f", "-o", "/tmp/trace"]`.
    #[must_use]
    pub fn under(mut self, program: &[&str]) -> Self {
        self.wrapper = program.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Properties of the host that the stack may change without breaking I4: prefixes of their names.
    #[must_use]
    pub fn may_change(mut self, properties: &[&str]) -> Self {
        self.may_change
            .extend(properties.iter().map(|&name| name.to_owned()));
        self
    }

    /// How long each message and the end may be waited for; 30 s without this.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Starts the host; the test answers message by message.
    pub fn start(self) -> Conversation<'s> {
        let (ours, theirs) = UnixStream::pair().expect("a socket pair");
        let mut command = self.command();
        command.stdin(OwnedFd::from(theirs));
        let process = Process::start(&mut command);
        drop(command);
        let name = format!("stderr of the PAM host for {}", self.job.service);
        self.stage.ledger.watch(&name, &process.stderr);
        ours.set_read_timeout(Some(self.deadline))
            .expect("set a timeout");
        let mut conversation = Conversation {
            stage: self.stage,
            process,
            reader: BufReader::new(ours),
            rounds: Vec::new(),
            current: Round::default(),
            may_change: self.may_change,
            asked: false,
            deadline: self.deadline,
        };
        conversation.send(&self.job);
        conversation
    }

    /// Runs it to its end with these answers, one for each prompt, then conversation errors.
    #[track_caller]
    pub fn answers<A: Into<Answer>>(self, answers: impl IntoIterator<Item = A>) -> Outcome {
        let mut answers = answers.into_iter().map(Into::into);
        self.run(|_| answers.next().unwrap_or(Answer::Fail))
    }

    /// Runs it to its end, asking `answer` at each prompt.
    #[track_caller]
    pub fn run(self, mut answer: impl FnMut(&Prompt) -> Answer) -> Outcome {
        let mut conversation = self.start();
        while let Some(prompt) = conversation.next_prompt() {
            conversation.answer(answer(&prompt));
        }
        conversation.finish()
    }

    fn command(&self) -> Command {
        let host = self.stage.pam_host().display().to_string();
        let mut words = self.wrapper.clone();
        words.push(host);
        let mut words = words.into_iter();
        let program = words.next().expect("at least the host");
        let mut command = self.stage.command(&program);
        command.args(words).envs(self.environment.iter().cloned());
        if let Some(uid) = self.uid {
            command.uid(uid).gid(uid);
        }
        command
    }
}

/// A prompt of the stack, with the messages that came before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Hidden or shown.
    pub style: Style,
    /// The prompt's text.
    pub text: String,
    /// Errors and infos since the prompt before.
    pub told: Vec<String>,
    /// Milliseconds since the round began.
    pub milliseconds: u64,
}

/// One round: what was said and what came of it.
#[derive(Debug, Clone, Default)]
struct Round {
    messages: Vec<(Style, String)>,
    untold: Vec<String>,
    results: Vec<(Call, String, u64)>,
    states: Vec<(String, ProcessState)>,
    end: Option<(String, Option<String>)>,
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

impl Conversation<'_> {
    /// Waits for the next prompt; `None` once the host has ended.
    #[track_caller]
    pub fn next_prompt(&mut self) -> Option<Prompt> {
        loop {
            match self.read()? {
                Event::Message {
                    style,
                    text,
                    milliseconds,
                } => {
                    self.current.messages.push((style, text.clone()));
                    if style.asks() {
                        self.asked = true;
                        let told = std::mem::take(&mut self.current.untold);
                        return Some(Prompt {
                            style,
                            text,
                            told,
                            milliseconds,
                        });
                    }
                    self.current.untold.push(text);
                }
                Event::Returned {
                    call,
                    code,
                    milliseconds,
                } => {
                    self.current.results.push((call, code, milliseconds));
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
        let rounds: Vec<_> = self.rounds.iter().chain([&self.current]).collect();
        let said: Vec<_> = rounds
            .iter()
            .map(|round| (&round.messages, &round.results))
            .collect();
        format!(
            "{said:#?}\n{}\n{}",
            self.process.describe(),
            self.stage.report()
        )
    }
}

/// What came of a login.
#[derive(Debug, Clone)]
pub struct Outcome {
    rounds: Vec<Round>,
    report: String,
}

impl Outcome {
    /// The name of the code that a call returned in the last round, e.g. `PAM_AUTH_ERR`; empty if the
    /// call was not made or did not come back.
    pub fn code(&self, call: Call) -> &str {
        let last = self.rounds.last();
        let result = last.and_then(|round| round.results.iter().find(|result| result.0 == call));
        result.map_or("", |result| &result.1)
    }

    /// The name of the code that pam_authenticate returned in the last round.
    pub fn authenticate(&self) -> &str {
        self.code(Call::Authenticate)
    }

    /// Insists on the code of pam_authenticate; panics with all that is known.
    #[track_caller]
    pub fn expect(self, code: &str) -> Self {
        assert_eq!(self.authenticate(), code, "\n{}", self.report);
        self
    }

    /// The codes that pam_authenticate returned, one a round.
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
        Duration::from_millis(last.map_or(0, |result| result.2))
    }

    /// PAM_USER as it was before pam_end in the last round.
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
