//! What is done to one account, and what somebody else did meanwhile.

use gatepost_shared::admin::browse::UserDetail;
use gatepost_shared::admin::sources;
use gatepost_shared::admin::users::{State, Versions};

use super::{act, answer, asked, deed, found, fresh, press, row, said, twin, types, users};
use crate::console::effect::{Effect, Slot, Verb};
use crate::console::message::{Act, Found, Key, Screen, Step};
use crate::console::model::Model;
use crate::console::model::dialog::Focus;

// Mutants: a dialog forgets the version that was seen; what was typed is done by the Enter that ends it; a
// reason must be passed.
#[test]
fn each_act_on_an_account_has_its_dialog_its_twin_and_the_version_that_was_seen() {
    // Which account, the key, what is typed, the subcommand, what is done.
    let cases = [
        (0, 'u', "", "gatepost user unlock alice", Verb::Unlock),
        (0, 'l', "", "gatepost user lock alice", Verb::Lock),
        (1, 'D', "", "gatepost user enable bob", Verb::Enable),
        (2, 'v', "", "gatepost user verify carol", Verb::Verify),
        (2, 'i', "", "gatepost user invite carol", Verb::Invite),
        (
            2,
            'C',
            "4821 7730",
            "gatepost user verify carol CODE",
            Verb::Confirm,
        ),
        (
            0,
            'e',
            "al@example.org",
            "gatepost user set-mail alice al@example.org",
            Verb::SetMail,
        ),
        (
            0,
            'o',
            "on leave",
            "gatepost user note alice 'on leave'",
            Verb::Note,
        ),
        (0, 'X', "alice", "gatepost user remove alice", Verb::Remove),
    ];
    for (at, key, typed, shown, verb) in cases {
        let mut model = users();
        (0..at).for_each(|_| drop(act(&mut model, Act::Move(Step::Down))));
        press(&mut model, Key::Char(key));
        let is_typed = !typed.is_empty();
        assert_eq!(model.is_typing(), is_typed, "{key}");
        types(&mut model, typed);
        assert_eq!(twin(&model), shown, "{key}");
        let last = if is_typed {
            assert_eq!(press(&mut model, Key::Enter), [], "{key}");
            Key::Enter
        } else {
            Key::Char('y')
        };
        let effects = press(&mut model, last);
        let deed = deed(&effects);
        assert_eq!(
            (deed.verb, deed.asked(deed.object()).version),
            (verb, Some(1)),
            "{key}"
        );
        assert!(model.dialog.is_none(), "{key}");
    }
}

// Mutant: a code is in a Debug.
#[test]
fn a_code_that_was_typed_is_in_no_debug() {
    let mut model = users();
    act(&mut model, Act::Move(Step::Last));
    press(&mut model, Key::Char('C'));
    types(&mut model, "48217730");
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Enter);
    assert_eq!(deed(&effects).said.get(Slot::Code), "48217730");
    assert!(!format!("{effects:?}").contains("48217730"));
}

// Mutant: something that must be typed need not be.
#[test]
fn what_is_missing_is_asked_for() {
    for (at, key, told) in [
        (0, 'e', "An address is missing."),
        (2, 'C', "The code is missing."),
        (0, 'X', "Type alice to do it."),
        (0, 'N', "The user's name is missing."),
    ] {
        let mut model = users();
        (0..at).for_each(|_| drop(act(&mut model, Act::Move(Step::Down))));
        press(&mut model, Key::Char(key));
        press(&mut model, Key::Tab);
        while model.dialog.as_ref().unwrap().focus != Focus::Do {
            press(&mut model, Key::Tab);
        }
        assert_eq!(press(&mut model, Key::Enter), [], "{key}");
        assert_eq!(said(&model), told, "{key}");
        assert!(model.is_typing(), "{key}");
    }
}

