//! Changing the address that codes go to.

use gatepost_words::ident::EmailAddress;
use serde::Serialize;

use super::super::mail::Attempt;
use super::super::roles::Right;
use super::super::{Admin, AdminError};
use super::{Asked, Proof, Versions};
use crate::store::accounts::Confirmation;

/// An address that was changed, or is to be.
#[derive(Debug, Serialize)]
pub struct Moved {
    /// Whose.
    pub user: String,
    /// Where codes went until now, masked; empty where they went nowhere.
    pub before: String,
    /// Where they are to go, masked.
    pub address: String,
    /// What tells `before` apart from another address with the same mask; none where the key cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_fingerprint: Option<String>,
    /// The same of `address`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_fingerprint: Option<String>,
    /// Whether they go there already.
    pub confirmed: bool,
    /// The confirmation mail's deliveries, where one was sent.
    pub mail: Vec<Attempt>,
    /// The account's version before and after.
    #[serde(skip)]
    pub versions: Versions,
}

impl Moved {
    /// Where codes went until now, with its fingerprint.
    pub fn before_told(&self) -> String {
        marked(&self.before, self.before_fingerprint.as_deref())
    }

    /// Where they are to go, with its fingerprint.
    pub fn address_told(&self) -> String {
        marked(&self.address, self.address_fingerprint.as_deref())
    }
}

/// A masked address and what tells it from others: `d***@e***.org [7k3q0zsn]`.
pub(in crate::admin) fn marked(mask: &str, fingerprint: Option<&str>) -> String {
    match fingerprint {
        Some(fingerprint) if !fingerprint.is_empty() => format!("{mask} [{fingerprint}]"),
        Some(_) | None => mask.to_owned(),
    }
}

impl Admin {
    /// Has an account's codes go to another address: from now on by the administrator's word, else
    /// once the code that is mailed there was typed. The old address is told of both.
    pub fn set_mail(
        &mut self,
        typed: &str,
        address: &str,
        proof: Proof,
        asked: impl Into<Asked>,
    ) -> Result<Moved, AdminError> {
        self.may(Right::Accounts)?;
        let address = EmailAddress::new(address.to_owned())?;
        let (name, account) = self.enrolled(typed)?;
        let actor = self.actor_of_addresses();
        let confirmed = account
            .addresses
            .iter()
            .filter(|one| one.confirmed.is_some());
        let before: Vec<EmailAddress> = confirmed
            .filter_map(|one| EmailAddress::new(one.address.clone()).ok())
            .collect();
        let (confirmation, code) = match proof {
            Proof::Word => (Confirmation::Word, None),
            Proof::Code => {
                let (id, tag, code) = self.draw_confirmation()?;
                let most = self.config.policy.limits.mails_per_address_per_day;
                (Confirmation::Code { id, tag, most }, Some(code))
            }
        };
        let now = self.host.now();
        let versions =
            self.store
                .set_address(&now, &actor, &name, &address, &confirmation, &asked.into())?;
        self.log("user-set-mail", name.as_str());
        let mail = match code {
            None => Vec::new(),
            Some(code) => self.mail_confirmation(&name, &address, &code)?,
        };
        let marks = actor.fingerprints.as_ref();
        let told = |all: &[EmailAddress], tell: &dyn Fn(&EmailAddress) -> String| {
            let all: Vec<String> = all.iter().map(tell).collect();
            all.join(" ")
        };
        Ok(Moved {
            user: name.to_string(),
            before: told(&before, &EmailAddress::masked),
            address: address.masked(),
            before_fingerprint: marks.map(|marks| told(&before, &|one| marks.of(one))),
            address_fingerprint: marks.map(|marks| marks.of(&address)),
            confirmed: proof == Proof::Word,
            mail,
            versions,
        })
    }
}
