//! Opening a dialog, and what its keys do.

use gatepost_shared::admin::browse::UserRow;
use gatepost_words::text::sanitise;

use super::super::effect::{Deed, Effect, Slot, Verb};
use super::super::message::{Act, Edit, Job, Step};
use super::super::model::Model;
use super::super::model::dialog::{About, Dialog, Entry, Field, Focus, Needs};
use super::super::model::field::type_into;
use super::super::model::text::{Tone, counted, grouped};

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
            Focus::Leave => model.dialog = None,
            Focus::Do => return done(model),
        },
        Act::Back => model.dialog = None,
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
    match model.dialog.take().map(|dialog| dialog.about) {
        Some(About::Change(deed)) => change(model, Deed { said, ..deed }),
        Some(About::Sure(deed)) => change(model, deed),
        Some(About::Export(_)) => super::export::begin(model, &said),
        Some(About::View) => super::prefs::keep_view(model, said.get(Slot::Name)),
        Some(About::BackUp) => super::export::back_up(model, &said),
        Some(About::Simulate(_)) => super::policy::simulate(model, said),
        Some(About::Dropping) => super::policy::drop(model),
        Some(About::Leaving) => vec![Effect::Quit],
        None => Vec::new(),
    }
}

fn change(model: &mut Model, deed: Deed) -> Vec<Effect> {
    match deed.verb {
        _ if deed.objects.len() > 1 => super::jobs::begin(model, deed),
        Verb::TestMail => super::start(model, Job::TestMail, Effect::Do(deed)),
        Verb::RetryMail => super::start(model, Job::RetryMail, Effect::Do(deed)),
        Verb::Bypass | Verb::Shield => super::asking::begin(model, deed),
        Verb::Unlock
        | Verb::Disable
        | Verb::Enable
        | Verb::Verify
        | Verb::Unmask
        | Verb::Revoke(_)
        | Verb::EndShield
        | Verb::TryRules(_)
        | Verb::ApplyRules(_)
        | Verb::KeepTry(_) => vec![Effect::Do(deed)],
    }
}

/// A dialog about an account.
pub(super) fn about_account(model: &mut Model, verb: Verb, row: &UserRow) {
    let UserRow { user, standing, .. } = row;
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
        Verb::Verify
        | Verb::Unmask
        | Verb::TestMail
        | Verb::RetryMail
        | Verb::TryRules(_)
        | Verb::ApplyRules(_)
        | Verb::KeepTry(_)
        | Verb::Bypass
        | Verb::Revoke(_)
        | Verb::Shield
        | Verb::EndShield => (
            format!("Send {user} a new confirmation code?"),
            vec!["A mail goes out now; a code that was sent earlier no longer works.".to_owned()],
            "Send a code".to_owned(),
            "Send nothing",
        ),
    };
    let sends = verb == Verb::Verify;
    let reason = (!sends).then(|| Field::reason(&model.reason));
    model.dialog = Some(Dialog {
        title,
        text,
        for_good: sends.then_some(MAILED),
        fields: reason.into_iter().collect(),
        does,
        leaves,
        focus: Focus::Leave,
        about: About::Change(Deed::on(verb, [row.key.clone()])),
    });
}

/// A dialog about many accounts; about more than a few, their number must be typed.
pub(super) fn about_many(model: &mut Model, deed: Deed) {
    let count = deed.objects.len();
    let many = counted(count as u64, "account", "accounts");
    let (asks, follows) = match deed.verb {
        Verb::Unlock => (
            "Unlock",
            "Wrong codes so far no longer count, on each of them.",
        ),
        Verb::Disable => (
            "Disable",
            "Sign-ins of all of them are refused until they are enabled again.",
        ),
        Verb::Enable => ("Enable", "Sign-ins are possible again, with a code."),
        Verb::Verify
        | Verb::Unmask
        | Verb::TestMail
        | Verb::RetryMail
        | Verb::TryRules(_)
        | Verb::ApplyRules(_)
        | Verb::KeepTry(_)
        | Verb::Bypass
        | Verb::Revoke(_)
        | Verb::Shield
        | Verb::EndShield => (
            "Send new confirmation codes to",
            "A mail goes out to each; codes that were sent earlier no longer work.",
        ),
    };
    let named: Vec<String> = deed
        .objects
        .iter()
        .take(SHOWN)
        .map(|name| sanitise(name))
        .collect();
    let mut named = named.join(", ");
    if count > SHOWN {
        let more = format!(" and {} more", grouped((count - SHOWN) as u64));
        named.push_str(&more);
    }
    let sends = deed.verb == Verb::Verify;
    let reason = (!sends).then(|| Field::reason(&model.reason));
    let typed = (count > UNTYPED).then(|| Field::typed(count.to_string()));
    let mut text = vec![named, follows.to_owned()];
    if typed.is_some() {
        text.push(format!("So many at once: type {count} first."));
    }
    model.dialog = Some(Dialog {
        title: format!("{asks} {many}?"),
        text,
        for_good: sends.then_some(MAILED),
        fields: reason.into_iter().chain(typed).collect(),
        does: if sends {
            "Send codes".to_owned()
        } else {
            format!("{asks} {many}")
        },
        leaves: "Leave as they are",
        focus: Focus::Leave,
        about: About::Change(deed),
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

/// Accounts that are acted on at once without their number being typed.
const UNTYPED: usize = 20;
/// How many accounts a dialog names.
const SHOWN: usize = 5;
/// What cannot be undone where a mail goes out.
const MAILED: &str = "A mail that was sent cannot be called back.";
