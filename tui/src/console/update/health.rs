//! What happens on doctor's screen.

use super::super::effect::Effect;
use super::super::message::{Act, Job};
use super::super::model::Model;
use super::{export, scrolled, start};

/// Looks around.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    start(model, Job::Doctor, Effect::Checks)
}

pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    if act == Act::BackUp {
        return export::ask_to_back_up(model);
    }
    if let Act::Move(step) = act {
        let width = usize::from(model.size.0.saturating_sub(4));
        let lines = model.health.lines(width).len();
        let height = model.text_height();
        let health = &mut model.health;
        health.scroll = scrolled(health.scroll, step, height, lines);
    }
    Vec::new()
}
