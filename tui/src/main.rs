//! `gatepost`, the administrator's program: arguments, privileges, one subcommand, an exit code.
//!
//! - [`console`]: the screens, for whoever has a terminal
//! - [`cli`]: the subcommands, each parsed, done by `gatepost_shared::admin` and shown
//! - [`cells`]: what both write rows with; [`person`]: files opened as the calling person

#![forbid(unsafe_code)]

mod cells;
mod cli;
mod console;
mod person;

use std::process::ExitCode;

use clap::Parser;

use self::cli::exit::Exit;
use self::cli::{Arguments, complete, output};

fn main() -> ExitCode {
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
