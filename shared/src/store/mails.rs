//! Mails: where they go, how many went, how each delivery ended, and the outbox of notices.

use gatepost_words::ident::{EmailAddress, Source};
use gatepost_words::job::{Delivered, Outcome, OwnerAct};
use gatepost_words::time::{Span, StoreTime, Wall};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::guesses::AccountRow;
use super::signin::{Opening, append_for};
use super::{Store, clock};
use crate::host::Now;
use crate::policy::challenge::BootMoment;
use crate::policy::sends::{self, Sent};

const HOUR: Span = Span::from_hours(1);
const DAY: Span = Span::from_hours(24);
/// How long a claimed notice is nobody else's.
const CLAIM: Span = Span::from_mins(1);
/// The kind of a notice of a half-finished sign-in.
const HALF_FINISHED: &str = "half-finished";
/// The kind of a notice of an administrator's act.
pub(super) const ACT: &str = "act";
/// How often a notice is tried.
const NOTICE_TRIES: u32 = 5;
/// Notices that are passed over in one transaction: a login waits for no more of them.
const PASSED_OVER: u32 = 20;

/// Whose delivery it is.
#[derive(Clone, Copy, Debug)]
pub struct Of {
    /// The account's row.
    pub account: i64,
    /// The conversation that caused it.
    pub conversation: i64,
    /// The code that it carries.
    pub challenge: [u8; 16],
}

/// A delivery as it is listed.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its row.
    pub id: i64,
    /// Whose.
    pub account: String,
    /// `code`, `half-finished`, `confirmation` …
    pub kind: String,
    /// The relay, as `host:port`.
    pub relay: String,
    /// The word of its [`Outcome`].
    pub outcome: String,
    /// The relay's words.
    pub reply: String,
    /// `Message-ID`.
    pub message_id: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// When, milliseconds since 1970.
    pub at: i64,
}

/// How a mail fares that was sent for an earlier connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// A relay took it then.
    Accepted(Wall),
    /// A sender still has it.
    Running,
    /// It did not go out, or nobody knows.
    Failed,
}

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
}

/// What a notice tells.
#[derive(Clone, Debug)]
pub enum Told {
    /// The password was right, no code followed.
    HalfFinished(HalfFinished),
    /// An administrator did something to the account.
    Act(ToldAct),
}

/// What the notice of an administrator's act tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ToldAct {
    /// What was done.
    pub act: OwnerAct,
    /// The new address, masked, where it is about one.
    pub address: String,
    /// How often it was done since the owner was last told.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

impl ToldAct {
    /// That it was done once; with the new address, masked, where it is about one.
    pub fn of(act: OwnerAct, address: String) -> Self {
        Self {
            act,
            address,
            times: 1,
        }
    }
}

/// What the notice of a half-finished sign-in tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HalfFinished {
    /// Which service.
    pub service: String,
    /// Where from.
    pub source: String,
    /// How it ended.
    pub ending: String,
}

