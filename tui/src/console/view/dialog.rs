//! The open dialog. Where the screen is low, its first sentences give way: what has the focus, the
//! buttons and what the keys do stay.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::super::message::Key;
use super::super::model::Model;
use super::super::model::dialog::{Dialog, Entry, Field, Focus};
use super::super::model::text::{Tone, broken, cut, width_of};
use super::parts::{framed, middle, padded};
use super::theme::Theme;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, body: Rect) {
    let Some(dialog) = &model.dialog else { return };
    let outer = body.width.min(76);
    let width = usize::from(outer.saturating_sub(4));
    let room = usize::from(body.height.saturating_sub(2));
    let mut picture = lines(dialog, theme, width);
    if picture.lines.len() > room {
        picture.close_up();
    }
    let Picture { lines, focus } = picture;
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = middle(frame, body, outer, height);
    let block = framed(theme, &dialog.title, "", outer).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let hidden = lines.len().saturating_sub(usize::from(inner.height));
    let hidden = focus.map_or(hidden, |(row, _)| hidden.min(row));
    let shown: Vec<Line<'_>> = lines.into_iter().skip(hidden).collect();
    frame.render_widget(Paragraph::new(shown), inner);
    if let Some((row, column)) = focus
        && dialog.is_typing()
    {
        let row = u16::try_from(row - hidden).unwrap_or(0);
        frame.set_cursor_position((inner.x.saturating_add(column), inner.y.saturating_add(row)));
    }
}

/// A dialog's lines, and where in them the field with the focus has its cursor.
struct Picture<'a> {
    lines: Vec<Line<'a>>,
    focus: Option<(usize, u16)>,
}

impl Picture<'_> {
    /// Takes the blank lines out.
    fn close_up(&mut self) {
        let is_blank = |line: &Line<'_>| line.spans.is_empty();
        if let Some((row, _)) = &mut self.focus {
            *row -= self
                .lines
                .iter()
                .take(*row)
                .filter(|line| is_blank(line))
                .count();
        }
        self.lines.retain(|line| !is_blank(line));
    }
}

fn lines<'a>(dialog: &Dialog, theme: Theme, width: usize) -> Picture<'a> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let say = |lines: &mut Vec<Line<'a>>, tone, text: &str, indent| {
        let broken = broken(tone, text, width, indent).into_iter();
        lines.extend(broken.map(|line| Line::styled(line.text, theme.tone(line.tone))));
    };
    for sentence in &dialog.text {
        say(&mut lines, Tone::Plain, sentence, 0);
    }
    if let Some(for_good) = dialog.for_good {
        let text = format!("{} {for_good}", theme.sign(Tone::Care));
        say(&mut lines, Tone::Care, &text, 2);
    }
    let mut focus = None;
    if !dialog.fields.is_empty() {
        lines.push(Line::default());
    }
    let labels = dialog.fields.iter().map(|field| width_of(field.label));
    let column = labels.max().unwrap_or(0);
    for (at, field) in dialog.fields.iter().enumerate() {
        let has_focus = dialog.focus == Focus::Field(at);
        let (line, cursor) = line(field, has_focus, theme, column, width);
        if has_focus {
            focus = Some((lines.len(), cursor));
        }
        lines.push(line);
    }
    if let Some(twin) = dialog.twin() {
        lines.push(Line::default());
        say(&mut lines, Tone::Hint, &format!("Same as: {twin}"), 2);
    }
    lines.push(Line::default());
    lines.push(buttons(dialog, theme));
    say(&mut lines, Tone::Plain, &legend(dialog), 0);
    Picture { lines, focus }
}

/// A field's line, and the column of its cursor.
fn line<'a>(
    field: &Field,
    has_focus: bool,
    theme: Theme,
    column: usize,
    width: usize,
) -> (Line<'a>, u16) {
    let mark = if has_focus { theme.pointer() } else { " " };
    let label = format!(
        "{mark} {} ",
        padded(&format!("{}:", field.label), column + 1, "")
    );
    let lead = width_of(&label) + 1;
    let mut spans = vec![Span::styled(label, theme.tone(Tone::Head))];
    let input = match &field.entry {
        Entry::Text(input) => input,
        Entry::Choice(of, chosen) => {
            let room = width.saturating_sub(lead);
            let wide: usize = of.iter().map(|word| width_of(word) + 2).sum();
            if wide > room {
                // Too many for the line: the chosen one, and which of how many it is.
                let word = of.get(*chosen).map_or("", String::as_str);
                let place = format!(" {} of {}", chosen + 1, of.len());
                let word = cut(word, room.saturating_sub(place.len() + 2), theme.ellipsis());
                let style = if has_focus {
                    Theme::selected()
                } else {
                    Style::default()
                };
                spans.push(Span::styled(format!("({word})"), style));
                spans.push(Span::raw(place));
                return (Line::from(spans), 0);
            }
            for (at, word) in of.iter().enumerate() {
                let span = if at == *chosen && has_focus {
                    Span::styled(format!("({word})"), Theme::selected())
                } else if at == *chosen {
                    Span::raw(format!("({word})"))
                } else {
                    Span::raw(format!(" {word} "))
                };
                spans.push(span);
            }
            return (Line::from(spans), 0);
        }
    };
    let room = width.saturating_sub(lead + 1);
    let skipped = input.visual_scroll(room);
    let mut passed = 0;
    let shown: String = input
        .value()
        .chars()
        .skip_while(|c| {
            passed += width_of(&c.to_string());
            passed <= skipped
        })
        .collect();
    spans.push(Span::raw(format!("[{}]", padded(&shown, room, ""))));
    let cursor = lead + input.visual_cursor().saturating_sub(skipped);
    (Line::from(spans), u16::try_from(cursor).unwrap_or(u16::MAX))
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
        Focus::Field(_) if !dialog.is_typing() => {
            format!("Left, Right = choose, {yes} = {does}, Esc = {leaves}, Tab = next")
        }
        Focus::Field(at) if dialog.filled(at) != Focus::Do => {
            format!("Enter or Tab = next, Esc = {leaves}")
        }
        Focus::Field(_) => format!("Enter = to the button, Tab = next, Esc = {leaves}"),
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
