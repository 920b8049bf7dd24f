//! Who may do what: three roles, one table of what each of them may, and which one a process has. Pure.
//!
//! The console and the subcommands stand on the same [`super::Admin`], whose every verb asks
//! [`super::Admin::may`] before it looks or acts: a role is worth what this process refuses. What is
//! known of the persons behind it is read in [`mod@super::operator`].

use gatepost_words::text::sanitise;
use serde::Serialize;

use super::AdminError;
use crate::config::Roles;
pub use crate::people::Terminal;

/// What a person is to Gatepost, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks, and changes nothing.
    Auditor,
    /// Helps people who cannot sign in.
    Helpdesk,
    /// Does everything.
    Admin,
}

impl Role {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auditor => "auditor",
            Self::Helpdesk => "helpdesk",
            Self::Admin => "admin",
        }
    }

    /// Whether it has that right.
    pub fn has(self, right: Right) -> bool {
        self >= right.least()
    }
}

/// What an act needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Read accounts, events, deliveries, policy and health, addresses masked.
    Look,
    /// See addresses in full.
    Unmask,
    /// Unlock an account.
    Unlock,
    /// Make, or end, a bypass code.
    Bypass,
    /// Send a confirmation code, or take one.
    Resend,
    /// Take back an act of one's own kind.
    Undo,
    /// Enrol, import, lock, disable, enable, remove; change addresses and notes; recovery codes.
    Accounts,
    /// Refuse a source or a network for a while.
    Shield,
    /// Change the rules.
    Policy,
    /// Send test messages, retry notices.
    Mail,
    /// Setup, upkeep, backups, the store's clock; other configurations and named files.
    Machine,
}

impl Right {
    /// The weakest role that has it.
    pub const fn least(self) -> Role {
        match self {
            Self::Look => Role::Auditor,
            Self::Unmask | Self::Unlock | Self::Bypass | Self::Resend | Self::Undo => {
                Role::Helpdesk
            }
            Self::Accounts | Self::Shield | Self::Policy | Self::Mail | Self::Machine => {
                Role::Admin
            }
        }
    }

    /// What it is for, after "may not".
    pub const fn what(self) -> &'static str {
        match self {
            Self::Look => "look around",
            Self::Unmask => "see addresses in full",
            Self::Unlock => "unlock accounts",
            Self::Bypass => "make or end bypass codes",
            Self::Resend => "send or take confirmation codes",
            Self::Undo => "take acts back",
            Self::Accounts => "change accounts",
            Self::Shield => "refuse sources",
            Self::Policy => "change the policy",
            Self::Mail => "send mail",
            Self::Machine => "do that to this machine's Gatepost",
        }
    }
}

/// The person behind this process, once it is known what they may do.
#[derive(Clone, Debug)]
pub struct Operator {
    /// As the audit names them: `root (login bob)`, `carol (helpdesk)`.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their uid, where a login is known: named files are opened as this person.
    pub uid: Option<u32>,
    /// Who logged in, by the kernel's word: helpdesk acts on neither of the two.
    pub login: Option<u32>,
    /// Where they sit, for the audit.
    pub terminal: Terminal,
    /// Which groups have a role: helpdesk acts on nobody in them.
    pub roles: Roles,
}

impl Operator {
    /// Nobody in particular: for what opens neither settings nor store.
    pub fn nobody() -> Self {
        Self {
            name: String::new(),
            role: Role::Auditor,
            uid: None,
            login: None,
            terminal: Terminal::default(),
            roles: Roles::default(),
        }
    }

    /// Whether they may do that.
    pub fn may(&self, right: Right) -> Result<(), AdminError> {
        if self.role.has(right) {
            return Ok(());
        }
        Err(AdminError::NotPermitted {
            role: self.role,
            right,
        })
    }

    /// Whether that uid is theirs.
    pub fn is(&self, uid: u32) -> bool {
        self.uid == Some(uid) || self.login == Some(uid)
    }
}

