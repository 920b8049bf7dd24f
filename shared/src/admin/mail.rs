//! Mails as an administrator sees them: the test message, and what became of the others.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::job::{Content, Delivered, Outcome};
use gatepost_words::text::sanitise;
use serde::Serialize;
use serde_json::json;

use super::roles::Right;
use super::{Admin, AdminError, stamp};
use crate::mail;
use crate::store::events::Event;
use crate::store::kinds::Kind;
use crate::store::mails::Delivery;

/// One attempt to hand a message to one relay.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// The relay, as `host:port`.
    pub relay: String,
    /// The word for how it ended: `accepted`, `transient`, `tls` …
    pub outcome: &'static str,
    /// The relay's words, or what went wrong.
    pub reply: String,
    /// `Message-ID`, empty where nothing was sent.
    pub message_id: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
    /// What to mend, though it may have been accepted: an own template that could not be used.
    pub warning: Option<String>,
}

/// A delivery in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its row, for the next page.
    #[serde(skip)]
    pub key: i64,
    /// When, RFC 3339.
    pub at: String,
    /// Whose.
    pub user: String,
    /// `code`, `confirmation`, `half-finished` …
    pub kind: String,
    /// The relay, as `host:port`.
    pub relay: String,
    /// The word for how it ended.
    pub outcome: String,
    /// The relay's words.
    pub reply: String,
    /// `Message-ID`.
    pub message_id: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
}

/// What became of a test message.
#[derive(Debug, Serialize)]
pub struct Tested {
    /// Where it went, masked.
    pub address: String,
    /// Every attempt, the last one telling how it ended.
    pub mail: Vec<Attempt>,
    /// Whether a relay took it.
    pub accepted: bool,
}

impl Admin {
    /// Sends the test message.
    pub fn test_mail(&mut self, address: &str, why: Option<&str>) -> Result<Tested, AdminError> {
        self.may(Right::Mail)?;
        let address = EmailAddress::new(address.to_owned())?;
        let mail = self.send("test", &address, None, Content::Test)?;
        let accepted = super::users::accepted(&mail);
        let actor = self.actor_of_addresses().because(why);
        let detail = json!({"accepted": accepted});
        let detail = actor.naming(detail, "address", std::slice::from_ref(&address));
        let event = Event {
            kind: Kind::MailTest,
            account: "",
            service: "",
            source: "",
            conversation: None,
            detail: actor.sign(detail),
        };
        self.store.record(self.host.now().wall, &event)?;
        self.log("mail-test", "");
        Ok(Tested {
            address: address.masked(),
            mail,
            accepted,
        })
    }

    /// The newest deliveries; of one user where one is named.
    pub fn mails(&self, user: Option<&str>, limit: u32) -> Result<Vec<Listed>, AdminError> {
        self.may(Right::Look)?;
        self.mails_before(user, None, limit)
    }

    /// The newest deliveries before that row; of one user where one is named.
    pub fn mails_before(
        &self,
        user: Option<&str>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Listed>, AdminError> {
        self.may(Right::Look)?;
        let account = match user {
            None => None,
            Some(user) => Some(self.enrolled(user)?.1.id),
        };
        let deliveries = self.store.deliveries(account, before, limit)?;
        Ok(deliveries.into_iter().map(Listed::from).collect())
    }

    pub(super) fn mails_of(
        &self,
        account: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Listed>, AdminError> {
        let deliveries = self.store.deliveries(account, None, limit)?;
        Ok(deliveries.into_iter().map(Listed::from).collect())
    }

    /// Delivers a letter now and records each attempt. No transaction is open meanwhile.
    pub(super) fn send(
        &mut self,
        kind: &'static str,
        address: &EmailAddress,
        owner: Option<&UserName>,
        content: Content,
    ) -> Result<Vec<Attempt>, AdminError> {
        let now = self.host.now();
        let name = owner.map_or("", UserName::as_str);
        let letter = mail::letter(&self.config, address.as_str(), name, content, now.wall);
        let attempts = (self.post)(&self.config, self.host.as_ref(), kind, letter);
        let now = self.host.now();
        if let Some(owner) = owner {
            for attempt in &attempts {
                self.store.delivered_otherwise(&now, owner, attempt)?;
            }
        }
        Ok(attempts.iter().map(Attempt::from).collect())
    }
}

impl From<&Delivered> for Attempt {
    fn from(delivered: &Delivered) -> Self {
        Self {
            relay: sanitise(&delivered.relay),
            outcome: delivered.outcome.word(),
            reply: sanitise(&delivered.reply),
            message_id: sanitise(&delivered.message_id),
            millis: delivered.millis,
            warning: delivered.warning.as_deref().map(sanitise),
        }
    }
}

impl From<Delivery> for Listed {
    fn from(delivery: Delivery) -> Self {
        Self {
            key: delivery.id,
            at: stamp(delivery.at),
            user: sanitise(&delivery.account),
            kind: sanitise(&delivery.kind),
            relay: sanitise(&delivery.relay),
            outcome: sanitise(&delivery.outcome),
            reply: sanitise(&delivery.reply),
            message_id: sanitise(&delivery.message_id),
            millis: delivery.millis,
        }
    }
}

/// What an outcome's word means to a person, and what to look at.
pub fn meaning(outcome: &str) -> &'static str {
    match Outcome::from_word(outcome) {
        Some(Outcome::Accepted) => "accepted",
        Some(Outcome::Transient) => "not now: the relay asks to try later",
        Some(Outcome::Permanent) => "refused: the relay will not take this message",
        Some(Outcome::Connection) => "no connection, or it broke: check host, port and firewall",
        Some(Outcome::Tls) => "TLS failed: check the relay's name, certificate, tls and roots",
        Some(Outcome::Auth) => "the relay did not take the login: check username and password",
        Some(Outcome::Message) => "the message could not be made or the sender not be started",
        Some(Outcome::Lost) => "no answer in time: the sender was ended",
        None => "unknown",
    }
}

/// The same in a word or two, for where there is no more room.
pub fn in_short(outcome: &str) -> &'static str {
    match Outcome::from_word(outcome) {
        Some(Outcome::Accepted) => "accepted",
        Some(Outcome::Transient) => "not now",
        Some(Outcome::Permanent) => "refused",
        Some(Outcome::Connection) => "no connection",
        Some(Outcome::Tls) => "TLS failed",
        Some(Outcome::Auth) => "login refused",
        Some(Outcome::Message) => "not made",
        Some(Outcome::Lost) => "no answer",
        None => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::{Delivery, Listed};

    // A copy of another store may hold anything. Mutants: a text goes to the screen as it is.
    #[test]
    fn no_text_of_a_delivery_reaches_a_screen_as_it_is() {
        let odd = || "\u{1b}[2Jodd".to_owned();
        let listed = Listed::from(Delivery {
            id: 1,
            account: odd(),
            kind: odd(),
            relay: odd(),
            outcome: odd(),
            reply: odd(),
            message_id: odd(),
            millis: 1,
            at: 0,
        });
        let Listed {
            key: _,
            at,
            user,
            kind,
            relay,
            outcome,
            reply,
            message_id,
            millis: _,
        } = listed;
        for text in [at, user, kind, relay, outcome, reply, message_id] {
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }
}
