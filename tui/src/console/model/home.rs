//! What is to be done: counts, each a way to what it counts.

use gatepost_shared::admin::browse::{EventRow, Summary};

use super::super::message::{Screen, Standing};
use super::live::banner;
use super::text::{Line, Tone, broken, counted, grouped};

/// The screen's state.
#[derive(Debug, Default)]
pub(crate) struct Home {
    /// The counts.
    pub(crate) summary: Option<Summary>,
    /// Why they could not be read.
    pub(crate) error: Option<String>,
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
        let text = counted(unconfirmed, "account has", "accounts have");
        let text = format!("{text} no confirmed address");
        link(unconfirmed, Tone::Care, text, users, "state:unconfirmed");
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
