//! Taking acts back, within ten minutes and while nobody changed the account since. The right of the
//! act is needed, and the right to undo.

use gatepost_words::ident::UserName;
use gatepost_words::text::{sanitise, tame};
use serde::Serialize;

use super::roles::Right;
use super::users::{Asked, Ended, Stop, Tally};
use super::{Admin, AdminError, stamp};
use crate::store::undo::Undoable;

/// An act that can be taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its number, for `gatepost undo`.
    pub id: i64,
    /// When, RFC 3339.
    pub at: String,
    /// What is taken back: `unlock`, `set-mail` …
    pub act: String,
    /// Whether it is itself the taking back of one: then it is done again.
    pub again: bool,
    /// Whose account; of many, one of them.
    pub user: String,
    /// How many accounts.
    pub count: u64,
    /// Who did it.
    pub by: String,
    /// How much longer, in seconds.
    pub seconds_left: i64,
    /// Whether the person behind this process may take it back.
    pub permitted: bool,
    /// Whether they did it.
    pub own: bool,
    /// What stays as it is, though the act is taken back.
    pub stays: &'static str,
}

/// An act that was taken back.
#[derive(Debug, Serialize)]
pub struct Undone {
    /// The entry.
    pub id: i64,
    /// What was taken back.
    pub act: String,
    /// Whose account.
    pub user: String,
    /// How many accounts.
    pub done: usize,
    /// Those that were not, and why.
    pub failed: Vec<Failed>,
    /// What stays as it is.
    pub stays: &'static str,
    /// The entry that does it again.
    pub redo: Option<i64>,
}

/// One that could not be taken back.
#[derive(Debug, Serialize)]
pub struct Failed {
    /// The entry.
    pub id: i64,
    /// Why not.
    pub why: String,
}

/// Acts that are listed at the most.
const LISTED: u32 = 200;

/// What it takes to take an act of that kind back, or to do it `again`. One that nobody listed needs
/// the most.
fn right(kind: &str, again: bool) -> Right {
    match kind {
        // The helpdesk's unlockings are counted where they unlock: doing one again is not a way past.
        "user-unlock" if again => Right::Accounts,
        "user-unlock" => Right::Unlock,
        "bypass-new" => Right::Bypass,
        "shield-on" | "shield-off" => Right::Shield,
        "policy-apply" | "policy-rollback" => Right::Policy,
        _ => Right::Accounts,
    }
}

/// What stays as it is: mail is not called back.
fn stays(kind: &str) -> &'static str {
    match kind {
        "user-unlock" | "user-enable" | "user-disable" => {
            "a notice that was mailed to the owner is not called back"
        }
        "user-set-mail" => "the mails to the old and the new address are not called back",
        "user-add" => "a code that was mailed is void; the name stays refused until enrolled again",
        "user-remove" => {
            "a notice that was mailed is not called back; known sources begin anew; open codes died"
        }
        _ => "",
    }
}

impl Admin {
    /// What can be taken back now, the newest first.
    pub fn undoables(&self) -> Result<Vec<Listed>, AdminError> {
        self.may(Right::Look)?;
        let entries = self.store.undoables(&self.host.now(), LISTED)?;
        Ok(entries
            .iter()
            .map(|entry| self.listed_undo(entry))
            .collect())
    }

    fn listed_undo(&self, entry: &Undoable) -> Listed {
        let may = self
            .may(Right::Undo)
            .and_then(|()| self.may_undo(&entry.kind, &entry.account, entry.is_undo));
        Listed {
            id: entry.id,
            at: stamp(entry.at),
            act: tame(entry.kind.trim_start_matches("user-")),
            again: entry.is_undo,
            user: sanitise(&entry.account),
            count: entry.count,
            own: entry.actor == self.actor.name,
            by: tame(&entry.actor),
            seconds_left: entry.left.secs_up(),
            permitted: may.is_ok(),
            stays: stays(&entry.kind),
        }
    }

