//! For whom a candidate changes something: each account's outcome by the rules in force and by the
//! candidate, at each service.

use std::collections::BTreeMap;

use gatepost_words::ident::{Person, Service, UserName};
use gatepost_words::text::sanitise;
use serde::Serialize;

use super::lines::Line;
use super::{Go, Stopped};
use crate::admin::policy::effective::services;
use crate::admin::{Admin, AdminError};
use crate::people::{self, Locals, LookupError, Roster};
use crate::policy::Unenrolled;
use crate::policy::lockout::{Tally, until_unlocked};
use crate::policy::rules::{Decision, Facts, Standing, assess};
use crate::policy::versions::InForce;
use crate::store::policies::Subject;

/// What a sign-in with the right password meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No code is asked for.
    NotAsked,
    /// A code is asked for.
    Asked,
    /// A code is asked for, and there is neither a confirmed address nor a recovery code.
    NoWay,
    /// A code is asked for, and none is taken until an administrator unlocks the account.
    Locked,
    /// It is refused.
    Refused,
}

impl Outcome {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotAsked => "not asked",
            Self::Asked => "asked",
            Self::NoWay => "asked, with no way to get a code",
            Self::Locked => "asked, and locked",
            Self::Refused => "refused",
        }
    }

    /// Whether it lets in whoever can read their mail.
    pub const fn lets_in(self) -> bool {
        matches!(self, Self::NotAsked | Self::Asked)
    }
}

/// A change from one outcome to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What they meet now.
    pub from: Outcome,
    /// What they would meet.
    pub to: Outcome,
    /// How many people.
    pub people: u64,
    /// The first of them.
    pub names: Vec<String>,
    /// At which services.
    pub services: Vec<String>,
}

/// Accounts of which a candidate changes what they would meet if they were open, and nothing that they
/// meet as they are: nobody gets in there, by neither set of rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// Closure nobody gets in.
    pub why: Closure,
    /// How many people.
    pub people: u64,
    /// The first of them.
    pub names: Vec<String>,
}

/// Closure nobody gets in by an account, whatever rules say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closure {
    /// Locked until an administrator unlocks it.
    Locked,
    /// An administrator disabled it.
    Disabled,
    /// Removed: a tombstone.
    Removed,
    /// Its name was given to somebody else.
    UidChanged,
}

impl Closure {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Disabled => "disabled",
            Self::Removed => "removed",
            Self::UidChanged => "enrolled with another uid",
        }
    }
}

/// A change for whoever asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Yours {
    /// Who that is.
    pub user: String,
    /// At which service.
    pub service: String,
    /// What they meet now.
    pub from: Outcome,
    /// What they would meet.
    pub to: Outcome,
}

impl Yours {
    /// Whether it locks them out there.
    pub fn locks_out(&self) -> bool {
        self.from.lets_in() && !self.to.lets_in()
    }
}

/// Accounts in a page.
const PAGE: u32 = 500;
/// Names that are kept of a change.
const NAMES: usize = 10;
/// The most names in rules that are looked up though no account has them.
const MOST_NAMED: usize = 1000;

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) services: Vec<String>,
    pub(super) looked_at: u64,
    pub(super) changes: Vec<Change>,
    pub(super) closed: Vec<Closed>,
    pub(super) locked_out: u64,
    /// Enrolled people who get in somewhere now.
    pub(super) in_before: u64,
    /// Those of them who still would. Whom the candidate newly lets in is none of them: what they have was
    /// never tried, and whoever has to mend the rules is among the others.
    pub(super) still_in: u64,
}

/// Everybody, one after the other.
pub(super) struct Census<'a> {
    admin: &'a Admin,
    before: Side<'a>,
    after: Side<'a>,
    services: Vec<Service>,
    locals: Locals,
    changes: BTreeMap<(Outcome, Outcome), Change>,
    closed: BTreeMap<Closure, Closed>,
    found: Found,
}

/// Rules, with their groups looked up.
struct Side<'a> {
    rules: &'a InForce,
    roster: Roster,
}

impl<'a> Side<'a> {
    fn of(rules: &'a InForce) -> Self {
        Self {
            rules,
            roster: Roster::of(rules.rules()).for_many(),
        }
    }

    fn outcomes(
        &self,
        services: &[Service],
        unenrolled: Unenrolled,
        who: &Who<'_>,
    ) -> Vec<Outcome> {
        let groups = self.roster.groups(who.person);
        let outcome = |service| {
            let facts = Facts {
                user: &who.person.name,
                service,
                groups: &groups,
                standing: who.standing,
            };
            match assess(self.rules, unenrolled, &facts).decision {
                Decision::Skip(_) | Decision::Ignore => Outcome::NotAsked,
                Decision::Ask => who.codes.asked(),
                Decision::Refuse(_) => Outcome::Refused,
            }
        };
        services.iter().map(outcome).collect()
    }
}

/// Somebody, as rules see them.
#[derive(Clone, Copy)]
struct Who<'p> {
    person: &'p Person,
    standing: Standing,
    codes: Codes,
}

