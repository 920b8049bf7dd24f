//! What a stack can come to: every way through it, as libpam goes, whatever its modules answer. Pure. The
//! ways are gathered by what matters of them, so a long stack takes no longer than its length.

use std::collections::{BTreeMap, BTreeSet};

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

impl Impression {
    const ALL: [Self; 4] = [Self::Undefined, Self::Good, Self::Other, Self::Bad];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    impression: Impression,
    gate: Gate,
    /// The last module that succeeded, or found a right password that is due to be changed. Of no interest
    /// once our module was asked.
    by: Option<usize>,
}

impl State {
    const fn new(impression: Impression) -> Self {
        Self {
            impression,
            gate: Gate::Unasked,
            by: None,
        }
    }

    /// What has become of it at the end of a stack that was entered with it.
    fn then(self, end: Self) -> Self {
        Self {
            impression: end.impression,
            gate: self.gate.max(end.gate),
            by: end.by.or(self.by),
        }
        .kept()
    }

    /// Without what is of no interest.
    fn kept(self) -> Self {
        let by = self.by.filter(|_| self.gate == Gate::Unasked);
        Self { by, ..self }
    }
}

/// A way on which somebody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    pub(super) gate: Gate,
    /// Where our module was not asked, the one that succeeded last, the one that always does aside.
    pub(super) by: Option<usize>,
}

/// Every way on which somebody is let in.
pub(super) fn ways_in(items: &[Item], modules: &[Module]) -> BTreeSet<Way> {
    let ends = run(&prepare(items, modules), Impression::Undefined);
    let good = ends
        .into_iter()
        .filter(|state| state.impression == Impression::Good);
    good.map(|State { gate, by, .. }| Way { gate, by })
        .collect()
}

/// An item, with what is found out about it once, however many ways lead there.
enum Step<'a> {
    Module {
        place: usize,
        module: &'a Module,
        answers: BTreeSet<(Says, Action)>,
    },
    /// Its ends, by what it is entered with.
    Sub(BTreeMap<Impression, BTreeSet<State>>),
}

fn prepare<'a>(items: &[Item], modules: &'a [Module]) -> Vec<Step<'a>> {
    let steps = items.iter().filter_map(|item| match item {
        Item::Module(place) => modules.get(*place).map(|module| Step::Module {
            place: *place,
            module,
            answers: answers(module),
        }),
        Item::Sub(sub) => {
            let steps = prepare(sub, modules);
            let ends = Impression::ALL.map(|entered| (entered, run(&steps, entered)));
            Some(Step::Sub(BTreeMap::from(ends)))
        }
    });
    steps.collect()
}

/// The ends of a stack, by what was noted when it was entered: a reset goes back to that.
fn run(steps: &[Step<'_>], entered: Impression) -> BTreeSet<State> {
    // The states before each item, and before the end.
    let mut before = vec![BTreeSet::new(); steps.len() + 1];
    if let Some(first) = before.first_mut() {
        first.insert(State::new(entered));
    }
    for (at, step) in steps.iter().enumerate() {
        let states = before.get_mut(at).map(std::mem::take).unwrap_or_default();
        let mut go = |to: usize, state: State| {
            if let Some(states) = before.get_mut(to) {
                states.insert(state);
            }
        };
        for state in states {
            match step {
                Step::Sub(ends) => {
                    for end in ends.get(&state.impression).into_iter().flatten() {
                        go(at + 1, state.then(*end));
                    }
                }
                Step::Module {
                    place,
                    module,
                    answers,
                } => {
                    let noted = |says| note(state, (*place, module), says);
                    for (says, action) in answers {
                        let answered = (noted(*says), *says);
                        let (to, state) = act(*action, answered, entered, (at, steps.len()));
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
    if module.name == words::BROKEN {
        answers.insert((Says::Failure, module.control.action("perm_denied")));
        return answers;
    }
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

/// Who said what.
fn note(state: State, (place, module): (usize, &Module), says: Says) -> State {
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
    next.kept()
}

/// Where it goes on after an answer, and how; the end is one past the last item.
fn act(
    action: Action,
    (state, says): (State, Says),
    entered: Impression,
    (at, end): (usize, usize),
) -> (usize, State) {
    let good = match (state.impression, says) {
        (Impression::Undefined | Impression::Good, Says::Success) => Impression::Good,
        (Impression::Undefined | Impression::Good, _) => Impression::Other,
        (impression @ (Impression::Other | Impression::Bad), _) => impression,
    };
    let (to, impression) = match action {
        Action::Ignore => (at + 1, state.impression),
        Action::Reset => (at + 1, entered),
        Action::Done if good != Impression::Bad => (end, good),
        Action::Ok | Action::Done => (at + 1, good),
        Action::Bad => (at + 1, Impression::Bad),
        Action::Die => (end, Impression::Bad),
        // Nothing is noted of what jumps: that is what the pam_permit.so behind it is for. A jump past the
        // end is bad.
        Action::Jump(over) => match at.saturating_add(1).saturating_add(over) {
            to if to <= end => (to, state.impression),
            _past => (end, Impression::Bad),
        },
    };
    (
        to,
        State {
            impression,
            ..state
        },
    )
}
