//! What stands above every screen, and what was said or is typed below it.

use gatepost_shared::admin::mail::in_short;
use gatepost_shared::admin::roles::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::message::{Progress, Screen};
use super::super::model::Model;
use super::super::model::field::Typing;
use super::super::model::jobs::Work;
use super::super::model::place::tab;
use super::super::model::text::{Tone, counted, cut, grouped, width_of};
use super::theme::Theme;

/// Columns of the first line that are the host's and the person's.
const LEAST_LEFT: usize = 4;

/// The first line: host, person, and what is wrong.
pub(super) fn head(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut right: Vec<Span<'_>> = Vec::new();
    let mut say = |tone: Tone, text: String| {
        right.push(Span::styled(
            format!("{} {text}", theme.sign(tone)),
            theme.tone(tone),
        ));
        right.push(Span::raw("  "));
    };
    if model.role < Role::Admin {
        say(Tone::Care, model.role.name().to_owned());
    }
    if model.is_read_only() {
        say(Tone::Care, "read-only".to_owned());
    }
    if let Some(attack) = &model.home.attack {
        say(Tone::Bad, attack.clone());
    }
    if let Some(running) = &model.policy.trial {
        let (version, left) = (running.trial.version, running.left(model.now));
        say(
            Tone::Care,
            format!("policy {version} on trial, {left} left"),
        );
    }
    if model.home.shields > 0 {
        let shields = counted(model.home.shields as u64, "shield", "shields");
        say(Tone::Care, shields);
    }
    if let Some(summary) = &model.home.summary {
        if summary.locked > 0 {
            let more = if summary.more_locked { "+" } else { "" };
            say(
                Tone::Bad,
                format!("{}{more} locked", grouped(summary.locked)),
            );
        }
        match &summary.newest_mail {
            Some(mail) if mail.outcome == "accepted" => {
                let seconds = mail.millis / 1000;
                let tenths = mail.millis % 1000 / 100;
                say(Tone::Good, format!("mail {seconds}.{tenths}s"));
            }
            Some(mail) => say(Tone::Bad, format!("mail: {}", in_short(&mail.outcome))),
            None => {}
        }
    }
    let (problems, _) = model.health.counts();
    if problems > 0 {
        say(Tone::Bad, format!("{problems} in Health"));
    }
    if let Some(work) = model.jobs.running().next() {
        say(Tone::Care, how_far(work));
    }
    // What is wrong stands first; what is less so gives way.
    let wide = |right: &[Span<'_>]| {
        right
            .iter()
            .map(|span| width_of(&span.content))
            .sum::<usize>()
    };
    while right.len() > 2 && wide(&right) + LEAST_LEFT > usize::from(area.width) {
        right.truncate(right.len() - 2);
    }
    let wide: usize = right.iter().map(|span| width_of(&span.content)).sum();
    let room = usize::from(area.width).saturating_sub(wide + 2);
    let left = format!("gatepost  {}  {}", model.host, model.actor);
    let left = cut(&left, room, theme.ellipsis());
    let gap = usize::from(area.width).saturating_sub(1 + width_of(&left) + wide);
    let mut spans = vec![
        Span::styled(format!(" {left}"), theme.tone(Tone::Head)),
        Span::raw(" ".repeat(gap)),
    ];
    spans.extend(right);
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

/// A job, and how far it is.
fn how_far(work: &Work) -> String {
    let Progress { done, total, .. } = work.progress;
    match total {
        Some(total) => format!("{} {done}/{total}", work.name),
        None => work.name.clone(),
    }
}

/// The second line: the screens.
pub(super) fn tabs(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let mut spans = vec![Span::raw(" ")];
    for screen in Screen::ALL {
        let text = tab(screen);
        let style = if screen == model.screen {
            Theme::selected().add_modifier(Modifier::BOLD)
        } else {
            Style::new()
        };
        spans.push(Span::styled(text, style));
    }
    if !model.crumbs.is_empty() {
        let trail = model.crumbs.iter().chain([&model.screen]);
        let trail: Vec<&str> = trail.map(|screen| screen.name()).collect();
        let trail = format!("{} ", trail.join(" > "));
        let used: usize = spans.iter().map(|span| width_of(&span.content)).sum();
        let gap = usize::from(area.width).checked_sub(used + width_of(&trail));
        if let Some(gap) = gap.filter(|gap| *gap > 0) {
            spans.push(Span::raw(" ".repeat(gap)));
            spans.push(Span::raw(trail));
        }
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

/// What was said last, or the filter that is typed.
pub(super) fn notes(model: &Model, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    if let Some(typing) = &model.typing {
        return filter(model, typing, theme, frame, area);
    }
    let Some(note) = model.notes.shown() else {
        return;
    };
    let text = format!(" {} {}", theme.sign(note.tone), note.text);
    let text = cut(&text, usize::from(area.width), theme.ellipsis());
    frame.render_widget(
        Paragraph::new(Line::styled(text, theme.tone(note.tone))),
        area,
    );
}

/// The filter that is typed, and below it what is wrong or what may be typed.
fn filter(model: &Model, typing: &Typing, theme: Theme, frame: &mut Frame<'_>, area: Rect) {
    const PROMPT: &str = " / ";
    let room = usize::from(area.width).saturating_sub(PROMPT.len() + 1);
    let skipped = typing.input.visual_scroll(room);
    let (below, tone) = match &typing.error {
        None if model.screen == Screen::Audit => {
            ("   user:alice  kind:decision".to_owned(), Tone::Hint)
        }
        None => {
            let text =
                "   a name or address  state:locked,disabled  fails:>3  last:>30d  uid:7  !not";
            (text.to_owned(), Tone::Hint)
        }
        Some(error) => {
            // The mark stands below the column it is about.
            let typed: String = typing.input.value().chars().take(error.column).collect();
            let column = (PROMPT.len() + width_of(&typed)).saturating_sub(skipped);
            let right = usize::from(area.width).saturating_sub(column + 2);
            let text = if right >= width_of(&error.message) || right >= column {
                format!("{}^ {}", " ".repeat(column), error.message)
            } else {
                // More room to the left of the mark.
                let message = cut(&error.message, column.saturating_sub(1), theme.ellipsis());
                let lead = column.saturating_sub(width_of(&message) + 1);
                format!("{}{message} ^", " ".repeat(lead))
            };
            (text, Tone::Bad)
        }
    };
    let shown: String = {
        let mut passed = 0;
        let rest = typing.input.value().chars().skip_while(|c| {
            passed += width_of(&c.to_string());
            passed <= skipped
        });
        rest.collect()
    };
    let lines = vec![
        Line::from(vec![Span::styled(PROMPT, theme.key()), Span::raw(shown)]),
        Line::styled(
            cut(&below, usize::from(area.width), theme.ellipsis()),
            theme.tone(tone),
        ),
    ];
    frame.render_widget(Paragraph::new(lines), area);
    if model.is_typing() {
        let column = PROMPT.len() + typing.input.visual_cursor().saturating_sub(skipped);
        let column = u16::try_from(column).unwrap_or(u16::MAX);
        frame.set_cursor_position((area.x.saturating_add(column), area.y));
    }
}
