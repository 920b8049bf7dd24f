//! The subcommands: what may be typed, and who does it.
//!
//! Each group has a file that parses its words, calls `gatepost_shared::admin` and shows what came
//! of it. Nothing is decided here.

mod attack;
mod audit;
mod bypass;
mod check;
pub(crate) mod complete;
mod console;
mod difference;
pub(crate) mod exit;
mod keys;
mod mail;
mod man;
mod manner;
mod named;
pub(crate) mod output;
pub(crate) mod person;
mod policy;
mod setup;
pub(crate) mod shape;
mod shield;
mod source;
mod standard;
mod status;
mod store;
mod themes;
mod topics;
mod undo;
mod user;
mod watch;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use gatepost_shared::admin::roles::Operator;
use gatepost_shared::admin::{self, Admin, Called};
use gatepost_shared::people;
use gatepost_words::text::sanitise;

use self::exit::{Exit, Failure};
use self::shape::{Form, GLOBAL_OPTIONS, Shape};

/// One-time codes by email after the password: set up, enrol, unlock, explain, watch.
#[derive(Debug, Parser)]
#[command(
    name = "gatepost",
    version,
    disable_help_subcommand = true,
    after_help = "gatepost help COMMAND, or one of formatting, exit-codes, environment, files, limits, \
                  says more.\n\nExit codes: 0 ok, 1 failed, 2 usage, 3 partly done, 4 not permitted, 5 \
                  no such user or object, 6 store busy or of another version, 7 mail not accepted, 8 \
                  cancelled, 10 a check says no."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    manner: manner::Asked,
    /// The configuration, where it is not /etc/gatepost/gatepost.toml
    #[arg(long, global = true, value_name = "FILE", help_heading = GLOBAL_OPTIONS)]
    conf: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open the console; so does gatepost alone, on a terminal
    Console(console::Console),
    /// Make directories, system user, key, store and a commented configuration
    Setup(setup::Setup),
    /// Enrol, confirm, list, show, change, lock, unlock, import, export or remove accounts
    #[command(subcommand)]
    User(user::Command),
    /// List where people sign in from, or forget it
    #[command(subcommand)]
    Source(source::Command),
    /// Take an act back that was done in the last ten minutes, or do it again
    ///
    /// It says first which act that is, of whom, by whom and when, and asks: also without a number, since an
    /// act that is over by now makes way for the one before it. What was done to many accounts at once is one act.
    Undo(undo::Undo),
    /// Make recovery codes
    #[command(subcommand)]
    Recovery(user::RecoveryCommand),
    /// Make, list and end bypass codes, for somebody who has nothing else
    #[command(subcommand)]
    Bypass(bypass::Command),
    /// List what an account can sign in with, or take a factor away
    #[command(subcommand)]
    Factor(bypass::FactorCommand),
    /// Say whether an attack is going on
    Attack(attack::Attack),
    /// Refuse sources for a while, end that, or list which
    #[command(subcommand)]
    Shield(shield::Command),
    /// Show on one screen how things stand
    Status(status::Status),
    /// Say whether a login would be let in, and how that comes about
    Why(check::Why),
    /// Send a test message, or list or export what was delivered
    #[command(subcommand)]
    Mail(mail::Command),
    /// Say what a sign-in would meet; runs the decision, and sends and counts nothing
    Simulate(policy::Simulate),
    /// Show the rules in force, try and apply others, and what the limits leave an attacker
    #[command(subcommand)]
    Policy(policy::Command),
    /// Read the log of events, or check its chain
    #[command(subcommand)]
    Audit(audit::Command),
    /// Back the store up, bring it back, check, migrate or shrink it
    #[command(subcommand)]
    Store(store::Command),
    /// The same as store backup
    Backup(store::Backup),
    /// The same as store restore
    Restore(store::Restore),
    /// Remove what is past its keep and send notices that are due; a timer runs this
    Maintain,
    /// Look for what is missing or unsafe
    Doctor,
    /// Show the versions of program, protocol and store
    Version,
    /// Print the console's table of keys
    Keys,
    /// Print the console's themes
    Themes,
    /// Print what makes bash, zsh or fish complete commands and users
    Completions(complete::Completions),
    /// Print a manual page
    Man(man::Manual),
    /// Show the help of a command, or a topic
    Help(topics::Help),
}

/// What every subcommand needs.
pub(crate) struct Context {
    /// The shape that data is written in.
    pub(crate) shape: Shape,
    /// The configuration's path, where it is not the usual one.
    pub(crate) conf: Option<PathBuf>,
    /// Who acts.
    pub(crate) operator: Operator,
}

impl Arguments {
    /// Whether failures are told in JSON too.
    pub(crate) fn json(&self) -> bool {
        matches!(self.shape.form(), Form::Json | Form::Jsonl)
    }
}

impl Context {
    /// Opens configuration and store.
    pub(crate) fn admin(&self) -> Result<Admin, Failure> {
        Ok(Admin::open(self.conf.as_deref(), self.operator.clone())?)
    }

    /// The same for what follows a document: a list of it would be a second one.
    pub(crate) fn quiet_data(&self) -> Self {
        self.shaped(self.shape.lines())
    }

    fn shaped(&self, shape: Shape) -> Self {
        Self {
            shape,
            conf: self.conf.clone(),
            operator: self.operator.clone(),
        }
    }
}

