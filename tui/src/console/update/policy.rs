//! What happens on the screen of the policy: read, edited, held against what is in force, put in force.

use gatepost_shared::admin::policy::PRIMER;

use super::super::effect::{Ask, Effect, Said, Slot, Source};
use super::super::message::{Act, FoundPolicy, Job, Refused};
use super::super::model::Model;
use super::super::model::policy::{Draft, Looked, Pane};
use super::super::model::text::Tone;
use super::{dialog, put, scrolled};

/// Reads what the screen shows.
pub(super) fn read(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![Effect::Policy(Ask::Whole)];
    if model.policy.pane == Pane::Versions {
        effects.extend(read_versions(model));
    }
    effects
}

fn read_versions(model: &mut Model) -> Vec<Effect> {
    let (request, around) = model.policy.versions.ask_again();
    vec![Effect::Policy(Ask::Versions { request, around })]
}

/// Time has passed: a try that is over by now is read again.
pub(super) fn tick(model: &mut Model) -> Vec<Effect> {
    let is_over = |ends| ends <= model.now;
    if !model
        .policy
        .trial
        .as_ref()
        .is_some_and(|trial| is_over(trial.ends))
    {
        return Vec::new();
    }
    model.policy.trial = None;
    let text = "The try is over.";
    model.notes.say(model.now, Tone::Care, text);
    super::again(model)
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Move(step) if model.policy.pane == Pane::Versions => {
            let height = model.table_height();
            let Some(around) = model.policy.versions.step(step, height) else {
                return Vec::new();
            };
            let (request, around) = model.policy.versions.ask(around);
            return vec![Effect::Policy(Ask::Versions { request, around })];
        }
        Act::Move(step) => {
            let lines = model.policy_lines();
            let height = model.text_height();
            let policy = &mut model.policy;
            policy.scroll = scrolled(policy.scroll, step, height, lines.len());
        }
        Act::Versions => {
            show(model, Pane::Versions);
            return read_versions(model);
        }
        Act::Open if model.policy.pane == Pane::Versions => {
            if let Some(version) = model.policy.version() {
                model.policy.text = None;
                show(model, Pane::Version(version));
                return vec![Effect::Policy(Ask::Text(Some(version)))];
            }
        }
        Act::Open => {
            let text = "There is nothing to open here: h lists the versions.";
            model.notes.say(model.now, Tone::Plain, text);
        }
        Act::Back => return back(model),
        Act::EditRules => {
            return match model.policy.edited() {
                Some(text) => vec![Effect::Edit(text.to_owned())],
                None => vec![Effect::Policy(Ask::Text(None))],
            };
        }
        Act::RollBack => {
            if let Some(version) = model.policy.version() {
                return look(model, Source::Version(version), None);
            }
        }
        Act::TryRules => put::ask_to_try(model),
        Act::ApplyRules => put::ask_to_apply(model),
        Act::KeepTry => put::ask_to_keep(model),
        Act::Simulate => put::ask_who(model),
        _ => {}
    }
    Vec::new()
}

fn show(model: &mut Model, pane: Pane) {
    model.policy.pane = pane;
    model.policy.scroll = 0;
}

/// One step back; what was edited is dropped only by whoever says so.
fn back(model: &mut Model) -> Vec<Effect> {
    match model.policy.pane {
        Pane::Rules => {}
        Pane::Version(_) => show(model, Pane::Versions),
        Pane::Versions | Pane::Simulated => {
            let home = model.policy.home();
            show(model, home);
        }
        Pane::Draft if model.policy.edited().is_some() => dialog::ask_to_drop(model),
        Pane::Draft => return drop(model),
    }
    Vec::new()
}

/// The draft is no longer wanted.
pub(super) fn drop(model: &mut Model) -> Vec<Effect> {
    let draft = model.policy.draft.take();
    show(model, Pane::Rules);
    draft.map_or_else(Vec::new, |draft| stop(model, draft.number))
}

/// Ends a search that nobody waits for any more.
fn stop(model: &mut Model, number: u32) -> Vec<Effect> {
    let job = Job::Difference(number);
    if model.jobs.stop(job) {
        return vec![Effect::Stop(job)];
    }
    Vec::new()
}

