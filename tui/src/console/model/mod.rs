//! What the console is: screens and what lies over them, as plain values. No terminal, no store, no
//! clock; `update` changes it, `view` draws it.
//!
//! - [`list`], [`field`], [`text`]: parts
//! - [`home`], [`users`], [`audit`], [`mail`], [`health`]: a screen each
//! - [`dialog`], [`notes`]: what lies over them

pub(crate) mod audit;
pub(crate) mod dialog;
pub(crate) mod field;
pub(crate) mod health;
pub(crate) mod home;
pub(crate) mod list;
pub(crate) mod mail;
pub(crate) mod notes;
pub(crate) mod text;
pub(crate) mod users;

use gatepost_shared::admin::roles::Role;

use self::audit::Audit;
use self::dialog::{Dialog, Focus};
use self::field::Typing;
use self::health::Health;
use self::home::Home;
use self::mail::Mail;
use self::notes::Notes;
use self::users::Users;
use super::message::{Context, Screen};

/// The whole console.
#[derive(Debug)]
pub(crate) struct Model {
    /// This host's name.
    pub(crate) host: String,
    /// Who acts.
    pub(crate) actor: String,
    /// What they may do.
    pub(crate) role: Role,
    /// How it is to look.
    pub(crate) look: Look,
    /// Whether nothing may be changed.
    pub(crate) read_only: bool,
    /// Columns and rows of the terminal.
    pub(crate) size: (u16, u16),
    /// Milliseconds since the start.
    pub(crate) now: u64,
    /// Which screen is shown.
    pub(crate) screen: Screen,
    /// See [`Screen::Home`].
    pub(crate) home: Home,
    /// See [`Screen::Users`].
    pub(crate) users: Users,
    /// See [`Screen::Audit`].
    pub(crate) audit: Audit,
    /// See [`Screen::Mail`].
    pub(crate) mail: Mail,
    /// See [`Screen::Health`].
    pub(crate) health: Health,
    /// The filter that is being typed.
    pub(crate) typing: Option<Typing>,
    /// The dialog that is open.
    pub(crate) dialog: Option<Dialog>,
    /// What lies over the screen.
    pub(crate) overlay: Option<Overlay>,
    /// What was said.
    pub(crate) notes: Notes,
    /// When Ctrl-C was last pressed with nothing to cancel.
    pub(crate) interrupted: Option<u64>,
}

/// How the console is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Whether colours are used beside words and signs.
    pub(crate) colour: bool,
    /// Whether only ASCII is drawn.
    pub(crate) ascii: bool,
}

/// A text over a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overlay {
    /// Which.
    pub(crate) what: Over,
    /// How far it is scrolled.
    pub(crate) scroll: usize,
}

/// What lies over a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// The keys of the screen below.
    Keys,
    /// What was said.
    Notes,
}

/// The least columns and rows that can be drawn on.
pub(crate) const LEAST: (u16, u16) = (60, 15);
/// Columns from which a list and its detail stand side by side.
pub(crate) const SIDE_BY_SIDE: u16 = 100;
/// Rows that are no body: header, tabs, notes, footer.
pub(crate) const AROUND_BODY: u16 = 4;

impl Model {
    /// A console that has seen nothing yet.
    pub(crate) fn new(host: String, actor: String, look: Look, size: (u16, u16)) -> Self {
        Self {
            host,
            actor,
            role: Role::Admin,
            look,
            read_only: false,
            size,
            now: 0,
            screen: Screen::Home,
            home: Home::default(),
            users: Users::default(),
            audit: Audit::default(),
            mail: Mail::default(),
            health: Health::default(),
            typing: None,
            dialog: None,
            overlay: None,
            notes: Notes::default(),
            interrupted: None,
        }
    }

    /// What a key is pressed in.
    pub(crate) fn context(&self) -> Context {
        if self.dialog.is_some() {
            Context::Dialog
        } else if self.overlay.is_some() {
            Context::Overlay
        } else if self.typing.is_some() {
            Context::Filter
        } else {
            Context::Screen(self.screen)
        }
    }

    /// Whether a text has the focus.
    pub(crate) fn is_typing(&self) -> bool {
        match &self.dialog {
            Some(dialog) => dialog.focus == Focus::Field,
            None => self.typing.is_some() && self.overlay.is_none(),
        }
    }

    /// Whether the terminal is large enough.
    pub(crate) fn fits(&self) -> bool {
        self.size.0 >= LEAST.0 && self.size.1 >= LEAST.1
    }

    /// Whether a list and its detail stand side by side.
    pub(crate) fn is_wide(&self) -> bool {
        self.size.0 >= SIDE_BY_SIDE
    }

    /// Rows of the body, its frame among them.
    pub(crate) fn body(&self) -> u16 {
        let typing = u16::from(self.typing.is_some());
        self.size.1.saturating_sub(AROUND_BODY + typing)
    }

    /// Rows of a table: the body without its frame and its head.
    pub(crate) fn table_height(&self) -> usize {
        usize::from(self.body().saturating_sub(3))
    }

    /// Rows of a text in a frame.
    pub(crate) fn text_height(&self) -> usize {
        usize::from(self.body().saturating_sub(2))
    }

    /// Columns of a list's detail, between its frame.
    pub(crate) fn detail_width(&self) -> usize {
        let columns = if self.is_wide() {
            self.size.0 - self.list_width()
        } else {
            self.size.0
        };
        // A blank on each side.
        usize::from(columns.saturating_sub(4))
    }

    /// Columns of a list with its frame.
    pub(crate) fn list_width(&self) -> u16 {
        if self.is_wide() {
            self.size.0 / 2
        } else {
            self.size.0
        }
    }
}
