//! The state as a picture: a function of the state alone, which it cannot change.
//!
//! - [`bars`], [`foot`]: what stands around every screen
//! - [`parts`]: tables, texts and frames that screens are made of
//! - [`graphs`]: counts as pictures; [`plain`]: Home as text
//! - a file for each screen, [`over`], [`jobs`], [`palette`], [`dialog`] and [`code`] for what lies over them

mod audit;
mod bars;
mod code;
mod dialog;
mod foot;
mod graphs;
mod health;
mod home;
mod jobs;
mod live;
mod mail;
mod mask;
mod over;
mod palette;
mod parts;
pub(crate) mod plain;
mod policy;
mod theme;
mod users;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::widgets::Paragraph;

use self::theme::Theme;
use super::message::Screen;
use super::model::{LEAST, Model};

/// Draws.
pub(crate) fn view(model: &Model, frame: &mut Frame<'_>) {
    let area = frame.area();
    if !model.fits() || area.width < LEAST.0 || area.height < LEAST.1 {
        let (columns, rows) = LEAST;
        let text = format!("needs {columns}x{rows}, now {}x{}", area.width, area.height);
        frame.render_widget(Paragraph::new(text), area);
        return;
    }
    let theme = Theme::of(model.look);
    if model.is_masked {
        return mask::draw(model, theme, frame, area);
    }
    let typing = u16::from(model.typing.is_some());
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1 + typing),
        Constraint::Length(1),
    ]);
    let [head, tabs, body, notes, foot] = rows.areas(area);
    bars::head(model, theme, frame, head);
    bars::tabs(model, frame, tabs);
    match model.screen {
        Screen::Home => home::draw(model, theme, frame, body),
        Screen::Users => users::draw(model, theme, frame, body),
        Screen::Live => live::draw(model, theme, frame, body),
        Screen::Audit => audit::draw(model, theme, frame, body),
        Screen::Mail => mail::draw(model, theme, frame, body),
        Screen::Policy => policy::draw(model, theme, frame, body),
        Screen::Health => health::draw(model, theme, frame, body),
    }
    bars::notes(model, theme, frame, notes);
    foot::undo(model, theme, frame, notes);
    foot::draw(model, theme, frame, foot);
    if model.overlay.is_some() {
        over::overlay(model, theme, frame, body);
    }
    jobs::draw(model, theme, frame, body);
    palette::draw(model, theme, frame, body);
    dialog::draw(model, theme, frame, body);
    code::draw(model, theme, frame, body);
}

#[cfg(test)]
mod documents;
#[cfg(test)]
mod svg;
#[cfg(test)]
pub(super) mod tests;
