//! Every screen, in every state, at three sizes, with colours and without, as pictures in
//! `snapshots/`. A picture's text comes first; how its cells are styled follows for one size.

use std::fmt::Write;

use gatepost_shared::admin::attack::{Account, Attack, Source};
use gatepost_shared::admin::browse::{EventRow, MailRow, Page, Summary, UserDetail, UserRow};
use gatepost_shared::admin::bypass::Listed as Bypass;
use gatepost_shared::admin::doctor::{Check, Finding};
use gatepost_shared::admin::factors::Factor;
use gatepost_shared::admin::roles::Role;
use gatepost_shared::admin::shield::Shield;
use gatepost_shared::admin::users::State;
use gatepost_shared::admin::{sources, undo};
use gatepost_words::secret::Secret;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

use super::view;
use crate::console::effect::{Ask, Deed, Effect, Said, Slot, Verb};
use crate::console::look::{Look, Scheme};
use crate::console::message::{
    Act, Answer, Code, Edit, Found, FoundPolicy, Job, Message, Once, Planned, Progress, Screen,
    Standing, Step, Tally, Told,
};
use crate::console::model::text::Tone;
use crate::console::model::{IDLE, LEAST, Model};
use crate::console::samples::{in_force, on_trial, post, told_you, versions, whole, why};
use crate::console::update::{begin, update};

const SIZES: [(u16, u16); 3] = [LEAST, (80, 24), (160, 48)];
pub(super) const COLOUR: Look = Look {
    scheme: Scheme::Auto,
    ascii: false,
};
const MONO: Look = Look {
    scheme: Scheme::Mono,
    ascii: false,
};

/// What a screen is shown with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Empty,
    Typical,
    Long,
    Error,
}

const CASES: [Case; 4] = [Case::Empty, Case::Typical, Case::Long, Case::Error];

fn error() -> String {
    "opening the store: another process held the store for over 2 s; see who has it open: fuser \
     /var/lib/gatepost/gatepost.db"
        .to_owned()
}

/// A name that is long, wide and has seen the sanitiser.
const LONG: &str =
    "\\u{1b}[31m\u{5f20}\u{4e09}\u{674e}\u{56db}-with-a-name-that-does-not-end-and-goes-on";

fn user(name: &str, state: State, standing: &str) -> UserRow {
    UserRow {
        version: 1,
        key: name.into(),
        user: name.into(),
        state: Some(state),
        standing: standing.into(),
        address: "a***@e***.org".into(),
        unconfirmed: state == State::Unconfirmed,
        last: "2026-11-22 13:51:02".into(),
    }
}

fn users(case: Case) -> Vec<UserRow> {
    match case {
        Case::Empty | Case::Error => Vec::new(),
        Case::Typical => vec![
            user("alice", State::Locked, "locked 43 min"),
            user("bob", State::Active, "active"),
            user("carol", State::Unconfirmed, "unconfirmed"),
            user("dan", State::Disabled, "disabled"),
            UserRow {
                last: String::new(),
                ..user("erin", State::Removed, "removed")
            },
        ],
        Case::Long => (0..60)
            .map(|number| UserRow {
                address: format!("{LONG}@example.org {LONG}@example.net"),
                ..user(
                    &format!("{number:02}-{LONG}"),
                    State::Locked,
                    "locked 1,440 min",
                )
            })
            .collect(),
    }
}

fn event(seq: i64, text: &str) -> EventRow {
    EventRow {
        seq,
        at: "2026-11-22 13:51:02".into(),
        kind: "decision".into(),
        user: text.into(),
        service: "sshd".into(),
        source: "203.0.113.9".into(),
        conversation: 41,
        detail: vec![
            ("decision".into(), "refuse".into()),
            ("why".into(), "wrong".into()),
            ("words".into(), text.into()),
        ],
    }
}

fn mail(id: i64, outcome: &str, reply: &str) -> MailRow {
    MailRow {
        id,
        at: "2026-11-22 13:51:00".into(),
        user: "alice".into(),
        kind: "code".into(),
        relay: "mail.example.org:465".into(),
        outcome: outcome.into(),
        reply: reply.into(),
        millis: 712,
    }
}

fn events(case: Case) -> Vec<EventRow> {
    match case {
        Case::Empty | Case::Error => Vec::new(),
        Case::Typical => vec![event(42, "alice"), event(41, "bob")],
        Case::Long => (0..60).map(|seq| event(60 - seq, LONG)).collect(),
    }
}

