//! What lies around the screens: the mouse, the clipboard, the mask, themes.

use super::{act, found, press, said, types, users};
use crate::console::effect::Effect;
use crate::console::look::Scheme;
use crate::console::message::{Act, Context, Found, Key, Message, Mouse, Screen};
use crate::console::model::place::Place;
use crate::console::model::policy::Pane;
use crate::console::model::users::columns;
use crate::console::model::{IDLE, Model};
use crate::console::prefs::Prefs;
use crate::console::update::update;
use gatepost_shared::admin::console::ConsoleRules;
use gatepost_shared::admin::users::Mask;

#[test]
fn a_click_selects_a_second_one_opens_and_a_name_above_leads_there() {
    let mut model = users();
    let click =
        |model: &mut _, column, row| update(model, Message::Mouse(Mouse::Click(column, row)));
    assert_eq!(model.place((0, 0)), None);
    assert!(matches!(model.place((5, 3)), Some(Place::Head(_))));
    click(&mut model, 5, 5);
    assert_eq!(model.users.list.selected, 1);
    assert!(!model.users.is_open);
    click(&mut model, 5, 12);
    assert_eq!(model.users.list.selected, 1, "nothing lies there");
    click(&mut model, 5, 5);
    assert!(model.users.is_open);
    assert_eq!(model.place((5, 5)), None, "the list is covered");
    act(&mut model, Act::Back);
    // A dialog is answered by keys alone.
    press(&mut model, Key::Char('u'));
    assert_eq!(click(&mut model, 5, 4), []);
    assert!(model.dialog.is_some());
    assert_eq!(model.users.list.selected, 1, "nothing below it is selected");
    press(&mut model, Key::Esc);
    update(&mut model, Message::Mouse(Mouse::WheelDown));
    assert_eq!(model.users.list.selected, 2);
    // " " and then " 1 Home 2 Users 3 Live 4 Audit".
    for (column, screen) in [
        (1, Screen::Home),
        (7, Screen::Home),
        (8, Screen::Users),
        (16, Screen::Live),
        (23, Screen::Audit),
    ] {
        assert_eq!(
            model.place((column, 1)),
            Some(Place::Tab(screen)),
            "{column}"
        );
    }
    click(&mut model, 23, 1);
    assert_eq!(model.screen, Screen::Audit);
    let effects = press(&mut model, Key::Char('M'));
    assert!(matches!(
        effects.as_slice(),
        [Effect::Mouse(false), Effect::Keep(_)]
    ));
    assert!(said(&model).contains("selects text again"));
}

// Mutants: the frame, the head, what is scrolled away or the page beside the list is not reckoned with.
#[test]
fn what_is_pointed_at_is_what_is_drawn_there() {
    type Prepare = fn(&mut Model);
    let mut model = users();
    let [least, below, beside] = [(60, 15), (80, 24), (160, 48)];
    let head = |at: usize| Some(Place::Head(Some(columns(80)[at])));
    let row = |line| Some(Place::Row(line));
    let same: Prepare = |_| ();
    let versions: Prepare = |model| model.policy.pane = Pane::Versions;
    for (screen, prepare, size, at, place) in [
        (Screen::Users, same, below, (5, 2), None),
        (Screen::Users, same, below, (1, 3), Some(Place::Head(None))),
        (Screen::Users, same, below, (3, 3), head(0)),
        (Screen::Users, same, below, (78, 3), head(3)),
        (Screen::Users, same, beside, (78, 3), head(3)),
        (Screen::Users, same, beside, (80, 3), None),
        (Screen::Users, same, least, (57, 3), head(2)),
        (Screen::Users, same, below, (5, 4), row(0)),
        (Screen::Users, same, below, (5, 20), row(16)),
        (Screen::Users, same, below, (5, 21), None),
        (Screen::Users, same, below, (79, 4), row(0)),
        (Screen::Users, same, beside, (79, 4), row(0)),
        (Screen::Users, same, beside, (80, 4), None),
        (Screen::Home, same, below, (5, 2), None),
        (Screen::Home, same, below, (5, 3), row(0)),
        (Screen::Home, same, below, (5, 4), row(1)),
        (Screen::Health, same, below, (5, 3), None),
        (Screen::Health, same, below, (5, 4), row(0)),
        (Screen::Policy, same, below, (5, 4), None),
        (Screen::Policy, versions, below, (5, 3), None),
        (Screen::Policy, versions, below, (5, 4), row(0)),
    ] {
        model.screen = screen;
        model.size = size;
        prepare(&mut model);
        assert_eq!(model.place(at), place, "{screen:?} {size:?} {at:?}");
    }
    let mut model = users();
    model.users.list.top = 1;
    update(&mut model, Message::Mouse(Mouse::Click(5, 5)));
    assert_eq!(model.users.list.selected, 2, "the second of those shown");
}

