//! All colours, signs and frames. Text has the terminal's own colours, so that it can be read on
//! light and dark ground alike; a colour only repeats what a word or a sign beside it says.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use super::super::model::Look;
use super::super::model::text::Tone;

/// How things look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Theme {
    look: Look,
}

impl Theme {
    pub(super) const fn of(look: Look) -> Self {
        Self { look }
    }

    fn colour(self, colour: Color) -> Style {
        if self.look.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    /// Text that is meant like that.
    pub(super) fn tone(self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => Style::new(),
            Tone::Head => Style::new().add_modifier(Modifier::BOLD),
            Tone::Good => self.colour(Color::Green),
            Tone::Care => self.colour(Color::Yellow),
            Tone::Bad => self.colour(Color::Red).add_modifier(Modifier::BOLD),
            Tone::Hint => self.colour(Color::Cyan),
        }
    }

    /// A key in the footer or the help.
    pub(super) fn key(self) -> Style {
        self.colour(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// The selected row, tab or button: reversed, with colours or without.
    pub(super) const fn selected() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The sign of a tone, a column wide.
    pub(super) const fn sign(self, tone: Tone) -> &'static str {
        match tone {
            Tone::Good if self.look.ascii => "+",
            Tone::Good => "\u{2714}",
            Tone::Care => "~",
            Tone::Bad => "!",
            Tone::Plain | Tone::Head | Tone::Hint => "-",
        }
    }

    /// The mark before the selected row.
    pub(super) const fn pointer(self) -> &'static str {
        if self.look.ascii { ">" } else { "\u{25b6}" }
    }

    /// What stands for what was cut.
    pub(super) const fn ellipsis(self) -> &'static str {
        if self.look.ascii { "~" } else { "\u{2026}" }
    }

    /// The signs that more rows lie above and below.
    pub(super) const fn more(self) -> (&'static str, &'static str) {
        if self.look.ascii {
            ("^", "v")
        } else {
            ("\u{25b2}", "\u{25bc}")
        }
    }

    /// The lines of a frame.
    pub(super) const fn frame(self) -> border::Set<'static> {
        if self.look.ascii {
            border::Set {
                top_left: "+",
                top_right: "+",
                bottom_left: "+",
                bottom_right: "+",
                vertical_left: "|",
                vertical_right: "|",
                horizontal_top: "-",
                horizontal_bottom: "-",
            }
        } else {
            border::PLAIN
        }
    }
}
