//! `gatepost setup`: the directories, the system user, the key, the store and a commented
//! configuration.
//!
//! What is there is left alone and told, also where it is wrong: setup creates and migrates, it
//! repairs nothing. A setup that stopped half-way can be run again. A store that is gone from an
//! installation is not made anew unless that is asked for: an empty one forgets every account and lock.

pub(super) mod person;
mod rules;

use std::path::{Path, PathBuf};

use gatepost_words::secret::Secret;
use gatepost_words::text::quote;
use serde::Serialize;

use super::roles::{Operator, Right};
use super::{AdminError, create};
use crate::config::{self, CONFIG, raw};
use crate::files::{self, Readers, Untrusted};
use crate::host::{Host, System};
use crate::store::Store;
use crate::store::error::{Problem, StoreError};
use crate::store::events::Event;
use crate::store::kinds::Kind;
use crate::syslog::{self, Severity};

/// The configuration that setup writes: every key, most of them comments.
pub const TEMPLATE: &str = include_str!("../../../../packaging/gatepost.toml.example");

/// What became of one thing that an installation needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    /// It was not there.
    Created,
    /// It was there, and is as it must be.
    LeftAlone,
    /// An older store or configuration was brought to this version.
    Migrated,
    /// It is wrong or could not be made: the note says what to do.
    Failed,
}

/// One thing that an installation needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// `directory`, `user`, `key`, `store`, `config`, `policy`.
    pub thing: &'static str,
    /// Its path or name.
    pub name: String,
    /// What became of it.
    pub done: Done,
    /// More, for people; empty where there is nothing to say.
    pub note: String,
}

/// What setup did.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Every thing, in order.
    pub steps: Vec<Step>,
    /// Whether the configuration can be used: an address to send from and a relay are named.
    pub configured: bool,
    /// What the configuration still lacks, where it cannot be used.
    pub lacks: Option<String>,
}

impl Report {
    /// How many things are wrong.
    pub fn failed(&self) -> usize {
        self.steps
            .iter()
            .filter(|step| step.done == Done::Failed)
            .count()
    }

    /// Whether anything was made.
    pub fn changed(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step.done, Done::Created | Done::Migrated))
    }
}

/// What to do where configuration and key are there, and the store is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostStore {
    /// Say so, and what to do.
    Tell,
    /// Make an empty one: nobody is enrolled in it.
    MakeNew,
}

/// Sets an installation up, with its configuration at `conf` or the usual place.
pub fn run(
    conf: Option<&Path>,
    operator: &Operator,
    lost: LostStore,
) -> Result<Report, AdminError> {
    operator.may(Right::Machine)?;
    let system = System::new()?;
    // Whatever a library creates on the way is root's alone.
    let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let report = steps(conf, &system, operator, lost);
    rustix::process::umask(before);
    Ok(report)
}

fn steps(conf: Option<&Path>, system: &dyn Host, operator: &Operator, lost: LostStore) -> Report {
    let conf = conf.unwrap_or(Path::new(CONFIG));
    let folder = conf.parent().unwrap_or(Path::new("/"));
    let mut steps = vec![
        person::create(),
        directory(folder, 0o755),
        configuration(conf),
    ];
    let Places {
        store,
        key,
        templates,
        text,
    } = match places(conf) {
        Ok(places) => places,
        Err(problem) => return without_places(steps, &problem),
    };
    match templates.parent() {
        Some(parent) if parent != folder && !files::exists(parent) => {
            steps.push(directory(parent, 0o755));
        }
        Some(_) | None => {}
    }
    steps.push(directory(&templates, 0o755));
    let around = store.parent().unwrap_or(Path::new("/"));
    steps.push(directory(around, 0o700));
    // Two that run beside each other would each make half of it. Where there is no such directory, nothing
    // is made below.
    let alone = match create::alone(around) {
        Ok(alone) => Some(alone),
        Err(problem) if files::exists(around) => {
            steps.push(step("setup", around)(Done::Failed, problem.clone()));
            return Report {
                steps,
                configured: false,
                lacks: Some(problem),
            };
        }
        Err(_) => None,
    };
    let key_missing = !files::exists(&key);
    // The key comes last: where it is, there was a store.
    if !key_missing && lost == LostStore::Tell && empty(&store) {
        steps.push(lost_store(&store));
        steps.push(key_file(&key, system));
    } else {
        let step = database(&store);
        let older = key_missing && step.done == Done::LeftAlone;
        steps.push(if older {
            Step {
                note: "it is older than its key: the codes that are open now no longer work"
                    .to_owned(),
                ..step
            }
        } else {
            step
        });
        steps.push(key_file(&key, system));
        let failed = |thing| {
            let of = |step: &Step| step.thing == thing && step.done == Done::Failed;
            steps.iter().any(of)
        };
        if !failed("store") && !failed("config") {
            steps.extend(rules::settle(
                conf,
                &text,
                &store,
                system,
                &operator.actor(),
            ));
        }
    }
    let lacks = match config::Config::load(Some(conf)) {
        Ok(_) => None,
        Err(error) => Some(error.to_string()),
    };
    let report = Report {
        configured: lacks.is_none(),
        steps,
        lacks,
    };
    if report.changed() {
        record(&store, system, operator, &report);
    }
    drop(alone);
    report
}

