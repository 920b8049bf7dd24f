//! A dialog: what would be done, what of it cannot be undone, what must be typed or chosen first, the
//! same as a subcommand, and two buttons of which the one that changes nothing has the focus first.

use gatepost_shared::admin::filter::span_of;
use gatepost_shared::admin::policy::act::length;
use gatepost_words::text::tame;
use tui_input::Input;

use super::super::effect::{Deed, Rows, Said, Slot, Verb};
use super::twin;

/// An open dialog.
#[derive(Debug)]
pub(crate) struct Dialog {
    /// What is asked.
    pub(crate) title: String,
    /// What follows from it.
    pub(crate) text: Vec<String>,
    /// What of it cannot be undone.
    pub(crate) for_good: Option<&'static str>,
    /// What is typed or chosen, from above.
    pub(crate) fields: Vec<Field>,
    /// The word on the button that does it.
    pub(crate) does: String,
    /// The word on the button that does not.
    pub(crate) leaves: &'static str,
    /// What has the focus.
    pub(crate) focus: Focus,
    /// What is done.
    pub(crate) about: About,
}

/// What a dialog is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// A change; what its fields say comes with them.
    Change(Deed),
    /// A change that was asked back about, with all that was said of it.
    Sure(Deed),
    /// A look at a list, before it is imported; what its fields say comes with it.
    Plan,
    /// A look through a copy of the store, before it is restored; what its fields say comes with it.
    LookThrough,
    /// What somebody else changed meanwhile; the deed that was refused, which can be asked again.
    Changed(Deed),
    /// Rows in a file; the subcommand that writes them.
    Export(Twin, Rows),
    /// A copy of the store in a file.
    BackUp,
    /// A view's name.
    View,
    /// What a sign-in would meet; the subcommand, up to whose.
    Simulate(&'static str),
    /// Dropping rules that were edited.
    Dropping,
    /// Leaving while jobs run.
    Leaving,
}

/// A subcommand that writes what a filter wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Twin {
    /// The subcommand.
    pub(crate) command: String,
    /// The filter as a shell takes it, with a blank before it; empty where there is none.
    pub(crate) filter: String,
}

/// Something that is typed or chosen.
#[derive(Debug)]
pub(crate) struct Field {
    /// What it says of the deed.
    pub(crate) slot: Slot,
    /// What it is for.
    pub(crate) label: &'static str,
    /// What is in it.
    pub(crate) entry: Entry,
    /// What must be in it.
    pub(crate) needs: Needs,
}

/// What is in a field.
#[derive(Debug)]
pub(crate) enum Entry {
    /// A text.
    Text(Input),
    /// One of some words.
    Choice(Vec<String>, usize),
}

/// What must be in a field before it is done.
#[derive(Debug)]
pub(crate) enum Needs {
    /// Nothing.
    Nothing,
    /// A length of time that a try may take.
    Length,
    /// Something; what is said where it is empty.
    Something(&'static str),
    /// What passes; else what is said.
    Passes(fn(&str) -> Option<&'static str>),
    /// Just this, so that nobody does it by habit.
    This(String),
}

/// What has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// A field, by its place.
    Field(usize),
    /// The button that changes nothing.
    Leave,
    /// The button that does it.
    Do,
}

impl Focus {
    /// Where a fresh dialog about a change begins: at what must be typed, else at the button that changes
    /// nothing.
    pub(crate) fn first(fields: &[Field]) -> Self {
        let missing = fields.iter().position(|field| {
            let is_needed = matches!(field.needs, Needs::Something(_) | Needs::This(_));
            is_needed && field.value().is_empty()
        });
        missing.map_or(Self::Leave, Self::Field)
    }
}

impl Field {
    /// A text, with something in it already.
    pub(crate) fn text(slot: Slot, label: &'static str, before: &str, needs: Needs) -> Self {
        Self {
            slot,
            label,
            entry: Entry::Text(Input::new(before.to_owned())),
            needs,
        }
    }

    /// Why somebody does it, for the audit; what was said last is offered.
    pub(crate) fn reason(before: &str) -> Self {
        let label = "Reason, for the audit";
        Self::text(Slot::Reason, label, before, Needs::Nothing)
    }

    /// How long something lasts: `15m`, `2h`.
    pub(crate) fn time(label: &'static str, usual: &str) -> Self {
        let test = |typed: &str| {
            let is_time = typed.ends_with(['m', 'h']) && span_of(typed).is_some();
            (!is_time).then_some("That is no time: 15m or 2h is one.")
        };
        Self::text(Slot::Time, label, usual, Needs::Passes(test))
    }

