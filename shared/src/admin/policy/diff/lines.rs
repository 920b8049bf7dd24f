//! Which lines of two texts differ. Pure, and bounded: texts that differ in too many lines are told as
//! wholly replaced.

use gatepost_words::text::sanitise;
use serde::Serialize;

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What becomes of it.
    pub sign: Sign,
    /// The line.
    pub text: String,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    /// It stays.
    Same,
    /// It goes.
    Removed,
    /// It comes.
    Added,
}

/// The largest table of the comparison.
const LARGEST: usize = 4_000_000;

/// All lines of both texts, in order; none where the texts are the same.
pub(in crate::admin) fn between(old: &str, new: &str) -> Vec<Line> {
    if old == new {
        return Vec::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (_, old_rest) = old.split_at(head);
    let (same, new_rest) = new.split_at(head);
    let tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (old_middle, _) = old_rest.split_at(old_rest.len() - tail);
    let (new_middle, end) = new_rest.split_at(new_rest.len() - tail);
    let line = |sign| {
        move |text: &&str| Line {
            sign,
            text: shown(text),
        }
    };
    let mut lines: Vec<Line> = same.iter().map(line(Sign::Same)).collect();
    if old_middle.len().saturating_mul(new_middle.len()) > LARGEST {
        lines.extend(old_middle.iter().map(line(Sign::Removed)));
        lines.extend(new_middle.iter().map(line(Sign::Added)));
    } else {
        for (sign, text) in walk(old_middle, new_middle) {
            lines.push(line(sign)(&text));
        }
    }
    lines.extend(end.iter().map(line(Sign::Same)));
    lines
}

/// A line as it may be shown, whole: what is cut off is changed unseen.
fn shown(line: &str) -> String {
    line.chars()
        .map(|c| sanitise(c.encode_utf8(&mut [0; 4])))
        .collect()
}

/// The longest common subsequence, walked from the front.
fn walk<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(Sign, &'a str)> {
    // Row by row from the end: how long a common rest is.
    let mut rows: Vec<Vec<u32>> = vec![vec![0; new.len() + 1]];
    for a in old.iter().rev() {
        let below = rows.last().map(Vec::as_slice).unwrap_or_default();
        let mut row = vec![0; new.len() + 1];
        for (at, b) in new.iter().enumerate().rev() {
            let common = |row: &[u32], at: usize| row.get(at).copied().unwrap_or(0);
            let best = if a == b {
                common(below, at + 1) + 1
            } else {
                common(below, at).max(common(&row, at + 1))
            };
            if let Some(cell) = row.get_mut(at) {
                *cell = best;
            }
        }
        rows.push(row);
    }
    rows.reverse();
    let common = |i: usize, j: usize| rows.get(i).and_then(|row| row.get(j)).copied().unwrap_or(0);
    let (mut i, mut j) = (0, 0);
    let mut out = Vec::new();
    loop {
        match (old.get(i), new.get(j)) {
            (Some(a), Some(b)) if a == b => {
                out.push((Sign::Same, *a));
                (i, j) = (i + 1, j + 1);
            }
            (Some(a), b) if b.is_none() || common(i + 1, j) >= common(i, j + 1) => {
                out.push((Sign::Removed, *a));
                i += 1;
            }
            (_, Some(b)) => {
                out.push((Sign::Added, *b));
                j += 1;
            }
            // Both are at their end: an old line alone is taken above.
            (_, None) => return out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sign, between};

    // Mutants: a long line is cut; the heads or the ends are compared wrongly; a replaced line is told as the same.
    #[test]
    fn lines_go_come_and_stay() {
        let cases = [
            ("", "", ""),
            ("a\nb\n", "a\nb\n", ""),
            ("", "a\n", "+a"),
            ("a\n", "", "-a"),
            ("a\nb\nc\n", "a\nx\nc\n", " a-b+x c"),
            ("a\nb\nc\nd\n", "b\nd\n", "-a b-c d"),
            ("a\na\n", "a\na\na\n", " a a+a"),
            ("a\nb\n", "b\na\n", "-a b+a"),
        ];
        for (old, new, expected) in cases {
            let told = between(old, new).iter().fold(String::new(), |told, line| {
                let sign = match line.sign {
                    Sign::Same => " ",
                    Sign::Removed => "-",
                    Sign::Added => "+",
                };
                told + sign + &line.text
            });
            assert_eq!(told, expected, "{old:?} {new:?}");
        }
        // What steers a terminal is escaped, and the end of a long line is shown.
        let long = format!("\u{1b}{}evil", "x".repeat(1000));
        let lines = between("", &long);
        assert_eq!(lines[0].text, format!("\\u{{1b}}{}evil", "x".repeat(1000)));
        // Another end of a line is another text, though no line differs.
        assert!(!between("a", "a\n").is_empty());
    }
}
