//! Where words and data go: data to the standard output, words about it to the standard error,
//! everything with `--json` as one document of ASCII.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use gatepost_shared::host;
use gatepost_shared::signals::let_in;
use gatepost_words::time::Wall;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::exit::{Exit, Failure};
use super::manner::{manner, painted};
use super::standard::{Errors, Output};
use crate::cells::ascii;
use crate::records::{self, NotWritten, SCHEMA};

/// The most rows that one look reads.
const MOST_ROWS: i64 = 10_000;

/// Writes lines of data.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    let mut out = Output;
    out.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// Writes words about the data, unless hints are not wanted. Nobody may be listening.
pub(crate) fn words(text: &str) {
    if !manner().quiet {
        let _unheard = writeln!(Errors, "{text}");
    }
}

/// How many rows may be asked for with `-n`: they are held in memory, and read in one look. A whole list
/// is `audit export`'s.
pub(crate) fn bounded() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(..=MOST_ROWS)
}

/// Tells what is wrong, whether hints are wanted or not.
pub(crate) fn fault(text: &str) {
    let _unheard = writeln!(Errors, "gatepost: {text}");
}

/// Writes a document: an object's fields beside the schema's number.
pub(crate) fn document<T: Serialize>(body: &T) -> Result<(), Failure> {
    data(&records::document(body).map_err(no_json)?)
}

/// Writes a document with one long list as its pages come, so that it never stands in memory whole.
/// An empty page is the end.
pub(crate) fn list<T: Serialize>(
    name: &str,
    mut next: impl FnMut() -> Result<Vec<T>, Failure>,
) -> Result<(), Failure> {
    let mut before = format!("{{\"schema\":{SCHEMA},\"{name}\":[");
    loop {
        let page = next()?;
        if page.is_empty() {
            break;
        }
        let mut out = Output;
        for item in &page {
            write!(out, "{before}{}", ascii(&json(item)?))?;
            ",".clone_into(&mut before);
        }
    }
    let begun = if before == "," { "" } else { &before };
    data(&format!("{begun}]}}"))
}

fn json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(no_json)
}

fn no_json(error: serde_json::Error) -> Failure {
    NotWritten::NoJson(error).into()
}

/// Tells a failure and gives its exit code.
pub(crate) fn failed(failure: &Failure, json: bool) -> Exit {
    #[derive(Serialize)]
    struct Body {
        error: Error,
    }
    #[derive(Serialize)]
    struct Error {
        exit: u8,
        message: String,
    }
    let exit = failure.exit();
    if exit == Exit::Ok {
        return exit;
    }
    let message = failure.to_string();
    fault(&visible(&message));
    if json {
        let code = exit.code();
        // The words were said; an output that cannot be written is the smaller fault.
        let _unwritable = document(&Body {
            error: Error {
                exit: code,
                message,
            },
        });
    }
    exit
}

/// An error's text, which may have lines and quote a file: each line is sanitised by itself.
fn visible(text: &str) -> String {
    text.lines()
        .map(|line| {
            // The sanitiser escapes backslashes, which our own texts have none of, and cuts long
            // lines; an error that quotes a file keeps its columns.
            line.chars()
                .map(|c| if c.is_control() { '\u{fffd}' } else { c })
                .collect::<String>()
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Rows under a head, in columns as wide as they must be.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.width())
            .chain(head.get(column).map(|title| title.width()))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let titles: Vec<String> = head.iter().map(|title| (*title).to_owned()).collect();
    let coloured = manner().coloured;
    let mut out = String::new();
    for row in std::iter::once(&titles).chain(rows) {
        let mut gap = 0;
        for ((cell, width), title) in row.iter().zip(&widths).zip(head) {
            if !cell.is_empty() {
                // Blanks go before what follows them, so that no line ends in any.
                out.push_str(&" ".repeat(gap));
                out.push_str(&painted(title, cell, coloured));
                gap = 0;
            }
            gap += width - cell.width() + 2;
        }
        out.push('\n');
    }
    out
}

/// A line of `name: value`, the values below each other.
pub(crate) fn fields(fields: &[(&str, String)]) -> String {
    let width = fields
        .iter()
        .map(|(name, _)| name.width())
        .max()
        .unwrap_or(0);
    fields.iter().fold(String::new(), |mut out, (name, value)| {
        // Writing to a String cannot fail.
        let _infallible = writeln!(out, "{name:<width$}  {value}");
        out
    })
}

/// An RFC 3339 time in the machine's own zone.
pub(crate) fn local(millis: i64) -> String {
    host::local_time(Wall::from_millis(millis))
}

/// Asks on a terminal; none where there is none, or where it ended.
pub(crate) fn ask(question: &str) -> Option<String> {
    if !interactive() {
        return None;
    }
    let _unheard = write!(Errors, "{question}");
    let mut answer = String::new();
    match let_in(|| io::stdin().read_line(&mut answer)) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(answer.trim().to_owned()),
    }
}

/// Whether somebody can be asked.
pub(crate) fn interactive() -> bool {
    io::stdin().is_terminal() && !manner().silent
}

/// Goes on where that was said beforehand, or is said now by typing a word.
pub(crate) fn confirmed(yes: bool, question: &str, word: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !interactive() {
        let text = format!("{question}\nNobody can be asked here: add --yes to go on");
        return Err(Failure::Said(Exit::Usage, text));
    }
    typed(&format!("{question}\nType {word} to go on: "), word)
}

/// Goes on where that word is typed, though `why` speaks against it. That is part of the question: also who wants
/// no hints is told what they are asked.
pub(crate) fn all_the_same(why: &str, question: &str, word: &str) -> Result<(), Failure> {
    typed(&format!("gatepost: {why}\n{question}"), word)
}

fn typed(question: &str, word: &str) -> Result<(), Failure> {
    if ask(question).as_deref() == Some(word) {
        return Ok(());
    }
    let text = "nothing was changed".to_owned();
    Err(Failure::Said(Exit::Cancelled, text))
}

/// Shows how far long work is, on a terminal alone.
pub(crate) fn progress(what: &'static str) -> impl Fn(u64) {
    move |count| {
        if io::stderr().is_terminal() && !manner().quiet {
            let _unheard = write!(Errors, "\r{count} {what} ");
        }
    }
}

/// Takes the last progress away.
pub(crate) fn progress_over() {
    if io::stderr().is_terminal() && !manner().quiet {
        let _unheard = write!(Errors, "\r\u{1b}[K");
    }
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["alice".to_owned(), "1".to_owned()],
            vec!["\u{fc}".to_owned(), "22".to_owned()],
            // Two columns wide.
            vec!["\u{6771}".to_owned(), String::new()],
        ];
        assert_eq!(
            table(&["U", "N"], &rows),
            "U      N\nalice  1\n\u{fc}      22\n\u{6771}\n"
        );
        let wide = [
            vec!["\u{6771}".to_owned(), "1".to_owned()],
            vec!["abc".to_owned(), "2".to_owned()],
        ];
        assert_eq!(table(&["U", "N"], &wide), "U    N\n\u{6771}   1\nabc  2\n");
    }
}
