//! The demo: a real sshd on the loopback asks for the mailed code, in private mounts that leave the
//! machine as it was.
//!
//! With a terminal, a person signs in ([`terminal`]). Without one, four sign-ins are played and held
//! against what they should look like ([`plays`]). A code is read from the mail that came in over
//! STARTTLS and from nowhere else.

mod host;
mod letter;
mod plays;
mod scene;
mod screen;
mod stop;
mod terminal;

use std::io;
use std::io::IsTerminal;
use std::process::ExitCode;

use crate::config::Config;
use crate::require::Need;
use crate::require::missing;
use crate::smtp::Encryption;
use crate::smtp::Sink;
use crate::stack::Stack;
use crate::stage::Stage;
use host::Host;
use screen::say;

/// Who signs in.
const USER: &str = "alice";
const ADDRESS: &str = "alice@example.org";

/// What the demo needs of the machine.
const NEEDS: [Need; 5] = [
    Need::Root,
    Need::Program("/usr/sbin/sshd"),
    Need::Program("/usr/bin/ssh"),
    Need::Program("/usr/bin/ssh-keygen"),
    Need::PamModule("pam_unix.so"),
];

/// Runs the demo; the program's main.
pub fn main() -> ExitCode {
    if let Some(why) = NEEDS.into_iter().find_map(missing) {
        say(&format!(
            "The demo cannot run: {why}. `make demo` sees to that."
        ));
        return ExitCode::FAILURE;
    }
    let before = Host::look();
    let is_watched = io::stdin().is_terminal() && io::stdout().is_terminal();
    let went_well = if is_watched {
        terminal::run()
    } else {
        plays::run()
    };
    let changes = before.changes(&Host::look());
    if changes.is_empty() {
        say("This machine is as it was before: mounts, host name, accounts, PAM stacks, programs.");
    } else {
        say(&format!(
            "This machine was changed:\n  {}",
            changes.join("\n  ")
        ));
    }
    if went_well && changes.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Short times, so that a person sees codes expire and an account lock.
fn config(sink: &Sink) -> Config {
    Config::to(sink)
        .set("code.life", "1m")
        .number("limits.failures_per_hour", 5)
        .set("limits.send_cooldown", "1s")
}

/// A host whose sshd asks for a password and then for a code, with one account enrolled.
fn stage(config: &Config) -> Stage {
    Stage::builder()
        .product(config.clone())
        .enrol(USER, ADDRESS)
        .stack("sshd", &Stack::plain())
        .file("/etc/profile.d/rig.sh", "PS1='alice@host01$ '\n")
        .build()
}

fn mail_catcher() -> Sink {
    Sink::start(Encryption::StartTls)
}
