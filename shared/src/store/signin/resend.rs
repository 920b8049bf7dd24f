//! A new code for a conversation that waits at its prompt.

use gatepost_words::text::NoMail;
use serde_json::json;

use super::challenge::replace;
use super::look::{Ready, look};
use super::slot::Slot;
use super::{Fresh, Opening, Prompt, Waiting};
use crate::host::Now;
use crate::policy::Policy;
use crate::policy::rules::{Decision, Refusal};
use crate::store::error::StoreError;
use crate::store::kinds::Kind;
use crate::store::strangers::Record;
use crate::store::{Store, clock, guesses, policies};

impl Store {
    /// Replaces a conversation's code by a fresh one, where a mail may go out; the old one dies in
    /// every conversation that shares it, and the new one has no more tries than it had left.
    pub fn resend(
        &mut self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
        fresh: &Fresh,
        waiting: &Waiting,
        current: Option<[u8; 16]>,
    ) -> Result<Prompt, StoreError> {
        self.write("sending a new code", |tx| {
            policies::expect_unmoved(tx, &now.moment, opening.rules)?;
            let at = clock::advance(tx, now)?;
            if guesses::is_stale(tx, waiting)? {
                return Ok(Prompt::Dummy);
            }
            let look = look(tx, at, opening, policy)?;
            if let Decision::Refuse(Refusal::Shielded(left)) = look.assessment.decision {
                return Ok(Prompt::Shielded(left));
            }
            let Some(Ready {
                account,
                address,
                lock,
                wait,
            }) = look.ready
            else {
                return Ok(Prompt::Dummy);
            };
            if lock.locked() {
                return Ok(Prompt::Locked(lock));
            }
            if let Some(wait) = wait {
                return Ok(Prompt::NoMail(NoMail::Limit(wait)));
            }
            let Some(address) = address else {
                return Ok(Prompt::NoMail(NoMail::NoAddress));
            };
            let tries = match current {
                Some(id) => replace(tx, id)?,
                None => 0,
            };
            let slot = Slot {
                now,
                at,
                opening,
                policy,
                fresh,
                record: Record::InFull,
                conversation: waiting.conversation,
            };
            let mailing = slot.issue(tx, &account, &address, tries)?;
            slot.event(
                tx,
                Kind::Challenge,
                json!({"ref": fresh.reference, "resend": true}),
            )?;
            Ok(Prompt::Mail(mailing))
        })
    }
}
