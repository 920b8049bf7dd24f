//! At which terminal this process stands, and where its login came from: by the kernel's word, and by
//! logind's or utmp's, which a person cannot write. Nothing of it is taken from the environment, and
//! nothing depends on it: it is told beside who acted. What is not known is left out.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::mem::{offset_of, size_of};
use std::os::fd::AsFd;
use std::path::Path;

use gatepost_words::text::sanitise;
use nix::libc::{USER_PROCESS, utmpx};
use rustix::fs::{fstat, major, minor};

/// A terminal, as login records name it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// `pts/3`, `tty1`; none where there is none, as for cron.
    pub tty: Option<String>,
    /// The other machine that the login came from; none where it is not known, and where it was here.
    pub rhost: Option<String>,
}

/// The terminal of the standard input, output or error, or else the controlling one.
pub fn terminal() -> Terminal {
    let tty = standard().or_else(controlling).and_then(named);
    let rhost = session_host().or_else(|| {
        let records = read(Path::new("/run/utmp"), MOST_RECORDS)?;
        host_of(&records, tty.as_deref()?, |pid| {
            Path::new(&format!("/proc/{pid}")).exists()
        })
    });
    Terminal {
        tty: tty.map(|tty| tamed(&tty)),
        rhost: rhost.map(|host| tamed(&host)),
    }
}

/// The number of a terminal's device.
type Device = (u32, u32);

fn standard() -> Option<Device> {
    fn device(stream: &(impl IsTerminal + AsFd)) -> Option<Device> {
        let found = stream.is_terminal().then(|| fstat(stream).ok())??;
        Some((major(found.st_rdev), minor(found.st_rdev)))
    }
    device(&std::io::stdin())
        .or_else(|| device(&std::io::stdout()))
        .or_else(|| device(&std::io::stderr()))
}

fn controlling() -> Option<Device> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    controlling_of(&stat)
}

/// The seventh field. The second is the program's name, which may have anything in it, brackets too.
fn controlling_of(stat: &str) -> Option<Device> {
    let (_, after) = stat.rsplit_once(')')?;
    let number: i32 = after.split_whitespace().nth(4)?.parse().ok()?;
    let number = number.cast_unsigned();
    // As the kernel packs it: the minor's upper bits come last.
    let device = (
        (number & 0x000f_ff00) >> 8,
        (number & 0xff) | ((number >> 12) & 0x000f_ff00),
    );
    (device != (0, 0)).then_some(device)
}

/// The first number of pseudo terminals that sessions have.
const PSEUDO: u32 = 136;

fn named((major, minor): Device) -> Option<String> {
    if major == PSEUDO {
        return Some(format!("pts/{minor}"));
    }
    let link = std::fs::read_link(format!("/sys/dev/char/{major}:{minor}")).ok()?;
    Some(link.file_name()?.to_str()?.to_owned())
}

/// What logind knows of the session that the kernel says this process belongs to.
fn session_host() -> Option<String> {
    let id = std::fs::read_to_string("/proc/self/sessionid").ok()?;
    // Of a service it is the largest number: it has no session.
    let id: u32 = id.trim().parse().ok().filter(|id| *id != u32::MAX)?;
    let path = format!("/run/systemd/sessions/{id}");
    let session = read(Path::new(&path), LONGEST_SESSION)?;
    session_host_of(std::str::from_utf8(&session).ok()?)
}

fn session_host_of(session: &str) -> Option<String> {
    let field = |name: &str| {
        let mut lines = session.lines().filter_map(|line| line.split_once('='));
        lines.find_map(|(known, value)| (known == name).then_some(value))
    };
    let host = field("REMOTE_HOST").filter(|host| !host.is_empty())?;
    (field("REMOTE") == Some("1")).then(|| host.to_owned())
}

/// What utmp has of the login at a terminal. A login whose process is gone is one that nobody wrote the
/// end of: another may have the terminal by now.
fn host_of(records: &[u8], tty: &str, is_there: impl Fn(i32) -> bool) -> Option<String> {
    let mut of_tty = records.chunks_exact(size_of::<utmpx>()).filter(|record| {
        let kind = number::<2>(record, offset_of!(utmpx, ut_type)).map(i16::from_ne_bytes);
        let pid = number::<4>(record, offset_of!(utmpx, ut_pid)).map(i32::from_ne_bytes);
        kind == Some(USER_PROCESS)
            && text(record, offset_of!(utmpx, ut_line), LINE).as_deref() == Some(tty)
            && pid.is_some_and(&is_there)
    });
    let host = text(of_tty.next()?, offset_of!(utmpx, ut_host), HOST)?;
    // A display or a multiplexer on this machine.
    let is_remote = !host.is_empty() && !host.starts_with(':') && !host.contains('%');
    is_remote.then_some(host)
}

fn number<const LENGTH: usize>(record: &[u8], at: usize) -> Option<[u8; LENGTH]> {
    record.get(at..at.checked_add(LENGTH)?)?.try_into().ok()
}

