//! The key that codes are hashed under, and the comparison.
//!
//! A copy of the store without the key file is useless: 10^8 codes are nothing to try, 2^256 keys
//! are. The hash protects a code for its ten minutes at most; it is no vault.

use gatepost_words::secret::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::Code;

/// The root-only key: 32 random bytes.
#[derive(Debug)]
pub struct Key(Secret);

/// What a hash is for. Each purpose hashes apart, so that a tag of one is never a tag of another.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// A sign-in challenge.
    SignIn,
    /// The confirmation of an address.
    Confirmation,
}

/// A keyed hash of a code, bound to the challenge it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(pub [u8; 32]);

/// That a code matched its tag. Only [`Key::verify`] makes one; only the store's consuming
/// transaction turns one into a success.
#[derive(Debug)]
#[must_use = "a match is nothing until the store has consumed the code"]
pub struct Verified(());

impl Key {
    /// Length of the key, in bytes.
    pub const LENGTH: usize = 32;

    /// Takes the key's bytes; none where they are too few or too many.
    pub fn new(bytes: Secret) -> Option<Self> {
        (bytes.expose().len() == Self::LENGTH).then_some(Self(bytes))
    }

    /// HMAC-SHA-256 over purpose, challenge and code, each behind its length.
    pub fn tag(&self, purpose: Purpose, challenge: &[u8], code: &Code) -> Tag {
        let purpose: &[u8] = match purpose {
            Purpose::SignIn => b"gatepost sign-in v1",
            Purpose::Confirmation => b"gatepost confirmation v1",
        };
        self.mac(&[purpose, challenge, code.expose()])
    }

    /// HMAC-SHA-256 over parts, each behind its length. The first says what for.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> Tag {
        // HMAC takes a key of any length; `new` let 32 bytes through alone.
        let mut mac = match Hmac::<Sha256>::new_from_slice(self.0.expose()) {
            Ok(mac) => mac,
            Err(_any_length_is_valid) => return Tag([0; 32]),
        };
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            mac.update(part);
        }
        Tag(mac.finalize().into_bytes().into())
    }

    /// Compares what was typed with a tag, in time that depends on neither.
    pub fn verify(
        &self,
        purpose: Purpose,
        challenge: &[u8],
        typed: &Code,
        tag: &Tag,
    ) -> Option<Verified> {
        let computed = self.tag(purpose, challenge, typed);
        bool::from(computed.0.ct_eq(&tag.0)).then_some(Verified(()))
    }
}

#[cfg(test)]
mod tests {
    use gatepost_words::secret::Secret;

    use super::{Key, Purpose};
    use crate::code::Code;

    #[test]
    fn a_code_matches_its_own_challenge_and_purpose_alone() {
        let key = Key::new(Secret::new(vec![7; 32])).unwrap();
        let code = Code::typed(b"12345678");
        let tag = key.tag(Purpose::SignIn, b"a", &code);
        assert!(
            key.verify(Purpose::SignIn, b"a", &Code::typed(b"1234 5678"), &tag)
                .is_some()
        );
        assert!(key.verify(Purpose::SignIn, b"b", &code, &tag).is_none());
        assert!(
            key.verify(Purpose::Confirmation, b"a", &code, &tag)
                .is_none()
        );
        assert!(
            key.verify(Purpose::SignIn, b"a", &Code::typed(b"12345679"), &tag)
                .is_none()
        );
        assert!(
            key.verify(Purpose::SignIn, b"a", &Code::typed(b""), &tag)
                .is_none()
        );
        let other = Key::new(Secret::new(vec![8; 32])).unwrap();
        assert!(other.verify(Purpose::SignIn, b"a", &code, &tag).is_none());
    }

    #[test]
    fn a_key_has_32_bytes() {
        for length in [0, 31, 33, 64] {
            assert!(Key::new(Secret::new(vec![7; length])).is_none(), "{length}");
        }
    }
}
