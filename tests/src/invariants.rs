//! The standing invariants, asserted when a stage closes, whatever its test was about.
//!
//! I1 and I3 (no success without the right code, one success a code) are asserted by each test, which
//! alone knows what was typed; [`crate::pam`] compares the host's state for I4. What can be seen from
//! outside of I5 to I8 is judged here.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use crate::aging::StoreFile;
use crate::process::Capture;
use crate::product::STORE;
use crate::stage::Stage;
use crate::syslog::AUTHPRIV;
use crate::syslog::SyslogLine;

/// The longest that a login may take beyond the time its person takes: 8 s of mail and some slack.
pub const LOGIN_LIMIT: Duration = Duration::from_secs(10);

/// What a stage's parts note down while the test runs.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    secrets: BTreeSet<String>,
    faults: Vec<String>,
    /// Outputs that must hold no secret, by name.
    watched: Vec<(String, Capture)>,
    /// Outputs that may (a terminal's echo): for the report alone.
    shown: Vec<(String, Capture)>,
    conversations: Option<usize>,
    store_may_break: bool,
}

impl Ledger {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add_secret(&self, text: &str) {
        // Shorter ones would be found everywhere by chance.
        if text.len() >= 6 {
            self.notes().secrets.insert(text.to_owned());
        }
    }

    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        self.notes().secrets.clone()
    }

    /// Notes a broken invariant, to be reported when the stage closes.
    pub(crate) fn fault(&self, text: String) {
        self.notes().faults.push(text);
    }

    /// A program's log or stderr: reported, and searched for secrets.
    pub(crate) fn watch(&self, name: &str, capture: &Capture) {
        self.notes()
            .watched
            .push((name.to_owned(), capture.clone()));
    }

    /// A terminal's transcript: reported only.
    pub(crate) fn show(&self, name: &str, capture: &Capture) {
        self.notes().shown.push((name.to_owned(), capture.clone()));
    }

    pub(crate) fn report(&self) -> String {
        let notes = self.notes();
        let mut report = String::new();
        for (name, capture) in notes.watched.iter().chain(&notes.shown) {
            let _ = writeln!(report, "=== {name}\n{}", capture.text());
        }
        report
    }
}

impl Stage {
    /// Says how many conversations reached the module: so many decisions must be on record (I8).
    pub fn expect_conversations(&self, count: usize) {
        self.ledger.notes().conversations = Some(count);
    }

    /// Says that the test breaks the store's file or its mode on purpose: I6 and I8 are not judged.
    pub fn store_is_broken_on_purpose(&self) {
        self.ledger.notes().store_may_break = true;
    }
}

/// All that is wrong with a stage whose processes have ended.
pub(crate) fn judge(stage: &Stage) -> Vec<String> {
    let mut faults = stage.ledger.notes().faults.clone();
    faults.extend(secrets_in_the_open(stage));
    let store_may_break = stage.ledger.notes().store_may_break;
    if stage.has_product() && !store_may_break {
        faults.extend(modes_of_the_store());
        faults.extend(state_of_the_store(stage));
    }
    faults
}

/// I5: no code, password or relay secret in syslog, in the store's files or on a captured stderr.
fn secrets_in_the_open(stage: &Stage) -> Vec<String> {
    let mut places: Vec<(String, Vec<u8>)> = vec![(
        "syslog".to_owned(),
        stage
            .syslog()
            .into_iter()
            .flat_map(|line| line.raw.into_bytes())
            .collect(),
    )];
    for (name, capture) in &stage.ledger.notes().watched {
        places.push((name.clone(), capture.bytes()));
    }
    for suffix in ["", "-wal", "-journal"] {
        let path = format!("{STORE}{suffix}");
        if let Ok(bytes) = fs::read(&path) {
            places.push((path, bytes));
        }
    }
    let secrets = stage.secrets();
    let mut faults = Vec::new();
    for (place, bytes) in &places {
        for secret in &secrets {
            if contains(bytes, secret.as_bytes()) {
                faults.push(format!("I5: the secret {secret:?} stands in {place}"));
            }
        }
    }
    faults
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

/// I6: the store's folder is root's, 0700, its files root's, 0600, each with one name.
fn modes_of_the_store() -> Vec<String> {
    let mut faults = Vec::new();
    let folder = Path::new(STORE).parent().unwrap_or(Path::new("/"));
    let mut wanted = vec![(folder.to_path_buf(), 0o700)];
    wanted.extend(["", "-wal", "-shm"].map(|suffix| (format!("{STORE}{suffix}").into(), 0o600)));
    for (path, mode) in wanted {
        let Ok(found) = fs::symlink_metadata(&path) else {
            continue;
        };
        let is = (found.uid(), found.mode() & 0o7777);
        if is != (0, mode) || (found.is_file() && found.nlink() != 1) {
            faults.push(format!(
                "I6: {}: uid {}, mode {:o}",
                path.display(),
                is.0,
                is.1
            ));
        }
    }
    faults
}

/// I6 and I8: the store is whole, and each conversation left one decision there and one in syslog.
fn state_of_the_store(stage: &Stage) -> Vec<String> {
    if !Path::new(STORE).exists() {
        return vec![format!("I6: {STORE} is gone")];
    }
    let store = StoreFile::at(STORE);
    let mut faults = Vec::new();
    match store.integrity() {
        Ok(words) if words == "ok" => {}
        Ok(words) => faults.push(format!("I6: integrity_check says {words}")),
        Err(error) => faults.push(format!("I6: integrity_check: {error}")),
    }
    let lines: Vec<SyslogLine> = stage.syslog().into_iter().filter(is_decision).collect();
    let mut in_log: Vec<(i64, String)> = lines.iter().filter_map(place_in_chain).collect();
    in_log.sort();
    let in_store = match store.decisions() {
        Ok(in_store) => in_store,
        Err(error) => {
            faults.push(format!("I8: read the decisions: {error}"));
            return faults;
        }
    };
    if in_store != in_log {
        faults.push(format!(
            "I8: decisions in the store {in_store:?}, in syslog {in_log:?}"
        ));
    }
    // What the store could not record has its line alone.
    let unrecorded = lines
        .iter()
        .filter(|line| line.field("seq").is_none())
        .count();
    let found = in_store.len() + unrecorded;
    if let Some(wanted) = stage.ledger.notes().conversations
        && found != wanted
    {
        faults.push(format!("I8: {wanted} conversations left {found} decisions"));
    }
    faults
}

/// True for the one line that the helper writes for each conversation.
///
/// The one place that knows how such a line looks.
pub fn is_decision(line: &SyslogLine) -> bool {
    line.facility == AUTHPRIV && line.program == "gatepost" && line.message.starts_with("decision=")
}

/// The event's number and the chain's head that a decision's line names.
fn place_in_chain(line: &SyslogLine) -> Option<(i64, String)> {
    Some((
        line.field("seq")?.parse().ok()?,
        line.field("head")?.to_owned(),
    ))
}

/// Prints the report of a failing test where libtest shows it.
#[expect(
    clippy::print_stderr,
    reason = "libtest captures it and shows it with the failed test"
)]
pub(crate) fn print_report(faults: &[String], report: &str) {
    eprintln!("{}\n{report}", faults.join("\n"));
}
