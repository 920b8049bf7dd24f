//! A list of acts over a screen: everything that can be done, what can be done with a row, or the ways
//! to do one thing; looked for by a few of their letters.

use gatepost_shared::admin::bypass::Listed;
use gatepost_shared::admin::filter::{By, Order};
use gatepost_shared::admin::templates::{Kind, Template};
use gatepost_words::text::tame;
use tui_input::Input;

use super::super::keys::map::Bound;
use super::super::keys::{Binding, Within};
use super::super::look::Scheme;
use super::super::message::{Act, Context, Screen, Step};
use super::Model;
use super::fuzzy::score;
use super::possible::is_on_row;
use super::twin::quoted;
use super::undo::named;
use super::users::code_line;

/// What an act of the screen that is shown has before one of another: less than a word typed to its end.
const HERE: u32 = 24;

/// Which acts are in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything that can be done here.
    All,
    /// What can be done with the selected row.
    Row,
    /// The themes.
    Themes,
    /// The views that were kept.
    Views,
    /// The orders of a list.
    Orders,
    /// The bypass codes of the selected account.
    Codes,
    /// What can be taken back.
    Undo,
    /// The kinds of messages, each to be looked at.
    Previews,
}

/// An act in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The act.
    pub(crate) act: Act,
    /// Its name.
    pub(crate) name: String,
    /// What it does, in a sentence.
    pub(crate) long: String,
    /// Its key; empty where it has none.
    pub(crate) key: String,
    /// The subcommand that does it too; empty where there is none.
    pub(crate) twin: String,
    /// Why it makes no sense now.
    pub(crate) why_not: Option<String>,
    /// The screen it is done on, where that is another one.
    pub(crate) elsewhere: Option<Screen>,
}

/// An open list of acts.
#[derive(Debug)]
pub(crate) struct Palette {
    /// What it says above.
    pub(crate) title: String,
    /// What is looked for.
    pub(crate) input: Input,
    /// All acts, before anything is looked for.
    entries: Vec<Entry>,
    /// The places of those that were found, the best first.
    found: Vec<usize>,
    /// Which of them is selected.
    pub(crate) selected: usize,
}

impl Palette {
    /// A list of acts, all of them found.
    pub(crate) fn new(title: impl Into<String>, entries: Vec<Entry>) -> Self {
        let mut palette = Self {
            title: title.into(),
            input: Input::default(),
            entries,
            found: Vec::new(),
            selected: 0,
        };
        palette.look();
        palette
    }

    /// Looks for what is typed; the best is selected.
    pub(crate) fn look(&mut self) {
        let wanted = self.input.value();
        let mut found: Vec<(u32, usize)> = Vec::new();
        for (at, entry) in self.entries.iter().enumerate() {
            // A sentence has nearly every letter somewhere: the word must be in it.
            let is_said = entry.long.to_lowercase().contains(&wanted.to_lowercase());
            // While nothing is typed, what was done last stands first wherever it is done.
            let is_near = entry.elsewhere.is_none() || wanted.is_empty();
            let here = if is_near { HERE } else { 1 };
            let name = score(wanted, &entry.name).map(|score| score + here);
            if let Some(score) = name.max(is_said.then_some(0)) {
                found.push((score, at));
            }
        }
        // Stable: what is as good stays in the table's order.
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        self.found = found.into_iter().map(|(_, at)| at).collect();
        self.selected = 0;
    }

    /// What was found.
    pub(crate) fn found(&self) -> impl Iterator<Item = &Entry> {
        self.found.iter().filter_map(|at| self.entries.get(*at))
    }

    /// The selected one.
    pub(crate) fn selected(&self) -> Option<&Entry> {
        self.found().nth(self.selected)
    }

    /// Selects another one.
    pub(crate) fn step(&mut self, step: Step, height: usize) {
        let last = self.found.len().saturating_sub(1);
        self.selected = match step {
            Step::Up => self.selected.saturating_sub(1),
            Step::Down => self.selected + 1,
            Step::PageUp => self.selected.saturating_sub(height.max(1)),
            Step::PageDown => self.selected + height.max(1),
            Step::First => 0,
            Step::Last => last,
        }
        .min(last);
    }
}

