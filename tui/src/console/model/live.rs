//! What happens now: the stream of events, the attack meter, the worst sources and accounts, the shields.
//! It can stand still while somebody reads.

use gatepost_shared::admin::attack::{Account, Source};
use gatepost_shared::admin::browse::EventRow;
use gatepost_shared::admin::shield::Shield;

use super::super::message::{Standing, Step};
use super::list::List;

/// The screen's state.
#[derive(Debug)]
pub(crate) struct Live {
    /// The events.
    pub(crate) stream: List<EventRow>,
    /// The newest reading; none before the first.
    pub(crate) now: Option<Standing>,
    /// The reading that stands still.
    frozen: Option<Standing>,
    /// Why there is none.
    pub(crate) error: Option<String>,
    /// Which pane has the focus.
    pub(crate) pane: Pane,
    /// Whether the newest event stays in view.
    pub(crate) follows: bool,
    /// Whether everything stands still.
    pub(crate) is_paused: bool,
    /// The newest event that somebody saw.
    seen: i64,
    /// The selected source, account and shield, by their names.
    picked: [Option<String>; 3],
}

/// A pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pane {
    /// The events.
    Stream,
    /// The meter.
    Meter,
    /// The worst sources.
    Sources,
    /// The accounts with most wrong codes.
    Accounts,
    /// The shields that are up.
    Shields,
}

impl Pane {
    /// Those that there are, in order.
    pub(crate) const ALL: [Self; 5] = [
        Self::Stream,
        Self::Meter,
        Self::Sources,
        Self::Accounts,
        Self::Shields,
    ];

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stream => "Live",
            Self::Meter => "Attack meter",
            Self::Sources => "Sources",
            Self::Accounts => "Accounts",
            Self::Shields => "Shields",
        }
    }

    /// Where its selected row is kept; none where it has no rows, or keeps them itself.
    const fn slot(self) -> Option<usize> {
        match self {
            Self::Stream | Self::Meter => None,
            Self::Sources => Some(0),
            Self::Accounts => Some(1),
            Self::Shields => Some(2),
        }
    }

    /// The pane so many places further.
    pub(crate) fn beside(self, places: usize) -> Self {
        let at = Self::ALL.iter().position(|pane| *pane == self).unwrap_or(0);
        let to = (at + places) % Self::ALL.len();
        Self::ALL.get(to).copied().unwrap_or(self)
    }
}

impl Default for Live {
    fn default() -> Self {
        Self {
            stream: List::default(),
            now: None,
            frozen: None,
            error: None,
            pane: Pane::Stream,
            follows: true,
            is_paused: false,
            seen: 0,
            picked: [None, None, None],
        }
    }
}

impl Live {
    /// The reading that is on the screen.
    pub(crate) fn shown(&self) -> Option<&Standing> {
        self.frozen.as_ref().or(self.now.as_ref())
    }

    /// Stands still, or goes on.
    pub(crate) fn pause(&mut self) {
        self.is_paused = !self.is_paused;
        self.frozen = self.now.clone().filter(|_| self.is_paused);
    }

    /// Forgets what was seen: the events may be another log's, with lower numbers.
    pub(crate) fn forget(&mut self) {
        self.seen = 0;
        self.is_paused = false;
        self.frozen = None;
    }

    /// Whether the newest event stays in view now: nobody paused, nobody scrolled away.
    pub(crate) fn is_following(&self) -> bool {
        self.follows && !self.is_paused && self.is_at_the_top()
    }

    fn is_at_the_top(&self) -> bool {
        self.stream.selected == 0 && !self.stream.more_before
    }

    /// Rows are here, or somebody moved: what is at the top was seen.
    pub(crate) fn look(&mut self) {
        if self.is_at_the_top() {
            let newest = self.stream.rows.first().map(|event| event.seq);
            self.seen = newest.unwrap_or(self.seen);
        }
    }