/// What becomes of whoever is asked for a code.
#[derive(Clone, Copy)]
enum Codes {
    /// They can get one.
    Reach,
    /// They have neither a confirmed address nor a recovery code.
    Nowhere,
    /// None is taken until an administrator unlocks the account. Locks that end by themselves are none here:
    /// rules outlast them.
    Locked,
}

impl Codes {
    const fn of(reachable: bool, locked: bool) -> Self {
        match (locked, reachable) {
            (true, _) => Self::Locked,
            (false, true) => Self::Reach,
            (false, false) => Self::Nowhere,
        }
    }

    const fn asked(self) -> Outcome {
        match self {
            Self::Reach => Outcome::Asked,
            Self::Nowhere => Outcome::NoWay,
            Self::Locked => Outcome::Locked,
        }
    }
}

impl Who<'_> {
    /// Closure nobody gets in whatever rules say, as a rule; where one lets them in nevertheless, that shows.
    const fn closed(&self) -> Option<Closure> {
        match (self.standing, self.codes) {
            (Standing::Disabled, _) => Some(Closure::Disabled),
            (Standing::Removed, _) => Some(Closure::Removed),
            (Standing::UidChanged, _) => Some(Closure::UidChanged),
            (Standing::Held, _) | (Standing::Active, Codes::Locked) => Some(Closure::Locked),
            (
                Standing::Active | Standing::Never | Standing::UidOfAnother,
                Codes::Reach | Codes::Nowhere | Codes::Locked,
            ) => None,
        }
    }
}

impl<'a> Census<'a> {
    pub(super) fn new(admin: &'a Admin, before: &'a InForce, after: &'a InForce) -> Self {
        let all = before.rules().iter().chain(after.rules());
        Self {
            admin,
            services: services(all.flat_map(|rule| &rule.services)),
            before: Side::of(before),
            after: Side::of(after),
            locals: Locals::default(),
            changes: BTreeMap::new(),
            closed: BTreeMap::new(),
            found: Found::default(),
        }
    }

