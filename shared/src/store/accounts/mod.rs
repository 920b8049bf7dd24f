//! Accounts and addresses as an administrator manages them. Each act writes its event in the same
//! transaction, together with the owner's notice and what takes the act back.
//!
//! - here: enrolling, reading an account
//! - `actor`: who acts; `record`: what every act leaves; `confirm`: confirmation codes
//! - `acts`: unlock, lock, disable, enable, remove, note, recovery codes
//! - `address`: from one address to another
//! - `import`: many of them at once; `sources`: where their people come from

mod actor;
mod acts;
mod address;
mod confirm;
mod import;
mod record;
mod sources;

pub use self::actor::Actor;
pub(super) use self::acts::{remove, tell};
use self::confirm::count_mail;
pub use self::confirm::{CONFIRM_LIFE, Guarded, Pending};
pub use self::import::{Row as ImportRow, Way};
pub(super) use self::record::{Act, act, changed_since, difference, record, unchanged};
pub use self::sources::Known;

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::text::sanitise;
use gatepost_words::time::StoreTime;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde_json::json;

use super::error::{Problem, StoreError};
use super::events::not_found;
use super::kinds::Kind;
use super::undo::{Back, Batch};
use super::{Store, clock};
use crate::code::key::Tag;
use crate::host::Now;

/// An account as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct Account {
    /// Its row.
    #[serde(skip)]
    pub id: i64,
    /// Canonical name.
    pub name: String,
    /// The uid it was enrolled with.
    pub uid: u32,
    /// `active`, `disabled` or `removed`.
    pub state: String,
    /// Raised by each administrator's act: who saw another one saw something else.
    pub version: i64,
    /// What administrators noted about it.
    pub note: String,
    /// When an administrator locked it, milliseconds since 1970.
    pub held: Option<i64>,
    /// Failures since the last success or unlocking.
    pub failures_in_a_row: u32,
    /// Last success, milliseconds since 1970.
    pub last_success: Option<i64>,
    /// Enrolled, milliseconds since 1970.
    pub created: i64,
    /// Its addresses.
    pub addresses: Vec<Address>,
}

/// An address as it is listed.
#[derive(Clone, Debug, Serialize)]
pub struct Address {
    /// Its row.
    #[serde(skip)]
    pub id: i64,
    /// In full: the caller masks it.
    pub address: String,
    /// When it was confirmed, milliseconds since 1970.
    pub confirmed: Option<i64>,
    /// By `code` or by an `administrator`'s word.
    pub confirmed_by: Option<String>,
}

/// An account's version before an act and after it: whoever saw the one may go on from the other, since
/// nothing but that act lies between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// Before.
    pub before: i64,
    /// After.
    pub after: i64,
}

impl Versions {
    /// Of an act on the account as it was read in the act's transaction: [`record()`] raises the version by one.
    pub(super) const fn of(account: &Account) -> Self {
        Self {
            before: account.version,
            after: account.version.saturating_add(1),
        }
    }
}

/// What an act on an account left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The account's versions.
    pub versions: Versions,
    /// What takes it back, where something does.
    pub entry: Option<i64>,
}

impl Recorded {
    /// Of an act on the account as it was read in the act's transaction.
    pub(super) const fn of(account: &Account, entry: Option<i64>) -> Self {
        Self {
            versions: Versions::of(account),
            entry,
        }
    }
}

/// What comes with an act: why it is done, and what the person who asks for it saw.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Why, for the audit; fit to be shown.
    pub reason: String,
    /// The account's version on the screen; another one by now refuses the act. None: whatever it is.
    pub version: Option<i64>,
    /// The acts that it is taken back with.
    pub batch: Batch,
}

impl From<&str> for Asked {
    fn from(reason: &str) -> Self {
        Self {
            reason: sanitise(reason),
            version: None,
            batch: Batch::Alone,
        }
    }
}

impl From<Option<&str>> for Asked {
    fn from(reason: Option<&str>) -> Self {
        reason.unwrap_or_default().into()
    }
}

