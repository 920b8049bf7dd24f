//! What happens on the screen of events.

use super::super::effect::Effect;
use super::super::message::{Act, Job};
use super::super::model::Model;
use super::{scrolled, start, typing};

/// Reads the rows around the selected one.
pub(super) fn read(model: &mut Model) -> Vec<Effect> {
    let (request, around) = model.audit.list.ask_again();
    vec![Effect::Events {
        request,
        filter: model.audit.filter.filter.clone(),
        around,
    }]
}

/// Reads the rows of another filter, from the first on.
pub(super) fn refilter(model: &mut Model) -> Vec<Effect> {
    model.audit.list.refilter();
    read(model)
}

/// Puts a filter in force; what is read comes with the screen.
pub(super) fn filter_by(model: &mut Model, text: &str) {
    // Read with the screen: here it would be read twice.
    let _read = typing::put_in_force(model, text);
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Move(step) if model.audit.is_open && !model.is_wide() => {
            let lines = model.audit.lines(model.detail_width()).len();
            let height = model.text_height();
            let audit = &mut model.audit;
            audit.scroll = scrolled(audit.scroll, step, height, lines);
            Vec::new()
        }
        Act::Move(step) => {
            let height = model.table_height();
            model.audit.scroll = 0;
            let Some(around) = model.audit.list.step(step, height) else {
                return Vec::new();
            };
            let (request, around) = model.audit.list.ask(around);
            vec![Effect::Events {
                request,
                filter: model.audit.filter.filter.clone(),
                around,
            }]
        }
        Act::Open => {
            model.audit.is_open = model.audit.list.selected().is_some();
            model.audit.scroll = 0;
            Vec::new()
        }
        Act::Back if model.audit.is_open => {
            model.audit.is_open = false;
            Vec::new()
        }
        Act::Back => typing::clear(model),
        Act::CheckChain => start(model, Job::Chain, Effect::CheckChain),
        _ => Vec::new(),
    }
}
