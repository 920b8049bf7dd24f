//! The configuration: what /etc/gatepost/gatepost.toml means once everything is known.
//!
//! A file that is missing, unreadable, writable by others, misspelt or out of bounds is a refusal
//! with the path, the line and what to do; there is no default configuration to fall back to.

pub mod raw;
mod roles;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use gatepost_words::job::Tls;
use gatepost_words::time::Span;

pub use self::roles::{Roles, USUAL};
use crate::files::{self, Readers, Untrusted};
use crate::host;
use crate::policy::Policy;
use crate::policy::limits::{Limits, OutOfBounds, check_keep};

/// Where the configuration is, unless `conf=` or `--conf` names another place.
pub const CONFIG: &str = "/etc/gatepost/gatepost.toml";
/// Where the key is.
pub const KEY: &str = "/etc/gatepost/key";
/// Where own templates are.
pub const TEMPLATES: &str = "/etc/gatepost/templates";
/// Where the store is.
pub const STORE: &str = "/var/lib/gatepost/gatepost.db";
/// Where Debian and most others keep the public roots, as one file.
pub const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
/// The largest configuration file, in bytes.
const LARGEST: u64 = 256 * 1024;

/// What a configuration with rules is told.
const RULES_ARE_IN_THE_STORE: &str = "rules are in the store now, not here. Run gatepost setup: it takes \
    the [[rule]] tables over as policy version 1, if the store has no version yet, and comments them out. \
    Else take them out by hand; gatepost policy show, diff, try and apply are for rules";

/// The configuration, checked.
#[derive(Debug)]
pub struct Config {
    /// What sign-ins go by.
    pub policy: Policy,
    /// How mails go out.
    pub mail: Mail,
    /// What prompts and mails call this host.
    pub host: String,
    /// The database.
    pub store: PathBuf,
    /// The key file.
    pub key: PathBuf,
    /// How long events are kept.
    pub keep_events: Span,
}

/// How mails go out.
#[derive(Debug)]
pub struct Mail {
    /// `From:`.
    pub from: String,
    /// Envelope sender; empty is the null sender.
    pub envelope_from: String,
    /// Whether the subject carries the code.
    pub code_in_subject: bool,
    /// Folder with own templates, where there is one.
    pub templates: Option<PathBuf>,
    /// In the order in which they are tried.
    pub relays: Vec<Relay>,
}

/// A relay, checked.
#[derive(Debug)]
pub struct Relay {
    /// Name or literal address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub tls: Tls,
    /// PEM file with the roots.
    pub roots: PathBuf,
    /// SASL user name and where its password is.
    pub login: Option<(String, Password)>,
}

/// Where a relay's password is kept.
#[derive(Debug)]
pub enum Password {
    /// In a root-only file.
    File(PathBuf),
    /// In an encrypted systemd credential.
    Credential(PathBuf),
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be trusted or read.
    #[error(transparent)]
    File(#[from] Untrusted),
    /// It is not TOML, or has a key that it should not have.
    #[error("{path}: {problem}")]
    Syntax {
        /// Where.
        path: PathBuf,
        /// What, with line and column, and the line itself.
        problem: String,
        /// What, and on which line, without a word of the file's values.
        brief: String,
    },
    /// A value is outside its bounds.
    #[error("{path}: {problem}")]
    Bounds {
        /// Where.
        path: PathBuf,
        /// Which.
        problem: OutOfBounds,
    },
    /// Values do not go together.
    #[error("{path}: {problem}")]
    Sense {
        /// Where.
        path: PathBuf,
        /// What, and what to do.
        problem: String,
    },
}

impl ConfigError {
    fn no_text(path: &Path) -> Self {
        let problem = "it is not UTF-8 text".to_owned();
        Self::Syntax {
            path: path.to_owned(),
            brief: problem.clone(),
            problem,
        }
    }

    fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().map_or(0, |span| span.start);
        let newlines = text.bytes().take(before).filter(|byte| *byte == b'\n');
        let line = newlines.count() + 1;
        // These name keys; what else there is may quote a value.
        let names_keys = ["unknown field", "missing field", "duplicate key"];
        let message = error.message();
        let brief = if names_keys.iter().any(|begun| message.starts_with(begun)) {
            format!("line {line}: {message}")
        } else {
            format!("line {line} cannot be understood; gatepost doctor tells an admin more")
        };
        Self::Syntax {
            path: path.to_owned(),
            problem: error.to_string(),
            brief,
        }
    }

