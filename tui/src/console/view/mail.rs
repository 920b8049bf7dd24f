//! The deliveries.

use gatepost_shared::admin::browse::MailRow;
use gatepost_words::text::sanitise;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::super::model::Model;
use super::super::model::columns::Column;
use super::super::model::mail::outcome_tone;
use super::super::model::text::Tone;
use super::parts::{Cell, Table, beside, page};
use super::theme::Theme;

/// Columns from which the relay's words are shown too.
const ROOMY: u16 = 78;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    if model.mail.shows_post {
        let width = usize::from(area.width.saturating_sub(4));
        let lines = model.mail.post_lines(width);
        let title = ("Mail: how it fares", "Esc closes");
        return page(theme, frame, area, title, (&lines, model.mail.scroll));
    }
    if model.is_wide() {
        let (left, right) = beside(area, model.list_width());
        table(model, theme, frame, left);
        detail(model, theme, frame, right);
    } else if model.mail.is_open {
        detail(model, theme, frame, area);
    } else {
        table(model, theme, frame, area);
    }
}

fn table(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let columns = [
        Column::of("AT", 11),
        Column::of("USER", 0),
        Column::of("KIND", 13),
        Column::of("OUTCOME", 12),
        Column::of("TOOK", 8),
        Column::of("REPLY", 0),
    ];
    let is_roomy = area.width >= ROOMY;
    Table {
        list: &model.mail.list,
        title: match &model.mail.of {
            Some(user) => format!("Mail to {}", sanitise(user)),
            None => "Mail".to_owned(),
        },
        right: if model.mail.of.is_some() {
            "Esc: everybody's".to_owned()
        } else {
            "newest first".to_owned()
        },
        columns: columns
            .get(..if is_roomy { 6 } else { 4 })
            .unwrap_or_default(),
        cells: &|row| cells(theme, row),
        order: None,
        marked: &|_| false,
        empty: if model.mail.of.is_some() {
            "Nothing was mailed to this account. Esc shows everybody's."
        } else {
            "No mail was sent yet. T sends a test message and says what the relay answers."
        }
        .to_owned(),
    }
    .draw(theme, frame, area);
}

fn cells(theme: Theme, row: &MailRow) -> Vec<Cell> {
    let tone = outcome_tone(&row.outcome);
    let plain = |text: String| (text, Tone::Plain);
    vec![
        // Month, day, hour, minute.
        plain(row.at.get(5..16).unwrap_or(&row.at).to_owned()),
        plain(row.user.clone()),
        plain(row.kind.clone()),
        (format!("{} {}", theme.sign(tone), row.outcome), tone),
        plain(format!("{} ms", row.millis)),
        plain(row.reply.clone()),
    ]
}

fn detail(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let lines = model.mail.lines(model.detail_width());
    page(
        theme,
        frame,
        area,
        ("Delivery", ""),
        (&lines, model.mail.scroll),
    );
}
