//! The editor: started as the calling person, sudoedit's way, and for admins alone. Everybody else has the
//! standard input and output. How something is done as the person is in [`crate::person`].

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use gatepost_shared::admin;
use gatepost_shared::host::{Host, System};
use gatepost_shared::people::Credentials;
use gatepost_shared::signals::{self, let_in};
use rustix::fs::{AtFlags, CWD, OFlags};

use super::Context;
use super::exit::{Exit, Failure};
use crate::person::{self, NotOpened, Shed, as_person, make, open};

/// Where a text lies while it is edited.
const TEMPORARY: &str = "/var/tmp";
/// The longest text that comes back from an editor.
const LONGEST: u64 = 1024 * 1024;
/// Where programs are looked for.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// Who says which editor, in sudoedit's order, and which there are.
const EDITORS: Choice = Choice {
    variables: &["SUDO_EDITOR", "VISUAL", "EDITOR"],
    usual: &["/usr/bin/editor", "/usr/bin/vi", "/usr/bin/nano"],
};
/// What it may know of the environment, beside who it runs as.
const KEPT: [&str; 5] = ["TERM", "COLORTERM", "LANG", "LC_ALL", "LC_CTYPE"];

/// Opens a file for reading, as the person.
pub(crate) fn open_read(context: &Context, path: &Path) -> Result<File, Failure> {
    Ok(person::open_read(&context.operator, path)?)
}

/// Makes a new file, mode 0600, as the person; one that is there is left alone.
pub(crate) fn create(context: &Context, path: &Path) -> Result<File, Failure> {
    Ok(person::create(&context.operator, path)?)
}

impl From<NotOpened> for Failure {
    fn from(not: NotOpened) -> Self {
        match not {
            NotOpened::Refused(error) => Self::Admin(error),
            NotOpened::IsThere(_) | NotOpened::Failed(..) => {
                Self::Said(Exit::Failed, not.to_string())
            }
        }
    }
}

/// Lets the person edit a text; none where they left it as it was. `ending` is the file name's, which
/// tells the editor what it is.
pub(crate) fn edit(context: &Context, text: &str, ending: &str) -> Result<Option<String>, Failure> {
    let who = context.operator.credentials()?;
    if !io::stdin().is_terminal() {
        let text = "an editor needs a terminal; give the text by the standard input instead";
        return Err(Failure::Said(Exit::Usage, text.to_owned()));
    }
    edit_with(who.as_ref(), &EDITORS.words()?, text, ending)
}

/// Keeps a text for the person in a file of theirs, under a name that nobody guesses.
pub(crate) fn keep(context: &Context, text: &str, ending: &str) -> Result<PathBuf, Failure> {
    let path = temporary(ending)?;
    let mut file = create(context, &path)?;
    file.write_all(text.as_bytes())
        .map_err(|error| failed(&path, &error))?;
    Ok(path)
}

/// How a program is chosen.
struct Choice {
    variables: &'static [&'static str],
    usual: &'static [&'static str],
}

impl Choice {
    /// The program and its arguments. What is chosen runs as the person who chose it.
    #[expect(
        clippy::disallowed_methods,
        reason = "it is the person's own choice of a program that has their rights and no others"
    )]
    fn words(&self) -> Result<Vec<OsString>, Failure> {
        let chosen = self.variables.iter().find_map(|name| {
            let value = std::env::var(name).ok()?;
            let words: Vec<OsString> = value.split_whitespace().map(OsString::from).collect();
            (!words.is_empty()).then_some(words)
        });
        let usual = self.usual.iter().find(|path| Path::new(path).exists());
        chosen
            .or_else(|| usual.map(|path| vec![OsString::from(path)]))
            .ok_or_else(|| {
                let text = format!("there is no {}", self.usual.join(", no "));
                Failure::Said(Exit::Failed, text)
            })
    }
}

