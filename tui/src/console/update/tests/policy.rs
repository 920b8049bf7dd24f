//! The policy: edited, looked at, put in force, by keys.

use gatepost_shared::admin::browse::Page;
use gatepost_shared::admin::policy::PRIMER;
use gatepost_shared::admin::policy::act::Guard;
use gatepost_shared::admin::policy::diff::Stopped;
use gatepost_shared::admin::roles::Role;

use super::{act, deed, found, fresh, press, said, twin, types};
use crate::console::effect::{Ask, Effect, Put, Said, Slot, Source, Verb};
use crate::console::message::{Act, Found, FoundPolicy, Job, Key, Message, Refused, Screen, Told};
use crate::console::model::Model;
use crate::console::model::dialog::Focus;
use crate::console::model::policy::{Looked, Pane};
use crate::console::samples::{in_force, on_trial, told, told_you, versions, whole, why};
use crate::console::update::{begin, update};

const TEXT: &str = "[[rule]]\n";

fn about(model: &mut Model, policy: FoundPolicy) -> Vec<Effect> {
    found(model, Found::Policy(policy))
}

/// The screen, with version 7 in force.
fn policy() -> Model {
    let mut model = fresh(Screen::Policy);
    let effects = begin(&mut model);
    assert!(effects.contains(&Effect::Policy(Ask::Whole)));
    let read = FoundPolicy::Whole(Ok(whole("alice", 1, in_force())));
    about(&mut model, read);
    model
}

/// The editor is closed, with a text.
fn edited(model: &mut Model, text: &str) -> Vec<Effect> {
    update(model, Message::Edited(0, Ok(Some(text.to_owned()))))
}

/// The number of the difference that is asked for.
fn asked(effects: &[Effect]) -> (u32, Source) {
    let asked = effects.iter().find_map(|effect| {
        if let Effect::Difference(number, source) = effect {
            Some((*number, source.clone()))
        } else {
            None
        }
    });
    asked.expect("a difference is asked for")
}

/// The screen, with rules that were edited and looked at.
fn looked(told: Told) -> (Model, u32) {
    let mut model = policy();
    let (number, source) = asked(&edited(&mut model, TEXT));
    assert_eq!(source, Source::Edited(TEXT.to_owned()));
    about(&mut model, FoundPolicy::Difference(number, Ok(told)));
    (model, number)
}

// Job 15: three steps after the edit. Mutants: another base than what was looked at; the time is not asked.
#[test]
fn a_change_is_edited_looked_at_and_tried_with_three_keys() {
    let mut model = fresh(Screen::Home);
    press(&mut model, Key::Char('6'));
    assert_eq!(model.screen, Screen::Policy);
    let effects = press(&mut model, Key::Char('e'));
    assert_eq!(effects, [Effect::Policy(Ask::Text(None))]);
    let read = FoundPolicy::Text(None, Ok("# old\n".to_owned()));
    let effects = about(&mut model, read);
    assert_eq!(effects, [Effect::Edit("# old\n".to_owned())]);
    // Nobody sits before an empty page.
    let effects = about(&mut model, FoundPolicy::Text(None, Ok(String::new())));
    assert_eq!(effects, [Effect::Edit(PRIMER.to_owned())]);
    let (number, _) = asked(&edited(&mut model, TEXT));
    assert_eq!(press(&mut model, Key::Char('T')), []);
    assert!(
        said(&model).contains("still being found out"),
        "{}",
        said(&model)
    );
    about(&mut model, FoundPolicy::Difference(number, Ok(told("al"))));
    press(&mut model, Key::Char('T'));
    let same = "gatepost policy try FILE --base 7 --revert-after 5m";
    assert_eq!(twin(&model), same);
    let effects = press(&mut model, Key::Char('y'));
    let put = Put {
        number,
        base: Some(7),
        restores: None,
        guard: Guard::Kept,
    };
    let deed = deed(&effects);
    assert_eq!(deed.verb, Verb::TryRules(put));
    assert_eq!(deed.said.get(Slot::Time), "5m");
    let done = "Policy version 8 is on trial for 5m.".to_owned();
    let effects = about(&mut model, FoundPolicy::Put(Ok(done)));
    assert!(effects.contains(&Effect::Policy(Ask::Whole)));
    assert_eq!(
        (model.policy.pane, model.policy.draft.is_none()),
        (Pane::Rules, true)
    );
}

