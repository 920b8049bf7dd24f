//! The helper as a child process: started by a fixed path with an empty environment, talked to over
//! a socket pair under a deadline, and reaped by its own pid. One of the product's two places that
//! start a process.
//!
//! Its exit status, its silence and its end are never a verdict. Nothing of the host is touched: no
//! signal handler or mask, no working directory, no limit, and no child but this one.

mod deadline;
mod path;
mod socket;

use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Duration;

use gatepost_words::secret::Secret;
use gatepost_words::wire::FrameError;
use rustix::event::PollFlags;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, geteuid, kill_process,
    pidfd_open, pidfd_send_signal, waitid,
};

use self::deadline::Deadline;
use self::path::{Untrusted, check};
use self::socket::Socket;

/// Frames to and from the helper.
pub(crate) trait Link {
    /// Hands it a whole frame.
    fn send(&mut self, frame: &Secret) -> Result<(), LinkError>;

    /// The body of its next frame.
    fn receive(&mut self) -> Result<Vec<u8>, LinkError>;
}

/// Why a frame did not go or come.
#[derive(Debug)]
pub(crate) enum LinkError {
    /// The helper closed its end, or died, between frames.
    Closed,
    /// It did so within a frame.
    Short,
    /// Nothing came in time.
    Silent,
    /// The socket itself failed.
    Socket(Errno),
    /// What came is no frame of ours.
    Frame(FrameError),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the helper gave no verdict"),
            Self::Short => f.write_str("the helper stopped within a frame"),
            Self::Silent => write!(f, "the helper said nothing for {FRAME:?}"),
            Self::Socket(errno) => write!(f, "the socket to the helper failed: {errno}"),
            Self::Frame(error) => error.fmt(f),
        }
    }
}

/// Why there is no helper.
#[derive(Debug)]
pub(crate) enum StartError {
    /// The host process, of this effective uid, is not root.
    NotRoot(u32),
    /// Others than root have a say in what would run.
    Path(Untrusted),
    /// The kernel gave no descriptor.
    Descriptor(Errno),
    /// It could not be started.
    Spawn(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRoot(uid) => write!(
                f,
                "this program runs as uid {uid}; pam_gatepost.so needs a host that runs as root"
            ),
            Self::Path(untrusted) => write!(f, "the helper is not to be trusted: {untrusted}"),
            Self::Descriptor(errno) => write!(f, "no descriptors for the helper: {errno}"),
            Self::Spawn(error) => write!(f, "the helper could not be started: {error}"),
        }
    }
}

impl From<Errno> for StartError {
    fn from(errno: Errno) -> Self {
        Self::Descriptor(errno)
    }
}

/// How the helper ended, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// By itself.
    Exited(i32),
    /// By a signal.
    Killed(i32),
    /// The host collects its children itself, or ignores their end.
    Unknown,
    /// It does not end, not even by a kill: it waits in the kernel, for a disk for one.
    Stuck,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exited with status {status}"),
            Self::Killed(signal) => write!(f, "was killed by signal {signal}"),
            Self::Unknown => f.write_str("was reaped by the host"),
            Self::Stuck => f.write_str("could not be killed"),
        }
    }
}

/// A running helper. Dropping it, also in a panic, closes the socket and reaps the process.
#[derive(Debug)]
pub(crate) struct HelperProcess {
    socket: Option<Socket>,
    pid: Pid,
    pidfd: Option<OwnedFd>,
    end: Option<End>,
}

