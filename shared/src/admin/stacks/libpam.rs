//! What the PAM library of this machine makes of its files, as far as builds of it differ: in which folders
//! it looks, and how it includes. Its own bytes say so.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

/// A build of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Build {
    /// Where it looks for a service, first to last.
    pub(super) folders: Vec<String>,
    /// How it includes.
    pub(super) includes: Includes,
}

/// How a build includes files in one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Includes {
    /// As its authors have it: in every folder, and `@include` is a word without sense.
    Everywhere,
    /// As Debian has it: `@include` does it too, and only [`OWN`] is looked into.
    Own,
}

/// What is known of the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// This is it.
    Is(Build),
    /// It was not found, or there are several that differ.
    Not,
}

/// The administrator's own folder.
pub(super) const OWN: &str = "/etc/pam.d";
/// The one that every build of these days knows beside it.
const SHIPPED: &str = "/usr/lib/pam.d";
/// Those that one build or another is told of (its option `vendordir`).
const VENDORS: [&str; 2] = ["/usr/share/pam.d", "/usr/etc/pam.d"];

const FILE: &str = "libpam.so.0";
/// The longest library that is read, in bytes. It has less than a hundred thousand.
const LONGEST: u64 = 4 * 1024 * 1024;
/// What stands behind each folder in it, and the word of Debian's.
const PATTERN: &str = "/%s";
const AT_INCLUDE: &[u8] = b"@include";

impl Known {
    /// Looks for the library where systems have it.
    pub(super) fn here() -> Self {
        let fixed = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"].map(PathBuf::from);
        // Debian's folders carry the machine's triplet.
        let below = ["/lib", "/usr/lib"].iter().flat_map(|folder| {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.path())
        });
        let files = fixed.into_iter().chain(below);
        Self::of(files.filter_map(|folder| bytes(folder.join(FILE))))
    }

    /// What all of them are.
    fn of(libraries: impl Iterator<Item = Vec<u8>>) -> Self {
        let mut builds: Vec<Option<Build>> = libraries.map(|bytes| Build::of(&bytes)).collect();
        builds.dedup();
        match (builds.pop().flatten(), builds.is_empty()) {
            (Some(build), true) => Self::Is(build),
            (_, _) => Self::Not,
        }
    }

    /// The build to go by: where none is known, whatever one of them reads is read.
    pub(super) fn build(self) -> Build {
        match self {
            Self::Is(build) => build,
            Self::Not => Build {
                folders: [OWN, SHIPPED]
                    .iter()
                    .chain(&VENDORS)
                    .map(ToString::to_string)
                    .collect(),
                includes: Includes::Own,
            },
        }
    }
}

impl Build {
    /// What its strings say; nothing where they are not those of the library.
    fn of(bytes: &[u8]) -> Option<Self> {
        let strings = || bytes.split(|byte| *byte == 0);
        let folder = |string: &[u8]| {
            let folder = std::str::from_utf8(string).ok()?.strip_suffix(PATTERN)?;
            let is_one = folder.starts_with('/') && folder.ends_with("/pam.d");
            is_one.then(|| folder.to_owned())
        };
        let mut folders: Vec<String> = strings().filter_map(folder).collect();
        // Its order is not that of its strings.
        folders.sort_by_key(|folder| match folder.as_str() {
            OWN => 0,
            SHIPPED => 1,
            _vendor => 2,
        });
        folders.dedup();
        let includes = if strings().any(|string| string == AT_INCLUDE) {
            Includes::Own
        } else {
            Includes::Everywhere
        };
        let own = folders.first().is_some_and(|folder| folder == OWN);
        own.then_some(Self { folders, includes })
    }
}

/// A library's bytes; nothing where there is none, or what is there is none.
fn bytes(path: PathBuf) -> Option<Vec<u8>> {
    // Looked at before it is opened: opening what is no plain file may wait.
    let is_file = std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_file());
    let mut bytes = Vec::new();
    let file = File::open(path).ok().filter(|_| is_file)?;
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Build, Includes, Known};

    const PLAIN: &[u8] = b"ELF\0/usr/lib/pam.d/%s\0/etc/pam.d\0/etc/pam.d/%s\0include\0";

    // Mutants: the order is that of the strings; a folder without a pattern counts; any `@include` in it does.
    #[test]
    fn a_build_is_known_by_its_strings() {
        let usual = &["/etc/pam.d", "/usr/lib/pam.d"][..];
        let with_vendor = &["/etc/pam.d", "/usr/lib/pam.d", "/usr/share/pam.d"];
        let with = |more: &[u8]| [PLAIN, more].concat();
        for (bytes, folders, includes) in [
            (PLAIN.to_vec(), usual, Includes::Everywhere),
            (with(b"@include\0"), usual, Includes::Own),
            (with(b"no @include\0"), usual, Includes::Everywhere),
            (
                with(b"/usr/share/pam.d/%s\0/usr/share/pam.d\0"),
                with_vendor,
                Includes::Everywhere,
            ),
            (
                b"/etc/pam.d/%s\0/usr/share/pam.d\0".to_vec(),
                &["/etc/pam.d"],
                Includes::Everywhere,
            ),
        ] {
            let folders = folders.iter().map(|folder| (*folder).to_owned()).collect();
            assert_eq!(Build::of(&bytes), Some(Build { folders, includes }));
        }
        for bytes in [&b"/usr/lib/pam.d/%s\0"[..], b"ELF", b""] {
            assert_eq!(Build::of(bytes), None);
        }
    }

    // Mutants: the first of two libraries counts; one that is not understood is passed over.
    #[test]
    fn what_differs_is_not_known() {
        let debian = [PLAIN, b"@include\0"].concat();
        let of = |libraries: &[&[u8]]| Known::of(libraries.iter().map(|bytes| bytes.to_vec()));
        assert!(matches!(of(&[PLAIN, PLAIN]), Known::Is(_)));
        for libraries in [&[][..], &[PLAIN, &debian], &[PLAIN, b"ELF"], &[b"ELF"]] {
            assert_eq!(of(libraries), Known::Not);
        }
    }
}
