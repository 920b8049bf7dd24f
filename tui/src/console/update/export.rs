//! Writing what a filter wants to a file.

use std::path::PathBuf;

use super::super::effect::{Effect, Export, Rows, Said, Slot};
use super::super::message::{Job, Screen};
use super::super::model::Model;
use super::super::model::dialog::{About, Dialog, Field, Focus, Needs};

/// The forms, the first of them at first.
const FORMS: [&str; 2] = ["csv", "jsonl"];

/// Opens the dialog.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    let (what, filter) = match model.screen {
        Screen::Users => ("accounts", &model.users.filter.text),
        Screen::Audit => ("events", &model.audit.filter.text),
        Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => {
            return Vec::new();
        }
    };
    let which = match filter.as_str() {
        "" => format!("All {what} are written."),
        filter => format!("The {what} of the filter are written: {filter}"),
    };
    let file =
        "It is made as you, not as root, readable by you alone; one that is there already stays.";
    let missing = Needs::Something("The name of a file is missing.");
    model.dialog = Some(Dialog {
        title: format!("Export {what}"),
        text: vec![which, file.to_owned()],
        for_good: None,
        fields: vec![
            Field::text(Slot::File, "File", "", missing),
            Field::choice(Slot::Form, "Form", &FORMS),
        ],
        does: "Write it".to_owned(),
        leaves: "Write nothing",
        focus: Focus::Field(0),
        about: About::Export(format!("gatepost {}", command(model.screen, filter))),
    });
    Vec::new()
}

/// Opens the dialog before the store is copied.
pub(super) fn ask_to_back_up(model: &mut Model) -> Vec<Effect> {
    let missing = Needs::Something("The name of a file is missing.");
    model.dialog = Some(Dialog {
        title: "Back the store up".to_owned(),
        text: vec![
            "Sign-ins go on meanwhile. The key is not in the copy: back it up too, apart from this.".to_owned(),
            "The file is made as you, readable by you alone; one that is there already stays.".to_owned(),
        ],
        for_good: None,
        fields: vec![Field::text(Slot::File, "File", "", missing)],
        does: "Write it".to_owned(),
        leaves: "Write nothing",
        focus: Focus::Field(0),
        about: About::BackUp,
    });
    Vec::new()
}

/// Begins the copying.
pub(super) fn back_up(model: &mut Model, said: &Said) -> Vec<Effect> {
    let export = Export {
        rows: Rows::Store,
        path: PathBuf::from(said.get(Slot::File)),
        is_csv: false,
    };
    super::start(model, Job::BackUp, Effect::Export(Job::BackUp, export))
}

/// The subcommand that lists the same.
fn command(screen: Screen, filter: &str) -> String {
    let noun = if screen == Screen::Users {
        "user"
    } else {
        "audit"
    };
    let quoted = filter.split(' ').filter(|word| !word.is_empty());
    let words: Vec<String> = quoted.map(super::super::model::twin::quoted).collect();
    [noun, "list"]
        .into_iter()
        .map(str::to_owned)
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Begins the writing.
pub(super) fn begin(model: &mut Model, said: &Said) -> Vec<Effect> {
    let rows = match model.screen {
        Screen::Users => Rows::Users(model.users.filter.filter.clone(), model.users.mask()),
        Screen::Audit => Rows::Events(model.audit.filter.filter.clone()),
        Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => {
            return Vec::new();
        }
    };
    let export = Export {
        rows,
        path: PathBuf::from(said.get(Slot::File)),
        is_csv: said.get(Slot::Form) != "jsonl",
    };
    let job = Job::Export(model.jobs.number());
    model
        .jobs
        .begin(job, format!("Writing {}", said.get(Slot::File)), None);
    vec![Effect::Export(job, export)]
}
