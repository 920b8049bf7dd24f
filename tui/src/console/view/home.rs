//! What is to be done.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::model::Model;
use super::super::model::text::Tone;
use super::parts::{drawn, framed, padded, said};
use super::theme::Theme;

/// Lines below the hours that there must be room for.
const LEAST_BELOW: usize = 3;

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
        .skip(home.top(model.text_height()))
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
    let width = usize::from(inner.width).saturating_sub(4);
    let (hours, below) = (home.hours(width), home.lines(width));
    // Where there is no room for both, the newest few acts are enough, and no act is too few.
    let least = below.len().min(LEAST_BELOW);
    let is_seen = lines.len() + 1 + hours.len() + 1 + least <= usize::from(inner.height);
    let hours = Some(hours).filter(|hours| is_seen && !hours.is_empty());
    for part in hours.into_iter().chain([below]) {
        lines.push(Line::default());
        lines.extend(part.iter().map(|line| drawn(theme, "  ", line)));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}
