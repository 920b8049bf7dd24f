//! Due notices: claimed by one process at a time, and recorded as sent, due again or given up. What an
//! administrator sees of them is [`crate::store::outbox`]'s.

use gatepost_words::ident::EmailAddress;
use gatepost_words::job::{Delivered, Outcome};
use gatepost_words::time::{Span, StoreTime};
use rusqlite::{OptionalExtension, Transaction, params};

use super::counts::{all_to, count_other, others_to};
use super::deliveries::write_delivery;
use super::told::{ACT, HALF_FINISHED, Told};
use super::{HOUR, address};
use crate::host::Now;
use crate::policy::sends;
use crate::store::error::StoreError;
use crate::store::{Store, clock};

/// A notice to an account's owner.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its row.
    pub id: i64,
    /// Whose.
    pub account: i64,
    /// The account's name.
    pub name: String,
    /// Where to.
    pub to: EmailAddress,
    /// What it tells.
    pub told: Told,
    /// When it was queued, milliseconds since 1970.
    pub created: i64,
    /// The store's generation when it was claimed: in another one its row may be another notice's.
    pub generation: i64,
}

impl Store {
    /// Claims the next due notice, so that no other process sends it too. One to an address that had
    /// `most` mails in a day waits an hour more.
    pub fn claim_notice(&mut self, now: &Now, most: u32) -> Result<Option<Notice>, StoreError> {
        // Each one that is passed over is due later, or never: this ends.
        loop {
            match self.claim_among(now, most)? {
                Claim::None => return Ok(None),
                Claim::PassedOver => {}
                Claim::Taken(notice) => return Ok(Some(*notice)),
            }
        }
    }

    /// Passes over a few notices at the most, so that whoever signs in meanwhile comes in between.
    fn claim_among(&mut self, now: &Now, most: u32) -> Result<Claim, StoreError> {
        self.write("taking a notice from the outbox", |tx| {
            let at = clock::advance(tx, now)?;
            for _ in 0..PASSED_OVER {
                match claim(tx, at, most)? {
                    Claim::PassedOver => {}
                    found @ (Claim::None | Claim::Taken(_)) => return Ok(found),
                }
            }
            Ok(Claim::PassedOver)
        })
    }

    /// Records how a notice fared: sent, or due again later, or given up. Where a copy came back meanwhile,
    /// its row is another notice's now, or is due again: nothing is recorded.
    pub fn notice_done(
        &mut self,
        now: &Now,
        notice: &Notice,
        delivered: &Delivered,
    ) -> Result<(), StoreError> {
        let doing = "recording a notice";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
            if clock::generation(tx)? != notice.generation {
                return Ok(());
            }
            write_delivery(tx, now, notice.account, None, delivered)?;
            let sent = delivered.outcome == Outcome::Accepted;
            // A lost one may have arrived. One that did not is tried again, and would use up what
            // codes need while the relay is down.
            if sent || delivered.outcome == Outcome::Lost {
                count_other(tx, at, notice.account, &notice.to)?;
            }
            tx.prepare_cached(
                "UPDATE outbox SET due_store = ?3 + tries * 60000,
                   state = CASE WHEN ?2 THEN 'sent' WHEN tries >= ?4 THEN 'failed' ELSE 'due' END
                 WHERE id = ?1",
            )
            .and_then(|mut statement| {
                statement.execute(params![notice.id, sent, at.millis(), NOTICE_TRIES])
            })
            .map_err(StoreError::sqlite(doing))?;
            Ok(())
        })
    }

    /// Whether a notice is due, without claiming it.
    pub fn notice_due(&self, now: &Now) -> Result<bool, StoreError> {
        let doing = "looking into the outbox";
        self.read(doing, |connection| {
            let at = clock::read(connection, now)?.store;
            connection
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM outbox
                     WHERE state IN ('due', 'claimed') AND due_store <= ?1)",
                )
                .and_then(|mut statement| statement.query_row([at.millis()], |row| row.get(0)))
                .map_err(StoreError::sqlite(doing))
        })
    }
}

/// What became of a due notice.
enum Claim {
    None,
    /// It cannot go out, or not now.
    PassedOver,
    Taken(Box<Notice>),
}

fn claim(tx: &Transaction<'_>, at: StoreTime, most: u32) -> Result<Claim, StoreError> {
    let doing = "taking a notice from the outbox";
    let row: Option<Due> = tx
        .prepare_cached(
            "SELECT o.id, o.account, a.name, o.kind, o.detail, o.recipient, o.created_wall
             FROM outbox o JOIN accounts a ON a.id = o.account
             WHERE o.state IN ('due', 'claimed') AND o.due_store <= ?1
             ORDER BY o.due_store LIMIT 1",
        )
        .and_then(|mut statement| {
            statement
                .query_row([at.millis()], |row| {
                    Ok(Due {
                        id: row.get(0)?,
                        account: row.get(1)?,
                        name: row.get(2)?,
                        kind: row.get(3)?,
                        detail: row.get(4)?,
                        recipient: row.get(5)?,
                        created: row.get(6)?,
                    })
                })
                .optional()
        })
        .map_err(StoreError::sqlite(doing))?;
    let Some(due) = row else {
        return Ok(Claim::None);
    };
    let id = due.id;
    let set = |state: &str, tries: u32, due: StoreTime| {
        tx.prepare_cached(
            "UPDATE outbox SET state = ?2, tries = tries + ?3, due_store = ?4 WHERE id = ?1",
        )
        .and_then(|mut statement| statement.execute(params![id, state, tries, due.millis()]))
        .map_err(StoreError::sqlite(doing))
    };
    let Some(to) = due.to(tx)? else {
        set("failed", 1, at)?;
        return Ok(Claim::PassedOver);
    };
    // People who sign in all day long fill the ceiling with codes that they answered: notices have a
    // share of their own, so that somebody else's sign-ins are told to them too.
    let key = to.limit_key();
    let others = sends::ceiling(&others_to(tx, &key, at)?, sends::notices(most), at);
    let all = sends::ceiling(&all_to(tx, &key, at)?, most, at);
    if others.or(all).is_some() {
        set("due", 0, at.plus(HOUR))?;
        return Ok(Claim::PassedOver);
    }
    let Some(told) = due.told() else {
        // One that nobody can read must not keep the others waiting.
        set("failed", 1, at)?;
        return Ok(Claim::PassedOver);
    };
    set("claimed", 1, at.plus(CLAIM))?;
    Ok(Claim::Taken(Box::new(Notice {
        id,
        account: due.account,
        name: due.name,
        to,
        told,
        created: due.created,
        generation: clock::generation(tx)?,
    })))
}

