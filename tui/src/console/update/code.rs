//! A bypass code is shown once: the next key takes it away for good.

use super::super::effect::Effect;
use super::super::message::{Act, Once};
use super::super::model::text::Tone;
use super::super::model::{Model, Shown};

/// Milliseconds within which no key takes a code away: one that was meant for what was there before.
const TOO_SOON: u64 = 500;

/// A code was made.
pub(super) fn take(model: &mut Model, once: Once) {
    if model.is_masked {
        // Whoever takes the cover away need not be who asked for it.
        return gone(model, &once);
    }
    // By the numbers of both, so that neither is lost; the one before can be revoked.
    if let Some(before) = model.code.replace(Shown {
        once,
        from: model.now,
    }) {
        let text = format!(
            "Code {} of {} is no longer shown: gatepost bypass revoke {1} {0}",
            before.once.id, before.once.user
        );
        model.notes.say(model.now, Tone::Care, text);
    }
}

/// Says of a code that went unseen, or may have, how to end it.
pub(super) fn gone(model: &mut Model, once: &Once) {
    let text = format!(
        "{}'s bypass code {} was closed while nobody was here. B ends it; b makes another.",
        once.user, once.id
    );
    model.notes.say(model.now, Tone::Care, text);
}

/// Any key but the one that copies.
pub(super) fn close(model: &mut Model) -> Vec<Effect> {
    let is_seen = |shown: &Shown| model.now >= shown.from.saturating_add(TOO_SOON);
    if model.code.as_ref().is_some_and(is_seen)
        && let Some(Shown { once, .. }) = model.code.take()
    {
        let text = format!(
            "{}'s bypass code {} is no longer shown. B lists it, and ends it.",
            once.user, once.id
        );
        model.notes.say(model.now, Tone::Plain, text);
    }
    Vec::new()
}

pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    if act != Act::CopyCode {
        return close(model);
    }
    let Some(shown) = &model.code else {
        return Vec::new();
    };
    let effect = Effect::CopyCode(shown.once.code.clone());
    // What was copied is nowhere said.
    let text = "Your terminal was asked to copy the code: clear its clipboard afterwards.";
    model.notes.say(model.now, Tone::Care, text);
    vec![effect]
}
