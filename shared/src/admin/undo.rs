//! Taking acts back, within ten minutes and while nobody changed since what the act changed. The right
//! of the act is needed, and the right to undo; and what the act itself would be asked, this is asked.

use std::net::IpAddr;

use gatepost_words::ident::UserName;
use gatepost_words::text::{sanitise, tame};
use serde::Serialize;

use super::policy::act::Guard;
use super::policy::diff::Go;
use super::roles::Right;
use super::shield::{Sure, harmless};
use super::users::{self, Ended, Stop};
use super::{Admin, AdminError, stamp};
use crate::policy::shield::shieldable;
pub use crate::store::undo::Identity;
use crate::store::undo::{About, Kept, Taken, Undoable, absent, another, went_on};

/// What comes with it: why, and what the act itself would be asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Why, for the audit.
    pub reason: Option<&'a str>,
    /// Where the person's own session comes from, as far as it says: a shield may come back.
    pub own: Option<IpAddr>,
    /// Whether they mean it.
    pub sure: Sure,
    /// What they saw under the number: anything else stays.
    pub seen: Option<&'a Seen>,
}

/// What somebody saw under a number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Which act.
    pub identity: Identity,
    /// The newest of the entries that are taken back together. An import may still be writing some.
    pub newest: i64,
}

impl<'a> From<Option<&'a str>> for Asked<'a> {
    fn from(reason: Option<&'a str>) -> Self {
        Self {
            reason,
            own: None,
            sure: Sure::No,
            seen: None,
        }
    }
}

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
    /// Whose account; of many, one of them; empty for an act on none.
    pub user: String,
    /// What it is about, where that is no account: networks, a version of the policy.
    pub about: String,
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
    /// What was seen, for whoever takes it back.
    #[serde(skip)]
    pub seen: Seen,
}

/// An act that was taken back.
#[derive(Debug, Serialize)]
pub struct Undone {
    /// The entry.
    pub id: i64,
    /// What was taken back; of many together, what they are called.
    pub act: String,
    /// Whose account; empty for an act on none, and for one on many.
    pub user: String,
    /// What it is about, where that is no account.
    pub about: String,
    /// What is so now, where that needs saying.
    pub now: String,
    /// How many accounts, or acts on none.
    pub done: usize,
    /// Those that were not, and why: each is as it was.
    pub failed: Vec<Failed>,
    /// How many were not begun, because it was stopped.
    pub left: usize,
    /// What stays as it is.
    pub stays: &'static str,
    /// The entry that does it again, where that can be.
    pub redo: Option<i64>,
    /// The accounts that have another version now: that before and that after.
    #[serde(skip)]
    pub steps: Vec<(String, users::Versions)>,
}

impl Undone {
    /// The act in words: `unlock of carol`, `lock of 4 accounts`, `shield on 203.0.113.0/24`.
    pub fn named(&self) -> String {
        match self.of() {
            0 | 1 => named(&self.act, &self.user, &self.about),
            of => format!("{} of {of} accounts", self.act),
        }
    }

    /// How many it was to be.
    pub fn of(&self) -> usize {
        self.done + self.failed.len() + self.left
    }

    /// Whether there is none that was not taken back.
    pub fn is_whole(&self) -> bool {
        self.failed.is_empty() && self.left == 0
    }
}

impl Listed {
    /// The act in words, as those of [`Undone::named`].
    pub fn named(&self) -> String {
        match self.count {
            0 | 1 => named(&self.act, &self.user, &self.about),
            count => format!("{} of {count} accounts", self.word()),
        }
    }

    /// What it is called: `lock`, `shield on`, `import`.
    pub fn word(&self) -> String {
        match self.count {
            0 | 1 => in_words(&self.act),
            _ => together(&self.seen.identity.kind).to_owned(),
        }
    }
}

