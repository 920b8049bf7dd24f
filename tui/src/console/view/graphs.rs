//! Counts as pictures: a line of small bars, and bars of several rows. Their words stand beside them.

use super::theme::Theme;

/// Rows of a bar.
const ROWS: u32 = 3;

/// A line of small bars, the highest of which is the highest count.
pub(super) fn line(theme: Theme, counts: &[u32]) -> String {
    let most = counts.iter().copied().max().unwrap_or(0);
    let steps = theme.steps();
    counts
        .iter()
        .map(|count| step(steps, *count, most, 1, 0))
        .collect()
}

/// Bars of several rows, the uppermost row first.
pub(super) fn bars(theme: Theme, counts: &[u32]) -> Vec<String> {
    let most = counts.iter().copied().max().unwrap_or(0);
    let steps = theme.steps();
    let row = |row: u32| {
        let bars = counts.iter().map(|count| {
            let part = step(steps, *count, most, ROWS, row);
            format!("{part}{part} ")
        });
        bars.collect::<String>().trim_end().to_owned()
    };
    (0..ROWS).rev().map(row).collect()
}

/// What a count shows in a row of so many: nothing, a part, all of it. More than nothing shows something.
fn step(steps: &[char], count: u32, most: u32, rows: u32, row: u32) -> char {
    let full = u64::try_from(steps.len().saturating_sub(1)).unwrap_or(0);
    let height = (u64::from(count) * full * u64::from(rows)).div_ceil(u64::from(most.max(1)));
    let within = height.saturating_sub(full * u64::from(row)).min(full);
    let at = usize::try_from(within).unwrap_or(0);
    steps.get(at).copied().unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::{Theme, bars, line};
    use crate::console::look::{Look, Scheme};

    fn theme(ascii: bool) -> Theme {
        Theme::of(Look {
            scheme: Scheme::Auto,
            ascii,
        })
    }

    // Mutants: one is drawn as none; the highest is not full; a division by nothing.
    #[test]
    fn the_highest_is_full_and_one_is_more_than_none() {
        assert_eq!(line(theme(true), &[0, 1, 100, 50]), " .#=");
        assert_eq!(line(theme(false), &[0, 1, 8]), " \u{2581}\u{2588}");
        assert_eq!(line(theme(false), &[0, 0]), "  ");
        assert_eq!(line(theme(false), &[]), "");
        assert_eq!(
            bars(theme(false), &[3, 0, 1]),
            [
                "\u{2588}\u{2588}",
                "\u{2588}\u{2588}",
                "\u{2588}\u{2588}    \u{2588}\u{2588}"
            ]
        );
        assert_eq!(bars(theme(true), &[u32::MAX]), ["##", "##", "##"]);
    }
}