// Mutant: a length is taken as it is typed.
#[test]
fn a_try_takes_a_length_that_it_may_have() {
    let (mut model, _) = looked(told("al"));
    for (typed, is_taken) in [("2h", false), ("soon", false), ("", false), ("90s", true)] {
        press(&mut model, Key::Char('T'));
        model.dialog.as_mut().unwrap().focus = Focus::Field(0);
        press(&mut model, Key::Ctrl('u'));
        types(&mut model, typed);
        let effects = act(&mut model, Act::Confirm);
        assert_eq!(effects.len(), usize::from(is_taken), "{typed:?}");
        if !is_taken {
            assert!(
                said(&model).contains("no length for a try"),
                "{}",
                said(&model)
            );
            press(&mut model, Key::Esc);
        }
    }
}

// Mutants: the word is not asked for; the guard is waived without it.
#[test]
fn what_locks_somebody_out_for_good_needs_a_word() {
    let (mut model, number) = looked(told("al"));
    press(&mut model, Key::Char('A'));
    assert_eq!(twin(&model), "gatepost policy apply FILE --base 7");
    let effects = press(&mut model, Key::Char('y'));
    let put = |guard| Put {
        number,
        base: Some(7),
        restores: None,
        guard,
    };
    assert_eq!(deed(&effects).verb, Verb::ApplyRules(put(Guard::Kept)));
    let everybody = Told {
        locks_everybody_out: true,
        ..told_you("al")
    };
    for (told, word) in [(told_you("al"), "me"), (everybody, "everybody")] {
        let (mut model, number) = looked(told);
        press(&mut model, Key::Char('A'));
        assert_eq!(act(&mut model, Act::Confirm), [], "{word}");
        let asks = format!("Type {word} to do it.");
        assert_eq!(said(&model), asks);
        let same = "gatepost policy apply FILE --base 7 --even-if-locked-out";
        assert_eq!(twin(&model), same);
        types(&mut model, word);
        press(&mut model, Key::Enter);
        let effects = press(&mut model, Key::Char('y'));
        let put = Put {
            number,
            ..put(Guard::Waived)
        };
        assert_eq!(deed(&effects).verb, Verb::ApplyRules(put));
    }
}

// Mutant: what nobody looked at to the end is applied.
#[test]
fn what_was_stopped_can_be_tried_and_not_applied() {
    let mut model = policy();
    let (number, _) = asked(&edited(&mut model, TEXT));
    let stop = press(&mut model, Key::Ctrl('c'));
    assert_eq!(stop, [Effect::Stop(Job::Difference(number))]);
    let early = Told {
        stopped: Stopped::Early,
        ..told("al")
    };
    about(&mut model, FoundPolicy::Difference(number, Ok(early)));
    press(&mut model, Key::Char('A'));
    assert!(model.dialog.is_none());
    assert!(
        said(&model).contains("not found out to the end"),
        "{}",
        said(&model)
    );
    let (again, _) = asked(&press(&mut model, Key::Char('r')));
    assert_ne!(again, number);
    // A late answer to what is no longer wanted.
    about(&mut model, FoundPolicy::Difference(number, Ok(told("al"))));
    let draft = model.policy.draft.as_ref().unwrap();
    assert_eq!(draft.looked, Looked::Underway);
}

