//! The accounts: a list, its filter, and the page of the selected one.

use std::collections::{BTreeMap, BTreeSet};

use gatepost_shared::admin::browse::{
    DAYS, EventRow, MailRow, Series, SignIns, UserDetail, UserRow,
};
use gatepost_shared::admin::bypass::Listed;
use gatepost_shared::admin::filter::{By, Filter};
use gatepost_shared::admin::policy::effective::Effective;
use gatepost_shared::admin::users::{Mask, State, Versions};
use gatepost_shared::admin::why::Verdict;

use super::super::effect::step_on;
use super::super::keys::map::Keymap;
use super::super::message::{Context, Screen};
use super::columns::Column;
use super::field::InForce;
use super::home::at_least;
use super::list::{Keyed, List};
use super::text::{Bars, Line, Tone, broken, grouped, headed, minutes};

/// The list's columns; the last one where there is room.
const COLUMNS: [Column; 4] = [
    Column::sorted("USER", 0, By::Name),
    Column::sorted("STATE", 16, By::State),
    Column::of("ADDRESS", 0),
    Column::sorted("LAST SIGN-IN", 16, By::Last),
];
/// Columns of the screen from which the last success is shown too.
const ROOMY: u16 = 78;
/// How many sources an account's page names.
const SOURCES: usize = 5;

/// The screen's state.
#[derive(Debug, Default)]
pub(crate) struct Users {
    /// The list.
    pub(crate) list: List<UserRow>,
    /// Which accounts are in it.
    pub(crate) filter: InForce<Filter>,
    /// How many these are, where that is known.
    pub(crate) total: Option<u64>,
    /// The page of an account.
    pub(crate) page: Option<Result<UserDetail, (String, String)>>,
    /// How the sign-ins of the account of that key ended in the last days.
    pub(crate) sign_ins: Option<(String, Result<SignIns, String>)>,
    /// What the rules say of the account of that key at each service.
    pub(crate) applies: Option<(String, Result<Effective, String>)>,
    /// Whether the page is open, where it does not stand beside the list.
    pub(crate) is_open: bool,
    /// How far the page is scrolled.
    pub(crate) scroll: usize,
    /// The keys of the accounts that are marked, with the versions that they had then; none for those that
    /// were in no row that was read.
    pub(crate) marks: BTreeMap<String, Option<i64>>,
    /// Those that were changed since they were marked, as was said, with the versions that they no longer
    /// have: until a row shows another one, it is drawn as it was before.
    pub(crate) outdated: BTreeMap<String, i64>,
    /// Whether the selected account's bypass codes are to be listed when its page comes.
    pub(crate) lists_codes: bool,
    /// Whether addresses are shown: the audit has it.
    pub(crate) unmasked: bool,
}

impl Users {
    /// Whether addresses are shown.
    pub(crate) fn mask(&self) -> Mask {
        if self.unmasked {
            Mask::Unmasked
        } else {
            Mask::Masked
        }
    }

    /// Marks an account: with the version that it has in its row, where there is one.
    pub(crate) fn mark(&mut self, key: String) {
        let version = self.version_of(&key);
        if version.is_some_and(|version| seen_anew(&mut self.outdated, &key, version)) {
            self.marks.insert(key, version);
        } else {
            self.marks.entry(key).or_insert(version);
        }
    }

    /// Takes all marks away.
    pub(crate) fn unmark(&mut self) {
        self.marks.clear();
        self.outdated.clear();
    }

    /// Forgets what was marked and read of accounts: they were another store's. The rows are read anew.
    pub(crate) fn forget(&mut self) {
        self.unmark();
        self.page = None;
        self.sign_ins = None;
        self.applies = None;
        self.total = None;
        self.lists_codes = false;
    }

