//! The table of keys held against the whole console: what each key does where it holds, on screens on which
//! everything has come in.

mod panic;

use gatepost_words::secret::Secret;

use super::effect::{Ask, Effect};
use super::keys::{self, Binding};
use super::message::{
    Act, Answer, Code, Context, Found, FoundPolicy, Job, Key, Message, Once, Screen, Step,
};
use super::model::{LEAST, Model};
use super::samples::told;
use super::update::update;
use super::view::tests::samples::undoable;
use super::view::tests::{COLOUR, Case, feed, shown};

fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    update(model, Message::Act(act))
}

fn found(model: &mut Model, found: Found) -> Vec<Effect> {
    update(model, Message::Found(Box::new(found)))
}

/// A screen on its second row, small enough that its texts are scrolled.
fn full(screen: Screen) -> Model {
    let mut model = shown(screen, Case::Typical, COLOUR, LEAST);
    undoable(&mut model);
    moves(&mut model, Step::Down);
    model
}

fn moves(model: &mut Model, step: Step) {
    let effects = act(model, Act::Move(step));
    feed(model, Case::Typical, effects);
}

/// Somebody in that context, to whom that act makes sense if it ever does.
fn within(context: Context, wanted: Act) -> Model {
    match context {
        Context::Screen(screen) => full(screen),
        Context::Filter => {
            let mut model = full(Screen::Users);
            for filter in ["state:disabled", "state:locked", "state:active"] {
                model.prefs.remember(Screen::Users, filter);
            }
            act(&mut model, Act::Filter);
            for _ in 0..2 {
                moves(&mut model, Step::Up);
            }
            if wanted == Act::Complete {
                update(&mut model, Message::Key(Key::Backspace));
            }
            model
        }
        Context::Dialog => {
            let mut model = full(Screen::Users);
            act(&mut model, Act::Unlock);
            model
        }
        Context::Palette => {
            let mut model = full(Screen::Users);
            act(&mut model, Act::Palette);
            act(&mut model, Act::Move(Step::Down));
            model
        }
        Context::Jobs => {
            let mut model = full(Screen::Users);
            for job in [Job::Chain, Job::Doctor, Job::TestMail] {
                model.jobs.begin(job, job.name(), None);
            }
            act(&mut model, Act::Jobs);
            act(&mut model, Act::Move(Step::Down));
            model
        }
        // The messages, in which nothing is typed.
        Context::Overlay => {
            let mut model = full(Screen::Users);
            for number in 0..60 {
                found(&mut model, Found::Done(Ok(format!("{number} is done."))));
            }
            act(&mut model, Act::Messages);
            act(&mut model, Act::Move(Step::Down));
            model
        }
        Context::Code => {
            let mut model = full(Screen::Users);
            let once = Once {
                user: "alice".into(),
                id: 7,
                life: "15 min".into(),
                uses: 1,
                code: Code::of(Secret::from("B-7K2M-QWXZ-45NP".to_owned())),
            };
            found(&mut model, Found::Answered(Answer::Code(once)));
            // What is pressed at once was meant for something else.
            let later = model.now + 1_000;
            update(&mut model, Message::Tick(later));
            model
        }
    }
}

/// All there is to see and to know of it, but when a key was pressed last.
fn state(model: &mut Model) -> String {
    model.touched = None;
    format!("{model:?}")
}

/// Keys that do nothing there, each for a reason.
fn may_do_nothing(row: &Binding, context: Context) -> Option<&'static str> {
    match (row.act, context) {
        (Act::Back, Context::Screen(_)) => Some("Esc never leaves, and nothing is open"),
        (Act::Go(Screen::Health), Context::Screen(Screen::Health)) => {
            Some("it is shown, and looking at the machine takes long: r does")
        }
        _ => None,
    }
}

/// Whether a key does nothing: shows nothing else, hands nothing out, says nothing.
fn is_idle(mut model: Model, key: Key) -> bool {
    let before = state(&mut model);
    let effects = update(&mut model, Message::Key(key));
    effects.is_empty() && before == state(&mut model)
}

