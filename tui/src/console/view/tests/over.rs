//! What lies over a screen: dialogs, lists, pages, hints.

use std::collections::BTreeSet;

use gatepost_shared::admin::sources;
use gatepost_words::secret::Secret;

use super::samples::{error, undoable, undoable_of_many};
use super::{COLOUR, Case, Steps, drawn, feed, kept, pictures, shown, text};
use crate::console::effect::{Deed, Said, Slot, Verb};
use crate::console::message::{
    Act, Answer, Code, Edit, Found, Job, Key, LookedThrough, Message, Once, Planned, Progress,
    Screen, Step, Tally,
};
use crate::console::model::text::Tone;
use crate::console::model::{IDLE, Model};
use crate::console::update::update;

const OVER: [(&str, Screen, Steps); 45] = [
    ("over-bypass", Screen::Users, |model| {
        update(model, Message::Act(Act::Bypass));
        for c in "TICKET-812 phone lost".chars() {
            update(model, Message::Edit(Edit::Insert(c)));
        }
    }),
    ("over-sure", Screen::Users, |model| {
        model.reason = "TICKET-812".to_owned();
        update(model, Message::Act(Act::Bypass));
        update(model, Message::Act(Act::Confirm));
        let why = "alice has power over this machine, and a bypass code lets in whoever has it: type the \
                   name to go on, or add --yes";
        let answer = Answer::NotSure(why.to_owned());
        update(model, Message::Found(Box::new(Found::Answered(answer))));
    }),
    ("over-code", Screen::Users, |model| {
        let once = Once {
            user: "alice".into(),
            id: 7,
            life: "15 min".into(),
            uses: 1,
            code: Code::of(Secret::from("B-7K2M-QWXZ-45NP".to_owned())),
        };
        let answer = Answer::Code(once);
        update(model, Message::Found(Box::new(Found::Answered(answer))));
    }),
    ("over-codes", Screen::Users, |model| {
        let effects = update(model, Message::Act(Act::Codes));
        feed(model, Case::Typical, effects);
    }),
    ("over-shield", Screen::Live, |model| {
        update(model, Message::Act(Act::Shield));
    }),
    ("live-meter", Screen::Live, |model| {
        update(model, Message::Act(Act::Next));
    }),
    // Mutant: shields are offered against a caller on this machine.
    ("live-local", Screen::Live, |model| {
        update(model, Message::Act(Act::Next));
        if let Some(standing) = &mut model.live.now {
            let place = "this machine (uid 1000)";
            let attack = &mut standing.attack;
            attack.sources.truncate(1);
            if let Some(source) = attack.sources.first_mut() {
                source.source = place.to_owned();
            }
            attack.why = vec![format!("{place}: 10 wrong codes within a minute")];
            attack.shieldable = false;
            attack.unshieldable = vec![format!(
                "{place} cannot be shielded: that is bob. See what they run (ps -fu 1000), end it (loginctl \
                 terminate-user 1000), and lock their account if they have one (gatepost user lock bob)"
            )];
        }
    }),
    ("live-sources", Screen::Live, |model| {
        update(model, Message::Act(Act::Next));
        update(model, Message::Act(Act::Next));
        update(model, Message::Act(Act::Move(Step::Down)));
        update(model, Message::Act(Act::Pause));
    }),
    ("live-accounts", Screen::Live, |model| {
        update(model, Message::Act(Act::Previous));
        update(model, Message::Act(Act::Previous));
    }),
    ("live-shields", Screen::Live, |model| {
        update(model, Message::Act(Act::Previous));
    }),
    ("over-keys", Screen::Users, |model| {
        update(model, Message::Act(Act::Help));
    }),
    ("over-help-sought", Screen::Users, |model| {
        update(model, Message::Act(Act::Help));
        for c in "unlo".chars() {
            update(model, Message::Key(Key::Char(c)));
        }
    }),
    ("over-help-none", Screen::Mail, |model| {
        update(model, Message::Act(Act::Help));
        for c in "no such thing".chars() {
            update(model, Message::Key(Key::Char(c)));
        }
    }),
    ("over-palette", Screen::Users, |model| {
        update(model, Message::Act(Act::Palette));
        for c in "ver".chars() {
            update(model, Message::Edit(Edit::Insert(c)));
        }
    }),
    ("over-actions", Screen::Users, |model| {
        update(model, Message::Act(Act::Actions));
        update(model, Message::Act(Act::Move(Step::Down)));
    }),
    ("over-marked", Screen::Users, |model| {
        update(model, Message::Act(Act::Mark));
        update(model, Message::Act(Act::Mark));
    }),
    ("over-many", Screen::Users, |model| {
        let keys = (0..37).map(|number| format!("user{number}")).collect();
        update(
            model,
            Message::Found(Box::new(Found::Keys(Ok((keys, true))))),
        );
        update(model, Message::Act(Act::Verify));
    }),
    ("over-jobs", Screen::Users, |model| {
        for name in ["carol", "dan"] {
            let keys = vec!["alice".to_owned(), name.to_owned()];
            update(
                model,
                Message::Found(Box::new(Found::Keys(Ok((keys, false))))),
            );
            update(model, Message::Act(Act::Unlock));
            update(model, Message::Act(Act::Confirm));
        }
        let tally = Tally {
            done: 1,
            failures: vec![("carol".into(), error())],
            changed: BTreeSet::new(),
            left: 0,
        };
        update(
            model,
            Message::Found(Box::new(Found::Tried(Job::Each(1), tally))),
        );
        let progress = Progress {
            done: 1,
            total: Some(3),
            failed: 0,
        };
        update(
            model,
            Message::Found(Box::new(Found::Progress(Job::Each(2), progress))),
        );
        update(model, Message::Act(Act::Jobs));
        update(model, Message::Act(Act::Move(Step::Down)));
    }),
    ("over-export", Screen::Users, |model| {
        update(model, Message::Act(Act::Export));
        for c in "users.csv".chars() {
            update(model, Message::Edit(Edit::Insert(c)));
        }
        update(model, Message::Act(Act::Next));
    }),
    ("over-sort", Screen::Users, |model| {
        update(model, Message::Act(Act::Sort));
        update(model, Message::Act(Act::Move(Step::Down)));
    }),
    ("over-masked", Screen::Users, |model| {
        update(model, Message::Tick(0));
        update(model, Message::Tick(IDLE));
    }),
    ("over-notes", Screen::Users, |model| {
        let said = Found::Done(Ok("alice is unlocked.".into()));
        update(model, Message::Found(Box::new(said)));
        update(model, Message::Act(Act::Messages));
    }),
    ("over-unlock", Screen::Users, |model| {
        update(model, Message::Act(Act::Unlock));
        update(model, Message::Act(Act::Previous));
        for c in "TICKET-812 phone lost".chars() {
            update(model, Message::Edit(Edit::Insert(c)));
        }
    }),
    ("over-set-mail", Screen::Users, |model| {
        update(model, Message::Act(Act::SetMail));
        for c in "alice.ng@example.org".chars() {
            update(model, Message::Edit(Edit::Insert(c)));
        }
    }),
    ("over-remove", Screen::Users, |model| {
        update(model, Message::Act(Act::Remove));
    }),
    ("over-enrol", Screen::Users, |model| {
        update(model, Message::Act(Act::Enrol));
    }),
    ("over-sources", Screen::Users, |model| {
        let source = |id: &str| sources::Listed {
            id: id.into(),
            source: id.into(),
            service: "sshd".into(),
            first: String::new(),
            last: "2026-11-22T13:51:02Z".into(),
            remembered: id.starts_with("10."),
        };
        let sources = (1..9).map(|at| source(&format!("10.0.0.{at}")));
        let found = Found::Sources("alice".into(), Ok(sources.collect()));
        update(model, Message::Found(Box::new(found)));
        update(model, Message::Act(Act::Next));
        update(model, Message::Act(Act::Next));
    }),
    ("over-changed", Screen::Users, |model| {
        model.asked = Some(Deed::on(Verb::SetMail, ["alice".to_owned()]));
        let what = "alice was changed in the meantime: user-note by root (login ann), after on \
                    leave. Nothing was done; look again: gatepost user show alice";
        let found = Found::Changed("alice".into(), what.into());
        update(model, Message::Found(Box::new(found)));
    }),
    ("over-undo", Screen::Users, |model| {
        undoable(model);
        update(model, Message::Act(Act::Undo));
    }),
    ("over-undo-foot", Screen::Users, undoable),
    ("over-undo-many", Screen::Users, |model| {
        undoable_of_many(model);
        update(model, Message::Act(Act::Undo));
    }),
    ("over-import", Screen::Users, |model| {
        update(model, Message::Act(Act::Import));
    }),
    ("over-planned", Screen::Users, |model| {
        let planned = Planned {
            counts: [480, 12, 3, 5],
            lines: (1..9)
                .map(|at| format!("line {at}: wrong user{at}  this machine has no such user"))
                .collect(),
        };
        let said = Said::of([
            (Slot::File, "/home/bob/people.csv".into()),
            (Slot::Form, "csv".into()),
        ]);
        let deed = Deed {
            said,
            ..Deed::on(Verb::Import, [])
        };
        model.planning = Some((Job::Plan(1), deed));
        let found = Found::Planned(Job::Plan(1), Ok(planned));
        update(model, Message::Found(Box::new(found)));
    }),
    ("over-test-mail", Screen::Mail, |model| {
        update(model, Message::Act(Act::TestMail));
    }),
    ("over-retry-mail", Screen::Mail, |model| {
        update(model, Message::Act(Act::RetryMail));
    }),
    ("over-post", Screen::Mail, |model| {
        let effects = update(model, Message::Act(Act::Post));
        feed(model, Case::Typical, effects);
    }),
    ("over-previews", Screen::Mail, |model| {
        let effects = update(model, Message::Act(Act::Post));
        feed(model, Case::Typical, effects);
        update(model, Message::Act(Act::Back));
        update(model, Message::Act(Act::Previews));
    }),
    ("over-preview", Screen::Mail, |model| {
        update(model, Message::Act(Act::Previews));
        let effects = update(model, Message::Act(Act::Press));
        feed(model, Case::Typical, effects);
    }),
    ("over-stack", Screen::Health, |model| {
        update(model, Message::Act(Act::Open));
    }),
    ("over-check", Screen::Health, |model| {
        update(model, Message::Act(Act::Move(Step::Down)));
        update(model, Message::Act(Act::Open));
    }),
    ("over-backup", Screen::Health, |model| {
        update(model, Message::Act(Act::BackUp));
    }),
    ("over-restore", Screen::Health, |model| {
        update(model, Message::Act(Act::Restore));
    }),
    ("over-restore-planned", Screen::Health, |model| {
        let job = Job::LookThrough(1);
        let said = Said::of([(Slot::File, "/root/gatepost-backup.db".into())]);
        let deed = Deed {
            said,
            ..Deed::on(Verb::Restore, [])
        };
        model.restoring = Some((job, deed));
        let looked = LookedThrough {
            told: [
                "The copy is whole: version 7, 1204 accounts, its log ends at event 99120 with head \
                 0123456789abcdef.",
                "It is an earlier state of this store: the log goes on.",
                "Codes that are open no longer work, those that confirm an address among them: gatepost user \
                 verify NAME sends a new one.",
                "2 accounts that can sign in now and cannot then, since the copy has them disabled or \
                 removed, for another uid or without a confirmed address: carol dan",
                "1 accounts not in the copy, and so removed: erin",
            ]
            .map(str::to_owned)
            .to_vec(),
            waiting: 1,
        };
        let found = Found::LookedThrough(job, Ok(looked));
        update(model, Message::Found(Box::new(found)));
    }),
    ("over-filter-error", Screen::Users, |model| {
        update(model, Message::Act(Act::Filter));
        for c in "ali state:lokced".chars() {
            update(model, Message::Edit(Edit::Insert(c)));
        }
    }),
    ("over-page", Screen::Users, |model| {
        let effects = update(model, Message::Act(Act::Open));
        feed(model, Case::Typical, effects);
    }),
];

