//! What an administrator does: one function per act, each returning plain values that the console
//! and the subcommands show. Nothing here prints, asks or ends the process.
//!
//! - [`setup`]: directories, system user, key, store, commented configuration
//! - [`users`]: enrol, confirm, list, show, disable, enable, remove, unlock, recovery codes
//! - [`bypass`]: codes for somebody who has nothing else; [`factors`]: what an account can use
//! - [`attack`]: is one going on? [`shield`]: refuse its sources; `rhosts`: those that none covers;
//!   [`status`]: all at a glance
//! - [`why`]: would this login be let in, and how does that come about?
//! - [`mail`]: the test message, what was delivered
//! - [`postbox`]: what waits to be mailed, how relays fared; [`templates`]: what messages say
//! - [`policy`]: what is in force and what it leaves an attacker
//! - [`browse`]: what the console shows while somebody looks around; [`filter`]: its grammar
//! - [`console`]: what is ruled for everybody's console
//! - [`undo`]: taking acts back; [`sources`]: where people sign in from
//! - [`audit`]: the log of events and its chain
//! - [`copies`]: the store backed up, restored, checked, migrated, shrunk
//! - [`maintain`]: purging, and notices that are due
//! - [`roles`]: who may do what; [`mod@operator`]: who is behind this process
//! - [`stacks`]: where our module stands in PAM, and who gets past it
//! - [`doctor`]: what is missing or unsafe, and what emailed codes are not

pub mod attack;
pub mod audit;
pub mod browse;
pub mod bypass;
pub mod console;
pub mod copies;
mod create;
pub mod doctor;
mod error;
pub mod factors;
pub mod filter;
pub mod mail;
pub mod maintain;
pub mod operator;
pub mod policy;
pub mod postbox;
mod rhosts;
pub mod roles;
pub mod setup;
pub mod shield;
pub mod sources;
pub mod stacks;
pub mod status;
pub mod templates;
pub mod undo;
pub mod users;
pub mod why;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use gatepost_words::ident::UserName;
use gatepost_words::job::{Delivered, Letter};
use gatepost_words::text::{log_value, quote, sanitise};
use gatepost_words::time::Wall;

pub use self::error::{AdminError, Kind};
pub use self::operator::{Called, operator, operator_of_doctor};
use self::roles::{Operator, Right};
use crate::code::address::Fingerprints;
use crate::code::key::Key;
use crate::config::{CONFIG, Config};
use crate::files::{self, Readers};
use crate::host::{self, Host, System};
use crate::people::{self, LookupError};
use crate::signals;
use crate::store::Store;
use crate::store::accounts::Account;
pub use crate::store::accounts::Actor;
pub use crate::store::inside::alone as outside_the_store;
pub use crate::store::schema::VERSION as STORE_VERSION;
use crate::store::undo::Batch;
use crate::syslog::{self, Severity};

