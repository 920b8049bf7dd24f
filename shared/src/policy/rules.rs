//! Who is asked: rules by user, group and service, and what the account's row adds.
//!
//! The same function answers a login and `gatepost why`, so that the explanation cannot differ
//! from the decision. Not asked by default is nobody.

use gatepost_words::ident::{Service, UserName};
use gatepost_words::text::sanitise;
use gatepost_words::time::Span;

use super::Unenrolled;
use super::network::Network;
use super::versions::{Body, InForce};

/// One `[[rule]]` of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Names it applies to; empty is everybody.
    pub users: Vec<UserName>,
    /// Groups it applies to; empty is any.
    pub groups: Vec<String>,
    /// Services it applies to; empty is any.
    pub services: Vec<Service>,
    /// What it says.
    pub action: Action,
}

/// What a rule says. The order is that of strictness.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Nobody is asked; PAM goes by the rest of the stack.
    Skip,
    /// A code is asked for.
    Require,
    /// The login is refused.
    Refuse,
}

impl Action {
    /// The word for it in rules.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Require => "require",
            Self::Refuse => "refuse",
        }
    }
}

/// Which groups a user is in, as far as could be found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// The lookup worked.
    Known {
        /// Of the groups that rules name, the user is in these.
        member: Vec<String>,
        /// Of the groups that rules name, these are not there: mistyped, removed, or of a directory
        /// that does not answer. The user may be in any.
        missing: Vec<String>,
    },
    /// The lookup failed: the user may be in any.
    Unknown,
}

/// What the store knows of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There never was a row for the name or the uid.
    Never,
    /// There is no row for the name, but one for the uid: another name of the same person, or of
    /// their successor.
    UidOfAnother,
    /// There is a row with another uid: the name was given to somebody else.
    UidChanged,
    /// A removed row: a tombstone.
    Removed,
    /// An administrator disabled it.
    Disabled,
    /// Enrolled, and an administrator locked it.
    Held,
    /// Enrolled.
    Active,
}

/// Everything that the decision depends on.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Canonical name.
    pub user: &'a UserName,
    /// Which service asks.
    pub service: &'a Service,
    /// Group membership.
    pub groups: &'a Groups,
    /// The store's row.
    pub standing: Standing,
}

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Ask for a code.
    Ask,
    /// Ask nobody, by the rule of that number, counted from one.
    Skip(usize),
    /// No opinion: the account is unenrolled and the setting says `ignore`.
    Ignore,
    /// No.
    Refuse(Refusal),
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The rule of that number, counted from one.
    Rule(usize),
    /// Not enrolled.
    Unenrolled,
    /// See [`Standing::UidOfAnother`].
    UidOfAnother,
    /// See [`Standing::UidChanged`].
    UidChanged,
    /// See [`Standing::Removed`].
    Removed,
    /// See [`Standing::Disabled`].
    Disabled,
    /// Its source is shielded for so long.
    Shielded(Span),
}

impl Refusal {
    /// The word in events, logs and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rule(_) => "rule",
            Self::Unenrolled => "unenrolled",
            Self::UidOfAnother => "uid-of-another",
            Self::UidChanged => "uid-changed",
            Self::Removed => "removed",
            Self::Disabled => "disabled",
            Self::Shielded(_) => "shield",
        }
    }
}

/// A decision with the steps that led to it, for people.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// What is to happen.
    pub decision: Decision,
    /// How it came about, in order.
    pub steps: Vec<String>,
}

impl Assessment {
    /// What a shielded source meets, before any rule is read and whoever it asks for: a rule that asks
    /// for no code does not let it in either.
    pub fn shielded(network: &Network, left: Span) -> Self {
        Self {
            decision: Decision::Refuse(Refusal::Shielded(left)),
            steps: vec![format!(
                "the shield on {network} refuses its source for another {left}: gatepost shield off \
                 {network}"
            )],
        }
    }
}

