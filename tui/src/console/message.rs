//! Everything that can happen in the console, as data: keys, acts, and what the workers found.
//! It knows no terminal and no store.

use std::collections::BTreeSet;
use std::sync::Arc;

use gatepost_shared::admin::attack::Attack;
use gatepost_shared::admin::browse::{
    Activity, EventRow, MailRow, Page, SignIns, Summary, UserDetail, UserRow,
};
use gatepost_shared::admin::doctor::Check;
use gatepost_shared::admin::policy::effective::Effective;
use gatepost_shared::admin::shield::Shield;
use gatepost_shared::admin::templates::{Kind, Preview};
use gatepost_shared::admin::users::Versions;
use gatepost_shared::admin::{sources, undo};
use gatepost_words::secret::Secret;

pub(crate) use super::act::{Act, Screen, Step};
use super::prefs::{Keys, Prefs};
pub(crate) use super::told::{FoundPolicy, LookedThrough, Post, Refused, Told, Undone};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// A key was pressed.
    Key(Key),
    /// The mouse was used.
    Mouse(Mouse),
    /// An act of the table is wanted.
    Act(Act),
    /// A text field is typed into.
    Edit(Edit),
    /// The terminal has this size, in columns and rows.
    Resized(u16, u16),
    /// So many milliseconds have passed since the start; nothing else happened.
    Tick(u64),
    /// The store was changed, by whomever, or a minute is over and locks may have ended.
    Changed,
    /// The editor is closed, so many milliseconds since the start: the text where it was changed.
    Edited(u64, Result<Option<String>, String>),
    /// What the workers found; boxed, since most messages are keys.
    Found(Box<Found>),
}

/// What the workers found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The home page's counts.
    Summary(Result<Summary, String>),
    /// How many people of this machine have no account.
    Missing(Result<u64, String>),
    /// What happened in the last hours.
    Activity(Result<Activity, String>),
    /// The first accounts that were found for the request of that number, while others are looked for.
    FirstUsers(u64, Page<UserRow>),
    /// A page of accounts, and of how many, for the request of that number.
    Users(u64, Result<(Page<UserRow>, Option<u64>), String>),
    /// An account's page.
    User(Result<UserDetail, (String, String)>),
    /// How the sign-ins of the account of that key ended in the last days.
    SignIns(String, Result<SignIns, String>),
    /// What the rules say of the account of that key at each service.
    Applies(String, Result<Effective, String>),
    /// A page of events.
    Events(u64, Result<Page<EventRow>, String>),
    /// A page of the stream of events.
    Stream(u64, Result<Page<EventRow>, String>),
    /// Whether an attack goes on, and what is done about it.
    Standing(Result<Standing, String>),
    /// What came of an act that may ask back.
    Answered(Answer),
    /// A page of deliveries.
    Mails(u64, Result<Page<MailRow>, String>),
    /// What doctor says.
    Checks(Vec<Check>),
    /// An act is done, said in a sentence; or it is not.
    Done(Result<String, String>),
    /// An act of this console left another version of an account: which, and what it was and is.
    Stepped(String, Versions),
    /// An act is not done, since somebody else changed the account: which, and what they did.
    Changed(String, String),
    /// Where an account's person signs in from.
    Sources(String, Result<Vec<sources::Listed>, String>),
    /// What can be taken back.
    Undoables(Vec<undo::Listed>),
    /// What would become of a list.
    Planned(Job, Result<Planned, String>),
    /// What restoring a copy would do.
    LookedThrough(Job, Result<LookedThrough, String>),
    /// Addresses may be shown now: the audit has it.
    Unmasked,
    /// What the person keeps of the console, their own keys, and what is wrong with either.
    Prefs(Prefs, Keys, Vec<String>),
    /// Keys of accounts to be marked, and whether there are more; or why they could not be read.
    Keys(Result<(Vec<String>, bool), String>),
    /// How relays fare, what waits, and the templates.
    Post(Result<Post, String>),
    /// How a message of that kind would look.
    Preview(Kind, Result<Preview, String>),
    /// About the policy.
    Policy(FoundPolicy),
    /// A job goes on.
    Progress(Job, Progress),
    /// A job on many accounts is over.
    Tried(Job, Tally),
    /// What may take long to be taken back is, or is done again.
    Undone(Job, Undone),
    /// A job is over, said in a sentence; or it failed.
    Ended(Job, Result<String, String>),
}

/// Whether an attack goes on, and what is done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The meter.
    pub(crate) attack: Attack,
    /// The shields that are up.
    pub(crate) shields: Vec<Shield>,
    /// The number of the newest event; zero where there is none.
    pub(crate) newest: i64,
}

/// What came of an act that may ask back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is done, said in a sentence; or it is not.
    Done(Result<String, String>),
    /// It is done, and a code came of it.
    Code(Once),
    /// It can be done once somebody says that they mean it; why that is asked.
    NotSure(String),
}

/// A bypass code, to be shown once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Once {
    /// Whose.
    pub(crate) user: String,
    /// Its number.
    pub(crate) id: i64,
    /// How long it works, in words.
    pub(crate) life: String,
    /// How often.
    pub(crate) uses: u32,
    /// The code.
    pub(crate) code: Code,
}

