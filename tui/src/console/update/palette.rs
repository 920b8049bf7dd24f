//! Lists of acts: opened, looked through, and one of them done.

use super::super::effect::Effect;
use super::super::message::{Act, Edit, Screen};
use super::super::model::Model;
use super::super::model::field::type_into;
use super::super::model::palette::{Palette, Scope};
use super::super::model::possible::is_on_row;
use super::super::model::text::Tone;

/// Acts that are remembered as done last.
const REMEMBERED: usize = 20;

/// Opens the list of a scope.
pub(super) fn open(model: &mut Model, scope: Scope) -> Vec<Effect> {
    let title = match scope {
        Scope::All => "Commands".to_owned(),
        Scope::Themes => "Themes".to_owned(),
        Scope::Views => "Views".to_owned(),
        Scope::Codes => format!("Bypass codes of {}", about(model)),
        Scope::Orders => "Sort the accounts".to_owned(),
        Scope::Undo => "What can be taken back".to_owned(),
        Scope::Previews => "Preview a message".to_owned(),
        Scope::Row => format!("Actions on {}", about(model)),
    };
    model.palette = Some(Palette::new(title, model.acts(scope)));
    Vec::new()
}

/// What the selected row is called.
fn about(model: &Model) -> String {
    let selected = match model.screen {
        Screen::Users => model.users.list.selected().map(|row| row.user.clone()),
        Screen::Audit => {
            let row = model.audit.list.selected();
            row.map(|row| format!("event {}", row.seq))
        }
        Screen::Mail => model
            .mail
            .list
            .selected()
            .map(|row| format!("a mail to {}", row.user)),
        Screen::Live => Some(model.live.aim().to_owned()).filter(|aim| !aim.is_empty()),
        Screen::Home | Screen::Policy | Screen::Health => None,
    };
    selected.unwrap_or_else(|| model.screen.name().to_owned())
}

pub(super) fn edit(model: &mut Model, edit: Edit) -> Vec<Effect> {
    if let Some(palette) = model.palette.as_mut()
        && type_into(&mut palette.input, edit)
    {
        palette.look();
    }
    Vec::new()
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the other acts belong elsewhere"
)]
pub(super) fn act(model: &mut Model, act: Act) -> Vec<Effect> {
    let height = model.text_height();
    match act {
        Act::Move(step) => {
            if let Some(palette) = model.palette.as_mut() {
                palette.step(step, height);
            }
            Vec::new()
        }
        Act::Press => press(model),
        Act::Back => {
            model.palette = None;
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// Does what is selected, as its key would, on the screen where it is done; where that makes no sense,
/// says why and stays open.
fn press(model: &mut Model) -> Vec<Effect> {
    let selected = model.palette.as_ref().and_then(Palette::selected);
    let Some(entry) = selected.cloned() else {
        return Vec::new();
    };
    let act = entry.act;
    if let Some(why_not) = entry.why_not {
        model.notes.say(model.now, Tone::Care, why_not);
        return Vec::new();
    }
    model.palette = None;
    model.ran.retain(|ran| *ran != act);
    model.ran.push(act);
    if model.ran.len() > REMEMBERED {
        model.ran.remove(0);
    }
    let Some(screen) = entry.elsewhere else {
        return super::acted(model, act);
    };
    let mut effects = super::go(model, screen);
    if is_on_row(act) {
        // Nobody saw which row is selected over there.
        let key = entry.key.rsplit(' ').next().unwrap_or_default();
        let text = format!("{}: select the row first, then {key}.", entry.name);
        model.notes.say(model.now, Tone::Care, text);
    } else {
        effects.extend(super::acted(model, act));
    }
    effects
}
