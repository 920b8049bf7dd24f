//! What a person keeps of the console: `keys.toml`, written by hand, and `prefs.toml`, written by the
//! console. Pure: text in, values out, and back. Nothing secret is in them.

use serde::{Deserialize, Serialize};

use super::keys::map::Keymap;
use super::look::Scheme;
use super::message::{Key, Screen};

/// Filters that are remembered for each screen.
const REMEMBERED: usize = 50;
/// Views that are kept.
const VIEWS: usize = 50;

/// What the console remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Prefs {
    /// The theme, by its name; none where none was chosen.
    theme: Option<String>,
    /// Whether the mouse was left to the terminal.
    pub(crate) no_mouse: bool,
    /// Filters of accounts, the newest last.
    users: Vec<String>,
    /// Filters of events, the newest last.
    audit: Vec<String>,
    /// Filters with a name.
    pub(crate) view: Vec<View>,
}

/// A filter with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct View {
    /// Its name.
    pub(crate) name: String,
    /// The screen, by its name.
    screen: String,
    /// The filter, as it is typed.
    pub(crate) filter: String,
}

/// Keys that were set otherwise: acts by their names.
pub(crate) type Keys = Vec<(String, Vec<Key>)>;

impl Prefs {
    /// Reads `prefs.toml`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let prefs: Self = toml::from_str(text).map_err(|error| said(text, &error))?;
        if let Some(theme) = &prefs.theme
            && Scheme::named(theme).is_none()
        {
            return Err("there is no such theme".to_owned());
        }
        if prefs.view.iter().any(|view| view.place().is_none()) {
            return Err("a view names no screen with a filter".to_owned());
        }
        Ok(prefs)
    }

    /// The text of `prefs.toml`.
    pub(crate) fn text(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// The theme that was chosen.
    pub(crate) fn scheme(&self) -> Option<Scheme> {
        Scheme::named(self.theme.as_deref()?)
    }

    /// A theme is chosen.
    pub(crate) fn choose(&mut self, scheme: Scheme) {
        self.theme = Some(scheme.name().to_owned());
    }

    /// Filters of a screen, the newest last.
    pub(crate) fn filters(&self, screen: Screen) -> &[String] {
        match screen {
            Screen::Users => &self.users,
            Screen::Audit => &self.audit,
            Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => &[],
        }
    }

    /// A filter was used.
    pub(crate) fn remember(&mut self, screen: Screen, filter: &str) {
        let filters = match screen {
            Screen::Users => &mut self.users,
            Screen::Audit => &mut self.audit,
            Screen::Home | Screen::Live | Screen::Mail | Screen::Policy | Screen::Health => return,
        };
        filters.retain(|other| other != filter);
        filters.push(filter.to_owned());
        if filters.len() > REMEMBERED {
            filters.remove(0);
        }
    }

    /// Keeps a view; one of the same name gives way. False where there are too many.
    pub(crate) fn keep(&mut self, name: &str, screen: Screen, filter: &str) -> bool {
        self.view.retain(|view| view.name != name);
        let has_room = self.view.len() < VIEWS;
        if has_room {
            self.view.push(View {
                name: name.to_owned(),
                screen: screen.name().to_lowercase(),
                filter: filter.to_owned(),
            });
        }
        has_room
    }
}

impl View {
    /// The screen, which has a filter.
    pub(crate) fn place(&self) -> Option<Screen> {
        let has_filter = |screen: &Screen| matches!(screen, Screen::Users | Screen::Audit);
        Screen::named(&self.screen).filter(has_filter)
    }
}

/// Reads `keys.toml`: `unlock = "U"` or `unlock = ["U", "Ctrl-U"]`.
pub(crate) fn keys(text: &str) -> Result<Keys, String> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Names {
        One(String),
        Some(Vec<String>),
    }
    let set: std::collections::BTreeMap<String, Names> =
        toml::from_str(text).map_err(|error| said(text, &error))?;
    let keys: Keys = set
        .into_iter()
        .map(|(act, names)| {
            let names = match names {
                Names::One(name) => vec![name],
                Names::Some(names) => names,
            };
            let keys = names.iter().map(|name| {
                Key::named(name).ok_or_else(|| format!("no key is called {name}: Ctrl-U, PgUp, U"))
            });
            Ok((act, keys.collect::<Result<_, String>>()?))
        })
        .collect::<Result<_, String>>()?;
    Keymap::with(&keys)?;
    Ok(keys)
}

/// What is wrong and where; never the text itself.
fn said(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().map_or(0, |span| span.start);
    let newlines = text
        .bytes()
        .take(before)
        .filter(|byte| *byte == b'\n')
        .count();
    format!("line {}: {}", newlines + 1, error.message())
}

#[cfg(test)]
mod tests {
    use super::{Prefs, Scheme, Screen, keys};
    use crate::console::message::Key;

    #[test]
    fn what_is_kept_is_read_again() {
        let mut prefs = Prefs::default();
        assert_eq!(Prefs::parse(&prefs.text()), Ok(prefs.clone()));
        prefs.choose(Scheme::Dark);
        prefs.no_mouse = true;
        for number in 0..60 {
            prefs.remember(Screen::Users, &format!("fails:>{number}"));
        }
        prefs.remember(Screen::Users, "fails:>20");
        prefs.remember(Screen::Mail, "nothing");
        assert!(prefs.keep("locked \"out\"", Screen::Users, "state:locked"));
        assert_eq!(prefs.filters(Screen::Users).len(), 50);
        assert_eq!(prefs.filters(Screen::Users).last().unwrap(), "fails:>20");
        assert!(prefs.text().len() < 64 * 1024);
        assert_eq!(Prefs::parse(&prefs.text()), Ok(prefs));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        for (text, why) in [
            ("\nthem = \"auto\"", "line 2: unknown field"),
            ("theme = \"pink\"", "there is no such theme"),
            (
                "[[view]]\nname = \"a\"\nscreen = \"home\"\nfilter = \"\"",
                "a view names no",
            ),
            ("theme", "line 1: "),
        ] {
            let refused = Prefs::parse(text).unwrap_err();
            assert!(refused.starts_with(why), "{text}: {refused}");
        }
        assert_eq!(
            keys("unlock = \"U\""),
            Ok(vec![("unlock".into(), vec![Key::Char('U')])])
        );
        for (text, why) in [
            ("unlock = \"F1\"", "no key is called F1"),
            ("unlock = \"D\"", "D is both unlock and disable"),
            ("unlock = 1", "line 1: "),
            ("unlcok = \"U\"", "no act is called unlcok"),
        ] {
            let refused = keys(text).unwrap_err();
            assert!(refused.starts_with(why), "{text}: {refused}");
        }
    }
}
