//! The deliveries: a list, and the selected one with the relay's words in full.

use gatepost_shared::admin::browse::MailRow;
use gatepost_shared::admin::mail::meaning;

use super::list::List;
use super::text::{Line, Tone, broken, headed, hung};

/// Columns of the names of a delivery's fields.
const COLUMN: usize = 9;

/// The screen's state.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    /// The list.
    pub(crate) list: List<MailRow>,
    /// Whether the selected delivery is open, where it does not stand beside the list.
    pub(crate) is_open: bool,
    /// How far it is scrolled.
    pub(crate) scroll: usize,
    /// What the last test message said.
    pub(crate) test: Option<Result<String, String>>,
}

impl Mail {
    /// The selected delivery in full.
    pub(crate) fn lines(&self, width: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut tell = |tone, name: &str, value: &str| {
            lines.extend(hung(tone, name, COLUMN, value, width));
        };
        if let Some(mail) = self.list.selected() {
            for (name, value) in [
                ("at", &mail.at),
                ("user", &mail.user),
                ("kind", &mail.kind),
                ("relay", &mail.relay),
                ("took", &format!("{} ms", mail.millis)),
            ] {
                if !value.is_empty() {
                    tell(Tone::Plain, name, value);
                }
            }
            tell(
                outcome_tone(&mail.outcome),
                "outcome",
                meaning(&mail.outcome),
            );
            tell(Tone::Plain, "reply", &mail.reply);
        }
        if let Some(test) = &self.test {
            headed(&mut lines, "TEST MAIL");
            lines.extend(match test {
                Ok(taken) => broken(Tone::Good, taken, width, 2),
                Err(refused) => broken(Tone::Bad, refused, width, 2),
            });
        }
        lines
    }
}

/// How an outcome is meant.
pub(crate) fn outcome_tone(outcome: &str) -> Tone {
    if outcome == "accepted" {
        Tone::Good
    } else {
        Tone::Bad
    }
}
