//! What is to be done.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::model::Model;
use super::super::model::text::Tone;
use super::parts::{framed, padded, said};
use super::theme::Theme;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let block = framed(theme, "Home", "Enter goes there", area.width);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let home = &model.home;
    if let Some(error) = &home.error {
        let more = "r reads it again.";
        return said(
            theme,
            frame,
            inner,
            &[(error, Tone::Bad), (more, Tone::Hint)],
        );
    }
    if home.summary.is_none() {
        return said(theme, frame, inner, &[("reading ...", Tone::Plain)]);
    }
    let width = usize::from(inner.width).saturating_sub(5);
    let mut lines: Vec<Line<'_>> = home
        .links()
        .into_iter()
        .enumerate()
        .map(|(index, link)| {
            let is_selected = index == home.selected;
            let mark = if is_selected { theme.pointer() } else { " " };
            let text = format!("{} {}", theme.sign(link.tone), link.text);
            let line = Line::from(vec![
                Span::raw(format!("{mark} ")),
                Span::styled(
                    padded(&text, width, theme.ellipsis()),
                    theme.tone(link.tone),
                ),
                Span::raw(format!(" {} ", link.to.number())),
            ]);
            if is_selected {
                line.patch_style(Theme::selected())
            } else {
                line
            }
        })
        .collect();
    lines.push(Line::default());
    let below = home.lines(usize::from(inner.width).saturating_sub(4));
    lines.extend(below.into_iter().map(|line| {
        let style = theme.tone(line.tone);
        Line::styled(format!("  {}", line.text), style)
    }));
    frame.render_widget(Paragraph::new(lines), inner);
}
