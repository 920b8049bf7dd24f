//! A sign-in, from the first frame to the verdict.
//!
//! [`Login`] is the machine: it takes what happened (an answer, a delivery, the end of the time)
//! and says what is next. It waits for nothing and sends nothing; [`serve()`] does. Every path that is
//! not the one success ends in a refusal.
//!
//! - here: what the machine holds, and what is asked of it from outside
//! - `begin`, `prompt`, `answer`, `ending`: its steps; `delivery`: the mail beside them
//! - `rules`: those it goes by; `bypass`: bypass codes and shielded sources
//! - `serve`: the loop around it; `link`: its socket; `line`: what the system log is told

mod answer;
mod begin;
mod bypass;
mod delivery;
mod ending;
mod line;
mod link;
mod prompt;
mod rules;
mod serve;
#[cfg(test)]
mod tests;

use gatepost_words::ident::{Person, Service, Source};
use gatepost_words::job::{Delivered, Letter};
use gatepost_words::text::{Say, SignIn};
use gatepost_words::time::Boot;
use gatepost_words::wire::{Hello, Verdict};
use serde_json::Value;

use self::delivery::Outgoing;
pub use self::serve::{Detach, Fork, serve};
use crate::code::key::Key;
use crate::config::Config;
use crate::host::{self, Host, Now, ProcessId};
use crate::people::LookupError;
use crate::policy::limits::{DEADLINE_CEILING, DEADLINE_SLACK};
use crate::policy::rules::Groups;
use crate::policy::versions::InForce;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::mails::Of;
use crate::store::signin::{Challenge, Closed, Opening, Waiting};
use crate::witness::Witness;

/// What is next.
#[derive(Debug)]
#[must_use]
pub enum Step {
    /// Show the text and wait for an answer.
    Ask(String),
    /// The end.
    End(End),
}

/// The end of a sign-in.
#[derive(Debug)]
pub struct End {
    /// For the module.
    pub verdict: Verdict,
    /// A last line for the person.
    pub say: Option<String>,
    /// For the log.
    pub closed: Closed,
    /// Why, in a word, for the log.
    pub why: String,
}

/// What a sign-in with a fault left in the store.
#[derive(Debug)]
pub enum GivenUp {
    /// Nothing: its beginning was not recorded, and nobody will close it.
    NotBegun,
    /// Its decision.
    Closed(Closed),
    /// A conversation of that number, which a later sign-in closes as `lost`.
    Open(i64),
}

/// Why a sign-in could not go on: each one is a refusal.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kernel's generator failed.
    #[error(transparent)]
    Randomness(#[from] host::NoRandomness),
    /// The password database failed.
    #[error(transparent)]
    Lookup(#[from] LookupError),
    /// The module sent a name that cannot be one.
    #[error(transparent)]
    Name(#[from] gatepost_words::ident::BadName),
}

/// A sign-in under way.
#[derive(Debug)]
pub struct Login<'c, H> {
    host: &'c H,
    config: &'c Config,
    key: &'c Key,
    store: Store,
    witness: Option<Witness>,
    started: Boot,
    case: Case,
    sign_in: SignIn,
    waiting: Option<Waiting>,
    current: Option<Challenge>,
    letter: Option<Letter>,
    /// Whose delivery is under way.
    of: Option<Of>,
    delivery: Outgoing,
    /// Answers that were compared or would have been.
    answers: u32,
    /// Empty answers and commands.
    free: u32,
    /// What an answer meets where there is no code to compare it with.
    closed_door: Option<Say>,
    /// Why it ends, in a word for the log, once all tries are used up.
    ending: &'static str,
    /// What an administrator should know of this login, for its line in the log.
    notes: Vec<String>,
}

/// Who signs in where: what does not change.
#[derive(Debug)]
struct Case {
    hello: Hello,
    person: Option<Person>,
    typed: String,
    service: Service,
    source: Source,
    rules: InForce,
    groups: Groups,
    process: ProcessId,
    host_name: String,
    detail: Value,
}

/// What is left of a login whose person is gone: enough to record its delivery.
#[derive(Debug)]
struct Remains {
    case: Case,
    of: Option<Of>,
}

impl Case {
    /// Records an attempt's end.
    fn record(
        &self,
        store: &mut Store,
        now: &Now,
        of: Option<Of>,
        delivered: &Delivered,
        done: bool,
    ) -> Result<(), Fault> {
        if let Some(of) = of {
            store.delivered(now, &self.opening(), &of, delivered, done)?;
        }
        Ok(())
    }

    fn opening(&self) -> Opening<'_> {
        Opening {
            person: self.person.as_ref(),
            typed: &self.typed,
            service: &self.service,
            source: &self.source,
            rules: &self.rules,
            groups: &self.groups,
            host: &self.host_name,
            process: self.process,
            proved: self.hello.after,
            decoy: self.hello.decoy,
            detail: self.detail.clone(),
        }
    }

    fn neutral(&self) -> bool {
        self.hello.decoy
    }
}

impl<H: Host> Login<'_, H> {
    /// What the login's line in the log should add.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Tells the witness how far the log has come; to be called after each step.
    fn witness(&self) {
        if let Some(witness) = &self.witness
            && let Ok(seq) = self.store.last_seq()
        {
            witness.note(seq);
        }
    }

    /// When this login is over at the latest.
    pub fn deadline(&self) -> Boot {
        let now = self.host.now().moment.at;
        let life = self.config.policy.limits.life;
        if self.case.neutral() {
            // The same for a real code, a resumed one and a dummy.
            return self.started.plus(life).plus(DEADLINE_SLACK);
        }
        let end = self
            .current
            .as_ref()
            .map_or(now.plus(life), |challenge| challenge.expires);
        end.plus(DEADLINE_SLACK)
            .min(self.started.plus(DEADLINE_CEILING))
    }

    /// Whether something is left to do that needs no person.
    fn notice_due(&self) -> bool {
        self.store.notice_due(&self.host.now()).unwrap_or(false)
    }

    /// Keeps the store's log short, once nobody waits for this login any more.
    pub(super) fn settle(&mut self) {
        // What could not be done is left to the next one, and in the end to gatepost maintain.
        let _left_to_the_next = self.store.settle_log();
    }

    /// Closes the store and keeps what a delivery that is still under way must be recorded with.
    fn into_remains(self) -> Remains {
        Remains {
            case: self.case,
            of: self.of,
        }
    }
}
