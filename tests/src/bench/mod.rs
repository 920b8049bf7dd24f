//! The bench: the product's speed and size against its goals, each figure beside a peer's in the same
//! run. Ratios are what it promises; times alone tell about the machine.
//!
//! [`rig`] sets up what is measured, `driver` (through [`drive`]) logs in, `measure` turns records into
//! figures, [`goals`] judges them. It runs the product's release build, on the disk that the build's
//! files are on, and needs root.

mod disk;
mod drive;
mod driver;
mod goals;
mod mailroom;
mod measure;
mod options;
mod peer;
mod rig;
mod statistics;

use std::env;
use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::ExitCode;

use self::goals::Figure;
use self::options::Options;
use self::options::USAGE;
use self::rig::Rig;
use crate::product::Artifacts;
use crate::product::OWN_PROFILE;
use crate::require::Need;
use crate::require::missing;

/// Runs the bench; the program's main.
pub fn main() -> ExitCode {
    let mut arguments = env::args().skip(1).peekable();
    if arguments.next_if(|first| first == drive::DRIVER).is_some() {
        return driver::main();
    }
    if arguments.peek().is_some_and(|first| first == "--help") {
        say(USAGE);
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(arguments) {
        Ok(options) => options,
        Err(problem) => {
            say(&format!("{problem}\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    let needs = [
        Need::Root,
        Need::PamModule(peer::MODULE),
        Need::Program("/usr/sbin/sshd"),
    ];
    for need in needs {
        if let Some(why) = missing(need) {
            say(&format!("the bench {why}\n"));
            return ExitCode::from(2);
        }
    }
    bench(&options);
    ExitCode::SUCCESS
}

fn bench(options: &Options) {
    let target = target();
    build();
    say("setting up\n");
    let mut rig = Rig::set_up(&target);
    rig.prove();
    let mut figures = Vec::new();
    for group in measure::GROUPS {
        if options.wants(group.keys) {
            say(&format!("measuring {}\n", group.keys.join(", ")));
            figures.extend((group.measure)(&mut rig, options));
            rig.settle();
        }
    }
    drop(rig);
    say(&format!("\n{}", goals::table(&figures)));
    let path = target.join("bench.json");
    write(&path, &figures, options);
    say(&format!("\nwritten to {}\n", path.display()));
}

/// Builds what the stage needs beside this program, if it is not there, and outside the stage.
fn build() {
    Artifacts::get();
    let own = env::current_exe().unwrap_or_default();
    if own.with_file_name("gatepost-pam-host").exists() {
        return;
    }
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(["build", "--quiet", "--profile", OWN_PROFILE])
        .args(["-p", "gatepost-tests", "--bin", "gatepost-pam-host"])
        .status();
    assert!(
        status.is_ok_and(|status| status.success()),
        "cargo build of gatepost-pam-host failed"
    );
}

/// The folder of the build's files.
fn target() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    fs::create_dir_all(&target)
        .and_then(|()| target.canonicalize())
        .unwrap_or_else(|error| panic!("{}: {error}", target.display()))
}

fn write(path: &Path, figures: &[Figure], options: &Options) {
    let mut whole = goals::json(figures);
    whole.insert("run".to_owned(), measure::circumstances(options));
    let text = serde_json::to_string_pretty(&whole).expect("figures are JSON");
    fs::write(path, text + "\n").unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Prints; a closed output is no reason to fail.
fn say(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stdout().flush();
}
