//! What is copied to the clipboard of whoever sits at the terminal, by the terminal itself (OSC 52).

use super::super::effect::Effect;
use super::super::message::Screen;
use super::super::model::Model;
use super::super::model::text::Tone;

/// As many bytes as terminals take, once encoded.
const MOST: usize = 74_994;

/// Copies what the selected row is called.
pub(super) fn name(model: &mut Model) -> Vec<Effect> {
    let text = match model.screen {
        Screen::Users => model.users.list.selected().map(|row| row.user.clone()),
        Screen::Audit => model.audit.list.selected().map(|row| {
            let words = [
                row.at.as_str(),
                &row.kind,
                &row.user,
                &row.service,
                &row.source,
            ];
            let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            format!("event {}: {}", row.seq, words.join(" "))
        }),
        Screen::Mail => model.mail.list.selected().map(|row| row.reply.clone()),
        Screen::Home | Screen::Live | Screen::Policy | Screen::Health => None,
    };
    text.map_or_else(Vec::new, |text| copy(model, text))
}

/// Copies the subcommand: the open dialog's, or what shows the selected row.
pub(super) fn twin(model: &mut Model) -> Vec<Effect> {
    let text = match &model.dialog {
        Some(dialog) => dialog.twin(),
        None => Some(model.twin_of(match model.screen {
            Screen::Users => "gatepost why USER",
            Screen::Audit => "gatepost audit list USER",
            Screen::Mail => "gatepost mail list USER",
            Screen::Home | Screen::Live | Screen::Policy | Screen::Health => return Vec::new(),
        })),
    };
    text.map_or_else(Vec::new, |text| copy(model, text))
}

fn copy(model: &mut Model, text: String) -> Vec<Effect> {
    if text.len().div_ceil(3) * 4 > MOST {
        let text = "That is too long for a terminal to copy; E writes it to a file.";
        model.notes.say(model.now, Tone::Care, text);
        return Vec::new();
    }
    let mut said = format!("Copied: {text}");
    if model.terminal.in_tmux {
        said.push_str("  (tmux passes it on where it has: set-clipboard on)");
    }
    model.notes.say(model.now, Tone::Plain, said);
    vec![Effect::Copy(text)]
}
