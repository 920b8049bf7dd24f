//! Which rules are in force: a version of them, or none that can be used. Pure.
//!
//! A version is never changed once it is made. A try puts one in force for a while; whether that while
//! is over is read from the try itself, by whoever asks, so that nobody has to end it: in another boot,
//! past its end or before its beginning it is over, whatever became of the one who began it.

use gatepost_words::time::{Boot, Span};
use sha2::{Digest, Sha256};

use super::challenge::BootMoment;
use super::rules::Rule;
use super::text;

/// How rules are written down; another number is a newer program's.
pub const FORMAT: i64 = 1;
/// The shortest and the longest try.
pub const TRY: [Span; 2] = [Span::from_secs(60), Span::from_secs(3600)];

/// What the store says is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// This version.
    pub version: i64,
    /// For a while only, where it is tried.
    pub trial: Option<Trial>,
}

/// A version that is in force for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// What is in force once it is over.
    pub previous: i64,
    /// The boot that it was begun in.
    pub boot_id: String,
    /// Its beginning on that boot's clock.
    pub began: Boot,
    /// Its end.
    pub until: Boot,
}

impl Pointer {
    /// The version in force, now.
    pub fn in_force(&self, now: &BootMoment) -> i64 {
        match &self.trial {
            None => self.version,
            Some(trial) if trial.left(now).is_some() => self.version,
            Some(trial) => trial.previous,
        }
    }

    /// The version that is kept: the one in force, or what a try goes back to.
    pub fn kept(&self) -> i64 {
        self.trial
            .as_ref()
            .map_or(self.version, |trial| trial.previous)
    }
}

impl Trial {
    /// How much of it is left; none once it is over.
    pub fn left(&self, now: &BootMoment) -> Option<Span> {
        let [_, longest] = TRY;
        let live = self.boot_id == now.boot_id
            && self.began <= now.at
            && now.at < self.until
            && self.until <= self.began.plus(longest);
        live.then(|| Span::from_millis(self.until.millis().saturating_sub(now.at.millis())))
    }
}

/// A version as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// How the text is written.
    pub format: i64,
    /// The rules, exactly as they were applied.
    pub text: String,
    /// The SHA-256 that the text had then.
    pub sha256: Vec<u8>,
}

/// The SHA-256 of a text.
pub fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The rules in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// Of which version; none where the store names none.
    pub version: Option<i64>,
    /// The version as it was read: what was read later is the same, or the rules are read again.
    kept: Option<Kept>,
    /// What it says.
    pub body: Body,
}

/// What a version says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The rules.
    Rules(Vec<Rule>),
    /// It cannot be used, so everybody is asked.
    Unusable(Unusable),
}

/// Why a version cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The store names no version in force.
    #[error("the store names no version")]
    NoneNamed,
    /// There is no such version.
    #[error("it is not there")]
    Missing,
    /// A newer program wrote it.
    #[error("a newer Gatepost wrote it")]
    Newer,
    /// Its text was changed.
    #[error("its text is not the one that was applied")]
    Changed,
    /// Its text cannot be read.
    #[error("its text cannot be read: {0}")]
    Unreadable(String),
}

impl InForce {
    /// What a store says, once it is checked and read.
    pub fn read(version: Option<i64>, kept: Option<Kept>) -> Self {
        let body = match (version, &kept) {
            (None, _) => Body::Unusable(Unusable::NoneNamed),
            (Some(_), None) => Body::Unusable(Unusable::Missing),
            (Some(_), Some(kept)) => match kept.rules() {
                Ok(rules) => Body::Rules(rules),
                Err(unusable) => Body::Unusable(unusable),
            },
        };
        Self {
            version,
            kept,
            body,
        }
    }

    /// Rules that are in force nowhere: a candidate.
    pub fn candidate(rules: Vec<Rule>) -> Self {
        Self {
            version: None,
            kept: None,
            body: Body::Rules(rules),
        }
    }

    /// Whether that is what was read before, to the last byte.
    pub fn is(&self, version: Option<i64>, kept: Option<&Kept>) -> bool {
        self.version == version && self.kept.as_ref() == kept
    }

    /// Its rules; none where it cannot be used.
    pub fn rules(&self) -> &[Rule] {
        match &self.body {
            Body::Rules(rules) => rules,
            Body::Unusable(_) => &[],
        }
    }

    /// The text of the version; none where there is none.
    pub fn text(&self) -> Option<&str> {
        self.kept.as_ref().map(|kept| kept.text.as_str())
    }

