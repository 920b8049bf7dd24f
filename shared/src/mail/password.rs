//! A relay's password: from a root-only file, or from an encrypted systemd credential.

use std::io::Read;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};

use gatepost_words::secret::Secret;
use gatepost_words::time::Span;

use crate::config::Password;
use crate::files::{self, Readers, Untrusted};

/// The longest password, in bytes.
const LONGEST: u64 = 4096;
/// How long systemd-creds may take.
const PATIENCE: Span = Span::from_secs(3);
/// The program that decrypts credentials.
const SYSTEMD_CREDS: &str = "/usr/bin/systemd-creds";

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum NoPassword {
    /// The file cannot be trusted or read.
    #[error("the relay's password: {0}")]
    File(#[from] Untrusted),
    /// There is nothing in it.
    #[error("the relay's password file {0} is empty: write the password into it")]
    Empty(String),
    /// systemd-creds failed.
    #[error(
        "the relay's credential {path} cannot be decrypted ({why}): see systemd-creds decrypt {path} -"
    )]
    Credential {
        /// Where.
        path: String,
        /// Why.
        why: String,
    },
}

/// Reads a password, less the line's end.
pub fn read(password: &Password) -> Result<Secret, NoPassword> {
    let (path, content) = match password {
        Password::File(path) => (
            path,
            files::read_trusted(path, Readers::RootAlone, LONGEST)?,
        ),
        Password::Credential(path) => {
            // Encrypted, so anybody may read it; nobody else may replace it.
            files::open_trusted(path, Readers::Anybody)?;
            let decrypted = decrypt(path).map_err(|why| NoPassword::Credential {
                path: path.display().to_string(),
                why,
            })?;
            (path, decrypted)
        }
    };
    let bytes = content.expose();
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(NoPassword::Empty(path.display().to_string()));
    }
    Ok(Secret::new(line.to_vec()))
}

/// Whether a password is there and nobody else may read or replace it; nothing is read.
pub fn check(password: &Password) -> Result<(), NoPassword> {
    match password {
        Password::File(path) => files::check_secret(path)?,
        Password::Credential(path) => drop(files::open_trusted(path, Readers::Anybody)?),
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the key that seals a credential is systemd's own; its program is the interface"
)]
fn decrypt(path: &Path) -> Result<Secret, String> {
    let mut child = Command::new(SYSTEMD_CREDS)
        .arg("decrypt")
        .arg(path)
        .arg("-")
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{SYSTEMD_CREDS}: {error}"))?;
    let mut content = zeroize::Zeroizing::new(Vec::new());
    let mut complete = false;
    if let Some(out) = child.stdout.take() {
        super::wait(Some(out.as_fd()), PATIENCE);
        // Readable, or at its end, or out of time: only the first two are read without blocking.
        let mut fds = [rustix::event::PollFd::new(
            &out,
            rustix::event::PollFlags::IN,
        )];
        let now = rustix::event::Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        if rustix::event::poll(&mut fds, Some(&now)).is_ok_and(|ready| ready == 1) {
            complete = out.take(LONGEST).read_to_end(&mut content).is_ok();
        }
    }
    if !complete {
        let _gone = child.kill();
    }
    match child.wait() {
        Ok(status) if status.success() && complete => {
            Ok(Secret::new(std::mem::take(&mut *content)))
        }
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
