//! What is kept from one console to the next: read once, written with each change.

use super::super::effect::{Effect, Slot};
use super::super::keys::map::Keymap;
use super::super::look::Scheme;
use super::super::message::{Screen, Step};
use super::super::model::Model;
use super::super::model::dialog::{About, Dialog, Field, Focus, Needs};
use super::super::model::text::Tone;
use super::super::prefs::{Keys, Prefs};
use super::{go, typing};

/// What was read comes in; what is wrong with it is said, and the console does without.
pub(super) fn take(
    model: &mut Model,
    prefs: Prefs,
    others: &Keys,
    faults: Vec<String>,
) -> Vec<Effect> {
    if let Ok(keys) = Keymap::with(others) {
        model.keys = keys;
    }
    if let Some(scheme) = prefs.scheme()
        && !model.terminal.is_colourless
    {
        model.look.scheme = scheme;
    }
    let mut effects = Vec::new();
    if prefs.no_mouse && model.terminal.mouse {
        model.terminal.mouse = false;
        effects.push(Effect::Mouse(false));
    }
    model.prefs = prefs;
    for fault in faults {
        model.notes.say(model.now, Tone::Care, fault);
    }
    effects
}

/// Keeps what was changed.
pub(super) fn keep(model: &Model) -> Effect {
    Effect::Keep(Box::new(model.prefs.clone()))
}

/// A theme is chosen.
pub(super) fn theme(model: &mut Model, scheme: Scheme) -> Vec<Effect> {
    model.look.scheme = scheme;
    model.prefs.choose(scheme);
    vec![keep(model)]
}

/// Takes the mouse, or leaves it to the terminal.
pub(super) fn mouse(model: &mut Model) -> Vec<Effect> {
    model.terminal.mouse = !model.terminal.mouse;
    model.prefs.no_mouse = !model.terminal.mouse;
    let text = if model.terminal.mouse {
        "The mouse selects rows here now."
    } else {
        "The mouse is the terminal's: it selects text again. M takes it back."
    };
    model.notes.say(model.now, Tone::Plain, text);
    vec![Effect::Mouse(model.terminal.mouse), keep(model)]
}

/// Puts an earlier filter into the line, or a later one.
pub(super) fn recall(model: &mut Model, step: Step) -> Vec<Effect> {
    let filters = model.prefs.filters(model.screen);
    let Some(typing) = model.typing.as_mut() else {
        return Vec::new();
    };
    let at = typing.recalled.unwrap_or(filters.len());
    let to = if step == Step::Up {
        at.checked_sub(1)
    } else {
        Some(at + 1)
    };
    let Some(to) = to.filter(|to| *to <= filters.len()) else {
        return Vec::new();
    };
    // Beyond the newest stands what was there before.
    let text = filters.get(to).unwrap_or(&typing.before).clone();
    typing.recalled = Some(to);
    typing.input = text.clone().into();
    typing::put_in_force(model, &text)
}

/// Opens the dialog in which a view gets its name.
pub(super) fn name_view(model: &mut Model) -> Vec<Effect> {
    let filter = match model.screen {
        Screen::Users => &model.users.filter.text,
        Screen::Audit => &model.audit.filter.text,
        Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => {
            return Vec::new();
        }
    };
    let missing = Needs::Something("A name is missing.");
    model.dialog = Some(Dialog {
        title: "Keep this filter as a view".to_owned(),
        text: vec![format!("{}: {filter}", model.screen.name())],
        for_good: None,
        fields: vec![Field::text(Slot::Name, "Name", "", missing)],
        does: "Keep it".to_owned(),
        leaves: "Keep nothing",
        focus: Focus::Field(0),
        about: About::View,
    });
    Vec::new()
}

/// Keeps the filter in force under a name.
pub(super) fn keep_view(model: &mut Model, name: &str) -> Vec<Effect> {
    let filter = match model.screen {
        Screen::Users => &model.users.filter.text,
        Screen::Audit => &model.audit.filter.text,
        Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => {
            return Vec::new();
        }
    };
    if !model.prefs.keep(name, model.screen, filter) {
        let text = "There are too many views: take some out of prefs.toml.";
        model.notes.say(model.now, Tone::Care, text);
        return Vec::new();
    }
    let text = format!("V shows {name} from now on.");
    model.notes.say(model.now, Tone::Good, text);
    vec![keep(model)]
}

/// Shows a view.
pub(super) fn show_view(model: &mut Model, at: usize) -> Vec<Effect> {
    let view = model.prefs.view.get(at).cloned();
    let Some((screen, filter)) = view.and_then(|view| Some((view.place()?, view.filter))) else {
        return Vec::new();
    };
    model.screen = screen;
    // Read with the screen: here it would be read twice.
    let _read = typing::put_in_force(model, &filter);
    go(model, screen)
}
