//! How often a job says how far it is: often enough to be watched, seldom enough to cost nothing.

use gatepost_shared::host::{Host, System};

/// Milliseconds between two reports.
const REPORTS: i64 = 100;

/// When the next report is due.
pub(super) struct Pace {
    clock: Option<System>,
    due: i64,
}

impl Pace {
    /// The first report is due at once.
    pub(super) fn new() -> Self {
        Self {
            clock: System::new().ok(),
            due: 0,
        }
    }

    /// Whether a report is due; then the next one is due later.
    pub(super) fn is_due(&mut self) -> bool {
        let moment = self
            .clock
            .as_ref()
            .map(|clock| clock.now().moment.at.millis());
        let now = moment.unwrap_or(0);
        let is_due = now >= self.due;
        if is_due {
            self.due = now.saturating_add(REPORTS);
        }
        is_due
    }
}
