//! Taking back bypass codes, shields and changes of the rules: what these have in common, and what else
//! their bench does.

mod bypass;
mod rules;
mod shields;

use gatepost_words::time::Span;

use super::super::AdminError;
use super::super::bypass::Asked;
use super::super::policy::act::Guard;
use super::super::policy::diff::{Candidate, Go};
use super::super::shield::{self, Sure};
use super::super::undo;
use super::super::users::{Proof, Stop};
use super::{Bench, bench};

const NET: &str = "203.0.113.0/24";
const OTHER: &str = "198.51.100.0/24";
const REFUSE_DAEMON: &str = "[[rule]]\nusers = [\"daemon\"]\naction = \"refuse\"\n";
const REFUSE_ROOT: &str = "[[rule]]\nusers = [\"root\"]\naction = \"refuse\"\n";

impl Bench {
    fn last(&self) -> undo::Listed {
        self.admin.last_undoable().unwrap()
    }

    fn takes_back(&mut self, id: i64) -> Result<undo::Undone, AdminError> {
        let stop = Stop::default();
        self.admin.undo(id, Some("slip"), &stop, |_, _| ())
    }

    fn takes_last_back(&mut self) -> undo::Undone {
        let id = self.last().id;
        self.takes_back(id).unwrap()
    }

    fn refuses(&mut self, id: i64) -> String {
        self.takes_back(id).unwrap_err().to_string()
    }

    /// Somebody else does something.
    fn as_carol<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let name = std::mem::replace(&mut self.admin.actor.name, "root (login carol)".into());
        let done = act(self);
        self.admin.actor.name = name;
        done
    }

    fn shield(&mut self, sources: &[&str], minutes: i64) {
        let sources: Vec<String> = sources.iter().map(|one| (*one).to_owned()).collect();
        let asked = shield::Asked {
            sources: &sources,
            time: Span::from_mins(minutes),
            reason: Some("spray"),
            own: None,
            sure: Sure::Yes,
        };
        self.admin.shield_on(&asked).unwrap();
    }

    /// The shields that are up, with their minutes and whose they are.
    fn up(&self) -> Vec<(String, i64, String)> {
        let shields = self.admin.shields().unwrap().into_iter();
        shields
            .map(|shield| (shield.source, shield.seconds_left / 60, shield.by))
            .collect()
    }

    fn events_of(&self, kind: &str) -> Vec<serde_json::Value> {
        let events = self.admin.store.events_after(0, 1000).unwrap().into_iter();
        let of_kind = events.filter(|event| event.kind == kind);
        of_kind.map(|event| event.detail).collect()
    }

    fn apply(&mut self, text: &str) -> i64 {
        let candidate = Candidate::parse(text).unwrap();
        let diff = self.admin.policy_diff(&candidate, &mut |_| Go::On).unwrap();
        let done = self.admin.policy_apply(&diff, None, Guard::Waived);
        done.unwrap().version
    }

    fn tries(&mut self, text: &str) -> i64 {
        let candidate = Candidate::parse(text).unwrap();
        let diff = self.admin.policy_diff(&candidate, &mut |_| Go::On).unwrap();
        let done = self.admin.policy_try(&diff, Span::from_mins(5), None);
        done.unwrap().version
    }

    /// The version in force and its text.
    fn policy(&self) -> (i64, String) {
        let state = self.admin.policy_state().unwrap();
        assert_eq!(state.trial.map(|trial| trial.version), None);
        let text = self.admin.policy_text(None).unwrap();
        (state.version.unwrap(), text)
    }
}

fn enrolled() -> Bench {
    let mut bench = bench();
    bench.enrol(Proof::Word);
    bench.enrol_daemon();
    bench
}

fn someones(minutes: i64, source: &str) -> (String, i64, String) {
    (source.to_owned(), minutes, "root (login bob)".to_owned())
}

fn code(bench: &mut Bench) -> i64 {
    let asked = Asked::usual("daemon", "TICKET-812");
    bench.admin.new_bypass(&asked).unwrap().id
}

impl Bench {
    fn set_uses(&self, id: i64, left: u32) {
        let connection = self.admin.store.connection();
        connection
            .execute(
                "UPDATE bypass_codes SET uses_left = ?2 WHERE id = ?1",
                (id, left),
            )
            .unwrap();
    }
}

// Mutants: what is over stays the newest, and the act before it is out of reach; what only looks over is skipped.
#[test]
fn what_is_over_hides_nothing_that_is_not() {
    type Act = fn(&mut Bench);
    let acts: [(&str, Act, Act); 5] = [
        (
            "policy-try",
            |b| {
                b.tries(REFUSE_DAEMON);
            },
            |b| b.clock.pass(Span::from_mins(5)),
        ),
        (
            "bypass-new",
            |b| {
                code(b);
            },
            |b| {
                let id = b.admin.bypass_of("daemon").unwrap()[0].id;
                b.set_uses(id, 0);
            },
        ),
        (
            "bypass-new",
            |b| {
                code(b);
            },
            |b| drop(b.admin.revoke_bypass("daemon", None, None).unwrap()),
        ),
        (
            "shield-on",
            |b| b.shield(&[NET], 5),
            |b| b.clock.pass(Span::from_mins(5)),
        ),
        (
            "bypass-new",
            |b| {
                code(b);
            },
            |b| drop(b.admin.disable_user("daemon", None).unwrap()),
        ),
    ];
    for (kind, act, ends) in acts {
        let mut bench = enrolled();
        bench.admin.note_user("root", "hello", None).unwrap();
        act(&mut bench);
        assert_eq!(bench.last().act, kind);
        bench.as_carol(ends);
        let newest = bench.last();
        assert_eq!(newest.act, "note", "{kind}");
        bench.takes_back(newest.id).unwrap();
    }
    // A try that is kept leaves the keeping, and what was before the try.
    let mut bench = enrolled();
    bench.admin.note_user("root", "hello", None).unwrap();
    let tried = bench.tries(REFUSE_DAEMON);
    bench.admin.policy_confirm(tried, None).unwrap();
    assert_eq!(bench.takes_last_back().named(), "policy confirm version 2");
    assert_eq!(bench.takes_last_back().named(), "note of root");
    // A shield that replaced a longer one brings that back, though its own time is over.
    let mut bench = enrolled();
    bench.shield(&[NET], 60);
    bench.shield(&[NET], 1);
    bench.clock.pass(Span::from_mins(2));
    bench.takes_last_back();
    assert_eq!(bench.up(), [someones(58, NET)]);
}

// Mutant: taking back after ten minutes.
#[test]
fn ten_minutes_hold_for_these_acts_too() {
    let mut bench = enrolled();
    bench.shield(&[NET], 60);
    let entry = bench.last().id;
    bench.clock.pass(Span::from_mins(10));
    assert!(bench.refuses(entry).contains("older than 10 min"));
    assert_eq!(bench.up().len(), 1);
}
