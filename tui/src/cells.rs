//! Values as cells of a row, for whatever writes rows: safe on a terminal, in a spreadsheet and on a line.
//! It knows no shape and no file.

use std::fmt::Write;

use serde_json::Value;

/// A field as one cell: texts as they are, lists of them with blanks between, the rest as JSON.
pub(crate) fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => one_line(text),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            one_line(&words.join(" "))
        }
        Value::Array(_) | Value::Object(_) => ascii(&value.to_string()),
    }
}

/// A text without what would end a line, begin a field, or steer a terminal.
fn one_line(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(clean).collect()
}

/// A cell that no spreadsheet takes for a formula (OWASP, CSV injection).
pub(crate) fn guarded(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{cell}");
    }
    cell.to_owned()
}

/// JSON with every character outside printable ASCII escaped, so that it is safe on a terminal and
/// still says the same.
pub(crate) fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() && c != '\x7f' {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a String cannot fail.
            let _infallible = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ascii, cell, guarded};

    // Mutant: one of the beginnings is left out.
    #[test]
    fn no_cell_begins_a_formula() {
        for text in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", "\tx", "\rx"] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        assert_eq!(guarded("a=b"), "a=b");
    }

    #[test]
    fn every_value_is_one_cell() {
        assert_eq!(cell(&json!(["a", "b"])), "a b");
        assert_eq!(cell(&json!(null)), "");
        assert_eq!(
            cell(&json!("a\tb\n\u{1b}[31m")),
            "a\u{fffd}b\u{fffd}\u{fffd}[31m"
        );
        assert_eq!(cell(&json!([{"a": "\u{9b}"}])), "[{\"a\":\"\\u009b\"}]");
    }

    #[test]
    fn json_on_a_terminal_is_ascii_and_says_the_same() {
        let value = serde_json::json!({"a": "\u{9b}31m \u{202e} \u{7f} \u{1f600} \u{1b}"});
        let text = ascii(&value.to_string());
        assert!(text.chars().all(|c| (' '..='~').contains(&c)), "{text}");
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back, value);
    }
}
