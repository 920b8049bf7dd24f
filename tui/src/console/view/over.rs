//! Texts that lie over a screen: the keys, what was said.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::super::message::Context;
use super::super::model::text::{self, Tone, hung};
use super::super::model::{Model, Over, WIDEST};
use super::parts::{middle, page};
use super::theme::Theme;

/// The keys, or what was said.
pub(super) fn overlay(model: &Model, theme: Theme, frame: &mut Frame<'_>, body: Rect) {
    let Some(overlay) = model.overlay else { return };
    let room = middle(frame, body, body.width.min(WIDEST), body.height);
    let width = usize::from(room.width.saturating_sub(4));
    let (title, lines) = match overlay.what {
        Over::Keys => (
            format!("Keys on {}", model.screen.name()),
            key_lines(model, width),
        ),
        Over::Notes => ("Messages".to_owned(), model.notes.lines(width)),
        Over::Preview => (
            "How a message would look".to_owned(),
            model.mail.preview_lines(width),
        ),
        // It has a picture of its own.
        Over::Jobs => return,
    };
    page(
        theme,
        frame,
        room,
        (&title, "Esc closes"),
        (&lines, overlay.scroll),
    );
}

/// The help: the rows of the table that hold on the screen below.
fn key_lines(model: &Model, width: usize) -> Vec<text::Line> {
    const KEYS: usize = 14;
    let rows = model.keys.rows(Context::Screen(model.screen));
    rows.filter(|bound| !bound.keys.is_empty())
        .flat_map(|bound| {
            let names: Vec<String> = bound.keys.iter().map(|key| key.shown()).collect();
            hung(Tone::Plain, &names.join(" "), KEYS, bound.row.long, width)
        })
        .collect()
}
