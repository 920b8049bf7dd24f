//! `gatepost keys`: the console's one table of keys, as lines.

use serde::Serialize;

use super::Context;
use super::exit::{Exit, Failure};
use crate::console::Bound;

/// What a key does.
#[derive(Debug, Serialize)]
struct Line {
    within: String,
    keys: Vec<String>,
    name: &'static str,
    does: &'static str,
}

pub(crate) fn run(context: &Context) -> Result<Exit, Failure> {
    let lines = crate::console::bound().map(|bound: Bound| Line {
        within: bound.within,
        keys: bound.keys,
        name: bound.name,
        does: bound.does,
    });
    let mut page = Some(lines.collect::<Vec<Line>>());
    context.many(
        "keys",
        || Ok(page.take().unwrap_or_default()),
        |lines| {
            let rows = lines.iter().map(|line| {
                vec![
                    line.within.clone(),
                    line.keys.join(" "),
                    line.name.to_owned(),
                    line.does.to_owned(),
                ]
            });
            (
                vec!["WHERE", "KEYS", "IN keys.toml", "WHAT THEY DO"],
                rows.collect(),
            )
        },
    )?;
    Ok(Exit::Ok)
}
