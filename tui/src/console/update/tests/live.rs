//! The live screen: what follows, what stands still, what a shield is aimed at.

use gatepost_shared::admin::attack::{Account, Attack, Source};
use gatepost_shared::admin::browse::EventRow;
use gatepost_shared::admin::shield::Shield;

use super::{
    Act, Answer, Around, Deed, Effect, Found, Key, Model, Page, Screen, Slot, Verb, act, begin,
    found, fresh, press, said, types,
};
use crate::console::message::{Standing, Step};
use crate::console::model::live::Pane;

fn event(seq: i64) -> EventRow {
    EventRow {
        seq,
        at: String::new(),
        kind: "decision".into(),
        user: "alice".into(),
        service: "sshd".into(),
        source: "203.0.113.9".into(),
        conversation: 1,
        detail: Vec::new(),
    }
}

fn standing(newest: i64, sources: &[&str]) -> Standing {
    let source = |source: &&str| Source {
        source: (*source).to_owned(),
        wrong_codes: 9,
        worst_minute: 9,
        accounts: 1,
        unanswered: 0,
        strangers_per_minute: 0,
        suspect: true,
    };
    Standing {
        attack: Attack {
            attack: !sources.is_empty(),
            why: Vec::new(),
            shieldable: sources.contains(&"203.0.113.9"),
            unshieldable: if sources.contains(&"this machine (uid 7)") {
                vec!["this machine (uid 7) cannot be shielded".into()]
            } else {
                Vec::new()
            },
            percent: 100,
            at_least: false,
            wrong_codes: 9,
            wrong_per_minute: vec![0; 10],
            mails_per_minute: vec![0; 30],
            sources: sources.iter().map(source).collect(),
            accounts: vec![Account {
                user: "bob".into(),
                wrong_codes: 9,
                sources: 1,
                suspect: false,
            }],
        },
        shields: vec![Shield {
            source: "192.0.2.0/24".into(),
            seconds_left: 61,
            until: String::new(),
            reason: String::new(),
            by: "root".into(),
            since: String::new(),
        }],
        newest,
    }
}

fn stream(model: &mut Model, effects: &[Effect], events: impl Iterator<Item = i64>) {
    let request = effects.iter().find_map(|effect| {
        if let Effect::Stream { request, .. } = effect {
            Some(*request)
        } else {
            None
        }
    });
    let page = Page {
        rows: events.map(event).collect(),
        more_before: false,
        more_after: false,
    };
    let request = request.expect("the stream is asked for");
    found(model, Found::Stream(request, Ok(page)));
}

fn reading(model: &mut Model, newest: i64) -> Vec<Effect> {
    let standing = standing(newest, &["203.0.113.9", "this machine (uid 7)"]);
    found(model, Found::Standing(Ok(standing)))
}

/// The screen with ten events on it.
fn live() -> Model {
    let mut model = fresh(Screen::Live);
    let effects = begin(&mut model);
    assert!(effects.contains(&Effect::Standing));
    stream(&mut model, &effects, (1..=10).rev());
    assert_eq!(reading(&mut model, 10), [], "nothing new, nothing read");
    model
}

// Mutants: scrolling does not pause; what is new is not counted; at the top it is not read.
#[test]
fn the_stream_follows_until_somebody_scrolls() {
    let mut model = live();
    let effects = reading(&mut model, 12);
    stream(&mut model, &effects, (1..=12).rev());
    assert_eq!((model.live.unseen(), model.live.stream.selected), (0, 0));
    press(&mut model, Key::Down);
    assert_eq!(reading(&mut model, 24), [], "somebody reads");
    assert_eq!(model.live.unseen(), 12);
    let effects = press(&mut model, Key::Up);
    stream(&mut model, &effects, (1..=24).rev());
    assert_eq!(model.live.unseen(), 0);
}

// Mutants: a pause reads on, or shows a newer meter; going on forgets what came meanwhile.
#[test]
fn a_pause_lets_everything_stand_still() {
    let mut model = live();
    assert_eq!(press(&mut model, Key::Char('p')), []);
    assert_eq!(reading(&mut model, 11), []);
    let other = standing(11, &["198.51.100.7"]);
    assert_eq!(found(&mut model, Found::Standing(Ok(other))), []);
    assert_eq!(model.live.source().unwrap().source, "203.0.113.9");
    assert_eq!(model.live.unseen(), 1);
    let banner = model.home.attack.as_deref();
    assert_eq!(
        banner,
        Some("attack: 198.51.100.7 (9 fails/min)"),
        "never paused"
    );
    let effects = press(&mut model, Key::Char('p'));
    stream(&mut model, &effects, (1..=11).rev());
    assert_eq!(model.live.source().unwrap().source, "198.51.100.7");
}

#[test]
fn f_stays_and_follows_again() {
    let mut model = live();
    assert_eq!(press(&mut model, Key::Char('f')), []);
    assert_eq!(reading(&mut model, 11), []);
    press(&mut model, Key::Char('p'));
    let effects = press(&mut model, Key::Char('f'));
    assert!(matches!(
        effects.as_slice(),
        [Effect::Stream {
            around: Around::First,
            ..
        }]
    ));
    assert!(model.live.is_following() && !model.live.is_paused);
}

