//! Texts that lie over a screen: the keys, what was said.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::model::text::cut;
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
            model.help_lines(width),
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
    if overlay.what == Over::Keys {
        sought(model, theme, frame, room);
    }
}

/// What is looked for in the help, on the lower edge of its frame.
fn sought(model: &Model, theme: Theme, frame: &mut Frame<'_>, room: Rect) {
    const PROMPT: &str = " / ";
    let edge = Rect {
        x: room.x.saturating_add(1),
        y: room.bottom().saturating_sub(1),
        width: room.width.saturating_sub(2),
        height: 1,
    };
    let value = model.sought.value();
    let said = if value.is_empty() {
        Span::raw("type to find a key ")
    } else {
        let most = usize::from(edge.width).saturating_sub(PROMPT.len() + 1);
        Span::raw(format!("{} ", cut(value, most, theme.ellipsis())))
    };
    let line = Line::from(vec![Span::styled(PROMPT, theme.key()), said]);
    let width = u16::try_from(line.width()).unwrap_or(u16::MAX);
    let area = Rect {
        width: width.min(edge.width),
        ..edge
    };
    frame.render_widget(Paragraph::new(line), area);
    if model.is_seeking() {
        let column = PROMPT.len() + model.sought.visual_cursor();
        let column = u16::try_from(column).unwrap_or(u16::MAX);
        let last = edge.width.saturating_sub(1);
        frame.set_cursor_position((edge.x.saturating_add(column.min(last)), edge.y));
    }
}
