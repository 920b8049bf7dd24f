//! What the limits leave an attacker who has the password: `gatepost policy odds`.
//!
//! Each figure is the probability that at least one of so many independent guesses is right. All
//! factors count: the mailed code's budget, the recovery codes' own, and with known sources the
//! extra budget that at most doubles the first.

use super::limits::{Limits, RECOVERY_PER_DAY};
use crate::code::recovery;
use crate::code::{Alphabet, Shape};

/// Probabilities, each between 0 and 1.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Odds {
    /// Against one code.
    pub per_code: f64,
    /// In an hour.
    pub per_hour: f64,
    /// In a day.
    pub per_day: f64,
    /// Until the row locks the account for good.
    pub until_row_lock: f64,
    /// In a year at the day's limit, the owner's own sign-ins clearing the row.
    pub per_year: f64,
    /// In a day over a thousand accounts whose passwords are known.
    pub thousand_accounts_per_day: f64,
    /// In a year over a thousand such accounts.
    pub thousand_accounts_per_year: f64,
}

/// The odds under these limits.
pub fn odds(limits: &Limits) -> Odds {
    let code = 1.0 / limits.shape.space();
    // Ten live recovery codes, guessed within the group that the answer names.
    let recovery_space = Shape {
        alphabet: Alphabet::Letters,
        length: 15,
    }
    .space();
    let live = f64::from(u32::try_from(recovery::COUNT).unwrap_or(u32::MAX));
    let recovery = live / recovery_space;
    let per_hour = f64::from(limits.failures_per_hour.min(limits.failures_per_day));
    let per_day =
        f64::from((limits.failures_per_hour.saturating_mul(24)).min(limits.failures_per_day));
    let recovery_per_day = f64::from(RECOVERY_PER_DAY);
    let day = |days: f64| at_least_once(code, per_day * days, recovery, recovery_per_day * days);
    Odds {
        per_code: at_least_once(code, f64::from(limits.tries), 0.0, 0.0),
        per_hour: at_least_once(code, per_hour, 0.0, 0.0),
        per_day: day(1.0),
        until_row_lock: at_least_once(code, f64::from(limits.failures_in_a_row), 0.0, 0.0),
        per_year: day(365.0),
        thousand_accounts_per_day: day(1000.0),
        thousand_accounts_per_year: day(365_000.0),
    }
}

/// The chance that one of `n` guesses at `p`, or one of `m` at `q`, is right.
fn at_least_once(p: f64, n: f64, q: f64, m: f64) -> f64 {
    // ln_1p and exp_m1 keep the figures that 1 - (1 - p)^n would round away.
    -(n * (-p).ln_1p() + m * (-q).ln_1p()).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::odds;
    use crate::code::{Alphabet, Shape};
    use crate::policy::limits::Limits;

    #[test]
    fn the_published_table_is_what_the_limits_give() {
        let six = Limits {
            shape: Shape {
                alphabet: Alphabet::Digits,
                length: 6,
            },
            ..Limits::default()
        };
        let cases = [
            (odds(&Limits::default()).per_code, 3.0e-8),
            (odds(&Limits::default()).per_hour, 1.0e-7),
            (odds(&Limits::default()).per_day, 2.0e-7),
            (odds(&Limits::default()).until_row_lock, 1.0e-6),
            (odds(&Limits::default()).per_year, 7.3e-5),
            (odds(&Limits::default()).thousand_accounts_per_day, 2.0e-4),
            (odds(&six).per_day, 2.0e-5),
            (odds(&six).per_year, 7.27e-3),
            (odds(&six).thousand_accounts_per_day, 1.98e-2),
        ];
        for (computed, published) in cases {
            assert!(
                (computed / published - 1.0).abs() < 0.01,
                "{computed:e} {published:e}"
            );
        }
    }
}
