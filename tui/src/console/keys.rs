//! The one table of keys. What a key does, the footer, and the help come from here.

use super::message::{Act, Context, Edit, Key, Message, Screen, Step};

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Binding {
    /// Where it holds.
    pub(crate) within: Within,
    /// The keys; the first is the one that is shown.
    pub(crate) keys: &'static [Key],
    /// What they do.
    pub(crate) act: Act,
    /// The same in a word or two, for the footer; empty where the footer leaves it out.
    pub(crate) short: &'static str,
    /// The same in a sentence, for the help.
    pub(crate) long: &'static str,
}

/// Where a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// On every screen, not in what lies over it.
    Screens,
    /// On the screens that have rows to open.
    Lists,
    /// On the screens whose rows can be filtered.
    Filtered,
    /// On one screen.
    Screen(Screen),
    /// Where a filter is typed.
    Filter,
    /// In a dialog.
    Dialog,
    /// In the help and the messages.
    Overlay,
    /// Everywhere.
    Everywhere,
}

impl Within {
    /// The same in words.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Screens => "screens",
            Self::Lists => "lists",
            Self::Filtered => "filtered lists",
            Self::Screen(screen) => return screen.name().to_owned(),
            Self::Filter => "the filter",
            Self::Dialog => "dialogs",
            Self::Overlay => "help, messages",
            Self::Everywhere => "everywhere",
        }
        .to_owned()
    }

    /// Whether the row holds there.
    pub(crate) fn holds(self, context: Context) -> bool {
        match context {
            Context::Screen(shown) => match self {
                Self::Everywhere | Self::Screens => true,
                Self::Lists => shown != Screen::Health,
                Self::Filtered => matches!(shown, Screen::Users | Screen::Audit),
                Self::Screen(own) => own == shown,
                Self::Filter | Self::Dialog | Self::Overlay => false,
            },
            Context::Filter => matches!(self, Self::Filter | Self::Everywhere),
            Context::Dialog => matches!(self, Self::Dialog | Self::Everywhere),
            Context::Overlay => matches!(self, Self::Overlay | Self::Everywhere),
        }
    }
}

/// What a key means there; none where it means nothing. `typing` says that a text has the focus:
/// then what could be typed is typed.
pub(crate) fn message(context: Context, typing: bool, key: Key) -> Option<Message> {
    let bound = TABLE
        .iter()
        .find(|row| row.within.holds(context) && row.keys.contains(&key));
    if typing && let Some(edit) = edit(key) {
        return Some(Message::Edit(edit));
    }
    bound.map(|row| Message::Act(row.act))
}

/// What a key does to a text that has the focus.
fn edit(key: Key) -> Option<Edit> {
    Some(match key {
        Key::Char(c) => Edit::Insert(c),
        Key::Backspace => Edit::Backspace,
        Key::Delete => Edit::Delete,
        Key::Ctrl('w') => Edit::DeleteWord,
        Key::Ctrl('u') => Edit::Clear,
        Key::Left => Edit::Left,
        Key::Right => Edit::Right,
        Key::Home => Edit::Home,
        Key::End => Edit::End,
        Key::Ctrl(_)
        | Key::Enter
        | Key::Esc
        | Key::Tab
        | Key::BackTab
        | Key::Up
        | Key::Down
        | Key::PageUp
        | Key::PageDown => return None,
    })
}

/// The rows that hold there, in the order of the table.
pub(crate) fn rows(context: Context) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |row| row.within.holds(context))
}

