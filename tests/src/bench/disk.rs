//! Real disk under a stage, whose own files all lie in memory: without it a sync costs nothing, and the
//! figures would be too good.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;

use rustix::fs::CWD;
use rustix::mount::MoveMountFlags;
use rustix::mount::OpenTreeFlags;
use rustix::mount::move_mount;
use rustix::mount::open_tree;

/// A folder beside the build's files, removed with all that is in it when this goes.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
}

/// A folder on the disk that is not mounted yet.
#[derive(Debug)]
pub(crate) struct Folder {
    tree: OwnedFd,
}

impl Disk {
    /// Makes an empty folder in `parent`. To be called outside the stage, where `parent` may be hidden.
    pub(crate) fn make(parent: &Path) -> Self {
        let folder = parent.join(format!("bench-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        Self { folder }
    }

    /// A new folder of root's own on it; also to be called outside the stage.
    pub(crate) fn folder(&self, name: &str) -> Folder {
        let path = self.folder.join(name);
        fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("a folder's mode");
        let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
        let tree = open_tree(CWD, &path, flags)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Folder { tree }
    }
}

impl Folder {
    /// Puts the folder at `path` on the stage, with copies of the files that are there.
    pub(crate) fn mount_over(self, path: &str) {
        fs::create_dir_all(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let files: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(path)
            .unwrap_or_else(|error| panic!("{path}: {error}"))
            .map(|entry| entry.expect("an entry of a folder").path())
            .map(|file| {
                let bytes = fs::read(&file);
                let bytes = bytes.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                (file, bytes)
            })
            .collect();
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
        move_mount(&self.tree, "", CWD, path, flags)
            .unwrap_or_else(|error| panic!("put a disk at {path}: {error}"));
        for (file, bytes) in files {
            write_private(&file, &bytes);
        }
    }
}

/// Writes a file that only root may read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("a file's mode");
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What cannot be removed lies among the build's files and goes with them.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
