//! What the console shows while somebody looks around: pages of accounts, events and mails around
//! the row in view, one account with its verdict, and what the home page counts. Every text in it
//! is fit for a screen and every time is in the machine's own zone; nothing here changes anything.

mod activity;
mod by_state;
mod rows;
mod unenrolled;

use gatepost_words::text::sanitise;

pub use self::activity::{Activity, DAYS, MOST_BY_HOUR, Series, SignIns};
pub use self::rows::{EventRow, MailRow, Summary, UserDetail, UserRow};
use self::rows::{bypass_row, event_row, mail_row, user_detail, user_row};
pub use self::unenrolled::Somebody;
use super::filter::{EventFilter, Filter};
use super::roles::Right;
use super::users::{Listed, Mask, State};
use super::{Admin, AdminError, sources};
use crate::people;
use crate::store::accounts::Account;
use crate::store::browse::{self as store, Bound, Condition, Seen, Test, Way};
pub use crate::store::browse::{Around, Page, Stopper};
use crate::store::kinds::Kind;

/// How many accounts that may be locked are looked at one by one for a count.
const SUSPECTS: u32 = 200;
/// How many mails and sign-ins an account's page has.
const NEWEST: u32 = 5;
/// How many events are looked through for what administrators did last.
const ACTS_WITHIN: u32 = 200;
/// How many of those a summary has.
const ACTS: usize = 5;
const DAY_MILLIS: i64 = 24 * 3600 * 1000;
/// Accounts that are read at once where each reading looks at all of them.
const LOOKED_FOR: u32 = 10_000;

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
        self.may(Right::Look)?;
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
        self.may(show.needs())?;
        if filter.wants_none() {
            return self.browse_people(filter, around, limit, show);
        }
        let side =
            |way, from: Option<&str>| self.side(filter, way, from.map(Edge::at), limit, show);
        self.page(around, side, user_row)
    }

    /// A page of its two sides, each with whether there are more: that before the key, and that from it on.
    fn page<R>(
        &self,
        around: &Around<String>,
        side: impl Fn(Way, Option<&str>) -> Result<(Vec<R>, bool), AdminError>,
        row: impl Fn(R) -> UserRow,
    ) -> Result<Page<UserRow>, AdminError> {
        self.may(Right::Look)?;
        let (mut rows, more_before) = match around {
            Around::First => (Vec::new(), false),
            Around::Last => side(Way::Back, None)?,
            Around::Key(key) => side(Way::Back, Some(key))?,
        };
        rows.reverse();
        let (onwards, more_after) = match around {
            Around::First => side(Way::Onwards, None)?,
            Around::Last => (Vec::new(), false),
            Around::Key(key) => side(Way::Onwards, Some(key))?,
        };
        rows.extend(onwards);
        let rows = rows.into_iter().map(row).collect();
        Ok(Page {
            rows: self.with_bounced(rows)?,
            more_before,
            more_after,
        })
    }

    /// The rows, those told of whose newest mail no relay will take.
    fn with_bounced(&self, mut rows: Vec<UserRow>) -> Result<Vec<UserRow>, AdminError> {
        self.may(Right::Look)?;
        let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        let bounced = self.store.bounced_among(&keys)?;
        for row in &mut rows {
            row.bounced = bounced.contains(&row.key);
        }
        Ok(rows)
    }

    /// The first accounts that the filter surely wants and that are found at once, however many there
    /// are: to be shown while [`Self::browse_users`] looks at all of them. None where that is as quick.
    pub fn first_users(
        &self,
        filter: &Filter,
        limit: u32,
        show: Mask,
    ) -> Result<Option<Page<UserRow>>, AdminError> {
        self.may(show.needs())?;
        let Some(beginning) = filter.beginning() else {
            return Ok(None);
        };
        let page = self.browse_users(&beginning, &Around::First, limit, show)?;
        Ok(Some(page).filter(|page| !page.rows.is_empty()))
    }

    /// Names of accounts that begin so, as they may be typed: for a shell that completes. Those that no
    /// terminal should see are left out.
    pub fn names_beginning(&self, begun: &str, limit: u32) -> Result<Vec<String>, AdminError> {
        self.may(Right::Look)?;
        let names = self.store.names_beginning(begun, limit)?;
        let fit = |name: &String| sanitise(name) == *name;
        Ok(names.into_iter().filter(fit).collect())
    }

    /// A page of accounts that the filter wants, in its order, after those that were read. It may have more
    /// than `limit`, where many cost what few do.
    pub fn users_like(
        &self,
        filter: &Filter,
        after: &After,
        limit: u32,
        show: Mask,
    ) -> Result<Vec<Listed>, AdminError> {
        self.may(show.needs())?;
        // Where each page is looked for among all accounts, a few large ones cost less than many small ones.
        let is_looked_for = |order: store::Order| order.is_looked_for();
        let limit = if filter.order().rows().is_none_or(is_looked_for) {
            limit.max(LOOKED_FOR)
        } else {
            limit
        };
        let from = after.0.clone();
        Ok(self.side(filter, Way::Onwards, from, limit, show)?.0)
    }

    /// One side of a page, and whether there are more.
    fn side(
        &self,
        filter: &Filter,
        way: Way,
        from: Option<Edge>,
        limit: u32,
        show: Mask,
    ) -> Result<(Vec<Listed>, bool), AdminError> {
        self.may(Right::Look)?;
        if filter.wants_none_alone() {
            return Ok((Vec::new(), false));
        }
        match filter.order().rows() {
            Some(order) => {
                let from = from.map(|edge| edge.bound);
                self.in_order(filter, (order, way, from), limit, show)
            }
            None => self.by_state(filter, way, from.as_ref(), limit, show),
        }
    }

    /// The same in an order of the store's. Rows that only a reckoning turns down are read past.
    fn in_order(
        &self,
        filter: &Filter,
        (order, way, from): (store::Order, Way, Option<Bound>),
        limit: u32,
        show: Mask,
    ) -> Result<(Vec<Listed>, bool), AdminError> {
        let conditions = self.conditions(filter)?;
        let row_limit = self.config.policy.limits.failures_in_a_row;
        let room = usize::try_from(limit).unwrap_or(usize::MAX);
        let chunk = limit.saturating_add(1);
        let chunk = if order.is_looked_for() && !filter.is_exact() {
            chunk.max(LOOKED_FOR)
        } else {
            chunk
        };
        let mut from = from;
        let mut rows = Vec::new();
        loop {
            let now = self.host.now();
            let accounts = self.store.accounts_from(
                &now,
                &conditions,
                row_limit,
                (order, way, from.as_ref()),
                chunk,
            )?;
            let ended = u32::try_from(accounts.len()).is_ok_and(|read| read < chunk);
            from = accounts
                .last()
                .map(|account| Bound::after(&account.name, seen(account)));
            // No further than it takes: a large chunk is read for its order, not for its number.
            for some in accounts.chunks(room.saturating_add(1)) {
                if rows.len() > room {
                    break;
                }
                let listed = self.listed(some, show)?;
                rows.extend(listed.into_iter().filter(|listed| filter.keeps(listed)));
            }
            if ended || rows.len() > room {
                let more = rows.len() > room;
                rows.truncate(room);
                return Ok((rows, more));
            }
        }
    }

    /// What the rows must be like. Who may not see addresses finds nobody by them: a part of one that
    /// is found is a part that is seen.
    fn conditions(&self, filter: &Filter) -> Result<Vec<Condition>, AdminError> {
        let mut conditions = filter.conditions(group_members)?;
        if self.may(Right::Unmask).is_err() {
            for condition in &mut conditions {
                if let Test::Has(part) = &condition.test {
                    condition.test = Test::Named(part.clone());
                }
            }
        }
        Ok(conditions)
    }

    /// How many accounts the filter wants; none where only reading them all would say.
    pub fn count_users(&self, filter: &Filter) -> Result<Option<u64>, AdminError> {
        self.may(Right::Look)?;
        if !filter.is_exact() {
            return Ok(None);
        }
        let row_limit = self.config.policy.limits.failures_in_a_row;
        let conditions = self.conditions(filter)?;
        let now = self.host.now();
        Ok(Some(self.store.count_accounts(
            &now,
            &conditions,
            row_limit,
        )?))
    }

    /// One account with the verdict that `gatepost why` gives.
    pub fn browse_user(&self, key: &str, show: Mask) -> Result<UserDetail, AdminError> {
        self.may(show.needs())?;
        let shown = self.show_user(key, show)?;
        let why = self.why(key, None, None);
        let account = self.enrolled(key).ok().map(|(_, account)| account.id);
        let mails = self
            .store
            .deliveries_around(account, &Around::First, NEWEST)?;
        let logins = self.terms(&EventFilter::of(key, Kind::Decision));
        let logins = self.store.events_around(&logins, &Around::First, NEWEST)?;
        let mut detail = user_detail(shown, why);
        if account.is_some() {
            detail.sources = self.sources(key)?.iter().map(source_line).collect();
            detail.mails = mails.rows.into_iter().map(mail_row).collect();
            detail.factors = self.factors(key)?;
            detail.bypass = self.bypass_of(key)?.into_iter().map(bypass_row).collect();
            detail.bypass_useless = self.bypass_useless(key)?;
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
        self.may(Right::Look)?;
        let page = self
            .store
            .events_around(&self.terms(filter), around, limit)?;
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
        self.may(Right::Look)?;
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
        self.may(Right::Look)?;
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
            unconfirmed_long: counts.unconfirmed_long,
            bounced: counts.bounced,
            disabled: counts.disabled,
            mails: counts.mails,
            mails_failed: counts.mails_failed,
            newest_mail: counts.newest_mail.map(mail_row),
            notices_due: counts.notices_due,
            acts: acts.map(event_row).collect(),
        })
    }
}

