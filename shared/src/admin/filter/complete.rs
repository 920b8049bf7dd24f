//! Finishing the last word of a filter, as far as that is clear. Pure.

use super::{FIELDS, Order, STATES};
use crate::store::kinds::Kind;

/// A filter of accounts whose last word is finished as far as that is clear; none where it is not.
pub fn complete_users(text: &str) -> Option<String> {
    let mut words: Vec<String> = FIELDS.map(str::to_owned).to_vec();
    let last = text.rsplit(' ').next().unwrap_or_default();
    if let Some((named, _)) = last.rsplit_once([':', ',']) {
        let field = named.trim_start_matches('!');
        if field == "state" || field.starts_with("state:") {
            let separator = if field.contains(':') { ',' } else { ':' };
            let states = STATES
                .iter()
                .map(|(state, _)| format!("{field}{separator}{state}"));
            words = states.collect();
        } else if field == "sort" {
            words = Order::ALL.map(|order| format!("sort:{order}")).to_vec();
        }
    }
    complete(text, &words)
}

/// The same for a filter of events.
pub fn complete_events(text: &str) -> Option<String> {
    let mut words: Vec<String> = EVENT_FIELDS.map(str::to_owned).to_vec();
    let last = text.rsplit(' ').next().unwrap_or_default();
    if let Some((named, _)) = last.rsplit_once([':', ',']) {
        let field = named.trim_start_matches('!');
        if field == "kind" || field.starts_with("kind:") {
            let separator = if field.contains(':') { ',' } else { ':' };
            let kinds = Kind::ALL.iter();
            words = kinds
                .map(|kind| format!("{field}{separator}{kind}"))
                .collect();
        }
    }
    complete(text, &words)
}

fn complete(text: &str, words: &[String]) -> Option<String> {
    let begins = text.rfind(' ').map_or(0, |blank| blank + 1);
    let (before, last) = text.split_at_checked(begins)?;
    let (negation, last) = match last.strip_prefix('!') {
        Some(rest) => ("!", rest),
        None => ("", last),
    };
    let mut fit = words.iter().filter(|word| word.starts_with(last));
    let first = fit.next()?;
    let common = fit.fold(first.as_str(), |common, word| {
        let same = common
            .chars()
            .zip(word.chars())
            .take_while(|(one, other)| one == other);
        let length = same.map(|(c, _)| c.len_utf8()).sum();
        common.get(..length).unwrap_or_default()
    });
    (common.len() > last.len()).then(|| format!("{before}{negation}{common}"))
}

const EVENT_FIELDS: [&str; 7] = [
    "user:", "kind:", "service:", "who:", "from:", "since:", "until:",
];

#[cfg(test)]
mod tests {
    use super::{complete_events, complete_users};

    #[test]
    fn a_word_is_finished_as_far_as_that_is_clear() {
        for (typed, finished) in [
            ("sta", Some("state:")),
            ("ali !sta", Some("ali !state:")),
            ("state:lo", Some("state:locked")),
            ("state:locked,u", Some("state:locked,unconfirmed")),
            ("!state:d", Some("!state:disabled")),
            ("state:x", None),
            ("state:locked", None),
            ("fails:", None),
            ("so", Some("sort:")),
            ("ali sort:l", Some("ali sort:last")),
            ("sort:-f", Some("sort:-fails")),
            ("sort:s", Some("sort:state")),
            ("sort:", None),
            ("sort:x", None),
            ("zzz", None),
            ("", None),
        ] {
            assert_eq!(complete_users(typed).as_deref(), finished, "{typed:?}");
        }
        for (typed, finished) in [
            ("k", Some("kind:")),
            ("kind:d", Some("kind:de")),
            ("kind:gu", Some("kind:guess")),
            ("alice !kind:guess,dec", Some("alice !kind:guess,decision")),
            ("kind:zzz", None),
            ("kind:guess", None),
        ] {
            assert_eq!(complete_events(typed).as_deref(), finished, "{typed:?}");
        }
    }
}