impl Model {
    /// The themes; the one in use is said to be.
    fn themes(&self) -> Vec<Entry> {
        let entry = |scheme: Scheme| Entry {
            act: Act::Theme(scheme),
            name: scheme.name().to_owned(),
            long: scheme.long().to_owned(),
            key: if scheme == self.look.scheme {
                "in use"
            } else {
                ""
            }
            .to_owned(),
            twin: String::new(),
            why_not: None,
            elsewhere: None,
        };
        Scheme::ALL.into_iter().map(entry).collect()
    }

    /// The orders of the accounts; the one in force is said to be.
    fn orders(&self) -> Vec<Entry> {
        let now = self.users.filter.filter.order();
        let entries = Order::ALL.into_iter().map(|order| Entry {
            act: Act::SortBy(order),
            name: order.to_string(),
            long: match (order.by, order.is_back) {
                (By::Name, false) => "by name",
                (By::Name, true) => "by name, the last one first",
                (By::State, false) => "by state, whoever needs somebody first",
                (By::State, true) => "by state, whoever needs somebody last",
                (By::Enrolled, false) => "as they were enrolled",
                (By::Enrolled, true) => "as they were enrolled, the newest first",
                (By::Last, false) => "by last sign-in, the longest ago first",
                (By::Last, true) => "by last sign-in, the latest first",
                (By::Fails, false) => "by wrong codes in a row, the fewest first",
                (By::Fails, true) => "by wrong codes in a row, the most first",
            }
            .to_owned(),
            key: if order == now { "in use" } else { "" }.to_owned(),
            twin: format!("gatepost user list sort:{order}"),
            why_not: self.why_not(Act::SortBy(order)),
            elsewhere: None,
        });
        entries.collect()
    }

    /// What can be taken back; what somebody may not take back says so.
    fn undoables(&self) -> Vec<Entry> {
        let entries = self.undo.open(self.now).map(|act| Entry {
            act: Act::UndoEntry(act.id),
            name: if act.again {
                format!("again: {}", named(act))
            } else {
                named(act)
            },
            long: format!("done {} by {}", act.at, act.by),
            key: String::new(),
            twin: format!("gatepost undo {}", act.id),
            why_not: (!act.permitted)
                .then(|| "Your role here may not take that back: ask an admin.".to_owned()),
            elsewhere: None,
        });
        entries.collect()
    }

    /// The views that were kept, and keeping one.
    fn views(&self) -> Vec<Entry> {
        let entry = |act, name: &str, long: String| Entry {
            act,
            name: name.to_owned(),
            long,
            key: String::new(),
            twin: String::new(),
            why_not: self.why_not(act),
            elsewhere: None,
        };
        let views = self.prefs.view.iter().enumerate().map(|(at, view)| {
            let screen = view.place().map_or("", Screen::name);
            entry(
                Act::View(at),
                &view.name,
                format!("{screen}: {}", view.filter),
            )
        });
        let keep = "keep the filter that is in force under a name".to_owned();
        views
            .chain([entry(Act::KeepView, "keep ...", keep)])
            .collect()
    }

    /// The bypass codes of the selected account, each to be ended.
    fn codes(&self) -> Vec<Entry> {
        let page = self.users.page_of_selected();
        let codes = page.and_then(|page| page.as_ref().ok());
        let entry = |code: &Listed| {
            let act = Act::Revoke(code.id);
            Entry {
                act,
                name: format!("end {}", code.id),
                long: code_line(code),
                key: String::new(),
                twin: self.twin_of(&format!("gatepost bypass revoke USER {}", code.id)),
                why_not: self.why_not(act),
                elsewhere: None,
            }
        };
        codes.map_or_else(Vec::new, |page| page.bypass.iter().map(entry).collect())
    }

    /// The kinds of messages; whose templates are used is said where it is known.
    fn previews(&self) -> Vec<Entry> {
        let known = self.mail.post.as_ref().and_then(|post| post.as_ref().ok());
        let own = |kind: Kind| {
            let templates = known.map_or(&[][..], |post| &post.templates);
            let of_it = |template: &&Template| kind.templates().contains(&template.name);
            templates.iter().filter(of_it).any(|template| template.own)
        };
        let entry = |kind: Kind| {
            let act = Act::PreviewOf(kind);
            Entry {
                act,
                name: kind.word().to_owned(),
                long: kind.long().to_owned(),
                key: if own(kind) { "your own" } else { "" }.to_owned(),
                twin: format!("gatepost mail template preview {}", kind.word()),
                why_not: self.why_not(act),
                elsewhere: None,
            }
        };
        Kind::ALL.into_iter().map(entry).collect()
    }

