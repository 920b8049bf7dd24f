//! Confirmation codes: sent anew, counted before they are compared. What a right one does to the
//! addresses is [`super::address`]'s.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::time::StoreTime;
use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::json;

use super::{Account, Actor, Asked, act, existing, unchanged};
use crate::code::key::Tag;
use crate::host::Now;
use crate::policy::sends;
use crate::store::error::{Problem, StoreError};
use crate::store::events::not_found;
use crate::store::kinds::Kind;
use crate::store::{Store, clock, mails};

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

/// An account as the guards were asked about it: by then another may have its name.
#[derive(Clone, Copy, Debug)]
pub struct Guarded<'a> {
    /// Its name.
    pub name: &'a UserName,
    /// The uid that the guards were asked about.
    pub uid: u32,
    /// The account's version on the screen; none: whatever it is.
    pub seen: Option<i64>,
}

impl Guarded<'_> {
    /// The account, where it is that one still, and what the person saw.
    fn existing(self, tx: &Transaction<'_>, doing: &'static str) -> Result<Account, StoreError> {
        let account = existing(tx, doing, self.name)?;
        if account.uid != self.uid {
            return Err(not_found(doing, "the account was changed in the meantime"));
        }
        let asked = Asked {
            version: self.seen,
            ..Asked::default()
        };
        unchanged(tx, doing, &account, &asked)?;
        Ok(account)
    }
}

/// Tries that a confirmation code has.
const CONFIRM_TRIES: u32 = 5;
/// How long a confirmation code may be typed, on the store's clock: a day. It proves that mail
/// arrives, and opens nothing.
pub const CONFIRM_LIFE: gatepost_words::time::Span = gatepost_words::time::Span::from_hours(24);

impl Store {
    /// Sets a fresh confirmation code for an unconfirmed address, unless that had `most` mails in a
    /// day already.
    pub fn renew_confirmation(
        &mut self,
        now: &Now,
        actor: &Actor,
        guarded: Guarded<'_>,
        id: [u8; 16],
        tag: &Tag,
        most: u32,
    ) -> Result<EmailAddress, StoreError> {
        let doing = "sending a confirmation code";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
            let name = guarded.name;
            let account = guarded.existing(tx, doing)?;
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
            let detail = actor.naming(json!({}), "address", std::slice::from_ref(&address));
            act(tx, now, actor, Kind::UserVerifySent, name.as_str(), detail)?;
            Ok(address)
        })
    }

    /// Counts a try at a confirmation code, and commits; what to compare it with.
    pub fn count_confirmation(
        &mut self,
        now: &Now,
        guarded: Guarded<'_>,
    ) -> Result<Pending, StoreError> {
        let doing = "confirming an address";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
            let name = guarded.name;
            let account = guarded.existing(tx, doing)?;
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
}

/// Counts the mail with a confirmation code before it goes out, or says why it must not.
pub(super) fn count_mail(
    tx: &Transaction<'_>,
    doing: &'static str,
    at: StoreTime,
    account: i64,
    name: &UserName,
    address: &EmailAddress,
    most: u32,
) -> Result<(), StoreError> {
    let key = address.limit_key();
    // Confirmations and notices share what codes leave them: nobody fills a mailbox by asking again.
    let share = sends::notices(most);
    let others = sends::ceiling(&mails::others_to(tx, &key, at)?, share, at);
    let all = sends::ceiling(&mails::all_to(tx, &key, at)?, most, at);
    let (had, wait) = match (all, others) {
        (Some(wait), _) => (format!("{most} mails"), wait),
        (None, Some(wait)) => (format!("{share} mails that were no sign-in codes"), wait),
        (None, None) => return mails::count_other(tx, at, account, address),
    };
    let what = format!(
        "{} had {had} within a day, which is the most (mails_per_address_per_day below [limits], half of \
         it for what is no code); the next may go in {wait}. If you know the address to be right: gatepost user add \
         {name} ADDRESS --confirmed, after gatepost user remove {name} where the account is enrolled",
        address.masked()
    );
    Err(StoreError {
        doing,
        problem: Problem::Exists(what),
    })
}
