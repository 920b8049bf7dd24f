//! Manual pages, made of the same definitions that the arguments are parsed by: one of the program and
//! one of each command. They go to the standard output; `make install` puts them where they belong.

use std::io::Write;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::Arguments;
use super::exit::{Exit, Failure};
use super::output::data;
use super::topics::{TOPICS, exit_status};

#[derive(Debug, Args)]
pub(crate) struct Manual {
    /// Which page: gatepost, gatepost-user, gatepost-user-list
    #[arg(
        value_name = "PAGE",
        default_value = "gatepost",
        hide_default_value = true
    )]
    page: String,
    /// Only name the pages that there are
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(asked: &Manual) -> Result<Exit, Failure> {
    let pages = pages();
    if asked.list {
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
        data(&names.join("\n"))?;
        return Ok(Exit::Ok);
    }
    let Some((name, command)) = pages.into_iter().find(|(name, _)| *name == asked.page) else {
        let text = "there is no such page: gatepost man --list names all".to_owned();
        return Err(Failure::Said(Exit::NotFound, text));
    };
    data(&page(name, command)?)?;
    Ok(Exit::Ok)
}

/// Every command by its page's name, the program itself first.
fn pages() -> Vec<(String, Command)> {
    let mut all = Vec::new();
    let mut program = Arguments::command();
    program.build();
    collect("gatepost", &program, &mut all);
    all
}

fn collect(name: &str, command: &Command, all: &mut Vec<(String, Command)>) {
    all.push((name.to_owned(), command.clone()));
    let shown = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    for below in shown {
        collect(&format!("{name}-{}", below.get_name()), below, all);
    }
}

fn page(name: String, command: Command) -> Result<String, Failure> {
    let is_program = name == "gatepost";
    let endings = typed(&command).strip_prefix("gatepost ");
    let endings = endings.and_then(exit_status);
    // Its own name, or every page would be called as its last word.
    let command = command.display_name(name);
    let has_more = command.get_after_help().is_some();
    let is_group = command
        .get_subcommands()
        .any(|command| !command.is_hide_set());
    let man = Man::new(command)
        .manual("Gatepost")
        .source(concat!("Gatepost ", env!("CARGO_PKG_VERSION")))
        .section("8");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if is_group {
        man.render_subcommands_section(&mut text)?;
    }
    if has_more {
        man.render_extra_section(&mut text)?;
    }
    if let Some(endings) = endings {
        section(&mut text, "exit-status", &endings)?;
    }
    if is_program {
        for topic in &TOPICS {
            section(&mut text, topic.name, &topic.text())?;
        }
    } else {
        writeln!(text, ".SH \"SEE ALSO\"\n\\fBgatepost\\fR(8)")?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// A command as it is typed.
fn typed(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}

/// A section: paragraphs, and lines that are shown as they are.
fn section(out: &mut Vec<u8>, name: &str, text: &str) -> Result<(), Failure> {
    let title = name.replace('-', " ").to_uppercase();
    writeln!(out, ".SH \"{title}\"")?;
    let mut kept = false;
    for line in text.lines() {
        if line.starts_with("  ") != kept {
            kept = !kept;
            writeln!(out, "{}", if kept { ".nf" } else { ".fi" })?;
        }
        if line.is_empty() {
            writeln!(out, ".PP")?;
        } else {
            writeln!(out, "{}", escaped(line))?;
        }
    }
    if kept {
        writeln!(out, ".fi")?;
    }
    Ok(())
}

/// A line that roff takes for text.
fn escaped(line: &str) -> String {
    let text = line.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) {
        return format!("\\&{text}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::exit::ENDINGS;
    use super::{page, pages, typed};

    // Mutants: a command's page is left out; it is called by another name, as by its last word.
    #[test]
    fn every_command_has_a_page_that_says_what_it_is_for() {
        let pages = pages();
        assert!(pages.len() > 30, "{}", pages.len());
        for (name, command) in pages {
            let about = command.get_about().map(ToString::to_string);
            let about = about.unwrap_or_else(|| panic!("{name} says nothing of itself"));
            let called = typed(&command).to_owned();
            let is_group = command.has_subcommands();
            let text = page(name.clone(), command).unwrap();
            let first = about.split(['\'', '-', '"']).next().unwrap();
            assert!(text.contains(first), "{name}: {about}\n{text}");
            let synopsis = format!(".SH SYNOPSIS\n\\fB{}\\fR", called.replace('-', "\\-"));
            assert!(text.contains(&synopsis), "{synopsis}\n{text}");
            assert_eq!(text.contains(".SH SUBCOMMANDS"), is_group, "{text}");
        }
    }

    // Mutants: the section is left out; it stands on every page; a command is misspelt in the table, or renamed.
    #[test]
    fn a_page_says_which_exit_codes_are_its_commands_own() {
        let mut left: Vec<(&str, u8)> = ENDINGS
            .iter()
            .flat_map(|ending| {
                let code = ending.exit.code();
                ending.commands.iter().map(move |command| (*command, code))
            })
            .collect();
        for (name, command) in pages() {
            let called = typed(&command).to_owned();
            let called = called.strip_prefix("gatepost ").unwrap_or_default();
            let text = page(name, command).unwrap();
            let (_, section) = text.split_once(".SH \"EXIT STATUS\"").unwrap_or_default();
            let has_own = left.iter().any(|(command, _)| *command == called);
            assert_eq!(!section.is_empty(), has_own, "{text}");
            left.retain(|(command, code)| {
                let is_told = section.contains(&format!("\n  {code:<3} "));
                assert!(is_told || *command != called, "{command} {code}\n{text}");
                *command != called
            });
        }
        assert_eq!(left, [], "no such commands");
    }
}
