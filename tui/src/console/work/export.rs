//! Writes what a list has to a file of the person's, page by page: never the whole list in memory. What is
//! written is what the subcommands write; here it is watched and stopped.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use gatepost_shared::admin::{Admin, AdminError};
use serde::Serialize;

use super::super::effect::{Export, Rows};
use super::super::message::{Found, Job, Progress};
use super::super::model::text::{counted, grouped};
use super::pace::Pace;
use super::{Desk, said};
use crate::exports::{self, Events, Everybody, Mails, Proof};
use crate::person;
use crate::records::{Format, Records};

/// Writes it; tells how far it is and how it ended.
pub(super) fn work(desk: &Desk, job: Job, export: &Export) {
    let written = write(desk, job, export);
    desk.tell(Found::Ended(job, written));
}

fn write(desk: &Desk, job: Job, export: &Export) -> Result<String, String> {
    let mut admin = desk.admin()?;
    let file = person::create(&desk.operator()?, &export.path);
    let file = file.map_err(|error| error.to_string())?;
    let sheet = |file| Sheet::new(desk, job, export, file);
    match &export.rows {
        Rows::Store => back_up(&mut admin, file, export),
        Rows::Users(filter, mask) => {
            let mut everybody = Everybody::of(filter.clone(), *mask);
            sheet(file).filled(|| everybody.next(&admin))
        }
        Rows::Mails(of) => {
            let mut mails = Mails::of(of.clone());
            sheet(file).filled(|| mails.next(&admin))
        }
        Rows::Events(filter) => {
            let events = Events::of(&admin, filter.clone());
            let mut events = events.map_err(|error| said(&error))?;
            let written = sheet(file).filled(|| events.next(&admin))?;
            if desk.is_stopped(job) {
                return Ok(written);
            }
            proven(desk, job, &admin, &written)
        }
    }
}

/// What was written, with what the chain says of it.
fn proven(desk: &Desk, job: Job, admin: &Admin, written: &str) -> Result<String, String> {
    let progress = |done| tell(desk, job, done);
    let proof = exports::proof(admin, &progress).map_err(|error| said(&error))?;
    match proof {
        Proof::Holds(how) => Ok(format!("{written}. {how}")),
        Proof::Broken(how) => Err(format!("{written}. {how}")),
    }
}

/// Writes a copy of the store.
fn back_up(admin: &mut Admin, mut file: File, export: &Export) -> Result<String, String> {
    let done = admin
        .backup(&mut file, None)
        .map_err(|error| said(&error))?;
    Ok(format!(
        "{} bytes written to {}. The key is not in it: back /etc/gatepost/key up too, apart from this.",
        grouped(done.bytes),
        export.path.display()
    ))
}

fn tell(desk: &Desk, job: Job, done: u64) {
    let progress = Progress {
        done,
        ..Progress::default()
    };
    desk.tell(Found::Progress(job, progress));
}

/// The file that is being written.
struct Sheet<'a> {
    desk: &'a Desk,
    job: Job,
    path: &'a Path,
    records: Records<BufWriter<File>>,
}

impl<'a> Sheet<'a> {
    fn new(desk: &'a Desk, job: Job, export: &'a Export, file: File) -> Self {
        let format = if export.is_csv {
            Format::Csv
        } else {
            Format::Jsonl
        };
        Self {
            desk,
            job,
            path: &export.path,
            records: Records::new(BufWriter::new(file), format),
        }
    }

    /// Writes pages until there is none, or it is asked to stop; says how much it was.
    fn filled<T: Serialize>(
        mut self,
        mut next: impl FnMut() -> Result<Vec<T>, AdminError>,
    ) -> Result<String, String> {
        let path = self.path.display();
        let mut reports = Pace::new();
        let mut done = 0;
        let how = loop {
            let page = next().map_err(|error| said(&error))?;
            if page.is_empty() {
                break "";
            }
            let written = self.records.write(&page);
            written.map_err(|error| format!("{path}: {error}"))?;
            done += page.len() as u64;
            if reports.is_due() {
                tell(self.desk, self.job, done);
            }
            if self.desk.is_stopped(self.job) {
                break ", stopped before the end";
            }
        };
        let rows = counted(done, "row", "rows");
        Ok(format!("{rows} written to {path}{how}"))
    }
}
