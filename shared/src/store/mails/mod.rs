//! Mails: where they go, how many went, how each delivery ended, and the outbox of notices.
//!
//! - here: where an account's codes go
//! - `counts`: how many went; `deliveries`: how each one ended
//! - `told`: what a notice tells; `claims`: which are due, and how they fared

mod claims;
mod counts;
mod deliveries;
mod told;

use gatepost_words::ident::EmailAddress;
use gatepost_words::time::Span;
use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;

pub use self::claims::Notice;
pub(super) use self::counts::{all_to, answer_sends, count_other, count_send, others_to, sent};
pub(super) use self::deliveries::{DELIVERY, delivery};
pub use self::deliveries::{Delivery, Earlier, Of};
pub(super) use self::told::{ACT, queue_half_finished};
pub use self::told::{HalfFinished, Told, ToldAct};

/// The confirmed address that an account's codes go to.
pub(super) fn address(
    connection: &Connection,
    account: i64,
) -> Result<Option<(i64, EmailAddress)>, StoreError> {
    let doing = "reading an address";
    let row: Option<(i64, String)> = connection
        .prepare_cached(
            "SELECT id, address FROM addresses
             WHERE account = ?1 AND confirmed_wall IS NOT NULL ORDER BY id LIMIT 1",
        )
        .and_then(|mut statement| {
            statement
                .query_row([account], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
        .map_err(StoreError::sqlite(doing))?;
    let Some((id, address)) = row else {
        return Ok(None);
    };
    let address = EmailAddress::new(address)
        .map_err(|bad| StoreError::odd(doing, format!("address {id} is {bad}")))?;
    Ok(Some((id, address)))
}

const HOUR: Span = Span::from_hours(1);
