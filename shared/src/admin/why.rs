//! `gatepost why`: would this login be let in, how does that come about, and what is to be done?
//!
//! The verdict comes from the functions that the login itself uses, on the same rows.

use std::net::IpAddr;

use gatepost_words::ident::{Person, Service, Source, UserName};
use gatepost_words::job::Outcome;
use gatepost_words::wire::Proved;
use serde::Serialize;
use serde_json::json;

use super::roles::Right;
use super::users::{Mask, mask, rounded};
use super::{Admin, AdminError, stamp};
use crate::host::{self, ProcessId};
use crate::people::{self, LookupError};
use crate::policy::lockout::Lock;
use crate::policy::rules::{Decision, Refusal};
use crate::policy::versions::InForce;
use crate::store::accounts::Account;
use crate::store::bypass::Whose;
use crate::store::failures::Failures;
use crate::store::signin::{Look, Opening, Ready};

/// What would happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A code would be asked for.
    Asked,
    /// No code would be asked for.
    NotAsked,
    /// The login would be refused.
    Refused,
    /// Mailed codes are locked.
    Locked,
    /// A prompt would appear, but no mail would go out.
    NoMail,
}

impl Verdict {
    /// Whether the person can get in with what they have: a mailbox.
    pub fn lets_in(self) -> bool {
        matches!(self, Self::Asked | Self::NotAsked)
    }
}

/// The answer to why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// Canonical name.
    pub user: String,
    /// Which service was asked about.
    pub service: String,
    /// By which rules: `policy version 7`, or `the candidate`.
    pub policy: String,
    /// The number of the rule that decides, counted from one; none where none does.
    pub rule: Option<usize>,
    /// What would happen.
    pub verdict: Verdict,
    /// The same as one sentence.
    pub sentence: String,
    /// How it comes about, in order.
    pub steps: Vec<String>,
    /// What to do next: commands.
    pub next: Vec<String>,
}

impl Admin {
    /// What would happen to `typed` at `service`, coming from `from`.
    pub fn why(
        &self,
        typed: &str,
        service: Option<&str>,
        from: Option<&str>,
    ) -> Result<Why, AdminError> {
        self.may(Right::Look)?;
        let typed = UserName::new(typed.to_owned())?;
        let service = Service::new(service.unwrap_or("sshd"))?;
        let source = source(from)?;
        let person = match people::find(&typed) {
            Ok(person) => Some(person),
            Err(LookupError::NoSuchUser(_)) => None,
            Err(failed) => return Err(failed.into()),
        };
        let Some(person) = person else {
            let account = self.store.account(&typed)?;
            return account.map_or_else(
                || Err(AdminError::NoSuchUser(typed.to_string())),
                |account| Ok(without_person(&typed, &service, &account)),
            );
        };
        self.explain(&person, &service, &source, None)
    }

    /// What would happen by the rules in force, or by a candidate for them.
    pub(super) fn explain(
        &self,
        person: &Person,
        service: &Service,
        source: &Source,
        candidate: Option<&InForce>,
    ) -> Result<Why, AdminError> {
        let now = self.host.now();
        let policy = &self.config.policy;
        let looked = |rules: &InForce| {
            let groups = people::groups(person, rules.rules());
            let opening = Opening {
                person: Some(person),
                typed: person.name.as_str(),
                service,
                source,
                rules,
                groups: &groups,
                host: &self.config.host,
                process: ProcessId::own(),
                proved: Proved::Password,
                decoy: false,
                detail: json!({}),
            };
            match candidate {
                None => self.store.look(&now, &opening, policy),
                Some(_) => self.store.look_as_if(&now, &opening, policy),
            }
        };
        let mut rules = match candidate {
            Some(candidate) => candidate.clone(),
            None => self.store.policy(&now)?,
        };
        let look = match looked(&rules) {
            // Changed between the two looks: once more, as a sign-in does.
            Err(moved) if moved.is_moved() => {
                rules = self.store.policy(&now)?;
                looked(&rules)?
            }
            look => look?,
        };
        let account = self.store.account(&person.name)?;
        let failures = self.store.failures(&now, person.name.as_str(), policy)?;
        let scene = Scene {
            admin: self,
            name: &person.name,
            source,
            account: account.as_ref(),
            failures: failures.as_ref(),
            rules: &rules,
        };
        let (verdict, sentence, next) = scene.verdict(&look);
        let steps = scene.steps(&look)?;
        Ok(Why {
            user: person.name.to_string(),
            service: service.to_string(),
            policy: rules.name(),
            rule: rule(look.assessment.decision),
            verdict,
            sentence,
            steps,
            next,
        })
    }
}

