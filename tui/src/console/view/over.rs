//! What lies over a screen: the keys, what was said, dialogs.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::super::keys;
use super::super::message::{Context, Key};
use super::super::model::dialog::{Dialog, Focus};
use super::super::model::text::{self, Tone, broken, hung, width_of};
use super::super::model::{Model, Over};
use super::parts::{framed, middle, padded, page};
use super::theme::Theme;

/// The keys, or what was said.
pub(super) fn overlay(model: &Model, theme: Theme, frame: &mut Frame<'_>, body: Rect) {
    let Some(overlay) = model.overlay else { return };
    let room = middle(frame, body, body.width.min(96), body.height);
    let width = usize::from(room.width.saturating_sub(4));
    let (title, lines) = match overlay.what {
        Over::Keys => (
            format!("Keys on {}", model.screen.name()),
            key_lines(model, width),
        ),
        Over::Notes => ("Messages and jobs".to_owned(), model.notes.lines(width)),
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
    keys::rows(Context::Screen(model.screen))
        .flat_map(|row| {
            let names: Vec<String> = row.keys.iter().map(|key| key.shown()).collect();
            hung(Tone::Plain, &names.join(" "), KEYS, row.long, width)
        })
        .collect()
}

/// The open dialog.
pub(super) fn dialog(model: &Model, theme: Theme, frame: &mut Frame<'_>, body: Rect) {
    let Some(dialog) = &model.dialog else { return };
    let outer = body.width.min(76);
    let width = usize::from(outer.saturating_sub(4));
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut say = |tone, text: &str| {
        let broken = broken(tone, text, width, 0);
        lines.extend(
            broken
                .into_iter()
                .map(|line| Line::styled(line.text, theme.tone(line.tone))),
        );
    };
    for sentence in &dialog.text {
        say(Tone::Plain, sentence);
    }
    let field_at = dialog.field.as_ref().map(|_| {
        lines.push(Line::default());
        lines.len()
    });
    let cursor = dialog.field.as_ref().map(|_| {
        let (line, cursor) = field(dialog, theme, width);
        lines.push(line);
        cursor
    });
    if !dialog.quits {
        let twin = broken(Tone::Hint, &format!("Same as: {}", dialog.twin()), width, 2);
        lines.push(Line::default());
        lines.extend(
            twin.into_iter()
                .map(|line| Line::styled(line.text, theme.tone(line.tone))),
        );
    }
    lines.push(Line::default());
    lines.push(buttons(dialog, theme));
    let says = broken(Tone::Plain, &legend(dialog), width, 0);
    lines.extend(says.into_iter().map(|line| Line::raw(line.text)));
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let room = middle(frame, body, outer, height);
    let block = framed(theme, &dialog.title, "", outer).padding(Padding::horizontal(1));
    let inner = block.inner(room);
    frame.render_widget(block, room);
    // Where the screen is too low, the buttons stay and the first sentences go.
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    let shown: Vec<Line<'_>> = lines.into_iter().skip(hidden).collect();
    frame.render_widget(Paragraph::new(shown), inner);
    if let (Focus::Field, Some(row), Some(column)) = (dialog.focus, field_at, cursor) {
        let row = u16::try_from(row.saturating_sub(hidden)).unwrap_or(0);
        frame.set_cursor_position((inner.x.saturating_add(column), inner.y.saturating_add(row)));
    }
}

/// The field's line, and the column of its cursor.
fn field<'a>(dialog: &Dialog, theme: Theme, width: usize) -> (Line<'a>, u16) {
    let Some(field) = &dialog.field else {
        return (Line::default(), 0);
    };
    let has_focus = dialog.focus == Focus::Field;
    let mark = if has_focus { theme.pointer() } else { " " };
    let label = format!("{mark} {}: ", field.label);
    let lead = width_of(&label) + 1;
    let room = width.saturating_sub(lead + 1);
    let skipped = field.input.visual_scroll(room);
    let mut passed = 0;
    let shown: String = field
        .input
        .value()
        .chars()
        .skip_while(|c| {
            passed += width_of(&c.to_string());
            passed <= skipped
        })
        .collect();
    let line = Line::from(vec![
        Span::styled(label, theme.tone(Tone::Head)),
        Span::raw(format!("[{}]", padded(&shown, room, ""))),
    ]);
    let column = lead + field.input.visual_cursor().saturating_sub(skipped);
    (line, u16::try_from(column).unwrap_or(u16::MAX))
}

/// The buttons; the one with the focus is marked and reversed.
fn buttons<'a>(dialog: &Dialog, theme: Theme) -> Line<'a> {
    let button = |focus, word: &str| {
        if dialog.focus == focus {
            let text = format!("[{} {word} ]", theme.pointer());
            Span::styled(text, Theme::selected())
        } else {
            Span::raw(format!("[  {word} ]"))
        }
    };
    Line::from(vec![
        Span::raw("  "),
        button(Focus::Leave, dialog.leaves),
        Span::raw("   "),
        button(Focus::Do, &dialog.does),
    ])
}

/// What the keys do now, in the dialog's own words.
fn legend(dialog: &Dialog) -> String {
    let does = lowered(&dialog.does);
    let leaves = lowered(dialog.leaves);
    let yes = Key::Char('y').shown();
    match dialog.focus {
        Focus::Field => format!("Enter = to the button, Tab = next, Esc = {leaves}"),
        Focus::Leave => format!("{yes} = {does}, Enter or Esc = {leaves}, Tab = next"),
        Focus::Do => format!("{yes} or Enter = {does}, Esc = {leaves}, Tab = next"),
    }
}

/// With a small first letter.
fn lowered(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}
