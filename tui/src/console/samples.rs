//! What the tests of state and pictures show of a policy.

use gatepost_shared::admin::doctor::Finding;
use gatepost_shared::admin::policy::diff::{
    Change, Closed, Closure, Line, Outcome, Sign, Stopped, Yours,
};
use gatepost_shared::admin::policy::history::Row;
use gatepost_shared::admin::policy::{Limit, Policy, Rule, State, Trial};
use gatepost_shared::admin::postbox::{Health, Named, Queued, Tally};
use gatepost_shared::admin::stacks::{Fault, Place, Stack};
use gatepost_shared::admin::templates::{Kind, Preview, Problem, Template, TemplateCheck};
use gatepost_shared::admin::why::{Verdict, Why};
use gatepost_shared::policy::Unenrolled;
use gatepost_shared::policy::rules::Action;

use super::message::{Post, Told};

/// Version 8 on trial, for so many seconds.
pub(super) fn on_trial(seconds_left: i64) -> State {
    State {
        version: Some(8),
        trouble: None,
        trial: Some(Trial {
            version: 8,
            back_to: 7,
            seconds_left,
            by: "root (login bob)".into(),
            reason: "TICKET-812".into(),
        }),
    }
}

/// Version 7, there to stay.
pub(super) fn in_force() -> State {
    State {
        version: Some(7),
        trouble: None,
        trial: None,
    }
}

/// A policy with a name in it.
pub(super) fn whole(name: &str, rules: usize, state: State) -> Policy {
    let rule = |number| Rule {
        number,
        users: vec![name.to_owned()],
        groups: vec!["wheel".to_owned(); usize::from(number % 2 == 0)],
        services: vec!["sshd".to_owned()],
        action: if number % 2 == 0 {
            Action::Require
        } else {
            Action::Refuse
        },
    };
    Policy {
        limits: vec![
            Limit {
                key: "code.life",
                value: "10m".into(),
                what: "how long it may be typed",
            },
            Limit {
                key: "limits.failures_per_hour",
                value: "10".into(),
                what: "wrong codes an hour that lock an account",
            },
        ],
        unenrolled: Unenrolled::Refuse,
        state,
        rules: (1..=rules).map(rule).collect(),
        missing_groups: if rules > 1 {
            vec!["whele".to_owned()]
        } else {
            Vec::new()
        },
    }
}

/// So many versions, the newest first.
pub(super) fn versions(newest: i64, reason: &str) -> Vec<Row> {
    let row = |version: i64| Row {
        version,
        state: match newest - version {
            0 => "being tried",
            1 => "tried and kept",
            2 => "tried, not kept",
            _ => "",
        },
        how: if version == 1 { "setup" } else { "try" }.to_owned(),
        at: "2026-11-22 13:51:02".into(),
        by: "root (login bob)".into(),
        reason: reason.to_owned(),
        based_on: (version > 1).then_some(version - 1),
        restores: None,
        tried_for: (version > 1).then_some(300),
        confirmed_by: None,
        sha256: String::new(),
    };
    (1..=newest).rev().map(row).collect()
}

/// What a rule that refuses somebody would change, made against version 7.
pub(super) fn told(name: &str) -> Told {
    let line = |sign, text: &str| Line {
        sign,
        text: text.to_owned(),
    };
    let mut lines = vec![
        line(Sign::Same, "# Who is asked."),
        line(Sign::Same, "[[rule]]"),
        line(Sign::Removed, "users = [\"bob\"]"),
        line(Sign::Added, &format!("users = [\"bob\", \"{name}\"]")),
        line(Sign::Same, "action = \"refuse\""),
    ];
    lines.extend((0..8).map(|_| line(Sign::Same, "# and so on")));
    Told {
        base: Some(7),
        base_trouble: None,
        lines,
        missing_groups: Vec::new(),
        looked_at: 1_204,
        stopped: Stopped::No,
        changes: vec![Change {
            from: Outcome::Asked,
            to: Outcome::Refused,
            people: 3,
            names: [name, "carol", "root"].map(str::to_owned).to_vec(),
            services: vec!["sshd".into(), "sudo".into()],
        }],
        closed: vec![Closed {
            why: Closure::Disabled,
            people: 1,
            names: vec!["dave".into()],
        }],
        yours: Vec::new(),
        locked_out: 3,
        locks_you_out: false,
        locks_everybody_out: false,
        summary: "locks out 3 people".into(),
    }
}

