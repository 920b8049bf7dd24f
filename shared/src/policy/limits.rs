//! Every limit with its default and its bounds: DESIGN's table as code.
//!
//! The ceilings are constants here, so that no setting, row or flag can lift them. Zero never means
//! unlimited: a value outside its bounds is an error that names both.

use gatepost_words::time::Span;

use crate::code::{Alphabet, Shape};

/// Whether a code may be typed by another connection from the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Binding {
    /// The same account, service, host and source may resume it.
    Source,
    /// The connection that asked, and no other.
    Session,
}

/// All limits of a policy; made by [`Limits::check`] alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Alphabet and length of codes.
    pub shape: Shape,
    /// How long a code lives.
    pub life: Span,
    /// Wrong answers a code survives, less one.
    pub tries: u32,
    /// Who may type it.
    pub binding: Binding,
    /// Failures an account may have in an hour.
    pub failures_per_hour: u32,
    /// Failures an account may have in a day.
    pub failures_per_day: u32,
    /// Failures in a row until an administrator must unlock.
    pub failures_in_a_row: u32,
    /// Time between two mails.
    pub send_cooldown: Span,
    /// Unanswered mails an account or address may get in an hour.
    pub sends_per_hour: u32,
    /// Unanswered mails an account or address may get in a day.
    pub sends_per_day: u32,
    /// Mails an address may get in a day, answered or not.
    pub mails_per_address_per_day: u32,
    /// Unanswered mails that one source may cause in [`SOURCE_WINDOW`].
    pub sends_per_source: u32,
    /// Time for one delivery over all relays.
    pub delivery: Span,
}

/// Failed recovery codes an account may have in an hour, and in a day: a budget of their own.
pub const RECOVERY_PER_HOUR: u32 = 5;
/// See [`RECOVERY_PER_HOUR`].
pub const RECOVERY_PER_DAY: u32 = 10;
/// How often in a day the helpdesk may unlock an account.
pub const HELPDESK_UNLOCKS_PER_DAY: u32 = 5;
/// How often in a day one person of the helpdesk may see addresses in full.
pub const HELPDESK_UNMASKS_PER_DAY: u32 = 100;
/// Failed bypass codes an account may have in an hour, and in a day: a budget of their own too.
pub const BYPASS_PER_HOUR: u32 = 5;
/// See [`BYPASS_PER_HOUR`].
pub const BYPASS_PER_DAY: u32 = 10;
/// How long a bypass code lives: what is usual, the least and the most.
pub const BYPASS_LIFE: [Span; 3] = [
    Span::from_mins(15),
    Span::from_mins(1),
    Span::from_hours(24),
];
/// How often it works: what is usual, the least and the most.
pub const BYPASS_USES: [u32; 3] = [1, 1, 10];
/// Live bypass codes an account may have.
pub const BYPASS_CODES: u32 = 3;
/// How many bypass codes for an account may be made in a day before the helpdesk makes no more.
pub const HELPDESK_BYPASS_PER_DAY: u32 = 5;
/// How long a source is refused: what is usual, the least and the most.
pub const SHIELD_TIME: [Span; 3] = [
    Span::from_mins(15),
    Span::from_mins(1),
    Span::from_hours(24),
];
/// Networks that may be refused at a time: each login looks through them.
pub const SHIELDS: u32 = 64;
/// The shortest prefix of an IPv4 network that may be refused.
pub const SHIELD_WIDEST_V4: u8 = 8;
/// The same for IPv6: what a provider has.
pub const SHIELD_WIDEST_V6: u8 = 32;
/// The window of [`Limits::sends_per_source`].
pub const SOURCE_WINDOW: Span = Span::from_mins(5);
/// Helpers of one account that may wait at a prompt.
pub const WAITING_PER_ACCOUNT: u32 = 4;
/// Helpers of this host that may wait at a prompt.
pub const WAITING_PER_HOST: u32 = 64;
/// Empty answers, commands and the like that one conversation may give.
pub const FREE_ANSWERS: u32 = 10;
/// What a helper's deadline adds to its challenge's end.
pub const DEADLINE_SLACK: Span = Span::from_secs(15);
/// What a helper's deadline never exceeds.
pub const DEADLINE_CEILING: Span = Span::from_mins(11);
/// A helper's deadline before the first prompt.
pub const DEADLINE_FIRST: Span = Span::from_secs(30);

/// Sign-ins that proved nothing and are recorded in full, of one source in an hour.
pub const STRANGERS_PER_SOURCE: u32 = 10;
/// The same, of all sources together.
pub const STRANGERS_PER_HOUR: u32 = 60;
/// Sources of such sign-ins that are told apart in an hour.
pub const STRANGER_SOURCES: u32 = 256;
/// Events that are kept at the most, however young they are: about two and a half gigabytes.
pub const MOST_EVENTS: i64 = 10_000_000;
/// How long events are kept, in days: what is usual, the least and the most.
pub const KEEP_EVENTS: [i64; 3] = [400, 30, 3650];

/// A setting outside its bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} = {given} is outside its bounds: give {low} to {high}")]
pub struct OutOfBounds {
    name: &'static str,
    given: String,
    low: String,
    high: String,
}

/// How long events are kept, where that is within its bounds.
pub fn check_keep(days: i64) -> Result<Span, OutOfBounds> {
    let [_usual, least, most] = KEEP_EVENTS;
    if (least..=most).contains(&days) {
        return Ok(Span::from_hours(days * 24));
    }
    Err(OutOfBounds {
        name: "keep",
        given: format!("{days} d"),
        low: format!("{least} d"),
        high: format!("{most} d"),
    })
}

