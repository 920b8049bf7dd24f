//! Every screen, in every state, at three sizes, with colours and without, as pictures in
//! `view/snapshots/`. A picture's text comes first; how its cells are styled follows for one size.
//!
//! - here: a screen on which everything has come in, and its pictures
//! - `samples`: what comes in
//! - `screens`, `over`, `policy`: pictures; `looks`: what holds for all of them

mod looks;
mod over;
mod policy;
pub(in super::super::super) mod samples;
mod screens;

use std::fmt::Write;

use gatepost_shared::admin::roles::Role;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;

use self::samples::{
    LONG, activity, applies, checks, detail, error, events, mails, page, policy, sign_ins,
    standing, summary, users,
};
use super::view;
use crate::console::effect::Effect;
use crate::console::look::{Look, Scheme};
use crate::console::message::{Found, Message, Screen};
use crate::console::model::{LEAST, Model};
use crate::console::samples::{post, preview};
use crate::console::update::{begin, update};

const SIZES: [(u16, u16); 3] = [LEAST, (80, 24), (160, 48)];

pub(in super::super::super) const COLOUR: Look = Look {
    scheme: Scheme::Auto,
    ascii: false,
};

const MONO: Look = Look {
    scheme: Scheme::Mono,
    ascii: false,
};

/// What a screen is shown with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super::super) enum Case {
    Empty,
    Typical,
    Long,
    Error,
}

const CASES: [Case; 4] = [Case::Empty, Case::Typical, Case::Long, Case::Error];

/// A screen on which everything has come in.
pub(in super::super::super) fn shown(
    screen: Screen,
    case: Case,
    look: Look,
    size: (u16, u16),
) -> Model {
    let host = if case == Case::Long { LONG } else { "host01" };
    let mut model = Model::new(host.into(), "root (login bob)".into(), look, size);
    model.screen = screen;
    model.role = Role::Admin;
    let effects = begin(&mut model);
    feed(&mut model, case, effects);
    model
}

/// Answers effects as the workers would.
pub(in super::super::super) fn feed(model: &mut Model, case: Case, effects: Vec<Effect>) {
    for effect in effects {
        let failed = case == Case::Error;
        let found = match effect {
            Effect::Summary => Found::Summary(summary(case)),
            Effect::Activity => Found::Activity(activity(case)),
            Effect::Missing => Found::Missing(if failed { Err(error()) } else { Ok(4) }),
            Effect::Users { request, .. } => Found::Users(
                request,
                if failed {
                    Err(error())
                } else {
                    Ok((page(users(case), case), Some(1_204_000)))
                },
            ),
            Effect::User { key, .. } => Found::User(detail(case, &key)),
            Effect::SignIns(key) => Found::SignIns(key, sign_ins(case)),
            Effect::Applies(key) => {
                let found = if failed {
                    Err(error())
                } else {
                    Ok(applies(&key))
                };
                Found::Applies(key, found)
            }
            Effect::Events { request, .. } => Found::Events(
                request,
                if failed {
                    Err(error())
                } else {
                    Ok(page(events(case), case))
                },
            ),
            Effect::Mails { request, .. } => Found::Mails(
                request,
                if failed {
                    Err(error())
                } else {
                    Ok(page(mails(case), case))
                },
            ),
            Effect::Stream { request, .. } => Found::Stream(
                request,
                if failed {
                    Err(error())
                } else {
                    Ok(page(events(case), case))
                },
            ),
            Effect::Standing => Found::Standing(standing(case)),
            Effect::Checks => Found::Checks(checks(case)),
            Effect::Policy(ask) => match policy(case, &ask) {
                Some(found) => Found::Policy(found),
                None => continue,
            },
            Effect::Post => Found::Post(Ok(post("example.net"))),
            Effect::Preview(kind) => Found::Preview(kind, Ok(preview(kind))),
            Effect::CheckChain
            | Effect::Difference(..)
            | Effect::Edit(_)
            | Effect::Sources(_)
            | Effect::Undoables
            | Effect::Plan(..)
            | Effect::LookThrough(..)
            | Effect::DropCopy(_)
            | Effect::Long(..)
            | Effect::Each(..)
            | Effect::Stop(_)
            | Effect::Keys(_)
            | Effect::Export(..)
            | Effect::Do(_)
            | Effect::Copy(_)
            | Effect::CopyCode(_)
            | Effect::Keep(_)
            | Effect::Mouse(_)
            | Effect::Quit
            | Effect::Suspend
            | Effect::Redraw => continue,
        };
        let more = update(model, Message::Found(Box::new(found)));
        feed(model, case, more);
    }
}

pub(super) fn drawn(model: &Model) -> Buffer {
    let (columns, rows) = model.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| view(model, frame)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let mut out = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip > 0 {
                // The second half of a wide character.
                skip -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        writeln!(out, "{}", line.trim_end()).unwrap();
    }
    out
}

/// Runs of cells that do not look as they come.
fn styles(buffer: &Buffer) -> String {
    let mut out = String::new();
    for (y, row) in buffer
        .content
        .chunks(usize::from(buffer.area.width))
        .enumerate()
    {
        let mut x = 0;
        for run in row.chunk_by(|one, other| one.style() == other.style()) {
            let style = run[0].style();
            let (from, to) = (x, x + run.len() - 1);
            x += run.len();
            let fg = style.fg.filter(|fg| *fg != Color::Reset);
            if fg.is_some() || !style.add_modifier.is_empty() {
                let fg = fg.map_or_else(String::new, |fg| format!(" {fg:?}"));
                writeln!(out, "{y}:{from}-{to}{fg} {:?}", style.add_modifier).unwrap();
            }
        }
    }
    out
}

/// A picture at every size, its styles with colours and without at one.
fn pictures(make: impl Fn(Look, (u16, u16)) -> Model) -> String {
    let mut out = String::new();
    for size in SIZES {
        let picture = text(&drawn(&make(COLOUR, size)));
        let mono = text(&drawn(&make(MONO, size)));
        assert_eq!(picture, mono, "colour changes no word");
        writeln!(out, "{}x{}\n{picture}", size.0, size.1).unwrap();
    }
    for (name, look) in [("colour", COLOUR), ("mono", MONO)] {
        writeln!(out, "{name}\n{}", styles(&drawn(&make(look, (80, 24))))).unwrap();
    }
    out
}

/// Compares pictures with those that are kept, which lie beside the screens whatever theme draws them.
fn kept(name: &str, pictures: &str) {
    insta::with_settings!({snapshot_path => "../snapshots"}, {
        insta::assert_snapshot!(name, pictures);
    });
}

/// What is done to a screen before its picture is taken.
type Steps = fn(&mut Model);
