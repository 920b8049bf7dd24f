//! The stage's private view of the machine: overlays over the real folders, a small /dev, an empty
//! /run and /tmp. All in the calling thread's own mount namespace, all on one tmpfs, so that nothing
//! reaches the host and everything goes with the namespace.

use std::fs;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;

use nix::sched::CloneFlags;
use nix::sched::setns;
use nix::sched::unshare;
use rustix::fs::CWD;
use rustix::fs::FileType;
use rustix::fs::Mode;
use rustix::fs::makedev;
use rustix::fs::mknodat;
use rustix::mount::MountFlags;
use rustix::mount::MountPropagationFlags;
use rustix::mount::mount;
use rustix::mount::mount_change;
use rustix::mount::mount_move;

use crate::wait;
use crate::wait::SOON;

/// The folders that a stage may write to without the host noticing.
const OVERLAID: [&str; 5] = ["/etc", "/usr", "/var", "/root", "/home"];

/// Where uppers and works live, inside the stage's own /run.
const SCRATCH: &str = "/run/.stage";

/// The host name inside every stage: what prompts and mails show.
pub const HOST_NAME: &str = "host01";

/// The namespaces that the calling thread left, and the one it lives in now.
#[derive(Debug)]
pub(crate) struct Namespace {
    former_mounts: File,
    former_names: File,
    /// What `readlink /proc/<pid>/ns/mnt` says of everything that lives on this stage.
    pub(crate) identity: PathBuf,
}

impl Namespace {
    /// Takes the calling thread, and with it all threads and processes it starts from here on, into a
    /// new mount and host name namespace.
    pub(crate) fn enter() -> Self {
        let former_mounts =
            File::open("/proc/thread-self/ns/mnt").expect("open the mount namespace");
        let former_names = File::open("/proc/thread-self/ns/uts").expect("open the name namespace");
        unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS).expect("new namespaces");
        let identity = fs::read_link("/proc/thread-self/ns/mnt").expect("name the new namespace");
        furnish();
        Self {
            former_mounts,
            former_names,
            identity,
        }
    }

    /// Takes the calling thread back; says why it could not. The stage's mounts go when its last
    /// thread and process have gone.
    ///
    /// Threads started on the stage share this one's file system state until they have ended, and the
    /// kernel moves nobody who shares it: hence the wait.
    pub(crate) fn leave(&self) -> Result<(), String> {
        let mut last = None;
        wait::until(SOON, || {
            last = setns(&self.former_mounts, CloneFlags::CLONE_NEWNS).err();
            last.is_none().then_some(())
        });
        if let Some(error) = last {
            return Err(format!("cannot leave the stage: {error}"));
        }
        setns(&self.former_names, CloneFlags::CLONE_NEWUTS)
            .map_err(|error| format!("cannot leave the stage's host name: {error}"))
    }
}

fn furnish() {
    mount_change(
        "/",
        MountPropagationFlags::PRIVATE | MountPropagationFlags::REC,
    )
    .expect("make all mounts private");
    nix::unistd::sethostname(HOST_NAME).expect("name the stage's host");
    tmpfs("/run", "mode=0755");
    make_folder(SCRATCH, 0o700);
    for folder in OVERLAID {
        overlay(folder);
    }
    tmpfs("/tmp", "mode=1777");
    make_dev();
    for (folder, mode) in [
        ("/run/sshd", 0o755),
        ("/run/lock", 0o1777),
        ("/run/user", 0o755),
    ] {
        make_folder(folder, mode);
    }
    fs::write("/run/utmp", "").expect("an empty list of who is logged in");
}

fn tmpfs(target: &str, options: &str) {
    let options = std::ffi::CString::new(options).expect("no NUL in mount options");
    mount(
        "tmpfs",
        target,
        "tmpfs",
        MountFlags::empty(),
        options.as_c_str(),
    )
    .unwrap_or_else(|error| panic!("tmpfs on {target}: {error}"));
}

fn overlay(folder: &str) {
    let name = folder.trim_start_matches('/');
    let upper = format!("{SCRATCH}/{name}/upper");
    let work = format!("{SCRATCH}/{name}/work");
    let real = fs::metadata(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    make_folder(&upper, real.permissions().mode() & 0o7777);
    make_folder(&work, 0o700);
    let options = format!("lowerdir={folder},upperdir={upper},workdir={work}");
    let options = std::ffi::CString::new(options).expect("no NUL in mount options");
    mount(
        "overlay",
        folder,
        "overlay",
        MountFlags::empty(),
        options.as_c_str(),
    )
    .unwrap_or_else(|error| panic!("overlay over {folder}: {error}"));
}

/// Device name, major, minor: all that a login needs.
const DEVICES: [(&str, u32, u32); 6] = [
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
];

fn make_dev() {
    let dev = format!("{SCRATCH}/dev");
    make_folder(&dev, 0o755);
    tmpfs(&dev, "mode=0755");
    for (name, major, minor) in DEVICES {
        let path = format!("{dev}/{name}");
        mknodat(
            CWD,
            path.as_str(),
            FileType::CharacterDevice,
            Mode::from_raw_mode(0o666),
            makedev(major, minor),
        )
        .unwrap_or_else(|error| panic!("{path}: {error}"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("device mode");
    }
    for (name, target) in [
        ("ptmx", "pts/ptmx"),
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        symlink(target, Path::new(&dev).join(name)).expect("a link in /dev");
    }
    make_folder(&format!("{dev}/shm"), 0o1777);
    let pts = format!("{dev}/pts");
    make_folder(&pts, 0o755);
    // Group 5 is tty on every Debian; grantpt and login(1) expect it.
    mount(
        "devpts",
        pts.as_str(),
        "devpts",
        MountFlags::empty(),
        c"newinstance,ptmxmode=0666,mode=0620,gid=5",
    )
    .expect("a devpts of the stage's own");
    mount_move(dev.as_str(), "/dev").expect("put the small /dev in place");
}

pub(crate) fn make_folder(path: &str, mode: u32) {
    fs::create_dir_all(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .unwrap_or_else(|error| panic!("{path}: {error}"));
}
