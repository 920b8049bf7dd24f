//! The person's own files, read and written as the person: a thread takes their uid, does one thing and
//! ends, so that the kernel refuses what it would refuse them. No link is followed below their home, and
//! everything there must be theirs alone to write.
//!
//! Where root itself sits there, its home is found by `directories`; for everybody else the password
//! database says where it is: the environment under sudo is not root's, nor sure to be theirs.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::Receiver;

use gatepost_shared::admin::console::Home;
use gatepost_shared::people::Credentials;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::getuid;

use super::super::effect::Effect;
use super::super::message::Found;
use super::super::prefs::{Keys, Prefs, keys};
use super::Desk;
use crate::person::{self, Shed};

/// As long as one of these files may be, in bytes.
const LONGEST: u64 = 64 * 1024;
const KEYS: &str = "keys.toml";
const PREFS: &str = "prefs.toml";

/// Works until the console is over: first reads both files, then writes what changes.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let folder = match desk.open.operator.home().transpose() {
        Ok(home) => Folder::of(home),
        Err(error) => Err(error.to_string()),
    };
    let folder = match folder {
        Ok(folder) => folder,
        Err(why) => return desk.tell(Found::Done(Err(format!("no preferences: {why}")))),
    };
    let (prefs, others, faults) = folder.load();
    desk.tell(Found::Prefs(prefs, others, faults));
    while let Ok(first) = effects.recv() {
        let newest = effects.try_iter().last().unwrap_or(first);
        if let Effect::Keep(prefs) = newest
            && let Err(why) = folder.as_person(move |folder| folder.write(PREFS, &prefs.text()))
        {
            desk.tell(Found::Done(Err(format!("preferences are not kept: {why}"))));
        }
    }
}

/// Where the files are, and whose.
#[derive(Clone, Debug)]
struct Folder {
    /// Looked up by whoever it is: what lies above is the machine's.
    base: PathBuf,
    /// Below it, each of the person's own.
    names: Vec<String>,
    uid: u32,
    gid: u32,
}