/// Does what was typed.
pub(crate) fn run(arguments: Arguments) -> Result<Exit, Failure> {
    let Arguments {
        shape,
        manner,
        conf,
        command,
    } = arguments;
    manner::settle(manner);
    let mut context = Context {
        shape,
        conf,
        operator: Operator::nobody(),
    };
    let command = match command {
        None if manner::accessible() => return console::accessible(),
        None => Command::Console(console::Console::default()),
        Some(command) => command,
    };
    if let Some(done) = open_to_all(&context, &command) {
        return done;
    }
    if let Command::Console(asked) = &command
        && asked.takes_a_terminal()
    {
        console::needs_terminal()?;
    }
    if !admin::is_root() {
        let text = format!("needs root: try sudo gatepost {}", typed());
        return Err(Failure::Said(Exit::NotPermitted, text));
    }
    context.operator = if let Command::Doctor = command {
        admin::operator_of_doctor(called())?
    } else {
        admin::operator(called())?
    };
    match command {
        Command::Console(console) => console::run(&context, console),
        Command::Setup(asked) => setup::run(&context, &asked),
        Command::User(command) => user::run(&context, command),
        Command::Source(command) => source::run(&context, command),
        Command::Undo(asked) => undo::run(&context, &asked),
        Command::Recovery(command) => user::recovery(&context, command),
        Command::Bypass(command) => bypass::run(&context, command),
        Command::Factor(command) => bypass::factor(&context, command),
        Command::Attack(asked) => attack::run(&context, &asked),
        Command::Shield(command) => shield::run(&context, command),
        Command::Status(asked) => status::run(&context, &asked),
        Command::Why(why) => check::why(&context, &why),
        Command::Mail(command) => mail::run(&context, command),
        Command::Simulate(asked) => policy::simulate(&context, &asked),
        Command::Policy(command) => policy::run(&context, &command),
        Command::Audit(command) => audit::run(&context, command),
        Command::Store(command) => store::run(&context, command),
        Command::Backup(asked) => store::backup(&context, &asked),
        Command::Restore(asked) => store::restore(&context, &asked),
        Command::Maintain => check::maintain(&context),
        Command::Doctor => check::doctor(&context),
        Command::Version
        | Command::Keys
        | Command::Themes
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Help(_) => Ok(Exit::Ok),
    }
}

/// What needs no root: it opens neither configuration nor store.
fn open_to_all(context: &Context, command: &Command) -> Option<Result<Exit, Failure>> {
    Some(match command {
        Command::Version => check::version(context),
        Command::Keys => keys::run(context),
        Command::Themes => themes::run(context),
        Command::Completions(asked) => complete::script(asked),
        Command::Man(asked) => man::run(asked),
        Command::Help(asked) => topics::help(asked),
        Command::Console(_)
        | Command::Setup(_)
        | Command::User(_)
        | Command::Recovery(_)
        | Command::Bypass(_)
        | Command::Factor(_)
        | Command::Attack(_)
        | Command::Shield(_)
        | Command::Source(_)
        | Command::Status(_)
        | Command::Undo(_)
        | Command::Simulate(_)
        | Command::Why(_)
        | Command::Mail(_)
        | Command::Policy(_)
        | Command::Audit(_)
        | Command::Store(_)
        | Command::Backup(_)
        | Command::Restore(_)
        | Command::Maintain
        | Command::Doctor => return None,
    })
}

/// The first words that were typed, to be typed again behind sudo; what follows may be a code.
fn typed() -> String {
    let mut words = std::env::args_os().skip(1);
    let mut typed: Vec<String> = words
        .by_ref()
        .take(2)
        .map(|word| sanitise(&word.to_string_lossy()))
        .collect();
    if words.next().is_some() {
        typed.push("\u{2026}".to_owned());
    }
    typed.join(" ")
}

/// Whether a person is behind this process, by the kernel's word or by sudo's; a service has none.
pub(crate) fn is_a_persons() -> bool {
    let called = called();
    called.sudo_uid.is_some() || called.other.is_some() || !matches!(people::login_uid(), Ok(None))
}

#[expect(
    clippy::disallowed_methods,
    reason = "it can take a role away and never give one: the weaker of this and the kernel's word counts"
)]
pub(crate) fn called() -> Called {
    Called {
        sudo_uid: std::env::var_os("SUDO_UID"),
        other: ["DOAS_USER", "PKEXEC_UID"]
            .into_iter()
            .find(|name| std::env::var_os(name).is_some()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::Arguments;
    use super::shape::{GLOBAL_OPTIONS, OUTPUT_OPTIONS};

    #[test]
    fn the_arguments_make_sense() {
        Arguments::command().debug_assert();
    }

    /// A command and those below it, each by its name.
    fn all(name: &str, command: &Command, to: &mut Vec<(String, Command)>) {
        to.push((name.to_owned(), command.clone()));
        for below in command.get_subcommands() {
            all(&format!("{name} {}", below.get_name()), below, to);
        }
    }

    // Mutants: an option of all commands has no heading; a command's own has one, or stands below them.
    #[test]
    fn a_commands_own_options_stand_above_those_of_all() {
        let mut program = Arguments::command();
        program.build();
        let mut commands = Vec::new();
        all("gatepost", &program, &mut commands);
        for (name, mut command) in commands {
            let options = command.get_arguments().filter(|arg| !arg.is_positional());
            for option in options {
                let is_of_all = option.get_help_heading().is_some();
                assert_eq!(option.is_global_set(), is_of_all, "{name}: {option}");
            }
            let help = command.render_help().to_string();
            let at = |heading: &str| help.find(&format!("\n{heading}:\n"));
            let (own, output) = (at("Options"), at(OUTPUT_OPTIONS));
            assert!(own.is_some() && own < output, "{name}\n{help}");
            assert!(output < at(GLOBAL_OPTIONS), "{name}\n{help}");
        }
    }
}
