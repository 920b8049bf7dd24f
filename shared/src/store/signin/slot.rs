//! One conversation's place in the store: its opening event, the row that says a helper waits, and
//! the decision of one that never prompts. Its code is [`super::challenge`]'s.

use gatepost_words::time::StoreTime;
use rusqlite::{Transaction, params};
use serde_json::{Value, json};

use super::end::{close, counted};
use super::{Closed, DOING, Fresh, Opening, account_name, append_for};
use crate::host::Now;
use crate::policy::Policy;
use crate::policy::limits::DEADLINE_CEILING;
use crate::policy::rules::{Decision, Refusal};
use crate::store::error::StoreError;
use crate::store::events::Appended;
use crate::store::kinds::Kind;
use crate::store::strangers::Record;

/// One conversation's place in the store, while it is being filled.
pub(super) struct Slot<'a> {
    pub(super) now: &'a Now,
    pub(super) at: StoreTime,
    pub(super) opening: &'a Opening<'a>,
    pub(super) policy: &'a Policy,
    pub(super) fresh: &'a Fresh,
    pub(super) record: Record,
    /// The opening event's number; below zero where the conversation is only counted, and zero
    /// before it has a row.
    pub(super) conversation: i64,
}

impl Slot<'_> {
    /// Writes the opening event and the row that says a helper waits.
    pub(super) fn open(
        &mut self,
        tx: &Transaction<'_>,
        account: Option<i64>,
        how: &str,
    ) -> Result<i64, StoreError> {
        self.conversation = match self.record {
            Record::InFull => {
                let mut detail = self.opening.detail.clone();
                if let Value::Object(fields) = &mut detail {
                    if let Some(trouble) = self.opening.rules.trouble() {
                        fields.insert("policy".to_owned(), trouble.into());
                    }
                    fields.insert("how".to_owned(), how.into());
                    if how == "mailed" {
                        fields.insert("ref".to_owned(), self.fresh.reference.as_str().into());
                    }
                }
                self.event(tx, Kind::Opened, detail)?.seq
            }
            Record::Counted => number_below_zero(tx)?,
        };
        // The latest that this helper's own may become: each new code moves that on.
        let deadline = self.now.moment.at.plus(DEADLINE_CEILING);
        tx.prepare_cached(
            "INSERT INTO conversations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                self.conversation,
                account,
                account_name(self.opening),
                self.opening.service.as_str(),
                self.opening.source.to_string(),
                self.opening.host,
                self.now.moment.boot_id,
                self.opening.process.pid,
                self.opening.process.started.cast_signed(),
                deadline.millis(),
            ])
        })
        .map_err(StoreError::sqlite(DOING))?;
        Ok(self.conversation)
    }

    pub(super) fn event(
        &self,
        tx: &Transaction<'_>,
        kind: Kind,
        detail: Value,
    ) -> Result<Appended, StoreError> {
        let conversation = (self.conversation != 0).then_some(self.conversation);
        append_for(tx, self.now, self.opening, kind, conversation, detail)
    }

    /// The decision of a conversation that never prompts.
    pub(super) fn decide_at_once(
        &self,
        tx: &Transaction<'_>,
        decision: &Decision,
    ) -> Result<Closed, StoreError> {
        match decision {
            Decision::Skip(rule) => {
                let detail = json!({"rule": rule, "policy": self.opening.rules.version});
                self.ended(tx, "skip", detail)
            }
            Decision::Ignore => self.ended(tx, "ignore", json!({"why": "unenrolled"})),
            Decision::Refuse(Refusal::Rule(rule)) => {
                let version = self.opening.rules.version;
                let detail = json!({"why": "rule", "rule": rule, "policy": version});
                self.ended(tx, "refuse", detail)
            }
            Decision::Refuse(refusal) => {
                let detail = match self.opening.rules.trouble() {
                    None => json!({"why": refusal.word()}),
                    Some(trouble) => json!({"why": refusal.word(), "policy": trouble}),
                };
                self.ended(tx, "refuse", detail)
            }
            // Asking is no end; the caller never passes it.
            Decision::Ask => self.ended(tx, "refuse", json!({"why": "undecided"})),
        }
    }

    pub(super) fn ended(
        &self,
        tx: &Transaction<'_>,
        word: &str,
        detail: Value,
    ) -> Result<Closed, StoreError> {
        if self.record == Record::Counted {
            return Ok(counted(self.opening, word));
        }
        close(tx, self.now, self.opening, self.conversation, word, detail)
    }
}

/// A number for a conversation without an event of its own: no event has one below zero.
fn number_below_zero(tx: &Transaction<'_>) -> Result<i64, StoreError> {
    tx.prepare_cached("SELECT min(coalesce(min(id), 0), 0) - 1 FROM conversations")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(StoreError::sqlite(DOING))
}
