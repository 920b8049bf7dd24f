//! What the workers found comes in.

use gatepost_shared::admin::browse::{Page, UserDetail, UserRow};
use gatepost_shared::admin::users::Versions;

use super::super::effect::Effect;
use super::super::message::{Found, Job, Tally, Undone};
use super::super::model::Model;
use super::super::model::dialog::Dialog;
use super::super::model::list::Keyed;
use super::super::model::text::Tone;
use super::{account, asking, home, import, jobs, live, mail, policy, prefs, restore, users};

pub(super) fn take(model: &mut Model, found: Found) -> Vec<Effect> {
    let height = model.table_height();
    match found {
        Found::Summary(Ok(summary)) => home::counted(model, summary),
        Found::Summary(Err(error)) => {
            model.home.error = Some(error);
            Vec::new()
        }
        Found::Activity(activity) => {
            model.home.activity = Some(activity);
            Vec::new()
        }
        Found::FirstUsers(request, page) => {
            if !model.users.list.take_first(request, page, height) {
                return Vec::new();
            }
            model.users.total = None;
            users::read_page(model)
        }
        Found::Users(request, answer) => rows_came(model, request, answer, height),
        Found::User(page) => came(model, page),
        Found::SignIns(key, sign_ins) => {
            model.users.sign_ins = Some((key, sign_ins));
            Vec::new()
        }
        Found::Missing(many) => {
            model.home.missing = Some(many);
            Vec::new()
        }
        Found::Applies(key, applies) => {
            model.users.applies = Some((key, applies));
            Vec::new()
        }
        Found::Events(request, page) => {
            model.audit.list.take(request, page, height);
            Vec::new()
        }
        Found::Stream(request, page) => {
            model.live.stream.take(request, page, height);
            model.live.look();
            Vec::new()
        }
        Found::Standing(standing) => live::take(model, standing),
        Found::Answered(answer) => asking::answered(model, answer),
        Found::Mails(request, page) => {
            model.mail.list.take(request, page, height);
            Vec::new()
        }
        Found::Checks(checks) => {
            model.jobs.ended(Job::Doctor, Ok("done".to_owned()));
            model.health.take(checks, height);
            Vec::new()
        }
        Found::Done(said) => {
            say(model, said);
            // The rows tell by themselves when the store says that it changed; this is sooner.
            super::again(model)
        }
        Found::Stepped(key, step) => stepped(model, &key, step),
        Found::Changed(user, what) => account::about_change(model, &user, &what),
        Found::Sources(key, sources) => {
            account::about_sources(model, &key, sources);
            Vec::new()
        }
        Found::Undoables(acts) => {
            model.undo.take(acts, model.now);
            Vec::new()
        }
        Found::Planned(job, planned) => import::planned(model, job, planned),
        Found::LookedThrough(job, found) => restore::looked_through(model, job, found),
        // Behind the cover nobody is there to see them.
        Found::Unmasked if model.is_masked => Vec::new(),
        Found::Unmasked => {
            model.users.unmasked = true;
            users::read(model)
        }
        Found::Prefs(prefs, others, faults) => prefs::take(model, prefs, &others, faults),
        Found::Keys(keys) => {
            jobs::marked(model, keys);
            Vec::new()
        }
        Found::Post(post) => {
            model.mail.post = Some(post);
            Vec::new()
        }
        Found::Preview(kind, found) => {
            mail::previewed(model, kind, found);
            Vec::new()
        }
        Found::Policy(found) => policy::take(model, found),
        Found::Progress(job, progress) => {
            model.jobs.progress(job, progress);
            Vec::new()
        }
        Found::Tried(job, tally) => tried(model, job, tally),
        Found::Undone(job, undone) => undone_came(model, job, undone),
        Found::Ended(job, said) => ended(model, job, said),
    }
}

