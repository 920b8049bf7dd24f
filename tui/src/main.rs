//! `gatepost`, the administrator's program: arguments, privileges, one subcommand, an exit code.
//!
//! - [`environment`]: what of the caller's environment is kept
//! - [`console`]: the screens, for whoever has a terminal
//! - [`cli`]: the subcommands, each parsed, done by `gatepost_shared::admin` and shown
//! - [`cells`], [`records`]: what both write rows with; [`exports`]: what both export; [`person`]: files
//!   opened as the calling person

#![forbid(unsafe_code)]

mod cells;
mod cli;
mod console;
mod environment;
mod exports;
mod person;
mod records;

use std::process::ExitCode;

use clap::Parser;
use gatepost_shared::admin;
use gatepost_shared::signals;

use self::cli::exit::{Exit, Failure};
use self::cli::{Arguments, complete, output};

fn main() -> ExitCode {
    // Before anything else: whoever started this as root may be anybody with a role, or with none.
    if rustix::process::geteuid().is_root()
        && let Err(why) = shed()
    {
        return output::failed(&Failure::Said(Exit::Failed, why), false).into();
    }
    if complete::answered() {
        return Exit::Ok.into();
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are errors too for clap; nobody is there to tell when this fails.
            let _unwritable = error.print();
            return match error.exit_code() {
                0 => Exit::Ok.into(),
                _ => Exit::Usage.into(),
            };
        }
    };
    let json = arguments.json();
    let exit = match cli::run(arguments) {
        Ok(exit) => exit,
        Err(failure) => output::failed(&failure, json),
    };
    exit.into()
}

/// Sheds what the caller could steer, starve, stop or end this process by.
fn shed() -> Result<(), String> {
    environment::make_ours().map_err(|error| {
        format!("this program cannot be started with an environment of its own: {error}")
    })?;
    if !admin::is_root() {
        // By a set-uid bit: it is refused below, and must not become root in all ids before.
        return Ok(());
    }
    let groups = if cli::is_a_persons() {
        gatepost_shed::Groups::Leave
    } else {
        gatepost_shed::Groups::Stay
    };
    gatepost_shed::become_root_at_a_terminal(groups).map_err(|fault| {
        format!("what was inherited cannot be shed, so nothing is done: {fault}")
    })?;
    // Its file's name is that of the kernel's link otherwise.
    let _only_a_name = rustix::thread::set_name(c"gatepost");
    signals::hold().map_err(|errno| format!("signals cannot be held back: {errno}"))
}
