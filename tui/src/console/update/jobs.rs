//! The list of jobs: looked at, stopped, what failed tried again; and marks, on which many jobs work.

use super::super::effect::{Deed, Effect};
use super::super::message::{Act, Job, Step};
use super::super::model::Model;
use super::super::model::jobs::Work;
use super::super::model::list::Keyed;
use super::super::model::text::{Tone, counted, grouped};
use super::account;

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    match act {
        Act::Move(step) => model.jobs.step(step),
        Act::StopJob => {
            if let Some(job) = model.jobs.selected().map(|work| work.job) {
                return stop(model, job);
            }
        }
        Act::RetryJob => {
            let users = &model.users;
            let again = |work: &Work| work.again(|key| users.version_of(key));
            if let Some((deed, left_out)) = model.jobs.selected().and_then(again) {
                retry(model, deed, left_out);
            } else {
                let failed = |work: &Work| !work.failures.is_empty();
                let text = if model.jobs.selected().is_some_and(failed) {
                    "That is not tried again from here: z, or Z, offers what is left of it."
                } else {
                    "Nothing of it failed."
                };
                model.notes.say(model.now, Tone::Care, text);
            }
        }
        Act::Back => model.overlay = None,
        _ => {}
    }
    Vec::new()
}

/// Asks about what failed anew; not about what changed and is not in the list, where somebody could see how.
fn retry(model: &mut Model, deed: Deed, left_out: u64) {
    let changed = counted(left_out, "account", "accounts");
    let text =
        format!("{changed} changed since and not listed here: look at them, then mark them anew.");
    if deed.objects.is_empty() {
        model.notes.say(model.now, Tone::Care, text);
        return;
    }
    model.overlay = None;
    account::about_many(model, deed);
    if left_out > 0
        && let Some(dialog) = model.dialog.as_mut()
    {
        dialog.text.push(format!("Left out: {text}"));
    }
}

/// Asks a job to stop.
pub(super) fn stop(model: &mut Model, job: Job) -> Vec<Effect> {
    if model.jobs.stop(job) {
        let text = "It stops after what it is at; what is done stays done.";
        model.notes.say(model.now, Tone::Care, text);
        return vec![Effect::Stop(job)];
    }
    let text = "That cannot be stopped, or is over.";
    model.notes.say(model.now, Tone::Care, text);
    Vec::new()
}

/// Begins the same on many accounts.
pub(super) fn begin(model: &mut Model, deed: Deed) -> Vec<Effect> {
    let Some(words) = account::many_words(deed.verb) else {
        return Vec::new();
    };
    let count = counted(deed.objects.len() as u64, "account", "accounts");
    let name = format!("{} {count}", words.doing);
    let job = Job::Each(model.jobs.number());
    model.jobs.begin(job, name, Some(deed.clone()));
    vec![Effect::Each(job, deed)]
}

/// Marks the selected account, or takes its mark away, and goes on to the next.
pub(super) fn mark(model: &mut Model) -> Vec<Effect> {
    let Some(key) = model.users.list.selected().map(Keyed::key) else {
        return Vec::new();
    };
    if model.users.marks.remove(&key).is_none() {
        model.users.mark(key);
    }
    super::users::act(model, Act::Move(Step::Down))
}

/// The accounts of the filter are to be marked; some may lie beyond. Or they could not be read.
pub(super) fn marked(model: &mut Model, keys: Result<(Vec<String>, bool), String>) {
    let (keys, are_more) = match keys {
        Ok(found) => found,
        Err(error) => return model.notes.say(model.now, Tone::Bad, error),
    };
    for key in keys {
        model.users.mark(key);
    }
    let count = grouped(model.users.marks.len() as u64);
    let (tone, text) = if are_more {
        let more = "there are more: a filter that wants fewer reaches them";
        (
            Tone::Care,
            format!("{count} marked, the first ones; {more}"),
        )
    } else {
        (
            Tone::Plain,
            format!("{count} marked; Esc takes the marks away"),
        )
    };
    model.notes.say(model.now, tone, text);
}
