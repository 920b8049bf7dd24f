//! Who reads the keys: this console, or a program that the terminal is lent to. Two readers would share
//! them out at random.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The gate that the reader of keys goes through before it reads.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    turn: Mutex<Turn>,
    turned: Condvar,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Turn {
    /// The console's.
    #[default]
    Ours,
    /// Somebody else wants to; the reader may be at it still.
    Wanted,
    /// Somebody else's.
    Theirs,
}

/// How long the reader may take to let go: some of its turns.
const PATIENCE: Duration = Duration::from_secs(2);

impl Gate {
    /// Lets the reader through once it is its turn.
    pub(crate) fn pass(&self) {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        while *turn != Turn::Ours {
            *turn = Turn::Theirs;
            self.turned.notify_all();
            let waited = self.turned.wait(turn);
            turn = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lends the keys; false where the reader does not let go of them.
    pub(crate) fn lend(&self) -> bool {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        *turn = Turn::Wanted;
        let is_read = |turn: &mut Turn| *turn == Turn::Wanted;
        let waited = self.turned.wait_timeout_while(turn, PATIENCE, is_read);
        let (turn, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *turn == Turn::Theirs
    }

    /// The keys are the console's again.
    pub(crate) fn take_back(&self) {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        *turn = Turn::Ours;
        self.turned.notify_all();
    }

    /// Whether they are somebody else's.
    pub(crate) fn is_lent(&self) -> bool {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        *turn != Turn::Ours
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::Gate;

    // Mutants: keys are lent while they are read; they stay lent.
    #[test]
    fn keys_are_lent_only_once_the_reader_has_let_go() {
        let gate = Gate::default();
        gate.pass();
        assert!(!gate.lend(), "the reader is not back at the gate");
        assert!(gate.is_lent());
        gate.take_back();
        thread::scope(|scope| {
            let reader = scope.spawn(|| {
                while !gate.is_lent() {
                    thread::yield_now();
                }
                gate.pass();
            });
            assert!(gate.lend());
            assert!(!reader.is_finished());
            gate.take_back();
        });
        assert!(!gate.is_lent());
    }
}
