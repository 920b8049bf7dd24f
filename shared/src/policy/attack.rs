//! Do the counts of the last minutes look like an attack? Pure: rows in, a verdict with its reasons out.
//!
//! The thresholds are constants and say why they are what they are. They decide nothing by themselves:
//! limits hold whether somebody looks or not, and a shield is a person's act.

use std::collections::{BTreeMap, BTreeSet};

use gatepost_words::time::{Span, StoreTime};

/// How far back guesses and unanswered mails are looked at: long enough to see a slow attack's second
/// step, short enough that one which ended is over on the screen too.
pub const WINDOW: Span = Span::from_mins(10);
/// How far back mails are counted for their curve.
pub const MAIL_WINDOW: Span = Span::from_mins(30);
/// Rows that are read of a table at the most, the newest; past them every count is "at least".
pub const ROWS: u32 = 5000;
/// Sources and accounts that are named.
pub const TOP: usize = 10;
/// Wrong codes of one source within a minute. A sign-in has three tries: this is two people behind one
/// address who both failed with all of theirs in the same minute.
pub const SOURCE_PER_MINUTE: u32 = 6;
/// Accounts at which one source was wrong. An office behind one address mistypes too, but not four
/// people within ten minutes, each with their password and a wrong code.
pub const SOURCE_ACCOUNTS: usize = 4;
/// Sources that were wrong at one account. A person has a desk and a telephone.
pub const ACCOUNT_SOURCES: usize = 3;
/// Accounts whose mails one source left unanswered: it has that many passwords, and no mailbox.
pub const UNANSWERED_ACCOUNTS: usize = 5;
/// A mail is unanswered after this: most people are done within a minute.
const PATIENCE: Span = Span::from_mins(2);
/// Sign-ins of one source that proved nothing, a minute. What wanders through the net by itself tries a
/// few; this is somebody's list of names.
pub const STRANGERS_PER_MINUTE: u32 = 10;
/// Strangers are counted by the hour: in a new one, their rate is told over as long as this at least.
const STRANGERS_OVER: Span = Span::from_mins(10);
const MINUTE: Span = Span::from_mins(1);
const HOUR: Span = Span::from_hours(1);

/// A guess of the ledger that was wrong.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// Whose.
    pub account: String,
    /// The source's network.
    pub source: String,
    /// When.
    pub at: StoreTime,
}

/// A mail of the books.
#[derive(Clone, Debug)]
pub struct Mailed {
    /// Whose.
    pub account: String,
    /// The source's network; empty for one that no sign-in caused.
    pub source: String,
    /// Whether its code was not typed.
    pub open: bool,
    /// When.
    pub at: StoreTime,
}

/// Sign-ins of one source that proved nothing, in an hour.
#[derive(Clone, Debug)]
pub struct Strangers {
    /// The source's network.
    pub source: String,
    /// When the hour began.
    pub from: StoreTime,
    /// How many.
    pub count: u32,
}

/// What the store counted.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// Wrong guesses within [`WINDOW`].
    pub wrong: Vec<Wrong>,
    /// Mails within [`MAIL_WINDOW`].
    pub mailed: Vec<Mailed>,
    /// Strangers of this hour and the one before.
    pub strangers: Vec<Strangers>,
    /// Whether there were more rows than are read.
    pub cut: bool,
}

/// Why it is an attack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// So many wrong codes of a source within a minute.
    Fast(String, u32),
    /// A source was wrong at so many accounts.
    Wide(String, usize),
    /// A source left the mails of so many accounts unanswered.
    Unanswered(String, usize),
    /// So many strangers a minute from a source.
    Strangers(String, u32),
    /// So many sources were wrong at an account.
    Many(String, usize),
}

/// What a source did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfSource {
    /// Its network.
    pub source: String,
    /// Wrong codes.
    pub wrong: u32,
    /// Wrong codes in its worst minute.
    pub worst_minute: u32,
    /// Accounts at which it was wrong.
    pub accounts: usize,
    /// Accounts whose mails it left unanswered.
    pub unanswered: usize,
    /// Sign-ins that proved nothing, a minute.
    pub strangers: u32,
    /// Whether a finding is about it.
    pub suspect: bool,
}

/// What happened to an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfAccount {
    /// Its name.
    pub account: String,
    /// Wrong codes.
    pub wrong: u32,
    /// Sources that were wrong at it.
    pub sources: usize,
    /// Whether a finding is about it.
    pub suspect: bool,
}