fn mails(case: Case) -> Vec<MailRow> {
    match case {
        Case::Empty | Case::Error => Vec::new(),
        Case::Typical => vec![
            mail(9, "accepted", "250 2.0.0 queued as 4F2A"),
            mail(8, "transient", "451 4.7.1 greylisted, come back later"),
        ],
        Case::Long => (0..60)
            .map(|id| mail(60 - id, "permanent", &LONG.repeat(4)))
            .collect(),
    }
}

fn detail(case: Case, key: &str) -> Result<UserDetail, (String, String)> {
    if case == Case::Error {
        return Err((key.to_owned(), error()));
    }
    let typical = UserDetail {
        note: String::new(),
        version: 1,
        key: key.into(),
        user: key.into(),
        uid: 1007,
        state: State::Locked,
        why: format!(
            "{key} is locked for another 43 min: 10 wrong codes in the last hour, the last from \
             203.0.113.9."
        ),
        lets_in: false,
        next: vec![format!("gatepost user unlock {key}")],
        addresses: vec!["a***@e***.org confirmed by a code".into()],
        unconfirmed: false,
        failures: [10, 12, 10],
        recovery_left: 0,
        factors: vec![
            factor(
                "mailed",
                false,
                "a***@e***.org confirmed; locked for another 43 min",
            ),
            factor("recovery", false, "0 left"),
            factor("bypass", true, "1 live"),
        ],
        bypass: vec![bypass()],
        bypass_useless: None,
        sources: vec!["203.0.113.9 sshd, last 2026-11-22T13:51:02Z".into()],
        mails: mails(Case::Typical),
        logins: vec![event(42, "alice")],
    };
    Ok(typical)
}

fn checks(case: Case) -> Vec<Check> {
    let check = |what: &str, finding, detail: &str| Check {
        what: what.into(),
        finding,
        detail: detail.into(),
    };
    match case {
        Case::Empty => Vec::new(),
        Case::Typical => vec![
            check("key", Finding::Ok, "/etc/gatepost/key"),
            check(
                "PAM services",
                Finding::Warning,
                "no service names pam_gatepost.so",
            ),
        ],
        Case::Long => (0..40)
            .map(|_| check(LONG, Finding::Warning, LONG))
            .collect(),
        Case::Error => vec![check("store", Finding::Problem, &error())],
    }
}

fn summary(case: Case) -> Result<Summary, String> {
    match case {
        Case::Error => Err(error()),
        Case::Empty => Ok(Summary::default()),
        Case::Typical | Case::Long => {
            let many = if case == Case::Long { 1_000_000 } else { 3 };
            let text = if case == Case::Long { LONG } else { "alice" };
            let act = EventRow {
                kind: "user-unlock".into(),
                detail: vec![
                    ("by".into(), "root (login bob)".into()),
                    ("reason".into(), "TICKET-812".into()),
                ],
                ..event(42, text)
            };
            Ok(Summary {
                accounts: many * 7,
                locked: many,
                more_locked: case == Case::Long,
                unconfirmed: many,
                disabled: 1,
                mails: many * 9,
                mails_failed: many,
                newest_mail: mails(Case::Typical).into_iter().next(),
                notices_due: 0,
                acts: vec![act; 5],
            })
        }
    }
}

/// Answers what is asked of the policy.
fn policy(case: Case, ask: &Ask) -> Option<FoundPolicy> {
    let (name, rules, newest) = match case {
        Case::Empty | Case::Error => ("alice", 0, 0),
        Case::Typical => ("alice", 1, 8),
        Case::Long => (LONG, 40, 60),
    };
    let failed = case == Case::Error;
    Some(match ask {
        Ask::State => return None,
        Ask::Whole if failed => FoundPolicy::Whole(Err(error())),
        Ask::Whole => FoundPolicy::Whole(Ok(whole(name, rules, in_force()))),
        Ask::Versions { request, .. } => {
            let page = page(versions(newest, name), case);
            let page = if failed { Err(error()) } else { Ok(page) };
            FoundPolicy::Versions(*request, page)
        }
        Ask::Text(version) => {
            let text = "# Who is asked.\n[[rule]]\nusers = [\"bob\"]\naction = \"refuse\"\n";
            FoundPolicy::Text(*version, Ok(text.to_owned()))
        }
        Ask::Simulate { .. } => FoundPolicy::Simulated(Ok(why(name))),
    })
}

fn factor(factor: &'static str, usable: bool, detail: &str) -> Factor {
    Factor {
        factor,
        usable,
        detail: detail.into(),
    }
}