    /// The same without the file's own words, for whoever may not read more of this machine.
    #[must_use]
    pub fn briefly(self) -> Self {
        match self {
            Self::Syntax {
                path,
                problem: _,
                brief,
            } => Self::Syntax {
                path,
                problem: brief.clone(),
                brief,
            },
            told @ (Self::File(_) | Self::Bounds { .. } | Self::Sense { .. }) => told,
        }
    }
}

impl Config {
    /// Reads and checks a file; none is the usual place.
    pub fn load(path: Option<&Path>) -> Result<Self, ConfigError> {
        let path = path.unwrap_or(Path::new(CONFIG));
        let content = files::read_trusted(path, Readers::Anybody, LARGEST)?;
        let text = content
            .expose_str()
            .ok_or_else(|| ConfigError::no_text(path))?;
        let file: raw::File =
            toml::from_str(text).map_err(|error| ConfigError::syntax(path, text, &error))?;
        Self::mean(path, file)
    }

    /// One that can be used, for tests.
    #[cfg(test)]
    pub(crate) fn example() -> Self {
        let file = toml::from_str(tests::MINIMAL).unwrap();
        Self::mean(Path::new(CONFIG), file).unwrap()
    }

    /// What a file's words mean.
    fn mean(path: &Path, file: raw::File) -> Result<Self, ConfigError> {
        let nonsense = |problem: String| ConfigError::Sense {
            path: path.to_owned(),
            problem,
        };
        let limits = Limits {
            shape: crate::code::Shape {
                alphabet: file.code.alphabet,
                length: file.code.length,
            },
            life: file.code.life,
            tries: file.code.tries,
            binding: file.code.binding,
            failures_per_hour: file.limits.failures_per_hour,
            failures_per_day: file.limits.failures_per_day,
            failures_in_a_row: file.limits.failures_in_a_row,
            send_cooldown: file.limits.send_cooldown,
            sends_per_hour: file.limits.sends_per_hour,
            sends_per_day: file.limits.sends_per_day,
            mails_per_address_per_day: file.limits.mails_per_address_per_day,
            sends_per_source: file.limits.sends_per_source,
            delivery: file.mail.deadline,
        };
        let bounds = |problem| ConfigError::Bounds {
            path: path.to_owned(),
            problem,
        };
        let limits = limits.check().map_err(bounds)?;
        let keep_events = check_keep(file.audit.keep).map_err(bounds)?;
        // Checked here and meant there: roles come from the usual place, whichever file this is.
        Roles::mean(file.roles).map_err(nonsense)?;
        // Rules that nobody applies would be taken for rules that hold.
        if file.rule.is_some() {
            return Err(nonsense(RULES_ARE_IN_THE_STORE.to_owned()));
        }
        let absolute = |given: Option<String>, usual: &str, key: &str| {
            let chosen = PathBuf::from(given.unwrap_or_else(|| usual.to_owned()));
            if chosen.is_absolute() {
                Ok(chosen)
            } else {
                Err(nonsense(format!("{key} must be an absolute path")))
            }
        };
        Ok(Self {
            policy: Policy {
                limits,
                unenrolled: file.login.unenrolled,
            },
            mail: Mail::mean(file.mail, file.relay).map_err(nonsense)?,
            host: file.login.host.unwrap_or_else(host::name),
            store: absolute(file.store.path, STORE, "store.path")?,
            key: absolute(file.store.key, KEY, "store.key")?,
            keep_events,
        })
    }
}

impl Mail {
    fn mean(mail: raw::Mail, relays: Vec<raw::Relay>) -> Result<Self, String> {
        if mail.from.is_empty() {
            return Err(
                "there is no mail.from: name the address that mails come from, as in from = \
                 \"Gatepost <gatepost@example.org>\" below [mail]"
                    .into(),
            );
        }
        let from = raw::address_of(&mail.from)
            .map_err(|bad| format!("mail.from = {:?}: {bad}", mail.from))?;
        let envelope_from = match mail.envelope_from.as_deref() {
            None => from.as_str().to_owned(),
            Some("<>") => String::new(),
            Some(address) => raw::address_of(address)
                .map_err(|bad| format!("mail.envelope_from = {address:?}: {bad}"))?
                .as_str()
                .to_owned(),
        };
        if relays.is_empty() {
            return Err("there is no [[relay]]: name the SMTP server that takes the mail".into());
        }
        let relays = relays
            .into_iter()
            .map(Relay::mean)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            from: mail.from,
            envelope_from,
            code_in_subject: mail.code_in_subject,
            templates: Some(PathBuf::from(
                mail.templates.as_deref().unwrap_or(TEMPLATES),
            )),
            relays,
        })
    }
}

