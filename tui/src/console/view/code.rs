//! A code that is shown once: in groups that can be read to somebody, with each sign's word.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Padding, Paragraph};

use super::super::model::text::{Tone, broken};
use super::super::model::{Model, Shown};
use super::parts::{framed, middle};
use super::theme::Theme;

pub(super) fn draw(model: &Model, theme: Theme, frame: &mut Frame<'_>, body: Rect) {
    let Some(Shown { once, .. }) = &model.code else {
        return;
    };
    let outer = body.width.min(66);
    let width = usize::from(outer.saturating_sub(4));
    let uses = match once.uses {
        1 => "once".to_owned(),
        uses => format!("{uses} times"),
    };
    let mut lines: Vec<Line<'_>> = Vec::new();
    lines.push(Line::styled(
        format!("  {}", once.code.expose()),
        theme.tone(Tone::Head),
    ));
    for group in once.code.expose().split('-') {
        let words: Vec<String> = group.chars().map(spelt).collect();
        lines.push(Line::raw(format!("  {group:<5} {}", words.join(" "))));
    }
    let text = format!(
        "Number {}, for {} and nobody else: it works {uses}, within {}, typed in place of the mailed code.",
        once.id, once.user, once.life
    );
    for (tone, text) in [
        (Tone::Plain, text.as_str()),
        (
            Tone::Care,
            "Press any key: it is not shown again. c has your terminal copy it.",
        ),
    ] {
        let broken = broken(tone, text, width, 0).into_iter();
        lines.extend(broken.map(|line| Line::styled(line.text, theme.tone(line.tone))));
    }
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = middle(frame, body, outer, height);
    let title = format!("Bypass code for {}", once.user);
    let block = framed(theme, &title, "", area.width).padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(lines), inner);
}

/// A sign's word in the alphabet of radio operators; digits are said as they are.
fn spelt(sign: char) -> String {
    let at = u32::from(sign.to_ascii_uppercase()).checked_sub(u32::from('A'));
    let word = at.and_then(|at| WORDS.get(usize::try_from(at).ok()?));
    word.map_or_else(|| sign.to_string(), |word| (*word).to_owned())
}

const WORDS: [&str; 26] = [
    "Alfa", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India", "Juliett",
    "Kilo", "Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra", "Tango",
    "Uniform", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
];