/// Decides, and says how. Where the version in force cannot be used, nobody knows what it said: no
/// rule skips and no account is ignored.
pub fn assess(in_force: &InForce, unenrolled: Unenrolled, facts: &Facts<'_>) -> Assessment {
    let (unenrolled, (matched, mut steps)) = match &in_force.body {
        Body::Rules(rules) => (unenrolled, match_rules(rules, facts)),
        Body::Unusable(_) => (
            Unenrolled::Refuse,
            (None, in_force.trouble().into_iter().collect()),
        ),
    };
    let refuse = Decision::Refuse;
    // An account that is closed stays closed whatever a rule would skip: a rule says who is asked,
    // not who may come in.
    let (decision, why) = match (facts.standing, matched) {
        (Standing::UidChanged, _) => (
            refuse(Refusal::UidChanged),
            "its uid is not the one it was enrolled with: the name was given to somebody else; \
             gatepost user remove, then add",
        ),
        (Standing::Disabled, _) => (
            refuse(Refusal::Disabled),
            "an administrator disabled it: gatepost user enable",
        ),
        (_, Some((number, Action::Refuse))) => (refuse(Refusal::Rule(number)), "the rule refuses"),
        (Standing::Held, Some((_, Action::Skip))) => (
            Decision::Ask,
            "the rule asks for no code, but an administrator locked it: it is asked, and no code is taken; \
             gatepost user unlock",
        ),
        (_, Some((number, Action::Skip))) => (Decision::Skip(number), "the rule asks for no code"),
        (Standing::Active | Standing::Held, Some((_, Action::Require)) | None) => {
            (Decision::Ask, "enrolled and active: a code is asked for")
        }
        (Standing::Removed, Some((_, Action::Require)) | None) => (
            refuse(Refusal::Removed),
            "it was removed, and is never taken for one that never was: gatepost user add",
        ),
        (Standing::UidOfAnother, Some((_, Action::Require)) | None) => (
            refuse(Refusal::UidOfAnother),
            "not enrolled under this name, but its uid is, under another: gatepost user add",
        ),
        (Standing::Never, Some((_, Action::Require)) | None) => match unenrolled {
            Unenrolled::Refuse => (
                refuse(Refusal::Unenrolled),
                "not enrolled, and unenrolled = \"refuse\"",
            ),
            Unenrolled::Ignore => (
                Decision::Ignore,
                "not enrolled, and unenrolled = \"ignore\": no code is asked for",
            ),
        },
    };
    steps.push(format!("account {}: {why}", facts.user));
    Assessment { decision, steps }
}

/// The rule that decides, with its number. Where groups are unknown, every rule that might match
/// counts, down to the first that surely does, and the strictest of them decides; none at
/// all is `Require`.
fn match_rules(rules: &[Rule], facts: &Facts<'_>) -> (Option<(usize, Action)>, Vec<String>) {
    let mut steps = Vec::new();
    let mut strictest: Option<(usize, Action)> = None;
    let mut take = |candidate: (usize, Action)| {
        if strictest.is_none_or(|(_, action)| candidate.1 > action) {
            strictest = Some(candidate);
        }
    };
    for (rule, number) in rules.iter().zip(1..) {
        let named = (rule.users.is_empty() || rule.users.contains(facts.user))
            && (rule.services.is_empty() || rule.services.contains(facts.service));
        if !named {
            continue;
        }
        match facts.groups {
            _ if rule.groups.is_empty() => {}
            Groups::Known { member, .. } if rule.groups.iter().any(|g| member.contains(g)) => {}
            Groups::Known { missing, .. } => {
                if let Some(group) = rule.groups.iter().find(|g| missing.contains(g)) {
                    steps.push(format!(
                        "rule {number} ({:?}) might match: there is no group {}",
                        rule.action,
                        sanitise(group)
                    ));
                    take((number, rule.action));
                }
                continue;
            }
            Groups::Unknown => {
                steps.push(format!(
                    "rule {number} ({:?}) might match: the group lookup failed",
                    rule.action
                ));
                take((number, rule.action));
                continue;
            }
        }
        steps.push(format!("rule {number} matches: {:?}", rule.action));
        take((number, rule.action));
        return (strictest, steps);
    }
    // No rule surely matches: the default, to require, stands against those that might.
    let default = strictest.filter(|(_, action)| *action > Action::Require);
    if rules.is_empty() {
        steps.push("no rules: everybody is asked".to_owned());
    } else if default.is_none() {
        steps.push("no rule decides: everybody is asked".to_owned());
    }
    (default, steps)
}

