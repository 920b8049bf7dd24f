//! Typing a filter: each key that makes sense is in force at once.

use gatepost_shared::admin::filter::{EventFilter, Filter, Order, complete_events, complete_users};

use super::super::effect::Effect;
use super::super::message::{Act, Edit, Screen, Step};
use super::super::model::Model;
use super::super::model::field::{InForce, Typing, type_into};
use super::{audit, prefs, users};

/// Opens the line, where the screen has a list that can be filtered.
pub(super) fn begin(model: &mut Model) -> Vec<Effect> {
    let text = match model.screen {
        Screen::Users => &model.users.filter.text,
        Screen::Audit => &model.audit.filter.text,
        Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => {
            return Vec::new();
        }
    };
    model.typing = Some(Typing::over(text));
    Vec::new()
}

pub(super) fn edit(model: &mut Model, edit: Edit) -> Vec<Effect> {
    let Some(typing) = model.typing.as_mut() else {
        return Vec::new();
    };
    if !type_into(&mut typing.input, edit) {
        return Vec::new();
    }
    let text = typing.input.value().to_owned();
    put_in_force(model, &text)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Apply => {
            let is_wrong = |typing: &Typing| typing.error.is_some();
            if model.typing.as_ref().is_some_and(is_wrong) {
                return Vec::new();
            }
            let Some(typing) = model.typing.take() else {
                return Vec::new();
            };
            let text = typing.input.value().trim().to_owned();
            if text.is_empty() || text == typing.before {
                return Vec::new();
            }
            model.crumbs.clear();
            model.prefs.remember(model.screen, &text);
            vec![prefs::keep(model)]
        }
        Act::Complete => complete(model),
        Act::Move(step @ (Step::Up | Step::Down)) => prefs::recall(model, step),
        Act::Back => {
            let Some(typing) = model.typing.take() else {
                return Vec::new();
            };
            put_in_force(model, &typing.before)
        }
        Act::Move(_) => match model.screen {
            Screen::Users => users::act(model, act),
            Screen::Audit => audit::act(model, act),
            Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => {
                Vec::new()
            }
        },
        _ => Vec::new(),
    }
}

/// Finishes the last word as far as that is clear.
fn complete(model: &mut Model) -> Vec<Effect> {
    let Some(typing) = model.typing.as_mut() else {
        return Vec::new();
    };
    let typed = typing.input.value();
    let finished = match model.screen {
        Screen::Users => complete_users(typed),
        Screen::Audit => complete_events(typed),
        Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => None,
    };
    let Some(text) = finished else {
        return Vec::new();
    };
    typing.input = text.clone().into();
    put_in_force(model, &text)
}

/// Puts an order in force: a word of the filter like the others, also of one that is being typed.
pub(super) fn sort(model: &mut Model, order: Order) -> Vec<Effect> {
    let typed = model.typing.as_ref().map(|typing| typing.input.value());
    let Some(text) = order.put_into(typed.unwrap_or(&model.users.filter.text)) else {
        return Vec::new();
    };
    if let Some(typing) = model.typing.as_mut() {
        typing.input = text.clone().into();
    }
    put_in_force(model, &text)
}

/// Takes the filter away, if there is one.
pub(super) fn clear(model: &mut Model) -> Vec<Effect> {
    let text = match model.screen {
        Screen::Users => &model.users.filter.text,
        Screen::Audit => &model.audit.filter.text,
        Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => {
            return Vec::new();
        }
    };
    if text.is_empty() {
        return Vec::new();
    }
    put_in_force(model, "")
}

/// Puts a filter in force on the shown screen; where it makes no sense, the one before stays.
pub(super) fn put_in_force(model: &mut Model, text: &str) -> Vec<Effect> {
    let error = match model.screen {
        Screen::Users => Filter::parse(text).map(|filter| {
            let text = text.to_owned();
            model.users.filter = InForce { text, filter };
        }),
        Screen::Audit => EventFilter::parse(text).map(|filter| {
            let text = text.to_owned();
            model.audit.filter = InForce { text, filter };
        }),
        Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => {
            return Vec::new();
        }
    }
    .err();
    let is_right = error.is_none();
    if let Some(typing) = model.typing.as_mut() {
        typing.error = error;
    }
    match model.screen {
        Screen::Users if is_right => users::refilter(model),
        Screen::Audit if is_right => audit::refilter(model),
        Screen::Home
        | Screen::Users
        | Screen::Live
        | Screen::Audit
        | Screen::Mail
        | Screen::Policy
        | Screen::Health => Vec::new(),
    }
}
