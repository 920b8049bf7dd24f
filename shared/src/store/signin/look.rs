//! What an account looks like to a sign-in: its standing, the rules' word on it, its locks and whether
//! a mail may go out. Nothing is changed here; `gatepost why` reads the same.

use gatepost_words::ident::{EmailAddress, Person};
use gatepost_words::time::{Span, StoreTime};
use rusqlite::{Connection, OptionalExtension};

use super::{DOING, Opening};
use crate::host::Now;
use crate::policy::lockout::{self, Lock};
use crate::policy::rules::{Assessment, Decision, Facts, Refusal, Standing, assess};
use crate::policy::{Policy, sends};
use crate::store::error::StoreError;
use crate::store::guesses::{self, AccountRow};
use crate::store::{Store, clock, failures, mails, policies, shields};

impl Store {
    /// What the store knows of a person.
    pub fn standing(&self, person: &Person) -> Result<Standing, StoreError> {
        self.read("looking at an account", |connection| {
            let account = guesses::account_by_name(connection, person.name.as_str())?;
            standing(connection, account.as_ref(), person.uid)
        })
    }

    /// What [`Self::begin`] would find, changing nothing: for `gatepost why`.
    pub fn look(
        &self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
    ) -> Result<Look, StoreError> {
        self.read("looking at an account", |connection| {
            policies::expect_unmoved(connection, &now.moment, opening.rules)?;
            let at = clock::read(connection, now)?.store;
            look(connection, at, opening, policy)
        })
    }

    /// What [`Self::begin`] would find, were the opening's rules in force: for candidates.
    pub fn look_as_if(
        &self,
        now: &Now,
        opening: &Opening<'_>,
        policy: &Policy,
    ) -> Result<Look, StoreError> {
        self.read("looking at an account", |connection| {
            let at = clock::read(connection, now)?.store;
            look(connection, at, opening, policy)
        })
    }
}

/// What an account looks like to a sign-in, before anything is changed.
#[derive(Debug)]
pub struct Look {
    /// Skip, ask or refuse, and how that came about.
    pub assessment: Assessment,
    /// For an account that is asked: the rest.
    pub ready: Option<Ready>,
}

/// An account that may be asked.
#[derive(Debug)]
pub struct Ready {
    /// Its row.
    pub account: AccountRow,
    /// Where its codes go.
    pub address: Option<(i64, EmailAddress)>,
    /// Whether its codes may be compared.
    pub lock: Lock,
    /// How long until a mail may go out.
    pub wait: Option<Span>,
}

pub(super) fn look(
    connection: &Connection,
    at: StoreTime,
    opening: &Opening<'_>,
    policy: &Policy,
) -> Result<Look, StoreError> {
    if let Some((network, left)) = shields::covering(connection, at, opening.source)? {
        return Ok(Look {
            assessment: Assessment::shielded(&network, left),
            ready: None,
        });
    }
    let Some(person) = opening.person else {
        let assessment = Assessment {
            decision: Decision::Refuse(Refusal::Unenrolled),
            steps: vec!["the password database has no such user".to_owned()],
        };
        return Ok(Look {
            assessment,
            ready: None,
        });
    };
    let account = guesses::account_by_name(connection, person.name.as_str())?;
    let standing = standing(connection, account.as_ref(), person.uid)?;
    let facts = Facts {
        user: &person.name,
        service: opening.service,
        groups: opening.groups,
        standing,
    };
    let assessment = assess(opening.rules, policy.unenrolled, &facts);
    let ready = match (account, assessment.decision) {
        (Some(account), Decision::Ask) => {
            let tally = failures::tally(connection, &account, "code", at)?;
            let lock = lockout::mailed(&tally, &policy.limits, at);
            let address = mails::address(connection, account.id)?;
            let wait = match &address {
                Some((_, address)) => {
                    let sent = mails::sent(connection, &account, address, opening.source, at)?;
                    sends::wait(&sent, &policy.limits, at)
                }
                None => None,
            };
            Some(Ready {
                account,
                address,
                lock,
                wait,
            })
        }
        (_, _) => None,
    };
    Ok(Look { assessment, ready })
}

fn standing(
    connection: &Connection,
    account: Option<&AccountRow>,
    uid: u32,
) -> Result<Standing, StoreError> {
    let Some(account) = account else {
        let other: Option<i64> = connection
            .prepare_cached("SELECT id FROM accounts WHERE uid = ?1 LIMIT 1")
            .and_then(|mut statement| statement.query_row([uid], |row| row.get(0)).optional())
            .map_err(StoreError::sqlite(DOING))?;
        return Ok(if other.is_some() {
            Standing::UidOfAnother
        } else {
            Standing::Never
        });
    };
    let row = (account.state.as_str(), account.held, account.uid);
    Ok(standing_of(row, uid))
}

/// What a row (its state, whether an administrator locked it, the uid it was enrolled with) says of whoever
/// has its name and that uid.
pub(in crate::store) fn standing_of(
    (state, held, enrolled_with): (&str, bool, i64),
    uid: u32,
) -> Standing {
    match state {
        "removed" => Standing::Removed,
        _ if enrolled_with != i64::from(uid) => Standing::UidChanged,
        "active" if held => Standing::Held,
        "active" => Standing::Active,
        // Disabled, and any word that a later version may write.
        _ => Standing::Disabled,
    }
}
