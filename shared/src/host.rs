//! The host as the product sees it: its clocks, its randomness, its name. The only reader of each;
//! everything else takes them as arguments. `Fixed`, for tests, stands beside it.

use gatepost_words::time::{Boot, Wall};
use rustix::io::retry_on_intr;
use rustix::rand::{GetRandomFlags, getrandom};
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::policy::challenge::BootMoment;

/// What a login needs of the machine it runs on.
pub trait Host {
    /// Fills the buffer from the kernel's generator; an error is a refusal, never a fallback.
    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), NoRandomness>;
    /// The moment, on all clocks.
    fn now(&self) -> Now;
}

/// The kernel's generator failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the kernel's random generator failed")]
pub struct NoRandomness;

/// A moment on all clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// For people and logs.
    pub wall: Wall,
    /// For lifetimes.
    pub moment: BootMoment,
}

/// The machine itself.
#[derive(Debug)]
pub struct System {
    boot_id: String,
}

/// The machine does not say which boot this is.
#[derive(Debug, thiserror::Error)]
#[error("/proc/sys/kernel/random/boot_id cannot be read: is /proc mounted? ({0})")]
pub struct NoBootId(std::io::Error);

impl System {
    /// Reads what stays the same for the process's life.
    pub fn new() -> Result<Self, NoBootId> {
        let boot_id =
            std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map_err(NoBootId)?;
        Ok(Self {
            boot_id: boot_id.trim().to_owned(),
        })
    }
}

impl Host for System {
    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        use rand::TryRng;
        // Where the kernel has no such call, or a filter forbids it, SysRng would read /dev/urandom.
        retry_on_intr(|| getrandom(&mut [0; 0], GetRandomFlags::empty()))
            .map_err(|_no_call| NoRandomness)?;
        rand::rngs::SysRng
            .try_fill_bytes(buffer)
            .map_err(|_os| NoRandomness)
    }

    fn now(&self) -> Now {
        Now {
            wall: Wall::from_millis(millis(clock_gettime(ClockId::Realtime))),
            moment: BootMoment {
                boot_id: self.boot_id.clone(),
                at: Boot::from_millis(millis(clock_gettime(ClockId::Boottime))),
            },
        }
    }
}

fn millis(time: Timespec) -> i64 {
    time.tv_sec
        .saturating_mul(1000)
        .saturating_add(time.tv_nsec / 1_000_000)
}

/// This host's name, for prompts, mails and EHLO.
pub fn name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

/// A wall time as people read it, in the machine's own zone: `2026-11-22 12:03:04 UTC`.
pub fn local_time(wall: Wall) -> String {
    zoned(wall, "%Y-%m-%d %H:%M:%S %Z")
}

/// The same without its zone, for the columns of a screen: `2026-11-22 12:03:04`.
pub fn local_stamp(wall: Wall) -> String {
    zoned(wall, "%Y-%m-%d %H:%M:%S")
}

/// The time of day in the machine's own zone: `12:03:04`.
pub fn local_time_of_day(wall: Wall) -> String {
    zoned(wall, "%H:%M:%S")
}

/// So many days up to the one of a moment, as the machine's own calendar has them: when each began, and
/// its name, `2026-11-22`; the oldest first.
pub fn local_days(until: Wall, count: usize) -> Vec<(Wall, String)> {
    let Ok(until) = jiff::Timestamp::from_millisecond(until.millis()) else {
        return Vec::new();
    };
    let zone = jiff::tz::TimeZone::system();
    let today = until.to_zoned(zone.clone()).date();
    let day = |ago: usize| {
        let ago = jiff::Span::new().try_days(i64::try_from(ago).ok()?).ok()?;
        let date = today.checked_sub(ago).ok()?;
        let began = date.to_zoned(zone.clone()).ok()?.timestamp();
        Some((Wall::from_millis(began.as_millisecond()), date.to_string()))
    };
    (0..count).rev().filter_map(day).collect()
}

/// RFC 3339 in UTC, for logs and JSON.
pub fn rfc3339(wall: Wall) -> String {
    jiff::Timestamp::from_millisecond(wall.millis())
        .map_or_else(|_out_of_range| "?".to_owned(), |stamp| stamp.to_string())
}

/// A moment as people type it, in milliseconds since 1970: RFC 3339, or without an offset in the
/// machine's own zone, the time left out where midnight is meant.
pub fn typed_moment(text: &str) -> Option<Wall> {
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(Wall::from_millis(stamp.as_millisecond()));
    }
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    let zoned = civil.to_zoned(jiff::tz::TimeZone::system()).ok()?;
    Some(Wall::from_millis(zoned.timestamp().as_millisecond()))
}

