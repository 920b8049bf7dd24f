//! The dialogs before a candidate is put in force, before a try is kept, and of what a sign-in would
//! meet.

use gatepost_shared::admin::policy::act::Guard;

use super::super::effect::{Deed, Put, Slot, Verb};
use super::super::message::Told;
use super::super::model::Model;
use super::super::model::dialog::{About, Dialog, Field, Focus, Needs};

/// How long a try takes, unless somebody says otherwise.
const USUAL: &str = "5m";

/// Opens the dialog before a try.
pub(super) fn ask_to_try(model: &mut Model) {
    model.dialog = about_trying(model);
}

/// Opens the dialog before rules are in force to stay.
pub(super) fn ask_to_apply(model: &mut Model) {
    model.dialog = about_applying(model);
}

/// Opens the dialog before a try is kept.
pub(super) fn ask_to_keep(model: &mut Model) {
    model.dialog = about_keeping(model);
}

/// What is put in force, and what it would change.
fn candidate(model: &Model) -> Option<(Put, &Told)> {
    let (draft, told) = model.policy.told()?;
    let put = Put {
        number: draft.number,
        base: told.base,
        restores: draft.restores(),
        guard: Guard::Kept,
    };
    Some((put, told))
}

fn about_trying(model: &Model) -> Option<Dialog> {
    let (put, told) = candidate(model)?;
    let back = put.base.map_or_else(
        || "what is in force now".to_owned(),
        |base| format!("version {base}"),
    );
    Some(Dialog {
        title: "Try these rules?".to_owned(),
        text: vec![
            format!(
                "They are in force at once, for so long; then {back} is, whatever happens, unless c \
                 keeps them. Keep this session open and sign in elsewhere."
            ),
            format!("This {}.", told.summary),
        ],
        for_good: None,
        fields: vec![
            Field::text(Slot::Time, "For how long", USUAL, Needs::Length),
            Field::reason(&model.reason),
        ],
        does: "Try them".to_owned(),
        leaves: "Change nothing",
        focus: Focus::Leave,
        about: About::Change(Deed::on(Verb::TryRules(put), [])),
    })
}

fn about_applying(model: &Model) -> Option<Dialog> {
    let (put, told) = candidate(model)?;
    let mut text = vec![
        "They are in force at once and stay so: nothing takes them back by itself. T tries them first."
            .to_owned(),
        format!("This {}.", told.summary),
    ];
    let word = match (told.locks_you_out, told.locks_everybody_out) {
        (_, true) => Some("everybody"),
        (true, false) => Some("me"),
        (false, false) => None,
    };
    // Without the word it is refused where it is done, too.
    let guard = if word.is_some() {
        Guard::Waived
    } else {
        Guard::Kept
    };
    if let Some(word) = word {
        text.push(format!(
            "Do it only where there is another way in: type {word} first."
        ));
    }
    let typed = word.map(|word| Field::typed(word.to_owned()));
    let title = match put.restores {
        Some(version) => format!("Roll back to version {version}?"),
        None => "Apply these rules?".to_owned(),
    };
    let reason = Field::reason(&model.reason);
    let fields: Vec<Field> = typed.into_iter().chain([reason]).collect();
    Some(Dialog {
        title,
        text,
        for_good: None,
        does: "Apply them".to_owned(),
        leaves: "Change nothing",
        focus: Focus::first(&fields),
        fields,
        about: About::Change(Deed::on(Verb::ApplyRules(Put { guard, ..put }), [])),
    })
}

fn about_keeping(model: &Model) -> Option<Dialog> {
    let trial = &model.policy.trial.as_ref()?.trial;
    let (version, back_to) = (trial.version, trial.back_to);
    Some(Dialog {
        title: format!("Keep policy version {version}?"),
        text: vec![
            format!("It stays in force; version {back_to} does not come back by itself."),
            "Keep it once somebody has signed in with it.".to_owned(),
        ],
        for_good: None,
        fields: vec![Field::reason(&model.reason)],
        does: format!("Keep version {version}"),
        leaves: "Let it end",
        focus: Focus::Leave,
        about: About::Change(Deed::on(Verb::KeepTry(version), [])),
    })
}

/// Opens the dialog of what a sign-in would meet.
pub(super) fn ask_who(model: &mut Model) {
    let asked = model.policy.asked.clone();
    let [user, service, from] = asked.unwrap_or_else(|| ["me", "sshd", ""].map(str::to_owned));
    let (by, command) = match model.policy.told() {
        Some(_) => (
            "By the rules that you are looking at, not those in force.",
            "gatepost policy test FILE --user",
        ),
        None => ("By the rules in force.", "gatepost simulate"),
    };
    model.dialog = Some(Dialog {
        title: "What would a sign-in meet?".to_owned(),
        text: vec![
            by.to_owned(),
            "Nothing is sent, and nothing is counted. me is whoever sits here.".to_owned(),
        ],
        for_good: None,
        fields: vec![
            Field::text(Slot::User, "User", &user, Needs::Something("Whose?")),
            Field::text(
                Slot::Service,
                "Service",
                &service,
                Needs::Something("At which service?"),
            ),
            Field::text(Slot::From, "From this address", &from, Needs::Nothing),
        ],
        does: "Look".to_owned(),
        leaves: "Close",
        focus: Focus::Field(0),
        about: About::Simulate(command),
    });
}
