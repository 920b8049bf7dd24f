//! Whole frames over a stream socket, each under one deadline, so that a helper that drips bytes
//! gets no longer than one that says nothing.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use gatepost_words::secret::Secret;
use gatepost_words::wire::{HEADER, body_length};
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::deadline::Deadline;
use super::{Link, LinkError};

/// Our end.
#[derive(Debug)]
pub(super) struct Socket {
    fd: OwnedFd,
    patience: Duration,
}

impl Socket {
    /// Waits so long for a frame to go or come.
    pub(super) fn new(fd: OwnedFd, patience: Duration) -> Self {
        Self { fd, patience }
    }

    /// Fills the buffer, or says why it stayed empty in parts.
    fn fill(&self, buffer: &mut [u8], deadline: &Deadline) -> Result<(), LinkError> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match recv(&self.fd, rest, RecvFlags::DONTWAIT) {
                Ok((0, _)) if filled == 0 => return Err(LinkError::Closed),
                Ok((0, _)) => return Err(LinkError::Short),
                Ok((length, _)) => filled += length,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => deadline.wait(self.fd.as_fd(), PollFlags::IN)?,
                Err(Errno::CONNRESET) => return Err(LinkError::Closed),
                Err(errno) => return Err(LinkError::Socket(errno)),
            }
        }
        Ok(())
    }
}

impl Link for Socket {
    fn send(&mut self, frame: &Secret) -> Result<(), LinkError> {
        let deadline = Deadline::after(self.patience);
        let mut rest = frame.expose();
        while !rest.is_empty() {
            match send(&self.fd, rest, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(length) => rest = rest.get(length..).unwrap_or_default(),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => deadline.wait(self.fd.as_fd(), PollFlags::OUT)?,
                Err(Errno::PIPE | Errno::CONNRESET) => return Err(LinkError::Closed),
                Err(errno) => return Err(LinkError::Socket(errno)),
            }
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, LinkError> {
        let deadline = Deadline::after(self.patience);
        let mut header = [0; HEADER];
        self.fill(&mut header, &deadline)?;
        let mut body = vec![0; body_length(header).map_err(LinkError::Frame)?];
        match self.fill(&mut body, &deadline) {
            Err(LinkError::Closed) => Err(LinkError::Short),
            filled => filled.map(|()| body),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::Shutdown;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use gatepost_words::secret::Secret;
    use gatepost_words::wire::{
        FrameError, MAX_BODY, Nonce, PROTOCOL, ToModule, Verdict, decode, encode,
    };

    use super::{Link, LinkError, Socket};

    fn pair() -> (Socket, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Socket::new(OwnedFd::from(ours), Duration::ZERO), theirs)
    }

    fn verdict() -> Secret {
        let verdict = ToModule::Verdict {
            nonce: Nonce([1; 16]),
            word: Verdict::Success.word(),
            say: None,
        };
        encode(&verdict).unwrap()
    }

    #[test]
    fn frames_come_one_by_one() {
        let (mut ours, mut theirs) = pair();
        theirs.write_all(verdict().expose()).unwrap();
        theirs.write_all(verdict().expose()).unwrap();
        // Another test's fork may hold a copy for a moment: closing alone is not yet the end.
        theirs.shutdown(Shutdown::Write).unwrap();
        for _ in 0..2 {
            let body = ours.receive().unwrap();
            assert!(decode::<ToModule>(&body).is_ok());
        }
        assert!(matches!(ours.receive(), Err(LinkError::Closed)));
    }

    #[test]
    fn every_short_frame_is_none() {
        let frame = verdict();
        for cut in 1..frame.expose().len() {
            let (mut ours, mut theirs) = pair();
            theirs.write_all(&frame.expose()[..cut]).unwrap();
            assert!(matches!(ours.receive(), Err(LinkError::Silent)), "{cut}");

            let (mut ours, mut theirs) = pair();
            theirs.write_all(&frame.expose()[..cut]).unwrap();
            drop(theirs);
            assert!(matches!(ours.receive(), Err(LinkError::Short)), "{cut}");
        }
    }

    #[test]
    fn a_length_out_of_bounds_is_refused_before_anything_is_read() {
        let [low, high] = PROTOCOL.to_le_bytes();
        let [a, b, c, d] = u32::MAX.to_le_bytes();
        let (mut ours, mut theirs) = pair();
        theirs.write_all(&[a, b, c, d, low, high]).unwrap();
        let seen = ours.receive();
        let too_long =
            matches!(seen, Err(LinkError::Frame(FrameError::TooLong(length))) if length > MAX_BODY);
        assert!(too_long, "{seen:?}");
    }

    #[test]
    fn a_frame_goes_out_whole() {
        let (mut ours, mut theirs) = pair();
        ours.send(&verdict()).unwrap();
        drop(ours);
        let mut seen = Vec::new();
        theirs.read_to_end(&mut seen).unwrap();
        assert_eq!(seen, verdict().expose());
    }

    #[test]
    fn a_peer_that_left_is_told_from_one_that_does_not_read() {
        let (mut ours, theirs) = pair();
        drop(theirs);
        assert!(matches!(ours.send(&verdict()), Err(LinkError::Closed)));

        let (mut ours, _deaf) = pair();
        let full = std::iter::repeat_with(|| ours.send(&verdict())).find(Result::is_err);
        assert!(matches!(full, Some(Err(LinkError::Silent))), "{full:?}");
    }
}