impl Store {
    /// Records one attempt of a code's delivery; `done` says that no other follows.
    pub fn delivered(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        of: &Of,
        delivered: &Delivered,
        done: bool,
    ) -> Result<(), StoreError> {
        let doing = "recording a delivery";
        let Of {
            account,
            conversation,
            challenge,
        } = *of;
        self.write_unsynced(doing, |tx| {
            write_delivery(tx, now, account, Some(challenge), delivered)?;
            let detail = serde_json::json!({
                "outcome": delivered.outcome.word(),
                "relay": delivered.relay,
                "reply": delivered.reply,
                "millis": delivered.millis,
                "warning": delivered.warning,
            });
            append_for(tx, now, opening, "delivery", Some(conversation), detail)?;
            let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
                tx.prepare_cached(sql)
                    .and_then(|mut statement| statement.execute(values))
                    .map_err(StoreError::sqlite(doing))
            };
            if delivered.outcome == Outcome::Accepted {
                run(
                    "UPDATE challenges SET delivery = 'accepted', accepted_wall = ?2
                     WHERE id = ?1",
                    &[&challenge, &now.wall.millis()],
                )?;
            } else if done {
                run(
                    "UPDATE challenges SET delivery = 'failed' WHERE id = ?1",
                    &[&challenge],
                )?;
                run(
                    "UPDATE sends SET state = 'failed'
                     WHERE account = ?1 AND challenge = ?2 AND state = 'open'",
                    &[&account, &challenge],
                )?;
            }
            Ok(())
        })
    }

    /// Records a delivery outside a sign-in.
    pub fn delivered_otherwise(
        &mut self,
        now: &Now,
        account: Option<i64>,
        delivered: &Delivered,
    ) -> Result<(), StoreError> {
        self.write_unsynced("recording a delivery", |tx| match account {
            Some(account) => write_delivery(tx, now, account, None, delivered),
            None => Ok(()),
        })
    }

    /// The newest deliveries before `before`, newest first; of one account where one is given.
    pub fn deliveries(
        &self,
        account: Option<i64>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let doing = "listing the deliveries";
        self.read(doing, |connection| {
            let condition = match account {
                Some(_) => "d.account = ?3 AND",
                None => "?3 IS NULL AND",
            };
            connection
                .prepare_cached(&format!(
                    "SELECT {DELIVERY} FROM deliveries d LEFT JOIN accounts a ON a.id = d.account
                     WHERE {condition} d.id < ?1 ORDER BY d.id DESC LIMIT ?2"
                ))
                .and_then(|mut statement| {
                    let before = before.unwrap_or(i64::MAX);
                    statement
                        .query_map(params![before, limit, account], delivery)?
                        .collect()
                })
                .map_err(StoreError::sqlite(doing))
        })
    }

    /// How the mail of a challenge fares that an earlier connection asked for.
    pub fn delivery_of(
        &self,
        challenge: [u8; 16],
        moment: &BootMoment,
    ) -> Result<Earlier, StoreError> {
        let doing = "reading a delivery";
        self.read(doing, |connection| {
            let row: Option<(String, i64, Option<i64>)> = connection
                .prepare_cached(
                    "SELECT delivery, delivery_until, accepted_wall FROM challenges WHERE id = ?1",
                )
                .and_then(|mut statement| {
                    statement
                        .query_row([challenge], |row| {
                            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                        })
                        .optional()
                })
                .map_err(StoreError::sqlite(doing))?;
            Ok(match row {
                Some((_, _, Some(at))) => Earlier::Accepted(Wall::from_millis(at)),
                Some((state, until, None)) if state == "running" && moment.at.millis() < until => {
                    Earlier::Running
                }
                Some(_) | None => Earlier::Failed,
            })
        })
    }

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

    /// Records how a notice fared: sent, or due again later, or given up.
    pub fn notice_done(
        &mut self,
        now: &Now,
        notice: &Notice,
        delivered: &Delivered,
    ) -> Result<(), StoreError> {
        let doing = "recording a notice";
        self.write(doing, |tx| {
            let at = clock::advance(tx, now)?;
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

/// The mails that a decision to send depends on.
pub(super) fn sent(
    connection: &Connection,
    account: &AccountRow,
    address: &EmailAddress,
    source: &Source,
    at: StoreTime,
) -> Result<Sent, StoreError> {
    let times = |sql: &str, key: &dyn rusqlite::ToSql, since: StoreTime| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| {
                statement
                    .query_map(params![key, since.millis()], |row| {
                        row.get(0).map(StoreTime::from_millis)
                    })?
                    .collect::<Result<Vec<_>, _>>()
            })
            .map_err(StoreError::sqlite("counting mails"))
    };
    let day = at.minus(DAY);
    let key = address.limit_key();
    let address_all = all_to(connection, &key, at)?;
    let since_success = account.success.unwrap_or(StoreTime::from_millis(0));
    let last = times(
        "SELECT at_store FROM sends
         WHERE account = ?1 AND at_store > ?2 AND challenge IS NOT NULL
         ORDER BY at_store DESC LIMIT 1",
        &account.id,
        since_success,
    )?;
    Ok(Sent {
        account: times(
            "SELECT at_store FROM sends WHERE account = ?1 AND state = 'open' AND at_store > ?2
             ORDER BY at_store DESC LIMIT 10",
            &account.id,
            day,
        )?,
        address: times(
            "SELECT at_store FROM sends WHERE limit_key = ?1 AND state = 'open' AND at_store > ?2
             ORDER BY at_store DESC LIMIT 10",
            &key,
            day,
        )?,
        address_all,
        source: times(
            "SELECT at_store FROM sends WHERE source = ?1 AND state = 'open' AND at_store > ?2
             ORDER BY at_store DESC LIMIT 1000",
            &source.network(),
            at.minus(crate::policy::limits::SOURCE_WINDOW),
        )?,
        last: last.first().copied(),
    })
}

/// All mails to an address in a day, newest first.
pub(super) fn all_to(
    connection: &Connection,
    limit_key: &str,
    at: StoreTime,
) -> Result<Vec<StoreTime>, StoreError> {
    mails_to(
        connection,
        "SELECT at_store FROM sends WHERE limit_key = ?1 AND at_store > ?2
         ORDER BY at_store DESC LIMIT 200",
        limit_key,
        at,
    )
}

/// Of those, the ones that carried no code.
pub(super) fn others_to(
    connection: &Connection,
    limit_key: &str,
    at: StoreTime,
) -> Result<Vec<StoreTime>, StoreError> {
    mails_to(
        connection,
        "SELECT at_store FROM sends WHERE limit_key = ?1 AND at_store > ?2 AND challenge IS NULL
         ORDER BY at_store DESC LIMIT 200",
        limit_key,
        at,
    )
}

fn mails_to(
    connection: &Connection,
    sql: &'static str,
    limit_key: &str,
    at: StoreTime,
) -> Result<Vec<StoreTime>, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| {
            statement
                .query_map(params![limit_key, at.minus(DAY).millis()], |row| {
                    row.get(0).map(StoreTime::from_millis)
                })?
                .collect()
        })
        .map_err(StoreError::sqlite("counting mails"))
}

