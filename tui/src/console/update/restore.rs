//! Restoring the store from a copy: named, looked through, then done as a job; and what is void afterwards.

use gatepost_shared::admin::browse::Around;
use gatepost_shared::admin::shield::Sure;

use super::super::effect::{Deed, Effect, Said, Slot, Verb};
use super::super::message::{Job, LookedThrough, Screen};
use super::super::model::Model;
use super::super::model::dialog::{About, Dialog, Field, Focus, Needs};
use super::super::model::text::{Tone, counted};
use super::super::model::twin::{AS_COPIED, STAY_CLOSED, STAY_OURS, THE_COPYS};
use super::health;

/// Asks which copy.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    let missing = Needs::Something("The name of a copy is missing.");
    model.dialog = Some(Dialog {
        title: "Restore the store from a copy".to_owned(),
        text: vec![
            "Nothing is changed yet: the copy is looked through, and what restoring it would change is \
             shown first. It is read as you, not as root."
                .to_owned(),
            "Rules are taken from a copy of another store alone.".to_owned(),
        ],
        for_good: None,
        fields: vec![
            Field::text(Slot::File, "File", "", missing),
            Field::choice(Slot::Closed, "Closed since", &[STAY_CLOSED, AS_COPIED]),
            Field::choice(Slot::Rules, "Rules", &[STAY_OURS, THE_COPYS]),
            Field::reason(&model.reason),
        ],
        does: "Look it through".to_owned(),
        leaves: "Leave it",
        focus: Focus::Field(0),
        about: About::LookThrough,
    });
    Vec::new()
}

/// Has it looked through.
pub(super) fn look(model: &mut Model, said: Said) -> Vec<Effect> {
    let job = Job::LookThrough(model.jobs.number());
    model.jobs.begin(job, job.name(), None);
    let deed = Deed {
        said,
        ..Deed::on(Verb::Restore, [])
    };
    model.restoring = Some((job, deed.clone()));
    vec![Effect::LookThrough(job, deed)]
}

/// Shows what it would do, and asks whether it is to be done.
pub(super) fn looked_through(
    model: &mut Model,
    job: Job,
    found: Result<LookedThrough, String>,
) -> Vec<Effect> {
    let looked = model.restoring.take_if(|(looked, _)| *looked == job);
    let (found, deed) = match (found, looked) {
        (Ok(found), Some((_, deed))) => (found, deed),
        (Ok(_), None) => return vec![Effect::DropCopy(job)],
        (Err(error), _) => {
            model.jobs.ended(job, Err(error.clone()));
            model.notes.say(model.now, Tone::Bad, error);
            return Vec::new();
        }
    };
    let whole = "The copy is whole; nothing was changed yet.";
    model.jobs.ended(job, Ok(whole.to_owned()));
    // To be read in full where the dialog has no room for it.
    model.health.planned.clone_from(&found.told);
    model.health.restored = None;
    if model.dialog.is_some() || model.code.is_some() || model.is_masked {
        // Somebody went on meanwhile, or away; nothing is taken from under their hands.
        let text = format!("{whole} Ask for it again to go on.");
        model.notes.say(model.now, Tone::Care, text);
        return vec![Effect::DropCopy(job)];
    }
    let mut text = found.told;
    if found.waiting > 0 {
        let logins = counted(found.waiting, "login waits", "logins wait");
        text.push(format!(
            "{logins} at a prompt, whose codes no longer work then. They are over in 11 minutes at the most."
        ));
    }
    text.push(
        "Sign-ins are refused as busy meanwhile. The store as it is now is kept beside it."
            .to_owned(),
    );
    text.push(format!("Type {WORD} first."));
    model.palette = None;
    let fields = vec![Field::typed(WORD.to_owned())];
    model.dialog = Some(Dialog {
        title: "Restore this copy?".to_owned(),
        text,
        for_good: Some("z takes no restore back."),
        does: "Restore it".to_owned(),
        leaves: "Leave the store",
        focus: Focus::first(&fields),
        fields,
        about: About::Change(Deed {
            looked: Some(job),
            // As the subcommand asks for it.
            sure: if found.waiting > 0 {
                Sure::Yes
            } else {
                Sure::No
            },
            ..deed
        }),
    });
    Vec::new()
}

/// Begins it.
pub(super) fn begin(model: &mut Model, deed: Deed) -> Vec<Effect> {
    let job = Job::Restore(model.jobs.number());
    model.jobs.begin(job, job.name(), None);
    vec![Effect::Long(job, deed)]
}

/// Closes the dialog; a copy that was looked through for it goes too.
pub(super) fn left(model: &mut Model) -> Vec<Effect> {
    let Some(dialog) = model.dialog.take() else {
        return Vec::new();
    };
    match dialog.about {
        About::Change(Deed {
            verb: Verb::Restore,
            looked: Some(job),
            ..
        }) => vec![Effect::DropCopy(job)],
        About::Change(_)
        | About::Sure(_)
        | About::Plan
        | About::LookThrough
        | About::Changed(_)
        | About::Export(..)
        | About::BackUp
        | About::View
        | About::Simulate(_)
        | About::Dropping
        | About::Leaving => Vec::new(),
    }
}

/// It is done. What was marked, read and asked before was about another store; all of it is read anew.
pub(super) fn restored(model: &mut Model) -> Vec<Effect> {
    model.users.forget();
    model.live.forget();
    model.audit.chain = None;
    model.undo.forget();
    model.asked = None;
    let is_about_rows = model.dialog.as_mut().is_some_and(|dialog| {
        dialog.deed_mut().is_some() || matches!(dialog.about, About::Changed(_))
    });
    if is_about_rows {
        model.dialog = None;
        let text = "The dialog was closed, since the store was restored; nothing of it was done.";
        model.notes.say(model.now, Tone::Care, text);
    }
    // What is listed in it may be an act that can no longer be taken back.
    model.palette = None;
    let mut effects: Vec<Effect> = Vec::new();
    if let Some((job, _)) = model.planning.take() {
        effects.push(Effect::Stop(job));
    }
    effects.extend(super::again(model));
    match model.screen {
        Screen::Live => {
            let (request, around) = model.live.stream.ask(Around::First);
            effects.push(Effect::Stream { request, around });
        }
        Screen::Health if !model.jobs.runs(Job::Doctor) => effects.extend(health::look(model)),
        Screen::Home
        | Screen::Users
        | Screen::Audit
        | Screen::Mail
        | Screen::Policy
        | Screen::Health => {}
    }
    effects
}

/// What must be typed, there and in the subcommand.
const WORD: &str = "restore";
