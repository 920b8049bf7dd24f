//! Bypass codes and shields: what is asked, what is asked back, and that a code is shown once.

use gatepost_shared::admin::shield::Sure;
use gatepost_words::secret::Secret;

use super::{
    Act, Answer, Context, Deed, Edit, Effect, Focus, Found, Key, Message, Model, Role, Screen,
    Slot, State, Verb, act, answer, asked, begin, found, fresh, press, row, said, types, update,
    users,
};
use crate::console::message::{Code, Mouse, Once};

const CODE: &str = "B-7K2M-QWXZ-45NP";

pub(super) fn once() -> Once {
    Once {
        user: "alice".into(),
        id: 7,
        life: "15 min".into(),
        uses: 1,
        code: Code::of(Secret::from(CODE.to_owned())),
    }
}

fn answered(model: &mut Model, answer: Answer) -> Vec<Effect> {
    found(model, Found::Answered(answer))
}

fn only(effects: Vec<Effect>) -> Deed {
    match <[Effect; 1]>::try_from(effects) {
        Ok([Effect::Do(deed)]) => deed,
        other => panic!("{other:?}"),
    }
}

/// A model in which alice's code was asked for.
fn asking() -> (Model, Deed) {
    let mut model = users();
    model.reason = "TICKET-812".to_owned();
    press(&mut model, Key::Char('b'));
    let deed = only(press(&mut model, Key::Char('y')));
    (model, deed)
}

// Mutants: a code is made without a reason; the reason is not kept for the next one.
#[test]
fn a_bypass_code_needs_a_reason_and_then_two_keys() {
    let mut model = users();
    press(&mut model, Key::Char('b'));
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(dialog.focus, Focus::Field(0), "nothing was said yet");
    for _ in 0..4 {
        assert_eq!(press(&mut model, Key::Tab), []);
    }
    assert_eq!(press(&mut model, Key::Enter), []);
    assert!(said(&model).contains("needs a reason"), "{}", said(&model));
    types(&mut model, "T-1");
    assert_eq!(
        model.dialog.as_ref().unwrap().twin().unwrap(),
        "gatepost bypass new alice --ttl 15m --uses 1 --reason T-1"
    );
    act(&mut model, Act::Confirm);
    answered(&mut model, Answer::Done(Err("no".into())));
    // Two keys.
    press(&mut model, Key::Char('b'));
    assert_eq!(model.dialog.as_ref().unwrap().focus, Focus::Leave);
    let deed = only(press(&mut model, Key::Char('y')));
    assert_eq!((deed.verb, deed.object()), (Verb::Bypass, "alice"));
    assert_eq!((deed.reason(), deed.sure), (Some("T-1"), Sure::No));
    assert_eq!(
        (deed.said.get(Slot::Time), deed.said.get(Slot::Uses)),
        ("15m", "1")
    );
}

#[test]
fn times_and_counts_that_are_none_stay_in_the_dialog() {
    for (field, typed, says) in [
        (1, "15", "That is no time"),
        (1, "1d", "That is no time"),
        (1, "", "That is no time"),
        (2, "0", "That is no number"),
        (2, "x", "That is no number"),
    ] {
        let mut model = users();
        model.reason = "T".to_owned();
        press(&mut model, Key::Char('b'));
        model.dialog.as_mut().unwrap().focus = Focus::Field(field);
        press(&mut model, Key::Ctrl('u'));
        types(&mut model, typed);
        assert_eq!(act(&mut model, Act::Confirm), [], "{typed}");
        assert!(said(&model).starts_with(says), "{typed}: {}", said(&model));
    }
}

// Mutants: a question is passed over and the act done; any word is taken; it asks for ever.
#[test]
fn what_is_asked_back_needs_its_word_and_is_asked_once() {
    let (mut model, _) = asking();
    answered(&mut model, Answer::NotSure("alice has power".into()));
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(dialog.focus, Focus::Field(0), "what must be typed");
    assert!(
        dialog
            .twin()
            .unwrap()
            .ends_with("--reason TICKET-812 --yes")
    );
    assert_eq!(act(&mut model, Act::Confirm), []);
    assert_eq!(said(&model), "Type alice to do it.");
    types(&mut model, "alice");
    let deed = only(act(&mut model, Act::Confirm));
    assert_eq!((deed.sure, deed.reason()), (Sure::Yes, Some("TICKET-812")));
    answered(&mut model, Answer::NotSure("still".into()));
    assert!(model.dialog.is_none());
    assert_eq!(said(&model), "still");
}

