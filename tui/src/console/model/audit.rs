//! The log of events: a list, its filter, the selected event in full, and what was found of the
//! chain.

use gatepost_shared::admin::browse::EventRow;
use gatepost_shared::admin::filter::EventFilter;

use super::field::InForce;
use super::list::List;
use super::text::{Line, Tone, broken, headed, hung};

/// Columns of the names of an event's fields.
const COLUMN: usize = 14;

/// The screen's state.
#[derive(Debug, Default)]
pub(crate) struct Audit {
    /// The list.
    pub(crate) list: List<EventRow>,
    /// Which events are in it.
    pub(crate) filter: InForce<EventFilter>,
    /// Whether the selected event is open, where it does not stand beside the list.
    pub(crate) is_open: bool,
    /// How far it is scrolled.
    pub(crate) scroll: usize,
    /// What the last check of the chain said.
    pub(crate) chain: Option<Result<String, String>>,
}

impl Audit {
    /// The selected event in full.
    pub(crate) fn lines(&self, width: usize) -> Vec<Line> {
        let Some(event) = self.list.selected() else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        let mut tell = |name: &str, value: &str| {
            lines.extend(hung(Tone::Plain, name, COLUMN, value, width));
        };
        for (name, value) in [
            ("event", event.seq.to_string()),
            ("at", event.at.clone()),
            ("kind", event.kind.clone()),
            ("user", event.user.clone()),
            ("service", event.service.clone()),
            ("from", event.source.clone()),
            ("conversation", event.conversation.to_string()),
        ] {
            if !value.is_empty() {
                tell(name, &value);
            }
        }
        let said = event.detail.iter().filter(|(_, value)| !value.is_empty());
        for (name, value) in said {
            tell(name, value);
        }
        headed(&mut lines, "CHAIN");
        let mut say = |tone, text: &str| lines.extend(broken(tone, text, width, 2));
        match &self.chain {
            None => say(Tone::Plain, "not checked since the start: c checks it"),
            Some(Ok(holds)) => say(Tone::Good, holds),
            Some(Err(broken)) => say(Tone::Bad, broken),
        }
        lines
    }
}
