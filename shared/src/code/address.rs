//! A short mark of an address, under the key: it tells two apart whose masks are the same, and lets
//! whoever has key and address show that a log means that one. Who has the log alone cannot try
//! addresses on it.

use std::sync::Arc;

use gatepost_words::ident::EmailAddress;
use gatepost_words::secret::Secret;

use super::key::{Key, Tag};

/// What addresses are marked with: of the key, and good for nothing else.
#[derive(Clone, Debug)]
pub struct Fingerprints(Arc<Key>);

impl Fingerprints {
    /// Those of a key.
    pub fn under(key: &Key) -> Option<Self> {
        let Tag(own) = key.mac(&[b"gatepost address fingerprints v1"]);
        Key::new(Secret::new(own.to_vec())).map(|own| Self(Arc::new(own)))
    }

    /// An address's, as it is written: 40 bits in eight letters and digits.
    pub fn of(&self, address: &EmailAddress) -> String {
        let Tag(mac) = self.0.mac(&[address.as_str().as_bytes()]);
        let bits = mac
            .iter()
            .take(5)
            .fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        (0..8)
            .rev()
            .filter_map(|nth| {
                let five = usize::try_from((bits >> (nth * 5)) & 31).ok()?;
                SYMBOLS.get(five).copied().map(char::from)
            })
            .collect()
    }
}

/// Crockford's: none is taken for another when it is read aloud.
const SYMBOLS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

#[cfg(test)]
mod tests {
    use gatepost_words::ident::EmailAddress;
    use gatepost_words::secret::Secret;

    use super::{Fingerprints, SYMBOLS};
    use crate::code::key::Key;

    fn of(key: u8, address: &str) -> String {
        let key = Key::new(Secret::new(vec![key; 32])).unwrap();
        let address = EmailAddress::new(address.to_owned()).unwrap();
        Fingerprints::under(&key).unwrap().of(&address)
    }

    // Mutants: the key is left out; the mask is hashed, or the mailbox without its spelling; another
    // construction, which no log of before would match.
    #[test]
    fn an_address_has_one_mark_under_one_key() {
        let one = of(7, "dave@example.org");
        assert_eq!(one, of(7, "dave@example.org"));
        assert_eq!(one, "ae68d9x0");
        for other in ["dora@easter.org", "Dave@example.org", "dave@example.org.au"] {
            assert_ne!(one, of(7, other), "{other}");
        }
        assert_ne!(one, of(8, "dave@example.org"));
        let is_symbol = |c: char| SYMBOLS.contains(&u8::try_from(c).unwrap());
        assert!(one.len() == 8 && one.chars().all(is_symbol), "{one}");
    }
}
