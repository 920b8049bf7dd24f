//! Accounts and addresses as an administrator manages them. Each act writes its event in the same
//! transaction.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::time::StoreTime;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde_json::{Value, json};

use super::error::{Problem, StoreError};
use super::events::{Event, append, not_found};
use super::{Store, clock, mails};
use crate::code::key::Tag;
use crate::host::Now;
use crate::policy::sends;

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

/// Who acts, for the audit.
#[derive(Clone, Debug)]
pub struct Actor {
    /// `root, login alice` …
    pub name: String,
}

/// How an address becomes confirmed.
#[derive(Clone, Debug)]
pub enum Confirmation {
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

/// What is to be compared to confirm an address.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The address's row.
    pub address: i64,
    /// What the code is bound to.
    pub id: [u8; 16],
    /// Its keyed hash.
    pub tag: Tag,
}

/// Tries that a confirmation code has.
const CONFIRM_TRIES: u32 = 5;
/// How long a confirmation code may be typed, on the store's clock: a day. It proves that mail
/// arrives, and opens nothing.
pub const CONFIRM_LIFE: gatepost_words::time::Span = gatepost_words::time::Span::from_hours(24);

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
        let doing = "enrolling an account";
        self.write(doing, |tx| {
            let failed = StoreError::sqlite;
            let at = clock::advance(tx, now)?;
            let before = by_name(tx, name.as_str())?;
            let account = match before {
                Some(account) if account.state != "removed" => {
                    let what = format!(
                        "{name} is enrolled already: gatepost user show {name}, or user remove \
                         first"
                    );
                    return Err(StoreError {
                        doing,
                        problem: Problem::Exists(what),
                    });
                }
                Some(account) => {
                    tx.execute(
                        "UPDATE accounts SET state = 'active', uid = ?2, version = version + 1
                         WHERE id = ?1",
                        params![account.id, uid],
                    )
                    .map_err(failed(doing))?;
                    tx.execute("DELETE FROM addresses WHERE account = ?1", [account.id])
                        .map_err(failed(doing))?;
                    account.id
                }
                None => {
                    tx.execute(
                        "INSERT INTO accounts (name, uid, state, created_wall)
                         VALUES (?1, ?2, 'active', ?3)",
                        params![name.as_str(), uid, now.wall.millis()],
                    )
                    .map_err(failed(doing))?;
                    tx.last_insert_rowid()
                }
            };
            if let Confirmation::Code { most, .. } = confirmation {
                count_mail(tx, doing, at, account, name, address, *most)?;
            }
            insert_address(tx, now, at, account, address, confirmation).map_err(failed(doing))?;
            let detail = json!({
                "uid": uid,
                "address": address.masked(),
                "confirmed": match confirmation {
                    Confirmation::Word => "by the administrator's word",
                    Confirmation::Code { .. } => "not yet",
                },
            });
            act(tx, now, actor, "user-add", name.as_str(), detail)
        })
    }

    /// Sets a fresh confirmation code for an unconfirmed address, unless that had `most` mails in a
    /// day already.
    pub fn renew_confirmation(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        id: [u8; 16],
        tag: &Tag,
        most: u32,
    ) -> Result<EmailAddress, StoreError> {
        let doing = "sending a confirmation code";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
            let account = existing(tx, doing, name)?;
            let open = account
                .addresses
                .iter()
                .find(|address| address.confirmed.is_none());
            let Some(open) = open else {
                return Err(not_found(
                    doing,
                    format!("{name} has no unconfirmed address"),
                ));
            };
            let address = EmailAddress::new(open.address.clone())
                .map_err(|bad| StoreError::odd(doing, bad.to_string()))?;
            count_mail(tx, doing, at, account.id, name, &address, most)?;
            tx.execute(
                "UPDATE addresses SET confirm_id = ?2, confirm_tag = ?3, confirm_until = ?4,
                   confirm_tries = 0
                 WHERE id = ?1",
                params![open.id, id, tag.0, at.plus(CONFIRM_LIFE).millis()],
            )
            .map_err(StoreError::sqlite(doing))?;
            act(tx, now, actor, "user-verify-sent", name.as_str(), json!({}))?;
            Ok(address)
        })
    }

    /// Counts a try at a confirmation code, and commits; what to compare it with.
    pub fn count_confirmation(
        &mut self,
        now: &Now,
        name: &UserName,
    ) -> Result<Pending, StoreError> {
        let doing = "confirming an address";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
            let account = existing(tx, doing, name)?;
            let row: Option<(i64, [u8; 16], [u8; 32])> = tx
                .query_row(
                    "UPDATE addresses SET confirm_tries = confirm_tries + 1
                     WHERE account = ?1 AND confirmed_wall IS NULL AND confirm_id IS NOT NULL
                       AND confirm_until > ?2 AND confirm_tries < ?3
                     RETURNING id, confirm_id, confirm_tag",
                    params![account.id, at.millis(), CONFIRM_TRIES],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                )
                .optional()
                .map_err(StoreError::sqlite(doing))?;
            let Some((address, id, tag)) = row else {
                let what = format!(
                    "{name} has no confirmation code that can be typed now: none is open, it \
                     expired, or its {CONFIRM_TRIES} tries are used up; gatepost user verify \
                     {name} sends a new one"
                );
                return Err(not_found(doing, what));
            };
            Ok(Pending {
                address,
                id,
                tag: Tag(tag),
            })
        })
    }

    /// Whether an account has a confirmation code that can be typed now.
    pub fn confirmation_open(&self, now: &Now, name: &UserName) -> Result<bool, StoreError> {
        let doing = "looking for a confirmation code";
        self.read(doing, |connection| {
            let at = clock::read(connection, now)?.store;
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM addresses d JOIN accounts a ON a.id = d.account
                     WHERE a.name = ?1 AND d.confirmed_wall IS NULL AND d.confirm_id IS NOT NULL
                       AND d.confirm_until > ?2 AND d.confirm_tries < ?3)",
                )
                .and_then(|mut statement| {
                    statement.query_row(params![name.as_str(), at.millis(), CONFIRM_TRIES], |row| {
                        row.get(0)
                    })
                })
                .map_err(StoreError::sqlite(doing))
        })
    }

    /// Marks an address as confirmed by its code.
    pub fn confirm(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        pending: &Pending,
        _spent: crate::code::key::Verified,
    ) -> Result<(), StoreError> {
        let doing = "confirming an address";
        self.write(doing, |tx| {
            let changed = tx
                .execute(
                    "UPDATE addresses SET confirmed_wall = ?2, confirmed_by = 'code',
                       confirm_id = NULL, confirm_tag = NULL
                     WHERE id = ?1 AND confirm_id = ?3 AND confirmed_wall IS NULL",
                    params![pending.address, now.wall.millis(), pending.id],
                )
                .map_err(StoreError::sqlite(doing))?;
            if changed != 1 {
                return Err(not_found(doing, "the address was changed in the meantime"));
            }
            act(
                tx,
                now,
                actor,
                "user-confirmed",
                name.as_str(),
                json!({"proof": "code"}),
            )
        })
    }

    /// Sets an account's state: `active` or `disabled`.
    pub fn set_state(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        state: &'static str,
        reason: &str,
    ) -> Result<(), StoreError> {
        let doing = "changing an account";
        self.write(doing, |tx| {
            let account = existing(tx, doing, name)?;
            set_state(tx, account.id, state).map_err(StoreError::sqlite(doing))?;
            void_codes(tx, account.id).map_err(StoreError::sqlite(doing))?;
            let kind = if state == "active" {
                "user-enable"
            } else {
                "user-disable"
            };
            let detail = json!({"before": account.state, "after": state, "reason": reason});
            act(tx, now, actor, kind, name.as_str(), detail)
        })
    }

    /// Removes an account, leaving a tombstone: its name is never taken for one that never was.
    pub fn remove_account(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        reason: &str,
    ) -> Result<(), StoreError> {
        let doing = "removing an account";
        self.write(doing, |tx| {
            let account = existing(tx, doing, name)?;
            let run = |sql: &str| {
                tx.execute(sql, [account.id])
                    .map_err(StoreError::sqlite(doing))
            };
            set_state(tx, account.id, "removed").map_err(StoreError::sqlite(doing))?;
            void_codes(tx, account.id).map_err(StoreError::sqlite(doing))?;
            run("DELETE FROM recovery_codes WHERE account = ?1")?;
            run("DELETE FROM known_sources WHERE account = ?1")?;
            run("UPDATE outbox SET state = 'failed' WHERE account = ?1 AND state <> 'sent'")?;
            run("DELETE FROM addresses WHERE account = ?1")?;
            act(
                tx,
                now,
                actor,
                "user-remove",
                name.as_str(),
                json!({"reason": reason}),
            )
        })
    }

    /// Replaces an account's recovery codes.
    pub fn set_recovery(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        codes: &[(String, String)],
    ) -> Result<(), StoreError> {
        let doing = "setting recovery codes";
        self.write(doing, |tx| {
            let account = existing(tx, doing, name)?;
            tx.execute(
                "DELETE FROM recovery_codes WHERE account = ?1",
                [account.id],
            )
            .map_err(StoreError::sqlite(doing))?;
            for (first_group, hash) in codes {
                tx.execute(
                    "INSERT INTO recovery_codes (account, first_group, hash) VALUES (?1, ?2, ?3)",
                    params![account.id, first_group, hash],
                )
                .map_err(StoreError::sqlite(doing))?;
            }
            act(
                tx,
                now,
                actor,
                "recovery-new",
                name.as_str(),
                json!({"codes": codes.len()}),
            )
        })
    }

    /// Takes an account's recovery codes away; how many were left.
    pub fn remove_recovery(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        reason: &str,
    ) -> Result<u32, StoreError> {
        let doing = "removing recovery codes";
        self.write(doing, |tx| {
            let account = existing(tx, doing, name)?;
            let left: u32 = tx
                .query_row(
                    "SELECT count(*) FROM recovery_codes
                     WHERE account = ?1 AND used_wall IS NULL",
                    [account.id],
                    |row| row.get(0),
                )
                .map_err(StoreError::sqlite(doing))?;
            if left == 0 {
                return Err(not_found(
                    doing,
                    format!("{name} has no recovery code left"),
                ));
            }
            tx.execute(
                "DELETE FROM recovery_codes WHERE account = ?1",
                [account.id],
            )
            .map_err(StoreError::sqlite(doing))?;
            let detail = json!({"left": left, "reason": reason});
            act(tx, now, actor, "recovery-remove", name.as_str(), detail)?;
            Ok(left)
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
    "id, name, uid, state, failures_in_row, success_wall, created_wall";

pub(super) fn account_of(row: &Row<'_>) -> Result<Account, rusqlite::Error> {
    Ok(Account {
        id: row.get(0)?,
        name: row.get(1)?,
        uid: row.get(2)?,
        state: row.get(3)?,
        failures_in_a_row: row.get(4)?,
        last_success: row.get(5)?,
        created: row.get(6)?,
        addresses: Vec::new(),
    })
}

fn by_name(connection: &Connection, name: &str) -> Result<Option<Account>, StoreError> {
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

/// Counts the mail with a confirmation code before it goes out, or says why it must not.
fn count_mail(
    tx: &Transaction<'_>,
    doing: &'static str,
    at: StoreTime,
    account: i64,
    name: &UserName,
    address: &EmailAddress,
    most: u32,
) -> Result<(), StoreError> {
    let all = mails::all_to(tx, &address.limit_key(), at)?;
    let Some(wait) = sends::ceiling(&all, most, at) else {
        return mails::count_other(tx, at, account, address);
    };
    let what = format!(
        "{} had {most} mails within a day, which is the most (mails_per_address_per_day below \
         [limits]); the next may go in {wait}. If you know the address to be right: gatepost user add \
         {name} ADDRESS --confirmed, after gatepost user remove {name} where the account is enrolled",
        address.masked()
    );
    Err(StoreError {
        doing,
        problem: Problem::Exists(what),
    })
}

fn insert_address(
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

fn set_state(tx: &Transaction<'_>, account: i64, state: &str) -> Result<(), rusqlite::Error> {
    tx.execute(
        "UPDATE accounts SET state = ?2, version = version + 1 WHERE id = ?1",
        params![account, state],
    )?;
    Ok(())
}

/// Kills every live code of an account.
fn void_codes(tx: &Transaction<'_>, account: i64) -> Result<(), rusqlite::Error> {
    tx.execute(
        "UPDATE challenges SET replaced = 1 WHERE account = ?1 AND used_wall IS NULL",
        [account],
    )?;
    // Those that ended are ended already, and their rows are no record: the events are.
    tx.execute("DELETE FROM bypass_codes WHERE account = ?1", [account])?;
    Ok(())
}

/// Records an administrator's act.
pub(super) fn act(
    tx: &Transaction<'_>,
    now: &Now,
    actor: &Actor,
    kind: &str,
    account: &str,
    detail: Value,
) -> Result<(), StoreError> {
    let mut detail = detail;
    if let Value::Object(fields) = &mut detail {
        fields.insert("by".to_owned(), actor.name.as_str().into());
    }
    let event = Event {
        kind,
        account,
        service: "",
        source: "",
        conversation: None,
        detail,
    };
    append(tx, now.wall, &event)?;
    Ok(())
}
