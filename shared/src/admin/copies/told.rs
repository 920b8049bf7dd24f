//! What a restore does, or would do, in words: the same for subcommand and console.

use gatepost_words::text::sanitise;

use super::{Plan, Restored};

/// How much of it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Accounts of a kind that are named; the others are counted.
    pub names: usize,
    /// Digits of the log's head.
    pub digits: usize,
}

impl Room {
    /// As much as a page has.
    pub const PAGE: Self = Self {
        names: 20,
        digits: usize::MAX,
    };
    /// As much as a dialog has.
    pub const DIALOG: Self = Self {
        names: 6,
        digits: 16,
    };
}

impl Restored {
    /// What the copy is, and what becomes of the store, a sentence each.
    pub fn told(&self, room: Room) -> Vec<String> {
        let Self { copy, plan, .. } = self;
        let head = copy.head.get(..room.digits).unwrap_or(&copy.head);
        let mut told = vec![
            format!(
                "The copy is whole: version {}, {} accounts, its log ends at event {} with head {head}.",
                copy.version, copy.accounts, copy.seq
            ),
            if plan.same_log {
                "It is an earlier state of this store: the log goes on."
            } else {
                "It is of another store: its log takes the place of this one's."
            }
            .to_owned(),
            "Codes that are open no longer work, those that confirm an address among them: gatepost user \
             verify NAME sends a new one."
                .to_owned(),
        ];
        told.extend(changes(plan, room));
        if plan.takes_rules {
            told.push("The rules become the copy's: gatepost policy show, afterwards.".to_owned());
        } else if !plan.same_log {
            told.push("The rules stay as they are: --with-policy takes the copy's.".to_owned());
        }
        told
    }
}

/// Whom it changes, kind by kind.
fn changes(plan: &Plan, room: Room) -> Vec<String> {
    let kinds = [
        (
            "disabled or removed now, and active again with the copy",
            &plan.reopened,
        ),
        (
            "disabled or removed now, active in the copy, and closed they stay: --reopen opens them",
            &plan.kept_closed,
        ),
        (
            "that can sign in now and cannot then, since the copy has them disabled or removed, for another \
             uid or without a confirmed address",
            &plan.closed,
        ),
        ("that are not locked now and are then", &plan.locked),
        ("not in the copy, and so removed", &plan.unknown),
        (
            "whose codes go elsewhere then, as the copy has it; who has them now is told",
            &plan.moved,
        ),
        (
            "without a confirmed address now, with one in the copy, and without it they stay: --reopen \
             brings it back",
            &plan.kept_unconfirmed,
        ),
        ("that this store never had", &plan.new),
    ];
    let told = kinds.into_iter().filter(|(_, names)| !names.is_empty());
    told.map(|(what, names)| {
        let shown = names.iter().take(room.names).map(|name| sanitise(name));
        let shown: Vec<String> = shown.collect();
        let more = if names.len() > room.names {
            " \u{2026}"
        } else {
            ""
        };
        format!("{} accounts {what}: {}{more}", names.len(), shown.join(" "))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Found, Plan, Restored};
    use super::Room;

    fn restored(plan: Plan) -> Restored {
        Restored {
            copy: Found {
                version: 7,
                accounts: 3,
                seq: 9,
                head: "0123456789abcdef0123".to_owned(),
            },
            plan,
            done: false,
            kept: None,
        }
    }

    // Mutants: a kind is not told; names are not tamed, or all of them fill a dialog.
    #[test]
    fn whom_it_changes_is_named_as_far_as_there_is_room() {
        let names = |kind: &str| (1..9).map(|at| format!("{kind}{at}")).collect::<Vec<_>>();
        let mut plan = Plan {
            reopened: names("a"),
            kept_closed: names("b"),
            closed: names("c"),
            locked: names("d"),
            unknown: names("e"),
            moved: names("f"),
            kept_unconfirmed: names("g"),
            new: names("h"),
            ..Plan::default()
        };
        plan.closed.push("x\u{1b}[2J".to_owned());
        let page = restored(plan.clone()).told(Room::PAGE);
        let dialog = restored(plan).told(Room::DIALOG);
        assert_eq!((page.len(), dialog.len()), (12, 12), "{page:?}");
        for (at, kind) in ["a", "b", "c", "d", "e", "f", "g", "h"].iter().enumerate() {
            assert!(
                page[3 + at].contains(&format!(": {kind}1 {kind}2 ")),
                "{page:?}"
            );
            assert!(!dialog[3 + at].contains(&format!("{kind}7")), "{dialog:?}");
            assert!(dialog[3 + at].ends_with('\u{2026}'), "{dialog:?}");
        }
        assert!(page[5].starts_with("9 accounts ") && !page[5].contains('\u{1b}'));
        assert!(page[0].ends_with("head 0123456789abcdef0123."));
        assert!(dialog[0].ends_with("head 0123456789abcdef."));
    }

    // Mutant: rules that come with the copy, or stay though its log comes, are not told.
    #[test]
    fn which_log_and_which_rules_there_are_then_is_said() {
        for (same_log, takes_rules, log, rules) in [
            (true, false, "the log goes on", ""),
            (false, false, "takes the place", "--with-policy"),
            (false, true, "takes the place", "become the copy's"),
        ] {
            let plan = Plan {
                same_log,
                takes_rules,
                ..Plan::default()
            };
            let told = restored(plan).told(Room::PAGE);
            assert!(told[1].contains(log), "{told:?}");
            let last = told.get(3).map_or("", String::as_str);
            assert!(
                last.contains(rules) && rules.is_empty() == last.is_empty(),
                "{told:?}"
            );
        }
    }
}
