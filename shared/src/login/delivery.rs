//! The mail of a sign-in: the letter that is to go out, how it fares, and what is told of it. Who sends
//! it is [`super::serve()`]'s.

use gatepost_words::job::{Content, Delivered, Letter, Outcome};
use gatepost_words::text::{DeliveryState, Say};
use gatepost_words::time::Wall;

use super::{Fault, Login};
use crate::code::Code;
use crate::host::{self, Host, Now};
use crate::store::mails::{Earlier, Of};
use crate::store::signin::Mailing;

/// How the mail of this login fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outgoing {
    /// None was sent.
    Nothing,
    /// A sender has it.
    Running,
    /// A relay took it.
    Accepted(Wall),
    /// No relay took it.
    Failed,
    /// It went out for an earlier connection.
    Earlier,
}

impl<H: Host> Login<'_, H> {
    pub(super) fn mail(&mut self, mailing: Mailing, code: &Code, now: &Now) -> Say {
        let Mailing { challenge, to } = mailing;
        let life = self.config.policy.limits.life;
        let content = Content::Code {
            code: code.grouped(),
            service: self.case.service.as_str().to_owned(),
            source: self.case.source.to_string(),
            valid_for: life.to_string(),
            reference: challenge.reference.clone(),
            code_in_subject: self.config.mail.code_in_subject,
        };
        let account = self.sign_in.user.clone();
        self.letter = Some(crate::mail::letter(
            self.config,
            to.as_str(),
            &account,
            content,
            now.wall,
        ));
        self.delivery = Outgoing::Running;
        self.of = self.waiting.as_ref().and_then(|waiting| {
            let (account, conversation) = (waiting.account?, waiting.conversation);
            Some(Of {
                account,
                conversation,
                challenge: challenge.id,
                generation: waiting.generation,
            })
        });
        let say = Say::Sent {
            to: to.masked(),
            reference: challenge.reference.clone(),
            life,
        };
        self.current = Some(challenge);
        self.closed_door = None;
        say
    }

    /// The letter that is to go out now, once.
    pub fn take_letter(&mut self) -> Option<Letter> {
        self.letter.take()
    }

    /// One attempt of this login's delivery came to its end. A record of it that cannot be written
    /// ends nothing: the person may have the mail. The code is not resumed then once the delivery's
    /// time is over, and its send stays charged, as for a helper that died.
    pub fn delivered(&mut self, delivered: &Delivered, done: bool) {
        let now = self.host.now();
        if delivered.outcome == Outcome::Accepted {
            self.delivery = Outgoing::Accepted(now.wall);
        } else if done {
            self.delivery = Outgoing::Failed;
        }
        let recorded = self
            .case
            .record(&mut self.store, &now, self.of, delivered, done);
        if let Err(fault) = recorded {
            self.notes.push(format!(
                "the delivery ({}) is not on record: {fault}",
                delivered.outcome.word()
            ));
        }
    }

    pub(super) fn delivery_state(&self) -> Result<DeliveryState, Fault> {
        Ok(match self.delivery {
            Outgoing::Nothing => DeliveryState::None,
            Outgoing::Running => DeliveryState::Running,
            Outgoing::Accepted(at) => DeliveryState::Accepted(host::local_time_of_day(at)),
            Outgoing::Failed => DeliveryState::Failed,
            Outgoing::Earlier => match &self.current {
                None => DeliveryState::None,
                Some(challenge) => {
                    match self
                        .store
                        .delivery_of(challenge.id, &self.host.now().moment)?
                    {
                        Earlier::Accepted(at) => {
                            DeliveryState::Accepted(host::local_time_of_day(at))
                        }
                        Earlier::Running => DeliveryState::Running,
                        Earlier::Failed => DeliveryState::Failed,
                    }
                }
            },
        })
    }
}
