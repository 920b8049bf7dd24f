//! Taking acts back, and doing again what was taken back: asked first, with what stays as it is.

use gatepost_shared::admin::undo::Listed;

use super::super::effect::{Deed, Effect, Verb};
use super::super::message::Job;
use super::super::model::Model;
use super::super::model::dialog::{About, Dialog, Field, Focus};
use super::super::model::text::Tone;
use super::super::model::undo::named;

/// Asks about the newest act of the person's own; done `again` where it was taken back.
pub(super) fn newest(model: &mut Model, again: bool) -> Vec<Effect> {
    if let Some(act) = model.undo.newest(model.now, again).cloned() {
        about(model, &act);
    }
    Vec::new()
}

/// Asks about one of the list.
pub(super) fn entry(model: &mut Model, id: i64) -> Vec<Effect> {
    if let Some(act) = model.undo.entry(id).cloned() {
        about(model, &act);
    } else {
        let text = "That can no longer be taken back: its ten minutes are over.";
        model.notes.say(model.now, Tone::Care, text);
    }
    Vec::new()
}

fn about(model: &mut Model, act: &Listed) {
    let what = named(act);
    let (title, follows, does) = if act.again {
        (
            format!("Do again: {what}?"),
            "It was taken back; it is done once more as it was.",
            "Do it again",
        )
    } else {
        (
            format!("Take back: {what}?"),
            "What it changed is as it was before, unless somebody changed the account since: then \
             nothing is done, and it is said what they did.",
            "Take it back",
        )
    };
    let mut text = vec![
        format!("Done {} by {}.", act.at, act.by),
        follows.to_owned(),
    ];
    let typed = (act.count > UNTYPED).then(|| Field::typed(act.count.to_string()));
    if typed.is_some() {
        text.push(format!("So many at once: type {} first.", act.count));
    }
    let reason = Field::reason(&model.reason);
    if !act.stays.is_empty() && !act.again {
        text.push(format!("What stays: {}.", act.stays));
    }
    model.dialog = Some(Dialog {
        title,
        text,
        for_good: None,
        fields: typed.into_iter().chain([reason]).collect(),
        does: does.to_owned(),
        leaves: "Leave as it is",
        focus: Focus::Leave,
        about: About::Change(Deed::on(Verb::Undo, [act.id.to_string()])),
    });
}

/// Begins: an act on many accounts is taken back as a job.
pub(super) fn begin(model: &mut Model, deed: Deed) -> Vec<Effect> {
    let id = deed.object().parse().unwrap_or(0);
    match model.undo.entry(id).map(|act| (act.count, named(act))) {
        Some((count, what)) if count > 1 => {
            let job = Job::Undo(model.jobs.number());
            model.jobs.begin(job, format!("Taking back {what}"), None);
            vec![Effect::Long(job, deed)]
        }
        Some(_) | None => vec![Effect::Do(deed)],
    }
}

/// Accounts that are acted on at once without their number being typed.
const UNTYPED: u64 = 20;