    /// A word that must be typed as it is.
    pub(crate) fn typed(word: String) -> Self {
        Self::text(Slot::Typed, "Type it here", "", Needs::This(word))
    }

    /// One of some words, the first of them at first.
    pub(crate) fn choice(slot: Slot, label: &'static str, of: &[&str]) -> Self {
        let of = of.iter().map(|word| (*word).to_owned()).collect();
        Self {
            slot,
            label,
            entry: Entry::Choice(of, 0),
            needs: Needs::Nothing,
        }
    }

    /// What it says now.
    pub(crate) fn value(&self) -> &str {
        match &self.entry {
            Entry::Text(input) => input.value().trim(),
            Entry::Choice(of, chosen) => of.get(*chosen).map_or("", String::as_str),
        }
    }

    /// What is missing in it.
    fn missing(&self) -> Option<String> {
        match &self.needs {
            Needs::Something(missing) if self.value().is_empty() => Some((*missing).to_owned()),
            Needs::Length => length(self.value()).err().map(|error| error.to_string()),
            Needs::This(word) if self.value() != word => Some(format!("Type {word} to do it.")),
            Needs::Passes(test) => test(self.value()).map(str::to_owned),
            Needs::Nothing | Needs::Something(_) | Needs::This(_) => None,
        }
    }
}

impl Dialog {
    /// What it would do, where it is a change.
    pub(crate) const fn deed_mut(&mut self) -> Option<&mut Deed> {
        match &mut self.about {
            About::Change(deed) | About::Sure(deed) => Some(deed),
            // It is asked again about the row as it is then.
            About::Changed(_)
            | About::Plan
            | About::LookThrough
            | About::Export(..)
            | About::BackUp
            | About::View
            | About::Simulate(_)
            | About::Dropping
            | About::Leaving => None,
        }
    }

    /// The focus after this one: the fields, then the buttons.
    pub(crate) const fn next(&self) -> Focus {
        match self.focus {
            Focus::Field(at) if at + 1 < self.fields.len() => Focus::Field(at + 1),
            Focus::Field(_) => Focus::Leave,
            Focus::Leave => Focus::Do,
            Focus::Do if self.fields.is_empty() => Focus::Leave,
            Focus::Do => Focus::Field(0),
        }
    }

    /// The focus before this one.
    pub(crate) fn previous(&self) -> Focus {
        match self.focus {
            Focus::Field(0) => Focus::Do,
            Focus::Field(at) => Focus::Field(at - 1),
            Focus::Leave => match self.fields.len().checked_sub(1) {
                Some(last) => Focus::Field(last),
                None => Focus::Do,
            },
            Focus::Do => Focus::Leave,
        }
    }

    /// The focus once a field is filled: the next field, then the button that does it. A reason that
    /// comes last need not be passed: Tab leads to it.
    pub(crate) fn filled(&self, at: usize) -> Focus {
        let is_asked = |field: &Field| field.slot != Slot::Reason;
        match self.fields.get(at + 1) {
            Some(next) if is_asked(next) || at + 2 < self.fields.len() => Focus::Field(at + 1),
            Some(_) | None => Focus::Do,
        }
    }

    /// The field that has the focus.
    pub(crate) fn field(&self) -> Option<&Field> {
        match self.focus {
            Focus::Field(at) => self.fields.get(at),
            Focus::Leave | Focus::Do => None,
        }
    }

    /// The same, to be changed.
    pub(crate) fn field_mut(&mut self) -> Option<&mut Field> {
        match self.focus {
            Focus::Field(at) => self.fields.get_mut(at),
            Focus::Leave | Focus::Do => None,
        }
    }

    /// Whether a text has the focus.
    pub(crate) fn is_typing(&self) -> bool {
        let is_text = |field: &Field| matches!(field.entry, Entry::Text(_));
        self.field().is_some_and(is_text)
    }

    /// The first field in which something is missing, and what.
    pub(crate) fn missing(&self) -> Option<(usize, String)> {
        let mut fields = self.fields.iter().enumerate();
        fields.find_map(|(at, field)| Some((at, field.missing()?)))
    }

