//! The words of a filter, and where each begins. Pure.

use super::FilterError;

/// A word and where it begins.
pub(super) struct Word {
    pub(super) column: usize,
    pub(super) text: String,
}

impl Word {
    pub(super) fn error(&self, further: usize, message: impl Into<String>) -> FilterError {
        FilterError {
            column: self.column + further,
            message: message.into(),
        }
    }
}

/// The words between blanks. Quotes keep blanks within a word, and are no part of it.
pub(super) fn words(text: &str) -> Result<Vec<Word>, FilterError> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut quoted: Option<usize> = None;
    let said = |word: &Word| !word.text.is_empty();
    for (column, c) in text.chars().enumerate() {
        let begin = || Word {
            column,
            text: String::new(),
        };
        match c {
            '"' => {
                open.get_or_insert_with(begin);
                quoted = match quoted {
                    None => Some(column),
                    Some(_) => None,
                };
            }
            ' ' if quoted.is_none() => words.extend(open.take().filter(said)),
            c => open.get_or_insert_with(begin).text.push(c),
        }
    }
    if let Some(column) = quoted {
        return Err(FilterError {
            column,
            message: "this quote has no end".to_owned(),
        });
    }
    words.extend(open.filter(said));
    Ok(words)
}

/// The same as they are typed, quotes and all.
pub(super) fn parts(text: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let is_end = |c| {
        is_quoted ^= c == '"';
        c == ' ' && !is_quoted
    };
    text.split(is_end).filter(|part| !part.is_empty()).collect()
}

/// `15m`, `2h`, `30d`, `1y` in milliseconds; a year has 365 days.
pub fn span_of(text: &str) -> Option<i64> {
    const DAY: i64 = 86_400_000;
    let units = [
        ('m', 60_000),
        ('h', 3_600_000),
        ('d', DAY),
        ('w', 7 * DAY),
        ('y', 365 * DAY),
    ];
    let (count, unit) = units
        .iter()
        .find_map(|(unit, millis)| Some((text.strip_suffix(*unit)?, *millis)))?;
    let count: u32 = count.parse().ok()?;
    Some(i64::from(count).saturating_mul(unit))
}
