//! Enrolling an account, and confirming that mail for it arrives.

use gatepost_words::ident::{EmailAddress, UserName};
use gatepost_words::job::{Content, Outcome};
use gatepost_words::secret::Secret;
use serde::Serialize;

use super::super::mail::Attempt;
use super::super::roles::Right;
use super::super::{Admin, AdminError};
use super::view::{Mask, State, mask};
use super::{Acted, Asked};
use crate::code::Code;
use crate::code::key::{Purpose, Tag};
use crate::people;
use crate::store::accounts::{Account, CONFIRM_LIFE, Confirmation, Guarded};

/// How a new address becomes confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By a code that is mailed to it.
    Code,
    /// By the administrator's word, which is recorded as that.
    Word,
}

/// An enrolled account.
#[derive(Debug, Serialize)]
pub struct Added {
    /// Canonical name.
    pub user: String,
    /// Its uid.
    pub uid: u32,
    /// Where its codes are to go, masked.
    pub address: String,
    /// Whether they go there already.
    pub confirmed: bool,
    /// The confirmation mail's deliveries, where one was sent.
    pub mail: Vec<Attempt>,
}

/// A confirmation code that was sent anew.
#[derive(Debug, Serialize)]
pub struct Sent {
    /// Whose.
    pub user: String,
    /// Where to, masked.
    pub address: String,
    /// How it went.
    pub mail: Vec<Attempt>,
}

impl Admin {
    /// Enrols an account of this machine with an address.
    pub fn add_user(
        &mut self,
        typed: &str,
        address: &str,
        proof: Proof,
        why: Option<&str>,
    ) -> Result<Added, AdminError> {
        self.may(Right::Accounts)?;
        let typed = UserName::new(typed.to_owned())?;
        let address = EmailAddress::new(address.to_owned())?;
        let person = people::find(&typed)?;
        self.enrol(&person.name, person.uid, &address, proof, why)
    }

    /// Enrols a name and uid that the password database has.
    pub(in crate::admin) fn enrol(
        &mut self,
        name: &UserName,
        uid: u32,
        address: &EmailAddress,
        proof: Proof,
        why: Option<&str>,
    ) -> Result<Added, AdminError> {
        let (confirmation, code) = match proof {
            Proof::Word => (Confirmation::Word, None),
            Proof::Code => {
                let (id, tag, code) = self.draw_confirmation()?;
                let most = self.config.policy.limits.mails_per_address_per_day;
                (Confirmation::Code { id, tag, most }, Some(code))
            }
        };
        let now = self.host.now();
        self.store.add_account(
            &now,
            &self.actor_of_addresses().because(why),
            name,
            uid,
            address,
            &confirmation,
        )?;
        self.log("user-add", name.as_str());
        let mail = match code {
            None => Vec::new(),
            Some(code) => self.mail_confirmation(name, address, &code)?,
        };
        Ok(Added {
            user: name.to_string(),
            uid,
            address: address.masked(),
            confirmed: proof == Proof::Word,
            mail,
        })
    }

    /// Whether the account has a confirmation code that can be typed now.
    pub fn confirmation_open(&self, typed: &str) -> Result<bool, AdminError> {
        self.may(Right::Resend)?;
        let (name, account) = self.enrolled(typed)?;
        self.may_on(Right::Resend, &account)?;
        if unconfirmed(&account).is_none() {
            return Err(AdminError::NothingToConfirm(name.to_string()));
        }
        Ok(self.store.confirmation_open(&self.host.now(), &name)?)
    }

    /// Mails a new confirmation code; an earlier one dies.
    pub fn send_confirmation(
        &mut self,
        typed: &str,
        asked: impl Into<Asked>,
    ) -> Result<Sent, AdminError> {
        self.may(Right::Resend)?;
        let (name, account) = self.enrolled(typed)?;
        self.may_on(Right::Resend, &account)?;
        if unconfirmed(&account).is_none() {
            return Err(AdminError::NothingToConfirm(name.to_string()));
        }
        let (id, tag, code) = self.draw_confirmation()?;
        let now = self.host.now();
        let most = self.config.policy.limits.mails_per_address_per_day;
        let Asked {
            reason, version, ..
        } = asked.into();
        let address = self.store.renew_confirmation(
            &now,
            &self.actor_of_addresses().because(Some(&reason)),
            Guarded {
                seen: version,
                ..guarded(&name, &account)
            },
            id,
            &tag,
            most,
        )?;
        self.log("user-verify-sent", name.as_str());
        Ok(Sent {
            user: name.to_string(),
            mail: self.mail_confirmation(&name, &address, &code)?,
            address: address.masked(),
        })
    }

    /// Takes the code that was mailed to an address: counted first, then compared.
    pub fn confirm(
        &mut self,
        typed: &str,
        code: &Secret,
        why: Option<&str>,
    ) -> Result<Acted, AdminError> {
        self.may(Right::Resend)?;
        let (name, account) = self.enrolled(typed)?;
        self.may_on(Right::Resend, &account)?;
        let Some(address) = unconfirmed(&account) else {
            return Err(AdminError::NothingToConfirm(name.to_string()));
        };
        let address = mask(&address.address, Mask::Masked);
        // Read first: a key that is missing must not cost a try.
        self.key()?;
        let now = self.host.now();
        let pending = self
            .store
            .count_confirmation(&now, guarded(&name, &account))?;
        let code = Code::typed(code.expose());
        let verified = self
            .key()?
            .verify(Purpose::Confirmation, &pending.id, &code, &pending.tag);
        let Some(verified) = verified else {
            let user = name.to_string();
            return Err(AdminError::WrongCode { user, address });
        };
        let actor = self.actor_of_addresses().because(why);
        let versions = self
            .store
            .confirm(&now, &actor, &name, &pending, verified)?;
        self.log("user-confirmed", name.as_str());
        Ok(Acted {
            user: name.to_string(),
            act: "confirmed",
            before: State::Unconfirmed.into(),
            versions,
        })
    }

    /// A confirmation code, what it is bound to and its keyed hash.
    pub(super) fn draw_confirmation(&mut self) -> Result<([u8; 16], Tag, Code), AdminError> {
        let mut id = [0; 16];
        self.host.fill_random(&mut id)?;
        let shape = self.config.policy.limits.shape;
        let code = Code::draw(shape, |buffer| self.host.fill_random(buffer))?;
        let tag = self.key()?.tag(Purpose::Confirmation, &id, &code);
        Ok((id, tag, code))
    }

    pub(super) fn mail_confirmation(
        &mut self,
        name: &UserName,
        address: &EmailAddress,
        code: &Code,
    ) -> Result<Vec<Attempt>, AdminError> {
        let content = Content::Confirmation {
            code: code.grouped(),
            valid_for: CONFIRM_LIFE.to_string(),
        };
        self.send("confirmation", address, Some(name), content)
    }
}

/// Whether the last of the attempts was taken by a relay.
pub fn accepted(attempts: &[Attempt]) -> bool {
    attempts
        .last()
        .is_some_and(|last| last.outcome == Outcome::Accepted.word())
}

/// The account as the guards saw it.
fn guarded<'a>(name: &'a UserName, account: &Account) -> Guarded<'a> {
    Guarded {
        name,
        uid: account.uid,
        seen: None,
    }
}

/// The address that waits for its code.
fn unconfirmed(account: &Account) -> Option<&crate::store::accounts::Address> {
    account
        .addresses
        .iter()
        .find(|address| address.confirmed.is_none())
}
