//! What the configuration file says, word for word: every table and key, unknown ones refused.
//! What it means is [`super::Config`].

use gatepost_words::ident::EmailAddress;
use gatepost_words::job::Tls;
use gatepost_words::time::Span;
use serde::{Deserialize, Deserializer};

use crate::code::Alphabet;
use crate::policy::Unenrolled;
use crate::policy::limits::{Binding, KEEP_EVENTS, Limits};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// `[login]`
    pub login: Login,
    /// `[code]`
    pub code: Code,
    /// `[limits]`
    pub limits: LimitsTable,
    /// `[mail]`
    pub mail: Mail,
    /// `[[relay]]`
    pub relay: Vec<Relay>,
    /// `[[rule]]`, which the store keeps now.
    pub rule: Option<toml::Value>,
    /// `[store]`
    pub store: Store,
    /// `[audit]`
    pub audit: Audit,
    /// `[roles]`
    pub roles: Roles,
}

/// The file with everything but `[roles]` left unread.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RolesAlone {
    /// `[roles]`
    pub roles: Roles,
}

/// `[roles]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// Groups that look.
    pub auditor: Option<Vec<String>>,
    /// Groups that help.
    pub helpdesk: Option<Vec<String>>,
    /// Groups that do everything.
    pub admin: Option<Vec<String>>,
}

/// `[login]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Login {
    /// What happens to accounts that were never enrolled.
    pub unenrolled: Unenrolled,
    /// What prompts and mails call this host.
    pub host: Option<String>,
}

impl Default for Login {
    fn default() -> Self {
        Self {
            unenrolled: Unenrolled::Refuse,
            host: None,
        }
    }
}

/// `[code]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Code {
    /// Digits or letters.
    pub alphabet: Alphabet,
    /// How many; `digits` is the older word for it.
    #[serde(alias = "digits")]
    pub length: u8,
    /// How long a code lives.
    #[serde(deserialize_with = "span")]
    pub life: Span,
    /// How many tries it has.
    pub tries: u32,
    /// Who may type it.
    pub binding: Binding,
}

impl Default for Code {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            alphabet: limits.shape.alphabet,
            length: limits.shape.length,
            life: limits.life,
            tries: limits.tries,
            binding: limits.binding,
        }
    }
}

/// `[limits]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    missing_docs,
    reason = "the names are those of policy::limits::Limits, documented there"
)]
pub struct LimitsTable {
    pub failures_per_hour: u32,
    pub failures_per_day: u32,
    pub failures_in_a_row: u32,
    #[serde(deserialize_with = "span")]
    pub send_cooldown: Span,
    pub sends_per_hour: u32,
    pub sends_per_day: u32,
    pub mails_per_address_per_day: u32,
    pub sends_per_source: u32,
}

impl Default for LimitsTable {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            failures_per_hour: limits.failures_per_hour,
            failures_per_day: limits.failures_per_day,
            failures_in_a_row: limits.failures_in_a_row,
            send_cooldown: limits.send_cooldown,
            sends_per_hour: limits.sends_per_hour,
            sends_per_day: limits.sends_per_day,
            mails_per_address_per_day: limits.mails_per_address_per_day,
            sends_per_source: limits.sends_per_source,
        }
    }
}

/// `[mail]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mail {
    /// `From:`, as `Name <address>` or an address.
    pub from: String,
    /// Envelope sender; absent: the From address; `"<>"`: the null sender.
    pub envelope_from: Option<String>,
    /// Time for one delivery over all relays.
    #[serde(deserialize_with = "span")]
    pub deadline: Span,
    /// Whether the subject carries the code.
    pub code_in_subject: bool,
    /// Folder with own templates.
    pub templates: Option<String>,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            from: String::new(),
            envelope_from: None,
            deadline: Limits::default().delivery,
            code_in_subject: false,
            templates: None,
        }
    }
}

/// `[[relay]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// Name or literal address.
    pub host: String,
    /// Port; absent: 465 for implicit TLS, 587 for STARTTLS, 25 for plaintext.
    pub port: Option<u16>,
    /// Protection.
    #[serde(default = "implicit")]
    pub tls: Tls,
    /// PEM file with the trusted roots.
    pub roots: Option<String>,
    /// SASL user name.
    pub username: Option<String>,
    /// Root-only file with the SASL password.
    pub password_file: Option<String>,
    /// Encrypted systemd credential with the SASL password.
    pub password_credential: Option<String>,
}

fn implicit() -> Tls {
    Tls::Implicit
}

/// `[store]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Store {
    /// The database, where it is not at its usual place.
    pub path: Option<String>,
    /// The key file, where it is not at its usual place.
    pub key: Option<String>,
}

/// `[audit]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// How many days events are kept.
    #[serde(deserialize_with = "days")]
    pub keep: i64,
}

impl Default for Audit {
    fn default() -> Self {
        let [usual, _least, _most] = KEEP_EVENTS;
        Self { keep: usual }
    }
}

/// A number of days such as `400d`.
fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.strip_suffix('d')
        .and_then(|number| number.trim_end().parse::<u32>().ok())
        .map(i64::from)
        .ok_or_else(|| {
            serde::de::Error::custom(format!("{text:?} is no number of days: write \"400d\""))
        })
}

/// A length of time such as `30s`, `5m` or `1h 30m`.
fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed: jiff::SignedDuration = text.parse().map_err(|_not_friendly| {
        serde::de::Error::custom(format!(
            "{text:?} is no length of time: write \"30s\" or \"5m\""
        ))
    })?;
    if parsed.is_negative() {
        return Err(serde::de::Error::custom(format!("{text:?} is negative")));
    }
    Ok(Span::from_millis(
        i64::try_from(parsed.as_millis()).unwrap_or(i64::MAX),
    ))
}

/// Reads an address in `Name <address>` or bare form: the address alone. A name with characters
/// that mean something in a header must stand in quotes (RFC 5322, 3.2.3).
pub fn address_of(from: &str) -> Result<EmailAddress, gatepost_words::ident::BadName> {
    let bare = match (from.rfind('<'), from.strip_suffix('>')) {
        (Some(open), Some(inner)) => {
            let name = from.get(..open).unwrap_or_default().trim();
            let quoted = name.len() >= 2 && name.starts_with('"') && name.ends_with('"');
            let inside = name.trim_matches('"');
            let special = |c: char| "()<>[]:;@\\,.\"".contains(c) || c.is_control();
            if inside.contains(['"', '\\']) || (!quoted && inside.chars().any(special)) {
                return Err(gatepost_words::ident::BadName::display_name());
            }
            inner.get(open + 1..).unwrap_or_default()
        }
        (_, _) => from,
    };
    EmailAddress::new(bare.trim().to_owned())
}
