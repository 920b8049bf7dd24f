//! Files beside the store: those that go with whoever made them, and a copy that is whole or not there.
//!
//! A process that is killed leaves its files. Each is locked (flock) for as long as its maker lives, so the next one
//! tells what is left from what is used, and removes it. SQLite's own locks are of another kind, which does not see
//! this one.

use std::ffi::CStr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, flock, fstat, fsync, linkat, openat,
    statat, unlinkat,
};
use rustix::io::Errno;

use super::Store;
use super::error::{Problem, StoreError};
use crate::files;

/// What a file beside the store is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A copy on its way out.
    Backup,
    /// A copy that came in.
    Restore,
    /// The store as it was before a restore, until it is whole.
    Keep,
}

impl Purpose {
    const ALL: [Self; 3] = [Self::Backup, Self::Restore, Self::Keep];

    const fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Keep => "keep",
        }
    }
}

/// A private file beside the store that goes when this goes.
#[derive(Debug)]
pub struct Temporary {
    path: PathBuf,
    /// Holds the lock that says that somebody uses it.
    held: OwnedFd,
}

const MAKING: &str = "making a file beside the store";
/// How often a file is made anew that was taken for a dead process's before it was locked.
const TRIES: u32 = 5;
/// What SQLite may put beside a file.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

impl Temporary {
    /// Makes one. The store's folder is root's alone. What dead processes left there goes.
    pub fn beside(store: &Path, purpose: Purpose) -> Result<Self, StoreError> {
        sweep(store);
        let mut path = store.as_os_str().to_owned();
        path.push(format!(".{}-{}", purpose.word(), std::process::id()));
        let path = PathBuf::from(path);
        for _ in 0..TRIES {
            // Of a process that had our number.
            clear(&path);
            let held = make_private(&path)?;
            if is_ours(&held, &path) {
                return Ok(Self { path, held });
            }
        }
        Err(StoreError::odd(
            MAKING,
            format!("{} is in use", path.display()),
        ))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        clear(&self.path);
    }
}

/// Whether the file is locked by us, and still the one of that name. Who took it for a dead process's before holds
/// the lock until it is removed, for the time of a few system calls.
fn is_ours(file: &OwnedFd, path: &Path) -> bool {
    flock(file, FlockOperation::LockExclusive).is_ok()
        && match (fstat(file), statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW)) {
            (Ok(file), Ok(named)) => (file.st_dev, file.st_ino) == (named.st_dev, named.st_ino),
            (_, _) => false,
        }
}

/// Removes a file, what SQLite put beside it first: what is left halfway has its main file still.
fn clear(path: &Path) {
    for suffix in COMPANIONS {
        let mut companion = path.as_os_str().to_owned();
        companion.push(suffix);
        let _none_there = unlinkat(CWD, Path::new(&companion), AtFlags::empty());
    }
    let _none_there = unlinkat(CWD, path, AtFlags::empty());
}

/// Makes an empty file that only root reads, never over one that is there: SQLite would give it
/// whatever mode the umask leaves.
pub(super) fn make_private(path: &Path) -> Result<OwnedFd, StoreError> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(CWD, path, flags, Mode::RUSR | Mode::WUSR).map_err(|errno| failed(path, errno))
}

fn failed(path: &Path, errno: Errno) -> StoreError {
    match errno {
        Errno::EXIST => StoreError {
            doing: MAKING,
            problem: Problem::AlreadyThere(path.to_owned()),
        },
        errno => StoreError::odd(MAKING, format!("{}: {errno}", path.display())),
    }
}

/// The store as it was before a restore: a file that goes with this, unless it is told to stay.
#[derive(Debug)]
pub(super) struct Kept {
    file: PathBuf,
    stays: bool,
}

impl Kept {
    /// Writes the file, which must be new. It has its name once it is whole and on the disk: nobody takes half a
    /// store for one.
    pub(super) fn at(store: &Store, path: &Path) -> Result<Self, StoreError> {
        let of = store.connection.path().unwrap_or_default();
        let temporary = Temporary::beside(Path::new(of), Purpose::Keep)?;
        store.copy_into(temporary.path())?;
        let failed = |errno| failed(path, errno);
        fsync(&temporary.held).map_err(failed)?;
        // A link is never put over a file that is there, on any file system.
        linkat(CWD, temporary.path(), CWD, path, AtFlags::empty()).map_err(failed)?;
        let kept = Self {
            file: path.to_owned(),
            stays: false,
        };
        drop(temporary);
        if let Some(folder) = path.parent() {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let folder = openat(CWD, folder, flags, Mode::empty()).map_err(failed)?;
            fsync(&folder).map_err(failed)?;
        }
        Ok(kept)
    }

    /// Leaves the file there for good.
    pub(super) fn stay(mut self) {
        self.stays = true;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.stays {
            let _none_there = unlinkat(CWD, &self.file, AtFlags::empty());
        }
    }
}

/// Removes what dead processes left beside the store; how many files of theirs. Nothing in a folder that cannot be
/// trusted: whoever opens a store there is told.
pub fn sweep(store: &Path) -> u32 {
    let (Some(parent), Some(store)) = (store.parent(), store.file_name().and_then(|s| s.to_str()))
    else {
        return 0;
    };
    let Ok(folder) = files::open_folder(parent) else {
        return 0;
    };
    let Ok(entries) = Dir::read_from(&folder) else {
        return 0;
    };
    let mut swept = 0;
    for entry in entries.flatten() {
        let name = entry.file_name();
        if is_name(name, store) && is_left(&folder, name) {
            for suffix in COMPANIONS {
                let companion = format!("{}{suffix}", name.to_string_lossy());
                let _none_there = unlinkat(&folder, companion, AtFlags::empty());
            }
            swept += u32::from(unlinkat(&folder, name, AtFlags::empty()).is_ok());
        }
    }
    swept
}

