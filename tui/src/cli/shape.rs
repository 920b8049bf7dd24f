//! The shapes that data is written in: `-o table|json|jsonl|csv|plain`, `--fields`, `--no-header`, `-0`.
//!
//! What a subcommand found is a value that serialises; its JSON fields are the columns of all other
//! shapes. A table for people has columns of its own, unless fields are asked for.

use std::io::Write;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::Context;
use super::exit::Failure;
use super::output::{self, data, table};
use super::standard::Output;
use crate::records::{Fields, Format, Guard, Head, Records};

/// What the help puts above options about what is written, which all commands have.
pub(crate) const OUTPUT_OPTIONS: &str = "Output options";
/// The same for the other options of all commands.
pub(crate) const GLOBAL_OPTIONS: &str = "Global options";

/// A shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Columns for people
    #[default]
    Table,
    /// One document with the schema's number
    Json,
    /// A document a line
    Jsonl,
    /// RFC 4180, with a head; cells that a spreadsheet would calculate begin with '
    Csv,
    /// Fields between tabs, without a head
    Plain,
}

/// What was asked for of it.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Shape {
    /// Write data as table, json, jsonl, csv or plain
    #[arg(
        short = 'o',
        long = "output",
        global = true,
        value_name = "FORM",
        hide_possible_values = true,
        help_heading = OUTPUT_OPTIONS
    )]
    form: Option<Form>,
    /// The same as -o json
    #[arg(long, global = true, conflicts_with = "form", help_heading = OUTPUT_OPTIONS)]
    json: bool,
    /// Only these fields of the JSON, in this order: a,b
    #[arg(
        long,
        global = true,
        value_name = "NAMES",
        value_delimiter = ',',
        help_heading = OUTPUT_OPTIONS
    )]
    fields: Vec<String>,
    /// Leave the head of tables and CSV out
    #[arg(long, global = true, help_heading = OUTPUT_OPTIONS)]
    no_header: bool,
    /// NUL instead of a line's end: after records of -o plain, and between names that are read
    #[arg(short = '0', long = "null", global = true, help_heading = OUTPUT_OPTIONS)]
    null: bool,
}

