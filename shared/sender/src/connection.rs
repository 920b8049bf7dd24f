//! Bytes to and from one relay: connecting, lines in, commands out, the step up to TLS.
//!
//! Why not lettre's own connection, where everything else of SMTP here is lettre's: its reader
//! keeps what arrived in clear with the go-ahead for STARTTLS and takes it for the relay's answers
//! inside TLS (a forged 250 made a refused message "accepted": tried with 0.11.23); it reads a line
//! of any length into memory before it measures it; and it leaves Nagle's algorithm on, which costs
//! 40 ms a message on loopback. Here what came in clear ends the connection, a line has a limit,
//! and `TCP_NODELAY` is set.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use lettre::transport::smtp::response::Response;
use rustls::{ClientConnection, StreamOwned};

use crate::tls::Trust;

/// How long one address may take to connect, and one read or write to move a byte. The helper ends
/// the whole delivery, after 8 s where nothing else is set: a second before, a relay that is silent
/// from the start can still be reported with the stage it was silent at.
pub(crate) const PATIENCE: Duration = Duration::from_secs(7);

/// How long an address may take where another one remains to be tried.
const IMPATIENCE: Duration = Duration::from_secs(2);

/// The longest line of a reply; RFC 5321 allows 512.
const LINE_LIMIT: u64 = 2048;

/// The most lines in one reply.
const LINES_LIMIT: usize = 128;

/// A conversation's two directions.
pub(crate) struct Connection {
    stream: BufReader<Stream>,
}

enum Stream {
    Clear(TcpStream),
    Encrypted(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Connection {
    /// Connects to the first address that answers.
    pub(crate) fn open(addresses: &[SocketAddr]) -> Result<Self> {
        let mut last = Error::new(ErrorKind::NotFound, "the name has no address");
        let mut rest = addresses;
        while let [address, others @ ..] = rest {
            let patience = if others.is_empty() {
                PATIENCE
            } else {
                IMPATIENCE
            };
            match TcpStream::connect_timeout(address, patience) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(PATIENCE))?;
                    stream.set_write_timeout(Some(PATIENCE))?;
                    return Ok(Self {
                        stream: BufReader::new(Stream::Clear(stream)),
                    });
                }
                Err(error) => last = error,
            }
            rest = others;
        }
        Err(last)
    }

    /// Our end.
    pub(crate) fn local_address(&self) -> Result<SocketAddr> {
        self.stream.get_ref().tcp().local_addr()
    }

    /// The other end.
    pub(crate) fn peer_address(&self) -> Result<SocketAddr> {
        self.stream.get_ref().tcp().peer_addr()
    }

    /// Shakes hands. Whatever already came in clear beyond the last reply is nobody's answer to
    /// anything: it ends the connection (RFC 3207, 6).
    pub(crate) fn secure(self, trust: Trust) -> Result<Self> {
        if !self.stream.buffer().is_empty() {
            return Err(Error::other(InjectedText));
        }
        let Stream::Clear(mut tcp) = self.stream.into_inner() else {
            return Err(Error::other("TLS is on already"));
        };
        let mut session = ClientConnection::new(trust.config, trust.name).map_err(Error::other)?;
        while session.is_handshaking() {
            session.complete_io(&mut tcp)?;
        }
        let stream = Stream::Encrypted(Box::new(StreamOwned::new(session, tcp)));
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends bytes, all of them in one go. Nothing is sent ahead of a reply, so text that is there
    /// already would be taken for the answer to what was not said yet.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if !self.stream.buffer().is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidData,
                "the relay's replies are out of step",
            ));
        }
        let stream = self.stream.get_mut();
        stream.write_all(bytes)?;
        stream.flush()
    }

    /// Sends last bytes and ends TLS in order, so that the relay can tell an end from a cut. What
    /// it still says is not awaited.
    pub(crate) fn close(mut self, last: &[u8]) {
        let _gone = self.send(last);
        if let Stream::Encrypted(tls) = self.stream.get_mut() {
            tls.conn.send_close_notify();
            let _gone = tls.flush();
        }
    }

    /// Reads one whole reply.
    pub(crate) fn reply(&mut self) -> Result<Response> {
        let mut text = String::new();
        for _line in 0..LINES_LIMIT {
            let line = self.line()?;
            // `250 ` and the bare `250` end a reply; lettre's parser knows the first alone.
            let ends = !line.get(3..).is_some_and(|rest| rest.starts_with('-'));
            text.push_str(&line);
            text.push_str(if ends && line.len() == 3 {
                " \r\n"
            } else {
                "\r\n"
            });
            if ends {
                return text
                    .parse()
                    .map_err(|_nom| Error::new(ErrorKind::InvalidData, "no SMTP reply"));
            }
        }
        Err(Error::new(ErrorKind::InvalidData, "an endless reply"))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        (&mut self.stream)
            .take(LINE_LIMIT)
            .read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\n") {
            Some(line) => {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                Ok(String::from_utf8_lossy(line).into_owned())
            }
            None if line.len() as u64 == LINE_LIMIT => {
                Err(Error::new(ErrorKind::InvalidData, "a line without an end"))
            }
            None => Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// Text in clear behind the go-ahead for TLS.
#[derive(Debug)]
pub(crate) struct InjectedText;

impl std::fmt::Display for InjectedText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("text in clear came with the relay's go-ahead for TLS")
    }
}

impl std::error::Error for InjectedText {}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Clear(tcp) => tcp,
            Self::Encrypted(tls) => tls.get_ref(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self {
            Self::Clear(tcp) => tcp.read(buffer),
            Self::Encrypted(tls) => tls.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self {
            Self::Clear(tcp) => tcp.write(bytes),
            Self::Encrypted(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> Result<()> {
        match self {
            Self::Clear(tcp) => tcp.flush(),
            Self::Encrypted(tls) => tls.flush(),
        }
    }
}
