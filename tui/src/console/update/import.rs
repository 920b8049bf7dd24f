//! Enrolling many people from a list: named, looked at, then done as a job.

use super::super::effect::{Deed, Effect, Said, Slot, Verb};
use super::super::message::{Job, Planned};
use super::super::model::Model;
use super::super::model::dialog::{About, Dialog, Field, Focus, Needs};
use super::super::model::text::{Tone, counted};
use super::super::model::twin::{ADDS, INVITES, MAILS_NOTHING, UPDATES};

/// Asks which list.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    let missing = Needs::Something("A file's name is missing.");
    model.dialog = Some(Dialog {
        title: "Enrol people from a list".to_owned(),
        text: vec![
            "Nothing is changed yet: what would become of each line is shown first. It is read as you, \
             not as root."
                .to_owned(),
        ],
        for_good: None,
        fields: vec![
            Field::text(Slot::File, "File", "", missing),
            Field::choice(Slot::Form, "Form", &["csv", "ldif", "passwd"]),
            Field::text(Slot::Domain, "Domain, for passwd", "", Needs::Nothing),
            Field::choice(Slot::Update, "It may", &[ADDS, UPDATES]),
            Field::choice(Slot::After, "Mail then", &[MAILS_NOTHING, INVITES]),
            Field::reason(&model.reason),
        ],
        does: "Look at it".to_owned(),
        leaves: "Leave it",
        focus: Focus::Field(0),
        about: About::Plan,
    });
    Vec::new()
}

/// Has it looked at.
pub(super) fn look(model: &mut Model, said: Said) -> Vec<Effect> {
    let job = Job::Plan(model.jobs.number());
    model.jobs.begin(job, job.name(), None);
    let deed = Deed {
        said,
        ..Deed::on(Verb::Import, [])
    };
    let mut effects = Vec::new();
    if let Some((before, _)) = model.planning.replace((job, deed.clone())) {
        effects.push(Effect::Stop(before));
    }
    effects.push(Effect::Plan(job, deed));
    effects
}

/// Shows what would become of it, and asks whether it is to be done.
pub(super) fn planned(model: &mut Model, job: Job, found: Result<Planned, String>) -> Vec<Effect> {
    let Some((_, deed)) = model.planning.take_if(|(looked, _)| *looked == job) else {
        let text = "Another list was asked for meanwhile.";
        model.jobs.ended(job, Err(text.to_owned()));
        return Vec::new();
    };
    let planned = match found {
        Ok(planned) => planned,
        Err(error) => {
            model.jobs.ended(job, Err(error.clone()));
            model.notes.say(model.now, Tone::Bad, error);
            return Vec::new();
        }
    };
    let [add, change, skip, wrong] = planned.counts;
    let counts =
        format!("{add} to enrol, {change} to change, {skip} to skip, {wrong} that make no sense.");
    model.jobs.ended(job, Ok(counts.clone()));
    if add + change == 0 {
        let text = format!("{counts} Nothing of it is to be done.");
        model.notes.say(model.now, Tone::Care, text);
        return Vec::new();
    }
    if model.dialog.is_some() {
        // Somebody went on meanwhile; nothing is taken from under their hands.
        let text = format!("{counts} Ask for it again to go on.");
        model.notes.say(model.now, Tone::Care, text);
        return Vec::new();
    }
    let many = counted((add + change) as u64, "account", "accounts");
    // Where the screen is low, the first sentences give way.
    let mut text = planned.lines;
    text.push(counts);
    let mails = deed.said.get(Slot::After) == INVITES;
    let typed = (add + change > UNTYPED).then(|| Field::typed((add + change).to_string()));
    if typed.is_some() {
        text.push(format!("So many at once: type {} first.", add + change));
    }
    let fields: Vec<Field> = typed.into_iter().collect();
    model.palette = None;
    model.dialog = Some(Dialog {
        title: format!("Import {many}?"),
        text,
        for_good: mails.then_some(super::dialog::MAILED),
        does: format!("Import {many}"),
        leaves: "Leave it",
        focus: Focus::first(&fields),
        fields,
        about: About::Change(Deed {
            looked: Some(job),
            ..deed
        }),
    });
    Vec::new()
}

/// Begins it.
pub(super) fn begin(model: &mut Model, deed: Deed) -> Vec<Effect> {
    let job = Job::Import(model.jobs.number());
    model.jobs.begin(job, job.name(), None);
    vec![Effect::Long(job, deed)]
}

/// Accounts that are acted on at once without their number being typed.
const UNTYPED: usize = 20;