    /// The acts of a scope, those that were done last before the others.
    pub(crate) fn acts(&self, scope: Scope) -> Vec<Entry> {
        match scope {
            Scope::Themes => return self.themes(),
            Scope::Views => return self.views(),
            Scope::Orders => return self.orders(),
            Scope::Codes => return self.codes(),
            Scope::Undo => return self.undoables(),
            Scope::Previews => return self.previews(),
            Scope::All | Scope::Row => {}
        }
        let rows = self.keys.rows(Context::Screen(self.screen));
        let rows = rows.filter(|bound| match scope {
            Scope::All => is_looked_for(bound.row),
            Scope::Row
            | Scope::Themes
            | Scope::Views
            | Scope::Orders
            | Scope::Codes
            | Scope::Undo
            | Scope::Previews => is_looked_for(bound.row) && bound.row.is_own(self.screen),
        });
        let mut entries: Vec<Entry> = rows.map(|bound| self.entry(bound)).collect();
        if scope == Scope::All {
            self.add_elsewhere(&mut entries);
        }
        let age = |entry: &Entry| {
            let age = self.ran.iter().rev().position(|act| *act == entry.act);
            age.unwrap_or(usize::MAX)
        };
        if scope == Scope::All {
            entries.sort_by_key(age);
        }
        entries
    }

    /// Adds what is done on the other screens, those acts that a shell knows too: moving about over there is
    /// of no use here.
    fn add_elsewhere(&self, entries: &mut Vec<Entry>) {
        for screen in Screen::ALL {
            for bound in self.keys.rows(Context::Screen(screen)) {
                let row = bound.row;
                let is_done_there = row.within == Within::Screen(screen) && screen != self.screen;
                let is_known = entries.iter().any(|entry| entry.act == row.act);
                // To follow or not is turned round, by whoever sees which it is.
                let is_job = !row.twin.is_empty() && row.act != Act::Follow;
                if !is_done_there || is_known || !is_job || !is_looked_for(row) {
                    continue;
                }
                entries.push(Entry {
                    key: format!("{} {}", screen.number(), shown(bound))
                        .trim_end()
                        .to_owned(),
                    twin: row.twin.to_owned(),
                    // Of a row over there nothing is said here: nobody sees which one is selected.
                    why_not: if is_on_row(row.act) {
                        self.why_never(row.act)
                    } else {
                        self.why_not(row.act)
                    },
                    elsewhere: Some(screen),
                    ..self.entry(bound)
                });
            }
        }
    }

    fn entry(&self, bound: &Bound) -> Entry {
        let row = bound.row;
        Entry {
            act: row.act,
            name: row.name.to_owned(),
            long: row.long.to_owned(),
            key: shown(bound),
            twin: self.twin_of(row.twin),
            why_not: self.why_not(row.act),
            elsewhere: None,
        }
    }
}

impl Model {
    /// A subcommand of the table with the selected account in it.
    pub(crate) fn twin_of(&self, twin: &str) -> String {
        let user = match self.screen {
            Screen::Users => self.users.list.selected().map(|row| row.key.as_str()),
            Screen::Audit => self.audit.list.selected().map(|row| row.user.as_str()),
            Screen::Mail => self.mail.list.selected().map(|row| row.user.as_str()),
            Screen::Home | Screen::Live | Screen::Policy | Screen::Health => None,
        };
        match user.filter(|user| !user.is_empty()) {
            Some(user) => twin.replace("USER", &tame(&quoted(user))),
            None => twin.to_owned(),
        }
    }
}

/// The key that is shown for an act.
fn shown(bound: &Bound) -> String {
    let first = bound.keys.first();
    first.map(|key| key.shown()).unwrap_or_default()
}

/// Whether somebody would look for a row's act: not for a step in a list.
fn is_looked_for(row: &Binding) -> bool {
    let is_step = matches!(
        row.act,
        Act::Move(_) | Act::Back | Act::Next | Act::Previous | Act::Palette | Act::Actions
    );
    !is_step && !row.name.is_empty()
}

impl Binding {
    /// Whether its act is about the rows of a screen.
    fn is_own(&self, screen: Screen) -> bool {
        match self.within {
            Within::Screen(own) => own == screen,
            Within::Lists | Within::Listed | Within::Rows | Within::Filtered => true,
            Within::Screens
            | Within::Filter
            | Within::Dialog
            | Within::Palette
            | Within::Jobs
            | Within::Overlay
            | Within::Code
            | Within::OnePane
            | Within::Everywhere => false,
        }
    }
}
