//! The files of PAM's services: plain files below two fixed folders, read by whoever runs this (root). No
//! link is followed, no name leads out of the folders, and nothing is read beyond a bound.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use gatepost_words::text::sanitise;
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use super::super::doctor::Finding;
use super::Fault;

/// Where libpam looks, first to last.
const FOLDERS: [&str; 2] = ["/etc/pam.d", "/usr/lib/pam.d"];
/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Why a file is not part of what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is in neither folder: libpam then refuses, where it was not built to look into a third.
    Missing,
    /// It is a link, or no plain file.
    Link,
    /// Its name leads out of the folders.
    Elsewhere,
    /// It is longer than any such file is, or no text.
    Odd,
    /// Files are included in each other without an end.
    Deep,
    /// The kernel says no.
    Failed,
}

impl Unread {
    /// Whether more may stand there than is known.
    pub(super) const fn hides(self) -> bool {
        match self {
            Self::Missing => false,
            Self::Link | Self::Elsewhere | Self::Odd | Self::Deep | Self::Failed => true,
        }
    }

    /// The same as something to be mended.
    pub(super) fn fault(self, name: &str) -> Fault {
        let name = sanitise(name);
        let (finding, what, mend) = match self {
            Self::Missing => (
                Finding::Warning,
                format!(
                    "{name} is included, and was found neither in /etc/pam.d nor in /usr/lib/pam.d"
                ),
                "mend its name, or install what it belongs to: everybody is refused where PAM does not \
                 find it either",
            ),
            Self::Deep => (
                Finding::Problem,
                format!("{name} includes more than anybody can follow"),
                "look for files that include each other",
            ),
            Self::Link | Self::Elsewhere => (
                Finding::Warning,
                format!("{name} is a link or lies elsewhere, and was not looked at"),
                "look at that file yourself: no sufficient and no jump may go past pam_gatepost.so",
            ),
            Self::Odd | Self::Failed => (
                Finding::Warning,
                format!("{name} cannot be read as text of at most 64 KiB"),
                "look at that file yourself",
            ),
        };
        Fault {
            finding,
            what,
            mend: mend.to_owned(),
        }
    }
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) text: String,
    /// Whether others than its owner and group may not read it.
    pub(super) closed: bool,
}

/// The folders, opened once.
pub(super) struct Folders(Vec<OwnedFd>);

impl Folders {
    pub(super) fn open() -> Self {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = |path: &&str| openat(CWD, *path, flags, Mode::empty()).ok();
        Self(FOLDERS.iter().filter_map(open).collect())
    }

    /// The names of services, in order.
    pub(super) fn services(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for folder in &self.0 {
            let entries = Dir::read_from(folder).into_iter().flatten().flatten();
            let files = entries.filter(|entry| entry.file_type() != FileType::Directory);
            let ours = files.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
            names.extend(ours.filter(|name| !name.starts_with('.')));
        }
        names.sort();
        names.dedup();
        names
    }

    /// A file's text; the first folder that has it counts.
    pub(super) fn text(&self, name: &str) -> Result<Content, Unread> {
        let name = name.strip_prefix("/etc/pam.d/").unwrap_or(name);
        if name.contains('/') || name.starts_with('.') {
            return Err(Unread::Elsewhere);
        }
        for folder in &self.0 {
            match text(folder, name) {
                Err(Unread::Missing) => {}
                found => return found,
            }
        }
        Err(Unread::Missing)
    }
}

fn text(folder: &OwnedFd, name: &str) -> Result<Content, Unread> {
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = openat(folder, name, flags, Mode::empty()).map_err(|errno| match errno {
        Errno::NOENT => Unread::Missing,
        Errno::LOOP => Unread::Link,
        _other => Unread::Failed,
    })?;
    let stat = fstat(&fd).map_err(|_errno| Unread::Failed)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Unread::Link);
    }
    let room = fstat(folder).map_err(|_errno| Unread::Failed)?;
    let lets_in = |mode, bit| Mode::from_raw_mode(mode).contains(bit);
    let closed = !(lets_in(stat.st_mode, Mode::ROTH) && lets_in(room.st_mode, Mode::XOTH));
    let mut text = String::new();
    let read = File::from(fd).take(LONGEST + 1).read_to_string(&mut text);
    match read.map(u64::try_from) {
        Ok(Ok(length)) if length <= LONGEST => Ok(Content { text, closed }),
        Ok(_) | Err(_) => Err(Unread::Odd),
    }
}