#[cfg(test)]
mod tests {
    use gatepost_words::ident::{Service, UserName};

    use super::{Action, Decision, Facts, Groups, Refusal, Rule, Standing, assess};
    use crate::policy::Unenrolled;
    use crate::policy::versions::{InForce, Kept, digest};

    fn rule(users: &[&str], groups: &[&str], services: &[&str], action: Action) -> Rule {
        Rule {
            users: users
                .iter()
                .map(|u| UserName::new((*u).to_owned()).unwrap())
                .collect(),
            groups: groups.iter().map(|g| (*g).to_owned()).collect(),
            services: services.iter().map(|s| Service::new(s).unwrap()).collect(),
            action,
        }
    }

    fn decide(
        rules: Vec<Rule>,
        unenrolled: Unenrolled,
        groups: &Groups,
        standing: Standing,
    ) -> Decision {
        assess_with(&InForce::candidate(rules), unenrolled, groups, standing)
    }

    fn assess_with(
        in_force: &InForce,
        unenrolled: Unenrolled,
        groups: &Groups,
        standing: Standing,
    ) -> Decision {
        let user = UserName::new("alice".to_owned()).unwrap();
        let service = Service::new("sshd").unwrap();
        assess(
            in_force,
            unenrolled,
            &Facts {
                user: &user,
                service: &service,
                groups,
                standing,
            },
        )
        .decision
    }

    fn known(groups: &[&str]) -> Groups {
        missing(groups, &[])
    }

    fn missing(member: &[&str], missing: &[&str]) -> Groups {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Groups::Known {
            member: owned(member),
            missing: owned(missing),
        }
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let rules = || {
            vec![
                rule(&["bob"], &[], &[], Action::Refuse),
                rule(&[], &["bots"], &["sshd"], Action::Skip),
                rule(&["alice"], &[], &["su"], Action::Refuse),
                rule(&[], &["staff"], &[], Action::Refuse),
            ]
        };
        let decide = |groups: &[&str]| {
            decide(
                rules(),
                Unenrolled::Refuse,
                &known(groups),
                Standing::Active,
            )
        };
        assert_eq!(decide(&[]), Decision::Ask);
        assert_eq!(decide(&["bots"]), Decision::Skip(2));
        assert_eq!(decide(&["bots", "staff"]), Decision::Skip(2));
        assert_eq!(decide(&["staff"]), Decision::Refuse(Refusal::Rule(4)));
    }

    #[test]
    fn a_failed_group_lookup_is_the_strictest_rule() {
        let skip_bots = || rule(&[], &["bots"], &[], Action::Skip);
        let refuse_out = || rule(&[], &["contractors"], &[], Action::Refuse);
        let skip_all = || rule(&[], &[], &[], Action::Skip);
        let cases = [
            (vec![skip_bots()], Decision::Ask),
            (
                vec![skip_bots(), refuse_out()],
                Decision::Refuse(Refusal::Rule(2)),
            ),
            (
                vec![refuse_out(), skip_all()],
                Decision::Refuse(Refusal::Rule(1)),
            ),
            (vec![skip_all(), refuse_out()], Decision::Skip(1)),
            (
                vec![rule(&[], &["x"], &[], Action::Require), skip_all()],
                Decision::Ask,
            ),
        ];
        for (rules, expected) in cases {
            let shown = format!("{rules:?}");
            let decided = decide(
                rules,
                Unenrolled::Refuse,
                &Groups::Unknown,
                Standing::Active,
            );
            assert_eq!(decided, expected, "{shown}");
        }
    }