#[test]
fn names_and_subcommands_are_copied_by_the_terminal() {
    let mut model = users();
    assert_eq!(
        press(&mut model, Key::Char('y')),
        [Effect::Copy("alice".into())]
    );
    assert_eq!(said(&model), "Copied: alice");
    model.terminal.in_tmux = true;
    assert_eq!(
        press(&mut model, Key::Char('Y')),
        [Effect::Copy("gatepost why alice".into())]
    );
    assert!(
        said(&model).contains("set-clipboard on"),
        "{}",
        said(&model)
    );
    press(&mut model, Key::Char('u'));
    let twin = "gatepost user unlock alice".to_owned();
    assert_eq!(press(&mut model, Key::Char('Y')), [Effect::Copy(twin)]);
    assert!(model.dialog.is_some());
    press(&mut model, Key::Esc);
    // Mutants: the bound is gone, or another one; what counts is the text before it is encoded.
    for (length, is_copied) in [(56_244, true), (56_245, false)] {
        model.users.list.rows[0].user = "x".repeat(length);
        assert_eq!(
            press(&mut model, Key::Char('y')).len(),
            usize::from(is_copied),
            "{length}"
        );
    }
    model.users.list.rows.clear();
    assert_eq!(press(&mut model, Key::Char('y')), []);
    assert_eq!(said(&model), "No row is selected.");
}

// Mutants: the first key does something; addresses stay in memory, in the list or on the page; a dialog or
// a list of acts stays open.
#[test]
fn a_console_that_nobody_uses_is_masked_and_the_first_key_only_takes_that_away() {
    let mut model = users();
    // The clock began long before.
    update(&mut model, Message::Tick(IDLE * 7));
    assert!(!model.is_masked);
    let mut model = users();
    update(&mut model, Message::Tick(0));
    found(&mut model, Found::Unmasked);
    model.users.page = Some(Err(("alice".to_owned(), "odd".to_owned())));
    press(&mut model, Key::Char('u'));
    assert_eq!(model.wakes(), Some(IDLE));
    update(&mut model, Message::Tick(1_000));
    press(&mut model, Key::Tab);
    assert_eq!(update(&mut model, Message::Tick(IDLE + 999)), []);
    assert!(!model.is_masked);
    let effects = update(&mut model, Message::Tick(IDLE + 1_000));
    assert!(model.is_masked);
    assert!(
        matches!(
            effects.as_slice(),
            [
                Effect::Users {
                    mask: Mask::Masked,
                    ..
                },
                ..
            ]
        ),
        "{effects:?}"
    );
    assert!(
        model
            .users
            .list
            .rows
            .iter()
            .all(|row| row.address.is_empty())
    );
    assert!(model.users.page.is_none());
    assert!(model.dialog.is_none());
    assert!(!model.is_typing());
    assert_eq!(
        update(&mut model, Message::Tick(IDLE * 9)),
        [],
        "once is enough"
    );
    for key in [Key::Char('q'), Key::Ctrl('c'), Key::Enter] {
        model.is_masked = true;
        assert_eq!(press(&mut model, key), [], "{key:?}");
        assert!(!model.is_masked);
    }
    model.is_masked = true;
    update(&mut model, Message::Mouse(Mouse::Click(5, 5)));
    assert_eq!(model.users.list.selected, 0);
    assert_eq!(model.wakes(), Some(IDLE * 10));
    press(&mut model, Key::Char(':'));
    assert_eq!(model.context(), Context::Palette);
    update(&mut model, Message::Tick(IDLE * 10));
    assert_eq!(model.context(), Context::Screen(Screen::Users));
}

