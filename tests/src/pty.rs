//! A program on a real terminal: what it shows is captured, what a person types is sent.
//!
//! `setsid --ctty` gives the program its own session with the pty as controlling terminal, so that
//! ctrl-c, hangups and hidden input work as in life; its pid stays the program's.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use rustix::pty::OpenptFlags;
use rustix::pty::grantpt;
use rustix::pty::ioctl_tiocgptpeer;
use rustix::pty::openpt;
use rustix::pty::unlockpt;
use rustix::termios::LocalModes;
use rustix::termios::Winsize;
use rustix::termios::tcgetattr;
use rustix::termios::tcsetwinsize;

use crate::process::Capture;
use crate::process::Process;
use crate::stage::Stage;
use crate::wait;
use crate::wait::SOON;

/// A running program on a terminal of 24 lines by 80 columns.
#[derive(Debug)]
pub struct Pty<'s> {
    stage: &'s Stage,
    label: String,
    process: Process,
    master: File,
    output: Capture,
    /// Output up to here has been looked at.
    seen: usize,
}

impl<'s> Pty<'s> {
    /// Starts `command` on a new terminal of the stage.
    pub fn start(stage: &'s Stage, command: &Command) -> Self {
        Self::start_sized(stage, command, 24, 80)
    }

    /// Starts `command` on a new terminal of this many rows and columns.
    pub fn start_sized(stage: &'s Stage, command: &Command, rows: u16, columns: u16) -> Self {
        let (master, slave) = open_terminal();
        let size = Winsize {
            ws_row: rows,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size).expect("set the terminal's size");
        let mut wrapped = under_setsid(command);
        let [input, output] = [&slave, &slave].map(|fd| fd.try_clone().expect("a handle of a pty"));
        wrapped.stdin(input).stdout(output).stderr(slave);
        let process = Process::start_as_is(&mut wrapped);
        // The command keeps the slave open in this process until it goes.
        drop(wrapped);
        let reader = File::from(master.try_clone().expect("a second handle of a pty"));
        let output = Capture::of(reader);
        let label = format!("terminal of {command:?}");
        stage.ledger.show(&label, &output);
        Self {
            stage,
            label,
            process,
            master: File::from(master),
            output,
            seen: 0,
        }
    }

    /// Waits until `text` shows up behind what was waited for before; panics with all that is known.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) -> &mut Self {
        self.wait_for_within(text, SOON)
    }

    /// As [`Pty::wait_for`], with a deadline of its own.
    #[track_caller]
    pub fn wait_for_within(&mut self, text: &str, deadline: Duration) -> &mut Self {
        match self.output.wait_for(text, self.seen, deadline) {
            Some(end) => self.seen = end,
            None => panic!(
                "no {text:?} within {deadline:?}\n=== unread of the {}\n{}\n{}",
                self.label,
                self.unread(),
                self.stage.report()
            ),
        }
        self
    }

    /// True when `text` shows up in time; nothing is marked as seen otherwise.
    pub fn shows(&mut self, text: &str, deadline: Duration) -> bool {
        let found = self.output.wait_for(text, self.seen, deadline);
        self.seen = found.unwrap_or(self.seen);
        found.is_some()
    }

    /// Types a line.
    pub fn send_line(&mut self, line: &str) -> &mut Self {
        self.send(format!("{line}\n").as_bytes())
    }

    /// Types bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> &mut Self {
        // A program that has gone shows by what it does not answer.
        let _ = self.master.write_all(bytes);
        self
    }

    /// Types ctrl-c.
    pub fn ctrl_c(&mut self) -> &mut Self {
        self.send(b"\x03")
    }

    /// Types ctrl-d.
    pub fn ctrl_d(&mut self) -> &mut Self {
        self.send(b"\x04")
    }

    /// Waits until the program has switched the terminal's echo on or off; false if it does not in time.
    pub fn wait_for_echo(&self, on: bool) -> bool {
        wait::until(SOON, || {
            let modes = tcgetattr(&self.master).ok()?;
            (modes.local_modes.contains(LocalModes::ECHO) == on).then_some(())
        })
        .is_some()
    }

    /// Waits for the program's end; panics with all that is known when it takes too long.
    #[track_caller]
    pub fn wait_exit(&mut self, deadline: Duration) -> ExitStatus {
        let Some(status) = self.process.wait(deadline) else {
            panic!("no end within {deadline:?}\n{}", self.stage.report());
        };
        self.output.wait_end(Duration::from_secs(1));
        status
    }

    /// All that the terminal showed.
    pub fn transcript(&self) -> String {
        self.output.text()
    }

    /// What the terminal showed behind what was waited for.
    pub fn unread(&self) -> String {
        let bytes = self.output.bytes();
        String::from_utf8_lossy(bytes.get(self.seen..).unwrap_or_default()).into_owned()
    }

    /// Waits for bytes beyond the first `have`; none where none come in time.
    pub fn more_than(&self, have: usize, deadline: Duration) -> Option<Vec<u8>> {
        self.output.more_than(have, deadline)
    }

    /// The program's pid.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// True while the program has not ended.
    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }
}

/// Master and slave, neither inherited by what other tests start at the same time.
fn open_terminal() -> (OwnedFd, OwnedFd) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).expect("open a pty");
    grantpt(&master).expect("grant a pty");
    unlockpt(&master).expect("unlock a pty");
    let slave = ioctl_tiocgptpeer(&master, flags).expect("open a pty's other side");
    (master, slave)
}

/// The same program, arguments, environment and folder, started through setsid(1).
fn under_setsid(command: &Command) -> Command {
    let mut wrapped = Command::new("/usr/bin/setsid");
    wrapped
        .arg("--ctty")
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            wrapped.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    wrapped.stdin(Stdio::null());
    wrapped
}
