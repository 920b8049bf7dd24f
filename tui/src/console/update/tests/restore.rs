//! A restore from a copy: looked through, asked about, done, and what is void then.

use std::collections::BTreeMap;

use gatepost_shared::admin::shield::Sure;
use gatepost_shared::admin::undo::{Listed, Seen};
use gatepost_shared::admin::users::State;

use super::{act, answer, asked, begin, found, fresh, press, row, said, types, users};
use crate::console::effect::{Deed, Effect, Slot, Verb};
use crate::console::message::{Act, Found, Job, Key, LookedThrough, Message, Screen};
use crate::console::model::Model;
use crate::console::model::dialog::{About, Focus};
use crate::console::model::text::Line;
use crate::console::update::update;

fn looked(waiting: u64) -> LookedThrough {
    LookedThrough {
        told: vec![
            "The copy is whole: version 7".into(),
            "1 accounts not in it: eve".into(),
        ],
        waiting,
    }
}

/// Health, from which a copy is looked through; the job that does.
fn looking(file: &str) -> (Model, Job, Deed) {
    let mut model = fresh(Screen::Health);
    assert_eq!(press(&mut model, Key::Char('R')), []);
    types(&mut model, file);
    let effects: Vec<Effect> = (0..6).flat_map(|_| press(&mut model, Key::Enter)).collect();
    let [Effect::LookThrough(job, deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert!(model.dialog.is_none());
    (model, *job, deed.clone())
}

fn twin(model: &Model) -> String {
    model.dialog.as_ref().unwrap().twin().unwrap()
}

fn typed(model: &mut Model) -> Vec<Effect> {
    types(model, "restore");
    press(model, Key::Enter);
    press(model, Key::Enter)
}

// Mutant: it has no name, so that no other screen finds it.
#[test]
fn it_is_found_from_every_screen_by_its_name() {
    for screen in Screen::ALL {
        let mut model = fresh(screen);
        press(&mut model, Key::Char(':'));
        types(&mut model, "restore");
        press(&mut model, Key::Enter);
        assert_eq!(model.screen, Screen::Health, "{screen:?}");
        let about = model.dialog.as_ref().map(|dialog| dialog.about.clone());
        assert_eq!(about, Some(About::LookThrough), "{screen:?}");
    }
}

// Mutants: it is looked through without a name, or twice at once; a choice does not reach the subcommand.
#[test]
fn a_copy_is_named_and_looked_through_first() {
    let mut model = fresh(Screen::Health);
    press(&mut model, Key::Char('R'));
    assert_eq!(model.dialog.as_ref().unwrap().focus, Focus::Field(0));
    assert_eq!(twin(&model), "gatepost restore FILE --verify");
    press(&mut model, Key::Tab);
    for _ in 0..2 {
        press(&mut model, Key::Right);
        press(&mut model, Key::Tab);
    }
    let all = "gatepost restore FILE --reopen --with-policy --verify";
    assert_eq!(twin(&model), all);
    for _ in 0..2 {
        press(&mut model, Key::Tab);
    }
    assert_eq!(press(&mut model, Key::Enter), []);
    assert_eq!(said(&model), "The name of a copy is missing.");
    let (mut model, _, deed) = looking("/root/a copy");
    assert_eq!(deed.said.get(Slot::File), "/root/a copy");
    act(&mut model, Act::Restore);
    assert!(model.dialog.is_none());
    assert_eq!(said(&model), "still looking through a copy");
}

// Mutants: it is done by y alone, or by another word; another copy than the one that was looked at is restored;
// logins that wait are not told, or the subcommand would stop at them.
#[test]
fn a_copy_is_restored_by_a_word_and_as_it_was_looked_at() {
    let (mut model, job, deed) = looking("/root/c");
    assert_eq!(
        found(&mut model, Found::LookedThrough(job, Ok(looked(2)))),
        []
    );
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(
        dialog.focus,
        Focus::Field(0),
        "it begins where the word is typed"
    );
    assert!(dialog.text[1].contains("eve"), "{:?}", dialog.text);
    assert!(
        dialog.text[2].starts_with("2 logins wait"),
        "{:?}",
        dialog.text
    );
    assert_eq!(twin(&model), "gatepost restore /root/c --yes");
    let lines = model.health.lines(60);
    let told = |line: &Line| line.text.contains("eve");
    assert!(
        lines.iter().any(told),
        "it can be read where the dialog is too low"
    );
    types(&mut model, "y");
    press(&mut model, Key::Enter);
    assert_eq!(press(&mut model, Key::Enter), []);
    assert_eq!(said(&model), "Type restore to do it.");
    press(&mut model, Key::Backspace);
    let effects = typed(&mut model);
    let deed = Deed {
        looked: Some(job),
        sure: Sure::Yes,
        ..deed
    };
    assert_eq!(effects, [Effect::Long(Job::Restore(2), deed)]);
    act(&mut model, Act::Restore);
    assert_eq!(said(&model), "still restoring the store");
    let refused = "the store was changed since";
    found(
        &mut model,
        Found::Ended(Job::Restore(2), Err(refused.into())),
    );
    assert_eq!(said(&model), refused);
    let (mut model, job, _) = looking("/root/c");
    found(&mut model, Found::LookedThrough(job, Ok(looked(0))));
    assert_eq!(twin(&model), "gatepost restore /root/c");
}

// Mutants: a copy that nobody wants restored stays beside the store; a dialog comes up over another one, or under
// the mask; what is wrong with a copy is not said.
#[test]
fn a_copy_that_nobody_wants_is_let_go() {
    for leaves in [&[Key::Esc][..], &[Key::Tab, Key::Enter]] {
        let (mut model, job, _) = looking("/root/c");
        found(&mut model, Found::LookedThrough(job, Ok(looked(0))));
        let effects: Vec<Effect> = leaves
            .iter()
            .flat_map(|key| press(&mut model, *key))
            .collect();
        assert_eq!(effects, [Effect::DropCopy(job)], "{leaves:?}");
        assert!(model.dialog.is_none());
    }
    // Covered, with the dialog open and before it is.
    let (mut model, job, _) = looking("/root/c");
    found(&mut model, Found::LookedThrough(job, Ok(looked(0))));
    let late = model.idle * 2;
    assert_eq!(
        update(&mut model, Message::Tick(late)),
        [Effect::DropCopy(job)]
    );
    let (mut model, job, _) = looking("/root/c");
    update(&mut model, Message::Tick(late));
    let effects = found(&mut model, Found::LookedThrough(job, Ok(looked(0))));
    assert_eq!(effects, [Effect::DropCopy(job)]);
    assert!(model.dialog.is_none());
    // Somebody is at another dialog.
    let (mut model, job, _) = looking("/root/c");
    act(&mut model, Act::BackUp);
    let effects = found(&mut model, Found::LookedThrough(job, Ok(looked(0))));
    assert_eq!(effects, [Effect::DropCopy(job)]);
    assert_eq!(twin(&model), "gatepost backup FILE");
    // An answer that nobody waits for.
    let mut model = fresh(Screen::Health);
    let late = Found::LookedThrough(Job::LookThrough(9), Ok(looked(0)));
    assert_eq!(
        found(&mut model, late),
        [Effect::DropCopy(Job::LookThrough(9))]
    );
    let (mut model, job, _) = looking("/root/c");
    let bad = "/root/c is empty";
    found(&mut model, Found::LookedThrough(job, Err(bad.into())));
    assert_eq!(said(&model), bad);
    assert!(model.restoring.is_none() && model.dialog.is_none());
}

// Mutants: it cannot be stopped while it is read; it can while it is restored.
#[test]
fn what_is_read_can_be_stopped_and_what_is_restored_cannot() {
    let (mut model, job, _) = looking("/root/c");
    assert_eq!(press(&mut model, Key::Ctrl('c')), [Effect::Stop(job)]);
    let (mut model, job, _) = looking("/root/c");
    found(&mut model, Found::LookedThrough(job, Ok(looked(0))));
    typed(&mut model);
    assert_eq!(press(&mut model, Key::Ctrl('c')), []);
}

// Mutants: marks, what can be taken back, a page, or a dialog about an account outlive the restore; nothing is read
// anew; a restore that failed voids all that too.
#[test]
fn what_was_seen_of_the_store_before_is_void_afterwards() {
    for is_done in [true, false] {
        let mut model = users();
        press(&mut model, Key::Char(' '));
        let listed = Listed {
            id: 7,
            at: String::new(),
            act: "unlock".into(),
            again: false,
            user: "carol".into(),
            about: String::new(),
            count: 1,
            by: String::new(),
            seconds_left: 600,
            permitted: true,
            own: true,
            stays: "",
            seen: Seen::default(),
        };
        found(&mut model, Found::Undoables(vec![listed]));
        press(&mut model, Key::Char('l'));
        assert_eq!(
            model.dialog.as_mut().unwrap().deed_mut().unwrap().seen,
            BTreeMap::from([("alice".to_owned(), 1)])
        );
        model.asked = Some(Deed::on(Verb::SetMail, ["alice".to_owned()]));
        let said_so = if is_done {
            Ok("Restored".into())
        } else {
            Err("busy".into())
        };
        let effects = found(&mut model, Found::Ended(Job::Restore(1), said_so));
        assert_eq!(model.users.marks.is_empty(), is_done);
        assert_eq!(model.undo.newest(model.now, false).is_none(), is_done);
        assert_eq!(model.dialog.is_none(), is_done);
        assert_eq!(model.asked.is_none(), is_done);
        assert_eq!(said(&model), if is_done { "Restored" } else { "busy" });
        assert_eq!(effects.is_empty(), !is_done);
        if is_done {
            assert!(effects.contains(&Effect::Undoables) && effects.contains(&Effect::Summary));
            let request = asked(&effects);
            answer(&mut model, request, vec![row("zoe", State::Active)]);
            assert_eq!(model.users.list.selected().unwrap().user, "zoe");
        }
    }
    let mut model = fresh(Screen::Health);
    begin(&mut model);
    found(&mut model, Found::Checks(Vec::new()));
    let done = Found::Ended(Job::Restore(1), Ok("Restored from /root/c".into()));
    assert!(found(&mut model, done).contains(&Effect::Checks));
    let lines = model.health.lines(60);
    let told = |line: &Line| line.text.contains("/root/c");
    assert!(lines.iter().any(told), "it stays to be read");
}
