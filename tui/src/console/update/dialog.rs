//! Opening a dialog, and what its keys do.

use super::super::effect::{Deed, Effect, Slot, Verb};
use super::super::message::{Act, Edit, Job, Step};
use super::super::model::Model;
use super::super::model::dialog::{About, Dialog, Entry, Field, Focus, Needs};
use super::super::model::field::type_into;
use super::super::model::text::Tone;

/// Types into the field.
pub(super) fn edit(model: &mut Model, edit: Edit) -> Vec<Effect> {
    let field = model.dialog.as_mut().and_then(Dialog::field_mut);
    if let Some(Field {
        entry: Entry::Text(input),
        ..
    }) = field
    {
        type_into(input, edit);
    }
    Vec::new()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    let Some(dialog) = model.dialog.as_mut() else {
        return Vec::new();
    };
    match act {
        Act::Next => dialog.focus = dialog.next(),
        Act::Previous => dialog.focus = dialog.previous(),
        Act::Turn(step) => turn(dialog, step),
        Act::Confirm => return done(model),
        Act::Press => match dialog.focus {
            // What was typed is not done by the same key that ends it.
            Focus::Field(at) => dialog.focus = dialog.filled(at),
            Focus::Leave => return super::restore::left(model),
            Focus::Do => return done(model),
        },
        Act::Back => return super::restore::left(model),
        _ => {}
    }
    Vec::new()
}

/// The next word of a choice, or the one before; elsewhere, the next field or button.
fn turn(dialog: &mut Dialog, step: Step) {
    let is_back = matches!(step, Step::Up | Step::PageUp | Step::First);
    let to = if is_back {
        dialog.previous()
    } else {
        dialog.next()
    };
    match dialog.field_mut().map(|field| &mut field.entry) {
        Some(Entry::Choice(of, chosen)) => {
            let count = of.len().max(1);
            let further = if is_back { count - 1 } else { 1 };
            *chosen = (*chosen + further) % count;
        }
        Some(Entry::Text(_)) | None => dialog.focus = to,
    }
}

fn done(model: &mut Model) -> Vec<Effect> {
    let Some(dialog) = model.dialog.as_mut() else {
        return Vec::new();
    };
    if let Some((at, missing)) = dialog.missing() {
        dialog.focus = Focus::Field(at);
        model.notes.say(model.now, Tone::Care, missing);
        return Vec::new();
    }
    let said = dialog.said();
    let has_reason = dialog.fields.iter().any(|field| field.slot == Slot::Reason);
    if has_reason {
        // Asked once: the next dialog offers it again.
        said.get(Slot::Reason).clone_into(&mut model.reason);
    }
    let Some(dialog) = model.dialog.take() else {
        return Vec::new();
    };
    let is_asked = |slot| dialog.fields.iter().any(|field| field.slot == slot);
    match dialog.about {
        About::Change(deed) => {
            let said = said.after(&deed.said, is_asked);
            change(model, Deed { said, ..deed })
        }
        About::Sure(deed) => change(model, deed),
        About::Plan => super::import::look(model, said),
        About::LookThrough => super::restore::look(model, said),
        About::Changed(deed) => super::account::again(model, &deed),
        About::Export(_, rows) => super::export::begin(model, rows, &said),
        About::View => super::prefs::keep_view(model, said.get(Slot::Name)),
        About::BackUp => super::export::back_up(model, &said),
        About::Simulate(_) => super::policy::simulate(model, said),
        About::Dropping => super::policy::drop(model),
        About::Leaving => vec![Effect::Quit],
    }
}