/// The meter's reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Why it is an attack; empty: it is none.
    pub findings: Vec<Finding>,
    /// Sources, the worst first; all of them.
    pub sources: Vec<OfSource>,
    /// Accounts, the worst first; all of them.
    pub accounts: Vec<OfAccount>,
    /// How near the worst of them is to what counts as an attack, in hundredths: from 100 on it is one.
    pub percent: u32,
    /// Wrong codes a minute, the newest last.
    pub wrong: Vec<u32>,
    /// Mails a minute, the newest last.
    pub mails: Vec<u32>,
}

/// Reads the meter.
pub fn read(traffic: &Traffic, now: StoreTime) -> Reading {
    let mut sources = of_sources(traffic, now);
    let mut accounts = of_accounts(traffic);
    let mut findings: Vec<Finding> = sources.iter().flat_map(about_source).collect();
    for source in &mut sources {
        source.suspect = findings.iter().any(|finding| finding.is_of(&source.source));
    }
    for (account, from) in &mut accounts {
        if account.sources >= ACCOUNT_SOURCES {
            account.suspect = true;
            findings.push(Finding::Many(account.account.clone(), account.sources));
            let of_it = sources
                .iter_mut()
                .filter(|source| from.contains(source.source.as_str()));
            of_it.for_each(|source| source.suspect = true);
        }
    }
    let mut accounts: Vec<OfAccount> = accounts.into_iter().map(|(account, _)| account).collect();
    sources.sort_by_key(|one| {
        let badness = one.wrong.saturating_add(one.strangers);
        std::cmp::Reverse((one.suspect, badness, one.unanswered))
    });
    accounts.sort_by_key(|one| std::cmp::Reverse((one.suspect, one.wrong)));
    let percents = sources.iter().map(percent_of_source);
    let percents = percents.chain(accounts.iter().map(percent_of_account));
    Reading {
        percent: percents.max().unwrap_or(0),
        findings,
        sources,
        accounts,
        wrong: a_minute(traffic.wrong.iter().map(|wrong| wrong.at), now, WINDOW),
        mails: a_minute(traffic.mailed.iter().map(|mail| mail.at), now, MAIL_WINDOW),
    }
}

impl Finding {
    /// Whether it is about that source.
    fn is_of(&self, network: &str) -> bool {
        match self {
            Self::Fast(source, _)
            | Self::Wide(source, _)
            | Self::Unanswered(source, _)
            | Self::Strangers(source, _) => source == network,
            Self::Many(..) => false,
        }
    }
}

fn about_source(one: &OfSource) -> Vec<Finding> {
    let name = || one.source.clone();
    let mut findings = Vec::new();
    if one.worst_minute >= SOURCE_PER_MINUTE {
        findings.push(Finding::Fast(name(), one.worst_minute));
    }
    if one.accounts >= SOURCE_ACCOUNTS {
        findings.push(Finding::Wide(name(), one.accounts));
    }
    if one.unanswered >= UNANSWERED_ACCOUNTS {
        findings.push(Finding::Unanswered(name(), one.unanswered));
    }
    if one.strangers >= STRANGERS_PER_MINUTE {
        findings.push(Finding::Strangers(name(), one.strangers));
    }
    findings
}

/// How near a source is to the first finding about it.
fn percent_of_source(one: &OfSource) -> u32 {
    let shares = [
        share(one.worst_minute, SOURCE_PER_MINUTE),
        share(number(one.accounts), number(SOURCE_ACCOUNTS)),
        share(number(one.unanswered), number(UNANSWERED_ACCOUNTS)),
        share(one.strangers, STRANGERS_PER_MINUTE),
    ];
    shares.into_iter().max().unwrap_or(0)
}