// Mutants: what was edited is lost when somebody was first; the old difference is put in force.
#[test]
fn who_was_first_is_told_and_the_text_is_kept() {
    let (mut model, number) = looked(told("al"));
    press(&mut model, Key::Char('T'));
    press(&mut model, Key::Char('y'));
    let why = "version 8 is in force now, which carol made".to_owned();
    let refused = |is_moved| Refused {
        why: why.clone(),
        is_moved,
    };
    assert_eq!(about(&mut model, FoundPolicy::Put(Err(refused(false)))), []);
    let effects = about(&mut model, FoundPolicy::Put(Err(refused(true))));
    let (again, source) = asked(&effects);
    assert!(again != number && source == Source::Edited(TEXT.to_owned()));
    assert_eq!(said(&model), why);
    let lines = model.policy_lines();
    assert!(lines.iter().any(|line| line.text.contains("carol")));
    press(&mut model, Key::Char('A'));
    assert!(model.dialog.is_none(), "the new difference is not here yet");
}

// Mutant: what was edited is dropped without a question.
#[test]
fn what_was_edited_is_dropped_only_by_who_says_so() {
    let (mut model, _) = looked(told("al"));
    press(&mut model, Key::Esc);
    press(&mut model, Key::Esc);
    assert!(model.policy.draft.is_some(), "it was kept");
    press(&mut model, Key::Char('h'));
    press(&mut model, Key::Esc);
    assert_eq!(model.policy.pane, Pane::Draft);
    let effects = press(&mut model, Key::Char('e'));
    assert_eq!(
        effects,
        [Effect::Edit(TEXT.to_owned())],
        "the same text again"
    );
    press(&mut model, Key::Esc);
    press(&mut model, Key::Char('y'));
    assert!(model.policy.draft.is_none());
    // What was left as it was, and what an editor failed at, is no candidate.
    for text in [Ok(None), Err("the editor failed".to_owned())] {
        assert_eq!(update(&mut model, Message::Edited(7, text)), []);
        assert!(model.policy.draft.is_none());
    }
    assert_eq!(said(&model), "the editor failed");
}

#[test]
fn what_is_wrong_leads_back_to_the_editor() {
    let mut model = policy();
    let (number, _) = asked(&edited(&mut model, "[[rul"));
    let wrong = vec!["line 1, column 6: wrong".to_owned()];
    about(&mut model, FoundPolicy::Difference(number, Err(wrong)));
    let lines = model.policy_lines();
    assert!(
        lines
            .iter()
            .any(|line| line.text.contains("line 1, column 6"))
    );
    for key in ['T', 'A'] {
        press(&mut model, Key::Char(key));
        assert!(model.dialog.is_none());
        assert!(said(&model).contains("cannot be used"), "{}", said(&model));
    }
    let effects = press(&mut model, Key::Char('e'));
    assert_eq!(effects, [Effect::Edit("[[rul".to_owned())]);
}

// Mutant: the version that is kept is not the one that was seen.
#[test]
fn a_try_is_kept_by_its_number_and_read_again_when_it_is_over() {
    let mut model = policy();
    press(&mut model, Key::Char('c'));
    assert!(
        said(&model).contains("No version is being tried"),
        "{}",
        said(&model)
    );
    about(&mut model, FoundPolicy::State(on_trial(90)));
    press(&mut model, Key::Char('c'));
    assert_eq!(twin(&model), "gatepost policy confirm --base 8");
    let effects = press(&mut model, Key::Char('y'));
    assert_eq!(deed(&effects).verb, Verb::KeepTry(8));
    update(&mut model, Message::Tick(6_000));
    assert_eq!(model.wakes(), Some(30_000));
    assert_eq!(update(&mut model, Message::Tick(89_999)), []);
    let effects = update(&mut model, Message::Tick(90_000));
    assert!(effects.contains(&Effect::Policy(Ask::State)), "{effects:?}");
    assert_eq!(update(&mut model, Message::Tick(90_001)), [], "once");
    // It may not be over there yet.
    about(&mut model, FoundPolicy::State(on_trial(1)));
    assert!(model.policy.trial.is_some());
}

