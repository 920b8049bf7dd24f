//! Tables, texts and frames that screens are made of.

use gatepost_shared::admin::filter::Order;
use gatepost_words::text::tame;
use ratatui::Frame;
use ratatui::layout::{Rect, Spacing};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Padding, Paragraph};

use super::super::message::Progress;
use super::super::model::columns::{Column, widths};
use super::super::model::list::{self, Keyed, List};
use super::super::model::text::{self, Tone, cut, width_of};
use super::graphs;
use super::theme::Theme;

/// A cell: what it says, and how it is meant.
pub(super) type Cell = (String, Tone);

/// A frame with a title on the left and one on the right of its upper edge.
pub(super) fn framed<'a>(theme: Theme, left: &str, right: &str, width: u16) -> Block<'a> {
    let room = usize::from(width).saturating_sub(4);
    // A name or a filter may stand in it as it is.
    let left = cut(&tame(left), room, theme.ellipsis());
    let rest = room.saturating_sub(width_of(&left) + 2);
    let mut block = Block::new().borders(Borders::ALL).border_set(theme.frame());
    if !left.is_empty() {
        let bold = Style::new().add_modifier(Modifier::BOLD);
        block = block.title(Line::styled(format!(" {left} "), bold));
    }
    if width_of(right) <= rest && !right.is_empty() {
        block = block.title(Line::raw(format!(" {right} ")).right_aligned());
    }
    block
}

/// A list in its frame.
pub(super) struct Table<'a, R: Keyed> {
    /// The list.
    pub(super) list: &'a List<R>,
    /// On its frame, to the left.
    pub(super) title: String,
    /// On its frame, to the right.
    pub(super) right: String,
    /// The columns.
    pub(super) columns: &'a [Column],
    /// In which order the rows stand, where there are several.
    pub(super) order: Option<Order>,
    /// A row's cells.
    pub(super) cells: &'a dyn Fn(&R) -> Vec<Cell>,
    /// Whether a row is marked.
    pub(super) marked: &'a dyn Fn(&R) -> bool,
    /// What it says where there is no row.
    pub(super) empty: String,
}

impl<R: Keyed> Table<'_, R> {
    /// Draws it.
    pub(super) fn draw(&self, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
        let block = framed(theme, &self.title, &self.right, area.width);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        if let Some(error) = &self.list.error {
            let more = "r reads it again.";
            return said(
                theme,
                frame,
                inner,
                &[(error, Tone::Bad), (more, Tone::Hint)],
            );
        }
        if self.list.state == list::Rows::None {
            return said(theme, frame, inner, &[("reading ...", Tone::Plain)]);
        }
        if self.list.rows.is_empty() {
            return said(theme, frame, inner, &[(&self.empty, Tone::Hint)]);
        }
        let widths = widths(self.columns, inner.width);
        let mut lines = vec![head(theme, self.columns, self.order, &widths)];
        let height = usize::from(inner.height).saturating_sub(1);
        let shown = self
            .list
            .rows
            .iter()
            .enumerate()
            .skip(self.list.top)
            .take(height);
        lines.extend(shown.map(|(index, row)| self.row(theme, index, row, &widths)));
        frame.render_widget(Paragraph::new(lines), inner);
        self.more(theme, frame, area, height);
    }

    fn row(&self, theme: Theme, index: usize, row: &R, widths: &[usize]) -> Line<'static> {
        let star = if (self.marked)(row) { "*" } else { " " };
        let is_selected = index == self.list.selected;
        line(theme, is_selected, star, (self.cells)(row), widths)
    }

    /// Marks on the frame that there are more rows than are seen.
    fn more(&self, theme: Theme, frame: &mut Frame<'_>, area: Rect, height: usize) {
        let (above, below) = theme.more();
        let x = area.right().saturating_sub(1);
        let is_cut_above = self.list.top > 0 || self.list.more_before;
        let is_cut_below = self.list.top + height < self.list.rows.len() || self.list.more_after;
        for (is_cut, sign, y) in [
            (is_cut_above, above, area.top() + 1),
            (is_cut_below, below, area.bottom().saturating_sub(2)),
        ] {
            if is_cut && let Some(cell) = frame.buffer_mut().cell_mut((x, y)) {
                cell.set_symbol(sign);
            }
        }
    }
}

/// A few rows that are all in memory, in their frame.
pub(super) struct Few<'a> {
    /// On its frame, to the left.
    pub(super) title: &'a str,
    /// On its frame, to the right.
    pub(super) right: &'a str,
    /// The columns.
    pub(super) columns: &'a [Column],
    /// The rows.
    pub(super) rows: Vec<Vec<Cell>>,
    /// Which is selected; none where the focus is elsewhere.
    pub(super) selected: Option<usize>,
    /// What it says where there is no row.
    pub(super) empty: &'static str,
}

