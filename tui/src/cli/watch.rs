//! Spans as they are typed, and looking again and again until Ctrl-C.

use std::io::{self, IsTerminal};
use std::time::Duration;

use gatepost_shared::signals::let_in;
use gatepost_words::time::Span;

use super::Context;
use super::exit::Failure;
use super::output::data;
use super::shape::Form;

/// How long lies between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// A span: a number and one of s, m, h.
pub(crate) fn span(text: &str) -> Result<Span, String> {
    let bad = || format!("{text} is no time: give a number with s, m or h, such as 15m");
    let (number, unit) = text
        .char_indices()
        .last()
        .and_then(|(at, unit)| Some((text.get(..at)?, unit)))
        .ok_or_else(bad)?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = number.parse().ok().filter(|_| is_number).ok_or_else(bad)?;
    match unit {
        's' => Ok(Span::from_secs(number)),
        'm' => Ok(Span::from_mins(number)),
        'h' => Ok(Span::from_hours(number)),
        _ => Err(bad()),
    }
}

/// Shows what `look` writes, again and again; ends where it fails, or with Ctrl-C.
pub(crate) fn forever(
    screen: Screen,
    mut look: impl FnMut() -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        if screen == Screen::Cleared && io::stdout().is_terminal() {
            // To the upper left corner, and everything away: each look has a screen of its own.
            data("\x1b[H\x1b[2J")?;
        }
        look()?;
        wait();
    }
}

/// Whether each look has a screen of its own; documents have lines of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Screen {
    /// Where it is a terminal.
    Cleared,
    /// One below the other.
    Grows,
}

impl Screen {
    /// That of the shape that was asked for: what people read alone has a screen to itself.
    pub(crate) fn of(context: &Context) -> Self {
        match context.shape.form() {
            Form::Table => Self::Cleared,
            Form::Json | Form::Jsonl | Form::Csv | Form::Plain => Self::Grows,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "other processes change the counts and time does: there is no condition to wait on"
)]
fn wait() {
    let_in(|| std::thread::sleep(PAUSE));
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::Span;

    use super::span;

    #[test]
    fn a_span_is_a_number_and_a_unit() {
        let cases = [
            ("90s", Some(Span::from_secs(90))),
            ("15m", Some(Span::from_mins(15))),
            ("24h", Some(Span::from_hours(24))),
            ("0m", Some(Span::ZERO)),
            ("", None),
            ("m", None),
            ("15", None),
            ("+15m", None),
            ("-1m", None),
            ("1.5h", None),
            ("15 m", None),
            ("15\u{b5}", None),
            ("99999999999999999999h", None),
        ];
        for (text, expected) in cases {
            assert_eq!(span(text).ok(), expected, "{text}");
        }
    }
}
