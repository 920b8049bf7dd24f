//! The one transaction that begins a conversation: decide, close what dead helpers left, count who
//! waits, then take a code over or issue one. How these are written is [`super::slot`]'s and
//! [`super::challenge`]'s.

use gatepost_words::text::NoMail;
use gatepost_words::time::StoreTime;
use gatepost_words::wire::Proved;
use rusqlite::{Transaction, params};
use serde_json::json;

use super::end::close_lost;
use super::look::{Ready, look};
use super::slot::Slot;
use super::{Begun, DOING, Fresh, Opening, Prompt, Waiting, What};
use crate::host::Now;
use crate::policy::Policy;
use crate::policy::limits::{WAITING_PER_ACCOUNT, WAITING_PER_HOST};
use crate::policy::rules::{Decision, Refusal};
use crate::store::error::StoreError;
use crate::store::events::{self, Event, append};
use crate::store::kinds::Kind;
use crate::store::strangers::{self, Record};
use crate::store::{Store, clock, policies};

impl Store {
    /// Begins a conversation, in one transaction.
    pub fn begin(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
        fresh: &Fresh,
        witnessed: Option<i64>,
    ) -> Result<Begun, StoreError> {
        self.write(DOING, |tx| {
            policies::expect_unmoved(tx, &now.moment, opening.rules)?;
            let at = clock::advance(tx, now)?;
            if let Some(witnessed) = witnessed {
                void_if_restored(tx, now, witnessed)?;
            }
            let lost = close_lost(tx, now)?;
            let what = begin(tx, now, at, opening, policy, fresh)?;
            Ok(Begun { lost, what })
        })
    }
}

fn begin(
    tx: &Transaction<'_>,
    now: &Now,
    at: StoreTime,
    opening: &Opening<'_>,
    policy: &Policy,
    fresh: &Fresh,
) -> Result<What, StoreError> {
    let record = match opening.proved {
        Proved::Nothing => strangers::count(tx, at, opening.source)?,
        Proved::Password | Proved::Key => Record::InFull,
    };
    let mut slot = Slot {
        now,
        at,
        opening,
        policy,
        fresh,
        record,
        conversation: 0,
    };
    let look = look(tx, at, opening, policy)?;
    // Nothing was proved: whatever rules say, this line can only fail, or a skip would open the
    // stack to a wrong password.
    let dummy = opening.proved == Proved::Nothing
        || (opening.decoy && matches!(look.assessment.decision, Decision::Refuse(_)));
    if !dummy && look.assessment.decision != Decision::Ask {
        let decision = look.assessment.decision;
        let closed = slot.decide_at_once(tx, &decision)?;
        return Ok(What::Ended { decision, closed });
    }
    let shield = match look.assessment.decision {
        Decision::Refuse(Refusal::Shielded(left)) => Some(left),
        Decision::Refuse(_) | Decision::Ask | Decision::Skip(_) | Decision::Ignore => None,
    };
    let ready = if dummy { None } else { look.ready };
    let ready = match crowd(tx, now, ready.as_ref().map(|ready| ready.account.id))? {
        Crowd::None => ready,
        // A refusal would say that the password was right: a dummy says nothing.
        Crowd::Account if opening.decoy => None,
        Crowd::Account | Crowd::Host => {
            return Ok(What::Crowded(slot.ended(tx, "crowded", json!({}))?));
        }
    };
    let generation = clock::generation(tx)?;
    let Some(Ready {
        account,
        address,
        lock,
        wait,
    }) = ready
    else {
        let (how, prompt) = match shield {
            Some(left) => ("shielded", Prompt::Shielded(left)),
            None => ("dummy", Prompt::Dummy),
        };
        let conversation = slot.open(tx, None, how)?;
        return Ok(What::Waiting(Waiting {
            conversation,
            account: None,
            generation,
            prompt,
        }));
    };
    let id = account.id;
    let waiting = |conversation, prompt| {
        What::Waiting(Waiting {
            conversation,
            account: Some(id),
            generation,
            prompt,
        })
    };
    if lock.locked() {
        return Ok(waiting(
            slot.open(tx, Some(id), "locked")?,
            Prompt::Locked(lock),
        ));
    }
    if let Some((challenge, to, left)) = slot.resume(tx, id)? {
        let conversation = slot.open(tx, Some(id), "resumed")?;
        return Ok(waiting(
            conversation,
            Prompt::Resumed {
                challenge,
                to,
                left,
            },
        ));
    }
    if let Some(wait) = wait {
        let conversation = slot.open(tx, Some(id), "send-limit")?;
        return Ok(waiting(conversation, Prompt::NoMail(NoMail::Limit(wait))));
    }
    let Some(address) = address else {
        let conversation = slot.open(tx, Some(id), "no-address")?;
        return Ok(waiting(conversation, Prompt::NoMail(NoMail::NoAddress)));
    };
    let conversation = slot.open(tx, Some(id), "mailed")?;
    let mailing = slot.issue(tx, &account, &address, 0)?;
    Ok(waiting(conversation, Prompt::Mail(mailing)))
}

/// A store whose log ends before an event that was committed is an old copy that came back: its
/// codes may have been used, so none of them is live any more.
fn void_if_restored(tx: &Transaction<'_>, now: &Now, witnessed: i64) -> Result<(), StoreError> {
    let last = events::last_seq(tx)?;
    if last >= witnessed {
        return Ok(());
    }
    clock::raise_generation(tx)?;
    let event = Event {
        kind: Kind::StoreRestored,
        account: "",
        service: "",
        source: "",
        conversation: None,
        detail: json!({"last": last, "witnessed": witnessed}),
    };
    // The caller then notes where the log really ends, so that one restore is found once.
    append(tx, now.wall, &event)?;
    Ok(())
}

/// Where too many helpers wait already.
enum Crowd {
    None,
    /// At the prompts of this account.
    Account,
    /// On this host.
    Host,
}

/// Counts the helpers that wait. One that is past its deadline and still there (frozen, say) is no
/// longer a prompt that anybody sees, and takes nobody's place.
fn crowd(tx: &Transaction<'_>, now: &Now, account: Option<i64>) -> Result<Crowd, StoreError> {
    let count = |sql: &str, account: Option<i64>| -> Result<u32, StoreError> {
        let (boot_id, at) = (&now.moment.boot_id, now.moment.at.millis());
        tx.prepare_cached(sql)
            .and_then(|mut statement| {
                statement.query_row(params![boot_id, at, account], |row| row.get(0))
            })
            .map_err(StoreError::sqlite(DOING))
    };
    let all = count(
        "SELECT count(*) FROM conversations
         WHERE boot_id = ?1 AND deadline_boot > ?2 AND ?3 IS NULL",
        None,
    )?;
    let own = match account {
        Some(_) => count(
            "SELECT count(*) FROM conversations
             WHERE account = ?3 AND boot_id = ?1 AND deadline_boot > ?2",
            account,
        )?,
        None => 0,
    };
    Ok(match (all, own) {
        (WAITING_PER_HOST.., _) => Crowd::Host,
        (_, WAITING_PER_ACCOUNT..) => Crowd::Account,
        (_, _) => Crowd::None,
    })
}
