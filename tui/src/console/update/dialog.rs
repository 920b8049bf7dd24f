//! Opening a dialog, and what its keys do.

use tui_input::Input;

use super::super::effect::{Effect, Verb};
use super::super::message::{Act, Edit, Job};
use super::super::model::Model;
use super::super::model::dialog::{Dialog, Field, Focus};
use super::super::model::field::type_into;
use super::super::model::text::Tone;

/// Types into the field.
pub(super) fn edit(model: &mut Model, edit: Edit) -> Vec<Effect> {
    if let Some(field) = model
        .dialog
        .as_mut()
        .and_then(|dialog| dialog.field.as_mut())
    {
        type_into(&mut field.input, edit);
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
        Act::Confirm => return done(model),
        Act::Press => match dialog.focus {
            // What was typed is not done by the same key that ends it.
            Focus::Field => dialog.focus = Focus::Do,
            Focus::Leave => model.dialog = None,
            Focus::Do => return done(model),
        },
        Act::Back => model.dialog = None,
        _ => {}
    }
    Vec::new()
}

fn done(model: &mut Model) -> Vec<Effect> {
    let Some(dialog) = model.dialog.take() else {
        return Vec::new();
    };
    if dialog.quits {
        return vec![Effect::Quit];
    }
    let Some(deed) = dialog.deed() else {
        let text = "An address is missing.";
        model.notes.say(model.now, Tone::Care, text);
        model.dialog = Some(dialog);
        return Vec::new();
    };
    match deed.verb {
        Verb::TestMail => super::start(model, Job::TestMail, Effect::Do(deed)),
        Verb::Unlock | Verb::Disable | Verb::Enable | Verb::Verify | Verb::Unmask => {
            vec![Effect::Do(deed)]
        }
    }
}

/// A dialog about an account.
pub(super) fn about_account(
    model: &mut Model,
    verb: Verb,
    key: String,
    user: &str,
    standing: &str,
) {
    let (title, text, does, leaves) = match verb {
        Verb::Unlock => (
            format!("Unlock {user}?"),
            vec![
                format!("{user} is {standing}."),
                "Wrong codes so far no longer count. Whoever caused them has that many tries again."
                    .to_owned(),
            ],
            format!("Unlock {user}"),
            "Leave as it is",
        ),
        Verb::Disable => (
            format!("Disable {user}?"),
            vec![
                "Sign-ins are refused until the account is enabled again, and open codes die."
                    .to_owned(),
                "Sessions that are open stay open.".to_owned(),
            ],
            format!("Disable {user}"),
            "Leave enabled",
        ),
        Verb::Enable => (
            format!("Enable {user}?"),
            vec!["Sign-ins are possible again, with a code.".to_owned()],
            format!("Enable {user}"),
            "Leave disabled",
        ),
        Verb::Verify | Verb::Unmask | Verb::TestMail => (
            format!("Send {user} a new confirmation code?"),
            vec![
                "A mail goes out now; a code that was sent earlier no longer works.".to_owned(),
                "It cannot be called back.".to_owned(),
            ],
            "Send a code".to_owned(),
            "Send nothing",
        ),
    };
    let field = (verb != Verb::Verify).then(reason);
    model.dialog = Some(Dialog {
        title,
        text,
        field,
        does,
        leaves,
        focus: Focus::Leave,
        verb,
        object: key,
        quits: false,
    });
}

/// The dialog before addresses are shown.
pub(super) fn about_addresses(model: &mut Model) -> Vec<Effect> {
    model.dialog = Some(Dialog {
        title: "Show addresses in full?".to_owned(),
        text: vec![
            "Until a is pressed again, or the console is left.".to_owned(),
            "The audit records who looked, and why.".to_owned(),
        ],
        field: Some(reason()),
        does: "Show addresses".to_owned(),
        leaves: "Leave masked",
        focus: Focus::Leave,
        verb: Verb::Unmask,
        object: String::new(),
        quits: false,
    });
    Vec::new()
}

/// The dialog of the test message.
pub(super) fn about_test_mail(model: &mut Model) -> Vec<Effect> {
    model.dialog = Some(Dialog {
        title: "Send a test message".to_owned(),
        text: vec!["What the relay answers is shown, word for word.".to_owned()],
        field: Some(Field {
            label: "Address",
            input: Input::default(),
            is_object: true,
        }),
        does: "Send".to_owned(),
        leaves: "Send nothing",
        focus: Focus::Field,
        verb: Verb::TestMail,
        object: String::new(),
        quits: false,
    });
    Vec::new()
}

/// The dialog before leaving while jobs run.
pub(super) fn ask_to_quit(model: &mut Model) {
    let jobs = model.notes.jobs.iter();
    let text = jobs.map(|(job, _)| format!("Still {}.", job.name()));
    model.dialog = Some(Dialog {
        title: "Leave now?".to_owned(),
        text: text.collect(),
        field: None,
        does: "Leave".to_owned(),
        leaves: "Stay",
        focus: Focus::Leave,
        // Never done: leaving is no change.
        verb: Verb::Unmask,
        object: String::new(),
        quits: true,
    });
}

fn reason() -> Field {
    Field {
        label: "Reason, for the audit",
        input: Input::default(),
        is_object: false,
    }
}
