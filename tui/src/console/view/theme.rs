//! All colours, signs and frames. Text has the terminal's own colours, so that it can be read on
//! light and dark ground alike; a colour only repeats what a word or a sign beside it says.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

use super::super::look::{Look, Scheme};
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

    /// Text that is meant like that.
    pub(super) fn tone(self, tone: Tone) -> Style {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let underlined = plain.add_modifier(Modifier::UNDERLINED);
        match (self.look.scheme, tone) {
            (_, Tone::Plain)
            | (Scheme::Auto | Scheme::Mono, Tone::Good | Tone::Hint)
            | (Scheme::Mono, Tone::Care) => plain,
            (_, Tone::Head)
            | (Scheme::HighContrast, Tone::Good | Tone::Hint)
            | (Scheme::Mono, Tone::Bad) => bold,
            // Of the eight colours, these two can be read on white and on black alike.
            (Scheme::Auto, Tone::Care) => plain.fg(Color::Magenta),
            (Scheme::Auto, Tone::Bad) => bold.fg(Color::Red),
            (Scheme::Dark, Tone::Good) => plain.fg(Color::Green),
            (Scheme::Dark, Tone::Care) => plain.fg(Color::Yellow),
            (Scheme::Dark, Tone::Bad) => bold.fg(Color::LightRed),
            (Scheme::Dark, Tone::Hint) => plain.fg(Color::Cyan),
            // Dark shades of the 256 colours: the eight are too pale on white.
            (Scheme::Light, Tone::Good) => plain.fg(Color::Indexed(22)),
            (Scheme::Light, Tone::Care) => plain.fg(Color::Indexed(94)),
            (Scheme::Light, Tone::Bad) => bold.fg(Color::Indexed(124)),
            (Scheme::Light, Tone::Hint) => plain.fg(Color::Indexed(25)),
            (Scheme::HighContrast, Tone::Care) => underlined,
            (Scheme::HighContrast, Tone::Bad) => bold.add_modifier(Modifier::UNDERLINED),
        }
    }

    /// A key in the footer or the help.
    pub(super) fn key(self) -> Style {
        self.tone(Tone::Hint).add_modifier(Modifier::BOLD)
    }

    /// The selected row, tab or button: reversed, with colours or without.
    pub(super) const fn selected() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What cannot be done now. Never a grey of its own, which cannot be read on every ground; the words
    /// beside it say why.
    pub(super) const fn faint() -> Style {
        Style::new().add_modifier(Modifier::DIM)
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

    /// The full and the empty part of a bar.
    pub(super) const fn gauge(self) -> (&'static str, &'static str) {
        if self.look.ascii {
            ("#", ".")
        } else {
            ("\u{2588}", "\u{2591}")
        }
    }

    /// Nothing, and steps up to a full cell.
    pub(super) const fn steps(self) -> &'static [char] {
        if self.look.ascii {
            &[' ', '.', ':', '-', '=', '+', '*', '%', '#']
        } else {
            &[
                ' ', '\u{2581}', '\u{2582}', '\u{2583}', '\u{2584}', '\u{2585}', '\u{2586}',
                '\u{2587}', '\u{2588}',
            ]
        }
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

    /// The sign that a list is sorted by a column: as that order is meant first, or turned round.
    pub(super) const fn sorted(self, is_back: bool) -> &'static str {
        match (self.look.ascii, is_back) {
            (true, false) => "^",
            (true, true) => "v",
            (false, false) => "\u{25b2}",
            (false, true) => "\u{25bc}",
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
