//! The peer that all is measured against: Debian's `pam_google_authenticator`, with the counter-based
//! codes of RFC 4226.
//!
//! Counters and not time, since one account logs in many times a second here: a time-based code that
//! its recommended setting refuses to take twice would do so once in 30 s. Both rewrite the secret's
//! file, with a sync, at each login.

use std::cell::Cell;
use std::fmt;

use ring::hmac;

use crate::stack::Stack;
use crate::stage::Stage;

/// The module's file name.
pub(crate) const MODULE: &str = "pam_google_authenticator.so";

/// Where its secrets are on the stage.
pub(crate) const FOLDER: &str = "/var/lib/bench-peer";

/// The key of RFC 4226's examples, and how it is written in a secret's file.
const KEY: &[u8] = b"12345678901234567890";
const KEY_AS_WRITTEN: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// The stack with the peer alone.
pub(crate) fn stack() -> Stack {
    Stack::of(&format!(
        "auth required {MODULE} secret={FOLDER}/${{USER}} user=root no_increment_hotp\n\
         auth required pam_permit.so\n"
    ))
}

/// One account's authenticator.
pub(crate) struct Authenticator {
    counter: Cell<u64>,
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authenticator at {}", self.counter.get())
    }
}

impl Authenticator {
    /// Writes an account's secret.
    pub(crate) fn enrol(stage: &Stage, user: &str) -> Self {
        let secret = format!("{KEY_AS_WRITTEN}\n\" HOTP_COUNTER 1\n");
        stage.write_as(&format!("{FOLDER}/{user}"), &secret, 0o400);
        Self {
            counter: Cell::new(1),
        }
    }

    /// The next code, which must then be used.
    pub(crate) fn next_code(&self) -> String {
        let counter = self.counter.get();
        self.counter.set(counter + 1);
        code(counter)
    }
}

/// HOTP with six digits.
fn code(counter: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, KEY);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let digest = tag.as_ref();
    let offset = usize::from(digest.last().expect("twenty bytes") & 15);
    let four = digest
        .get(offset..)
        .and_then(<[u8]>::first_chunk)
        .expect("an offset of at most 15 in twenty bytes");
    format!(
        "{:06}",
        (u32::from_be_bytes(*four) & 0x7fff_ffff) % 1_000_000
    )
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn codes_are_those_of_the_standards_examples() {
        let codes: Vec<String> = (0..4).map(code).collect();
        assert_eq!(codes, ["755224", "287082", "359152", "969429"]);
    }
}
