//! The helper's end of the socket: whole frames in, whole frames out, nothing trusted by length.

use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use gatepost_words::wire::{self, FrameError, HEADER, MAX_BODY};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A socket that carries frames.
#[derive(Debug)]
pub(super) struct Link {
    stream: UnixStream,
    buffer: zeroize::Zeroizing<Vec<u8>>,
}

/// What a look at the socket brought.
#[derive(Debug)]
pub(super) enum Heard<T> {
    /// Nothing whole yet.
    Nothing,
    /// A frame.
    Frame(T),
    /// The other end is gone, or has a fault.
    Gone,
    /// Bytes that are no frame of ours.
    Nonsense(FrameError),
}

impl Link {
    pub(super) fn new(stream: UnixStream) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            buffer: zeroize::Zeroizing::new(Vec::with_capacity(1024)),
        })
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }

    /// Takes what is there, without waiting.
    pub(super) fn hear<T: DeserializeOwned>(&mut self) -> Heard<T> {
        let mut chunk = zeroize::Zeroizing::new([0_u8; 2048]);
        loop {
            match self.whole() {
                Heard::Nothing => {}
                heard @ (Heard::Frame(_) | Heard::Gone | Heard::Nonsense(_)) => return heard,
            }
            match self.stream.read(&mut *chunk) {
                Ok(0) => return Heard::Gone,
                Ok(length) => {
                    self.buffer
                        .extend_from_slice(chunk.get(..length).unwrap_or_default());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Heard::Nothing,
                Err(_broken) => return Heard::Gone,
            }
        }
    }

    fn whole<T: DeserializeOwned>(&mut self) -> Heard<T> {
        let Some((header, body)) = self.buffer.split_first_chunk::<HEADER>() else {
            return Heard::Nothing;
        };
        let length = match wire::body_length(*header) {
            Ok(length) => length,
            Err(error) => return Heard::Nonsense(error),
        };
        let Some(body) = body.get(..length) else {
            return Heard::Nothing;
        };
        match wire::decode(body) {
            Ok(message) => {
                let rest = self
                    .buffer
                    .get(HEADER + length..)
                    .unwrap_or_default()
                    .to_vec();
                self.buffer = zeroize::Zeroizing::new(rest);
                Heard::Frame(message)
            }
            Err(error) => Heard::Nonsense(error),
        }
    }

    /// Sends a frame. A frame is smaller than the socket's buffer and the other end reads each
    /// before it answers, so a full buffer means that nobody reads: a fault like any other.
    pub(super) fn say<T: Serialize>(&mut self, message: &T) -> std::io::Result<()> {
        const { assert!(MAX_BODY < 100 * 1024) }
        let frame = wire::encode(message).map_err(std::io::Error::other)?;
        // SIGPIPE is ignored by the process; a vanished reader is an error here.
        self.stream.write_all(frame.expose())
    }
}
