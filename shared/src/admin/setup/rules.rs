//! The rules that a configuration of an earlier Gatepost has: they become the store's first policy
//! version, and are commented out where they were.
//!
//! First the store, then the file: at no moment is a sign-in decided by fewer rules than before. Until
//! the file is rewritten it is refused as a configuration, and so is every sign-in. A setup that stopped
//! between the two goes on where it was. Rules that differ from those in the store are never taken.

use std::path::{Path, PathBuf};

use super::{Done, Step, create};
use crate::host::Host;
use crate::policy::rules::Rule;
use crate::policy::text;
use crate::store::Store;
use crate::store::accounts::Actor;
use crate::store::error::StoreError;

/// What a configuration says of rules.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// The rules, checked.
    rules: Vec<Rule>,
    /// Their text.
    text: String,
    /// The configuration with them commented out; none where that cannot be done safely.
    cleaned: Option<String>,
}

/// Looks for rules in a configuration's text.
pub(super) fn find(configuration: &str) -> Result<Option<Found>, String> {
    let mut whole: toml::Table =
        toml::from_str(configuration).map_err(|error| error.to_string())?;
    let Some(value) = whole.remove("rule") else {
        return Ok(None);
    };
    let mut alone = toml::Table::new();
    alone.insert("rule".to_owned(), value);
    let rendered = toml::to_string(&alone).map_err(|error| error.to_string())?;
    let rules = text::parse(&rendered).map_err(|bad| format!("its rules: {bad}"))?;
    let (own, rest) = split(configuration);
    // Word for word, comments included, where the lines say the same as the file.
    let text = match text::parse(&own) {
        Ok(same) if same == rules => own,
        Ok(_) | Err(_) => text::render(&rules),
    };
    let cleaned = toml::from_str::<toml::Table>(&rest)
        .is_ok_and(|left| left == whole)
        .then_some(rest);
    Ok(Some(Found {
        rules,
        text,
        cleaned,
    }))
}

/// The lines of the `[[rule]]` tables, and the file with those lines commented out.
fn split(configuration: &str) -> (String, String) {
    let (mut own, mut rest) = (String::new(), String::new());
    // Comments after a table's last key may be the next table's: kept only where the rule goes on.
    let mut undecided = String::new();
    let mut inside = false;
    for line in configuration.split_inclusive('\n') {
        let words = line.trim();
        if words.starts_with('[') {
            let bare: String = words.chars().filter(|c| !c.is_whitespace()).collect();
            inside = bare.starts_with("[[rule]]");
        }
        if !inside {
            undecided.clear();
            rest.push_str(line);
        } else if words.is_empty() || words.starts_with('#') {
            undecided.push_str(line);
            rest.push_str(line);
        } else {
            own.push_str(&std::mem::take(&mut undecided));
            own.push_str(line);
            rest.push('#');
            rest.push_str(line);
        }
    }
    (own, rest)
}

/// Makes the first version, and brings configuration and store to one mind.
pub(super) fn settle(
    conf: &Path,
    configuration: &str,
    store: &Path,
    system: &dyn Host,
    actor: &Actor,
) -> Vec<Step> {
    let policy = |done, note: String| Step {
        thing: "policy",
        name: "rules".to_owned(),
        done,
        note,
    };
    let found = match find(configuration) {
        Ok(found) => found,
        Err(problem) => return vec![policy(Done::Failed, problem)],
    };
    let text = found.as_ref().map_or("", |found| found.text.as_str());
    let first = match first(store, system, actor, text) {
        Ok(first) => first,
        Err(error) => return vec![policy(Done::Failed, error.to_string())],
    };
    let made = match (first.made, &found) {
        (false, _) => policy(Done::LeftAlone, String::new()),
        (true, None) => policy(Done::Created, String::new()),
        (true, Some(found)) => policy(
            Done::Migrated,
            format!(
                "{} of them, from the configuration, are policy version 1 now: gatepost policy show",
                found.rules.len()
            ),
        ),
    };
    let Some(found) = found else {
        return vec![made];
    };
    let step = super::step("config", conf);
    let taken_out = if first.rules.as_ref() == Some(&found.rules) {
        comment_out(conf, configuration, found.cleaned.as_deref())
    } else {
        Err(format!(
            "its [[rule]] tables are not the rules in force, which the store has, and are not taken: \
             take them out of {0}. To have them as a new version: gatepost policy diff FILE, then apply",
            conf.display()
        ))
    };
    let rewritten = match taken_out {
        Ok(backup) => step(
            Done::Migrated,
            format!(
                "its rules are in the store now, and are comments here; as it was: {}",
                backup.display()
            ),
        ),
        Err(problem) => step(Done::Failed, problem),
    };
    vec![made, rewritten]
}