fn bypass() -> Bypass {
    Bypass {
        id: 7,
        user: "alice".into(),
        uses: 2,
        uses_left: 1,
        seconds_left: 899,
        reason: "TICKET-812 phone lost".into(),
        by: "root (login bob)".into(),
        made: "2026-11-22T13:40:00Z".into(),
    }
}

fn standing(case: Case) -> Result<Standing, String> {
    let source = |source: &str, wrong_codes, suspect| Source {
        source: source.into(),
        wrong_codes,
        worst_minute: wrong_codes / 2,
        accounts: 2,
        unanswered: 1,
        strangers_per_minute: 0,
        suspect,
    };
    let account = |user: &str, suspect| Account {
        user: user.into(),
        wrong_codes: 41,
        sources: 3,
        suspect,
    };
    let shield = |source: &str, reason: &str| Shield {
        source: source.into(),
        seconds_left: 899,
        until: "2026-11-22T14:06:02Z".into(),
        reason: reason.into(),
        by: "root (login bob)".into(),
        since: "2026-11-22T13:51:02Z".into(),
    };
    let quiet = Attack {
        attack: false,
        why: Vec::new(),
        percent: 0,
        at_least: false,
        wrong_codes: 0,
        wrong_per_minute: vec![0; 10],
        mails_per_minute: vec![0; 30],
        sources: Vec::new(),
        accounts: Vec::new(),
    };
    let (attack, shields) = match case {
        Case::Error => return Err(error()),
        Case::Empty => (quiet, Vec::new()),
        Case::Typical => (
            Attack {
                attack: true,
                why: vec!["203.0.113.9: 41 wrong codes within a minute".into()],
                percent: 683,
                wrong_codes: 44,
                wrong_per_minute: vec![0, 0, 1, 0, 0, 2, 0, 0, 0, 41],
                mails_per_minute: (0..30).map(|minute| minute % 7).collect(),
                sources: vec![
                    source("203.0.113.9", 82, true),
                    source("198.51.100.7", 2, false),
                ],
                accounts: vec![account("alice", true), account("bob", false)],
                ..quiet
            },
            vec![shield("192.0.2.0/24", "spray")],
        ),
        Case::Long => (
            Attack {
                attack: true,
                why: vec![LONG.repeat(3); 10],
                percent: u32::MAX,
                at_least: true,
                wrong_codes: 5000,
                wrong_per_minute: vec![u32::MAX; 10],
                mails_per_minute: (0..30).collect(),
                sources: vec![source(LONG, 5000, true); 10],
                accounts: vec![account(LONG, true); 10],
            },
            vec![shield("2001:db8:ffff:ffff::/64", LONG); 64],
        ),
    };
    Ok(Standing {
        attack,
        shields,
        newest: events(case).first().map_or(0, |event| event.seq),
    })
}

/// A screen on which everything has come in.
pub(super) fn shown(screen: Screen, case: Case, look: Look, size: (u16, u16)) -> Model {
    let host = if case == Case::Long { LONG } else { "host01" };
    let mut model = Model::new(host.into(), "root (login bob)".into(), look, size);
    model.screen = screen;
    model.role = Role::Admin;
    let effects = begin(&mut model);
    feed(&mut model, case, effects);
    model
}

/// Answers effects as the workers would.
fn feed(model: &mut Model, case: Case, effects: Vec<Effect>) {
    for effect in effects {
        let failed = case == Case::Error;
        let found = match effect {
            Effect::Summary => Found::Summary(summary(case)),
            Effect::Users { request, .. } => Found::Users(
                request,
                if failed {
                    Err(error())
                } else {
                    Ok((page(users(case), case), Some(1_204_000)))
                },
            ),
            Effect::User { key, .. } => Found::User(detail(case, &key)),
            Effect::Events { request, .. } => Found::Events(
                request,
                if failed {
                    Err(error())
                } else {
                    Ok(page(events(case), case))
                },
            ),
            Effect::Mails { request, .. } => Found::Mails(
                request,
                if failed {
                    Err(error())
                } else {
                    Ok(page(mails(case), case))
                },
            ),
            Effect::Stream { request, .. } => Found::Stream(
                request,
                if failed {
                    Err(error())
                } else {
                    Ok(page(events(case), case))
                },
            ),
            Effect::Standing => Found::Standing(standing(case)),
            Effect::Checks => Found::Checks(checks(case)),
            Effect::Policy(ask) => match policy(case, &ask) {
                Some(found) => Found::Policy(found),
                None => continue,
            },
            Effect::Post => Found::Post(Ok(post("example.net"))),
            Effect::CheckChain
            | Effect::Difference(..)
            | Effect::Edit(_)
            | Effect::Sources(_)
            | Effect::Undoables
            | Effect::Plan(..)
            | Effect::Long(..)
            | Effect::Each(..)
            | Effect::Stop(_)
            | Effect::Keys(_)
            | Effect::Export(..)
            | Effect::Do(_)
            | Effect::Copy(_)
            | Effect::CopyCode(_)
            | Effect::Keep(_)
            | Effect::Mouse(_)
            | Effect::Quit
            | Effect::Suspend
            | Effect::Redraw => continue,
        };
        let more = update(model, Message::Found(Box::new(found)));
        feed(model, case, more);
    }
}

