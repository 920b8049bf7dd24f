//! The calls that the helper alone makes: on the socket that it was started with, and to fork. What it
//! inherited is shed by [`gatepost_shed`].

#![expect(
    unsafe_code,
    reason = "fork has no safe wrapper; it says why it is sound"
)]

use std::io;
use std::os::unix::net::UnixStream;

use gatepost_shared::login::Fork;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::net::sockopt::{socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketType, getpeername};
use rustix::stdio::{dup2_stdin, stdin};

/// Whether standard input is a connected Unix stream socket, as the module makes it. Looks and
/// changes nothing.
pub(crate) fn stdin_is_a_connection() -> bool {
    socket_domain(stdin()).is_ok_and(|domain| domain == AddressFamily::UNIX)
        && socket_type(stdin()).is_ok_and(|kind| kind == SocketType::STREAM)
        && getpeername(stdin()).is_ok()
}

/// Moves the socket out of the standard input's place, where a child or a careless read would find
/// it.
pub(crate) fn take_stdin() -> io::Result<UnixStream> {
    let socket = fcntl_dupfd_cloexec(stdin(), 3)?;
    // Above 2, so that dropping it does not close what it was copied to.
    let null = open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
        .and_then(|null| fcntl_dupfd_cloexec(null, 3))?;
    dup2_stdin(&null)?;
    Ok(UnixStream::from(socket))
}

/// Forks, for what is left to do when the host has its verdict.
pub(crate) fn fork() -> io::Result<Fork> {
    // SAFETY: the process has one thread and no handlers, so the child may do all that the parent
    // may; the caller closed the store before, the one thing that must not be shared.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        _ => Ok(Fork::Parent),
    }
}