impl Few<'_> {
    /// Draws them; the selected one is seen.
    pub(super) fn draw(self, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
        let block = framed(theme, self.title, self.right, area.width);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        if self.rows.is_empty() {
            return said(theme, frame, inner, &[(self.empty, Tone::Hint)]);
        }
        let widths = widths(self.columns, inner.width);
        let height = usize::from(inner.height).saturating_sub(1).max(1);
        let top = self
            .selected
            .map_or(0, |at| (at + 1).saturating_sub(height));
        let mut lines = vec![head(theme, self.columns, None, &widths)];
        let shown = self.rows.into_iter().enumerate().skip(top).take(height);
        lines.extend(
            shown.map(|(at, cells)| line(theme, self.selected == Some(at), " ", cells, &widths)),
        );
        frame.render_widget(Paragraph::new(lines), inner);
    }
}

/// The heads of columns; a sign at the one that the rows are sorted by.
fn head(theme: Theme, columns: &[Column], order: Option<Order>, widths: &[usize]) -> Line<'static> {
    let mut text = String::from("  ");
    for (column, width) in columns.iter().zip(widths) {
        let sorts = order.filter(|order| column.by == Some(order.by));
        let title = sorts.map_or_else(
            || column.title.to_owned(),
            |order| format!("{} {}", column.title, theme.sorted(order.is_back)),
        );
        text.push_str(&padded(&title, *width, ""));
        text.push(' ');
    }
    Line::styled(
        text.trim_end().to_owned(),
        Style::new().add_modifier(Modifier::BOLD),
    )
}

/// A row of cells.
fn line(
    theme: Theme,
    is_selected: bool,
    star: &str,
    cells: Vec<Cell>,
    widths: &[usize],
) -> Line<'static> {
    let mark = if is_selected { theme.pointer() } else { " " };
    let mut spans = vec![Span::raw(format!("{mark}{star}"))];
    for ((text, tone), width) in cells.into_iter().zip(widths) {
        let text = padded(&text, *width, theme.ellipsis());
        spans.push(Span::styled(text, theme.tone(tone)));
        spans.push(Span::raw(" "));
    }
    let line = Line::from(spans);
    if is_selected {
        line.patch_style(Theme::selected())
    } else {
        line
    }
}

/// A text in exactly so many columns.
pub(super) fn padded(text: &str, width: usize, ellipsis: &str) -> String {
    let mut text = cut(text, width, ellipsis);
    let missing = width.saturating_sub(width_of(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// A few sentences where rows would be.
pub(super) fn said(theme: Theme, frame: &mut Frame<'_>, area: Rect, sentences: &[(&str, Tone)]) {
    let width = usize::from(area.width.saturating_sub(4));
    let lines: Vec<Line<'_>> = sentences
        .iter()
        .flat_map(|(sentence, tone)| text::broken(*tone, sentence, width, 0))
        .map(|line| Line::styled(format!("  {}", line.text), theme.tone(line.tone)))
        .collect();
    let area = Rect {
        y: area.y + u16::from(area.height > 4),
        height: area.height.saturating_sub(u16::from(area.height > 4)),
        ..area
    };
    frame.render_widget(Paragraph::new(lines), area);
}

/// A text in its frame, from a line on.
pub(super) fn page(
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
    (title, right): (&str, &str),
    (lines, scroll): (&[text::Line], usize),
) {
    let block = framed(theme, title, right, area.width).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let height = usize::from(inner.height);
    let scroll = scroll.min(lines.len().saturating_sub(height));
    let shown: Vec<Line<'_>> = lines
        .iter()
        .skip(scroll)
        .take(height)
        .map(|line| drawn(theme, "", line))
        .collect();
    frame.render_widget(Paragraph::new(shown), inner);
    let (above, below) = theme.more();
    let x = area.right().saturating_sub(1);
    for (is_cut, sign, y) in [
        (scroll > 0, above, area.top() + 1),
        (
            scroll + height < lines.len(),
            below,
            area.bottom().saturating_sub(2),
        ),
    ] {
        if is_cut && let Some(cell) = frame.buffer_mut().cell_mut((x, y)) {
            cell.set_symbol(sign);
        }
    }
}

/// A line with its small bars, behind so many blanks.
pub(super) fn drawn<'a>(theme: Theme, indent: &str, line: &text::Line) -> Line<'a> {
    let mut text = format!("{indent}{}", line.text);
    if let Some(bars) = &line.bars {
        text.push_str(&graphs::line(theme, &bars.counts));
        text.push_str(&bars.words);
    }
    Line::styled(text, theme.tone(line.tone))
}

/// A list and its detail: side by side where there is room.
pub(super) fn beside(area: Rect, list_width: u16) -> (Rect, Rect) {
    let rows = ratatui::layout::Layout::horizontal([
        ratatui::layout::Constraint::Length(list_width),
        ratatui::layout::Constraint::Fill(1),
    ])
    .spacing(Spacing::Space(0));
    let [list, detail] = rows.areas(area);
    (list, detail)
}

/// How far something is, as a bar of so many columns.
pub(super) fn gauge(theme: Theme, progress: Progress, width: usize) -> String {
    let (full, empty) = theme.gauge();
    let Progress { done, total, .. } = progress;
    let total = total.unwrap_or(0).max(1);
    let share = u128::from(done.min(total)) * (width as u128) / u128::from(total);
    let share = usize::try_from(share).unwrap_or(width);
    format!("[{}{}]", full.repeat(share), empty.repeat(width - share))
}

/// Makes room in the middle of an area.
pub(super) fn middle(frame: &mut Frame<'_>, area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    let room = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, room);
    room
}
