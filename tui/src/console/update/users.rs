//! What happens on the accounts' screen.

use gatepost_shared::admin::users::State;

use super::super::effect::{Deed, Effect, Verb};
use super::super::message::{Act, Screen};
use super::super::model::Model;
use super::super::model::list::Keyed;
use super::super::model::palette::Scope;
use super::super::model::text::Tone;
use super::home::MISSING;
use super::{
    account, asking, audit, crumbs, dialog, entered, import, jobs, mail, palette, scrolled, typing,
};

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
    // Another list is looked at, not the page of one of it.
    model.users.is_open = false;
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
            let lines = model.users.lines(&model.keys, model.detail_width()).len();
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
        Act::Back if !model.users.marks.is_empty() => {
            model.users.unmark();
            Vec::new()
        }
        Act::Back => typing::clear(model),
        Act::Mark => jobs::mark(model),
        Act::MarkAll => vec![Effect::Keys(model.users.filter.filter.clone())],
        Act::Disable => {
            let state = model.users.list.selected().and_then(|row| row.state);
            let verb = if state == Some(State::Disabled) && model.users.marks.is_empty() {
                Verb::Enable
            } else {
                Verb::Disable
            };
            on_account(model, verb)
        }
        Act::Bypass => {
            if let Some(row) = model.users.list.selected().cloned() {
                asking::about_bypass(model, &row);
            }
            Vec::new()
        }
        Act::Codes => {
            model.users.lists_codes = true;
            if model.users.page_of_selected().is_some() {
                return codes_came(model);
            }
            model.users.is_open = true;
            read_page(model)
        }
        Act::Revoke(id) => asking::about_revoke(model, id),
        Act::Enrol => account::about_enrolling(model),
        Act::Import => import::ask(model),
        Act::NotEnrolled => typing::put_in_force(model, MISSING),
        Act::Sources => match model.users.list.selected() {
            Some(row) => vec![Effect::Sources(row.key())],
            None => Vec::new(),
        },
        Act::MailsOf => {
            let key = model.users.list.selected().map(Keyed::key);
            crumbs::lead(model, Screen::Mail);
            mail::of(model, key)
        }
        Act::Unmask if model.users.unmasked => {
            model.users.unmasked = false;
            let mut effects = read(model);
            effects.extend(read_page(model));
            effects
        }
        Act::Unmask => dialog::about_addresses(model),
        Act::EventsOf => {
            let Some(row) = model.users.list.selected() else {
                return Vec::new();
            };
            let text = format!("user:{}", row.key);
            crumbs::lead(model, Screen::Audit);
            audit::filter_by(model, &text);
            entered(model)
        }
        _ => verb(act).map_or_else(Vec::new, |verb| on_account(model, verb)),
    }
}

/// What is done to an account by an act that is nothing but that.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
const fn verb(act: Act) -> Option<Verb> {
    Some(match act {
        Act::Unlock => Verb::Unlock,
        Act::Lock => Verb::Lock,
        Act::Enable => Verb::Enable,
        Act::Verify => Verb::Verify,
        Act::Invite => Verb::Invite,
        Act::TakeCode => Verb::Confirm,
        Act::SetMail => Verb::SetMail,
        Act::Note => Verb::Note,
        Act::Remove => Verb::Remove,
        _ => return None,
    })
}

/// The page that tells of the account's bypass codes is here: lists them, where somebody asked.
pub(super) fn codes_came(model: &mut Model) -> Vec<Effect> {
    if !std::mem::take(&mut model.users.lists_codes) {
        return Vec::new();
    }
    let page = model.users.page_of_selected();
    let page = page.and_then(|page| page.as_ref().ok());
    if page.is_some_and(|page| !page.bypass.is_empty()) {
        return palette::open(model, Scope::Codes);
    }
    let text = "No bypass code of this account works now; b makes one.";
    model.notes.say(model.now, Tone::Plain, text);
    Vec::new()
}

/// Shows one account, whatever filter was in force.
pub(super) fn show(model: &mut Model, key: String) -> Vec<Effect> {
    crumbs::lead(model, Screen::Users);
    // The rows are asked for around the account.
    let _read = typing::put_in_force(model, "");
    model.users.is_open = true;
    model.users.scroll = 0;
    let (request, around) = model.users.list.seek(key);
    vec![Effect::Users {
        request,
        filter: model.users.filter.filter.clone(),
        around,
        mask: model.users.mask(),
    }]
}

/// Opens the dialog of an act on the accounts that are marked, or on the selected one.
fn on_account(model: &mut Model, verb: Verb) -> Vec<Effect> {
    if !model.users.marks.is_empty() {
        let marks = model.users.marks.clone();
        account::about_many(model, Deed::on_marked(verb, marks));
        return Vec::new();
    }
    if let Some(row) = model.users.list.selected().cloned() {
        account::about_account(model, verb, &row);
    }
    Vec::new()
}
