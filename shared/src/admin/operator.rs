//! Who is behind this process: what the kernel, sudo and the group database say of them. What follows
//! from that is decided in [`super::roles`].

use std::ffi::OsString;

use super::AdminError;
use super::roles::{Decided, Found, Membership, NoRole, Operator, Right, Role, Trace, decide};
use crate::config::{Roles, USUAL};
use crate::people::{self, Credentials, LookupError};
use crate::store::accounts::{Account, Actor};
use crate::store::unlocks::Unlocker;

/// What the environment says of who called; it can take a role away and never give one.
#[derive(Clone, Debug, Default)]
pub struct Called {
    /// Who called sudo.
    pub sudo_uid: Option<OsString>,
    /// The variable of another program that makes people root.
    pub other: Option<&'static str>,
}

/// The person behind this process.
///
/// Which groups have a role is read in the usual place, whatever configuration is worked on. Where it
/// cannot be read, root itself is an admin and nobody else is anything.
pub fn operator(called: Called) -> Result<Operator, AdminError> {
    match Roles::load() {
        Ok(roles) => of(called, roles, None),
        // It is told to people with no role at all.
        Err(error) => of(called, Roles::default(), Some(&error.briefly().to_string())),
    }
}

/// As [`operator`], for `gatepost doctor` alone: where the configuration cannot be read, those who
/// would administer a fresh machine may look at what is wrong with it.
pub fn operator_of_doctor(called: Called) -> Result<Operator, AdminError> {
    match operator(called.clone()) {
        Err(AdminError::NoRole(NoRole::Unreadable(_))) => {
            let mut usual = of(called, Roles::default(), None)?;
            usual.role = Role::Auditor;
            Ok(usual)
        }
        known => known,
    }
}

fn of(called: Called, roles: Roles, unreadable: Option<&str>) -> Result<Operator, AdminError> {
    let login = trace(people::login_uid(), &roles, unreadable)?;
    let sudo = match called {
        // It names somebody and says nothing that we could hold against the kernel's word.
        Called {
            sudo_uid: None,
            other: Some(variable),
        } => Trace::Lost(format!(
            "{variable} is set and SUDO_UID is not, and only sudo carries roles: call gatepost through \
             sudo"
        )),
        Called { sudo_uid, other: _ } => trace(people::sudo_uid(sudo_uid), &roles, unreadable)?,
    };
    let Decided {
        name,
        role,
        uid,
        login,
    } = decide(&login, &sudo)?;
    Ok(Operator {
        name,
        role,
        uid,
        login,
        terminal: people::terminal(),
        roles,
    })
}

fn trace(
    uid: Result<Option<u32>, LookupError>,
    roles: &Roles,
    unreadable: Option<&str>,
) -> Result<Trace, NoRole> {
    let uid = match uid {
        Ok(None) => return Ok(Trace::Nobody),
        // Nothing is looked up for root, so that no directory that is down keeps it out.
        Ok(Some(0)) => return Ok(Trace::Root),
        Ok(Some(uid)) => uid,
        Err(failed) => return Ok(Trace::Lost(failed.to_string())),
    };
    if let Some(problem) = unreadable {
        return Err(NoRole::Unreadable(problem.to_owned()));
    }
    let person = match people::by_uid(uid) {
        Ok(person) => person,
        Err(failed) => return Ok(Trace::Lost(failed.to_string())),
    };
    let found = |groups: &[String]| match people::is_in(&person, groups) {
        Ok(true) => Found::Member,
        Ok(false) => Found::Stranger,
        Err(_) => Found::Unknown,
    };
    Ok(Trace::Person {
        groups: Membership {
            admin: found(&roles.admin),
            helpdesk: found(&roles.helpdesk),
            auditor: found(&roles.auditor),
        },
        name: person.name.to_string(),
        uid,
    })
}

impl Operator {
    /// As the audit has them.
    pub(super) fn actor(&self) -> Actor {
        Actor {
            name: self.name.clone(),
            tty: self.terminal.tty.clone(),
            rhost: self.terminal.rhost.clone(),
            fingerprints: None,
            reason: None,
        }
    }

    /// Whether they may do that to this account. Whoever is not an admin acts on nobody who has
    /// privileges: not on root, on nobody with a role, and not on themselves.
    pub fn may_on(&self, right: Right, account: &Account) -> Result<(), AdminError> {
        self.may(right)?;
        if self.role == Role::Admin {
            return Ok(());
        }
        let guarded = |why| {
            Err(AdminError::Guarded {
                role: self.role,
                user: gatepost_words::text::sanitise(&account.name),
                why,
            })
        };
        let name = gatepost_words::ident::UserName::new(account.name.clone())?;
        let Ok(person) = people::find(&name) else {
            return guarded("the password database does not say who that is");
        };
        if account.uid == 0 || person.uid == 0 {
            return guarded("that is root");
        }
        if self.is(account.uid) || self.is(person.uid) {
            return guarded("that is yourself");
        }
        // A second name of the same uid is the same person.
        let Ok(first_name) = people::by_uid(person.uid) else {
            return guarded("the password database does not say who that is");
        };
        let groups = self.roles.guarded();
        for person in [&person, &first_name] {
            match people::is_surely_in(person, &groups, &USUAL) {
                Ok(false) => {}
                Ok(true) => return guarded("they have a role here themselves, or may become root"),
                Err(_) => {
                    return guarded("the group database does not say whether they have a role");
                }
            }
        }
        Ok(())
    }

    /// As whom they act on an account that was looked at, for the transaction that does it.
    pub(super) fn acts_on(&self, account: &Account) -> Unlocker {
        match self.role {
            Role::Admin => Unlocker::Admin,
            Role::Helpdesk | Role::Auditor => Unlocker::Helpdesk { uid: account.uid },
        }
    }

    /// What it takes to open files and start programs as the calling person; none where that is root
    /// itself, or nobody knows who it is.
    pub fn credentials(&self) -> Result<Option<Credentials>, AdminError> {
        self.may(Right::Machine)?;
        Ok(self.uid.map(people::credentials).transpose()?)
    }
}
