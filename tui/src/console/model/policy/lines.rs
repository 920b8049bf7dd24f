//! The policy as text.

use gatepost_shared::admin::policy::diff::{Change, Closed, Sign, Stopped};
use gatepost_shared::admin::policy::{Policy as InForce, Rule};
use gatepost_shared::admin::why::Why;
use gatepost_shared::policy::Unenrolled;

use super::super::super::message::Told;
use super::super::text::{Line, Tone, broken, counted, cut, grouped, headed, hung, width_of};
use super::{Draft, Looked, Pane, Policy};

/// Columns of a rule's number and action.
const RULE: usize = 12;
/// Columns of a limit's value.
const LIMIT: usize = 20;
/// Lines around a change that are shown.
const AROUND: usize = 3;
/// The longest a line of rules is looked at.
const LONGEST: usize = 2_000;

impl Policy {
    /// What the pane shows; nothing where that is a list.
    pub(crate) fn lines(&self, width: usize, now: u64) -> Vec<Line> {
        match self.pane {
            Pane::Rules => self.in_force(width, now),
            Pane::Versions => Vec::new(),
            Pane::Version(_) => version(self.text.as_ref(), width),
            Pane::Draft => self
                .draft
                .as_ref()
                .map_or_else(Vec::new, |draft| draft_lines(draft, width)),
            Pane::Simulated => simulated(self.simulated.as_ref(), width),
        }
    }

    fn in_force(&self, width: usize, now: u64) -> Vec<Line> {
        let whole = match &self.whole {
            None => return broken(Tone::Plain, "reading ...", width, 0),
            Some(Err(error)) => {
                let mut lines = broken(Tone::Bad, error, width, 0);
                lines.extend(broken(Tone::Hint, "r reads it again.", width, 0));
                return lines;
            }
            Some(Ok(whole)) => whole,
        };
        let mut lines = Vec::new();
        headed(&mut lines, "IN FORCE");
        lines.extend(self.state(whole, width, now));
        headed(&mut lines, "RULES: THE FIRST THAT MATCHES DECIDES");
        if whole.rules.is_empty() {
            let text = "There are none: everybody is asked. e edits them.";
            lines.extend(broken(Tone::Plain, text, width, 0));
        }
        for rule in &whole.rules {
            let word = format!("{} {}", rule.number, rule.action.word());
            lines.extend(hung(Tone::Plain, &word, RULE, &who(rule), width));
        }
        for group in &whole.missing_groups {
            lines.extend(missing(group, width));
        }
        let unenrolled = match whole.unenrolled {
            Unenrolled::Refuse => "Accounts that were never enrolled are refused.",
            Unenrolled::Ignore => "Accounts that were never enrolled are not asked for a code.",
        };
        lines.extend(broken(Tone::Plain, unenrolled, width, 0));
        headed(&mut lines, "LIMITS");
        for limit in &whole.limits {
            lines.extend(hung(Tone::Plain, &limit.value, LIMIT, limit.what, width));
        }
        lines
    }

    /// Which version it is, and for how long.
    fn state(&self, whole: &InForce, width: usize, now: u64) -> Vec<Line> {
        if let Some(trouble) = &whole.state.trouble {
            let text = format!("{trouble}. h lists the versions, R brings one of them back.");
            return broken(Tone::Bad, &text, width, 0);
        }
        let version = whole.state.version.unwrap_or(0);
        let Some(running) = &self.trial else {
            return broken(Tone::Plain, &format!("Policy version {version}."), width, 0);
        };
        let trial = &running.trial;
        let reason = if trial.reason.is_empty() {
            String::new()
        } else {
            format!(" ({})", trial.reason)
        };
        let text = format!(
            "Policy version {}, on trial by {}{reason}: {} left. c keeps it, else version {} is back.",
            trial.version,
            trial.by,
            running.left(now),
            trial.back_to
        );
        broken(Tone::Care, &text, width, 0)
    }
}