// Mutants: what comes by itself takes the place of the dialog that somebody is in: a question, or what somebody
// else changed meanwhile.
#[test]
fn nothing_takes_the_place_of_an_open_dialog() {
    let (mut model, _) = asking();
    press(&mut model, Key::Char('u'));
    let title = |model: &Model| model.dialog.as_ref().unwrap().title.clone();
    let open = title(&model);
    answered(&mut model, Answer::NotSure("alice has power".into()));
    assert_eq!(title(&model), open);
    assert_eq!(said(&model), "alice has power");
    press(&mut model, Key::Char('y'));
    press(&mut model, Key::Char('l'));
    let open = title(&model);
    let what = "alice was changed. Nothing was done; look again";
    found(&mut model, Found::Changed("alice".into(), what.into()));
    assert_eq!(title(&model), open);
    assert_eq!(said(&model), what);
}

// Mutant: a question is asked about whatever was begun last.
#[test]
fn one_act_is_asked_back_about_at_a_time() {
    let (mut model, _) = asking();
    act(&mut model, Act::Move(super::Step::Down));
    act(&mut model, Act::Move(super::Step::Down));
    press(&mut model, Key::Char('b'));
    assert_eq!(press(&mut model, Key::Char('y')), []);
    assert!(said(&model).starts_with("Wait"), "{}", said(&model));
    found(&mut model, Found::Done(Ok("something else".into())));
    answered(&mut model, Answer::NotSure("alice has power".into()));
    let dialog = model.dialog.as_ref().unwrap();
    assert!(dialog.twin().unwrap().contains("new alice"));
    // Who is away is not asked.
    let (mut model, _) = asking();
    model.is_masked = true;
    answered(&mut model, Answer::NotSure("alice has power".into()));
    assert!(model.dialog.is_none());
}

// Mutants: the code stays in the model; it comes into a note; a key that was meant for something else
// closes it unseen.
#[test]
fn a_code_is_shown_once_and_wiped_by_the_next_key() {
    for key in [
        Key::Char('x'),
        Key::Esc,
        Key::Enter,
        Key::Char('q'),
        Key::Ctrl('c'),
    ] {
        let (mut model, _) = asking();
        update(&mut model, Message::Tick(10_000));
        answered(&mut model, Answer::Code(once()));
        assert_eq!(model.context(), Context::Code);
        // The wheel is no key.
        update(&mut model, Message::Tick(20_000));
        update(&mut model, Message::Mouse(Mouse::WheelDown));
        assert!(model.code.is_some(), "{key:?}");
        update(&mut model, Message::Tick(10_000));
        assert!(!format!("{model:?}").contains("7K2M"), "not in Debug");
        press(&mut model, key);
        assert!(model.code.is_some(), "{key:?}: too soon to have been read");
        update(&mut model, Message::Edit(Edit::Insert('x')));
        update(&mut model, Message::Tick(10_500));
        let held = model.code.as_ref().unwrap().once.code.clone();
        assert_eq!(held.holders(), 2, "the model's and this one");
        assert_eq!(press(&mut model, key), [], "{key:?}");
        assert!(model.code.is_none(), "{key:?}");
        assert_eq!(held.holders(), 1, "nobody else has it");
        let notes = model.notes.lines(80);
        assert!(notes.iter().all(|line| !line.text.contains("7K2M")));
        assert!(model.dialog.is_none(), "the key did nothing else");
    }
}