/// Everything that an explanation looks at.
struct Scene<'a> {
    admin: &'a Admin,
    name: &'a UserName,
    source: &'a Source,
    account: Option<&'a Account>,
    failures: Option<&'a Failures>,
    rules: &'a InForce,
}

impl Scene<'_> {
    /// The verdict, its sentence, and the commands that help.
    fn verdict(&self, look: &Look) -> (Verdict, String, Vec<String>) {
        let name = self.name;
        match look.assessment.decision {
            Decision::Refuse(refusal) => {
                let (why, next) = self.refusal(refusal);
                let sentence = format!("{name} would be refused: {why}.");
                (Verdict::Refused, sentence, next)
            }
            Decision::Skip(rule) => {
                let sentence = format!(
                    "{name} would not be asked for a code: rule {rule} of {} skips.",
                    self.rules.name()
                );
                (
                    Verdict::NotAsked,
                    sentence,
                    vec!["gatepost policy show".to_owned()],
                )
            }
            Decision::Ignore => {
                let sentence = format!(
                    "{name} would not be asked for a code: not enrolled, and unenrolled = \
                     \"ignore\"."
                );
                let next = vec![format!("gatepost user add {name} ADDRESS")];
                (Verdict::NotAsked, sentence, next)
            }
            Decision::Ask => {
                if let Some(ready) = &look.ready {
                    return self.asked(ready);
                }
                // The store gives every account that is asked its rest.
                let sentence = format!("{name} would be refused: the store has no such row.");
                (Verdict::Refused, sentence, Vec::new())
            }
        }
    }

    fn asked(&self, ready: &Ready) -> (Verdict, String, Vec<String>) {
        let name = self.name;
        if ready.lock.locked() {
            let sentence = self.locked(ready.lock);
            return (
                Verdict::Locked,
                sentence,
                vec![format!("gatepost user unlock {name}")],
            );
        }
        let Some((_, address)) = &ready.address else {
            let waiting = self
                .account
                .and_then(|account| account.addresses.first())
                .map_or_else(
                    || "there is no address".to_owned(),
                    |address| {
                        let shown = mask(&address.address, Mask::Masked);
                        format!("{shown} is not confirmed")
                    },
                );
            let sentence = format!("{name} would be asked, but no code can be mailed: {waiting}.");
            let next = vec![format!("gatepost user verify {name}")];
            return (Verdict::NoMail, sentence, next);
        };
        let failures = self.failures.map_or(0, |failures| failures.last_hour);
        // Within the cooldown, the mail that began it has a code that still works.
        let cooldown = self.admin.config.policy.limits.send_cooldown;
        match ready.wait {
            Some(wait) if wait > cooldown => {
                let sentence = format!(
                    "{name} would be asked, but no mail goes out for another {}: too many mails \
                     were sent and none was answered. A code that was mailed and has not expired, \
                     or a recovery code, works.",
                    rounded(wait)
                );
                let next = vec![
                    format!("gatepost mail list {name}"),
                    format!("gatepost recovery new {name}"),
                ];
                (Verdict::NoMail, sentence, next)
            }
            Some(_) | None => {
                let plural = if failures == 1 { "" } else { "s" };
                let sentence = format!(
                    "{name} would be asked for a code: enrolled, confirmed {}, {failures} \
                     failure{plural}.",
                    address.masked()
                );
                (Verdict::Asked, sentence, self.after_a_failed_mail())
            }
        }
    }

    /// `alice is locked for another 43 min: 10 wrong codes in the last hour, the last from …`
    fn locked(&self, lock: Lock) -> String {
        let name = self.name;
        let limits = &self.admin.config.policy.limits;
        let last = self
            .failures
            .and_then(|failures| failures.last.as_ref())
            .map(|(source, _)| format!(", the last from {}", place(source)))
            .unwrap_or_default();
        let (hour, day, row) = self.failures.map_or((0, 0, 0), |failures| {
            (failures.last_hour, failures.last_day, failures.in_a_row)
        });
        match lock {
            Lock::Row if self.failures.is_some_and(|failures| failures.held) => {
                format!(
                    "{name} is locked until an administrator unlocks the account: one locked it."
                )
            }
            Lock::Row => format!(
                "{name} is locked until an administrator unlocks the account: {row} wrong codes in \
                 a row{last}."
            ),
            Lock::Window(left) => {
                let counted = if hour >= limits.failures_per_hour && day < limits.failures_per_day {
                    format!("{hour} wrong codes in the last hour")
                } else {
                    format!("{day} wrong codes in the last day")
                };
                format!(
                    "{name} is locked for another {}: {counted}{last}.",
                    rounded(left)
                )
            }
            // Nobody asks; said all the same rather than nothing.
            Lock::Open => format!("{name} is not locked."),
        }
    }

    fn refusal(&self, refusal: Refusal) -> (String, Vec<String>) {
        let name = self.name;
        let again = || {
            vec![
                format!("gatepost user remove {name}"),
                format!("gatepost user add {name} ADDRESS"),
            ]
        };
        let add = || vec![format!("gatepost user add {name} ADDRESS")];
        match refusal {
            Refusal::Rule(rule) => (
                format!("rule {rule} of {} says so", self.rules.name()),
                vec![format!("gatepost policy show")],
            ),
            Refusal::Unenrolled => ("not enrolled".to_owned(), add()),
            Refusal::Removed => ("the account was removed".to_owned(), add()),
            Refusal::UidOfAnother => (
                "not enrolled under this name, though its uid is under another".to_owned(),
                add(),
            ),
            Refusal::UidChanged => (
                "its uid is not the one it was enrolled with, so it may be somebody else"
                    .to_owned(),
                again(),
            ),
            Refusal::Disabled => (
                "an administrator disabled the account".to_owned(),
                vec![format!("gatepost user enable {name}")],
            ),
            Refusal::Shielded(left) => {
                let until = self.admin.host.now().wall.plus(left);
                (
                    format!(
                        "{} is shielded until {}, for another {}",
                        self.source,
                        host::local_time(until),
                        rounded(left)
                    ),
                    vec!["gatepost shield status".to_owned()],
                )
            }
        }
    }

    /// How it comes about: the assessment's own steps, then what the account's rows add.
    fn steps(&self, look: &Look) -> Result<Vec<String>, AdminError> {
        let mut steps = look.assessment.steps.clone();
        steps.extend(self.other_shields()?);
        let Some(ready) = &look.ready else {
            return Ok(steps);
        };
        if let Some(account) = self.account.filter(|account| !account.note.is_empty()) {
            steps.push(format!("note: {}", account.note));
        }
        let limits = &self.admin.config.policy.limits;
        if let Some(failures) = self.failures {
            steps.push(format!(
                "wrong codes: {} of {} in the last hour, {} of {} in the last day, {} of {} in a row",
                failures.last_hour,
                limits.failures_per_hour,
                failures.last_day,
                limits.failures_per_day,
                failures.in_a_row,
                limits.failures_in_a_row,
            ));
            if let Some((source, at)) = &failures.last {
                let at = host::local_time(gatepost_words::time::Wall::from_millis(*at));
                steps.push(format!("the last wrong code: {at}, from {}", place(source)));
            }
        }
        if let Some((_, address)) = &ready.address {
            steps.push(format!("codes go to {}", address.masked()));
        }
        steps.push(match ready.wait {
            None => "a mail may go out now".to_owned(),
            Some(wait) => format!("the next mail may go out in {}", rounded(wait)),
        });
        if let Some(last) = self.last_mail()? {
            let how = if last.outcome == Outcome::Accepted.word() {
                format!("taken by {} in {} ms", last.relay, last.millis)
            } else {
                format!("NOT taken by {} ({})", last.relay, last.outcome)
            };
            steps.push(format!(
                "the last mail ({}), {}: {how}: {}",
                last.kind, last.at, last.reply
            ));
        }
        let left = match self.account {
            None => 0,
            Some(account) => self.admin.store.recovery_left(account.id)?,
        };
        let locked = match self.failures.map(|failures| failures.recovery) {
            Some(Lock::Window(span)) => format!(", locked for another {}", rounded(span)),
            Some(Lock::Row) => ", locked until the account is unlocked".to_owned(),
            Some(Lock::Open) | None => String::new(),
        };
        steps.push(format!("recovery codes: {left} left{locked}"));
        if self
            .account
            .is_some_and(|account| account.state == "active")
        {
            let most = crate::policy::limits::BYPASS_CODES;
            let whose = Whose::Of(self.name);
            let now = self.admin.host.now();
            let live = self.admin.store.bypass_codes(&now, whose, most)?.len();
            steps.push(format!("bypass codes: {live} live"));
        }
        Ok(steps)
    }

    /// The shields that might be the answer, where it was not said from where the login comes.
    fn other_shields(&self) -> Result<Option<String>, AdminError> {
        if let Source::Address(_) = self.source {
            return Ok(None);
        }
        let shields = self.admin.store.shields(&self.admin.host.now())?;
        let networks: Vec<String> = shields
            .iter()
            .map(|shield| shield.network.to_string())
            .collect();
        Ok((!networks.is_empty()).then(|| {
            format!(
                "from elsewhere it may go otherwise (--from IP): shielded is {}",
                networks.join(", ")
            )
        }))
    }

    fn last_mail(&self) -> Result<Option<super::mail::Listed>, AdminError> {
        let Some(account) = self.account else {
            return Ok(None);
        };
        let newest = self.admin.mails_of(Some(account.id), 1)?;
        Ok(newest.into_iter().next())
    }

    /// What to look at where the last mail was not taken.
    fn after_a_failed_mail(&self) -> Vec<String> {
        match self.last_mail() {
            Ok(Some(last)) if last.outcome != Outcome::Accepted.word() => {
                vec![
                    "gatepost mail test ADDRESS".to_owned(),
                    format!("gatepost recovery new {}", self.name),
                ]
            }
            // The steps say what is wrong with the store.
            Ok(_) | Err(_) => Vec::new(),
        }
    }
}

