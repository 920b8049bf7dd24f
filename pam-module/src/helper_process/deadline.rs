//! Waiting for a descriptor until a point in time, whatever signals the host gets meanwhile.

use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

use super::LinkError;

/// A point on the monotonic clock, which nobody can set.
pub(super) struct Deadline(Timespec);

impl Deadline {
    /// So many seconds from now.
    pub(super) fn after(seconds: i64) -> Self {
        let mut point = clock_gettime(ClockId::Monotonic);
        point.tv_sec += seconds;
        Self(point)
    }

    /// Until the descriptor is ready. A signal to the host shortens nothing and prolongs nothing.
    pub(super) fn wait(&self, fd: BorrowedFd<'_>, wanted: PollFlags) -> Result<(), LinkError> {
        loop {
            let left = self.left().ok_or(LinkError::Silent)?;
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
        self.left().ok_or(LinkError::Silent)?;
        let _interrupted_is_fine = poll(&mut [], Some(&SHORT_WHILE));
        Ok(())
    }

    fn left(&self) -> Option<Timespec> {
        let now = clock_gettime(ClockId::Monotonic);
        let left = self.0 - now;
        (left.tv_sec >= 0 && left != Timespec::default()).then_some(left)
    }
}

const SHORT_WHILE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 20_000_000,
};
