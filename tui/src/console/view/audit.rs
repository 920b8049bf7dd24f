//! The log of events.

use gatepost_shared::admin::browse::EventRow;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::super::message::Job;
use super::super::model::Model;
use super::super::model::columns::Column;
use super::super::model::text::{Tone, grouped};
use super::parts::{Cell, Table, beside, page};
use super::theme::Theme;

/// Columns from which source and date are shown too.
const ROOMY: u16 = 78;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    if model.is_wide() {
        let (left, right) = beside(area, model.list_width());
        table(model, theme, frame, left);
        detail(model, theme, frame, right);
    } else if model.audit.is_open {
        detail(model, theme, frame, area);
    } else {
        table(model, theme, frame, area);
    }
}

fn table(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let audit = &model.audit;
    let filter = &audit.filter.text;
    let title = if filter.is_empty() {
        "Audit".to_owned()
    } else {
        format!("Audit  {filter}")
    };
    let empty = if filter.is_empty() {
        "Nothing has happened yet: the log is empty. 2, then N, enrols somebody.".to_owned()
    } else {
        format!("No event is like that: {filter}. Esc takes the filter away, / changes it.")
    };
    let running = model.jobs.running().find(|work| work.job == Job::Chain);
    let right = match (running, &audit.chain) {
        (Some(work), _) => format!("checking {}", grouped(work.progress.done)),
        (None, Some(Ok(_))) => "chain holds".to_owned(),
        (None, Some(Err(_))) => "chain NOT whole".to_owned(),
        (None, None) => "newest first".to_owned(),
    };
    let is_roomy = area.width >= ROOMY;
    let roomy = [
        Column::of("AT", 19),
        Column::of("KIND", 17),
        Column::of("USER", 0),
        Column::of("SERVICE", 8),
        Column::of("FROM", 0),
    ];
    let tight = [
        Column::of("AT", 11),
        Column::of("KIND", 16),
        Column::of("USER", 0),
    ];
    Table {
        list: &audit.list,
        title,
        right,
        columns: if is_roomy { &roomy } else { &tight },
        cells: &|row| cells(row, is_roomy),
        order: None,
        marked: &|_| false,
        empty,
    }
    .draw(theme, frame, area);
}

/// What an event is, and how it is meant.
pub(super) fn kind_of(row: &EventRow) -> Cell {
    let decision = row.detail.iter().find(|(name, _)| name == "decision");
    let decision = decision.map_or("", |(_, word)| word.as_str());
    let tone = if matches!(decision, "refuse" | "lost") {
        Tone::Bad
    } else {
        Tone::Plain
    };
    (format!("{} {decision}", row.kind), tone)
}

fn cells(row: &EventRow, is_roomy: bool) -> Vec<Cell> {
    let (kind, tone) = kind_of(row);
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    if is_roomy {
        vec![
            plain(&row.at),
            (kind, tone),
            plain(&row.user),
            plain(&row.service),
            plain(&row.source),
        ]
    } else {
        // Month, day, hour, minute.
        let at = row.at.get(5..16).unwrap_or(&row.at);
        vec![plain(at), (kind, tone), plain(&row.user)]
    }
}

fn detail(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let audit = &model.audit;
    let title = audit
        .list
        .selected()
        .map_or(String::new(), |event| format!("Event {}", event.seq));
    let lines = audit.lines(model.detail_width());
    page(theme, frame, area, (&title, ""), (&lines, audit.scroll));
}
