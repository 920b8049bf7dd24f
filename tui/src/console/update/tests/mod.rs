//! Updates as plain values: a state, messages, the state and the effects that come of them.

mod accounts;
mod activity;
mod around;
mod asking;
mod crumbs;
mod exporting;
mod help;
mod import;
mod live;
mod many;
mod page;
mod policy;
mod restore;
mod service;
mod sorting;
mod undo;

use std::collections::BTreeMap;

use gatepost_shared::admin::browse::{Around, Page, Summary, UserDetail, UserRow};
use gatepost_shared::admin::bypass::Listed;
use gatepost_shared::admin::roles::Role;
use gatepost_shared::admin::users::{Mask, State};

use super::{begin, update};
use crate::console::effect::{Deed, Effect, Slot, Verb};
use crate::console::look::Look;
use crate::console::message::{Act, Answer, Context, Edit, Found, Job, Key, Message, Screen, Step};
use crate::console::model::Model;
use crate::console::model::dialog::{About, Focus};
use crate::console::model::text::Tone;

fn row(name: &str, state: State) -> UserRow {
    UserRow {
        bounced: false,
        version: 1,
        key: name.to_owned(),
        user: name.to_owned(),
        state: Some(state),
        standing: format!("{state:?}").to_lowercase(),
        address: "a***@e***.org".to_owned(),
        unconfirmed: state == State::Unconfirmed,
        last: String::new(),
    }
}

fn fresh(screen: Screen) -> Model {
    let mut model = Model::new("host01".into(), "root".into(), Look::default(), (80, 24));
    model.screen = screen;
    model.role = Role::Admin;
    model
}

/// The accounts' screen with three accounts on it.
fn users() -> Model {
    let mut model = fresh(Screen::Users);
    let request = asked(&begin(&mut model));
    let rows = vec![
        row("alice", State::Locked),
        row("bob", State::Disabled),
        row("carol", State::Unconfirmed),
    ];
    answer(&mut model, request, rows);
    model
}

fn answer(model: &mut Model, request: u64, rows: Vec<UserRow>) {
    let page = Page {
        rows,
        more_before: false,
        more_after: false,
    };
    found(model, Found::Users(request, Ok((page, Some(3)))));
}

fn asked(effects: &[Effect]) -> u64 {
    let request = effects.iter().find_map(|effect| {
        if let Effect::Users { request, .. } = effect {
            Some(*request)
        } else {
            None
        }
    });
    request.expect("accounts are asked for")
}

fn found(model: &mut Model, found: Found) -> Vec<Effect> {
    update(model, Message::Found(Box::new(found)))
}

fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    update(model, Message::Act(act))
}

/// Presses a key as the loop does.
fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    update(model, Message::Key(key))
}

fn types(model: &mut Model, text: &str) -> Vec<Effect> {
    text.chars()
        .flat_map(|c| press(model, Key::Char(c)))
        .collect()
}

fn said(model: &Model) -> &str {
    model.notes.shown().map_or("", |note| note.text.as_str())
}

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

#[test]
fn unlocking_takes_two_keys_and_a_dialog() {
    let mut model = users();
    assert_eq!(press(&mut model, Key::Char('u')), []);
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(dialog.focus, Focus::Leave, "the safe button has the focus");
    assert_eq!(dialog.twin().unwrap(), "gatepost user unlock alice");
    let deed = Deed {
        seen: BTreeMap::from([("alice".to_owned(), 1)]),
        ..Deed::on(Verb::Unlock, ["alice".to_owned()])
    };
    // Mutant: the verbs are not told which version was on the screen.
    assert_eq!(deed.asked("alice").version, Some(1));
    assert_eq!(press(&mut model, Key::Char('y')), [Effect::Do(deed)]);
    assert!(model.dialog.is_none());
}

