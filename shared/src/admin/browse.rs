//! What the console shows while somebody looks around: pages of accounts, events and mails around
//! the row in view, one account with its verdict, and what the home page counts. Every text in it
//! is fit for a screen and every time is in the machine's own zone; nothing here changes anything.

use gatepost_words::text::sanitise;
use gatepost_words::time::Wall;

use super::filter::{EventFilter, Filter};
use super::users::{Listed, Mask, Shown, State};
use super::why::Why;
use super::{Admin, AdminError, audit, mail};
use crate::host;
use crate::store::browse::Way;
pub use crate::store::browse::{Around, Page, Stopper};

/// An account in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The row's key: the name as it is.
    pub key: String,
    /// The name, fit to be shown.
    pub user: String,
    /// Its state.
    pub state: State,
    /// The same in words: `locked 43 min`.
    pub standing: String,
    /// Its addresses, masked unless asked for in full.
    pub address: String,
    /// The last success; empty where there was none.
    pub last: String,
}

/// An event in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: String,
    /// What.
    pub kind: String,
    /// Whose.
    pub user: String,
    /// Which service.
    pub service: String,
    /// Where from.
    pub source: String,
    /// Which conversation.
    pub conversation: i64,
    /// The rest, field by field.
    pub detail: Vec<(String, String)>,
}

/// A delivery in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRow {
    /// Its row.
    pub id: i64,
    /// When.
    pub at: String,
    /// Whose.
    pub user: String,
    /// `code`, `confirmation` …
    pub kind: String,
    /// The relay, as `host:port`.
    pub relay: String,
    /// The word for how it ended.
    pub outcome: String,
    /// The relay's words.
    pub reply: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
}

/// An account in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDetail {
    /// The row's key.
    pub key: String,
    /// The name, fit to be shown.
    pub user: String,
    /// Its uid.
    pub uid: u32,
    /// Its state.
    pub state: State,
    /// The verdict's sentence, or why there is none.
    pub why: String,
    /// Whether the person gets in with a mailed code.
    pub lets_in: bool,
    /// Commands that help.
    pub next: Vec<String>,
    /// Addresses and how they were confirmed.
    pub addresses: Vec<String>,
    /// Whether an address waits for its code.
    pub unconfirmed: bool,
    /// Wrong codes in the last hour, day, and in a row.
    pub failures: [u32; 3],
    /// Recovery codes that are left.
    pub recovery_left: u32,
    /// The newest deliveries.
    pub mails: Vec<MailRow>,
    /// The newest sign-ins.
    pub logins: Vec<EventRow>,
}

/// What the home page counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Accounts that are not removed.
    pub accounts: u64,
    /// Of these: locked.
    pub locked: u64,
    /// Whether more than that may be locked.
    pub more_locked: bool,
    /// Of these: no address is confirmed.
    pub unconfirmed: u64,
    /// Of these: disabled.
    pub disabled: u64,
    /// Deliveries in the last day.
    pub mails: u64,
    /// Of these: not taken.
    pub mails_failed: u64,
    /// The newest delivery.
    pub newest_mail: Option<MailRow>,
    /// Notices that wait.
    pub notices_due: u64,
    /// What administrators did last.
    pub acts: Vec<EventRow>,
}

/// How many accounts that may be locked are looked at one by one for a count.
const SUSPECTS: u32 = 200;
/// How many mails and sign-ins an account's page has.
const NEWEST: u32 = 5;
/// How many events are looked through for what administrators did last.
const ACTS_WITHIN: u32 = 200;
/// How many of those a summary has.
const ACTS: usize = 5;
const DAY_MILLIS: i64 = 24 * 3600 * 1000;

impl Admin {
    /// This host's name, fit to be shown.
    pub fn host_name(&self) -> String {
        sanitise(&self.config.host)
    }

    /// Who acts, fit to be shown.
    pub fn actor_name(&self) -> String {
        sanitise(&self.actor.name)
    }

    /// What ends this administrator's reads, from another thread.
    pub fn stopper(&self) -> Stopper {
        self.store.stopper()
    }

    /// A number that changes when another process, or another [`Admin`], changed the store.
    pub fn change(&self) -> Result<i64, AdminError> {
        Ok(self.store.change()?)
    }

