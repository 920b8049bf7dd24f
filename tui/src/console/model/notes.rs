//! What the console says in passing: the newest for a while, all of it to be looked up.

use super::text::{Line, Tone, broken};

/// Milliseconds that a note stays on the screen.
const STAYS: u64 = 6_000;
/// How many notes are kept.
const KEPT: usize = 100;

/// What was said, newest last.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    said: Vec<Note>,
    /// When the newest goes, in milliseconds since the start.
    until: Option<u64>,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// What.
    pub(crate) text: String,
}

impl Notes {
    /// Says something.
    pub(crate) fn say(&mut self, now: u64, tone: Tone, text: impl Into<String>) {
        if self.said.len() >= KEPT {
            self.said.remove(0);
        }
        let text = text.into();
        self.said.push(Note { tone, text });
        self.until = Some(now + STAYS);
    }

    /// What is on the screen now.
    pub(crate) fn shown(&self) -> Option<&Note> {
        self.until.and_then(|_| self.said.last())
    }

    /// When something on the screen must change though nothing happens.
    pub(crate) fn wakes(&self) -> Option<u64> {
        self.until
    }

    /// Time has passed; whether something left the screen.
    pub(crate) fn tick(&mut self, now: u64) -> bool {
        let is_over = self.until.is_some_and(|until| until <= now);
        if is_over {
            self.until = None;
        }
        is_over
    }

    /// All of it, newest first.
    pub(crate) fn lines(&self, width: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        for note in self.said.iter().rev() {
            lines.extend(broken(note.tone, &note.text, width, 2));
        }
        if lines.is_empty() {
            lines.extend(broken(Tone::Plain, "Nothing was said yet.", width, 0));
        }
        lines
    }
}
