//! What happens on the live screen.

use gatepost_shared::admin::browse::Around;
use gatepost_shared::admin::filter::EventFilter;

use super::super::effect::Effect;
use super::super::message::{Act, Screen, Standing};
use super::super::model::Model;
use super::super::model::live::Pane;
use super::super::model::text::Tone;
use super::{asking, audit, crumbs, entered, users};

/// Reads the rows around the selected one.
pub(super) fn read(model: &mut Model) -> Vec<Effect> {
    let (request, around) = model.live.stream.ask_again();
    vec![Effect::Stream { request, around }]
}

/// A reading came in. The stream is read anew where there is something new at its top and somebody looks.
pub(super) fn take(model: &mut Model, found: Result<Standing, String>) -> Vec<Effect> {
    match found {
        Ok(standing) => {
            model.home.alarm(&standing);
            model.live.now = Some(standing);
            model.live.error = None;
        }
        Err(error) => model.live.error = Some(error),
    }
    let is_looked_at = model.screen == Screen::Live && model.live.is_following();
    if is_looked_at && model.live.unseen() > 0 {
        return read(model);
    }
    Vec::new()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Next => model.live.pane = model.live.pane.beside(1),
        Act::Previous => model.live.pane = model.live.pane.beside(Pane::ALL.len() - 1),
        Act::Move(step) if model.live.pane == Pane::Stream => {
            let height = model.table_height();
            let wanted = model.live.stream.step(step, height);
            model.live.look();
            if let Some(around) = wanted {
                let (request, around) = model.live.stream.ask(around);
                return vec![Effect::Stream { request, around }];
            }
            if model.live.is_following() && model.live.unseen() > 0 {
                return read(model);
            }
        }
        Act::Move(step) => model.live.step(step),
        Act::Open => return open(model),
        Act::Pause => {
            model.live.pause();
            return again(model);
        }
        Act::Follow => {
            model.live.follows = !model.live.is_following();
            if model.live.follows {
                if model.live.is_paused {
                    model.live.pause();
                }
                let (request, around) = model.live.stream.ask(Around::First);
                return vec![Effect::Stream { request, around }];
            }
            let text = "The stream stays where it is; f follows it again.";
            model.notes.say(model.now, Tone::Plain, text);
        }
        Act::Shield => asking::about_shield(model),
        Act::EndShield => {
            if let Some(shield) = model.live.shield().cloned() {
                asking::about_end_of_shield(model, &shield);
            }
        }
        // Where one pane is seen at a time, back to the first.
        Act::Back => model.live.pane = Pane::Stream,
        _ => {}
    }
    Vec::new()
}

/// What is new, unless somebody scrolled away or lets it stand still.
fn again(model: &mut Model) -> Vec<Effect> {
    if model.live.is_following() {
        return read(model);
    }
    Vec::new()
}

/// Goes to the account of the selected row, or to the events of its source.
fn open(model: &mut Model) -> Vec<Effect> {
    let (user, source) = match model.live.pane {
        Pane::Stream => {
            let event = model.live.stream.selected();
            (event.map(|event| event.user.clone()), None)
        }
        Pane::Accounts => (model.live.account().map(|one| one.user.clone()), None),
        Pane::Sources => (None, model.live.source().map(|one| one.source.clone())),
        Pane::Shields => (None, model.live.shield().map(|one| one.source.clone())),
        Pane::Meter => (None, None),
    };
    if let Some(user) = user.filter(|user| !user.is_empty()) {
        return users::show(model, user);
    }
    let text = source.map(|source| format!("from:{source}"));
    if let Some(text) = text.filter(|text| EventFilter::parse(text).is_ok()) {
        crumbs::lead(model, Screen::Audit);
        audit::filter_by(model, &text);
        return entered(model);
    }
    let text = "That row is about no account.";
    model.notes.say(model.now, Tone::Care, text);
    Vec::new()
}
