//! Child processes of a test: output captured by threads, ended by pidfd, never by name.

use std::io::ErrorKind;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::event::poll;
use rustix::process::Pid;
use rustix::process::PidfdFlags;
use rustix::process::Signal;
use rustix::process::pidfd_open;
use rustix::process::pidfd_send_signal;

use crate::wait;
use crate::wait::SOON;
use crate::wait::Watched;

/// What a program wrote so far, readable while it runs.
#[derive(Debug, Clone, Default)]
pub struct Capture {
    state: Arc<Watched<Captured>>,
}

#[derive(Debug, Default)]
struct Captured {
    bytes: Vec<u8>,
    ended: bool,
}

/// More than any honest program of a test writes; a flood is cut, not kept.
const CAPTURE_LIMIT: usize = 4 * 1024 * 1024;

impl Capture {
    /// Reads `source` to its end in a thread of its own.
    pub fn of(source: impl Read + Send + 'static) -> Self {
        let capture = Self::default();
        let state = Arc::clone(&capture.state);
        thread::Builder::new()
            .name("capture".to_owned())
            .spawn(move || drain(source, &state))
            .expect("start a capture thread");
        capture
    }

    /// All bytes so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.state.lock().bytes.clone()
    }

    /// All text so far, lossily.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.state.lock().bytes).into_owned()
    }

    /// Waits until `wanted` stands at or after byte `from`; yields the position just behind it.
    pub fn wait_for(&self, wanted: &str, from: usize, deadline: Duration) -> Option<usize> {
        self.state
            .wait(deadline, |captured| {
                match find(&captured.bytes, wanted.as_bytes(), from) {
                    Some(end) => Some(Some(end)),
                    None if captured.ended => Some(None),
                    None => None,
                }
            })
            .flatten()
    }

    /// Waits for bytes beyond the first `have`; none where none come in time.
    pub fn more_than(&self, have: usize, deadline: Duration) -> Option<Vec<u8>> {
        self.state
            .wait(deadline, |captured| match captured.bytes.get(have..) {
                Some(new) if !new.is_empty() => Some(Some(new.to_vec())),
                _ if captured.ended => Some(None),
                _ => None,
            })
            .flatten()
    }

    /// Waits until the writing side is closed by all who held it.
    pub fn wait_end(&self, deadline: Duration) -> bool {
        self.state
            .wait(deadline, |captured| captured.ended.then_some(()))
            .is_some()
    }
}

fn find(haystack: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let tail = haystack.get(from..)?;
    let at = tail
        .windows(needle.len().max(1))
        .position(|window| window == needle)?;
    Some(from + at + needle.len())
}

fn drain(mut source: impl Read, state: &Watched<Captured>) {
    let mut buffer = [0_u8; 4096];
    // A pty's master reads EIO once all slaves are closed: an end like any other.
    while let Ok(length @ 1..) = source.read(&mut buffer) {
        state.update(|captured| {
            if captured.bytes.len() < CAPTURE_LIMIT {
                captured
                    .bytes
                    .extend_from_slice(buffer.get(..length).unwrap_or_default());
            }
        });
    }
    state.update(|captured| captured.ended = true);
}

/// A started program. Killed and waited for when it is dropped.
#[derive(Debug)]
pub struct Process {
    label: String,
    child: Child,
    pidfd: OwnedFd,
    status: Option<ExitStatus>,
    /// What it wrote to stdout, if that was piped.
    pub stdout: Capture,
    /// What it wrote to stderr, if that was piped.
    pub stderr: Capture,
}

impl Process {
    /// Starts `command` with its outputs captured and its input as the command says.
    pub fn start(command: &mut Command) -> Self {
        Self::start_as_is(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// Starts `command`, capturing only what it pipes.
    pub fn start_as_is(command: &mut Command) -> Self {
        let label = format!("{command:?}");
        let mut child = spawn(command, &label);
        let pid = Pid::from_child(&child);
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).expect("a pidfd of an unwaited child");
        let stdout = child.stdout.take().map(Capture::of).unwrap_or_default();
        let stderr = child.stderr.take().map(Capture::of).unwrap_or_default();
        Self {
            label,
            child,
            pidfd,
            status: None,
            stdout,
            stderr,
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal; to a process that has ended this does nothing.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }

    /// True while it has not ended.
    pub fn is_running(&self) -> bool {
        !has_ended(&self.pidfd, Duration::ZERO)
    }

    /// Waits for its end; `None` when the deadline passes first.
    pub fn wait(&mut self, deadline: Duration) -> Option<ExitStatus> {
        if self.status.is_none() && has_ended(&self.pidfd, deadline) {
            self.status = Some(self.child.wait().expect("wait for an ended child"));
        }
        self.status
    }

    /// Waits for its end and for its outputs' ends; panics with all it wrote when that takes too long.
    pub fn finish(mut self, deadline: Duration) -> Finished {
        let Some(status) = self.wait(deadline) else {
            panic!("not ended within {deadline:?}: {}", self.describe());
        };
        // Grandchildren may hold the pipes on; what the program itself wrote is in by then.
        self.stdout.wait_end(Duration::from_secs(1));
        self.stderr.wait_end(Duration::from_secs(1));
        Finished {
            label: self.label.clone(),
            status,
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        }
    }

    /// Kills it, if it still runs, and waits for it.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait(SOON);
    }

    /// The command and all it wrote, for a failure's report.
    pub fn describe(&self) -> String {
        format!(
            "{} (pid {}, {:?})\n--- stdout\n{}\n--- stderr\n{}",
            self.label,
            self.pid(),
            self.status,
            self.stdout.text(),
            self.stderr.text()
        )
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a command; a script that a test has just written may still be open for writing in a child
/// that another test is about to start, and is busy until that one runs.
fn spawn(command: &mut Command, label: &str) -> Child {
    let started = wait::until(SOON, || match command.spawn() {
        Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => None,
        result => Some(result),
    });
    match started {
        Some(Ok(child)) => child,
        Some(Err(error)) => panic!("start {label}: {error}"),
        None => panic!("start {label}: busy for {SOON:?}"),
    }
}

/// How a program ended and what it wrote.
#[derive(Debug, Clone)]
pub struct Finished {
    label: String,
    /// Its exit status.
    pub status: ExitStatus,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

impl Finished {
    /// Insists on exit status 0.
    #[track_caller]
    #[must_use = "the output is worth a look; else call it for its check with `let _ =`"]
    pub fn success(self) -> Self {
        assert!(
            self.status.success(),
            "{} ended with {}\n--- stdout\n{}\n--- stderr\n{}",
            self.label,
            self.status,
            self.stdout,
            self.stderr
        );
        self
    }
}

/// Waits on a pidfd until its process has ended.
pub(crate) fn has_ended(pidfd: &OwnedFd, deadline: Duration) -> bool {
    let end = Instant::now() + deadline;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).expect("a deadline of a test fits");
        let mut watched = [PollFd::new(pidfd, PollFlags::IN)];
        match poll(&mut watched, Some(&timeout)) {
            Ok(0) => return false,
            Ok(_) => return true,
            // A signal cut the wait short; the deadline is counted on.
            Err(_) if Instant::now() < end => {}
            Err(_) => return false,
        }
    }
}
