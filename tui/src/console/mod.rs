//! The console: event, message, update, effects, view.
//!
//! - [`message`], [`effect`]: what can happen and what can be done, as data; [`act`]: what is wanted, and where;
//!   [`told`]: what was found
//! - [`model`]: the state; [`update`]: how it changes; [`view`]: how it looks
//! - [`keys`]: the one table of keys; [`mod@look`]: themes; [`prefs`]: what a person keeps
//! - [`event`], [`gate`], [`terminal`], [`work`]: the outside; [`app`]: where all of them meet;
//!   [`mod@once`]: Home without a terminal

mod act;
mod app;
mod effect;
mod event;
mod gate;
mod keys;
mod look;
mod message;
mod model;
mod once;
mod prefs;
#[cfg(test)]
mod samples;
mod terminal;
#[cfg(test)]
mod tests;
mod told;
mod update;
mod view;
mod work;

use std::io;
use std::sync::mpsc;

use gatepost_shared::admin::console::ConsoleRules;
use gatepost_shared::admin::roles::Role;
use gatepost_shared::host::{Host, System};
use gatepost_shared::signals;

use self::app::{App, Ending};
use self::look::{Look, Scheme};
use self::message::{Act, Message, Screen as Place};
use self::model::Model;
pub(crate) use self::once::once;
use self::terminal::Screen;
pub(crate) use self::work::Opener;
use self::work::Workers;

/// How the console begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// On which screen.
    pub(crate) screen: Option<String>,
    /// With which filter.
    pub(crate) filter: Option<String>,
    /// Whether nothing may be changed.
    pub(crate) read_only: bool,
    /// Whether only ASCII is drawn, whatever the terminal is.
    pub(crate) ascii: bool,
    /// This host's name.
    pub(crate) host: String,
    /// Who acts.
    pub(crate) actor: String,
    /// What is ruled for every console.
    pub(crate) rules: ConsoleRules,
    /// What they may do.
    pub(crate) role: Option<Role>,
}

/// Lets the calling person edit a text; none where they left it as it was.
pub(crate) type Editor<'a> = dyn Fn(&str) -> Result<Option<String>, String> + 'a;

/// The names that a screen can be asked for by.
pub(crate) fn screens() -> [&'static str; 7] {
    Place::ALL.map(Place::name)
}

/// Whether there is such a screen.
pub(crate) fn has_screen(name: &str) -> bool {
    Place::named(name).is_some()
}

/// A row of the table of keys, in words.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    /// Where it holds.
    pub(crate) within: String,
    /// The keys.
    pub(crate) keys: Vec<String>,
    /// What it is called in keys.toml; empty where its keys are fixed.
    pub(crate) name: &'static str,
    /// What they do.
    pub(crate) does: &'static str,
}

/// The themes: their names, and how they look.
pub(crate) fn themes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let named = |scheme: Scheme| (scheme.name(), scheme.long());
    Scheme::ALL.into_iter().map(named)
}

/// The whole table of keys.
pub(crate) fn bound() -> impl Iterator<Item = Bound> {
    keys::TABLE.iter().map(|row| Bound {
        within: row.within.name(),
        keys: row.keys.iter().map(|key| key.shown()).collect(),
        name: row.name,
        does: row.long,
    })
}

/// Runs the console; the terminal is given back before this returns.
pub(crate) fn run(
    open: Opener,
    options: Options,
    editor: &Editor<'_>,
) -> io::Result<Result<(), String>> {
    // Before any thread begins: a stop that one of them takes stops all, one inside the store too.
    signals::hold_for_good()?;
    let (sender, events) = mpsc::channel();
    let system = System::new().map_err(io::Error::other)?;
    let clock = move || u64::try_from(system.now().moment.at.millis()).unwrap_or(0);
    let mut screen = Screen::take()?;
    let mut model = Model::new(
        options.host,
        options.actor,
        look(options.ascii),
        screen.size(),
    );
    model.terminal.in_tmux = in_tmux();
    model.terminal.is_colourless = model.look.scheme == Scheme::Mono;
    model.read_only = options.read_only;
    model.rule(options.rules);
    screen.mouse(model.terminal.mouse)?;
    model.role = options.role.unwrap_or(Role::Auditor);
    let workers = Workers::start(open, &sender, model.is_read_only())?;
    let gate = event::listen(&sender)?;
    let place = options.screen.as_deref().and_then(Place::named);
    model.screen = place.unwrap_or(if options.filter.is_none() {
        Place::first_for(model.role)
    } else {
        Place::Home
    });
    if let Some(filter) = options.filter {
        open_filtered(&mut model, &filter);
    }
    // The workers have clones: a channel that only they keep open ends with them.
    drop(sender);
    let app = App {
        model,
        screen,
        workers,
        events: &events,
        clock: &clock,
        editor,
        gate: &gate,
    };
    // The screen is dropped in there, so the terminal is the shell's again.
    match app.run()? {
        Ending::Left => Ok(Ok(())),
        Ending::Lost(why) => Ok(Err(why)),
        Ending::Signal(signal) => {
            signals::hear(&[signal])?;
            signal_hook::low_level::emulate_default_handler(signal)?;
            Ok(Ok(()))
        }
    }
}

/// Puts a filter in force as if it had been typed; what is wrong with it is said there.
fn open_filtered(model: &mut Model, filter: &str) {
    if model.screen == Place::Home {
        model.screen = Place::Users;
    }
    // Read when the loop begins.
    let _read = update::update(model, Message::Act(Act::Filter));
    for c in filter.chars() {
        let _read = update::update(model, Message::Edit(message::Edit::Insert(c)));
    }
    let _read = update::update(model, Message::Act(Act::Apply));
}

#[expect(
    clippy::disallowed_methods,
    reason = "it adds a few words to a note, and decides nothing"
)]
fn in_tmux() -> bool {
    std::env::var_os("TMUX").is_some_and(|set| !set.is_empty())
}

#[expect(
    clippy::disallowed_methods,
    reason = "how it looks is the calling person's choice, and decides nothing"
)]
fn look(ascii: bool) -> Look {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    let term = std::env::var_os("TERM").unwrap_or_default();
    let is_plain = term == "dumb" || term.is_empty();
    let scheme = if no_colour || is_plain {
        Scheme::Mono
    } else {
        Scheme::Auto
    };
    Look {
        scheme,
        ascii: ascii || is_plain || term == "linux",
    }
}
