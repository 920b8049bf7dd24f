//! The shapes that data is written in: `-o table|json|jsonl|csv|plain`, `--fields`, `--no-header`, `-0`.
//!
//! What a subcommand found is a value that serialises; its JSON fields are the columns of all other
//! shapes. A table for people has columns of its own, unless fields are asked for.

use std::fmt;
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Context;
use super::exit::{Exit, Failure};
use super::output::{self, data, table};
use super::standard::Output;
use crate::cells::{cell, guarded};

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
        hide_possible_values = true
    )]
    form: Option<Form>,
    /// The same as -o json
    #[arg(long, global = true, conflicts_with = "form")]
    json: bool,
    /// Only these fields of the JSON, in this order: a,b
    #[arg(long, global = true, value_name = "NAMES", value_delimiter = ',')]
    fields: Vec<String>,
    /// Leave the head of tables and CSV out
    #[arg(long, global = true)]
    no_header: bool,
    /// NUL instead of a line's end: after records of -o plain, and between names that are read
    #[arg(short = '0', long = "null", global = true)]
    null: bool,
}

/// Whether cells of a CSV are kept from being calculated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// Those that a spreadsheet would take for a formula begin with '.
    Formulas,
    /// All are as they are, at somebody's own word.
    Raw,
}

impl Guard {
    fn applied(self, cell: &str) -> String {
        match self {
            Self::Formulas => guarded(cell),
            Self::Raw => cell.to_owned(),
        }
    }
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
            Form::Json | Form::Jsonl if shape.fields.is_empty() => output::document(thing),
            Form::Json | Form::Jsonl => output::document(&shape.picked(object(thing)?)?),
            Form::Table | Form::Csv | Form::Plain => {
                shape.write(&[thing], &mut Head::Due, Guard::Formulas)
            }
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
        let mut head = if shape.no_header {
            Head::Done
        } else {
            Head::Due
        };
        if shape.form() == Form::Json {
            output::list(name, || {
                let page = next()?;
                count += page.len() as u64;
                page.iter()
                    .map(|thing| shape.picked(object(thing)?))
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
                Form::Table if shape.fields.is_empty() => {
                    data(&people(&page, head))?;
                    head = Head::Done;
                }
                Form::Jsonl => {
                    for thing in &page {
                        output::document(&shape.picked(object(thing)?)?)?;
                    }
                }
                Form::Table | Form::Csv | Form::Plain | Form::Json => {
                    let things: Vec<&T> = page.iter().collect();
                    shape.write(&things, &mut head, guard)?;
                }
            }
        }
    }
}

/// Whether a head must still be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    Due,
    Done,
}

impl Shape {
    /// The fields that were asked for; all, where none was named.
    fn picked(&self, object: Fields) -> Result<Fields, Failure> {
        if self.fields.is_empty() {
            return Ok(object);
        }
        let mut picked = Fields::default();
        for name in &self.fields {
            let Some(value) = object.get(name) else {
                let known: Vec<&str> = object.names().collect();
                let text = format!("no field {name}: there are {}", known.join(", "));
                return Err(Failure::Said(Exit::Usage, text));
            };
            picked.0.push((name.clone(), value.clone()));
        }
        Ok(picked)
    }

    /// Writes things by their fields.
    fn write<T: Serialize>(
        &self,
        things: &[&T],
        head: &mut Head,
        guard: Guard,
    ) -> Result<(), Failure> {
        let objects: Vec<Fields> = things
            .iter()
            .map(|thing| self.picked(object(thing)?))
            .collect::<Result<_, Failure>>()?;
        let Some(first) = objects.first() else {
            return Ok(());
        };
        let names: Vec<String> = if self.fields.is_empty() {
            first.names().map(str::to_owned).collect()
        } else {
            self.fields.clone()
        };
        let cells = objects.iter().map(|object| {
            let cell = |name: &String| object.get(name).map(cell).unwrap_or_default();
            names.iter().map(cell).collect::<Vec<String>>()
        });
        let shown = *head == Head::Due && !self.no_header;
        *head = Head::Done;
        match self.form() {
            Form::Csv => {
                let mut out = csv::Writer::from_writer(Output);
                let failed = |error: csv::Error| Failure::Output(io::Error::other(error));
                if shown {
                    out.write_record(&names).map_err(failed)?;
                }
                for row in cells {
                    out.write_record(row.iter().map(|cell| guard.applied(cell)))
                        .map_err(failed)?;
                }
                out.flush()?;
                Ok(())
            }
            Form::Plain => {
                let end = if self.null { '\0' } else { '\n' };
                let mut out = Output;
                for row in cells {
                    write!(out, "{}{end}", row.join("\t"))?;
                }
                out.flush()?;
                Ok(())
            }
            Form::Table | Form::Json | Form::Jsonl => {
                let titles: Vec<String> = names.iter().map(|name| name.to_uppercase()).collect();
                let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
                let rows: Vec<Vec<String>> = cells.collect();
                let text = table(&titles, &rows);
                data(if shown { &text } else { headless(&text) })
            }
        }
    }
}

/// A table without its head.
fn headless(table: &str) -> &str {
    table.split_once('\n').map_or("", |(_, rest)| rest)
}

/// What a thing has, in the order in which it says it.
#[derive(Clone, Debug, Default)]
struct Fields(Vec<(String, Value)>);

impl Fields {
    fn get(&self, wanted: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(field) = map.next_entry()? {
                    fields.0.push(field);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

fn object<T: Serialize>(thing: &T) -> Result<Fields, Failure> {
    // By way of the text: a value of serde_json's sorts its fields.
    let fields = serde_json::to_string(thing).and_then(|text| serde_json::from_str(&text));
    fields.map_err(|error| Failure::Said(Exit::Failed, format!("no JSON can be made: {error}")))
}
