//! What happened by the hour and by the day: counts that people and scripts read, and the console draws.
//!
//! An hour begins where the clocks of most zones show a full one; a day is one of the machine's own
//! calendar. Each count is of the newest rows, as many as a constant allows: where that is not all of
//! them, it is said to be "at least".

use std::collections::BTreeMap;

use gatepost_words::text::sanitise;
use gatepost_words::time::Wall;
use serde::Serialize;

use crate::admin::roles::Right;
use crate::admin::{Admin, AdminError};
use crate::host;
use crate::store::browse::{End, Lately, Reach};

/// Hours that are told apart, the one that goes on among them.
const HOURS: i64 = 24;
/// Days that are told apart, today among them.
pub const DAYS: usize = 30;
const HOUR_MILLIS: i64 = 3_600_000;
/// Sign-ins, guesses or mails that are looked at for the hours.
pub const MOST_BY_HOUR: u32 = 20_000;
/// Events of an account that are looked at for the days: a sign-in leaves about five.
const MOST_OF_ACCOUNT: u32 = 5_000;
/// Services that are named.
const SERVICES: usize = 5;

/// What happened in the last hours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// When the first of the hours began, RFC 3339.
    pub since: String,
    /// The same as the machine's own clock showed it: `14:00`.
    #[serde(skip)]
    pub since_here: String,
    /// Sign-ins that were let in.
    pub let_in: Series,
    /// Sign-ins that ended otherwise.
    pub refused: Series,
    /// Codes that were wrong.
    pub wrong_codes: Series,
    /// Mails that a relay took.
    pub mails_accepted: Series,
    /// Mails that none took.
    pub mails_failed: Series,
}

/// An account's sign-ins of the last days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SignIns {
    /// The first of the days.
    pub since: String,
    /// Those that were let in.
    pub let_in: Series,
    /// Those that ended otherwise.
    pub refused: Series,
    /// At which services, the most used first.
    pub services: Vec<String>,
}

/// Counts of hours or days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Series {
    /// Of each, the newest last.
    pub counts: Vec<u32>,
    /// All of them together.
    pub total: u64,
    /// The highest.
    pub most: u32,
    /// When that was: an hour's beginning, RFC 3339, or a day; none where there was nothing.
    pub most_at: Option<String>,
    /// The same as the machine's own clock showed it: `13:00`.
    #[serde(skip)]
    pub most_here: Option<String>,
    /// Whether there was more than is looked at.
    pub at_least: bool,
}

impl Admin {
    /// What happened in the last hours.
    pub fn activity(&self) -> Result<Activity, AdminError> {
        self.may(Right::Look)?;
        let now = self.host.now();
        let hours = hours(now.wall);
        let reach = Reach {
            since: begin(&hours),
            most: MOST_BY_HOUR,
        };
        let decisions = self.store.decisions_lately(reach)?;
        let guesses = self.store.guesses_lately(&now, reach)?;
        let deliveries = self.store.deliveries_lately(reach)?;
        Ok(Activity {
            since: name(&hours, 0).unwrap_or_default(),
            since_here: here(&hours, 0).unwrap_or_default(),
            let_in: series(&hours, &decisions, true),
            refused: series(&hours, &decisions, false),
            wrong_codes: series(&hours, &guesses, false),
            mails_accepted: series(&hours, &deliveries, true),
            mails_failed: series(&hours, &deliveries, false),
        })
    }

    /// The sign-ins of an account in the last days; the key is its name as it is.
    pub fn sign_ins(&self, key: &str) -> Result<SignIns, AdminError> {
        self.may(Right::Look)?;
        let days = days(self.host.now().wall);
        let reach = Reach {
            since: begin(&days),
            most: MOST_OF_ACCOUNT,
        };
        let found = self.store.decisions_of_lately(key, reach)?;
        Ok(SignIns {
            since: name(&days, 0).unwrap_or_default(),
            let_in: series(&days, &found, true),
            refused: series(&days, &found, false),
            services: services(&found.ends),
        })
    }
}

/// An hour or a day.
struct Slot {
    begins: i64,
    /// As scripts read it.
    name: String,
    /// As the machine's own clock or calendar has it.
    here: String,
}

/// The last hours, the oldest first.
fn hours(until: Wall) -> Vec<Slot> {
    let last = until.millis() - until.millis().rem_euclid(HOUR_MILLIS);
    let slot = |ago: i64| {
        let begins = last.saturating_sub(ago.saturating_mul(HOUR_MILLIS));
        let wall = Wall::from_millis(begins);
        let here = host::local_time_of_day(wall);
        Slot {
            begins,
            name: host::rfc3339(wall),
            // Without the seconds.
            here: here.get(..5).unwrap_or(&here).to_owned(),
        }
    };
    (0..HOURS).rev().map(slot).collect()
}

/// The last days, the oldest first.
fn days(until: Wall) -> Vec<Slot> {
    let slot = |(begins, day): (Wall, String)| Slot {
        begins: begins.millis(),
        name: day.clone(),
        here: day,
    };
    host::local_days(until, DAYS)
        .into_iter()
        .map(slot)
        .collect()
}

/// When the first of them begins; what is older is not looked at.
fn begin(slots: &[Slot]) -> i64 {
    slots.first().map_or(i64::MAX, |slot| slot.begins)
}

fn name(slots: &[Slot], at: usize) -> Option<String> {
    slots.get(at).map(|slot| slot.name.clone())
}

fn here(slots: &[Slot], at: usize) -> Option<String> {
    slots.get(at).map(|slot| slot.here.clone())
}