impl Key {
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

const fn row(
    within: Within,
    keys: &'static [Key],
    act: Act,
    short: &'static str,
    long: &'static str,
) -> Binding {
    Binding {
        within,
        keys,
        act,
        short,
        long,
    }
}

use Act as A;
use Key as K;
use Within as W;

const USERS: Within = W::Screen(Screen::Users);

/// The table. A screen's own keys come first: they are the first in the footer.
pub(crate) const TABLE: [Binding; 46] = [
    row(
        USERS,
        &[K::Char('u')],
        A::Unlock,
        "unlock",
        "let wrong codes so far no longer count",
    ),
    row(
        USERS,
        &[K::Char('D')],
        A::Disable,
        "disable",
        "refuse sign-ins, or let them in again",
    ),
    row(
        USERS,
        &[K::Char('v')],
        A::Verify,
        "re-verify",
        "mail a new confirmation code",
    ),
    row(
        USERS,
        &[K::Char('a')],
        A::Unmask,
        "addresses",
        "show addresses in full, which the audit records, or hide them",
    ),
    row(
        USERS,
        &[K::Char('L')],
        A::EventsOf,
        "log",
        "show the account's events",
    ),
    row(
        W::Screen(Screen::Home),
        &[K::Char('n')],
        A::NotEnrolled,
        "unconfirmed",
        "list who has no confirmed address",
    ),
    row(
        W::Screen(Screen::Audit),
        &[K::Char('c')],
        A::CheckChain,
        "check chain",
        "recompute the chain of events",
    ),
    row(
        W::Screen(Screen::Mail),
        &[K::Char('T')],
        A::TestMail,
        "test mail",
        "send a test message",
    ),
    row(
        W::Lists,
        &[K::Enter],
        A::Open,
        "open",
        "open what is selected",
    ),
    row(
        W::Filtered,
        &[K::Char('/')],
        A::Filter,
        "filter",
        "type a filter for the list",
    ),
    row(
        W::Screens,
        &[K::Char('?')],
        A::Help,
        "keys",
        "show the keys that work here",
    ),
    row(
        W::Screens,
        &[K::Char('q')],
        A::Quit,
        "quit",
        "leave; asks where a job still runs",
    ),
    row(
        W::Screens,
        &[K::Esc],
        A::Back,
        "",
        "close what is open, then the filter; never the console",
    ),
    row(W::Screens, &[K::Tab], A::Next, "", "to the next screen"),
    row(
        W::Screens,
        &[K::BackTab],
        A::Previous,
        "",
        "to the screen before",
    ),
    row(
        W::Screens,
        &[K::Up, K::Char('k')],
        A::Move(Step::Up),
        "",
        "one row up",
    ),
    row(
        W::Screens,
        &[K::Down, K::Char('j')],
        A::Move(Step::Down),
        "",
        "one row down",
    ),
    row(
        W::Screens,
        &[K::PageUp, K::Ctrl('b')],
        A::Move(Step::PageUp),
        "",
        "a screenful up",
    ),
    row(
        W::Screens,
        &[K::PageDown, K::Ctrl('f')],
        A::Move(Step::PageDown),
        "",
        "a screenful down",
    ),
    row(
        W::Screens,
        &[K::Home, K::Char('g')],
        A::Move(Step::First),
        "",
        "to the first row",
    ),
    row(
        W::Screens,
        &[K::End, K::Char('G')],
        A::Move(Step::Last),
        "",
        "to the last row",
    ),
    row(
        W::Screens,
        &[K::Char('r')],
        A::Refresh,
        "",
        "read everything anew",
    ),
    row(
        W::Screens,
        &[K::Char('w')],
        A::Messages,
        "",
        "show what was said, and the jobs",
    ),
    row(
        W::Screens,
        &[K::Char('1')],
        A::Go(Screen::Home),
        "",
        "Home: what is to be done",
    ),
    row(
        W::Screens,
        &[K::Char('2')],
        A::Go(Screen::Users),
        "",
        "Users: accounts, and why somebody cannot sign in",
    ),
    row(
        W::Screens,
        &[K::Char('4')],
        A::Go(Screen::Audit),
        "",
        "Audit: the log of events and its chain",
    ),
    row(
        W::Screens,
        &[K::Char('5')],
        A::Go(Screen::Mail),
        "",
        "Mail: what the relays answered",
    ),
    row(
        W::Screens,
        &[K::Char('7')],
        A::Go(Screen::Health),
        "",
        "Health: what is missing or unsafe",
    ),
    row(W::Filter, &[K::Enter], A::Apply, "keep", "keep the filter"),
    row(
        W::Filter,
        &[K::Esc],
        A::Back,
        "undo",
        "go back to the filter before",
    ),
    row(W::Filter, &[K::Up], A::Move(Step::Up), "", "one row up"),
    row(
        W::Filter,
        &[K::Down],
        A::Move(Step::Down),
        "",
        "one row down",
    ),
    row(W::Dialog, &[K::Char('y')], A::Confirm, "yes", "do it"),
    row(
        W::Dialog,
        &[K::Enter],
        A::Press,
        "press",
        "press the button with the mark",
    ),
    row(
        W::Dialog,
        &[K::Esc, K::Char('n')],
        A::Back,
        "no",
        "leave everything as it is",
    ),
    row(
        W::Dialog,
        &[K::Tab, K::Right, K::Down],
        A::Next,
        "next",
        "to the next field or button",
    ),
    row(
        W::Dialog,
        &[K::BackTab, K::Left, K::Up],
        A::Previous,
        "",
        "to the field or button before",
    ),
    row(
        W::Overlay,
        &[K::Esc, K::Char('q'), K::Char('?'), K::Char('w'), K::Enter],
        A::Back,
        "close",
        "close this",
    ),
    row(
        W::Overlay,
        &[K::Up, K::Char('k')],
        A::Move(Step::Up),
        "up",
        "one line up",
    ),
    row(
        W::Overlay,
        &[K::Down, K::Char('j')],
        A::Move(Step::Down),
        "down",
        "one line down",
    ),
    row(
        W::Overlay,
        &[K::PageUp],
        A::Move(Step::PageUp),
        "",
        "a screenful up",
    ),
    row(
        W::Overlay,
        &[K::PageDown],
        A::Move(Step::PageDown),
        "",
        "a screenful down",
    ),
    row(
        W::Overlay,
        &[K::Home, K::Char('g')],
        A::Move(Step::First),
        "",
        "to the top",
    ),
    row(
        W::Everywhere,
        &[K::Ctrl('c')],
        A::Interrupt,
        "",
        "cancel; twice: leave",
    ),
    row(
        W::Everywhere,
        &[K::Ctrl('z')],
        A::Suspend,
        "",
        "stop, until the shell's fg",
    ),
    row(
        W::Everywhere,
        &[K::Ctrl('l')],
        A::Redraw,
        "",
        "draw everything anew",
    ),
];

#[cfg(test)]
mod tests {
    use super::{TABLE, message};
    use crate::console::message::{Act, Context, Edit, Key, Message, Screen};

