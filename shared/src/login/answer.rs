//! What a person typed: a command, a guess at exactly one factor, or nothing. A guess is counted before
//! it is compared, and only the store says that one let in. Bypass codes are [`super::bypass`]'s.

use gatepost_words::text::{NoMail, Say};
use gatepost_words::wire::Verdict;

use super::prompt::locked;
use super::{Fault, Login, Step};
use crate::code::Code;
use crate::code::key::Purpose;
use crate::code::recovery::RecoveryCode;
use crate::code::typed::Typed;
use crate::host::Host;
use crate::policy::challenge::State;
use crate::policy::limits::FREE_ANSWERS;
use crate::store::guesses::{Counted, RecoveryMatch};
use crate::store::signin::Prompt;

impl<H: Host> Login<'_, H> {
    /// A person's answer, with the user name as the module reads it now.
    pub fn answer(&mut self, user: &str, text: &[u8]) -> Result<Step, Fault> {
        if user != self.case.hello.user {
            return self.end(Verdict::Refuse, "user-changed", self.guessed());
        }
        match Typed::read(text) {
            Typed::Empty => {
                let state = self.delivery_state()?;
                self.free(&Say::Delivery(state))
            }
            Typed::Help => self.free(&Say::Help),
            Typed::OtherFactor => self.free(&Say::NoSuchFactor),
            Typed::Resend => self.resend(),
            Typed::Code(code) => self.code(&code),
            Typed::Recovery(code) => self.recovery(&code),
            Typed::Bypass(code) => self.bypass(&code),
        }
    }

    fn resend(&mut self) -> Result<Step, Fault> {
        let Some(waiting) = self
            .waiting
            .clone()
            .filter(|waiting| waiting.account.is_some())
        else {
            return self.free(&Say::Neutral {
                life: self.config.policy.limits.life,
            });
        };
        if self.free >= FREE_ANSWERS {
            return self.free(&Say::Help);
        }
        let (code, fresh) = self.fresh_code()?;
        let current = self.current.as_ref().map(|challenge| challenge.id);
        let policy = &self.config.policy;
        let (now, prompt) = self.under_the_policy(|store, now, opening| {
            store.resend(now, opening, policy, &fresh, &waiting, current)
        })?;
        let say = match prompt {
            Prompt::Mail(mailing) => {
                let reference = mailing.challenge.reference.clone();
                let _sent = self.mail(mailing, &code, &now);
                Say::Resent { reference }
            }
            Prompt::NoMail(NoMail::Limit(wait)) => Say::ResendLater(wait),
            Prompt::NoMail(reason) => Say::NotSent(reason),
            Prompt::Locked(lock) => self.shut(locked(lock)),
            Prompt::Shielded(left) => return self.shielded_freely(left),
            Prompt::Dummy | Prompt::Resumed { .. } => self.shut(Say::Over),
        };
        self.free(&say)
    }

    fn code(&mut self, typed: &Code) -> Result<Step, Fault> {
        let (Some(waiting), Some(challenge)) = (self.waiting.clone(), self.current.clone()) else {
            let life = self.config.policy.limits.life;
            let say = self.closed_door.clone().unwrap_or(Say::Neutral { life });
            return self.wrong(&say, Last::No);
        };
        let now = self.host.now();
        let opening = self.case.opening();
        let policy = &self.config.policy;
        match self
            .store
            .count_guess(&now, &opening, policy, &waiting, challenge.id)?
        {
            Counted::Compare { guess, left } => {
                let matched =
                    self.key
                        .verify(Purpose::SignIn, &challenge.id, typed, &challenge.tag);
                let Some(verified) = matched else {
                    let last = if left == 0 { Last::Yes } else { Last::No };
                    let tries = left.min(policy.limits.tries.saturating_sub(self.answers + 1));
                    return self.wrong(&Say::Wrong { tries }, last);
                };
                let now = self.host.now();
                let consumed =
                    self.store
                        .consume(&now, &opening, &waiting, challenge.id, guess, verified)?;
                match consumed {
                    Some(consumed) => Ok(self.success(consumed, "code")),
                    None => self.wrong(&Say::Used, Last::No),
                }
            }
            Counted::Locked(lock) => {
                let say = self.shut(locked(lock));
                self.wrong(&say, Last::No)
            }
            Counted::Dead(state) => self.wrong(&dead(state), Last::No),
            Counted::NoSuchCode => self.wrong(&Say::Expired, Last::No),
            Counted::Shielded(left) => self.shielded(left),
        }
    }

    fn recovery(&mut self, typed: &RecoveryCode) -> Result<Step, Fault> {
        let Some(waiting) = self
            .waiting
            .clone()
            .filter(|waiting| waiting.account.is_some())
        else {
            return self.wrong(&Say::WrongRecovery, Last::No);
        };
        let now = self.host.now();
        let opening = self.case.opening();
        let policy = &self.config.policy;
        let (counted, hash) =
            self.store
                .count_recovery(&now, &opening, policy, &waiting, &typed.index())?;
        let (guess, hash) = match (counted, hash) {
            (Counted::Compare { guess, .. }, Some(hash)) => (guess, hash),
            (counted, _) => {
                let shut = |left| Say::RecoveryLocked { left };
                return self.not_compared(&counted, &Say::WrongRecovery, shut);
            }
        };
        let Some(verified) = typed.verify(&hash.hash) else {
            return self.wrong(&Say::WrongRecovery, Last::No);
        };
        let matched = RecoveryMatch {
            code: hash,
            guess,
            verified,
        };
        let unused = self.current.as_ref().map(|challenge| challenge.id);
        let now = self.host.now();
        let consumed = self
            .store
            .consume_recovery(&now, &opening, &waiting, matched, unused)?;
        match consumed {
            Some(consumed) => Ok(self.success(consumed, "recovery code")),
            None => self.wrong(&Say::WrongRecovery, Last::No),
        }
    }

    /// An answer that is no guess.
    pub(super) fn free(&mut self, say: &Say) -> Result<Step, Fault> {
        self.free += 1;
        if self.free > FREE_ANSWERS {
            return self.end(
                Verdict::Refuse,
                "too many empty answers",
                Some("no code was typed"),
            );
        }
        Ok(Step::Ask(self.show(say)))
    }

    /// A guess that was not right, or could not be: the login ends with the last one.
    pub(super) fn wrong(&mut self, say: &Say, last: Last) -> Result<Step, Fault> {
        self.answers += 1;
        // In a decoy stack a resumed code with one try left must not end sooner than a dummy.
        let exhausted = last == Last::Yes && !self.case.neutral();
        if exhausted || self.answers >= self.config.policy.limits.tries {
            return self.end(
                Verdict::MaxTries,
                self.ending,
                Some("the codes that were typed were wrong"),
            );
        }
        Ok(Step::Ask(self.show(say)))
    }
}

/// Whether a wrong guess was the code's last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Last {
    Yes,
    No,
}

fn dead(state: State) -> Say {
    match state {
        State::Used => Say::Used,
        State::Replaced => Say::Replaced,
        State::Expired | State::Exhausted | State::Live => Say::Expired,
    }
}