fn page<R>(rows: Vec<R>, case: Case) -> Page<R> {
    Page {
        rows,
        more_before: false,
        more_after: case == Case::Long,
    }
}

/// Something that can be taken back.
fn undoable(model: &mut Model) {
    let act = undo::Listed {
        id: 7,
        at: "2026-11-22T13:51:02Z".into(),
        act: "unlock".into(),
        again: false,
        user: "carol".into(),
        count: 1,
        by: "root (login bob)".into(),
        seconds_left: 540,
        permitted: true,
        own: true,
        stays: "a notice that was mailed to the owner is not called back",
    };
    update(model, Message::Found(Box::new(Found::Undoables(vec![act]))));
}

pub(super) fn drawn(model: &Model) -> Buffer {
    let (columns, rows) = model.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| view(model, frame)).unwrap();
    terminal.backend().buffer().clone()
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let mut out = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip > 0 {
                // The second half of a wide character.
                skip -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        writeln!(out, "{}", line.trim_end()).unwrap();
    }
    out
}

/// Runs of cells that do not look as they come.
fn styles(buffer: &Buffer) -> String {
    let mut out = String::new();
    for (y, row) in buffer
        .content
        .chunks(usize::from(buffer.area.width))
        .enumerate()
    {
        let mut x = 0;
        for run in row.chunk_by(|one, other| one.style() == other.style()) {
            let style = run[0].style();
            let (from, to) = (x, x + run.len() - 1);
            x += run.len();
            let fg = style.fg.filter(|fg| *fg != Color::Reset);
            if fg.is_some() || !style.add_modifier.is_empty() {
                let fg = fg.map_or_else(String::new, |fg| format!(" {fg:?}"));
                writeln!(out, "{y}:{from}-{to}{fg} {:?}", style.add_modifier).unwrap();
            }
        }
    }
    out
}

/// A picture at every size, its styles with colours and without at one.
fn pictures(make: impl Fn(Look, (u16, u16)) -> Model) -> String {
    let mut out = String::new();
    for size in SIZES {
        let picture = text(&drawn(&make(COLOUR, size)));
        let mono = text(&drawn(&make(MONO, size)));
        assert_eq!(picture, mono, "colour changes no word");
        writeln!(out, "{}x{}\n{picture}", size.0, size.1).unwrap();
    }
    for (name, look) in [("colour", COLOUR), ("mono", MONO)] {
        writeln!(out, "{name}\n{}", styles(&drawn(&make(look, (80, 24))))).unwrap();
    }
    out
}

#[test]
fn every_screen_looks_as_it_should() {
    for screen in Screen::ALL {
        for case in CASES {
            let name = format!("{}-{case:?}", screen.name()).to_lowercase();
            let pictures = pictures(|look, size| shown(screen, case, look, size));
            insta::assert_snapshot!(name, pictures);
        }
    }
}

/// What is done to a screen before its picture is taken.
type Steps = fn(&mut Model);

const OVER: [(&str, Screen, Steps); 36] = [
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
        update(model, Message::Act(Act::Previous));
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
        update(model, Message::Act(Act::Next));
        update(model, Message::Act(Act::Next));
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
    ("over-check", Screen::Health, |model| {
        update(model, Message::Act(Act::Move(Step::Down)));
        update(model, Message::Act(Act::Open));
    }),
    ("over-backup", Screen::Health, |model| {
        update(model, Message::Act(Act::BackUp));
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
        insta::assert_snapshot!(name, pictures);
    }
}

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
        insta::assert_snapshot!(name, pictures);
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
    insta::assert_snapshot!("policy-on-trial", pictures);
}

