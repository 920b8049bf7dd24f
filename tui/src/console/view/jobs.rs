//! The list of jobs: what runs and how far it is, what is over and how it ended; of the selected one,
//! what failed and why.

use gatepost_words::text::tame;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Padding, Paragraph};

use super::super::model::jobs::{How, Work};
use super::super::model::text::{Tone, broken, grouped};
use super::super::model::{Model, Over};
use super::parts::{framed, gauge, middle, padded};
use super::theme::Theme;

/// Columns of a bar.
const BAR: usize = 20;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, body: Rect) {
    if !model
        .overlay
        .is_some_and(|overlay| overlay.what == Over::Jobs)
    {
        return;
    }
    let area = middle(frame, body, body.width.min(96), body.height);
    let block = framed(theme, "Jobs", "Esc closes", area.width).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inner.width);
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut selected_at = 0;
    for (at, work) in model.jobs.all().enumerate() {
        let is_selected = at == model.jobs.selected;
        if is_selected {
            selected_at = lines.len();
        }
        let mark = if is_selected { theme.pointer() } else { " " };
        let (tone, how) = how(work, theme);
        let text = format!("{mark} {} {how}", theme.sign(tone));
        let line = Line::styled(padded(&text, width, theme.ellipsis()), theme.tone(tone));
        lines.push(if is_selected {
            line.patch_style(Theme::selected())
        } else {
            line
        });
        if is_selected {
            let failures = work.failures.iter().flat_map(|(key, why)| {
                broken(Tone::Plain, &format!("    {}: {why}", tame(key)), width, 6)
            });
            lines.extend(failures.map(|line| Line::raw(line.text)));
        }
    }
    if lines.is_empty() {
        let none = "Nothing runs, and nothing has run yet. Mark accounts with Space on Users, and act on \
                    them: that runs here.";
        let hint = broken(Tone::Hint, none, width, 0).into_iter();
        lines.extend(hint.map(|line| Line::styled(line.text, theme.tone(line.tone))));
    }
    let height = usize::from(inner.height);
    let top = (selected_at + height / 2).saturating_sub(height);
    let shown: Vec<Line<'_>> = lines.into_iter().skip(top).take(height).collect();
    frame.render_widget(Paragraph::new(shown), inner);
}

fn how(work: &Work, theme: Theme) -> (Tone, String) {
    let progress = work.progress;
    let so_far = match (progress.total, progress.done) {
        (None, 0) => String::new(),
        (None, done) => grouped(done),
        (Some(total), done) => format!(
            "{} {} of {}",
            gauge(theme, progress, BAR),
            grouped(done),
            grouped(total)
        ),
    };
    let failed = match progress.failed {
        0 => String::new(),
        failed => format!(", {} failed", grouped(failed)),
    };
    match &work.how {
        How::Runs => (Tone::Care, format!("{} {so_far}{failed}", work.name)),
        How::Stops => (
            Tone::Care,
            format!("{} {so_far}{failed}, stopping", work.name),
        ),
        How::Over(Ok(said)) => (Tone::Good, said.clone()),
        How::Over(Err(said)) => (Tone::Bad, said.clone()),
    }
}
