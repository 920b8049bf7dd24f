//! Who may do what: three roles, and one table of what each of them may. Pure.
//!
//! The console and the subcommands stand on the same [`super::Admin`], whose every verb asks
//! [`super::Admin::may`] before it looks or acts: a role is worth what this process refuses.

use serde::Serialize;

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
    /// As the audit names them: `root (login bob)`.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their uid, where a login is known: helpdesk acts on everybody but itself, and named files are
    /// opened as this person.
    pub uid: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::{Right, Role};

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
