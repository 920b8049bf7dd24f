//! The system log: one datagram to /dev/log with facility authpriv (RFC 3164's local form).
//!
//! Not a logger: no levels to configure, no buffer, no thread. A log that cannot be written never
//! stops or changes a login; the event in the store is the record.

use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Needs a person soon: a broken store, a reused uid.
    Critical,
    /// A refusal by fault.
    Error,
    /// A refusal by rule or wrong code.
    Notice,
    /// All went well.
    Info,
}

impl Severity {
    const fn level(self) -> u8 {
        match self {
            Self::Critical => 2,
            Self::Error => 3,
            Self::Notice => 5,
            Self::Info => 6,
        }
    }
}

/// How often a call may be cut short by a signal.
const INTERRUPTIONS: usize = 10;
/// How long a full queue is waited for.
const PATIENCE: Duration = Duration::from_millis(250);
/// Facility authpriv, 10.
const AUTHPRIV: u8 = 10;

/// Writes one line. The text must have passed the sanitiser already.
pub fn write(severity: Severity, text: &str) {
    let line = format!(
        "<{}>gatepost[{}]: {text}",
        AUTHPRIV * 8 + severity.level(),
        std::process::id()
    );
    // Without a log daemon there is nobody to tell. A queue that is full, as it is when many people
    // log in at once, is waited for a little: it must not hold a login for long, nor lose its line.
    if let Ok(socket) = again(UnixDatagram::unbound)
        && again(|| socket.set_write_timeout(Some(PATIENCE))).is_ok()
    {
        let _lost = again(|| socket.send_to(line.as_bytes(), "/dev/log"));
    }
}

/// Makes a call once more when a signal cut it short; not for ever.
fn again<T>(call: impl Fn() -> std::io::Result<T>) -> std::io::Result<T> {
    for _ in 0..INTERRUPTIONS {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
    call()
}
