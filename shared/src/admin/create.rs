//! Making files and directories that are whole or not there, for root, in a place that can be
//! trusted. Nothing that exists is written to; one file may take the place of another.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, FlockOperation, Gid, Mode, OFlags, RenameFlags, Uid, chownat, flock, linkat,
    openat, renameat_with, unlinkat,
};
use rustix::io::Errno;

use crate::files::{self, Readers};

/// Makes a directory with exactly that mode.
pub(super) fn folder(path: &Path, mode: u32) -> Result<(), String> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    files::check_folder(parent).map_err(|untrusted| untrusted.to_string())?;
    let told = |errno: Errno| format!("{}: {errno}", path.display());
    rustix::fs::mkdirat(CWD, path, Mode::from_raw_mode(0o700)).map_err(told)?;
    // mkdir's mode passes the umask; this one does not.
    rustix::fs::chmodat(CWD, path, Mode::from_raw_mode(mode), AtFlags::empty()).map_err(told)?;
    sync_folder(parent).map_err(told)
}

/// Whether a directory that is there can be trusted and is as closed as it must be.
pub(super) fn check_folder(path: &Path, mode: u32) -> Result<(), String> {
    files::check_folder(path).map_err(|untrusted| untrusted.to_string())?;
    let stat = rustix::fs::lstat(path).map_err(|errno| format!("{}: {errno}", path.display()))?;
    let open = stat.st_mode & 0o777 & !mode;
    if open == 0 {
        return Ok(());
    }
    Err(format!(
        "{path} has mode {:04o}: chmod {mode:04o} {path}",
        stat.st_mode & 0o7777,
        path = path.display()
    ))
}

/// Makes a file with exactly that mode and content: all of it, or none.
pub(super) fn file(path: &Path, mode: u32, content: &[u8]) -> Result<(), String> {
    finished(path, |unfinished| {
        fill(unfinished, mode, content)?;
        Ok(put(unfinished, path)?)
    })
}

/// Makes a copy of a file, with its mode and owner, whose content was read as this. One that a setup made
/// before it was interrupted is the same; another is not written over.
pub(super) fn copy_of(path: &Path, copy: &Path, content: &[u8]) -> Result<(), String> {
    if files::exists(copy) {
        let limit = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let there = files::read_trusted(copy, Readers::Anybody, limit);
        if there.is_ok_and(|there| there.expose() == content) {
            return Ok(());
        }
        return Err(format!(
            "{0} is there already and says something else: move it away, then run gatepost setup again",
            copy.display()
        ));
    }
    beside(path, content, |unfinished| Ok(put(unfinished, copy)?))
}

/// Puts a content in a file's place, with its mode and owner: the old one or the new one is there at any
/// time. Whoever edited it since it was read as `before` keeps what they wrote.
pub(super) fn replace(path: &Path, before: &[u8], content: &[u8]) -> Result<(), String> {
    let limit = u64::try_from(before.len()).unwrap_or(u64::MAX);
    beside(path, content, |unfinished| {
        let there = files::read_trusted(path, Readers::Anybody, limit);
        if there.is_ok_and(|there| there.expose() == before) {
            return Ok(rustix::fs::renameat(CWD, unfinished, CWD, path)?);
        }
        Err(io::Error::other(
            "it was changed meanwhile and is left as it is: run gatepost setup again",
        ))
    })
}

/// Puts a file with exactly that mode and content there, in the place of one that may be there: the old
/// one or the new one is there at any time.
pub(super) fn put_over(path: &Path, mode: u32, content: &[u8]) -> Result<(), String> {
    finished(path, |unfinished| {
        fill(unfinished, mode, content)?;
        Ok(rustix::fs::renameat(CWD, unfinished, CWD, path)?)
    })
}

/// Takes a file away, from a directory that can be trusted.
pub(super) fn take_away(path: &Path) -> Result<(), String> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    files::check_folder(parent).map_err(|untrusted| untrusted.to_string())?;
    unlinkat(CWD, path, AtFlags::empty())
        .and_then(|()| sync_folder(parent))
        .map_err(|errno| format!("{}: {errno}", path.display()))
}

/// Keeps others of us from making files until what comes back is dropped. The folder is root's alone to
/// open, so that nobody else can keep us out.
pub(super) fn alone(folder: &Path) -> Result<OwnedFd, String> {
    files::check_folder(folder).map_err(|untrusted| untrusted.to_string())?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let told = |errno: Errno| format!("{}: {errno}", folder.display());
    let fd = openat(CWD, folder, flags, Mode::empty()).map_err(told)?;
    flock(&fd, FlockOperation::NonBlockingLockExclusive).map_err(|errno| match errno {
        Errno::WOULDBLOCK => {
            "another gatepost is making files at this moment: try again when it has ended"
                .to_owned()
        }
        errno => told(errno),
    })?;
    Ok(fd)
}

/// Makes a file beside another, with that one's mode and owner, and gives it its name.
fn beside(
    path: &Path,
    content: &[u8],
    name: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), String> {
    finished(path, |unfinished| {
        let like = rustix::fs::lstat(path)?;
        fill(unfinished, like.st_mode & 0o777, content)?;
        let (owner, group) = (Uid::from_raw(like.st_uid), Gid::from_raw(like.st_gid));
        chownat(
            CWD,
            unfinished,
            Some(owner),
            Some(group),
            AtFlags::SYMLINK_NOFOLLOW,
        )?;
        name(unfinished)
    })
}

/// Has a file made under an unfinished name in the folder of `path`, and given its own: whatever goes
/// wrong, nothing unfinished stays.
fn finished(path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), String> {
    let parent = path.parent().unwrap_or(Path::new("/"));
    files::check_folder(parent).map_err(|untrusted| untrusted.to_string())?;
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = Path::new(&unfinished);
    // One that a setup left behind when it was interrupted. The directory is root's alone.
    let _none_there = unlinkat(CWD, unfinished, AtFlags::empty());
    make(unfinished)
        .and_then(|()| Ok(sync_folder(parent)?))
        .map_err(|error| {
            let _none_there = unlinkat(CWD, unfinished, AtFlags::empty());
            format!("{}: {error}", path.display())
        })
}

/// Gives a file its name, never over one that appeared in the meantime.
fn put(unfinished: &Path, path: &Path) -> Result<(), Errno> {
    match renameat_with(CWD, unfinished, CWD, path, RenameFlags::NOREPLACE) {
        // A file system that knows no such flag, as ZFS before 2.2, has links.
        Err(Errno::INVAL) => {
            linkat(CWD, unfinished, CWD, path, AtFlags::empty())?;
            unlinkat(CWD, unfinished, AtFlags::empty())
        }
        renamed => renamed,
    }
}

fn fill(path: &Path, mode: u32, content: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = openat(CWD, path, flags, Mode::from_raw_mode(0o600))?;
    let mut file = File::from(fd);
    file.write_all(content)?;
    rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let fd = openat(CWD, path, flags, Mode::empty())?;
    rustix::fs::fsync(&fd)
}
