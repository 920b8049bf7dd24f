//! What the mouse does: a click selects, a second one on the same row opens, the wheel moves.

use gatepost_shared::admin::filter::Order;

use super::super::effect::Effect;
use super::super::message::{Act, Context, Mouse, Screen, Step};
use super::super::model::Model;
use super::super::model::columns::Column;
use super::super::model::live::Pane;
use super::super::model::place::Place;
use super::super::model::text::Tone;
use super::{acted, go, typing, users};

/// Rows that a notch of the wheel moves.
const NOTCH: usize = 3;

pub(super) fn take(model: &mut Model, mouse: Mouse) -> Vec<Effect> {
    match mouse {
        Mouse::WheelUp => wheel(model, Step::Up),
        Mouse::WheelDown => wheel(model, Step::Down),
        Mouse::Click(column, row) => match model.context() {
            // A dialog is answered by keys alone: a click meant for what was there before does nothing.
            Context::Dialog
            | Context::Palette
            | Context::Jobs
            | Context::Overlay
            | Context::Code => Vec::new(),
            Context::Filter | Context::Screen(_) => click(model, (column, row)),
        },
    }
}

fn wheel(model: &mut Model, step: Step) -> Vec<Effect> {
    if matches!(model.context(), Context::Dialog | Context::Code) {
        return Vec::new();
    }
    let steps = (0..NOTCH).flat_map(|_| acted(model, Act::Move(step)));
    steps.collect()
}

fn click(model: &mut Model, at: (u16, u16)) -> Vec<Effect> {
    match model.place(at) {
        Some(Place::Tab(screen)) => {
            model.typing = None;
            go(model, screen)
        }
        Some(Place::Head(column)) => head(model, column),
        Some(Place::Row(line)) => row(model, line),
        None => Vec::new(),
    }
}

/// Sorts by that column; where the list is sorted by it, the other way round.
fn head(model: &mut Model, column: Option<Column>) -> Vec<Effect> {
    if let Some(why_not) = model.why_not(Act::Sort) {
        model.notes.say(model.now, Tone::Care, why_not);
        return Vec::new();
    }
    let Some(column) = column else {
        return Vec::new();
    };
    let Some(by) = column.by else {
        let text = format!(
            "There is no order by {}: s lists those that there are.",
            column.title
        );
        model.notes.say(model.now, Tone::Care, text);
        return Vec::new();
    };
    let now = model.users.filter.filter.listed_in();
    let order = if now.by == by {
        now.turned()
    } else {
        Order::of(by)
    };
    if let Some(why_not) = model.why_not(Act::SortBy(order)) {
        model.notes.say(model.now, Tone::Care, why_not);
        return Vec::new();
    }
    typing::sort(model, order)
}

/// Selects the row on that line; opens it where it was selected already.
fn row(model: &mut Model, line: usize) -> Vec<Effect> {
    let (selected, top, count) = match model.screen {
        Screen::Home => {
            let top = model.home.top(model.text_height());
            (model.home.selected, top, model.home.links().len())
        }
        Screen::Users => model.users.list.place(),
        Screen::Live => model.live.stream.place(),
        Screen::Audit => model.audit.list.place(),
        Screen::Mail => model.mail.list.place(),
        Screen::Policy => model.policy.versions.place(),
        Screen::Health => model.health.list.place(),
    };
    let to = top + line;
    if to >= count {
        return Vec::new();
    }
    if to == selected {
        return acted(model, Act::Open);
    }
    match model.screen {
        Screen::Home => model.home.selected = to,
        Screen::Users => {
            model.users.list.selected = to;
            model.users.scroll = 0;
            return users::read_page(model);
        }
        Screen::Live => {
            model.live.pane = Pane::Stream;
            model.live.stream.selected = to;
        }
        Screen::Audit => {
            model.audit.list.selected = to;
            model.audit.scroll = 0;
        }
        Screen::Mail => {
            model.mail.list.selected = to;
            model.mail.scroll = 0;
        }
        Screen::Policy => model.policy.versions.selected = to,
        Screen::Health => {
            model.health.list.selected = to;
            model.health.scroll = 0;
        }
    }
    Vec::new()
}
