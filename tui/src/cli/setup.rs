//! `gatepost setup`.

use clap::Args;
use gatepost_shared::admin::setup::{self, Done, LostStore, Report};

use super::Context;
use super::exit::{Exit, Failure};
use super::output::{table, words};

#[derive(Debug, Args)]
pub(crate) struct Setup {
    /// Make an empty store where configuration and key are there and the store is gone
    #[arg(long)]
    new_store: bool,
}

pub(crate) fn run(context: &Context, asked: &Setup) -> Result<Exit, Failure> {
    let lost = if asked.new_store {
        LostStore::MakeNew
    } else {
        LostStore::Tell
    };
    let report = setup::run(context.conf.as_deref(), &context.operator, lost)?;
    context.one(&report, || shown(&report))?;
    next(&report, context);
    Ok(match (report.failed(), report.changed()) {
        (0, _) => Exit::Ok,
        (_, true) => Exit::Partly,
        (_, false) => Exit::Failed,
    })
}

fn shown(report: &Report) -> String {
    let rows: Vec<Vec<String>> = report
        .steps
        .iter()
        .map(|step| {
            let done = match step.done {
                Done::Created => "created",
                Done::LeftAlone => "is there, left alone",
                Done::Migrated => "migrated",
                Done::Failed => "FAILED",
            };
            vec![step.thing.to_owned(), step.name.clone(), done.to_owned()]
        })
        .collect();
    let notes = report.steps.iter().filter(|step| !step.note.is_empty());
    notes.fold(
        table(&["WHAT", "NAME", "HOW IT WENT"], &rows),
        |text, step| format!("{text}\n{}: {}\n", step.name, step.note),
    )
}

/// What to do now.
fn next(report: &Report, context: &Context) {
    if report.failed() > 0 {
        words("Mend what FAILED as it says there, then run gatepost setup again.");
        return;
    }
    let conf = context.conf.as_deref().map_or_else(
        || gatepost_shared::config::CONFIG.to_owned(),
        |path| path.display().to_string(),
    );
    match &report.lacks {
        Some(_) => words(&format!(
            "Next: in {conf}, set [mail] from and the [[relay]] that takes the mail, then\n  \
             gatepost mail test you@example.org\n  gatepost user add USER ADDRESS"
        )),
        None => {
            words("Next:\n  gatepost mail test you@example.org\n  gatepost user add USER ADDRESS");
        }
    }
}
