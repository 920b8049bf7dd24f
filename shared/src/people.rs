//! The password and group databases: who is that user, and which groups are they in?
//!
//! A failing lookup is told apart from an empty one, since the first must refuse.

use gatepost_words::ident::UserName;
use nix::unistd::{Gid, Group, User};

use crate::policy::rules::{Groups, Rule};

/// An account of this machine: canonical name and uid, as the password database has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// As the database spells it.
    pub name: UserName,
    /// Its uid.
    pub uid: u32,
    gid: Gid,
}

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
    let user = User::from_name(name.as_str())
        .map_err(|errno| LookupError::Failed(errno.into()))?
        .ok_or_else(|| LookupError::NoSuchUser(name.to_string()))?;
    let canonical = UserName::new(user.name).map_err(|bad| LookupError::Odd(bad.to_string()))?;
    Ok(Person {
        name: canonical,
        uid: user.uid.as_raw(),
        gid: user.gid,
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
    let user = User::from_uid(nix::unistd::Uid::from_raw(uid))
        .ok()
        .flatten();
    Some(user.map_or_else(|| format!("uid {uid}"), |user| user.name))
}

/// Which of the groups that `rules` name the person is in.
pub fn groups(person: &Person, rules: &[Rule]) -> Groups {
    let mut member = Vec::new();
    let mut named: Vec<&String> = rules.iter().flat_map(|rule| &rule.groups).collect();
    named.sort();
    named.dedup();
    for name in named {
        match Group::from_name(name) {
            Ok(Some(group)) => {
                if group.gid == person.gid || group.mem.iter().any(|m| m == person.name.as_str()) {
                    member.push(name.clone());
                }
            }
            Ok(None) => {}
            Err(_cannot_be_asked) => return Groups::Unknown,
        }
    }
    Groups::Known(member)
}
