//! The password and group databases: who is that user, and which groups are they in?
//!
//! A failing lookup is told apart from an empty one, since the first must refuse.

use gatepost_words::ident::{Person, UserName};
use gatepost_words::job::SENDER_USER;
use nix::unistd::{Gid, Group, Uid, User};

use crate::policy::rules::{Groups, Rule};

/// Why nobody was found.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// There is no such user.
    #[error("no such user: {0}")]
    NoSuchUser(String),
    /// The database cannot be asked.
    #[error("the password database cannot be read: {0}")]
    Failed(std::io::Error),
    /// The database has a name that cannot be one.
    #[error("the password database says something odd: {0}")]
    Odd(String),
}

/// Resolves a name with `getpwnam_r`, once.
pub fn find(name: &UserName) -> Result<Person, LookupError> {
    let user = match User::from_name(name.as_str()) {
        Ok(Some(user)) => user,
        Ok(None) if passwd_answers() => return Err(LookupError::NoSuchUser(name.to_string())),
        Ok(None) => {
            let silent = std::io::Error::other(format!("it does not even know {SENDER_USER}"));
            return Err(LookupError::Failed(silent));
        }
        Err(errno) => return Err(LookupError::Failed(errno.into())),
    };
    let canonical = UserName::new(user.name).map_err(|bad| LookupError::Odd(bad.to_string()))?;
    Ok(Person {
        name: canonical,
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
    })
}

/// Who logged in before becoming whoever this process runs as: the kernel's loginuid, which a
/// process cannot shed. None where it was never set, as for a service.
pub fn login_user() -> Option<String> {
    let text = std::fs::read_to_string("/proc/self/loginuid").ok()?;
    let uid: u32 = text.trim().parse().ok()?;
    if uid == u32::MAX {
        return None;
    }
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    Some(user.map_or_else(|| format!("uid {uid}"), |user| user.name))
}

/// Which of the groups that `rules` name the person is in.
pub fn groups(person: &Person, rules: &[Rule]) -> Groups {
    let (mut member, mut missing) = (Vec::new(), Vec::new());
    for name in named(rules) {
        match Group::from_name(name) {
            Ok(Some(group)) => {
                if group.gid.as_raw() == person.gid
                    || group.mem.iter().any(|m| m == person.name.as_str())
                {
                    member.push(name.clone());
                }
            }
            Ok(None) if group_answers(person) => missing.push(name.clone()),
            Ok(None) | Err(_) => return Groups::Unknown,
        }
    }
    Groups::Known { member, missing }
}

/// Which of the groups that `rules` name are not there.
pub fn missing_groups(rules: &[Rule]) -> Result<Vec<String>, LookupError> {
    let mut missing = Vec::new();
    for name in named(rules) {
        match Group::from_name(name) {
            Ok(Some(_)) => {}
            Ok(None) => missing.push(name.clone()),
            Err(errno) => return Err(LookupError::Failed(errno.into())),
        }
    }
    Ok(missing)
}

/// Each group that a rule names, once.
fn named(rules: &[Rule]) -> Vec<&String> {
    let mut named: Vec<&String> = rules.iter().flat_map(|rule| &rule.groups).collect();
    named.sort();
    named.dedup();
    named
}

/// Whether "there is no such user" can be believed. Where one of several sources fails and a later
/// one answers, the C library says no more than that nothing was found; the system user that setup
/// created must be there.
fn passwd_answers() -> bool {
    matches!(User::from_name(SENDER_USER), Ok(Some(_)))
}

/// Whether "there is no such group" can be believed: the person's own primary group must be there.
fn group_answers(person: &Person) -> bool {
    matches!(Group::from_gid(Gid::from_raw(person.gid)), Ok(Some(_)))
}
