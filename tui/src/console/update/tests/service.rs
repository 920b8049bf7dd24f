//! Mail as a service, and the store's copy.

use gatepost_shared::admin::doctor::{Check, Finding};
use gatepost_shared::admin::roles::Role;
use gatepost_shared::admin::templates::Kind;

use super::{act, found, fresh, press, said, types};
use crate::console::effect::{Deed, Effect, Rows, Verb};
use crate::console::message::{Act, Found, Job, Key, Screen};
use crate::console::model::Model;
use crate::console::model::palette::Palette;
use crate::console::samples::{post, preview};

#[test]
fn notices_that_wait_are_sent_by_two_keys() {
    let mut model = fresh(Screen::Mail);
    press(&mut model, Key::Char('R'));
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(dialog.twin().unwrap(), "gatepost mail retry");
    let deed = Deed::on(Verb::RetryMail, []);
    assert_eq!(press(&mut model, Key::Char('y')), [Effect::Do(deed)]);
    press(&mut model, Key::Char('R'));
    assert_eq!(said(&model), "still sending the notices that wait");
    found(
        &mut model,
        Found::Ended(Job::RetryMail, Ok("2 sent".into())),
    );
    assert_eq!(said(&model), "2 sent");
}

#[test]
fn how_mail_fares_lies_over_the_list_until_esc() {
    let mut model = fresh(Screen::Mail);
    assert_eq!(press(&mut model, Key::Char('h')), [Effect::Post]);
    found(&mut model, Found::Post(Ok(post("example.net"))));
    let lines = model.mail.post_lines(76);
    for told in ["to example.net", "half-finished", "line 3: no {x}"] {
        assert!(lines.iter().any(|line| line.text.contains(told)), "{told}");
    }
    assert_eq!(model.place((5, 5)), None, "the list is covered");
    press(&mut model, Key::Char('G'));
    press(&mut model, Key::Esc);
    assert!(!model.mail.shows_post);
}

// Mutants: a message that nobody waits for any more is shown; scrolling goes past the end; a role that may not
// have the sender started is let through, or a console that only looks is not.
#[test]
fn a_message_is_chosen_printed_and_read_to_its_end() {
    let mut model = fresh(Screen::Mail);
    (model.read_only, model.size) = (true, (80, 15));
    assert_eq!(press(&mut model, Key::Char('P')), []);
    let names: Vec<String> = model
        .palette
        .iter()
        .flat_map(Palette::found)
        .map(|entry| entry.name.clone())
        .collect();
    assert_eq!(names, Kind::ALL.map(|kind| kind.word().to_owned()));
    press(&mut model, Key::Down);
    let wanted = Kind::Confirmation;
    assert_eq!(press(&mut model, Key::Enter), [Effect::Preview(wanted)]);
    let text = |model: &Model| {
        let lines = model.mail.preview_lines(76);
        lines
            .into_iter()
            .map(|line| line.text + "\n")
            .collect::<String>()
    };
    assert!(text(&model).contains("gatepost mail template preview confirmation"));
    assert!(text(&model).contains("the sender prints it"));
    found(
        &mut model,
        Found::Preview(Kind::Code, Err("late".to_owned())),
    );
    assert!(text(&model).contains("the sender prints it"));
    found(&mut model, Found::Preview(wanted, Ok(preview(wanted))));
    for told in [
        "\nService:   sshd\n",
        "code.html, line 3, column 9: undefined value",
        "\n  <p>Sign-in",
    ] {
        assert!(text(&model).contains(told), "{told} in {}", text(&model));
    }
    for _ in 0..50 {
        press(&mut model, Key::Down);
    }
    let scroll = model.overlay.unwrap().scroll;
    let count = text(&model).lines().count();
    assert!(0 < scroll && scroll < count, "{scroll} of {count}");
    press(&mut model, Key::Up);
    assert_eq!(model.overlay.unwrap().scroll, scroll - 1);
    press(&mut model, Key::Esc);
    assert!(model.overlay.is_none());
    model.role = Role::Helpdesk;
    press(&mut model, Key::Char('P'));
    assert!(model.palette.is_none());
    assert!(
        said(&model).contains("may not send mail"),
        "{}",
        said(&model)
    );
}

// Mutants: what is wrong does not come first; looking again loses the selected check.
#[test]
fn a_check_is_selected_and_says_what_to_do() {
    let check = |what: &str, finding, detail: &str| Check {
        what: what.to_owned(),
        finding,
        detail: detail.to_owned(),
        stack: None,
    };
    let checks = vec![
        check("key", Finding::Ok, "it is there"),
        check("timer", Finding::Warning, "start it:\n  systemctl enable x"),
        check("store", Finding::Problem, "gatepost setup"),
    ];
    let mut model = fresh(Screen::Health);
    found(&mut model, Found::Checks(checks.clone()));
    assert_eq!(model.health.counts(), (1, 1));
    let selected = |model: &Model| model.health.list.selected().unwrap().what.clone();
    assert_eq!(selected(&model), "store");
    press(&mut model, Key::Down);
    press(&mut model, Key::Enter);
    assert!(model.health.is_open);
    let lines = model.health.lines(60);
    assert_eq!(lines[0].text, "timer");
    assert!(
        lines
            .iter()
            .any(|line| line.text.contains("systemctl enable x"))
    );
    found(&mut model, Found::Checks(checks));
    assert_eq!(selected(&model), "timer");
    press(&mut model, Key::Esc);
    assert!(!model.health.is_open);
}

// Mutant: the copy goes to whatever stands in the field of another dialog, or nowhere.
#[test]
fn the_store_is_copied_to_a_file_that_is_named() {
    let mut model = fresh(Screen::Health);
    press(&mut model, Key::Char('B'));
    assert_eq!(press(&mut model, Key::Enter), []);
    assert_eq!(press(&mut model, Key::Enter), []);
    assert_eq!(said(&model), "The name of a file is missing.");
    types(&mut model, "/root/a copy");
    let twin = model.dialog.as_ref().unwrap().twin();
    assert_eq!(twin.unwrap(), "gatepost backup '/root/a copy'");
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Enter);
    let [Effect::Export(Job::BackUp, export)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(export.rows, Rows::Store);
    assert_eq!(export.path.to_str(), Some("/root/a copy"));
    press(&mut model, Key::Char('B'));
    assert_eq!(said(&model), "still copying the store");
}

// Mutants: a role, or --read-only, is not asked: a copy of the store leaves an event, a notice goes out.
#[test]
fn neither_is_done_by_who_may_not_or_where_nothing_is_changed() {
    for (screen, wanted) in [
        (Screen::Mail, Act::RetryMail),
        (Screen::Health, Act::BackUp),
        (Screen::Health, Act::Restore),
    ] {
        for role in [Role::Auditor, Role::Helpdesk] {
            let mut model = fresh(screen);
            model.role = role;
            act(&mut model, wanted);
            assert!(model.dialog.is_none(), "{role:?}");
            assert!(said(&model).starts_with("Your role here is"), "{role:?}");
        }
        let mut model = fresh(screen);
        model.read_only = true;
        act(&mut model, wanted);
        assert!(model.dialog.is_none());
        assert!(said(&model).contains("--read-only"), "{}", said(&model));
    }
}
