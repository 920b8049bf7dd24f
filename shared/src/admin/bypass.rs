//! Bypass codes: for somebody who has neither mailbox nor recovery code. Made for a reason, shown once,
//! and ended by time, use or an administrator.

use gatepost_words::ident::UserName;
use gatepost_words::secret::Secret;
use gatepost_words::text::sanitise;
use gatepost_words::time::Span;
use serde::Serialize;

use super::roles::{Right, Role};
use super::{Admin, AdminError, reason, stamp};
use crate::code::bypass::BypassCode;
use crate::people;
use crate::policy::limits::{self, BYPASS_LIFE, BYPASS_USES};
use crate::policy::lockout::Lock;
use crate::store::accounts::Account;
use crate::store::bypass::{self, NewBypass, Whose};

/// Whether a person said the account's name, having been told that it is one with power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// Not yet.
    No,
    /// They typed it, or said --yes.
    ByName,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// For whom.
    pub user: &'a str,
    /// How long it is to live.
    pub ttl: Span,
    /// How often it is to work.
    pub uses: u32,
    /// Why; never empty.
    pub reason: &'a str,
    /// Whether the name was typed.
    pub confirmed: Confirmed,
}

impl<'a> Asked<'a> {
    /// With the usual life and one use.
    pub fn usual(user: &'a str, reason: &'a str) -> Self {
        let ([ttl, ..], [times, ..]) = (BYPASS_LIFE, BYPASS_USES);
        Self {
            user,
            ttl,
            uses: times,
            reason,
            confirmed: Confirmed::No,
        }
    }
}

/// A code, shown once and kept as a hash.
#[derive(Debug)]
pub struct Made {
    /// Its number, for revoking it.
    pub id: i64,
    /// Whose.
    pub user: String,
    /// The code.
    pub code: Secret,
    /// How long it lives.
    pub ttl: Span,
    /// How often it works.
    pub uses: u32,
}

/// A live code in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub user: String,
    /// How often it was to work.
    pub uses: u32,
    /// How often it still does.
    pub uses_left: u32,
    /// How much longer, in seconds.
    pub seconds_left: i64,
    /// Why it was made.
    pub reason: String,
    /// By whom.
    pub by: String,
    /// When, RFC 3339.
    pub made: String,
}

/// Codes that were ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Revoked {
    /// Whose.
    pub user: String,
    /// Their numbers.
    pub revoked: Vec<i64>,
}

impl Admin {
    /// Makes a bypass code.
    pub fn new_bypass(&mut self, asked: &Asked<'_>) -> Result<Made, AdminError> {
        self.may(Right::Bypass)?;
        let bounds = |bad: limits::OutOfBounds| AdminError::Usage(bad.to_string());
        let ttl = limits::check_bypass_life(asked.ttl).map_err(bounds)?;
        let uses = limits::check_bypass_uses(asked.uses).map_err(bounds)?;
        let why = reason(Some(asked.reason.trim()));
        if why.is_empty() {
            let text =
                "a bypass code needs a reason, such as a ticket's number: --reason TICKET-812";
            return Err(AdminError::Usage(text.to_owned()));
        }
        let (name, account) = self.enrolled(asked.user)?;
        self.may_on(Right::Bypass, &account)?;
        self.within_their_role(&name, ttl, uses)?;
        self.bypass_helps(&name)?;
        if asked.confirmed == Confirmed::No && self.has_power(&account)? {
            return Err(AdminError::NotSure(format!(
                "{name} has power over this machine, and a bypass code lets in whoever has it: type \
                 the name to go on, or add --yes"
            )));
        }
        let code = loop {
            let code = BypassCode::draw(|buffer| self.host.fill_random(buffer))?;
            // They say which hash to compare, so they must be one live code's alone.
            if !self.store.bypass_index_taken(account.id, &code.index())? {
                break code;
            }
        };
        let mut salt = [0; 16];
        self.host.fill_random(&mut salt)?;
        let new = NewBypass {
            index: &code.index(),
            hash: &code.hash(&salt).ok_or(AdminError::Hash)?,
            life: ttl,
            uses,
            reason: &why,
            by: self.operator.acts_on(&account),
        };
        let now = self.host.now();
        let id = self.store.add_bypass(&now, &self.actor, &name, &new)?;
        self.log("bypass-new", name.as_str());
        Ok(Made {
            id,
            user: name.to_string(),
            code: code.shown(),
            ttl,
            uses,
        })
    }

    /// Whoever is not an admin makes none that outlasts a call: the account may get power over the machine
    /// while the code lives.
    fn within_their_role(&self, name: &UserName, ttl: Span, uses: u32) -> Result<(), AdminError> {
        let ([life, ..], [once, ..]) = (BYPASS_LIFE, BYPASS_USES);
        let role = self.operator.role;
        if role == Role::Admin || (ttl <= life && uses <= once) {
            return Ok(());
        }
        Err(AdminError::BypassTooMuch {
            role,
            user: name.to_string(),
            life,
        })
    }

