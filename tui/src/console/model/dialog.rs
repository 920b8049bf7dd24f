//! A dialog: what would be done, why somebody may want to say why, the same as a subcommand, and two
//! buttons of which the one that changes nothing has the focus first.

use tui_input::Input;

use super::super::effect::{Deed, Verb};

/// An open dialog.
#[derive(Debug)]
pub(crate) struct Dialog {
    /// What is asked.
    pub(crate) title: String,
    /// What follows from it.
    pub(crate) text: Vec<String>,
    /// What is typed.
    pub(crate) field: Option<Field>,
    /// The word on the button that does it.
    pub(crate) does: String,
    /// The word on the button that does not.
    pub(crate) leaves: &'static str,
    /// What has the focus.
    pub(crate) focus: Focus,
    /// What is done.
    pub(crate) verb: Verb,
    /// On which account; empty where the field says it.
    pub(crate) object: String,
    /// Leaving the console, where jobs still run.
    pub(crate) quits: bool,
}

/// A text in a dialog.
#[derive(Debug)]
pub(crate) struct Field {
    /// What it is for.
    pub(crate) label: &'static str,
    /// What is typed.
    pub(crate) input: Input,
    /// Whether it says what is acted on, and so cannot be empty.
    pub(crate) is_object: bool,
}

/// What has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    /// The field.
    Field,
    /// The button that changes nothing.
    Leave,
    /// The button that does it.
    Do,
}

impl Dialog {
    /// The focus after this one.
    pub(crate) fn next(&self) -> Focus {
        match self.focus {
            Focus::Leave => Focus::Do,
            Focus::Do if self.field.is_some() => Focus::Field,
            Focus::Field | Focus::Do => Focus::Leave,
        }
    }

    /// The focus before this one.
    pub(crate) fn previous(&self) -> Focus {
        match self.focus {
            Focus::Leave if self.field.is_some() => Focus::Field,
            Focus::Field | Focus::Leave => Focus::Do,
            Focus::Do => Focus::Leave,
        }
    }

    /// What is done, as the fields are now; none where one that must be filled is empty.
    pub(crate) fn deed(&self) -> Option<Deed> {
        let typed = self.field.as_ref().map_or("", |field| field.input.value());
        let typed = typed.trim().to_owned();
        let names_object = self.field.as_ref().is_some_and(|field| field.is_object);
        if names_object && typed.is_empty() {
            return None;
        }
        let (object, reason) = if names_object {
            (typed, String::new())
        } else {
            (self.object.clone(), typed)
        };
        Some(Deed {
            verb: self.verb,
            object,
            reason,
        })
    }

    /// The subcommand that does the same.
    pub(crate) fn twin(&self) -> String {
        let typed = self.field.as_ref().map_or("", |field| field.input.value());
        let typed = typed.trim();
        let object = quoted(&self.object);
        let reason = if typed.is_empty() {
            String::new()
        } else {
            format!(" --reason {}", quoted(typed))
        };
        match self.verb {
            Verb::Unlock => format!("gatepost user unlock {object}{reason}"),
            Verb::Disable => format!("gatepost user disable {object}{reason}"),
            Verb::Enable => format!("gatepost user enable {object}{reason}"),
            Verb::Verify => format!("gatepost user verify {object}"),
            Verb::Unmask => format!("gatepost user list --unmask{reason}"),
            Verb::TestMail if typed.is_empty() => "gatepost mail test ADDRESS".to_owned(),
            Verb::TestMail => format!("gatepost mail test {}", quoted(typed)),
        }
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_shell_takes_what_is_shown_as_it_is_meant() {
        let cases = [
            ("alice", "alice"),
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$(x)", "'$(x)'"),
            ("", "''"),
        ];
        for (word, shown) in cases {
            assert_eq!(quoted(word), shown);
        }
    }
}
