//! The screens, and what can be wanted on them by a key, a click or a line of a list; as data.

use gatepost_shared::admin::filter::Order;
use gatepost_shared::admin::roles::Role;
use gatepost_shared::admin::templates::Kind;

use super::look::Scheme;

/// The screens, by the numbers that they have for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Screen {
    /// What is to be done.
    #[default]
    Home,
    /// The accounts.
    Users,
    /// What happens now, and whether it is an attack.
    Live,
    /// The log of events.
    Audit,
    /// The deliveries.
    Mail,
    /// The rules: who is asked.
    Policy,
    /// What doctor says.
    Health,
}

impl Screen {
    /// Those that there are, in order.
    pub(crate) const ALL: [Self; 7] = [
        Self::Home,
        Self::Users,
        Self::Live,
        Self::Audit,
        Self::Mail,
        Self::Policy,
        Self::Health,
    ];

    /// The key that leads there.
    pub(crate) const fn number(self) -> char {
        match self {
            Self::Home => '1',
            Self::Users => '2',
            Self::Live => '3',
            Self::Audit => '4',
            Self::Mail => '5',
            Self::Policy => '6',
            Self::Health => '7',
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Home => "Home",
            Self::Users => "Users",
            Self::Live => "Live",
            Self::Audit => "Audit",
            Self::Mail => "Mail",
            Self::Policy => "Policy",
            Self::Health => "Health",
        }
    }

    /// Where somebody begins who names no screen: an auditor comes for the log.
    pub(crate) const fn first_for(role: Role) -> Self {
        match role {
            Role::Auditor => Self::Audit,
            Role::Helpdesk | Role::Admin => Self::Home,
        }
    }

    /// The screen of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let same = |screen: &Self| screen.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(same)
    }
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Show another screen.
    Go(Screen),
    /// Move in a list or a text.
    Move(Step),
    /// Open what is selected.
    Open,
    /// Close what is open; never the console.
    Back,
    /// To the next pane, field or button.
    Next,
    /// To the one before.
    Previous,
    /// The next word of a choice, or the one before; where there is none, as `Next` and `Previous`.
    Turn(Step),
    /// Type a filter.
    Filter,
    /// Take the filter that was typed.
    Apply,
    /// Press the button that has the focus.
    Press,
    /// Do what the dialog is about.
    Confirm,
    /// Let wrong codes no longer count.
    Unlock,
    /// Disable the account, or enable it.
    Disable,
    /// Enable disabled accounts.
    Enable,
    /// Send a new confirmation code.
    Verify,
    /// Make a bypass code.
    Bypass,
    /// List the account's bypass codes.
    Codes,
    /// End one of them, by its number.
    Revoke(i64),
    /// Copy the code that is shown.
    CopyCode,
    /// Let Live stand still, or go on.
    Pause,
    /// Keep the newest event in view, or not.
    Follow,
    /// Refuse a source for a while.
    Shield,
    /// End a shield before its time.
    EndShield,
    /// Take the code that was sent.
    TakeCode,
    /// Have codes go to another address.
    SetMail,
    /// Lock the account until it is unlocked.
    Lock,
    /// Note something about it.
    Note,
    /// Enrol somebody.
    Enrol,
    /// Turn the account into a tombstone.
    Remove,
    /// Send confirmation codes again.
    Invite,
    /// Show where the person signs in from, and forget it.
    Sources,
    /// The account's deliveries.
    MailsOf,
    /// Enrol many people from a list.
    Import,
    /// Take the last act back.
    Undo,
    /// Do again what was taken back last.
    Redo,
    /// Show what can be taken back.
    UndoList,
    /// Take one of these back, by its entry.
    UndoEntry(i64),
    /// Mark the account, or take its mark away.
    Mark,
    /// Mark every account of the filter.
    MarkAll,
    /// Copy what the selected row is called.
    CopyName,
    /// Copy the subcommand.
    CopyTwin,
    /// Let the terminal have the mouse, or take it.
    Mouse,
    /// Choose a theme.
    Themes,
    /// Write the rows of the filter to a file.
    Export,
    /// Choose an order.
    Sort,
    /// List in an order.
    SortBy(Order),
    /// Show the views that were kept.
    Views,
    /// Show one of them, by its place.
    View(usize),
    /// Keep the filter as a view.
    KeepView,
    /// Finish the word that is typed.
    Complete,
    /// Use a theme.
    Theme(Scheme),
    /// Stop the selected job.
    StopJob,
    /// Do again what failed of the selected job.
    RetryJob,
    /// Show addresses in full, or hide them.
    Unmask,
    /// Who has no account, or no confirmed address.
    NotEnrolled,
    /// The account's events.
    EventsOf,
    /// Recompute the chain.
    CheckChain,
    /// Send a test message.
    TestMail,
    /// Send the notices that wait.
    RetryMail,
    /// How relays fare, what waits, and the templates.
    Post,
    /// The kinds of messages, to see how one would look.
    Previews,
    /// How a message of that kind would look.
    PreviewOf(Kind),
    /// Write a copy of the store to a file.
    BackUp,
    /// Look a copy of the store through, and restore it.
    Restore,
    /// Edit the rules.
    EditRules,
    /// Put what was edited in force for a while.
    TryRules,
    /// Put what was edited in force, to stay.
    ApplyRules,
    /// Keep the version that is being tried.
    KeepTry,
    /// List the versions.
    Versions,
    /// See what bringing an older version back would change.
    RollBack,
    /// See what a sign-in would meet.
    Simulate,
    /// Read everything anew.
    Refresh,
    /// The keys.
    Help,
    /// What was said so far.
    Messages,
    /// The jobs.
    Jobs,
    /// Everything that can be done here.
    Palette,
    /// What can be done with the selected row.
    Actions,
    /// Stop what is going on; twice: leave.
    Interrupt,
    /// Leave.
    Quit,
    /// Stop the program, to be resumed by `fg`.
    Suspend,
    /// Draw everything anew.
    Redraw,
}

/// A move in a list or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One screenful up.
    PageUp,
    /// One screenful down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
}