fn edit_with(
    who: Option<&Credentials>,
    program: &[OsString],
    text: &str,
    ending: &str,
) -> Result<Option<String>, Failure> {
    let path = temporary(ending)?;
    let told = |error: io::Error| failed(&path, &error);
    let mut file = as_person(who, Shed::Access, || make(&path)).map_err(told)?;
    let ended = file
        .write_all(text.as_bytes())
        .and_then(|()| let_in(|| run(who, program, &path)));
    let edited = match ended {
        Ok(status) if status.success() => {
            let read = as_person(who, Shed::Access, || read_back(&path));
            // It may be an hour's work in an editor that writes another encoding.
            Ok(Some(read.map_err(|error| unreadable(&path, &error))?))
        }
        Ok(_failed) => Ok(None),
        Err(error) => Err(error),
    };
    let gone = as_person(who, Shed::Access, || {
        Ok(rustix::fs::unlinkat(CWD, &path, AtFlags::empty())?)
    });
    let Some(edited) = edited.map_err(told)? else {
        let text = "the editor said that it failed, so nothing was changed".to_owned();
        return Err(Failure::Said(Exit::Cancelled, text));
    };
    gone.map_err(told)?;
    Ok((edited != text).then_some(edited))
}

/// What cannot be read stays where it is, for the person to see to.
fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    let text = format!("what you wrote cannot be read, and is left in {path}: {error}");
    Failure::Said(Exit::Failed, text)
}

/// A name that nobody guesses.
fn temporary(ending: &str) -> Result<PathBuf, Failure> {
    let mut bytes = [0; 8];
    System::new()
        .map_err(|error| Failure::Admin(error.into()))?
        .fill_random(&mut bytes)
        .map_err(|error| Failure::Admin(error.into()))?;
    let number = u64::from_ne_bytes(bytes);
    Ok(Path::new(TEMPORARY).join(format!("gatepost-{number:016x}{ending}")))
}

fn read_back(path: &Path) -> io::Result<String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut text = String::new();
    let file = open(path, flags)?;
    if file.take(LONGEST + 1).read_to_string(&mut text)? as u64 > LONGEST {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(text)
}