/// How long a bypass code is to live, where that is within its bounds.
pub fn check_bypass_life(life: Span) -> Result<Span, OutOfBounds> {
    within("ttl", life, BYPASS_LIFE)
}

/// How long a source is to be refused, where that is within its bounds.
pub fn check_shield_time(time: Span) -> Result<Span, OutOfBounds> {
    within("for", time, SHIELD_TIME)
}

/// How often a bypass code is to work, where that is within its bounds.
pub fn check_bypass_uses(uses: u32) -> Result<u32, OutOfBounds> {
    within("uses", uses, BYPASS_USES)
}

fn within<T: PartialOrd + std::fmt::Display>(
    name: &'static str,
    given: T,
    [_usual, least, most]: [T; 3],
) -> Result<T, OutOfBounds> {
    if given >= least && given <= most {
        return Ok(given);
    }
    Err(OutOfBounds {
        name,
        given: given.to_string(),
        low: least.to_string(),
        high: most.to_string(),
    })
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            shape: Shape {
                alphabet: Alphabet::Digits,
                length: 8,
            },
            life: Span::from_mins(5),
            tries: 3,
            binding: Binding::Source,
            failures_per_hour: 10,
            failures_per_day: 20,
            failures_in_a_row: 100,
            send_cooldown: Span::from_secs(30),
            sends_per_hour: 5,
            sends_per_day: 10,
            mails_per_address_per_day: 60,
            sends_per_source: 15,
            delivery: Span::from_secs(8),
        }
    }
}

impl Limits {
    /// The limits, where every one is within its bounds.
    pub fn check(self) -> Result<Self, OutOfBounds> {
        let spans = [
            ("life", self.life, Span::from_mins(1), Span::from_mins(10)),
            (
                "send_cooldown",
                self.send_cooldown,
                Span::from_secs(1),
                Span::from_secs(300),
            ),
            (
                "deadline",
                self.delivery,
                Span::from_secs(2),
                Span::from_secs(30),
            ),
        ];
        for (name, given, low, high) in spans {
            if given < low || given > high {
                return Err(OutOfBounds {
                    name,
                    given: given.to_string(),
                    low: low.to_string(),
                    high: high.to_string(),
                });
            }
        }
        let counts = [
            ("length", u32::from(self.shape.length), 6, 12),
            ("tries", self.tries, 1, 5),
            ("failures_per_hour", self.failures_per_hour, 1, 10),
            ("failures_per_day", self.failures_per_day, 1, 20),
            ("failures_in_a_row", self.failures_in_a_row, 1, 100),
            ("sends_per_hour", self.sends_per_hour, 1, 5),
            ("sends_per_day", self.sends_per_day, 1, 10),
            (
                "mails_per_address_per_day",
                self.mails_per_address_per_day,
                1,
                200,
            ),
            ("sends_per_source", self.sends_per_source, 5, 1000),
        ];
        for (name, given, low, high) in counts {
            if given < low || given > high {
                return Err(OutOfBounds {
                    name,
                    given: given.to_string(),
                    low: low.to_string(),
                    high: high.to_string(),
                });
            }
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::Span;

    use super::{Limits, check_bypass_life, check_bypass_uses, check_shield_time};

    // Mutant: a bound is not looked at; zero is for ever.
    #[test]
    fn what_an_administrator_gives_for_a_while_has_bounds() {
        let spans = [
            (Span::ZERO, false),
            (Span::from_secs(59), false),
            (Span::from_mins(1), true),
            (Span::from_hours(24), true),
            (Span::from_secs(24 * 3600 + 1), false),
        ];
        for (span, fits) in spans {
            assert_eq!(check_bypass_life(span).is_ok(), fits, "{span}");
            assert_eq!(check_shield_time(span).is_ok(), fits, "{span}");
        }
        for (uses, fits) in [(0, false), (1, true), (10, true), (11, false)] {
            assert_eq!(check_bypass_uses(uses).is_ok(), fits, "{uses}");
        }
        let said = check_bypass_uses(11).unwrap_err().to_string();
        assert_eq!(said, "uses = 11 is outside its bounds: give 1 to 10");
    }

    #[test]
    fn defaults_are_within_their_bounds() {
        assert_eq!(Limits::default().check(), Ok(Limits::default()));
    }

    #[test]
    fn zero_and_too_much_are_refused_everywhere() {
        type Set = fn(&mut Limits, u32);
        let set: [(&str, Set); 9] = [
            ("length", |l, n| {
                l.shape.length = u8::try_from(n).unwrap_or(u8::MAX);
            }),
            ("tries", |l, n| l.tries = n),
            ("failures_per_hour", |l, n| l.failures_per_hour = n),
            ("failures_per_day", |l, n| l.failures_per_day = n),
            ("failures_in_a_row", |l, n| l.failures_in_a_row = n),
            ("sends_per_hour", |l, n| l.sends_per_hour = n),
            ("sends_per_day", |l, n| l.sends_per_day = n),
            ("mails_per_address_per_day", |l, n| {
                l.mails_per_address_per_day = n;
            }),
            ("sends_per_source", |l, n| l.sends_per_source = n),
        ];
        for (name, set) in set {
            for bad in [0, 1001, u32::MAX] {
                let mut limits = Limits::default();
                set(&mut limits, bad);
                let said = limits.check().unwrap_err().to_string();
                assert!(said.starts_with(name), "{said}");
            }
        }
        let spans: [fn(&mut Limits, Span); 3] = [
            |l, s| l.life = s,
            |l, s| l.send_cooldown = s,
            |l, s| l.delivery = s,
        ];
        for set in spans {
            for bad in [Span::ZERO, Span::from_mins(11)] {
                let mut limits = Limits::default();
                set(&mut limits, bad);
                assert!(limits.check().is_err());
            }
        }
    }
}