/// Where things are to be.
struct Places {
    store: PathBuf,
    key: PathBuf,
    templates: PathBuf,
    /// What was read.
    text: String,
}

/// Where things are to be: read from a configuration that may be unfinished otherwise, so
/// that no second store is made beside the one it names.
fn places(conf: &Path) -> Result<Places, String> {
    let content = match files::read_trusted(conf, Readers::Anybody, 256 * 1024) {
        Ok(content) => content,
        // It could not be written: that step says why.
        Err(Untrusted::Missing(_)) => Secret::default(),
        Err(untrusted) => return Err(untrusted.to_string()),
    };
    let text = content
        .expose_str()
        .ok_or_else(|| "it is not UTF-8 text".to_owned())?;
    let file: raw::File = toml::from_str(text).map_err(|error| error.to_string())?;
    let place = |given: Option<String>, usual: &str| {
        PathBuf::from(given.unwrap_or_else(|| usual.to_owned()))
    };
    Ok(Places {
        store: place(file.store.path, config::STORE),
        key: place(file.store.key, config::KEY),
        templates: place(file.mail.templates, config::TEMPLATES),
        text: text.to_owned(),
    })
}

/// The report of a setup that doesn't know where store and key are to be.
fn without_places(mut steps: Vec<Step>, problem: &str) -> Report {
    if let Some(config) = steps.iter_mut().find(|step| step.thing == "config") {
        config.done = Done::Failed;
        problem.trim_end().clone_into(&mut config.note);
    }
    Report {
        steps,
        configured: false,
        lacks: Some(problem.to_owned()),
    }
}

fn directory(path: &Path, mode: u32) -> Step {
    let step = step("directory", path);
    if files::exists(path) {
        return match create::check_folder(path, mode) {
            Ok(()) => step(Done::LeftAlone, String::new()),
            Err(problem) => step(Done::Failed, problem),
        };
    }
    match create::folder(path, mode) {
        Ok(()) => step(Done::Created, String::new()),
        Err(problem) => step(Done::Failed, problem),
    }
}

fn configuration(path: &Path) -> Step {
    let step = step("config", path);
    if files::exists(path) {
        return match files::open_trusted(path, Readers::Anybody) {
            Ok(_) => step(Done::LeftAlone, String::new()),
            Err(untrusted) => step(Done::Failed, untrusted.to_string()),
        };
    }
    match create::file(path, 0o644, TEMPLATE.as_bytes()) {
        Ok(()) => step(Done::Created, String::new()),
        Err(problem) => step(Done::Failed, problem),
    }
}