#[test]
fn without_colours_no_cell_has_one_and_the_selected_row_is_reversed() {
    for screen in [Screen::Home, Screen::Users, Screen::Audit, Screen::Mail] {
        let buffer = drawn(&shown(screen, Case::Typical, MONO, (80, 24)));
        let coloured =
            |cell: &&ratatui::buffer::Cell| cell.fg != Color::Reset || cell.bg != Color::Reset;
        assert_eq!(
            buffer.content.iter().filter(coloured).count(),
            0,
            "{screen:?}"
        );
        let reversed = |y: u16| {
            let cell = buffer.cell((5, y)).unwrap();
            cell.modifier.contains(Modifier::REVERSED)
        };
        let rows: Vec<u16> = (2..24).filter(|y| reversed(*y)).collect();
        assert_eq!(rows.len(), 1, "{screen:?}");
    }
}

#[test]
fn ascii_is_enough_for_every_screen() {
    let look = Look {
        scheme: Scheme::Auto,
        ascii: true,
    };
    for screen in Screen::ALL {
        for case in [Case::Empty, Case::Typical, Case::Error] {
            let mut model = shown(screen, case, look, (80, 24));
            for overlay in [None, Some(Act::Help), Some(Act::Unlock)] {
                if let Some(act) = overlay {
                    update(&mut model, Message::Act(act));
                }
                let picture = text(&drawn(&model));
                assert!(picture.is_ascii(), "{screen:?} {case:?}\n{picture}");
                update(&mut model, Message::Act(Act::Back));
            }
        }
    }
}

#[test]
fn a_terminal_that_is_too_small_says_what_it_needs() {
    for (columns, rows) in [(52, 12), (59, 40), (60, 14), (20, 1), (1, 1)] {
        let mut model = shown(Screen::Users, Case::Long, COLOUR, (80, 24));
        update(&mut model, Message::Resized(columns, rows));
        let picture = text(&drawn(&model));
        let needs = format!("needs 60x15, now {columns}x{rows}");
        assert!(needs.starts_with(picture.trim_end()), "{picture}");
    }
}

#[test]
fn every_size_can_be_drawn_while_everything_is_open() {
    for size in [
        (60, 15),
        (61, 17),
        (99, 15),
        (100, 15),
        (101, 30),
        (250, 80),
    ] {
        for screen in Screen::ALL {
            let mut model = shown(screen, Case::Long, COLOUR, (80, 24));
            for act in [
                Act::Open,
                Act::Filter,
                Act::Move(Step::Last),
                Act::Unlock,
                Act::TestMail,
            ] {
                update(&mut model, Message::Act(act));
                update(&mut model, Message::Resized(size.0, size.1));
                drawn(&model);
            }
        }
    }
}

// Mutant: a theme's text is grey, white, black or of any colour that a ground may have.
#[test]
fn no_theme_colours_text_like_a_ground_or_the_ground() {
    let named = [Color::Black, Color::White, Color::Gray, Color::DarkGray];
    let grounds = [0, 7, 8, 15, 16, 231].map(Color::Indexed);
    let grounds = [&named[..], &grounds].concat();
    for scheme in Scheme::ALL {
        let look = Look {
            scheme,
            ascii: false,
        };
        for screen in Screen::ALL {
            let mut model = shown(screen, Case::Typical, look, (160, 48));
            for act in [Act::Back, Act::Help, Act::Palette, Act::Jobs] {
                update(&mut model, Message::Act(act));
                for cell in &drawn(&model).content {
                    assert_eq!(cell.bg, Color::Reset, "{scheme:?} {screen:?}");
                    assert!(!grounds.contains(&cell.fg), "{scheme:?} {screen:?}");
                    let has_two = matches!(cell.fg, Color::Reset | Color::Red | Color::Magenta);
                    assert!(
                        has_two || scheme != Scheme::Auto,
                        "{screen:?} {:?}",
                        cell.fg
                    );
                }
                update(&mut model, Message::Act(Act::Back));
            }
        }
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

// Mutant: anything is drawn below the mask.
#[test]
fn nothing_but_the_mask_is_seen() {
    for screen in Screen::ALL {
        for case in CASES {
            let mut model = shown(screen, case, COLOUR, (80, 24));
            for act in [Act::Filter, Act::Help, Act::Unlock] {
                update(&mut model, Message::Act(act));
            }
            model.is_masked = true;
            model.host = "host01".into();
            let picture = text(&drawn(&model));
            assert_eq!(picture.trim(), "gatepost on host01 is masked; press a key");
        }
    }
}
