//! What is seen while nobody is there: that it is masked, and nothing else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::super::model::Model;
use super::super::model::text::{Tone, cut};
use super::theme::Theme;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let room = usize::from(area.width);
    let says = format!("gatepost on {} is masked; press a key", model.host);
    let line = Line::styled(cut(&says, room, theme.ellipsis()), theme.tone(Tone::Head));
    let middle = Rect {
        y: area.y + area.height / 2,
        height: 1,
        ..area
    };
    frame.render_widget(Paragraph::new(line).centered(), middle);
}
