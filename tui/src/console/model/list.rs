//! A list of which only a window is in memory: rows around the selected one, which stays selected by
//! its key when the rows are read anew.

use gatepost_shared::admin::browse::{Around, EventRow, MailRow, Page, UserRow};
use gatepost_shared::admin::doctor::Check;
use gatepost_shared::admin::policy::history;

use super::super::message::Step;

/// A row that knows its key.
pub(crate) trait Keyed {
    /// What the list is ordered by.
    type Key: Clone + PartialEq;
    /// This row's.
    fn key(&self) -> Self::Key;
}

impl Keyed for UserRow {
    type Key = String;
    fn key(&self) -> String {
        self.key.clone()
    }
}

impl Keyed for EventRow {
    type Key = i64;
    fn key(&self) -> i64 {
        self.seq
    }
}

impl Keyed for MailRow {
    type Key = i64;
    fn key(&self) -> i64 {
        self.id
    }
}

impl Keyed for history::Row {
    type Key = i64;
    fn key(&self) -> i64 {
        self.version
    }
}

impl Keyed for Check {
    type Key = String;
    fn key(&self) -> String {
        format!("{} {}", self.what, self.detail)
    }
}

/// Rows that are read at once on each side of the selected one.
pub(crate) const PAGE: u32 = 200;
/// Screenfuls between the selected row and an edge, at which the next page is asked for.
const AHEAD: usize = 2;

/// The window, and where in it we are.
#[derive(Debug)]
pub(crate) struct List<R: Keyed> {
    /// The rows in memory.
    pub(crate) rows: Vec<R>,
    /// Whether there are rows before them.
    pub(crate) more_before: bool,
    /// Whether there are rows after them.
    pub(crate) more_after: bool,
    /// The index of the selected row.
    pub(crate) selected: usize,
    /// The index of the first row on the screen.
    pub(crate) top: usize,
    /// What the rows are.
    pub(crate) state: Rows,
    /// Why the rows could not be read.
    pub(crate) error: Option<String>,
    request: u64,
    answered: u64,
    goal: Goal,
    /// The row to be selected when it comes.
    sought: Option<R::Key>,
    /// Whether it did not come.
    missed: bool,
    /// Rows that somebody moved beyond the window's edge: made good when the rows are here.
    owed: usize,
}

/// What a list's rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// None was read yet.
    None,
    /// Those of the filter that was in force before.
    OfBefore,
    /// The first of the filter that is in force, while others are looked for.
    First,
    /// Those of the filter that is in force.
    Read,
}

/// Which row is selected when the answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    Same,
    /// The first, unless somebody moves away from it meanwhile.
    Top,
    First,
    /// Where somebody went while the answer was on its way; the first where that row is not there.
    Moved,
    Last,
}

impl<R: Keyed> Default for List<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            more_before: false,
            more_after: false,
            selected: 0,
            top: 0,
            state: Rows::None,
            error: None,
            request: 0,
            answered: 0,
            goal: Goal::Same,
            sought: None,
            missed: false,
            owed: 0,
        }
    }
}

impl<R: Keyed> List<R> {
    /// Whether its rows are on the screen, and not a sentence in their place.
    pub(crate) fn is_shown(&self) -> bool {
        self.error.is_none() && self.state != Rows::None && !self.rows.is_empty()
    }

    /// The selected row.
    pub(crate) fn selected(&self) -> Option<&R> {
        self.rows.get(self.selected)
    }

    /// Which row is selected, which is the first on the screen, and how many there are in memory.
    pub(crate) const fn place(&self) -> (usize, usize, usize) {
        (self.selected, self.top, self.rows.len())
    }

    /// Another filter is in force: what is asked for next begins at the first row. Until it comes, the
    /// rows of the one before stay.
    pub(crate) fn refilter(&mut self) {
        if self.state != Rows::None {
            self.state = Rows::OfBefore;
        }
    }

    /// Asks for rows: the request's number and where to read.
    pub(crate) fn ask(&mut self, around: Around<R::Key>) -> (u64, Around<R::Key>) {
        self.goal = match around {
            Around::First => Goal::First,
            Around::Last => Goal::Last,
            Around::Key(_) => Goal::Same,
        };
        self.request += 1;
        (self.request, around)
    }

    /// Asks for the rows around a key, which is to be the selected one.
    pub(crate) fn seek(&mut self, key: R::Key) -> (u64, Around<R::Key>) {
        self.sought = Some(key.clone());
        self.ask(Around::Key(key))
    }

    /// Whether the row that was sought is not there; said once.
    pub(crate) fn missed(&mut self) -> bool {
        std::mem::take(&mut self.missed)
    }

    /// Asks for the rows around the selected one again.
    pub(crate) fn ask_again(&mut self) -> (u64, Around<R::Key>) {
        // At the top of the list new rows come in above: they are to be seen.
        let at_the_top = self.selected == 0 && !self.more_before;
        match self.selected().map(Keyed::key) {
            Some(key) if !at_the_top && self.state == Rows::Read => self.ask(Around::Key(key)),
            Some(_) if self.state == Rows::Read => {
                let asked = self.ask(Around::First);
                self.goal = Goal::Top;
                asked
            }
            Some(_) | None => self.ask(Around::First),
        }
    }

