//! Bypass codes: `B-XXXX-XXXX-XXXX`, made by an administrator for somebody who has nothing else. Twelve
//! of 31 symbols (59 bits against somebody at the prompt), kept as Argon2id like recovery codes.
//!
//! Thirteen characters are neither a mailed code (at most twelve) nor a recovery code (fifteen), and
//! one symbol at least is a letter: so an answer has one meaning. How long a code lives and how often
//! it works is its row's business.

use gatepost_words::secret::Secret;

use super::{Alphabet, kept, symbols};

/// What a code begins with.
const MARK: u8 = b'B';
/// Symbols behind the mark.
const LENGTH: usize = 12;
/// Symbols in a group, as they are read aloud.
const GROUP: usize = 4;
/// The public ones: they say which hash to compare, so that an answer costs one Argon2id, and leave a
/// thief of the store ten symbols, as a recovery code does.
const INDEX: usize = 2;
/// How many codes there are; those without a letter, one in ten million, do not show in it.
pub const SPACE: super::Shape = super::Shape {
    alphabet: Alphabet::Letters,
    length: 12,
};

/// A bypass code, normalised: twelve symbols, without the mark.
#[derive(Debug)]
pub struct BypassCode(Secret);

/// That a bypass code matched its hash; see [`super::key::Verified`].
#[derive(Debug)]
#[must_use = "a match is nothing until the store has consumed the code"]
pub struct VerifiedBypass(());

impl BypassCode {
    /// Draws a code; see [`super::Code::draw`]. One without a letter is drawn again.
    pub fn draw<E>(mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        loop {
            let code = symbols(Alphabet::Letters.symbols(), LENGTH, &mut fill)?;
            if has_letter(code.expose()) {
                return Ok(Self(code));
            }
        }
    }

    /// The code in what was typed, where it has the shape of one.
    pub fn parse(typed: &[u8]) -> Option<Self> {
        let mut code: Vec<u8> = typed
            .iter()
            .filter(|byte| !matches!(byte, b' ' | b'-'))
            .map(u8::to_ascii_uppercase)
            .collect();
        let marked = code.first() == Some(&MARK);
        if marked {
            code.remove(0);
        }
        let fits = marked
            && code.len() == LENGTH
            && code
                .iter()
                .all(|byte| Alphabet::Letters.symbols().contains(byte))
            && has_letter(&code);
        // Wrapped before the check can drop it: what has another shape may be a password.
        let code = Secret::new(code);
        fits.then_some(Self(code))
    }

    /// The public symbols.
    pub fn index(&self) -> String {
        self.0
            .expose()
            .iter()
            .take(INDEX)
            .map(|byte| char::from(*byte))
            .collect()
    }

    /// As it is shown once: `B-XXXX-XXXX-XXXX`.
    pub fn shown(&self) -> Secret {
        let mut shown = Vec::with_capacity(LENGTH + 4);
        shown.push(MARK);
        for group in self.0.expose().chunks(GROUP) {
            shown.push(b'-');
            shown.extend_from_slice(group);
        }
        Secret::new(shown)
    }

    /// The Argon2id hash to keep, over the sixteen bytes of `salt`.
    pub fn hash(&self, salt: &[u8; 16]) -> Option<String> {
        kept::hash(&self.0, salt)
    }

    /// Costs what [`Self::verify`] costs, for a code that there is no hash for: the time tells nobody
    /// which codes there are, nor in a decoy stack that the password was right.
    pub fn spend(&self) {
        // Nobody has a code of this hash; whatever comes of it is not looked at.
        let _spent = self.verify(NOBODYS);
    }

    /// Compares the code with a kept hash.
    pub fn verify(&self, hash: &str) -> Option<VerifiedBypass> {
        kept::is_of(&self.0, hash).then_some(VerifiedBypass(()))
    }
}

/// A hash with the parameters of all others and a tag that was never computed.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn has_letter(code: &[u8]) -> bool {
    code.iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::BypassCode;

    // Mutants: the mark is not asked for; any length will do; a code of digits is taken.
    #[test]
    fn a_bypass_code_is_known_by_its_shape() {
        for typed in [
            "B-K7QX-MNPQ-2345",
            "bk7qxmnpq2345",
            " b k7qx mnpq 2345 ",
            "B-2222-2222-222A",
            "BBBBBBBBBBBBB",
        ] {
            assert!(BypassCode::parse(typed.as_bytes()).is_some(), "{typed}");
        }
        for typed in [
            "",
            "B",
            "K7QX-MNPQ-2345",
            "A-K7QX-MNPQ-2345",
            "8-K7QX-MNPQ-2345",
            "B-K7QX-MNPQ-234",
            "B-K7QX-MNPQ-23456",
            "B-K7QX-MNPQ-2340",
            "B-K7QX-MNPQ-234O",
            "B-2222-2222-2222",
            "B_K7QX_MNPQ_2345",
            "ABCDE-FGHJK-MNPQR",
        ] {
            assert!(BypassCode::parse(typed.as_bytes()).is_none(), "{typed}");
        }
    }

    // Mutant: the index has more symbols: then a stolen store leaves fewer than a recovery code's.
    #[test]
    fn a_bypass_code_matches_its_own_hash_alone() {
        let code = BypassCode::parse(b"B-K7QX-MNPQ-2345").unwrap();
        let hash = code.hash(&[7; 16]).unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(code.verify(&hash).is_some());
        let other = BypassCode::parse(b"B-K7QX-MNPQ-2346").unwrap();
        assert!(other.verify(&hash).is_none());
        assert!(code.verify("").is_none());
        assert_eq!(code.index(), "K7");
        assert_eq!(code.shown().expose(), b"B-K7QX-MNPQ-2345");
        assert!(!format!("{code:?}").contains("K7QX"));
    }

    // Mutant: NOBODYS is no hash that can be read; then nothing is spent on it.
    #[test]
    fn a_code_that_is_not_there_costs_what_another_costs() {
        assert!(argon2::PasswordHash::new(super::NOBODYS).is_ok());
        let code = BypassCode::parse(b"B-K7QX-MNPQ-2345").unwrap();
        let real = code.hash(&[7; 16]).unwrap();
        let shape = |hash: &str| {
            let parts = hash.split('$').map(str::len);
            (
                hash.rsplitn(3, '$').last().map(str::to_owned),
                parts.collect::<Vec<_>>(),
            )
        };
        assert_eq!(shape(super::NOBODYS), shape(&real));
        assert!(code.verify(super::NOBODYS).is_none());
    }

    // Mutant: what was drawn is taken as it is. Nobody could type such a code.
    #[test]
    fn a_code_without_a_letter_is_drawn_again() {
        let mut draws = 0;
        let code = BypassCode::draw(|buffer| {
            // The first eight symbols are digits.
            buffer.fill(if draws == 0 { 3 } else { 9 });
            draws += 1;
            Ok::<(), Infallible>(())
        });
        assert_eq!(code.unwrap().shown().expose(), b"B-BBBB-BBBB-BBBB");
        assert_eq!(draws, 2);
    }
}
