//! What is to be done: counts, each a way to what it counts.

use gatepost_shared::admin::browse::{Activity, EventRow, MOST_BY_HOUR, Series, Summary};
use gatepost_shared::admin::users::MOST_MISSING;

use super::super::message::{Screen, Standing};
use super::live::banner;
use super::text::{Bars, Line, Tone, broken, counted, grouped, width_of};

/// The screen's state.
#[derive(Debug, Default)]
pub(crate) struct Home {
    /// The counts.
    pub(crate) summary: Option<Summary>,
    /// Why they could not be read.
    pub(crate) error: Option<String>,
    /// What happened in the last hours.
    pub(crate) activity: Option<Result<Activity, String>>,
    /// How many people of this machine have no account.
    pub(crate) missing: Option<Result<u64, String>>,
    /// Whether they are to be counted after the counts of the store.
    pub(crate) looks_for_missing: bool,
    /// What attacks, in words; none where nothing does.
    pub(crate) attack: Option<String>,
    /// How many shields are up.
    pub(crate) shields: usize,
    /// Which row is selected.
    pub(crate) selected: usize,
}

/// A row that leads somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// How it is meant.
    pub(crate) tone: Tone,
    /// What it says.
    pub(crate) text: String,
    /// Where it leads.
    pub(crate) to: Screen,
    /// With which filter.
    pub(crate) filter: &'static str,
}

impl Home {
    /// Takes in whether an attack goes on, and how many shields are up.
    pub(crate) fn alarm(&mut self, standing: &Standing) {
        self.attack = banner(standing);
        self.shields = standing.shields.len();
    }

    /// The rows.
    pub(crate) fn links(&self) -> Vec<Link> {
        let Some(summary) = &self.summary else {
            return Vec::new();
        };
        let mut links = Vec::new();
        let mut link = |count: u64, tone, text: String, to, filter| {
            let tone = if count == 0 { Tone::Plain } else { tone };
            links.push(Link {
                tone,
                text,
                to,
                filter,
            });
        };
        let Summary {
            accounts,
            locked,
            more_locked,
            unconfirmed,
            unconfirmed_long,
            bounced,
            disabled,
            mails,
            mails_failed,
            notices_due,
            ..
        } = *summary;
        let or_more = if more_locked { " or more" } else { "" };
        let users = Screen::Users;
        let text = format!("{}{or_more} locked", counted(locked, "account", "accounts"));
        link(locked, Tone::Bad, text, users, "state:locked");
        if bounced > 0 {
            let text = counted(bounced, "account", "accounts");
            let text = format!("{text} whose newest mail the relay refused for good");
            link(bounced, Tone::Bad, text, users, "mail:bounced");
        }
        let text = counted(unconfirmed, "account has", "accounts have");
        let long = match unconfirmed_long {
            0 => String::new(),
            long => format!(", {} of them for over 7 days", grouped(long)),
        };
        let text = format!("{text} no confirmed address{long}");
        // Who waits longest first.
        let waiting = "state:unconfirmed sort:enrolled";
        link(unconfirmed, Tone::Care, text, users, waiting);
        match &self.missing {
            Some(Ok(0)) | None => {}
            Some(Ok(many)) => {
                let more = if *many >= u64::from(MOST_MISSING) {
                    " or more"
                } else {
                    ""
                };
                let text = counted(*many, "person", "people");
                let text = format!("{text}{more} of this machine without an account");
                link(*many, Tone::Care, text, users, "state:none");
            }
            Some(Err(error)) => {
                let text = format!("who is not enrolled cannot be told: {error}");
                link(1, Tone::Care, text, users, "");
            }
        }
        let text = format!("{} disabled", counted(disabled, "account", "accounts"));
        link(disabled, Tone::Plain, text, users, "state:disabled");
        let text = format!("{} in all", counted(accounts, "account", "accounts"));
        link(accounts, Tone::Plain, text, users, "");
        let text = format!(
            "{} in 24 hours, {} not taken by the relay",
            counted(mails, "mail", "mails"),
            grouped(mails_failed)
        );
        link(mails_failed, Tone::Bad, text, Screen::Mail, "");
        if let Some(attack) = &self.attack {
            link(1, Tone::Bad, attack.clone(), Screen::Live, "");
        }
        if self.shields > 0 {
            let shields = counted(self.shields as u64, "source is", "sources are");
            let text = format!("{shields} refused for a while");
            link(1, Tone::Care, text, Screen::Live, "");
        }
        let text = format!("{} to be sent", counted(notices_due, "notice", "notices"));
        link(notices_due, Tone::Care, text, Screen::Mail, "");
        links
    }