/// A page of things as people read it: the head, and a row for each.
pub(crate) type Rows = (Vec<&'static str>, Vec<Vec<String>>);

impl Shape {
    /// What was asked for.
    pub(crate) fn form(&self) -> Form {
        if self.json {
            return Form::Json;
        }
        self.form.unwrap_or_default()
    }

    /// Whether NUL ends records.
    pub(crate) fn null(&self) -> bool {
        self.null
    }

    /// Documents a line each, where one document was asked for; its own fields.
    pub(crate) fn lines(&self) -> Self {
        let form = match self.form() {
            Form::Json => Form::Jsonl,
            other @ (Form::Table | Form::Jsonl | Form::Csv | Form::Plain) => other,
        };
        Self {
            form: Some(form),
            json: false,
            fields: Vec::new(),
            ..self.clone()
        }
    }
}

impl Context {
    /// Writes one thing; `text` is what people read of it.
    pub(crate) fn one<T: Serialize>(
        &self,
        thing: &T,
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let shape = &self.shape;
        match shape.form() {
            Form::Table if shape.fields.is_empty() => data(&text()),
            Form::Json | Form::Jsonl => {
                output::document(&Fields::of(thing)?.picked(&shape.fields)?)
            }
            Form::Csv => Ok(shape.records(Guard::Formulas).write(&[thing])?),
            Form::Table | Form::Plain => shape.write(&[thing], shape.head()),
        }
    }

    /// Writes one thing that is about many: JSON is one document with all of it, and people read `text`. All other
    /// shapes, and fields that are asked for beside JSON, have a record for each of `rows`.
    pub(crate) fn each<T: Serialize, R: Serialize>(
        &self,
        thing: &T,
        rows: &[R],
        text: impl FnOnce() -> String,
    ) -> Result<(), Failure> {
        let shape = &self.shape;
        match shape.form() {
            Form::Table if shape.fields.is_empty() => data(&text()),
            Form::Json => output::document(&Fields::of(thing)?.picked(&shape.fields)?),
            Form::Jsonl | Form::Csv => Ok(shape.records(Guard::Formulas).write(rows)?),
            Form::Table | Form::Plain => shape.write(rows, shape.head()),
        }
    }

    /// Writes a list as its pages come, so that it never stands in memory whole; an empty page is the
    /// end. How many there were. `rows` makes the table for people; `name` is the list's in JSON.
    pub(crate) fn many<T: Serialize>(
        &self,
        name: &str,
        next: impl FnMut() -> Result<Vec<T>, Failure>,
        rows: impl Fn(&[T]) -> Rows,
    ) -> Result<u64, Failure> {
        let people = |page: &[T], head| {
            let (titles, cells) = rows(page);
            let text = table(&titles, &cells);
            match head {
                Head::Due => text,
                Head::Done => headless(&text).to_owned(),
            }
        };
        self.shape.pages(name, Guard::Formulas, next, people)
    }

    /// As [`Self::many`], where people read lines instead of a table.
    pub(crate) fn lines<T: Serialize>(
        &self,
        name: &str,
        next: impl FnMut() -> Result<Vec<T>, Failure>,
        lines: impl Fn(&[T]) -> String,
    ) -> Result<u64, Failure> {
        self.shape
            .pages(name, Guard::Formulas, next, |page, _head| lines(page))
    }

    /// As [`Self::many`], for other programs: CSV where nothing else was asked for.
    pub(crate) fn exported<T: Serialize>(
        &self,
        name: &str,
        guard: Guard,
        next: impl FnMut() -> Result<Vec<T>, Failure>,
    ) -> Result<u64, Failure> {
        let mut shape = self.shape.clone();
        if shape.form() == Form::Table {
            shape.form = Some(Form::Csv);
        }
        shape.pages(name, guard, next, |_page, _head| String::new())
    }
}

impl Shape {
    /// Writes a list in this shape; `people` makes what people read of a page.
    fn pages<T: Serialize>(
        &self,
        name: &str,
        guard: Guard,
        mut next: impl FnMut() -> Result<Vec<T>, Failure>,
        people: impl Fn(&[T], Head) -> String,
    ) -> Result<u64, Failure> {
        let shape = self;
        let mut count = 0;
        let mut head = shape.head();
        let mut records = shape.records(guard);
        if shape.form() == Form::Json {
            output::list(name, || {
                let page = next()?;
                count += page.len() as u64;
                page.iter()
                    .map(|thing| Ok(Fields::of(thing)?.picked(&shape.fields)?))
                    .collect()
            })?;
            return Ok(count);
        }
        loop {
            let page = next()?;
            if page.is_empty() {
                return Ok(count);
            }
            count += page.len() as u64;
            match shape.form() {
                Form::Table if shape.fields.is_empty() => data(&people(&page, head))?,
                Form::Jsonl | Form::Csv => records.write(&page)?,
                Form::Table | Form::Plain | Form::Json => shape.write(&page, head)?,
            }
            head = Head::Done;
        }
    }

    /// Whether a head is wanted.
    fn head(&self) -> Head {
        if self.no_header {
            Head::Done
        } else {
            Head::Due
        }
    }

    /// What writes records to the standard output, in the form that is asked for.
    fn records(&self, guard: Guard) -> Records<Output> {
        let format = match self.form() {
            Form::Jsonl => Format::Jsonl,
            Form::Table | Form::Json | Form::Csv | Form::Plain => Format::Csv,
        };
        let records = Records::new(Output, format).guarded(guard);
        records.of(&self.fields, self.head())
    }

    /// Writes things by their fields, for people or as plain lines.
    fn write<T: Serialize>(&self, things: &[T], head: Head) -> Result<(), Failure> {
        let picked = things
            .iter()
            .map(|thing| Ok(Fields::of(thing)?.picked(&self.fields)?));
        let records: Vec<Fields> = picked.collect::<Result<_, Failure>>()?;
        let Some(first) = records.first() else {
            return Ok(());
        };
        let columns: Vec<String> = first.names().map(str::to_owned).collect();
        let rows = records.iter().map(|record| record.cells(&columns));
        let rows: Vec<Vec<String>> = rows.map(Iterator::collect).collect();
        if self.form() == Form::Plain {
            let end = if self.null { '\0' } else { '\n' };
            let mut out = Output;
            for row in rows {
                write!(out, "{}{end}", row.join("\t"))?;
            }
            return Ok(out.flush()?);
        }
        let titles: Vec<String> = columns.iter().map(|name| name.to_uppercase()).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let text = table(&titles, &rows);
        data(match head {
            Head::Due => &text,
            Head::Done => headless(&text),
        })
    }
}

/// A table without its head.
fn headless(table: &str) -> &str {
    table.split_once('\n').map_or("", |(_, rest)| rest)
}