    /// Marks what failed, with the versions that were `seen` when the job began; what was changed since is to be
    /// seen anew.
    pub(crate) fn keep_marks<'a>(
        &mut self,
        failed: impl Iterator<Item = &'a str>,
        seen: &BTreeMap<String, i64>,
        changed: &BTreeSet<String>,
    ) {
        self.marks = failed
            .map(|key| (key.to_owned(), seen.get(key).copied()))
            .collect();
        self.outdated = changed
            .iter()
            .filter_map(|key| Some((key.clone(), *seen.get(key)?)))
            .collect();
    }

    /// The version in an account's row.
    pub(crate) fn version_of(&self, key: &str) -> Option<i64> {
        let mut rows = self.list.rows.iter();
        rows.find(|row| row.key == key).map(|row| row.version)
    }

    /// Rows came: marks that had none before take their versions, and those that were said to have changed.
    pub(crate) fn see_marked(&mut self) {
        for row in &self.list.rows {
            let is_anew = seen_anew(&mut self.outdated, &row.key, row.version);
            let mark = self.marks.get_mut(&row.key);
            if let Some(mark) = mark.filter(|mark| is_anew || mark.is_none()) {
                *mark = Some(row.version);
            }
        }
    }

    /// An act of this console left another version of an account: so it has wherever it is shown.
    pub(crate) fn stepped(&mut self, key: &str, step: Versions) {
        let rows = self.list.rows.iter_mut().filter(|row| row.key == key);
        rows.for_each(|row| step_on(&mut row.version, step));
        if let Some(Ok(page)) = self.page.as_mut().filter(|page| {
            let page = page.as_ref();
            page.is_ok_and(|page| page.key == key)
        }) {
            step_on(&mut page.version, step);
        }
        if let Some(Some(version)) = self.marks.get_mut(key) {
            step_on(version, step);
        }
        if let Some(version) = self.outdated.get_mut(key) {
            step_on(version, step);
        }
    }

    /// The page, if it is the selected account's.
    pub(crate) fn page_of_selected(&self) -> Option<&Result<UserDetail, (String, String)>> {
        let key = self.list.selected().map(Keyed::key)?;
        self.page.as_ref().filter(|page| match page {
            Ok(page) => page.key == key,
            Err((of, _)) => *of == key,
        })
    }

    /// What came of the page's account after the page.
    fn after(&self, page: &UserDetail) -> After<'_> {
        After {
            sign_ins: of(self.sign_ins.as_ref(), &page.key),
            applies: of(self.applies.as_ref(), &page.key),
        }
    }

    /// The page as text.
    pub(crate) fn lines(&self, keys: &Keymap, width: usize) -> Vec<Line> {
        match self.page_of_selected() {
            None if self.list.selected().is_none() => Vec::new(),
            None => broken(Tone::Plain, "reading ...", width, 0),
            Some(Err((_, error))) => broken(Tone::Bad, error, width, 0),
            Some(Ok(page)) => described(page, &self.after(page), keys, width),
        }
    }
}

/// Whether a row shows what became of an account that is known to have changed: from then on that is seen.
/// That its mark is taken away and made again shows nothing.
fn seen_anew(outdated: &mut BTreeMap<String, i64>, key: &str, version: i64) -> bool {
    let is_anew = outdated.get(key).is_some_and(|old| *old != version);
    if is_anew {
        outdated.remove(key);
    }
    is_anew
}

/// The columns of a list that is so wide with its frame.
pub(crate) fn columns(width: u16) -> &'static [Column] {
    match COLUMNS.split_last() {
        Some((_, tight)) if width < ROOMY => tight,
        Some(_) | None => &COLUMNS,
    }
}

/// The sign and the tone of a state; the word stands beside it.
pub(crate) fn state_tone(state: Option<State>) -> Tone {
    let Some(state) = state else {
        return Tone::Care;
    };
    match state {
        State::Active => Tone::Good,
        State::Unconfirmed => Tone::Care,
        State::Locked => Tone::Bad,
        State::Disabled | State::Removed => Tone::Plain,
    }
}

/// What takes longer than an account's page, and comes after it.
struct After<'a> {
    sign_ins: Option<&'a Result<SignIns, String>>,
    applies: Option<&'a Result<Effective, String>>,
}

/// What was found, if it is about that account.
fn of<'a, T>(found: Option<&'a (String, T)>, key: &str) -> Option<&'a T> {
    found.filter(|(of, _)| of == key).map(|(_, found)| found)
}

