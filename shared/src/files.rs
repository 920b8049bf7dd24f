//! Opening files that a login may trust: every directory from / to the file belongs to root, is
//! writable by nobody else and is no link; so is the file. Nothing is created, changed or repaired:
//! what is wrong is told with its path, and the login is refused.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use gatepost_words::secret::Secret;
use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, fstatfs, open, openat};
use rustix::io::Errno;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Anybody: a configuration without secrets.
    Anybody,
    /// Root alone: mode 0600 or stricter.
    RootAlone,
}

/// Why a path cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum Untrusted {
    /// It is not there.
    #[error("{0} does not exist: run gatepost setup, or mend the path")]
    Missing(PathBuf),
    /// It is not written as an absolute path without `..`.
    #[error("{0} is not an absolute path without . and ..")]
    NotAbsolute(PathBuf),
    /// A component is a symbolic link.
    #[error("{0} is a symbolic link: name the place it points to")]
    Link(PathBuf),
    /// It is not the kind of file that it must be.
    #[error("{0} is not a {1}")]
    WrongKind(PathBuf, &'static str),
    /// It does not belong to root.
    #[error("{path} belongs to uid {uid}: chown root {path}")]
    Owner {
        /// Where.
        path: PathBuf,
        /// Whose it is.
        uid: u32,
    },
    /// Others may write it, or read what is secret.
    #[error("{path} has mode {mode:04o}: chmod {mend} {path}")]
    Mode {
        /// Where.
        path: PathBuf,
        /// What it has.
        mode: u32,
        /// What chmod should be told.
        mend: &'static str,
    },
    /// It has a second name somewhere.
    #[error("{0} has more than one hard link: copy it to a file of its own")]
    HardLink(PathBuf),
    /// It lies on a file system that cannot be trusted to lock or sync.
    #[error("{path} lies on {kind}, where SQLite cannot lock safely: move it to a local disk")]
    FileSystem {
        /// Where.
        path: PathBuf,
        /// Which file system.
        kind: String,
    },
    /// It is longer than it may be.
    #[error("{0} is longer than {1} bytes")]
    TooLong(PathBuf, u64),
    /// The system call failed.
    #[error("{path}: {source}")]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Opens a directory for walking on, every component checked.
fn walk(directory: &Path) -> Result<OwnedFd, Untrusted> {
    let mut here = PathBuf::from("/");
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut fd = open("/", flags, Mode::empty()).map_err(|errno| failed(&here, errno))?;
    check_directory(&here, &fd)?;
    for component in directory.components() {
        let name = match component {
            Component::RootDir => continue,
            Component::Normal(name) => name,
            Component::CurDir | Component::ParentDir | Component::Prefix(_) => {
                return Err(Untrusted::NotAbsolute(directory.to_owned()));
            }
        };
        here.push(name);
        // O_PATH with O_NOFOLLOW opens a link itself; O_DIRECTORY then says ENOTDIR.
        fd = openat(&fd, name, flags, Mode::empty()).map_err(|errno| failed(&here, errno))?;
        check_directory(&here, &fd)?;
    }
    Ok(fd)
}

/// What an errno on the way means.
fn failed(path: &Path, errno: Errno) -> Untrusted {
    let path = path.to_owned();
    match errno {
        Errno::NOENT => Untrusted::Missing(path),
        Errno::LOOP => Untrusted::Link(path),
        Errno::NOTDIR => match rustix::fs::lstat(&path) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Symlink => {
                Untrusted::Link(path)
            }
            Ok(_) | Err(_) => Untrusted::WrongKind(path, "directory"),
        },
        errno => Untrusted::Io {
            path,
            source: errno.into(),
        },
    }
}

fn check_directory(path: &Path, fd: &OwnedFd) -> Result<(), Untrusted> {
    let stat = stat(path, fd)?;
    check_owner(path, &stat)?;
    // A sticky directory still lets others put names into it: no /tmp.
    check_mode(path, &stat, 0o022, "go-w")
}

fn stat(path: &Path, fd: &OwnedFd) -> Result<Stat, Untrusted> {
    fstat(fd).map_err(|errno| failed(path, errno))
}

fn check_owner(path: &Path, stat: &Stat) -> Result<(), Untrusted> {
    if stat.st_uid == 0 {
        return Ok(());
    }
    Err(Untrusted::Owner {
        path: path.to_owned(),
        uid: stat.st_uid,
    })
}

fn check_mode(path: &Path, stat: &Stat, banned: u32, mend: &'static str) -> Result<(), Untrusted> {
    if stat.st_mode & banned == 0 {
        return Ok(());
    }
    Err(Untrusted::Mode {
        path: path.to_owned(),
        mode: stat.st_mode & 0o7777,
        mend,
    })
}

/// Opens a regular file for reading, every directory on the way and the file itself checked.
pub fn open_trusted(path: &Path, readers: Readers) -> Result<OwnedFd, Untrusted> {
    // O_NONBLOCK: opening a FIFO must not wait for its writer.
    open_checked(path, readers, OFlags::RDONLY | OFlags::NONBLOCK)
}

