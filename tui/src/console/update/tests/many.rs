//! Acts on many accounts, the list of jobs.

use std::collections::BTreeSet;

use gatepost_shared::admin::browse::UserRow;
use gatepost_shared::admin::users::{State, Versions};

use super::undo::undoable;
use super::{act, answer, asked, found, press, row, said, types, users};
use crate::console::effect::{Deed, Effect, Verb};
use crate::console::message::{Act, Found, Job, Key, Tally, Undone};
use crate::console::model::Model;
use crate::console::model::dialog::Focus;
use crate::console::model::undo::named;

/// Two are marked and disabled, one of which a colleague changed meanwhile.
fn disable_two(model: &mut Model) -> Vec<Effect> {
    press(model, Key::Char(' '));
    press(model, Key::Char(' '));
    press(model, Key::Char('D'));
    let effects = press(model, Key::Char('y'));
    let [Effect::Each(job, _)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let tally = Tally {
        done: 1,
        failures: vec![("alice".into(), "why".into())],
        changed: BTreeSet::from(["alice".to_owned()]),
        left: 0,
    };
    found(model, Found::Tried(*job, tally))
}

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
    let marks: Vec<&String> = model.users.marks.keys().collect();
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
        &Deed::on_marked(
            Verb::Disable,
            ["alice", "bob"].map(|name| (name.to_owned(), Some(1)))
        )
    );
    let tally = Tally {
        done: 1,
        failures: vec![("bob".into(), "the store is busy".into())],
        changed: BTreeSet::new(),
        left: 0,
    };
    found(&mut model, Found::Tried(*job, tally));
    assert!(
        said(&model).starts_with("Disabling 2 accounts: 1 done, 1 failed"),
        "{}",
        said(&model)
    );
    assert!(
        model.users.marks.keys().eq(["bob"]),
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

// Mutants: a mark forgets the version that was on the screen, or takes that of a later reading; one of a row that
// was never read has a version; that is not said.
#[test]
fn a_mark_keeps_the_version_that_was_seen() {
    let mut model = users();
    press(&mut model, Key::Char(' '));
    // A colleague changes alice, and the rows are read again.
    let effects = press(&mut model, Key::Char('r'));
    let rows = |versions: [i64; 2]| {
        let names = ["alice", "bob"];
        let pairs = names.into_iter().zip(versions);
        pairs
            .map(|(name, version)| UserRow {
                version,
                ..row(name, State::Active)
            })
            .collect()
    };
    answer(&mut model, asked(&effects), rows([2, 1]));
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char('u'));
    let text = model.dialog.as_ref().unwrap().text.join(" ");
    assert!(!text.contains("as they are now"), "{text}");
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Each(job, deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let seen = |deed: &Deed| ["alice", "bob"].map(|name| deed.asked(name).version);
    assert_eq!(seen(deed), [Some(1), Some(1)]);
    let tally = Tally {
        done: 1,
        failures: vec![(
            "alice".into(),
            "changed since you marked it: by carol".into(),
        )],
        changed: BTreeSet::from(["alice".to_owned()]),
        left: 0,
    };
    let effects = found(&mut model, Found::Tried(*job, tally));
    // Until its row is read anew, what was seen is what was marked.
    assert_eq!(model.users.marks.get("alice"), Some(&Some(1)));
    answer(&mut model, asked(&effects), rows([3, 2]));
    assert_eq!(model.users.marks.get("alice"), Some(&Some(3)));
    let effects = press(&mut model, Key::Char('r'));
    answer(&mut model, asked(&effects), rows([4, 2]));
    assert_eq!(model.users.marks.get("alice"), Some(&Some(3)), "once");
    // What is done again from the list is asked about anew.
    press(&mut model, Key::Char('w'));
    press(&mut model, Key::Char('R'));
    let effects = press(&mut model, Key::Char('y'));
    assert!(
        matches!(effects.as_slice(), [Effect::Do(deed)] if seen(deed) == [Some(4), None]),
        "{effects:?}"
    );
}

// Mutants: what failed for another reason is done as it is by now; what changed and is not listed is done as it is;
// acts of one's own are forgotten there.
#[test]
fn what_failed_is_tried_again_as_it_was_seen() {
    let mut model = users();
    let rows = |names: &[&str], version| {
        names
            .iter()
            .map(|name| UserRow {
                version,
                ..row(name, State::Active)
            })
            .collect()
    };
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char('D'));
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Each(job, _)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let tally = |changed: &[&str]| Tally {
        done: 0,
        failures: ["alice", "bob"]
            .map(|name| (name.into(), "why".into()))
            .into(),
        changed: changed.iter().map(|name| (*name).to_owned()).collect(),
        left: 0,
    };
    let effects = found(&mut model, Found::Tried(*job, tally(&["alice"])));
    // A colleague changes both, and nobody tells of bob.
    answer(&mut model, asked(&effects), rows(&["alice", "bob"], 3));
    press(&mut model, Key::Char('w'));
    press(&mut model, Key::Char('R'));
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Each(job, deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let seen = |deed: &Deed| ["alice", "bob"].map(|name| deed.asked(name).version);
    assert_eq!(seen(deed), [Some(3), Some(1)]);
    // One's own act on bob is nothing that came in between.
    let step = Versions {
        before: 1,
        after: 4,
    };
    found(&mut model, Found::Stepped("bob".into(), step));
    let effects = found(&mut model, Found::Tried(*job, tally(&["alice"])));
    answer(&mut model, asked(&effects), rows(&["bob"], 5));
    press(&mut model, Key::Char('w'));
    press(&mut model, Key::Char('R'));
    let text = model.dialog.as_ref().unwrap().text.join(" ");
    assert!(text.contains("Left out: 1 account changed since"), "{text}");
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Do(deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (deed.objects.as_slice(), seen(deed)),
        (&["bob".to_owned()][..], [None, Some(4)])
    );
}

// Mutants: a mark that is made anew keeps what is known to have changed; it is not renewed by the next reading.
#[test]
fn a_mark_on_what_is_known_to_have_changed_is_made_anew() {
    let version = |model: &Model| model.users.marks.get("alice").copied().flatten();
    let rows = |version| {
        vec![UserRow {
            version,
            ..row("alice", State::Active)
        }]
    };
    let all = || Found::Keys(Ok((vec!["alice".to_owned()], false)));
    // Its row is as it was: the next reading counts.
    let mut model = users();
    let effects = disable_two(&mut model);
    found(&mut model, all());
    assert_eq!(version(&model), Some(1));
    answer(&mut model, asked(&effects), rows(3));
    assert_eq!(version(&model), Some(3));
    // Its row is another one already.
    let mut model = users();
    disable_two(&mut model);
    model.users.list.rows = rows(2);
    found(&mut model, all());
    assert_eq!(version(&model), Some(2));
}

// Mutants: taking a mark away, or making it again, forgets what is known to have changed; any reading renews it, also
// one that shows nothing new; a late word of one's own act is what came in between.
#[test]
fn a_mark_that_is_taken_away_and_made_again_is_that_of_what_is_shown() {
    let version = |model: &Model| model.users.marks.get("alice").copied().flatten();
    let read = |model: &mut Model, version| {
        let effects = press(model, Key::Char('r'));
        let alice = UserRow {
            version,
            ..row("alice", State::Active)
        };
        answer(model, asked(&effects), vec![alice]);
    };
    let toggle = |model: &mut Model| {
        press(model, Key::Char('g'));
        press(model, Key::Char(' '));
    };
    // Two are disabled, one of which a colleague changed.
    let changed = || {
        let mut model = users();
        disable_two(&mut model);
        toggle(&mut model);
        assert_eq!(version(&model), None);
        model
    };
    // The row is drawn as it was: what is shown is what is marked, until it is another.
    let mut model = changed();
    toggle(&mut model);
    assert_eq!(version(&model), Some(1));
    read(&mut model, 1);
    assert_eq!(version(&model), Some(1));
    read(&mut model, 3);
    assert_eq!(version(&model), Some(3));
    read(&mut model, 4);
    assert_eq!(version(&model), Some(3), "once");
    // So it is after an act of one's own that the list hears of late.
    let mut model = changed();
    toggle(&mut model);
    let step = Versions {
        before: 1,
        after: 2,
    };
    found(&mut model, Found::Stepped("alice".into(), step));
    read(&mut model, 2);
    read(&mut model, 3);
    assert_eq!(version(&model), Some(3));
    // It was read meanwhile: that is what is marked.
    let mut model = changed();
    read(&mut model, 3);
    toggle(&mut model);
    read(&mut model, 4);
    assert_eq!(version(&model), Some(3));
    // Or the list had it before the job told.
    let mut model = changed();
    model.users.list.rows.retain(|row| row.key == "alice");
    model.users.list.rows[0].version = 2;
    toggle(&mut model);
    assert_eq!(version(&model), Some(2));
    read(&mut model, 3);
    assert_eq!(version(&model), Some(2));
}

// Mutant: what failed is marked with what was seen when the job ended.
#[test]
fn what_failed_is_marked_as_the_job_was_begun_with_it() {
    let mut model = users();
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char(' '));
    press(&mut model, Key::Char('D'));
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Each(job, _)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let job = *job;
    // While it goes on, a colleague changes alice, and she is marked once more.
    let effects = press(&mut model, Key::Char('r'));
    let rows = [("alice", 2), ("bob", 1)].map(|(name, version)| UserRow {
        version,
        ..row(name, State::Active)
    });
    answer(&mut model, asked(&effects), rows.into());
    press(&mut model, Key::Esc);
    found(
        &mut model,
        Found::Keys(Ok((vec!["alice".to_owned()], false))),
    );
    assert_eq!(model.users.marks.get("alice"), Some(&Some(2)));
    let tally = Tally {
        done: 1,
        failures: vec![("alice".into(), "why".into())],
        changed: BTreeSet::new(),
        left: 0,
    };
    found(&mut model, Found::Tried(job, tally));
    assert_eq!(model.users.marks.get("alice"), Some(&Some(1)));
}