fn described(page: &UserDetail, after: &After<'_>, keys: &Keymap, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let say = |lines: &mut Vec<Line>, tone, text: &str| {
        lines.extend(broken(tone, text, width, 2));
    };
    headed(&mut lines, "WHY");
    let tone = if page.lets_in { Tone::Good } else { Tone::Bad };
    say(&mut lines, tone, &page.why);
    for next in &page.next {
        say(&mut lines, Tone::Hint, &hint(page, keys, next));
    }
    headed(&mut lines, "ADDRESS");
    for address in &page.addresses {
        let waits = address.ends_with("not confirmed");
        let tone = if waits { Tone::Care } else { Tone::Plain };
        say(&mut lines, tone, address);
    }
    if page.addresses.is_empty() {
        say(&mut lines, Tone::Care, "none");
    }
    if !page.note.is_empty() {
        headed(&mut lines, "NOTE");
        say(&mut lines, Tone::Plain, &page.note);
    }
    let [hour, day, row] = page.failures;
    headed(&mut lines, "WRONG CODES");
    let text = format!("{hour} in the last hour, {day} in the last day, {row} in a row");
    say(&mut lines, Tone::Plain, &text);
    headed(&mut lines, "FACTORS");
    for factor in &page.factors {
        let (tone, can) = match (factor.usable, factor.factor) {
            (true, _) => (Tone::Plain, ""),
            // Nobody has these unless somebody gave them.
            (false, "bypass" | "totp") => (Tone::Plain, " (none)"),
            (false, _) => (Tone::Care, " (not now)"),
        };
        let text = format!("{}{can}: {}", factor.factor, factor.detail);
        say(&mut lines, tone, &text);
    }
    for code in &page.bypass {
        let text = format!("bypass code {}: {}", code.id, code_line(code));
        say(&mut lines, Tone::Care, &text);
    }
    headed(&mut lines, "MAILS");
    for mail in &page.mails {
        let (tone, text) = mail_line(mail);
        say(&mut lines, tone, &text);
    }
    if page.mails.is_empty() {
        say(&mut lines, Tone::Plain, "none was sent");
    }
    headed(&mut lines, "SIGN-INS");
    match after.sign_ins {
        Some(Ok(sign_ins)) => lines.extend(by_the_day(sign_ins, width)),
        Some(Err(error)) => say(&mut lines, Tone::Bad, error),
        None => {}
    }
    for login in &page.logins {
        let (tone, text) = login_line(login);
        say(&mut lines, tone, &text);
    }
    if page.logins.is_empty() {
        say(&mut lines, Tone::Plain, "none yet");
    }
    headed(&mut lines, "SOURCES");
    for source in page.sources.iter().take(SOURCES) {
        say(&mut lines, Tone::Plain, source);
    }
    match page.sources.len() {
        0 => say(&mut lines, Tone::Plain, "none is known"),
        many if many > SOURCES => {
            let more = format!("and {} more: t shows them", many - SOURCES);
            say(&mut lines, Tone::Hint, &more);
        }
        _few => {}
    }
    headed(&mut lines, "POLICY");
    match after.applies {
        Some(Ok(applies)) => {
            for (tone, text) in what_applies(applies) {
                say(&mut lines, tone, &text);
            }
        }
        Some(Err(error)) => say(&mut lines, Tone::Bad, error),
        None => say(&mut lines, Tone::Plain, "reading ..."),
    }
    headed(&mut lines, "VERSION");
    let text = format!("{}: an act made on another one is refused", page.version);
    say(&mut lines, Tone::Plain, &text);
    lines
}

/// A command that helps, and before it the key that does the same here.
fn hint(page: &UserDetail, keys: &Keymap, command: &str) -> String {
    let mut rows = keys.rows(Context::Screen(Screen::Users));
    let does = |twin: &str| {
        let (head, _) = twin.split_once("USER")?;
        let rest = command.strip_prefix(head)?.strip_prefix(&page.user)?;
        (rest.is_empty() || rest.starts_with(' ')).then_some(())
    };
    let key = rows.find_map(|bound| does(bound.row.twin).and_then(|()| bound.keys.first()));
    key.map_or_else(
        || format!("-> {command}"),
        |key| format!("-> {} or {command}", key.shown()),
    )
}

