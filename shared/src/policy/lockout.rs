//! Failures → open, locked for a while, locked by the row.
//!
//! Failures belong to the account, whoever caused them and wherever. Windows end by themselves;
//! the row of failures without a success in between ends by a success or an administrator.

use gatepost_words::time::{Span, StoreTime};

use super::limits::{BYPASS_PER_DAY, BYPASS_PER_HOUR, Limits, RECOVERY_PER_DAY, RECOVERY_PER_HOUR};

const HOUR: Span = Span::from_hours(1);
const DAY: Span = Span::from_hours(24);

/// What the store counted of an account's failures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// When the failures of the last day were, newest first; as many as the day's limit suffice.
    pub recent: Vec<StoreTime>,
    /// Failures since the last success or unlocking.
    pub in_a_row: u32,
    /// Whether an administrator locked the account.
    pub held: bool,
}

/// Whether an account's codes may be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Yes.
    Open,
    /// Not for so long.
    Window(Span),
    /// Not until an administrator unlocks it.
    Row,
}

impl Lock {
    /// Whether nothing may be compared.
    pub fn locked(self) -> bool {
        self != Self::Open
    }

    /// The word in events and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Window(_) => "window",
            Self::Row => "row",
        }
    }
}

/// Whether no code of any kind is taken until an administrator unlocks the account.
pub fn until_unlocked(tally: &Tally, limits: &Limits) -> bool {
    tally.held || tally.in_a_row >= limits.failures_in_a_row
}

/// The lock on mailed codes.
pub fn mailed(tally: &Tally, limits: &Limits, now: StoreTime) -> Lock {
    if until_unlocked(tally, limits) {
        return Lock::Row;
    }
    windows(
        &tally.recent,
        [
            (limits.failures_per_hour, HOUR),
            (limits.failures_per_day, DAY),
        ],
        now,
    )
}

/// The lock on recovery codes: a budget of their own, and the row.
pub fn recovery(tally: &Tally, row: u32, limits: &Limits, now: StoreTime) -> Lock {
    if tally.held || row >= limits.failures_in_a_row {
        return Lock::Row;
    }
    windows(
        &tally.recent,
        [(RECOVERY_PER_HOUR, HOUR), (RECOVERY_PER_DAY, DAY)],
        now,
    )
}

/// The lock on bypass codes: a budget of their own as well, and the row.
pub fn bypass(tally: &Tally, row: u32, limits: &Limits, now: StoreTime) -> Lock {
    if tally.held || row >= limits.failures_in_a_row {
        return Lock::Row;
    }
    windows(
        &tally.recent,
        [(BYPASS_PER_HOUR, HOUR), (BYPASS_PER_DAY, DAY)],
        now,
    )
}

/// Locked while as many failures as allowed lie within a window; until the oldest of them that
/// counts has left it.
fn windows(newest_first: &[StoreTime], windows: [(u32, Span); 2], now: StoreTime) -> Lock {
    let left = windows
        .into_iter()
        .filter_map(|(allowed, window)| {
            let deciding = usize::try_from(allowed).ok()?.checked_sub(1)?;
            let frees = newest_first.get(deciding)?.plus(window);
            (frees > now).then(|| frees.since(now))
        })
        .max();
    left.map_or(Lock::Open, Lock::Window)
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::{Span, StoreTime};

    use super::{Lock, Tally, bypass, mailed, recovery};
    use crate::policy::limits::Limits;

    const NOW: StoreTime = StoreTime::from_millis(1_000_000_000);

    /// So many failures, the newest a minute ago, one a minute before that.
    fn failures(count: i64) -> Tally {
        Tally {
            recent: (1..=count)
                .map(|mins| NOW.minus(Span::from_mins(mins)))
                .collect(),
            in_a_row: u32::try_from(count).unwrap(),
            held: false,
        }
    }

    #[test]
    fn ten_failures_in_an_hour_lock_until_the_tenth_is_an_hour_old() {
        let limits = Limits::default();
        assert_eq!(mailed(&failures(9), &limits, NOW), Lock::Open);
        assert_eq!(
            mailed(&failures(10), &limits, NOW),
            Lock::Window(Span::from_mins(50))
        );
        let later = NOW.plus(Span::from_mins(50));
        assert_eq!(mailed(&failures(10), &limits, later), Lock::Open);
    }

    #[test]
    fn twenty_failures_in_a_day_lock_for_the_rest_of_it() {
        let later = NOW.plus(Span::from_hours(2));
        assert_eq!(
            mailed(&failures(20), &Limits::default(), later),
            Lock::Window(Span::from_mins(22 * 60 - 20))
        );
    }

    #[test]
    fn the_row_locks_whatever_the_windows_say() {
        let tally = Tally {
            recent: Vec::new(),
            in_a_row: 100,
            held: false,
        };
        assert_eq!(mailed(&tally, &Limits::default(), NOW), Lock::Row);
        assert_eq!(
            recovery(&Tally::default(), 100, &Limits::default(), NOW),
            Lock::Row
        );
    }

    // Mutants: an administrator's lock leaves mailed, recovery or bypass codes open.
    #[test]
    fn an_administrators_lock_is_a_full_row() {
        let held = Tally {
            held: true,
            ..Tally::default()
        };
        assert_eq!(mailed(&held, &Limits::default(), NOW), Lock::Row);
        assert_eq!(recovery(&held, 0, &Limits::default(), NOW), Lock::Row);
        assert_eq!(bypass(&held, 0, &Limits::default(), NOW), Lock::Row);
    }

    // Mutant: bypass codes are not locked by the row; or not by their windows.
    #[test]
    fn bypass_codes_have_their_own_budget_and_the_row() {
        let limits = Limits::default();
        assert_eq!(bypass(&failures(4), 50, &limits, NOW), Lock::Open);
        assert_eq!(
            bypass(&failures(5), 50, &limits, NOW),
            Lock::Window(Span::from_mins(55))
        );
        let later = NOW.plus(Span::from_hours(2));
        assert_eq!(
            bypass(&failures(10), 50, &limits, later),
            Lock::Window(Span::from_mins(22 * 60 - 10))
        );
        assert_eq!(bypass(&Tally::default(), 100, &limits, NOW), Lock::Row);
    }

    #[test]
    fn recovery_codes_have_their_own_budget() {
        assert_eq!(
            recovery(&failures(4), 50, &Limits::default(), NOW),
            Lock::Open
        );
        assert_eq!(
            recovery(&failures(5), 50, &Limits::default(), NOW),
            Lock::Window(Span::from_mins(55))
        );
    }
}