#[test]
fn what_is_left_out_alone_is_only_said() {
    let mut model = users();
    let effects = disable_two(&mut model);
    answer(&mut model, asked(&effects), vec![row("bob", State::Active)]);
    press(&mut model, Key::Char('w'));
    assert_eq!(press(&mut model, Key::Char('R')), []);
    assert!(model.dialog.is_none());
    assert!(said(&model).contains("not listed here"), "{}", said(&model));
}

#[test]
fn what_was_marked_unseen_is_done_as_it_is_and_that_is_said() {
    let mut model = users();
    let effects = press(&mut model, Key::Char('*'));
    assert!(matches!(effects.as_slice(), [Effect::Keys(_)]));
    let keys = ["alice", "zoe"].map(str::to_owned).to_vec();
    found(&mut model, Found::Keys(Ok((keys, false))));
    press(&mut model, Key::Char('i'));
    let text = model.dialog.as_ref().unwrap().text.join(" ");
    assert!(text.contains("1 were not listed"), "{text}");
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Each(_, deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(deed.verb, Verb::Invite);
    assert_eq!(deed.asked("alice").version, Some(1));
    assert_eq!(deed.asked("zoe").version, None);
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
                changed: BTreeSet::new(),
                left: 0,
            },
        ),
    );
    mark_all(&mut model, 21);
    press(&mut model, Key::Char('u'));
    assert!(model.is_typing(), "the focus is where it is typed");
    assert_eq!(act(&mut model, Act::Confirm), []);
    assert_eq!(said(&model), "Type 21 to do it.");
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
                changed: BTreeSet::new(),
                left: 16,
            },
        ),
    );
    assert_eq!(
        said(&model),
        "Unlocking 21 accounts: 5 done, 16 left as they were"
    );
}

