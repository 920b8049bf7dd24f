//! What doctor says of this machine.

use gatepost_shared::admin::doctor::{Check, Finding, HONESTLY};

use super::text::{Line, Tone, broken, headed, hung};

/// Columns of the words for how a check ended.
const COLUMN: usize = 8;

/// The screen's state.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// The checks; none before they were made.
    pub(crate) checks: Option<Vec<Check>>,
    /// How far the text is scrolled.
    pub(crate) scroll: usize,
}

impl Health {
    /// How many problems there are, and how many things worth a look.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let of = |finding| {
            let checks = self.checks.iter().flatten();
            checks.filter(|check| check.finding == finding).count()
        };
        (of(Finding::Problem), of(Finding::Warning))
    }

    /// The checks as text, what is wrong first.
    pub(crate) fn lines(&self, width: usize) -> Vec<Line> {
        let Some(checks) = &self.checks else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        for (finding, tone, word) in [
            (Finding::Problem, Tone::Bad, "PROBLEM"),
            (Finding::Warning, Tone::Care, "look"),
            (Finding::Ok, Tone::Good, "ok"),
        ] {
            for check in checks.iter().filter(|check| check.finding == finding) {
                let text = format!("{}: {}", check.what, one_line(&check.detail));
                lines.extend(hung(tone, word, COLUMN, &text, width));
            }
        }
        headed(&mut lines, "WHAT CODES BY MAIL ARE NOT");
        for line in HONESTLY {
            lines.extend(broken(Tone::Plain, line, width, 2));
        }
        lines
    }
}

/// Doctor's words may have lines.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
