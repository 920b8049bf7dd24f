//! Acts on many accounts, the list of jobs.

use super::{found, press, said, types, users};
use crate::console::effect::{Deed, Effect, Verb};
use crate::console::message::{Found, Job, Key, Tally};
use crate::console::model::Model;

/// Marks everything of the filter, as the workers would answer.
fn mark_all(model: &mut Model, count: usize) {
    let effects = press(model, Key::Char('*'));
    assert!(matches!(effects.as_slice(), [Effect::Keys(_)]));
    let keys = (0..count)
        .map(|number| format!("user{number:04}"))
        .collect();
    found(model, Found::Keys(Ok((keys, false))));
}

#[test]
fn marked_accounts_are_acted_on_together_and_what_failed_is_tried_again() {
    let mut model = users();
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char(' '));
    let marks: Vec<&String> = model.users.marks.iter().collect();
    assert_eq!(
        marks,
        ["alice", "bob"],
        "the last one was marked and unmarked"
    );
    press(&mut model, Key::Char('D'));
    assert_eq!(model.dialog.as_ref().unwrap().title, "Disable 2 accounts?");
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Each(job, deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(
        deed,
        &Deed::on(Verb::Disable, ["alice", "bob"].map(str::to_owned))
    );
    let tally = Tally {
        done: 1,
        failures: vec![("bob".into(), "the store is busy".into())],
        left: 0,
    };
    found(&mut model, Found::Tried(*job, tally));
    assert!(
        said(&model).starts_with("Disabling 2 accounts: 1 done, 1 failed"),
        "{}",
        said(&model)
    );
    assert!(
        model.users.marks.iter().eq(["bob"]),
        "what failed stays marked"
    );
    press(&mut model, Key::Char('w'));
    press(&mut model, Key::Char('R'));
    assert_eq!(model.dialog.as_ref().unwrap().title, "Disable 1 account?");
    let effects = press(&mut model, Key::Char('y'));
    assert!(matches!(effects.as_slice(), [Effect::Do(deed)] if deed.object() == "bob"));
    press(&mut model, Key::Esc);
    assert!(model.users.marks.is_empty());
}

// Mutant: the number need not be typed.
#[test]
fn more_than_twenty_need_their_number_typed_and_can_be_stopped() {
    let mut model = users();
    mark_all(&mut model, 20);
    press(&mut model, Key::Char('u'));
    assert!(matches!(
        press(&mut model, Key::Char('y')).as_slice(),
        [Effect::Each(..)]
    ));
    found(
        &mut model,
        Found::Tried(
            Job::Each(1),
            Tally {
                done: 20,
                failures: vec![],
                left: 0,
            },
        ),
    );
    mark_all(&mut model, 21);
    press(&mut model, Key::Char('u'));
    assert_eq!(press(&mut model, Key::Char('y')), []);
    assert_eq!(said(&model), "Type 21 to do it.");
    assert!(model.is_typing(), "the focus is where it is typed");
    types(&mut model, "20");
    press(&mut model, Key::Enter);
    assert_eq!(press(&mut model, Key::Enter), []);
    press(&mut model, Key::Backspace);
    types(&mut model, "1");
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Enter);
    assert!(
        matches!(effects.as_slice(), [Effect::Each(Job::Each(2), deed)] if deed.objects.len() == 21)
    );
    // Leaving asks; Ctrl-C stops it, and only the next one offers to leave.
    press(&mut model, Key::Char('q'));
    assert!(model.dialog.is_some());
    press(&mut model, Key::Esc);
    assert_eq!(
        press(&mut model, Key::Ctrl('c')),
        [Effect::Stop(Job::Each(2))]
    );
    assert_eq!(press(&mut model, Key::Ctrl('c')), []);
    found(
        &mut model,
        Found::Tried(
            Job::Each(2),
            Tally {
                done: 5,
                failures: vec![],
                left: 16,
            },
        ),
    );
    assert_eq!(
        said(&model),
        "Unlocking 21 accounts: 5 done, 16 left as they were"
    );
}
