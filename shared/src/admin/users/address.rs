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
    /// Whether they go there already.
    pub confirmed: bool,
    /// The confirmation mail's deliveries, where one was sent.
    pub mail: Vec<Attempt>,
    /// The account's version before and after.
    #[serde(skip)]
    pub versions: Versions,
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
        let before: Vec<String> = account
            .addresses
            .iter()
            .filter(|address| address.confirmed.is_some())
            .map(|address| super::mask(&address.address, super::Mask::Masked))
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
        let versions = self.store.set_address(
            &now,
            &self.actor,
            &name,
            &address,
            &confirmation,
            &asked.into(),
        )?;
        self.log("user-set-mail", name.as_str());
        let mail = match code {
            None => Vec::new(),
            Some(code) => self.mail_confirmation(&name, &address, &code)?,
        };
        Ok(Moved {
            user: name.to_string(),
            before: before.join(" "),
            address: address.masked(),
            confirmed: proof == Proof::Word,
            mail,
            versions,
        })
    }
}