/// How a letter goes out; a fake one under test.
type Post = dyn Fn(&Config, &dyn Host, &'static str, Letter) -> Vec<Delivered>;

/// An administrator at work: configuration and store open, and known by name.
pub struct Admin {
    config: Config,
    conf: PathBuf,
    store: Store,
    key: Option<Key>,
    fingerprints: OnceCell<Fingerprints>,
    host: Box<dyn Host>,
    post: Box<Post>,
    actor: Actor,
    operator: Operator,
    /// The acts that the next one is taken back with.
    batch: Batch,
}

impl Admin {
    /// Opens configuration and store; neither is created or repaired.
    pub fn open(conf: Option<&Path>, operator: Operator) -> Result<Self, AdminError> {
        let config = config(conf, &operator)?;
        let store = Store::open(&config.store)?.settling_later()?;
        Ok(Self {
            config,
            conf: conf.unwrap_or(Path::new(CONFIG)).to_owned(),
            store,
            key: None,
            fingerprints: OnceCell::new(),
            host: Box::new(System::new()?),
            post: Box::new(post),
            actor: operator.actor(),
            operator,
            batch: Batch::Alone,
        })
    }

    /// What the configuration says.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Who acts, and what they may do.
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// Whether the person behind this process may do that; every verb asks first.
    pub fn may(&self, right: Right) -> Result<(), AdminError> {
        self.operator.may(right)
    }

    /// Whether they may do that to this account; every verb on one account that a helpdesk has asks
    /// this beside [`Self::may`].
    pub fn may_on(&self, right: Right, account: &Account) -> Result<(), AdminError> {
        self.operator.may_on(right, account)
    }

    /// The key, read when it is first needed.
    fn key(&mut self) -> Result<&Key, AdminError> {
        if self.key.is_none() {
            self.key = Some(read_key(&self.config.key)?);
        }
        self.key
            .as_ref()
            .ok_or_else(|| AdminError::BadKey(self.config.key.clone()))
    }

    /// What addresses are marked with in events.
    fn fingerprints(&self) -> Result<&Fingerprints, AdminError> {
        if let Some(known) = self.fingerprints.get() {
            return Ok(known);
        }
        let made = match &self.key {
            Some(key) => Fingerprints::under(key),
            None => Fingerprints::under(&read_key(&self.config.key)?),
        };
        let made = made.ok_or_else(|| AdminError::BadKey(self.config.key.clone()))?;
        Ok(self.fingerprints.get_or_init(|| made))
    }

    /// Who acts, for an act that an address is told of. Without a key the act is what it was, and told with
    /// the mask alone.
    fn actor_of_addresses(&self) -> Actor {
        Actor {
            fingerprints: self.fingerprints().ok().cloned(),
            ..self.actor.clone()
        }
    }

    /// The row of a user as typed, or under the name that the password database has for them. A
    /// removed account has a row too.
    fn row(&self, typed: &UserName) -> Result<Option<Account>, AdminError> {
        if let Some(account) = self.store.account(typed)? {
            return Ok(Some(account));
        }
        match people::find(typed) {
            Ok(person) => Ok(self.store.account(&person.name)?),
            Err(LookupError::NoSuchUser(_)) => Ok(None),
            Err(failed) => Err(failed.into()),
        }
    }

    /// The name of an enrolled account; none there, or removed, is an error that says what to do.
    fn enrolled(&self, typed: &str) -> Result<(UserName, Account), AdminError> {
        let typed = UserName::new(typed.to_owned())?;
        let Some(account) = self.row(&typed)? else {
            return Err(match people::find(&typed) {
                Err(LookupError::NoSuchUser(name)) => AdminError::NoSuchUser(name),
                Ok(_) | Err(_) => AdminError::NotEnrolled(typed.to_string()),
            });
        };
        if account.state == "removed" {
            return Err(AdminError::Removed(typed.to_string()));
        }
        Ok((UserName::new(account.name.clone())?, account))
    }

    /// One line for the system log beside the event in the store.
    fn log(&mut self, act: &str, user: &str) {
        log_act(&self.actor.name, act, user);
        self.settle();
    }

    /// The same for an act on a source.
    fn log_of(&mut self, act: &str, source: &str) {
        let line = format!(
            "event=admin act={} source={} by={}",
            log_value(act),
            log_value(source),
            quote(self.actor.name.clone())
        );
        syslog::write(Severity::Notice, &line);
        self.settle();
    }

    /// What was done stands and is told: now the write-ahead log may go into the store. Where it cannot,
    /// the next act or login does it.
    fn settle(&mut self) {
        let _left_to_the_next = self.store.settle_log();
    }
}

/// Sends a letter; whoever waits for a relay may leave.
fn post(config: &Config, host: &dyn Host, kind: &'static str, letter: Letter) -> Vec<Delivered> {
    signals::let_in(|| crate::mail::deliver(config, host, kind, letter))
}

/// The line of an act.
fn log_act(by: &str, act: &str, user: &str) {
    let line = format!(
        "event=admin act={} user={} by={}",
        log_value(act),
        log_value(user),
        quote(by.to_owned())
    );
    syslog::write(Severity::Notice, &line);
}

/// The configuration, or another one that an admin names: to name one is to choose the store that is
/// worked on, and a file that root reads.
fn config(conf: Option<&Path>, operator: &Operator) -> Result<Config, AdminError> {
    if conf.is_some() {
        operator.may(Right::Machine)?;
    }
    Config::load(conf).map_err(|error| {
        if operator.may(Right::Machine).is_ok() {
            error.into()
        } else {
            error.briefly().into()
        }
    })
}

/// Whether the caller is root, and not by a set-uid bit that somebody gave the program.
pub fn is_root() -> bool {
    nix::unistd::getuid().is_root() && nix::unistd::geteuid().is_root()
}

/// The key file's content as a key.
fn read_key(path: &Path) -> Result<Key, AdminError> {
    // One byte more than a key has, so that a longer file is told from a right one.
    let limit = u64::try_from(Key::LENGTH + 1).unwrap_or(u64::MAX);
    let bytes = match files::read_trusted(path, Readers::RootAlone, limit) {
        Ok(bytes) => bytes,
        Err(files::Untrusted::TooLong(path, _)) => return Err(AdminError::BadKey(path)),
        Err(untrusted) => return Err(untrusted.into()),
    };
    Key::new(bytes).ok_or_else(|| AdminError::BadKey(path.to_owned()))
}

/// A reason as the audit keeps it.
fn reason(given: Option<&str>) -> String {
    sanitise(given.unwrap_or_default())
}

/// Milliseconds since 1970 as RFC 3339.
fn stamp(millis: i64) -> String {
    host::rfc3339(Wall::from_millis(millis))
}

#[cfg(test)]
mod tests;
