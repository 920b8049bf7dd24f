//! What happens now: the stream on the left; meter, sources, accounts and shields on the right. Where there
//! is no room for all of them, the pane that has the focus.

use gatepost_shared::admin::attack::{Account, Attack, Source};
use gatepost_shared::admin::browse::EventRow;
use gatepost_shared::admin::shield::Shield;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Padding, Paragraph};

use super::super::message::{Progress, Standing};
use super::super::model::Model;
use super::super::model::columns::Column;
use super::super::model::live::{Live, Pane};
use super::super::model::text::{Tone, broken, grouped, minutes};
use super::audit::kind_of;
use super::graphs;
use super::parts::{Cell, Few, Table, beside, framed, gauge, said};
use super::theme::Theme;

/// Columns from which where an event came from is shown too.
const ROOMY: u16 = 74;
/// Rows of the right side from which all of its panes are seen.
const TALL: u16 = 30;
/// Rows of the meter, its frame among them.
const METER: u16 = 14;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let live = &model.live;
    if !model.is_wide() {
        return pane(live, live.pane, theme, frame, area);
    }
    let (left, right) = beside(area, model.list_width());
    pane(live, Pane::Stream, theme, frame, left);
    if right.height >= TALL {
        let rows = Layout::vertical([
            Constraint::Length(METER),
            Constraint::Fill(3),
            Constraint::Fill(2),
            Constraint::Fill(2),
        ]);
        let [meter, sources, accounts, shields] = rows.areas(right);
        pane(live, Pane::Meter, theme, frame, meter);
        pane(live, Pane::Sources, theme, frame, sources);
        pane(live, Pane::Accounts, theme, frame, accounts);
        pane(live, Pane::Shields, theme, frame, shields);
    } else {
        let shown = match live.pane {
            Pane::Stream => Pane::Meter,
            Pane::Meter | Pane::Sources | Pane::Accounts | Pane::Shields => live.pane,
        };
        pane(live, shown, theme, frame, right);
    }
}

fn pane(live: &Live, pane: Pane, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let title = if live.pane == pane {
        format!("{} {}", theme.pointer(), pane.name())
    } else {
        pane.name().to_owned()
    };
    if pane == Pane::Stream {
        return stream(live, title, theme, frame, area);
    }
    let right = match pane {
        Pane::Stream | Pane::Meter => if live.is_paused { "paused" } else { "" }.to_owned(),
        Pane::Sources | Pane::Accounts => "last 10 min".to_owned(),
        Pane::Shields => String::new(),
    };
    let Some(standing) = live.shown() else {
        let block = framed(theme, &title, &right, area.width);
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let text = live
            .error
            .as_deref()
            .map_or([("reading ...", Tone::Plain), ("", Tone::Hint)], |error| {
                [(error, Tone::Bad), ("r reads it again.", Tone::Hint)]
            });
        return said(theme, frame, inner, &text);
    };
    match pane {
        Pane::Stream => {}
        Pane::Meter => meter(live, standing, (&title, &right), theme, frame, area),
        Pane::Sources => sources(live, standing, (&title, &right), theme, frame, area),
        Pane::Accounts => accounts(live, standing, (&title, &right), theme, frame, area),
        Pane::Shields => shields(live, standing, (&title, &right), theme, frame, area),
    }
}

fn stream(live: &Live, title: String, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let is_roomy = area.width >= ROOMY;
    let roomy = [
        Column::of("AT", 8),
        Column::of("KIND", 17),
        Column::of("USER", 0),
        Column::of("FROM", 0),
    ];
    let tight = [
        Column::of("AT", 8),
        Column::of("KIND", 16),
        Column::of("USER", 0),
    ];
    Table {
        list: &live.stream,
        title,
        right: how_it_goes(live, theme),
        columns: if is_roomy { &roomy } else { &tight },
        cells: &|row| cells(row, is_roomy),
        order: None,
        marked: &|_| false,
        empty:
            "Nothing has happened yet. What does is seen here, the newest first; 2, then N, enrols \
                somebody."
                .to_owned(),
    }
    .draw(theme, frame, area);
}

/// Whether the stream goes on, and how much of it nobody saw.
fn how_it_goes(live: &Live, theme: Theme) -> String {
    let (above, _) = theme.more();
    let unseen = match live.unseen() {
        _ if live.is_following() => String::new(),
        0 => String::new(),
        unseen => format!("{above} {} new", grouped(unseen)),
    };
    let how = match (live.is_paused, live.follows) {
        (true, _) => "paused",
        (false, false) => "not following",
        (false, true) if live.is_following() => "newest first",
        (false, true) => "scrolled",
    };
    if unseen.is_empty() {
        how.to_owned()
    } else {
        format!("{unseen}, {how}")
    }
}

fn cells(row: &EventRow, is_roomy: bool) -> Vec<Cell> {
    let (kind, tone) = kind_of(row);
    let plain = |text: &str| (text.to_owned(), Tone::Plain);
    // The time of day: the day is in Audit.
    let at = row.at.get(11..).unwrap_or(&row.at);
    let mut cells = vec![plain(at), (kind, tone), plain(&row.user)];
    if is_roomy {
        cells.push(plain(&row.source));
    }
    cells
}

type Titles<'a> = (&'a str, &'a str);