    /// How many events came that nobody saw.
    pub(crate) fn unseen(&self) -> u64 {
        let newest = self.now.as_ref().map_or(0, |standing| standing.newest);
        u64::try_from(newest - self.seen).unwrap_or(0)
    }

    /// The names of a pane's rows.
    fn names(&self, pane: Pane) -> Vec<&str> {
        let Some(standing) = self.shown() else {
            return Vec::new();
        };
        match pane {
            Pane::Stream | Pane::Meter => Vec::new(),
            Pane::Sources => {
                let sources = standing.attack.sources.iter();
                sources.map(|one| one.source.as_str()).collect()
            }
            Pane::Accounts => {
                let accounts = standing.attack.accounts.iter();
                accounts.map(|one| one.user.as_str()).collect()
            }
            Pane::Shields => {
                let shields = standing.shields.iter();
                shields.map(|one| one.source.as_str()).collect()
            }
        }
    }

    /// The place of a pane's selected row: it stays on what it was on, wherever that is now.
    pub(crate) fn picked(&self, pane: Pane) -> usize {
        let picked = pane.slot().and_then(|slot| self.picked.get(slot)?.as_ref());
        let mut names = self.names(pane).into_iter();
        let at = picked.and_then(|picked| names.position(|name| name == picked));
        at.unwrap_or(0)
    }

    /// Selects another row of a small pane.
    pub(crate) fn step(&mut self, step: Step) {
        let pane = self.pane;
        let names = self.names(pane);
        let last = names.len().saturating_sub(1);
        let at = self.picked(pane);
        let to = match step {
            Step::Up => at.saturating_sub(1),
            Step::Down => at + 1,
            Step::PageUp | Step::First => 0,
            Step::PageDown | Step::Last => last,
        };
        let name = names.get(to.min(last)).map(|name| (*name).to_owned());
        if let Some(slot) = pane.slot().and_then(|slot| self.picked.get_mut(slot)) {
            *slot = name;
        }
    }

    /// The selected source.
    pub(crate) fn source(&self) -> Option<&Source> {
        let at = self.picked(Pane::Sources);
        self.shown()?.attack.sources.get(at)
    }

    /// The selected account.
    pub(crate) fn account(&self) -> Option<&Account> {
        let at = self.picked(Pane::Accounts);
        self.shown()?.attack.accounts.get(at)
    }

    /// The selected shield.
    pub(crate) fn shield(&self) -> Option<&Shield> {
        let at = self.picked(Pane::Shields);
        self.shown()?.shields.get(at)
    }

    /// What a shield would be put up against: the selected row's source, where the row has one. Empty:
    /// the suspects.
    pub(crate) fn aim(&self) -> &str {
        let source = match self.pane {
            Pane::Stream => self.stream.selected().map(|event| event.source.as_str()),
            Pane::Sources => self.source().map(|one| one.source.as_str()),
            Pane::Shields => self.shield().map(|one| one.source.as_str()),
            Pane::Meter | Pane::Accounts => None,
        };
        source.filter(|source| is_network(source)).unwrap_or("")
    }
}

/// Whether a source is an address or a network: others can't be shielded.
pub(crate) fn is_network(source: &str) -> bool {
    let (address, bits) = source.split_once('/').unwrap_or((source, "0"));
    address.parse::<std::net::IpAddr>().is_ok() && bits.parse::<u8>().is_ok()
}

/// What the banner says of an attack: the worst source, and how fast it is.
pub(crate) fn banner(standing: &Standing) -> Option<String> {
    let attack = &standing.attack;
    if !attack.attack {
        return None;
    }
    let worst = attack.sources.iter().find(|source| source.suspect);
    let Some(worst) = worst else {
        return Some("attack".to_owned());
    };
    let fails = worst.worst_minute.max(worst.strangers_per_minute);
    Some(format!("attack: {} ({fails} fails/min)", worst.source))
}
