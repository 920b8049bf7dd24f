//! What doctor says.

use gatepost_shared::admin::doctor::Check;
use gatepost_words::text::one_line;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::super::model::Model;
use super::super::model::columns::Column;
use super::super::model::health::meaning;
use super::super::model::text::{Tone, counted};
use super::parts::{Cell, Table, beside, page};
use super::theme::Theme;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    if model.is_wide() {
        let (left, right) = beside(area, model.list_width());
        table(model, theme, frame, left);
        detail(model, theme, frame, right);
    } else if model.health.is_open {
        detail(model, theme, frame, area);
    } else {
        table(model, theme, frame, area);
    }
}

fn table(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let health = &model.health;
    let (problems, looks) = health.counts();
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let right = match (problems, looks) {
        _ if health.is_fresh() => String::new(),
        (0, 0) => "nothing is wrong".to_owned(),
        (0, looks) => format!("{} worth a look", counted(number(looks), "thing", "things")),
        (problems, _) => counted(number(problems), "problem", "problems"),
    };
    let columns = [
        Column::of("IS", 7),
        Column::of("WHAT", 16),
        Column::of("SEEN", 0),
    ];
    Table {
        list: &health.list,
        title: "Health".to_owned(),
        right,
        columns: &columns,
        cells: &cells,
        order: None,
        marked: &|_| false,
        empty: "Nothing was looked at. r looks.".to_owned(),
    }
    .draw(theme, frame, area);
}

fn cells(check: &Check) -> Vec<Cell> {
    let (tone, word) = meaning(check.finding);
    vec![
        (word.to_owned(), tone),
        (check.what.clone(), Tone::Plain),
        (one_line(&check.detail), Tone::Plain),
    ]
}

fn detail(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let lines = model.health.lines(model.detail_width());
    let title = ("What was seen, and what to do", "");
    page(theme, frame, area, title, (&lines, model.health.scroll));
}