// Mutants: the aim is a row of another pane; what is no address is aimed at.
#[test]
fn a_shield_is_aimed_at_the_selected_source_or_the_suspects() {
    let mut model = live();
    for (pane, steps, aim) in [
        (Pane::Stream, 0, "203.0.113.9"),
        (Pane::Meter, 0, ""),
        (Pane::Sources, 0, "203.0.113.9"),
        (Pane::Sources, 1, ""),
        (Pane::Accounts, 0, ""),
        (Pane::Shields, 0, "192.0.2.0/24"),
    ] {
        model.live.pane = pane;
        act(&mut model, Act::Move(Step::First));
        for _ in 0..steps {
            act(&mut model, Act::Move(Step::Down));
        }
        assert_eq!(model.live.aim(), aim, "{pane:?} {steps}");
    }
    model.live.pane = Pane::Stream;
    model.reason = "spray".to_owned();
    press(&mut model, Key::Char('!'));
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(
        dialog.twin().unwrap(),
        "gatepost shield on --for 15m --source 203.0.113.9 --reason spray"
    );
    let effects = press(&mut model, Key::Char('y'));
    let [Effect::Do(deed)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(deed.verb, Verb::Shield);
    assert_eq!(deed.said.get(Slot::Source), "203.0.113.9");
    // It covers where whoever puts it up comes from.
    let why = "203.0.113.9 covers your own session";
    found(&mut model, Found::Answered(Answer::NotSure(why.into())));
    assert_eq!(act(&mut model, Act::Confirm), []);
    assert_eq!(said(&model), "Type yes to do it.");
    types(&mut model, "yes");
    let effects = act(&mut model, Act::Confirm);
    assert!(
        matches!(effects.as_slice(), [Effect::Do(deed)] if deed.said.get(Slot::Source) == "203.0.113.9"),
        "{effects:?}"
    );
}

// Mutants: what cannot be shielded is offered; what to do about it is left out.
#[test]
fn the_dialog_of_a_shield_names_whom_it_refuses_and_what_to_do_about_the_others() {
    let text = |sources: &[&str]| {
        let mut model = live();
        model.live.pane = Pane::Meter;
        found(&mut model, Found::Standing(Ok(standing(10, sources))));
        press(&mut model, Key::Char('!'));
        model.dialog.as_ref().unwrap().text.clone()
    };
    let local = "this machine (uid 7)";
    let instead = "this machine (uid 7) cannot be shielded.";
    assert_eq!(
        text(&[local])[..2],
        [
            "Without a source: those that look like an attack; none of them can be refused.",
            instead
        ]
    );
    assert_eq!(
        text(&["203.0.113.9", local])[..2],
        [
            "Without a source: those that look like an attack, now 203.0.113.9.",
            instead
        ]
    );
    let none = text(&[]);
    assert!(none[0].ends_with("none does now."), "{none:?}");
    assert_eq!(none.len(), 2);
}

// Mutant: the selection is a place, so that the dialog is about whatever stands there now.
#[test]
fn a_selected_source_stays_selected_wherever_it_is() {
    let mut model = live();
    model.live.pane = Pane::Sources;
    let sources = standing(10, &["192.0.2.1", "192.0.2.2"]);
    found(&mut model, Found::Standing(Ok(sources)));
    press(&mut model, Key::Down);
    assert_eq!(model.live.aim(), "192.0.2.2");
    let sources = standing(10, &["192.0.2.2", "192.0.2.1"]);
    found(&mut model, Found::Standing(Ok(sources)));
    assert_eq!(model.live.aim(), "192.0.2.2");
}

#[test]
fn a_shield_is_ended_by_a_dialog() {
    let mut model = live();
    press(&mut model, Key::Char('u'));
    let dialog = model.dialog.as_ref().unwrap();
    assert_eq!(dialog.twin().unwrap(), "gatepost shield off 192.0.2.0/24");
    assert!(dialog.text[0].contains("in 2 min"), "{:?}", dialog.text);
    let deed = Deed::on(Verb::EndShield, ["192.0.2.0/24".to_owned()]);
    assert_eq!(press(&mut model, Key::Char('y')), [Effect::Do(deed)]);
    let mut model = fresh(Screen::Live);
    press(&mut model, Key::Char('u'));
    assert!(
        said(&model).starts_with("No source is refused"),
        "{}",
        said(&model)
    );
}

// Mutants: Tab leaves the screen; Enter opens another account than the row's.
#[test]
fn enter_goes_to_the_account_or_to_the_sources_events() {
    let mut model = live();
    let effects = press(&mut model, Key::Enter);
    assert_eq!(model.screen, Screen::Users);
    assert!(matches!(
        effects.as_slice(),
        [Effect::Users { around: Around::Key(key), .. }] if key == "alice"
    ));
    let request = super::asked(&effects);
    let rows = ["aa", "alice", "zoe"].map(|name| super::row(name, super::State::Active));
    super::answer(&mut model, request, rows.to_vec());
    assert_eq!(model.users.list.selected().unwrap().user, "alice");
    // Who is not enrolled is nobody else.
    let mut model = live();
    let effects = press(&mut model, Key::Enter);
    let rows = vec![super::row("zoe", super::State::Active)];
    super::answer(&mut model, super::asked(&effects), rows);
    assert!(!model.users.is_open);
    assert!(said(&model).starts_with("No account"), "{}", said(&model));

    let mut model = live();
    press(&mut model, Key::Tab);
    press(&mut model, Key::Tab);
    assert_eq!(
        (model.screen, model.live.pane),
        (Screen::Live, Pane::Sources)
    );
    press(&mut model, Key::Enter);
    assert_eq!(model.screen, Screen::Audit);
    assert_eq!(model.audit.filter.text, "from:203.0.113.9");
}