    /// Accounts by name that the filter wants.
    pub fn browse_users(
        &self,
        filter: &Filter,
        around: &Around<String>,
        limit: u32,
        show: Mask,
    ) -> Result<Page<UserRow>, AdminError> {
        let side = |way, from: Option<&str>| self.side(filter, way, from, limit, show);
        let before = match around {
            Around::First => None,
            Around::Last => Some(side(Way::Back, None)?),
            Around::Key(key) => Some(side(Way::Back, Some(key))?),
        };
        let after = match around {
            Around::First => Some(side(Way::Onwards, None)?),
            Around::Last => None,
            Around::Key(key) => Some(side(Way::Onwards, Some(key))?),
        };
        let (mut rows, more_before) = before.unwrap_or_default();
        rows.reverse();
        let (onwards, more_after) = after.unwrap_or_default();
        rows.extend(onwards);
        Ok(Page {
            rows: rows.into_iter().map(user_row).collect(),
            more_before,
            more_after,
        })
    }

    /// A page of accounts by name that the filter wants, after `after`.
    pub fn users_like(
        &self,
        filter: &Filter,
        after: &str,
        limit: u32,
        show: Mask,
    ) -> Result<Vec<Listed>, AdminError> {
        let next = format!("{after}\0");
        let from = (!after.is_empty()).then_some(next.as_str());
        Ok(self.side(filter, Way::Onwards, from, limit, show)?.0)
    }

    /// One side of a page, and whether there are more. Rows that only a reckoning turns down are
    /// read past.
    fn side(
        &self,
        filter: &Filter,
        way: Way,
        from: Option<&str>,
        limit: u32,
        show: Mask,
    ) -> Result<(Vec<Listed>, bool), AdminError> {
        let conditions = filter.conditions();
        let row_limit = self.config.policy.limits.failures_in_a_row;
        let room = usize::try_from(limit).unwrap_or(usize::MAX);
        let chunk = limit.saturating_add(1);
        let mut from = from.map(str::to_owned);
        let mut rows = Vec::new();
        loop {
            let now = self.host.now();
            let accounts = self.store.accounts_from(
                &now,
                &conditions,
                row_limit,
                (way, from.as_deref()),
                chunk,
            )?;
            let ended = accounts.len() <= room;
            // The name after a name is that name and the least character there is.
            from = accounts.last().map(|account| match way {
                Way::Onwards => format!("{}\0", account.name),
                Way::Back => account.name.clone(),
            });
            for account in &accounts {
                let listed = self.listed(account, show)?;
                if filter.keeps(&listed) {
                    rows.push(listed);
                }
            }
            if ended || rows.len() > room {
                let more = rows.len() > room;
                rows.truncate(room);
                return Ok((rows, more));
            }
        }
    }

    /// How many accounts the filter wants; none where only reading them all would say.
    pub fn count_users(&self, filter: &Filter) -> Result<Option<u64>, AdminError> {
        if !filter.is_exact() {
            return Ok(None);
        }
        let row_limit = self.config.policy.limits.failures_in_a_row;
        let conditions = filter.conditions();
        let now = self.host.now();
        Ok(Some(self.store.count_accounts(
            &now,
            &conditions,
            row_limit,
        )?))
    }

    /// One account with the verdict that `gatepost why` gives.
    pub fn browse_user(&self, key: &str, show: Mask) -> Result<UserDetail, AdminError> {
        let shown = self.show_user(key, show)?;
        let why = self.why(key, None, None);
        let account = self.enrolled(key).ok().map(|(_, account)| account.id);
        let mails = self
            .store
            .deliveries_around(account, &Around::First, NEWEST)?;
        let logins = EventFilter::of(key, "decision");
        let logins = self
            .store
            .events_around(&logins.test, &Around::First, NEWEST)?;
        let mut detail = user_detail(shown, why);
        if account.is_some() {
            detail.mails = mails.rows.into_iter().map(mail_row).collect();
        }
        detail.logins = logins.rows.into_iter().map(event_row).collect();
        Ok(detail)
    }

    /// Events that the filter wants, newest first.
    pub fn browse_events(
        &self,
        filter: &EventFilter,
        around: &Around<i64>,
        limit: u32,
    ) -> Result<Page<EventRow>, AdminError> {
        let page = self.store.events_around(&filter.test, around, limit)?;
        Ok(Page {
            rows: page.rows.into_iter().map(event_row).collect(),
            more_before: page.more_before,
            more_after: page.more_after,
        })
    }

    /// Deliveries, newest first; of one user where one is named.
    pub fn browse_mails(
        &self,
        user: Option<&str>,
        around: &Around<i64>,
        limit: u32,
    ) -> Result<Page<MailRow>, AdminError> {
        let account = match user {
            None => None,
            Some(user) => Some(self.enrolled(user)?.1.id),
        };
        let page = self.store.deliveries_around(account, around, limit)?;
        Ok(Page {
            rows: page.rows.into_iter().map(mail_row).collect(),
            more_before: page.more_before,
            more_after: page.more_after,
        })
    }

