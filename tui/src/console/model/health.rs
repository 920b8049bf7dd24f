//! What doctor says of this machine: a list of checks, what is wrong first, and the selected one in full
//! with what to do.

use gatepost_shared::admin::browse::Page;
use gatepost_shared::admin::doctor::{Check, Finding, HONESTLY};
use gatepost_shared::admin::stacks::{Place, Stack};
use gatepost_words::text::one_line;

use super::list::{List, Rows};
use super::text::{Line, Tone, broken, headed, hung};

/// Columns of where a module stands.
const AT: usize = 17;

/// The screen's state.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// The checks.
    pub(crate) list: List<Check>,
    /// Whether the selected check is open, where it does not stand beside the list.
    pub(crate) is_open: bool,
    /// How far it is scrolled.
    pub(crate) scroll: usize,
    /// What restoring the copy that was looked through last would do, in sentences.
    pub(crate) planned: Vec<String>,
    /// What came of it, where it was restored.
    pub(crate) restored: Option<Result<String, String>>,
}

impl Health {
    /// Whether nobody has looked yet.
    pub(crate) fn is_fresh(&self) -> bool {
        self.list.state == Rows::None
    }

    /// Takes checks in, what is wrong first.
    pub(crate) fn take(&mut self, mut checks: Vec<Check>, height: usize) {
        // Stable: checks of a kind stay in doctor's order.
        checks.sort_by_key(|check| match check.finding {
            Finding::Problem => 0,
            Finding::Warning => 1,
            Finding::Ok => 2,
        });
        let (request, _) = self.list.ask_again();
        let page = Page {
            rows: checks,
            more_before: false,
            more_after: false,
        };
        self.list.take(request, Ok(page), height);
    }

    /// How many problems there are, and how many things worth a look.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let of = |finding| {
            let checks = self.list.rows.iter();
            checks.filter(|check| check.finding == finding).count()
        };
        (of(Finding::Problem), of(Finding::Warning))
    }

    /// The selected check in full.
    pub(crate) fn lines(&self, width: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        if let Some(check) = self.list.selected() {
            let (tone, word) = meaning(check.finding);
            headed(&mut lines, &check.what);
            lines.extend(broken(tone, word, width, 0));
            match &check.stack {
                Some(stack) => lines.extend(map(stack, width)),
                None => {
                    for line in check.detail.lines() {
                        lines.extend(broken(Tone::Plain, &one_line(line), width, 2));
                    }
                }
            }
        }
        if !self.planned.is_empty() || self.restored.is_some() {
            headed(&mut lines, "RESTORE");
        }
        for line in &self.planned {
            lines.extend(broken(Tone::Plain, line, width, 2));
        }
        lines.extend(match &self.restored {
            None => Vec::new(),
            Some(Ok(done)) => broken(Tone::Good, done, width, 2),
            Some(Err(failed)) => broken(Tone::Bad, failed, width, 2),
        });
        headed(&mut lines, "WHAT CODES BY MAIL ARE NOT");
        for line in HONESTLY {
            lines.extend(broken(Tone::Plain, line, width, 2));
        }
        lines
    }
}

/// A PAM stack: what is wrong with it and what to do, then its modules in order. Ours is pointed at, and a
/// bar stands for each file that a line is included through.
fn map(stack: &Stack, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if stack.faults.is_empty() {
        lines.extend(broken(Tone::Plain, &stack.told(), width, 2));
    }
    for fault in &stack.faults {
        let (tone, word) = meaning(fault.finding);
        let text = format!("{word}: {}", fault.what);
        lines.extend(broken(tone, &one_line(&text), width, 2));
        let text = format!("do: {}", fault.mend);
        lines.extend(broken(Tone::Hint, &one_line(&text), width, 4));
    }
    headed(&mut lines, "STACK, FROM ABOVE");
    for place in &stack.modules {
        let (sign, tone) = if place.ours {
            (">", Tone::Good)
        } else {
            (" ", Tone::Plain)
        };
        let at = format!("{sign} {}", place.at());
        let bars = "| ".repeat(place.depth);
        let Place {
            control,
            module,
            words,
            ..
        } = place;
        let text = format!("{bars}{control} {module} {words}");
        lines.extend(hung(tone, &at, AT, text.trim_end(), width));
    }
    lines
}

/// How a finding is meant, and the word for it.
pub(crate) const fn meaning(finding: Finding) -> (Tone, &'static str) {
    match finding {
        Finding::Problem => (Tone::Bad, "PROBLEM"),
        Finding::Warning => (Tone::Care, "look"),
        Finding::Ok => (Tone::Good, "ok"),
    }
}
