//! What happens on doctor's screen.

use super::super::effect::Effect;
use super::super::message::{Act, Job};
use super::super::model::Model;
use super::{export, restore, scrolled, start};

/// Looks around.
pub(super) fn look(model: &mut Model) -> Vec<Effect> {
    start(model, Job::Doctor, Effect::Checks)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Move(step) if model.health.is_open && !model.is_wide() => {
            let lines = model.health.lines(model.detail_width()).len();
            let height = model.text_height();
            let health = &mut model.health;
            health.scroll = scrolled(health.scroll, step, height, lines);
        }
        Act::Move(step) => {
            let height = model.table_height();
            model.health.scroll = 0;
            // All of them are in memory.
            let _whole = model.health.list.step(step, height);
        }
        Act::Open => {
            model.health.is_open = model.health.list.selected().is_some();
            model.health.scroll = 0;
        }
        Act::Back => model.health.is_open = false,
        Act::BackUp => return export::ask_to_back_up(model),
        Act::Restore => return restore::ask(model),
        _ => {}
    }
    Vec::new()
}
