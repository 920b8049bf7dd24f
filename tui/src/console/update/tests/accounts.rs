//! What is done to one account, taken back, imported; and what somebody else did meanwhile.

use gatepost_shared::admin::browse::Around;
use gatepost_shared::admin::browse::UserDetail;
use gatepost_shared::admin::shield::Sure;
use gatepost_shared::admin::sources;
use gatepost_shared::admin::undo::{Identity, Listed, Seen};
use gatepost_shared::admin::users::{State, Versions};

use super::{Answer, act, answer, asked, found, fresh, press, row, said, types, users};
use crate::console::effect::{Deed, Effect, Said, Slot, Verb};
use crate::console::message::{Act, Found, Job, Key, Message, Planned, Screen, Step};
use crate::console::model::Model;
use crate::console::model::dialog::{About, Focus};
use crate::console::model::list::Rows;
use crate::console::update::{import, update};

/// The deed that is handed out.
fn deed(effects: &[Effect]) -> &Deed {
    let [Effect::Do(deed)] = effects else {
        panic!("{effects:?}")
    };
    deed
}

fn twin(model: &Model) -> String {
    model.dialog.as_ref().unwrap().twin().unwrap()
}

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
    let effects = press(&mut model, Key::Char('y'));
    let deed = deed(&effects);
    assert_eq!(
        (deed.verb, deed.said.get(Slot::User)),
        (Verb::Enrol, "dave")
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

fn undoable(id: i64, again: bool, count: u64) -> Listed {
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

// Mutants: the list is imported without being looked at; what was chosen is lost on the way.
#[test]
fn a_list_is_looked_at_then_imported() {
    let mut model = users();
    press(&mut model, Key::Char(':'));
    types(&mut model, "import");
    press(&mut model, Key::Enter);
    types(&mut model, "people.csv");
    assert_eq!(
        twin(&model),
        "gatepost user import people.csv --format csv --dry-run"
    );
    while model.dialog.as_ref().unwrap().focus != Focus::Do {
        press(&mut model, Key::Tab);
    }
    let effects = press(&mut model, Key::Enter);
    let [Effect::Plan(job, looked)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let planned = |add| {
        Ok(Planned {
            counts: [add, 0, 1, 2],
            lines: vec!["line 3: wrong dave this machine has no such user".into()],
        })
    };
    let look = |model: &mut Model, add| {
        model.planning = Some((*job, looked.clone()));
        found(model, Found::Planned(*job, planned(add)));
    };
    found(&mut model, Found::Planned(Job::Plan(99), planned(3)));
    assert!(model.dialog.is_none(), "that was another list");
    // Mutant: the deed does not say by which job its list was looked at.
    let looked_by = |model: &Model| {
        let About::Change(deed) = &model.dialog.as_ref().unwrap().about else {
            panic!("no change is asked about")
        };
        deed.looked
    };
    look(&mut model, 0);
    assert!(model.dialog.is_none(), "there is nothing to do");
    look(&mut model, 3);
    assert_eq!(model.dialog.as_ref().unwrap().title, "Import 3 accounts?");
    assert_eq!(looked_by(&model), Some(*job));
    assert_eq!(twin(&model), "gatepost user import people.csv --format csv");
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Long(import @ Job::Import(_), deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(deed.said.get(Slot::File), "people.csv");
    assert!(model.jobs.runs(*import));
    found(&mut model, Found::Ended(*import, Ok("3 enrolled.".into())));
    look(&mut model, 21);
    assert!(model.is_typing(), "the focus is where it is typed");
    assert_eq!(act(&mut model, Act::Confirm), []);
    assert_eq!(said(&model), "Type 21 to do it.");
}

// Mutants: the list before is still looked at, or stays among the jobs that run.
#[test]
fn of_two_lists_the_newer_one_is_looked_at() {
    let mut model = users();
    let look =
        |model: &mut Model, file: &str| import::look(model, Said::of([(Slot::File, file.into())]));
    let first = look(&mut model, "large.csv");
    let [Effect::Plan(large, _)] = first.as_slice() else {
        panic!("{first:?}")
    };
    let second = look(&mut model, "small.csv");
    let [Effect::Stop(stopped), Effect::Plan(small, _)] = second.as_slice() else {
        panic!("{second:?}")
    };
    assert_eq!((stopped, large == small), (large, false));
    let planned = Planned {
        counts: [2, 0, 0, 0],
        lines: Vec::new(),
    };
    found(&mut model, Found::Planned(*large, Ok(planned)));
    assert!(model.dialog.is_none() && !model.jobs.runs(*large));
    assert!(model.jobs.runs(*small));
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
