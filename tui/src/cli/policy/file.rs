//! The one place where a file with rules is read: by its name, or from the standard input.

use std::fs::File;
use std::io::{self, Read};

use gatepost_shared::admin::Admin;
use gatepost_shared::admin::policy::LONGEST;
use gatepost_shared::admin::policy::diff::Candidate;
use gatepost_shared::admin::roles::Right;
use gatepost_words::text::sanitise;

use super::super::exit::{Exit, Failure};

/// Reads and checks rules.
pub(super) fn candidate(admin: &Admin, name: &str) -> Result<Candidate, Failure> {
    let text = if name == "-" {
        bounded(io::stdin().lock())
    } else {
        // An error quotes the file: who may not read files as root must not learn a line of one.
        admin.may(Right::Machine)?;
        File::open(name).and_then(bounded)
    };
    let text = text.map_err(|error| {
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
