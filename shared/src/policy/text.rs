//! Rules as text: the `[[rule]]` tables that an administrator writes, and that a version keeps word for
//! word. Pure: where the text is read and kept is not known here.
//!
//! A login parses the text of the version in force, so its size, its rules and the groups that it
//! names are bounded.

use std::fmt::Write;

use gatepost_words::ident::{Service, UserName};
use serde::Deserialize;
use toml::Spanned;

use super::rules::{Action, Rule};

/// The longest text, in bytes.
pub const LONGEST: usize = 64 * 1024;
/// The most rules in it.
pub const MOST_RULES: usize = 500;
/// The most groups that its rules may name: a login looks each of them up.
pub const MOST_GROUPS: usize = 200;
/// The longest name of a group, in bytes.
const LONGEST_GROUP: usize = 256;

/// What somebody finds who edits rules where there are none: how one is written, and nothing that counts.
pub const PRIMER: &str = "\
# Rules: the first that matches decides. Without any, everybody is asked for a code.
# users, groups and services must all match; leave a key out where everybody is meant.
# action: \"skip\" = no code, \"require\" = ask, \"refuse\" = nobody comes in.
#
# [[rule]]
# users = [\"backup\"]
# services = [\"cron\"]
# action = \"skip\"
";

/// Why a text is no set of rules.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRules {
    /// It is longer than a login should have to read.
    #[error("the rules are longer than {LONGEST} bytes: name groups instead of many users")]
    TooLong,
    /// It is not TOML, or has a key that it should not have; says the line and the column.
    #[error("{0}")]
    Syntax(String),
    /// Something in it makes no sense.
    #[error("line {line}, column {column}: {problem}")]
    Sense {
        /// Counted from one.
        line: usize,
        /// Counted from one, in characters.
        column: usize,
        /// What, and what to do.
        problem: String,
    },
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    rule: Vec<Spanned<Table>>,
}

/// `[[rule]]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    users: Option<Vec<UserName>>,
    groups: Option<Vec<String>>,
    services: Option<Vec<Service>>,
    action: Action,
}