// Mutants: copied without its key; said what was copied; an idle console goes on showing it.
#[test]
fn a_code_is_copied_by_its_key_alone_and_goes_when_nobody_is_there() {
    let (mut model, _) = asking();
    update(&mut model, Message::Tick(1));
    answered(&mut model, Answer::Code(once()));
    let effects = press(&mut model, Key::Char('c'));
    assert!(matches!(effects.as_slice(), [Effect::CopyCode(code)] if code.expose() == CODE));
    assert!(!format!("{effects:?}").contains("7K2M"));
    assert!(!said(&model).contains("7K2M"));
    assert!(model.code.is_some(), "still to be read");
    let idle = model.idle;
    update(&mut model, Message::Tick(idle + 2));
    assert!(model.is_masked && model.code.is_none());
    // Nor is one shown that comes then.
    answered(&mut model, Answer::Code(once()));
    press(&mut model, Key::Esc);
    assert!(!model.is_masked && model.code.is_none());
    assert!(said(&model).contains("B ends it"), "{}", said(&model));
}

// Mutants: why_no_bypass is not asked; marks are passed over.
#[test]
fn no_code_is_made_where_it_would_be_of_no_use() {
    let mut model = users();
    act(&mut model, Act::Move(super::Step::Down));
    press(&mut model, Key::Char('b'));
    assert!(said(&model).contains("bob is disabled"), "{}", said(&model));
    let mut model = users();
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char('b'));
    assert!(
        said(&model).contains("is one account's"),
        "{}",
        said(&model)
    );
    let mut model = fresh(Screen::Users);
    let request = asked(&begin(&mut model));
    answer(&mut model, request, vec![row("erin", State::Removed)]);
    press(&mut model, Key::Char('b'));
    assert!(said(&model).contains("was removed"), "{}", said(&model));
    // What the facade says of it.
    let mut model = users();
    let mut page = super::detail("alice");
    page.bypass_useless = Some("alice is locked until somebody unlocks".into());
    found(&mut model, Found::User(Ok(page)));
    press(&mut model, Key::Char('b'));
    assert_eq!(said(&model), "alice is locked until somebody unlocks");
    assert!(model.dialog.is_none());
}

// Mutants: read-only, or a role, is not asked.
#[test]
fn who_may_change_nothing_makes_no_code_and_no_shield() {
    for act_of in [Act::Bypass, Act::Revoke(7)] {
        let mut model = users();
        model.read_only = true;
        act(&mut model, act_of);
        assert!(said(&model).contains("--read-only"), "{act_of:?}");
        let mut model = users();
        model.role = Role::Auditor;
        act(&mut model, act_of);
        assert!(
            said(&model).contains("Your role here is auditor"),
            "{act_of:?}"
        );
        assert!(model.dialog.is_none());
    }
    for act_of in [Act::Shield, Act::EndShield] {
        let mut model = fresh(Screen::Live);
        model.read_only = true;
        act(&mut model, act_of);
        assert!(said(&model).contains("--read-only"), "{act_of:?}");
        let mut model = fresh(Screen::Live);
        model.role = Role::Auditor;
        act(&mut model, act_of);
        assert!(
            said(&model).contains("Your role here is auditor"),
            "{act_of:?}"
        );
        assert!(model.dialog.is_none());
    }
}

#[test]
fn codes_that_are_out_are_listed_and_one_is_ended() {
    let mut model = users();
    // The page is not there yet: it is read, and the list comes with it.
    let effects = press(&mut model, Key::Char('B'));
    assert!(matches!(effects.as_slice(), [Effect::User { key, .. }] if key == "alice"));
    let mut page = super::detail("alice");
    page.bypass = vec![super::bypass(7), super::bypass(9)];
    found(&mut model, Found::User(Ok(page)));
    assert_eq!(model.context(), Context::Palette);
    press(&mut model, Key::Down);
    press(&mut model, Key::Enter);
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(dialog.twin().unwrap(), "gatepost bypass revoke alice 9");
    let deed = only(press(&mut model, Key::Char('y')));
    assert_eq!((deed.verb, deed.object()), (Verb::Revoke(9), "alice"));
    let mut model = users();
    found(&mut model, Found::User(Ok(super::detail("alice"))));
    press(&mut model, Key::Char('B'));
    assert!(
        said(&model).starts_with("No bypass code"),
        "{}",
        said(&model)
    );
}
