//! The forms of lists: text in, rows out, each with its line. Nothing is looked up. Everything is
//! bounded: the file, its lines, its rows.

use std::io;

use super::super::super::AdminError;
use super::ldif;

/// The most that a list may have, in bytes.
pub const IMPORT_LIMIT: u64 = 16 * 1024 * 1024;
/// The most rows.
pub const MOST_ROWS: usize = 100_000;
/// The longest line, in bytes.
pub(super) const LONGEST: usize = 8 * 1024;

/// How a list is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma separated, with the head `user,address[,note][,confirmed]` in any order.
    Csv,
    /// LDIF (RFC 2849) with `uid` and `mail`.
    Ldif,
    /// passwd(5), as getent writes it: each user's address is at this domain.
    Passwd(String),
}

/// A list's rows.
#[derive(Debug, Default)]
pub struct Rows(pub(super) Vec<Read>);

/// A row, or what is wrong with its line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) line: u64,
    pub(super) row: Result<Row, String>,
}

/// What a row says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) user: String,
    pub(super) address: String,
    pub(super) note: String,
    pub(super) confirmed: bool,
}

/// Reads a list. One that is too large, or has no head, is refused as a whole.
pub fn read_rows(from: impl io::Read, form: &Form) -> Result<Rows, AdminError> {
    let usage = AdminError::Usage;
    let mut bytes = Vec::new();
    let mut bounded = io::Read::take(from, IMPORT_LIMIT.saturating_add(1));
    io::Read::read_to_end(&mut bounded, &mut bytes)
        .map_err(|error| usage(format!("the list cannot be read: {error}")))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > IMPORT_LIMIT {
        let text = "the list is longer than 16 MiB: split it";
        return Err(usage(text.to_owned()));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_binary| usage("the list is not written in UTF-8".to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if let Some(line) = text.lines().position(|line| line.len() > LONGEST) {
        let line = line + 1;
        return Err(usage(format!("line {line} is longer than {LONGEST} bytes")));
    }
    let rows = match form {
        Form::Csv => csv_rows(text)?,
        Form::Ldif => ldif::rows(text),
        Form::Passwd(domain) => passwd_rows(text, domain),
    };
    if rows.len() > MOST_ROWS {
        let text = format!("the list has more than {MOST_ROWS} rows: split it");
        return Err(usage(text));
    }
    Ok(Rows(rows))
}

const HEAD: &str = "the first line must name the columns: user,address and, if you like, note and \
                    confirmed";

fn csv_rows(text: &str) -> Result<Vec<Read>, AdminError> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let head = reader
        .headers()
        .map_err(|_odd| AdminError::Usage(HEAD.to_owned()))?
        .clone();
    let known = ["user", "address", "note", "confirmed"];
    let column = |name: &str| {
        head.iter()
            .position(|title| title.eq_ignore_ascii_case(name))
    };
    let stray = head
        .iter()
        .find(|title| !known.iter().any(|name| title.eq_ignore_ascii_case(name)));
    let (Some(user), Some(address), None) = (column("user"), column("address"), stray) else {
        return Err(AdminError::Usage(HEAD.to_owned()));
    };
    let (note, confirmed) = (column("note"), column("confirmed"));
    let mut rows = Vec::new();
    let mut lines = Lines {
        text,
        at: 0,
        line: 1,
    };
    for record in reader.records() {
        let (line, row) = match record {
            Ok(record) => {
                let line = lines.of(record.position());
                let cell = |at: usize| record.get(at).unwrap_or_default().to_owned();
                let row = yes(&confirmed.map(cell).unwrap_or_default()).map(|confirmed| Row {
                    user: cell(user),
                    address: cell(address),
                    note: note.map(cell).unwrap_or_default(),
                    confirmed,
                });
                (line, row)
            }
            Err(error) => {
                let line = lines.of(error.position());
                let columns = head.len();
                (
                    line,
                    Err(format!(
                        "it has not {columns} columns, as the first line has"
                    )),
                )
            }
        };
        rows.push(Read { line, row });
        if rows.len() > MOST_ROWS {
            break;
        }
    }
    Ok(rows)
}

/// Which line a record begins at. The reader's own count is that of the line before where lines end in
/// CR LF, or are empty.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let Some(begins) = position.and_then(|at| usize::try_from(at.byte()).ok()) else {
            return 0;
        };
        let breaks = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let rest = self.text.as_bytes().get(begins..).unwrap_or_default();
        let begins = begins + rest.iter().take_while(breaks).count();
        // Both ends follow a line's end, or are the beginning: no character is cut.
        let passed = self.text.get(self.at..begins).unwrap_or_default();
        let ended = passed.matches('\n').count();
        self.line += u64::try_from(ended).unwrap_or(0);
        self.at = begins;
        self.line
    }
}