    /// Whose bypass codes need the name typed: root's, and those of people with a role. Where the databases
    /// do not say who somebody is, they may be one.
    fn has_power(&self, account: &Account) -> Result<bool, AdminError> {
        if account.uid == 0 {
            return Ok(true);
        }
        let name = UserName::new(account.name.clone())?;
        let groups: Vec<String> = self.operator.roles.all().cloned().collect();
        let person = people::find(&name);
        Ok(person.map_or(true, |person| {
            people::is_in(&person, &groups).unwrap_or(true)
        }))
    }

    /// Says so where a code would not work: nothing but an unlocking ends the lock by the row.
    fn bypass_helps(&self, name: &UserName) -> Result<(), AdminError> {
        let now = self.host.now();
        let failures = self
            .store
            .failures(&now, name.as_str(), &self.config.policy)?;
        match failures.map(|failures| failures.bypass) {
            Some(Lock::Row) => Err(AdminError::Useless(format!(
                "{name} is locked until an administrator unlocks the account, and a bypass code does \
                 not help against that: gatepost user unlock {name}"
            ))),
            Some(Lock::Window(left)) => Err(AdminError::Useless(format!(
                "too many wrong bypass codes were typed for {name}: none is taken for another {left}; \
                 gatepost user unlock {name} ends that"
            ))),
            Some(Lock::Open) | None => Ok(()),
        }
    }

    /// Why a code would be of no use to an account now; none where it would be of some.
    pub(super) fn bypass_useless(&self, typed: &str) -> Result<Option<String>, AdminError> {
        self.may(Right::Look)?;
        let (name, _account) = self.enrolled(typed)?;
        match self.bypass_helps(&name) {
            Ok(()) => Ok(None),
            Err(AdminError::Useless(why)) => Ok(Some(why)),
            Err(error) => Err(error),
        }
    }

    /// An account's live codes, never the codes themselves.
    pub fn bypass_of(&self, typed: &str) -> Result<Vec<Listed>, AdminError> {
        self.may(Right::Look)?;
        let (name, _account) = self.enrolled(typed)?;
        self.live_bypass(Whose::Of(&name), limits::BYPASS_CODES)
    }

    /// A page of all live codes, by number, after that one.
    pub fn bypass_codes(&self, after: i64, limit: u32) -> Result<Vec<Listed>, AdminError> {
        self.may(Right::Look)?;
        self.live_bypass(Whose::AllAfter(after), limit)
    }

    fn live_bypass(&self, whose: Whose<'_>, limit: u32) -> Result<Vec<Listed>, AdminError> {
        let codes = self.store.bypass_codes(&self.host.now(), whose, limit)?;
        Ok(codes.into_iter().map(Listed::from).collect())
    }

    /// Ends one code of an account, or all.
    pub fn revoke_bypass(
        &mut self,
        typed: &str,
        id: Option<i64>,
        why: Option<&str>,
    ) -> Result<Revoked, AdminError> {
        self.may(Right::Bypass)?;
        let (name, account) = self.enrolled(typed)?;
        self.may_on(Right::Bypass, &account)?;
        let now = self.host.now();
        let revoked = self
            .store
            .revoke_bypass(&now, &self.actor, &name, id, &reason(why))?;
        self.log("bypass-revoke", name.as_str());
        Ok(Revoked {
            user: name.to_string(),
            revoked,
        })
    }
}

