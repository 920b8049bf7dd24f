//! The dialogs of bypass codes and shields, and the question that such an act may be answered by.

use gatepost_shared::admin::browse::UserRow;
use gatepost_shared::admin::shield::{Shield, Sure};

use super::super::effect::{Deed, Effect, Slot, Verb};
use super::super::message::Answer;
use super::super::model::Model;
use super::super::model::dialog::{About, Dialog, Field, Focus, Needs};
use super::super::model::live::is_network;
use super::super::model::text::{Tone, minutes};
use super::{again, code};

/// The dialog of a bypass code.
pub(super) fn about_bypass(model: &mut Model, row: &UserRow) {
    let user = &row.user;
    let reason = Field::text(
        Slot::Reason,
        REASON,
        &model.reason,
        Needs::Something("A bypass code needs a reason, such as a ticket's number."),
    );
    // With a reason at hand, two keys are enough.
    let focus = if model.reason.is_empty() {
        Focus::Field(0)
    } else {
        Focus::Leave
    };
    model.dialog = Some(Dialog {
        title: format!("Give {user} a bypass code?"),
        text: vec![
            "Whoever has it signs in with it in place of the mailed code, also while mail is down."
                .to_owned(),
            "Be sure who asks. It is shown once, to be read to them.".to_owned(),
        ],
        for_good: None,
        fields: vec![
            reason,
            Field::time("Works for", "15m"),
            Field::text(Slot::Uses, "How often", "1", Needs::Passes(is_count)),
        ],
        does: "Create code".to_owned(),
        leaves: "Create none",
        focus,
        about: About::Change(Deed::on(Verb::Bypass, [row.key.clone()])),
    });
}

const REASON: &str = "Reason, for the audit";

fn is_count(typed: &str) -> Option<&'static str> {
    let count = typed.parse::<u32>();
    (!count.is_ok_and(|count| count > 0)).then_some("That is no number: 1 to 10 is one.")
}

/// The dialog that ends a bypass code.
pub(super) fn about_revoke(model: &mut Model, id: i64) -> Vec<Effect> {
    let Some(row) = model.users.list.selected() else {
        return Vec::new();
    };
    model.dialog = Some(Dialog {
        title: format!("End {}'s bypass code {id}?", row.user),
        text: vec!["It no longer works, at once. Who is signed in stays so.".to_owned()],
        for_good: Some("A code that was ended is not brought back: make another."),
        fields: vec![Field::reason(&model.reason)],
        does: "End it".to_owned(),
        leaves: "Leave it",
        focus: Focus::Leave,
        about: About::Change(Deed::on(Verb::Revoke(id), [row.key.clone()])),
    });
    Vec::new()
}

/// The dialog of a shield, against the selected row's source or the suspects.
pub(super) fn about_shield(model: &mut Model) {
    let aim = model.live.aim().to_owned();
    let attack = model.live.shown().map(|standing| &standing.attack);
    let sources = attack.map_or(&[][..], |attack| &attack.sources);
    let suspects = sources.iter().filter(|source| source.suspect);
    let suspects: Vec<&str> = suspects
        .map(|source| source.source.as_str())
        .filter(|source| is_network(source))
        .collect();
    let instead = attack.map_or(&[][..], |attack| &attack.unshieldable);
    let suspects = if suspects.is_empty() {
        if instead.is_empty() {
            "Without a source: those that look like an attack; none does now.".to_owned()
        } else {
            "Without a source: those that look like an attack; none of them can be refused."
                .to_owned()
        }
    } else {
        format!(
            "Without a source: those that look like an attack, now {}.",
            suspects.join(", ")
        )
    };
    model.dialog = Some(Dialog {
        title: "Refuse a source for a while?".to_owned(),
        text: [suspects]
            .into_iter()
            .chain(instead.iter().map(|instead| format!("{instead}.")))
            .chain(["Sign-ins from there are refused before anything is mailed or counted. It ends by itself \
             when its time is over; u ends it before. Sessions that are open stay open."
                .to_owned()])
            .collect(),
        for_good: None,
        fields: vec![
            Field::text(Slot::Source, "Source or network", &aim, Needs::Nothing),
            Field::time("For", "15m"),
            Field::reason(&model.reason),
        ],
        does: "Refuse".to_owned(),
        leaves: "Refuse nothing",
        focus: Focus::Leave,
        about: About::Change(Deed::on(Verb::Shield, [])),
    });
}

/// The dialog that ends a shield.
pub(super) fn about_end_of_shield(model: &mut Model, shield: &Shield) {
    let Shield { source, by, .. } = shield;
    model.dialog = Some(Dialog {
        title: format!("Let {source} sign in again?"),
        text: vec![format!(
            "{by} refused it; by itself that ends in {}.",
            minutes(shield.seconds_left)
        )],
        for_good: None,
        fields: vec![Field::reason(&model.reason)],
        does: "End the shield".to_owned(),
        leaves: "Leave it up",
        focus: Focus::Leave,
        about: About::Change(Deed::on(Verb::EndShield, [source.clone()])),
    });
}

/// Begins an act that may be answered by a question: one at a time, so that a question is about the act
/// that it is shown for.
pub(super) fn begin(model: &mut Model, deed: Deed) -> Vec<Effect> {
    if model.asking.is_some() {
        let text = "Wait until what you did before is done.";
        model.notes.say(model.now, Tone::Care, text);
        return Vec::new();
    }
    model.asking = Some(deed.clone());
    vec![Effect::Do(deed)]
}

/// What came of it.
pub(super) fn answered(model: &mut Model, answer: Answer) -> Vec<Effect> {
    let deed = model.asking.take();
    match answer {
        Answer::Done(Ok(said)) => model.notes.say(model.now, Tone::Good, said),
        Answer::Done(Err(said)) => model.notes.say(model.now, Tone::Bad, said),
        Answer::Code(once) => code::take(model, once),
        Answer::NotSure(why) => {
            // Nobody saw a question twice, and nobody says yes to one that they did not see, or takes it for the
            // dialog that they are in.
            let is_free = !model.is_masked && model.dialog.is_none();
            match deed.filter(|deed| deed.sure == Sure::No && is_free) {
                Some(deed) => ask(model, deed, why),
                None => model.notes.say(model.now, Tone::Bad, why),
            }
            return Vec::new();
        }
    }
    again(model)
}

/// Asks back: a word must be typed.
fn ask(model: &mut Model, deed: Deed, why: String) {
    let word = if deed.verb == Verb::Bypass {
        deed.object().to_owned()
    } else {
        "yes".to_owned()
    };
    let said = deed.said.clone();
    model.dialog = Some(Dialog {
        title: "Are you sure?".to_owned(),
        text: vec![why, format!("Type {word} to do it all the same.")],
        for_good: None,
        fields: vec![Field::typed(word)],
        does: "Do it all the same".to_owned(),
        leaves: "Leave it",
        focus: Focus::Field(0),
        about: About::Sure(Deed {
            said,
            sure: Sure::Yes,
            ..deed
        }),
    });
}
