//! `[roles]`: which Unix groups are auditors, helpdesk and administrators. Who is in them, and what
//! they may, is decided elsewhere.
//!
//! Read from the usual place alone, and by itself: a configuration that somebody names on the command
//! line gives nobody a role, and a mistake among the relays takes none away.

use std::path::Path;

use super::{CONFIG, ConfigError, LARGEST, raw};
use crate::files::{self, Readers, Untrusted};

/// Which groups have which role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles {
    /// They look.
    pub auditor: Vec<String>,
    /// They help people who cannot sign in.
    pub helpdesk: Vec<String>,
    /// They do everything.
    pub admin: Vec<String>,
}

/// The groups whose members a fresh Debian, RHEL or openSUSE lets become root anyway.
pub const USUAL: [&str; 3] = ["root", "sudo", "wheel"];

impl Default for Roles {
    fn default() -> Self {
        Self {
            auditor: Vec::new(),
            helpdesk: Vec::new(),
            admin: USUAL.map(str::to_owned).to_vec(),
        }
    }
}

impl Roles {
    /// What the usual place says; the defaults where nothing is there yet.
    pub fn load() -> Result<Self, ConfigError> {
        Self::load_from(Path::new(CONFIG))
    }

    fn load_from(path: &Path) -> Result<Self, ConfigError> {
        let content = match files::read_trusted(path, Readers::Anybody, LARGEST) {
            Ok(content) => content,
            Err(Untrusted::Missing(_)) => return Ok(Self::default()),
            Err(untrusted) => return Err(untrusted.into()),
        };
        Self::read(path, content.expose_str())
    }

    fn read(path: &Path, text: Option<&str>) -> Result<Self, ConfigError> {
        let text = text.ok_or_else(|| ConfigError::no_text(path))?;
        let file: raw::RolesAlone =
            toml::from_str(text).map_err(|error| ConfigError::syntax(path, text, &error))?;
        Self::mean(file.roles).map_err(|problem| ConfigError::Sense {
            path: path.to_owned(),
            problem,
        })
    }

    /// What the table's words mean.
    pub(super) fn mean(given: raw::Roles) -> Result<Self, String> {
        let usual = Self::default();
        let roles = Self {
            auditor: given.auditor.unwrap_or(usual.auditor),
            helpdesk: given.helpdesk.unwrap_or(usual.helpdesk),
            admin: given.admin.unwrap_or(usual.admin),
        };
        let mut seen: Vec<&String> = Vec::new();
        for group in roles.all() {
            let is_odd = |c: char| c.is_control() || c == ':' || c == ',';
            if group.is_empty() || group.chars().any(is_odd) {
                return Err(format!("[roles] names {group:?}, which is no group"));
            }
            if seen.contains(&group) {
                return Err(format!(
                    "[roles] names the group {group} twice: leave it where it belongs"
                ));
            }
            seen.push(group);
        }
        Ok(roles)
    }

    /// Every group that has a role.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.admin.iter().chain(&self.helpdesk).chain(&self.auditor)
    }

    /// Every group on whose members nobody but an admin acts: those that have a role, and those whose
    /// members become root anyway, whoever is an admin here.
    pub fn guarded(&self) -> Vec<String> {
        let mut guarded: Vec<String> = self.all().cloned().collect();
        for usual in USUAL {
            if !guarded.iter().any(|group| group == usual) {
                guarded.push(usual.to_owned());
            }
        }
        guarded
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{CONFIG, Roles};

    fn read(text: &str) -> Result<Roles, String> {
        Roles::read(Path::new(CONFIG), Some(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_named_keeps_its_default() {
        assert_eq!(read(""), Ok(Roles::default()));
        let given = read("[roles]\nhelpdesk = [\"gp-helpdesk\"]\n").unwrap();
        assert_eq!(given.helpdesk, ["gp-helpdesk"]);
        assert_eq!(given.admin, ["root", "sudo", "wheel"]);
        let none: [&str; 0] = [];
        assert_eq!(read("[roles]\nadmin = []").unwrap().admin, none);
    }

    // Mutant: the whole file is read strictly, so that a mistake elsewhere takes every role away.
    #[test]
    fn a_mistake_elsewhere_takes_no_role_away() {
        let text = "[code]\nlenght = 0\n[roles]\nadmin = [\"ops\"]\n";
        assert_eq!(read(text).unwrap().admin, ["ops"]);
    }

    #[test]
    fn what_is_wrong_with_the_table_is_said() {
        for (text, said) in [
            ("[roles]\nadmins = [\"ops\"]", "unknown field `admins`"),
            ("[roles]\nadmin = \"ops\"", "invalid type"),
            ("[roles]\nadmin = [\"\"]", "is no group"),
            ("[roles]\nadmin = [\"a:b\"]", "is no group"),
            ("[roles]\nadmin = [\"a\\nb\"]", "is no group"),
            ("[roles]\nauditor = [\"sudo\"]", "sudo twice"),
            ("[roles", "line 1"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{text}\n{error}");
        }
    }
}