/// What acts that are taken back together are called, by the kind of the first of them. Those of an import are of
/// several kinds, and nothing else that is done to many is one of these.
fn together(kind: &str) -> &str {
    match kind {
        "user-add" | "user-set-mail" | "user-note" => "import",
        other => other.trim_start_matches("user-"),
    }
}

fn named(act: &str, user: &str, about: &str) -> String {
    let act = in_words(act);
    if about.is_empty() {
        format!("{act} of {user}")
    } else {
        format!("{act} {about}")
    }
}

/// An act as its subcommand is typed: `shield on`, `bypass new`, `policy apply`; those on accounts as
/// they are.
pub fn in_words(act: &str) -> String {
    for noun in ["bypass", "shield", "policy"] {
        if let Some(verb) = act
            .strip_prefix(noun)
            .and_then(|rest| rest.strip_prefix('-'))
        {
            return format!("{noun} {verb}");
        }
    }
    act.to_owned()
}

/// Whether taking that act back may take long: everybody is looked at, as before any change of the rules.
pub fn takes_long(act: &str) -> bool {
    act.starts_with("policy-")
}

/// One that could not be taken back.
#[derive(Debug, Serialize)]
pub struct Failed {
    /// The entry.
    pub id: i64,
    /// Whose account; empty where the entry is gone.
    pub user: String,
    /// Why not.
    pub why: String,
}

/// Acts that are listed at the most.
const LISTED: u32 = 200;

/// What it takes to take that act back.
fn right_of(which: &Identity) -> Right {
    right(&which.kind, which.undoes.is_some())
}

/// What it takes to take an act of that kind back, or to do it `again`. One that nobody listed needs
/// the most.
fn right(kind: &str, again: bool) -> Right {
    match kind {
        // The helpdesk's unlockings are counted where they unlock: doing one again is not a way past.
        "user-unlock" if again => Right::Accounts,
        "user-unlock" => Right::Unlock,
        "bypass-new" => Right::Bypass,
        "shield-on" | "shield-off" => Right::Shield,
        "policy-apply" | "policy-try" | "policy-confirm" | "policy-rollback" => Right::Policy,
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
        "bypass-new" => {
            "the code counts among those of the day; the owner's notice is not called back; another one \
             needs gatepost bypass new"
        }
        "shield-on" => "sign-ins that were refused meanwhile stay refused",
        "shield-off" => "who signed in meanwhile stays signed in",
        "policy-apply" | "policy-try" | "policy-confirm" | "policy-rollback" => {
            "sign-ins that were decided meanwhile stay as they were; versions are never deleted"
        }
        _ => "",
    }
}

/// What stays as it is of acts that are taken back together.
fn stays_together(kind: &str) -> &'static str {
    match together(kind) {
        "import" => stays("user-add"),
        _ => stays(kind),
    }
}

impl Admin {
    /// What can be taken back now, the newest first.
    pub fn undoables(&self) -> Result<Vec<Listed>, AdminError> {
        self.may(Right::Look)?;
        let entries = self.store.undoables(&self.host.now(), LISTED)?;
        // An account's groups may be asked for over the network: once for each, not for each act.
        let mut known: Vec<(Right, &str, bool)> = Vec::new();
        let mut listed = Vec::new();
        for entry in &entries {
            let which = &entry.identity;
            let (right, account) = (right_of(which), which.account.as_str());
            let mut before = known.iter();
            let found = before.find(|(asked, whose, _)| (*asked, *whose) == (right, account));
            let may = if let Some((_, _, may)) = found {
                *may
            } else {
                let may = self.may_list(which);
                known.push((right, account, may));
                may
            };
            listed.push(self.listed_undo(entry, may));
        }
        Ok(listed)
    }

    /// Whether an act is listed as one that this person may take back.
    fn may_list(&self, which: &Identity) -> bool {
        self.may(Right::Undo).is_ok() && self.may_undo(which).is_ok()
    }

    /// Refuses whoever may not take that act back: before they are asked whether they mean it.
    pub fn may_take_back(&self, act: &Listed) -> Result<(), AdminError> {
        self.may(Right::Undo)?;
        self.may_undo(&act.seen.identity)
    }