#[test]
fn an_older_version_is_looked_at_and_rolled_back_to() {
    let mut model = policy();
    press(&mut model, Key::Char('R'));
    assert!(
        said(&model).contains("No version is selected"),
        "{}",
        said(&model)
    );
    let effects = press(&mut model, Key::Char('h'));
    let [Effect::Policy(Ask::Versions { request, .. })] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let page = Page {
        rows: versions(8, ""),
        more_before: false,
        more_after: false,
    };
    about(&mut model, FoundPolicy::Versions(*request, Ok(page)));
    press(&mut model, Key::Down);
    let effects = press(&mut model, Key::Enter);
    assert_eq!(effects, [Effect::Policy(Ask::Text(Some(7)))]);
    about(&mut model, FoundPolicy::Text(Some(6), Ok("six".into())));
    assert_eq!(model.policy.text, None, "another version's");
    about(&mut model, FoundPolicy::Text(Some(7), Ok("seven".into())));
    assert_eq!(model.policy_lines()[0].text, "seven");
    let (number, source) = asked(&press(&mut model, Key::Char('R')));
    assert_eq!(source, Source::Version(7));
    about(&mut model, FoundPolicy::Difference(number, Ok(told("al"))));
    press(&mut model, Key::Char('e'));
    assert!(
        said(&model).contains("rules of version 7"),
        "{}",
        said(&model)
    );
    press(&mut model, Key::Char('A'));
    assert_eq!(twin(&model), "gatepost policy rollback 7 --base 7");
    press(&mut model, Key::Esc);
    press(&mut model, Key::Char('T'));
    let same = "gatepost policy show --text --version 7 | gatepost policy try - --yes --base 7 \
                --revert-after 5m";
    assert_eq!(twin(&model), same);
    press(&mut model, Key::Esc);
    // Nobody edited anything: Esc just leaves.
    press(&mut model, Key::Esc);
    assert!(model.dialog.is_none() && model.policy.draft.is_none());
}

#[test]
fn a_sign_in_is_looked_at_by_what_is_on_the_screen() {
    let mut model = policy();
    press(&mut model, Key::Char('s'));
    assert_eq!(twin(&model), "gatepost simulate me --service sshd");
    let effects = act(&mut model, Act::Confirm);
    let asked = Said::of([(Slot::User, "me".into()), (Slot::Service, "sshd".into())]);
    let ask = |candidate| {
        Effect::Policy(Ask::Simulate {
            said: asked.clone(),
            candidate,
        })
    };
    assert_eq!(effects, [ask(None)]);
    about(&mut model, FoundPolicy::Simulated(Ok(why("bob"))));
    assert_eq!(
        model.policy_lines()[0].text,
        "bob would be refused at sshd: rule 1 says so."
    );
    press(&mut model, Key::Esc);
    assert_eq!(model.policy.pane, Pane::Rules);
    let (mut model, number) = looked(told("al"));
    press(&mut model, Key::Char('s'));
    let same = "gatepost policy test FILE --user me --service sshd";
    assert_eq!(twin(&model), same);
    assert_eq!(act(&mut model, Act::Confirm), [ask(Some(number))]);
    press(&mut model, Key::Esc);
    assert_eq!(model.policy.pane, Pane::Draft);
}

// Mutants: a role, or --read-only, is not asked.
#[test]
fn nobody_but_an_admin_changes_the_rules_and_everybody_reads_them() {
    type Bar = fn(&mut Model);
    let bars: [(Bar, &str); 4] = [
        (
            |model| model.role = Role::Auditor,
            "Your role here is auditor",
        ),
        (
            |model| model.role = Role::Helpdesk,
            "Your role here is helpdesk",
        ),
        (|model| model.read_only = true, "--read-only"),
        (
            |model| model.rules.read_only = true,
            "console.toml says read_only",
        ),
    ];
    for (bar, why) in bars {
        for key in ['e', 'T', 'A', 'c', 'R'] {
            let (mut model, _) = looked(told("al"));
            about(&mut model, FoundPolicy::State(on_trial(90)));
            bar(&mut model);
            assert_eq!(press(&mut model, Key::Char(key)), [], "{key}");
            assert!(model.dialog.is_none(), "{key}");
            assert!(said(&model).contains(why), "{key}: {}", said(&model));
        }
        let mut model = policy();
        bar(&mut model);
        assert_eq!(press(&mut model, Key::Char('h')).len(), 1);
        press(&mut model, Key::Char('s'));
        assert!(model.dialog.is_some());
    }
}
