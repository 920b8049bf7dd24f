//! The deliveries: a list, and the selected one with the relay's words in full.

use gatepost_shared::admin::browse::MailRow;
use gatepost_shared::admin::mail::meaning;
use gatepost_shared::admin::postbox::Tally;
use gatepost_shared::admin::templates::{Kind, Preview};

use super::super::message::Post;
use super::list::List;
use super::text::{Line, Tone, broken, grouped, headed, hung, verbatim};

/// Columns of the names of a delivery's fields.
const COLUMN: usize = 9;

/// The screen's state.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    /// The list.
    pub(crate) list: List<MailRow>,
    /// Whose deliveries are listed, by the account's key; none for everybody's.
    pub(crate) of: Option<String>,
    /// Whether the selected delivery is open, where it does not stand beside the list.
    pub(crate) is_open: bool,
    /// How far it is scrolled.
    pub(crate) scroll: usize,
    /// Whether mail as a service is shown, over the list.
    pub(crate) shows_post: bool,
    /// That, once it was read.
    pub(crate) post: Option<Result<Post, String>>,
    /// The message that is looked at, once it was printed.
    pub(crate) preview: Option<(Kind, Option<Result<Preview, String>>)>,
    /// What the last test message said.
    pub(crate) test: Option<Result<String, String>>,
}

impl Mail {
    /// The selected delivery in full.
    pub(crate) fn lines(&self, width: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut tell = |tone, name: &str, value: &str| {
            lines.extend(hung(tone, name, COLUMN, value, width));
        };
        if let Some(mail) = self.list.selected() {
            for (name, value) in [
                ("at", &mail.at),
                ("user", &mail.user),
                ("kind", &mail.kind),
                ("relay", &mail.relay),
                ("took", &format!("{} ms", mail.millis)),
            ] {
                if !value.is_empty() {
                    tell(Tone::Plain, name, value);
                }
            }
            tell(
                outcome_tone(&mail.outcome),
                "outcome",
                meaning(&mail.outcome),
            );
            tell(Tone::Plain, "reply", &mail.reply);
        }
        if let Some(test) = &self.test {
            headed(&mut lines, "TEST MAIL");
            lines.extend(match test {
                Ok(taken) => broken(Tone::Good, taken, width, 2),
                Err(refused) => broken(Tone::Bad, refused, width, 2),
            });
        }
        lines
    }
}

impl Mail {
    /// Mail as a service.
    pub(crate) fn post_lines(&self, width: usize) -> Vec<Line> {
        let post = match &self.post {
            None => return broken(Tone::Plain, "reading ...", width, 0),
            Some(Err(error)) => return broken(Tone::Bad, error, width, 0),
            Some(Ok(post)) => post,
        };
        let mut lines = Vec::new();
        headed(&mut lines, "LAST 24 HOURS");
        lines.extend(fared("all", &post.fared.all, width));
        for relay in &post.fared.relays {
            lines.extend(fared(&relay.name, &relay.tally, width));
        }
        for domain in &post.fared.domains {
            lines.extend(fared(&format!("to {}", domain.name), &domain.tally, width));
        }
        if let Some(failed) = &post.fared.last_failure {
            let text = format!(
                "The last that failed: {} {}: {}: {}",
                failed.at,
                failed.relay,
                meaning(failed.outcome),
                failed.reply
            );
            lines.extend(broken(Tone::Care, &text, width, 2));
        }
        headed(&mut lines, "NOTICES THAT WAIT");
        if post.waiting.is_empty() {
            let text = "None waits. Codes are never queued.";
            lines.extend(broken(Tone::Plain, text, width, 0));
        }
        for waits in &post.waiting {
            let text = format!(
                "{} for {}, {}, tried {} times, due in {} s",
                waits.kind, waits.user, waits.state, waits.tries, waits.due_in_secs
            );
            lines.extend(hung(
                Tone::Care,
                &waits.id.to_string(),
                COLUMN,
                &text,
                width,
            ));
        }
        headed(&mut lines, "TEMPLATES");
        let own = post.templates.iter().filter(|template| template.own);
        let own: Vec<&str> = own.map(|template| template.name).collect();
        let text = if own.is_empty() {
            "All are the built-in ones: gatepost mail template edit NAME".to_owned()
        } else {
            format!("Your own: {}; the others are built in.", own.join(", "))
        };
        lines.extend(broken(Tone::Plain, &text, width, 0));
        for check in post.checks.iter().flatten() {
            let (tone, text) = match &check.problem {
                None => (Tone::Good, "can be sent"),
                Some(problem) => (Tone::Bad, problem.as_str()),
            };
            lines.extend(hung(tone, check.kind, 2 * COLUMN, text, width));
        }
        lines
    }
}

