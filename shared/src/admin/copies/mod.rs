//! The store as a thing: backed up, restored, checked, migrated, shrunk, its clock mended.

mod told;

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

pub use self::told::Room;
use super::roles::{Operator, Right};
use super::{Admin, AdminError, reason, stamp};
use crate::files;
use crate::host::{Host, System};
use crate::store::Store;
use crate::store::beside::{Purpose, Temporary};
use crate::store::copies::Found;
use crate::store::error::{Problem, StoreError};
use crate::store::events::Event;
use crate::store::kinds::Kind;
pub use crate::store::restore::{Options, Plan};
pub use crate::store::upkeep::Depth;

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackedUp {
    /// Its length.
    pub bytes: u64,
    /// The number of the last event in it.
    pub seq: i64,
    /// That event's hash, in hex.
    pub head: String,
}

/// A copy that was looked through, and what restoring it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// What the copy is.
    pub copy: Found,
    /// What becomes of the store.
    pub plan: Plan,
    /// Whether it was done.
    pub done: bool,
    /// Where the store as it was is kept; none where nothing was done.
    pub kept: Option<PathBuf>,
}

/// A copy that lies beside the store, looked through.
#[derive(Debug)]
pub struct Candidate {
    /// As it was named.
    name: String,
    file: Temporary,
    options: Options,
    /// What it is, and what restoring it would do.
    pub restored: Restored,
}

/// What SQLite found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// What is wrong; empty where nothing is.
    pub problems: Vec<String>,
}

/// A store's version, and this program's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migrated {
    /// The version it has, or had.
    pub found: i64,
    /// The version that this program needs.
    pub needed: i64,
    /// Whether it was migrated now.
    pub done: bool,
}

/// The store's own clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clock {
    /// What it shows, in milliseconds; none where it was never read.
    pub shows: Option<i64>,
    /// The wall time when it was last read, RFC 3339.
    pub read_at: Option<String>,
    /// Whether it was reset now.
    pub reset: bool,
}

impl Admin {
    /// Writes a copy of the store; logins go on meanwhile. The key is not in it.
    pub fn backup(
        &mut self,
        out: &mut dyn Write,
        why: Option<&str>,
    ) -> Result<BackedUp, AdminError> {
        self.may(Right::Machine)?;
        let file = Temporary::beside(&self.config.store, Purpose::Backup)?;
        self.store.copy_into(file.path())?;
        let (copy, found) = Store::open_copy(file.path())?;
        drop(copy);
        let mut content = File::open(file.path()).map_err(AdminError::copy)?;
        let bytes = std::io::copy(&mut content, out).map_err(AdminError::copy)?;
        out.flush().map_err(AdminError::copy)?;
        let detail = json!({"bytes": bytes, "seq": found.seq, "head": found.head});
        self.record_act(Kind::StoreBackup, detail, why)?;
        Ok(BackedUp {
            bytes,
            seq: found.seq,
            head: found.head,
        })
    }

    /// Takes a copy in, beside the store, and looks it through; the store is not touched. What is wrong with it
    /// is said of it as it was named.
    pub fn candidate(
        &self,
        copy: &mut dyn Read,
        name: &str,
        options: Options,
    ) -> Result<Candidate, AdminError> {
        self.may(Right::Machine)?;
        let file = Temporary::beside(&self.config.store, Purpose::Restore)?;
        take_in(copy, name, &file)?;
        let (opened, found) = Store::open_copy(file.path()).map_err(whose(name))?;
        drop(opened);
        let now = self.host.now();
        let plan = self.store.restore_plan(&now, file.path(), options);
        let plan = plan.map_err(whose(name))?;
        Ok(Candidate {
            name: name.to_owned(),
            file,
            options,
            restored: Restored {
                copy: found,
                plan,
                done: false,
                kept: None,
            },
        })
    }

    /// Restores a copy that was looked through. The store as it was is kept beside it.
    pub fn restore(
        &mut self,
        candidate: &Candidate,
        why: Option<&str>,
    ) -> Result<Restored, AdminError> {
        self.may(Right::Machine)?;
        let aside = free_name(&self.config.store, self.store.last_seq()?);
        let now = self.host.now();
        let done = self.store.restore(
            &now,
            candidate.file.path(),
            &aside,
            candidate.options,
            &candidate.restored.plan,
            &self.actor,
            &reason(why),
        );
        let plan = done.map_err(whose(&candidate.name))?;
        self.log("store-restore", "");
        Ok(Restored {
            copy: candidate.restored.copy.clone(),
            plan,
            done: true,
            kept: Some(aside),
        })
    }

    /// SQLite's own check of the file.
    pub fn check_store(&self, depth: Depth) -> Result<Checked, AdminError> {
        self.may(Right::Machine)?;
        Ok(Checked {
            problems: self.store.check(depth)?,
        })
    }

    /// Gives the file's free pages back to the disk.
    pub fn vacuum(&mut self, why: Option<&str>) -> Result<(), AdminError> {
        self.may(Right::Machine)?;
        self.store.vacuum()?;
        self.record_act(Kind::StoreVacuum, json!({}), why)
    }

    /// What the store's own clock shows.
    pub fn clock(&self) -> Result<Clock, AdminError> {
        self.may(Right::Machine)?;
        let reading = self.store.clock()?;
        Ok(Clock {
            shows: reading.as_ref().map(|reading| reading.store.millis()),
            read_at: reading.map(|reading| stamp(reading.wall.millis())),
            reset: false,
        })
    }

