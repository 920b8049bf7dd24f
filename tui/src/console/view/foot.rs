//! The last line: the keys that work now, those of the screen first, and what can be taken back.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::keys::Within;
use super::super::keys::map::Bound;
use super::super::message::{Act, Context, Key};
use super::super::model::Model;
use super::super::model::text::{cut, width_of};
use super::super::model::undo::named;
use super::theme::Theme;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let context = model.context();
    let is_screen = matches!(context, Context::Screen(_));
    let mut spans = vec![Span::raw(" ")];
    let mut used = 1;
    let rows: Vec<&Bound> = model
        .keys
        .rows(context)
        .filter(|bound| !bound.row.short.is_empty() && works(model, bound))
        .collect();
    // A screen's own keys give way: the way out and the help stay visible.
    let is_own = |bound: &&&Bound| matches!(bound.row.within, Within::Screen(_));
    let own_count = if is_screen {
        rows.iter().filter(|bound| is_own(bound)).count()
    } else {
        rows.len()
    };
    let (own, always) = rows.split_at(own_count);
    let kept: usize = always.iter().map(|bound| wide(bound)).sum();
    let room = usize::from(area.width).saturating_sub(kept);
    let fits = own.iter().take_while(|bound| {
        used += wide(bound);
        used <= room
    });
    for bound in fits.chain(always) {
        let says = format!(" {}  ", bound.row.short);
        if is_screen && model.why_not(bound.row.act).is_some() {
            let faint = Theme::faint();
            spans.push(Span::styled(key(bound), faint));
            spans.push(Span::styled(says, faint));
        } else {
            spans.push(Span::styled(key(bound), theme.key()));
            spans.push(Span::raw(says));
        }
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

/// Whether a row's key does what it says now: a letter is a letter while something is typed.
fn works(model: &Model, bound: &Bound) -> bool {
    match bound.keys.first() {
        None => false,
        Some(Key::Char(_)) => !model.is_typing(),
        Some(_) => true,
    }
}

/// A row's first key.
fn key(bound: &Bound) -> String {
    let first = bound.keys.first();
    first.map(|key| key.shown()).unwrap_or_default()
}

/// The columns that a row takes.
fn wide(bound: &Bound) -> usize {
    width_of(&key(bound)) + width_of(bound.row.short) + 3
}

/// The key that takes the person's last act back, at the right of the line above, where a note leaves
/// room for it.
pub(super) fn undo(model: &Model, theme: Theme, frame: &mut Frame<'_>, line: Rect) {
    const WIDEST: usize = 40;
    let is_screen = matches!(model.context(), Context::Screen(_));
    let Some(act) = model.undo.newest(model.now, false).filter(|_| is_screen) else {
        return;
    };
    let mut rows = model.keys.rows(model.context());
    let Some(bound) = rows.find(|bound| bound.row.act == Act::Undo) else {
        return;
    };
    let key = key(bound);
    if key.is_empty() || model.why_not(Act::Undo).is_some() {
        return;
    }
    let what = format!(" undo: {} ", cut(&named(act), WIDEST, theme.ellipsis()));
    let wide = width_of(&key) + width_of(&what);
    let note = model
        .notes
        .shown()
        .map_or(0, |note| width_of(&note.text) + 4);
    if note + wide > usize::from(line.width) {
        return;
    }
    let wide = u16::try_from(wide).unwrap_or(u16::MAX);
    let right = Rect {
        x: line.right().saturating_sub(wide),
        width: wide,
        ..line
    };
    let spans = vec![Span::styled(key, theme.key()), Span::raw(what)];
    frame.render_widget(Paragraph::new(Line::from(spans)), right);
}
