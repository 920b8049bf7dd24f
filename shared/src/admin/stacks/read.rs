//! The files of PAM's services: plain files in the folders where libpam looks, read by whoever runs this
//! (root). No link is followed, no name leads out of the folders, and nothing is read beyond a bound.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use gatepost_words::text::sanitise;
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use super::super::doctor::Finding;
use super::Fault;
use super::libpam::{Build, Includes, OWN};
use super::text::Trouble;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Why a file is not part of what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is in no folder where libpam looks for it, which then refuses.
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
    /// It was read, and versions of libpam read a line of it in two ways.
    Twofold(usize, Trouble),
}

impl Unread {
    /// Whether more may stand there than is known.
    pub(super) const fn hides(self) -> bool {
        match self {
            Self::Missing => false,
            Self::Link
            | Self::Elsewhere
            | Self::Odd
            | Self::Deep
            | Self::Failed
            | Self::Twofold(..) => true,
        }
    }

    /// The same as something to be mended.
    pub(super) fn fault(self, name: &str) -> Fault {
        let name = sanitise(name);
        let (finding, what, mend) = match self {
            Self::Missing => (
                Finding::Warning,
                format!("{name} is included, and is not where PAM looks for it"),
                "mend its name, or install what it belongs to: everybody is refused. Debian's PAM looks for \
                 included files in /etc/pam.d alone",
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
            Self::Twofold(line, Trouble::Long) => (
                Finding::Warning,
                format!(
                    "{name}:{line} is too long: older versions of PAM cut it in two, a comment too"
                ),
                "make two lines of it, of less than a thousand bytes each",
            ),
            Self::Twofold(line, Trouble::Gap) => (
                Finding::Warning,
                format!(
                    "{name}:{line} is blank or a comment, and stands within a line that goes on: newer \
                     versions of PAM end that there"
                ),
                "take it out of there",
            ),
            Self::Twofold(line, Trouble::Unended) => (
                Finding::Problem,
                format!("{name}:{line} ends in a backslash, and nothing follows: PAM then refuses"),
                "take the backslash away",
            ),
            Self::Twofold(line, Trouble::Number) => (
                Finding::Warning,
                format!("{name}:{line} has a number that versions of PAM read in two ways"),
                "write the number of lines that are to be passed over",
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
pub(super) struct Folders {
    folders: Vec<Folder>,
    pub(super) includes: Includes,
}

struct Folder {
    path: String,
    /// None where it is there and cannot be opened: what it holds is then not known.
    fd: Option<OwnedFd>,
}

/// How a file came to be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// It is a service's.
    Service,
    /// Another file includes it.
    Included,
}

impl Folders {
    pub(super) fn open(build: Build) -> Self {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = |path: String| match openat(CWD, path.as_str(), flags, Mode::empty()) {
            Ok(fd) => Some(Folder { path, fd: Some(fd) }),
            Err(Errno::NOENT) => None,
            Err(_other) => Some(Folder { path, fd: None }),
        };
        Self {
            folders: build.folders.into_iter().filter_map(open).collect(),
            includes: build.includes,
        }
    }

    /// The names of services, in order.
    pub(super) fn services(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for folder in self.folders.iter().filter_map(|folder| folder.fd.as_ref()) {
            let entries = Dir::read_from(folder).into_iter().flatten().flatten();
            let files = entries.filter(|entry| entry.file_type() != FileType::Directory);
            let ours = files.filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
            names.extend(ours.filter(|name| !name.starts_with('.')));
        }
        names.sort();
        names.dedup();
        names
    }

    /// A file's text; the first folder that has it counts. One that is named with its folder is looked for
    /// there alone, and so is what Debian's build includes.
    pub(super) fn text(&self, named: Named, name: &str) -> Result<Content, Unread> {
        let within = |folder: &&Folder| name.strip_prefix(folder.path.as_str())?.strip_prefix('/');
        let folders = self.folders.iter();
        let (name, only) = match folders
            .clone()
            .find_map(|folder| Some((within(&folder)?, folder)))
        {
            Some((name, folder)) => (name, Some(folder.path.as_str())),
            None if named == Named::Included && self.includes == Includes::Own => (name, Some(OWN)),
            None => (name, None),
        };
        if name.contains('/') || name.starts_with('.') {
            return Err(Unread::Elsewhere);
        }
        for folder in folders.filter(|folder| only.is_none_or(|only| folder.path == only)) {
            let fd = folder.fd.as_ref().ok_or(Unread::Failed)?;
            match text(fd, name) {
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
        // libpam takes a byte of zeros for the end of a line.
        Ok(Ok(length)) if length <= LONGEST && !text.contains('\0') => Ok(Content { text, closed }),
        Ok(_) | Err(_) => Err(Unread::Odd),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::libpam::{Build, Includes};
    use super::{Folders, Named, Unread};

    // Mutants: a later folder counts before an earlier one; a folder that cannot be opened is passed over; a
    // name with its folder is looked for everywhere; Debian's includes are; a byte of zeros is text.
    #[test]
    fn a_file_is_looked_for_where_libpam_looks() {
        let root = tempfile::tempdir().unwrap();
        let path = |folder: &str| root.path().join(folder).to_str().unwrap().to_owned();
        for (file, text) in [("a/x", "1"), ("b/x", "2"), ("b/y", "3"), ("b/z", "\0")] {
            let file = root.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        let open = |folders: &[&str], includes| {
            let folders = folders.iter().map(|folder| path(folder)).collect();
            Folders::open(Build { folders, includes })
        };
        let text = |folders: &Folders, named, name: &str| {
            folders.text(named, name).map(|content| content.text)
        };
        let (service, included) = (Named::Service, Named::Included);
        let all = open(&["none", "a", "b"], Includes::Everywhere);
        assert_eq!(all.services(), ["x", "y", "z"]);
        for (name, found) in [
            ("x", Ok("1")),
            ("y", Ok("3")),
            ("z", Err(Unread::Odd)),
            ("w", Err(Unread::Missing)),
            ("../a/x", Err(Unread::Elsewhere)),
            ("/etc/passwd", Err(Unread::Elsewhere)),
            (&path("b/x"), Ok("2")),
            (&path("a/y"), Err(Unread::Missing)),
            (&path("a/../b/y"), Err(Unread::Elsewhere)),
        ] {
            let found = found.map(str::to_owned);
            assert_eq!(text(&all, service, name), found, "{name}");
            assert_eq!(text(&all, included, name), found, "{name}");
        }
        let debian = open(&["a", "b"], Includes::Own);
        assert_eq!(text(&debian, service, "y").unwrap(), "3");
        assert_eq!(text(&debian, included, "y"), Err(Unread::Missing));
        assert_eq!(text(&debian, included, &path("b/y")).unwrap(), "3");
        symlink(root.path().join("a"), root.path().join("link")).unwrap();
        let linked = open(&["link", "b"], Includes::Everywhere);
        assert_eq!(text(&linked, service, "y"), Err(Unread::Failed));
    }
}