fn open_checked(path: &Path, readers: Readers, access: OFlags) -> Result<OwnedFd, Untrusted> {
    if !path.is_absolute() {
        return Err(Untrusted::NotAbsolute(path.to_owned()));
    }
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Untrusted::WrongKind(path.to_owned(), "regular file"));
    };
    let directory = walk(parent)?;
    let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = openat(&directory, name, flags, Mode::empty()).map_err(|errno| failed(path, errno))?;
    let stat = stat(path, &fd)?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {}
        FileType::Symlink => return Err(Untrusted::Link(path.to_owned())),
        FileType::Directory
        | FileType::Fifo
        | FileType::Socket
        | FileType::CharacterDevice
        | FileType::BlockDevice
        | FileType::Unknown => {
            return Err(Untrusted::WrongKind(path.to_owned(), "regular file"));
        }
    }
    check_owner(path, &stat)?;
    match readers {
        Readers::Anybody => check_mode(path, &stat, 0o022, "go-w")?,
        Readers::RootAlone => check_mode(path, &stat, 0o077, "0600")?,
    }
    if stat.st_nlink != 1 {
        return Err(Untrusted::HardLink(path.to_owned()));
    }
    Ok(fd)
}

/// Whether a directory and all above it can be trusted.
pub fn check_folder(path: &Path) -> Result<(), Untrusted> {
    if !path.is_absolute() {
        return Err(Untrusted::NotAbsolute(path.to_owned()));
    }
    walk(path).map(drop)
}

/// Opens a directory to be listed; it and all above it checked.
pub fn open_folder(path: &Path) -> Result<OwnedFd, Untrusted> {
    if !path.is_absolute() {
        return Err(Untrusted::NotAbsolute(path.to_owned()));
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(walk(path)?, ".", flags, Mode::empty()).map_err(|errno| failed(path, errno))
}

/// Whether a file that only root may read is there and can be trusted; it is not read.
pub fn check_secret(path: &Path) -> Result<(), Untrusted> {
    open_checked(path, Readers::RootAlone, OFlags::PATH).map(drop)
}

/// Whether a folder, all above it, and each file in it whose name has one of `endings` can be
/// trusted.
pub fn check_files(folder: &Path, endings: &[&str]) -> Result<(), Untrusted> {
    check_folder(folder)?;
    let io = |source| Untrusted::Io {
        path: folder.to_owned(),
        source,
    };
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if ending.is_some_and(|ending| endings.contains(&ending)) {
            open_trusted(&path, Readers::Anybody)?;
        }
    }
    Ok(())
}

/// The content of a trusted file, at most `limit` bytes.
pub fn read_trusted(path: &Path, readers: Readers, limit: u64) -> Result<Secret, Untrusted> {
    let fd = open_trusted(path, readers)?;
    let io = |source| Untrusted::Io {
        path: path.to_owned(),
        source,
    };
    let mut content = zeroize::Zeroizing::new(Vec::new());
    File::from(fd)
        .take(limit.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(io)?;
    if u64::try_from(content.len()).map_or(true, |length| length > limit) {
        return Err(Untrusted::TooLong(path.to_owned(), limit));
    }
    Ok(Secret::new(std::mem::take(&mut *content)))
}

/// Checks a database and its companions before SQLite opens them by name. The directories are
/// root's alone, so what was checked is what will be opened. By `O_PATH` alone: closing any other
/// descriptor of the file would drop the locks that a connection of this process holds on it.
pub fn check_database(path: &Path) -> Result<(), Untrusted> {
    let fd = open_checked(path, Readers::RootAlone, OFlags::PATH)?;
    check_file_system(path, &fd)?;
    for suffix in ["-wal", "-shm", "-journal"] {
        let mut companion = path.as_os_str().to_owned();
        companion.push(suffix);
        match open_checked(Path::new(&companion), Readers::RootAlone, OFlags::PATH) {
            Ok(_) | Err(Untrusted::Missing(_)) => {}
            Err(untrusted) => return Err(untrusted),
        }
    }
    Ok(())
}

/// File systems where POSIX locks, `mmap` of the -shm file and `fsync` hold: an allow list, since the
/// next network file system is not known yet.
const TRUSTED_FILE_SYSTEMS: [u64; 6] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0x2fc1_2fc1, // zfs
    0x794c_7630, // overlay
    0x0102_1994, // tmpfs
];

fn check_file_system(path: &Path, fd: &OwnedFd) -> Result<(), Untrusted> {
    let stat = fstatfs(fd).map_err(|errno| failed(path, errno))?;
    // f_type is signed on some platforms and 32 bits wide on others: compare the low half.
    let magic = u64::try_from(stat.f_type & 0xffff_ffff).unwrap_or(0);
    if TRUSTED_FILE_SYSTEMS.contains(&magic) {
        return Ok(());
    }
    let kind = match magic {
        0x6969 => "NFS".to_owned(),
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => "SMB".to_owned(),
        0x0102_1997 => "9p".to_owned(),
        0x6573_5546 => "FUSE".to_owned(),
        other => format!("a file system that was never tried (magic {other:#x})"),
    };
    Err(Untrusted::FileSystem {
        path: path.to_owned(),
        kind,
    })
}

/// Whether there is a file of that name, without following or opening it.
pub fn exists(path: &Path) -> bool {
    rustix::fs::statat(CWD, path, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok()
}
