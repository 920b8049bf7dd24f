//! One sender process: started, fed, watched, killed.

use std::io::{Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use gatepost_words::job::{
    Letter, MAX_PROOF, Outcome, PRINT, Printed, Proof, Relay, Report, SENDER_USER,
};
use gatepost_words::secret::Secret;
use gatepost_words::text::sanitise;
use gatepost_words::time::{Boot, Span};
use gatepost_words::wire::{self, HEADER, MAX_BODY};
use nix::unistd::User;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::files::{self, Readers};

/// One attempt at one relay.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) relay: String,
    pub(super) started: Boot,
    pub(super) deadline: Boot,
    state: State,
}

#[derive(Debug)]
enum State {
    Running(Running),
    /// It could not even be started.
    Over(Report),
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Killing by pidfd cannot hit a stranger, not even after a fork left the child to init.
    pidfd: OwnedFd,
    out: ChildStdout,
    buffer: Vec<u8>,
    /// The longest body that it may answer with.
    most: usize,
    /// Whether another process watches over the sender now.
    released: bool,
}

impl Attempt {
    /// Leaves the sender to the process that was forked to watch over it.
    pub(super) fn release(&mut self) {
        if let State::Running(running) = &mut self.state {
            running.released = true;
        }
    }

    /// Starts a sender for one relay.
    pub(super) fn start(
        relay: Result<Relay, (String, Report)>,
        letter: &Letter,
        now: Boot,
        share: Span,
    ) -> Self {
        let (name, state) = match relay {
            Ok(relay) => {
                let name = format!("{}:{}", relay.host, relay.port);
                // A job is written as the pair that it is, since a letter serves several relays.
                let frame = wire::encode(&(&relay, letter)).map_err(|error| error.to_string());
                let state = match frame.and_then(|frame| start(None, &frame, MAX_BODY)) {
                    Ok(running) => State::Running(running),
                    Err(problem) => State::Over(report(Outcome::Message, &problem)),
                };
                (name, state)
            }
            Err((name, report)) => (name, State::Over(report)),
        };
        Self {
            relay: name,
            started: now,
            deadline: now.plus(share),
            state,
        }
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.state {
            State::Running(running) => Some(running.out.as_fd()),
            State::Over(_) => None,
        }
    }

    /// The report, once there is one or the time is over.
    pub(super) fn look(&mut self, now: Boot) -> Option<Report> {
        let running = match &mut self.state {
            State::Running(running) => running,
            State::Over(report) => return Some(report.clone()),
        };
        let said = match running.read() {
            Heard::Nothing if now < self.deadline => return None,
            Heard::Nothing => {
                let waited = self.deadline.since(self.started);
                report(
                    Outcome::Lost,
                    &format!("no word within {waited}: the sender was ended"),
                )
            }
            Heard::Body(body) => match wire::decode(&body) {
                Ok(report) => cleaned(&report),
                Err(_no_report) => report(Outcome::Lost, SILENT),
            },
            Heard::Ended => report(Outcome::Lost, SILENT),
        };
        running.end();
        Some(said)
    }
}

/// What is said of a sender that said nothing that can be read.
const SILENT: &str = "the sender died without a word";

/// One letter that is printed: no relay is told of it.
#[derive(Debug)]
pub(super) struct Printing(Running);

impl Printing {
    pub(super) fn start(proof: &Proof) -> Result<Self, String> {
        let frame = wire::encode_within(proof, MAX_PROOF).map_err(|error| error.to_string())?;
        start(Some(PRINT), &frame, MAX_PROOF).map(Self)
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.0.out.as_fd()
    }

    /// The letter in words, once there is one.
    pub(super) fn look(&mut self) -> Option<Printed> {
        let printed = match self.0.read() {
            Heard::Nothing => return None,
            Heard::Body(body) => wire::decode(&body).unwrap_or_else(|_| Err(SILENT.to_owned())),
            Heard::Ended => Err(SILENT.to_owned()),
        };
        self.0.end();
        Some(printed)
    }
}

/// What a look at the pipe brought.
enum Heard {
    Nothing,
    Body(Vec<u8>),
    Ended,
}

