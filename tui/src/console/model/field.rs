//! Texts that are typed: a filter with what is wrong with it, and the fields of dialogs.

use gatepost_shared::admin::filter::FilterError;
use gatepost_words::text::tame;
use tui_input::{Input, InputRequest};

use super::super::message::Edit;

/// Types into a text; whether it became another.
pub(crate) fn type_into(input: &mut Input, edit: Edit) -> bool {
    let request = match edit {
        // What steers a display can come by a paste; it is no text.
        Edit::Insert(c) if c != '\\' && tame(c.encode_utf8(&mut [0; 4])).starts_with('\\') => {
            return false;
        }
        Edit::Insert(_) if input.value().len() >= LONGEST => return false,
        Edit::Insert(c) => InputRequest::InsertChar(c),
        Edit::Backspace => InputRequest::DeletePrevChar,
        Edit::Delete => InputRequest::DeleteNextChar,
        Edit::DeleteWord => InputRequest::DeletePrevWord,
        Edit::Clear => InputRequest::DeleteLine,
        Edit::Left => InputRequest::GoToPrevChar,
        Edit::Right => InputRequest::GoToNextChar,
        Edit::Home => InputRequest::GoToStart,
        Edit::End => InputRequest::GoToEnd,
    };
    input.handle(request).is_some_and(|changed| changed.value)
}

/// As long as any field gets, in bytes.
const LONGEST: usize = 512;

/// A filter that is in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct InForce<F> {
    /// As it was typed.
    pub(crate) text: String,
    /// What it means.
    pub(crate) filter: F,
}

/// A filter that is being typed.
#[derive(Debug)]
pub(crate) struct Typing {
    /// What is typed.
    pub(crate) input: Input,
    /// What is wrong with it.
    pub(crate) error: Option<FilterError>,
    /// What was in force before.
    pub(crate) before: String,
    /// Which of the earlier filters stands there.
    pub(crate) recalled: Option<usize>,
}

impl Typing {
    /// Begins with what is in force.
    pub(crate) fn over(text: &str) -> Self {
        Self {
            input: Input::new(text.to_owned()),
            error: None,
            before: text.to_owned(),
            recalled: None,
        }
    }
}
