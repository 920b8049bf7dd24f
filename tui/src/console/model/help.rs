//! The help: the rows of the table of keys that hold on the screen below it, looked through by what is typed.

use super::super::keys::map::Bound;
use super::super::message::Context;
use super::fuzzy::score;
use super::text::{Line, Tone, broken, hung};
use super::{Model, Over};

/// Columns of the keys.
const KEYS: usize = 14;

impl Model {
    /// Whether the help lies over the screen, where letters look for a key.
    pub(crate) fn is_seeking(&self) -> bool {
        self.context() == Context::Overlay
            && self
                .overlay
                .is_some_and(|overlay| overlay.what == Over::Keys)
    }

    /// The lines of the help, with what is looked for in them.
    pub(crate) fn help_lines(&self, width: usize) -> Vec<Line> {
        let wanted = self.sought.value();
        let rows = self.keys.rows(Context::Screen(self.screen));
        let found = rows.filter(|bound| !bound.keys.is_empty() && fits(wanted, bound));
        let lines: Vec<Line> = found
            .flat_map(|bound| hung(Tone::Plain, &keys(bound), KEYS, bound.row.long, width))
            .collect();
        if lines.is_empty() {
            let none = "No key here does that. Ctrl-U begins anew; : finds what has no key too.";
            return broken(Tone::Hint, none, width, 0);
        }
        lines
    }
}

/// Whether a row is meant: by its name as in the list of acts, by a key, or by a word of its sentence.
fn fits(wanted: &str, bound: &Bound) -> bool {
    let wanted = wanted.trim().to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    score(&wanted, bound.row.name).is_some() || has(bound.row.long) || has(&keys(bound))
}

fn keys(bound: &Bound) -> String {
    let names: Vec<String> = bound.keys.iter().map(|key| key.shown()).collect();
    names.join(" ")
}