    /// One of them, by its number or that of any that is taken back with it.
    pub fn undoable(&self, id: i64) -> Result<Listed, AdminError> {
        self.may(Right::Look)?;
        let entry = self.store.undoable(&self.host.now(), id)?;
        Ok(self.listed_undo(&entry, self.may_list(&entry.identity)))
    }

    fn listed_undo(&self, entry: &Undoable, permitted: bool) -> Listed {
        let which = &entry.identity;
        let again = which.does_again();
        Listed {
            id: entry.id,
            at: stamp(which.at),
            act: tame(which.kind.trim_start_matches("user-")),
            again,
            user: sanitise(&which.account),
            about: sanitise(&entry.about),
            count: entry.count,
            own: which.actor == self.actor.name,
            by: tame(&which.actor),
            seconds_left: entry.left.secs_up(),
            permitted,
            stays: match entry.count {
                0 | 1 => stays(&which.kind),
                _ => stays_together(&which.kind),
            },
            seen: Seen {
                identity: which.clone(),
                newest: entry.newest,
            },
        }
    }

    /// What an entry that this person may take back is. One that is not there is not found, and stays so
    /// for this act: nobody has judged what may lie under its number a moment later.
    fn permitted(&self, id: i64) -> Result<Kept, AdminError> {
        let Some(entry) = self.store.undo_entry(id)? else {
            return Err(absent(id).into());
        };
        self.may_undo(&entry.identity)?;
        Ok(entry)
    }

    /// What the act itself would be asked, where taking it back does as much: whether a shield that comes
    /// back refuses this machine or this session, and whether rules that come back lock somebody out.
    fn guarded_undo(
        &self,
        about: &About,
        asked: &Asked<'_>,
        stop: &Stop,
        tell: &mut dyn FnMut(usize, usize),
    ) -> Result<(), AdminError> {
        match about {
            About::Account => Ok(()),
            About::Networks { up, .. } => {
                for network in up.iter().filter(|_| asked.sure == Sure::No) {
                    let network =
                        shieldable(network).map_err(|bad| AdminError::Usage(bad.to_string()))?;
                    harmless(&network, asked.own)?;
                }
                Ok(())
            }
            About::Version { in_force, to, .. } => {
                let candidate = self.policy_candidate(*to)?;
                let mut watch = |done| {
                    tell(usize::try_from(done).unwrap_or(usize::MAX), 0);
                    if stop.is_stopped() { Go::Stop } else { Go::On }
                };
                let diff = self.policy_diff(&candidate, &mut watch)?;
                if diff.base != Some(*in_force) {
                    return Err(self.no_longer_in_force(*in_force, *to, diff.base));
                }
                let guarded = super::policy::act::guarded(&diff, Guard::Kept);
                if let Err(AdminError::LocksOut(who)) = guarded {
                    return Err(AdminError::UndoLocksOut { who, to: *to });
                }
                guarded
            }
        }
    }

