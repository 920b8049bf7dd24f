//! What happens on the home screen.

use gatepost_shared::admin::browse::Summary;

use super::super::effect::Effect;
use super::super::message::{Act, Screen, Step};
use super::super::model::Model;
use super::{crumbs, entered, typing};

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    let links = model.home.links();
    let last = links.len().saturating_sub(1);
    let home = &mut model.home;
    match act {
        Act::Move(Step::Up) => home.selected = home.selected.saturating_sub(1),
        Act::Move(Step::Down) => home.selected = (home.selected + 1).min(last),
        Act::Move(Step::PageUp | Step::First) => home.selected = 0,
        Act::Move(Step::PageDown | Step::Last) => home.selected = last,
        Act::Open => {
            if let Some(link) = links.get(home.selected) {
                return go_filtered(model, link.to, link.filter);
            }
        }
        Act::NotEnrolled => return go_filtered(model, Screen::Users, MISSING),
        _ => {}
    }
    Vec::new()
}

/// The counts are here: what takes longer comes after them, where it is seen.
pub(super) fn counted(model: &mut Model, summary: Summary) -> Vec<Effect> {
    model.home.summary = Some(summary);
    model.home.error = None;
    let last = model.home.links().len().saturating_sub(1);
    model.home.selected = model.home.selected.min(last);
    if model.screen != Screen::Home {
        return Vec::new();
    }
    // Who has no account changes with the machine's users, not with the store.
    let looks = std::mem::take(&mut model.home.looks_for_missing);
    let missing = looks.then_some(Effect::Missing);
    [Effect::Activity].into_iter().chain(missing).collect()
}

/// Who has no account, or none that gets codes.
pub(super) const MISSING: &str = "state:none,unconfirmed";

/// Shows a screen through a filter.
fn go_filtered(model: &mut Model, to: Screen, filter: &str) -> Vec<Effect> {
    crumbs::lead(model, to);
    // Read with the screen: here it would be read twice.
    let _read = typing::put_in_force(model, filter);
    entered(model)
}
