//! What the console wants done outside of itself, as data. The workers do it and answer with
//! messages.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use gatepost_shared::admin::browse::{Around, UserRow};
use gatepost_shared::admin::filter::{EventFilter, Filter};
use gatepost_shared::admin::policy::act::Guard;
use gatepost_shared::admin::shield::Sure;
use gatepost_shared::admin::templates::Kind;
use gatepost_shared::admin::undo::{self, Listed, Seen};
use gatepost_shared::admin::users::{Asked, Mask, Versions};

use super::message::{Code, Job};
use super::prefs::Prefs;

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Read the home page's counts.
    Summary,
    /// Read what happened in the last hours.
    Activity,
    /// Read a page of accounts.
    Users {
        /// The request's number: answers to earlier ones are dropped.
        request: u64,
        /// Which.
        filter: Filter,
        /// Where.
        around: Around<String>,
        /// Whether addresses are shown.
        mask: Mask,
    },
    /// Read one account.
    User {
        /// Its key.
        key: String,
        /// Whether addresses are shown.
        mask: Mask,
    },
    /// Read how an account's sign-ins of the last days ended, by its key.
    SignIns(String),
    /// Count who of this machine has no account.
    Missing,
    /// Find out what the rules say of an account at each service, by its key.
    Applies(String),
    /// Read a page of events.
    Events {
        /// The request's number.
        request: u64,
        /// Which.
        filter: EventFilter,
        /// Where.
        around: Around<i64>,
    },
    /// Read a page of deliveries.
    Mails {
        /// The request's number.
        request: u64,
        /// Whose, by the account's key; none for everybody's.
        of: Option<String>,
        /// Where.
        around: Around<i64>,
    },
    /// See how relays fare, what waits, and the templates.
    Post,
    /// Have the sender print a message of that kind, with sample facts.
    Preview(Kind),
    /// Read a page of the stream of events.
    Stream {
        /// The request's number.
        request: u64,
        /// Where.
        around: Around<i64>,
    },
    /// Read the attack meter and the shields.
    Standing,
    /// Read where an account's person signs in from.
    Sources(String),
    /// Read what can be taken back.
    Undoables,
    /// Look what would become of a list, before it is imported.
    Plan(Job, Deed),
    /// Look a copy of the store through, before it is restored.
    LookThrough(Job, Deed),
    /// Let go of the copy that this job looked through.
    DropCopy(Job),
    /// Look around as doctor does.
    Checks,
    /// Recompute the chain.
    CheckChain,
    /// Change something.
    Do(Deed),
    /// Change many accounts, one after the other.
    Each(Job, Deed),
    /// Change something that takes long.
    Long(Job, Deed),
    /// Stop a job.
    Stop(Job),
    /// Find the keys of the accounts that a filter wants, up to a bound.
    Keys(Filter),
    /// Have the terminal copy a text to its clipboard.
    Copy(String),
    /// Have the terminal copy a code that is shown once.
    CopyCode(Code),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Write rows to a file.
    Export(Job, Export),
    /// Read something of the policy.
    Policy(Ask),
    /// Find out what the candidate of that number would change.
    Difference(u32, Source),
    /// Let the person edit a text.
    Edit(String),
    /// Keep a person's preferences.
    Keep(Box<Prefs>),
    /// Leave.
    Quit,
    /// Stop, to be resumed by `fg`.
    Suspend,
    /// Draw everything anew.
    Redraw,
}

/// A change, which went through a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    /// What.
    pub(crate) verb: Verb,
    /// On which accounts, by their keys; or on which source.
    pub(crate) objects: Vec<String>,
    /// What was typed and chosen.
    pub(crate) said: Said,
    /// Whether somebody said that they mean it.
    pub(crate) sure: Sure,
    /// The job that looked at the list which is imported, or the copy which is restored: another one looked at
    /// since refuses the deed.
    pub(crate) looked: Option<Job>,
    /// The versions of the accounts that were on the screen, by their keys: another one by now refuses the
    /// deed there. An account that was not on it has none: it is done to that as it is.
    pub(crate) seen: BTreeMap<String, i64>,
    /// What is taken back, as it was on the screen: anything else under that number stays.
    pub(crate) undoes: Option<Undoing>,
}