// Mutants: an act of a screen, of a dialog or of a list is left out of its update; a reason why not is not said;
// the palette's page keys do nothing.
#[test]
fn every_key_of_the_table_does_something_or_says_why_not() {
    let mut idle = Vec::new();
    for row in &keys::TABLE {
        for context in Context::ALL.into_iter().filter(|at| row.within.holds(*at)) {
            for key in row.keys {
                let model = within(context, row.act);
                assert_eq!(model.context(), context, "{row:?}");
                // On the last row there is none below, and on the first none above.
                let is_idle = is_idle(model, *key)
                    && [Step::First, Step::Last].into_iter().all(|end| {
                        let mut model = within(context, row.act);
                        moves(&mut model, end);
                        is_idle(model, *key)
                    });
                let may = may_do_nothing(row, context);
                if is_idle != may.is_some() {
                    idle.push(format!("{context:?} {key:?} {:?}: {may:?}", row.act));
                }
            }
        }
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

// Mutant: a size, or a text under way, makes an index go past its end.
#[test]
fn no_key_fails_whatever_the_size_and_however_little_is_there() {
    for row in &keys::TABLE {
        for context in Context::ALL.into_iter().filter(|at| row.within.holds(*at)) {
            for key in row.keys {
                let mut bare = within(context, row.act);
                if let Context::Screen(screen) = context {
                    bare = shown(screen, Case::Empty, COLOUR, (80, 24));
                }
                update(&mut bare, Message::Key(*key));
                update(&mut bare, Message::Resized(60, 15));
                update(&mut bare, Message::Key(Key::Backspace));
            }
        }
    }
}

/// Whether an effect changes something that is not the console's own: the store, its rules, mail, a file.
fn changes(effect: &Effect) -> bool {
    match effect {
        Effect::Do(_) | Effect::Each(..) | Effect::Long(..) | Effect::Export(..) => true,
        // Reads all that can be asked of the rules.
        Effect::Policy(
            Ask::State | Ask::Whole | Ask::Versions { .. } | Ask::Text(_) | Ask::Simulate { .. },
        )
        // A text that nobody put in force; a person's own theme, filters and mouse; a job does less than was
        // asked for, and says so; a copy that is looked through is the console's until somebody restores it.
        | Effect::Edit(_)
        | Effect::LookThrough(..)
        | Effect::DropCopy(_)
        | Effect::Keep(_)
        | Effect::Stop(_)
        | Effect::Summary
        | Effect::Activity
        | Effect::Users { .. }
        | Effect::User { .. }
        | Effect::SignIns(_)
        | Effect::Applies(_)
        | Effect::Missing
        | Effect::Events { .. }
        | Effect::Mails { .. }
        | Effect::Post
        | Effect::Preview(_)
        | Effect::Stream { .. }
        | Effect::Standing
        | Effect::Sources(_)
        | Effect::Undoables
        | Effect::Plan(..)
        | Effect::Checks
        | Effect::CheckChain
        | Effect::Keys(_)
        | Effect::Copy(_)
        | Effect::CopyCode(_)
        | Effect::Mouse(_)
        | Effect::Difference(..)
        | Effect::Quit
        | Effect::Suspend
        | Effect::Redraw => false,
    }
}

/// Every key that is one press without Ctrl.
fn bare_keys() -> Vec<Key> {
    let printed = (' '..='~').chain(['\u{e4}', '\u{b5}']).map(Key::Char);
    let named = ["Enter", "Esc", "Tab", "Shift-Tab", "Backspace", "Del"];
    let moves = ["Up", "Down", "Left", "Right", "PgUp", "PgDn", "Home", "End"];
    let named = named.into_iter().chain(moves).filter_map(Key::named);
    printed.chain(named).collect()
}

/// Screens in states in which much can be done.
fn laden() -> Vec<(String, Model)> {
    let mut all = Vec::new();
    for screen in Screen::ALL {
        all.push((screen.name().to_owned(), full(screen)));
        let mut open = full(screen);
        let effects = act(&mut open, Act::Open);
        feed(&mut open, Case::Typical, effects);
        // Home leads elsewhere.
        all.push((format!("{}, opened", screen.name()), open));
    }
    let mut marked = full(Screen::Users);
    act(&mut marked, Act::Mark);
    act(&mut marked, Act::Mark);
    all.push(("accounts that are marked".into(), marked));
    for pane in 1..4 {
        let mut live = full(Screen::Live);
        for _ in 0..pane {
            act(&mut live, Act::Next);
        }
        all.push((format!("pane {pane} of Live"), live));
    }
    let mut edited = full(Screen::Policy);
    let text = "[[rule]]\n".to_owned();
    let effects = update(&mut edited, Message::Edited(0, Ok(Some(text))));
    let number = effects.iter().find_map(|effect| {
        if let Effect::Difference(number, _) = effect {
            Some(*number)
        } else {
            None
        }
    });
    let number = number.expect("what was edited is held against what is in force");
    let about = FoundPolicy::Difference(number, Ok(told("alice")));
    found(&mut edited, Found::Policy(about));
    all.push(("rules that were edited".into(), edited));
    let mut versions = full(Screen::Policy);
    let effects = act(&mut versions, Act::Versions);
    feed(&mut versions, Case::Typical, effects);
    all.push(("versions of the rules".into(), versions));
    all
}

// Mutants: what a key of a screen asks for is handed out at once: by `u`, `D`, `X`, `z`, `!`, `T`, `A`, `B`.
#[test]
fn no_bare_key_of_a_screen_changes_anything_without_a_dialog() {
    let mut asked = 0;
    for key in bare_keys() {
        for (name, mut model) in laden() {
            assert_eq!(model.context(), Context::Screen(model.screen), "{name}");
            let effects = update(&mut model, Message::Key(key));
            let changing: Vec<&Effect> = effects.iter().filter(|effect| changes(effect)).collect();
            assert!(changing.is_empty(), "{name}, {key:?}: {changing:?}");
            asked += usize::from(model.dialog.is_some());
        }
    }
    assert!(asked > 50, "only {asked} keys ask anything");
}