    /// What the home page counts.
    pub fn summary(&self) -> Result<Summary, AdminError> {
        let now = self.host.now();
        let row_limit = self.config.policy.limits.failures_in_a_row;
        let since = now.wall.millis().saturating_sub(DAY_MILLIS);
        let counts = self.store.counts(&now, row_limit, since, SUSPECTS)?;
        let mut locked = 0;
        for name in &counts.suspects {
            let failures = self.store.failures(&now, name, &self.config.policy)?;
            let is_locked = failures.is_some_and(|failures| failures.lock.locked());
            locked += u64::from(is_locked);
        }
        let newest = self.store.events(None, None, ACTS_WITHIN)?;
        let acts = newest
            .into_iter()
            .filter(|event| event.detail.get("by").is_some())
            .take(ACTS);
        Ok(Summary {
            accounts: counts.accounts,
            locked,
            more_locked: counts.suspects.len() >= usize::try_from(SUSPECTS).unwrap_or(usize::MAX),
            unconfirmed: counts.unconfirmed,
            disabled: counts.disabled,
            mails: counts.mails,
            mails_failed: counts.mails_failed,
            newest_mail: counts.newest_mail.map(mail_row),
            notices_due: counts.notices_due,
            acts: acts.map(event_row).collect(),
        })
    }
}

impl EventFilter {
    fn of(account: &str, kind: &str) -> Self {
        Self {
            test: crate::store::browse::EventTest {
                account: Some(account.to_owned()),
                kind: Some(kind.to_owned()),
            },
        }
    }
}

fn user_row(listed: Listed) -> UserRow {
    let addresses: Vec<&str> = listed
        .addresses
        .iter()
        .map(|address| address.address.as_str())
        .collect();
    UserRow {
        state: listed.standing.state,
        standing: listed.standing.to_string(),
        address: sanitise(&addresses.join(" ")),
        last: listed.last_success_millis.map(when).unwrap_or_default(),
        key: listed.key,
        user: listed.user,
    }
}

fn user_detail(shown: Shown, why: Result<Why, AdminError>) -> UserDetail {
    let account = shown.account;
    let addresses = account.addresses.iter().map(|address| {
        let how = match (&address.confirmed, address.confirmed_by.as_deref()) {
            (Some(_), Some("administrator")) => "confirmed by an administrator's word",
            (Some(_), _) => "confirmed by a code",
            (None, _) => "not confirmed",
        };
        sanitise(&format!("{} {how}", address.address))
    });
    let (why, lets_in, next) = match why {
        Ok(why) => (why.sentence, why.verdict.lets_in(), why.next),
        Err(error) => (error.to_string(), false, Vec::new()),
    };
    UserDetail {
        uid: account.uid,
        state: account.standing.state,
        why: one_line(&why),
        lets_in,
        next: next.iter().map(|line| one_line(line)).collect(),
        addresses: addresses.collect(),
        unconfirmed: account
            .addresses
            .iter()
            .any(|address| address.confirmed.is_none()),
        failures: [
            shown.failures_last_hour,
            shown.failures_last_day,
            account.failures_in_a_row,
        ],
        recovery_left: shown.recovery_codes_left,
        mails: Vec::new(),
        logins: Vec::new(),
        key: account.key,
        user: account.user,
    }
}

fn event_row(event: crate::store::events::Listed) -> EventRow {
    let at = when(event.at);
    let event = audit::Listed::from(event);
    let detail = match event.detail {
        serde_json::Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (sanitise(&name), sanitise(&plain(&value))))
            .collect(),
        other @ (serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_)
        | serde_json::Value::Array(_)) => vec![(String::new(), sanitise(&plain(&other)))],
    };
    EventRow {
        seq: event.seq,
        at,
        kind: sanitise(&event.kind),
        user: event.user,
        service: sanitise(&event.service),
        source: sanitise(&event.source),
        conversation: event.conversation,
        detail,
    }
}

fn mail_row(delivery: crate::store::mails::Delivery) -> MailRow {
    let (id, at) = (delivery.id, when(delivery.at));
    let mail = mail::Listed::from(delivery);
    MailRow {
        id,
        at,
        user: mail.user,
        kind: sanitise(&mail.kind),
        relay: mail.relay,
        outcome: sanitise(&mail.outcome),
        reply: mail.reply,
        millis: mail.millis,
    }
}

/// A value as a person reads it: a text without its quotes.
fn plain(value: &serde_json::Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A sentence of ours on one line. What it quotes of others was sanitised where it came in.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A moment in the machine's own zone: `2026-11-22 12:03:04`.
fn when(millis: i64) -> String {
    host::local_stamp(Wall::from_millis(millis))
}
