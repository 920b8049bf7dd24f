//! What a program on a [`crate::pty`] shows: the cells of its terminal, and when they changed.
//!
//! The bytes go through a terminal's own rules (the vt100 crate), so that a test asks what a person
//! would see and not how it was drawn.

use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Signal;

use crate::pty::Pty;
use crate::stage::Stage;
use crate::wait::SOON;

/// A program that draws on a whole terminal.
pub struct Screen<'s> {
    pty: Pty<'s>,
    parser: vt100::Parser,
    /// Bytes that the parser has seen.
    parsed: usize,
    /// The last of them, in which a mark may have begun.
    tail: Vec<u8>,
    /// Frames that began, and that are whole.
    begun: usize,
    whole: usize,
    /// How many were whole when something was typed last.
    typed_at: usize,
}

/// What stands around a frame: a synchronized update's beginning and end.
const MARKS: [&[u8]; 2] = [b"\x1b[?2026h", b"\x1b[?2026l"];

impl<'s> Screen<'s> {
    /// Starts `command` on a terminal of this many rows and columns.
    pub fn start(stage: &'s Stage, command: &Command, rows: u16, columns: u16) -> Self {
        let size = |side: u16| side.try_into().expect("a terminal has a size");
        Self {
            pty: Pty::start_sized(stage, command, rows, columns),
            parser: vt100::Parser::new(size(rows), size(columns), 0),
            parsed: 0,
            tail: Vec::new(),
            begun: 0,
            whole: 0,
            typed_at: 0,
        }
    }

    /// Waits until the cells are as `is_there` wants them; how long that took, or none in time.
    pub fn until(
        &mut self,
        deadline: Duration,
        is_there: impl Fn(&vt100::Screen) -> bool,
    ) -> Option<Duration> {
        let begun = Instant::now();
        loop {
            // A frame is looked at when it is whole.
            if self.is_whole() && is_there(self.parser.screen()) {
                return Some(begun.elapsed());
            }
            let left = deadline.checked_sub(begun.elapsed())?;
            self.read(left)?;
        }
    }

    /// Waits for the end of a frame after what was typed last; how long that took.
    pub fn next_frame(&mut self, deadline: Duration) -> Option<Duration> {
        let begun = Instant::now();
        loop {
            if self.whole > self.typed_at && self.is_whole() {
                return Some(begun.elapsed());
            }
            let left = deadline.checked_sub(begun.elapsed())?;
            self.read(left)?;
        }
    }

    /// Waits until the text stands somewhere on the screen; panics with the screen otherwise.
    #[track_caller]
    pub fn shows(&mut self, text: &str) -> Duration {
        let found = self.until(SOON, |screen| screen.contents().contains(text));
        found.unwrap_or_else(|| panic!("no {text:?} on\n{}", self.text()))
    }

    /// Waits until the text stands nowhere on the screen.
    #[track_caller]
    pub fn hides(&mut self, text: &str) -> Duration {
        let gone = self.until(SOON, |screen| !screen.contents().contains(text));
        gone.unwrap_or_else(|| panic!("still {text:?} on\n{}", self.text()))
    }

    /// Types. Frames that were drawn before are none that answer it.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        while self.read(Duration::ZERO).is_some() {}
        self.typed_at = self.begun;
        self.pty.send(keys.as_bytes());
        self
    }

    /// The screen's text, a line a row.
    pub fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// How many bytes of what the program wrote were taken in.
    pub const fn taken_in(&self) -> usize {
        self.parsed
    }

    /// The program's pid.
    pub fn pid(&self) -> u32 {
        self.pty.pid()
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: Signal) {
        self.pty.signal(signal);
    }

    /// Takes in what comes within that time; whether anything did.
    pub fn more(&mut self, within: Duration) -> bool {
        self.read(within).is_some()
    }

    /// Takes in what was written; none where nothing more comes in time.
    fn read(&mut self, within: Duration) -> Option<()> {
        let new = self.pty.more_than(self.parsed, within)?;
        self.parsed += new.len();
        self.parser.process(&new);
        self.tail.extend(new);
        let count = |mark: &[u8]| self.tail.windows(mark.len()).filter(|w| *w == mark).count();
        let [begun, whole] = MARKS.map(count);
        self.begun += begun;
        self.whole += whole;
        // What is too short for a mark may be one's beginning.
        let kept = self.tail.len().min(MARKS[0].len() - 1);
        self.tail.drain(..self.tail.len() - kept);
        Some(())
    }

    /// Whether no frame is half read.
    fn is_whole(&self) -> bool {
        // A program that ends says so once more.
        self.begun <= self.whole
    }
}