    /// Why it cannot be used, as a sentence for logs and screens; none where it can.
    pub fn trouble(&self) -> Option<String> {
        match &self.body {
            Body::Rules(_) => None,
            Body::Unusable(why) => Some(format!(
                "{} cannot be used, so everybody is asked: {why}",
                self.name()
            )),
        }
    }

    /// `policy version 7`
    pub fn name(&self) -> String {
        match self.version {
            Some(version) => format!("policy version {version}"),
            None if self.body == Body::Unusable(Unusable::NoneNamed) => "the policy".to_owned(),
            None => "the candidate".to_owned(),
        }
    }
}

impl Kept {
    /// What it says, where it is what was applied and this program can read it.
    pub fn rules(&self) -> Result<Vec<Rule>, Unusable> {
        if self.format != FORMAT {
            return Err(Unusable::Newer);
        }
        if self.sha256 != digest(&self.text) {
            return Err(Unusable::Changed);
        }
        text::parse(&self.text).map_err(|bad| {
            let told = bad.to_string();
            Unusable::Unreadable(told.lines().next().unwrap_or_default().to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::time::{Boot, Span};

    use super::{Body, InForce, Kept, Pointer, Trial, Unusable, digest};
    use crate::policy::challenge::BootMoment;

    fn moment(boot_id: &str, at: i64) -> BootMoment {
        BootMoment {
            boot_id: boot_id.to_owned(),
            at: Boot::from_millis(at),
        }
    }

    // Mutants: each of the four conditions in Trial::left is left out; in_force answers the tried one.
    #[test]
    fn a_try_is_in_force_within_its_own_while_and_boot_alone() {
        let trial = |began, until| Pointer {
            version: 8,
            trial: Some(Trial {
                previous: 7,
                boot_id: "one".to_owned(),
                began: Boot::from_millis(began),
                until: Boot::from_millis(until),
            }),
        };
        let five = || trial(1000, 301_000);
        let cases = [
            ("at its beginning", five(), moment("one", 1000), 8),
            ("before its end", five(), moment("one", 300_999), 8),
            ("at its end", five(), moment("one", 301_000), 7),
            ("long after", five(), moment("one", i64::MAX), 7),
            ("before it began", five(), moment("one", 999), 7),
            ("in another boot", five(), moment("two", 2000), 7),
            ("an hour", trial(0, 3_600_000), moment("one", 5), 8),
            ("longer than any", trial(0, 3_600_001), moment("one", 5), 7),
            ("without an end", trial(0, i64::MAX), moment("one", 5), 7),
        ];
        for (name, pointer, now, version) in cases {
            assert_eq!(pointer.in_force(&now), version, "{name}");
            assert_eq!(pointer.kept(), 7, "{name}");
        }
        let left = five().trial.unwrap().left(&moment("one", 1001));
        assert_eq!(left, Some(Span::from_millis(299_999)));
        let kept = Pointer {
            version: 8,
            trial: None,
        };
        assert_eq!(kept.in_force(&moment("two", 0)), 8);
    }

    // Mutants: Kept::rules checks no format, no hash; a text that cannot be read is no rules.
    #[test]
    fn what_is_not_what_was_applied_cannot_be_used() {
        let kept = |format, text: &str, applied: &str| Kept {
            format,
            text: text.to_owned(),
            sha256: digest(applied).to_vec(),
        };
        let skip = "[[rule]]\naction = \"skip\"\n";
        let why = |version, kept| match InForce::read(version, kept).body {
            Body::Rules(rules) => Err(rules.len()),
            Body::Unusable(why) => Ok(why),
        };
        assert_eq!(why(Some(1), Some(kept(1, skip, skip))), Err(1));
        assert_eq!(why(None, None), Ok(Unusable::NoneNamed));
        assert_eq!(
            why(None, Some(kept(1, skip, skip))),
            Ok(Unusable::NoneNamed)
        );
        assert_eq!(why(Some(1), None), Ok(Unusable::Missing));
        for format in [0, 2, -1, i64::MAX] {
            let newer = why(Some(1), Some(kept(format, skip, skip)));
            assert_eq!(newer, Ok(Unusable::Newer), "{format}");
        }
        assert_eq!(
            why(Some(1), Some(kept(1, skip, "another"))),
            Ok(Unusable::Changed)
        );
        let cut = Kept {
            sha256: digest(skip)[..31].to_vec(),
            ..kept(1, skip, skip)
        };
        assert_eq!(why(Some(1), Some(cut)), Ok(Unusable::Changed));
        let odd = why(Some(1), Some(kept(1, "[[rule]]", "[[rule]]")));
        assert!(matches!(odd, Ok(Unusable::Unreadable(_))), "{odd:?}");
    }
}
