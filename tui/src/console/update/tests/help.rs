//! The help, looked through by what is typed.

use super::{press, said, types, users};
use crate::console::message::{Act, Context, Key, Message, Screen};
use crate::console::model::Model;
use crate::console::update::update;

/// What the help says, a line each.
fn lines(model: &Model) -> Vec<String> {
    let lines = model.help_lines(76).into_iter();
    lines.map(|line| line.text).collect()
}

// Mutants: a letter does in the help what it does on the screen; all lines stay; a key, a name or a word of
// the sentence is not looked at; the case counts; what was typed is there the next time.
#[test]
fn what_is_typed_in_the_help_finds_its_lines() {
    let mut model = users();
    press(&mut model, Key::Char('?'));
    assert_eq!(model.context(), Context::Overlay);
    let all = lines(&model);
    assert_eq!(types(&mut model, "uNlo"), []);
    assert!(model.dialog.is_none());
    let found = lines(&model);
    assert!(found.len() < all.len() && found.iter().all(|line| all.contains(line)));
    assert!(
        found.iter().any(|line| line.starts_with("u  ")),
        "{found:?}"
    );
    for (typed, wanted) in [
        ("ctrl-l", "Ctrl-L"),
        ("expo", "E  "),
        ("who has no account", "n  "),
        // Letters in their order, as in the list of acts.
        ("byps", "b  "),
    ] {
        press(&mut model, Key::Ctrl('u'));
        types(&mut model, typed);
        let found = lines(&model);
        assert!(
            found.iter().any(|line| line.starts_with(wanted)),
            "{typed}: {found:?}"
        );
        assert!(found.len() < all.len() / 2, "{typed}: {found:?}");
    }
    // What means something in other texts is typed here.
    press(&mut model, Key::Ctrl('u'));
    types(&mut model, "qkjgG");
    assert_eq!(model.sought.value(), "qkjgG");
    press(&mut model, Key::Backspace);
    assert_eq!(model.sought.value(), "qkjg");
    let none = lines(&model);
    assert!(none[0].starts_with("No key here does that"), "{none:?}");
    press(&mut model, Key::Esc);
    assert_eq!(model.context(), Context::Screen(Screen::Users));
    press(&mut model, Key::Char('?'));
    assert_eq!(lines(&model), all, "it begins anew");
    press(&mut model, Key::Char('?'));
    assert_eq!(model.context(), Context::Screen(Screen::Users));
    assert_eq!(said(&model), "");
}

// Mutants: a key that moves is typed; it goes past the end of what was found, or stays there once more is typed.
#[test]
fn the_help_is_still_moved_through() {
    let mut model = users();
    update(&mut model, Message::Act(Act::Help));
    let scroll = |model: &Model| model.overlay.map(|overlay| overlay.scroll);
    let furthest = lines(&model).len() - model.text_height();
    for (key, wanted) in [
        (Key::Down, 1),
        (Key::Down, 2),
        (Key::Up, 1),
        (Key::End, furthest),
        (Key::PageDown, furthest),
        (Key::Home, 0),
        (Key::PageDown, furthest.min(model.text_height() - 1)),
    ] {
        press(&mut model, key);
        assert_eq!(scroll(&model), Some(wanted), "{key:?}");
    }
    types(&mut model, "unlock");
    assert_eq!(scroll(&model), Some(0));
    press(&mut model, Key::Down);
    assert_eq!(scroll(&model), Some(0), "all of it is seen");
}
