//! `gatepost mail template`.

use std::fmt::Write;
use std::io::Read;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use gatepost_shared::admin::Admin;
use gatepost_shared::admin::templates::{
    LONGEST, Opened, Preview, Problem, Replaced, TemplateCheck, Tried, With,
};
use gatepost_words::text::sanitise;
use serde::Serialize;

use super::super::complete::{messages, templates};
use super::super::difference::changed;
use super::super::exit::{Exit, Failure};
use super::super::output::{ask, data, fault, interactive, words};
use super::super::shape::Form;
use super::super::{Context, named, person};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the templates, and which of them are your own
    List,
    /// Print a built-in template, to be changed and put into the templates' folder
    Show {
        /// Its name, such as code.txt
        #[arg(add = ArgValueCompleter::new(templates))]
        name: String,
    },
    /// Print a message as it would be mailed, with sample facts; nothing is sent
    Preview(PreviewOf),
    /// Edit a template in your own editor; it is replaced once the sender can render it
    #[command(
        after_help = "What the sender cannot render is told with its line, and nothing is replaced."
    )]
    Edit(Edit),
    /// Have the sender render every message with your own templates; nothing is sent
    Check,
}

#[derive(Debug, Args)]
pub(crate) struct PreviewOf {
    /// A kind of message, such as code, or a template of it, such as code.txt
    #[arg(value_name = "NAME|KIND", add = ArgValueCompleter::new(messages))]
    message: String,
    /// Print the HTML part alone
    #[arg(long)]
    html: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// Its name, such as code.txt
    #[arg(add = ArgValueCompleter::new(templates))]
    name: String,
    /// Take the text from this file, without an editor; -: standard input
    file: Option<String>,
    /// Take your own one away: the built-in one is used again
    #[arg(long, conflicts_with = "file")]
    reset: bool,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(crate) fn run(context: &Context, command: &Command) -> Result<Exit, Failure> {
    match command {
        Command::List => list(context),
        Command::Show { name } => show(context, name),
        Command::Preview(asked) => preview(context, asked),
        Command::Edit(asked) => edit(context, asked),
        Command::Check => check(context, context.admin()?.check_templates()?),
    }
}

const fn whose(own: bool) -> &'static str {
    if own { "your own" } else { "built-in" }
}

fn list(context: &Context) -> Result<Exit, Failure> {
    let mut page = Some(context.admin()?.templates()?);
    let next = || Ok(page.take().unwrap_or_default());
    context.many("templates", next, |page| {
        let rows = page
            .iter()
            .map(|one| vec![one.name.to_owned(), whose(one.own).to_owned()]);
        (vec!["TEMPLATE", "WHOSE"], rows.collect())
    })?;
    Ok(Exit::Ok)
}

/// A template in full.
#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    built_in: &'a str,
}

fn show(context: &Context, name: &str) -> Result<Exit, Failure> {
    let all = context.admin()?.templates()?;
    let Some(found) = all.iter().find(|one| one.name == name) else {
        let text = "there is no such template: gatepost mail template list".to_owned();
        return Err(Failure::Said(Exit::NotFound, text));
    };
    let shown = Shown {
        name: found.name,
        built_in: found.built_in,
    };
    context.one(&shown, || found.built_in.to_owned())?;
    if found.own {
        words("A file of your own takes its place.");
    }
    Ok(Exit::Ok)
}

fn preview(context: &Context, asked: &PreviewOf) -> Result<Exit, Failure> {
    let found = context.admin()?.preview_template(&asked.message)?;
    let [_, _, html] = found.kind.templates();
    let only_html = asked.html || asked.message == html;
    context.one(&found, || {
        if only_html {
            found.html.clone()
        } else {
            letter(&found)
        }
    })?;
    let templates = found.templates.iter();
    let used: Vec<String> = templates
        .map(|one| format!("{} ({})", one.name, whose(one.own)))
        .collect();
    words(&format!(
        "A sample by {}. Nothing was sent, and no code is like the one in it.",
        used.join(", ")
    ));
    told(&found.problems, "; the built-in one was used");
    Ok(Exit::Ok)
}

/// The headers that matter, and the text.
fn letter(found: &Preview) -> String {
    let Preview {
        from,
        to,
        subject,
        text,
        ..
    } = found;
    format!("From: {from}\nTo: {to}\nSubject: {subject}\n\n{text}")
}

fn told(problems: &[Problem], what_then: &str) {
    for problem in problems {
        fault(&format!("{problem}{what_then}"));
    }
}

fn edit(context: &Context, asked: &Edit) -> Result<Exit, Failure> {
    let admin = context.admin()?;
    let opened = admin.open_template(&asked.name)?;
    if asked.reset {
        return settle(context, admin, asked, (&opened, With::BuiltIn));
    }
    if let Some(file) = &asked.file {
        let text = read(context, file)?;
        return settle(context, admin, asked, (&opened, With::Text(&text)));
    }
    let Some(mut text) = person::edit(context, &opened.text, ending(&opened))? else {
        return Ok(as_it_was());
    };
    loop {
        let tried = admin.try_template(&opened, With::Text(&text));
        let tried = tried.map_err(|error| kept(context, &opened, &text, &error.into()))?;
        if tried.problems.is_empty() {
            break;
        }
        told(&tried.problems, "");
        let again = ask("Nothing was replaced. Edit it again? Type yes: ");
        if !again.is_some_and(|answer| answer.eq_ignore_ascii_case("yes")) {
            let text = keep(context, &opened, &text);
            return Err(Failure::Said(Exit::Failed, text));
        }
        match person::edit(context, &text, ending(&opened)) {
            Ok(Some(edited)) => text = edited,
            Ok(None) => {}
            Err(failure) => return Err(kept(context, &opened, &text, &failure)),
        }
    }
    match settle(context, admin, asked, (&opened, With::Text(&text))) {
        Ok(Exit::Cancelled) if text != opened.text => {
            words(&keep(context, &opened, &text));
            Ok(Exit::Cancelled)
        }
        Ok(exit) => Ok(exit),
        Err(failure) => Err(kept(context, &opened, &text, &failure)),
    }
}