/// A text that ends at its first NUL, or is as long as its field.
fn text(record: &[u8], at: usize, longest: usize) -> Option<String> {
    let field = record.get(at..at.checked_add(longest)?)?;
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(longest);
    Some(String::from_utf8_lossy(field.get(..end)?).into_owned())
}

/// A file's content, or as much of it as is looked at.
fn read(path: &Path, most: u64) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    let file = File::open(path).ok()?;
    file.take(most).read_to_end(&mut content).ok()?;
    Some(content)
}

/// Fit for any log and screen.
fn tamed(text: &str) -> String {
    let short: String = text.chars().take(HOST).collect();
    sanitise(&short)
}

/// The lengths of utmp's fields, the same on every Linux.
const LINE: usize = 32;
const HOST: usize = 256;
/// Some thousands of logins.
const MOST_RECORDS: u64 = 1 << 20;
const LONGEST_SESSION: u64 = 1 << 14;

#[cfg(test)]
mod tests {
    use std::mem::{offset_of, size_of};

    use nix::libc::{DEAD_PROCESS, USER_PROCESS, utmpx};

    use super::{controlling_of, host_of, named, session_host_of, tamed};

    // Mutants: a name with a bracket ends the second field early; the minor's upper bits are lost.
    #[test]
    fn the_controlling_terminal_is_the_kernels_number() {
        for (stat, device) in [
            ("7 (gatepost) R 1 7 7 34819 7 0", Some((136, 3))),
            ("7 (a) R 1) (b) R 1 7 7 1025 7 0", Some((4, 1))),
            ("7 (gatepost) R 1 7 7 1083392 7 0", Some((136, 256))),
            ("7 (cron) S 1 7 7 0 -1 0", None),
            ("7 (cron", None),
        ] {
            assert_eq!(controlling_of(stat), device, "{stat}");
        }
        assert_eq!(named((136, 300)).as_deref(), Some("pts/300"));
        assert_eq!(named((4_095, 1)), None);
    }

    // Mutants: a session here has a host; another field's end is a host.
    #[test]
    fn a_session_has_a_host_where_it_is_remote() {
        for (session, host) in [
            (
                "UID=0\nREMOTE=1\nREMOTE_HOST=203.0.113.9\n",
                Some("203.0.113.9"),
            ),
            ("REMOTE=0\nREMOTE_HOST=203.0.113.9\n", None),
            ("REMOTE=1\nREMOTE_HOST=\n", None),
            ("REMOTE=1\nX_REMOTE_HOST=203.0.113.9\n", None),
            ("", None),
        ] {
            assert_eq!(session_host_of(session).as_deref(), host, "{session}");
        }
    }

    fn record(kind: i16, pid: i32, tty: &str, host: &str) -> Vec<u8> {
        let mut record = vec![0; size_of::<utmpx>()];
        let mut put = |at: usize, bytes: &[u8]| {
            record[at..at + bytes.len()].copy_from_slice(bytes);
        };
        put(offset_of!(utmpx, ut_type), &kind.to_ne_bytes());
        put(offset_of!(utmpx, ut_pid), &pid.to_ne_bytes());
        put(offset_of!(utmpx, ut_line), tty.as_bytes());
        put(offset_of!(utmpx, ut_host), host.as_bytes());
        record
    }

    // Mutants: any terminal's login counts; one that ended does; one whose process is gone does; a
    // display is a host; a file that ends in the middle of a record is read past its end.
    #[test]
    fn utmp_is_asked_for_the_login_of_this_terminal() {
        let full = "h".repeat(256);
        let mut records = [
            record(USER_PROCESS, 7, "pts/30", "203.0.113.1"),
            record(DEAD_PROCESS, 7, "pts/3", "203.0.113.2"),
            record(USER_PROCESS, 6, "pts/3", "203.0.113.3"),
            record(USER_PROCESS, 7, "pts/3", "203.0.113.4"),
            record(USER_PROCESS, 7, "tty2", ":0"),
            record(USER_PROCESS, 7, "pts/5", "tmux(99).%0"),
            record(USER_PROCESS, 7, "pts/6", ""),
            record(USER_PROCESS, 7, "pts/7", &full),
        ]
        .concat();
        records.extend([7; 100]);
        let host = |tty: &str| host_of(&records, tty, |pid| pid == 7);
        assert_eq!(host("pts/3").as_deref(), Some("203.0.113.4"));
        for tty in ["tty2", "pts/5", "pts/6", "pts/9", ""] {
            assert_eq!(host(tty), None, "{tty}");
        }
        assert_eq!(host("pts/7"), Some(full));
        assert_eq!(host_of(&[], "pts/3", |_| true), None);
    }

    // Mutant: what a login record holds goes out as it is.
    #[test]
    fn nothing_that_a_record_holds_reaches_a_screen_as_it_is() {
        assert!(!tamed("host\u{1b}[2J").contains('\u{1b}'));
    }
}
