//! Bypass codes at the prompt, and the end of a login whose source is shielded. The model is the
//! recovery code's, but for the time: whatever keeps a bypass code from being compared costs what the
//! comparison costs.

use gatepost_words::ident::Source;
use gatepost_words::text::Say;
use gatepost_words::time::Span;
use gatepost_words::wire::Verdict;

use super::answer::Last;
use super::prompt::locked;
use super::{Fault, Login, Step};
use crate::code::bypass::BypassCode;
use crate::host::Host;
use crate::policy::lockout::Lock;
use crate::store::bypass::BypassMatch;
use crate::store::guesses::Counted;

impl<H: Host> Login<'_, H> {
    /// A guess at a bypass code.
    pub(super) fn bypass(&mut self, typed: &BypassCode) -> Result<Step, Fault> {
        let Some(waiting) = self
            .waiting
            .clone()
            .filter(|waiting| waiting.account.is_some())
        else {
            typed.spend();
            return self.wrong(&Say::WrongBypass, Last::No);
        };
        let now = self.host.now();
        let opening = self.case.opening();
        let policy = &self.config.policy;
        let (counted, hash) =
            self.store
                .count_bypass(&now, &opening, policy, &waiting, &typed.index())?;
        let (guess, hash) = match (counted, hash) {
            (Counted::Compare { guess, .. }, Some(hash)) => (guess, hash),
            (counted, _) => {
                typed.spend();
                let shut = |left| Say::BypassLocked { left };
                return self.not_compared(&counted, &Say::WrongBypass, shut);
            }
        };
        let Some(verified) = typed.verify(&hash.hash) else {
            return self.wrong(&Say::WrongBypass, Last::No);
        };
        let matched = BypassMatch {
            code: hash,
            guess,
            verified,
        };
        let unused = self.current.as_ref().map(|challenge| challenge.id);
        let now = self.host.now();
        let consumed = self
            .store
            .consume_bypass(&now, &opening, &waiting, matched, unused)?;
        match consumed {
            Some(consumed) => Ok(self.success(consumed, "bypass code")),
            None => self.wrong(&Say::WrongBypass, Last::No),
        }
    }

    /// The end of a guess at a code that is kept as a hash and was not compared: `wrong` where there is no
    /// such code, `shut` while its own budget is used up.
    pub(super) fn not_compared(
        &mut self,
        counted: &Counted,
        wrong: &Say,
        shut: fn(Span) -> Say,
    ) -> Result<Step, Fault> {
        match counted {
            Counted::Shielded(left) => self.shielded(*left),
            Counted::Locked(Lock::Window(left)) => self.wrong(&shut(*left), Last::No),
            Counted::Locked(lock @ (Lock::Row | Lock::Open)) => {
                self.wrong(&locked(*lock), Last::No)
            }
            // One that is to be compared has its hash; without it there is nothing to compare.
            Counted::Compare { .. } | Counted::Dead(_) | Counted::NoSuchCode => {
                self.wrong(wrong, Last::No)
            }
        }
    }

    /// An answer from a source that was shielded meanwhile. A plain stack ends the login and says so; in a
    /// decoy stack it is a wrong code like any other.
    pub(super) fn shielded(&mut self, left: Span) -> Result<Step, Fault> {
        self.ending = SHIELD;
        if self.case.neutral() {
            let say = self.shut_for_nobody();
            return self.wrong(&say, Last::No);
        }
        self.end_shielded(left)
    }

    /// The same for one that is no guess: `r`.
    pub(super) fn shielded_freely(&mut self, left: Span) -> Result<Step, Fault> {
        self.ending = SHIELD;
        if self.case.neutral() {
            let say = self.shut_for_nobody();
            return self.free(&say);
        }
        self.end_shielded(left)
    }

    fn shut_for_nobody(&mut self) -> Say {
        let life = self.config.policy.limits.life;
        self.shut(Say::Neutral { life })
    }

    fn end_shielded(&mut self, left: Span) -> Result<Step, Fault> {
        let say = refused_source(&self.case.source, left);
        let notice = self.guessed();
        let step = self.end(Verdict::Denied, SHIELD, notice)?;
        Ok(match step {
            Step::End(end) => Step::End(super::End {
                say: Some(say),
                ..end
            }),
            asked @ Step::Ask(_) => asked,
        })
    }
}

/// The last line for somebody whose source is shielded.
pub(super) fn refused_source(source: &Source, left: Span) -> String {
    format!(
        "Sign-ins from {source} are refused for another {left}. If this is a mistake, ask your \
         administrator."
    )
}

/// Why a shielded login ended, in the log.
pub(super) const SHIELD: &str = "shield";