impl Relay {
    fn mean(relay: raw::Relay) -> Result<Self, String> {
        let host = relay.host;
        if host.is_empty() || !host.chars().all(|c| c.is_ascii_graphic()) {
            return Err(format!("relay.host = {host:?} is no host name"));
        }
        let loopback = host == "localhost"
            || host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.to_canonical().is_loopback());
        if relay.tls == Tls::LoopbackPlaintext && !loopback {
            return Err(format!(
                "relay {host}: tls = \"loopback-plaintext\" is for localhost, 127.0.0.1 and ::1 \
                 alone; use \"implicit\" or \"starttls\""
            ));
        }
        let login = match (
            relay.username,
            relay.password_file,
            relay.password_credential,
        ) {
            (None, None, None) => None,
            (Some(user), Some(file), None) => Some((user, Password::File(file.into()))),
            (Some(user), None, Some(file)) => Some((user, Password::Credential(file.into()))),
            (_, _, _) => {
                return Err(format!(
                    "relay {host}: give username together with either password_file or \
                     password_credential"
                ));
            }
        };
        let port = relay.port.unwrap_or(match relay.tls {
            Tls::Implicit => 465,
            Tls::Starttls => 587,
            Tls::LoopbackPlaintext => 25,
        });
        let roots = PathBuf::from(relay.roots.unwrap_or_else(|| SYSTEM_ROOTS.to_owned()));
        Ok(Self {
            host,
            port,
            tls: relay.tls,
            roots,
            login,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use gatepost_words::time::Span;

    use super::{Config, raw};

    pub(super) const MINIMAL: &str = "[mail]\nfrom = \"Gatepost <gatepost@example.org>\"\n[[relay]]\nhost = \"mail.example.org\"\n";

    fn read(text: &str) -> Result<Config, String> {
        let file: raw::File = toml::from_str(text).map_err(|error| error.to_string())?;
        Config::mean(Path::new("/etc/gatepost/gatepost.toml"), file)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_minimal_file_gets_the_defaults() {
        let config = read(MINIMAL).unwrap();
        assert_eq!(
            config.policy.limits,
            crate::policy::limits::Limits::default()
        );
        assert_eq!(config.mail.envelope_from, "gatepost@example.org");
        assert_eq!(config.mail.relays[0].port, 465);
        assert_eq!(config.keep_events, Span::from_hours(400 * 24));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        let with = |more: &str| format!("{MINIMAL}{more}");
        let cases = [
            (String::new(), "mail.from"),
            ("[mail]\nfrom = \"a@b.c\"".into(), "no [[relay]]"),
            (with("[code]\nlenght = 8"), "unknown field `lenght`"),
            (
                with("[code]\nlength = 0"),
                "length = 0 is outside its bounds: give 6 to 12",
            ),
            (with("[code]\ntries = -1"), "invalid value"),
            (with("[code]\ntries = 99999999999"), "invalid value"),
            (
                with("[code]\nlife = \"0s\""),
                "life = 0 s is outside its bounds: give 1 min to 10 min",
            ),
            (with("[code]\nlife = \"\""), "no length of time"),
            (with("[code]\nlife = \"-5m\""), "negative"),
            (with("[code]\nlife = 300"), "invalid type"),
            (with("[audit]\nkeep = \"29d\""), "give 30 d to 3650 d"),
            (with("[audit]\nkeep = \"0d\""), "give 30 d to 3650 d"),
            (with("[audit]\nkeep = \"3651d\""), "keep = 3651 d"),
            (with("[audit]\nkeep = \"-1d\""), "no number of days"),
            (with("[audit]\nkeep = \"1y\""), "no number of days"),
            (with("[limits]\nfailures_per_hour = 0"), "give 1 to 10"),
            (with("[limits]\nfailures_in_a_row = 101"), "give 1 to 100"),
            (
                with("[login]\nunenrolled = \"open\""),
                "unknown variant `open`",
            ),
            (
                with("[[rule]]\naction = \"skip\""),
                "rules are in the store now, not here. Run gatepost setup",
            ),
            (
                format!("rule = []\n{MINIMAL}"),
                "rules are in the store now",
            ),
            (
                with("[[relay]]\nhost = \"h\"\nusername = \"u\""),
                "password_file",
            ),
            (
                with("[[relay]]\nhost = \"h\"\ntls = \"loopback-plaintext\""),
                "localhost",
            ),
            (
                with("[[relay]]\nhost = \"h\"\ntls = \"none\""),
                "unknown variant `none`",
            ),
            (
                with("[[relay]]\nhost = \"h\"\nverify = false"),
                "unknown field `verify`",
            ),
        ];
        for (text, said) in cases {
            let error = read(&text).unwrap_err();
            assert!(error.contains(said), "{text}\n{error}");
        }
    }
}