    /// Whether this person may take such an act back, on its account.
    fn may_undo(&self, which: &Identity) -> Result<(), AdminError> {
        let right = right_of(which);
        self.may(right)?;
        if which.account.is_empty() {
            return Ok(());
        }
        let name = UserName::new(which.account.clone())?;
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

    /// Takes an act back, and those that were done with it; what came of each is told too. `tell` hears how
    /// many are done and of how many; of how many is nought while it is looked whom it would lock out.
    pub fn undo<'a>(
        &mut self,
        id: i64,
        asked: impl Into<Asked<'a>>,
        stop: &Stop,
        mut tell: impl FnMut(usize, usize),
    ) -> Result<Undone, AdminError> {
        self.may(Right::Undo)?;
        // Before anything else is said of it.
        let entry = self.permitted(id)?;
        let guards = asked.into();
        let asked = users::Asked::from(guards.reason);
        let together = self.store.undo_together(id)?;
        if let Some(seen) = guards.seen {
            if seen.identity != entry.identity {
                return Err(another(id).into());
            }
            // Numbers only rise. What was there then and is not any more was taken back before.
            let later = together.iter().filter(|one| **one > seen.newest).count();
            if later > 0 {
                return Err(went_on(id, later).into());
            }
        }
        if together.len() <= 1 {
            let one = together.first().copied().unwrap_or(id);
            let entry = if one == id {
                entry
            } else {
                self.permitted(one)?
            };
            // One that was taken back is for the store to refuse.
            if entry.is_open {
                self.guarded_undo(&entry.about, &guards, stop, &mut tell)?;
            }
            let taken = self.take_back(&entry, &asked)?;
            let changed = taken.versions.map(|one| (taken.account.clone(), one));
            return Ok(Undone {
                id,
                act: entry.identity.kind.trim_start_matches("user-").to_owned(),
                user: sanitise(&taken.account),
                about: sanitise(&taken.about),
                now: taken.now,
                done: 1,
                failed: Vec::new(),
                left: 0,
                stays: stays(&entry.identity.kind),
                redo: taken.again,
                steps: changed.into_iter().collect(),
            });
        }
        self.undo_each(&entry, &together, &asked, stop, tell)
    }

    /// Takes acts back that were done together, each by itself: what one of them says of it hinders no other.
    fn undo_each(
        &mut self,
        first: &Kept,
        together: &[i64],
        asked: &users::Asked,
        stop: &Stop,
        mut tell: impl FnMut(usize, usize),
    ) -> Result<Undone, AdminError> {
        self.may(Right::Undo)?;
        let entries: Vec<String> = together.iter().map(i64::to_string).collect();
        let mut failed = Vec::new();
        let mut steps = Vec::new();
        let tally = self.each(
            &entries,
            stop,
            |admin, entry| {
                let entry = admin.permitted(entry.parse().unwrap_or(0))?;
                admin.take_back(&entry, asked)
            },
            |ended: Ended<'_, Taken>| {
                match ended.result {
                    Ok(taken) => steps.extend(taken.versions.map(|step| (taken.account, step))),
                    Err(error) => failed.push(Failed {
                        id: ended.user.parse().unwrap_or(0),
                        user: String::new(),
                        why: match error.changed() {
                            Some(what) => what.to_owned(),
                            None => error.to_string(),
                        },
                    }),
                }
                tell(ended.done, ended.of);
            },
        );
        for one in &mut failed {
            // What was done is told, whatever comes of this look.
            if let Ok(Some(entry)) = self.store.undo_entry(one.id) {
                one.user = sanitise(&entry.identity.account);
            }
        }
        let kind = &first.identity.kind;
        Ok(Undone {
            id: first.id,
            act: self::together(kind).to_owned(),
            user: String::new(),
            about: String::new(),
            now: String::new(),
            done: tally.done,
            failed,
            left: tally.left,
            stays: stays_together(kind),
            redo: tally.undo,
            steps,
        })
    }

    /// Takes one entry back, and says so to the system log.
    fn take_back(&mut self, entry: &Kept, asked: &users::Asked) -> Result<Taken, AdminError> {
        let now = self.host.now();
        let asked = self.among(asked.clone());
        let taken =
            self.store
                .undo(&now, &self.actor, entry, &asked)
                .map_err(|error| match &entry.about {
                    About::Version { in_force, to, .. } => {
                        self.moved_before_undo(error, *in_force, *to)
                    }
                    About::Account | About::Networks { .. } => error.into(),
                })?;
        self.batch = self.batch.after(taken.again);
        match &entry.about {
            About::Networks { all, .. } => {
                for network in all {
                    self.log_of("undo", network);
                }
            }
            About::Version { made, .. } => self.log_policy("undo", *made),
            About::Account => self.log("undo", &taken.account),
        }
        Ok(taken)
    }
}
