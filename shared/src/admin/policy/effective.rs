//! What applies to one person, by the rules in force or by a candidate. Nothing is sent or written.

use gatepost_words::ident::{Person, Service, UserName};
use serde::Serialize;

use super::diff::Candidate;
use crate::admin::doctor;
use crate::admin::roles::Right;
use crate::admin::why::{self, Verdict, Why};
use crate::admin::{Admin, AdminError};
use crate::people;

/// The services that are looked at whether or not PAM knows them.
const USUAL: [&str; 4] = ["sshd", "sudo", "su", "login"];
/// The most services that one look takes.
const MOST_SERVICES: usize = 32;

/// What applies to a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// Canonical name.
    pub user: String,
    /// By which rules: `policy version 7`, or `the candidate`.
    pub policy: String,
    /// At each service.
    pub at: Vec<AtService>,
}

/// What applies to a person at a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AtService {
    /// Which.
    pub service: String,
    /// What would happen.
    pub verdict: Verdict,
    /// The rule that decides, counted from one; none where none does.
    pub rule: Option<usize>,
    /// The same as one sentence.
    pub sentence: String,
}

impl Admin {
    /// What applies to a person at each service that matters here.
    pub fn policy_of(
        &self,
        typed: &str,
        candidate: Option<&Candidate>,
    ) -> Result<Effective, AdminError> {
        self.may(Right::Look)?;
        let person = person(typed)?;
        let source = why::source(None)?;
        let mut policy = String::new();
        let mut at = Vec::new();
        for service in services(std::iter::empty()) {
            let rules = candidate.map(Candidate::rules);
            let why = self.explain(&person, &service, &source, rules)?;
            policy = why.policy;
            at.push(AtService {
                service: why.service,
                verdict: why.verdict,
                rule: why.rule,
                sentence: why.sentence,
            });
        }
        Ok(Effective {
            user: person.name.to_string(),
            policy,
            at,
        })
    }

    /// What a sign-in would meet: the decision is made as for a real one, on the same rows, and nothing
    /// is sent, counted or written.
    pub fn policy_test(
        &self,
        typed: &str,
        service: &str,
        from: Option<&str>,
        candidate: Option<&Candidate>,
    ) -> Result<Why, AdminError> {
        self.may(Right::Look)?;
        let Some(candidate) = candidate else {
            return self.why(typed, Some(service), from);
        };
        let service = Service::new(service)?;
        let source = why::source(from)?;
        self.explain(&person(typed)?, &service, &source, Some(candidate.rules()))
    }
}

/// A typed name, where `me` is whoever is behind this process: root, where no login is known.
pub fn myself(admin: &Admin, typed: &str) -> Result<String, AdminError> {
    if typed != "me" {
        return Ok(typed.to_owned());
    }
    let person = people::by_uid(admin.operator.uid.unwrap_or(0))?;
    Ok(person.name.to_string())
}

fn person(typed: &str) -> Result<Person, AdminError> {
    Ok(people::find(&UserName::new(typed.to_owned())?)?)
}

/// The usual services, those that name the module, and those that rules name.
pub(super) fn services<'a>(named: impl Iterator<Item = &'a Service>) -> Vec<Service> {
    let usual = USUAL.iter().filter_map(|name| Service::new(name).ok());
    let in_pam = doctor::naming();
    let in_pam = in_pam.iter().filter_map(|name| Service::new(name).ok());
    let mut services: Vec<Service> = Vec::new();
    for service in usual.chain(in_pam).chain(named.cloned()) {
        if services.len() < MOST_SERVICES && !services.contains(&service) {
            services.push(service);
        }
    }
    services
}
