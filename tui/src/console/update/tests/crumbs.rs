//! Rows that lead to another screen, and the way back.

use gatepost_shared::admin::roles::Role;
use gatepost_shared::admin::users::State;

use super::{Step, act, answer, asked, fresh, press, row, types, users};
use crate::console::effect::Effect;
use crate::console::message::{Act, Key, Screen};

// Mutants: Esc stays where the row led; what the row looked for is still looked for; the selection is another one.
#[test]
fn esc_goes_back_to_the_row_that_led_here() {
    let mut model = users();
    act(&mut model, Act::Move(Step::Down));
    let effects = press(&mut model, Key::Char('m'));
    assert!(
        matches!(effects.as_slice(), [Effect::Mails { of: Some(of), .. }] if of == "bob"),
        "{effects:?}"
    );
    assert_eq!(model.crumbs, [Screen::Users]);
    let effects = press(&mut model, Key::Esc);
    assert_eq!(
        (model.screen, model.mail.of.as_deref()),
        (Screen::Users, None)
    );
    assert!(matches!(effects.first(), Some(Effect::Users { .. })));
    assert_eq!(model.users.list.selected().unwrap().user, "bob");
    // The log of an account, by its filter.
    act(&mut model, Act::EventsOf);
    assert_eq!(model.audit.filter.text, "user:bob");
    press(&mut model, Key::Esc);
    assert_eq!(model.screen, Screen::Users);
    assert_eq!(model.audit.filter.text, "");
    assert_eq!(press(&mut model, Key::Esc), [], "it leads no further");
    assert_eq!(model.screen, Screen::Users);
}

// Mutants: what is open here is passed over; a chosen screen or a typed filter leaves the way back in force.
#[test]
fn what_is_open_closes_first_and_a_choice_begins_anew() {
    let mut model = fresh(Screen::Home);
    let request = asked(&press(&mut model, Key::Char('n')));
    answer(&mut model, request, vec![row("alice", State::Unconfirmed)]);
    assert_eq!(model.crumbs, [Screen::Home]);
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Esc);
    assert!(model.users.marks.is_empty());
    press(&mut model, Key::Enter);
    assert!(model.users.is_open);
    press(&mut model, Key::Esc);
    assert_eq!((model.screen, model.users.is_open), (Screen::Users, false));
    press(&mut model, Key::Esc);
    assert_eq!(model.screen, Screen::Home);
    assert_eq!(model.users.filter.text, "");
    for chosen in [Key::Char('2'), Key::Char('/')] {
        press(&mut model, Key::Char('n'));
        press(&mut model, chosen);
        if model.is_typing() {
            types(&mut model, " al");
            press(&mut model, Key::Enter);
        }
        assert!(model.crumbs.is_empty(), "{chosen:?}");
        press(&mut model, Key::Esc);
        assert_eq!(model.screen, Screen::Users, "{chosen:?}");
        act(&mut model, Act::Go(Screen::Home));
    }
}

#[test]
fn an_auditor_begins_at_the_log() {
    assert_eq!(Screen::first_for(Role::Auditor), Screen::Audit);
    assert_eq!(Screen::first_for(Role::Helpdesk), Screen::Home);
}