/// What stands in the column `confirmed`.
fn yes(cell: &str) -> Result<bool, String> {
    match cell.to_ascii_lowercase().as_str() {
        "" | "no" | "false" | "0" => Ok(false),
        "yes" | "true" | "1" => Ok(true),
        _ => Err("confirmed is yes or no".to_owned()),
    }
}

fn passwd_rows(text: &str, domain: &str) -> Vec<Read> {
    let row = |line: &str| match line.split_once(':') {
        Some((user, _)) => Ok(Row {
            user: user.to_owned(),
            address: format!("{user}@{domain}"),
            ..Row::default()
        }),
        None => Err("this is no line of passwd(5)".to_owned()),
    };
    let lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty());
    lines
        .take(MOST_ROWS.saturating_add(1))
        .map(|(text, line)| Read {
            line,
            row: row(text),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Form, IMPORT_LIMIT, LONGEST, MOST_ROWS, Row, read_rows};

    /// A line, and its row or what is wrong with it.
    type Seen = (u64, Result<Row, String>);

    fn rows(text: &str, form: &Form) -> Vec<Seen> {
        let rows = read_rows(text.as_bytes(), form).unwrap();
        rows.0
            .into_iter()
            .map(|read| (read.line, read.row))
            .collect()
    }

    fn row(user: &str, address: &str, note: &str, confirmed: bool) -> Row {
        Row {
            user: user.to_owned(),
            address: address.to_owned(),
            note: note.to_owned(),
            confirmed,
        }
    }

    // Mutants: the head's order is not looked at; a wrong line ends the list; a quote keeps no comma.
    #[test]
    fn csv_is_read_by_its_head() {
        let text = "\u{feff}Address , user,note,confirmed\r\na@x.org, alice ,\"a, b\",yes\n\
                    b@x.org,bob\nc@x.org,carol,,maybe\n\nd@x.org,dan,,\n";
        assert_eq!(
            rows(text, &Form::Csv),
            [
                (2, Ok(row("alice", "a@x.org", "a, b", true))),
                (
                    3,
                    Err("it has not 4 columns, as the first line has".to_owned())
                ),
                (4, Err("confirmed is yes or no".to_owned())),
                (6, Ok(row("dan", "d@x.org", "", false))),
            ]
        );
        for head in [
            "",
            "alice,a@x.org\n",
            "user,address,role\nalice,a@x.org,x\n",
        ] {
            let error = read_rows(head.as_bytes(), &Form::Csv).unwrap_err();
            assert!(error.to_string().contains("name the columns"), "{head}");
        }
    }

    #[test]
    fn passwd_gives_each_user_an_address_at_the_domain() {
        let text = "alice:x:1000:1000:::/bin/sh\n\nnonsense\n";
        assert_eq!(
            rows(text, &Form::Passwd("x.org".to_owned())),
            [
                (1, Ok(row("alice", "alice@x.org", "", false))),
                (3, Err("this is no line of passwd(5)".to_owned())),
            ]
        );
    }

    // Mutants: a bound is left out, or off by one.
    #[test]
    fn lists_are_bounded() {
        let head = "user,address\n";
        let refused = |text: String, why: &str| {
            let error = read_rows(text.as_bytes(), &Form::Csv).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        };
        let lines = usize::try_from(IMPORT_LIMIT).unwrap() - head.len();
        refused(format!("{head}{}", "\n".repeat(lines + 1)), "16 MiB");
        assert!(
            read_rows(
                format!("{head}{}", "\n".repeat(lines)).as_bytes(),
                &Form::Csv
            )
            .is_ok()
        );
        refused(
            format!("{head}{}\n", "a".repeat(LONGEST + 1)),
            "line 2 is longer",
        );
        refused(format!("{head}{}", "a,b\n".repeat(MOST_ROWS + 1)), "rows");
        let most = format!("{head}{}", "a,b\n".repeat(MOST_ROWS));
        assert_eq!(rows(&most, &Form::Csv).len(), MOST_ROWS);
        assert!(read_rows([0xff, 0xfe].as_slice(), &Form::Csv).is_err());
    }
}
