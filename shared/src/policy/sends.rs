//! Whether a mail may go out now, and if not, when.
//!
//! Every mail that a sign-in causes counts until the account's owner answers one; a success gives
//! the budget back, so that people who log in often are never short. The ceiling per address counts
//! answered mails too, confirmations and notices among them. A mail that no relay took is not charged,
//! but the ceiling still sees it.

use gatepost_words::time::{Span, StoreTime};

use super::limits::{Limits, SOURCE_WINDOW};

const HOUR: Span = Span::from_hours(1);
const DAY: Span = Span::from_hours(24);

/// Times of mails, each list newest first and no longer than its limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Unanswered mails to the account.
    pub account: Vec<StoreTime>,
    /// Unanswered mails to the address.
    pub address: Vec<StoreTime>,
    /// All mails to the address within a day.
    pub address_all: Vec<StoreTime>,
    /// Unanswered mails that the source caused.
    pub source: Vec<StoreTime>,
    /// The last mail to the account since its last success, charged or not.
    pub last: Option<StoreTime>,
}

/// How long until a mail may go out; nothing where it may now.
pub fn wait(sent: &Sent, limits: &Limits, now: StoreTime) -> Option<Span> {
    let budgets: [(&[StoreTime], u32, Span); 6] = [
        (&sent.account, limits.sends_per_hour, HOUR),
        (&sent.account, limits.sends_per_day, DAY),
        (&sent.address, limits.sends_per_hour, HOUR),
        (&sent.address, limits.sends_per_day, DAY),
        (&sent.address_all, limits.mails_per_address_per_day, DAY),
        (&sent.source, limits.sends_per_source, SOURCE_WINDOW),
    ];
    let full = budgets.into_iter().filter_map(|(times, allowed, window)| {
        let deciding = usize::try_from(allowed).ok()?.checked_sub(1)?;
        Some(times.get(deciding)?.plus(window))
    });
    let cooldown = sent.last.map(|last| last.plus(limits.send_cooldown));
    full.chain(cooldown)
        .filter(|frees| *frees > now)
        .max()
        .map(|frees| frees.since(now))
}

/// How long until another mail may go to an address, whatever it is about; `all` are those of a day,
/// newest first. Nothing where it may now.
pub fn ceiling(all: &[StoreTime], most: u32, now: StoreTime) -> Option<Span> {
    let Some(deciding) = usize::try_from(most)
        .ok()
        .and_then(|most| most.checked_sub(1))
    else {
        return Some(DAY);
    };
    let frees = all.get(deciding)?.plus(DAY);
    (frees > now).then(|| frees.since(now))
}

/// Of an address's mails in a day, how many may be other than codes: half, so that they never use up
/// what codes need; and never none.
pub const fn notices(mails_per_address_per_day: u32) -> u32 {
    match mails_per_address_per_day / 2 {
        0 => 1,
        half => half,
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::{Span, StoreTime};

    use super::{Sent, ceiling, wait};
    use crate::policy::limits::Limits;

    const NOW: StoreTime = StoreTime::from_millis(1_000_000_000);

    fn times(count: i64, apart: Span) -> Vec<StoreTime> {
        (1..=count)
            .map(|n| NOW.minus(Span::from_millis(n * apart.millis())))
            .collect()
    }

    #[test]
    fn nothing_goes_past_the_ceiling() {
        let hourly = times(3, Span::from_hours(1));
        let cases = [
            (4, None),
            (3, Some(Span::from_hours(21))),
            (2, Some(Span::from_hours(22))),
            (0, Some(Span::from_hours(24))),
        ];
        for (most, wait) in cases {
            assert_eq!(ceiling(&hourly, most, NOW), wait, "{most}");
        }
        assert_eq!(ceiling(&times(3, Span::from_hours(9)), 3, NOW), None);
    }

    #[test]
    fn each_budget_holds_on_its_own() {
        let minute = Span::from_mins(1);
        let second = Span::from_secs(1);
        let cases = [
            (Sent::default(), None),
            (
                Sent {
                    account: times(4, minute),
                    ..Sent::default()
                },
                None,
            ),
            (
                Sent {
                    account: times(5, minute),
                    ..Sent::default()
                },
                Some(Span::from_mins(55)),
            ),
            (
                Sent {
                    address: times(5, minute),
                    ..Sent::default()
                },
                Some(Span::from_mins(55)),
            ),
            (
                Sent {
                    account: times(10, Span::from_hours(2)),
                    ..Sent::default()
                },
                Some(Span::from_hours(4)),
            ),
            (
                Sent {
                    address_all: times(59, minute),
                    ..Sent::default()
                },
                None,
            ),
            (
                Sent {
                    address_all: times(60, minute),
                    ..Sent::default()
                },
                Some(Span::from_hours(23)),
            ),
            (
                Sent {
                    source: times(14, second),
                    ..Sent::default()
                },
                None,
            ),
            (
                Sent {
                    source: times(15, second),
                    ..Sent::default()
                },
                Some(Span::from_secs(285)),
            ),
            (
                Sent {
                    last: Some(NOW.minus(second)),
                    ..Sent::default()
                },
                Some(Span::from_secs(29)),
            ),
            (
                Sent {
                    last: Some(NOW.minus(Span::from_secs(30))),
                    ..Sent::default()
                },
                None,
            ),
        ];
        for (sent, expected) in cases {
            assert_eq!(wait(&sent, &Limits::default(), NOW), expected, "{sent:?}");
        }
    }

    #[test]
    fn the_longest_wait_is_told() {
        let sent = Sent {
            account: times(5, Span::from_mins(1)),
            last: Some(NOW),
            ..Sent::default()
        };
        assert_eq!(
            wait(&sent, &Limits::default(), NOW),
            Some(Span::from_mins(55))
        );
    }
}
