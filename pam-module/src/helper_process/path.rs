//! Whether a program may be started as root: nobody but root can have put it where it is.
//!
//! A walk from / by descriptors, so that what was checked is what the name meant. Not realpath: a
//! link on the way is a refusal, since who may change it cannot be told from its target.

use std::fmt;
use std::os::fd::OwnedFd;

use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, open, openat};
use rustix::io::Errno;

/// Checks each directory from / to the file, and the file.
pub(super) fn check(path: &str) -> Result<(), Untrusted> {
    let untrusted = |part: &str, why| Untrusted {
        part: part.to_owned(),
        why,
    };
    let Some((directories, file)) = path.strip_prefix('/').and_then(split) else {
        return Err(untrusted(path, Why::NotAbsolute));
    };
    let mut walked = String::from("/");
    let mut directory = open("/", DIRECTORY, Mode::empty())
        .map_err(|errno| untrusted(&walked, Why::Unreadable(errno)))?;
    owned_by_root(&directory).map_err(|why| untrusted(&walked, why))?;
    for name in directories {
        walked.push_str(name);
        directory = step(&directory, name, DIRECTORY).map_err(|why| untrusted(&walked, why))?;
        walked.push('/');
    }
    walked.push_str(file);
    let found = step(&directory, file, FILE).map_err(|why| untrusted(&walked, why))?;
    let stat = fstat(&found).map_err(|errno| untrusted(&walked, Why::Unreadable(errno)))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(untrusted(&walked, Why::NotAFile));
    }
    Ok(())
}

/// A path that others than root have a say in, up to the part that they have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Untrusted {
    part: String,
    why: Why,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", gatepost_words::text::log_value(&self.part))?;
        match self.why {
            Why::NotAbsolute => f.write_str("is no plain absolute path"),
            Why::Unreadable(errno) => write!(f, "cannot be opened: {errno}"),
            Why::Owner(uid) => write!(f, "belongs to uid {uid} and not to root"),
            Why::Writable(mode) => write!(f, "is writable by others than root (mode {mode:04o})"),
            Why::NotAFile => f.write_str("is no regular file"),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Why {
    NotAbsolute,
    Unreadable(Errno),
    Owner(u32),
    Writable(u32),
    NotAFile,
}

/// The directories and the file of `a/b/c`, none of which may be empty, `.` or `..`.
fn split(path: &str) -> Option<(Vec<&str>, &str)> {
    let mut names: Vec<&str> = path.split('/').collect();
    if names.iter().any(|name| matches!(*name, "" | "." | "..")) {
        return None;
    }
    let file = names.pop()?;
    Some((names, file))
}

fn step(directory: &OwnedFd, name: &str, flags: OFlags) -> Result<OwnedFd, Why> {
    let found = openat(directory, name, flags, Mode::empty()).map_err(Why::Unreadable)?;
    owned_by_root(&found)?;
    Ok(found)
}

fn owned_by_root(found: &OwnedFd) -> Result<(), Why> {
    let Stat {
        st_uid, st_mode, ..
    } = fstat(found).map_err(Why::Unreadable)?;
    if st_uid != 0 {
        return Err(Why::Owner(st_uid));
    }
    let is_link = FileType::from_raw_mode(st_mode) == FileType::Symlink;
    if st_mode & GROUP_OR_OTHERS_WRITE != 0 && !is_link {
        return Err(Why::Writable(st_mode & 0o7777));
    }
    Ok(())
}

const FILE: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const DIRECTORY: OFlags = FILE.union(OFlags::DIRECTORY);
const GROUP_OR_OTHERS_WRITE: u32 = 0o022;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use rustix::io::Errno;

    use super::{Untrusted, Why, check};

    fn why(path: &str) -> Why {
        check(path).unwrap_err().why
    }

    #[test]
    fn a_program_of_the_distribution_is_trusted() {
        assert_eq!(check("/usr/bin/env"), Ok(()));
    }

    #[test]
    fn what_is_no_plain_absolute_path_is_refused() {
        for path in [
            "",
            "/",
            "a",
            "./a",
            "//a",
            "/a//b",
            "/a/",
            "/usr/../usr/bin/env",
            "/./a",
        ] {
            assert_eq!(why(path), Why::NotAbsolute, "{path:?}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused_by_name() {
        assert_eq!(why("/usr/bin"), Why::NotAFile);
        assert_eq!(why("/dev/null"), Why::Writable(0o666));
        let told = Untrusted {
            part: "/usr/none".to_owned(),
            why: Why::Unreadable(Errno::NOENT),
        };
        assert_eq!(check("/usr/none/helper"), Err(told));
    }

    /// Others own or may write some part of the way, or a link stands in it. The directory is made
    /// below the root directory, because every temporary one is writable by all.
    #[test]
    fn a_part_that_others_may_change_is_refused() {
        if !rustix::process::geteuid().is_root() {
            println!("SKIPPED a_part_that_others_may_change_is_refused: not root");
            return;
        }
        let top = format!("/run/gatepost-path-{}", std::process::id());
        let inner = format!("{top}/inner");
        let file = format!("{inner}/helper");
        let set = |path: &str, mode: u32, owner: u32| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            chown(path, Some(owner), Some(0)).unwrap();
        };
        fs::create_dir_all(&inner).unwrap();
        fs::write(&file, "").unwrap();
        for path in [&top, &inner, &file] {
            set(path, 0o755, 0);
        }
        assert_eq!(check(&file), Ok(()));
        for path in [&top, &inner, &file] {
            for (mode, owner, expected) in [
                (0o775, 0, Why::Writable(0o775)),
                (0o757, 0, Why::Writable(0o757)),
                (0o1777, 0, Why::Writable(0o1777)),
                (0o755, 1, Why::Owner(1)),
            ] {
                set(path, mode, owner);
                assert_eq!(why(&file), expected, "{path} {mode:o} {owner}");
                set(path, 0o755, 0);
            }
        }
        let link = format!("{top}/link");
        symlink(&inner, &link).unwrap();
        assert_eq!(
            why(&format!("{link}/helper")),
            Why::Unreadable(Errno::NOTDIR)
        );
        let link = format!("{inner}/link");
        symlink(&file, &link).unwrap();
        assert_eq!(why(&link), Why::NotAFile);
        fs::remove_dir_all(&top).unwrap();
    }
}