/// A code of which there is one copy, wiped when the last that hold it let go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Code(Arc<Secret>);

impl Code {
    /// Takes a code.
    pub(crate) fn of(secret: Secret) -> Self {
        Self(Arc::new(secret))
    }

    /// The code, to be drawn or copied and nothing else.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_str().unwrap_or_default()
    }

    /// How many hold it.
    #[cfg(test)]
    pub(crate) fn holders(&self) -> usize {
        Arc::strong_count(&self.0)
    }
}

/// What would become of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Planned {
    /// How many lines would enrol, change, change nothing, and make no sense.
    pub(crate) counts: [usize; 4],
    /// The first lines, those that make no sense before the others.
    pub(crate) lines: Vec<String>,
}

/// Something that takes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// The chain of events is recomputed.
    Chain,
    /// A test message goes out.
    TestMail,
    /// Notices that wait go out.
    RetryMail,
    /// Doctor looks around.
    Doctor,
    /// The same is done to many accounts, one after the other.
    Each(u32),
    /// Rows are written to a file.
    Export(u32),
    /// The store is copied to a file.
    BackUp,
    /// A copy of the store is looked through, to be restored.
    LookThrough(u32),
    /// The copy that was looked through is restored.
    Restore(u32),
    /// Who is affected by a candidate is found out.
    Difference(u32),
    /// It is looked what would become of a list.
    Plan(u32),
    /// A list is imported.
    Import(u32),
    /// An act on many accounts is taken back.
    Undo(u32),
}

impl Job {
    /// Its name on the screen.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chain => "checking the chain of events",
            Self::TestMail => "sending a test message",
            Self::RetryMail => "sending the notices that wait",
            Self::Doctor => "looking at this machine",
            Self::Each(_) => "acting on many accounts",
            Self::Export(_) => "writing a file",
            Self::BackUp => "copying the store",
            Self::LookThrough(_) => "looking through a copy",
            Self::Restore(_) => "restoring the store",
            Self::Difference(_) => "finding out who is affected",
            Self::Plan(_) => "reading a list",
            Self::Import(_) => "importing a list",
            Self::Undo(_) => "taking back an act on many accounts",
        }
    }

    /// Whether it can be stopped on its way.
    pub(crate) const fn can_stop(self) -> bool {
        match self {
            Self::Each(_)
            | Self::Export(_)
            | Self::Difference(_)
            | Self::Import(_)
            | Self::LookThrough(_)
            | Self::Undo(_) => true,
            Self::Chain
            | Self::TestMail
            | Self::RetryMail
            | Self::BackUp
            // One transaction.
            | Self::Restore(_)
            | Self::Doctor
            | Self::Plan(_) => false,
        }
    }
}

/// How far a job is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What was gone through.
    pub(crate) done: u64,
    /// Of how many, where that is known.
    pub(crate) total: Option<u64>,
    /// Of what was gone through: what failed.
    pub(crate) failed: u64,
}

/// What came of the same on many accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How many it was done to.
    pub(crate) done: u64,
    /// Accounts on which it failed, and why.
    pub(crate) failures: Vec<(String, String)>,
    /// Those of them that somebody else changed since they were marked: they are looked at anew.
    pub(crate) changed: BTreeSet<String>,
    /// How many were not tried, since it was stopped.
    pub(crate) left: u64,
}

/// What a key is pressed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    /// A screen.
    Screen(Screen),
    /// The line in which a filter is typed.
    Filter,
    /// A dialog.
    Dialog,
    /// A list of acts over a screen.
    Palette,
    /// The list of jobs over a screen.
    Jobs,
    /// The help, or the messages, over a screen.
    Overlay,
    /// A code that is shown once, over everything.
    Code,
}

impl Context {
    /// Those that there are.
    pub(crate) const ALL: [Self; 13] = [
        Self::Screen(Screen::Home),
        Self::Screen(Screen::Users),
        Self::Screen(Screen::Live),
        Self::Screen(Screen::Audit),
        Self::Screen(Screen::Mail),
        Self::Screen(Screen::Policy),
        Self::Screen(Screen::Health),
        Self::Filter,
        Self::Dialog,
        Self::Palette,
        Self::Jobs,
        Self::Overlay,
        Self::Code,
    ];
}

/// What typing does to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Puts a character in.
    Insert(char),
    /// Takes the one before the cursor away.
    Backspace,
    /// Takes the one at the cursor away.
    Delete,
    /// Takes the word before the cursor away.
    DeleteWord,
    /// Takes everything away.
    Clear,
    /// One to the left.
    Left,
    /// One to the right.
    Right,
    /// To the beginning.
    Home,
    /// To the end.
    End,
}

/// What the mouse did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mouse {
    /// Its left button was pressed over a column and a row.
    Click(u16, u16),
    /// Its wheel was turned away.
    WheelUp,
    /// Its wheel was turned back.
    WheelDown,
}

/// A key as the table knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A character.
    Char(char),
    /// A character with Ctrl.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Esc.
    Esc,
    /// Tab.
    Tab,
    /// Tab with Shift.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// The arrows.
    Up,
    /// See `Up`.
    Down,
    /// See `Up`.
    Left,
    /// See `Up`.
    Right,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
}
