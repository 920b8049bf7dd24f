//! Texts of several lines as values: what they say, how they are meant, broken at a width. Without
//! any terminal, so that the state knows how far a text can be scrolled.

use unicode_width::UnicodeWidthChar;

/// A line, and how it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// What it says.
    pub(crate) text: String,
    /// Small bars after it; the figures are in the words.
    pub(crate) bars: Option<Bars>,
}

/// Counts as small bars, and what is said after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bars {
    /// The counts.
    pub(crate) counts: Vec<u32>,
    /// The words.
    pub(crate) words: String,
}

impl Line {
    /// Words alone.
    pub(crate) const fn of(tone: Tone, text: String) -> Self {
        Self {
            tone,
            text,
            bars: None,
        }
    }
}

/// How a line is meant. Never the only sign of it: the words say it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it is.
    Plain,
    /// A heading.
    Head,
    /// All is well.
    Good,
    /// Worth a look.
    Care,
    /// Something is wrong.
    Bad,
    /// What to do next.
    Hint,
}

/// A heading, with a blank line before it where something stands above.
pub(crate) fn headed(lines: &mut Vec<Line>, text: &str) {
    if !lines.is_empty() {
        lines.push(Line::of(Tone::Plain, String::new()));
    }
    lines.push(Line::of(Tone::Head, text.to_owned()));
}

/// Breaks a text at blanks so that no line is wider than `width`; lines after the first begin with
/// `indent` blanks. A word that is wider than a line is broken where the line ends.
pub(crate) fn broken(tone: Tone, text: &str, width: usize, indent: usize) -> Vec<Line> {
    let indent = indent.min(width / 2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    // Blanks at the beginning are meant.
    let lead = text.len() - text.trim_start_matches(' ').len();
    let lead = lead.min(width / 2);
    line.extend(std::iter::repeat_n(' ', lead));
    used += lead;
    let mut fresh = true;
    let mut end = |line: &mut String, used: &mut usize| {
        let text = std::mem::take(line).trim_end().to_owned();
        lines.push(Line::of(tone, text));
        line.extend(std::iter::repeat_n(' ', indent));
        *used = indent;
    };
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let wide = width_of(word);
        if !fresh && used + 1 + wide > width {
            end(&mut line, &mut used);
            fresh = true;
        }
        if !fresh {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > width && used > indent {
                end(&mut line, &mut used);
            }
            line.push(c);
            used += wide;
        }
        fresh = false;
    }
    end(&mut line, &mut used);
    lines
}

/// A text as it is, blanks too: broken only where a line is full.
pub(crate) fn verbatim(text: &str, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    let mut end = |line: &mut String| {
        lines.push(Line {
            tone: Tone::Plain,
            text: std::mem::take(line),
            bars: None,
        });
    };
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide > width && used > 0 {
            end(&mut line);
            used = 0;
        }
        line.push(c);
        used += wide;
    }
    end(&mut line);
    lines
}

/// A word in a column of its own, and a text beside it that is broken at a width.
pub(crate) fn hung(tone: Tone, word: &str, column: usize, text: &str, width: usize) -> Vec<Line> {
    let mut lead = word.to_owned();
    let missing = column.saturating_sub(width_of(word));
    lead.extend(std::iter::repeat_n(' ', missing));
    if width_of(&lead) > column {
        lead.push(' ');
    }
    let rest = width.saturating_sub(column).max(8);
    let mut lines = broken(tone, text, rest, 0);
    for (index, line) in lines.iter_mut().enumerate() {
        let before = if index == 0 {
            lead.clone()
        } else {
            " ".repeat(column)
        };
        line.text = format!("{before}{}", line.text);
    }
    lines
}

/// Seconds that are left, by the minute: what counts down needs no more, and is drawn no oftener.
pub(crate) fn minutes(seconds: i64) -> String {
    let minutes = seconds.saturating_add(59) / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// How many columns a text takes.
pub(crate) fn width_of(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// A text cut to `width` columns, with a mark where something is missing.
pub(crate) fn cut(text: &str, width: usize, ellipsis: &str) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(width_of(ellipsis));
    let mut used = 0;
    let mut out: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= room
        })
        .collect();
    if width >= width_of(ellipsis) {
        out.push_str(ellipsis);
    }
    out
}

/// A number with commas: `1,204`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 account`, `2 accounts`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    let name = if number == 1 { one } else { many };
    format!("{} {name}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::{Tone, broken, cut, grouped, hung, width_of};

    fn lines(text: &str, width: usize, indent: usize) -> Vec<String> {
        let lines = broken(Tone::Plain, text, width, indent);
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn lines_are_broken_at_blanks_and_long_words_anywhere() {
        assert_eq!(lines("one two three", 7, 2), ["one two", "  three"]);
        assert_eq!(lines("  one two", 6, 4), ["  one", "   two"]);
        assert_eq!(lines("abcdefgh", 3, 0), ["abc", "def", "gh"]);
        assert_eq!(lines("", 3, 0), [""]);
        for width in 4..12 {
            for line in lines(
                "\u{5b57}\u{5b57}\u{5b57} wide and long-winded",
                width.max(2),
                1,
            ) {
                assert!(width_of(&line) <= width, "{width}: {line:?}");
            }
        }
    }

    #[test]
    fn a_text_hangs_beside_its_word() {
        let lines = hung(Tone::Plain, "at", 4, "one two three", 12);
        let lines: Vec<String> = lines.into_iter().map(|line| line.text).collect();
        assert_eq!(lines, ["at  one two", "    three"]);
    }

    #[test]
    fn a_cut_says_that_it_is_one() {
        assert_eq!(cut("alice", 5, "~"), "alice");
        assert_eq!(cut("alice", 4, "~"), "ali~");
        assert_eq!(cut("\u{5b57}\u{5b57}\u{5b57}", 4, "~"), "\u{5b57}~");
        assert_eq!(cut("alice", 0, "~"), "");
    }

    #[test]
    fn numbers_have_commas() {
        for (number, shown) in [
            (0, "0"),
            (999, "999"),
            (1204, "1,204"),
            (1_000_000, "1,000,000"),
        ] {
            assert_eq!(grouped(number), shown);
        }
    }
}
