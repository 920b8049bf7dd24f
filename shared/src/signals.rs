//! Signals of a program that somebody uses at a terminal: held back, so that none of them stops or ends
//! it while it holds the store's lock, or between a commit and its line in the system log.
//!
//! `kill` is not theirs, but their terminal is: what it generates (`^Z`, `^C`, a hang-up, output from the
//! background) reaches a program of root's too. The login does without this: the helper has a session
//! of its own and no terminal.

use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal, raise};

/// Whether this thread and those that it begins hear them never again but where [`hear`] says so.
static FOR_GOOD: AtomicBool = AtomicBool::new(false);

/// Holds back every signal that can be held back, on this thread and those that it begins from now on.
pub fn hold() -> Result<(), Errno> {
    let mut held = SigSet::all();
    // Faults of our own are not put off.
    for fault in [
        Signal::SIGSEGV,
        Signal::SIGBUS,
        Signal::SIGFPE,
        Signal::SIGILL,
        Signal::SIGABRT,
        Signal::SIGTRAP,
        Signal::SIGSYS,
    ] {
        held.remove(fault);
    }
    held.thread_set_mask()
}

/// As [`hold`], for a program of several threads: a stop that one thread lets in stops them all, so
/// [`let_in`] lets none in from here on.
pub fn hold_for_good() -> Result<(), Errno> {
    FOR_GOOD.store(true, Ordering::Relaxed);
    hold()
}

/// Lets in what was held back while `work` waits for a person, a terminal or the network. Never called
/// inside a transaction.
pub fn let_in<T>(work: impl FnOnce() -> T) -> T {
    if FOR_GOOD.load(Ordering::Relaxed) {
        return work();
    }
    with_none_held(work)
}

fn with_none_held<T>(work: impl FnOnce() -> T) -> T {
    // Where the mask cannot be had it stays, and only the end comes late.
    let before = SigSet::empty().thread_swap_mask(nix::sys::signal::SigmaskHow::SIG_SETMASK);
    let done = work();
    if let Ok(before) = before {
        let _always_valid = before.thread_set_mask();
    }
    done
}

/// Begins another program, to which none are held back: it inherits what this thread has. The caller made
/// sure that no thread is inside the store ([`crate::store::inside::alone`]): for that moment a stop would
/// stop this process too.
pub fn as_a_child_has_them<T>(begin: impl FnOnce() -> T) -> T {
    with_none_held(begin)
}

/// Waits until the terminal asks for a stop, on a thread of a process that holds it back on all others.
pub fn wait_for_stop() -> Result<(), Errno> {
    let mut stop = SigSet::empty();
    stop.add(Signal::SIGTSTP);
    stop.wait().map(drop)
}

/// Has this thread hear some signals, by their numbers: those that have a handler.
pub fn hear(numbers: &[i32]) -> Result<(), Errno> {
    let mut heard = SigSet::empty();
    for number in numbers {
        heard.add(Signal::try_from(*number)?);
    }
    heard.thread_unblock()
}

/// Waits until the terminal's size changed, without a handler: whoever has one elsewhere never runs.
pub fn wait_for_resize() -> Result<(), Errno> {
    let mut resized = SigSet::empty();
    resized.add(Signal::SIGWINCH);
    resized.wait().map(drop)
}

/// Stops this process until somebody lets it go on. The caller made sure that no thread of it is inside
/// the store ([`crate::store::inside::alone`]).
pub fn stop_here() -> Result<(), Errno> {
    let mut stop = SigSet::empty();
    stop.add(Signal::SIGTSTP);
    // Raised while it is held: it comes when it is let in, on this thread, before that call returns.
    raise(Signal::SIGTSTP)?;
    stop.thread_unblock()?;
    stop.thread_block()
}