impl Running {
    fn read(&mut self) -> Heard {
        let mut chunk = [0_u8; 4096];
        loop {
            match self.out.read(&mut chunk) {
                Ok(0) => return self.body().map_or(Heard::Ended, Heard::Body),
                Ok(length) => {
                    self.buffer
                        .extend_from_slice(chunk.get(..length).unwrap_or_default());
                    if self.buffer.len() > HEADER + self.most {
                        return Heard::Ended;
                    }
                    if let Some(body) = self.body() {
                        return Heard::Body(body);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    return Heard::Nothing;
                }
                Err(_broken) => return Heard::Ended,
            }
        }
    }

    /// What it said, where all of it has come.
    fn body(&self) -> Option<Vec<u8>> {
        let (header, body) = self.buffer.split_first_chunk::<HEADER>()?;
        let length = wire::body_length_within(*header, self.most).ok()?;
        Some(body.get(..length)?.to_vec())
    }

    fn end(&mut self) {
        // It may be gone already; after a fork it is init's child and reaped there.
        let _gone = pidfd_send_signal(&self.pidfd, Signal::KILL);
        let _reaped_elsewhere = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.released {
            self.end();
        }
    }
}

/// A report as it is believed. The sender is not trusted: its words are sanitised again and cut.
fn cleaned(report: &Report) -> Report {
    Report {
        outcome: report.outcome,
        reply: sanitise(&report.reply),
        message_id: sanitise(&report.message_id),
        warning: report.warning.as_deref().map(sanitise),
    }
}

fn report(outcome: Outcome, reply: &str) -> Report {
    Report {
        outcome,
        reply: sanitise(reply),
        message_id: String::new(),
        warning: None,
    }
}

/// Where the sender's program is: beside the helper's, or in libexec beside the console's bin.
pub(super) fn program() -> Result<PathBuf, String> {
    let own = std::env::current_exe()
        .map_err(|error| format!("where this program is cannot be told: {error}"))?;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let program = if folder
        .file_name()
        .is_some_and(|name| name == "bin" || name == "sbin")
    {
        folder
            .parent()
            .unwrap_or(Path::new("/"))
            .join("libexec/gatepost/gatepost-sender")
    } else {
        folder.join("gatepost-sender")
    };
    files::open_trusted(&program, Readers::Anybody).map_err(|untrusted| untrusted.to_string())?;
    Ok(program)
}

#[expect(
    clippy::disallowed_methods,
    reason = "one of the two places that start a process: by absolute path, with an empty \
              environment, as a user without privileges"
)]
fn start(word: Option<&str>, frame: &Secret, most: usize) -> Result<Running, String> {
    let program = program()?;
    let user = User::from_name(SENDER_USER)
        .map_err(|errno| format!("the password database cannot be read: {errno}"))?
        .ok_or_else(|| format!("there is no system user {SENDER_USER}: run gatepost setup"))?;
    if user.uid.is_root() || user.gid.as_raw() == 0 {
        return Err(format!(
            "the system user {SENDER_USER} must not be root: mend /etc/passwd"
        ));
    }
    // Setting the uid also drops the supplementary groups.
    let mut child = Command::new(program)
        .args(word)
        .env_clear()
        .current_dir("/")
        .uid(user.uid.as_raw())
        .gid(user.gid.as_raw())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("the sender cannot be started: {error}"))?;
    let pidfd = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
    let (Some(pidfd), Some(mut stdin), Some(out)) =
        (pidfd, child.stdin.take(), child.stdout.take())
    else {
        let _gone = child.kill();
        let _reaped = child.wait();
        return Err("the sender's pipes cannot be had".to_owned());
    };
    let running = Running {
        child,
        pidfd,
        out,
        buffer: Vec::new(),
        most,
        released: false,
    };
    // A job is smaller than a pipe's buffer, so this does not block; for a letter that is printed,
    // which may be longer, the sender's own timer bounds it. One that died at once is noticed when its
    // report is missed.
    let _died_at_once = stdin.write_all(frame.expose());
    drop(stdin);
    fcntl_getfl(&running.out)
        .and_then(|flags| fcntl_setfl(&running.out, flags | OFlags::NONBLOCK))
        .map_err(|errno| format!("the sender's pipe cannot be watched: {errno}"))?;
    Ok(running)
}