/// Whom a rule is about.
fn who(rule: &Rule) -> String {
    let mut words = Vec::new();
    for (name, of) in [
        ("users", &rule.users),
        ("groups", &rule.groups),
        ("services", &rule.services),
    ] {
        if !of.is_empty() {
            words.push(format!("{name} {}", of.join(" ")));
        }
    }
    if words.is_empty() {
        return "everybody, everywhere".to_owned();
    }
    words.join(", ")
}

fn missing(group: &str, width: usize) -> Vec<Line> {
    let text = format!(
        "There is no group {group}: a rule to require or refuse that names it applies to everybody."
    );
    broken(Tone::Care, &text, width, 0)
}

fn version(text: Option<&Result<String, String>>, width: usize) -> Vec<Line> {
    match text {
        None => broken(Tone::Plain, "reading ...", width, 0),
        Some(Err(error)) => broken(Tone::Bad, error, width, 0),
        Some(Ok(text)) if text.trim().is_empty() => broken(
            Tone::Plain,
            "It has no rules: everybody is asked.",
            width,
            0,
        ),
        Some(Ok(text)) => {
            let mut lines = Vec::new();
            for line in text.lines() {
                lines.extend(verbatim(Tone::Plain, "", line, width));
            }
            lines
        }
    }
}

/// A line of rules as it is, with what cannot be shown taken out of it.
fn verbatim(tone: Tone, sign: &str, line: &str, width: usize) -> Vec<Line> {
    let shown: String = cut(line, LONGEST, "")
        .chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect();
    let shown = gatepost_words::text::sanitise(&shown);
    let mut lines = Vec::new();
    let mut text = sign.to_owned();
    let mut used = sign.len();
    for c in shown.chars() {
        let wide = width_of(c.encode_utf8(&mut [0; 4]));
        // Blanks mean something here: a mark may stand below a column.
        if used + wide > width && used > sign.len() {
            lines.push(Line::of(tone, text));
            text = " ".repeat(sign.len());
            used = sign.len();
        }
        text.push(c);
        used += wide;
    }
    lines.push(Line::of(tone, text));
    lines
}

fn draft_lines(draft: &Draft, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(moved) = &draft.moved {
        lines.extend(broken(Tone::Bad, &format!("Not done: {moved}"), width, 0));
        let text = "Nothing of yours is lost: below is what it would change now.";
        lines.extend(broken(Tone::Hint, text, width, 0));
    }
    match &draft.looked {
        Looked::Underway => {
            let text = "finding out who is affected ... (Ctrl-C stops that)";
            lines.extend(broken(Tone::Plain, text, width, 0));
        }
        Looked::Wrong(wrong) => {
            headed(&mut lines, "NOT USABLE");
            for line in wrong {
                lines.extend(verbatim(Tone::Bad, "", line, width));
            }
            let text = "e edits it again; Esc drops it.";
            lines.extend(broken(Tone::Hint, text, width, 0));
        }
        Looked::Found(told) => told_lines(&mut lines, told, width),
    }
    lines
}