    const CONTEXTS: [Context; 8] = [
        Context::Screen(Screen::Home),
        Context::Screen(Screen::Users),
        Context::Screen(Screen::Audit),
        Context::Screen(Screen::Mail),
        Context::Screen(Screen::Health),
        Context::Filter,
        Context::Dialog,
        Context::Overlay,
    ];

    #[test]
    fn no_key_has_two_meanings_in_one_place() {
        for context in CONTEXTS {
            let mut seen: Vec<Key> = Vec::new();
            for row in TABLE.iter().filter(|row| row.within.holds(context)) {
                for key in row.keys {
                    assert!(!seen.contains(key), "{context:?}: {key:?} twice");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn every_key_of_the_table_means_what_the_table_says() {
        for row in &TABLE {
            for context in CONTEXTS.into_iter().filter(|at| row.within.holds(*at)) {
                for key in row.keys {
                    let meant = message(context, false, *key);
                    assert_eq!(meant, Some(Message::Act(row.act)), "{context:?} {key:?}");
                }
            }
            assert!(!row.long.is_empty(), "{row:?} has no help");
        }
    }

    #[test]
    fn what_can_be_typed_is_typed_where_a_text_has_the_focus() {
        let typed = |key| message(Context::Dialog, true, key);
        assert_eq!(
            typed(Key::Char('y')),
            Some(Message::Edit(Edit::Insert('y')))
        );
        assert_eq!(typed(Key::Enter), Some(Message::Act(Act::Press)));
        assert_eq!(typed(Key::Ctrl('c')), Some(Message::Act(Act::Interrupt)));
        assert_eq!(message(Context::Overlay, false, Key::Char('x')), None);
    }

    #[test]
    fn no_bare_letter_changes_anything_without_a_dialog() {
        // Acts that change something are done by the dialog alone.
        let confirms = TABLE.iter().filter(|row| row.act == Act::Confirm);
        assert!(confirms.clone().count() == 1);
        assert!(
            confirms
                .clone()
                .all(|row| row.within == super::Within::Dialog)
        );
    }
}
