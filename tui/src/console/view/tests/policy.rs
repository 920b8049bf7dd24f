//! Rules that are edited, compared, tried and put in force.

use super::samples::LONG;
use super::{COLOUR, Case, Steps, drawn, feed, kept, pictures, shown, text};
use crate::console::effect::Effect;
use crate::console::message::{Act, Found, FoundPolicy, Message, Screen, Told};
use crate::console::model::Model;
use crate::console::samples::{on_trial, told_you, whole};
use crate::console::update::update;

/// Rules are edited, and this was found about them.
fn looked(model: &mut Model, found: &Result<Told, Vec<String>>) {
    let edited = Ok(Some("[[rule]]\n".to_owned()));
    let effects = update(model, Message::Edited(0, edited));
    for effect in effects {
        if let Effect::Difference(number, _) = effect {
            let found = FoundPolicy::Difference(number, found.clone());
            update(model, Message::Found(Box::new(Found::Policy(found))));
        }
    }
}

const POLICY: [(&str, Steps); 9] = [
    ("policy-versions", |model| {
        let effects = update(model, Message::Act(Act::Versions));
        feed(model, Case::Typical, effects);
    }),
    ("policy-version", |model| {
        let effects = update(model, Message::Act(Act::Versions));
        feed(model, Case::Typical, effects);
        let effects = update(model, Message::Act(Act::Open));
        feed(model, Case::Typical, effects);
    }),
    ("policy-wrong", |model| {
        let wrong = [
            "the rules cannot be used: TOML parse error at line 4, column 10",
            "  |",
            "4 | action = \"refsue\"",
            "  |          ^^^^^^^^",
            "unknown variant `refsue`",
        ];
        looked(model, &Err(wrong.map(str::to_owned).to_vec()));
    }),
    ("policy-underway", |model| {
        update(model, Message::Edited(0, Ok(Some("[[rule]]\n".to_owned()))));
    }),
    ("policy-difference", |model| {
        looked(model, &Ok(told_you("alice")));
    }),
    ("policy-difference-long", |model| {
        looked(model, &Ok(told_you(LONG)));
    }),
    ("policy-try", |model| {
        looked(model, &Ok(told_you("alice")));
        update(model, Message::Act(Act::TryRules));
    }),
    ("policy-apply", |model| {
        looked(model, &Ok(told_you("alice")));
        update(model, Message::Act(Act::ApplyRules));
    }),
    ("policy-simulated", |model| {
        let effects = update(model, Message::Act(Act::Simulate));
        feed(model, Case::Typical, effects);
        let effects = update(model, Message::Act(Act::Confirm));
        feed(model, Case::Typical, effects);
    }),
];

#[test]
fn the_policy_is_edited_in_pictures() {
    for (name, steps) in POLICY {
        let pictures = pictures(|look, size| {
            let mut model = shown(Screen::Policy, Case::Typical, look, size);
            steps(&mut model);
            model
        });
        kept(name, &pictures);
    }
}

// Mutant: a try is told on its own screen alone.
#[test]
fn a_try_is_told_on_every_screen() {
    for screen in Screen::ALL {
        for (seconds, told) in [(150, "policy 8 on trial, 3 min left"), (42, "42 s left")] {
            let mut model = shown(screen, Case::Typical, COLOUR, (80, 24));
            let found = FoundPolicy::State(on_trial(seconds));
            update(&mut model, Message::Found(Box::new(Found::Policy(found))));
            let picture = text(&drawn(&model));
            let head = picture.lines().next().unwrap();
            assert!(head.contains(told), "{screen:?}\n{picture}");
        }
    }
    let pictures = pictures(|look, size| {
        let mut model = shown(Screen::Policy, Case::Typical, look, size);
        let found = FoundPolicy::Whole(Ok(whole("alice", 1, on_trial(150))));
        update(&mut model, Message::Found(Box::new(Found::Policy(found))));
        update(&mut model, Message::Act(Act::KeepTry));
        model
    });
    kept("policy-on-trial", &pictures);
}
