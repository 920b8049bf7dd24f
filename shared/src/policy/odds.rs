//! What the limits leave an attacker who has the password: `gatepost policy odds`.
//!
//! Each figure is the probability that at least one of so many independent guesses is right. All
//! factors count: the mailed code's budget, the recovery codes' and the bypass codes' own, and with known
//! sources the extra budget that at most doubles the first.

use super::limits::{
    BYPASS_CODES, BYPASS_PER_DAY, BYPASS_PER_HOUR, Limits, RECOVERY_PER_DAY, RECOVERY_PER_HOUR,
};
use crate::code::{Alphabet, Shape, bypass, recovery};

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

/// Guesses at one factor: the chance of each, and how many there are.
type Guesses = (f64, f64);

/// The odds under these limits.
pub fn odds(limits: &Limits) -> Odds {
    let code = 1.0 / limits.shape.space();
    let per_hour = f64::from(limits.failures_per_hour.min(limits.failures_per_day));
    let per_day =
        f64::from((limits.failures_per_hour.saturating_mul(24)).min(limits.failures_per_day));
    let hour = all_factors((code, per_hour), [RECOVERY_PER_HOUR, BYPASS_PER_HOUR], 1.0);
    let day = |days| all_factors((code, per_day), [RECOVERY_PER_DAY, BYPASS_PER_DAY], days);
    Odds {
        per_code: at_least_once(&[(code, f64::from(limits.tries))]),
        per_hour: at_least_once(&hour),
        per_day: at_least_once(&day(1.0)),
        // All factors count into the row, and a guess at another one is never the likelier.
        until_row_lock: at_least_once(&[(code, f64::from(limits.failures_in_a_row))]),
        per_year: at_least_once(&day(365.0)),
        thousand_accounts_per_day: at_least_once(&day(1000.0)),
        thousand_accounts_per_year: at_least_once(&day(365_000.0)),
    }
}

/// The guesses that the budgets allow in so many windows. As many recovery and bypass codes are live as
/// there may be at a time, which is the most that an attacker can hope for.
fn all_factors(
    (code, codes): Guesses,
    [recoveries, bypasses]: [u32; 2],
    windows: f64,
) -> [Guesses; 3] {
    let recovery_space = Shape {
        alphabet: Alphabet::Letters,
        length: 15,
    }
    .space();
    let live = f64::from(u32::try_from(recovery::COUNT).unwrap_or(u32::MAX));
    let recovery = live / recovery_space;
    let bypass = f64::from(BYPASS_CODES) / bypass::SPACE.space();
    [
        (code, codes * windows),
        (recovery, f64::from(recoveries) * windows),
        (bypass, f64::from(bypasses) * windows),
    ]
}

/// The chance that at least one of all guesses is right.
fn at_least_once(guesses: &[Guesses]) -> f64 {
    // ln_1p and exp_m1 keep the figures that 1 - (1 - p)^n would round away.
    let logarithms = guesses.iter().map(|(p, n)| n * (-p).ln_1p());
    -logarithms.sum::<f64>().exp_m1()
}

#[cfg(test)]
mod tests {
    use super::{all_factors, odds};
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

    // Mutant: the bypass budget is left out. Nobody would see it in the figures: a guess at a bypass code
    // is worth a millionth of one at a mailed code.
    #[test]
    fn each_factor_counts_with_its_own_budget() {
        let [code, recovery, bypass] = all_factors((1e-8, 20.0), [10, 10], 365.0);
        assert_eq!(code, (1e-8, 7300.0));
        assert_eq!((recovery.1, bypass.1), (3650.0, 3650.0));
        let near = |computed: f64, expected: f64| (computed / expected - 1.0).abs() < 1e-9;
        assert!(near(recovery.0, 10.0 / 31_f64.powi(15)), "{recovery:?}");
        assert!(near(bypass.0, 3.0 / 31_f64.powi(12)), "{bypass:?}");
    }
}