impl Mail {
    /// A message as it would be mailed: its headers, its text, its HTML; and the same as a subcommand.
    pub(crate) fn preview_lines(&self, width: usize) -> Vec<Line> {
        let Some((kind, found)) = &self.preview else {
            return Vec::new();
        };
        let twin = format!("Same as: gatepost mail template preview {}", kind.word());
        let mut lines = broken(Tone::Plain, &twin, width, 0);
        let found = match found {
            None => {
                lines.extend(broken(Tone::Plain, "the sender prints it ...", width, 0));
                return lines;
            }
            Some(Err(error)) => {
                lines.extend(broken(Tone::Bad, error, width, 0));
                return lines;
            }
            Some(Ok(found)) => found,
        };
        let text = "A sample: nothing was sent, and no code is like the one in it.";
        lines.extend(broken(Tone::Plain, text, width, 0));
        headed(&mut lines, "TEMPLATES");
        for template in &found.templates {
            let whose = if template.own { "your own" } else { "built-in" };
            let named = hung(Tone::Plain, template.name, 3 * COLUMN, whose, width);
            lines.extend(named);
        }
        for problem in &found.problems {
            let text = format!("{problem}; the built-in one was used");
            lines.extend(broken(Tone::Bad, &text, width, 2));
        }
        headed(&mut lines, "MESSAGE");
        for (name, value) in [
            ("From", &found.from),
            ("To", &found.to),
            ("Subject", &found.subject),
        ] {
            lines.extend(hung(Tone::Plain, name, COLUMN, value, width));
        }
        let part = |part: &str| {
            let lines = part.lines().flat_map(|line| verbatim(line, width));
            lines.collect::<Vec<Line>>()
        };
        headed(&mut lines, "TEXT");
        lines.extend(part(&found.text));
        headed(&mut lines, "HTML");
        lines.extend(part(&found.html));
        lines
    }
}

/// How deliveries of a relay, or to a domain, fared.
fn fared(name: &str, tally: &Tally, width: usize) -> Vec<Line> {
    let tone = if tally.failed > 0 {
        Tone::Care
    } else {
        Tone::Plain
    };
    let mut text = format!(
        "{} taken, {} failed",
        grouped(tally.accepted),
        grouped(tally.failed)
    );
    let parts = [(tally.bounced, "bounced"), (tally.deferred, "deferred")];
    let parts = parts.into_iter().filter(|(many, _)| *many > 0);
    let parts: Vec<String> = parts
        .map(|(many, what)| format!("{} {what}", grouped(many)))
        .collect();
    if !parts.is_empty() {
        let parts = format!(" ({})", parts.join(", "));
        text.push_str(&parts);
    }
    for (share, millis) in [("half", tally.p50_ms), ("19 of 20", tally.p95_ms)] {
        if let Some(millis) = millis {
            let within = format!(", {share} within {} ms", grouped(millis.into()));
            text.push_str(&within);
        }
    }
    hung(tone, name, 3 * COLUMN, &text, width)
}

/// How an outcome is meant.
pub(crate) fn outcome_tone(outcome: &str) -> Tone {
    if outcome == "accepted" {
        Tone::Good
    } else {
        Tone::Bad
    }
}