/// How far a list was read; at first, not at all.
#[derive(Clone, Debug, Default)]
pub struct After(Option<Edge>);

impl After {
    /// Up to an account and with it.
    pub fn row(row: &Listed) -> Self {
        let seen = Seen {
            last: row.last_success_millis,
            fails: row.failures_in_a_row,
        };
        Self(Some(Edge {
            bound: Bound::after(&row.key, seen),
            state: Some(row.standing.state),
        }))
    }
}

/// Where a reading of accounts begins.
#[derive(Clone, Debug)]
struct Edge {
    bound: Bound,
    /// The state that the account had when it was read; none: the one that it has now.
    state: Option<State>,
}

impl Edge {
    fn at(name: &str) -> Self {
        Self {
            bound: Bound::at(name),
            state: None,
        }
    }

    fn name(&self) -> &str {
        &self.bound.name
    }
}

const fn seen(account: &Account) -> Seen {
    Seen {
        last: account.last_success,
        fails: account.failures_in_a_row,
    }
}

/// A known source on one line.
fn source_line(source: &sources::Listed) -> String {
    let remembered = if source.remembered {
        ", no code is asked for"
    } else {
        ""
    };
    format!(
        "{} {}, last {}{remembered}",
        source.source, source.service, source.last
    )
}

/// Who is in a group of this machine; none there is a fault of the filter.
pub(super) fn group_members(group: &str) -> Result<Vec<String>, AdminError> {
    people::members(group)?.ok_or_else(|| {
        let group = sanitise(group);
        AdminError::Usage(format!("there is no group {group}: getent group {group}"))
    })
}
