//! The text of /etc/gatepost/gatepost.toml for a test: the one place of the harness that knows its shape.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::smtp::Encryption;
use crate::smtp::Sink;

/// Where a stage keeps the certificate of the rig's own authority.
pub const ROOTS_PATH: &str = "/etc/gatepost/rig-roots.pem";

/// A configuration; what a test does not set stays at the product's defaults.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Section, then key, then the value as TOML text.
    sections: BTreeMap<String, BTreeMap<String, String>>,
    rules: Vec<BTreeMap<String, String>>,
    relays: Vec<Relay>,
    tail: String,
    sinks: Vec<Sink>,
}

/// One `[[relay]]` table.
#[derive(Debug, Clone, Default)]
pub struct Relay {
    fields: BTreeMap<String, String>,
    /// The password that its password file holds, if it has one.
    password: Option<(String, String)>,
}

impl Config {
    /// A sender address, no relay, defaults otherwise.
    pub fn new() -> Self {
        Self::default().set("mail.from", "Gatepost <gatepost@example.org>")
    }

    /// As [`Config::new`], delivering to `sink`.
    pub fn to(sink: &Sink) -> Self {
        Self::new().relay(sink)
    }

    /// Sets `section.key` to a string, e.g. `set("limits.send_cooldown", "1s")`.
    #[must_use]
    pub fn set(self, name: &str, value: &str) -> Self {
        self.set_raw(name, &quote(value))
    }

    /// Sets `section.key` to a number.
    #[must_use]
    pub fn number(self, name: &str, value: i64) -> Self {
        self.set_raw(name, &value.to_string())
    }

    /// Sets `section.key` to a value that is TOML already, right or wrong.
    #[must_use]
    pub fn set_raw(mut self, name: &str, value: &str) -> Self {
        let (section, key) = name.split_once('.').expect("a name is section.key");
        self.sections
            .entry(section.to_owned())
            .or_default()
            .insert(key.to_owned(), value.to_owned());
        self
    }

    /// Adds a `[[rule]]` for the store, where a stage puts it; the values are TOML text, e.g. `rule(&[("users", r#"["dave"]"#), ("action", r#""skip""#)])`.
    #[must_use]
    pub fn rule(mut self, fields: &[(&str, &str)]) -> Self {
        self.rules.push(
            fields
                .iter()
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        );
        self
    }

    /// Adds a relay that delivers to `sink`, in the sink's own manner, with its credentials if it asks for any.
    #[must_use]
    pub fn relay(mut self, sink: &Sink) -> Self {
        let encryption = match sink.encryption() {
            Encryption::Implicit => "implicit",
            Encryption::StartTls => "starttls",
            Encryption::None => "loopback-plaintext",
        };
        let mut relay = Relay::default()
            .field("host", &quote("localhost"))
            .field("port", &sink.port().to_string())
            .field("tls", &quote(encryption));
        match sink.encryption() {
            Encryption::Implicit | Encryption::StartTls => {
                relay = relay.field("roots", &quote(ROOTS_PATH));
            }
            Encryption::None => relay = relay.field("host", &quote("127.0.0.1")),
        }
        if let Some((username, password)) = sink.credentials() {
            let path = format!("/etc/gatepost/relay-{}.password", sink.port());
            relay = relay
                .field("username", &quote(&username))
                .field("password_file", &quote(&path));
            relay.password = Some((path, password));
        }
        self.sinks.push(sink.clone());
        self.relays.push(relay);
        self
    }

    /// Adds a relay as given.
    #[must_use]
    pub fn relay_as(mut self, relay: Relay) -> Self {
        self.relays.push(relay);
        self
    }

    /// Appends free text.
    #[must_use]
    pub fn append(mut self, text: &str) -> Self {
        self.tail.push_str(text);
        self
    }

    /// The sinks that its relays deliver to.
    pub fn sinks(&self) -> &[Sink] {
        &self.sinks
    }

    /// Path and content of each relay's password file.
    pub fn password_files(&self) -> impl Iterator<Item = &(String, String)> {
        self.relays
            .iter()
            .filter_map(|relay| relay.password.as_ref())
    }

    /// The rules' text, which the store keeps.
    pub fn rules(&self) -> String {
        let mut text = String::new();
        for rule in &self.rules {
            table(&mut text, "[[rule]]", rule);
        }
        text
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (section, fields) in &self.sections {
            table(&mut text, &format!("[{section}]"), fields);
        }
        for relay in &self.relays {
            table(&mut text, "[[relay]]", &relay.fields);
        }
        text + &self.tail
    }
}

impl Relay {
    /// Sets a field to a value that is TOML already.
    #[must_use]
    pub fn field(mut self, key: &str, value: &str) -> Self {
        self.fields.insert(key.to_owned(), value.to_owned());
        self
    }
}

fn table(text: &mut String, head: &str, fields: &BTreeMap<String, String>) {
    let _ = writeln!(text, "{head}");
    for (key, value) in fields {
        let _ = writeln!(text, "{key} = {value}");
    }
    text.push('\n');
}

/// A TOML basic string.
pub fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\u{0}'..='\u{1f}' | '\u{7f}' => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(character));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn sections_rules_and_text_come_out_as_toml() {
        let config = Config::new()
            .number("code.digits", 6)
            .rule(&[("users", r#"["dave"]"#), ("action", r#""skip""#)])
            .append("# end\n");
        assert_eq!(
            config.text(),
            "[code]\ndigits = 6\n\n[mail]\nfrom = \"Gatepost <gatepost@example.org>\"\n\n# end\n"
        );
        assert_eq!(
            config.rules(),
            "[[rule]]\naction = \"skip\"\nusers = [\"dave\"]\n\n"
        );
    }
}
