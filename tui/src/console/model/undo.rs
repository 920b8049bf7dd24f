//! What can be taken back, as it was read last: the footer says the newest, and the keys begin with it.

use gatepost_shared::admin::undo::Listed;

/// Acts that can be taken back.
#[derive(Debug, Default)]
pub(crate) struct Undoables {
    acts: Vec<Listed>,
    /// When they were read.
    at: u64,
}

impl Undoables {
    /// Takes in what was read.
    pub(crate) fn take(&mut self, acts: Vec<Listed>, now: u64) {
        self.acts = acts;
        self.at = now;
    }

    /// Forgets them: they were another store's.
    pub(crate) fn forget(&mut self) {
        self.acts.clear();
    }

    /// Those that can be taken back still, the newest first.
    pub(crate) fn open(&self, now: u64) -> impl Iterator<Item = &Listed> {
        self.acts.iter().filter(move |act| self.end(act) > now)
    }

    /// The newest of the person's own; of those that were taken back where it is done `again`.
    pub(crate) fn newest(&self, now: u64, again: bool) -> Option<&Listed> {
        let mut open = self.open(now);
        open.find(|act| act.own && act.permitted && act.again == again)
    }

    /// The act of an entry.
    pub(crate) fn entry(&self, id: i64) -> Option<&Listed> {
        self.acts.iter().find(|act| act.id == id)
    }

    /// When the next of them can no longer be taken back.
    pub(crate) fn ends(&self) -> Option<u64> {
        self.acts.iter().map(|act| self.end(act)).min()
    }

    /// Forgets those that can no longer be taken back.
    pub(crate) fn tick(&mut self, now: u64) {
        let at = self.at;
        self.acts.retain(|act| end(at, act) > now);
    }

    fn end(&self, act: &Listed) -> u64 {
        end(self.at, act)
    }
}

fn end(at: u64, act: &Listed) -> u64 {
    let left = u64::try_from(act.seconds_left).unwrap_or(0);
    at.saturating_add(left.saturating_mul(1_000))
}

/// What is taken back, in a few words: `unlock carol`, `shield on 203.0.113.0/24`, `lock of 4 accounts`.
pub(crate) fn named(act: &Listed) -> String {
    let word = act.word();
    match act.count {
        0 | 1 if !act.user.is_empty() => format!("{word} {}", act.user),
        0 | 1 if !act.about.is_empty() => format!("{word} {}", act.about),
        0 | 1 => word,
        count => format!("{word} of {count} accounts"),
    }
}

#[cfg(test)]
mod tests {
    use gatepost_shared::admin::undo::{Listed, Seen};

    use super::{Undoables, named};

    fn act(id: i64, own: bool, again: bool, seconds_left: i64) -> Listed {
        Listed {
            id,
            at: String::new(),
            act: "unlock".into(),
            again,
            user: "carol".into(),
            about: String::new(),
            count: 1,
            by: String::new(),
            seconds_left,
            permitted: true,
            own,
            stays: "",
            seen: Seen::default(),
        }
    }

    // Mutants: another person's act is the newest, or one that the role may not take back; what was taken
    // back is; the end is not kept.
    #[test]
    fn the_newest_is_the_persons_own_and_ends_with_its_time() {
        let mut undo = Undoables::default();
        let mut beyond = act(10, true, false, 600);
        beyond.permitted = false;
        let acts = vec![
            beyond,
            act(9, false, false, 600),
            act(8, true, true, 500),
            act(7, true, false, 300),
            act(6, true, false, 100),
        ];
        undo.take(acts, 1_000);
        let id = |undo: &Undoables, now, again| undo.newest(now, again).map(|act| act.id);
        assert_eq!(id(&undo, 1_000, false), Some(7));
        assert_eq!(id(&undo, 1_000, true), Some(8));
        assert_eq!(id(&undo, 301_000, false), None);
        assert_eq!(undo.ends(), Some(101_000));
        undo.tick(101_000);
        assert_eq!(undo.ends(), Some(301_000));
        assert_eq!(named(undo.entry(7).unwrap()), "unlock carol");
        for (word, user, about, shown) in [
            (
                "shield-on",
                "",
                "203.0.113.0/24",
                "shield on 203.0.113.0/24",
            ),
            ("policy-apply", "", "version 8", "policy apply version 8"),
            ("bypass-new", "carol", "", "bypass new carol"),
            ("set-mail", "carol", "", "set-mail carol"),
        ] {
            let other = Listed {
                act: word.into(),
                user: user.into(),
                about: about.into(),
                ..act(1, true, false, 9)
            };
            assert_eq!(named(&other), shown);
        }
    }
}
