//! Writes what a filter wants to a file of the person's, page by page: never the whole list in memory.

use std::fs::File;
use std::io::{BufWriter, Write};

use gatepost_shared::admin::Admin;
use gatepost_shared::admin::browse::{self, Around, EventRow};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::effect::{Export, Rows};
use super::super::message::{Found, Job, Progress};
use super::super::model::list::PAGE;
use super::super::model::text::{counted, grouped};
use super::pace::Pace;
use super::{Desk, said};
use crate::cells::{cell, guarded};
use crate::person;

/// Writes it; tells how far it is and how it ended.
pub(super) fn work(desk: &Desk, job: Job, export: &Export) {
    let written = write(desk, job, export);
    desk.tell(Found::Ended(job, written));
}

fn write(desk: &Desk, job: Job, export: &Export) -> Result<String, String> {
    let mut admin = desk.admin()?;
    let file = person::create(&desk.operator()?, &export.path);
    let file = file.map_err(|error| error.to_string())?;
    if export.rows == Rows::Store {
        return back_up(&mut admin, file, export);
    }
    let mut sheet = Sheet {
        out: BufWriter::new(file),
        is_csv: export.is_csv,
        has_head: false,
    };
    let mut reports = Pace::new();
    let mut done = 0;
    let mut after = After::default();
    let how = loop {
        let page = after.next(&admin, &export.rows)?;
        if page.is_empty() {
            break "";
        }
        for row in &page {
            let written = sheet.row(row);
            written.map_err(|error| format!("{}: {error}", export.path.display()))?;
        }
        done += page.len() as u64;
        if reports.is_due() {
            let progress = Progress {
                done,
                ..Progress::default()
            };
            desk.tell(Found::Progress(job, progress));
        }
        if desk.is_stopped(job) {
            break ", stopped before the end";
        }
    };
    let flushed = sheet.out.flush();
    flushed.map_err(|error| format!("{}: {error}", export.path.display()))?;
    let rows = counted(done, "row", "rows");
    Ok(format!("{rows} written to {}{how}", export.path.display()))
}

/// Writes a copy of the store.
fn back_up(admin: &mut Admin, mut file: File, export: &Export) -> Result<String, String> {
    let done = admin.backup(&mut file).map_err(|error| said(&error))?;
    Ok(format!(
        "{} bytes written to {}. The key is not in it: back /etc/gatepost/key up too, apart from this.",
        grouped(done.bytes),
        export.path.display()
    ))
}

/// Where the next page begins.
#[derive(Default)]
struct After {
    user: browse::After,
    event: Option<i64>,
}

impl After {
    fn next(&mut self, admin: &Admin, rows: &Rows) -> Result<Vec<Map<String, Value>>, String> {
        match rows {
            Rows::Users(filter, mask) => {
                let page = admin.users_like(filter, &self.user, PAGE, *mask);
                let page = page.map_err(|error| said(&error))?;
                if let Some(last) = page.last() {
                    self.user = browse::After::row(last);
                }
                page.iter().map(fields).collect()
            }
            // Written in one piece.
            Rows::Store => Ok(Vec::new()),
            Rows::Events(filter) => {
                let around = self
                    .event
                    .map_or(Around::First, |last| Around::Key(last - 1));
                let page = admin.browse_events(filter, &around, PAGE);
                let mut page = page.map_err(|error| said(&error))?.rows;
                // A page lies around its key: what was written is in it again.
                page.retain(|event| self.event.is_none_or(|last| event.seq < last));
                self.event = page.last().map(|event| event.seq).or(self.event);
                Ok(page.iter().map(event).collect())
            }
        }
    }
}

fn fields<T: Serialize>(thing: &T) -> Result<Map<String, Value>, String> {
    match serde_json::to_value(thing) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) | Err(_) => Err("a row has no fields".to_owned()),
    }
}

fn event(event: &EventRow) -> Map<String, Value> {
    let detail = event
        .detail
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)));
    Map::from_iter([
        ("seq".to_owned(), json!(event.seq)),
        ("at".to_owned(), json!(event.at)),
        ("kind".to_owned(), json!(event.kind)),
        ("user".to_owned(), json!(event.user)),
        ("service".to_owned(), json!(event.service)),
        ("source".to_owned(), json!(event.source)),
        ("conversation".to_owned(), json!(event.conversation)),
        ("detail".to_owned(), Value::Object(detail.collect())),
    ])
}

/// The file, in its form.
struct Sheet<W> {
    out: W,
    is_csv: bool,
    has_head: bool,
}

impl<W: Write> Sheet<W> {
    fn row(&mut self, row: &Map<String, Value>) -> std::io::Result<()> {
        if !self.is_csv {
            serde_json::to_writer(&mut self.out, row)?;
            return self.out.write_all(b"\n");
        }
        let mut csv = csv::Writer::from_writer(&mut self.out);
        if !std::mem::replace(&mut self.has_head, true) {
            csv.write_record(row.keys())?;
        }
        csv.write_record(row.values().map(|value| guarded(&cell(value))))?;
        csv.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::Sheet;

    fn written(is_csv: bool) -> String {
        let Value::Object(row) = json!({"seq": 1, "user": "=cmd()", "detail": {"a": "b,c"}}) else {
            panic!()
        };
        let row: Map<String, Value> = row;
        let mut sheet = Sheet {
            out: Vec::new(),
            is_csv,
            has_head: false,
        };
        sheet.row(&row).unwrap();
        sheet.row(&row).unwrap();
        String::from_utf8(sheet.out).unwrap()
    }

    // Mutant: a cell is not guarded against spreadsheets.
    #[test]
    fn rows_are_written_in_either_form() {
        let csv = written(true);
        assert_eq!(csv.lines().count(), 3, "one head: {csv}");
        assert!(
            csv.contains("'=cmd()") && csv.contains("\"{\"\"a\"\":\"\"b,c\"\"}\""),
            "{csv}"
        );
        let lines = written(false);
        for line in lines.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            assert_eq!(row["user"], "=cmd()");
        }
        assert_eq!(lines.lines().count(), 2);
    }
}