fn key_file(path: &Path, system: &dyn Host) -> Step {
    let step = step("key", path);
    if files::exists(path) {
        return match super::read_key(path) {
            Ok(_) => step(Done::LeftAlone, String::new()),
            Err(error) => step(Done::Failed, error.to_string()),
        };
    }
    let mut bytes = zeroize::Zeroizing::new([0; crate::code::key::Key::LENGTH]);
    if let Err(error) = system.fill_random(bytes.as_mut_slice()) {
        return step(Done::Failed, error.to_string());
    }
    match create::file(path, 0o600, bytes.as_slice()) {
        Ok(()) => step(
            Done::Created,
            "back it up apart from the store: a copy of one is useless without the other"
                .to_owned(),
        ),
        Err(problem) => step(Done::Failed, problem),
    }
}

/// Whether there is no store, or nothing in it.
fn empty(path: &Path) -> bool {
    !files::exists(path) || std::fs::symlink_metadata(path).is_ok_and(|found| found.len() == 0)
}

/// The step of a store that should be there.
fn lost_store(path: &Path) -> Step {
    let note = "configuration and key are there, and the store is not: restore it from a backup. An \
                empty one would know no account and no lock; if that is what you want, gatepost setup \
                --new-store makes it"
        .to_owned();
    step("store", path)(Done::Failed, note)
}

fn database(path: &Path) -> Step {
    let step = step("store", path);
    // SQLite would create it with whatever mode the umask leaves, and follow what is there.
    let fresh = !files::exists(path);
    if fresh && let Err(problem) = create::file(path, 0o600, b"") {
        return step(Done::Failed, problem);
    }
    let opened = files::check_database(path)
        .map_err(|untrusted| StoreError {
            doing: "opening the store",
            problem: Problem::Untrusted(untrusted),
        })
        .and_then(|()| {
            // Empty: made here, or by a setup that stopped before it filled the file.
            if empty(path) {
                return Store::create(path).map(|_store| Done::Created);
            }
            match Store::open(path) {
                Ok(_store) => Ok(Done::LeftAlone),
                Err(StoreError {
                    problem: Problem::NotMigrated { .. },
                    ..
                }) => Store::create(path).map(|_store| Done::Migrated),
                Err(error) => Err(error),
            }
        });
    match opened {
        Ok(done) => step(done, String::new()),
        Err(error) => step(Done::Failed, error.to_string()),
    }
}

/// Leaves an event of what was made; without a store there is nowhere to leave it.
fn record(store: &Path, system: &dyn Host, operator: &Operator, report: &Report) {
    let made: Vec<&str> = report
        .steps
        .iter()
        .filter(|step| matches!(step.done, Done::Created | Done::Migrated))
        .map(|step| step.name.as_str())
        .collect();
    let event = Event {
        kind: Kind::Setup,
        account: "",
        service: "",
        source: "",
        conversation: None,
        detail: operator.actor().sign(serde_json::json!({"made": made})),
    };
    if let Ok(mut store) = Store::open(store) {
        // What failed with the store is told by its own step.
        let _told = store.record(system.now().wall, &event);
    }
    syslog::write(
        Severity::Notice,
        &format!(
            "event=admin act=setup made={} by={}",
            made.len(),
            quote(operator.name.clone())
        ),
    );
}

/// A step of that thing, once it is known what became of it.
fn step(thing: &'static str, path: &Path) -> impl Fn(Done, String) -> Step {
    let name = path.display().to_string();
    move |done, note| Step {
        thing,
        name: name.clone(),
        done,
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::{TEMPLATE, raw};

    #[test]
    fn the_template_is_read_without_complaint_and_sets_nothing_unsafe() {
        let file: raw::File = toml::from_str(TEMPLATE).unwrap();
        assert!(file.relay.is_empty());
        assert!(file.rule.is_none());
    }

    #[test]
    fn every_key_that_the_template_comments_out_is_a_key() {
        // A commented setting is `#key = value`, a commented sentence `# words`.
        let uncommented: String = TEMPLATE
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if !setting.starts_with([' ', '#']) => setting,
                Some(_) | None => line,
            })
            .fold(String::new(), |all, line| all + line + "\n");
        let file: raw::File = toml::from_str(&uncommented).unwrap();
        assert_eq!(file.relay.len(), 1);
        assert!(file.rule.is_none(), "rules are in the store");
    }
}