#[test]
fn what_lies_over_a_screen_looks_as_it_should() {
    for (name, screen, steps) in OVER {
        let pictures = pictures(|look, size| {
            let mut model = shown(screen, Case::Typical, look, size);
            steps(&mut model);
            model
        });
        kept(name, &pictures);
    }
}

// Mutants: what the key takes back is shown where the key does nothing else, or over what is said.
#[test]
fn what_can_be_taken_back_is_shown_where_its_key_does_it() {
    type Prepare = fn(&mut Model);
    let cases: [(Prepare, bool); 5] = [
        (|_| (), true),
        (
            |model| model.notes.say(0, Tone::Plain, "x".repeat(55)),
            true,
        ),
        (
            |model| model.notes.say(0, Tone::Plain, "x".repeat(56)),
            false,
        ),
        (|model| model.read_only = true, false),
        (
            |model| {
                update(model, Message::Act(Act::Unlock));
            },
            false,
        ),
    ];
    for (at, (prepare, is_shown)) in cases.into_iter().enumerate() {
        let mut model = shown(Screen::Users, Case::Typical, COLOUR, (80, 24));
        undoable(&mut model);
        prepare(&mut model);
        let picture = text(&drawn(&model));
        assert_eq!(
            picture.contains("undo: unlock carol"),
            is_shown,
            "{at}\n{picture}"
        );
    }
}