    /// The first row that is shown where there are so many lines for them.
    pub(crate) const fn top(&self, height: usize) -> usize {
        (self.selected + 1).saturating_sub(height)
    }

    /// What happened in the last hours, where there is room for it.
    pub(crate) fn hours(&self, width: usize) -> Vec<Line> {
        let is_used = self.summary.as_ref().is_some_and(|all| all.accounts > 0);
        let activity = match &self.activity {
            Some(Ok(activity)) if is_used && width >= ROOM => activity,
            Some(Err(error)) if is_used && width >= ROOM => {
                return broken(Tone::Bad, error, width, 0);
            }
            Some(_) | None => return Vec::new(),
        };
        let Activity {
            since_here,
            let_in,
            refused,
            wrong_codes,
            mails_accepted,
            mails_failed,
            ..
        } = activity;
        let wrong = counted(wrong_codes.total, "wrong code", "wrong codes");
        let failed = format!("{} not taken", grouped(mails_failed.total));
        let all = [let_in, refused, wrong_codes, mails_accepted, mails_failed];
        let of = if all.iter().any(|series| series.at_least) {
            format!(", OF THE NEWEST {} EACH", grouped(MOST_BY_HOUR.into()))
        } else {
            String::new()
        };
        let head = format!("BY THE HOUR, SINCE {since_here}{of}");
        vec![
            Line::of(Tone::Head, head),
            by_the_hour("let in", let_in, "", width),
            by_the_hour("refused", refused, &at_least(wrong_codes, &wrong), width),
            by_the_hour(
                "mails taken",
                mails_accepted,
                &at_least(mails_failed, &failed),
                width,
            ),
        ]
    }

    /// What stands below the rows.
    pub(crate) fn lines(&self, width: usize) -> Vec<Line> {
        let Some(summary) = &self.summary else {
            return Vec::new();
        };
        if summary.accounts == 0 {
            let text = "Nobody is enrolled yet. See whether mail goes out: 5, then T. Then n shows who \
                        is not enrolled, and N there enrols them.";
            return broken(Tone::Hint, text, width, 0);
        }
        let mut lines = broken(Tone::Head, "LAST DONE BY ADMINISTRATORS", width, 0);
        for act in &summary.acts {
            lines.extend(broken(Tone::Plain, &act_line(act), width, 2));
        }
        if summary.acts.is_empty() {
            lines.extend(broken(Tone::Plain, "nothing of late", width, 0));
        }
        lines
    }
}

/// Columns from which what happened by the hour is shown: the words, a bar for each hour, the figures.
const ROOM: usize = 64;
/// Columns of the words.
const WORDS: usize = 12;

/// Counts of hours as small bars between their name and their figures. Where there is no room for all of
/// these, the sum alone.
fn by_the_hour(name: &str, series: &Series, more: &str, width: usize) -> Line {
    let mut words = format!("  {}", at_least(series, &grouped(series.total)));
    let room = width.saturating_sub(WORDS + series.counts.len());
    let most = series.most_here.as_ref().map(|at| {
        let most = grouped(series.most.into());
        format!(", most {most} at {at}")
    });
    let more = Some(more).filter(|more| !more.is_empty());
    for part in [most, more.map(|more| format!("; {more}"))]
        .into_iter()
        .flatten()
    {
        if width_of(&words) + width_of(&part) <= room {
            words.push_str(&part);
        }
    }
    Line {
        bars: Some(Bars {
            counts: series.counts.clone(),
            words,
        }),
        ..Line::of(Tone::Plain, format!("{name:<WORDS$}"))
    }
}

/// A count, and whether it is all.
pub(super) fn at_least(series: &Series, text: &str) -> String {
    let lead = if series.at_least { "at least " } else { "" };
    format!("{lead}{text}")
}

/// An administrator's act on one line.
fn act_line(act: &EventRow) -> String {
    let field = |name: &str| {
        let found = act.detail.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let mut line = format!("{} {} {} by {}", act.at, act.kind, act.user, field("by"));
    let reason = field("reason");
    if !reason.is_empty() {
        line.push_str(": ");
        line.push_str(reason);
    }
    line
}
