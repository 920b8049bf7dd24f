//! The end of a conversation: the one decision that each leaves, by itself or, where its helper died,
//! by the next one.

use rusqlite::Transaction;
use serde_json::{Value, json};

use super::{Closed, Opening, Recorded, Waiting, account_name, append_for};
use crate::host::{Now, ProcessId};
use crate::store::error::StoreError;
use crate::store::events::{Event, append};
use crate::store::kinds::Kind;
use crate::store::{Store, clock, guesses, mails};

impl Store {
    /// Records a conversation's decision and closes it. A notice to the owner is queued where
    /// `notice` names how a sign-in with the right password ended.
    pub fn close(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        waiting: &Waiting,
        word: &str,
        detail: Value,
        notice: Option<&str>,
    ) -> Result<Closed, StoreError> {
        self.write("closing a sign-in", |tx| {
            let at = clock::advance(tx, now)?;
            if let (Some(ending), Some(_)) = (notice, waiting.account) {
                // The account of today's number: what it was at the beginning may be another's.
                if let Some(account) = guesses::of_person(tx, opening)? {
                    mails::queue_half_finished(tx, now, at, account.id, opening, ending)?;
                }
            }
            close(tx, now, opening, waiting.conversation, word, detail)
        })
    }
}

/// Closes the conversations whose helper is gone.
pub(super) fn close_lost(tx: &Transaction<'_>, now: &Now) -> Result<Vec<Closed>, StoreError> {
    struct Row {
        conversation: i64,
        user: String,
        service: String,
        source: String,
        boot_id: String,
        process: ProcessId,
    }
    let failed = StoreError::sqlite;
    let doing = "closing lost sign-ins";
    let rows: Vec<Row> = tx
        .prepare_cached(
            "SELECT id, user, service, source, boot_id, pid, pid_started FROM conversations",
        )
        .and_then(|mut statement| {
            statement
                .query_map([], |row| {
                    Ok(Row {
                        conversation: row.get(0)?,
                        user: row.get(1)?,
                        service: row.get(2)?,
                        source: row.get(3)?,
                        boot_id: row.get(4)?,
                        process: ProcessId {
                            pid: row.get(5)?,
                            started: row.get::<_, i64>(6)?.cast_unsigned(),
                        },
                    })
                })?
                .collect()
        })
        .map_err(failed(doing))?;
    let gone = rows
        .into_iter()
        .filter(|row| row.boot_id != now.moment.boot_id || !row.process.alive());
    let mut lost = Vec::new();
    for row in gone {
        forget(tx, row.conversation)?;
        // Only counted when it began, and so when it ends.
        let recorded = if row.conversation < 0 {
            Recorded::Counted
        } else {
            let event = Event {
                kind: Kind::Decision,
                account: &row.user,
                service: &row.service,
                source: &row.source,
                conversation: Some(row.conversation),
                detail: json!({"decision": "lost"}),
            };
            Recorded::Event {
                appended: append(tx, now.wall, &event)?,
                conversation: row.conversation,
            }
        };
        lost.push(Closed {
            recorded,
            account: row.user,
            service: row.service,
            source: row.source,
            word: "lost".to_owned(),
        });
    }
    Ok(lost)
}

/// Whether a decision of that word let somebody in: with a proof, or since none was asked for.
pub fn lets_in(word: &str) -> bool {
    matches!(word, "success" | "skip" | "ignore")
}

/// Writes the decision and removes the row that says a helper waits.
pub(in crate::store) fn close(
    tx: &Transaction<'_>,
    now: &Now,
    opening: &Opening<'_>,
    conversation: i64,
    word: &str,
    detail: Value,
) -> Result<Closed, StoreError> {
    if conversation < 0 {
        forget(tx, conversation)?;
        return Ok(counted(opening, word));
    }
    let mut fields = detail;
    if let Value::Object(fields) = &mut fields {
        fields.insert("decision".to_owned(), word.into());
    }
    let within = (conversation != 0).then_some(conversation);
    let appended = append_for(tx, now, opening, Kind::Decision, within, fields)?;
    let conversation = within.unwrap_or(appended.seq);
    forget(tx, conversation)?;
    Ok(Closed {
        recorded: Recorded::Event {
            appended,
            conversation,
        },
        ..counted(opening, word)
    })
}

/// The end of a conversation that was only counted.
pub(super) fn counted(opening: &Opening<'_>, word: &str) -> Closed {
    Closed {
        recorded: Recorded::Counted,
        account: account_name(opening).to_owned(),
        service: opening.service.as_str().to_owned(),
        source: opening.source.to_string(),
        word: word.to_owned(),
    }
}

fn forget(tx: &Transaction<'_>, conversation: i64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM conversations WHERE id = ?1")
        .and_then(|mut statement| statement.execute([conversation]))
        .map_err(StoreError::sqlite("closing a sign-in"))?;
    Ok(())
}
