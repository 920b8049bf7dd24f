//! The store's own clock, which every window runs on.
//!
//! Within a boot it advances with `CLOCK_BOOTTIME`, which nobody sets; across a boot by wall time,
//! at most 24 hours for one boot, and never backwards. So a wall clock set to next year empties no
//! window, and one set back revives none.

use gatepost_words::time::{Span, StoreTime, Wall};

use super::challenge::BootMoment;

/// The most that one boot may add.
const BOOT_CEILING: Span = Span::from_hours(24);

/// What the store remembers of its clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The boot of the last reading.
    pub moment: BootMoment,
    /// Wall time of the last reading.
    pub wall: Wall,
    /// What the store's clock showed.
    pub store: StoreTime,
}

impl Reading {
    /// The clock now. A moment of this boot that is older than the last one changes nothing: a
    /// process reads the time before it waits for the store, and taking its moment for the newest
    /// would count the stretch between them again at the next reading.
    #[must_use]
    pub fn advance(&self, moment: &BootMoment, wall: Wall) -> Self {
        let same_boot = self.moment.boot_id == moment.boot_id;
        if same_boot && moment.at <= self.moment.at {
            return self.clone();
        }
        let passed = if same_boot {
            moment.at.since(self.moment.at)
        } else {
            wall.since(self.wall).min(BOOT_CEILING)
        };
        Self {
            moment: moment.clone(),
            wall,
            store: self.store.plus(passed),
        }
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::{Boot, Span, StoreTime, Wall};

    use super::{BootMoment, Reading};

    fn reading(boot_id: &str, boot_secs: i64, wall_secs: i64) -> Reading {
        Reading {
            moment: moment(boot_id, boot_secs),
            wall: Wall::from_millis(wall_secs * 1000),
            store: StoreTime::from_millis(0),
        }
    }

    fn moment(boot_id: &str, secs: i64) -> BootMoment {
        BootMoment {
            boot_id: boot_id.into(),
            at: Boot::from_millis(secs * 1000),
        }
    }

    #[test]
    fn windows_see_neither_jumps_nor_time_travel() {
        let day = 24 * 3600;
        let cases = [
            ("within a boot, as boottime", ("a", 160, 1060), 60),
            ("wall set back an hour", ("a", 160, 1000 - 3600), 60),
            ("wall set on a year", ("a", 160, 1000 + 365 * day), 60),
            ("boottime back: impossible, and nothing", ("a", 10, 1060), 0),
            ("a boot, ten minutes of wall time", ("b", 5, 1600), 600),
            (
                "a boot, a month of wall time: a day",
                ("b", 5, 1000 + 30 * day),
                day,
            ),
            ("a boot, wall set back", ("b", 5, 0), 0),
        ];
        for (what, (boot_id, boot, wall), passed) in cases {
            let later = reading("a", 100, 1000)
                .advance(&moment(boot_id, boot), Wall::from_millis(wall * 1000));
            let expected = StoreTime::from_millis(0).plus(Span::from_secs(passed));
            assert_eq!(later.store, expected, "{what}");
        }
    }

    /// Mutant: the last moment is taken over although it is older. Sixty processes that wait for
    /// the store made an hour pass in four minutes by it.
    #[test]
    fn a_moment_read_before_a_wait_is_not_counted_twice() {
        let wall = Wall::from_millis(1_060_000);
        let mut clock = reading("a", 100, 1000);
        for secs in [160, 101, 160, 130, 160] {
            clock = clock.advance(&moment("a", secs), wall);
        }
        let expected = StoreTime::from_millis(0).plus(Span::from_secs(60));
        assert_eq!(clock.store, expected);
        let later = clock.advance(&moment("a", 161), wall);
        assert_eq!(later.store, expected.plus(Span::from_secs(1)));
    }
}