fn told_lines(lines: &mut Vec<Line>, told: &Told, width: usize) {
    let locks = told.locks_you_out || told.locks_everybody_out || told.locked_out > 0;
    let (tone, base) = (
        if locks { Tone::Bad } else { Tone::Plain },
        told.base.unwrap_or(0),
    );
    let text = format!("Against policy version {base}: {}.", told.summary);
    lines.extend(broken(tone, &text, width, 0));
    let accounts = counted(told.looked_at, "account", "accounts");
    let looked_at = match told.stopped {
        Stopped::No => format!("{accounts} looked at."),
        Stopped::Early => {
            format!("Stopped early: {accounts} looked at, and there are more. r looks again.")
        }
    };
    let is_early = told.stopped == Stopped::Early;
    let tone = if is_early { Tone::Care } else { Tone::Plain };
    lines.extend(broken(tone, &looked_at, width, 0));
    for group in &told.missing_groups {
        lines.extend(missing(group, width));
    }
    if !(told.changes.is_empty() && told.yours.is_empty() && told.closed.is_empty()) {
        headed(lines, "WHO IS AFFECTED");
    }
    for yours in &told.yours {
        let tone = if yours.locks_out() {
            Tone::Bad
        } else {
            Tone::Care
        };
        let (from, to) = (yours.from.words(), yours.to.words());
        let text = format!("you ({}) at {}: {from} -> {to}", yours.user, yours.service);
        lines.extend(broken(tone, &text, width, 2));
    }
    for change in &told.changes {
        let is_worse = change.from.lets_in() && !change.to.lets_in();
        let tone = if is_worse { Tone::Bad } else { Tone::Plain };
        lines.extend(broken(tone, &affected(change), width, 2));
    }
    for closed in &told.closed {
        lines.extend(broken(Tone::Plain, &closed_as_before(closed), width, 2));
    }
    if !told.lines.is_empty() {
        headed(lines, "LINES");
        changed(lines, told, width);
    }
}

/// `3 people, asked -> refused at sshd: alice, bob, carol`
fn affected(change: &Change) -> String {
    format!(
        "{}, {} -> {} at {}: {}",
        counted(change.people, "person", "people"),
        change.from.words(),
        change.to.words(),
        change.services.join(", "),
        first(change.people, &change.names)
    )
}

/// `2 people, disabled, get in neither way: dave, erin`
fn closed_as_before(closed: &Closed) -> String {
    let get = if closed.people == 1 { "gets" } else { "get" };
    format!(
        "{}, {}, {get} in neither way: {}",
        counted(closed.people, "person", "people"),
        closed.why.words(),
        first(closed.people, &closed.names)
    )
}

/// The first names, and how many more there are.
fn first(people: u64, names: &[String]) -> String {
    let more = match people.saturating_sub(names.len() as u64) {
        0 => String::new(),
        more => format!(" and {} more", grouped(more)),
    };
    format!("{}{more}", names.join(", "))
}

/// The lines that change, and a few around them.
fn changed(lines: &mut Vec<Line>, told: &Told, width: usize) {
    let mut skipped = false;
    for (at, line) in told.lines.iter().enumerate() {
        let from = at.saturating_sub(AROUND);
        let around = told.lines.iter().skip(from).take(at - from + AROUND + 1);
        if around.into_iter().all(|line| line.sign == Sign::Same) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            lines.extend(broken(Tone::Plain, "  ...", width, 2));
        }
        let (tone, sign) = match line.sign {
            Sign::Same => (Tone::Plain, "  "),
            Sign::Removed => (Tone::Bad, "- "),
            Sign::Added => (Tone::Good, "+ "),
        };
        lines.extend(verbatim(tone, sign, &line.text, width));
    }
}

fn simulated(found: Option<&Result<Why, String>>, width: usize) -> Vec<Line> {
    let why = match found {
        None => return broken(Tone::Plain, "looking ...", width, 0),
        Some(Err(error)) => return broken(Tone::Bad, error, width, 0),
        Some(Ok(why)) => why,
    };
    let tone = if why.verdict.lets_in() {
        Tone::Good
    } else {
        Tone::Bad
    };
    let mut lines = broken(tone, &why.sentence, width, 0);
    let head = format!("BY {}, FOR {}", why.policy, why.service);
    headed(&mut lines, &head.to_uppercase());
    for (number, step) in (1..).zip(&why.steps) {
        lines.extend(hung(Tone::Plain, &format!("{number}."), 4, step, width));
    }
    for next in &why.next {
        lines.extend(broken(Tone::Hint, &format!("-> {next}"), width, 3));
    }
    let text = "Nothing was sent, and nothing was counted. s asks again.";
    lines.extend(broken(Tone::Plain, text, width, 0));
    lines
}
