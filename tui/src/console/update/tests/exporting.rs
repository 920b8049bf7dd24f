//! Writing what a list has to a file: what is asked, and which subcommand it is the same as.

use gatepost_shared::admin::filter::{EventFilter, Filter};
use gatepost_shared::admin::roles::Role;
use gatepost_shared::admin::users::Mask;

use super::{found, fresh, press, said, types, users};
use crate::console::effect::{Effect, Rows};
use crate::console::message::{Found, Key, Screen};
use crate::console::model::Model;

/// Presses E and types a file's name; the subcommand, and the rows that are asked for.
fn exported(model: &mut Model) -> (String, Rows) {
    press(model, Key::Char('E'));
    types(model, "f");
    let twin = model.dialog.as_ref().unwrap().twin().unwrap();
    press(model, Key::Enter);
    let effects = press(model, Key::Char('y'));
    let [Effect::Export(_, export)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    (twin, export.rows.clone())
}

// Mutant: the form or the filter is lost on the way.
#[test]
fn the_rows_of_a_filter_are_written_to_a_file() {
    let mut model = users();
    model.read_only = true;
    press(&mut model, Key::Char('/'));
    types(&mut model, "state:locked");
    press(&mut model, Key::Enter);
    press(&mut model, Key::Char('E'));
    types(&mut model, "out put");
    press(&mut model, Key::Enter);
    assert!(!model.is_typing(), "a choice");
    press(&mut model, Key::Right);
    let twin = model.dialog.as_ref().unwrap().twin().unwrap();
    assert_eq!(
        twin,
        "gatepost user export -o jsonl state:locked > 'out put'"
    );
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Export(job, export)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (export.path.to_str(), export.is_csv),
        (Some("out put"), false)
    );
    assert_eq!(
        export.rows,
        Rows::Users(model.users.filter.filter.clone(), Mask::Masked)
    );
    assert!(model.jobs.runs(*job));
    model.role = Role::Helpdesk;
    press(&mut model, Key::Char('E'));
    assert!(model.dialog.is_none());
}

// Mutants: the subcommand is another list's, or has not the filter as it is in force; what is shown in full is
// written masked without a word of it; a filter's word becomes an option.
#[test]
fn the_subcommand_is_the_one_that_writes_the_same() {
    for (filter, words) in [
        ("", ""),
        ("state:none,unconfirmed", " state:none,unconfirmed"),
        ("!bob  last:>30d", " '!bob' 'last:>30d'"),
        ("\"ali  ng\" x", " '\"ali  ng\" x'"),
        ("ali -x", " -- ali -x"),
        ("-x*", " -- '-x*'"),
    ] {
        let mut model = users();
        let parsed = Filter::parse(filter).unwrap();
        filter.clone_into(&mut model.users.filter.text);
        model.users.filter.filter = parsed.clone();
        let twin = format!("gatepost user export -o csv{words} > f");
        let rows = Rows::Users(parsed.clone(), Mask::Masked);
        assert_eq!(exported(&mut model), (twin, rows), "{filter}");
        model.users.unmasked = true;
        let twin = format!("gatepost user export --unmask -o csv{words} > f");
        let rows = Rows::Users(parsed, Mask::Unmasked);
        assert_eq!(exported(&mut model), (twin, rows), "{filter}");
    }
    let mut model = fresh(Screen::Audit);
    let filter = "kind:decision since:2h";
    let parsed = EventFilter::parse(filter).unwrap();
    filter.clone_into(&mut model.audit.filter.text);
    model.audit.filter.filter = parsed.clone();
    assert_eq!(
        exported(&mut model),
        (
            "gatepost audit export -o csv kind:decision since:2h > f".to_owned(),
            Rows::Events(parsed)
        )
    );
    let mut model = fresh(Screen::Mail);
    let twin = "gatepost mail export -o csv > f".to_owned();
    assert_eq!(exported(&mut model), (twin, Rows::Mails(None)));
    model.mail.of = Some("alice".to_owned());
    let twin = "gatepost mail export -o csv alice > f".to_owned();
    let rows = Rows::Mails(Some("alice".to_owned()));
    assert_eq!(exported(&mut model), (twin, rows));
}

// Mutant: E does nothing there, and says nothing.
#[test]
fn what_moves_on_is_not_written_and_says_why() {
    let mut model = fresh(Screen::Live);
    assert_eq!(press(&mut model, Key::Char('E')), []);
    assert!(model.dialog.is_none());
    let why = "Live moves on while it is written: E on Audit writes the same events.";
    assert_eq!(said(&model), why);
}

// Mutants: what the list has by the time of the last key is written; addresses come out from behind the cover.
#[test]
fn what_the_dialog_says_is_what_is_written() {
    let mut model = users();
    press(&mut model, Key::Char('E'));
    types(&mut model, "f");
    found(&mut model, Found::Unmasked);
    press(&mut model, Key::Enter);
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Export(_, export)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let masked = Rows::Users(model.users.filter.filter.clone(), Mask::Masked);
    assert_eq!(export.rows, masked);
    model.users.unmasked = false;
    model.is_masked = true;
    assert_eq!(found(&mut model, Found::Unmasked), []);
    assert!(!model.users.unmasked);
}
