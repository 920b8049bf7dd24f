//! At which terminal this process stands, and where its login came from: by the kernel's word, and by
//! logind's, which a person cannot write. utmp is not asked: where libutempter is installed, anybody writes a
//! record of a terminal of theirs with a host of their choice. Nothing of it is taken from the environment, and
//! nothing depends on it: it is told beside who acted. What is not known is left out.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::os::fd::AsFd;
use std::path::Path;

use gatepost_words::text::sanitise;
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
    Terminal {
        tty: tty.map(|tty| tamed(&tty)),
        rhost: session_host().map(|host| tamed(&host)),
    }
}

/// The number of a terminal's device.
type Device = (u32, u32);

/// `/dev/tty` and `/dev/ptmx`: ways to a terminal, and no terminal's own number. Whoever comes by one of them
/// would be at no terminal that anybody could find again.
const WAYS: [Device; 2] = [(5, 0), (5, 2)];

fn standard() -> Option<Device> {
    fn device(stream: &(impl IsTerminal + AsFd)) -> Option<Device> {
        let found = stream.is_terminal().then(|| fstat(stream).ok())??;
        let device = (major(found.st_rdev), minor(found.st_rdev));
        is_terminals_own(device).then_some(device)
    }
    device(&std::io::stdin())
        .or_else(|| device(&std::io::stdout()))
        .or_else(|| device(&std::io::stderr()))
}

fn is_terminals_own(device: Device) -> bool {
    !WAYS.contains(&device)
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

/// The longest name of a host, and more than that of any terminal.
const HOST: usize = 256;
const LONGEST_SESSION: u64 = 1 << 14;

#[cfg(test)]
mod tests {
    use super::{controlling_of, is_terminals_own, named, session_host_of, tamed};

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

    // Mutant: whoever redirects /dev/tty is at a terminal called tty.
    #[test]
    fn a_way_to_a_terminal_is_none() {
        for (device, is_own) in [
            ((136, 3), true),
            ((4, 1), true),
            ((5, 0), false),
            ((5, 2), false),
        ] {
            assert_eq!(is_terminals_own(device), is_own, "{device:?}");
        }
    }

    // Mutant: what a session's file holds goes out as it is.
    #[test]
    fn nothing_that_a_record_holds_reaches_a_screen_as_it_is() {
        assert!(!tamed("host\u{1b}[2J").contains('\u{1b}'));
    }
}