/// What a look for a group's members found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The person is in one of the groups.
    Member,
    /// They are in none of them.
    Stranger,
    /// The group database did not say.
    Unknown,
}

/// What was found for each role's groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// In the groups of admins.
    pub admin: Found,
    /// In those of the helpdesk.
    pub helpdesk: Found,
    /// In those of auditors.
    pub auditor: Found,
}

/// What is known of somebody whom the kernel, or sudo, names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Nobody is named.
    Nobody,
    /// root itself, which needs no group.
    Root,
    /// A person.
    Person {
        /// Their name.
        name: String,
        /// Their uid.
        uid: u32,
        /// Which groups they are in.
        groups: Membership,
    },
    /// Somebody is named, and it cannot be known who that is or what they may.
    Lost(String),
}

/// Who acts, and what they may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// As the audit names them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The calling person's uid.
    pub uid: Option<u32>,
    /// The uid that logged in.
    pub login: Option<u32>,
}

/// Why somebody has no role, after which nothing is done for them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRole {
    /// They are in no group that has one.
    #[error(
        "{0} has no role here: root must put {0} into a group that has one (usermod -aG GROUP {0}), or \
         name one of {0}'s groups below [roles] in /etc/gatepost/gatepost.toml"
    )]
    InNoGroup(String),
    /// It cannot be known.
    #[error(
        "what you may do here cannot be told, so nothing is done: {0}. root, logged in as root, needs \
         no lookup"
    )]
    Lost(String),
    /// Which groups have a role cannot be read.
    #[error(
        "{0}\nUntil root mends that, it cannot be told what you may do here; gatepost doctor says more"
    )]
    Unreadable(String),
}

/// The role of this process: the weaker one of who logged in, by the kernel's word, and of who called
/// sudo. sudo's word is an environment variable, so it can take a role away and never give one.
pub fn decide(login: &Trace, sudo: &Trace) -> Result<Decided, NoRole> {
    let role = match (role_of(login)?, role_of(sudo)?) {
        (Some(one), Some(other)) => one.min(other),
        (Some(role), None) | (None, Some(role)) => role,
        // A service, or root on a kernel that keeps no logins: nothing below root came this way.
        (None, None) => Role::Admin,
    };
    Ok(Decided {
        name: named(login, sudo, role),
        role,
        // root is whom sudo names in a shell that somebody opened with sudo: they are still they.
        uid: uid_of(sudo).or_else(|| uid_of(login)),
        login: uid_of(login),
    })
}

/// The strongest role of one of the two; none where nobody is named.
fn role_of(trace: &Trace) -> Result<Option<Role>, NoRole> {
    let (name, groups) = match trace {
        Trace::Nobody => return Ok(None),
        Trace::Root => return Ok(Some(Role::Admin)),
        Trace::Lost(why) => return Err(NoRole::Lost(why.clone())),
        Trace::Person { name, groups, .. } => (name, groups),
    };
    for (found, role) in [
        (groups.admin, Role::Admin),
        (groups.helpdesk, Role::Helpdesk),
        (groups.auditor, Role::Auditor),
    ] {
        match found {
            Found::Member => return Ok(Some(role)),
            Found::Stranger => {}
            Found::Unknown => {
                let why = format!(
                    "the group database does not say whether {} is in a group for {}",
                    sanitise(name),
                    role.name()
                );
                return Err(NoRole::Lost(why));
            }
        }
    }
    Err(NoRole::InNoGroup(sanitise(name)))
}

fn uid_of(trace: &Trace) -> Option<u32> {
    match trace {
        Trace::Person { uid, .. } => Some(*uid),
        Trace::Nobody | Trace::Root | Trace::Lost(_) => None,
    }
}

