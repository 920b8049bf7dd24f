//! A PAM login to be described: who, where from, in what circumstances; then started.

use std::env;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::conversation::Conversation;
use super::conversation::Prompt;
use super::outcome::Outcome;
use super::protocol::Answer;
use super::protocol::Call;
use super::protocol::Job;
use super::protocol::Sigchld;
use crate::process::Process;
use crate::stage::PAM_HOST;
use crate::stage::Stage;

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
            deadline: Duration::from_secs(30),
        }
    }

    /// `PAM_USER` as given to `pam_start`.
    #[must_use]
    pub fn user(mut self, user: impl Into<Vec<u8>>) -> Self {
        self.job.user = Some(user.into());
        self
    }

    /// `PAM_RHOST`.
    #[must_use]
    pub fn rhost(mut self, host: impl Into<Vec<u8>>) -> Self {
        self.job.rhost = Some(host.into());
        self
    }

    /// `PAM_TTY`.
    #[must_use]
    pub fn tty(mut self, tty: impl Into<Vec<u8>>) -> Self {
        self.job.tty = Some(tty.into());
        self
    }

    /// `PAM_RUSER`.
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

    /// Does it in this many threads at once, each with a handle of its own and these answers; all
    /// results are in [`Outcome::all_codes`]. Such a login asks the test nothing.
    #[must_use]
    pub fn in_threads<A: Into<Answer>>(
        mut self,
        threads: u32,
        answers: impl IntoIterator<Item = A>,
    ) -> Self {
        self.job.threads = threads;
        self.job.script = answers.into_iter().map(Into::into).collect();
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

    /// The host has handlers that do nothing for [`super::INTERRUPTIONS`], and its system calls are not
    /// restarted after them.
    #[must_use]
    pub fn interruptible(mut self) -> Self {
        self.job.interruptible = true;
        self
    }

    /// The host has a child of its own that ends with status 0 during each call, and waits for it after.
    #[must_use]
    pub fn with_a_child_of_its_own(mut self) -> Self {
        self.job.own_child = true;
        self.may_change(&["children"])
    }

    /// A resource limit, soft and hard: `as core cpu data fsize memlock nofile nproc stack`.
    #[must_use]
    pub fn limit(mut self, resource: &str, value: u64) -> Self {
        self.job.limits.insert(resource.to_owned(), value);
        self
    }

    /// Does not sit out the seconds that modules ask libpam to wait after a failure: the host takes
    /// the wait upon itself, as sshd and login can, and skips it. For tests of many refusals.
    #[must_use]
    pub fn without_failure_delay(mut self) -> Self {
        self.job.skip_delay = true;
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
        self.job
            .may_change
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
        Conversation::begin(self.stage, process, ours, &self.job, self.deadline)
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
        let mut words = self.wrapper.clone();
        words.push(PAM_HOST.to_owned());
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