// Mutants: the dialog has no field for a reason; the subcommand that is shown leaves it out.
#[test]
fn who_has_no_account_is_listed_and_enrolled_from_there() {
    let mut model = fresh(Screen::Home);
    let request = asked(&press(&mut model, Key::Char('n')));
    assert_eq!(model.users.filter.text, "state:none,unconfirmed");
    let mut none = row("dave", State::Active);
    none.state = None;
    answer(
        &mut model,
        request,
        vec![row("carol", State::Unconfirmed), none],
    );
    act(&mut model, Act::Move(Step::Down));
    for key in ['u', 'e', 'X', 't'] {
        press(&mut model, Key::Char(key));
        assert_eq!(said(&model), "dave has no account: N enrols one.", "{key}");
    }
    press(&mut model, Key::Char('N'));
    types(&mut model, "dave@example.org");
    assert_eq!(twin(&model), "gatepost user add dave dave@example.org");
    press(&mut model, Key::Enter);
    press(&mut model, Key::Right);
    assert_eq!(
        twin(&model),
        "gatepost user add dave dave@example.org --confirmed"
    );
    press(&mut model, Key::Tab);
    types(&mut model, "T-1");
    let shown = "gatepost user add dave dave@example.org --confirmed --reason T-1";
    assert_eq!(twin(&model), shown);
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Enter);
    let deed = deed(&effects);
    assert_eq!(
        (deed.verb, deed.said.get(Slot::User), deed.reason()),
        (Verb::Enrol, "dave", Some("T-1"))
    );
    // The same key on the list itself.
    let mut model = users();
    press(&mut model, Key::Char('n'));
    assert_eq!(model.users.filter.text, "state:none,unconfirmed");
}

// Mutants: what was refused is done all the same; the version that was seen first is asked with again.
#[test]
fn what_somebody_else_changed_meanwhile_is_shown_before_it_is_asked_again() {
    let mut model = users();
    press(&mut model, Key::Char('e'));
    types(&mut model, "al@example.org");
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Enter);
    assert_eq!(deed(&effects).asked("alice").version, Some(1));
    let what = "alice was changed in the meantime: user-note by bob".to_owned();
    let effects = found(&mut model, Found::Changed("alice".into(), what));
    let request = asked(&effects);
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!((dialog.focus, dialog.leaves), (Focus::Leave, "Look again"));
    assert!(dialog.text.iter().any(|text| text.contains("by bob")));
    let mut newer = row("alice", State::Locked);
    newer.version = 2;
    answer(&mut model, request, vec![newer]);
    assert_eq!(press(&mut model, Key::Char('y')), []);
    assert_eq!(
        twin(&model),
        "gatepost user set-mail alice al@example.org",
        "what was typed stands there"
    );
    let effects = press(&mut model, Key::Char('y'));
    assert_eq!(effects, [], "a text has the focus");
    press(&mut model, Key::Backspace);
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Enter);
    assert_eq!(deed(&effects).asked("alice").version, Some(2));
    assert_eq!(deed(&effects).said.get(Slot::Address), "al@example.org");
}

fn source(id: &str) -> sources::Listed {
    sources::Listed {
        id: id.into(),
        source: id.into(),
        service: "sshd".into(),
        first: String::new(),
        last: "2026-11-22".into(),
        remembered: false,
    }
}

// Mutant: the answer about another account opens a dialog.
#[test]
fn sources_are_forgotten_all_or_one() {
    let mut model = users();
    let asked = press(&mut model, Key::Char('t'));
    assert_eq!(asked, [Effect::Sources("alice".into())]);
    let sources = || Ok(vec![source("10.0.0.7"), source("10.0.0.8")]);
    found(&mut model, Found::Sources("bob".into(), sources()));
    assert!(model.dialog.is_none());
    found(&mut model, Found::Sources("alice".into(), sources()));
    assert_eq!(twin(&model), "gatepost source revoke alice --all");
    press(&mut model, Key::Tab);
    press(&mut model, Key::Tab);
    press(&mut model, Key::Right);
    assert_eq!(twin(&model), "gatepost source revoke alice 10.0.0.7");
    let effects = press(&mut model, Key::Char('y'));
    assert_eq!(deed(&effects).said.get(Slot::Source), "10.0.0.7");
    found(&mut model, Found::Sources("alice".into(), Ok(Vec::new())));
    assert!(said(&model).contains("no source is known"));
}