/// Counts those that went well, or those that did not. What seems to lie ahead, since a clock was set
/// back, is counted in the last.
fn series(slots: &[Slot], lately: &Lately, well: bool) -> Series {
    let mut counts = vec![0_u32; slots.len()];
    for end in lately.ends.iter().filter(|end| end.went_well == well) {
        let after = slots.partition_point(|slot| slot.begins <= end.at);
        if let Some(count) = after.checked_sub(1).and_then(|at| counts.get_mut(at)) {
            *count = count.saturating_add(1);
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    // Of several that are as high, the latest.
    let at = counts.iter().rposition(|count| *count == most);
    let at = at.filter(|_| most > 0);
    Series {
        total: counts.iter().copied().map(u64::from).sum(),
        most,
        most_at: at.and_then(|at| name(slots, at)),
        most_here: at.and_then(|at| here(slots, at)),
        at_least: lately.cut,
        counts,
    }
}

/// The services of sign-ins, the most used first.
fn services(ends: &[End]) -> Vec<String> {
    let mut used: BTreeMap<&str, u32> = BTreeMap::new();
    for end in ends {
        *used.entry(end.service.as_str()).or_default() += 1;
    }
    let mut used: Vec<(&str, u32)> = used.into_iter().collect();
    used.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let named = used.into_iter().take(SERVICES);
    named.map(|(service, _)| sanitise(service)).collect()
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::Wall;
    use serde_json::json;

    use super::{DAYS, End, HOUR_MILLIS, Lately, begin, days, hours, series, services};
    use crate::admin::tests::bench;
    use crate::store::events::Event;
    use crate::store::kinds::Kind;

    fn end(at: i64, went_well: bool) -> End {
        End {
            at,
            went_well,
            service: String::new(),
        }
    }

    // Mutants: an hour too early or too late; the bound is on the wrong side; what lies ahead is lost; the
    // first of several that are as high is named.
    #[test]
    fn each_end_is_counted_in_its_hour_and_the_latest_of_the_highest_is_named() {
        let now = Wall::from_millis(1_790_000_000_000);
        let slots = hours(now);
        assert_eq!(slots.len(), 24);
        let first = begin(&slots);
        assert_eq!(first % HOUR_MILLIS, 0);
        let last = first + 23 * HOUR_MILLIS;
        assert!(last <= now.millis() && now.millis() < last + HOUR_MILLIS);
        let ends = [
            first - 1,
            first,
            first,
            first + HOUR_MILLIS - 1,
            first + HOUR_MILLIS,
            last,
            last + 1,
            last + 50 * HOUR_MILLIS,
        ];
        let mut lately = Lately {
            ends: ends.into_iter().map(|at| end(at, true)).collect(),
            cut: false,
        };
        lately.ends.push(end(first, false));
        let found = series(&slots, &lately, true);
        assert_eq!(
            (found.counts[0], found.counts[1], found.counts[23]),
            (3, 1, 3)
        );
        assert_eq!((found.total, found.most, found.at_least), (7, 3, false));
        assert_eq!(found.most_at, Some(slots[23].name.clone()));
        assert_eq!(found.most_here, Some(slots[23].here.clone()));
        lately.cut = true;
        let other = series(&slots, &lately, false);
        assert_eq!((other.total, other.at_least), (1, true));
        let none = series(&slots, &Lately::default(), true);
        assert_eq!((none.most, none.most_at), (0, None));
    }

    // Mutants: a day is missing or twice; the last is not today.
    #[test]
    fn days_are_the_calendars_and_the_last_is_today() {
        let now = Wall::from_millis(1_790_000_000_000);
        let slots = days(now);
        assert_eq!(slots.len(), DAYS);
        assert!(
            slots.is_sorted_by(|one, other| one.begins < other.begins && one.name < other.name)
        );
        let today = crate::host::local_stamp(now);
        assert!(today.starts_with(&slots[DAYS - 1].name));
        assert!(slots[DAYS - 1].begins <= now.millis());
    }

    #[test]
    fn the_service_that_is_used_most_comes_first() {
        let at = |service: &str| End {
            service: service.into(),
            ..end(0, true)
        };
        let ends = ["sudo", "sshd", "sudo", "login", "a\u{7}b", "su", "x"].map(at);
        assert_eq!(services(&ends), ["sudo", "a\\u{7}b", "login", "sshd", "su"]);
    }

    // Mutants: a day too many or too few; another account's sign-ins; let in and refused are confused.
    #[test]
    fn sign_ins_are_counted_by_the_hour_and_an_accounts_by_the_day() {
        let mut bench = bench();
        let now = bench.clock.wall.get();
        let day = 24 * 3_600_000;
        for (at, account, service, word) in [
            (now - 40 * day, "root", "sshd", "success"),
            (now - 3 * day, "root", "sshd", "success"),
            (now - day / 2, "alice", "su", "success"),
            (now - day / 2, "root", "sudo", "refuse"),
            (now, "root", "sudo", "success"),
        ] {
            let event = Event {
                kind: Kind::Decision,
                account,
                service,
                source: "",
                conversation: None,
                detail: json!({"decision": word}),
            };
            let at = Wall::from_millis(at);
            bench.admin.store.record(at, &event).unwrap();
        }
        let days = bench.admin.sign_ins("root").unwrap();
        assert_eq!((days.let_in.total, days.refused.total), (2, 1));
        let ends = (days.let_in.counts[29], days.let_in.counts[26]);
        assert_eq!((days.let_in.counts.len(), ends), (30, (1, 1)));
        assert_eq!(days.services, ["sudo", "sshd"]);
        let status = bench.admin.status().unwrap();
        let hours = &status.activity;
        assert_eq!((hours.let_in.total, hours.refused.total), (2, 1));
        assert_eq!(
            (hours.let_in.counts.len(), hours.let_in.counts[23]),
            (24, 1)
        );
        assert_eq!(hours.refused.counts[11], 1);
    }
}
