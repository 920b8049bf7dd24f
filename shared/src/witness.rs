//! Remembers, outside the store and until the next boot, how far the store's log had come: an old
//! copy that is put back is noticed, and every code in it is void.
//!
//! One number in a file under /run, written after each commit without a sync: a power cut clears
//! /run, and codes do not outlive a boot anyway. A witness that cannot be kept is told in the log
//! and refuses nobody; it can only ever void codes.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, mkdirat, openat};
use sha2::{Digest, Sha256};

use crate::files;

/// Where witnesses are.
const FOLDER: &str = "/run/gatepost";

/// The witness of one store.
#[derive(Debug)]
pub struct Witness {
    file: File,
}

impl Witness {
    /// Opens the witness of the store at `path`, made where there is none yet.
    pub fn open(path: &Path) -> Result<Self, String> {
        let owner_only = Mode::RUSR | Mode::WUSR;
        match mkdirat(CWD, FOLDER, owner_only | Mode::XUSR) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(errno) => return Err(format!("{FOLDER}: {errno}")),
        }
        files::check_folder(Path::new(FOLDER)).map_err(|untrusted| untrusted.to_string())?;
        let digest = Sha256::digest(path.as_os_str().as_encoded_bytes());
        let name = digest
            .iter()
            .take(8)
            .fold(format!("{FOLDER}/witness-"), |mut name, byte| {
                use std::fmt::Write;
                // Writing to a String cannot fail.
                let _infallible = write!(name, "{byte:02x}");
                name
            });
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd =
            openat(CWD, &name, flags, owner_only).map_err(|errno| format!("{name}: {errno}"))?;
        if !owned_file(&fd) {
            return Err(format!("{name} is not a file of root's own"));
        }
        Ok(Self {
            file: File::from(fd),
        })
    }

    /// The number of the last event that was ever committed here, as far as is known.
    pub fn last_seq(&self) -> Option<i64> {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, 0).ok()?;
        Some(i64::from_le_bytes(bytes))
    }

    /// Notes the number of an event that is committed.
    pub fn note(&self, seq: i64) {
        // A note that is lost makes the witness know less, which harms nobody.
        let _lost = self.file.write_all_at(&seq.to_le_bytes(), 0);
    }
}

fn owned_file(fd: &OwnedFd) -> bool {
    fstat(fd).is_ok_and(|stat| {
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
            && stat.st_uid == 0
            && stat.st_mode & 0o7777 == 0o600
            && stat.st_nlink == 1
    })
}