/// Runs a program as the person, with an argument more.
fn run(who: Option<&Credentials>, program: &[OsString], argument: &Path) -> io::Result<ExitStatus> {
    let (name, words) = program
        .split_first()
        .ok_or_else(|| io::Error::other("there is no program"))?;
    as_person(who, Shed::Everything, || {
        let mut command = command(who, name);
        command.args(words).arg(argument);
        let child = admin::outside_the_store(|| signals::as_a_child_has_them(|| command.spawn()));
        let busy = || io::Error::other("something is being written: try again in a moment");
        let mut child = child.ok_or_else(busy)?.map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", name.display()))
        })?;
        child.wait()
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the person's own program, with the person's rights; what it may know is listed here"
)]
fn command(who: Option<&Credentials>, name: &OsString) -> Command {
    let mut command = Command::new(name);
    command.env_clear().env("PATH", PATH);
    for kept in KEPT {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    if let Some(who) = who {
        command
            .env("HOME", &who.home)
            .env("SHELL", &who.shell)
            .env("USER", &who.name)
            .env("LOGNAME", &who.name);
    } else {
        command.env("HOME", "/root");
    }
    command
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::Said(Exit::Failed, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs::{self, Permissions};
    use std::io::{Read, Write};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::{Path, PathBuf};
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use gatepost_shared::admin::roles::{Operator, Role, Terminal};
    use gatepost_shared::config::Roles;
    use gatepost_shared::people::Credentials;
    use rustix::fs::{CWD, Mode};

    use super::{Context, Shed, as_person, create, edit, edit_with, let_in, open_read, run};
    use crate::cli::exit::{Exit, Failure};
    use crate::cli::shape::Shape;

    /// The uid and gid that every system keeps for nobody.
    const NOBODY: u32 = 65534;

    fn context(role: Role, uid: Option<u32>) -> Context {
        Context {
            shape: Shape::default(),
            conf: None,
            operator: Operator {
                name: "root (login bob)".to_owned(),
                role,
                uid,
                login: uid,
                terminal: Terminal::default(),
                roles: Roles::default(),
            },
        }
    }

    fn nobody() -> Credentials {
        Credentials {
            name: "nobody".to_owned(),
            uid: NOBODY,
            gid: NOBODY,
            groups: vec![NOBODY],
            home: PathBuf::from("/"),
            shell: PathBuf::from("/bin/sh"),
        }
    }

    /// A folder that anybody may write, gone afterwards.
    struct Folder(PathBuf);

    impl Folder {
        fn new(test: &str) -> Option<Self> {
            if !gatepost_shared::admin::is_root() {
                let line = format!("SKIPPED {test}: needs root\n");
                std::io::stderr().write_all(line.as_bytes()).unwrap();
                return None;
            }
            let path = PathBuf::from(format!("/tmp/gatepost-{test}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o1777)).unwrap();
            Some(Self(path))
        }

        fn file(&self, name: &str, mode: u32) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, "secret").unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _gone = fs::remove_dir_all(&self.0);
        }
    }

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    // Mutant: credentials() does not ask for the right.
    #[test]
    fn nobody_but_an_admin_has_a_file_or_an_editor() {
        let path = PathBuf::from("/dev/null");
        for role in [Role::Auditor, Role::Helpdesk] {
            let context = context(role, None);
            for refused in [
                open_read(&context, &path).map(drop),
                create(&context, &path).map(drop),
                edit(&context, "", ".toml").map(drop),
            ] {
                assert_eq!(refused.unwrap_err().exit(), Exit::NotPermitted, "{role:?}");
            }
        }
    }

    // Mutants: the thread stays root; its groups stay root's; the ids of the process change; a pipe's writer
    // is waited for.
    #[test]
    fn a_named_file_is_opened_with_the_persons_rights_and_no_more() {
        let Some(folder) = Folder::new("a_named_file_is_opened") else {
            return;
        };
        let admin = context(Role::Admin, Some(NOBODY));
        let open = folder.file("open", 0o644);
        let closed = folder.file("closed", 0o600);
        let mut group = folder.file("group", 0o640);
        let mut text = String::new();
        let mut file = open_read(&admin, &open).unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "secret");
        symlink(&closed, folder.0.join("link")).unwrap();
        for path in [&closed, &group, &folder.0.join("link")] {
            assert!(open_read(&admin, path).is_err(), "{path:?}");
        }
        // root, where nobody knows the person.
        open_read(&context(Role::Admin, None), &closed).unwrap();
        group.pop();
        let told = open_read(&admin, &group).unwrap_err().to_string();
        assert!(told.contains("not a regular file"), "{told}");
        let pipe = folder.0.join("pipe");
        rustix::fs::mkfifoat(CWD, &pipe, Mode::from_raw_mode(0o666)).unwrap();
        fs::set_permissions(&pipe, Permissions::from_mode(0o666)).unwrap();
        let (said, heard) = mpsc::channel();
        let reader = move || said.send(open_read(&admin, &pipe).unwrap_err());
        thread::Builder::new().spawn(reader).unwrap();
        let told = heard.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(told.to_string().contains("not a regular file"), "{told}");
        assert!(rustix::process::geteuid().is_root());
    }

    // Mutants: O_EXCL or O_NOFOLLOW is left out; the file is made as root.
    #[test]
    fn a_new_file_is_the_persons_and_goes_over_nothing() {
        let Some(folder) = Folder::new("a_new_file_is_the_persons") else {
            return;
        };
        let admin = context(Role::Admin, Some(NOBODY));
        let new = folder.0.join("new");
        create(&admin, &new).unwrap();
        let made = fs::metadata(&new).unwrap();
        assert_eq!((made.uid(), made.gid()), (NOBODY, NOBODY));
        assert_eq!(made.mode() & 0o777, 0o600);
        let told = create(&admin, &new).unwrap_err().to_string();
        assert!(told.contains("is there already"), "{told}");
        symlink(folder.0.join("beyond"), folder.0.join("dangling")).unwrap();
        assert!(create(&admin, &folder.0.join("dangling")).is_err());
        assert!(!folder.0.join("beyond").exists());
        assert!(create(&admin, &PathBuf::from("/etc/gatepost-new")).is_err());
    }

    // Mutants: the program keeps root's real or saved id; the environment is passed on; so are signals that
    // are held back.
    #[test]
    fn a_program_is_wholly_the_persons_and_knows_little() {
        let Some(folder) = Folder::new("a_program_is_wholly_the_persons") else {
            return;
        };
        let script = "grep -E '^(Uid|Gid|Groups)' /proc/self/status; env | cut -d= -f1 | sort";
        let script = format!("({script}) > {}/seen", folder.0.display());
        // As in the console, which never lets signals in.
        gatepost_shared::signals::hold_for_good().unwrap();
        let run = |program: &[&str], argument: &str| {
            let ended = let_in(|| run(Some(&nobody()), &words(program), Path::new(argument)));
            assert!(ended.unwrap().success(), "{program:?}");
        };
        run(&["sh", "-c", &script], "sh");
        let seen = fs::read_to_string(folder.0.join("seen")).unwrap();
        let ids = "65534\t65534\t65534\t65534";
        assert!(seen.contains(&format!("Uid:\t{ids}")), "{seen}");
        assert!(seen.contains(&format!("Gid:\t{ids}")), "{seen}");
        assert!(seen.contains("Groups:\t65534"), "{seen}");
        // Not by the shell, which lets signals in for what it starts.
        let status = folder.0.join("status").display().to_string();
        run(&["cp", "/proc/self/status"], &status);
        let held = fs::read_to_string(status).unwrap();
        assert!(held.contains("SigBlk:\t0000000000000000"), "{held}");
        let known = [
            "COLORTERM",
            "HOME",
            "LANG",
            "LC_ALL",
            "LC_CTYPE",
            "LOGNAME",
            "PATH",
            "PWD",
            "SHELL",
            "TERM",
            "USER",
            "OLDPWD",
            "SHLVL",
            "_",
        ];
        for name in seen.lines().filter(|line| !line.contains(':')) {
            assert!(known.contains(&name), "{name} in\n{seen}");
        }
    }

    // Mutants: what was left as it was comes back; a failed editor's text does; the file stays, or goes where
    // it cannot be read.
    #[test]
    fn a_text_comes_back_when_it_was_changed() {
        let Some(folder) = Folder::new("a_text_comes_back") else {
            return;
        };
        let editor = |script: &str| words(&["sh", "-c", script, "sh"]);
        let tell = format!("echo \"$1\" > {}/where; ", folder.0.display());
        let play = |script: &str| {
            let program = editor(&format!("{tell}{script}"));
            edit_with(Some(&nobody()), &program, "one\n", ".toml").map_err(|error| match error {
                Failure::Said(exit, _) => exit,
                Failure::Admin(_) | Failure::Output(_) => Exit::Usage,
            })
        };
        assert_eq!(
            play("echo two >> \"$1\""),
            Ok(Some("one\ntwo\n".to_owned()))
        );
        assert_eq!(play("true"), Ok(None));
        assert_eq!(play("echo two >> \"$1\"; exit 1"), Err(Exit::Cancelled));
        let link = "rm \"$1\"; ln -s /etc/shadow \"$1\"";
        assert_eq!(play(link), Err(Exit::Failed));
        fs::remove_file(fs::read_to_string(folder.0.join("where")).unwrap().trim()).unwrap();
        assert_eq!(
            play("rm \"$1\"; mkdir \"$1\"; rmdir \"$1\""),
            Err(Exit::Failed)
        );
        let was = || {
            let was = fs::read_to_string(folder.0.join("where")).unwrap();
            assert!(was.contains("/gatepost-"), "{was}");
            PathBuf::from(was.trim())
        };
        assert!(!was().exists(), "{:?}", was());
        // What cannot be read back is not thrown away.
        for odd in ["printf '\\377'", "head -c 1048577 /dev/zero"] {
            assert_eq!(play(&format!("{odd} > \"$1\"")), Err(Exit::Failed));
            assert!(fs::metadata(was()).unwrap().len() > 0, "{odd}");
            fs::remove_file(was()).unwrap();
        }
    }

    // Mutant: Shed::Access gives the real id away too, so that the person may kill this process.
    #[test]
    fn a_thread_that_opens_files_may_not_be_signalled_by_the_person() {
        let Some(_folder) = Folder::new("a_thread_that_opens_files") else {
            return;
        };
        let status = || fs::read_to_string("/proc/thread-self/status");
        let seen = as_person(Some(&nobody()), Shed::Access, status).unwrap();
        assert!(seen.contains("Uid:\t0\t65534\t0\t65534"), "{seen}");
        assert!(seen.contains("CapEff:\t0000000000000000"), "{seen}");
    }
}
