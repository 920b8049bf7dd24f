//! What a test needs of the machine. A test that cannot run says SKIPPED and why, on the real stderr,
//! and never counts silently as a proof.

use std::io;
use std::io::Write;
use std::path::Path;
use std::thread;

/// Something that a test needs and that a machine may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Real root, able to make mount namespaces.
    Root,
    /// A program at this absolute path.
    Program(&'static str),
    /// A PAM module of this file name in the platform's security folder.
    PamModule(&'static str),
}

/// Why a need is not met; `None` when it is.
pub fn missing(need: Need) -> Option<String> {
    match need {
        Need::Root if rustix::process::geteuid().is_root() => None,
        Need::Root => Some("needs root for its private mounts".to_owned()),
        Need::Program(path) if Path::new(path).exists() => None,
        Need::Program(path) => Some(format!("{path} is not installed")),
        Need::PamModule(name) => match crate::product::security_folder() {
            Some(folder) if folder.join(name).exists() => None,
            Some(_) | None => Some(format!("{name} is not installed")),
        },
    }
}

/// Prints `SKIPPED <name>: <why>` past libtest's capture.
pub fn report_skipped(why: &str) {
    let current = thread::current();
    let name = current.name().unwrap_or("unnamed");
    // One write, so that lines of parallel tests stay apart; a closed stderr is no reason to fail.
    let _ = io::stderr().write_all(format!("SKIPPED {name}: {why}\n").as_bytes());
}

/// Returns from the test, saying SKIPPED, unless it runs as root and all named needs are met.
///
/// `require!();` or `require!(Need::Program("/usr/sbin/sshd"));`
#[macro_export]
macro_rules! require {
    ($($need:expr),* $(,)?) => {
        for need in [$crate::require::Need::Root, $($need),*] {
            if let Some(why) = $crate::require::missing(need) {
                $crate::require::report_skipped(&why);
                return;
            }
        }
    };
}
