//! What the console is: screens and what lies over them, as plain values. No terminal, no store, no
//! clock; `update` changes it, `view` draws it.
//!
//! - [`list`], [`field`], [`text`], [`fuzzy`]: parts
//! - [`home`], [`users`], [`live`], [`audit`], [`mail`], [`policy`], [`health`]: a screen each
//! - [`dialog`], [`notes`], [`jobs`], [`help`]: what lies over them; [`twin`]: a dialog as a subcommand
//! - [`undo`]: what can be taken back; [`palette`]: lists of acts; [`possible`]: whether an act makes sense now;
//!   [`place`]: what lies where, [`columns`] at the head of a table

pub(crate) mod audit;
pub(crate) mod columns;
pub(crate) mod dialog;
pub(crate) mod field;
pub(crate) mod fuzzy;
pub(crate) mod health;
pub(crate) mod help;
pub(crate) mod home;
pub(crate) mod jobs;
pub(crate) mod list;
pub(crate) mod live;
pub(crate) mod mail;
pub(crate) mod notes;
pub(crate) mod palette;
pub(crate) mod place;
pub(crate) mod policy;
pub(crate) mod possible;
pub(crate) mod text;
pub(crate) mod twin;
pub(crate) mod undo;
pub(crate) mod users;

use gatepost_shared::admin::console::ConsoleRules;
use gatepost_shared::admin::roles::Role;
use tui_input::Input;

use self::audit::Audit;
use self::dialog::Dialog;
use self::field::Typing;
use self::health::Health;
use self::home::Home;
use self::jobs::Jobs;
use self::live::Live;
use self::mail::Mail;
use self::notes::Notes;
use self::palette::Palette;
use self::policy::{Policy, Running};
use self::text::Line;
use self::undo::Undoables;
use self::users::Users;
use super::effect::Deed;
use super::keys::map::Keymap;
use super::look::Look;
use super::message::{Act, Context, Job, Once, Screen};
use super::prefs::Prefs;

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
    /// Whether it was opened to change nothing.
    pub(crate) read_only: bool,
    /// What is ruled for every console.
    pub(crate) rules: ConsoleRules,
    /// How the terminal is, and is used.
    pub(crate) terminal: Terminal,
    /// What this person keeps of the console.
    pub(crate) prefs: Prefs,
    /// Columns and rows of the terminal.
    pub(crate) size: (u16, u16),
    /// Milliseconds since the start.
    pub(crate) now: u64,
    /// When somebody last pressed a key; none before anything happened.
    pub(crate) touched: Option<u64>,
    /// Milliseconds without a key after which the screen is covered.
    pub(crate) idle: u64,
    /// Whether it is.
    pub(crate) is_masked: bool,
    /// Which screen is shown.
    pub(crate) screen: Screen,
    /// The screens whose rows led here, the last one last.
    pub(crate) crumbs: Vec<Screen>,
    /// See [`Screen::Home`].
    pub(crate) home: Home,
    /// See [`Screen::Users`].
    pub(crate) users: Users,
    /// See [`Screen::Live`].
    pub(crate) live: Live,
    /// See [`Screen::Audit`].
    pub(crate) audit: Audit,
    /// See [`Screen::Mail`].
    pub(crate) mail: Mail,
    /// See [`Screen::Policy`].
    pub(crate) policy: Policy,
    /// See [`Screen::Health`].
    pub(crate) health: Health,
    /// The filter that is being typed.
    pub(crate) typing: Option<Typing>,
    /// Why things are done, as it was said last.
    pub(crate) reason: String,
    /// What is being done and may be answered by a question.
    pub(crate) asking: Option<Deed>,
    /// The code that is shown once.
    pub(crate) code: Option<Shown>,
    /// The dialog that is open.
    pub(crate) dialog: Option<Dialog>,
    /// The list of acts that is open.
    pub(crate) palette: Option<Palette>,
    /// Acts that were done by a list, newest last.
    pub(crate) ran: Vec<Act>,
    /// The keys as this person has them.
    pub(crate) keys: Keymap,
    /// What lies over the screen.
    pub(crate) overlay: Option<Overlay>,
    /// What is looked for in the help.
    pub(crate) sought: Input,
    /// What was said.
    pub(crate) notes: Notes,
    /// What runs, and what came of it.
    pub(crate) jobs: Jobs,
    /// What can be taken back.
    pub(crate) undo: Undoables,
    /// What was handed out last: asked again where somebody else was quicker.
    pub(crate) asked: Option<Deed>,
    /// The list that is looked at, by its job.
    pub(crate) planning: Option<(Job, Deed)>,
    /// The copy of the store that is looked through, by its job.
    pub(crate) restoring: Option<(Job, Deed)>,
    /// When Ctrl-C was last pressed with nothing to cancel.
    pub(crate) interrupted: Option<u64>,
}

/// How the terminal is, and is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    /// Whether the mouse is ours; else the terminal's own, which selects text.
    pub(crate) mouse: bool,
    /// Whether it all runs in tmux.
    pub(crate) in_tmux: bool,
    /// Whether it, or whoever opened it, wants no colours.
    pub(crate) is_colourless: bool,
}