/// The same, with whoever asks among them.
pub(super) fn told_you(name: &str) -> Told {
    Told {
        yours: vec![Yours {
            user: "bob".into(),
            service: "sshd".into(),
            from: Outcome::Asked,
            to: Outcome::Refused,
        }],
        locks_you_out: true,
        summary: "locks out 3 people, you among them".into(),
        ..told(name)
    }
}

fn tally(accepted: u64, failed: u64) -> Tally {
    let mut tally = Tally::default();
    tally.accepted = accepted;
    tally.failed = failed;
    tally.bounced = failed / 2;
    tally.p50_ms = (accepted > 0).then_some(712);
    tally.p95_ms = (accepted > 0).then_some(1_430);
    tally
}

/// Mail as a service, with a name in it.
pub(super) fn post(name: &str) -> Post {
    let named = |name: &str, tally| Named {
        name: name.to_owned(),
        tally,
    };
    let check = |kind, problem: Option<&str>| TemplateCheck {
        kind,
        problem: problem.map(str::to_owned),
    };
    Post {
        fared: Health {
            all: tally(1_204, 2),
            relays: vec![named("mail.example.org:465", tally(1_204, 2))],
            domains: vec![
                named(name, tally(0, 2)),
                named("example.org", tally(1_204, 0)),
            ],
            last_failure: None,
        },
        waiting: vec![Queued {
            id: 7,
            user: name.to_owned(),
            kind: "half-finished".into(),
            state: "failed".into(),
            tries: 3,
            due_in_secs: 600,
            created: "2026-11-22 13:51:02".into(),
        }],
        templates: vec![Template {
            name: "code.txt",
            own: true,
            built_in: "",
        }],
        checks: Some(vec![
            check("code", None),
            check("test", Some("line 3: no {x}")),
        ]),
    }
}

/// A stack in which a right password is enough.
pub(super) fn stack() -> Stack {
    let place =
        |depth, (file, line): (&str, usize), control: &str, module: &str, words: &str| Place {
            depth,
            file: file.to_owned(),
            line,
            control: control.to_owned(),
            module: module.to_owned(),
            words: words.to_owned(),
            ours: module == "pam_gatepost.so",
        };
    let jump = "[success=2 default=ignore]";
    Stack {
        service: "sshd".to_owned(),
        modules: vec![
            place(1, ("common-auth", 17), jump, "pam_unix.so", "nullok"),
            place(1, ("common-auth", 18), "requisite", "pam_deny.so", ""),
            place(0, ("sshd", 5), "required", "pam_gatepost.so", ""),
            place(0, ("sshd", 6), "required", "pam_permit.so", ""),
        ],
        faults: vec![Fault {
            finding: Finding::Problem,
            what: "common-auth:17: whoever passes pam_unix.so is let in without a code".to_owned(),
            mend: "move pam_gatepost.so to where no sufficient, no [success=N] and no [success=done] goes \
                   past it"
                .to_owned(),
        }],
    }
}

/// A message of a kind, as it would look.
pub(super) fn preview(kind: Kind) -> Preview {
    let template = |name| Template {
        name,
        own: name == "code.txt",
        built_in: "",
    };
    Preview {
        kind,
        templates: kind.templates().map(template).to_vec(),
        from: "Gatepost <gatepost@example.org>".to_owned(),
        to: "alice@example.org".to_owned(),
        subject: "Sign-in to host01 as alice (ref K7QX)".to_owned(),
        text: "Sign-in to host01 as alice\n\nSAMP LE12\n\nService:   sshd\nFrom:      203.0.113.9\n\
               A line that is longer than a narrow window is wide, and goes on with the next line there."
            .to_owned(),
        html: "<!doctype html>\n  <p>Sign-in to host01 as alice</p>\n".to_owned(),
        problems: vec![Problem {
            template: Some("code.html".to_owned()),
            line: Some(3),
            column: Some(9),
            what: "undefined value: `nothing` is undefined".to_owned(),
        }],
    }
}

/// A sign-in that would be refused.
pub(super) fn why(name: &str) -> Why {
    Why {
        user: name.to_owned(),
        service: "sshd".into(),
        policy: "policy version 7".into(),
        rule: Some(1),
        verdict: Verdict::Refused,
        sentence: format!("{name} would be refused at sshd: rule 1 says so."),
        steps: vec![
            format!("{name} is enrolled, uid 1007"),
            "rule 1 (refuse) matches".into(),
        ],
        next: vec!["gatepost policy show".into()],
    }
}
