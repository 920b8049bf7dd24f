//! What was done is taken back, and done again.

use gatepost_shared::admin::shield::Sure;
use gatepost_shared::admin::undo::{Identity, Listed, Seen};

use super::{Answer, act, deed, found, press, said, twin, types, users};
use crate::console::effect::{Deed, Effect, Verb};
use crate::console::message::{Act, Found, Job, Key, Message};
use crate::console::update::update;

pub(super) fn undoable(id: i64, again: bool, count: u64) -> Listed {
    Listed {
        id,
        at: "2026-11-22".into(),
        act: "unlock".into(),
        again,
        user: "carol".into(),
        about: String::new(),
        count,
        by: "root".into(),
        seconds_left: 300,
        permitted: true,
        own: true,
        stays: "a notice that was mailed to the owner is not called back",
        seen: Seen {
            identity: Identity {
                kind: "user-unlock".into(),
                account: "carol".into(),
                undoes: again.then_some(1),
                actor: "root".into(),
                at: id,
            },
            newest: id + i64::try_from(count).unwrap(),
        },
    }
}

// Mutants: it is taken back without a dialog; many are, without their number typed; after ten minutes too.
#[test]
fn acts_are_taken_back_and_done_again() {
    let mut model = users();
    press(&mut model, Key::Char('z'));
    assert!(said(&model).contains("that can be taken back"));
    let acts = vec![undoable(9, true, 1), undoable(7, false, 1)];
    found(&mut model, Found::Undoables(acts));
    press(&mut model, Key::Char('z'));
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(dialog.title, "Take back: unlock carol?");
    assert!(dialog.text.last().unwrap().contains("not called back"));
    assert_eq!(twin(&model), "gatepost undo 7");
    // Another act has that number by now: the deed is for the one that the dialog named.
    let mut other = undoable(7, false, 1);
    other.seen.identity.account = "dave".into();
    let acts = vec![undoable(9, true, 1), other];
    found(&mut model, Found::Undoables(acts));
    let effects = press(&mut model, Key::Char('y'));
    let named = undoable(7, false, 1);
    assert_eq!(deed(&effects), &Deed::undo(&named, None));
    let undoing = deed(&effects).undoes.as_ref().unwrap();
    assert_eq!(undoing.seen, named.seen);
    found(
        &mut model,
        Found::Answered(Answer::Done(Ok("it is".into()))),
    );
    press(&mut model, Key::Char('Z'));
    assert_eq!(twin(&model), "gatepost undo 9");
    press(&mut model, Key::Esc);
    // From the list of all of them.
    press(&mut model, Key::Char(':'));
    types(&mut model, "acts-to-undo");
    press(&mut model, Key::Enter);
    press(&mut model, Key::Enter);
    assert_eq!(twin(&model), "gatepost undo 9");
    press(&mut model, Key::Esc);
    found(&mut model, Found::Undoables(vec![undoable(5, false, 20)]));
    press(&mut model, Key::Char('z'));
    // Whatever the list says by now: an import may have gone on.
    found(&mut model, Found::Undoables(vec![undoable(5, false, 500)]));
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Long(Job::Undo(_), long)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let asked = long.asked_undo(None).unwrap();
    assert_eq!(asked.seen, Some(&undoable(5, false, 20).seen));
    found(&mut model, Found::Undoables(vec![undoable(3, false, 21)]));
    press(&mut model, Key::Char('z'));
    assert_eq!(act(&mut model, Act::Confirm), []);
    assert_eq!(said(&model), "Type 21 to do it.");
    types(&mut model, "21");
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Enter);
    assert!(matches!(
        effects.as_slice(),
        [Effect::Long(Job::Undo(_), _)]
    ));
    update(&mut model, Message::Tick(300_000));
    press(&mut model, Key::Char('z'));
    assert!(said(&model).contains("that can be taken back"));
}

// Mutants: what comes back of a shield is not asked about; rules are taken back while other acts wait for them;
// what follows is said of accounts alone.
#[test]
fn codes_shields_and_rules_are_taken_back_too() {
    let mut model = users();
    let other = |id, act: &str, about: &str| Listed {
        act: act.into(),
        user: String::new(),
        about: about.into(),
        ..undoable(id, false, 1)
    };
    found(
        &mut model,
        Found::Undoables(vec![other(7, "shield-off", "203.0.113.0/24")]),
    );
    press(&mut model, Key::Char('z'));
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(dialog.title, "Take back: shield off 203.0.113.0/24?");
    assert!(
        dialog
            .text
            .iter()
            .any(|text| text.contains("the end it had"))
    );
    assert!(!dialog.text.iter().any(|text| text.contains("account")));
    let effects = press(&mut model, Key::Char('y'));
    assert_eq!(deed(&effects).sure, Sure::No);
    found(
        &mut model,
        Found::Answered(Answer::NotSure("it covers your own session".into())),
    );
    assert_eq!(twin(&model), "gatepost undo 7 --yes");
    assert_eq!(act(&mut model, Act::Confirm), []);
    types(&mut model, "yes");
    let effects = act(&mut model, Act::Confirm);
    assert_eq!(
        (deed(&effects).verb, deed(&effects).sure),
        (Verb::Undo, Sure::Yes)
    );
    for (act, follows) in [
        ("policy-apply", "as a new version"),
        ("policy-try", "The try ends now"),
        ("bypass-new", "no longer works"),
        ("shield-on", "comes down"),
    ] {
        let mut model = users();
        found(
            &mut model,
            Found::Undoables(vec![other(9, act, "version 8")]),
        );
        press(&mut model, Key::Char('z'));
        let dialog = model.dialog.as_ref().unwrap();
        assert!(
            dialog.text.iter().any(|text| text.contains(follows)),
            "{act}"
        );
        let effects = press(&mut model, Key::Char('y'));
        let is_long = matches!(effects.as_slice(), [Effect::Long(Job::Undo(_), _)]);
        assert_eq!(is_long, act.starts_with("policy"), "{act}");
    }
}

// Mutants: nothing wakes the console when an act's time is over; acts whose time is over hide the next end.
#[test]
fn an_act_leaves_the_screen_when_its_time_is_over() {
    let mut model = users();
    model.idle = u64::MAX;
    let mut sooner = undoable(9, false, 1);
    sooner.seconds_left = 100;
    found(
        &mut model,
        Found::Undoables(vec![sooner, undoable(7, false, 1)]),
    );
    assert_eq!(model.wakes(), Some(100_000));
    for (now, newest, wakes) in [
        (99_999, Some(9), Some(100_000)),
        (100_000, Some(7), Some(300_000)),
        (300_000, None, Some(u64::MAX)),
    ] {
        update(&mut model, Message::Tick(now));
        let shown = model.undo.newest(now, false).map(|act| act.id);
        assert_eq!((shown, model.wakes()), (newest, wakes), "{now}");
    }
}
