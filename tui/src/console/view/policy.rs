//! The policy.

use gatepost_shared::admin::policy::history::Row;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::super::message::Job;
use super::super::model::Model;
use super::super::model::columns::Column;
use super::super::model::policy::{Looked, Pane};
use super::super::model::text::{Tone, grouped};
use super::parts::{Cell, Table, page};
use super::theme::Theme;

/// Columns from which date and reason are shown too.
const ROOMY: u16 = 78;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    if model.policy.pane == Pane::Versions {
        return table(model, theme, frame, area);
    }
    let (left, right) = titles(model);
    let lines = model.policy_lines();
    let scroll = model.policy.scroll;
    page(theme, frame, area, (&left, &right), (&lines, scroll));
}

fn titles(model: &Model) -> (String, String) {
    let policy = &model.policy;
    match policy.pane {
        Pane::Rules | Pane::Versions => {
            let right = match &policy.trial {
                Some(running) => format!("on trial, {} left", running.left(model.now)),
                None => String::new(),
            };
            ("Policy".to_owned(), right)
        }
        Pane::Version(version) => (
            format!("Policy version {version}"),
            "R rolls back to it".to_owned(),
        ),
        Pane::Draft => draft(model),
        Pane::Simulated => ("Policy: a sign-in".to_owned(), "Esc closes".to_owned()),
    }
}

fn draft(model: &Model) -> (String, String) {
    let Some(draft) = &model.policy.draft else {
        return ("Policy".to_owned(), String::new());
    };
    let left = match draft.restores() {
        None => "Policy: edited, not in force".to_owned(),
        Some(version) => format!("Policy: back to version {version}, not in force"),
    };
    let right = match &draft.looked {
        Looked::Underway => {
            let mut running = model.jobs.running();
            let mine = Job::Difference(draft.number);
            let work = running.find(|work| work.job == mine);
            let done = work.map_or(0, |work| work.progress.done);
            format!("{} looked at", grouped(done))
        }
        Looked::Wrong(_) => "e edits it again".to_owned(),
        Looked::Found(_) => "T tries, A applies".to_owned(),
    };
    (left, right)
}

fn table(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let is_roomy = area.width >= ROOMY;
    let roomy = [
        Column::of("VERSION", 7),
        Column::of("STATE", 15),
        Column::of("HOW", 13),
        Column::of("WHEN", 19),
        Column::of("BY", 0),
        Column::of("REASON", 0),
    ];
    let tight = [
        Column::of("VERSION", 7),
        Column::of("STATE", 15),
        Column::of("HOW", 13),
        Column::of("BY", 0),
    ];
    Table {
        list: &model.policy.versions,
        title: "Policy: versions".to_owned(),
        right: "newest first".to_owned(),
        columns: if is_roomy { &roomy } else { &tight },
        cells: &|row| cells(row, is_roomy),
        order: None,
        marked: &|_| false,
        empty: "There is no version yet, so everybody is asked. In a shell: gatepost setup."
            .to_owned(),
    }
    .draw(theme, frame, area);
}

fn cells(row: &Row, is_roomy: bool) -> Vec<Cell> {
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    let tone = match row.state {
        "in force" => Tone::Good,
        "being tried" => Tone::Care,
        _ => Tone::Plain,
    };
    let how = match (row.restores, row.tried_for) {
        (Some(version), _) => format!("{} to {version}", row.how),
        (None, Some(seconds)) => {
            format!(
                "{} {}",
                row.how,
                gatepost_words::time::Span::from_secs(seconds)
            )
        }
        (None, None) => row.how.clone(),
    };
    let mut cells = vec![
        plain(&row.version.to_string()),
        (row.state.to_owned(), tone),
        plain(&how),
    ];
    if is_roomy {
        let at: String = row.at.chars().take(19).collect();
        cells.push(plain(&at));
    }
    cells.push(plain(&row.by));
    if is_roomy {
        cells.push(plain(&row.reason));
    }
    cells
}