/// What the rules say at which services, a line for each answer.
fn what_applies(applies: &Effective) -> Vec<(Tone, String)> {
    let mut said: Vec<(Tone, String, Vec<&str>)> = Vec::new();
    for at in &applies.at {
        let (tone, what) = match at.verdict {
            Verdict::Asked | Verdict::NoMail => (Tone::Plain, "a code is asked for"),
            Verdict::Locked => (Tone::Plain, "a code is asked for, and locked now"),
            Verdict::NotAsked => (Tone::Care, "no code is asked for"),
            Verdict::Refused => (Tone::Bad, "refused"),
        };
        let by = at
            .rule
            .map_or_else(String::new, |rule| format!(", by rule {rule}"));
        let what = format!("{what}{by}");
        match said.iter_mut().find(|(_, same, _)| *same == what) {
            Some((_, _, services)) => services.push(&at.service),
            None => said.push((tone, what, vec![&at.service])),
        }
    }
    let line = |(tone, what, services): (Tone, String, Vec<&str>)| {
        (tone, format!("{}: {what}", services.join(", ")))
    };
    let head = (Tone::Plain, format!("by {}", applies.policy));
    [head]
        .into_iter()
        .chain(said.into_iter().map(line))
        .collect()
}

/// How sign-ins of the last days ended, in words, and as small bars where there is room for these.
fn by_the_day(sign_ins: &SignIns, width: usize) -> Vec<Line> {
    let SignIns {
        let_in,
        refused,
        services,
        ..
    } = sign_ins;
    let told = |series: &Series, what: &str| {
        let most = series.most_here.as_ref().map_or_else(String::new, |day| {
            format!(", most {} on {day}", grouped(series.most.into()))
        });
        format!("{} {what}{most}", at_least(series, &grouped(series.total)))
    };
    let at = if services.is_empty() {
        String::new()
    } else {
        format!("; at {}", services.join(", "))
    };
    let text = format!(
        "{DAYS} days: {}; {}{at}",
        told(let_in, "let in"),
        told(refused, "refused")
    );
    let mut lines = broken(Tone::Plain, &text, width, 2);
    for (name, series) in [("let in", let_in), ("refused", refused)] {
        let name = format!("{name:<BEFORE_BARS$}");
        if series.total > 0 && name.len() + series.counts.len() <= width {
            lines.push(Line {
                bars: Some(Bars {
                    counts: series.counts.clone(),
                    words: String::new(),
                }),
                ..Line::of(Tone::Plain, name)
            });
        }
    }
    lines
}

/// Columns of a name before its bars.
const BEFORE_BARS: usize = 9;

/// A bypass code that is out, never the code itself.
pub(crate) fn code_line(code: &Listed) -> String {
    let left = minutes(code.seconds_left);
    format!(
        "{} of {} uses for another {left}, by {}: {}",
        code.uses_left, code.uses, code.by, code.reason
    )
}

/// A sign-in on an account's page.
fn login_line(login: &EventRow) -> (Tone, String) {
    let field = |name: &str| {
        let found = login.detail.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let decision = field("decision");
    let tone = if matches!(decision, "refuse" | "lost") {
        Tone::Bad
    } else {
        Tone::Plain
    };
    let mut text = format!("{} {} {decision}", login.at, login.service);
    for (word, value) in [("", field("why")), ("from ", &login.source)] {
        if !value.is_empty() {
            text.push(' ');
            text.push_str(word);
            text.push_str(value);
        }
    }
    (tone, text)
}

/// A delivery on an account's page.
fn mail_line(mail: &MailRow) -> (Tone, String) {
    let tone = if mail.outcome == "accepted" {
        Tone::Plain
    } else {
        Tone::Bad
    };
    let text = format!(
        "{} {} {} {} ms: {}",
        mail.at, mail.kind, mail.outcome, mail.millis, mail.reply
    );
    (tone, text)
}