// Mutants: the note that was read goes with the row's version, which may be newer; that none was read is not said.
#[test]
fn a_note_goes_by_the_page_that_it_was_read_on() {
    let mut model = users();
    let unread = |model: &Model| {
        model
            .dialog
            .as_ref()
            .unwrap()
            .text
            .join(" ")
            .contains("not read")
    };
    press(&mut model, Key::Char('o'));
    assert!(unread(&model));
    press(&mut model, Key::Esc);
    let page = UserDetail {
        note: "on leave".into(),
        ..super::detail("alice")
    };
    found(&mut model, Found::User(Ok(page)));
    // A colleague writes another one: the row tells of it before the page does.
    model.users.list.rows[0].version = 2;
    press(&mut model, Key::Char('o'));
    assert!(!unread(&model));
    assert_eq!(twin(&model), "gatepost user note alice 'on leave'");
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Enter);
    assert_eq!(deed(&effects).asked("alice").version, Some(1));
}

// Mutants: the row, the page, the mark or the dialog keeps the version before one's own act; a colleague's act is
// stepped over too.
#[test]
fn ones_own_act_is_no_lost_update_and_a_colleagues_is() {
    let seen = |effects: &[Effect]| deed(effects).asked("alice").version;
    let step = |before, after| {
        let step = Versions { before, after };
        Found::Stepped("alice".into(), step)
    };
    let mut model = users();
    press(&mut model, Key::Char('u'));
    let effects = press(&mut model, Key::Char('y'));
    assert_eq!(seen(&effects), Some(1));
    // The next one is asked for before the answer is there, and done after it.
    press(&mut model, Key::Char('l'));
    assert_eq!(found(&mut model, step(1, 2)), []);
    found(&mut model, Found::Done(Ok("alice is unlocked".into())));
    let effects = press(&mut model, Key::Char('y'));
    assert_eq!((deed(&effects).verb, seen(&effects)), (Verb::Lock, Some(2)));
    // And another, of the row as it stands there: it was not read again.
    found(&mut model, step(2, 3));
    press(&mut model, Key::Char('D'));
    let effects = press(&mut model, Key::Char('y'));
    assert_eq!(seen(&effects), Some(3));
    // A colleague came in between: what this console saw is not what its act was done on.
    found(&mut model, step(4, 5));
    press(&mut model, Key::Char('u'));
    let effects = press(&mut model, Key::Char('y'));
    assert_eq!(seen(&effects), Some(3));
    // Another account's row, and a mark.
    press(&mut model, Key::Char(' '));
    found(&mut model, step(3, 4));
    press(&mut model, Key::Char('u'));
    let effects = press(&mut model, Key::Char('y'));
    assert_eq!(seen(&effects), Some(4));
    let bobs = model.users.version_of("bob");
    assert_eq!(bobs, Some(1));
}

#[test]
fn an_accounts_mails_are_one_key_away_and_everybodys_another() {
    let mut model = users();
    let effects = press(&mut model, Key::Char('m'));
    assert_eq!(model.screen, Screen::Mail);
    let of = |effects: &[Effect]| match effects {
        [Effect::Mails { of, .. }] => of.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(of(&effects), Some("alice".to_owned()));
    // Chosen by its key, the screen is no longer the account's way back.
    press(&mut model, Key::Char('5'));
    let effects = press(&mut model, Key::Esc);
    assert_eq!(of(&effects), None);
}

#[test]
fn an_account_is_looked_for_from_home() {
    let mut model = fresh(Screen::Home);
    asked(&press(&mut model, Key::Char('/')));
    types(&mut model, "ali");
    assert_eq!(
        (model.screen, model.users.filter.text.as_str()),
        (Screen::Users, "ali")
    );
}

// Mutants: one of them is done to all that are marked.
#[test]
fn what_is_done_to_one_is_not_done_to_those_that_are_marked() {
    for key in ['e', 'C', 'o', 't', 'X'] {
        let mut model = users();
        press(&mut model, Key::Char(' '));
        assert_eq!(press(&mut model, Key::Char(key)), []);
        assert!(model.dialog.is_none(), "{key}");
        assert!(said(&model).starts_with("That is done to one account"));
    }
    let mut model = users();
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char('i'));
    assert_eq!(twin(&model), "gatepost user invite alice bob");
    let effects = press(&mut model, Key::Char('y'));
    assert!(matches!(effects.as_slice(), [Effect::Each(..)]));
}
