//! Who acts, and what the events of their acts say of them.

use gatepost_words::ident::EmailAddress;
use gatepost_words::text::sanitise;
use serde_json::Value;

use crate::code::address::Fingerprints;

/// Who acts, for the audit.
#[derive(Clone, Debug, Default)]
pub struct Actor {
    /// `root, login alice` …
    pub name: String,
    /// At which terminal; none where there is none.
    pub tty: Option<String>,
    /// From which machine that terminal's login came, where that is known.
    pub rhost: Option<String>,
    /// What tells addresses apart in their events; none where the key cannot be read, and where an act is
    /// about no address.
    pub fingerprints: Option<Fingerprints>,
    /// Why they act, fit to be shown, for an event whose own detail does not say it; none where they did not.
    pub reason: Option<String>,
}

impl Actor {
    /// The same person, and why they act. Who gives no reason leaves none in the event.
    #[must_use]
    pub fn because(self, why: Option<&str>) -> Self {
        let reason = why.map(sanitise).filter(|reason| !reason.is_empty());
        Self { reason, ..self }
    }

    /// An event's detail with who acted, and why. A login's events have none of these fields.
    pub fn sign(&self, mut detail: Value) -> Value {
        if let Value::Object(fields) = &mut detail {
            fields.insert("by".to_owned(), self.name.as_str().into());
            let tty = self.tty.as_deref().unwrap_or("none");
            fields.insert("tty".to_owned(), tty.into());
            if let Some(rhost) = &self.rhost {
                fields.insert("rhost".to_owned(), rhost.as_str().into());
            }
            if let Some(reason) = &self.reason {
                fields
                    .entry("reason")
                    .or_insert_with(|| reason.as_str().into());
            }
        }
        detail
    }

    /// An event's detail with the addresses that a field is about: masked, and beside that what tells one
    /// from another whose mask is the same.
    pub fn naming(&self, mut detail: Value, field: &str, addresses: &[EmailAddress]) -> Value {
        if let Value::Object(fields) = &mut detail {
            let all = |told: &dyn Fn(&EmailAddress) -> String| -> Value {
                let told: Vec<String> = addresses.iter().map(told).collect();
                told.join(" ").into()
            };
            fields.insert(field.to_owned(), all(&EmailAddress::masked));
            if let Some(fingerprints) = &self.fingerprints {
                let fingerprint = all(&|address| fingerprints.of(address));
                fields.insert(format!("{field}_fingerprint"), fingerprint);
            }
        }
        detail
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Actor;

    // Mutants: no terminal is left out; no host is told as an empty one.
    #[test]
    fn an_act_is_signed_with_who_and_where() {
        let mut actor = Actor {
            name: "root".into(),
            ..Actor::default()
        };
        let signed = actor.sign(json!({"n": 1}));
        assert_eq!(signed, json!({"n": 1, "by": "root", "tty": "none"}));
        actor.tty = Some("pts/3".into());
        actor.rhost = Some("203.0.113.9".into());
        let signed = actor.sign(json!({}));
        let wanted = json!({"by": "root", "tty": "pts/3", "rhost": "203.0.113.9"});
        assert_eq!(signed, wanted);
    }

    // Mutants: the reason is not signed; none given is an empty one; it takes the place of the act's own; it may
    // hold an escape sequence.
    #[test]
    fn a_reason_is_signed_where_the_act_has_none_of_its_own() {
        let actor = || Actor {
            name: "root".into(),
            ..Actor::default()
        };
        let because = |why| actor().because(why).sign(json!({}));
        assert_eq!(because(Some("T-1"))["reason"], "T-1");
        for none in [None, Some("")] {
            assert_eq!(because(none).get("reason"), None, "{none:?}");
        }
        let own = actor().because(Some("T-1")).sign(json!({"reason": "own"}));
        assert_eq!(own["reason"], "own");
        let shown = because(Some("\x1b[31mred"));
        assert!(!shown["reason"].as_str().unwrap().contains('\x1b'));
    }
}
