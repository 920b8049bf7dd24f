//! Words to the person: the one door to the standard output. A reader who has gone is no failure.

use std::io;
use std::io::Write;

/// Writes a text and ends its line.
pub(super) fn say(text: &str) {
    let _unheard = writeln!(io::stdout().lock(), "{text}");
}

/// Writes a text as it is, to a terminal that a program may have put into raw mode: there a line's end
/// alone does not lead back to its beginning.
pub(super) fn say_beside_a_program(text: &str) {
    let mut out = io::stdout().lock();
    let _unheard = out.write_all(text.replace('\n', "\r\n").as_bytes());
    let _unheard = out.flush();
}

/// A heading with its rule.
pub(super) fn heading(text: &str) {
    say(&format!("\n{text}\n{}", "-".repeat(text.chars().count())));
}

/// Moves a text to the right.
pub(super) fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("    {line}"));
    let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
