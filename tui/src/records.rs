//! Records as other programs read them: CSV, or a JSON document a line. The subcommands write them to the
//! standard output and the console to a file, and it is the same writer: both write the same. What is in
//! the records, and where they go, is not known here.

use std::fmt;
use std::io::{self, Write};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::cells::{ascii, cell, guarded};

/// The version of the JSON documents; fields are added, never changed or removed.
pub(crate) const SCHEMA: u32 = 1;

/// A form that records have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// RFC 4180, with a head.
    Csv,
    /// A JSON document a line, each with the schema's number.
    Jsonl,
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

/// Whether a head must still be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    /// It must.
    Due,
    /// It was, or is not wanted.
    Done,
}

/// Why a record was not written.
#[derive(Debug)]
pub(crate) enum NotWritten {
    /// A field was asked for that there is not; what there is.
    NoField(String),
    /// It is no object.
    NoJson(serde_json::Error),
    /// Nobody takes it.
    Output(io::Error),
}

impl fmt::Display for NotWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoField(text) => f.write_str(text),
            Self::NoJson(error) => write!(f, "no JSON can be made: {error}"),
            Self::Output(error) => error.fmt(f),
        }
    }
}

impl From<io::Error> for NotWritten {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// Writes records.
pub(crate) struct Records<W> {
    out: W,
    format: Format,
    guard: Guard,
    /// Those that are wanted; empty: all.
    fields: Vec<String>,
    /// The columns, once they are known: those of the first record.
    columns: Vec<String>,
    head: Head,
}

impl<W: Write> Records<W> {
    /// All fields of each, below a head where the form has one, fit for a spreadsheet.
    pub(crate) fn new(out: W, format: Format) -> Self {
        Self {
            out,
            format,
            guard: Guard::Formulas,
            fields: Vec::new(),
            columns: Vec::new(),
            head: Head::Due,
        }
    }

    /// The same with cells guarded so.
    pub(crate) fn guarded(self, guard: Guard) -> Self {
        Self { guard, ..self }
    }

    /// The same with these fields alone, where any are named, and with that head.
    pub(crate) fn of(self, fields: &[String], head: Head) -> Self {
        Self {
            fields: fields.to_vec(),
            head,
            ..self
        }
    }

    /// Writes a page of them, down to whoever takes it.
    pub(crate) fn write<T: Serialize>(&mut self, page: &[T]) -> Result<(), NotWritten> {
        match self.format {
            Format::Csv => self.csv(page)?,
            Format::Jsonl => {
                for thing in page {
                    let record = Fields::of(thing)?.picked(&self.fields)?;
                    let line = document(&record).map_err(NotWritten::NoJson)?;
                    self.out.write_all(line.as_bytes())?;
                    self.out.write_all(b"\n")?;
                }
            }
        }
        Ok(self.out.flush()?)
    }

    fn csv<T: Serialize>(&mut self, page: &[T]) -> Result<(), NotWritten> {
        let mut csv = csv::Writer::from_writer(&mut self.out);
        for thing in page {
            let record = Fields::of(thing)?.picked(&self.fields)?;
            if self.columns.is_empty() {
                self.columns = record.names().map(str::to_owned).collect();
            }
            if self.head == Head::Due {
                csv.write_record(&self.columns).map_err(io::Error::from)?;
                self.head = Head::Done;
            }
            let cells = record.cells(&self.columns);
            let cells = cells.map(|cell| self.guard.applied(&cell));
            csv.write_record(cells).map_err(io::Error::from)?;
        }
        Ok(csv.flush()?)
    }
}

/// A thing as a JSON document on one line of ASCII: its fields beside the schema's number.
pub(crate) fn document<T: Serialize>(body: &T) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Document<'a, T> {
        schema: u32,
        #[serde(flatten)]
        body: &'a T,
    }
    let document = Document {
        schema: SCHEMA,
        body,
    };
    Ok(ascii(&serde_json::to_string(&document)?))
}

/// What a thing has, in the order in which it says it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// Of a thing that is an object.
    pub(crate) fn of<T: Serialize>(thing: &T) -> Result<Self, NotWritten> {
        // By way of the text: a value of serde_json's sorts its fields.
        let fields = serde_json::to_string(thing).and_then(|text| serde_json::from_str(&text));
        fields.map_err(NotWritten::NoJson)
    }

    /// Those of these names, in their order; all, where none is named.
    pub(crate) fn picked(self, names: &[String]) -> Result<Self, NotWritten> {
        if names.is_empty() {
            return Ok(self);
        }
        let mut picked = Self::default();
        for name in names {
            let Some(value) = self.get(name) else {
                let known: Vec<&str> = self.names().collect();
                let text = format!("no field {name}: there are {}", known.join(", "));
                return Err(NotWritten::NoField(text));
            };
            picked.0.push((name.clone(), value.clone()));
        }
        Ok(picked)
    }

    /// What they are called.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// What is in those of these names, each as one cell; empty where there is none of that name.
    pub(crate) fn cells(&self, names: &[String]) -> impl Iterator<Item = String> {
        let value = |name: &String| self.get(name).map(cell).unwrap_or_default();
        names.iter().map(value)
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
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

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::{Format, Guard, Head, NotWritten, Records};

    #[derive(Serialize)]
    struct Row {
        user: &'static str,
        at: Option<u32>,
        all: Vec<&'static str>,
    }

    const ROWS: [Row; 2] = [
        Row {
            user: "=cmd()",
            at: Some(7),
            all: vec![],
        },
        Row {
            user: "\u{e4},b",
            at: None,
            all: vec![],
        },
    ];

    fn written(
        records: impl FnOnce(Records<&mut Vec<u8>>) -> Records<&mut Vec<u8>>,
        format: Format,
    ) -> String {
        let mut out = Vec::new();
        let mut records = records(Records::new(&mut out, format));
        // Two pages.
        for row in &ROWS {
            records.write(std::slice::from_ref(row)).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    // Mutants: a cell is not guarded, or is where nobody wants it; each page has a head; fields stand in the
    // order of their names; a line has no schema, or is no ASCII.
    #[test]
    fn records_are_written_in_either_form() {
        assert_eq!(
            written(|records| records, Format::Csv),
            "user,at,all\n'=cmd(),7,\n\"\u{e4},b\",,\n"
        );
        assert_eq!(
            written(|records| records.guarded(Guard::Raw), Format::Csv),
            "user,at,all\n=cmd(),7,\n\"\u{e4},b\",,\n"
        );
        let fields = ["at".to_owned(), "user".to_owned()];
        assert_eq!(
            written(|records| records.of(&fields, Head::Done), Format::Csv),
            "7,'=cmd()\n,\"\u{e4},b\"\n"
        );
        assert_eq!(
            written(|records| records, Format::Jsonl),
            "{\"schema\":1,\"user\":\"=cmd()\",\"at\":7,\"all\":[]}\n\
             {\"schema\":1,\"user\":\"\\u00e4,b\",\"at\":null,\"all\":[]}\n"
        );
        let mut records = Records::new(Vec::new(), Format::Jsonl).of(&["no".to_owned()], Head::Due);
        let refused = records.write(&ROWS);
        let Err(NotWritten::NoField(text)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(text, "no field no: there are user, at, all");
    }
}
