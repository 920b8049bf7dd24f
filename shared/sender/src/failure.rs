//! What went wrong in one delivery, as the helper's record and the administrator's screen show it:
//! an outcome, the relay's words or the error, and what to do where that is known.
//!
//! Not for deciding whether to try again; [`Outcome::try_next`] does that.

use gatepost_words::ident::EmailAddress;
use gatepost_words::job::{Content, Job, Outcome, Report};
use gatepost_words::secret::Secret;
use gatepost_words::text::sanitise;

/// The longest reply in a report, in bytes.
pub(crate) const REPLY_LIMIT: usize = 200;

/// A delivery that did not happen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Its kind.
    pub(crate) outcome: Outcome,
    /// What was said or seen.
    said: String,
    /// What to do, where that is known.
    advice: Option<String>,
}

impl Failure {
    /// A failure in words of our own or the relay's.
    pub(crate) fn new(outcome: Outcome, said: impl Into<String>) -> Self {
        Self {
            outcome,
            said: said.into(),
            advice: None,
        }
    }

    /// The same, with what to do about it.
    #[must_use]
    pub(crate) fn advise(self, advice: impl Into<String>) -> Self {
        Self {
            advice: Some(advice.into()),
            ..self
        }
    }

    /// The report. Advice is kept whole as far as it fits: what was said is cut first.
    pub(crate) fn into_report(self, redaction: &Redaction<'_>) -> Report {
        let reply = match self.advice {
            None => redaction.clean(&self.said),
            Some(advice) => {
                let advice = redaction.clean(&advice);
                let room = REPLY_LIMIT.saturating_sub(advice.len() + ": ".len());
                format!("{}: {advice}", cut(&redaction.clean(&self.said), room))
            }
        };
        Report {
            outcome: self.outcome,
            reply: cut(&reply, REPLY_LIMIT).to_owned(),
            message_id: String::new(),
            warning: None,
        }
    }
}

/// The values that must not come back in a report, whatever the relay says: reports are recorded,
/// logged and shown.
#[derive(Default)]
pub(crate) struct Redaction<'job> {
    code: Option<&'job Secret>,
    password: Option<&'job Secret>,
    /// Relays like to repeat it; it is shown masked, as everywhere.
    recipient: Option<EmailAddress>,
}

impl<'job> Redaction<'job> {
    /// The secrets of a job.
    pub(crate) fn of(job: &'job Job) -> Self {
        let code = match &job.letter.content {
            Content::Code { code, .. } | Content::Confirmation { code, .. } => Some(code),
            Content::HalfFinished { .. } | Content::Test | Content::Act { .. } => None,
        };
        let password = job.relay.credentials.as_ref().map(|(_user, secret)| secret);
        Self {
            code,
            password,
            recipient: EmailAddress::new(job.letter.to.clone()).ok(),
        }
    }

    /// Text from outside, sanitised, without secrets, at most [`REPLY_LIMIT`] bytes.
    pub(crate) fn clean(&self, text: &str) -> String {
        if self.repeats_a_secret(text) {
            return "(the reply repeats a secret and is left out)".to_owned();
        }
        cut(&sanitise(&self.mask(text)), REPLY_LIMIT).to_owned()
    }

    fn mask(&self, text: &str) -> String {
        let Some(recipient) = &self.recipient else {
            return text.to_owned();
        };
        let (address, masked) = (recipient.as_str(), recipient.masked());
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = find_ignoring_case(rest, address) {
            let (before, found) = rest.split_at(at);
            out.push_str(before);
            out.push_str(&masked);
            rest = found.get(address.len()..).unwrap_or_default();
        }
        out + rest
    }

    fn repeats_a_secret(&self, text: &str) -> bool {
        let digits =
            |text: &str| -> String { text.chars().filter(char::is_ascii_alphanumeric).collect() };
        let code = self.code.and_then(Secret::expose_str).map(digits);
        let password = self.password.and_then(Secret::expose_str);
        code.is_some_and(|code| !code.is_empty() && digits(text).contains(&code))
            || password.is_some_and(|password| !password.is_empty() && text.contains(password))
    }
}

/// Where ASCII text stands in other text, however it is capitalised.
fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(&wanted.to_ascii_lowercase())
}

/// At most so many bytes, cut at a character.
fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use gatepost_words::ident::EmailAddress;
    use gatepost_words::job::Outcome;
    use gatepost_words::secret::Secret;

    use super::{Failure, REPLY_LIMIT, Redaction};

    #[test]
    fn a_report_holds_neither_the_code_nor_the_password() {
        let code = Secret::from("1234 5678".to_owned());
        let password = Secret::from("hunter2".to_owned());
        let redaction = Redaction {
            code: Some(&code),
            password: Some(&password),
            recipient: None,
        };
        for text in [
            "550 your message says 1234 5678",
            "550 1234-5678",
            "550 12345678 seen",
            "535 hunter2 is wrong",
        ] {
            let report = Failure::new(Outcome::Permanent, text)
                .advise("mend it")
                .into_report(&redaction);
            assert_eq!(
                report.reply,
                "(the reply repeats a secret and is left out): mend it"
            );
        }
        assert_eq!(redaction.clean("550 12 34 56"), "550 12 34 56");
    }

    #[test]
    fn the_recipient_is_shown_masked() {
        let redaction = Redaction {
            recipient: EmailAddress::new("alice@example.org".to_owned()).ok(),
            ..Redaction::default()
        };
        let cases = [
            (
                "550 <alice@example.org>: no; Alice@Example.ORG?",
                "550 <a***@e***.org>: no; a***@e***.org?",
            ),
            ("550 ü alice@example.com", "550 ü alice@example.com"),
        ];
        for (said, shown) in cases {
            assert_eq!(redaction.clean(said), shown);
        }
    }

    #[test]
    fn a_long_reply_is_cut_and_the_advice_stays() {
        let said = "ü\n".repeat(400);
        let report = Failure::new(Outcome::Transient, said)
            .advise("do this")
            .into_report(&Redaction::default());
        assert!(report.reply.len() <= REPLY_LIMIT, "{}", report.reply.len());
        assert!(report.reply.starts_with("ü\\u{a}ü"), "{}", report.reply);
        assert!(report.reply.ends_with(": do this"), "{}", report.reply);
    }
}
