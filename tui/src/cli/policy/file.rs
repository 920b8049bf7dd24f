//! The one place where a file with rules is read: by its name, or from the standard input.

use std::io::{self, Read};

use gatepost_shared::admin::policy::LONGEST;
use gatepost_shared::admin::policy::diff::Candidate;
use gatepost_words::text::sanitise;

use super::super::exit::{Exit, Failure};
use super::super::{Context, named};

/// Reads and checks rules. A file is opened as the person: an error quotes it, and whoever may not read
/// it must not learn a line of it.
pub(super) fn candidate(context: &Context, name: &str) -> Result<Candidate, Failure> {
    let text = named::read(context, name)?;
    let text = bounded(text).map_err(|error| {
        let name = sanitise(name);
        Failure::Said(Exit::Usage, format!("{name} cannot be read: {error}"))
    })?;
    Ok(Candidate::parse(&text)?)
}

/// One byte more than rules may have, so that the parser says what is too long.
fn bounded(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    let most = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
    from.take(most).read_to_string(&mut text)?;
    Ok(text)
}
