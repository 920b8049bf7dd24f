//! The keys as this person has them: the table's, but for those that were set otherwise.

use super::super::message::{Context, Edit, Key, Message};
use super::{Binding, TABLE, Within};

/// The table with its keys.
#[derive(Debug)]
pub(crate) struct Keymap(Vec<Bound>);

/// A row of the table, and the keys that it has here.
#[derive(Debug)]
pub(crate) struct Bound {
    /// The row.
    pub(crate) row: &'static Binding,
    /// Its keys; the first is the one that is shown.
    pub(crate) keys: Vec<Key>,
}

impl Default for Keymap {
    fn default() -> Self {
        let bound = |row: &'static Binding| Bound {
            row,
            keys: row.keys.to_vec(),
        };
        Self(TABLE.iter().map(bound).collect())
    }
}

impl Keymap {
    /// The table with other keys for some acts, by their names. What is wrong with them is an error; then
    /// none is taken.
    pub(crate) fn with(others: &[(String, Vec<Key>)]) -> Result<Self, String> {
        let mut map = Self::default();
        for (name, keys) in others {
            let mut rows = map.0.iter_mut().filter(|bound| bound.row.is_free());
            let Some(bound) = rows.find(|bound| bound.row.name == name) else {
                return Err(format!("no act is called {name}: gatepost keys lists them"));
            };
            bound.keys.clone_from(keys);
        }
        map.clash().map_or(Ok(map), Err)
    }

    /// Two acts with one key in one place.
    fn clash(&self) -> Option<String> {
        Context::ALL.into_iter().find_map(|context| {
            let mut seen: Vec<(Key, &Bound)> = Vec::new();
            let held = self.rows(context);
            for (key, bound) in
                held.flat_map(|bound| bound.keys.iter().map(move |key| (*key, bound)))
            {
                if let Some((_, other)) = seen.iter().find(|(taken, _)| *taken == key) {
                    let (one, other) = (other.row.called(), bound.row.called());
                    return Some(format!("{} is both {one} and {other}", key.shown()));
                }
                seen.push((key, bound));
            }
            None
        })
    }

    /// The rows that hold there, in the order of the table.
    pub(crate) fn rows(&self, context: Context) -> impl Iterator<Item = &Bound> {
        self.0
            .iter()
            .filter(move |bound| bound.row.within.holds(context))
    }

    /// What a key means there; none where it means nothing. `typing` says that a text has the focus:
    /// then what could be typed is typed.
    pub(crate) fn message(&self, context: Context, typing: bool, key: Key) -> Option<Message> {
        if typing && let Some(edit) = edit(key) {
            return Some(Message::Edit(edit));
        }
        let bound = self.rows(context).find(|bound| bound.keys.contains(&key));
        bound.map(|bound| Message::Act(bound.row.act))
    }
}

impl Binding {
    /// Whether its keys may be set otherwise: those of the screens. In dialogs and lists of acts they mean
    /// the same for everybody, and so does what cancels.
    fn is_free(&self) -> bool {
        let is_screens = !matches!(
            self.within,
            Within::Filter
                | Within::Dialog
                | Within::Palette
                | Within::Jobs
                | Within::Overlay
                | Within::Code
        );
        is_screens && self.within != Within::Everywhere && !self.name.is_empty()
    }

    fn called(&self) -> &'static str {
        if self.name.is_empty() {
            self.long
        } else {
            self.name
        }
    }
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
