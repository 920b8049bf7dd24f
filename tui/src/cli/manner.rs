//! How the program speaks: in colour or not, with hints or without, with questions or without.

use std::io::{self, IsTerminal};
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use clap::{Args, ValueEnum};

use super::shape::{GLOBAL_OPTIONS, OUTPUT_OPTIONS};

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    #[default]
    Auto,
    /// Also in a file
    Always,
    /// Nowhere
    Never,
}

/// What was asked for of it.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Asked {
    /// When states are coloured.
    #[arg(
        help = "Colour states: auto, always or never; NO_COLOR and CLICOLOR_FORCE are heard",
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = OUTPUT_OPTIONS
    )]
    color: When,
    /// Leave out hints; data and faults are still told
    #[arg(short, long, global = true, help_heading = OUTPUT_OPTIONS)]
    quiet: bool,
    /// Ask nothing, also on a terminal
    #[arg(long, global = true, help_heading = GLOBAL_OPTIONS)]
    no_input: bool,
}

/// How this run speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Whether states are coloured.
    pub(crate) coloured: bool,
    /// Whether hints are left out.
    pub(crate) quiet: bool,
    /// Whether nobody is asked.
    pub(crate) silent: bool,
}

static MANNER: OnceLock<Manner> = OnceLock::new();

/// How this run speaks: plainly, until it was settled.
pub(crate) fn manner() -> Manner {
    MANNER.get().copied().unwrap_or_default()
}

/// Settles it, once.
pub(crate) fn settle(asked: Asked) {
    let wanted = |name| is_set(name).is_some_and(|value| !value.is_empty());
    let forced = is_set("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
    let coloured = coloured(
        asked.color,
        wanted("NO_COLOR"),
        forced,
        io::stdout().is_terminal(),
    );
    let manner = Manner {
        coloured,
        quiet: asked.quiet,
        silent: asked.no_input,
    };
    // It is settled once, at the start.
    let _settled_before = MANNER.set(manner);
}

/// What was said on the line counts more than what the environment says.
fn coloured(asked: When, no_color: bool, forced: bool, terminal: bool) -> bool {
    match asked {
        When::Always => true,
        When::Never => false,
        When::Auto if no_color => false,
        When::Auto => forced || terminal,
    }
}

/// Whether somebody wants lines instead of screens, as a screen reader does.
pub(crate) fn accessible() -> bool {
    is_set("ACCESSIBLE").is_some_and(|value| !value.is_empty() && value != "0")
}

/// How wide a text for people is, where a command prints one that could be of any width.
pub(crate) fn columns() -> u16 {
    width(is_set("COLUMNS").as_deref())
}

/// What the shell says, if that is a width in which something can be read.
fn width(said: Option<&str>) -> u16 {
    let said = said.and_then(|columns| columns.parse().ok());
    said.filter(|columns| WIDTHS.contains(columns))
        .unwrap_or(USUAL_WIDTH)
}

/// The width of a text where nobody says another.
const USUAL_WIDTH: u16 = 80;
/// Narrower, a word stands on each line; wider, nothing is.
const WIDTHS: RangeInclusive<u16> = 20..=1_000;

#[expect(
    clippy::disallowed_methods,
    reason = "how something looks; it decides nothing"
)]
fn is_set(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The words for states, and how grave each is.
fn paint_of(word: &str) -> Option<&'static str> {
    const GOOD: &str = "32";
    const LOOK: &str = "33";
    const BAD: &str = "31";
    Some(match word {
        "active" | "ok" | "accepted" | "created" | "sent" => GOOD,
        "unconfirmed" | "look" | "due" | "claimed" | "transient" | "disabled" | "migrated" => LOOK,
        "locked" | "removed" | "PROBLEM" | "FAILED" | "failed" | "permanent" | "connection"
        | "tls" | "auth" | "message" | "lost" => BAD,
        _ => return None,
    })
}

/// Columns whose cells begin with a state.
const STATES: [&str; 5] = ["", "STATE", "OUTCOME", "HOW IT WENT", "RESULT"];

/// A cell with its state coloured; the word stays what it was.
pub(crate) fn painted(title: &str, cell: &str, coloured: bool) -> String {
    let word = cell.split([' ', ',']).next().unwrap_or_default();
    match paint_of(word) {
        Some(paint) if coloured && STATES.contains(&title) => paint_text(cell, paint),
        Some(_) | None => cell.to_owned(),
    }
}

/// A sentence that says yes or no.
pub(crate) fn verdict(sentence: &str, good: bool) -> String {
    if !manner().coloured {
        return sentence.to_owned();
    }
    paint_text(sentence, if good { "32" } else { "31" })
}

fn paint_text(text: &str, paint: &str) -> String {
    format!("\u{1b}[{paint}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::{When, coloured, painted, width};

    // Mutant: NO_COLOR is heard after CLICOLOR_FORCE, or above --color.
    #[test]
    fn colour_is_where_it_is_wanted() {
        for (asked, no_color, forced, terminal, wanted) in [
            (When::Auto, false, false, true, true),
            (When::Auto, false, false, false, false),
            (When::Auto, true, false, true, false),
            (When::Auto, false, true, false, true),
            (When::Auto, true, true, true, false),
            (When::Always, true, false, false, true),
            (When::Never, false, true, true, false),
        ] {
            let is = coloured(asked, no_color, forced, terminal);
            assert_eq!(is, wanted, "{asked:?} {no_color} {forced} {terminal}");
        }
    }

    // Mutants: a width of nothing is taken; so is what is no number.
    #[test]
    fn a_width_is_taken_where_it_makes_sense() {
        for (said, wanted) in [
            (None, 80),
            (Some(""), 80),
            (Some("wide"), 80),
            (Some("0"), 80),
            (Some("19"), 80),
            (Some("20"), 20),
            (Some("132"), 132),
            (Some("1001"), 80),
            (Some("70000"), 80),
            (Some("-80"), 80),
        ] {
            assert_eq!(width(said), wanted, "{said:?}");
        }
    }

    #[test]
    fn only_states_are_coloured() {
        assert_eq!(
            painted("STATE", "locked 4 min", true),
            "\u{1b}[31mlocked 4 min\u{1b}[0m"
        );
        assert_eq!(painted("STATE", "locked 4 min", false), "locked 4 min");
        assert_eq!(painted("USER", "locked", true), "locked");
        assert_eq!(painted("STATE", "odd", true), "odd");
    }
}
