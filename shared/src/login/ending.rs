//! How a sign-in ends once it has begun: the one success, and every refusal. What ends without a prompt
//! is [`super::begin`]'s.

use gatepost_words::wire::{HostAnswer, Proved, Verdict};
use serde_json::json;

use super::{End, Fault, GivenUp, Login, Step};
use crate::host::Host;
use crate::store::guesses::Consumed;
use crate::store::signin::{Prompt, Waiting};

impl<H: Host> Login<'_, H> {
    /// The host answered in the person's place: nothing was guessed, nothing is counted.
    pub fn host_answered(&mut self, how: HostAnswer) -> Result<Step, Fault> {
        let why = match how {
            HostAnswer::Password => {
                "the host answered with the password: sshd's PasswordAuthentication fills hidden \
                 prompts; set KbdInteractiveAuthentication yes and PasswordAuthentication no"
            }
            HostAnswer::Junk => {
                "sshd withheld the answer: invalid user, or root without PermitRootLogin yes"
            }
        };
        self.end(Verdict::Refuse, why, self.guessed())
    }

    /// The module is gone: the connection was closed, the host was killed.
    pub fn left(&mut self) -> Result<Step, Fault> {
        self.end(Verdict::Broken, "left", Some("the connection was closed"))
    }

    /// The host's conversation failed: Ctrl-C at su's or sudo's prompt, or a host that cannot ask.
    pub fn not_asked(&mut self) -> Result<Step, Fault> {
        let why = "the conversation failed: Ctrl-C, or a host that cannot ask, such as sshd's \
                   PasswordAuthentication; set KbdInteractiveAuthentication yes and \
                   PasswordAuthentication no";
        self.end(Verdict::Broken, why, Some("the connection was closed"))
    }

    /// Nobody answered in time.
    pub fn timed_out(&mut self) -> Result<Step, Fault> {
        self.end(
            Verdict::Refuse,
            "timed out",
            Some("no code was typed in time"),
        )
    }

    /// Ends a login that had a fault, as far as the store still can; the fault stays a refusal.
    pub fn give_up(&mut self) -> GivenUp {
        let Some(waiting) = self.waiting.take() else {
            return GivenUp::NotBegun;
        };
        let now = self.host.now();
        let opening = self.case.opening();
        let detail = json!({"why": "fault"});
        // Most faults of a store are over at once: the lock was held, somebody freed some space.
        match self
            .store
            .close(&now, &opening, &waiting, "refuse", detail, None)
        {
            Ok(closed) => GivenUp::Closed(closed),
            Err(_the_first_one_is_told) => GivenUp::Open(waiting.conversation),
        }
    }

    /// What its owner should hear of a login that ends in a way of which nothing is told otherwise: that
    /// codes were typed in it. Or somebody who guesses would end each login so, and never be told of.
    pub(super) fn guessed(&self) -> Option<&'static str> {
        (self.answers > 0).then_some("the codes that were typed were wrong")
    }

    /// The one success. It is made from what only the consuming transaction can make.
    pub(super) fn success(&mut self, consumed: Consumed, factor: &str) -> Step {
        self.waiting = None;
        let closed = consumed.into_closed();
        Step::End(End {
            verdict: Verdict::Success,
            say: None,
            closed,
            why: factor.to_owned(),
        })
    }

    /// Closes the conversation with a refusal; `notice` is what its owner should hear.
    pub(super) fn end(
        &mut self,
        verdict: Verdict,
        why: &str,
        notice: Option<&str>,
    ) -> Result<Step, Fault> {
        let now = self.host.now();
        let opening = self.case.opening();
        let waiting = self.waiting.clone().unwrap_or(Waiting {
            conversation: 0,
            account: None,
            generation: 0,
            prompt: Prompt::Dummy,
        });
        let notice = notice.filter(|_| self.case.hello.after == Proved::Password);
        let closed = self.store.close(
            &now,
            &opening,
            &waiting,
            "refuse",
            json!({"why": why}),
            notice,
        )?;
        self.waiting = None;
        Ok(Step::End(End {
            verdict,
            say: None,
            closed,
            why: why.to_owned(),
        }))
    }
}
