//! Whether a thread of this process is inside the store, so that nobody stops the process while one is:
//! a lock that a stopped process holds keeps every login waiting.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

static INSIDE: RwLock<()> = RwLock::new(());

/// How long whoever wants to be alone waits between two looks, and how often they look: three seconds,
/// longer than a transaction waits for its lock.
const PAUSE: Duration = Duration::from_millis(5);
const TRIES: u32 = 600;

/// A thread is inside as long as this lives.
#[must_use]
pub(super) struct Inside(
    #[expect(dead_code, reason = "held, not read")] RwLockReadGuard<'static, ()>,
);

/// Goes inside; waits while somebody wants to be alone.
pub(super) fn enter() -> Inside {
    Inside(INSIDE.read().unwrap_or_else(PoisonError::into_inner))
}

/// Does something while no thread is inside; none where that did not come about in three seconds.
pub fn alone<T>(work: impl FnOnce() -> T) -> Option<T> {
    // Looked for and not queued for: a thread that is inside may go further in.
    for _ in 0..TRIES {
        match INSIDE.try_write() {
            Ok(_alone) => return Some(work()),
            Err(std::sync::TryLockError::Poisoned(_alone)) => return Some(work()),
            Err(std::sync::TryLockError::WouldBlock) => pause(),
        }
    }
    None
}

#[expect(
    clippy::disallowed_methods,
    reason = "to queue would hold up a thread that is inside; the count bounds it to three seconds"
)]
fn pause() {
    std::thread::sleep(PAUSE);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::{alone, enter};

    // Mutant: alone() does not wait.
    #[expect(
        clippy::disallowed_methods,
        reason = "the lock is between threads, which the console has"
    )]
    #[test]
    fn whoever_is_alone_waits_for_those_inside_and_not_for_ever() {
        let (inside, is_inside) = mpsc::channel();
        let (leave, may_leave) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            let _inside = enter();
            inside.send(()).unwrap();
            let _told = may_leave.recv();
        });
        is_inside.recv().unwrap();
        assert_eq!(alone(|| 1), None);
        leave.send(()).unwrap();
        thread.join().unwrap();
        // Other tests of this process go in and out of stores of their own.
        assert_eq!(alone(|| 1), Some(1));
    }
}
