//! What holds for every screen whatever it shows: colours, ASCII, sizes, the mask.

use std::fmt::Write;

use gatepost_shared::admin::filter::Order;
use ratatui::style::{Color, Modifier};

use super::super::plain;
use super::{CASES, COLOUR, Case, MONO, SIZES, drawn, feed, kept, shown, text};
use crate::console::look::{Look, Scheme};
use crate::console::message::{Act, Found, FoundPolicy, Message, Screen, Step};
use crate::console::model::place::Place;
use crate::console::model::text::width_of;
use crate::console::model::users::columns;
use crate::console::samples::on_trial;
use crate::console::update::update;

#[test]
fn without_colours_no_cell_has_one_and_the_selected_row_is_reversed() {
    for screen in [Screen::Home, Screen::Users, Screen::Audit, Screen::Mail] {
        let buffer = drawn(&shown(screen, Case::Typical, MONO, (80, 24)));
        let coloured =
            |cell: &&ratatui::buffer::Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
        assert_eq!(
            buffer.content.iter().filter(coloured).count(),
            0,
            "{screen:?}"
        );
        let reversed = |y: u16| {
            let cell = buffer.cell((5, y)).unwrap();
            cell.modifier.contains(Modifier::REVERSED)
        };
        let rows: Vec<u16> = (2..24).filter(|y| reversed(*y)).collect();
        assert_eq!(rows.len(), 1, "{screen:?}");
    }
}

