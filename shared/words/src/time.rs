//! Points in time and spans, in whole milliseconds. Nothing here reads a clock.
//!
//! Three clocks must not be mixed up, so each has its own type: [`Wall`] is what people read and an
//! attacker may set, [`Boot`] is `CLOCK_BOOTTIME` and means something only together with the boot's
//! id, [`StoreTime`] is the store's own clock, which never goes back.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! point {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// From milliseconds since this clock's own zero.
            pub const fn from_millis(millis: i64) -> Self {
                Self(millis)
            }

            /// Milliseconds since this clock's own zero.
            pub const fn millis(self) -> i64 {
                self.0
            }

            /// The point `span` later, at the far end of time where that overflows.
            #[must_use]
            pub const fn plus(self, span: Span) -> Self {
                Self(self.0.saturating_add(span.millis()))
            }

            /// The point `span` earlier.
            #[must_use]
            pub const fn minus(self, span: Span) -> Self {
                Self(self.0.saturating_sub(span.millis()))
            }

            /// How long after `earlier` this is; nothing where it is before.
            pub const fn since(self, earlier: Self) -> Span {
                Span::from_millis(self.0.saturating_sub(earlier.0))
            }
        }
    };
}

point! {
    /// Wall-clock time: milliseconds since 1970-01-01 UTC. For people and logs, not for limits.
    Wall
}
point! {
    /// Milliseconds on `CLOCK_BOOTTIME`, of one boot.
    Boot
}
point! {
    /// Milliseconds on the store's own clock, which windows run on.
    StoreTime
}

/// A length of time, never negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of so many milliseconds; a negative number is none.
    pub const fn from_millis(millis: i64) -> Self {
        if millis < 0 { Self(0) } else { Self(millis) }
    }

    /// A span of so many seconds.
    pub const fn from_secs(secs: i64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// A span of so many minutes.
    pub const fn from_mins(mins: i64) -> Self {
        Self::from_secs(mins.saturating_mul(60))
    }

    /// A span of so many hours.
    pub const fn from_hours(hours: i64) -> Self {
        Self::from_mins(hours.saturating_mul(60))
    }

    /// Its length in milliseconds.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Its length in whole seconds, rounded up: a wait must not be told too short.
    pub const fn secs_up(self) -> i64 {
        self.0.saturating_add(999) / 1000
    }

    /// For the standard library's timeouts.
    pub const fn to_std(self) -> std::time::Duration {
        std::time::Duration::from_millis(self.0.unsigned_abs())
    }
}

impl fmt::Display for Span {
    /// As a person says it: `45 s`, `4 min 12 s`, `5 min`, `1 h 20 min`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.secs_up();
        let (hours, mins, rest) = (secs / 3600, secs / 60 % 60, secs % 60);
        match (hours, mins, rest) {
            (0, 0, s) => write!(f, "{s} s"),
            (0, m, 0) => write!(f, "{m} min"),
            (0, m, s) => write!(f, "{m} min {s} s"),
            (h, 0, _) => write!(f, "{h} h"),
            (h, m, _) => write!(f, "{h} h {m} min"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Span, Wall};

    #[test]
    fn a_span_reads_as_a_person_says_it() {
        let cases = [
            (0, "0 s"),
            (1, "1 s"),
            (45_000, "45 s"),
            (45_001, "46 s"),
            (300_000, "5 min"),
            (252_000, "4 min 12 s"),
            (3_600_000, "1 h"),
            (4_800_000, "1 h 20 min"),
        ];
        for (millis, said) in cases {
            assert_eq!(Span::from_millis(millis).to_string(), said, "{millis}");
        }
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Wall::from_millis(i64::MAX);
        assert_eq!(end.plus(Span::from_secs(1)), end);
        assert_eq!(Wall::from_millis(5).since(Wall::from_millis(9)), Span::ZERO);
    }
}
