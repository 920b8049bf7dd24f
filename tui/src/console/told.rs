//! What the workers found about policy, mail and copies, and how taking back ended, as values for state and view:
//! no more than is shown.

use gatepost_shared::admin::browse::Page;
use gatepost_shared::admin::policy::diff::{Change, Closed, Line, Stopped, Yours};
use gatepost_shared::admin::policy::history::Row as Version;
use gatepost_shared::admin::policy::{Policy, State};
use gatepost_shared::admin::postbox::{Health, Queued};
use gatepost_shared::admin::templates::{Template, TemplateCheck};
use gatepost_shared::admin::users::Versions;
use gatepost_shared::admin::why::Why;

/// Mail as a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Post {
    /// How deliveries fared in the last day.
    pub(crate) fared: Health,
    /// The first notices that wait.
    pub(crate) waiting: Vec<Queued>,
    /// The templates, and whose they are.
    pub(crate) templates: Vec<Template>,
    /// What is wrong with them; none where the role may not have them tried.
    pub(crate) checks: Option<Vec<TemplateCheck>>,
}

/// What restoring a copy would do. The copy itself stays with the workers: only what was looked through is restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LookedThrough {
    /// In sentences.
    pub(crate) told: Vec<String>,
    /// Logins that wait at a prompt, whose codes would no longer work.
    pub(crate) waiting: u64,
}

/// What the workers found about the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FoundPolicy {
    /// Which version is in force.
    State(State),
    /// All of it.
    Whole(Result<Policy, String>),
    /// A page of versions.
    Versions(u64, Result<Page<Version>, String>),
    /// The text of a version; of the one in force, to be edited, where none is named.
    Text(Option<i64>, Result<String, String>),
    /// What a sign-in would meet.
    Simulated(Result<Why, String>),
    /// What the candidate of that number would change, or what is wrong with it, in lines.
    Difference(u32, Result<Told, Vec<String>>),
    /// It is in force, said in a sentence; or why it is not.
    Put(Result<String, Refused>),
}

/// Why a candidate is not in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    /// In a sentence.
    pub(crate) why: String,
    /// Whether another version came in between.
    pub(crate) is_moved: bool,
}

/// What a candidate would change, as it is shown. The difference itself stays with the workers: only from
/// that can it be put in force, and only against the version that it was made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The version that it was made against.
    pub(crate) base: Option<i64>,
    /// Why that cannot be used, where it cannot.
    pub(crate) base_trouble: Option<String>,
    /// The lines; none where the texts are the same.
    pub(crate) lines: Vec<Line>,
    /// Groups that are named and not there.
    pub(crate) missing_groups: Vec<String>,
    /// How many accounts were looked at.
    pub(crate) looked_at: u64,
    /// Whether all were.
    pub(crate) stopped: Stopped,
    /// What changes, and for whom.
    pub(crate) changes: Vec<Change>,
    /// Whom it would change something for, if their accounts were open.
    pub(crate) closed: Vec<Closed>,
    /// What changes for whoever asks.
    pub(crate) yours: Vec<Yours>,
    /// How many people get in somewhere now, and would no longer.
    pub(crate) locked_out: u64,
    /// Whether whoever asks is among them.
    pub(crate) locks_you_out: bool,
    /// Whether that is everybody.
    pub(crate) locks_everybody_out: bool,
    /// All of it as one sentence.
    pub(crate) summary: String,
}

/// How a job ended that took acts back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Undone {
    /// What is so now.
    pub(crate) said: Result<String, String>,
    /// What could not be taken back, and why.
    pub(crate) failures: Vec<(String, String)>,
    /// The accounts that have another version by it.
    pub(crate) steps: Vec<(String, Versions)>,
}
