//! Where somebody came from: a row that led to another screen, and Esc back to it. Who goes to a screen by
//! its key, or types a filter there, begins anew.

use super::super::effect::Effect;
use super::super::message::Screen;
use super::super::model::Model;
use super::super::model::live::Pane;
use super::typing;

/// Leads that are remembered.
const MOST: usize = 8;

/// Shows another screen because of a row of this one. What is read there is the caller's to ask for.
pub(super) fn lead(model: &mut Model, to: Screen) {
    model.crumbs.push(model.screen);
    if model.crumbs.len() > MOST {
        model.crumbs.remove(0);
    }
    model.screen = to;
}

/// Goes back to where the row was, unless something is open here that Esc closes first. What the row had
/// looked for here is no longer looked for.
pub(super) fn back(model: &mut Model) -> Option<Vec<Effect>> {
    let from = *model.crumbs.last()?;
    let closes_first = match model.screen {
        // The page that a row led to is no page that was opened here.
        Screen::Users => {
            !model.users.marks.is_empty() || (model.users.is_open && from != Screen::Live)
        }
        Screen::Audit => model.audit.is_open,
        Screen::Mail => model.mail.is_open || model.mail.shows_post,
        Screen::Live => model.live.pane != Pane::Stream,
        Screen::Home | Screen::Policy | Screen::Health => false,
    };
    if closes_first {
        return None;
    }
    model.crumbs.pop();
    // Read when somebody comes again.
    let _read = typing::clear(model);
    if model.screen == Screen::Users {
        model.users.is_open = false;
    }
    if model.screen == Screen::Mail {
        model.mail.of = None;
        model.mail.list.refilter();
    }
    model.screen = from;
    Some(super::entered(model))
}
