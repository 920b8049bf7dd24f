//! How well a few letters fit a text in which they stand in that order, though not side by side. Pure.

/// Letters that follow each other in the text too.
const BESIDE: u32 = 8;
/// A letter at the beginning of a word.
const BEGINS: u32 = 6;
/// Any letter.
const LETTER: u32 = 1;

/// How well it fits, the higher the better; none where a letter is missing. Nothing fits everything.
pub(crate) fn score(wanted: &str, text: &str) -> Option<u32> {
    let letters = |text: &str| -> Vec<char> { text.chars().flat_map(char::to_lowercase).collect() };
    let mut wanted = letters(wanted);
    wanted.retain(|c| !c.is_whitespace());
    let text = letters(text);
    let Some(first) = wanted.first() else {
        return Some(0);
    };
    // The first place is not always the best: each place of the first letter is tried.
    let places = text.iter().enumerate().filter(|(_, c)| *c == first);
    let scores = places.filter_map(|(at, _)| from(&wanted, &text, at));
    scores.max()
}

/// How well it fits when it begins there.
fn from(wanted: &[char], text: &[char], begin: usize) -> Option<u32> {
    let mut sum = 0;
    let mut at = begin;
    let mut before = None;
    for letter in wanted {
        let rest = text.get(at..)?;
        let found = at + rest.iter().position(|c| c == letter)?;
        let is_first = found
            .checked_sub(1)
            .and_then(|left| text.get(left))
            .is_none_or(|left| !left.is_alphanumeric());
        sum += LETTER;
        sum += if is_first { BEGINS } else { 0 };
        sum += if before == Some(found) { BESIDE } else { 0 };
        before = Some(found + 1);
        at = found + 1;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn letters_in_their_order_fit_and_others_do_not() {
        assert_eq!(score("", "anything"), Some(0));
        assert_eq!(score("ul", "unlock").map(|score| score > 0), Some(true));
        assert_eq!(score("U L", "unlock"), score("ul", "unlock"));
        assert_eq!(score("lu", "unlock"), None);
        assert_eq!(score("unlockk", "unlock"), None);
        assert_eq!(score("x", ""), None);
    }

    #[test]
    fn what_is_meant_comes_first() {
        for (wanted, better, worse) in [
            ("un", "unlock", "a number"),
            ("tm", "test-mail", "item"),
            ("lock", "lock", "unlock"),
            ("mail", "test-mail", "m-a-i-l"),
            // Not the first o of the text.
            ("op", "to open", "stop"),
        ] {
            assert!(score(wanted, better) > score(wanted, worse), "{wanted}");
        }
    }
}
