//! Taking acts back, and doing again what was taken back: asked first, with what stays as it is.

use gatepost_shared::admin::undo::{Listed, takes_long};

use super::super::effect::{Deed, Effect};
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

/// What follows from taking an act back.
fn follows(act: &Listed) -> &'static str {
    if act.count > 1 {
        return "Each account is as it was before. One that somebody changed since is left alone, and named.";
    }
    match act.act.as_str() {
        "bypass-new" => {
            "The code no longer works. One that was used, or has ended, is left alone, and that is said."
        }
        "shield-on" => {
            "What it put up comes down, and what it replaced is back for what is left of its time; unless \
             somebody changed that since: then nothing is done, and it is said what they did."
        }
        "shield-off" => {
            "It is refused again until the end it had, where that is still ahead; unless somebody put it up \
             since: then nothing is done, and it is said who."
        }
        "policy-try" => {
            "The try ends now, and the version that was kept is in force; unless somebody put another one in \
             force since: then nothing is done, and it is said who."
        }
        "policy-apply" | "policy-confirm" | "policy-rollback" => {
            "The rules of the version before come back, as a new version; unless somebody put another one in \
             force since, or you would be locked out: then nothing is done, and that is said."
        }
        _ => {
            "What it changed is as it was before, unless somebody changed the account since: then nothing is \
             done, and it is said what they did."
        }
    }
}

fn about(model: &mut Model, act: &Listed) {
    let what = named(act);
    let (title, follows, does) = if act.again {
        (
            format!("Do again: {what}?"),
            if act.count > 1 {
                "It was taken back; it is done once more as it was, but for accounts that somebody changed since."
            } else {
                "It was taken back; it is done once more as it was."
            },
            "Do it again",
        )
    } else {
        (format!("Take back: {what}?"), follows(act), "Take it back")
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
    let is_long = act.count > 1 || takes_long(&act.act);
    let doing = if act.again {
        "Doing again"
    } else {
        "Taking back"
    };
    let job = is_long.then(|| format!("{doing} {what}"));
    if !act.stays.is_empty() && !act.again {
        text.push(format!("What stays: {}.", act.stays));
    }
    let fields: Vec<Field> = typed.into_iter().chain([reason]).collect();
    model.dialog = Some(Dialog {
        title,
        text,
        for_good: None,
        does: does.to_owned(),
        leaves: "Leave as it is",
        focus: Focus::first(&fields),
        fields,
        about: About::Change(Deed::undo(act, job)),
    });
}

/// Begins: what may take long is taken back as a job; the rest may be asked back about.
pub(super) fn begin(model: &mut Model, deed: Deed) -> Vec<Effect> {
    let name = deed.undoes.as_ref().and_then(|act| act.job.clone());
    if let Some(name) = name {
        let job = Job::Undo(model.jobs.number());
        model.jobs.begin(job, name, None);
        return vec![Effect::Long(job, deed)];
    }
    super::asking::begin(model, deed)
}

/// Accounts that are acted on at once without their number being typed.
const UNTYPED: u64 = 20;
