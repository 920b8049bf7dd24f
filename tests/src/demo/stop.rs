//! Ctrl-C and its like as something to look at, not as something that happens: the stage is taken down
//! in order whoever says stop.

use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;

use nix::sys::signal::SigSet;
use nix::sys::signal::Signal;
use nix::sys::signalfd::SfdFlags;
use nix::sys::signalfd::SignalFd;

/// What ends the demo.
const SIGNALS: [Signal; 4] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
];

/// The request to stop, held back until somebody looks.
#[derive(Debug)]
pub(super) struct Stop {
    requests: SignalFd,
}

impl Stop {
    /// Holds the signals back, from this thread and from those it starts from here on; programs that
    /// it starts get them as usual.
    pub(super) fn hold() -> nix::Result<Self> {
        let signals: SigSet = SIGNALS.into_iter().collect();
        signals.thread_block()?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let requests = SignalFd::with_flags(&signals, flags)?;
        Ok(Self { requests })
    }

    /// True when somebody said stop since the last look.
    pub(super) fn came(&self) -> bool {
        matches!(self.requests.read_signal(), Ok(Some(_)))
    }
}

impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.requests.as_fd()
    }
}