    /// Lets the store's clock go on from now.
    pub fn reset_clock(&mut self, why: Option<&str>) -> Result<Clock, AdminError> {
        self.may(Right::Machine)?;
        let now = self.host.now();
        self.store.reset_clock(&now, &self.actor, &reason(why))?;
        self.log("store-clock-reset", "");
        let clock = self.clock()?;
        Ok(Clock {
            reset: true,
            ..clock
        })
    }

    /// Records an act that changes no row of its own: the event, and the line in the system log.
    pub(super) fn record_act(
        &mut self,
        act: Kind,
        detail: serde_json::Value,
        why: Option<&str>,
    ) -> Result<(), AdminError> {
        let mut detail = detail;
        if let (serde_json::Value::Object(fields), Some(why)) = (&mut detail, why) {
            fields.insert("reason".to_owned(), reason(Some(why)).into());
        }
        let event = Event {
            kind: act,
            account: "",
            service: "",
            source: "",
            conversation: None,
            detail: self.actor.sign(detail),
        };
        self.store.record(self.host.now().wall, &event)?;
        self.log(act.name(), "");
        Ok(())
    }
}

/// Writes a copy into a file beside the store.
fn take_in(copy: &mut dyn Read, name: &str, file: &Temporary) -> Result<(), AdminError> {
    let path = file.path();
    let unwritten = |error: std::io::Error| {
        let kind = error.kind();
        let is_full = [ErrorKind::StorageFull, ErrorKind::QuotaExceeded].contains(&kind);
        StoreError {
            doing: "taking the copy in beside the store",
            problem: if is_full {
                Problem::Full
            } else if kind == ErrorKind::ReadOnlyFilesystem {
                Problem::ReadOnly
            } else {
                Problem::Odd(format!("{}: {error}", path.display()))
            },
        }
    };
    let mut content = File::options().write(true).open(path).map_err(unwritten)?;
    let mut bytes = vec![0; AT_ONCE];
    loop {
        let count = match copy.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                let copy = name.to_owned();
                return Err(AdminError::Unread { copy, error });
            }
        };
        let read = bytes.get(..count).unwrap_or_default();
        content.write_all(read).map_err(unwritten)?;
    }
}

/// Bytes of a copy that are read at once.
const AT_ONCE: usize = 256 * 1024;

/// For `map_err`: a failure said of the copy of that name, or of the store that is there, whichever it is.
fn whose(name: &str) -> impl Fn(StoreError) -> AdminError {
    move |error| told_of(name, error)
}

/// See [`whose`].
fn told_of(name: &str, error: StoreError) -> AdminError {
    let copy = name.to_owned();
    match error.problem {
        Problem::Unfit(unfit) => AdminError::Unfit { copy, unfit },
        Problem::Corrupt(_) => AdminError::StoreBroken { copy, error },
        Problem::Odd(_)
        | Problem::Untrusted(_)
        | Problem::Busy
        | Problem::Newer { .. }
        | Problem::NotMigrated { .. }
        | Problem::Full
        | Problem::ReadOnly
        | Problem::NotFound(_)
        | Problem::Exists(_)
        | Problem::Changed(_)
        | Problem::PolicyMoved { .. }
        | Problem::Sqlite(_)
        | Problem::AlreadyThere(_) => AdminError::Store(error),
    }
}

impl AdminError {
    /// The same, where the store had to be opened for a copy of that name to be restored.
    #[must_use]
    pub fn restoring(self, name: &str) -> Self {
        let Self::Store(error) = self else {
            return self;
        };
        // What is said so when it is opened is no store of ours.
        if matches!(error.problem, Problem::Odd(_)) {
            let copy = name.to_owned();
            return Self::StoreBroken { copy, error };
        }
        told_of(name, error)
    }
}

/// A name for the store as it was at that event. An earlier try at the same event may have left what it kept.
fn free_name(store: &Path, seq: i64) -> PathBuf {
    let name = |suffix: &str| {
        let mut name = store.as_os_str().to_owned();
        name.push(format!(".before-restore-{seq}{suffix}"));
        PathBuf::from(name)
    };
    std::iter::once(String::new())
        .chain((2..u32::MAX).map(|nth| format!("-{nth}")))
        .map(|suffix| name(&suffix))
        .find(|name| !files::exists(name))
        .unwrap_or_else(|| name(""))
}

/// Brings an older store to this program's version, or says what that would do. An [`Admin`] opens no
/// store of another version.
pub fn migrate(
    conf: Option<&Path>,
    operator: &Operator,
    doing: Doing,
) -> Result<Migrated, AdminError> {
    operator.may(Right::Machine)?;
    let config = super::config(conf, operator)?;
    files::check_database(&config.store)?;
    let (found, needed) = Store::version_at(&config.store)?;
    let due = found < needed;
    if !due || doing == Doing::DryRun {
        if found > needed {
            // Says that it is newer, and what to do.
            Store::open(&config.store)?;
        }
        return Ok(Migrated {
            found,
            needed,
            done: false,
        });
    }
    let mut store = Store::create(&config.store)?;
    let event = Event {
        kind: Kind::StoreMigrate,
        account: "",
        service: "",
        source: "",
        conversation: None,
        detail: operator.actor().sign(json!({"from": found, "to": needed})),
    };
    store.record(System::new()?.now().wall, &event)?;
    super::log_act(&operator.name, "store-migrate", "");
    Ok(Migrated {
        found,
        needed,
        done: true,
    })
}

/// Whether something is done, or only told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// Done.
    It,
    /// Told.
    DryRun,
}