fn change(model: &mut Model, deed: Deed) -> Vec<Effect> {
    match deed.verb {
        _ if deed.objects.len() > 1 => super::jobs::begin(model, deed),
        Verb::TestMail => super::start(model, Job::TestMail, Effect::Do(deed)),
        Verb::RetryMail => super::start(model, Job::RetryMail, Effect::Do(deed)),
        Verb::Bypass | Verb::Shield => super::asking::begin(model, deed),
        Verb::Import => super::import::begin(model, deed),
        Verb::Restore => super::restore::begin(model, deed),
        Verb::Undo => super::undo::begin(model, deed),
        Verb::Unlock
        | Verb::Disable
        | Verb::Enable
        | Verb::Verify
        | Verb::Confirm
        | Verb::SetMail
        | Verb::Lock
        | Verb::Note
        | Verb::Enrol
        | Verb::Remove
        | Verb::Invite
        | Verb::Forget
        | Verb::Unmask
        | Verb::Revoke(_)
        | Verb::EndShield
        | Verb::TryRules(_)
        | Verb::ApplyRules(_)
        | Verb::KeepTry(_) => {
            model.asked = Some(deed.clone());
            vec![Effect::Do(deed)]
        }
    }
}

/// The dialog before addresses are shown.
pub(super) fn about_addresses(model: &mut Model) -> Vec<Effect> {
    model.dialog = Some(Dialog {
        title: "Show addresses in full?".to_owned(),
        text: vec![
            "Until a is pressed again, or the console is left.".to_owned(),
            "The audit records who looked, and why.".to_owned(),
        ],
        for_good: None,
        fields: vec![Field::reason(&model.reason)],
        does: "Show addresses".to_owned(),
        leaves: "Leave masked",
        focus: Focus::Leave,
        about: About::Change(Deed::on(Verb::Unmask, [])),
    });
    Vec::new()
}

/// The dialog of the test message.
pub(super) fn about_test_mail(model: &mut Model) -> Vec<Effect> {
    let missing = Needs::Something("An address is missing.");
    let address = Field::text(Slot::Address, "Address", "", missing);
    model.dialog = Some(Dialog {
        title: "Send a test message".to_owned(),
        text: vec!["What the relay answers is shown, word for word.".to_owned()],
        for_good: Some(MAILED),
        fields: vec![address],
        does: "Send".to_owned(),
        leaves: "Send nothing",
        focus: Focus::Field(0),
        about: About::Change(Deed::on(Verb::TestMail, [])),
    });
    Vec::new()
}

/// The dialog before notices that wait are tried.
pub(super) fn about_retrying(model: &mut Model) -> Vec<Effect> {
    model.dialog = Some(Dialog {
        title: "Send the notices that wait?".to_owned(),
        text: vec![
            "Those that failed are due again; some are sent now, the timer sends the others."
                .to_owned(),
            "Codes are never queued.".to_owned(),
        ],
        for_good: Some(MAILED),
        fields: vec![Field::reason(&model.reason)],
        does: "Send them".to_owned(),
        leaves: "Let them wait",
        focus: Focus::Leave,
        about: About::Change(Deed::on(Verb::RetryMail, [])),
    });
    Vec::new()
}

/// The dialog before leaving while jobs run.
pub(super) fn ask_to_quit(model: &mut Model) {
    let jobs = model.jobs.running();
    let text = jobs.map(|work| format!("Still {}.", work.job.name()));
    model.dialog = Some(Dialog {
        title: "Leave now?".to_owned(),
        text: text.collect(),
        for_good: None,
        fields: Vec::new(),
        does: "Leave".to_owned(),
        leaves: "Stay",
        focus: Focus::Leave,
        about: About::Leaving,
    });
}

/// The dialog before rules that were edited are dropped.
pub(super) fn ask_to_drop(model: &mut Model) {
    model.dialog = Some(Dialog {
        title: "Drop what you edited?".to_owned(),
        text: vec!["It is kept nowhere else. What is in force stays in force.".to_owned()],
        for_good: None,
        fields: Vec::new(),
        does: "Drop it".to_owned(),
        leaves: "Keep it",
        focus: Focus::Leave,
        about: About::Dropping,
    });
}

/// What cannot be undone where a mail goes out.
pub(super) const MAILED: &str = "A mail that was sent cannot be called back.";