/// What the audit calls them: who acted as root, and for a weaker role the person first. Where two are
/// named, the kernel's word comes before sudo's, which whoever may set variables may choose.
fn named(login: &Trace, sudo: &Trace, role: Role) -> String {
    let name = |trace: &Trace| match trace {
        Trace::Person { name, .. } => Some(sanitise(name)),
        Trace::Nobody | Trace::Root | Trace::Lost(_) => None,
    };
    let (logged_in, called) = (name(login), name(sudo));
    if role == Role::Admin {
        return match (logged_in, called) {
            (Some(login), Some(sudo)) if login != sudo => {
                format!("root (login {login}, sudo {sudo})")
            }
            (Some(one), Some(_) | None) | (None, Some(one)) => format!("root (login {one})"),
            (None, None) if *login == Trace::Nobody && *sudo == Trace::Nobody => {
                "root, login unknown".to_owned()
            }
            (None, None) => "root".to_owned(),
        };
    }
    let role = role.name();
    match (logged_in, called) {
        (Some(login), Some(sudo)) if login != sudo => format!("{login} ({role}, sudo {sudo})"),
        (Some(one), Some(_) | None) | (None, Some(one)) => format!("{one} ({role})"),
        // Only a person has a weaker role.
        (None, None) => format!("root ({role})"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Decided, Found, Membership, NoRole, Right, Role, Trace, decide};

    const IN_NONE: Membership = Membership {
        admin: Found::Stranger,
        helpdesk: Found::Stranger,
        auditor: Found::Stranger,
    };
    const ADMIN: Membership = Membership {
        admin: Found::Member,
        ..IN_NONE
    };
    const HELPDESK: Membership = Membership {
        helpdesk: Found::Member,
        ..IN_NONE
    };
    const AUDITOR: Membership = Membership {
        auditor: Found::Member,
        ..IN_NONE
    };

    fn person(name: &str, uid: u32, groups: Membership) -> Trace {
        Trace::Person {
            name: name.to_owned(),
            uid,
            groups,
        }
    }

    /// What is decided, in one line.
    fn said(login: &Trace, sudo: &Trace) -> String {
        let or_none = |uid: Option<u32>| uid.map_or("-".to_owned(), |uid| uid.to_string());
        match decide(login, sudo) {
            Ok(Decided {
                name,
                role,
                uid,
                login,
            }) => format!(
                "{name}: {} {} {}",
                role.name(),
                or_none(uid),
                or_none(login)
            ),
            Err(NoRole::InNoGroup(name)) => format!("{name} is in no group"),
            Err(NoRole::Lost(why)) => format!("lost: {why}"),
            Err(NoRole::Unreadable(why)) => format!("unreadable: {why}"),
        }
    }

    // Mutants: the stronger of the two counts; the login is not asked where sudo names somebody; sudo
    // is not asked where a login is known; whoever is in no group is an auditor.
    #[test]
    fn the_weaker_of_login_and_sudo_counts() {
        let ann = person("ann", 1001, ADMIN);
        let hal = person("hal", 1002, HELPDESK);
        let aud = person("aud", 1003, AUDITOR);
        let eve = person("eve", 1004, IN_NONE);
        let lost = Trace::Lost("gone".to_owned());
        let (nobody, root) = (Trace::Nobody, Trace::Root);
        for (login, sudo, wanted) in [
            (&nobody, &nobody, "root, login unknown: admin - -"),
            (&root, &nobody, "root: admin - -"),
            (&nobody, &root, "root: admin - -"),
            (&root, &root, "root: admin - -"),
            (&ann, &nobody, "root (login ann): admin 1001 1001"),
            (&nobody, &ann, "root (login ann): admin 1001 -"),
            (&ann, &ann, "root (login ann): admin 1001 1001"),
            (&ann, &root, "root (login ann): admin 1001 1001"),
            (&root, &ann, "root (login ann): admin 1001 -"),
            (&hal, &hal, "hal (helpdesk): helpdesk 1002 1002"),
            (&hal, &nobody, "hal (helpdesk): helpdesk 1002 1002"),
            (&hal, &root, "hal (helpdesk): helpdesk 1002 1002"),
            (&nobody, &hal, "hal (helpdesk): helpdesk 1002 -"),
            (&root, &hal, "hal (helpdesk): helpdesk 1002 -"),
            (&ann, &hal, "ann (helpdesk, sudo hal): helpdesk 1002 1001"),
            (&hal, &ann, "hal (helpdesk, sudo ann): helpdesk 1001 1002"),
            (&hal, &aud, "hal (auditor, sudo aud): auditor 1003 1002"),
            (&aud, &root, "aud (auditor): auditor 1003 1003"),
            (&eve, &eve, "eve is in no group"),
            (&eve, &ann, "eve is in no group"),
            (&ann, &eve, "eve is in no group"),
            (&eve, &root, "eve is in no group"),
            (&nobody, &eve, "eve is in no group"),
            (&lost, &ann, "lost: gone"),
            (&ann, &lost, "lost: gone"),
            (&lost, &nobody, "lost: gone"),
            (&nobody, &lost, "lost: gone"),
            (&root, &lost, "lost: gone"),
            (&lost, &root, "lost: gone"),
        ] {
            assert_eq!(said(login, sudo), wanted, "{login:?} {sudo:?}");
        }
    }

    // Mutants: a lookup that failed counts as "not in it", so that the next group decides; a member
    // is refused for a group that does not matter any more.
    #[test]
    fn a_lookup_that_failed_is_a_refusal_unless_a_stronger_role_is_known() {
        use Found::{Member, Stranger, Unknown};
        for (admin, helpdesk, auditor, wanted) in [
            (Member, Unknown, Unknown, "root (login bob): admin 1 1"),
            (Stranger, Member, Unknown, "bob (helpdesk): helpdesk 1 1"),
            (Stranger, Stranger, Member, "bob (auditor): auditor 1 1"),
            (Member, Member, Member, "root (login bob): admin 1 1"),
            (
                Unknown,
                Member,
                Member,
                "whether bob is in a group for admin",
            ),
            (
                Stranger,
                Unknown,
                Member,
                "whether bob is in a group for helpdesk",
            ),
            (
                Stranger,
                Stranger,
                Unknown,
                "whether bob is in a group for auditor",
            ),
        ] {
            let groups = Membership {
                admin,
                helpdesk,
                auditor,
            };
            let bob = person("bob", 1, groups);
            let said = said(&bob, &Trace::Nobody);
            assert!(said.ends_with(wanted), "{said}, not {wanted}");
        }
    }

    #[test]
    fn a_name_from_outside_steers_no_terminal() {
        let odd = person("a\u{1b}[31m", 1, HELPDESK);
        assert!(!said(&odd, &Trace::Nobody).contains('\u{1b}'));
        let odd = person("a\u{1b}[31m", 1, IN_NONE);
        assert!(!said(&odd, &Trace::Nobody).contains('\u{1b}'));
    }

    // Mutant: any line of the table says a weaker role.
    #[test]
    fn each_role_may_what_the_table_says_and_no_more() {
        use Right::{
            Accounts, Bypass, Look, Machine, Mail, Policy, Resend, Shield, Undo, Unlock, Unmask,
        };
        let auditor = [Look];
        let helpdesk = [Unmask, Unlock, Bypass, Resend, Undo];
        let admin = [Accounts, Shield, Policy, Mail, Machine];
        for (rights, least) in [
            (&auditor[..], Role::Auditor),
            (&helpdesk[..], Role::Helpdesk),
            (&admin[..], Role::Admin),
        ] {
            for right in rights {
                for role in [Role::Auditor, Role::Helpdesk, Role::Admin] {
                    assert_eq!(role.has(*right), role >= least, "{role:?} {right:?}");
                }
            }
        }
    }
}