    /// What the fields say.
    pub(crate) fn said(&self) -> Said {
        let said = self.fields.iter().filter(|field| {
            let counts = field.slot != Slot::Typed;
            counts && !field.value().is_empty()
        });
        Said::of(said.map(|field| (field.slot, field.value().to_owned())))
    }

    /// What is said of a deed that was begun in a dialog before.
    pub(crate) fn said_of(&self, deed: &Deed) -> Said {
        let is_asked = |slot| self.fields.iter().any(|field| field.slot == slot);
        self.said().after(&deed.said, is_asked)
    }

    /// The subcommand that does the same; none where there is none.
    pub(crate) fn twin(&self) -> Option<String> {
        // A store that somebody wrote to by hand may have any name in it.
        self.line().map(|line| tame(&line))
    }

    fn line(&self) -> Option<String> {
        match &self.about {
            About::Change(deed) => Some(twin::of(deed, &self.said_of(deed))),
            About::Sure(deed) => Some(twin::of(deed, &deed.said)),
            About::Export(Twin { command, filter }, _) => {
                let said = self.said();
                let file = match said.get(Slot::File) {
                    "" => "FILE".to_owned(),
                    file => twin::quoted(file),
                };
                let form = said.get(Slot::Form);
                Some(format!("{command} -o {form}{filter} > {file}"))
            }
            About::BackUp => {
                let said = self.said();
                let file = match said.get(Slot::File) {
                    "" => "FILE".to_owned(),
                    file => twin::quoted(file),
                };
                Some(format!("gatepost backup {file}"))
            }
            About::Simulate(command) => Some(twin::of_simulation(command, &self.said())),
            About::View | About::Dropping | About::Leaving => None,
            About::Plan => {
                let line = twin::of(&Deed::on(Verb::Import, []), &self.said());
                Some(format!("{line} --dry-run"))
            }
            About::LookThrough => {
                let line = twin::of(&Deed::on(Verb::Restore, []), &self.said());
                Some(format!("{line} --verify"))
            }
            About::Changed(deed) => {
                let user = twin::quoted(deed.object());
                Some(format!("gatepost user show {user}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{About, Dialog, Entry, Field, Focus, Needs};
    use crate::console::effect::Slot;

    fn dialog(fields: Vec<Field>) -> Dialog {
        Dialog {
            title: String::new(),
            text: Vec::new(),
            for_good: None,
            fields,
            does: String::new(),
            leaves: "",
            focus: Focus::Leave,
            about: About::Leaving,
        }
    }

    #[test]
    fn the_focus_goes_round_forth_and_back() {
        for count in 0..4 {
            let reasons = (0..count).map(|_| Field::reason(""));
            let mut dialog = dialog(reasons.collect());
            let mut seen = Vec::new();
            for _ in 0..count + 2 {
                seen.push(dialog.focus);
                let (before, next) = (dialog.focus, dialog.next());
                dialog.focus = next;
                assert_eq!(dialog.previous(), before, "{count} fields");
            }
            assert_eq!(dialog.focus, Focus::Leave, "{count} fields");
            seen.dedup();
            assert_eq!(seen.len(), count + 2);
        }
    }

    // Mutant: a word that must be typed is taken in another spelling, or empty.
    #[test]
    fn what_must_be_typed_is_typed_as_it_is() {
        for (typed, is_enough) in [
            ("", false),
            ("alic", false),
            ("Alice", false),
            ("alice", true),
            (" alice ", true),
        ] {
            let mut field = Field::typed("alice".into());
            field.entry = Entry::Text(typed.into());
            let dialog = dialog(vec![Field::reason(""), field]);
            assert_eq!(dialog.missing().is_none(), is_enough, "{typed:?}");
            assert!(dialog.missing().is_none_or(|(at, _)| at == 1), "{typed:?}");
            assert_eq!(
                dialog.said().get(Slot::Typed),
                "",
                "it is no part of the deed"
            );
        }
    }

    #[test]
    fn a_choice_says_its_word_and_a_text_must_not_be_empty() {
        let mut choice = Field::choice(Slot::Form, "Form", &["csv", "jsonl"]);
        assert_eq!(choice.value(), "csv");
        choice.entry = Entry::Choice(vec!["csv".into(), "jsonl".into()], 1);
        let file = Field::text(Slot::Address, "File", " ", Needs::Something("no file"));
        let dialog = dialog(vec![choice, file]);
        assert_eq!(dialog.missing(), Some((1, "no file".to_owned())));
        assert_eq!(dialog.said().get(Slot::Form), "jsonl");
    }
}