    /// Takes an answer; false where a later request was made.
    pub(crate) fn take(
        &mut self,
        request: u64,
        answer: Result<Page<R>, String>,
        height: usize,
    ) -> bool {
        if request != self.request {
            return false;
        }
        self.answered = request;
        if self.state == Rows::First && self.selected > 0 {
            // Somebody has moved meanwhile.
            self.goal = Goal::Same;
        }
        self.state = Rows::Read;
        let page = match answer {
            Ok(page) => page,
            Err(error) => {
                self.error = Some(error);
                return true;
            }
        };
        self.fill(page, height);
        true
    }

    /// Takes the first rows of an answer that is not there yet; false where a later request was made,
    /// or the rows are those of the same filter already.
    pub(crate) fn take_first(&mut self, request: u64, page: Page<R>, height: usize) -> bool {
        if request != self.request || self.state == Rows::Read {
            return false;
        }
        self.state = Rows::First;
        self.fill(page, height);
        true
    }

    fn fill(&mut self, page: Page<R>, height: usize) {
        self.error = None;
        let line = self.selected.saturating_sub(self.top);
        let sought = self.sought.take();
        let is_sought = sought.is_some();
        let before = sought.or_else(|| self.selected().map(Keyed::key));
        self.rows = page.rows;
        self.more_before = page.more_before;
        self.more_after = page.more_after;
        let found = self.rows.iter().position(|row| Some(row.key()) == before);
        self.missed = is_sought && found.is_none();
        self.selected = match self.goal {
            Goal::First => 0,
            Goal::Last => self.rows.len().saturating_sub(1),
            Goal::Top if self.selected == 0 => 0,
            Goal::Moved => found.unwrap_or(0),
            Goal::Same | Goal::Top => found.unwrap_or(self.selected) + self.owed,
        };
        self.owed = 0;
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
        self.top = self.selected.saturating_sub(line);
        self.show(height);
    }

    /// Moves; where the edge of the window comes near, says where to read next.
    pub(crate) fn step(&mut self, step: Step, height: usize) -> Option<Around<R::Key>> {
        let last = self.rows.len().saturating_sub(1);
        let page = height.saturating_sub(1).max(1);
        let further = match step {
            Step::Down => 1,
            Step::PageDown => page,
            Step::Up | Step::PageUp | Step::First | Step::Last => 0,
        };
        self.owed = if further > 0 && self.more_after && self.answered < self.request {
            self.owed + (self.selected + further).saturating_sub(last)
        } else {
            0
        };
        match step {
            Step::First if self.more_before => return Some(Around::First),
            Step::Last if self.more_after => return Some(Around::Last),
            Step::First => self.selected = 0,
            Step::Last => self.selected = last,
            Step::Up => self.selected = self.selected.saturating_sub(1),
            Step::Down => self.selected = (self.selected + 1).min(last),
            Step::PageUp => self.selected = self.selected.saturating_sub(page),
            Step::PageDown => self.selected = (self.selected + page).min(last),
        }
        if self.goal == Goal::First && self.answered < self.request {
            self.goal = Goal::Moved;
        }
        self.show(height);
        let ahead = AHEAD * height.max(1);
        let short_before = self.more_before && self.selected < ahead;
        let short_after = self.more_after && self.selected + ahead > last;
        if (short_before || short_after) && self.answered == self.request {
            return self.selected().map(|row| Around::Key(row.key()));
        }
        None
    }

    /// Scrolls so that the selected row is on the screen, and no line is wasted.
    pub(crate) fn show(&mut self, height: usize) {
        let height = height.max(1);
        let lowest = self.selected.saturating_sub(height - 1);
        let wasteful = self.rows.len().saturating_sub(height);
        self.top = self
            .top
            .clamp(lowest, self.selected)
            .min(wasteful.max(lowest));
    }
}

#[cfg(test)]
mod tests {
    use gatepost_shared::admin::browse::{Around, MailRow, Page};

    use super::{Keyed, List, Rows};
    use crate::console::message::Step;

    fn mail(id: i64) -> MailRow {
        MailRow {
            id,
            at: String::new(),
            user: String::new(),
            kind: String::new(),
            relay: String::new(),
            outcome: String::new(),
            reply: String::new(),
            millis: 0,
        }
    }

    fn page(ids: impl Iterator<Item = i64>, before: bool, after: bool) -> Page<MailRow> {
        Page {
            rows: ids.map(mail).collect(),
            more_before: before,
            more_after: after,
        }
    }

    fn list(ids: impl Iterator<Item = i64>, before: bool, after: bool) -> List<MailRow> {
        let mut list = List::default();
        let (request, _) = list.ask(Around::First);
        assert!(list.take(request, Ok(page(ids, before, after)), 10));
        list
    }