fn meter(
    live: &Live,
    standing: &Standing,
    (title, right): Titles<'_>,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let block = framed(theme, title, right, area.width).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inner.width);
    let attack = &standing.attack;
    let mut lines: Vec<Line<'_>> = Vec::new();
    let say = |lines: &mut Vec<Line<'_>>, tone, text: &str| {
        let broken = broken(tone, text, width, 2).into_iter();
        lines.extend(broken.map(|line| Line::styled(line.text, theme.tone(line.tone))));
    };
    if let Some(error) = &live.error {
        say(&mut lines, Tone::Bad, error);
    }
    let (tone, verdict) = verdict(attack);
    say(&mut lines, tone, &format!("{} {verdict}", theme.sign(tone)));
    say(&mut lines, tone, &level(theme, attack, width));
    let least = if attack.at_least { "at least " } else { "" };
    let wrong = format!(
        "wrong codes a minute, last 10 min: {least}{}",
        attack.wrong_codes
    );
    say(&mut lines, Tone::Plain, &wrong);
    let bars = graphs::bars(theme, &attack.wrong_per_minute).into_iter();
    lines.extend(bars.map(Line::raw));
    let mails: u32 = attack.mails_per_minute.iter().sum();
    let mails = format!("mails a minute, last 30 min: {least}{mails}");
    say(&mut lines, Tone::Plain, &mails);
    lines.push(Line::raw(graphs::line(theme, &attack.mails_per_minute)));
    for why in attack.why.iter().chain(&attack.unshieldable) {
        say(&mut lines, Tone::Bad, why);
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The verdict in words.
fn verdict(attack: &Attack) -> (Tone, String) {
    if attack.attack {
        let text = if attack.shieldable {
            "This looks like an attack: ! refuses the suspects."
        } else {
            "This looks like an attack, and no shield can refuse it."
        };
        (Tone::Bad, text.to_owned())
    } else if attack.percent >= 50 {
        (Tone::Care, "No attack, but close to one.".to_owned())
    } else {
        (Tone::Good, "No attack is seen.".to_owned())
    }
}

/// How near it is to an attack, as a bar.
fn level(theme: Theme, attack: &Attack, width: usize) -> String {
    let progress = Progress {
        done: u64::from(attack.percent.min(100)),
        total: Some(100),
        failed: 0,
    };
    let bar = gauge(theme, progress, width.saturating_sub(24).min(30));
    let over = if attack.percent > 999 {
        "over 999".to_owned()
    } else {
        attack.percent.to_string()
    };
    format!("{bar} {over}% of an attack")
}

fn sources(
    live: &Live,
    standing: &Standing,
    (title, right): Titles<'_>,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let row = |one: &Source| {
        let tone = if one.suspect { Tone::Bad } else { Tone::Plain };
        let mark = if one.suspect { theme.sign(tone) } else { " " };
        let number = |count: usize| (count.to_string(), Tone::Plain);
        vec![
            (format!("{mark} {}", one.source), tone),
            (one.wrong_codes.to_string(), Tone::Plain),
            (one.worst_minute.to_string(), Tone::Plain),
            number(one.accounts),
            number(one.unanswered),
            (one.strangers_per_minute.to_string(), Tone::Plain),
        ]
    };
    Few {
        title,
        right,
        columns: &[
            Column::of("SOURCE", 0),
            Column::of("WRONG", 5),
            Column::of("A MIN", 5),
            Column::of("USERS", 5),
            Column::of("OPEN", 4),
            Column::of("NAMES", 5),
        ],
        rows: standing.attack.sources.iter().map(row).collect(),
        selected: (live.pane == Pane::Sources).then(|| live.picked(Pane::Sources)),
        empty: "No source was wrong.",
    }
    .draw(theme, frame, area);
}

fn accounts(
    live: &Live,
    standing: &Standing,
    (title, right): Titles<'_>,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let row = |one: &Account| {
        let tone = if one.suspect { Tone::Bad } else { Tone::Plain };
        let mark = if one.suspect { theme.sign(tone) } else { " " };
        vec![
            (format!("{mark} {}", one.user), tone),
            (one.wrong_codes.to_string(), Tone::Plain),
            (one.sources.to_string(), Tone::Plain),
        ]
    };
    Few {
        title,
        right,
        columns: &[
            Column::of("ACCOUNT", 0),
            Column::of("WRONG", 5),
            Column::of("SOURCES", 7),
        ],
        rows: standing.attack.accounts.iter().map(row).collect(),
        selected: (live.pane == Pane::Accounts).then(|| live.picked(Pane::Accounts)),
        empty: "No account had wrong codes.",
    }
    .draw(theme, frame, area);
}

fn shields(
    live: &Live,
    standing: &Standing,
    (title, right): Titles<'_>,
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
) {
    let row = |one: &Shield| {
        vec![
            (one.source.clone(), Tone::Care),
            (minutes(one.seconds_left), Tone::Plain),
            (one.by.clone(), Tone::Plain),
            (one.reason.clone(), Tone::Plain),
        ]
    };
    Few {
        title,
        right,
        columns: &[
            Column::of("SOURCE", 0),
            Column::of("LEFT", 11),
            Column::of("BY", 0),
            Column::of("REASON", 0),
        ],
        rows: standing.shields.iter().map(row).collect(),
        selected: (live.pane == Pane::Shields).then(|| live.picked(Pane::Shields)),
        empty: "No source is refused now: ! refuses one.",
    }
    .draw(theme, frame, area);
}