impl From<bypass::Bypass> for Listed {
    fn from(code: bypass::Bypass) -> Self {
        Self {
            id: code.id,
            user: sanitise(&code.account),
            uses: code.uses,
            uses_left: code.uses_left,
            seconds_left: code.left.secs_up(),
            reason: code.reason,
            by: code.by,
            made: stamp(code.created),
        }
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::Span;

    use super::super::roles::Role;
    use super::super::tests::{Bench, bench, name};
    use super::super::users::Proof;
    use super::super::{AdminError, Kind};
    use super::{Asked, Confirmed, NewBypass};
    use crate::code::bypass::BypassCode;
    use crate::store::unlocks::Unlocker;

    fn made(bench: &mut Bench) -> super::Made {
        let asked = Asked::usual("daemon", "TICKET-812");
        bench.admin.new_bypass(&asked).unwrap()
    }

    // Mutants: an empty reason is taken; a bound is not looked at; a code is in the event, the list or Debug.
    #[test]
    fn a_bypass_code_is_made_for_a_reason_and_shown_once() {
        let mut bench = bench();
        bench.enrol_daemon();
        let usual = Asked::usual("daemon", "TICKET-812");
        let bad = [
            Asked {
                reason: "",
                ..usual.clone()
            },
            Asked {
                reason: " \t",
                ..usual.clone()
            },
            Asked {
                uses: 0,
                ..usual.clone()
            },
            Asked {
                uses: 11,
                ..usual.clone()
            },
            Asked {
                ttl: Span::from_secs(59),
                ..usual.clone()
            },
            Asked {
                ttl: Span::from_hours(25),
                ..usual.clone()
            },
        ];
        for asked in bad {
            let refused = bench.admin.new_bypass(&asked).unwrap_err();
            assert_eq!(refused.kind(), Kind::Usage, "{asked:?}: {refused}");
        }
        let made = made(&mut bench);
        let code = made.code.expose_str().unwrap().to_owned();
        assert!(BypassCode::parse(code.as_bytes()).is_some(), "{code}");
        assert_eq!((made.ttl, made.uses), (Span::from_mins(15), 1));
        let listed = bench.admin.bypass_of("daemon").unwrap();
        assert_eq!(bench.admin.bypass_codes(0, 10).unwrap(), listed);
        assert_eq!(bench.admin.bypass_codes(made.id, 10).unwrap(), []);
        assert_eq!(listed[0].reason, "TICKET-812");
        assert_eq!((listed[0].id, listed[0].seconds_left), (made.id, 900));
        let events = bench.admin.store.events_after(0, 100).unwrap();
        let event = events
            .iter()
            .find(|event| event.kind == "bypass-new")
            .unwrap();
        let expected = serde_json::json!({
            "id": made.id, "ttl": "15 min", "uses": 1, "reason": "TICKET-812",
            "by": "root (login bob)", "tty": "pts/3", "rhost": "203.0.113.9",
        });
        assert_eq!(event.detail, expected);
        let all = format!("{made:?} {listed:?} {events:?}");
        for part in code.split('-').filter(|part| part.len() == 4) {
            assert!(!all.contains(part), "{part} in {all}");
        }
    }

    // Mutants: has_power is not asked; or may_on.
    #[test]
    fn a_code_for_somebody_with_power_needs_the_name() {
        let mut bench = bench();
        bench.enrol(Proof::Word);
        let mut asked = Asked::usual("root", "TICKET-812");
        let refused = bench.admin.new_bypass(&asked).unwrap_err();
        assert!(matches!(refused, AdminError::NotSure(_)), "{refused}");
        asked.confirmed = Confirmed::ByName;
        bench.admin.new_bypass(&asked).unwrap();
        // Helpdesk may not even then, nor end one.
        bench.role(Role::Helpdesk);
        let refused = bench.admin.new_bypass(&asked).unwrap_err();
        assert!(matches!(refused, AdminError::Guarded { .. }), "{refused}");
        let refused = bench.admin.revoke_bypass("root", None, None).unwrap_err();
        assert!(matches!(refused, AdminError::Guarded { .. }), "{refused}");
    }

    // Mutants: a fourth code is made; ended ones count; numbers are given twice.
    #[test]
    fn three_codes_of_an_account_are_live_at_the_most() {
        let mut bench = bench();
        bench.enrol_daemon();
        let ids: Vec<i64> = (0..3).map(|_| made(&mut bench).id).collect();
        let asked = Asked::usual("daemon", "TICKET-812");
        let refused = bench.admin.new_bypass(&asked).unwrap_err();
        assert!(refused.to_string().contains("bypass revoke"), "{refused}");
        let revoked = bench.admin.revoke_bypass("daemon", Some(ids[2]), None);
        assert_eq!(revoked.unwrap().revoked, [ids[2]]);
        let again = bench.admin.revoke_bypass("daemon", Some(ids[2]), None);
        assert_eq!(again.unwrap_err().kind(), Kind::NotFound);
        assert!(!ids.contains(&made(&mut bench).id));
        let rest = bench.admin.revoke_bypass("daemon", None, Some("done"));
        assert_eq!(rest.unwrap().revoked.len(), 3);
        made(&mut bench);
        bench.clock.pass(Span::from_mins(15));
        assert_eq!(bench.admin.bypass_of("daemon").unwrap(), []);
        made(&mut bench);
        let removed = bench.admin.remove_bypass("daemon", None).unwrap();
        assert_eq!((removed.factor, removed.codes), ("bypass", 1));
    }

    // Mutant: a code is made that nobody could use.
    #[test]
    fn no_code_is_made_where_it_would_not_help() {
        let mut bench = bench();
        let asked = Asked::usual("daemon", "TICKET-812");
        let nobody = bench.admin.new_bypass(&asked).unwrap_err();
        assert_eq!(nobody.kind(), Kind::NotFound, "{nobody}");
        bench.enrol_daemon();
        bench.admin.disable_user("daemon", None).unwrap();
        let refused = bench.admin.new_bypass(&asked).unwrap_err().to_string();
        assert!(refused.contains("user enable daemon"), "{refused}");
        bench.admin.enable_user("daemon", None).unwrap();
        let now = bench.clock.as_ref();
        let now = crate::host::Host::now(now);
        bench.admin.config.policy.limits.failures_in_a_row = 0;
        let refused = bench.admin.new_bypass(&asked).unwrap_err();
        assert!(
            refused.to_string().contains("user unlock daemon"),
            "{refused}"
        );
        let whose = crate::store::bypass::Whose::Of(&name("daemon"));
        assert_eq!(bench.admin.store.bypass_codes(&now, whose, 9).unwrap(), []);
    }

    // Mutant: a verb does not begin with may().
    #[test]
    fn helpdesk_may_and_an_auditor_may_not() {
        let mut bench = bench();
        bench.enrol_daemon();
        bench.role(Role::Auditor);
        let asked = Asked::usual("daemon", "TICKET-812");
        let refusals = [
            bench.admin.new_bypass(&asked).map(|_| ()),
            bench.admin.revoke_bypass("daemon", None, None).map(|_| ()),
            bench.admin.remove_bypass("daemon", None).map(|_| ()),
        ];
        for refused in refusals {
            assert_eq!(refused.unwrap_err().kind(), Kind::NotPermitted);
        }
        bench.admin.bypass_of("daemon").unwrap();
        bench.admin.factors("daemon").unwrap();
        bench.role(Role::Helpdesk);
        for (ttl, uses) in [(Span::from_mins(16), 1), (Span::from_mins(15), 2)] {
            let more = Asked {
                ttl,
                uses,
                ..asked.clone()
            };
            let refused = bench.admin.new_bypass(&more).unwrap_err();
            assert_eq!(refused.kind(), Kind::NotPermitted, "{refused}");
        }
        bench.admin.new_bypass(&asked).unwrap();
        let refused = bench.admin.remove_recovery("daemon", None);
        assert_eq!(refused.unwrap_err().kind(), Kind::NotPermitted);
    }

    // Mutants: codes that ended do not count; those of another day do; an admin is bound too.
    #[test]
    fn the_helpdesk_makes_five_codes_a_day() {
        let mut bench = bench();
        bench.enrol_daemon();
        bench.role(Role::Helpdesk);
        let asked = Asked::usual("daemon", "TICKET-812");
        for made in 0..5 {
            bench.admin.new_bypass(&asked).unwrap();
            if made % 2 == 0 {
                bench.admin.revoke_bypass("daemon", None, None).unwrap();
            }
            bench.clock.pass(Span::from_mins(20));
        }
        let refused = bench.admin.new_bypass(&asked).unwrap_err();
        assert!(refused.to_string().contains("ask an admin"), "{refused}");
        bench.role(Role::Admin);
        bench.admin.new_bypass(&asked).unwrap();
        bench.role(Role::Helpdesk);
        assert!(bench.admin.new_bypass(&asked).is_err());
        bench.clock.pass(Span::from_hours(24));
        bench.admin.new_bypass(&asked).unwrap();
    }

    // Mutant: the account in the transaction is not the one whose guards were asked.
    #[test]
    fn the_helpdesk_makes_a_code_for_the_account_that_was_looked_at() {
        let mut bench = bench();
        bench.enrol_daemon();
        let (store, now, actor) = bench.admin.parts();
        for (uid, made) in [(0, false), (1, true)] {
            let new = NewBypass {
                index: "K7",
                hash: "x",
                life: Span::from_mins(15),
                uses: 1,
                reason: "T",
                by: Unlocker::Helpdesk { uid },
            };
            let done = store.add_bypass(&now, &actor, &name("daemon"), &new);
            assert_eq!(done.is_ok(), made, "{uid}");
        }
    }

    #[test]
    fn factors_say_what_there_is() {
        let mut bench = bench();
        bench.enrol_daemon();
        bench.admin.new_recovery("daemon", None).unwrap();
        made(&mut bench);
        let listed = |bench: &Bench| {
            let all = bench.admin.factors("daemon").unwrap().into_iter();
            let lines = all.map(|one| format!("{} {} {}", one.factor, one.usable, one.detail));
            lines.collect::<Vec<_>>()
        };
        assert_eq!(
            listed(&bench),
            [
                "mailed true d***@e***.org confirmed",
                "recovery true 10 left",
                "bypass true 1 live",
                "totp false this version has no authenticator apps",
            ]
        );
        let removed = bench.admin.remove_recovery("daemon", Some("lost")).unwrap();
        assert_eq!((removed.factor, removed.codes), ("recovery", 10));
        assert_eq!(listed(&bench)[1], "recovery false 0 left");
        let again = bench.admin.remove_recovery("daemon", None).unwrap_err();
        assert_eq!(again.kind(), Kind::NotFound);
    }
}