/// Counts a mail without a code: towards the ceiling of its address, and nothing else.
pub(super) fn count_other(
    tx: &Transaction<'_>,
    at: StoreTime,
    account: i64,
    address: &EmailAddress,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO sends (account, challenge, limit_key, source, state, at_store)
         VALUES (?1, NULL, ?2, '', 'answered', ?3)",
    )
    .and_then(|mut statement| statement.execute(params![account, address.limit_key(), at.millis()]))
    .map_err(StoreError::sqlite("counting a mail"))?;
    Ok(())
}

/// Counts a mail before it goes out.
pub(super) fn count_send(
    tx: &Transaction<'_>,
    at: StoreTime,
    account: i64,
    challenge: [u8; 16],
    address: &EmailAddress,
    source: &Source,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO sends (account, challenge, limit_key, source, state, at_store)
         VALUES (?1, ?2, ?3, ?4, 'open', ?5)",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            account,
            challenge,
            address.limit_key(),
            source.network(),
            at.millis(),
        ])
    })
    .map_err(StoreError::sqlite("counting a mail"))?;
    Ok(())
}

/// A success answers the account's mails: their budgets are given back.
pub(super) fn answer_sends(tx: &Transaction<'_>, account: Option<i64>) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE sends SET state = 'answered' WHERE account = ?1 AND state = 'open'")
        .and_then(|mut statement| statement.execute([account]))
        .map_err(StoreError::sqlite("answering mails"))?;
    Ok(())
}

/// Queues the notice of a half-finished sign-in, one an hour at most.
pub(super) fn queue_half_finished(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    account: i64,
    opening: &Opening<'_>,
    ending: &str,
) -> Result<(), StoreError> {
    let failed = StoreError::sqlite;
    let doing = "queueing a notice";
    let recent: bool = tx
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM outbox
             WHERE account = ?1 AND kind = 'half-finished' AND created_store > ?2)",
        )
        .and_then(|mut statement| {
            statement.query_row(params![account, at.minus(HOUR).millis()], |row| row.get(0))
        })
        .map_err(failed(doing))?;
    if recent {
        return Ok(());
    }
    let detail = serde_json::json!({
        "service": opening.service.as_str(),
        "source": opening.source.to_string(),
        "ending": ending,
    });
    tx.prepare_cached(
        "INSERT INTO outbox (account, kind, detail, state, due_store, created_wall, created_store)
         VALUES (?1, 'half-finished', ?2, 'due', ?3, ?4, ?3)",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            account,
            detail.to_string(),
            at.millis(),
            now.wall.millis()
        ])
    })
    .map_err(failed(doing))?;
    Ok(())
}

fn write_delivery(
    tx: &Transaction<'_>,
    now: &Now,
    account: i64,
    challenge: Option<[u8; 16]>,
    delivered: &Delivered,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO deliveries
         (account, challenge, kind, relay, outcome, reply, message_id, millis, at_wall)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )
    .and_then(|mut statement| {
        statement.execute(params![
            account,
            challenge,
            delivered.kind,
            delivered.relay,
            delivered.outcome.word(),
            delivered.reply,
            delivered.message_id,
            delivered.millis,
            now.wall.millis(),
        ])
    })
    .map_err(StoreError::sqlite("recording a delivery"))?;
    Ok(())
}

/// What a delivery is made of, of `deliveries d` beside `accounts a`.
pub(super) const DELIVERY: &str = "d.id, coalesce(a.name, ''), d.kind, d.relay, d.outcome, \
    d.reply, d.message_id, d.millis, d.at_wall";

/// A row of [`DELIVERY`].
pub(super) fn delivery(row: &Row<'_>) -> Result<Delivery, rusqlite::Error> {
    Ok(Delivery {
        id: row.get(0)?,
        account: row.get(1)?,
        kind: row.get(2)?,
        relay: row.get(3)?,
        outcome: row.get(4)?,
        reply: row.get(5)?,
        message_id: row.get(6)?,
        millis: row.get(7)?,
        at: row.get(8)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Claim, PASSED_OVER};
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
}
