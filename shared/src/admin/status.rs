//! All at a glance: what the home page counts, whether an attack goes on, and which shields are up.

use serde::Serialize;

use super::attack::Attack;
use super::browse::{Activity, EventRow, Summary};
use super::roles::Right;
use super::shield::Shield;
use super::{Admin, AdminError};

/// How things stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// This host.
    pub host: String,
    /// Accounts that are not removed.
    pub accounts: u64,
    /// Of these: locked.
    pub locked: u64,
    /// Whether more than that may be locked.
    pub more_locked: bool,
    /// Of these: no address is confirmed.
    pub unconfirmed: u64,
    /// Of these: enrolled more than seven days ago.
    pub unconfirmed_long: u64,
    /// Accounts whose newest mail of the last day no relay will take.
    pub bounced: u64,
    /// Accounts that are disabled.
    pub disabled: u64,
    /// Whether the newest mail was taken; none where there was none in the last day.
    pub mail_ok: Option<bool>,
    /// Deliveries in the last day.
    pub mails: u64,
    /// Of these: not taken.
    pub mails_failed: u64,
    /// How long the newest one took, in milliseconds.
    pub newest_mail_millis: Option<i64>,
    /// Notices that wait.
    pub notices_due: u64,
    /// What happened in the last 24 hours, by the hour.
    pub activity: Activity,
    /// Is an attack going on?
    pub attack: Attack,
    /// Sources that are refused.
    pub shields: Vec<Shield>,
    /// What administrators did last.
    pub acts: Vec<Act>,
}

/// What an administrator did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Act {
    /// Its event's number.
    pub seq: i64,
    /// When, in the machine's own zone.
    pub at: String,
    /// What.
    pub act: String,
    /// To whom.
    pub user: String,
    /// Who.
    pub by: String,
}

impl Admin {
    /// How things stand.
    pub fn status(&self) -> Result<Status, AdminError> {
        self.may(Right::Look)?;
        let Summary {
            accounts,
            locked,
            more_locked,
            unconfirmed,
            unconfirmed_long,
            bounced,
            disabled,
            mails,
            mails_failed,
            newest_mail,
            notices_due,
            acts,
        } = self.summary()?;
        let taken = gatepost_words::job::Outcome::Accepted.word();
        Ok(Status {
            host: self.host_name(),
            accounts,
            locked,
            more_locked,
            unconfirmed,
            unconfirmed_long,
            bounced,
            disabled,
            mail_ok: newest_mail.as_ref().map(|mail| mail.outcome == taken),
            mails,
            mails_failed,
            newest_mail_millis: newest_mail.map(|mail| mail.millis),
            notices_due,
            activity: self.activity()?,
            attack: self.attack()?,
            shields: self.shields()?,
            acts: acts.into_iter().map(act).collect(),
        })
    }
}

fn act(event: EventRow) -> Act {
    let by = event
        .detail
        .into_iter()
        .find_map(|(name, value)| (name == "by").then_some(value));
    Act {
        seq: event.seq,
        at: event.at,
        act: event.kind,
        user: event.user,
        by: by.unwrap_or_default(),
    }
}
