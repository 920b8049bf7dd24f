//! In which order accounts are listed.

use gatepost_shared::admin::browse::Around;
use gatepost_shared::admin::users::State;

use super::{act, answer, asked, press, row, said, types, users};
use crate::console::effect::Effect;
use crate::console::message::{Act, Key, Message, Mouse, Screen, Step};
use crate::console::model::Model;
use crate::console::model::list::Rows;
use crate::console::model::place::Place;
use crate::console::update::update;

#[test]
fn an_order_is_a_word_of_the_filter() {
    let mut model = users();
    for (typed, text) in [
        ("-enrolled", "sort:-enrolled"),
        ("-name", "sort:-name"),
        ("state", "sort:state"),
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

/// Clicks on the head of a column.
fn click(model: &mut Model, title: &str) -> Vec<Effect> {
    let on = |at: &u16| match model.place((*at, 3)) {
        Some(Place::Head(Some(column))) => column.title == title,
        Some(Place::Head(None) | Place::Tab(_) | Place::Row(_)) | None => false,
    };
    let at = (0..model.size.0).find(on).unwrap();
    update(model, Message::Mouse(Mouse::Click(at, 3)))
}

// Mutants: a second click sorts the same way again; another column is turned round at once; the rest of the filter
// is lost; the rows of the order before are taken for those of this one.
#[test]
fn a_click_on_a_head_sorts_by_it_and_a_second_one_turns_it_round() {
    let mut model = users();
    press(&mut model, Key::Char('/'));
    types(&mut model, "\"a  b\"");
    press(&mut model, Key::Enter);
    for (title, text) in [
        ("STATE", "\"a  b\" sort:state"),
        ("STATE", "\"a  b\" sort:-state"),
        ("STATE", "\"a  b\" sort:state"),
        ("LAST SIGN-IN", "\"a  b\" sort:last"),
        ("LAST SIGN-IN", "\"a  b\" sort:-last"),
        ("USER", "\"a  b\""),
        ("USER", "\"a  b\" sort:-name"),
    ] {
        asked(&click(&mut model, title));
        assert_eq!(model.users.filter.text, text);
        assert_eq!(model.users.list.state, Rows::OfBefore);
        assert!(model.palette.is_none());
    }
}

#[test]
fn a_head_that_nothing_is_sorted_by_says_so() {
    let mut model = users();
    assert_eq!(click(&mut model, "ADDRESS"), []);
    let told = "There is no order by ADDRESS: s lists those that there are.";
    assert_eq!(said(&model), told);
    assert_eq!(update(&mut model, Message::Mouse(Mouse::Click(1, 3))), []);
    assert_eq!(model.users.filter.text, "");
    for screen in [Screen::Live, Screen::Audit, Screen::Mail] {
        act(&mut model, Act::Go(screen));
        let effects = update(&mut model, Message::Mouse(Mouse::Click(5, 3)));
        assert_eq!(effects, [], "{screen:?}");
        assert_eq!(said(&model), "This list has one order: the newest first.");
        assert!(model.palette.is_none());
    }
}

// Mutants: the line keeps what it said before, or loses what is typed; a quote that is open swallows the order.
#[test]
fn a_click_on_a_head_goes_into_the_filter_that_is_being_typed() {
    let mut model = users();
    press(&mut model, Key::Char('/'));
    types(&mut model, "ali");
    click(&mut model, "STATE");
    let typed = |model: &Model| model.typing.as_ref().unwrap().input.value().to_owned();
    assert_eq!(typed(&model), "ali sort:state");
    assert_eq!(model.users.filter.text, "ali sort:state");
    types(&mut model, " \"");
    assert_eq!(click(&mut model, "STATE"), []);
    assert_eq!(typed(&model), "ali sort:state \"");
}

// Mutants: an order is taken in which the list is not; the entries of s do not say it.
#[test]
fn people_without_an_account_are_sorted_by_what_they_have() {
    let mut model = users();
    let request = asked(&press(&mut model, Key::Char('n')));
    answer(&mut model, request, vec![row("carol", State::Unconfirmed)]);
    let filter = model.users.filter.text.clone();
    assert_eq!(click(&mut model, "LAST SIGN-IN"), []);
    assert!(said(&model).starts_with("People without an account"));
    press(&mut model, Key::Char('s'));
    let palette = model.palette.as_ref().unwrap();
    let open: Vec<&str> = palette
        .found()
        .filter(|entry| entry.why_not.is_none())
        .map(|entry| entry.name.as_str())
        .collect();
    assert_eq!(open, ["name", "-name", "state", "-state"]);
    press(&mut model, Key::Esc);
    assert_eq!(model.users.filter.text, filter);
    asked(&click(&mut model, "STATE"));
    assert_eq!(model.users.filter.text, format!("{filter} sort:state"));
}
