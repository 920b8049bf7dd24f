//! The time in which this process ends, whatever a relay does: a timer of its own that kills it.
//!
//! The helper kills a sender at its deadline. But a helper may itself be killed, and a relay that says
//! a byte a second never lets a read time out. The kernel keeps this timer; `SIGKILL` cannot be
//! blocked or ignored, whatever was inherited.

use gatepost_words::time::Span;
use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;

/// The timer; its end is this process's.
#[derive(Debug)]
pub(crate) struct Deadline(Timer);

/// No attempt takes longer, whatever a job says: the longest `mail.deadline`, and a little.
const LONGEST: Span = Span::from_secs(31);
/// What the helper is given to be the quicker one: it still reports what happened.
const GRACE: Span = Span::from_secs(1);

impl Deadline {
    /// Starts it, as long as it can be: the job is not there yet.
    pub(crate) fn start() -> Result<Self, String> {
        let kill = SigevNotify::SigevSignal {
            signal: Signal::SIGKILL,
            si_value: 0,
        };
        let timer = Timer::new(ClockId::CLOCK_BOOTTIME, SigEvent::new(kill))
            .map_err(|why| format!("cannot make a timer for the deadline: {why}"))?;
        let mut deadline = Self(timer);
        deadline.set(LONGEST)?;
        Ok(deadline)
    }

    /// Sets it to `time` from now, and a little.
    pub(crate) fn set(&mut self, time: Span) -> Result<(), String> {
        let end = time.min(LONGEST).to_std() + GRACE.to_std();
        self.0
            .set(Expiration::OneShot(end.into()), TimerSetTimeFlags::empty())
            .map_err(|why| format!("cannot set the timer for the deadline: {why}"))
    }
}
