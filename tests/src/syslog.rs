//! The stage's own /dev/log: every line that any program on the stage sends to syslog, with its
//! facility, kept in order of arrival.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::wait::Watched;

/// Facility number of `auth`.
pub const AUTH: u8 = 4;
/// Facility number of `authpriv`, where Gatepost logs.
pub const AUTHPRIV: u8 = 10;

/// One line as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyslogLine {
    /// Facility number, e.g. [`AUTHPRIV`].
    pub facility: u8,
    /// Severity, 0 (emergency) to 7 (debug).
    pub severity: u8,
    /// The program's name as it gave it, without its pid.
    pub program: String,
    /// The pid in brackets, if any.
    pub pid: Option<u32>,
    /// What follows the tag.
    pub message: String,
    /// The whole datagram, lossily.
    pub raw: String,
}

impl SyslogLine {
    /// The value of `key=value` in the message, as it stands there; quoted values keep their quotes.
    pub fn field(&self, key: &str) -> Option<&str> {
        let mut rest = self.message.as_str();
        while let Some((name, after)) = rest.split_once('=') {
            let end = if after.starts_with('"') {
                end_of_quoted(after)
            } else {
                after.find(' ')
            };
            let (value, next) = after.split_at(end.unwrap_or(after.len()));
            if name.trim_start() == key {
                return Some(value);
            }
            rest = next;
        }
        None
    }
}

/// Where a value in quotes ends, backslashes heeded.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// The listener behind a stage's /dev/log.
#[derive(Debug)]
pub(crate) struct Syslog {
    lines: Arc<Watched<Vec<SyslogLine>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

const SOCKET: &str = "/dev/log";

impl Syslog {
    /// Binds /dev/log of the calling thread's mount namespace and starts to listen.
    pub(crate) fn listen() -> Self {
        let socket = UnixDatagram::bind(SOCKET).expect("bind the stage's /dev/log");
        fs::set_permissions(SOCKET, fs::Permissions::from_mode(0o666))
            .expect("open /dev/log to all");
        let lines = Arc::new(Watched::new(Vec::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let thread = thread::Builder::new()
            .name("stage-syslog".to_owned())
            .spawn({
                let lines = Arc::clone(&lines);
                let stopped = Arc::clone(&stopped);
                move || receive(&socket, &lines, &stopped)
            })
            .expect("start the syslog listener");
        Self {
            lines,
            stopped,
            thread: Some(thread),
        }
    }

    pub(crate) fn lines(&self) -> Vec<SyslogLine> {
        self.lines.lock().clone()
    }

    pub(crate) fn wait(
        &self,
        deadline: Duration,
        wanted: impl Fn(&SyslogLine) -> bool,
    ) -> Option<SyslogLine> {
        self.lines.wait(deadline, |lines| {
            lines.iter().find(|line| wanted(line)).cloned()
        })
    }

    /// Ends the listener; lines sent before are still taken in, as datagrams keep their order.
    pub(crate) fn stop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        self.stopped.store(true, Ordering::SeqCst);
        wake();
        thread.join().expect("the syslog listener does not panic");
    }
}

/// An empty datagram: makes the listener look at its flag. The socket file may have been removed by a
/// test; then a socket bound anew cannot reach the old listener, hence the read timeout there.
fn wake() {
    if let Ok(socket) = UnixDatagram::unbound() {
        let _ = socket.send_to(b"", Path::new(SOCKET));
    }
}

fn receive(socket: &UnixDatagram, lines: &Watched<Vec<SyslogLine>>, stopped: &AtomicBool) {
    socket
        .set_read_timeout(Some(Duration::from_millis(500)))
        .expect("set a timeout");
    let mut buffer = vec![0_u8; 64 * 1024];
    let mut take = || {
        let length = socket.recv(&mut buffer)?;
        let datagram = buffer.get(..length).unwrap_or_default();
        if !datagram.is_empty() {
            lines.update(|lines| lines.push(parse(datagram)));
        }
        io::Result::Ok(())
    };
    while !stopped.load(Ordering::SeqCst) {
        // A timeout is the moment to look at the flag; other errors do not happen to a bound socket.
        let _ = take();
    }
    socket.set_nonblocking(true).expect("stop waiting");
    while take().is_ok() {}
}

/// Takes an RFC 3164 line apart, as glibc's syslog(3) writes it: `<86>Nov 22 00:31:19 sshd[42]: text`.
fn parse(datagram: &[u8]) -> SyslogLine {
    let raw = String::from_utf8_lossy(datagram)
        .trim_end_matches(['\n', '\0'])
        .to_owned();
    let (priority, rest) = raw
        .strip_prefix('<')
        .and_then(|rest| rest.split_once('>'))
        .and_then(|(number, rest)| Some((number.parse::<u16>().ok()?, rest)))
        .unwrap_or((0, raw.as_str()));
    // The time stamp is three words of 15 bytes in all; what is shorter has none.
    let tagged = match rest.as_bytes().get(3) {
        Some(b' ') => rest.get(16..).unwrap_or(rest),
        Some(_) | None => rest,
    };
    let (tag, message) = tagged.split_once(": ").unwrap_or(("", tagged));
    let (program, pid) = match tag.split_once('[') {
        Some((program, pid)) => (program, pid.trim_end_matches(']').parse().ok()),
        None => (tag, None),
    };
    SyslogLine {
        facility: u8::try_from(priority >> 3).unwrap_or(u8::MAX),
        severity: u8::try_from(priority & 7).unwrap_or_default(),
        program: program.to_owned(),
        pid,
        message: message.to_owned(),
        raw: raw.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::AUTHPRIV;
    use super::parse;

    #[test]
    fn a_line_of_glibc_is_taken_apart() {
        let line = parse(b"<86>Nov 22 00:31:19 su[42]: session opened: root\n");
        assert_eq!((line.facility, line.severity), (AUTHPRIV, 6));
        assert_eq!((line.program.as_str(), line.pid), ("su", Some(42)));
        assert_eq!(line.message, "session opened: root");
    }

    #[test]
    fn fields_are_found_and_quoted_ones_hide_what_looks_like_fields() {
        let line = parse(b"<86>gatepost[7]: decision=refuse user=\"x\\\" seq=1\" seq=9 head=ab");
        assert_eq!(line.field("decision"), Some("refuse"));
        assert_eq!(line.field("user"), Some("\"x\\\" seq=1\""));
        assert_eq!(
            (line.field("seq"), line.field("head")),
            (Some("9"), Some("ab"))
        );
        assert_eq!(line.field("service"), None);
    }

    #[test]
    fn a_line_without_a_tag_is_kept_whole() {
        assert_eq!(parse(b"hello").message, "hello");
    }
}