impl Folder {
    fn of(home: Option<Home>) -> Result<Self, String> {
        let home = home.filter(|home| home.uid != getuid().as_raw());
        if let Some(Home { uid, gid, path }) = home {
            return Ok(Self {
                base: path,
                names: vec![".config".to_owned(), "gatepost".to_owned()],
                uid,
                gid,
            });
        }
        let dirs = directories::ProjectDirs::from("", "", "gatepost");
        let dirs = dirs.ok_or("there is no home directory")?;
        let names = dirs
            .config_dir()
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => Some(name.to_str().map(str::to_owned)),
                Component::RootDir | Component::CurDir => None,
                Component::ParentDir | Component::Prefix(_) => Some(None),
            });
        let names: Option<Vec<String>> = names.collect();
        Ok(Self {
            base: PathBuf::from("/"),
            names: names.ok_or("the path of the home directory is odd")?,
            uid: getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
        })
    }

    /// Both files; of one that is not there or wrong, what the console does without, and what is wrong.
    fn load(&self) -> (Prefs, Keys, Vec<String>) {
        let mut faults = Vec::new();
        let mut read = |name: &'static str| {
            let read = self.as_person(move |folder| folder.read(name));
            read.unwrap_or_else(|why| {
                faults.push(format!("{name} is not used: {why}"));
                None
            })
        };
        let (prefs, others) = (read(PREFS), read(KEYS));
        let mut taken = |name: &str, why: String| faults.push(format!("{name} is not used: {why}"));
        let prefs = prefs.map(|text| Prefs::parse(&text)).transpose();
        let prefs = prefs.unwrap_or_else(|why| {
            taken(PREFS, why);
            None
        });
        let others = others.map(|text| keys(&text)).transpose();
        let others = others.unwrap_or_else(|why| {
            taken(KEYS, why);
            None
        });
        (
            prefs.unwrap_or_default(),
            others.unwrap_or_default(),
            faults,
        )
    }

    /// Does one thing on a thread that is the person's, where that is somebody else than this process. Its
    /// real id stays root's: whoever may signal one thread of a process stops all of it, at a moment of
    /// theirs, and the store's lock with it.
    fn as_person<T: Send>(
        &self,
        act: impl FnOnce(&Self) -> Result<T, String> + Send,
    ) -> Result<T, String> {
        let who = Credentials {
            name: String::new(),
            uid: self.uid,
            gid: self.gid,
            groups: vec![self.gid],
            home: self.base.clone(),
            shell: PathBuf::new(),
        };
        let who = (self.uid != getuid().as_raw()).then_some(&who);
        person::as_person(who, Shed::Access, || Ok(act(self)))
            .map_err(|error| error.to_string())
            .flatten()
    }

    /// The content of a file; none where there is none.
    fn read(&self, name: &str) -> Result<Option<String>, String> {
        let Some(folder) = self.walk(Missing::IsNone)? else {
            return Ok(None);
        };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = match rustix::fs::openat(&folder, name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err("it is a link".to_owned()),
            Err(errno) => return Err(errno.to_string()),
        };
        self.check(&fd, FileType::RegularFile)?;
        let mut text = Vec::new();
        let read = File::from(fd).take(LONGEST + 1).read_to_end(&mut text);
        read.map_err(|error| error.to_string())?;
        if text.len() as u64 > LONGEST {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
        let text = String::from_utf8(text).map_err(|_odd| "it is no UTF-8".to_owned())?;
        Ok(Some(text))
    }

    /// Writes a file anew: the one before is there until the new one is whole.
    fn write(&self, name: &str, text: &str) -> Result<(), String> {
        if text.len() as u64 > LONGEST {
            return Err(format!("more than {LONGEST} bytes"));
        }
        let Some(folder) = self.walk(Missing::IsMade)? else {
            return Err("there is no home directory".to_owned());
        };
        let said = |errno: Errno| errno.to_string();
        let fresh = format!(".{name}.new");
        match rustix::fs::unlinkat(&folder, &fresh, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(errno) => return Err(said(errno)),
        }
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR;
        let fd = rustix::fs::openat(&folder, &fresh, flags, mode).map_err(said)?;
        let mut file = File::from(fd);
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all());
        written.map_err(|error| error.to_string())?;
        rustix::fs::renameat(&folder, &fresh, &folder, name).map_err(said)
    }

    /// Opens the folder, name by name.
    fn walk(&self, missing: Missing) -> Result<Option<OwnedFd>, String> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut here = self.base.clone();
        let failed = |here: &Path, errno: Errno| format!("{}: {errno}", here.display());
        let mut fd = match rustix::fs::open(&here, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed(&here, errno)),
        };
        for name in &self.names {
            here.push(name);
            let flags = flags | OFlags::NOFOLLOW;
            let mut opened = rustix::fs::openat(&fd, name, flags, Mode::empty());
            if opened.as_ref().err() == Some(&Errno::NOENT) {
                match missing {
                    Missing::IsNone => return Ok(None),
                    Missing::IsMade => {
                        let made = rustix::fs::mkdirat(&fd, name, Mode::RWXU);
                        made.map_err(|errno| failed(&here, errno))?;
                        opened = rustix::fs::openat(&fd, name, flags, Mode::empty());
                    }
                }
            }
            fd = opened.map_err(|errno| match errno {
                Errno::NOTDIR | Errno::LOOP => {
                    format!("{} is a link, or no directory", here.display())
                }
                errno => failed(&here, errno),
            })?;
            let checked = self.check(&fd, FileType::Directory);
            checked.map_err(|why| format!("{}: {why}", here.display()))?;
        }
        Ok(Some(fd))
    }

    /// Whether what was opened is of that kind, the person's or root's, and nobody else's to write.
    fn check(&self, fd: &OwnedFd, kind: FileType) -> Result<(), String> {
        let stat: Stat = rustix::fs::fstat(fd).map_err(|errno| errno.to_string())?;
        if FileType::from_raw_mode(stat.st_mode) != kind {
            return Err("it is not of the right kind".to_owned());
        }
        if stat.st_uid != self.uid && stat.st_uid != 0 {
            return Err(format!("it belongs to uid {}", stat.st_uid));
        }
        if stat.st_mode & 0o022 != 0 {
            return Err("others may write it: chmod go-w".to_owned());
        }
        Ok(())
    }
}

/// What becomes of a directory that is not there.
#[derive(Clone, Copy, Debug)]
enum Missing {
    IsNone,
    IsMade,
}

#[cfg(test)]
mod tests;