/// An account whose user is gone from the password database.
fn without_person(name: &UserName, service: &Service, account: &Account) -> Why {
    Why {
        user: name.to_string(),
        service: service.to_string(),
        policy: String::new(),
        rule: None,
        verdict: Verdict::Refused,
        sentence: format!(
            "{name} would be refused: the password database has no such user, though one with uid \
             {} was enrolled on {}.",
            account.uid,
            stamp(account.created)
        ),
        steps: vec![format!("getent passwd {name}: nothing")],
        next: if account.state == "removed" {
            Vec::new()
        } else {
            vec![format!("gatepost user remove {name}")]
        },
    }
}

/// The rule that decides.
pub(super) fn rule(decision: Decision) -> Option<usize> {
    match decision {
        Decision::Skip(rule) | Decision::Refuse(Refusal::Rule(rule)) => Some(rule),
        Decision::Ask | Decision::Ignore | Decision::Refuse(_) => None,
    }
}

/// Where the login is to come from. Nowhere in particular has no limit of its own.
pub(super) fn source(from: Option<&str>) -> Result<Source, AdminError> {
    match from {
        Some(text) => text
            .parse::<IpAddr>()
            .map(|address| Source::Address(address.to_canonical()))
            .map_err(|_not_literal| {
                let text = gatepost_words::text::sanitise(text);
                AdminError::Usage(format!(
                    "{text} is no IP address: give one such as 203.0.113.9 or 2001:db8::9"
                ))
            }),
        None => Ok(Source::Named {
            name: String::new(),
            uid: 0,
            tty: String::new(),
        }),
    }
}

/// Where a guess came from, as a person reads it; the ledger keeps networks.
pub(super) fn place(network: &str) -> String {
    let clean = gatepost_words::text::sanitise(network);
    if let Some(address) = clean.strip_prefix("ip:") {
        return address.to_owned();
    }
    if let Some(uid) = clean.strip_prefix("uid:") {
        return format!("this machine (uid {uid})");
    }
    match clean
        .strip_prefix("name:")
        .and_then(|rest| rest.rsplit_once(";uid:"))
    {
        Some((name, _)) => name.to_owned(),
        None => clean,
    }
}
