//! Words to one RFC 5322 message: a fixed set of headers, two parts, seven bits.
//!
//! Addresses are typed; no header is made from a user name, a host or a source except the subject,
//! which lettre encodes. Not for saying anything to a relay.

use std::time::{Duration, SystemTime};

use gatepost_words::ident::EmailAddress;
use gatepost_words::job::{Letter, Outcome};
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart};
use rustix::rand::{GetRandomFlags, getrandom};

use crate::failure::Failure;
use crate::render::Rendered;

/// One message and its envelope.
#[derive(Debug)]
pub(crate) struct Mail {
    /// Envelope sender; none is the null sender `<>`.
    pub(crate) from: Option<Address>,
    /// The one recipient.
    pub(crate) to: Address,
    /// `<…@…>`, for the record.
    pub(crate) message_id: String,
    /// Headers and parts with CRLF line ends, before dot-stuffing.
    pub(crate) bytes: Vec<u8>,
}

/// Makes the message.
pub(crate) fn compose(letter: &Letter, words: Rendered) -> Result<Mail, Failure> {
    let from = letter.from.parse::<Mailbox>().map_err(|why| {
        unusable(
            "the From address",
            &format!("{why}; write it as: Name <address>"),
        )
    })?;
    let from_address = typed("the From address", from.email.as_ref())?;
    let to = typed("the recipient", &letter.to)?;
    let envelope_from = match letter.envelope_from.as_str() {
        "" => None,
        address => Some(typed("envelope_from", address)?),
    };
    let message_id = format!("<{}@{}>", random_hex()?, from_address.domain());
    let message = Message::builder()
        .from(from)
        .to(Mailbox::new(None, to.clone()))
        .date(date(letter.epoch_secs))
        .message_id(Some(message_id.clone()))
        .subject(literal(&words.subject))
        .raw_header(fixed("Auto-Submitted", "auto-generated"))
        .raw_header(fixed("X-Auto-Response-Suppress", "OOF, AutoReply"))
        .multipart(MultiPart::alternative_plain_html(words.text, words.html))
        .map_err(|why| Failure::new(Outcome::Message, format!("no message: {why}")))?;
    let bytes = message.formatted();
    if !bytes.is_ascii() {
        return Err(Failure::new(
            Outcome::Message,
            "the message is not seven-bit clean",
        ));
    }
    Ok(Mail {
        from: envelope_from,
        to,
        message_id,
        bytes,
    })
}

/// A subject that mail programs show as it is: lettre encodes what is no ASCII and leaves alone what
/// only looks encoded, which a name may be made of.
fn literal(subject: &str) -> String {
    subject.replace("=?", "= ?")
}

/// An address that passed both our rules and lettre's.
fn typed(what: &str, address: &str) -> Result<Address, Failure> {
    let checked =
        EmailAddress::new(address.to_owned()).map_err(|why| unusable(what, &why.to_string()))?;
    checked
        .as_str()
        .parse()
        .map_err(|why: lettre::address::AddressError| unusable(what, &why.to_string()))
}

fn unusable(what: &str, why: &str) -> Failure {
    Failure::new(Outcome::Message, format!("{what} cannot be used: {why}"))
}

fn fixed(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The time of the request; what no Date header can say becomes the nearest that one can.
fn date(epoch_secs: i64) -> SystemTime {
    let last_second_of_year_9999 = 253_402_300_799;
    let seconds = u64::try_from(epoch_secs)
        .unwrap_or(0)
        .min(last_second_of_year_9999);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// 128 bits from the kernel.
fn random_hex() -> Result<String, Failure> {
    let mut bytes = [0_u8; 16];
    match getrandom(&mut bytes, GetRandomFlags::empty()) {
        Ok(filled) if filled == bytes.len() => Ok(format!("{:032x}", u128::from_be_bytes(bytes))),
        Ok(_) | Err(_) => Err(Failure::new(
            Outcome::Message,
            "the kernel gave no random bytes",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{date, literal, random_hex};

    #[test]
    fn every_time_has_a_date() {
        let year_9999 = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
        assert_eq!(date(0), SystemTime::UNIX_EPOCH);
        assert_eq!(date(i64::MIN), SystemTime::UNIX_EPOCH);
        assert_eq!(date(i64::MAX), year_9999);
    }

    #[test]
    fn what_only_looks_encoded_is_shown_as_it_is() {
        assert_eq!(
            literal("Sign-in as =?utf-8?q?x?="),
            "Sign-in as = ?utf-8?q?x?="
        );
        assert_eq!(literal("Sign-in as alice? =b"), "Sign-in as alice? =b");
    }

    #[test]
    fn ids_are_random_and_of_one_length() {
        let (one, two) = (random_hex().unwrap(), random_hex().unwrap());
        assert_ne!(one, two);
        assert_eq!((one.len(), two.len()), (32, 32));
    }
}
