//! The person's own files as they may be found: links, pipes, somebody else's, root's.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Gid, getuid};

use super::{Folder, PREFS, Prefs};

/// A home of its own for a test, taken away at the end.
struct Home(PathBuf);

impl Home {
    fn new(test: &str) -> Self {
        let name = format!("gatepost-home-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn folder(&self) -> Folder {
        Folder {
            base: self.0.clone(),
            names: vec![".config".to_owned(), "gatepost".to_owned()],
            uid: getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
        }
    }

    fn file(&self) -> PathBuf {
        self.0.join(".config/gatepost").join(PREFS)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn what_is_written_is_read_and_nothing_there_is_no_fault() {
    let home = Home::new("written");
    let folder = home.folder();
    assert_eq!(folder.load(), (Prefs::default(), Vec::new(), Vec::new()));
    assert!(!home.0.join(".config").exists(), "reading makes nothing");
    let mut prefs = Prefs::default();
    prefs.no_mouse = true;
    for _ in 0..2 {
        folder.write(PREFS, &prefs.text()).unwrap();
        assert_eq!(folder.load().0, prefs);
    }
    assert_eq!(home.file().metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(
        fs::read_dir(home.file().parent().unwrap()).unwrap().count(),
        1
    );
}

// Mutants: O_NOFOLLOW is left out, of the folder or the file; a check is, or half of the mode's; the
// length is not bounded.
#[test]
fn what_is_not_theirs_alone_is_not_used() {
    type Case = (&'static str, fn(&Home), &'static str);
    let cases: [Case; 8] = [
        (
            "link",
            |home| {
                fs::write(home.0.join("other"), "no_mouse = true").unwrap();
                symlink(home.0.join("other"), home.file()).unwrap();
            },
            "it is a link",
        ),
        (
            "folder",
            |home| {
                let folder = home.0.join(".config/gatepost");
                fs::rename(&folder, home.0.join("moved")).unwrap();
                symlink(home.0.join("moved"), &folder).unwrap();
            },
            "is a link, or no directory",
        ),
        (
            "mode",
            |home| {
                fs::write(home.file(), "").unwrap();
                fs::set_permissions(home.file(), PermissionsExt::from_mode(0o666)).unwrap();
            },
            "others may write it",
        ),
        (
            "groupmode",
            |home| {
                fs::write(home.file(), "").unwrap();
                fs::set_permissions(home.file(), PermissionsExt::from_mode(0o620)).unwrap();
            },
            "others may write it",
        ),
        (
            "othersmode",
            |home| {
                fs::write(home.file(), "").unwrap();
                fs::set_permissions(home.file(), PermissionsExt::from_mode(0o602)).unwrap();
            },
            "others may write it",
        ),
        (
            "foldermode",
            |home| {
                let folder = home.0.join(".config");
                fs::set_permissions(folder, PermissionsExt::from_mode(0o777)).unwrap();
            },
            "others may write it",
        ),
        (
            "long",
            |home| fs::write(home.file(), "#".repeat(64 * 1024 + 1)).unwrap(),
            "longer than",
        ),
        (
            "kind",
            |home| fs::create_dir(home.file()).unwrap(),
            "not of the right kind",
        ),
    ];
    for (name, spoil, why) in cases {
        let home = Home::new(name);
        home.folder().write("x", "").unwrap();
        spoil(&home);
        let (prefs, _, faults) = home.folder().load();
        assert_eq!(prefs, Prefs::default(), "{name}");
        assert!(
            faults.iter().any(|fault| fault.contains(why)),
            "{name}: {faults:?}"
        );
    }
}

// Mutants: whoever else it belongs to, it is used; what root put there is not.
#[test]
fn what_belongs_to_somebody_else_is_not_used_but_for_roots() {
    const THEIRS: u32 = 12_345;
    if !getuid().is_root() {
        println!("SKIPPED what_belongs_to_somebody_else_is_not_used_but_for_roots: needs root");
        return;
    }
    for (owner, fault) in [
        (THEIRS, None),
        (0, None),
        (
            THEIRS + 1,
            Some("prefs.toml is not used: it belongs to uid 12346"),
        ),
    ] {
        let home = Home::new(&format!("owner-{owner}"));
        home.folder().write(PREFS, "no_mouse = true").unwrap();
        std::os::unix::fs::chown(home.file(), Some(owner), Some(owner)).unwrap();
        fs::set_permissions(home.file(), PermissionsExt::from_mode(0o644)).unwrap();
        let mut folder = home.folder();
        folder.uid = THEIRS;
        folder.gid = THEIRS;
        for open_to_all in [".config", ".config/gatepost"] {
            let mode = PermissionsExt::from_mode(0o755);
            fs::set_permissions(home.0.join(open_to_all), mode).unwrap();
        }
        let (prefs, _, faults) = folder.load();
        assert_eq!(prefs.no_mouse, fault.is_none(), "{owner}");
        assert_eq!(faults, Vec::from_iter(fault.map(str::to_owned)), "{owner}");
    }
}

// Mutant: opening a FIFO waits for its writer, and the console for ever.
#[test]
fn a_pipe_is_no_file_and_is_not_waited_for() {
    let home = Home::new("pipe");
    home.folder().write("x", "").unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mkfifoat(rustix::fs::CWD, home.file(), mode).unwrap();
    let (said, heard) = mpsc::channel();
    let folder = home.folder();
    let reader = move || said.send(folder.load().2);
    thread::Builder::new().spawn(reader).unwrap();
    let faults = heard.recv_timeout(Duration::from_secs(20));
    assert_eq!(
        faults,
        Ok(vec![
            "prefs.toml is not used: it is not of the right kind".to_owned()
        ])
    );
}

// Mutants: the thread stays root, or in root's groups; what it makes is for others to see.
#[test]
fn files_are_the_persons_and_made_by_them() {
    const SOMEBODY: u32 = 12_345;
    if !getuid().is_root() {
        println!("SKIPPED files_are_the_persons_and_made_by_them: needs root");
        return;
    }
    let home = Home::new("person");
    let folder = Folder {
        uid: SOMEBODY,
        gid: SOMEBODY,
        ..home.folder()
    };
    let write = |folder: &Folder| folder.write(PREFS, "no_mouse = true");
    // Root's directory: they may not write there.
    assert!(folder.as_person(write).is_err());
    std::os::unix::fs::chown(&home.0, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    folder.as_person(write).unwrap();
    let made = home.file().metadata().unwrap();
    assert_eq!((made.uid(), made.gid()), (SOMEBODY, SOMEBODY));
    for folder in [".config", ".config/gatepost"] {
        let stat = home.0.join(folder).metadata().unwrap();
        assert_eq!(stat.mode() & 0o777, 0o700, "{folder}");
    }
    // Mutant: Shed::Everything, so that the person may stop this process while it holds the store.
    let status = |_: &Folder| {
        let text = fs::read_to_string("/proc/thread-self/status");
        text.map_err(|error| error.to_string())
    };
    let status = folder.as_person(status).unwrap();
    let ids = status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .map(|ids| ids.split_whitespace().collect::<Vec<_>>());
    let somebody = SOMEBODY.to_string();
    // Real, effective, saved, of the filesystem: what may be signalled is said by the first and the third.
    assert_eq!(
        ids,
        Some(vec!["0", somebody.as_str(), "0", somebody.as_str()])
    );
    // What root's groups may read is not theirs to read.
    let groups = folder.as_person(|_folder| Ok(rustix::process::getgroups().unwrap()));
    let groups: Vec<u32> = groups.unwrap().into_iter().map(Gid::as_raw).collect();
    assert_eq!(groups, [SOMEBODY]);
    assert!(folder.load().0.no_mouse);
    assert!(getuid().is_root(), "this thread is as it was");
}
