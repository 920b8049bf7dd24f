//! What the demo must not change, looked at before and after.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;

use crate::product;

/// Files and folders that a stage overlays and that the demo writes to on its stage.
const PLACES: [&str; 16] = [
    "/etc/gatepost",
    "/etc/group",
    "/etc/gshadow",
    "/etc/hostname",
    "/etc/pam.d",
    "/etc/passwd",
    "/etc/profile.d",
    "/etc/shadow",
    "/etc/ssh",
    "/home",
    "/run/gatepost",
    "/run/sshd",
    "/usr/libexec",
    "/var/lib/gatepost",
    product::CLI,
    "/root/.ssh",
];

/// How a machine looked at a moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// What was looked at, and what it was like.
    seen: BTreeMap<PathBuf, String>,
}

impl Host {
    /// Looks.
    pub(super) fn look() -> Self {
        let mut seen = BTreeMap::new();
        for path in ["/proc/thread-self/mounts", "/proc/sys/kernel/hostname"] {
            seen.insert(path.into(), fs::read_to_string(path).unwrap_or_default());
        }
        let module = product::security_folder().map(|folder| folder.join(product::MODULE));
        let mut places: Vec<PathBuf> = PLACES.map(PathBuf::from).into();
        places.extend(module);
        while let Some(path) = places.pop() {
            let Ok(found) = fs::symlink_metadata(&path) else {
                seen.insert(path, "not there".to_owned());
                continue;
            };
            if found.is_dir() {
                places.extend(entries(&path));
            }
            let times = (found.mtime(), found.mtime_nsec(), found.ino());
            let like = format!("mode {:o}, {} bytes, {times:?}", found.mode(), found.len());
            seen.insert(path, like);
        }
        Self { seen }
    }

    /// What is not in `later` as it is here, and what is new there.
    pub(super) fn changes(&self, later: &Self) -> Vec<String> {
        let both = self.seen.keys().chain(later.seen.keys());
        let mut changed: Vec<String> = both
            .filter(|path| self.seen.get(*path) != later.seen.get(*path))
            .map(|path| path.display().to_string())
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }
}

/// What lies in a folder; homes are looked at from outside alone.
fn entries(folder: &Path) -> Vec<PathBuf> {
    if folder.parent() == Some(Path::new("/home")) {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::Host;

    #[test]
    fn what_changed_is_named() {
        let host = |rows: &[(&str, &str)]| Host {
            seen: rows
                .iter()
                .map(|(path, like)| (path.into(), (*like).to_owned()))
                .collect(),
        };
        let before = host(&[("/a", "1"), ("/b", "1"), ("/c", "1")]);
        let after = host(&[("/a", "1"), ("/b", "2"), ("/d", "1")]);
        assert_eq!(before.changes(&after), ["/b", "/c", "/d"]);
        assert_eq!(before.changes(&before), [""; 0]);
    }
}
