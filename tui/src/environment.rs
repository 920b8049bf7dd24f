//! The environment of a program that somebody below root may start as root: made ours before anything
//! else, so that no library and no program below reads a variable of the caller's that is not named
//! here. Decides nothing from what a variable says.
//!
//! As root the program starts itself once more, with what is left. No mark says that this was done:
//! an environment that is already exactly what would be left is ours, whoever made it, and any other
//! is not.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Where programs are looked for by whoever asks PATH.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// What the kernel calls this program by.
const PROGRAM: &str = "/proc/self/exe";
/// The longest value that is kept.
const LONGEST: usize = 4096;

/// How a value is looked at before it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word of a terminal's or a locale's: no path, no format, as sudo has it.
    Word,
    /// A zone's name or rule, never a file's.
    Zone,
    /// Whatever it says: it is parsed by us, and what is odd about it is a refusal there; or it is the
    /// person's own choice of a program that runs as them.
    Any,
}

/// What is kept: what is read, and `gatepost help environment` says of each what for.
pub(crate) const KEPT: [(&str, Kind); 25] = [
    ("TERM", Kind::Word),
    ("COLORTERM", Kind::Word),
    ("NO_COLOR", Kind::Word),
    ("CLICOLOR_FORCE", Kind::Word),
    ("ACCESSIBLE", Kind::Word),
    ("COLUMNS", Kind::Word),
    ("LANG", Kind::Word),
    ("LC_ALL", Kind::Word),
    ("LC_CTYPE", Kind::Word),
    ("TZ", Kind::Zone),
    // Its presence alone is asked for.
    ("TMUX", Kind::Any),
    ("SSH_CONNECTION", Kind::Any),
    // Who called; each can take a role away and none gives one.
    ("SUDO_UID", Kind::Any),
    ("DOAS_USER", Kind::Any),
    ("PKEXEC_UID", Kind::Any),
    // A program that runs as the person.
    ("SUDO_EDITOR", Kind::Any),
    ("VISUAL", Kind::Any),
    ("EDITOR", Kind::Any),
    // What a shell says when it asks for completions.
    ("GATEPOST_COMPLETE", Kind::Word),
    ("_CLAP_COMPLETE_INDEX", Kind::Word),
    ("_CLAP_COMPLETE_COMP_TYPE", Kind::Word),
    ("_CLAP_COMPLETE_SPACE", Kind::Word),
    ("_CLAP_IFS", Kind::Any),
    // Where root's own preferences are; anybody else's are found by the password database.
    ("HOME", Kind::Any),
    ("XDG_CONFIG_HOME", Kind::Any),
];

/// Returns where the environment is ours; otherwise this program begins again with one that is, and
/// what returns is why that could not be. For root: anybody else has nothing to lose to their own.
#[expect(
    clippy::disallowed_methods,
    reason = "it is read to be replaced; nothing is decided by it"
)]
pub(crate) fn make_ours() -> io::Result<()> {
    let found: Vec<Variable> = std::env::vars_os().collect();
    let ours = reduced(&found);
    if sorted(found) == sorted(ours.clone()) {
        return Ok(());
    }
    Err(begin_again(ours))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this program itself, by the kernel's own link to it, with nothing of the caller's"
)]
fn begin_again(ours: Vec<Variable>) -> io::Error {
    let mut words = std::env::args_os();
    let mut command = Command::new(PROGRAM);
    if let Some(name) = words.next() {
        command.arg0(name);
    }
    command.args(words).env_clear().envs(ours).exec()
}

type Variable = (OsString, OsString);

/// What is left of an environment; of a name that stands there twice the first, which is what everybody
/// else would be told.
fn reduced(found: &[Variable]) -> Vec<Variable> {
    let kept = KEPT.iter().filter_map(|(name, kind)| {
        let (_, value) = found.iter().find(|(found, _)| found == name)?;
        is_fit(value, *kind).then(|| (OsString::from(name), value.clone()))
    });
    let path = (OsString::from("PATH"), OsString::from(PATH));
    std::iter::once(path).chain(kept).collect()
}

fn is_fit(value: &OsStr, kind: Kind) -> bool {
    let bytes = value.as_bytes();
    let has = |odd: &[u8]| bytes.windows(odd.len()).any(|window| window == odd);
    let is_plain = bytes.iter().all(u8::is_ascii_graphic);
    bytes.len() <= LONGEST
        && match kind {
            Kind::Word => is_plain && !has(b"/") && !has(b"%"),
            Kind::Zone => is_plain && !bytes.starts_with(b"/") && !has(b"..") && !has(b":/"),
            Kind::Any => true,
        }
}

fn sorted(mut variables: Vec<Variable>) -> Vec<Variable> {
    variables.sort();
    variables
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{PATH, Variable, reduced, sorted};

    fn of(text: &[(&str, &str)]) -> Vec<Variable> {
        let variable = |(name, value): &(&str, &str)| (OsString::from(name), OsString::from(value));
        text.iter().map(variable).collect()
    }

    // Mutants: PATH is kept as it came; a zone may be a file; a locale may be a path.
    #[test]
    fn what_is_not_named_or_not_fit_goes() {
        for (found, left) in [
            (("PATH", "/home/hal/bin"), None),
            (("LD_PRELOAD", "/x.so"), None),
            (("TERMINFO", "/x"), None),
            (("LINES", "1"), None),
            (("COLUMNS", "132"), Some("132")),
            (("COLUMNS", "%n"), None),
            (("SSL_CERT_FILE", "/x"), None),
            (("TERM", "xterm-256color"), Some("xterm-256color")),
            (("TERM", "/run/evil"), None),
            (("TERM", "a b"), None),
            (("LANG", "de_DE.UTF-8"), Some("de_DE.UTF-8")),
            (("LC_ALL", "../x"), None),
            (("LC_CTYPE", "%n"), None),
            (("TZ", "Europe/Berlin"), Some("Europe/Berlin")),
            (
                ("TZ", "CET-1CEST,M3.5.0,M10.5.0/3"),
                Some("CET-1CEST,M3.5.0,M10.5.0/3"),
            ),
            (("TZ", "/run/evil"), None),
            (("TZ", ":/run/evil"), None),
            (("TZ", "Europe/../../x"), None),
            (("SUDO_UID", "nonsense"), Some("nonsense")),
            (("SUDO_UID", ""), Some("")),
        ] {
            let mut wanted = vec![("PATH", PATH)];
            wanted.extend(left.map(|value| (found.0, value)));
            assert_eq!(reduced(&of(&[found])), of(&wanted), "{found:?}");
        }
        let long = "x".repeat(5000);
        assert_eq!(reduced(&of(&[("EDITOR", &long)])).len(), 1);
    }

    // Mutant: the last of two counts, or both are kept; then the program would begin for ever.
    #[test]
    fn what_is_left_is_left_again() {
        let twice = of(&[
            ("SUDO_UID", "7"),
            ("SUDO_UID", "0"),
            ("A", "b"),
            ("PATH", "x"),
        ]);
        let ours = reduced(&twice);
        assert_eq!(
            sorted(ours.clone()),
            of(&[("PATH", PATH), ("SUDO_UID", "7")])
        );
        assert_eq!(reduced(&ours), ours);
    }
}
