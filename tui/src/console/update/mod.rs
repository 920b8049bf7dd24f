//! What happens becomes a change of the state and a list of effects. Pure: the same message on the
//! same state does the same. A screen's own acts are in a file of its own.

mod account;
mod asking;
mod audit;
mod code;
mod copying;
mod crumbs;
mod dialog;
mod export;
mod found;
mod health;
mod home;
mod import;
mod jobs;
mod live;
mod mail;
mod mask;
mod mouse;
mod palette;
mod policy;
mod prefs;
mod put;
mod restore;
mod typing;
mod undo;
mod users;

use tui_input::Input;

use super::effect::{Ask, Effect};
use super::message::{Act, Context, Edit, Job, Key, Message, Screen, Step};
use super::model::field::type_into;
use super::model::jobs::How;
use super::model::palette::Scope;
use super::model::text::Tone;
use super::model::{Model, Over, Overlay};

/// Milliseconds within which a second Ctrl-C leaves.
const TWICE: u64 = 2_000;

/// What is read when the console starts.
pub(crate) fn begin(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![
        Effect::Summary,
        Effect::Standing,
        Effect::Policy(Ask::State),
        Effect::Undoables,
    ];
    effects.extend(entered(model));
    effects
}

/// Takes a message in.
pub(crate) fn update(model: &mut Model, message: Message) -> Vec<Effect> {
    let is_somebody = matches!(message, Message::Key(_) | Message::Mouse(_));
    if is_somebody && mask::touched(model) {
        return Vec::new();
    }
    match message {
        Message::Key(key) => pressed(model, key),
        Message::Mouse(mouse) => mouse::take(model, mouse),
        Message::Act(act) => acted(model, act),
        Message::Edit(edit) if model.dialog.is_some() => dialog::edit(model, edit),
        Message::Edit(edit) if model.palette.is_some() => palette::edit(model, edit),
        Message::Edit(edit) if model.is_seeking() => seek(model, edit),
        Message::Edit(edit) => typing::edit(model, edit),
        Message::Resized(columns, rows) => {
            model.size = (columns, rows);
            resized(model);
            // A page may stand beside its list now.
            if model.screen == Screen::Users && model.users.page_of_selected().is_none() {
                return users::read_page(model);
            }
            Vec::new()
        }
        Message::Tick(now) => {
            model.now = now;
            model.notes.tick(now);
            model.undo.tick(now);
            let mut effects = mask::tick(model);
            effects.extend(policy::tick(model));
            effects
        }
        Message::Edited(now, text) => {
            model.now = now;
            // Somebody sat at the editor until now.
            model.touched = Some(now);
            policy::edited(model, text)
        }
        Message::Changed => again(model),
        Message::Found(found) => found::take(model, *found),
    }
}

/// What the key means where it was pressed.
fn pressed(model: &mut Model, key: Key) -> Vec<Effect> {
    let (context, is_typing) = (model.context(), model.is_typing());
    let message = model.keys.message(context, is_typing, key);
    match message {
        Some(message) => update(model, message),
        // Any key closes it, also one that means nothing else.
        None if context == Context::Code => code::close(model),
        None => Vec::new(),
    }
}

fn acted(model: &mut Model, act: Act) -> Vec<Effect> {
    match (act, model.context()) {
        (Act::Suspend, _) => vec![Effect::Suspend],
        (Act::Redraw, _) => vec![Effect::Redraw],
        (Act::Interrupt, _) => interrupted(model),
        (_, Context::Code) => code::act(model, act),
        (Act::CopyTwin, Context::Dialog) => copying::twin(model),
        (_, Context::Dialog) => dialog::act(model, act),
        (_, Context::Palette) => palette::act(model, act),
        (_, Context::Jobs) => jobs::act(model, act),
        (_, Context::Overlay) => over(model, act),
        (_, Context::Filter) => typing::act(model, act),
        (_, Context::Screen(screen)) => on_screen(model, screen, act),
    }
}

