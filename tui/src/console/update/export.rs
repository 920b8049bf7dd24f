//! Writing what a list has to a file.

use std::path::PathBuf;

use gatepost_shared::admin::users::Mask;
use gatepost_words::text::tame;

use super::super::effect::{Effect, Export, Rows, Said, Slot};
use super::super::message::{Job, Screen};
use super::super::model::audit::Audit;
use super::super::model::dialog::{About, Dialog, Field, Focus, Needs, Twin};
use super::super::model::mail::Mail;
use super::super::model::users::Users;
use super::super::model::{Model, twin};

/// The forms, the first of them at first.
const FORMS: [&str; 2] = ["csv", "jsonl"];

/// Opens the dialog.
pub(super) fn ask(model: &mut Model) -> Vec<Effect> {
    // What the dialog says is what is written, whatever comes to the list meanwhile.
    let ((what, which, twin), rows) = match model.screen {
        Screen::Users => {
            let users = &model.users;
            let rows = Rows::Users(users.filter.filter.clone(), users.mask());
            (of_users(users), rows)
        }
        Screen::Audit => {
            let rows = Rows::Events(model.audit.filter.filter.clone());
            (of_audit(&model.audit), rows)
        }
        Screen::Mail => (of_mail(&model.mail), Rows::Mails(model.mail.of.clone())),
        // Why not is said before this.
        Screen::Home | Screen::Live | Screen::Policy | Screen::Health => return Vec::new(),
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
        about: About::Export(twin, rows),
    });
    Vec::new()
}

/// What is written, the same in a sentence, and the subcommand that writes the same.
type Asked = (&'static str, String, Twin);

fn of_users(users: &Users) -> Asked {
    let filter = &users.filter;
    let what = if filter.filter.wants_none() {
        "people"
    } else {
        "accounts"
    };
    let (how, option) = match users.mask() {
        Mask::Masked => ("masked", ""),
        Mask::Unmasked => ("in full", " --unmask"),
    };
    let how = format!(", with addresses {how}");
    let twin = Twin {
        command: format!("gatepost user export{option}"),
        filter: words(&filter.text),
    };
    (what, sentence(what, &how, &filter.text), twin)
}

fn of_audit(audit: &Audit) -> Asked {
    let text = &audit.filter.text;
    let which = sentence("events", ", each with its hash", text);
    let twin = Twin {
        command: "gatepost audit export".to_owned(),
        filter: words(text),
    };
    ("events", which, twin)
}

fn of_mail(mail: &Mail) -> Asked {
    let which = match &mail.of {
        None => "All deliveries are written.".to_owned(),
        Some(user) => format!("The deliveries of {} are written.", tame(user)),
    };
    let twin = Twin {
        command: "gatepost mail export".to_owned(),
        filter: words(mail.of.as_deref().unwrap_or_default()),
    };
    ("deliveries", which, twin)
}

fn sentence(what: &str, how: &str, filter: &str) -> String {
    if filter.is_empty() {
        return format!("All {what} are written{how}.");
    }
    format!("The {what} of the filter are written{how}: {filter}")
}

/// A filter as a shell takes it, behind a blank; nothing where there is none.
fn words(filter: &str) -> String {
    let quoted = if filter.contains('"') {
        // Blanks between quotes are part of a word.
        vec![twin::quoted(filter)]
    } else {
        let words = filter.split(' ').filter(|word| !word.is_empty());
        words.map(twin::quoted).collect()
    };
    // What begins with a dash would be an option.
    let begins = |word: &String| word.starts_with('-') || word.starts_with("'-");
    let dashes = if quoted.iter().any(begins) { " --" } else { "" };
    quoted
        .iter()
        .fold(dashes.to_owned(), |line, word| line + " " + word)
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

/// Begins the writing.
pub(super) fn begin(model: &mut Model, rows: Rows, said: &Said) -> Vec<Effect> {
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
