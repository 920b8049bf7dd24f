//! The one table of keys. What a key does, the footer, the help and the palette come from here.
//!
//! - [`table`]: its rows; [`map`]: the keys as this person has them

pub(crate) mod map;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use self::table::TABLE;
use super::message::{Act, Context, Key, Screen};

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Binding {
    /// Where it holds.
    pub(crate) within: Within,
    /// The keys; the first is the one that is shown.
    pub(crate) keys: &'static [Key],
    /// What they do.
    pub(crate) act: Act,
    /// What it is called where keys are set and acts are looked for; empty where neither is done.
    pub(crate) name: &'static str,
    /// The same in a word or two, for the footer; empty where the footer leaves it out.
    pub(crate) short: &'static str,
    /// The same in a sentence, for the help.
    pub(crate) long: &'static str,
    /// The subcommand that does it too, with words in capitals for what is selected or typed; empty where
    /// there is none.
    pub(crate) twin: &'static str,
}

/// Where a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// On every screen, not in what lies over it.
    Screens,
    /// On the screens of one pane.
    OnePane,
    /// On the screens that have rows to open: all of them.
    Lists,
    /// On the screens that have a list.
    Listed,
    /// On those, and on the one whose rows come by themselves.
    Rows,
    /// On the screens whose rows can be filtered.
    Filtered,
    /// On one screen.
    Screen(Screen),
    /// Where a filter is typed.
    Filter,
    /// In a dialog.
    Dialog,
    /// In a list of acts.
    Palette,
    /// In the list of jobs.
    Jobs,
    /// In the help and the messages.
    Overlay,
    /// Where a code is shown once.
    Code,
    /// Everywhere.
    Everywhere,
}

impl Within {
    /// The same in words.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Screens => "screens",
            Self::OnePane => "screens of one pane",
            Self::Lists => "rows to open",
            Self::Listed => "lists",
            Self::Rows => "lists, the stream",
            Self::Filtered => "filtered lists",
            Self::Screen(screen) => screen.name(),
            Self::Filter => "the filter",
            Self::Dialog => "dialogs",
            Self::Palette => "lists of acts",
            Self::Jobs => "jobs",
            Self::Overlay => "help, messages",
            Self::Code => "a code",
            Self::Everywhere => "everywhere",
        }
        .to_owned()
    }

    /// Whether the row holds there.
    pub(crate) fn holds(self, context: Context) -> bool {
        match context {
            Context::Screen(shown) => match self {
                Self::Everywhere | Self::Screens | Self::Lists => true,
                Self::OnePane => shown != Screen::Live,
                Self::Listed => matches!(shown, Screen::Users | Screen::Audit | Screen::Mail),
                Self::Rows => {
                    let rows = [Screen::Users, Screen::Live, Screen::Audit, Screen::Mail];
                    rows.contains(&shown)
                }
                Self::Filtered => matches!(shown, Screen::Users | Screen::Audit),
                Self::Screen(own) => own == shown,
                Self::Filter
                | Self::Dialog
                | Self::Palette
                | Self::Jobs
                | Self::Overlay
                | Self::Code => false,
            },
            Context::Filter => matches!(self, Self::Filter | Self::Everywhere),
            Context::Dialog => matches!(self, Self::Dialog | Self::Everywhere),
            Context::Palette => matches!(self, Self::Palette | Self::Everywhere),
            Context::Jobs => matches!(self, Self::Jobs | Self::Everywhere),
            Context::Overlay => matches!(self, Self::Overlay | Self::Everywhere),
            Context::Code => matches!(self, Self::Code | Self::Everywhere),
        }
    }
}

impl Key {
    /// The key of that name, as [`Self::shown`] writes it.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let mut chars = name.chars();
        if let (Some(c), None) = (chars.next(), chars.next()) {
            return (!c.is_control() && c != ' ').then_some(Self::Char(c));
        }
        if let Some(rest) = name.strip_prefix("Ctrl-") {
            let mut rest = rest.chars();
            let c = rest.next().filter(char::is_ascii_alphabetic)?;
            return rest
                .next()
                .is_none()
                .then(|| Self::Ctrl(c.to_ascii_lowercase()));
        }
        NAMED.into_iter().find(|key| key.shown() == name)
    }

    /// As the footer and the help show it.
    pub(crate) fn shown(self) -> String {
        match self {
            Self::Char(' ') => "Space".into(),
            Self::Char(c) => c.into(),
            Self::Ctrl(c) => format!("Ctrl-{}", c.to_ascii_uppercase()),
            Self::Enter => "Enter".into(),
            Self::Esc => "Esc".into(),
            Self::Tab => "Tab".into(),
            Self::BackTab => "Shift-Tab".into(),
            Self::Backspace => "Backspace".into(),
            Self::Delete => "Del".into(),
            Self::Up => "Up".into(),
            Self::Down => "Down".into(),
            Self::Left => "Left".into(),
            Self::Right => "Right".into(),
            Self::PageUp => "PgUp".into(),
            Self::PageDown => "PgDn".into(),
            Self::Home => "Home".into(),
            Self::End => "End".into(),
        }
    }
}

/// The keys that have a name rather than a character.
const NAMED: [Key; 15] = [
    Key::Char(' '),
    Key::Enter,
    Key::Esc,
    Key::Tab,
    Key::BackTab,
    Key::Backspace,
    Key::Delete,
    Key::Up,
    Key::Down,
    Key::Left,
    Key::Right,
    Key::PageUp,
    Key::PageDown,
    Key::Home,
    Key::End,
];

/// A row, with what it is called: its name, in the footer, in the help, and in a shell.
const fn row(
    within: Within,
    keys: &'static [Key],
    act: Act,
    [name, short, long, twin]: [&'static str; 4],
) -> Binding {
    Binding {
        within,
        keys,
        act,
        name,
        short,
        long,
        twin,
    }
}
