//! Home as lines of text: what its screen says, without frame, colour, selection or a terminal.

use gatepost_words::text::tame;

use super::super::model::Model;
use super::super::model::text::{Tone, broken};
use super::parts::drawn;
use super::theme::Theme;

/// The text, no line of it wider than that.
pub(crate) fn home(model: &Model, width: usize) -> String {
    let theme = Theme::of(model.look);
    let home = &model.home;
    let head = format!("gatepost  {}  {}", model.host, model.actor);
    let mut lines = broken(Tone::Plain, &head, width, 2);
    // What every screen says above itself, and no row of Home repeats.
    if let Some(running) = &model.policy.trial {
        let (version, left) = (running.trial.version, running.left(model.now));
        let text = format!("policy {version} on trial, {left} left");
        lines.extend(broken(Tone::Care, &text, width, 2));
    }
    let counts = home.links().into_iter().flat_map(|link| {
        let text = format!("{} {}", theme.sign(link.tone), link.text);
        broken(link.tone, &text, width, 2)
    });
    let parts = [counts.collect(), home.hours(width), home.lines(width)];
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        lines.extend(broken(Tone::Plain, "", width, 0));
        lines.extend(part);
    }
    let mut text = String::new();
    for line in &lines {
        // No terminal stands between this text and whoever reads it.
        text.push_str(tame(&drawn(theme, "", line).to_string()).trim_end());
        text.push('\n');
    }
    text
}
