//! What lies where on the screen, for whoever points at it: the other side of what the view draws.

use super::super::message::Screen;
use super::Model;
use super::columns::{self, Column};
use super::live::Pane;
use super::{policy, users};

/// Rows above the body: the header and the screens.
const ABOVE: u16 = 2;
/// Rows of a table above its first row: its frame and its head.
const HEAD: u16 = 2;

/// What lies somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The name of a screen.
    Tab(Screen),
    /// The head of a list, and of which of its columns, where the list has an order by any.
    Head(Option<Column>),
    /// A row of a list or of Home, counted from the first that is shown.
    Row(usize),
}

/// A screen's name as the second line has it.
pub(crate) fn tab(screen: Screen) -> String {
    format!(" {} {}", screen.number(), screen.name())
}

impl Model {
    /// What lies there, where it is anything that can be pointed at.
    pub(crate) fn place(&self, (column, row): (u16, u16)) -> Option<Place> {
        if row == ABOVE - 1 {
            // A blank stands before the first.
            let mut right = 1;
            return Screen::ALL.into_iter().find_map(|screen| {
                let left = right;
                right += tab(screen).len();
                (left..right)
                    .contains(&usize::from(column))
                    .then_some(Place::Tab(screen))
            });
        }
        let line = row.checked_sub(ABOVE)?;
        let is_inside = line > 0 && line + 1 < self.body() && column < self.list_width();
        if !is_inside || self.is_covered() {
            return None;
        }
        match self.screen {
            Screen::Home => Some(Place::Row(usize::from(line - 1))),
            Screen::Users if line < HEAD => Some(Place::Head(self.column(column))),
            Screen::Live | Screen::Audit | Screen::Mail if line < HEAD => Some(Place::Head(None)),
            Screen::Health if line < HEAD => None,
            Screen::Users | Screen::Live | Screen::Audit | Screen::Mail | Screen::Health => {
                Some(Place::Row(usize::from(line - HEAD)))
            }
            Screen::Policy if self.policy.pane == policy::Pane::Versions && line >= HEAD => {
                Some(Place::Row(usize::from(line - HEAD)))
            }
            Screen::Policy => None,
        }
    }

    /// The column of the accounts' list that lies there.
    fn column(&self, column: u16) -> Option<Column> {
        if !self.users.list.is_shown() {
            return None;
        }
        let width = self.list_width();
        // Without the frame.
        let place = usize::from(column.checked_sub(1)?);
        columns::at(users::columns(width), width.saturating_sub(2), place)
    }

    /// Whether a list lies below the page of its selected row.
    fn is_covered(&self) -> bool {
        let is_open = match self.screen {
            Screen::Users => self.users.is_open,
            Screen::Audit => self.audit.is_open,
            Screen::Mail if self.mail.shows_post => return true,
            Screen::Mail => self.mail.is_open,
            Screen::Health => self.health.is_open,
            Screen::Live => self.live.pane != Pane::Stream,
            Screen::Home | Screen::Policy => false,
        };
        is_open && !self.is_wide()
    }
}