/// How near an account is to the finding about it.
fn percent_of_account(one: &OfAccount) -> u32 {
    share(number(one.sources), number(ACCOUNT_SOURCES))
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// A count in hundredths of what is too many.
fn share(count: u32, most: u32) -> u32 {
    count.saturating_mul(100).checked_div(most).unwrap_or(0)
}

fn of_sources(traffic: &Traffic, now: StoreTime) -> Vec<OfSource> {
    #[derive(Default)]
    struct Seen<'a> {
        wrong: Vec<StoreTime>,
        accounts: BTreeSet<&'a str>,
        unanswered: BTreeSet<&'a str>,
        strangers: u32,
    }
    let mut all: BTreeMap<&str, Seen<'_>> = BTreeMap::new();
    for wrong in &traffic.wrong {
        let seen = all.entry(&wrong.source).or_default();
        seen.wrong.push(wrong.at);
        seen.accounts.insert(&wrong.account);
    }
    let unanswered = |mail: &&Mailed| {
        mail.open
            && !mail.source.is_empty()
            && mail.at > now.minus(WINDOW)
            && mail.at <= now.minus(PATIENCE)
    };
    for mail in traffic.mailed.iter().filter(unanswered) {
        let seen = all.entry(&mail.source).or_default();
        seen.unanswered.insert(&mail.account);
    }
    for strangers in &traffic.strangers {
        let seen = all.entry(&strangers.source).or_default();
        seen.strangers = seen.strangers.max(rate(strangers, now));
    }
    let row = |(source, seen): (&str, Seen<'_>)| OfSource {
        source: source.to_owned(),
        wrong: count(seen.wrong.len()),
        worst_minute: a_minute(seen.wrong.into_iter(), now, WINDOW)
            .into_iter()
            .max()
            .unwrap_or(0),
        accounts: seen.accounts.len(),
        unanswered: seen.unanswered.len(),
        strangers: seen.strangers,
        suspect: false,
    };
    all.into_iter().map(row).collect()
}

