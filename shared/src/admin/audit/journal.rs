//! journalctl as a child: what the journal kept of Gatepost's lines, and of root's alone.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::admin::roles::Right;
use crate::admin::{Admin, AdminError};
use crate::files::{self, Readers};

/// Where journalctl is: never looked for in a PATH.
const PROGRAM: &str = "/usr/bin/journalctl";

/// The journal's lines, oldest first, as long as this lives.
#[derive(Debug)]
pub struct Journal {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Admin {
    /// Opens the journal.
    #[expect(
        clippy::disallowed_methods,
        reason = "an administrator's own command, by absolute path, with an empty environment; no \
                  login comes here"
    )]
    pub fn journal(&self) -> Result<Journal, AdminError> {
        self.may(Right::Machine)?;
        files::open_trusted(Path::new(PROGRAM), Readers::Anybody)?;
        let mut child = Command::new(PROGRAM)
            .args(["--quiet", "--no-pager", "--output=cat"])
            // journald itself saw who wrote; the name alone anybody may take.
            .args(["_UID=0", "SYSLOG_IDENTIFIER=gatepost"])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(AdminError::log)?;
        let Some(out) = child.stdout.take() else {
            let _gone = child.kill();
            let _reaped = child.wait();
            return Err(AdminError::log(std::io::ErrorKind::BrokenPipe.into()));
        };
        Ok(Journal {
            child,
            out: BufReader::new(out),
        })
    }
}

impl Journal {
    /// Whether journalctl read to the end; half a journal proves half.
    pub fn finish(mut self) -> Result<(), AdminError> {
        let status = self.child.wait().map_err(AdminError::log)?;
        if status.success() {
            return Ok(());
        }
        let text = format!("journalctl ended with {status}: try {PROGRAM} -t gatepost");
        Err(AdminError::log(std::io::Error::other(text)))
    }
}

impl Read for Journal {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.out.read(buffer)
    }
}

impl BufRead for Journal {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        self.out.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.out.consume(amount);
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
