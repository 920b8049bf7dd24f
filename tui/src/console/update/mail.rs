//! What happens on the screen of deliveries.

use gatepost_shared::admin::templates::{Kind, Preview};

use super::super::effect::Effect;
use super::super::message::Act;
use super::super::model::palette::Scope;
use super::super::model::{Model, Over};
use super::{dialog, lay_over, palette, scrolled};

/// Reads the rows around the selected one.
pub(super) fn read(model: &mut Model) -> Vec<Effect> {
    let (request, around) = model.mail.list.ask_again();
    let of = model.mail.of.clone();
    vec![Effect::Mails {
        request,
        of,
        around,
    }]
}

/// Shows an account's deliveries, or everybody's.
pub(super) fn of(model: &mut Model, key: Option<String>) -> Vec<Effect> {
    model.mail.of = key;
    model.mail.is_open = false;
    model.mail.scroll = 0;
    model.mail.list.refilter();
    read(model)
}

/// A message was printed; one that nobody waits for any more is dropped.
pub(super) fn previewed(model: &mut Model, kind: Kind, found: Result<Preview, String>) {
    if let Some((of, shown)) = &mut model.mail.preview
        && *of == kind
    {
        *shown = Some(found);
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Move(step) if model.mail.shows_post => {
            let width = usize::from(model.size.0.saturating_sub(4));
            let lines = model.mail.post_lines(width).len();
            let height = model.text_height();
            let mail = &mut model.mail;
            mail.scroll = scrolled(mail.scroll, step, height, lines);
            Vec::new()
        }
        Act::Open | Act::Back if model.mail.shows_post => {
            model.mail.shows_post = false;
            model.mail.scroll = 0;
            Vec::new()
        }
        Act::Post => {
            model.mail.shows_post = true;
            model.mail.scroll = 0;
            vec![Effect::Post]
        }
        Act::Previews => palette::open(model, Scope::Previews),
        Act::PreviewOf(kind) => {
            model.mail.preview = Some((kind, None));
            lay_over(model, Over::Preview);
            vec![Effect::Preview(kind)]
        }
        Act::RetryMail => dialog::about_retrying(model),
        Act::Move(step) if model.mail.is_open && !model.is_wide() => {
            let lines = model.mail.lines(model.detail_width()).len();
            let height = model.text_height();
            let mail = &mut model.mail;
            mail.scroll = scrolled(mail.scroll, step, height, lines);
            Vec::new()
        }
        Act::Move(step) => {
            let height = model.table_height();
            model.mail.scroll = 0;
            let Some(around) = model.mail.list.step(step, height) else {
                return Vec::new();
            };
            let (request, around) = model.mail.list.ask(around);
            let of = model.mail.of.clone();
            vec![Effect::Mails {
                request,
                of,
                around,
            }]
        }
        Act::Open => {
            model.mail.is_open = model.mail.list.selected().is_some() || model.mail.test.is_some();
            model.mail.scroll = 0;
            Vec::new()
        }
        Act::Back if model.mail.is_open => {
            model.mail.is_open = false;
            Vec::new()
        }
        Act::Back if model.mail.of.is_some() => of(model, None),
        Act::TestMail => dialog::about_test_mail(model),
        _ => Vec::new(),
    }
}
