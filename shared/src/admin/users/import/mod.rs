//! Enrolling many people from a list: what would become of each line, then doing it in short
//! transactions. A list never lowers anything: it neither unlocks nor enables nor brings back, and
//! gives an account another address only where that is asked for.
//!
//! No confirmation is mailed here: `gatepost user invite` does that, at its own pace.

mod form;
mod ldif;

use std::collections::HashSet;

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::text::sanitise;
use serde::Serialize;

pub use self::form::{Form, IMPORT_LIMIT, MOST_ROWS, Rows, read_rows};
use self::form::{Read, Row};
use super::super::roles::Right;
use super::super::{Admin, AdminError};
use super::{Asked, Stop};
use crate::people::{self, LookupError};
use crate::store::accounts::{Account, ImportRow, Way};

/// What a list may do beside enrolling.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether an account with another address is given the list's.
    pub update: bool,
    /// Whether addresses are taken on the administrator's word.
    pub confirmed: bool,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// It enrols an account.
    Add,
    /// It changes one.
    Change,
    /// It changes nothing.
    Skip,
    /// It makes no sense, or could not be done.
    Wrong,
}

impl Fate {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Skip => "skip",
            Self::Wrong => "wrong",
        }
    }
}

/// A line and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its number in the file.
    pub line: u64,
    /// Who.
    pub user: String,
    /// Where codes are to go, masked.
    pub address: String,
    /// What becomes of it.
    pub fate: Fate,
    /// Why, or what changes.
    pub why: String,
}

/// What would become of a list.
#[derive(Debug, Default)]
pub struct Plan {
    /// Every line.
    pub lines: Vec<Line>,
    /// What is to be done, and which line of [`Self::lines`] it is.
    work: Vec<(usize, ImportRow)>,
}

/// What became of a list.
#[derive(Debug, Serialize)]
pub struct Imported {
    /// Accounts that were enrolled.
    pub added: usize,
    /// Accounts that were changed.
    pub changed: usize,
    /// Lines that changed nothing.
    pub skipped: usize,
    /// Lines that were not done, and why.
    pub failed: Vec<Line>,
    /// Lines that were not begun, because it was stopped.
    pub left: usize,
    /// What takes all of it back: `gatepost undo` and this.
    pub undo: Option<i64>,
    /// Accounts whose address waits for its code now.
    #[serde(skip)]
    pub to_invite: Vec<String>,
}

/// Rows a transaction imports at the most: logins wait for no longer one.
const CHUNK: usize = 100;

impl Plan {
    /// How many lines there are of a fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.lines.iter().filter(|line| line.fate == fate).count()
    }
}

impl Admin {
    /// Says what would become of each line; changes nothing.
    pub fn plan_import(&self, rows: Rows, options: Options) -> Result<Plan, AdminError> {
        self.may(Right::Accounts)?;
        let mut plan = Plan::default();
        let mut seen = HashSet::new();
        for Read { line, row } in rows.0 {
            let planned = match row {
                Ok(row) => self.plan_row(line, row, options, &mut seen)?,
                Err(why) => Planned::no(line, String::new(), String::new(), Fate::Wrong, why),
            };
            if let Some(work) = planned.work {
                plan.work.push((plan.lines.len(), work));
            }
            plan.lines.push(planned.line);
        }
        Ok(plan)
    }

    fn plan_row(
        &self,
        line: u64,
        row: Row,
        options: Options,
        seen: &mut HashSet<UserName>,
    ) -> Result<Planned, AdminError> {
        let user = sanitise(&row.user);
        let wrong = |why: String| Planned::no(line, user.clone(), String::new(), Fate::Wrong, why);
        let typed = match UserName::new(row.user) {
            Ok(typed) => typed,
            Err(bad) => return Ok(wrong(bad.to_string())),
        };
        let address = match EmailAddress::new(row.address) {
            Ok(address) => address,
            Err(bad) => return Ok(wrong(bad.to_string())),
        };
        let note = match super::note(&row.note) {
            Ok(note) => note,
            Err(error) => return Ok(wrong(error.to_string())),
        };
        let person = match people::find(&typed) {
            Ok(person) => person,
            Err(LookupError::NoSuchUser(_)) => {
                return Ok(wrong("this machine has no such user".to_owned()));
            }
            Err(failed) => return Err(failed.into()),
        };
        if !seen.insert(person.name.clone()) {
            return Ok(wrong("an earlier line has the same user".to_owned()));
        }
        let account = self.store.account(&person.name)?;
        let mut wanted = ImportRow {
            name: person.name,
            uid: person.uid,
            address,
            note,
            confirmed: row.confirmed || options.confirmed,
            way: Way::Add,
            seen: account.as_ref().map(|account| account.version),
        };
        let (fate, why) = judge(account.as_ref(), &mut wanted, options);
        let shown = wanted.address.masked();
        let work = matches!(fate, Fate::Add | Fate::Change).then_some(wanted);
        Ok(Planned {
            work,
            ..Planned::no(line, user, shown, fate, why)
        })
    }