    // Mutants: a group that is not there counts as one without members, or makes all others unknown.
    #[test]
    fn a_group_that_is_not_there_might_have_anybody_in_it() {
        let rule = |group: &str, action| rule(&[], &[group], &[], action);
        let all = |action| super::tests::rule(&[], &[], &[], action);
        let typo = missing(&["staff"], &["admns"]);
        let cases = [
            (vec![rule("admns", Action::Skip)], Decision::Ask),
            (
                vec![rule("admns", Action::Require), all(Action::Skip)],
                Decision::Ask,
            ),
            (
                vec![rule("admns", Action::Refuse), all(Action::Skip)],
                Decision::Refuse(Refusal::Rule(1)),
            ),
            // A rule above that surely matches stands.
            (
                vec![rule("staff", Action::Skip), rule("admns", Action::Refuse)],
                Decision::Skip(1),
            ),
            // The other groups are as known as before.
            (
                vec![rule("bots", Action::Refuse), rule("admns", Action::Skip)],
                Decision::Ask,
            ),
        ];
        for (rules, expected) in cases {
            let shown = format!("{rules:?}");
            let decided = decide(rules, Unenrolled::Refuse, &typo, Standing::Active);
            assert_eq!(decided, expected, "{shown}");
        }
    }

    #[test]
    fn a_row_that_ever_was_is_never_unenrolled() {
        use Standing::{Active, Disabled, Held, Never, Removed, UidChanged, UidOfAnother};
        let cases = [
            (
                Never,
                Decision::Refuse(Refusal::Unenrolled),
                Decision::Ignore,
            ),
            (Active, Decision::Ask, Decision::Ask),
            (Held, Decision::Ask, Decision::Ask),
            (
                Removed,
                Decision::Refuse(Refusal::Removed),
                Decision::Refuse(Refusal::Removed),
            ),
            (
                Disabled,
                Decision::Refuse(Refusal::Disabled),
                Decision::Refuse(Refusal::Disabled),
            ),
            (
                UidChanged,
                Decision::Refuse(Refusal::UidChanged),
                Decision::Refuse(Refusal::UidChanged),
            ),
            (
                UidOfAnother,
                Decision::Refuse(Refusal::UidOfAnother),
                Decision::Refuse(Refusal::UidOfAnother),
            ),
        ];
        for (standing, refusing, ignoring) in cases {
            let decide = |unenrolled| decide(Vec::new(), unenrolled, &known(&[]), standing);
            assert_eq!(decide(Unenrolled::Refuse), refusing, "{standing:?}");
            assert_eq!(decide(Unenrolled::Ignore), ignoring, "{standing:?}");
        }
    }

    #[test]
    fn no_rule_opens_a_disabled_account() {
        let skip = vec![rule(&[], &[], &[], Action::Skip)];
        assert_eq!(
            decide(skip, Unenrolled::Ignore, &known(&[]), Standing::Held),
            Decision::Ask,
            "and its lock stands"
        );
        let skip = vec![rule(&[], &[], &[], Action::Skip)];
        assert_eq!(
            decide(skip, Unenrolled::Ignore, &known(&[]), Standing::Disabled),
            Decision::Refuse(Refusal::Disabled)
        );
    }

    // Mutants: an unusable version is one without rules (unenrolled stays ignore), or keeps its rules.
    #[test]
    fn a_version_that_cannot_be_used_asks_everybody() {
        use Standing::{Active, Disabled, Never, Removed};
        let skip = "[[rule]]\naction = \"skip\"\n";
        let kept = |format, applied: &str| Kept {
            format,
            text: skip.to_owned(),
            sha256: digest(applied).to_vec(),
        };
        let cases = [
            InForce::read(None, None),
            InForce::read(Some(1), None),
            InForce::read(Some(1), Some(kept(2, skip))),
            InForce::read(Some(1), Some(kept(1, "another"))),
        ];
        for in_force in cases {
            let decide =
                |standing| assess_with(&in_force, Unenrolled::Ignore, &known(&[]), standing);
            assert_eq!(decide(Active), Decision::Ask, "{in_force:?}");
            for (standing, refusal) in [
                (Never, Refusal::Unenrolled),
                (Removed, Refusal::Removed),
                (Disabled, Refusal::Disabled),
            ] {
                assert_eq!(decide(standing), Decision::Refuse(refusal), "{in_force:?}");
            }
        }
    }
}
