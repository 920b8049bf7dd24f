//! The mask over a console that nobody uses: no data on the screen, addresses masked again, nothing open
//! that a passer-by could press.

use super::super::effect::Effect;
use super::super::model::text::Tone;
use super::super::model::{Model, Shown};
use super::{code, restore, users};

/// Somebody is there; whether the mask was taken away, and the key is spent with that.
pub(super) fn touched(model: &mut Model) -> bool {
    model.touched = Some(model.now);
    std::mem::take(&mut model.is_masked)
}

/// Time has passed: covers the screen where nobody was there for long enough.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    // Opened by somebody who was there then.
    let touched = *model.touched.get_or_insert(model.now);
    if model.is_masked || model.now < touched.saturating_add(model.idle) {
        return Vec::new();
    }
    model.is_masked = true;
    let is_open = model.dialog.is_some();
    let mut effects = restore::left(model);
    // What was about to be done was not done.
    if is_open {
        let text = "The dialog was closed while nobody was here; nothing was done.";
        model.notes.say(model.now, Tone::Care, text);
    }
    model.palette = None;
    if let Some(Shown { once, .. }) = model.code.take() {
        code::gone(model, &once);
    }
    if !std::mem::take(&mut model.users.unmasked) {
        return effects;
    }
    model.users.page = None;
    for row in &mut model.users.list.rows {
        row.address.clear();
    }
    effects.extend(users::read(model));
    effects.extend(users::read_page(model));
    effects
}
