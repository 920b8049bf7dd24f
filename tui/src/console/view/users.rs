//! The accounts.

use gatepost_shared::admin::browse::UserRow;
use gatepost_shared::admin::users::State;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::super::model::Model;
use super::super::model::list::Rows;
use super::super::model::text::{Tone, counted, grouped};
use super::super::model::users::{Users, columns, state_tone};
use super::parts::{Cell, Table, beside, page};
use super::theme::Theme;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let users = &model.users;
    if model.is_wide() {
        let (left, right) = beside(area, model.list_width());
        table(users, theme, frame, left);
        detail(model, theme, frame, right);
    } else if users.is_open {
        detail(model, theme, frame, area);
    } else {
        table(users, theme, frame, area);
    }
}

fn table(users: &Users, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let filter = &users.filter.text;
    let title = if filter.is_empty() {
        "Users".to_owned()
    } else {
        format!("Users  {filter}")
    };
    let empty = if filter.is_empty() {
        "Nobody is enrolled yet. N enrols somebody, n shows who is not, :import takes a list."
            .to_owned()
    } else {
        format!("No account is like that: {filter}. Esc takes the filter away, / changes it.")
    };
    Table {
        list: &users.list,
        title,
        right: how_many(users),
        columns: columns(area.width),
        order: Some(users.filter.filter.listed_in()),
        cells: &|row| cells(theme, row),
        marked: &|row| users.marks.contains_key(&row.key),
        empty,
    }
    .draw(theme, frame, area);
}

fn how_many(users: &Users) -> String {
    let rows = how_many_rows(users);
    match users.marks.len() as u64 {
        0 => rows,
        marked => format!("{} marked, {rows}", grouped(marked)),
    }
}

fn how_many_rows(users: &Users) -> String {
    let list = &users.list;
    let known = u64::try_from(list.rows.len()).unwrap_or(u64::MAX);
    let is_whole = !list.more_before && !list.more_after;
    match users.total {
        _ if list.error.is_some() => String::new(),
        _ if list.state != Rows::Read => "searching ...".to_owned(),
        _ if is_whole => counted(known, "account", "accounts"),
        Some(total) => counted(total, "account", "accounts"),
        None => format!("{known} and more"),
    }
}

fn cells(theme: Theme, row: &UserRow) -> Vec<Cell> {
    // Nothing of the account is wrong, and yet no code arrives.
    let (tone, state) = match row.state {
        Some(State::Active) if row.bounced => (Tone::Bad, "bounced"),
        state => (state_tone(state), row.standing.as_str()),
    };
    let last = if row.last.is_empty() {
        "never"
    } else {
        // Without the seconds.
        row.last.get(..16).unwrap_or(&row.last)
    };
    vec![
        (row.user.clone(), Tone::Plain),
        (format!("{} {state}", theme.sign(tone)), tone),
        (row.address.clone(), Tone::Plain),
        (last.to_owned(), Tone::Plain),
    ]
}

fn detail(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let users = &model.users;
    let (title, right) = match users.page_of_selected() {
        Some(Ok(page)) => (page.user.clone(), format!("uid {}", page.uid)),
        Some(Err((user, _))) => (user.clone(), String::new()),
        None => (String::new(), String::new()),
    };
    let lines = users.lines(&model.keys, model.detail_width());
    page(theme, frame, area, (&title, &right), (&lines, users.scroll));
}
