//! A terminal in tmux with a shell in it, as an administrator has one over SSH: keys go in by name, what
//! is on the screen comes out.

use std::process::Command;
use std::process::Stdio;
use std::time::Duration;

use crate::stage::Stage;
use crate::wait;

/// A terminal. Its server ends with it. Threads may share it, which a stage does not allow: what it
/// starts runs on the stage of the thread that opened it, and of those that this thread started.
#[derive(Debug)]
pub struct Tmux {
    socket: String,
}

/// How long something may take to be seen.
const SOON: Duration = Duration::from_secs(30);

impl Tmux {
    /// Opens a terminal of this many columns and rows on the stage.
    pub fn open(_on: &Stage, columns: u16, rows: u16) -> Self {
        let terminal = Self {
            socket: "/run/gatepost-tests.tmux".to_owned(),
        };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let shell = ["env", "PS1=$ ", "TERM=screen", "sh"];
        let size = ["new-session", "-d", "-x", &columns, "-y", &rows];
        terminal.tmux(&[&size[..], &shell].concat());
        terminal.shows("$");
        terminal
    }

    /// Runs a command of tmux; what it prints.
    pub fn tmux(&self, words: &[&str]) -> String {
        let output = self.command().args(words).output().expect("run tmux");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {words:?}: {told}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn command(&self) -> Command {
        let mut command = Command::new("/usr/bin/tmux");
        command
            .args(["-f", "/dev/null", "-S", &self.socket])
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", "/root")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    /// Types texts, or keys by their names.
    pub fn press(&self, keys: &[&str]) -> &Self {
        self.tmux(&[&["send-keys"], keys].concat());
        self
    }

    /// Types a line into the shell.
    pub fn line(&self, line: &str) -> &Self {
        self.press(&[line, "Enter"])
    }

    /// What is on the screen.
    pub fn picture(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until the screen shows a text; panics with the screen otherwise.
    #[track_caller]
    pub fn shows(&self, text: &str) -> &Self {
        self.waits(text, |picture| picture.contains(text))
    }

    /// Waits until the screen shows a text no more.
    #[track_caller]
    pub fn hides(&self, text: &str) -> &Self {
        self.waits(text, |picture| !picture.contains(text))
    }

    /// Waits until the screen is as `is_so` wants it; panics with what was waited for and the screen.
    #[track_caller]
    pub fn waits(&self, what: &str, is_so: impl Fn(&str) -> bool) -> &Self {
        let mut last = String::new();
        let came = wait::until(SOON, || {
            last = self.picture();
            is_so(&last).then_some(())
        });
        assert!(came.is_some(), "waited for {what:?} in\n{last}");
        self
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // A test that failed before has more to say than this.
        let _gone = self.command().arg("kill-server").output();
    }
}
