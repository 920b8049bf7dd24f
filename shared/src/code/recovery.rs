//! Recovery codes: `XXXXX-XXXXX-XXXXX` of 31 symbols (74 bits against somebody at the prompt), kept
//! as Argon2id (NIST SP 800-63B-4, 3.1.2.2). The first group is a public index: it says which hash to compare, so that an answer
//! costs one Argon2id and not ten.

use gatepost_words::secret::Secret;

use super::{Alphabet, kept, symbols};

/// How many codes are given out at once.
pub const COUNT: usize = 10;
/// Symbols in a code.
const LENGTH: usize = 15;
/// Symbols in a group.
const GROUP: usize = 5;

/// A recovery code, normalised: fifteen symbols.
#[derive(Debug)]
pub struct RecoveryCode(Secret);

/// That a recovery code matched its hash; see [`super::key::Verified`].
#[derive(Debug)]
#[must_use = "a match is nothing until the store has consumed the code"]
pub struct VerifiedRecovery(());

impl RecoveryCode {
    /// Draws a code; see [`super::Code::draw`].
    pub fn draw<E>(mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, E> {
        symbols(Alphabet::Letters.symbols(), LENGTH, &mut fill).map(Self)
    }

    /// The code in what was typed, where it has the shape of one.
    pub fn parse(typed: &[u8]) -> Option<Self> {
        let code: Vec<u8> = typed
            .iter()
            .filter(|byte| !matches!(byte, b' ' | b'-'))
            .map(u8::to_ascii_uppercase)
            .collect();
        let fits = code.len() == LENGTH
            && code
                .iter()
                .all(|byte| Alphabet::Letters.symbols().contains(byte));
        // Wrapped before the check can drop it: what has another shape may be a password.
        let code = Secret::new(code);
        fits.then_some(Self(code))
    }

    /// The public first group.
    pub fn index(&self) -> String {
        self.0
            .expose()
            .iter()
            .take(GROUP)
            .map(|byte| char::from(*byte))
            .collect()
    }

    /// As it is shown once: `XXXXX-XXXXX-XXXXX`.
    pub fn shown(&self) -> Secret {
        Secret::new(
            self.0
                .expose()
                .chunks(GROUP)
                .collect::<Vec<_>>()
                .join(&b'-'),
        )
    }

    /// The Argon2id hash to keep, over the sixteen bytes of `salt`.
    pub fn hash(&self, salt: &[u8; 16]) -> Option<String> {
        kept::hash(&self.0, salt)
    }

    /// Compares the code with a kept hash.
    pub fn verify(&self, hash: &str) -> Option<VerifiedRecovery> {
        kept::is_of(&self.0, hash).then_some(VerifiedRecovery(()))
    }
}

#[cfg(test)]
mod tests {
    use super::RecoveryCode;

    #[test]
    fn a_recovery_code_is_known_by_its_shape() {
        for typed in [
            "ABCDE-FGHJK-MNPQR",
            "abcdefghjkmnpqr",
            " abcde fghjk mnpqr ",
        ] {
            assert!(RecoveryCode::parse(typed.as_bytes()).is_some(), "{typed}");
        }
        for typed in [
            "",
            "12345678",
            "ABCDE-FGHJK-MNPQ0",
            "ABCDE-FGHJK-MNPQRS",
            "ABCDE-FGHJK",
        ] {
            assert!(RecoveryCode::parse(typed.as_bytes()).is_none(), "{typed}");
        }
    }

    #[test]
    fn a_recovery_code_matches_its_own_hash_alone() {
        let code = RecoveryCode::parse(b"ABCDE-FGHJK-MNPQR").unwrap();
        let hash = code.hash(&[7; 16]).unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(code.verify(&hash).is_some());
        assert!(
            RecoveryCode::parse(b"ABCDE-FGHJK-MNPQS")
                .unwrap()
                .verify(&hash)
                .is_none()
        );
        assert!(code.verify("").is_none());
        assert_eq!(code.index(), "ABCDE");
        assert_eq!(code.shown().expose(), b"ABCDE-FGHJK-MNPQR");
    }
}