#[test]
fn enter_on_a_fresh_dialog_changes_nothing() {
    for key in [Key::Enter, Key::Esc, Key::Char('n'), Key::Ctrl('c')] {
        let mut model = users();
        press(&mut model, Key::Char('u'));
        assert_eq!(press(&mut model, key), [], "{key:?}");
        assert!(model.dialog.is_none(), "{key:?}");
    }
}

#[test]
fn a_reason_is_typed_shown_in_the_twin_and_kept() {
    let mut model = users();
    press(&mut model, Key::Char('D'));
    press(&mut model, Key::BackTab);
    assert!(model.is_typing());
    types(&mut model, "yes, it's q");
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(
        dialog.twin().unwrap(),
        "gatepost user disable alice --reason 'yes, it'\\''s q'"
    );
    // Enter leaves the field for the button; the next one presses it.
    assert_eq!(press(&mut model, Key::Enter), []);
    let effects = press(&mut model, Key::Enter);
    let [Effect::Do(deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (deed.verb, deed.reason()),
        (Verb::Disable, Some("yes, it's q"))
    );
    // Asked once: offered the next time, and gone for good once it was emptied.
    press(&mut model, Key::Char('u'));
    assert!(
        model
            .dialog
            .as_ref()
            .unwrap()
            .twin()
            .unwrap()
            .ends_with("s q'")
    );
    press(&mut model, Key::BackTab);
    press(&mut model, Key::Ctrl('u'));
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Do(deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(deed.reason(), None);
    press(&mut model, Key::Char('u'));
    let twin = model.dialog.as_ref().unwrap().twin();
    assert_eq!(twin.unwrap(), "gatepost user unlock alice");
}

#[test]
fn a_disabled_account_is_enabled_by_the_same_key() {
    let mut model = users();
    act(&mut model, Act::Move(Step::Down));
    press(&mut model, Key::Char('D'));
    let about = &model.dialog.as_ref().unwrap().about;
    assert!(matches!(about, About::Change(deed) if deed.verb == Verb::Enable));
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut model = users();
    press(&mut model, Key::Char('v'));
    assert!(model.dialog.is_none());
    assert!(
        said(&model).contains("no address that waits"),
        "{}",
        said(&model)
    );
    model.read_only = true;
    for key in ['u', 'D', 'v', 'a'] {
        press(&mut model, Key::Char(key));
        assert!(model.dialog.is_none(), "{key}");
        assert!(
            said(&model).contains("--read-only"),
            "{key}: {}",
            said(&model)
        );
    }
    model.read_only = false;
    model.role = Role::Helpdesk;
    press(&mut model, Key::Char('D'));
    assert!(model.dialog.is_none());
    assert_eq!(
        said(&model),
        "Your role here is helpdesk, which may not change accounts: ask somebody who is admin."
    );
    press(&mut model, Key::Char('u'));
    assert!(model.dialog.is_some());
    let mut model = fresh(Screen::Users);
    press(&mut model, Key::Char('u'));
    assert_eq!(said(&model), "No account is selected.");
}

// Mutants: a role is not asked, so that a dialog opens and its act fails; the stronger role is refused.
#[test]
fn what_the_role_may_not_do_says_so_before_any_dialog() {
    for (role, allowed) in [
        (Role::Auditor, ""),
        (Role::Helpdesk, "ua"),
        (Role::Admin, "uaD"),
    ] {
        for key in ['u', 'D', 'a'] {
            let mut model = users();
            model.role = role;
            press(&mut model, Key::Char(key));
            assert_eq!(
                model.dialog.is_some(),
                allowed.contains(key),
                "{role:?} {key}"
            );
            if !allowed.contains(key) {
                let told = format!("Your role here is {}", role.name());
                assert!(said(&model).starts_with(&told), "{key}: {}", said(&model));
            }
        }
    }
}

#[test]
fn addresses_are_shown_only_after_the_audit_has_it() {
    let mut model = users();
    press(&mut model, Key::Char('a'));
    let effects = press(&mut model, Key::Char('y'));
    assert!(matches!(effects.as_slice(), [Effect::Do(deed)] if deed.verb == Verb::Unmask));
    assert_eq!(model.users.mask(), Mask::Masked, "not yet");
    let effects = found(&mut model, Found::Unmasked);
    assert!(matches!(
        effects.as_slice(),
        [Effect::Users {
            mask: Mask::Unmasked,
            ..
        }]
    ));
    // Hidden again at once, without a dialog.
    press(&mut model, Key::Char('a'));
    assert_eq!(model.users.mask(), Mask::Masked);
}

#[test]
fn a_filter_is_in_force_with_each_key_and_undone_by_esc() {
    let mut model = users();
    press(&mut model, Key::Char('/'));
    assert_eq!(model.context(), Context::Filter);
    let effects = types(&mut model, "state:locked");
    // A word that makes no sense yet asks for nothing.
    assert!(effects.len() < "state:locked".len(), "{}", effects.len());
    assert_eq!(model.users.filter.text, "state:locked");
    press(&mut model, Key::Enter);
    assert!(model.typing.is_none());
    press(&mut model, Key::Char('/'));
    types(&mut model, " uid:x");
    assert_eq!(
        model
            .typing
            .as_ref()
            .unwrap()
            .error
            .as_ref()
            .unwrap()
            .column,
        17
    );
    assert_eq!(
        press(&mut model, Key::Enter),
        [],
        "what is wrong is not kept"
    );
    assert!(model.typing.is_some());
    press(&mut model, Key::Esc);
    assert_eq!(model.users.filter.text, "state:locked");
    let effects = press(&mut model, Key::Esc);
    assert_eq!(model.users.filter.text, "");
    assert!(matches!(
        effects.as_slice(),
        [Effect::Users {
            around: Around::First,
            ..
        }]
    ));
    assert_eq!(press(&mut model, Key::Esc), [], "Esc never leaves");
}

#[test]
fn an_answer_that_is_late_changes_nothing() {
    let mut model = users();
    let early = asked(&act(&mut model, Act::Refresh));
    let late = asked(&act(&mut model, Act::Refresh));
    answer(&mut model, early, Vec::new());
    assert_eq!(model.users.list.rows.len(), 3);
    answer(&mut model, late, vec![row("dan", State::Active)]);
    assert_eq!(model.users.list.rows.len(), 1);
}

fn detail(key: &str) -> UserDetail {
    UserDetail {
        note: String::new(),
        version: 1,
        key: key.into(),
        user: key.into(),
        uid: 1,
        state: State::Active,
        why: "because".into(),
        lets_in: true,
        next: Vec::new(),
        addresses: Vec::new(),
        unconfirmed: false,
        failures: [0; 3],
        recovery_left: 0,
        factors: Vec::new(),
        bypass: Vec::new(),
        bypass_useless: None,
        sources: Vec::new(),
        mails: Vec::new(),
        logins: Vec::new(),
    }
}

fn bypass(id: i64) -> Listed {
    Listed {
        id,
        user: "alice".into(),
        uses: 1,
        uses_left: 1,
        seconds_left: 60,
        reason: "T".into(),
        by: "root".into(),
        made: String::new(),
    }
}

#[test]
fn a_page_of_another_account_is_not_shown() {
    let mut model = users();
    let effects = act(&mut model, Act::Open);
    assert!(matches!(effects.as_slice(), [Effect::User { key, .. }] if key == "alice"));
    found(&mut model, Found::User(Ok(detail("bob"))));
    assert!(model.users.page_of_selected().is_none());
    found(&mut model, Found::User(Ok(detail("alice"))));
    assert!(model.users.page_of_selected().is_some());
    act(&mut model, Act::Back);
    assert!(!model.users.is_open);
}

#[test]
fn a_terminal_that_grows_shows_the_page_beside_its_list() {
    let mut model = users();
    assert_eq!(update(&mut model, Message::Resized(99, 40)), []);
    let effects = update(&mut model, Message::Resized(100, 40));
    assert!(matches!(effects.as_slice(), [Effect::User { key, .. }] if key == "alice"));
}

#[test]
fn a_count_on_home_leads_to_what_it_counts() {
    let mut model = fresh(Screen::Home);
    let summary = Summary {
        accounts: 9,
        locked: 3,
        ..Summary::default()
    };
    found(&mut model, Found::Summary(Ok(summary)));
    let effects = act(&mut model, Act::Open);
    assert_eq!(model.screen, Screen::Users);
    assert_eq!(model.users.filter.text, "state:locked");
    asked(&effects);
    act(&mut model, Act::Go(Screen::Home));
    act(&mut model, Act::NotEnrolled);
    assert_eq!(model.users.filter.text, "state:none,unconfirmed");
}

#[test]
fn leaving_asks_only_where_a_job_runs() {
    let mut model = fresh(Screen::Audit);
    assert_eq!(act(&mut model, Act::Quit), [Effect::Quit]);
    assert_eq!(act(&mut model, Act::CheckChain), [Effect::CheckChain]);
    assert_eq!(act(&mut model, Act::CheckChain), [], "it runs already");
    assert_eq!(act(&mut model, Act::Quit), []);
    assert!(model.dialog.is_some());
    assert_eq!(press(&mut model, Key::Char('y')), [Effect::Quit]);
    found(&mut model, Found::Ended(Job::Chain, Err("broken".into())));
    assert_eq!(model.audit.chain, Some(Err("broken".to_owned())));
    assert_eq!(model.notes.shown().map(|note| note.tone), Some(Tone::Bad));
    assert_eq!(act(&mut model, Act::Quit), [Effect::Quit]);
}

// Mutants: the first leaves; the second does, however late; what is open is not closed.
#[test]
fn ctrl_c_cancels_and_twice_leaves() {
    let mut model = users();
    press(&mut model, Key::Char('?'));
    press(&mut model, Key::Ctrl('c'));
    assert!(model.overlay.is_none());
    assert_eq!(press(&mut model, Key::Ctrl('c')), []);
    update(&mut model, Message::Tick(2_000));
    assert_eq!(press(&mut model, Key::Ctrl('c')), [], "too long ago");
    update(&mut model, Message::Tick(3_999));
    assert_eq!(press(&mut model, Key::Ctrl('c')), [Effect::Quit]);
}

#[test]
fn a_test_message_needs_an_address() {
    let mut model = fresh(Screen::Mail);
    press(&mut model, Key::Char('T'));
    assert!(model.is_typing());
    assert_eq!(press(&mut model, Key::Enter), []);
    assert_eq!(press(&mut model, Key::Enter), []);
    assert_eq!(said(&model), "An address is missing.");
    assert!(model.is_typing(), "the focus is where something is missing");
    types(&mut model, "you@example.org");
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Enter);
    assert!(
        matches!(effects.as_slice(), [Effect::Do(deed)] if deed.said.get(Slot::Address) == "you@example.org"),
        "{effects:?}"
    );
    assert!(model.jobs.runs(Job::TestMail));
}

// Mutant: an act that makes no sense is done from the list.
#[test]
fn an_act_is_found_by_letters_and_done_unless_it_makes_no_sense() {
    let mut model = users();
    press(&mut model, Key::Char(':'));
    assert_eq!(model.context(), Context::Palette);
    types(&mut model, "ul");
    let found = model.palette.as_ref().unwrap().selected().unwrap();
    assert_eq!((found.name.as_str(), found.key.as_str()), ("unlock", "u"));
    press(&mut model, Key::Enter);
    assert!(model.palette.is_none());
    assert!(model.dialog.is_some());
    press(&mut model, Key::Esc);
    // What was done last comes first.
    press(&mut model, Key::Char(':'));
    assert_eq!(
        model.palette.as_ref().unwrap().selected().unwrap().act,
        Act::Unlock
    );
    types(&mut model, "re-verify");
    press(&mut model, Key::Enter);
    assert!(model.palette.is_some(), "it stays open");
    assert!(
        said(&model).contains("no address that waits"),
        "{}",
        said(&model)
    );
    press(&mut model, Key::Ctrl('u'));
    types(&mut model, "audit");
    press(&mut model, Key::Enter);
    assert_eq!(model.screen, Screen::Audit);
    // What can be done with a row, and why not.
    act(&mut model, Act::Go(Screen::Users));
    press(&mut model, Key::Char('x'));
    let palette = model.palette.as_ref().unwrap();
    assert_eq!(palette.title, "Actions on alice");
    let entries: Vec<_> = palette.found().collect();
    assert!(
        entries
            .iter()
            .any(|entry| entry.act == Act::Unlock && entry.why_not.is_none())
    );
    assert!(
        entries
            .iter()
            .any(|entry| entry.act == Act::Verify && entry.why_not.is_some())
    );
    assert!(entries.iter().all(|entry| entry.act != Act::Quit));
    press(&mut model, Key::Esc);
    assert_eq!(model.context(), Context::Screen(Screen::Users));
}

// Mutants: what belongs to another screen is not found; it is done without that screen being shown; an act on
// a row is done to one that nobody sees; a role that may not is sent there first.
#[test]
fn what_is_done_on_another_screen_is_found_here() {
    let mut model = fresh(Screen::Home);
    let selected = |model: &Model| {
        let entry = model.palette.as_ref().unwrap().selected().cloned();
        entry.map(|entry| (entry.name, entry.key, entry.elsewhere))
    };
    press(&mut model, Key::Char(':'));
    types(&mut model, "import");
    assert_eq!(
        selected(&model),
        Some(("import".into(), "2".into(), Some(Screen::Users)))
    );
    let effects = press(&mut model, Key::Enter);
    assert_eq!(model.screen, Screen::Users);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Users { .. })),
        "{effects:?}"
    );
    assert_eq!(model.dialog.as_ref().unwrap().about, About::Plan);
    // What was done last comes first, wherever somebody is.
    press(&mut model, Key::Esc);
    act(&mut model, Act::Go(Screen::Health));
    press(&mut model, Key::Char(':'));
    assert_eq!(
        selected(&model),
        Some(("import".into(), "2".into(), Some(Screen::Users)))
    );
    press(&mut model, Key::Esc);
    // Nobody sees which account is selected over there.
    let mut model = users();
    act(&mut model, Act::Go(Screen::Home));
    press(&mut model, Key::Char(':'));
    types(&mut model, "unlock");
    press(&mut model, Key::Enter);
    assert_eq!(model.screen, Screen::Users);
    assert!(model.dialog.is_none());
    assert_eq!(said(&model), "unlock: select the row first, then u.");
    // Here it is its own, and the same act of two screens is found once.
    press(&mut model, Key::Char(':'));
    let palette = model.palette.as_ref().unwrap();
    let of = |act: Act| palette.found().filter(|entry| entry.act == act).count();
    assert_eq!((of(Act::Unlock), of(Act::NotEnrolled)), (1, 1));
    press(&mut model, Key::Esc);
    // A role that may not is told so here.
    act(&mut model, Act::Go(Screen::Home));
    model.role = Role::Auditor;
    press(&mut model, Key::Char(':'));
    types(&mut model, "backup");
    press(&mut model, Key::Enter);
    assert_eq!(model.screen, Screen::Home);
    assert!(said(&model).contains("auditor"), "{}", said(&model));
}

#[test]
fn what_was_said_goes_and_can_be_looked_up() {
    let mut model = users();
    found(&mut model, Found::Done(Ok("alice is unlocked.".into())));
    assert_eq!(said(&model), "alice is unlocked.");
    update(&mut model, Message::Tick(60_000));
    assert_eq!(said(&model), "");
    let lines = model.notes.lines(40);
    assert!(lines.iter().any(|line| line.text == "alice is unlocked."));
}