/// An act that is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undoing {
    /// Which, and how far what was done together had come.
    pub(crate) seen: Seen,
    /// What the job is called, where it takes one: whatever is read of the list while the dialog is open.
    pub(crate) job: Option<String>,
}

impl Deed {
    /// Something done to some accounts, of which nothing more was said yet.
    pub(crate) fn on(verb: Verb, objects: impl IntoIterator<Item = String>) -> Self {
        Self {
            verb,
            objects: objects.into_iter().collect(),
            said: Said::default(),
            sure: Sure::No,
            looked: None,
            seen: BTreeMap::new(),
            undoes: None,
        }
    }

    /// Taking an act back, or doing it again; by a job of that name, where it may take long.
    pub(crate) fn undo(act: &Listed, job: Option<String>) -> Self {
        Self {
            undoes: Some(Undoing {
                seen: act.seen.clone(),
                job,
            }),
            ..Self::on(Verb::Undo, [act.id.to_string()])
        }
    }

    /// What comes with taking an act back; none for what is none.
    pub(crate) fn asked_undo(&self, own: Option<IpAddr>) -> Option<undo::Asked<'_>> {
        self.undoes.as_ref().map(|undoing| undo::Asked {
            reason: self.reason(),
            own,
            sure: self.sure,
            seen: Some(&undoing.seen),
        })
    }

    /// Something done to an account as it was seen.
    pub(crate) fn on_row(verb: Verb, row: &UserRow) -> Self {
        Self::on_marked(verb, [(row.key.clone(), Some(row.version))])
    }

    /// Something done to accounts that were marked, each with its version where its row was there.
    pub(crate) fn on_marked(
        verb: Verb,
        marks: impl IntoIterator<Item = (String, Option<i64>)>,
    ) -> Self {
        let mut deed = Self::on(verb, []);
        for (key, version) in marks {
            deed.seen
                .extend(version.map(|version| (key.clone(), version)));
            deed.objects.push(key);
        }
        deed
    }

    /// What comes with it to the audit, and the version of that account.
    pub(crate) fn asked(&self, user: &str) -> Asked {
        Asked {
            version: self.seen.get(user).copied(),
            ..self.reason().into()
        }
    }

    /// Acts of this console left another version of an account: what was seen before is good for that one.
    pub(crate) fn stepped(&mut self, user: &str, step: Versions) {
        if let Some(seen) = self.seen.get_mut(user) {
            step_on(seen, step);
        }
    }

    /// The account it is done to, where it is one.
    pub(crate) fn object(&self) -> &str {
        self.objects.first().map_or("", String::as_str)
    }

    /// Whether it may be answered by a question.
    pub(crate) const fn may_ask_back(&self) -> bool {
        match self.verb {
            Verb::Bypass | Verb::Shield | Verb::Undo => true,
            Verb::Unlock
            | Verb::Disable
            | Verb::Enable
            | Verb::Verify
            | Verb::Confirm
            | Verb::SetMail
            | Verb::Lock
            | Verb::Note
            | Verb::Enrol
            | Verb::Remove
            | Verb::Invite
            | Verb::Forget
            | Verb::Import
            | Verb::Restore
            | Verb::Unmask
            | Verb::TestMail
            | Verb::RetryMail
            | Verb::TryRules(_)
            | Verb::ApplyRules(_)
            | Verb::KeepTry(_)
            | Verb::Revoke(_)
            | Verb::EndShield => false,
        }
    }

    /// Why, for the audit; none where nothing was said.
    pub(crate) fn reason(&self) -> Option<&str> {
        Some(self.said.get(Slot::Reason)).filter(|reason| !reason.is_empty())
    }
}

/// Goes on to the version that acts of one's own left, where nothing else lies between: who saw one of those
/// before has seen all that was changed.
pub(crate) fn step_on(seen: &mut i64, step: Versions) {
    if (step.before..step.after).contains(seen) {
        *seen = step.after;
    }
}

/// Something of the policy that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Which version is in force: cheap.
    State,
    /// All of it.
    Whole,
    /// A page of versions.
    Versions {
        /// The request's number.
        request: u64,
        /// Where.
        around: Around<i64>,
    },
    /// The text of a version, or of the one in force.
    Text(Option<i64>),
    /// What a sign-in would meet.
    Simulate {
        /// User, service and source.
        said: Said,
        /// By that candidate, where not by the rules in force.
        candidate: Option<u32>,
    },
}

