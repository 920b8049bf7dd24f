//! What doctor says.

use ratatui::Frame;
use ratatui::layout::Rect;

use super::super::model::Model;
use super::super::model::text::{Tone, counted};
use super::parts::{framed, page, said};
use super::theme::Theme;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let health = &model.health;
    if health.checks.is_none() {
        let block = framed(theme, "Health", "", area.width);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        return said(theme, frame, inner, &[("looking ...", Tone::Plain)]);
    }
    let (problems, looks) = health.counts();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let right = match (problems, looks) {
        (0, 0) => "nothing is wrong".to_owned(),
        (0, looks) => format!("{} worth a look", counted(number(looks), "thing", "things")),
        (problems, _) => counted(number(problems), "problem", "problems"),
    };
    let lines = health.lines(usize::from(area.width.saturating_sub(4)));
    page(
        theme,
        frame,
        area,
        ("Health", &right),
        (&lines, health.scroll),
    );
}