/// The acts that mean the same on every screen; the others are the screen's.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
fn on_screen(model: &mut Model, screen: Screen, act: Act) -> Vec<Effect> {
    if let Some(why_not) = model.why_not(act) {
        model.notes.say(model.now, Tone::Care, why_not);
        return Vec::new();
    }
    if act == Act::Back
        && let Some(effects) = crumbs::back(model)
    {
        return effects;
    }
    match act {
        Act::Go(to) => go(model, to),
        Act::Next | Act::Previous if screen == Screen::Live => live::act(model, act),
        Act::Next => go(model, beside(screen, 1)),
        Act::Previous => go(model, beside(screen, Screen::ALL.len() - 1)),
        Act::Help => lay_over(model, Over::Keys),
        Act::Messages => lay_over(model, Over::Notes),
        Act::Jobs => lay_over(model, Over::Jobs),
        Act::CopyName => copying::name(model),
        Act::CopyTwin => copying::twin(model),
        Act::Mouse => prefs::mouse(model),
        Act::Themes => palette::open(model, Scope::Themes),
        Act::Theme(scheme) => prefs::theme(model, scheme),
        Act::Export => export::ask(model),
        Act::Sort => palette::open(model, Scope::Orders),
        Act::SortBy(order) => typing::sort(model, order),
        Act::Views => palette::open(model, Scope::Views),
        Act::View(at) => prefs::show_view(model, at),
        Act::KeepView => prefs::name_view(model),
        Act::Palette => palette::open(model, Scope::All),
        Act::Actions => palette::open(model, Scope::Row),
        Act::Filter if screen == Screen::Home => {
            let effects = go(model, Screen::Users);
            typing::begin(model);
            effects
        }
        Act::Filter => typing::begin(model),
        Act::Refresh => {
            let mut effects = again(model);
            match screen {
                Screen::Health => effects.extend(health::look(model)),
                Screen::Policy => effects.extend(policy::look_again(model)),
                Screen::Home => model.home.looks_for_missing = true,
                Screen::Users | Screen::Live | Screen::Audit | Screen::Mail => {}
            }
            effects
        }
        Act::Quit => quit(model),
        Act::Undo => undo::newest(model, false),
        Act::Redo => undo::newest(model, true),
        Act::UndoList => palette::open(model, Scope::Undo),
        Act::UndoEntry(id) => undo::entry(model, id),
        _ => match screen {
            Screen::Home => home::act(model, act),
            Screen::Users => users::act(model, act),
            Screen::Live => live::act(model, act),
            Screen::Audit => audit::act(model, act),
            Screen::Mail => mail::act(model, act),
            Screen::Policy => policy::act(model, act),
            Screen::Health => health::act(model, act),
        },
    }
}

/// Shows a screen that somebody chose.
pub(super) fn go(model: &mut Model, to: Screen) -> Vec<Effect> {
    model.crumbs.clear();
    model.screen = to;
    entered(model)
}

/// What a screen reads when it comes up.
pub(super) fn entered(model: &mut Model) -> Vec<Effect> {
    match model.screen {
        Screen::Home => {
            model.home.looks_for_missing = true;
            vec![Effect::Summary]
        }
        Screen::Users => users::read(model),
        Screen::Live => live::read(model),
        Screen::Audit => audit::read(model),
        Screen::Mail => mail::read(model),
        Screen::Policy => policy::read(model),
        Screen::Health if model.health.is_fresh() => health::look(model),
        Screen::Health => Vec::new(),
    }
}

/// Reads anew what is on the screen, and the counts of the header.
fn again(model: &mut Model) -> Vec<Effect> {
    let mut effects = vec![
        Effect::Summary,
        Effect::Standing,
        Effect::Policy(Ask::State),
        Effect::Undoables,
    ];
    effects.extend(match model.screen {
        // The stream is read once the standing says that there is something new.
        Screen::Home | Screen::Live | Screen::Health => Vec::new(),
        Screen::Policy => policy::read(model),
        Screen::Users => users::read(model),
        Screen::Audit => audit::read(model),
        Screen::Mail => mail::read(model),
    });
    effects
}

/// The screen so many places further.
fn beside(screen: Screen, places: usize) -> Screen {
    let all = Screen::ALL;
    let at = all.iter().position(|other| *other == screen).unwrap_or(0);
    all.get((at + places) % all.len())
        .copied()
        .unwrap_or(screen)
}

fn lay_over(model: &mut Model, what: Over) -> Vec<Effect> {
    model.overlay = Some(Overlay { what, scroll: 0 });
    model.sought = Input::default();
    Vec::new()
}

