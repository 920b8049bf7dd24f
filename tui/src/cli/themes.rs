//! `gatepost themes`: the console's themes, as lines.

use serde::Serialize;

use super::Context;
use super::exit::{Exit, Failure};

/// A theme.
#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    looks: &'static str,
}

pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let lines = crate::console::themes().map(|(name, looks)| Line { name, looks });
    let mut page = Some(lines.collect::<Vec<Line>>());
    context.many(
        "themes",
        || Ok(page.take().unwrap_or_default()),
        |lines| {
            let rows = lines
                .iter()
                .map(|line| vec![line.name.to_owned(), line.looks.to_owned()]);
            (vec!["THEME", "HOW IT LOOKS"], rows.collect())
        },
    )?;
    Ok(Exit::Ok)
}