/// Whether a name is one that another process gave a [`Temporary`]. Ours are not opened: to close a file drops the
/// locks that SQLite has on it for this process.
fn is_name(name: &CStr, store: &str) -> bool {
    let parts = name
        .to_str()
        .ok()
        .and_then(|name| name.strip_prefix(store)?.strip_prefix('.')?.split_once('-'));
    let Some((word, number)) = parts else {
        return false;
    };
    let process = number.parse::<u32>();
    Purpose::ALL.iter().any(|purpose| purpose.word() == word)
        && process.is_ok_and(|id| id.to_string() == number && id != std::process::id())
}

/// Whether a file is root's, and nobody has it locked: its maker is gone.
fn is_left(folder: &OwnedFd, name: &CStr) -> bool {
    let look = || statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    let regular = look().is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_uid == 0
    });
    if !regular {
        return false;
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = openat(folder, name, flags, Mode::empty()) else {
        return false;
    };
    flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
        && match (fstat(&file), look()) {
            (Ok(file), Ok(named)) => (file.st_dev, file.st_ino) == (named.st_dev, named.st_ino),
            (_, _) => false,
        }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::path::Path;

    use rustix::fs::{FlockOperation, flock};

    use super::{Kept, Purpose, Temporary, sweep};
    use crate::store::Store;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_temporary_file_is_roots_and_gone_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store.db");
        let copy = Temporary::beside(&store, Purpose::Restore).unwrap();
        let mode = std::fs::metadata(copy.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(copy);
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }

    // Mutants: a file is taken away that somebody uses, that is not root's, that is a link, or that has another
    // name; one that a dead process left stays, or what SQLite put beside it.
    #[test]
    fn what_dead_processes_left_goes_and_nothing_else() {
        let Ok(folder) = tempfile::tempdir_in("/root") else {
            println!("SKIPPED: a folder below /root needs root");
            return;
        };
        let at = |name: &str| folder.path().join(name);
        let store = at("store.db");
        let ours = format!("store.db.restore-{}", std::process::id());
        let stay = [
            "other.db.restore-4711",
            ours.as_str(),
            "store.db",
            "store.db-wal",
            "store.db.before-restore-4711",
            "store.db.keep-4712",
            "store.db.restore",
            "store.db.restore-",
            "store.db.restore-04711",
            "store.db.restore-4711x",
            "store.db.restore-99999999999",
            "store.db.rest-4711",
        ];
        let go = [
            "store.db.backup-4711",
            "store.db.keep-4711",
            "store.db.keep-4711-journal",
            "store.db.restore-4711",
            "store.db.restore-4711-shm",
            "store.db.restore-4711-wal",
        ];
        for name in stay.iter().chain(&go) {
            std::fs::write(at(name), "").unwrap();
        }
        // In use, a link, a folder, somebody's.
        let used = std::fs::File::open(at("store.db.keep-4712")).unwrap();
        flock(&used, FlockOperation::NonBlockingLockExclusive).unwrap();
        symlink(&store, at("store.db.restore-4713")).unwrap();
        std::fs::create_dir(at("store.db.restore-4714")).unwrap();
        std::fs::write(at("store.db.restore-4715"), "").unwrap();
        chown(at("store.db.restore-4715"), Some(1), None).unwrap();
        let before = names(folder.path());
        assert_eq!(sweep(&store), 3);
        let gone = |name: &String| !go.contains(&name.as_str());
        let left: Vec<String> = before.into_iter().filter(gone).collect();
        assert_eq!(names(folder.path()), left);
        // Each new one sweeps too.
        drop(used);
        drop(Temporary::beside(&store, Purpose::Backup).unwrap());
        assert!(!at("store.db.keep-4712").exists());
    }

    // Mutants: the file is not locked while it is used; only the process's number is looked at.
    #[test]
    fn a_file_in_use_is_locked() {
        let folder = tempfile::tempdir().unwrap();
        let copy = Temporary::beside(&folder.path().join("store.db"), Purpose::Keep).unwrap();
        let other = std::fs::File::open(copy.path()).unwrap();
        assert!(flock(&other, FlockOperation::NonBlockingLockExclusive).is_err());
        drop(copy);
        flock(&other, FlockOperation::NonBlockingLockExclusive).unwrap();
    }

    // Mutants: what is there is written over; the temporary name stays.
    #[test]
    fn a_kept_store_is_put_over_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::scratch(&folder.path().join("store.db"));
        let aside = folder.path().join("aside");
        std::fs::write(&aside, "in the way").unwrap();
        let refused = Kept::at(&store, &aside).unwrap_err().to_string();
        assert!(refused.contains("is there already"), "{refused}");
        assert_eq!(std::fs::read(&aside).unwrap(), b"in the way");
        std::fs::remove_file(&aside).unwrap();
        Kept::at(&store, &aside).unwrap().stay();
        Store::open_copy(&aside).unwrap();
        let odd = |name: &String| name.contains(".keep-");
        assert!(!names(folder.path()).iter().any(odd));
    }
}