    /// Does what was planned, and says so after each transaction.
    pub fn apply_import(
        &mut self,
        plan: &Plan,
        asked: impl Into<Asked>,
        stop: &Stop,
        mut tell: impl FnMut(usize, usize),
    ) -> Result<Imported, AdminError> {
        self.may(Right::Accounts)?;
        let asked = asked.into();
        let mut imported = Imported {
            added: 0,
            changed: 0,
            skipped: plan.count(Fate::Skip),
            failed: wrong_lines(plan),
            left: 0,
            undo: None,
            to_invite: Vec::new(),
        };
        let mut begun = 0;
        for chunk in plan.work.chunks(CHUNK) {
            if stop.is_stopped() {
                imported.left = plan.work.len().saturating_sub(begun);
                break;
            }
            begun += chunk.len();
            self.import_chunk(plan, chunk, &asked, &mut imported)?;
            tell(begun, plan.work.len());
        }
        Ok(imported)
    }

    fn import_chunk(
        &mut self,
        plan: &Plan,
        chunk: &[(usize, ImportRow)],
        asked: &Asked,
        imported: &mut Imported,
    ) -> Result<(), AdminError> {
        let rows: Vec<ImportRow> = chunk.iter().map(|(_, row)| row.clone()).collect();
        let now = self.host.now();
        let ended = self.store.import(
            &now,
            &self.actor_of_addresses(),
            &rows,
            imported.undo,
            asked,
        )?;
        imported.undo = ended.batch;
        for ((line, row), result) in chunk.iter().zip(ended.rows) {
            match result {
                Ok(()) => {
                    match row.way {
                        Way::Add => imported.added += 1,
                        Way::Change | Way::Note => imported.changed += 1,
                    }
                    if !row.confirmed && row.way != Way::Note {
                        imported.to_invite.push(row.name.as_str().to_owned());
                    }
                    self.log("user-import", row.name.as_str());
                }
                Err(error) => imported
                    .failed
                    .extend(plan.lines.get(*line).map(|line| Line {
                        fate: Fate::Wrong,
                        why: error.to_string(),
                        ..line.clone()
                    })),
            }
        }
        Ok(())
    }
}

/// The people of this machine as a list, each with an address at a domain.
pub fn machine_rows(domain: &str) -> Result<Rows, AdminError> {
    let people = people::inhabitants()?;
    let row = |(person, line): (people::Inhabitant, u64)| Read {
        line,
        row: Ok(Row {
            address: format!("{}@{domain}", person.name.as_str()),
            user: person.name.into(),
            ..Row::default()
        }),
    };
    Ok(Rows(people.into_iter().zip(1..).map(row).collect()))
}

/// A line, and what is to be done for it.
struct Planned {
    line: Line,
    work: Option<ImportRow>,
}

impl Planned {
    fn no(line: u64, user: String, address: String, fate: Fate, why: String) -> Self {
        Self {
            line: Line {
                line,
                user,
                address,
                fate,
                why,
            },
            work: None,
        }
    }
}

fn wrong_lines(plan: &Plan) -> Vec<Line> {
    let wrong = plan.lines.iter().filter(|line| line.fate == Fate::Wrong);
    wrong.cloned().collect()
}

/// What becomes of a row, by what is there. It never enables, unlocks or brings back.
fn judge(account: Option<&Account>, row: &mut ImportRow, options: Options) -> (Fate, String) {
    let confirmed = if row.confirmed {
        "confirmed by your word"
    } else {
        "to be confirmed"
    };
    let Some(account) = account else {
        return (Fate::Add, confirmed.to_owned());
    };
    let skip = |why: &str| (Fate::Skip, why.to_owned());
    if account.state == "removed" {
        return skip("was removed: gatepost user add enrols it again");
    }
    if account.state != "active" {
        return skip("is disabled, and a list changes nothing there");
    }
    if account.uid != row.uid {
        return skip("was enrolled with another uid, so it may be somebody else");
    }
    let key = row.address.limit_key();
    let same =
        |address: &crate::store::accounts::Address| address.address.to_ascii_lowercase() == key;
    let noted = !row.note.is_empty() && row.note != account.note;
    if account.addresses.iter().any(same) {
        if noted && options.update {
            row.way = Way::Note;
            return (Fate::Change, "another note".to_owned());
        }
        return skip("is enrolled with this address");
    }
    if !options.update {
        return skip("is enrolled with another address: --update changes it");
    }
    row.way = Way::Change;
    if !noted {
        row.note.clear();
    }
    (Fate::Change, format!("another address, {confirmed}"))
}