/// A due notice as its row has it.
struct Due {
    id: i64,
    account: i64,
    name: String,
    kind: String,
    detail: String,
    recipient: Option<String>,
    created: i64,
}

impl Due {
    /// Where it goes: to an address of its own, or to where the account's codes go.
    fn to(&self, tx: &Transaction<'_>) -> Result<Option<EmailAddress>, StoreError> {
        match &self.recipient {
            Some(recipient) => Ok(EmailAddress::new(recipient.clone()).ok()),
            None => Ok(address(tx, self.account)?.map(|(_, address)| address)),
        }
    }

    /// What it tells; none where nobody can read it.
    fn told(&self) -> Option<Told> {
        match self.kind.as_str() {
            HALF_FINISHED => serde_json::from_str(&self.detail)
                .ok()
                .map(Told::HalfFinished),
            ACT => serde_json::from_str(&self.detail).ok().map(Told::Act),
            _ => None,
        }
    }
}

/// How long a claimed notice is nobody else's.
const CLAIM: Span = Span::from_mins(1);
/// How often a notice is tried.
const NOTICE_TRIES: u32 = 5;
/// Notices that are passed over in one transaction: a login waits for no more of them.
const PASSED_OVER: u32 = 20;

#[cfg(test)]
mod tests {
    use super::{Claim, Delivered, Outcome, PASSED_OVER};
    use crate::host::Host;
    use crate::host::tests::Fixed;
    use crate::store::Store;

    // Mutant: one transaction passes over as many notices as there are.
    #[test]
    fn a_transaction_passes_over_a_few_notices_and_the_rest_is_found_by_the_next() {
        let mut store = Store::in_memory();
        let now = Fixed::new().now();
        store
            .connection()
            .execute_batch(
                "INSERT INTO accounts (name, uid, state, created_wall) VALUES ('alice', 1, 'active', 0);
                 INSERT INTO outbox (account, kind, detail, recipient, state, due_store, created_wall,
                   created_store)
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
                 SELECT 1, 'unknown', '{}', 'a@example.org', 'due', i, 0, 0 FROM n;
                 INSERT INTO outbox (account, kind, detail, recipient, state, due_store, created_wall,
                   created_store)
                 VALUES (1, 'act', '{\"act\":\"unlocked\",\"address\":\"\"}', 'a@example.org', 'due', 99, 0, 0)",
            )
            .unwrap();
        let left = |store: &Store| -> u32 {
            let sql = "SELECT count(*) FROM outbox WHERE state = 'due'";
            store
                .connection()
                .query_row(sql, [], |row| row.get(0))
                .unwrap()
        };
        let first = store.claim_among(&now, 30).unwrap();
        assert!(matches!(first, Claim::PassedOver));
        assert_eq!(left(&store), 51 - PASSED_OVER);
        let found = store.claim_notice(&now, 30).unwrap().unwrap();
        assert_eq!(found.to.as_str(), "a@example.org");
        assert_eq!(left(&store), 0);
    }

    // Mutant: the row's number is taken for the notice, whatever came back meanwhile.
    #[test]
    fn a_notice_that_a_restore_overtook_marks_no_other_as_sent() {
        let mut store = Store::in_memory();
        let now = Fixed::new().now();
        store
            .connection()
            .execute_batch(
                "INSERT INTO accounts (name, uid, state, created_wall) VALUES ('alice', 1, 'active', 0);
                 INSERT INTO outbox (account, kind, detail, recipient, state, due_store, created_wall,
                   created_store)
                 VALUES (1, 'act', '{\"act\":\"unlocked\",\"address\":\"\"}', 'a@example.org', 'due', 0, 0, 0)",
            )
            .unwrap();
        let delivered = Delivered {
            kind: "act",
            relay: "mail.example.org:465".to_owned(),
            outcome: Outcome::Accepted,
            reply: "250 ok".to_owned(),
            message_id: String::new(),
            millis: 1,
            warning: None,
        };
        let seen = |store: &Store| -> (String, u32, u32) {
            let sql =
                "SELECT state, (SELECT count(*) FROM deliveries), (SELECT count(*) FROM sends)
                       FROM outbox";
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            store.connection().query_row(sql, [], row).unwrap()
        };
        let notice = store.claim_notice(&now, 30).unwrap().unwrap();
        store.restored().unwrap();
        store.notice_done(&now, &notice, &delivered).unwrap();
        assert_eq!(seen(&store), ("claimed".to_owned(), 0, 0));
        // One that nothing overtook.
        store
            .connection()
            .execute("UPDATE outbox SET state = 'due', due_store = 0", [])
            .unwrap();
        let notice = store.claim_notice(&now, 30).unwrap().unwrap();
        store.notice_done(&now, &notice, &delivered).unwrap();
        assert_eq!(seen(&store), ("sent".to_owned(), 1, 1));
    }
}
