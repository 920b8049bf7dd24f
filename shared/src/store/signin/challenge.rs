//! A conversation's code as rows: taken over from an earlier connection, issued, replaced. How a
//! guess at it is counted, and how it is consumed, is [`crate::store::guesses`]'s.

use gatepost_words::ident::EmailAddress;
use gatepost_words::time::{Boot, Span};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::slot::Slot;
use super::{Challenge, DOING, Fresh, Mailing};
use crate::code::key::Tag;
use crate::policy::challenge::{Delivery, Life};
use crate::policy::limits::Binding;
use crate::store::error::StoreError;
use crate::store::guesses::AccountRow;
use crate::store::{clock, mails};

impl Slot<'_> {
    /// A challenge that this conversation may take over.
    pub(super) fn resume(
        &self,
        tx: &Transaction<'_>,
        account: i64,
    ) -> Result<Option<(Challenge, EmailAddress, Span)>, StoreError> {
        if self.policy.limits.binding == Binding::Session {
            return Ok(None);
        }
        let generation = clock::generation(tx)?;
        let newest = tx
            .prepare_cached(
                "SELECT c.id, c.reference, c.tag, c.boot_id, c.expires_boot, c.generation, c.tries,
                        c.max_tries, c.delivery, c.delivery_until, a.address
                 FROM challenges c JOIN addresses a ON a.id = c.address
                 WHERE c.account = ?1 AND c.service = ?2 AND c.host = ?3 AND c.source = ?4
                   AND c.used_wall IS NULL AND c.replaced = 0 AND a.confirmed_wall IS NOT NULL
                 ORDER BY c.created_store DESC LIMIT 1",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(
                        params![
                            account,
                            self.opening.service.as_str(),
                            self.opening.host,
                            self.opening.source.binding(),
                        ],
                        |row| resumable(row, generation),
                    )
                    .optional()
            })
            .map_err(StoreError::sqlite(DOING))?;
        let Some((challenge, life, address)) = newest else {
            return Ok(None);
        };
        if !life.resumable(&self.now.moment) {
            return Ok(None);
        }
        let address = EmailAddress::new(address)
            .map_err(|bad| StoreError::odd(DOING, format!("an address is {bad}")))?;
        let left = life.left(&self.now.moment);
        Ok(Some((challenge, address, left)))
    }

    /// Writes a challenge and counts its mail.
    pub(super) fn issue(
        &self,
        tx: &Transaction<'_>,
        account: &AccountRow,
        (address_id, address): &(i64, EmailAddress),
        tries: u32,
    ) -> Result<Mailing, StoreError> {
        let limits = &self.policy.limits;
        let expires = self.now.moment.at.plus(limits.life);
        let Fresh { id, reference, tag } = self.fresh.clone();
        let generation = clock::generation(tx)?;
        let tries = match limits.binding {
            Binding::Source => self.replace_older(tx, account.id)?.max(tries),
            Binding::Session => tries,
        };
        tx.prepare_cached(
            "INSERT INTO challenges VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
             ?13, ?14, NULL, 0, 'running', ?15, NULL, ?16, ?17)",
        )
        .and_then(|mut statement| {
            statement
                .execute(params![
                    id,
                    account.id,
                    address_id,
                    self.opening.service.as_str(),
                    self.opening.host,
                    self.opening.source.binding(),
                    self.conversation,
                    reference,
                    tag.0,
                    self.now.moment.boot_id,
                    expires.millis(),
                    generation,
                    tries,
                    limits.tries,
                    // A helper that died with its mail under way must not hold the code for ever.
                    self.now
                        .moment
                        .at
                        .plus(limits.delivery)
                        .plus(Span::from_secs(2))
                        .millis(),
                    self.now.wall.millis(),
                    self.at.millis(),
                ])
                .map(|_inserted| ())
        })
        .map_err(StoreError::sqlite("writing a challenge"))?;
        mails::count_send(tx, self.at, account.id, id, address, self.opening.source)?;
        let challenge = Challenge {
            id,
            reference,
            tag,
            expires,
        };
        Ok(Mailing {
            challenge,
            to: address.clone(),
        })
    }

    /// One source has one live code: the others end here, whoever shares them. How many tries the
    /// most tried of the live ones had used up: a new code gives none of them back.
    fn replace_older(&self, tx: &Transaction<'_>, account: i64) -> Result<u32, StoreError> {
        tx.prepare_cached(
            "UPDATE challenges SET replaced = 1
             WHERE account = ?1 AND service = ?2 AND host = ?3 AND source = ?4
               AND used_wall IS NULL AND replaced = 0
             RETURNING CASE WHEN boot_id = ?5 AND expires_boot > ?6 AND tries < max_tries
                       THEN tries ELSE 0 END",
        )
        .and_then(|mut statement| {
            let key = params![
                account,
                self.opening.service.as_str(),
                self.opening.host,
                self.opening.source.binding(),
                self.now.moment.boot_id,
                self.now.moment.at.millis(),
            ];
            statement
                .query_map(key, |row| row.get::<_, u32>(0))?
                .try_fold(0, |most, tries| Ok(tries?.max(most)))
        })
        .map_err(StoreError::sqlite("writing a challenge"))
    }
}

fn resumable(row: &Row<'_>, generation: i64) -> Result<(Challenge, Life, String), rusqlite::Error> {
    let challenge = Challenge {
        id: row.get(0)?,
        reference: row.get(1)?,
        tag: Tag(row.get(2)?),
        expires: Boot::from_millis(row.get(4)?),
    };
    let life = Life {
        boot_id: row.get(3)?,
        expires: challenge.expires,
        tries: row.get(6)?,
        max_tries: row.get(7)?,
        used: false,
        replaced: false,
        stale_generation: row.get::<_, i64>(5)? != generation,
        delivery: match row.get_ref(8)?.as_str()? {
            "accepted" => Delivery::Accepted,
            "running" => Delivery::Running {
                until: Boot::from_millis(row.get(9)?),
            },
            _ => Delivery::Failed,
        },
    };
    Ok((challenge, life, row.get(10)?))
}

/// Marks a challenge as replaced; how many tries it had used up.
pub(super) fn replace(tx: &Transaction<'_>, id: [u8; 16]) -> Result<u32, StoreError> {
    let failed = StoreError::sqlite;
    let doing = "replacing a challenge";
    let tries: Option<u32> = tx
        .prepare_cached("SELECT tries FROM challenges WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)).optional())
        .map_err(failed(doing))?;
    tx.prepare_cached("UPDATE challenges SET replaced = 1 WHERE id = ?1")
        .and_then(|mut statement| statement.execute([id]))
        .map_err(failed(doing))?;
    Ok(tries.unwrap_or(0))
}