// Mutants: many are called by one of them, or an import; what follows is said of one account; what must be typed has
// not the focus; what could not be taken back is not kept, or another one's version is not stepped on.
#[test]
fn acts_on_many_are_taken_back_and_done_again_as_one() {
    let of = |count, again| {
        let mut act = undoable(7, again, count);
        act.act = "lock".into();
        act.seen.identity.kind = "user-lock".into();
        act
    };
    let mut model = users();
    found(&mut model, Found::Undoables(vec![of(4, false)]));
    assert_eq!(named(&of(4, false)), "lock of 4 accounts");
    press(&mut model, Key::Char('z'));
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(dialog.title, "Take back: lock of 4 accounts?");
    let follows = "One that somebody changed since is left alone";
    assert!(dialog.text.join(" ").contains(follows), "{:?}", dialog.text);
    assert_eq!(dialog.focus, Focus::Leave);
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Long(job @ Job::Undo(_), _)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let undone = Undone {
        said: Err("lock of 4 accounts: 3 taken back, 1 failed".into()),
        failures: vec![("dave".into(), "changed since: user-note by carol".into())],
        steps: vec![(
            "alice".into(),
            Versions {
                before: 1,
                after: 2,
            },
        )],
    };
    let effects = found(&mut model, Found::Undone(*job, undone));
    assert!(!effects.is_empty(), "the rows are read anew");
    assert_eq!(said(&model), "lock of 4 accounts: 3 taken back, 1 failed");
    assert_eq!(model.users.version_of("alice"), Some(2));
    let work = model.jobs.selected().unwrap();
    assert_eq!(work.name, "Taking back lock of 4 accounts");
    assert_eq!((work.failures.len(), work.progress.failed), (1, 1));
    assert!(!work.is_running());
    press(&mut model, Key::Char('w'));
    press(&mut model, Key::Char('R'));
    assert!(said(&model).contains("offers what is left"));
    press(&mut model, Key::Esc);

    found(&mut model, Found::Undoables(vec![of(21, true)]));
    press(&mut model, Key::Char('Z'));
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(dialog.title, "Do again: lock of 21 accounts?");
    assert_eq!(dialog.focus, Focus::Field(0));
    types(&mut model, "21");
    let effects = act(&mut model, Act::Confirm);
    assert!(matches!(
        effects.as_slice(),
        [Effect::Long(Job::Undo(_), _)]
    ));
    let name = &model.jobs.selected().unwrap().name;
    assert_eq!(name, "Doing again lock of 21 accounts");
}
