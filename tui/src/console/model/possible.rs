//! Whether an act makes sense now, and if not, why: the one answer that keys, footer, palette and menus
//! give. What is refused in earnest is refused by the verbs; this says it before anybody is asked.

use gatepost_shared::admin::roles::Right;
use gatepost_shared::admin::users::State;

use super::super::message::{Act, Job, Screen};
use super::Model;

/// Why nothing is changed.
const READ_ONLY: &str = "This console was opened with --read-only.";

const RULED_READ_ONLY: &str =
    "Nothing is changed from a console here: console.toml says read_only.";
const RULED_MASKED: &str = "Addresses stay masked here: console.toml says masked.";

/// What is said where a row is needed and there is none.
const NO_ACCOUNT: &str = "No account is selected.";

impl Model {
    /// Why an act makes no sense now, in a sentence; none where it does.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "moving and looking is always possible"
    )]
    pub(crate) fn why_not(&self, act: Act) -> Option<String> {
        if act == Act::Unmask && self.users.unmasked {
            // Hiding is always possible.
            return None;
        }
        if let Some(why_never) = self.why_never(act) {
            return Some(why_never);
        }
        match act {
            Act::Unlock
            | Act::Disable
            | Act::Enable
            | Act::Verify
            | Act::Invite
            | Act::Lock
            | Act::TakeCode
            | Act::SetMail
            | Act::Note
            | Act::Sources
            | Act::Remove => self.why_not_on_account(act),
            Act::Undo | Act::Redo | Act::UndoList => self.why_not_undo(act),
            Act::Bypass => self.why_no_bypass(),
            Act::EndShield if self.live.shield().is_none() => {
                Some("No source is refused now: ! refuses one.".to_owned())
            }
            Act::EventsOf | Act::MailsOf | Act::Mark | Act::MarkAll | Act::Codes
                if self.users.list.selected().is_none() =>
            {
                Some(NO_ACCOUNT.to_owned())
            }
            Act::EditRules | Act::TryRules | Act::ApplyRules | Act::KeepTry | Act::RollBack => {
                self.policy.why_not(act)
            }
            Act::CheckChain => self.why_not_again(Job::Chain),
            Act::TestMail => self.why_not_again(Job::TestMail),
            Act::RetryMail => self.why_not_again(Job::RetryMail),
            Act::BackUp => self.why_not_again(Job::BackUp),
            Act::Restore => self.why_no_restore(),
            Act::Filter if !matches!(self.screen, Screen::Home | Screen::Users | Screen::Audit) => {
                Some("There is no filter here; Users and Audit have one.".to_owned())
            }
            Act::Export => self.why_no_export().map(str::to_owned),
            Act::Sort if self.screen != Screen::Users => {
                Some("This list has one order: the newest first.".to_owned())
            }
            Act::SortBy(order) if !self.users.filter.filter.has(order) => Some(
                "People without an account are listed too: by name or by state, nothing else."
                    .to_owned(),
            ),
            Act::KeepView => match self.screen {
                Screen::Users if !self.users.filter.text.is_empty() => None,
                Screen::Audit if !self.audit.filter.text.is_empty() => None,
                Screen::Home
                | Screen::Users
                | Screen::Live
                | Screen::Audit
                | Screen::Mail
                | Screen::Policy
                | Screen::Health => {
                    Some("There is no filter to keep: / on Users or Audit types one.".to_owned())
                }
            },
            Act::CopyName | Act::CopyTwin if self.dialog.is_none() && !self.has_row() => {
                Some("No row is selected.".to_owned())
            }
            _ => None,
        }
    }

    /// Why an act makes no sense whatever is on the screen: the role, or a console that only looks.
    pub(crate) fn why_never(&self, act: Act) -> Option<String> {
        let right = needs(act)?;
        if !self.role.has(right) {
            let (is, may, what) = (self.role.name(), right.least().name(), right.what());
            return Some(format!(
                "Your role here is {is}, which may not {what}: ask somebody who is {may}."
            ));
        }
        // A file is no change of Gatepost's, and a preview is none of anything.
        let changes = !matches!(act, Act::Export | Act::Previews | Act::PreviewOf(_));
        if changes && self.rules.read_only {
            return Some(RULED_READ_ONLY.to_owned());
        }
        if changes && self.read_only {
            return Some(READ_ONLY.to_owned());
        }
        (act == Act::Unmask && self.rules.masked).then(|| RULED_MASKED.to_owned())
    }

    /// Why nothing here is written to a file.
    const fn why_no_export(&self) -> Option<&'static str> {
        match self.screen {
            Screen::Users | Screen::Audit | Screen::Mail => None,
            Screen::Live => {
                Some("Live moves on while it is written: E on Audit writes the same events.")
            }
            Screen::Home | Screen::Policy | Screen::Health => {
                Some("There is no list to write here: E writes those of Users, Audit and Mail.")
            }
        }
    }

    /// Whether a row of a list is selected.
    fn has_row(&self) -> bool {
        match self.screen {
            Screen::Users => self.users.list.selected().is_some(),
            Screen::Audit => self.audit.list.selected().is_some(),
            Screen::Mail => self.mail.list.selected().is_some(),
            Screen::Home | Screen::Live | Screen::Policy | Screen::Health => false,
        }
    }

    /// Why nothing is taken back, or done again.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "it is asked for these acts alone"
    )]
    fn why_not_undo(&self, act: Act) -> Option<String> {
        let text = match act {
            Act::Undo if self.undo.newest(self.now, false).is_none() => {
                "You did nothing in the last ten minutes that can be taken back."
            }
            Act::Redo if self.undo.newest(self.now, true).is_none() => {
                "You took nothing back in the last ten minutes that can be done again."
            }
            Act::UndoList if self.undo.open(self.now).next().is_none() => {
                "Nobody did anything in the last ten minutes that can be taken back."
            }
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// Why the selected account is not acted on.
    fn why_not_on_account(&self, act: Act) -> Option<String> {
        if !self.users.marks.is_empty() {
            // Of those some may refuse; that is told when it was tried.
            return is_on_one(act)
                .then(|| "That is done to one account: Esc takes the marks away.".to_owned());
        }
        let Some(row) = self.users.list.selected() else {
            return Some(NO_ACCOUNT.to_owned());
        };
        let user = &row.user;
        let Some(state) = row.state else {
            return Some(format!("{user} has no account: N enrols one."));
        };
        if state == State::Removed {
            return Some(format!("{user} was removed: N enrols the account again."));
        }
        if act == Act::Enable && state != State::Disabled {
            return Some(format!("{user} is not disabled."));
        }
        let is_about_code = matches!(act, Act::Verify | Act::Invite | Act::TakeCode);
        (is_about_code && !row.unconfirmed)
            .then(|| format!("{user} has no address that waits for its code; nothing to confirm."))
    }

    /// Why no bypass code is made.
    fn why_no_bypass(&self) -> Option<String> {
        if !self.users.marks.is_empty() {
            return Some("A bypass code is one account's: Esc takes the marks away.".to_owned());
        }
        let Some(row) = self.users.list.selected() else {
            return Some(NO_ACCOUNT.to_owned());
        };
        let user = &row.user;
        let Some(state) = row.state else {
            return Some(format!("{user} has no account: N enrols one."));
        };
        match state {
            State::Removed => {
                return Some(format!("{user} was removed: N enrols the account again."));
            }
            State::Disabled => {
                return Some(format!(
                    "{user} is disabled, and a bypass code does not help against that: D enables."
                ));
            }
            State::Active | State::Unconfirmed | State::Locked => {}
        }
        let page = self.users.page_of_selected();
        page.and_then(|page| page.as_ref().ok()?.bypass_useless.clone())
    }

    /// Why no copy is looked through: there is one at a time.
    fn why_no_restore(&self) -> Option<String> {
        let mut running = self.jobs.running();
        let other = running.find(|work| matches!(work.job, Job::LookThrough(_) | Job::Restore(_)));
        other.map(|work| format!("still {}", work.job.name()))
    }

    /// Why a job is not begun.
    pub(crate) fn why_not_again(&self, job: Job) -> Option<String> {
        self.jobs.runs(job).then(|| format!("still {}", job.name()))
    }
}

/// Whether an act is done to the selected account alone, never to those that are marked.
fn is_on_one(act: Act) -> bool {
    matches!(
        act,
        Act::SetMail | Act::TakeCode | Act::Note | Act::Sources | Act::Remove
    )
}

/// Whether an act is done to the selected row, or to those that are marked.
pub(crate) fn is_on_row(act: Act) -> bool {
    is_on_one(act)
        || matches!(
            act,
            Act::Unlock
                | Act::Disable
                | Act::Enable
                | Act::Lock
                | Act::Verify
                | Act::Invite
                | Act::Bypass
                | Act::Codes
                | Act::MailsOf
                | Act::EventsOf
                | Act::EndShield
                | Act::RollBack
        )
}

/// The right that an act needs, where it changes anything or leaves an event.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "moving and looking is always possible"
)]
fn needs(act: Act) -> Option<Right> {
    match act {
        Act::Unlock => Some(Right::Unlock),
        Act::Disable
        | Act::Enable
        | Act::Lock
        | Act::SetMail
        | Act::Note
        | Act::Enrol
        | Act::Remove
        | Act::Sources
        | Act::Import => Some(Right::Accounts),
        Act::Verify | Act::Invite | Act::TakeCode => Some(Right::Resend),
        Act::Undo | Act::Redo | Act::UndoEntry(_) => Some(Right::Undo),
        Act::Unmask => Some(Right::Unmask),
        Act::Bypass | Act::Revoke(_) => Some(Right::Bypass),
        Act::Shield | Act::EndShield => Some(Right::Shield),
        Act::TestMail | Act::RetryMail | Act::Previews | Act::PreviewOf(_) => Some(Right::Mail),
        Act::EditRules | Act::TryRules | Act::ApplyRules | Act::KeepTry | Act::RollBack => {
            Some(Right::Policy)
        }
        // A file by its name.
        Act::Export | Act::BackUp | Act::Restore => Some(Right::Machine),
        _ => None,
    }
}
