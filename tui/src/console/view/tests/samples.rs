//! What the store would say, in each case: rows, an account's page, findings, a policy, an attack. Made
//! up here, and drawn by the themes.

use gatepost_shared::admin::attack::{Account, Attack, Source};
use gatepost_shared::admin::browse::{
    Activity, EventRow, MailRow, Page, Series, SignIns, Summary, UserDetail, UserRow,
};
use gatepost_shared::admin::bypass::Listed as Bypass;
use gatepost_shared::admin::doctor::{Check, Finding};
use gatepost_shared::admin::factors::Factor;
use gatepost_shared::admin::policy::effective::{AtService, Effective};
use gatepost_shared::admin::shield::Shield;
use gatepost_shared::admin::undo;
use gatepost_shared::admin::users::State;
use gatepost_shared::admin::why::Verdict;

use super::Case;
use crate::console::effect::Ask;
use crate::console::message::{Found, FoundPolicy, Message, Standing};
use crate::console::model::Model;
use crate::console::samples::{in_force, stack, versions, whole, why};
use crate::console::update::update;

pub(super) fn error() -> String {
    "opening the store: another process held the store for over 2 s; see who has it open: fuser \
     /var/lib/gatepost/gatepost.db"
        .to_owned()
}

/// A name that is long, wide and has seen the sanitiser.
pub(super) const LONG: &str =
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
        bounced: name == "bob",
        last: "2026-11-22 13:51:02".into(),
    }
}

pub(super) fn users(case: Case) -> Vec<UserRow> {
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

pub(super) fn events(case: Case) -> Vec<EventRow> {
    match case {
        Case::Empty | Case::Error => Vec::new(),
        Case::Typical => vec![event(42, "alice"), event(41, "bob")],
        Case::Long => (0..60).map(|seq| event(60 - seq, LONG)).collect(),
    }
}

pub(super) fn mails(case: Case) -> Vec<MailRow> {
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

pub(super) fn detail(case: Case, key: &str) -> Result<UserDetail, (String, String)> {
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

pub(super) fn checks(case: Case) -> Vec<Check> {
    let check = |what: &str, finding, detail: &str| Check {
        what: what.into(),
        finding,
        detail: detail.into(),
        stack: None,
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
            Check {
                stack: Some(stack()),
                ..check("PAM sshd", Finding::Problem, &stack().told())
            },
        ],
        Case::Long => (0..40)
            .map(|_| check(LONG, Finding::Warning, LONG))
            .collect(),
        Case::Error => vec![check("store", Finding::Problem, &error())],
    }
}

pub(super) fn summary(case: Case) -> Result<Summary, String> {
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
                unconfirmed_long: many / 3,
                bounced: many / 2,
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

/// Counts by the hour or the day; many where there are many.
fn series(case: Case, counts: &[u32], most_here: &str) -> Series {
    let counts = match case {
        Case::Empty | Case::Error => vec![0; counts.len()],
        Case::Typical => counts.to_vec(),
        Case::Long => counts.iter().map(|count| count * 99_999).collect(),
    };
    let most = counts.iter().copied().max().unwrap_or(0);
    Series {
        total: counts.iter().copied().map(u64::from).sum(),
        most,
        most_at: None,
        most_here: (most > 0).then(|| most_here.to_owned()),
        at_least: case == Case::Long,
        counts,
    }
}

pub(super) fn activity(case: Case) -> Result<Activity, String> {
    if case == Case::Error {
        return Err(error());
    }
    let hours = [
        2, 1, 0, 0, 0, 0, 0, 1, 9, 24, 31, 28, 12, 22, 30, 27, 25, 18, 11, 4, 2, 0, 1, 3,
    ];
    let few = hours.map(|count| count / 9);
    Ok(Activity {
        since: String::new(),
        since_here: "14:00".into(),
        let_in: series(case, &hours, "00:00"),
        refused: series(case, &few, "00:00"),
        wrong_codes: series(case, &few, "00:00"),
        mails_accepted: series(case, &hours, "00:00"),
        mails_failed: series(case, &few, "00:00"),
    })
}

pub(super) fn sign_ins(case: Case) -> Result<SignIns, String> {
    if case == Case::Error {
        return Err(error());
    }
    let days: Vec<u32> = (0..30).map(|day| day % 7).collect();
    let bad: Vec<u32> = (0..30).map(|day| u32::from(day > 26) * day).collect();
    Ok(SignIns {
        since: "2026-10-24".into(),
        let_in: series(case, &days, "2026-11-20"),
        refused: series(case, &bad, "2026-11-22"),
        services: vec!["sshd".into(), "sudo".into()],
    })
}

pub(super) fn applies(user: &str) -> Effective {
    let at = |service: &str, verdict, rule| AtService {
        service: service.into(),
        verdict,
        rule,
        sentence: String::new(),
    };
    Effective {
        user: user.into(),
        policy: "policy version 7".into(),
        at: vec![
            at("sshd", Verdict::Locked, None),
            at("sudo", Verdict::Locked, None),
            at("cron", Verdict::NotAsked, Some(1)),
            at("login", Verdict::Refused, Some(2)),
        ],
    }
}

/// Answers what is asked of the policy.
pub(super) fn policy(case: Case, ask: &Ask) -> Option<FoundPolicy> {
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

pub(super) fn standing(case: Case) -> Result<Standing, String> {
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
        shieldable: false,
        unshieldable: Vec::new(),
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
                shieldable: true,
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
                shieldable: true,
                unshieldable: vec![LONG.repeat(3); 10],
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

pub(super) fn page<R>(rows: Vec<R>, case: Case) -> Page<R> {
    Page {
        rows,
        more_before: false,
        more_after: case == Case::Long,
    }
}

/// Something that can be taken back.
pub(in super::super::super::super) fn undoable(model: &mut Model) {
    can_be_undone(model, 1);
}

/// An act on many accounts that can be.
pub(super) fn undoable_of_many(model: &mut Model) {
    can_be_undone(model, 25);
}

fn can_be_undone(model: &mut Model, count: u64) {
    let act = undo::Listed {
        id: 7,
        at: "2026-11-22T13:51:02Z".into(),
        act: "unlock".into(),
        again: false,
        user: "carol".into(),
        about: String::new(),
        count,
        by: "root (login bob)".into(),
        seconds_left: 540,
        permitted: true,
        own: true,
        stays: "a notice that was mailed to the owner is not called back",
        seen: undo::Seen {
            identity: undo::Identity {
                kind: "user-unlock".into(),
                ..undo::Identity::default()
            },
            newest: 7,
        },
    };
    update(model, Message::Found(Box::new(Found::Undoables(vec![act]))));
}