/// What the file's name ends in, for the editor.
fn ending(opened: &Opened) -> &'static str {
    let dot = opened.name.rfind('.');
    dot.and_then(|dot| opened.name.get(dot..)).unwrap_or("")
}

fn as_it_was() -> Exit {
    words("The text was left as it was: nothing was changed.");
    Exit::Cancelled
}

/// Reads a text; one byte more than a template may have, so that it is told what is too long.
fn read(context: &Context, file: &str) -> Result<String, Failure> {
    let mut text = String::new();
    let most = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
    let read = named::read(context, file)?
        .take(most)
        .read_to_string(&mut text);
    read.map_err(|error| {
        let text = format!("{} cannot be read: {error}", sanitise(file));
        Failure::Said(Exit::Usage, text)
    })?;
    Ok(text)
}

/// Keeps what was edited, and says where.
fn keep(context: &Context, opened: &Opened, text: &str) -> String {
    match person::keep(context, text, ending(opened)) {
        Ok(path) => format!(
            "What you wrote is kept in {path}: mend it, then gatepost mail template edit {name} {path}",
            path = path.display(),
            name = opened.name
        ),
        Err(failure) => format!("what you wrote could not be kept: {failure}"),
    }
}

/// A failure that says too where the text is.
fn kept(context: &Context, opened: &Opened, text: &str, failure: &Failure) -> Failure {
    let exit = failure.exit();
    Failure::Said(exit, format!("{failure}\n{}", keep(context, opened, text)))
}

/// Shows what would change, asks, and does it.
fn settle(
    context: &Context,
    mut admin: Admin,
    asked: &Edit,
    (opened, with): (&Opened, With<'_>),
) -> Result<Exit, Failure> {
    let tried = admin.try_template(opened, with)?;
    told(&tried.beside, "");
    if asked.dry_run {
        context.one(&tried, || outcome(&tried))?;
        told(&tried.problems, "");
        let usable = tried.problems.is_empty();
        return Ok(if usable { Exit::Ok } else { Exit::No });
    }
    let says_something = with == With::BuiltIn || !tried.lines.is_empty();
    if tried.problems.is_empty() {
        if !says_something {
            return Ok(as_it_was());
        }
        if !asked.yes && !agreed(context, &tried)? {
            words("Nothing was changed.");
            return Ok(Exit::Cancelled);
        }
    }
    let done = admin.replace_template(opened, with, asked.reason.as_deref())?;
    // What is wrong with the folder keeps all own templates from being used.
    let folder = tried.beside.iter().find(|one| one.template.is_none());
    context.one(&done, || replaced(&done, folder))?;
    Ok(Exit::Ok)
}

fn agreed(context: &Context, tried: &Tried) -> Result<bool, Failure> {
    if !interactive() {
        let text = "nobody can be asked here: --yes does it, --dry-run shows what it would change";
        return Err(Failure::Said(Exit::Usage, text.to_owned()));
    }
    // Part of the question, where it is no part of the data: also for who wants no hints.
    let mut asked = format!("Replace {}? Type yes: ", tried.template);
    if context.shape.form() == Form::Table {
        data(&changed(&tried.lines))?;
    } else {
        asked = format!("{}\n{asked}", changed(&tried.lines));
    }
    let answer = ask(&asked);
    Ok(answer.is_some_and(|answer| answer.eq_ignore_ascii_case("yes")))
}

fn outcome(tried: &Tried) -> String {
    let mut text = changed(&tried.lines);
    if tried.lines.is_empty() {
        text.push_str("It says the same as now.\n");
    }
    let verdict = match tried.problems.len() {
        0 => "The sender can render it",
        _ => "The sender cannot render it",
    };
    // Writing to a String cannot fail.
    let _infallible = writeln!(text, "{verdict}. Nothing was changed.");
    text
}

fn replaced(done: &Replaced, folder: Option<&Problem>) -> String {
    if let Some(problem) = folder {
        return format!(
            "{} is in place, and no template of your own is used until this is mended: {problem}",
            done.path.display()
        );
    }
    if done.own {
        return format!(
            "{} is used from the next message on. gatepost mail template edit {} --reset takes it away.",
            done.path.display(),
            done.template
        );
    }
    format!(
        "{} is gone: the built-in {} is used from the next message on.",
        done.path.display(),
        done.template
    )
}

fn check(context: &Context, checks: Vec<TemplateCheck>) -> Result<Exit, Failure> {
    let good = checks.iter().all(|check| check.problem.is_none());
    let mut page = Some(checks);
    let next = || Ok(page.take().unwrap_or_default());
    context.many("checks", next, |page| {
        let rows = page.iter().map(|check| {
            let result = if check.problem.is_none() {
                "ok"
            } else {
                "PROBLEM"
            };
            let detail = check.problem.clone().unwrap_or_default();
            vec![result.to_owned(), check.kind.to_owned(), detail]
        });
        (vec!["RESULT", "MESSAGE", "WHAT IS WRONG"], rows.collect())
    })?;
    Ok(if good { Exit::Ok } else { Exit::No })
}
