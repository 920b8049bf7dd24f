//! The helper: started by `pam_gatepost.so` for one login, as root, with a socket as its standard
//! input and nothing else to trust.
//!
//! A thin start. It becomes a process that the user at the prompt can neither signal, starve nor
//! freeze ([`gatepost_shed`]), and hands the socket to the login. Not the place for any decision.

mod process;

use std::fmt::Display;
use std::process::ExitCode;

use gatepost_shared::login;
use gatepost_shared::syslog::{self, Severity};
use rustix::io::write;
use rustix::process::geteuid;
use rustix::stdio::stderr;
use rustix::termios::isatty;

fn main() -> ExitCode {
    if !process::stdin_is_a_connection() {
        return by_hand();
    }
    if !geteuid().is_root() {
        return ExitCode::FAILURE;
    }
    let notes = match gatepost_shed::shed() {
        Ok(notes) => notes,
        Err(fault) => return refuse(&fault),
    };
    match process::take_stdin() {
        Ok(socket) => login::serve(socket, notes, process::fork),
        Err(error) => refuse(&format_args!("moving the socket: {error}")),
    }
}

/// Somebody was curious.
fn by_hand() -> ExitCode {
    if isatty(stderr()) {
        let _only_a_hint = write(stderr(), BY_HAND);
    }
    ExitCode::FAILURE
}

/// What was inherited cannot be shed, so nothing may be opened: the module takes the silence for a
/// refusal, and the log has to say why.
fn refuse(fault: &dyn Display) -> ExitCode {
    let line = format!("refused: cannot shed what was inherited: {fault}");
    syslog::write(Severity::Critical, &line);
    ExitCode::FAILURE
}

const BY_HAND: &[u8] = b"gatepost-helper is started by pam_gatepost.so and not by hand.\n";
