//! That somebody saw addresses in full, and how often the helpdesk did: the events themselves are what
//! is counted, in the transaction that writes one more. Who may is decided above.

use rusqlite::params;

use super::Store;
use super::error::StoreError;
use super::events::{Event, append};
use super::guesses::DAY;
use super::kinds::Kind;
use crate::host::Now;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Unmasked {
    /// It is recorded.
    Recorded,
    /// That person did so too often; nothing was recorded.
    TooOften,
}

/// Who is counted.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'a> {
    /// As the events name them.
    pub by: &'a str,
    /// How often they may within a day; at least once.
    pub most: u32,
}

/// The newest events of the kind that are looked at: more than any day has.
const NEWEST: u32 = 10_000;

const DOING: &str = "recording that addresses are shown";

impl Store {
    /// Records it; for somebody who is counted only where there is room.
    pub fn unmask(
        &mut self,
        now: &Now,
        event: &Event<'_>,
        counted: Option<Counted<'_>>,
    ) -> Result<Unmasked, StoreError> {
        self.write(DOING, |tx| {
            if let Some(Counted { by, most }) = counted {
                let since = now.wall.minus(DAY).millis();
                // Events have the wall's time alone; one from the future counts too.
                let so_far: u32 = tx
                    .prepare_cached(
                        "SELECT count(*) FROM (SELECT at_wall, detail FROM events
                           WHERE kind = ?1 ORDER BY seq DESC LIMIT ?2)
                         WHERE at_wall > ?3 AND json_extract(detail, '$.by') = ?4",
                    )
                    .and_then(|mut statement| {
                        statement
                            .query_row(params![Kind::Unmask.name(), NEWEST, since, by], |row| {
                                row.get(0)
                            })
                    })
                    .map_err(StoreError::sqlite(DOING))?;
                if so_far >= most {
                    return Ok(Unmasked::TooOften);
                }
            }
            append(tx, now.wall, event)?;
            Ok(Unmasked::Recorded)
        })
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::Span;
    use serde_json::json;

    use super::{Counted, Unmasked};
    use crate::host::{Host, System};
    use crate::store::Store;
    use crate::store::events::Event;
    use crate::store::kinds::Kind;

    // Mutants: everybody's are counted as one's; those of other days count; the last is one too many.
    #[test]
    fn a_person_is_counted_within_a_day_and_by_themselves() {
        let mut store = Store::in_memory();
        let mut now = System::new().unwrap().now();
        let mut unmask = |now: &_, by: &str, counted: bool| {
            let event = Event {
                kind: Kind::Unmask,
                account: "",
                service: "",
                source: "",
                conversation: None,
                detail: json!({"reason": "", "by": by}),
            };
            let counted = counted.then_some(Counted { by, most: 2 });
            store.unmask(now, &event, counted).unwrap()
        };
        for (by, counted, wanted) in [
            ("hal (helpdesk)", true, Unmasked::Recorded),
            ("hal (helpdesk)", true, Unmasked::Recorded),
            ("hal (helpdesk)", true, Unmasked::TooOften),
            ("eva (helpdesk)", true, Unmasked::Recorded),
            ("root (login ann)", false, Unmasked::Recorded),
            ("root (login ann)", false, Unmasked::Recorded),
            ("root (login ann)", false, Unmasked::Recorded),
        ] {
            assert_eq!(unmask(&now, by, counted), wanted, "{by}");
        }
        now.wall = now.wall.plus(Span::from_hours(25));
        assert_eq!(unmask(&now, "hal (helpdesk)", true), Unmasked::Recorded);
    }
}
