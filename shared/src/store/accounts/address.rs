//! From one address to another: the new one is unused until its code came back, and the old one is
//! told of both steps.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::job::OwnerAct;
use gatepost_words::time::StoreTime;
use rusqlite::{Transaction, params};
use serde_json::json;

use super::{
    Account, Act, Actor, Asked, Confirmation, Pending, Versions, count_mail, existing,
    insert_address, record, unchanged, void_mailed,
};
use crate::host::Now;
use crate::store::error::{Problem, StoreError};
use crate::store::events::not_found;
use crate::store::kinds::Kind;
use crate::store::mails::ToldAct;
use crate::store::notices::notify;
use crate::store::undo::{self, Back, Batch};
use crate::store::{Store, clock};

const CHANGING: &str = "changing an address";

impl Store {
    /// Has an account's codes go to another address, once that is confirmed.
    pub fn set_address(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        address: &EmailAddress,
        confirmation: &Confirmation,
        asked: &Asked,
    ) -> Result<Versions, StoreError> {
        self.write(CHANGING, |tx| {
            let at = clock::advance(tx, now)?;
            let account = existing(tx, CHANGING, name)?;
            unchanged(tx, CHANGING, &account, asked)?;
            let change = Change {
                address,
                confirmation,
                reason: &asked.reason,
                batch: Batch::Alone,
            };
            change_address(tx, now, at, actor, &account, &change)
                .map(|_undo| Versions::of(&account))
        })
    }

    /// Marks an address as confirmed by its code; it takes the place of the one before it.
    pub fn confirm(
        &mut self,
        now: &Now,
        actor: &Actor,
        name: &UserName,
        pending: &Pending,
        _spent: crate::code::key::Verified,
    ) -> Result<Versions, StoreError> {
        let doing = "confirming an address";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
            let account = existing(tx, doing, name)?;
            let changed = tx
                .execute(
                    "UPDATE addresses SET confirmed_wall = ?2, confirmed_by = 'code',
                       confirm_id = NULL, confirm_tag = NULL
                     WHERE id = ?1 AND confirm_id = ?3 AND confirmed_wall IS NULL
                       AND account = ?4",
                    params![pending.address, now.wall.millis(), pending.id, account.id],
                )
                .map_err(StoreError::sqlite(doing))?;
            if changed != 1 {
                return Err(not_found(doing, "the address was changed in the meantime"));
            }
            let new = account
                .addresses
                .iter()
                .find(|address| address.id == pending.address)
                .and_then(|address| EmailAddress::new(address.address.clone()).ok())
                .ok_or_else(|| StoreError::odd(doing, "the confirmed address is unreadable"))?;
            let replaced = retire(tx, now, at, &account, &new, Some(pending.address))?;
            let detail = json!({"proof": "code"});
            let detail = actor.naming(detail, "address", std::slice::from_ref(&new));
            let act = Act {
                kind: Kind::UserConfirmed,
                detail: actor.naming(detail, "replaced", &replaced),
                back: None,
                batch: Batch::Alone,
            };
            record(tx, now, at, actor, &account, act).map(|_undo| Versions::of(&account))
        })
    }
}

/// A change of address.
pub(in crate::store) struct Change<'a> {
    pub(in crate::store) address: &'a EmailAddress,
    pub(in crate::store) confirmation: &'a Confirmation,
    pub(in crate::store) reason: &'a str,
    pub(in crate::store) batch: Batch,
}

/// Asks for a change of address, or does it on the administrator's word; the journal's row.
pub(in crate::store) fn change_address(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    actor: &Actor,
    account: &Account,
    change: &Change<'_>,
) -> Result<Option<i64>, StoreError> {
    let failed = StoreError::sqlite;
    let Change {
        address,
        confirmation,
        ..
    } = *change;
    let word = matches!(confirmation, Confirmation::Word);
    refuse_the_same(account, address, word)?;
    let pending = undo::pending(tx, account.id)?;
    tx.execute(
        "DELETE FROM addresses WHERE account = ?1 AND confirmed_wall IS NULL",
        [account.id],
    )
    .map_err(failed(CHANGING))?;
    if let Confirmation::Code { most, .. } = confirmation {
        let name = UserName::new(account.name.clone())
            .map_err(|bad| StoreError::odd(CHANGING, bad.to_string()))?;
        count_mail(tx, CHANGING, at, account.id, &name, address, *most)?;
    }
    let before: Vec<EmailAddress> = confirmed(account).collect();
    if word {
        retire(tx, now, at, account, address, None)?;
    } else {
        for old in &before {
            let told = ToldAct::of(OwnerAct::AddressAsked, address.masked());
            notify(tx, now, at, account.id, &told, Some(old))?;
        }
    }
    insert_address(tx, now, at, account.id, address, confirmation).map_err(failed(CHANGING))?;
    let detail = json!({"confirmed": confirmation.told(), "reason": change.reason});
    let detail = actor.naming(detail, "before", &before);
    let act = Act {
        kind: Kind::UserSetMail,
        detail: actor.naming(detail, "after", std::slice::from_ref(address)),
        // Once the new one is in use, the old one has to prove itself again.
        back: (!word).then_some(Back::Pending(pending)),
        batch: change.batch,
    };
    record(tx, now, at, actor, account, act)
}

/// The addresses that codes may go to.
fn confirmed(account: &Account) -> impl Iterator<Item = EmailAddress> {
    account
        .addresses
        .iter()
        .filter(|address| address.confirmed.is_some())
        .filter_map(|address| EmailAddress::new(address.address.clone()).ok())
}

fn refuse_the_same(
    account: &Account,
    address: &EmailAddress,
    word: bool,
) -> Result<(), StoreError> {
    let refused = |what: String| {
        Err(StoreError {
            doing: CHANGING,
            problem: Problem::Exists(what),
        })
    };
    for old in confirmed(account) {
        if old.as_str() == address.as_str() {
            return refused(format!("codes go to {} already", old.masked()));
        }
        if !word && old.limit_key() == address.limit_key() {
            return refused(format!(
                "{} is the mailbox that codes go to already, written otherwise: --confirmed changes \
                 how it is written",
                old.masked()
            ));
        }
    }
    Ok(())
}

/// Takes every address but one out of use: who had codes there is told, and codes that are open die.
/// The addresses that went.
fn retire(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    account: &Account,
    new: &EmailAddress,
    keep: Option<i64>,
) -> Result<Vec<EmailAddress>, StoreError> {
    let failed = StoreError::sqlite;
    let mut gone = Vec::new();
    for old in confirmed(account) {
        let told = ToldAct::of(OwnerAct::AddressChanged, new.masked());
        notify(tx, now, at, account.id, &told, Some(&old))?;
        gone.push(old);
    }
    void_mailed(tx, account.id).map_err(failed(CHANGING))?;
    tx.execute(
        "DELETE FROM addresses WHERE account = ?1 AND id IS NOT ?2",
        params![account.id, keep],
    )
    .map_err(failed(CHANGING))?;
    Ok(gone)
}
