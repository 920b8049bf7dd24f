//! `gatepost` alone and `gatepost console`: who may open it, on what.

use std::io::{self, IsTerminal};

use clap::{Args, CommandFactory};

use super::exit::{Exit, Failure};
use super::manner::columns;
use super::output::{data, words};
use super::shape::Form;
use super::shield::own_address;
use super::{Arguments, Context, person};
use crate::console::{self, Opener, Options};

#[derive(Debug, Default, Args)]
pub(crate) struct Console {
    /// On which screen it opens
    #[arg(long, value_name = "S", value_parser = screen)]
    screen: Option<String>,
    /// Which rows it shows first, as typed after / in the console
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// Change nothing
    #[arg(long)]
    read_only: bool,
    /// Draw in ASCII alone, as on a Linux console
    #[arg(long)]
    ascii: bool,
    /// Print Home as lines of text and leave; no terminal is needed
    #[arg(long, conflicts_with_all = ["screen", "filter"])]
    once: bool,
}

impl Console {
    /// Whether it takes a terminal over.
    pub(crate) const fn takes_a_terminal(&self) -> bool {
        !self.once
    }
}

fn screen(name: &str) -> Result<String, String> {
    if console::has_screen(name) {
        return Ok(name.to_owned());
    }
    let known = console::screens().join(", ").to_lowercase();
    Err(format!("it is one of: {known}"))
}

/// Lines instead of screens.
pub(crate) fn accessible() -> Result<Exit, Failure> {
    data(&Arguments::command().render_help().to_string())?;
    words(
        "ACCESSIBLE is set, so the console stays closed: it draws boxes. All that it does the commands \
         above do too, line by line. gatepost console opens it all the same.",
    );
    Ok(Exit::Ok)
}

/// Without a terminal, a short help.
pub(crate) fn needs_terminal() -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    let help = Arguments::command().render_help();
    Err(Failure::Said(
        Exit::Usage,
        format!("the console needs a terminal; without one, name a subcommand\n\n{help}"),
    ))
}

/// Opens configuration and store first, so that what is wrong with them is said in the shell.
pub(crate) fn run(context: &Context, asked: Console) -> Result<Exit, Failure> {
    if asked.once && context.shape.form() != Form::Table {
        let text =
            "console --once is a text for people; gatepost status writes the same in every shape";
        return Err(Failure::Said(Exit::Usage, text.to_owned()));
    }
    let admin = context.admin()?;
    let options = Options {
        screen: asked.screen,
        filter: asked.filter,
        read_only: asked.read_only,
        ascii: asked.ascii,
        host: admin.host_name(),
        actor: admin.actor_name(),
        role: Some(context.operator.role),
        rules: admin.console_rules()?,
    };
    if asked.once {
        data(&console::once(&admin, options, columns())?)?;
        return Ok(Exit::Ok);
    }
    drop(admin);
    let open = Opener {
        conf: context.conf.clone(),
        operator: context.operator.clone(),
        own: own_address(),
        called: super::called(),
    };
    let editor =
        |text: &str| person::edit(context, text, ".toml").map_err(|failure| failure.to_string());
    match console::run(open, options, &editor)? {
        Ok(()) => Ok(Exit::Ok),
        Err(why) => Err(Failure::Said(Exit::Failed, why)),
    }
}
