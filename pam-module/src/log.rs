//! Syslog, facility authpriv: what the helper could not log itself, because there was none or it
//! gave no verdict. The line of an ordinary login is the helper's. Never codes, never passwords.
//!
//! Written straight to /dev/log. syslog(3) keeps its socket open in the host process, under
//! whatever number is free: in a host without standard error, that would be standard error.

use std::fmt;
use std::panic;
use std::sync::Once;
use std::time::Duration;

use gatepost_words::text::log_value;
use rustix::io::retry_on_intr;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, sendto, socket_with,
};
use rustix::process::getpid;

use crate::conversation::Facts;
use crate::outcome::Failure;

/// The log of one login.
#[derive(Debug, Default)]
pub(crate) struct Log {
    context: String,
    debug: bool,
}

impl Log {
    /// Whose login it is; in front of every line from here on.
    pub(crate) fn describe(&mut self, facts: &Facts) {
        self.context = format!(
            "service={} user={} rhost={} ",
            log_value(&facts.service),
            log_value(&facts.user),
            log_value(facts.rhost.as_deref().unwrap_or_default()),
        );
    }

    /// Whether [`Log::step`] writes.
    pub(crate) fn debug(&mut self, on: bool) {
        self.debug = on;
    }

    /// The one line of a login that has no verdict.
    pub(crate) fn failure(&self, failure: &Failure) {
        write(
            Severity::Error,
            &format!("{}refused: {failure}", self.context),
        );
    }

    /// A step, for somebody who looks for a fault. Must hold nothing that was typed.
    pub(crate) fn step(&self, what: fmt::Arguments<'_>) {
        if self.debug {
            write(Severity::Debug, &format!("{}{what}", self.context));
        }
    }
}

/// Makes a panic one log line instead of text on the host's standard error. The hook belongs to the
/// module's own copy of the standard library, so the host and other modules keep theirs; the text
/// of the panic stays out, because it may quote what was typed.
pub(crate) fn keep_panics_off_stderr() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let place = info
                .location()
                .map(|place| format!("{}:{}", place.file(), place.line()));
            write(
                Severity::Critical,
                &format!(
                    "refused: a fault in pam_gatepost.so at {}",
                    place.as_deref().unwrap_or("an unknown place")
                ),
            );
        }));
    });
}

#[derive(Clone, Copy)]
enum Severity {
    Critical = 2,
    Error = 3,
    Debug = 7,
}

/// One datagram. A login must not fail, or hang, because nobody reads the log.
fn write(severity: Severity, text: &str) {
    let Ok(address) = SocketAddrUnix::new(SOCKET) else {
        return;
    };
    let Ok(socket) = socket_with(
        AddressFamily::UNIX,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        None,
    ) else {
        return;
    };
    if set_socket_timeout(&socket, Timeout::Send, Some(PATIENCE)).is_err() {
        return;
    }
    let line = format!(
        "<{}>pam_gatepost[{}]: {text}",
        AUTHPRIV | severity as i32,
        getpid()
    );
    let _nobody_listens =
        retry_on_intr(|| sendto(&socket, line.as_bytes(), SendFlags::NOSIGNAL, &address));
}

const SOCKET: &str = "/dev/log";
const AUTHPRIV: i32 = 10 << 3;
const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::keep_panics_off_stderr;

    /// In a process of its own: the hook is the whole process's, and it is what silences a failure.
    #[test]
    fn a_panic_writes_nothing_to_the_host() {
        #[expect(
            clippy::disallowed_methods,
            reason = "a test may start itself; the rule is for the product"
        )]
        let mut own = std::process::Command::new(std::env::current_exe().unwrap());
        let output = own
            .args(["log::tests::panics_on_purpose", "--exact", "--ignored"])
            .args(["--nocapture", "--test-threads=1"])
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains("1 passed"), "{told}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }

    #[test]
    #[ignore = "started by a_panic_writes_nothing_to_the_host"]
    fn panics_on_purpose() {
        keep_panics_off_stderr();
        keep_panics_off_stderr();
        let caught = catch_unwind(|| panic!("12345678"));
        assert!(caught.is_err());
    }
}
