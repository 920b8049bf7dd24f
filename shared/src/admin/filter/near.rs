//! Which words somebody may have meant who typed one that is none. Pure.

/// Words that begin with the typed one, or are it but for a letter or two, or one of whose parts between
/// dashes does or is; in their own order.
pub(super) fn near<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let slips = if typed.chars().count() < 5 { 1 } else { 2 };
    let is_meant = |part: &str| part.starts_with(typed) || distance(typed, part) <= slips;
    let is_near = |word: &&str| is_meant(word) || word.split('-').any(is_meant);
    known.filter(is_near).collect()
}

/// How many letters must be put in, left out, changed or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    // The last two rows of the table of distances between beginnings, and the letter between them.
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    let mut before = None;
    for (nth, letter) in one.chars().enumerate() {
        let mut next = vec![nth + 1];
        for (at, theirs) in other.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let changed = cell(&row, at) + usize::from(letter != *theirs);
            let put_in = cell(&row, at + 1) + 1;
            let left_out = cell(&next, at) + 1;
            let earlier = at.checked_sub(1).and_then(|at| other.get(at));
            let is_swap = before == Some(*theirs) && earlier == Some(&letter);
            let swapped = match at.checked_sub(1) {
                Some(at) if is_swap => cell(&above, at) + 1,
                Some(_) | None => usize::MAX,
            };
            next.push(changed.min(put_in).min(left_out).min(swapped));
        }
        above = std::mem::replace(&mut row, next);
        before = Some(letter);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{distance, near};

    // Mutants: a swap is two slips; a part of a word is not near; everything is near.
    #[test]
    fn what_was_meant_is_told_from_what_was_not() {
        for (one, other, slips) in [
            ("lock", "lock", 0),
            ("lokc", "lock", 1),
            ("loc", "lock", 1),
            ("lockk", "lock", 1),
            ("lick", "lock", 1),
            ("", "ab", 2),
            ("ab", "", 2),
            ("\u{fc}ser", "user", 1),
        ] {
            assert_eq!(distance(one, other), slips, "{one} {other}");
        }
        let known = ["decision", "guess", "user-lock", "user-unlock"];
        for (typed, found) in [
            ("gess", &["guess"][..]),
            ("decisoin", &["decision"]),
            ("lokc", &["user-lock"]),
            ("user", &["user-lock", "user-unlock"]),
            ("user-lokc", &["user-lock"]),
            ("zzz", &[]),
        ] {
            assert_eq!(near(typed, known.into_iter()), found, "{typed}");
        }
    }
}
