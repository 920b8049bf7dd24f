//! The table is sound: no key twice, each with a help, none that changes anything at once.

use super::TABLE;
use super::map::Keymap;
use crate::console::message::{Act, Context, Edit, Key, Message, Step};

/// What a key means with the table's own keys.
fn message(context: Context, typing: bool, key: Key) -> Option<Message> {
    Keymap::default().message(context, typing, key)
}

#[test]
fn no_key_has_two_meanings_in_one_place() {
    for context in Context::ALL {
        let mut seen: Vec<Key> = Vec::new();
        for row in TABLE.iter().filter(|row| row.within.holds(context)) {
            for key in row.keys {
                assert!(!seen.contains(key), "{context:?}: {key:?} twice");
                seen.push(*key);
            }
        }
    }
}

#[test]
fn every_key_of_the_table_means_what_the_table_says() {
    for row in &TABLE {
        for context in Context::ALL.into_iter().filter(|at| row.within.holds(*at)) {
            for key in row.keys {
                let meant = message(context, false, *key);
                assert_eq!(meant, Some(Message::Act(row.act)), "{context:?} {key:?}");
            }
        }
        assert!(!row.long.is_empty(), "{row:?} has no help");
    }
}

#[test]
fn what_can_be_typed_is_typed_where_a_text_has_the_focus() {
    let typed = |key| message(Context::Dialog, true, key);
    assert_eq!(
        typed(Key::Char('y')),
        Some(Message::Edit(Edit::Insert('y')))
    );
    assert_eq!(typed(Key::Enter), Some(Message::Act(Act::Press)));
    assert_eq!(typed(Key::Ctrl('c')), Some(Message::Act(Act::Interrupt)));
    assert_eq!(message(Context::Overlay, false, Key::Char('x')), None);
}

#[test]
fn names_of_acts_and_keys_are_found_again() {
    let mut names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
    names.retain(|name| !name.is_empty());
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all, "a name stands for one act");
    for key in TABLE.iter().flat_map(|row| row.keys) {
        assert_eq!(Key::named(&key.shown()), Some(*key));
    }
    for odd in [
        "", "  ", "Ctrl-", "Ctrl-ab", "Ctrl-1", "F1", "enter", "\u{1b}",
    ] {
        assert_eq!(Key::named(odd), None, "{odd:?}");
    }
}

// Mutants: a clash is taken; the keys of dialogs may be set; an unknown name is passed over.
#[test]
fn other_keys_are_taken_unless_they_clash() {
    let with = |others: &[(&str, &[Key])]| {
        let others = others
            .iter()
            .map(|(name, keys)| ((*name).to_owned(), keys.to_vec()));
        Keymap::with(&others.collect::<Vec<_>>())
    };
    let users = Context::Screen(crate::console::message::Screen::Users);
    let map = with(&[("unlock", &[Key::Char('U')]), ("up", &[])]).unwrap();
    let meant = |key| map.message(users, false, key);
    assert_eq!(meant(Key::Char('U')), Some(Message::Act(Act::Unlock)));
    assert_eq!(meant(Key::Char('u')), None);
    assert_eq!(meant(Key::Up), None);
    assert_eq!(meant(Key::Down), Some(Message::Act(Act::Move(Step::Down))));
    for (others, why) in [
        (
            &[("unlock", &[Key::Char('D')][..])][..],
            "D is both unlock and disable",
        ),
        (
            &[("unlock", &[Key::Ctrl('c')])],
            "Ctrl-C is both unlock and interrupt",
        ),
        (
            &[("unlcok", &[Key::Char('U')])],
            "no act is called unlcok: gatepost keys lists them",
        ),
        (
            &[("interrupt", &[Key::Char('U')])],
            "no act is called interrupt: gatepost keys lists them",
        ),
        (
            &[("", &[Key::Char('U')])],
            "no act is called : gatepost keys lists them",
        ),
    ] {
        assert_eq!(with(others).unwrap_err(), why);
    }
}
