//! What can be done with the policy now, and if not, why.

use gatepost_shared::admin::policy::diff::Stopped;

use super::super::super::message::Act;
use super::{Looked, Pane, Policy};

const NOTHING: &str = "There is nothing to put in force: e edits the rules, h lists older ones.";

impl Policy {
    /// Why an act makes no sense here, in a sentence; none where it does.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "moving and looking is always possible"
    )]
    pub(crate) fn why_not(&self, act: Act) -> Option<String> {
        match act {
            Act::EditRules => {
                let version = self.draft.as_ref()?.restores()?;
                Some(format!(
                    "These are the rules of version {version} as they were: Esc drops them, then e \
                     edits those in force."
                ))
            }
            Act::TryRules => self.why_not_put(),
            Act::ApplyRules => self.why_not_put().or_else(|| {
                let (_, told) = self.told()?;
                (told.stopped == Stopped::Early).then(|| {
                    "Who is affected was not found out to the end: r does, T tries it for a while."
                        .to_owned()
                })
            }),
            Act::KeepTry if self.trial.is_none() => {
                Some("No version is being tried; h says what became of them.".to_owned())
            }
            Act::RollBack if self.edited().is_some() => {
                Some("Rules that you edited wait: Esc drops them first.".to_owned())
            }
            Act::RollBack if self.version().is_none() => {
                Some("No version is selected: h lists them.".to_owned())
            }
            _ => None,
        }
    }

    /// Why the draft cannot be put in force.
    fn why_not_put(&self) -> Option<String> {
        let Some(draft) = &self.draft else {
            return Some(NOTHING.to_owned());
        };
        match &draft.looked {
            Looked::Underway => Some("Who is affected is still being found out.".to_owned()),
            Looked::Wrong(_) => Some("These rules cannot be used: e edits them again.".to_owned()),
            Looked::Found(told) if told.lines.is_empty() && told.base_trouble.is_none() => {
                Some("That is what is in force already.".to_owned())
            }
            Looked::Found(_) => None,
        }
    }

    /// The version that is selected, or looked at.
    pub(crate) fn version(&self) -> Option<i64> {
        match self.pane {
            Pane::Versions => self.versions.selected().map(|row| row.version),
            Pane::Version(version) => Some(version),
            Pane::Rules | Pane::Draft | Pane::Simulated => None,
        }
    }
}