#[test]
fn a_theme_is_chosen_from_the_list() {
    let mut model = users();
    press(&mut model, Key::Char(':'));
    types(&mut model, "themes");
    press(&mut model, Key::Enter);
    assert_eq!(model.context(), Context::Palette);
    types(&mut model, "high");
    press(&mut model, Key::Enter);
    assert_eq!(model.look.scheme, Scheme::HighContrast);
    for scheme in Scheme::ALL {
        assert_eq!(Scheme::named(scheme.name()), Some(scheme));
    }
}

// Mutants: a rule is not asked.
#[test]
fn what_is_ruled_for_every_console_holds_in_this_one() {
    let mut model = users();
    model.rule(ConsoleRules {
        read_only: false,
        masked: true,
        idle_minutes: Some(2),
    });
    press(&mut model, Key::Char('a'));
    assert!(model.dialog.is_none());
    assert!(said(&model).contains("console.toml says masked"));
    assert_eq!(
        model.wakes().unwrap().min(model.idle),
        6_000,
        "the note goes first"
    );
    assert_eq!(model.idle, 120_000);
    model.rule(ConsoleRules {
        read_only: true,
        ..ConsoleRules::default()
    });
    assert!(model.is_read_only(), "so the workers are told");
    for key in ['u', 'D', 'v', 'a'] {
        press(&mut model, Key::Char(key));
        assert!(model.dialog.is_none(), "{key}");
        assert!(
            said(&model).contains("console.toml says read_only"),
            "{key}"
        );
    }
}

#[test]
fn what_was_kept_is_in_force_and_what_is_wrong_is_said() {
    let mut model = users();
    let mut prefs = Prefs::default();
    prefs.choose(Scheme::Dark);
    prefs.no_mouse = true;
    let keys = vec![("unlock".to_owned(), vec![Key::Char('U')])];
    let faults = vec!["keys.toml is not used: odd".to_owned()];
    let effects = found(&mut model, Found::Prefs(prefs.clone(), keys, faults));
    assert_eq!(effects, [Effect::Mouse(false)]);
    assert_eq!(
        (model.look.scheme, model.terminal.mouse),
        (Scheme::Dark, false)
    );
    assert_eq!(said(&model), "keys.toml is not used: odd");
    press(&mut model, Key::Char('U'));
    assert!(model.dialog.is_some());
    press(&mut model, Key::Esc);
    // Whoever wants no colours gets none.
    let mut model = users();
    model.terminal.is_colourless = true;
    model.look.scheme = Scheme::Mono;
    found(&mut model, Found::Prefs(prefs, Vec::new(), Vec::new()));
    assert_eq!(model.look.scheme, Scheme::Mono);
}

#[test]
fn filters_are_finished_remembered_and_kept_under_a_name() {
    let mut model = users();
    let typed = |model: &Model| model.typing.as_ref().unwrap().input.value().to_owned();
    press(&mut model, Key::Char('V'));
    assert!(
        model
            .palette
            .as_ref()
            .unwrap()
            .selected()
            .unwrap()
            .why_not
            .is_some()
    );
    press(&mut model, Key::Esc);
    press(&mut model, Key::Char('/'));
    types(&mut model, "sta");
    press(&mut model, Key::Tab);
    assert_eq!(typed(&model), "state:");
    types(&mut model, "lo");
    press(&mut model, Key::Tab);
    assert_eq!(model.users.filter.text, "state:locked");
    let effects = press(&mut model, Key::Enter);
    assert!(
        matches!(effects.as_slice(), [Effect::Keep(prefs)] if prefs.filters(Screen::Users) == ["state:locked"])
    );
    press(&mut model, Key::Char('V'));
    press(&mut model, Key::Enter);
    types(&mut model, "shut out");
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Enter);
    assert!(matches!(effects.as_slice(), [Effect::Keep(prefs)] if prefs.view.len() == 1));
    press(&mut model, Key::Esc);
    assert_eq!(model.users.filter.text, "");
    press(&mut model, Key::Char('/'));
    press(&mut model, Key::Up);
    press(&mut model, Key::Up);
    assert_eq!(typed(&model), "state:locked");
    press(&mut model, Key::Down);
    assert_eq!(typed(&model), "", "what was there before");
    press(&mut model, Key::Esc);
    act(&mut model, Act::Go(Screen::Home));
    press(&mut model, Key::Char('V'));
    press(&mut model, Key::Enter);
    assert_eq!(
        (model.screen, model.users.filter.text.as_str()),
        (Screen::Users, "state:locked")
    );
}