#[test]
fn ascii_is_enough_for_every_screen() {
    let look = Look {
        scheme: Scheme::Auto,
        ascii: true,
    };
    for screen in Screen::ALL {
        for case in [Case::Empty, Case::Typical, Case::Error] {
            let mut model = shown(screen, case, look, (80, 24));
            for overlay in [None, Some(Act::Help), Some(Act::Unlock)] {
                if let Some(act) = overlay {
                    update(&mut model, Message::Act(act));
                }
                let picture = text(&drawn(&model));
                assert!(picture.is_ascii(), "{screen:?} {case:?}\n{picture}");
                update(&mut model, Message::Act(Act::Back));
            }
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_says_what_it_needs() {
    for (columns, rows) in [(52, 12), (59, 40), (60, 14), (20, 1), (1, 1)] {
        let mut model = shown(Screen::Users, Case::Long, COLOUR, (80, 24));
        update(&mut model, Message::Resized(columns, rows));
        let picture = text(&drawn(&model));
        let needs = format!("needs 60x15, now {columns}x{rows}");
        assert!(needs.starts_with(picture.trim_end()), "{picture}");
    }
}

#[test]
fn every_size_can_be_drawn_while_everything_is_open() {
    for size in [
        (60, 15),
        (61, 17),
        (99, 15),
        (100, 15),
        (101, 30),
        (250, 80),
    ] {
        for screen in Screen::ALL {
            let mut model = shown(screen, Case::Long, COLOUR, (80, 24));
            for act in [
                Act::Open,
                Act::Filter,
                Act::Move(Step::Last),
                Act::Unlock,
                Act::TestMail,
            ] {
                update(&mut model, Message::Act(act));
                update(&mut model, Message::Resized(size.0, size.1));
                drawn(&model);
            }
        }
    }
}

// Mutant: a theme's text is grey, white, black or of any colour that a ground may have.
#[test]
fn no_theme_colours_text_like_a_ground_or_the_ground() {
    let named = [Color::Black, Color::White, Color::Gray, Color::DarkGray];
    let grounds = [0, 7, 8, 15, 16, 231].map(Color::Indexed);
    let grounds = [&named[..], &grounds].concat();
    for scheme in Scheme::ALL {
        let look = Look {
            scheme,
            ascii: false,
        };
        for screen in Screen::ALL {
            let mut model = shown(screen, Case::Typical, look, (160, 48));
            for act in [Act::Back, Act::Help, Act::Palette, Act::Jobs] {
                update(&mut model, Message::Act(act));
                for cell in &drawn(&model).content {
                    assert_eq!(cell.bg, Color::Reset, "{scheme:?} {screen:?}");
                    assert!(!grounds.contains(&cell.fg), "{scheme:?} {screen:?}");
                    let has_two = matches!(cell.fg, Color::Reset | Color::Red | Color::Magenta);
                    assert!(
                        has_two || scheme != Scheme::Auto,
                        "{screen:?} {:?}",
                        cell.fg
                    );
                }
                update(&mut model, Message::Act(Act::Back));
            }
        }
    }
}

// Mutant: anything is drawn below the mask.
#[test]
fn nothing_but_the_mask_is_seen() {
    for screen in Screen::ALL {
        for case in CASES {
            let mut model = shown(screen, case, COLOUR, (80, 24));
            for act in [Act::Filter, Act::Help, Act::Unlock] {
                update(&mut model, Message::Act(act));
            }
            model.is_masked = true;
            model.host = "host01".into();
            let picture = text(&drawn(&model));
            assert_eq!(picture.trim(), "gatepost on host01 is masked; press a key");
        }
    }
}

#[test]
fn bars_are_told_apart_in_ascii() {
    let look = Look {
        scheme: Scheme::Mono,
        ascii: true,
    };
    for (name, screen) in [("home-ascii", Screen::Home), ("users-ascii", Screen::Users)] {
        let picture = text(&drawn(&shown(screen, Case::Typical, look, (160, 48))));
        kept(name, &picture);
    }
}

// Mutants: a head is looked for elsewhere than it is drawn; the sign stands at another column, or the other way
// round, or in colours alone.
#[test]
fn whoever_points_at_a_head_means_the_column_that_is_drawn_there() {
    for scheme in [Scheme::Auto, Scheme::Mono] {
        for (ascii, [rising, falling]) in [(false, ['\u{25b2}', '\u{25bc}']), (true, ['^', 'v'])] {
            for size in SIZES {
                let look = Look { scheme, ascii };
                let mut model = shown(Screen::Users, Case::Typical, look, size);
                for order in Order::ALL {
                    let effects = update(&mut model, Message::Act(Act::SortBy(order)));
                    feed(&mut model, Case::Typical, effects);
                    let picture = text(&drawn(&model));
                    let line = picture.lines().nth(3).unwrap();
                    for column in columns(model.list_width()) {
                        let (before, _) = line.split_once(column.title).unwrap();
                        let begins = before.chars().count();
                        let ends = begins + column.title.len();
                        for at in begins..ends {
                            let place = model.place((u16::try_from(at).unwrap(), 3));
                            assert_eq!(place, Some(Place::Head(Some(*column))), "{line}");
                        }
                        let sign = if order.is_back { falling } else { rising };
                        let is_by_it = column.by == Some(order.by);
                        let seen = line.chars().nth(ends + 1) == Some(sign);
                        assert_eq!(seen, is_by_it, "{order} {line}");
                    }
                }
            }
        }
    }
}

// Mutants: a colour or a frame is in it; what stands above every screen is left out; a line is not broken.
#[test]
fn home_is_told_in_lines_without_a_terminal() {
    let mut out = String::new();
    for case in CASES {
        for (width, ascii) in [(30, true), (80, false)] {
            let look = Look {
                scheme: Scheme::Auto,
                ascii,
            };
            let mut model = shown(Screen::Home, case, look, (80, 24));
            if case == Case::Typical {
                let found = Found::Policy(FoundPolicy::State(on_trial(150)));
                update(&mut model, Message::Found(Box::new(found)));
            }
            let told = plain::home(&model, width);
            let steers = |c: char| c.is_control() && c != '\n';
            assert!(!told.contains(steers), "{told:?}");
            for line in told.lines() {
                assert!(width_of(line) <= width, "{width}: {line}");
            }
            assert!(!ascii || case == Case::Long || told.is_ascii(), "{told}");
            writeln!(out, "{case:?} {width}\n{told}").unwrap();
        }
    }
    kept("home-once", &out);
}
