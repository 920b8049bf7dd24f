//! A list of acts over a screen: what is typed, what was found with each act's key, and the selected
//! one's subcommand, or why it makes no sense now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::super::model::Model;
use super::super::model::palette::{Entry, Palette};
use super::super::model::text::{Tone, broken, width_of};
use super::parts::{framed, middle, padded};
use super::theme::Theme;

/// Columns of an act's name and of its key.
const NAME: usize = 16;
const KEY: usize = 10;
/// Lines below the acts.
const BELOW: usize = 2;
const PROMPT: &str = ": ";

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, body: Rect) {
    let Some(palette) = &model.palette else {
        return;
    };
    let found = palette.found().count();
    let wanted = u16::try_from(found + 3 + BELOW).unwrap_or(u16::MAX);
    let area = middle(frame, body, body.width.min(96), wanted.max(8));
    let right = format!("{found} found");
    let block = framed(theme, &palette.title, &right, area.width).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inner.width);
    let height = usize::from(inner.height).saturating_sub(1 + BELOW);
    let mut lines = vec![Line::from(vec![
        Span::styled(PROMPT, theme.key()),
        Span::raw(palette.input.value().to_owned()),
    ])];
    let top = (palette.selected + 1).saturating_sub(height);
    let shown = palette.found().enumerate().skip(top).take(height);
    lines.extend(shown.map(|(at, entry)| row(entry, at == palette.selected, theme, width)));
    if found == 0 {
        let none = "Nothing is called that. Esc closes this; Ctrl-U begins anew.";
        lines.push(Line::styled(none, theme.tone(Tone::Hint)));
    }
    lines.resize(height + 1, Line::default());
    lines.extend(below(palette, theme, width));
    frame.render_widget(Paragraph::new(lines), inner);
    let column = PROMPT.len() + palette.input.visual_cursor();
    let column = u16::try_from(column).unwrap_or(u16::MAX).min(inner.width);
    frame.set_cursor_position((inner.x.saturating_add(column), inner.y));
}

fn row<'a>(entry: &Entry, is_selected: bool, theme: Theme, width: usize) -> Line<'a> {
    let mark = if is_selected { theme.pointer() } else { " " };
    let name = padded(&entry.name, NAME, theme.ellipsis());
    let rest = width.saturating_sub(width_of(mark) + 1 + NAME + 1 + KEY + 1);
    // Greyed, and the reason instead of the sentence.
    let says = entry.why_not.as_ref().unwrap_or(&entry.long);
    let line = Line::from(vec![
        Span::raw(format!("{mark} ")),
        Span::raw(name),
        Span::raw(" "),
        Span::raw(padded(says, rest, theme.ellipsis())),
        Span::raw(" "),
        Span::styled(padded(&entry.key, KEY, ""), theme.key()),
    ]);
    let line = if entry.why_not.is_some() {
        line.patch_style(Theme::faint())
    } else {
        line
    };
    if is_selected {
        line.patch_style(Theme::selected())
    } else {
        line
    }
}

/// What there is to say of the selected act.
fn below<'a>(palette: &Palette, theme: Theme, width: usize) -> Vec<Line<'a>> {
    let (tone, text) = match palette.selected() {
        None => (Tone::Plain, String::new()),
        Some(Entry {
            why_not: Some(why_not),
            ..
        }) => (Tone::Care, why_not.clone()),
        Some(entry) if entry.twin.is_empty() => (Tone::Hint, entry.long.clone()),
        Some(entry) => (Tone::Hint, format!("Same as: {}", entry.twin)),
    };
    let lines = broken(tone, &text, width, 2).into_iter().take(BELOW);
    lines
        .map(|line| Line::styled(line.text, theme.tone(line.tone)))
        .collect()
}