impl HelperProcess {
    /// Starts the program at this absolute path.
    pub(crate) fn start(path: &str) -> Result<Self, StartError> {
        let euid = geteuid();
        if !euid.is_root() {
            return Err(StartError::NotRoot(euid.as_raw()));
        }
        check(path).map_err(StartError::Path)?;
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let ours = above_stdio(ours)?;
        let theirs = above_stdio(theirs)?;
        // Opened here and not by Stdio::null(), which takes the lowest free number: in a host that
        // closed 0 to 2, the child's standard input would land on the child's standard output.
        let null = above_stdio(open(
            "/dev/null",
            OFlags::RDWR | OFlags::CLOEXEC,
            Mode::empty(),
        )?)?;
        let errors = fcntl_dupfd_cloexec(&null, FIRST_AFTER_STDIO)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "one of the two places that start a process"
        )]
        let mut command = Command::new(path);
        command
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::from(null))
            .stderr(Stdio::from(errors));
        let child = command.spawn().map_err(StartError::Spawn)?;
        // The command owns the child's ends until it goes: without this, the helper's death would
        // not close the socket.
        drop(command);
        let pid = Pid::from_child(&child);
        let pidfd = pidfd_open(pid, PidfdFlags::empty())
            .and_then(above_stdio)
            .ok();
        Ok(Self {
            socket: Some(Socket::new(ours, FRAME)),
            pid,
            pidfd,
            end: None,
        })
    }

    /// Closes the socket, which tells the helper to go, and reaps it.
    pub(crate) fn finish(mut self) -> End {
        self.end()
    }

    fn end(&mut self) -> End {
        drop(self.socket.take());
        if let Some(end) = self.end {
            return end;
        }
        let end = self.reap();
        self.end = Some(end);
        end
    }

    /// Waits for this child alone. A helper that does not go is killed; one that is no longer our
    /// child (the host reaps, or ignores `SIGCHLD`) is never signalled, its pid may be another's.
    fn reap(&self) -> End {
        for kill in [false, true] {
            if kill {
                let _gone_already = self.kill();
            }
            let deadline = Deadline::after(REAP);
            loop {
                match self.wait() {
                    Ok(Some(status)) => {
                        return match (status.exit_status(), status.terminating_signal()) {
                            (Some(status), _) => End::Exited(status),
                            (None, Some(signal)) => End::Killed(signal),
                            (None, None) => End::Unknown,
                        };
                    }
                    Ok(None) => {}
                    Err(Errno::INTR) => continue,
                    Err(_not_our_child) => return End::Unknown,
                }
                let waited = match &self.pidfd {
                    Some(pidfd) => deadline.wait(pidfd.as_fd(), PollFlags::IN),
                    None => deadline.pause(),
                };
                if waited.is_err() {
                    break;
                }
            }
        }
        End::Stuck
    }

    fn kill(&self) -> Result<(), Errno> {
        match &self.pidfd {
            Some(pidfd) => pidfd_send_signal(pidfd, Signal::KILL),
            None => kill_process(self.pid, Signal::KILL),
        }
    }

    /// By its descriptor, which never means another process; by its number where the kernel knows
    /// descriptors (5.3) but not yet how to wait for them (5.4).
    fn wait(&self) -> Result<Option<WaitIdStatus>, Errno> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        if let Some(pidfd) = &self.pidfd {
            let waited = waitid(WaitId::PidFd(pidfd.as_fd()), options);
            if matches!(waited, Ok(_) | Err(Errno::CHILD | Errno::INTR)) {
                return waited;
            }
        }
        waitid(WaitId::Pid(self.pid), options)
    }
}

impl Link for HelperProcess {
    fn send(&mut self, frame: &Secret) -> Result<(), LinkError> {
        self.socket.as_mut().ok_or(LinkError::Closed)?.send(frame)
    }

    fn receive(&mut self) -> Result<Vec<u8>, LinkError> {
        self.socket.as_mut().ok_or(LinkError::Closed)?.receive()
    }
}

impl Drop for HelperProcess {
    fn drop(&mut self) {
        let _for_the_log = self.end();
    }
}

/// Keeps clear of 0 to 2: a host may have closed them, and will write to them all the same.
fn above_stdio(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    fcntl_dupfd_cloexec(fd, FIRST_AFTER_STDIO)
}

const FIRST_AFTER_STDIO: i32 = 3;

/// The helper's own deadline before its first prompt is 30 s.
const FRAME: Duration = Duration::from_secs(35);
const REAP: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;
