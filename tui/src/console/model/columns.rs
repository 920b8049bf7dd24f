//! The columns of tables: which stand where, and what a list is sorted by at the head of one. The view draws
//! by it, and whoever points at a head is answered by it.

use gatepost_shared::admin::filter::By;

/// What stands before the first column: the pointer and the mark of a row.
const BEFORE: usize = 2;

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// Its head.
    pub(crate) title: &'static str,
    /// Columns of the screen; zero: what the others leave.
    pub(crate) width: u16,
    /// What the list is sorted by there; none where there is no such order.
    pub(crate) by: Option<By>,
}

impl Column {
    /// A column of that width.
    pub(crate) const fn of(title: &'static str, width: u16) -> Self {
        Self {
            title,
            width,
            by: None,
        }
    }

    /// A column that a list is sorted by.
    pub(crate) const fn sorted(title: &'static str, width: u16, by: By) -> Self {
        Self {
            title,
            width,
            by: Some(by),
        }
    }
}

/// The columns' widths in a frame so wide: those without one share what is left. A blank follows each.
pub(crate) fn widths(columns: &[Column], room: u16) -> Vec<usize> {
    let fixed: usize = columns
        .iter()
        .map(|column| usize::from(column.width) + 1)
        .sum();
    let open = columns.iter().filter(|column| column.width == 0).count();
    let left = usize::from(room).saturating_sub(fixed + BEFORE);
    let share = left.checked_div(open).unwrap_or(0);
    columns
        .iter()
        .map(|column| match column.width {
            0 => share,
            width => usize::from(width),
        })
        .collect()
}

/// The column that lies so far from the frame, its blank with it.
pub(crate) fn at(columns: &[Column], room: u16, place: usize) -> Option<Column> {
    let place = place.checked_sub(BEFORE)?;
    let mut right = 0;
    let widths = widths(columns, room);
    let mut each = columns.iter().zip(widths);
    let found = each.find(|(_, width)| {
        right += width + 1;
        place < right
    });
    found.map(|(column, _)| *column)
}

#[cfg(test)]
mod tests {
    use gatepost_shared::admin::filter::By;

    use super::{Column, at, widths};

    // Mutants: what stands before the first column, or the blank behind one, is not reckoned with.
    #[test]
    fn each_place_of_a_head_is_one_columns() {
        let columns = [
            Column::sorted("USER", 0, By::Name),
            Column::of("KIND", 3),
            Column::of("FROM", 0),
        ];
        assert_eq!(widths(&columns, 20), [6, 3, 6]);
        for (place, title) in [
            (0, None),
            (1, None),
            (2, Some("USER")),
            (8, Some("USER")),
            (9, Some("KIND")),
            (12, Some("KIND")),
            (13, Some("FROM")),
            (19, Some("FROM")),
            (20, None),
        ] {
            let found = at(&columns, 20, place).map(|column| column.title);
            assert_eq!(found, title, "{place}");
        }
        assert_eq!(widths(&columns, 3), [0, 3, 0], "too narrow");
    }
}
