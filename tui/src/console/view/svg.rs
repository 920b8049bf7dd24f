//! A frame's cells as an SVG picture, for the documents. For tests alone: the console draws on
//! terminals.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// A cell's size, in the picture's units.
const CELL: (usize, usize) = (9, 20);
/// Space around the cells.
const EDGE: usize = 12;
/// Where a line of text stands within its row.
const BASE: usize = 15;
/// What a terminal's own colours are here: ground and text.
const GROUND: &str = "#1b1e24";
const TEXT: &str = "#d8dde6";

/// The picture.
pub(super) fn picture(buffer: &Buffer) -> String {
    let (columns, rows) = (
        usize::from(buffer.area.width),
        usize::from(buffer.area.height),
    );
    let (wide, high) = (columns * CELL.0 + 2 * EDGE, rows * CELL.1 + 2 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {wide} {high}\" \
         font-family=\"ui-monospace,DejaVu Sans Mono,Menlo,Consolas,monospace\" font-size=\"15\">\n\
         <rect width=\"{wide}\" height=\"{high}\" rx=\"8\" fill=\"{GROUND}\"/>\n"
    );
    for (row, cells) in buffer.content.chunks(columns.max(1)).enumerate() {
        for run in runs(cells) {
            run.draw(row, &mut svg);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Cells beside each other that look the same.
struct Run<'a> {
    column: usize,
    width: usize,
    text: String,
    like: &'a Cell,
}

fn runs(cells: &[Cell]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut skip = 0;
    for (column, cell) in cells.iter().enumerate() {
        // The second half of a wide character has a cell without one.
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let width = cell.symbol().width().max(1);
        skip = width - 1;
        match runs.last_mut() {
            Some(run) if same(run.like, cell) => {
                run.text.push_str(cell.symbol());
                run.width += width;
            }
            _ => runs.push(Run {
                column,
                width,
                text: cell.symbol().to_owned(),
                like: cell,
            }),
        }
    }
    runs
}

fn same(one: &Cell, other: &Cell) -> bool {
    (one.fg, one.bg, one.modifier) == (other.fg, other.bg, other.modifier)
}

impl Run<'_> {
    fn draw(&self, row: usize, svg: &mut String) {
        let (mut text, mut ground) = (hex(self.like.fg, TEXT), hex(self.like.bg, GROUND));
        if self.like.modifier.contains(Modifier::REVERSED) {
            std::mem::swap(&mut text, &mut ground);
        }
        let (x, y) = (EDGE + self.column * CELL.0, EDGE + row * CELL.1);
        let wide = self.width * CELL.0;
        if ground != GROUND {
            // Writing to a String cannot fail.
            let _infallible = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{wide}\" height=\"{}\" fill=\"{ground}\"/>",
                CELL.1
            );
        }
        if self.text.trim().is_empty() {
            return;
        }
        let mut how = String::new();
        for (modifier, attribute) in [
            (Modifier::BOLD, " font-weight=\"bold\""),
            (Modifier::DIM, " opacity=\"0.6\""),
            (Modifier::ITALIC, " font-style=\"italic\""),
            (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        ] {
            if self.like.modifier.contains(modifier) {
                how.push_str(attribute);
            }
        }
        let _infallible = writeln!(
            svg,
            "<text x=\"{x}\" y=\"{}\" fill=\"{text}\" textLength=\"{wide}\" \
             lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"{how}>{}</text>",
            y + BASE,
            escaped(&self.text)
        );
    }
}

/// The sixteen colours as a quiet terminal has them.
fn hex(colour: Color, own: &'static str) -> &'static str {
    match colour {
        Color::Black => "#1b1e24",
        Color::Red => "#e0606b",
        Color::Green => "#7fbf7a",
        Color::Yellow => "#d9b45b",
        Color::Blue => "#6ea2e0",
        Color::Magenta => "#c28ad6",
        Color::Cyan => "#62bfc4",
        Color::Gray => "#b6bdc9",
        Color::DarkGray => "#6d7480",
        Color::LightRed => "#f08a93",
        Color::LightGreen => "#9fdc99",
        Color::LightYellow => "#eccb7d",
        Color::LightBlue => "#94bff0",
        Color::LightMagenta => "#d9a8ea",
        Color::LightCyan => "#8adbe0",
        Color::White => "#f2f4f8",
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => own,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
