//! What a stack can come to: every way through it, as libpam goes, whatever its modules answer. Pure. The
//! ways are gathered by what matters of them, so a long stack takes no longer than its length.

use std::collections::BTreeSet;

use super::text::{Action, Control};
use super::words::{self, Says};

/// A module of a stack, in the order in which they stand.
#[derive(Clone, Debug)]
pub(super) struct Module {
    pub(super) control: Control,
    pub(super) name: String,
    pub(super) words: Vec<String>,
}

/// A stack: modules by their place in the list of all, and stacks of their own.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Module(usize),
    Sub(Vec<Self>),
}

/// What our module said on the way: the last of these counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gate {
    /// It was not asked.
    Unasked,
    /// It asked for no code.
    Ignored,
    /// The code was right.
    Passed,
    /// It refused.
    Refused,
}

/// What libpam would answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Impression {
    Undefined,
    /// A yes.
    Good,
    /// Something else that a control takes for good: it is answered as it is, and is no yes.
    Other,
    Bad,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    impression: Impression,
    gate: Gate,
    /// The last module that succeeded, or found a right password that is due to be changed.
    by: Option<usize>,
}

/// A way on which somebody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub(super) gate: Gate,
    /// The module that succeeded last on it, ours and the one that always does aside.
    pub(super) by: Option<usize>,
}

/// Every way on which somebody is let in.
pub(super) fn ways_in(items: &[Item], modules: &[Module]) -> BTreeSet<Way> {
    let start = State {
        impression: Impression::Undefined,
        gate: Gate::Unasked,
        by: None,
    };
    let ends = run(items, modules, BTreeSet::from([start]));
    let good = ends
        .into_iter()
        .filter(|state| state.impression == Impression::Good);
    good.map(|State { gate, by, .. }| Way { gate, by })
        .collect()
}

fn run(items: &[Item], modules: &[Module], enter: BTreeSet<State>) -> BTreeSet<State> {
    // The states before each item, and before the end.
    let mut before = vec![BTreeSet::new(); items.len() + 1];
    if let Some(first) = before.first_mut() {
        *first = enter;
    }
    for (at, item) in items.iter().enumerate() {
        let states = before.get_mut(at).map(std::mem::take).unwrap_or_default();
        let mut go = |to: usize, state: State| {
            // A jump past the end is a refusal.
            if let Some(states) = before.get_mut(to) {
                states.insert(state);
            }
        };
        match item {
            Item::Sub(sub) => {
                for state in run(sub, modules, states) {
                    go(at + 1, state);
                }
            }
            Item::Module(place) => {
                let Some(module) = modules.get(*place) else {
                    continue;
                };
                for state in states {
                    for (says, action) in answers(module) {
                        let (to, state) =
                            step(items.len(), at, (*place, module), state, (says, action));
                        go(to, state);
                    }
                }
            }
        }
    }
    before.pop().unwrap_or_default()
}

/// Whether a refusal of that module's need not be the end.
pub(super) fn passes_a_failure(module: &Module) -> bool {
    let stops = |action| matches!(action, Action::Bad | Action::Die);
    let mut answers = answers(module).into_iter();
    answers.any(|(says, action)| says == Says::Failure && !stops(action))
}

/// What a module may answer, and what that comes to.
fn answers(module: &Module) -> BTreeSet<(Says, Action)> {
    let mut answers = BTreeSet::new();
    for says in words::answers(&module.name, &module.words).iter().copied() {
        match says {
            Says::Success => {
                answers.insert((says, module.control.action("success")));
            }
            Says::Expired => {
                answers.insert((says, module.control.action("new_authtok_reqd")));
            }
            Says::Ignore => {
                answers.insert((says, module.control.action("ignore")));
            }
            Says::Failure => {
                let others = ["success", "ignore", "new_authtok_reqd"];
                let failures = module.control.all();
                let failures = failures.filter(|(result, _)| !others.contains(result));
                answers.extend(failures.map(|(_, action)| (says, action)));
            }
        }
    }
    answers
}

/// Where it goes on after an answer, and how; the end is one past the last item.
fn step(
    end: usize,
    at: usize,
    (place, module): (usize, &Module),
    state: State,
    (says, action): (Says, Action),
) -> (usize, State) {
    let mut next = state;
    if words::is_ours(&module.name) {
        let gate = match says {
            Says::Success => Gate::Passed,
            Says::Ignore => Gate::Ignored,
            Says::Expired | Says::Failure => Gate::Refused,
        };
        next.gate = next.gate.max(gate);
    } else if matches!(says, Says::Success | Says::Expired) && module.name != words::PERMIT {
        next.by = Some(place);
    }
    let noted = match (state.impression, says) {
        (Impression::Undefined | Impression::Good, Says::Success) => Impression::Good,
        (Impression::Undefined | Impression::Good, _) => Impression::Other,
        (impression @ (Impression::Other | Impression::Bad), _) => impression,
    };
    let to = match action {
        Action::Ignore => at + 1,
        Action::Reset => {
            next.impression = Impression::Undefined;
            at + 1
        }
        Action::Ok => {
            next.impression = noted;
            at + 1
        }
        Action::Done => {
            next.impression = noted;
            if noted == Impression::Bad {
                at + 1
            } else {
                end
            }
        }
        Action::Bad => {
            next.impression = Impression::Bad;
            at + 1
        }
        Action::Die => {
            next.impression = Impression::Bad;
            end
        }
        // Nothing is noted of what jumps: that is what the pam_permit.so behind it is for.
        Action::Jump(over) => at.saturating_add(1).saturating_add(over),
    };
    (to, next)
}
