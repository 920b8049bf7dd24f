//! What happens on the accounts' screen.

use gatepost_shared::admin::users::State;

use super::super::effect::{Effect, Verb};
use super::super::message::{Act, Screen};
use super::super::model::Model;
use super::super::model::list::Keyed;
use super::super::model::text::Tone;
use super::{audit, dialog, forbidden, go, scrolled, typing};

/// Reads the rows around the selected one.
pub(super) fn read(model: &mut Model) -> Vec<Effect> {
    let (request, around) = model.users.list.ask_again();
    vec![Effect::Users {
        request,
        filter: model.users.filter.filter.clone(),
        around,
        mask: model.users.mask(),
    }]
}

/// Reads the rows of another filter, from the first on.
pub(super) fn refilter(model: &mut Model) -> Vec<Effect> {
    model.users.list.refilter();
    model.users.total = None;
    read(model)
}

/// Reads the selected account's page.
pub(super) fn read_page(model: &Model) -> Vec<Effect> {
    let users = &model.users;
    let is_seen = users.is_open || model.is_wide();
    match users.list.selected() {
        Some(row) if is_seen => vec![Effect::User {
            key: row.key(),
            mask: users.mask(),
        }],
        Some(_) | None => Vec::new(),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Move(step) if model.users.is_open && !model.is_wide() => {
            let lines = model.users.lines(model.detail_width()).len();
            let height = model.text_height();
            let users = &mut model.users;
            users.scroll = scrolled(users.scroll, step, height, lines);
            Vec::new()
        }
        Act::Move(step) => {
            let height = model.table_height();
            let before = model.users.list.selected().map(Keyed::key);
            let wanted = model.users.list.step(step, height);
            let mut effects = Vec::new();
            if let Some(around) = wanted {
                let (request, around) = model.users.list.ask(around);
                effects.push(Effect::Users {
                    request,
                    filter: model.users.filter.filter.clone(),
                    around,
                    mask: model.users.mask(),
                });
            }
            if model.users.list.selected().map(Keyed::key) != before {
                model.users.scroll = 0;
                effects.extend(read_page(model));
            }
            effects
        }
        Act::Open if model.users.list.selected().is_some() => {
            model.users.is_open = true;
            model.users.scroll = 0;
            read_page(model)
        }
        Act::Back if model.users.is_open => {
            model.users.is_open = false;
            Vec::new()
        }
        Act::Back => typing::clear(model),
        Act::Unlock => on_account(model, Verb::Unlock),
        Act::Disable => {
            let state = model.users.list.selected().map(|row| row.state);
            let verb = if state == Some(State::Disabled) {
                Verb::Enable
            } else {
                Verb::Disable
            };
            on_account(model, verb)
        }
        Act::Verify => on_account(model, Verb::Verify),
        Act::Unmask if model.users.unmasked => {
            model.users.unmasked = false;
            let mut effects = read(model);
            effects.extend(read_page(model));
            effects
        }
        Act::Unmask => match forbidden(model, Verb::Unmask) {
            Some(why_not) => {
                model.notes.say(model.now, Tone::Care, why_not);
                Vec::new()
            }
            None => dialog::about_addresses(model),
        },
        Act::EventsOf => {
            let Some(row) = model.users.list.selected() else {
                return Vec::new();
            };
            let text = format!("user:{}", row.key);
            model.screen = Screen::Audit;
            audit::filter_by(model, &text);
            go(model, Screen::Audit)
        }
        _ => Vec::new(),
    }
}

/// Opens the dialog of an act on the selected account, or says why it cannot be done.
fn on_account(model: &mut Model, verb: Verb) -> Vec<Effect> {
    let Some(row) = model.users.list.selected() else {
        let text = "No account is selected.";
        model.notes.say(model.now, Tone::Care, text);
        return Vec::new();
    };
    if let Some(why_not) = why_not(model, row.state, &row.user, verb) {
        model.notes.say(model.now, Tone::Care, why_not);
        return Vec::new();
    }
    let (key, user) = (row.key.clone(), row.user.clone());
    let standing = row.standing.clone();
    dialog::about_account(model, verb, key, &user, &standing);
    Vec::new()
}

/// Why an act makes no sense now.
fn why_not(model: &Model, state: State, user: &str, verb: Verb) -> Option<String> {
    if let Some(why_not) = forbidden(model, verb) {
        return Some(why_not);
    }
    if state == State::Removed {
        return Some(format!(
            "{user} was removed: gatepost user add {user} ADDRESS"
        ));
    }
    let page = model.users.page_of_selected();
    let waits = page.and_then(|page| page.as_ref().ok());
    let waits = waits.map_or(state == State::Unconfirmed, |page| page.unconfirmed);
    match verb {
        Verb::Verify if !waits => Some(format!(
            "{user} has no address that waits for its code; nothing to confirm."
        )),
        Verb::Verify
        | Verb::Unlock
        | Verb::Disable
        | Verb::Enable
        | Verb::Unmask
        | Verb::TestMail => None,
    }
}