    #[test]
    fn the_selected_row_stays_selected_when_rows_come_and_go() {
        let mut list = list(0..50, false, true);
        for _ in 0..20 {
            list.step(Step::Down, 10);
        }
        assert_eq!((list.selected, list.top), (20, 11));
        let (request, around) = list.ask_again();
        assert_eq!(around, Around::Key(20));
        assert!(list.take(request, Ok(page(15..60, true, false)), 10));
        assert_eq!(list.selected().map(Keyed::key), Some(20));
        assert_eq!(list.selected - list.top, 5, "as much as there is above it");
    }

    // Mutant: who is quicker than the store stands still at the window's edge.
    #[test]
    fn a_step_beyond_the_edge_is_made_good() {
        let mut list = list(0..30, false, true);
        assert_eq!(list.step(Step::PageDown, 10), None);
        let asked = list.step(Step::PageDown, 10).unwrap();
        let (request, _) = list.ask(asked);
        for _ in 0..3 {
            assert_eq!(list.step(Step::PageDown, 10), None);
        }
        assert_eq!(list.selected().map(Keyed::key), Some(29));
        assert!(list.take(request, Ok(page(0..90, false, true)), 10));
        assert_eq!(list.selected().map(Keyed::key), Some(45));
        // Nothing is owed to who turned round.
        let (request, _) = list.ask(Around::Key(45));
        for _ in 0..6 {
            list.step(Step::PageDown, 10);
        }
        list.step(Step::Up, 10);
        assert!(list.take(request, Ok(page(0..200, false, true)), 10));
        assert_eq!(list.selected().map(Keyed::key), Some(88));
    }

    // Mutant: the answer to a filter, or to its end, takes back whoever moved while it was on its way.
    #[test]
    fn a_late_answer_takes_nobody_back() {
        for (rows, selected) in [(0..5, Some(4)), (0..3, Some(0))] {
            let mut list = list(0..5, false, false);
            list.refilter();
            let (request, _) = list.ask(Around::First);
            list.step(Step::Last, 10);
            assert!(list.take(request, Ok(page(rows, false, false)), 10));
            assert_eq!(list.selected().map(Keyed::key), selected);
        }
    }

    // Mutant: what is asked for at the top ends at the top, wherever somebody went meanwhile.
    #[test]
    fn a_refresh_at_the_top_shows_what_is_new_and_takes_nobody_back() {
        let mut list = list(0..5, false, false);
        let (request, around) = list.ask_again();
        assert_eq!(around, Around::First);
        assert!(list.take(request, Ok(page(-1..5, false, false)), 10));
        assert_eq!(list.selected().map(Keyed::key), Some(-1));
        let (request, _) = list.ask_again();
        list.step(Step::Last, 10);
        assert!(list.take(request, Ok(page(-2..5, false, false)), 10));
        assert_eq!(list.selected().map(Keyed::key), Some(4));
    }

    #[test]
    fn an_answer_to_an_earlier_question_is_dropped() {
        let mut list = list(0..5, false, false);
        let (early, _) = list.ask(Around::First);
        let (late, _) = list.ask(Around::First);
        assert!(!list.take(early, Ok(page(7..9, false, false)), 10));
        assert_eq!(list.rows.len(), 5);
        assert!(list.take(late, Ok(page(7..9, false, false)), 10));
        assert_eq!(list.rows.len(), 2);
    }

    // Mutants: first rows of an earlier question are taken; the whole answer throws the selection away.
    #[test]
    fn first_rows_are_shown_until_the_whole_answer_comes() {
        let mut list = list(0..5, false, false);
        list.refilter();
        let (early, _) = list.ask(Around::First);
        let (late, _) = list.ask(Around::First);
        assert!(!list.take_first(early, page(1..3, false, false), 10));
        assert!(list.take_first(late, page(6..9, false, false), 10));
        assert_eq!(list.state, Rows::First);
        list.step(Step::Down, 10);
        assert!(list.take(late, Ok(page(2..9, false, false)), 10));
        assert_eq!(list.state, Rows::Read);
        assert_eq!(list.selected().map(Keyed::key), Some(7));
        assert!(!list.take_first(late, page(6..9, false, false), 10));
    }

    #[test]
    fn the_next_page_is_asked_for_before_the_edge_is_reached() {
        let mut list = list(0..100, false, true);
        assert_eq!(list.step(Step::Down, 10), None);
        let mut asked = None;
        for _ in 0..80 {
            asked = asked.or(list.step(Step::Down, 10));
        }
        assert_eq!(asked, Some(Around::Key(80)));
        assert_eq!(list.step(Step::Last, 10), Some(Around::Last));
        assert_eq!(list.step(Step::First, 10), None);
        assert_eq!((list.selected, list.top), (0, 0));
    }

    #[test]
    fn a_list_that_shrinks_keeps_its_selection_inside() {
        let mut list = list(0..20, false, false);
        list.step(Step::Last, 10);
        let (request, _) = list.ask_again();
        assert!(list.take(request, Ok(page(0..3, false, false)), 10));
        assert_eq!((list.selected, list.top), (2, 0));
        let (request, _) = list.ask_again();
        assert!(list.take(request, Ok(page(0..0, false, false)), 10));
        assert!(list.selected().is_none());
        assert_eq!(list.step(Step::Down, 10), None);
    }
}
