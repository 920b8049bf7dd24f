//! An account's page: what comes after it, and the keys that it names.

use gatepost_shared::admin::policy::effective::{AtService, Effective};
use gatepost_shared::admin::why::Verdict;

use super::{act, detail, found, users};
use crate::console::keys::map::Keymap;
use crate::console::message::{Act, Found, Key};
use crate::console::model::Model;

/// A part of the page, from its head.
fn below(model: &Model, head: &str, width: usize) -> Vec<String> {
    let lines = model.users.lines(&model.keys, width);
    let lines = lines.into_iter().map(|line| line.text);
    let lines = lines.skip_while(|line| line != head);
    lines.take_while(|line| !line.is_empty()).collect()
}

// Mutants: another account's are shown; services of which something else is said stand together; a rule that asks
// for nothing is not told.
#[test]
fn what_the_rules_say_of_an_account_comes_after_its_page() {
    let mut model = users();
    act(&mut model, Act::Open);
    found(&mut model, Found::User(Ok(detail("alice"))));
    assert_eq!(below(&model, "POLICY", 80), ["POLICY", "reading ..."]);
    let at = |service: &str, verdict, rule| AtService {
        service: service.into(),
        verdict,
        rule,
        sentence: String::new(),
    };
    let applies = Effective {
        user: "alice".into(),
        policy: "policy version 7".into(),
        at: vec![
            at("sshd", Verdict::NoMail, None),
            at("cron", Verdict::NotAsked, Some(1)),
            at("su", Verdict::Asked, None),
        ],
    };
    found(
        &mut model,
        Found::Applies("bob".into(), Ok(applies.clone())),
    );
    assert_eq!(below(&model, "POLICY", 80), ["POLICY", "reading ..."]);
    found(&mut model, Found::Applies("alice".into(), Ok(applies)));
    assert_eq!(
        below(&model, "POLICY", 80),
        [
            "POLICY",
            "by policy version 7",
            "sshd, su: a code is asked for",
            "cron: no code is asked for, by rule 1",
        ]
    );
}

// Mutants: the key is the table's and not the person's; another account's command has one; a command that no key
// does has one.
#[test]
fn a_command_that_helps_names_the_key_that_does_it_here() {
    let mut model = users();
    act(&mut model, Act::Open);
    let mut page = detail("alice");
    page.next = vec![
        "gatepost user unlock alice".into(),
        "gatepost user unlock alicent".into(),
        "gatepost mail test ADDRESS".into(),
    ];
    found(&mut model, Found::User(Ok(page)));
    let why = below(&model, "WHY", 80);
    let hints: Vec<&str> = why.iter().skip(2).map(String::as_str).collect();
    assert_eq!(
        hints,
        [
            "-> u or gatepost user unlock alice",
            "-> gatepost user unlock alicent",
            "-> gatepost mail test ADDRESS",
        ]
    );
    model.keys = Keymap::with(&[("unlock".into(), vec![Key::Char('U')])]).unwrap();
    assert_eq!(
        below(&model, "WHY", 80)[2],
        "-> U or gatepost user unlock alice"
    );
}