/// Reads a text.
pub fn parse(text: &str) -> Result<Vec<Rule>, BadRules> {
    if text.len() > LONGEST {
        return Err(BadRules::TooLong);
    }
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some((at, _)) = text.char_indices().find(|(_, c)| odd(*c)) {
        let (line, column) = place(text, at);
        return Err(BadRules::Sense {
            line,
            column,
            problem: "there is a control character: take it out".to_owned(),
        });
    }
    let file: File = toml::from_str(text).map_err(|error| BadRules::Syntax(error.to_string()))?;
    let mut rules: Vec<Rule> = Vec::new();
    let mut groups = std::collections::BTreeSet::new();
    for (number, table) in (1..).zip(file.rule) {
        let start = table.span().start;
        let nonsense = |problem: String| {
            let (line, column) = place(text, start);
            BadRules::Sense {
                line,
                column,
                problem,
            }
        };
        if number > MOST_RULES {
            return Err(nonsense(format!("more than {MOST_RULES} rules")));
        }
        let rule = meaning(table.into_inner())
            .map_err(|problem| nonsense(format!("[[rule]] {number} {problem}")))?;
        groups.extend(rule.groups.iter().cloned());
        if groups.len() > MOST_GROUPS {
            return Err(nonsense(format!(
                "more than {MOST_GROUPS} groups are named, and each sign-in looks all of them up"
            )));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn meaning(table: Table) -> Result<Rule, String> {
    let empty = table.users.as_ref().is_some_and(Vec::is_empty)
        || table.groups.as_ref().is_some_and(Vec::is_empty)
        || table.services.as_ref().is_some_and(Vec::is_empty);
    if empty {
        return Err(
            "has an empty list, which names nobody: leave the key out where everybody is meant"
                .to_owned(),
        );
    }
    let groups = table.groups.unwrap_or_default();
    let odd = |name: &String| {
        name.is_empty() || name.len() > LONGEST_GROUP || name.chars().any(char::is_control)
    };
    if let Some(name) = groups.iter().find(|name| odd(name)) {
        return Err(format!("names {name:?}, which is no name of a group"));
    }
    Ok(Rule {
        users: table.users.unwrap_or_default(),
        groups,
        services: table.services.unwrap_or_default(),
        action: table.action,
    })
}

/// Line and column of a byte, counted from one.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |rest| rest.chars().count())
        + 1;
    (line, column)
}

/// Writes rules as a text that reads back as the same.
pub fn render(rules: &[Rule]) -> String {
    let mut text = String::new();
    let list = |key: &str, names: Vec<&str>, text: &mut String| {
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().map(quoted).collect();
            // Writing to a String cannot fail.
            let _infallible = writeln!(text, "{key} = [{}]", names.join(", "));
        }
    };
    for rule in rules {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str("[[rule]]\n");
        let users = rule.users.iter().map(UserName::as_str).collect();
        list("users", users, &mut text);
        let groups = rule.groups.iter().map(String::as_str).collect();
        list("groups", groups, &mut text);
        let services = rule.services.iter().map(Service::as_str).collect();
        list("services", services, &mut text);
        let _infallible = writeln!(text, "action = \"{}\"", rule.action.word());
    }
    text
}

/// A TOML basic string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::{BadRules, LONGEST, MOST_GROUPS, MOST_RULES, PRIMER, parse, render};
    use crate::policy::rules::Action;

    // Mutant: a comment mark is missing.
    #[test]
    fn the_primer_has_no_rule_and_shows_one() {
        assert_eq!(parse(PRIMER), Ok(Vec::new()));
        let shown: String = PRIMER
            .lines()
            .skip_while(|line| !line.contains("[["))
            .map(|line| line.trim_start_matches("# ").to_owned() + "\n")
            .collect();
        assert_eq!(parse(&shown).map(|rules| rules.len()), Ok(1));
    }

    // Mutants: a bound is left out; deny_unknown_fields; an empty list is everybody.
    #[test]
    fn what_is_no_set_of_rules_is_refused_with_its_place() {
        let many = |rules: usize, groups: usize| {
            (0..rules).fold(String::new(), |text, number| {
                let group = number % groups;
                text + &format!("[[rule]]\ngroups = [\"g{group}\"]\naction = \"skip\"\n")
            })
        };
        assert_eq!(parse(&many(MOST_RULES, MOST_GROUPS)).unwrap().len(), 500);
        let long = "#".repeat(LONGEST);
        assert_eq!(parse(&long), Ok(vec![]));
        assert_eq!(parse(&format!("{long}#")), Err(BadRules::TooLong));
        let cases = [
            ("[[rule]]\naction = \"allow\"", "line 2, column 10"),
            (
                "[[rule]]\naction = \"skip\"\nuser = [\"a\"]",
                "line 3, column 1",
            ),
            ("[[rules]]\naction = \"skip\"", "unknown field `rules`"),
            ("[login]\nunenrolled = \"ignore\"", "unknown field `login`"),
            ("[[rule]]\nusers = [\"a\"]", "missing field `action`"),
            ("[[rule]]\nusers = [\"a:b\"]\naction = \"skip\"", "line 2"),
            (
                "# first\n\n[[rule]]\nusers = []\naction = \"skip\"",
                "line 3, column 1: [[rule]] 1 has an empty list",
            ),
            ("[[rule]]\ngroups = []\naction = \"skip\"", "an empty list"),
            (
                "[[rule]]\nservices = []\naction = \"skip\"",
                "an empty list",
            ),
            (
                "[[rule]]\ngroups = [\"\"]\naction = \"skip\"",
                "no name of a group",
            ),
            (
                "[[rule]]\ngroups = [\"a\\n\"]\naction = \"skip\"",
                "no name of a group",
            ),
            ("rule", "line 1"),
            ("\0", "line 1"),
            (
                "# a\n# b\u{9b}31m\n",
                "line 2, column 4: there is a control character",
            ),
        ];
        for (text, said) in cases {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}\n{error}");
        }
        let error = parse(&many(MOST_RULES + 1, 1)).unwrap_err().to_string();
        assert!(
            error.starts_with("line 1501, column 1: more than 500 rules"),
            "{error}"
        );
        let error = parse(&many(MOST_GROUPS + 1, 300)).unwrap_err().to_string();
        assert!(error.contains("more than 200 groups"), "{error}");
    }

    #[test]
    fn rules_that_are_written_read_back_as_the_same() {
        let text = "# kept\n[[rule]]\nusers = [\"backup\", \"bob\"]\nservices = [\"cron\"]\n\
                    action = \"skip\"\n[[rule]]\ngroups = ['a \"b\" \\c']\naction = \"refuse\"\n\
                    [[rule]]\naction = \"require\"\n";
        let rules = parse(text).unwrap();
        assert_eq!(rules.len(), 3);
        assert_eq!(rules[1].action, Action::Refuse);
        assert_eq!(parse(&render(&rules)), Ok(rules));
        assert_eq!(parse(""), Ok(vec![]));
        assert_eq!(render(&[]), "");
    }
}