fn zoned(wall: Wall, format: &str) -> String {
    // The helper's environment is empty, so this is /etc/localtime and never TZ.
    jiff::Timestamp::from_millisecond(wall.millis()).map_or_else(
        |_out_of_range| "?".to_owned(),
        |stamp| {
            stamp
                .to_zoned(jiff::tz::TimeZone::system())
                .strftime(format)
                .to_string()
        },
    )
}

/// A process, known by pid and start time, so that a reused pid is not mistaken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessId {
    /// Its pid.
    pub pid: u32,
    /// Field 22 of /proc/PID/stat: clock ticks since the boot.
    pub started: u64,
}

impl ProcessId {
    /// This process.
    pub fn own() -> Self {
        let pid = std::process::id();
        Self {
            pid,
            started: start_time(pid).unwrap_or(0),
        }
    }

    /// Whether that very process still runs.
    pub fn alive(self) -> bool {
        start_time(self.pid) == Some(self.started)
    }
}

fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the command in parentheses, which may hold spaces and parentheses.
    let (_, after_command) = stat.rsplit_once(')')?;
    let mut fields = after_command.split_whitespace();
    let state = fields.next()?;
    if state == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::{Cell, RefCell};

    use gatepost_words::time::{Boot, Span, Wall};

    use super::{Host, NoRandomness, Now, ProcessId, System};
    use crate::code::{Alphabet, Code, Shape};
    use crate::policy::challenge::BootMoment;

    /// A host whose clocks a test sets and whose randomness counts up.
    #[derive(Debug)]
    pub(crate) struct Fixed {
        pub(crate) wall: Cell<i64>,
        pub(crate) boot: Cell<i64>,
        pub(crate) boot_id: RefCell<String>,
        next: Cell<u64>,
    }

    impl Fixed {
        pub(crate) fn new() -> Self {
            Self {
                wall: Cell::new(1_790_000_000_000),
                boot: Cell::new(1_000_000),
                boot_id: RefCell::new("boot-1".into()),
                next: Cell::new(1),
            }
        }

        /// Time passes on all clocks.
        pub(crate) fn pass(&self, span: Span) {
            self.wall.set(self.wall.get() + span.millis());
            self.boot.set(self.boot.get() + span.millis());
        }
    }

    impl Host for Fixed {
        fn fill_random(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
            for byte in buffer {
                // A weak generator, but every draw differs.
                let next = self
                    .next
                    .get()
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                self.next.set(next);
                *byte = next.to_be_bytes()[0];
            }
            Ok(())
        }

        fn now(&self) -> Now {
            Now {
                wall: Wall::from_millis(self.wall.get()),
                moment: BootMoment {
                    boot_id: self.boot_id.borrow().clone(),
                    at: Boot::from_millis(self.boot.get()),
                },
            }
        }
    }

    /// Pearson's statistic for `counts` against a uniform distribution.
    fn chi_square(counts: &[u32]) -> f64 {
        let expected =
            f64::from(counts.iter().sum::<u32>()) / f64::from(u32::try_from(counts.len()).unwrap());
        let terms = counts
            .iter()
            .map(|count| (f64::from(*count) - expected).powi(2) / expected);
        terms.sum()
    }

    // Mutant: code::symbols folds every byte into the alphabet: the first six digits come too often.
    // A fair generator fails once in a million runs.
    #[test]
    fn code_distribution() {
        let host = System::new().unwrap();
        let shape = Shape {
            alphabet: Alphabet::Digits,
            length: 8,
        };
        let mut digits = [[0; 10]; 8];
        let mut pairs = [0; 100];
        for _ in 0..100_000 {
            let code = Code::draw(shape, |buffer| host.fill_random(buffer)).unwrap();
            let code: Vec<usize> = code
                .expose()
                .iter()
                .map(|byte| usize::from(byte - b'0'))
                .collect();
            for (position, digit) in code.iter().enumerate() {
                digits[position][*digit] += 1;
            }
            for pair in code.chunks(2) {
                pairs[10 * pair[0] + pair[1]] += 1;
            }
        }
        for (position, counts) in digits.iter().enumerate() {
            // 9 degrees of freedom.
            let statistic = chi_square(counts);
            assert!(statistic < 52.0, "position {position}: {statistic}");
        }
        // 99 degrees of freedom.
        let statistic = chi_square(&pairs);
        assert!(statistic < 185.0, "pairs: {statistic}");
    }

    #[test]
    fn a_process_knows_itself_and_a_dead_one_is_dead() {
        assert!(ProcessId::own().alive());
        assert!(
            !ProcessId {
                started: 1,
                ..ProcessId::own()
            }
            .alive()
        );
        assert!(
            !ProcessId {
                pid: u32::MAX,
                started: 1
            }
            .alive()
        );
    }
}
