//! Files opened as the calling person, sudoedit's way, and for admins alone.
//!
//! root's own files are opened elsewhere, by [`gatepost_shared::files`]: what stands here must never be
//! more than the person could do without sudo. Ids belong to threads for the kernel, so each act has a
//! thread of its own that becomes the person and ends. Where nobody knows who the person is, root is root.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;

use gatepost_shared::admin::AdminError;
use gatepost_shared::admin::roles::Operator;
use gatepost_shared::people::Credentials;
use rustix::fs::{CWD, FileType, Mode, OFlags};
use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// Why a file was not opened.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// The person may not name files, or it is not known who they are.
    Refused(AdminError),
    /// A new file was asked for.
    IsThere(PathBuf),
    /// The kernel says no.
    Failed(PathBuf, io::Error),
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => error.fmt(f),
            Self::IsThere(path) => write!(
                f,
                "{} is there already and is left alone: remove it, or name another file",
                path.display()
            ),
            Self::Failed(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

/// Opens a file for reading, as the person.
pub(crate) fn open_read(operator: &Operator, path: &Path) -> Result<File, NotOpened> {
    let who = operator.credentials().map_err(NotOpened::Refused)?;
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    as_person(who.as_ref(), Shed::Access, || open(path, flags))
        .map_err(|error| NotOpened::Failed(path.to_owned(), error))
}

/// Makes a new file, mode 0600, as the person; one that is there is left alone.
pub(crate) fn create(operator: &Operator, path: &Path) -> Result<File, NotOpened> {
    let who = operator.credentials().map_err(NotOpened::Refused)?;
    as_person(who.as_ref(), Shed::Access, || make(path)).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            return NotOpened::IsThere(path.to_owned());
        }
        NotOpened::Failed(path.to_owned(), error)
    })
}

/// Opens a regular file, as whoever this thread is.
pub(crate) fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let fd = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
    regular(fd)
}

/// Makes a new file, mode 0600, as whoever this thread is.
pub(crate) fn make(path: &Path) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(CWD, path, flags, Mode::from_raw_mode(0o600))?;
    Ok(File::from(fd))
}

/// A device or a FIFO has effects, and may never end.
fn regular(fd: OwnedFd) -> io::Result<File> {
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode);
    if kind == FileType::RegularFile {
        return Ok(File::from(fd));
    }
    Err(io::Error::other("it is not a regular file"))
}

/// How much of root a thread gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shed {
    /// The right to files. The real id stays, so that the person may not signal this process.
    Access,
    /// All of it, for a program that is started.
    Everything,
}

/// Does something as the person, in a thread that becomes them; as root where nobody knows who they are.
pub(crate) fn as_person<T: Send>(
    who: Option<&Credentials>,
    shed: Shed,
    work: impl FnOnce() -> io::Result<T> + Send,
) -> io::Result<T> {
    let Some(who) = who else {
        return work();
    };
    thread::scope(|scope| {
        let named = thread::Builder::new().name("person".to_owned());
        let done = named.spawn_scoped(scope, || {
            become_person(who, shed)?;
            work()
        })?;
        let fault = |_panicked| Err(io::Error::other("a fault ended what was done as you"));
        done.join().unwrap_or_else(fault)
    })
}

/// Gives this thread the person's ids and groups, the uid last: without it none of this is allowed.
fn become_person(who: &Credentials, shed: Shed) -> io::Result<()> {
    let groups: Vec<Gid> = who.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    let (uid, gid) = (Uid::from_raw(who.uid), Gid::from_raw(who.gid));
    set_thread_groups(&groups)?;
    match shed {
        Shed::Access => {
            set_thread_res_gid(None, gid, None)?;
            set_thread_res_uid(None, uid, None)?;
        }
        Shed::Everything => {
            set_thread_res_gid(gid, gid, gid)?;
            set_thread_res_uid(uid, uid, uid)?;
        }
    }
    // What the kernel says counts: a person's act must never be root's.
    if rustix::process::geteuid() != uid || rustix::process::getegid() != gid {
        return Err(io::Error::other("this thread could not become you"));
    }
    Ok(())
}
