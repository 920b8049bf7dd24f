//! Waiting for a descriptor until a point in time, whatever signals the host gets meanwhile.
//!
//! The module's one look at a clock, and not for anything that is decided: only for how long the
//! host is kept waiting. By the C library's call: rustix would search the host's memory for the
//! kernel's own, and dies of it under valgrind.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::LinkError;

/// A point on the monotonic clock, which nobody can set.
pub(super) struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub(super) fn after(patience: Duration) -> Self {
        Self(now() + patience)
    }

    /// Until the descriptor is ready. A signal to the host shortens nothing and prolongs nothing.
    pub(super) fn wait(&self, fd: BorrowedFd<'_>, wanted: PollFlags) -> Result<(), LinkError> {
        loop {
            let left = self.left()?;
            match poll(&mut [PollFd::from_borrowed_fd(fd, wanted)], Some(&left)) {
                Ok(0) => return Err(LinkError::Silent),
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(LinkError::Socket(errno)),
            }
        }
    }

    /// A short while, for kernels that cannot wait for a process by a descriptor.
    pub(super) fn pause(&self) -> Result<(), LinkError> {
        self.left()?;
        let _interrupted_is_fine = poll(&mut [], Some(&SHORT_WHILE));
        Ok(())
    }

    fn left(&self) -> Result<Timespec, LinkError> {
        let left = self.0.saturating_duration_since(now());
        if left.is_zero() {
            return Err(LinkError::Silent);
        }
        Timespec::try_from(left).map_err(|_out_of_range| LinkError::Silent)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a wait of the host's must end, and the module has no host to ask for the time"
)]
fn now() -> Instant {
    Instant::now()
}

const SHORT_WHILE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};