impl Default for Terminal {
    fn default() -> Self {
        Self {
            mouse: true,
            in_tmux: false,
            is_colourless: false,
        }
    }
}

/// A code that is shown once.
#[derive(Debug)]
pub(crate) struct Shown {
    /// What is shown.
    pub(crate) once: Once,
    /// Since when, in milliseconds since the start.
    pub(crate) from: u64,
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
    /// What runs.
    Jobs,
    /// A message as it would be mailed.
    Preview,
}

/// Columns that a text over a screen has at the most.
pub(crate) const WIDEST: u16 = 96;

/// The least columns and rows that can be drawn on.
pub(crate) const LEAST: (u16, u16) = (60, 15);
/// Columns from which a list and its detail stand side by side.
pub(crate) const SIDE_BY_SIDE: u16 = 100;
/// Rows that are no body: header, tabs, notes, footer.
pub(crate) const AROUND_BODY: u16 = 4;

/// Milliseconds without a key after which the screen is covered, unless a rule says otherwise.
pub(crate) const IDLE: u64 = 10 * 60 * 1000;

impl Model {
    /// A console that has seen nothing yet, for somebody who may only look.
    pub(crate) fn new(host: String, actor: String, look: Look, size: (u16, u16)) -> Self {
        Self {
            host,
            actor,
            role: Role::Auditor,
            look,
            read_only: false,
            rules: ConsoleRules::default(),
            terminal: Terminal::default(),
            prefs: Prefs::default(),
            size,
            now: 0,
            touched: None,
            idle: IDLE,
            is_masked: false,
            screen: Screen::Home,
            crumbs: Vec::new(),
            home: Home::default(),
            users: Users::default(),
            live: Live::default(),
            audit: Audit::default(),
            mail: Mail::default(),
            policy: Policy::default(),
            health: Health::default(),
            typing: None,
            reason: String::new(),
            asking: None,
            code: None,
            dialog: None,
            palette: None,
            ran: Vec::new(),
            keys: Keymap::default(),
            overlay: None,
            sought: Input::default(),
            notes: Notes::default(),
            jobs: Jobs::default(),
            undo: Undoables::default(),
            asked: None,
            planning: None,
            restoring: None,
            interrupted: None,
        }
    }

    /// Puts what is ruled for every console in force.
    pub(crate) fn rule(&mut self, rules: ConsoleRules) {
        self.rules = rules;
        if let Some(minutes) = rules.idle_minutes {
            self.idle = u64::from(minutes) * 60 * 1000;
        }
    }

    /// Whether nothing may be changed.
    pub(crate) const fn is_read_only(&self) -> bool {
        self.read_only || self.rules.read_only
    }

    /// What a key is pressed in.
    pub(crate) fn context(&self) -> Context {
        if self.code.is_some() {
            Context::Code
        } else if self.dialog.is_some() {
            Context::Dialog
        } else if self.palette.is_some() {
            Context::Palette
        } else if let Some(overlay) = self.overlay {
            match overlay.what {
                Over::Jobs => Context::Jobs,
                Over::Keys | Over::Notes | Over::Preview => Context::Overlay,
            }
        } else if self.typing.is_some() {
            Context::Filter
        } else {
            Context::Screen(self.screen)
        }
    }

    /// How many lines lie over the screen, where somebody reads to their end; the view stops at that of
    /// the others.
    pub(crate) fn overlay_length(&self) -> usize {
        let width = usize::from(self.size.0.min(WIDEST).saturating_sub(4));
        match self.overlay.map(|overlay| overlay.what) {
            Some(Over::Preview) => self.mail.preview_lines(width).len(),
            Some(Over::Keys) => self.help_lines(width).len(),
            Some(Over::Notes | Over::Jobs) | None => usize::MAX,
        }
    }

    /// Whether a text has the focus.
    pub(crate) fn is_typing(&self) -> bool {
        if self.is_masked || self.code.is_some() {
            return false;
        }
        match &self.dialog {
            Some(dialog) => dialog.is_typing(),
            None if self.palette.is_some() => true,
            None if self.overlay.is_some() => self.is_seeking(),
            None => self.typing.is_some(),
        }
    }

    /// When something on the screen must change though nothing happens.
    pub(crate) fn wakes(&self) -> Option<u64> {
        let masks = self.touched.filter(|_| !self.is_masked);
        let masks = masks.map(|touched| touched.saturating_add(self.idle));
        let trial = self.policy.trial.as_ref().filter(|_| !self.is_masked);
        let trial = trial.map(|running| Running::wakes(running, self.now));
        let undo = self.undo.ends().filter(|ends| *ends > self.now);
        [masks, self.notes.wakes(), trial, undo]
            .into_iter()
            .flatten()
            .min()
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

    /// The policy's text, as wide as the screen.
    pub(crate) fn policy_lines(&self) -> Vec<Line> {
        let width = usize::from(self.size.0.saturating_sub(4));
        self.policy.lines(width, self.now)
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
