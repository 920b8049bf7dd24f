//! Leaving the caller's control group: whoever was delegated it could freeze the helper in it, or
//! starve it of processor time, while it holds the store's write lock.
//!
//! Not a condition of the login. Containers often mount the groups read-only; then the login says so
//! in its log and goes on.

use std::fs;
use std::io::Write;

use rustix::fs::{FsWord, statfs};

/// Moves this process to the root groups. Returns what could not be left.
pub(crate) fn leave() -> Vec<String> {
    let groups = match fs::read_to_string(OWN_GROUPS) {
        Ok(groups) => groups,
        Err(error) => return vec![format!("{OWN_GROUPS} cannot be read: {error}")],
    };
    groups
        .lines()
        .filter_map(Group::parse)
        .filter_map(|group| {
            let why = enter_root(&group).err()?;
            Some(format!("still in control group {}: {why}", group.path))
        })
        .collect()
}

/// A group that a user could stop this process by.
#[derive(Debug, PartialEq, Eq)]
struct Group<'a> {
    path: &'a str,
    roots: &'static [&'static str],
    magic: FsWord,
}

impl<'a> Group<'a> {
    /// Reads a line of `id:controllers:path`; none where there is nothing to leave.
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.splitn(3, ':');
        let (id, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        if path == "/" {
            return None;
        }
        if id == "0" && controllers.is_empty() {
            return Some(Self {
                path,
                roots: &["/sys/fs/cgroup", "/sys/fs/cgroup/unified"],
                magic: CGROUP2,
            });
        }
        controllers
            .split(',')
            .any(|controller| controller == "freezer")
            .then_some(Self {
                path,
                roots: &["/sys/fs/cgroup/freezer"],
                magic: CGROUP1,
            })
    }
}

/// Writes this process into the first root that is what it should be.
fn enter_root(group: &Group<'_>) -> Result<(), String> {
    let root = group
        .roots
        .iter()
        .find(|root| statfs(**root).is_ok_and(|found| found.f_type == group.magic))
        .ok_or("no such file system is mounted in /sys/fs/cgroup")?;
    let entry = format!("{root}/cgroup.procs");
    fs::OpenOptions::new()
        .write(true)
        .open(&entry)
        .and_then(|mut entry| entry.write_all(b"0"))
        .map_err(|error| format!("{entry}: {error}"))
}

const OWN_GROUPS: &str = "/proc/self/cgroup";
const CGROUP1: FsWord = 0x0027_e0eb;
const CGROUP2: FsWord = 0x6367_7270;

#[cfg(test)]
mod tests {
    use super::{CGROUP1, CGROUP2, Group};

    #[test]
    fn only_groups_that_can_stop_us_are_left() {
        let cases = [
            ("0::/", None),
            ("0::/user.slice/user-1000.slice", Some(CGROUP2)),
            ("0::/../..", Some(CGROUP2)),
            ("0::/a:b", Some(CGROUP2)),
            ("6:freezer:/", None),
            ("6:freezer:/user", Some(CGROUP1)),
            ("6:cpu,freezer:/user", Some(CGROUP1)),
            ("4:memory:/user", None),
            ("9:name=systemd:/user", None),
            ("", None),
            ("0:", None),
        ];
        for (line, expected) in cases {
            let magic = Group::parse(line).map(|group| group.magic);
            assert_eq!(magic, expected, "{line:?}");
        }
    }
}
