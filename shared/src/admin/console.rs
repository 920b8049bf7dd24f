//! What the machine's administrator rules for everybody's console: `console.toml` beside the
//! configuration. It can only take away; a file that cannot be read or understood opens no console.

use serde::Deserialize;

use super::roles::{Operator, Right};
use super::{Admin, AdminError};
use crate::files::{self, Readers, Untrusted};
pub use crate::people::Home;
use crate::people::{self, LookupError};

/// The file's name, beside the configuration.
const NAME: &str = "console.toml";
/// As long as it may be, in bytes.
const LONGEST: u64 = 64 * 1024;
/// The longest time without a key that a rule may allow, in minutes.
const MOST_MINUTES: u8 = 60;

/// The rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsoleRules {
    /// Nothing is changed from any console.
    pub read_only: bool,
    /// Addresses stay masked in every console.
    pub masked: bool,
    /// Minutes without a key after which the screen is covered.
    pub idle_minutes: Option<u8>,
}

impl Operator {
    /// Where the person's own files are; none where it is not known who they are.
    pub fn home(&self) -> Option<Result<Home, LookupError>> {
        self.uid.map(people::home)
    }
}

impl Admin {
    /// The rules for consoles; none where there is no file.
    pub fn console_rules(&self) -> Result<ConsoleRules, AdminError> {
        self.may(Right::Look)?;
        let path = self.conf.with_file_name(NAME);
        let content = match files::read_trusted(&path, Readers::Anybody, LONGEST) {
            Ok(content) => content,
            Err(Untrusted::Missing(_)) => return Ok(ConsoleRules::default()),
            Err(untrusted) => return Err(untrusted.into()),
        };
        let wrong = |what: String| AdminError::Usage(format!("{}: {what}", path.display()));
        let text = content
            .expose_str()
            .ok_or_else(|| wrong("it is no UTF-8".to_owned()))?;
        rules(text).map_err(wrong)
    }
}

fn rules(text: &str) -> Result<ConsoleRules, String> {
    let rules: ConsoleRules = toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .map(|span| text.as_bytes().iter().take(span.start));
        let line = line.map_or(1, |before| {
            1 + before.filter(|byte| **byte == b'\n').count()
        });
        format!("line {line}: {}", error.message())
    })?;
    match rules.idle_minutes {
        Some(minutes) if minutes == 0 || minutes > MOST_MINUTES => Err(format!(
            "idle_minutes is 1 to {MOST_MINUTES}, not {minutes}"
        )),
        Some(_) | None => Ok(rules),
    }
}

#[cfg(test)]
mod tests {
    use super::{ConsoleRules, rules};

    // Mutants: a key that nobody knows is passed over; 0 means no mask.
    #[test]
    fn rules_are_understood_or_refused() {
        let all = ConsoleRules {
            read_only: true,
            masked: true,
            idle_minutes: Some(3),
        };
        assert_eq!(
            rules("read_only = true\nmasked = true\nidle_minutes = 3"),
            Ok(all)
        );
        assert_eq!(rules(""), Ok(ConsoleRules::default()));
        for (text, why) in [
            ("idle_minutes = 0", "idle_minutes is 1 to 60, not 0"),
            ("idle_minutes = 61", "idle_minutes is 1 to 60, not 61"),
            ("\nread_only = 1", "line 2: invalid type"),
            ("readonly = true", "line 1: unknown field `readonly`"),
            ("read_only", "line 1: "),
        ] {
            let refused = rules(text).unwrap_err();
            assert!(refused.starts_with(why), "{text}: {refused}");
        }
    }
}
