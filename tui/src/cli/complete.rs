//! Completions: what may be typed next, names of accounts among it.
//!
//! The shell asks this program each time, by an environment variable of our own. Whoever is not root is
//! told no name: nothing is opened for them, and sudo is never run.

use std::ffi::OsStr;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::CompleteEnv;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};
use gatepost_shared::admin::templates::{Kind, names};
use gatepost_shared::admin::{self, Admin};

use super::Arguments;
use super::exit::{Exit, Failure};
use super::output::data;

/// By this the shell's function says that it wants candidates.
const VARIABLE: &str = "GATEPOST_COMPLETE";
/// How many names are offered.
const NAMES: u32 = 200;

#[derive(Debug, Args)]
#[command(
    after_help = "bash: gatepost completions bash > /etc/bash_completion.d/gatepost\n\
                  zsh:  gatepost completions zsh > /usr/local/share/zsh/site-functions/_gatepost\n\
                  fish: gatepost completions fish > /etc/fish/completions/gatepost.fish"
)]
pub(crate) struct Completions {
    /// bash, zsh or fish
    #[arg(value_enum, value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Writes what a shell reads at its start.
pub(crate) fn script(asked: &Completions) -> Result<Exit, Failure> {
    let shell: &dyn EnvCompleter = match asked.shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
    };
    let mut text = Vec::new();
    shell.write_registration(VARIABLE, "gatepost", "gatepost", "gatepost", &mut text)?;
    data(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Ok)
}

/// Answers a shell that asked; whether one did.
pub(crate) fn answered() -> bool {
    let asked = CompleteEnv::with_factory(Arguments::command)
        .var(VARIABLE)
        .try_complete(std::env::args_os(), None);
    // What a shell of another kind asked stays unanswered.
    asked.unwrap_or(true)
}

/// Accounts whose name begins so.
pub(crate) fn users(begun: &OsStr) -> Vec<CompletionCandidate> {
    let (Some(begun), true) = (begun.to_str(), admin::is_root()) else {
        return Vec::new();
    };
    // Whose shell it is makes no difference to what is read; the role must be one that may look.
    let names = admin::operator(super::called())
        .and_then(|operator| Admin::open(None, operator))
        .and_then(|admin| admin.names_beginning(begun, NAMES));
    let names = names.unwrap_or_default();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// The names of templates: the same on each machine.
pub(crate) fn templates(begun: &OsStr) -> Vec<CompletionCandidate> {
    beginning(begun, names())
}

/// Kinds of messages, and the names of their templates.
pub(crate) fn messages(begun: &OsStr) -> Vec<CompletionCandidate> {
    beginning(begun, Kind::ALL.into_iter().map(Kind::word).chain(names()))
}

fn beginning(begun: &OsStr, of: impl Iterator<Item = &'static str>) -> Vec<CompletionCandidate> {
    let begun = begun.to_str().unwrap_or_default();
    let fitting = of.filter(|word| word.starts_with(begun));
    fitting.map(CompletionCandidate::new).collect()
}
