//! What an export has in it, page by page: for the subcommands and for the console, so that a file of the
//! one is that of the other. How it is written is [`crate::records`]' part.

use gatepost_shared::admin::audit::Exported as Event;
use gatepost_shared::admin::browse::{After, Somebody};
use gatepost_shared::admin::filter::{EventFilter, Filter};
use gatepost_shared::admin::mail::Listed as Mail;
use gatepost_shared::admin::users::{Listed, Mask, Person};
use gatepost_shared::admin::{Admin, AdminError};
use serde::Serialize;

/// Rows that are read from the store at a time.
const PAGE: u32 = 500;

/// Whoever a filter of accounts wants, in the order of the list.
pub(crate) struct Everybody {
    filter: Filter,
    mask: Mask,
    after: After,
}

/// One of them; `user,address,note,confirmed` is what an import takes. What only an account has is empty
/// where there is none.
#[derive(Serialize)]
pub(crate) struct Account {
    user: String,
    address: String,
    note: String,
    confirmed: &'static str,
    uid: u32,
    state: String,
    locked_seconds: Option<i64>,
    failures_in_a_row: Option<u32>,
    last_success: Option<String>,
    enrolled: Option<String>,
    version: Option<i64>,
}

impl Everybody {
    /// All of them, from the first on.
    pub(crate) fn of(filter: Filter, mask: Mask) -> Self {
        Self {
            filter,
            mask,
            after: After::default(),
        }
    }

    /// The next of them as the list has them; none is the end.
    pub(crate) fn somebody(&mut self, admin: &Admin) -> Result<Vec<Somebody>, AdminError> {
        let page = admin.everybody_like(&self.filter, &self.after, PAGE, self.mask)?;
        if let Some(last) = page.last() {
            self.after = After::somebody(last);
        }
        Ok(page)
    }

    /// The next of them as they are exported; none is the end.
    pub(crate) fn next(&mut self, admin: &Admin) -> Result<Vec<Account>, AdminError> {
        let page = self.somebody(admin)?.into_iter();
        Ok(page
            .map(|somebody| match somebody {
                Somebody::Account(account) => account.into(),
                Somebody::Person(person) => person.into(),
            })
            .collect())
    }
}

impl From<Listed> for Account {
    fn from(account: Listed) -> Self {
        let confirmed = account
            .addresses
            .iter()
            .find(|address| address.confirmed.is_some());
        let address = confirmed.or(account.addresses.first());
        Self {
            address: address
                .map(|address| address.address.clone())
                .unwrap_or_default(),
            confirmed: if confirmed.is_some() { "yes" } else { "no" },
            state: account.standing.state.to_string(),
            locked_seconds: account.standing.locked_seconds,
            user: account.user,
            note: account.note,
            uid: account.uid,
            failures_in_a_row: Some(account.failures_in_a_row),
            last_success: account.last_success,
            enrolled: Some(account.enrolled),
            version: Some(account.version),
        }
    }
}

impl From<Person> for Account {
    fn from(person: Person) -> Self {
        Self {
            user: person.user,
            address: String::new(),
            note: String::new(),
            confirmed: "no",
            uid: person.uid,
            state: person.state,
            locked_seconds: None,
            failures_in_a_row: None,
            last_success: None,
            enrolled: None,
            version: None,
        }
    }
}

/// The events that a filter wants, the oldest first, up to the newest that there was at the beginning.
pub(crate) struct Events {
    filter: EventFilter,
    upto: i64,
    after: i64,
    first: Option<i64>,
}

impl Events {
    /// All of them; what comes from now on is the next export's.
    pub(crate) fn of(admin: &Admin, filter: EventFilter) -> Result<Self, AdminError> {
        Ok(Self {
            filter,
            upto: admin.events_head()?.seq,
            after: 0,
            first: None,
        })
    }

    /// The next of them; none is the end.
    pub(crate) fn next(&mut self, admin: &Admin) -> Result<Vec<Event>, AdminError> {
        let mut page = admin.events_onwards(&self.filter, self.after, PAGE)?;
        page.retain(|one| one.event.seq <= self.upto);
        self.first = self.first.or(page.first().map(|one| one.event.seq));
        if let Some(last) = page.last() {
            self.after = last.event.seq;
        }
        Ok(page)
    }

    /// The numbers of the first and of the last that were read; none where there was none.
    pub(crate) fn stretch(&self) -> Option<(i64, i64)> {
        self.first.map(|first| (first, self.after))
    }
}

/// What the chain says of events that were exported.
pub(crate) enum Proof {
    /// It holds: up to which event, and with which head.
    Holds(String),
    /// It is broken: where, and what to look at.
    Broken(String),
}

/// Recomputes the chain, telling now and then how many events were checked.
pub(crate) fn proof(admin: &Admin, progress: &dyn Fn(u64)) -> Result<Proof, AdminError> {
    let chain = admin.watch_events_verified(progress)?;
    let behind = chain.anchor.as_ref().map_or_else(String::new, |anchor| {
        format!(
            " The events up to {} are purged, whose head was {}.",
            anchor.seq, anchor.head
        )
    });
    Ok(match chain.broken_at {
        Some(broken) => Proof::Broken(format!(
            "But the chain is broken at event {broken}: gatepost audit verify{behind}"
        )),
        None => Proof::Holds(format!(
            "The chain holds up to event {} with head {}.{behind}",
            chain.last, chain.head
        )),
    })
}

/// The deliveries, the newest first; of one account where one is named.
pub(crate) struct Mails {
    of: Option<String>,
    before: Option<i64>,
}

impl Mails {
    /// All of them.
    pub(crate) fn of(user: Option<String>) -> Self {
        Self {
            of: user,
            before: None,
        }
    }

    /// The next of them; none is the end.
    pub(crate) fn next(&mut self, admin: &Admin) -> Result<Vec<Mail>, AdminError> {
        let page = admin.mails_before(self.of.as_deref(), self.before, PAGE)?;
        if let Some(last) = page.last() {
            self.before = Some(last.key);
        }
        Ok(page)
    }
}