/// Where a candidate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// It was edited.
    Edited(String),
    /// It is an older version.
    Version(i64),
}

/// A candidate that is put in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Put {
    /// The number of its difference.
    pub(crate) number: u32,
    /// The version that it was made against.
    pub(crate) base: Option<i64>,
    /// The older version that it is, where it is one.
    pub(crate) restores: Option<i64>,
    /// Whether somebody said that it may lock them out.
    pub(crate) guard: Guard,
}

/// Rows that are written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Export {
    /// Which.
    pub(crate) rows: Rows,
    /// Where to.
    pub(crate) path: PathBuf,
    /// As CSV; else a JSON document a line.
    pub(crate) is_csv: bool,
}

/// Which rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Accounts, people without one where the filter wants them, and whether addresses are shown.
    Users(Filter, Mask),
    /// Events.
    Events(EventFilter),
    /// Deliveries; of one account where one is named, by its key.
    Mails(Option<String>),
    /// All of the store, as a copy that can be restored.
    Store,
}

/// What was typed into the fields of a dialog, and chosen in them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Said(Vec<(Slot, String)>);

impl fmt::Debug for Said {
    /// Without a code, which is nobody's to see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.iter().map(|(slot, said)| {
            let is_code = *slot == Slot::Code;
            (slot, if is_code { "..." } else { said.as_str() })
        });
        f.debug_map().entries(shown).finish()
    }
}

impl Said {
    /// Of fields and what is in them.
    pub(crate) fn of(said: impl IntoIterator<Item = (Slot, String)>) -> Self {
        Self(said.into_iter().collect())
    }

    /// The same with what other fields said, except where these were asked anew.
    pub(crate) fn after(mut self, before: &Self, is_asked: impl Fn(Slot) -> bool) -> Self {
        let kept = before.0.iter().filter(|(slot, _)| !is_asked(*slot));
        self.0.extend(kept.cloned());
        self
    }

    /// What a field says; empty where there was none.
    pub(crate) fn get(&self, slot: Slot) -> &str {
        let found = self.0.iter().find(|(of, _)| *of == slot);
        found.map_or("", |(_, said)| said.as_str())
    }
}

/// What a dialog's field says of the deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Why, for the audit.
    Reason,
    /// Where a mail goes.
    Address,
    /// In which form.
    Form,
    /// The name of a file.
    File,
    /// What it is called.
    Name,
    /// Which account.
    User,
    /// Which service.
    Service,
    /// Where from.
    From,
    /// How long.
    Time,
    /// How often.
    Uses,
    /// A source or a network.
    Source,
    /// A code that was mailed.
    Code,
    /// What is noted.
    Note,
    /// How an address is confirmed.
    Proof,
    /// The domain of people's addresses.
    Domain,
    /// What a list may change.
    Update,
    /// What is mailed afterwards.
    After,
    /// What becomes of accounts that were closed since.
    Closed,
    /// Whose rules there are then.
    Rules,
    /// A word that had to be typed, which says no more than that.
    Typed,
}

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Wrong codes no longer count.
    Unlock,
    /// Sign-ins are refused.
    Disable,
    /// Sign-ins are possible again.
    Enable,
    /// A new confirmation code goes out.
    Verify,
    /// The code that was mailed is taken.
    Confirm,
    /// Codes are to go to another address.
    SetMail,
    /// No code is taken until it is unlocked.
    Lock,
    /// Something is noted.
    Note,
    /// Somebody is enrolled.
    Enrol,
    /// The account becomes a tombstone.
    Remove,
    /// The confirmation code goes out again.
    Invite,
    /// Where somebody signs in from is forgotten.
    Forget,
    /// An act is taken back, or done again: the object is its entry.
    Undo,
    /// A list is imported.
    Import,
    /// A copy of the store is restored.
    Restore,
    /// Addresses are shown.
    Unmask,
    /// A test message goes out.
    TestMail,
    /// Notices that wait go out.
    RetryMail,
    /// A candidate is in force for a while.
    TryRules(Put),
    /// A candidate is in force.
    ApplyRules(Put),
    /// The version of that number, which is being tried, stays.
    KeepTry(i64),
    /// A bypass code is made.
    Bypass,
    /// The bypass code of that number no longer works.
    Revoke(i64),
    /// A source is refused for a while.
    Shield,
    /// It is refused no longer.
    EndShield,
}
