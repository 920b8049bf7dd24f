//! Whether the person at the terminal still has the role that they opened the console with. Each act asks
//! for itself; this is for what is only read, since a console may stay open for days.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use gatepost_shared::admin::roles::Operator;

use super::super::effect::Effect;
use super::Desk;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(10);
/// Looks in a row that may find nothing out: a directory that is down for a moment ends no console.
const UNKNOWN: u32 = 30;

/// What became of the role that the console was opened with.
pub(super) enum Now {
    /// It holds, for whoever acts.
    Holds(Operator),
    /// It cannot be known.
    Unknown(String),
    /// It is weaker, or gone.
    Gone(String),
}

/// Works until the console is over, and ends it when the role is gone.
pub(super) fn work(desk: &Desk, effects: &Receiver<Effect>) {
    let mut unknown = 0;
    while matches!(effects.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout)) {
        if let Some(why) = ends(desk.role(), &mut unknown) {
            return desk.end(why);
        }
    }
}

/// Why the console is to end, where it is. `unknown` looks in a row found nothing out.
fn ends(role: Now, unknown: &mut u32) -> Option<String> {
    match role {
        Now::Holds(_) => {
            *unknown = 0;
            None
        }
        Now::Unknown(why) => {
            *unknown += 1;
            (*unknown >= UNKNOWN).then_some(why)
        }
        Now::Gone(why) => Some(why),
    }
}

#[cfg(test)]
mod tests {
    use gatepost_shared::admin::{Called, operator};

    use super::{Now, UNKNOWN, ends};

    // Mutants: a role that is gone is waited for; a directory that is down is waited for without end, or
    // ends a console at once; looks that found nothing out add up over days.
    #[test]
    fn a_console_ends_with_its_role_and_outlives_a_directory_that_is_down_for_a_moment() {
        let unknown = || Now::Unknown("down".to_owned());
        let same = || Now::Holds(operator(Called::default()).unwrap());
        let mut count = 0;
        let gone = Now::Gone("gone".to_owned());
        assert_eq!(ends(gone, &mut count), Some("gone".to_owned()));
        for _ in 0..2 {
            for _ in 1..UNKNOWN {
                assert_eq!(ends(unknown(), &mut count), None);
            }
            assert_eq!(ends(same(), &mut count), None);
        }
        for _ in 1..UNKNOWN {
            assert_eq!(ends(unknown(), &mut count), None);
        }
        assert_eq!(ends(unknown(), &mut count), Some("down".to_owned()));
    }
}
