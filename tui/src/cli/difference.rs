//! The difference between two texts, as lines for people.

use std::fmt::Write;

use gatepost_shared::admin::policy::diff::{Line, Sign};

/// Lines around a change that are shown.
const AROUND: usize = 3;

/// The lines that change, and a few around them.
pub(crate) fn changed(lines: &[Line]) -> String {
    let near = |at: usize| {
        let from = at.saturating_sub(AROUND);
        let mut around = lines.iter().skip(from).take(at - from + AROUND + 1);
        around.any(|line| line.sign != Sign::Same)
    };
    let mut text = String::new();
    let mut skipped = false;
    for (at, line) in lines.iter().enumerate() {
        if !near(at) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            text.push_str("  ...\n");
        }
        let sign = match line.sign {
            Sign::Same => ' ',
            Sign::Removed => '-',
            Sign::Added => '+',
        };
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{sign} {}", line.text);
    }
    text
}