    /// The kind of an entry that this person may take back; empty where there is no such entry.
    fn permitted(&self, id: i64) -> Result<String, AdminError> {
        let Some(entry) = self.store.undo_entry(id)? else {
            return Ok(String::new());
        };
        self.may_undo(&entry.kind, &entry.account, entry.is_undo)?;
        Ok(entry.kind)
    }

    /// Whether this person may take such an act back, on that account.
    fn may_undo(&self, kind: &str, account: &str, again: bool) -> Result<(), AdminError> {
        let right = right(kind, again);
        self.may(right)?;
        if account.is_empty() {
            return Ok(());
        }
        let name = UserName::new(account.to_owned())?;
        match self.store.account(&name)? {
            Some(account) => self.may_on(right, &account),
            None => Ok(()),
        }
    }

    /// The newest act of this person's own that was taken back and can be done again.
    pub fn last_redoable(&self) -> Result<Listed, AdminError> {
        self.may(Right::Undo)?;
        let mut entries = self.undoables()?.into_iter();
        entries
            .find(|entry| entry.own && entry.again)
            .ok_or_else(|| {
                let text = "you took nothing back in the last ten minutes that can be done again";
                AdminError::NothingToUndo(text.to_owned())
            })
    }

    /// The newest act of this person's own that can be taken back.
    pub fn last_undoable(&self) -> Result<Listed, AdminError> {
        self.may(Right::Undo)?;
        let mut entries = self.undoables()?.into_iter();
        let own = entries.find(|entry| entry.own && !entry.again);
        own.ok_or_else(|| {
            let text = "you did nothing in the last ten minutes that can be taken back; what others \
                        did: gatepost undo --list";
            AdminError::NothingToUndo(text.to_owned())
        })
    }

    /// Takes an act back, and those that were done with it; what came of each is told too.
    pub fn undo(
        &mut self,
        id: i64,
        asked: impl Into<Asked>,
        stop: &Stop,
        mut tell: impl FnMut(usize, usize),
    ) -> Result<Undone, AdminError> {
        self.may(Right::Undo)?;
        // Before anything else is said of it. One that is not there needs no right: it is not found.
        let kind = self.permitted(id)?;
        let asked = asked.into();
        let together = self.store.undo_together(id)?;
        if together.len() <= 1 {
            let now = self.host.now();
            let one = together.first().copied().unwrap_or(id);
            let (user, again) = self.store.undo(&now, &self.actor, one, None, &asked)?;
            self.log("undo", &user);
            return Ok(Undone {
                id,
                act: kind.trim_start_matches("user-").to_owned(),
                user: sanitise(&user),
                done: 1,
                failed: Vec::new(),
                stays: stays(&kind),
                redo: Some(again),
            });
        }
        let entries: Vec<String> = together.iter().map(i64::to_string).collect();
        let mut failed = Vec::new();
        let mut redo = None;
        let tally = self.each(
            &entries,
            stop,
            |admin, entry| {
                let entry = entry.parse().unwrap_or(0);
                admin.permitted(entry)?;
                let now = admin.host.now();
                let (user, again) = admin.store.undo(&now, &admin.actor, entry, redo, &asked)?;
                if redo.is_none() {
                    admin.store.begin_undo_batch(again)?;
                    redo = Some(again);
                }
                admin.log("undo", &user);
                Ok(())
            },
            |ended: Ended<'_, ()>| {
                if let Err(error) = &ended.result {
                    failed.push(Failed {
                        id: ended.user.parse().unwrap_or(0),
                        why: error.to_string(),
                    });
                }
                tell(ended.done, ended.of);
            },
        );
        let Tally { done, left, .. } = tally;
        if left > 0 {
            failed.push(Failed {
                id,
                why: format!("stopped: {left} were left as they are"),
            });
        }
        Ok(Undone {
            id,
            act: "import".to_owned(),
            user: String::new(),
            done,
            failed,
            stays: stays("user-add"),
            redo,
        })
    }
}
