//! In which order accounts are listed.

use gatepost_shared::admin::browse::Around;
use gatepost_shared::admin::users::State;

use super::{act, answer, asked, press, row, said, types, users};
use crate::console::effect::Effect;
use crate::console::message::{Act, Key, Message, Screen, Step};
use crate::console::model::Model;
use crate::console::model::list::Rows;
use crate::console::update::update;

#[test]
fn an_order_is_a_word_of_the_filter() {
    let mut model = users();
    for (typed, text) in [
        ("-enrolled", "sort:-enrolled"),
        ("-name", "sort:-name"),
        ("-last", "sort:-last"),
        ("-fails", "sort:-fails"),
        ("by name", ""),
    ] {
        press(&mut model, Key::Char('s'));
        types(&mut model, typed);
        let effects = press(&mut model, Key::Enter);
        assert_eq!(model.users.filter.text, text);
        assert!(
            matches!(effects.as_slice(), [Effect::Users { .. }]),
            "{effects:?}"
        );
    }
    act(&mut model, Act::Go(Screen::Audit));
    press(&mut model, Key::Char('s'));
    assert_eq!(said(&model), "This list has one order: the newest first.");
}

// Mutants: the row at the place of before is selected; rows of another order are those of this one.
#[test]
fn in_an_order_that_moves_the_account_stays_selected() {
    let mut model = users();
    press(&mut model, Key::Char('/'));
    types(&mut model, "sort:-las");
    let request = asked(&press(&mut model, Key::Char('t')));
    press(&mut model, Key::Enter);
    assert_eq!(model.users.list.state, Rows::OfBefore, "it is searched");
    let rows = |names: [&str; 3]| names.map(|name| row(name, State::Active)).to_vec();
    answer(&mut model, request, rows(["carol", "alice", "bob"]));
    assert_eq!(model.users.list.state, Rows::Read);
    act(&mut model, Act::Move(Step::Down));
    let selected = |model: &Model| model.users.list.selected().map(|row| row.key.clone());
    assert_eq!(selected(&model).as_deref(), Some("alice"));
    // alice signs in.
    let effects = update(&mut model, Message::Changed);
    let around = effects.iter().find_map(|effect| {
        if let Effect::Users { around, .. } = effect {
            Some(around.clone())
        } else {
            None
        }
    });
    assert_eq!(around, Some(Around::Key("alice".into())));
    let request = asked(&effects);
    answer(&mut model, request, rows(["alice", "carol", "bob"]));
    assert_eq!(selected(&model).as_deref(), Some("alice"));
    assert_eq!(model.users.list.selected, 0);
}