/// How an address becomes confirmed.
#[derive(Clone, Debug)]
pub enum Confirmation {
    /// By a code that is yet to be asked for.
    Later,
    /// By the administrator's word.
    Word,
    /// By a code that was mailed to it.
    Code {
        /// What the code is bound to.
        id: [u8; 16],
        /// Its keyed hash.
        tag: Tag,
        /// How many mails may go to an address in a day; past that none is sent.
        most: u32,
    },
}

impl Store {
    /// Enrols an account, or brings a removed one back; its counters stay what they were.
    pub fn add_account(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        uid: u32,
        address: &EmailAddress,
        confirmation: &Confirmation,
    ) -> Result<(), StoreError> {
        let person = (name, uid);
        self.write("enrolling an account", |tx| {
            let at = clock::advance(tx, now)?;
            enrol(
                tx,
                now,
                at,
                actor,
                person,
                address,
                confirmation,
                Batch::Alone,
            )
            .map(|_undo| ())
        })
    }

    /// How many recovery codes an account has left.
    pub fn recovery_left(&self, account: i64) -> Result<u32, StoreError> {
        let doing = "counting recovery codes";
        self.read(doing, |connection| {
            connection
                .prepare_cached(
                    "SELECT count(*) FROM recovery_codes
                     WHERE account = ?1 AND used_wall IS NULL",
                )
                .and_then(|mut statement| statement.query_row([account], |row| row.get(0)))
                .map_err(StoreError::sqlite(doing))
        })
    }

    /// An account by name; removed ones too.
    pub fn account(&self, name: &UserName) -> Result<Option<Account>, StoreError> {
        self.read("reading an account", |connection| {
            by_name(connection, name.as_str())
        })
    }
}

pub(super) const COLUMNS: &str =
    "id, name, uid, state, failures_in_row, success_wall, created_wall, version, note, held_wall";

pub(super) fn account_of(row: &Row<'_>) -> Result<Account, rusqlite::Error> {
    Ok(Account {
        id: row.get(0)?,
        name: row.get(1)?,
        uid: row.get(2)?,
        state: row.get(3)?,
        failures_in_a_row: row.get(4)?,
        last_success: row.get(5)?,
        created: row.get(6)?,
        version: row.get(7)?,
        note: row.get(8)?,
        held: row.get(9)?,
        addresses: Vec::new(),
    })
}

pub(super) fn by_name(connection: &Connection, name: &str) -> Result<Option<Account>, StoreError> {
    let account = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM accounts WHERE name = ?1"))
        .and_then(|mut statement| statement.query_row([name], account_of).optional())
        .map_err(StoreError::sqlite("reading an account"))?;
    let Some(mut account) = account else {
        return Ok(None);
    };
    account.addresses = addresses(connection, account.id)?;
    Ok(Some(account))
}

/// An account that is there and not removed.
pub(super) fn existing(
    tx: &Transaction<'_>,
    doing: &'static str,
    name: &UserName,
) -> Result<Account, StoreError> {
    by_name(tx, name.as_str())?
        .filter(|account| account.state != "removed")
        .ok_or_else(|| {
            not_found(
                doing,
                format!("{name} is not enrolled: gatepost user add {name} ADDRESS"),
            )
        })
}

pub(super) fn addresses(connection: &Connection, account: i64) -> Result<Vec<Address>, StoreError> {
    connection
        .prepare_cached(
            "SELECT id, address, confirmed_wall, confirmed_by FROM addresses
             WHERE account = ?1 ORDER BY id",
        )
        .and_then(|mut statement| {
            statement
                .query_map([account], |row| {
                    Ok(Address {
                        id: row.get(0)?,
                        address: row.get(1)?,
                        confirmed: row.get(2)?,
                        confirmed_by: row.get(3)?,
                    })
                })?
                .collect()
        })
        .map_err(StoreError::sqlite("reading addresses"))
}