/// What was done to many accounts is over.
fn tried(model: &mut Model, job: Job, tally: Tally) -> Vec<Effect> {
    let failed = tally.failures.iter().map(|(key, _)| key.as_str());
    // What was marked or read while the job went on is not what it was begun with.
    if let Some(deed) = model.jobs.deed(job) {
        model.users.keep_marks(failed, &deed.seen, &tally.changed);
    }
    if let Some(said) = model.jobs.tried(job, tally) {
        say(model, said);
    }
    super::again(model)
}

/// Acts that were done together are taken back, or done again, as far as they could be.
fn undone_came(model: &mut Model, job: Job, undone: Undone) -> Vec<Effect> {
    for (key, step) in &undone.steps {
        stepped(model, key, *step);
    }
    let said = undone.said;
    model.jobs.ended_with(job, said.clone(), undone.failures);
    say(model, said);
    super::again(model)
}

/// An act of this console left another version of an account: that counts wherever the one before was seen.
fn stepped(model: &mut Model, key: &str, step: Versions) -> Vec<Effect> {
    model.users.stepped(key, step);
    model.jobs.stepped(key, step);
    // Somebody may be at the next dialog already.
    if let Some(deed) = model.dialog.as_mut().and_then(Dialog::deed_mut) {
        deed.stepped(key, step);
    }
    Vec::new()
}

/// A job is over; what it found stays on its screen.
fn ended(model: &mut Model, job: Job, said: Result<String, String>) -> Vec<Effect> {
    model.jobs.ended(job, said.clone());
    let is_change = match job {
        Job::Chain => {
            model.audit.chain = Some(said.clone());
            false
        }
        Job::TestMail => {
            model.mail.test = Some(said.clone());
            false
        }
        Job::Restore(_) => {
            model.health.restored = Some(said.clone());
            if said.is_ok() {
                let effects = restore::restored(model);
                say(model, said);
                return effects;
            }
            false
        }
        Job::Import(_) => true,
        Job::RetryMail
        | Job::BackUp
        | Job::LookThrough(_)
        | Job::Doctor
        | Job::Each(_)
        | Job::Export(_)
        | Job::Difference(_)
        | Job::Plan(_)
        | Job::Undo(_) => false,
    };
    say(model, said);
    if is_change {
        return super::again(model);
    }
    Vec::new()
}

/// A page of accounts.
fn rows_came(
    model: &mut Model,
    request: u64,
    answer: Result<(Page<UserRow>, Option<u64>), String>,
    height: usize,
) -> Vec<Effect> {
    let (page, total) = match answer {
        Ok((page, total)) => (Ok(page), total),
        Err(error) => (Err(error), None),
    };
    if !model.users.list.take(request, page, height) {
        return Vec::new();
    }
    model.users.total = total;
    if model.users.list.missed() {
        model.users.is_open = false;
        let text = "No account of that name is enrolled here.";
        model.notes.say(model.now, Tone::Care, text);
    }
    model.users.see_marked();
    // Rows change because accounts do: the page is read anew with them.
    users::read_page(model)
}

/// An account's page, which counts if it is still the selected one's.
fn came(model: &mut Model, page: Result<UserDetail, (String, String)>) -> Vec<Effect> {
    let key = match &page {
        Ok(page) => &page.key,
        Err((key, _)) => key,
    };
    if model.users.list.selected().map(Keyed::key).as_ref() != Some(key) {
        return Vec::new();
    }
    // What takes longer comes after the page.
    let key = page.as_ref().ok().map(|page| page.key.clone());
    model.users.page = Some(page);
    let mut effects = users::codes_came(model);
    if let Some(key) = key {
        effects.extend([Effect::SignIns(key.clone()), Effect::Applies(key)]);
    }
    effects
}

fn say(model: &mut Model, said: Result<String, String>) {
    match said {
        Ok(text) => model.notes.say(model.now, Tone::Good, text),
        Err(text) => model.notes.say(model.now, Tone::Bad, text),
    }
}