/// Finds out what rules would change.
pub(super) fn look(model: &mut Model, source: Source, moved: Option<String>) -> Vec<Effect> {
    let mut effects = match &model.policy.draft {
        Some(Draft { number, .. }) => stop(model, *number),
        None => Vec::new(),
    };
    let number = model.jobs.number();
    let job = Job::Difference(number);
    model.jobs.begin(job, job.name(), None);
    model.policy.draft = Some(Draft {
        source: source.clone(),
        number,
        looked: Looked::Underway,
        moved,
    });
    show(model, Pane::Draft);
    effects.push(Effect::Difference(number, source));
    effects
}

/// Looks again at the draft, where it is on the screen.
pub(super) fn look_again(model: &mut Model) -> Vec<Effect> {
    if model.policy.pane != Pane::Draft {
        return Vec::new();
    }
    let source = model
        .policy
        .draft
        .as_ref()
        .map(|draft| draft.source.clone());
    source.map_or_else(Vec::new, |source| look(model, source, None))
}

/// The editor is closed.
pub(super) fn edited(model: &mut Model, text: Result<Option<String>, String>) -> Vec<Effect> {
    match text {
        Ok(Some(text)) => return look(model, Source::Edited(text), None),
        Ok(None) => {
            let text = "The text was left as it was.";
            model.notes.say(model.now, Tone::Plain, text);
        }
        Err(why) => model.notes.say(model.now, Tone::Bad, why),
    }
    Vec::new()
}

/// Asks what a sign-in would meet: by the draft, where that is on the screen.
pub(super) fn simulate(model: &mut Model, said: Said) -> Vec<Effect> {
    let on_draft = model.policy.told().map(|(draft, _)| draft.number);
    let asked = [Slot::User, Slot::Service, Slot::From].map(|slot| said.get(slot).to_owned());
    model.policy.asked = Some(asked);
    model.policy.simulated = None;
    show(model, Pane::Simulated);
    vec![Effect::Policy(Ask::Simulate {
        said,
        candidate: on_draft,
    })]
}

/// What the workers found comes in.
pub(super) fn take(model: &mut Model, found: FoundPolicy) -> Vec<Effect> {
    let height = model.table_height();
    match found {
        FoundPolicy::State(state) => model.policy.take(state, model.now),
        FoundPolicy::Whole(whole) => {
            if let Ok(whole) = &whole {
                model.policy.take(whole.state.clone(), model.now);
            }
            model.policy.whole = Some(whole);
        }
        FoundPolicy::Versions(request, page) => {
            model.policy.versions.take(request, page, height);
        }
        FoundPolicy::Text(None, Ok(text)) if text.trim().is_empty() => {
            return vec![Effect::Edit(PRIMER.to_owned())];
        }
        FoundPolicy::Text(None, Ok(text)) => return vec![Effect::Edit(text)],
        FoundPolicy::Text(None, Err(why)) => model.notes.say(model.now, Tone::Bad, why),
        FoundPolicy::Text(Some(version), text) => {
            if model.policy.pane == Pane::Version(version) {
                model.policy.text = Some(text);
            }
        }
        FoundPolicy::Simulated(why) => model.policy.simulated = Some(why),
        FoundPolicy::Difference(number, told) => {
            let how = match &told {
                Ok(told) => Ok(told.summary.clone()),
                Err(_) => Err("the rules cannot be used".to_owned()),
            };
            model.jobs.ended(Job::Difference(number), how);
            let draft = model.policy.draft.as_mut();
            if let Some(draft) = draft.filter(|draft| draft.number == number) {
                draft.looked = match told {
                    Ok(told) => Looked::Found(Box::new(told)),
                    Err(wrong) => Looked::Wrong(wrong),
                };
            }
        }
        FoundPolicy::Put(done) => return is_put(model, done),
    }
    Vec::new()
}

/// A candidate is in force, or is not: then it stays, to be looked at again.
fn is_put(model: &mut Model, done: Result<String, Refused>) -> Vec<Effect> {
    match done {
        Ok(said) => {
            model.notes.say(model.now, Tone::Good, said);
            model.policy.draft = None;
            show(model, Pane::Rules);
            super::again(model)
        }
        Err(Refused { why, is_moved }) => {
            model.notes.say(model.now, Tone::Bad, why.clone());
            let source = model
                .policy
                .draft
                .as_ref()
                .map(|draft| draft.source.clone());
            match source.filter(|_| is_moved) {
                Some(source) => look(model, source, Some(why)),
                None => Vec::new(),
            }
        }
    }
}