/// Accounts, each with the sources that were wrong at it.
fn of_accounts(traffic: &Traffic) -> Vec<(OfAccount, BTreeSet<&str>)> {
    let mut all: BTreeMap<&str, (u32, BTreeSet<&str>)> = BTreeMap::new();
    for wrong in &traffic.wrong {
        let (count, sources) = all.entry(&wrong.account).or_default();
        *count = count.saturating_add(1);
        sources.insert(&wrong.source);
    }
    let row = |(account, (wrong, sources)): (&str, (u32, BTreeSet<&'_ str>))| OfAccount {
        account: account.to_owned(),
        wrong,
        sources: sources.len(),
        suspect: false,
    };
    all.into_iter()
        .map(|(account, (wrong, sources))| (row((account, (wrong, sources.clone()))), sources))
        .collect()
}

/// Strangers a minute, over the part of their hour that is past.
fn rate(strangers: &Strangers, now: StoreTime) -> u32 {
    let over = now.since(strangers.from).min(HOUR).max(STRANGERS_OVER);
    let minutes = u32::try_from(over.millis() / MINUTE.millis()).unwrap_or(u32::MAX);
    strangers.count / minutes.max(1)
}

/// How many there were in each minute of a window, the newest last.
fn a_minute(times: impl Iterator<Item = StoreTime>, now: StoreTime, window: Span) -> Vec<u32> {
    let minutes = usize::try_from(window.millis() / MINUTE.millis()).unwrap_or(0);
    let mut counts = vec![0_u32; minutes];
    for at in times {
        let ago = usize::try_from(now.since(at).millis() / MINUTE.millis()).unwrap_or(usize::MAX);
        let place = minutes
            .checked_sub(1)
            .and_then(|last| last.checked_sub(ago));
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            *count = count.saturating_add(1);
        }
    }
    counts
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::{Span, StoreTime};

    use super::{Finding, Mailed, Reading, Strangers, Traffic, Wrong, read};

    const NOW: StoreTime = StoreTime::from_millis(1_000_000_000);

    fn ago(secs: i64) -> StoreTime {
        NOW.minus(Span::from_secs(secs))
    }

    fn wrong(account: &str, source: &str, secs: i64) -> Wrong {
        Wrong {
            account: account.into(),
            source: source.into(),
            at: ago(secs),
        }
    }

    fn findings(traffic: &Traffic) -> Vec<Finding> {
        read(traffic, NOW).findings
    }

    fn of_wrong(wrong: Vec<Wrong>) -> Traffic {
        Traffic {
            wrong,
            ..Traffic::default()
        }
    }

    #[test]
    fn nothing_is_no_attack() {
        let quiet = Reading {
            wrong: vec![0; 10],
            mails: vec![0; 30],
            ..Reading::default()
        };
        assert_eq!(read(&Traffic::default(), NOW), quiet);
    }

    // Mutants: a threshold is one more or one less; guesses of several minutes are taken together.
    #[test]
    fn many_wrong_codes_of_a_source_in_one_minute_are_an_attack() {
        let within = |count: i64, secs: i64| {
            let guesses = (0..count).map(|n| wrong("alice", "ip:192.0.2.1", n * secs));
            of_wrong(guesses.collect())
        };
        assert_eq!(findings(&within(5, 1)), []);
        let fast = Finding::Fast("ip:192.0.2.1".into(), 6);
        assert_eq!(findings(&within(6, 1)), [fast]);
        assert_eq!(findings(&within(6, 30)), []);
    }

    #[test]
    fn one_source_at_many_accounts_and_many_at_one_are_attacks() {
        let wide = |count: i64| {
            let guesses = (0..count).map(|n| wrong(&format!("u{n}"), "ip:192.0.2.1", n * 70));
            of_wrong(guesses.collect())
        };
        assert_eq!(findings(&wide(3)), []);
        assert_eq!(
            findings(&wide(4)),
            [Finding::Wide("ip:192.0.2.1".into(), 4)]
        );
        let many = |count: i64| {
            let guesses = (0..count).map(|n| wrong("alice", &format!("ip:192.0.2.{n}"), n * 70));
            of_wrong(guesses.collect())
        };
        assert_eq!(findings(&many(2)), []);
        assert_eq!(findings(&many(3)), [Finding::Many("alice".into(), 3)]);
        // All of its sources are suspects, and nobody else's.
        let mut traffic = many(3);
        traffic.wrong.push(wrong("bob", "ip:192.0.2.9", 5));
        let reading = read(&traffic, NOW);
        let suspects = reading.sources.iter().filter(|source| source.suspect);
        assert_eq!(suspects.count(), 3);
        assert!(reading.accounts[0].suspect && !reading.accounts[1].suspect);
    }

    // Mutants: a threshold of another kind is taken; the worst of all is not.
    #[test]
    fn the_meter_says_how_near_an_attack_is() {
        let percent = |traffic: &Traffic| read(traffic, NOW).percent;
        let of = |count: i64, account: fn(i64) -> String, source: fn(i64) -> String| {
            let guesses = (0..count).map(|n| wrong(&account(n), &source(n), n * 70));
            percent(&of_wrong(guesses.collect()))
        };
        let (alice, one) = (|_| "alice".into(), |_| "ip:192.0.2.1".into());
        assert_eq!(of(0, alice, one), 0);
        assert_eq!(of(1, alice, one), 33, "one source of three at an account");
        assert_eq!(of(2, |n| format!("u{n}"), one), 50, "two accounts of four");
        assert_eq!(of(4, |n| format!("u{n}"), one), 100);
        assert_eq!(of(3, alice, |n| format!("ip:192.0.2.{n}")), 100);
        let minute = (0..9).map(|_| wrong("alice", "ip:192.0.2.1", 5));
        assert_eq!(percent(&of_wrong(minute.collect())), 150);
    }

    // Mutants: a mail that was answered counts, or one of this minute, or one that no sign-in caused.
    #[test]
    fn mails_that_one_source_leaves_unanswered_are_an_attack() {
        let mailed = |count: i64, source: &str, open: bool, secs: i64| Traffic {
            mailed: (0..count)
                .map(|n| Mailed {
                    account: format!("u{n}"),
                    source: source.into(),
                    open,
                    at: ago(secs),
                })
                .collect(),
            ..Traffic::default()
        };
        let source = "ip:192.0.2.1";
        let unanswered = Finding::Unanswered(source.into(), 5);
        assert_eq!(findings(&mailed(5, source, true, 180)), [unanswered]);
        for (count, source, open, secs) in [
            (4, source, true, 180),
            (5, source, false, 180),
            (5, source, true, 60),
            (5, source, true, 700),
            (5, "", true, 180),
        ] {
            let none = findings(&mailed(count, source, open, secs));
            assert_eq!(none, [], "{count} {source} {open} {secs}");
        }
        let reading = read(&mailed(5, source, false, 61), NOW);
        assert_eq!(reading.mails[28..], [5, 0]);
    }

    // Mutant: the rate is told over the minutes of a new hour alone, and so everything is an attack at
    // the full hour.
    #[test]
    fn strangers_are_an_attack_by_their_rate() {
        let strangers = |count, mins: i64| Traffic {
            strangers: vec![Strangers {
                source: "ip:192.0.2.1".into(),
                from: ago(mins * 60),
                count,
            }],
            ..Traffic::default()
        };
        let found = |rate| vec![Finding::Strangers("ip:192.0.2.1".into(), rate)];
        assert_eq!(findings(&strangers(99, 1)), []);
        assert_eq!(findings(&strangers(100, 1)), found(10));
        assert_eq!(findings(&strangers(299, 30)), []);
        assert_eq!(findings(&strangers(300, 30)), found(10));
        assert_eq!(findings(&strangers(599, 90)), []);
    }
}
