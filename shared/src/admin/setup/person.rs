//! The system user that the sender runs as: made by useradd(8), with no shell, no home, no password.

use std::path::Path;
use std::process::Stdio;

use nix::unistd::{Group, User};

use super::{Done, Step};
use gatepost_words::job::SENDER_USER as NAME;

/// Places where useradd is.
const USERADD: [&str; 2] = ["/usr/sbin/useradd", "/sbin/useradd"];
/// Places where the shell that lets nobody in is.
const NOLOGIN: [&str; 3] = ["/usr/sbin/nologin", "/sbin/nologin", "/bin/false"];

/// Makes the user where there is none.
pub(super) fn create() -> Step {
    let step = |done, note: String| Step {
        thing: "user",
        name: NAME.to_owned(),
        done,
        note,
    };
    match User::from_name(NAME) {
        Ok(Some(user)) => match objection(&user) {
            None => step(Done::LeftAlone, String::new()),
            Some(problem) => step(Done::Failed, problem),
        },
        Ok(None) => match useradd() {
            Ok(()) => step(Done::Created, String::new()),
            Err(problem) => step(Done::Failed, problem),
        },
        Err(errno) => step(
            Done::Failed,
            format!("the password database cannot be read: {errno}"),
        ),
    }
}

/// Why a user of that name must not run the sender.
pub(crate) fn objection(user: &User) -> Option<String> {
    if user.uid.is_root() || user.gid.as_raw() == 0 {
        return Some(format!(
            "the user {NAME} is root, or in root's group: the sender needs one without privileges; \
             mend /etc/passwd, or userdel {NAME} and gatepost setup"
        ));
    }
    let shell = user.shell.to_string_lossy();
    let closed = shell.ends_with("/nologin") || shell.ends_with("/false");
    (!closed)
        .then(|| format!("the user {NAME} can log in: usermod --shell /usr/sbin/nologin {NAME}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the user is the system's to make: useradd knows its files, locks and uid ranges"
)]
fn useradd() -> Result<(), String> {
    let there = |places: &[&'static str]| {
        places
            .iter()
            .copied()
            .find(|place| Path::new(place).exists())
    };
    let shell = there(&NOLOGIN).unwrap_or("/bin/false");
    let Some(program) = there(&USERADD) else {
        return Err(format!(
            "there is no useradd here: make a system user {NAME} with the shell {shell} and no \
             home by hand, then run gatepost setup again"
        ));
    };
    let mut command = std::process::Command::new(program);
    command
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .args(["--system", "--no-create-home", "--home-dir", "/nonexistent"])
        .args(["--shell", shell, "--comment", "Gatepost mail sender"]);
    // A group of the name may be left from a setup that stopped half-way.
    match Group::from_name(NAME) {
        Ok(Some(_)) => command.args(["--gid", NAME]),
        Ok(None) | Err(_) => command.arg("--user-group"),
    };
    let output = command
        .arg(NAME)
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "{program}: {}",
        gatepost_words::text::sanitise(said.trim())
    ))
}