/// Enrols an account in a transaction that may enrol more of them; the journal's row.
#[expect(
    clippy::too_many_arguments,
    reason = "one value for each thing that an enrolment needs"
)]
pub(super) fn enrol(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    actor: &Actor,
    (name, uid): (&UserName, u32),
    address: &EmailAddress,
    confirmation: &Confirmation,
    batch: Batch,
) -> Result<Option<i64>, StoreError> {
    let doing = "enrolling an account";
    let failed = StoreError::sqlite;
    let before = match by_name(tx, name.as_str())? {
        Some(account) if account.state != "removed" => {
            let what = format!(
                "{name} is enrolled already: gatepost user show {name}, or user set-mail {name} \
                 ADDRESS for another address"
            );
            return Err(StoreError {
                doing,
                problem: Problem::Exists(what),
            });
        }
        Some(account) => {
            tx.execute(
                "UPDATE accounts SET state = 'active', uid = ?2 WHERE id = ?1",
                params![account.id, uid],
            )
            .map_err(failed(doing))?;
            clear(tx, account.id).map_err(failed(doing))?;
            account.uid
        }
        None => {
            tx.execute(
                "INSERT INTO accounts (name, uid, state, created_wall, version)
                 VALUES (?1, ?2, 'active', ?3, 0)",
                params![name.as_str(), uid, now.wall.millis()],
            )
            .map_err(failed(doing))?;
            uid
        }
    };
    let account = existing(tx, doing, name)?;
    if let Confirmation::Code { most, .. } = confirmation {
        count_mail(tx, doing, at, account.id, name, address, *most)?;
    }
    insert_address(tx, now, at, account.id, address, confirmation).map_err(failed(doing))?;
    let detail = json!({"uid": uid, "confirmed": confirmation.told()});
    let detail = actor.naming(detail, "address", std::slice::from_ref(address));
    let act = Act {
        kind: Kind::UserAdd,
        detail,
        back: Some(Back::Remove(before)),
        batch,
    };
    record(tx, now, at, actor, &account, act)
}

/// Takes away all that an account can sign in with, and where it signed in from. A tombstone should have none
/// of it, and whoever is enrolled for its name may be somebody else: so it is not taken on trust.
pub(super) fn clear(tx: &Transaction<'_>, account: i64) -> Result<(), rusqlite::Error> {
    void_codes(tx, account)?;
    for table in ["recovery_codes", "known_sources", "addresses"] {
        let sql = format!("DELETE FROM {table} WHERE account = ?1");
        tx.execute(&sql, [account])?;
    }
    Ok(())
}

impl Confirmation {
    /// How the log tells it.
    pub(super) fn told(&self) -> &'static str {
        match self {
            Self::Word => "by the administrator's word",
            Self::Code { .. } | Self::Later => "not yet",
        }
    }
}

pub(super) fn insert_address(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    account: i64,
    address: &EmailAddress,
    confirmation: &Confirmation,
) -> Result<(), rusqlite::Error> {
    let (wall, by, id, tag, until) = match confirmation {
        Confirmation::Word => (
            Some(now.wall.millis()),
            Some("administrator"),
            None,
            None,
            None,
        ),
        Confirmation::Later => (None, None, None, None, None),
        Confirmation::Code { id, tag, most: _ } => (
            None,
            None,
            Some(*id),
            Some(tag.0),
            Some(at.plus(CONFIRM_LIFE).millis()),
        ),
    };
    tx.execute(
        "INSERT INTO addresses (account, address, limit_key, confirmed_wall, confirmed_by,
           confirm_id, confirm_tag, confirm_until, created_wall)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            account,
            address.as_str(),
            address.limit_key(),
            wall,
            by,
            id,
            tag,
            until,
            now.wall.millis()
        ],
    )?;
    Ok(())
}

/// Kills every live code of an account, bypass codes among them.
pub(super) fn void_codes(tx: &Transaction<'_>, account: i64) -> Result<(), rusqlite::Error> {
    void_mailed(tx, account)?;
    // Those that ended are ended already, and their rows are no record: the events are.
    tx.execute("DELETE FROM bypass_codes WHERE account = ?1", [account])?;
    Ok(())
}

/// Kills every mailed code of an account that is live.
pub(super) fn void_mailed(tx: &Transaction<'_>, account: i64) -> Result<(), rusqlite::Error> {
    tx.execute(
        "UPDATE challenges SET replaced = 1 WHERE account = ?1 AND used_wall IS NULL",
        [account],
    )?;
    Ok(())
}
