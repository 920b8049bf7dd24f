//! Who hears of a restore by mail: whoever had the codes of an account that has them elsewhere now, and whoever
//! gets the codes of one that is open again. Not the other address of one that moved: the words for it are of
//! somebody's own change, and its first code says what is so.

use gatepost_words::ident::EmailAddress;
use gatepost_words::job::OwnerAct;
use gatepost_words::time::StoreTime;
use rusqlite::Transaction;

use super::Plan;
use super::plan::Moved;
use crate::host::Now;
use crate::store::error::StoreError;
use crate::store::mails::ToldAct;
use crate::store::{accounts, notices};

/// Queues the notices, once the store is what it is to be.
pub(super) fn tell(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    plan: &Plan,
    moved: &[Moved],
) -> Result<(), StoreError> {
    for Moved { name, from, to } in moved {
        let from = from
            .as_ref()
            .and_then(|from| EmailAddress::new(from.clone()).ok());
        let (Some(account), Some(from)) = (accounts::by_name(tx, name)?, from) else {
            continue;
        };
        let to = EmailAddress::new(to.clone()).map_or_else(|_bad| String::new(), |to| to.masked());
        let told = ToldAct::of(OwnerAct::AddressChanged, to);
        notices::notify(tx, now, at, account.id, &told, Some(&from))?;
    }
    for name in &plan.reopened {
        if let Some(account) = accounts::by_name(tx, name)? {
            accounts::tell(tx, now, at, &account, OwnerAct::Enabled)?;
        }
    }
    Ok(())
}