/// The store's first version.
struct First {
    made: bool,
    /// The rules in force; none where they cannot be used.
    rules: Option<Vec<Rule>>,
}

fn first(store: &Path, system: &dyn Host, actor: &Actor, text: &str) -> Result<First, StoreError> {
    let mut store = Store::open(store)?;
    let now = system.now();
    let made = store.first_policy(&now, actor, text, "gatepost setup")?;
    let in_force = store.policy(&now)?;
    let usable = in_force.trouble().is_none();
    Ok(First {
        made,
        rules: usable.then(|| in_force.rules().to_vec()),
    })
}

/// Rewrites the configuration, a copy beside it; where that is.
fn comment_out(conf: &Path, before: &str, after: Option<&str>) -> Result<PathBuf, String> {
    let Some(after) = after else {
        return Err(format!(
            "its rules are in the store now, but they are written in a way that setup does not change \
             by itself: take them out of {}",
            conf.display()
        ));
    };
    let mut backup = conf.as_os_str().to_owned();
    backup.push(".with-rules");
    let backup = PathBuf::from(backup);
    create::copy_of(conf, &backup, before.as_bytes())?;
    create::replace(conf, before.as_bytes(), after.as_bytes())?;
    Ok(backup)
}

#[cfg(test)]
mod tests {
    use super::{Found, find};
    use crate::policy::text::parse;

    const BEFORE: &str = "[mail]\nfrom = \"a@b.c\"\n\n# Robots.\n[[rule]]\n# not people\nusers = [\n  \
                          \"backup\",\n]\naction = \"skip\" # why not\n\n[[ rule ]]\naction = \
                          \"refuse\"\n\n# The database.\n[store]\npath = \"/s\"\n";

    // Mutants: the lines between tables are lost; the text is not compared with the file's meaning.
    #[test]
    fn rules_are_taken_word_for_word_and_the_rest_is_left() {
        let found = find(BEFORE).unwrap().unwrap();
        assert_eq!(
            found.text,
            "[[rule]]\n# not people\nusers = [\n  \"backup\",\n]\naction = \"skip\" # why not\n\n\
             [[ rule ]]\naction = \"refuse\"\n"
        );
        assert_eq!(parse(&found.text), Ok(found.rules.clone()));
        let cleaned = found.cleaned.unwrap();
        assert_eq!(
            cleaned,
            "[mail]\nfrom = \"a@b.c\"\n\n# Robots.\n#[[rule]]\n# not people\n#users = [\n#  \
             \"backup\",\n#]\n#action = \"skip\" # why not\n\n#[[ rule ]]\n#action = \"refuse\"\n\n\
             # The database.\n[store]\npath = \"/s\"\n"
        );
        assert_eq!(find(&cleaned), Ok(None));
    }

    #[test]
    fn what_lines_cannot_tell_is_taken_by_its_meaning_or_left() {
        // Written in one line: the rules are taken, the file is left to a person.
        let inline =
            "rule = [{ action = \"skip\", users = [\"bob\"] }]\n[mail]\nfrom = \"a@b.c\"\n";
        let Found { text, cleaned, .. } = find(inline).unwrap().unwrap();
        assert_eq!(text, "[[rule]]\nusers = [\"bob\"]\naction = \"skip\"\n");
        assert_eq!(cleaned, None);
        // A table of another name between rules, and a text with a head in it.
        let odd = "[[rule]]\naction = \"skip\"\n[mail]\nfrom = '''\n[[rule]]\n'''\n";
        assert_eq!(find(odd).unwrap().unwrap().cleaned, None);
        assert_eq!(find("[mail]\nfrom = \"a@b.c\"\n"), Ok(None));
        for wrong in [
            "[[rule]]\naction = \"allow\"",
            "[[rule]]\nusers = []\naction = \"skip\"",
        ] {
            assert!(find(wrong).is_err(), "{wrong}");
        }
    }
}
