//! What a prompt is about and what it says, always the same in decoy stacks. The words themselves are
//! [`gatepost_words::text`]'s.

use gatepost_words::text::Say;
use gatepost_words::time::Span;

use super::delivery::Outgoing;
use super::{Fault, Login, bypass};
use crate::code::key::Purpose;
use crate::code::{self, Code};
use crate::host::{Host, Now};
use crate::policy::lockout::Lock;
use crate::store::signin::{Fresh, Prompt};

impl<H: Host> Login<'_, H> {
    pub(super) fn fresh_code(&self) -> Result<(Code, Fresh), Fault> {
        let fill = |buffer: &mut [u8]| self.host.fill_random(buffer);
        let mut id = [0; 16];
        fill(&mut id)?;
        let code = Code::draw(self.config.policy.limits.shape, fill)?;
        let tag = self.key.tag(Purpose::SignIn, &id, &code);
        let reference = code::reference(fill)?;
        Ok((code, Fresh { id, reference, tag }))
    }

    /// Remembers what a prompt is about, and what to say.
    pub(super) fn take_prompt(&mut self, prompt: Prompt, code: &Code, now: &Now) -> Say {
        let life = self.config.policy.limits.life;
        let say = match prompt {
            Prompt::Mail(mailing) => self.mail(mailing, code, now),
            Prompt::Resumed {
                challenge,
                to,
                left,
            } => {
                let reference = challenge.reference.clone();
                self.current = Some(challenge);
                self.delivery = Outgoing::Earlier;
                Say::Resumed {
                    to: to.masked(),
                    reference,
                    left,
                }
            }
            Prompt::NoMail(reason) => self.shut(Say::NotSent(reason)),
            Prompt::Locked(lock) => self.shut(locked(lock)),
            Prompt::Shielded(_) => {
                self.ending = bypass::SHIELD;
                self.shut(Say::Neutral { life })
            }
            Prompt::Dummy => self.shut(Say::Neutral { life }),
        };
        if self.case.neutral() {
            Say::Neutral { life }
        } else {
            say
        }
    }

    /// No code can be compared: every answer meets the same words.
    pub(super) fn shut(&mut self, say: Say) -> Say {
        self.current = None;
        self.closed_door = Some(say.clone());
        say
    }

    /// The prompt's text; neutral in decoy stacks, whatever happened.
    pub(super) fn show(&self, say: &Say) -> String {
        if self.case.neutral() {
            return self.sign_in.prompt(&Say::Neutral {
                life: self.config.policy.limits.life,
            });
        }
        self.sign_in.prompt(say)
    }
}

pub(super) fn locked(lock: Lock) -> Say {
    match lock {
        Lock::Window(left) => Say::Locked { left: Some(left) },
        Lock::Row => Say::Locked { left: None },
        // Not locked: the caller asked about a lock that ended in between.
        Lock::Open => Say::Locked {
            left: Some(Span::ZERO),
        },
    }
}