/// Looks for a key in the help, which is read from its top then.
fn seek(model: &mut Model, edit: Edit) -> Vec<Effect> {
    match edit {
        // Whoever opened it so closes it so: no row is found by this alone.
        Edit::Insert('?') => return over(model, Act::Back),
        Edit::Home => return over(model, Act::Move(Step::First)),
        Edit::End => return over(model, Act::Move(Step::Last)),
        Edit::Insert(_)
        | Edit::Backspace
        | Edit::Delete
        | Edit::DeleteWord
        | Edit::Clear
        | Edit::Left
        | Edit::Right => {}
    }
    if type_into(&mut model.sought, edit)
        && let Some(overlay) = &mut model.overlay
    {
        overlay.scroll = 0;
    }
    Vec::new()
}

/// In the help and the messages.
fn over(model: &mut Model, act: Act) -> Vec<Effect> {
    let height = model.text_height();
    let lines = model.overlay_length();
    match (act, &mut model.overlay) {
        (Act::Move(step), Some(overlay)) => {
            // The view knows how long the text is and stops at its end.
            overlay.scroll = scrolled(overlay.scroll, step, height, lines);
        }
        (_, overlay) => *overlay = None,
    }
    Vec::new()
}

/// How far a text of so many lines is scrolled after a step.
pub(super) fn scrolled(scroll: usize, step: Step, height: usize, lines: usize) -> usize {
    let page = height.saturating_sub(1).max(1);
    let furthest = lines.saturating_sub(height);
    let to = match step {
        Step::Up => scroll.saturating_sub(1),
        Step::Down => scroll.saturating_add(1),
        Step::PageUp => scroll.saturating_sub(page),
        Step::PageDown => scroll.saturating_add(page),
        Step::First => 0,
        Step::Last => furthest,
    };
    to.min(furthest)
}

/// Ctrl-C cancels what lies on top; where there is nothing, the second one leaves.
fn interrupted(model: &mut Model) -> Vec<Effect> {
    if model.context() != Context::Screen(model.screen) {
        return acted(model, Act::Back);
    }
    let can_stop = model.jobs.running().find(|work| work.job.can_stop());
    if let Some(job) = can_stop
        .filter(|work| work.how == How::Runs)
        .map(|work| work.job)
    {
        return jobs::stop(model, job);
    }
    let is_second = model
        .interrupted
        .is_some_and(|first| model.now < first + TWICE);
    if is_second {
        return vec![Effect::Quit];
    }
    model.interrupted = Some(model.now);
    let text = "Ctrl-C again leaves; so does q";
    model.notes.say(model.now, Tone::Plain, text);
    Vec::new()
}

fn quit(model: &mut Model) -> Vec<Effect> {
    if model.jobs.running().next().is_none() {
        return vec![Effect::Quit];
    }
    dialog::ask_to_quit(model);
    Vec::new()
}

/// Everything that is scrolled stays inside.
fn resized(model: &mut Model) {
    let table = model.table_height();
    model.users.list.show(table);
    model.live.stream.show(table);
    model.audit.list.show(table);
    model.mail.list.show(table);
    model.policy.versions.show(table);
    let (height, width) = (model.text_height(), model.detail_width());
    let furthest = |lines: usize| lines.saturating_sub(height);
    let users = furthest(model.users.lines(&model.keys, width).len());
    model.users.scroll = model.users.scroll.min(users);
    let audit = furthest(model.audit.lines(width).len());
    model.audit.scroll = model.audit.scroll.min(audit);
    let mail = furthest(model.mail.lines(width).len());
    model.mail.scroll = model.mail.scroll.min(mail);
    let policy = furthest(model.policy_lines().len());
    model.policy.scroll = model.policy.scroll.min(policy);
    model.health.list.show(table);
    let health = furthest(model.health.lines(width).len());
    model.health.scroll = model.health.scroll.min(health);
}

/// Begins a job, unless it runs already.
pub(super) fn start(model: &mut Model, job: Job, effect: Effect) -> Vec<Effect> {
    if let Some(why_not) = model.why_not_again(job) {
        model.notes.say(model.now, Tone::Care, why_not);
        return Vec::new();
    }
    model.jobs.begin(job, job.name(), None);
    vec![effect]
}

#[cfg(test)]
mod tests;