    /// Looks at every account, removed ones too, and at the others that rules name.
    pub(super) fn take(&mut self, watch: &mut dyn FnMut(u64) -> Go) -> Result<Stopped, AdminError> {
        if self.needs_groups() {
            self.locals = Locals::read();
        }
        let mut after = String::new();
        loop {
            let page = self.admin.store.subjects_after(&after, PAGE)?;
            let Some(last) = page.last() else {
                break;
            };
            after.clone_from(&last.name);
            for account in &page {
                self.look_at(account)?;
            }
            if watch(self.found.looked_at) == Go::Stop {
                return Ok(Stopped::Early);
            }
        }
        for name in self.named() {
            if self.admin.store.account(&name)?.is_some() {
                continue;
            }
            match people::find(&name) {
                Ok(person) => self.count(&person)?,
                Err(LookupError::NoSuchUser(_)) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Ok(Stopped::No)
    }

    /// An account. Where no rule names a group, nobody is looked up: the row says it all.
    fn look_at(&mut self, account: &Subject) -> Result<(), AdminError> {
        let is_enrolled = account.state != "removed";
        self.found.looked_at += u64::from(is_enrolled);
        let name = UserName::new(account.name.clone())?;
        let person = if self.needs_groups() {
            match self.locals.find(&name) {
                Ok(person) => person,
                // Nobody of that name can sign in.
                Err(LookupError::NoSuchUser(_)) => return Ok(()),
                Err(failed) => return Err(failed.into()),
            }
        } else {
            Person {
                name,
                uid: account.uid,
                gid: account.uid,
            }
        };
        let tally = Tally {
            recent: Vec::new(),
            in_a_row: account.in_a_row,
            held: account.held,
        };
        let who = Who {
            person: &person,
            standing: account.standing(person.uid),
            codes: self.codes(account.reachable, &tally),
        };
        let (before, after) = self.compare(&who);
        let is_in = |outcomes: &[Outcome]| outcomes.iter().any(|outcome| outcome.lets_in());
        if is_enrolled && is_in(&before) {
            self.found.in_before += 1;
            self.found.still_in += u64::from(is_in(&after));
        }
        Ok(())
    }

    fn needs_groups(&self) -> bool {
        !(self.before.roster.is_empty() && self.after.roster.is_empty())
    }

    /// Somebody who may not be enrolled.
    fn count(&mut self, person: &Person) -> Result<(), AdminError> {
        let (standing, codes) = self.standing(person)?;
        let who = Who {
            person,
            standing,
            codes,
        };
        let _counted = self.compare(&who);
        Ok(())
    }

    fn standing(&self, person: &Person) -> Result<(Standing, Codes), AdminError> {
        let standing = self.admin.store.standing(person)?;
        let codes = match self.admin.store.account(&person.name)? {
            None => Codes::Nowhere,
            Some(account) => {
                let reachable = account.addresses.iter().any(|a| a.confirmed.is_some())
                    || self.admin.store.recovery_left(account.id)? > 0;
                let tally = Tally {
                    recent: Vec::new(),
                    in_a_row: account.failures_in_a_row,
                    held: account.held.is_some(),
                };
                self.codes(reachable, &tally)
            }
        };
        Ok((standing, codes))
    }

    fn codes(&self, reachable: bool, tally: &Tally) -> Codes {
        let limits = &self.admin.config.policy.limits;
        Codes::of(reachable, until_unlocked(tally, limits))
    }

    fn outcomes(&self, who: &Who<'_>) -> (Vec<Outcome>, Vec<Outcome>) {
        let unenrolled = self.admin.config.policy.unenrolled;
        let of = |side: &Side<'_>| side.outcomes(&self.services, unenrolled, who);
        (of(&self.before), of(&self.after))
    }

    /// Counts what changes for somebody, once for each kind of change.
    fn compare(&mut self, who: &Who<'_>) -> (Vec<Outcome>, Vec<Outcome>) {
        let (before, after) = self.outcomes(who);
        let mut kinds: Vec<(Outcome, Outcome)> = Vec::new();
        for (service, (from, to)) in self.services.iter().zip(before.iter().zip(&after)) {
            if from == to {
                continue;
            }
            let change = self.changes.entry((*from, *to)).or_insert_with(|| Change {
                from: *from,
                to: *to,
                people: 0,
                names: Vec::new(),
                services: Vec::new(),
            });
            let service = service.to_string();
            if !change.services.contains(&service) {
                change.services.push(service);
            }
            if !kinds.contains(&(*from, *to)) {
                kinds.push((*from, *to));
                change.people += 1;
                if change.names.len() < NAMES {
                    change.names.push(sanitise(who.person.name.as_str()));
                }
            }
        }
        let out = kinds
            .iter()
            .any(|(from, to)| from.lets_in() && !to.lets_in());
        self.found.locked_out += u64::from(out);
        if kinds.is_empty() {
            self.count_closed(who);
        }
        (before, after)
    }

    /// Counts somebody for whom nothing changes as long as their account is closed.
    fn count_closed(&mut self, who: &Who<'_>) {
        let Some(why) = who.closed() else {
            return;
        };
        let (before, after) = self.outcomes(&Who {
            standing: Standing::Active,
            codes: Codes::Reach,
            ..*who
        });
        if before == after {
            return;
        }
        let closed = self.closed.entry(why).or_insert_with(|| Closed {
            why,
            people: 0,
            names: Vec::new(),
        });
        closed.people += 1;
        if closed.names.len() < NAMES {
            closed.names.push(sanitise(who.person.name.as_str()));
        }
    }

    /// The names that rules name.
    fn named(&self) -> Vec<UserName> {
        let all = self.before.rules.rules().iter();
        let all = all.chain(self.after.rules.rules());
        let mut names: Vec<UserName> = all.flat_map(|rule| rule.users.clone()).collect();
        names.sort();
        names.dedup();
        names.truncate(MOST_NAMED);
        names
    }

    /// What changes for the person behind this process: root, where no login is known.
    pub(super) fn yours(&self) -> Result<Vec<Yours>, AdminError> {
        let person = match people::by_uid(self.admin.operator.uid.unwrap_or(0)) {
            Ok(person) => person,
            Err(LookupError::NoSuchUser(_)) => return Ok(Vec::new()),
            Err(failed) => return Err(failed.into()),
        };
        let (standing, codes) = self.standing(&person)?;
        let (before, after) = self.outcomes(&Who {
            person: &person,
            standing,
            codes,
        });
        let changes = self.services.iter().zip(before.into_iter().zip(after));
        Ok(changes
            .filter(|(_, (from, to))| from != to)
            .map(|(service, (from, to))| Yours {
                user: sanitise(person.name.as_str()),
                service: service.to_string(),
                from,
                to,
            })
            .collect())
    }

    pub(super) fn found(self) -> Found {
        Found {
            services: self.services.iter().map(ToString::to_string).collect(),
            changes: self.changes.into_values().collect(),
            closed: self.closed.into_values().collect(),
            ..self.found
        }
    }
}

impl Found {
    /// `locks out 3 people, you among them`
    pub(super) fn summary(&self, lines: &[Line], you: bool, everybody: bool) -> String {
        let among = if you { ", you among them" } else { "" };
        if lines.is_empty() {
            return "the same text as the one in force".to_owned();
        }
        if everybody {
            return format!("locks out everybody who can sign in now{among}");
        }
        match (self.locked_out, you) {
            (0, true) => "locks you out".to_owned(),
            (0, false) if self.changes.is_empty() && self.closed.is_empty() => {
                "changes nothing for anybody".to_owned()
            }
            (0, false) if self.changes.is_empty() => {
                "changes nothing for anybody but where accounts are closed".to_owned()
            }
            (0, false) => "locks out nobody".to_owned(),
            (1, true) => "locks out 1 person: you".to_owned(),
            (1, false) => "locks out 1 person".to_owned(),
            (many, _) => format!("locks out {many} people{among}"),
        }
    }
}
