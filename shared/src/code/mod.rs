//! One-time codes: made from given random bytes, read from what was typed, compared under a key.
//!
//! Pure: no clock, no generator, no store. Whether a code is live is [`crate::policy`]'s business;
//! that it is used once is the store's.

pub mod address;
pub mod bypass;
pub(crate) mod kept;
pub mod key;
pub mod recovery;
pub mod typed;

use std::fmt;

use gatepost_words::secret::Secret;
use serde::{Deserialize, Serialize};

/// What codes are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// 0 to 9.
    Digits,
    /// Letters and digits that cannot be mistaken for each other: no 0 O 1 I L.
    Letters,
}

impl Alphabet {
    /// The symbols, each one byte.
    pub const fn symbols(self) -> &'static [u8] {
        match self {
            Self::Digits => b"0123456789",
            Self::Letters => b"23456789ABCDEFGHJKMNPQRSTUVWXYZ",
        }
    }
}

/// Alphabet and length of the codes that a policy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What they are made of.
    pub alphabet: Alphabet,
    /// How many symbols; at least six, so that a single letter is never a code.
    pub length: u8,
}

impl Shape {
    /// How many codes there are.
    pub fn space(self) -> f64 {
        let symbols = u32::try_from(self.alphabet.symbols().len()).unwrap_or(u32::MAX);
        f64::from(symbols).powi(i32::from(self.length))
    }
}

impl fmt::Display for Shape {
    /// As the prompt says it: `8-digit`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.alphabet {
            Alphabet::Digits => "digit",
            Alphabet::Letters => "letter",
        };
        write!(f, "{}-{kind}", self.length)
    }
}

/// A code, normalised: no spaces, no dashes, upper case.
#[derive(Debug)]
pub struct Code(Secret);

impl Code {
    /// Draws a code from `fill`, which must fill its buffer with uniform random bytes. Every code
    /// of the shape is equally likely, leading zeros included: bytes past the largest multiple of
    /// the alphabet's size are drawn again, never folded.
    pub fn draw<E>(
        shape: Shape,
        mut fill: impl FnMut(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        symbols(
            shape.alphabet.symbols(),
            usize::from(shape.length),
            &mut fill,
        )
        .map(Self)
    }

    /// What was typed, freed of spaces and dashes. Anything is taken: text of another shape is
    /// compared like any other guess, and is wrong.
    pub fn typed(text: &[u8]) -> Self {
        Self(Secret::new(
            text.iter()
                .filter(|byte| !matches!(byte, b' ' | b'-'))
                .map(u8::to_ascii_uppercase)
                .collect(),
        ))
    }

    /// The bytes, for the keyed hash.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// In groups of four or three, as people read it aloud: `1234 5678`, `123 456`.
    pub fn grouped(&self) -> Secret {
        let bytes = self.0.expose();
        let group = if bytes.len().is_multiple_of(4) { 4 } else { 3 };
        let mut out = Vec::with_capacity(bytes.len() + bytes.len() / group);
        for chunk in bytes.chunks(group) {
            if !out.is_empty() {
                out.push(b' ');
            }
            out.extend_from_slice(chunk);
        }
        Secret::new(out)
    }
}

/// `length` symbols, each uniform over `alphabet`, by rejection sampling.
fn symbols<E>(
    alphabet: &[u8],
    length: usize,
    fill: &mut impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<Secret, E> {
    let fair = 256 / alphabet.len() * alphabet.len();
    let mut out = Vec::with_capacity(length);
    let mut pool = [0_u8; 32];
    while out.len() < length {
        fill(&mut pool)?;
        let fair_draws = pool
            .iter()
            .map(|byte| usize::from(*byte))
            .filter(|draw| *draw < fair);
        out.extend(
            fair_draws
                .filter_map(|draw| alphabet.get(draw % alphabet.len()))
                .take(length - out.len()),
        );
    }
    zeroize::Zeroize::zeroize(&mut pool);
    Ok(Secret::new(out))
}

/// A short reference that prompt and mail both show: four symbols, not secret.
pub fn reference<E>(mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<String, E> {
    let drawn = symbols(Alphabet::Letters.symbols(), 4, &mut fill)?;
    Ok(drawn
        .expose()
        .iter()
        .map(|byte| char::from(*byte))
        .collect())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::{Alphabet, Code, Shape};

    const EIGHT_DIGITS: Shape = Shape {
        alphabet: Alphabet::Digits,
        length: 8,
    };

    /// A generator that deals the bytes in turn, for ever.
    fn dealt(bytes: Vec<u8>) -> impl FnMut(&mut [u8]) -> Result<(), Infallible> {
        let mut cycle = bytes.into_iter().cycle();
        move |buffer| {
            buffer.fill_with(|| cycle.next().unwrap());
            Ok(())
        }
    }

    #[test]
    fn leading_zeros_are_kept_and_unfair_bytes_are_drawn_again() {
        let code = Code::draw(EIGHT_DIGITS, dealt(vec![250, 255, 0, 10, 249])).unwrap();
        assert_eq!(code.expose(), b"00900900");
    }

    #[test]
    fn every_byte_value_leads_to_each_digit_equally_often() {
        for alphabet in [Alphabet::Digits, Alphabet::Letters] {
            let symbols = alphabet.symbols();
            let fair = 256 / symbols.len() * symbols.len();
            let shape = Shape {
                alphabet,
                length: u8::try_from(fair).unwrap(),
            };
            let code = Code::draw(shape, dealt((0..=255).collect())).unwrap();
            let mut counts = [0_usize; 256];
            for byte in code.expose() {
                counts[usize::from(*byte)] += 1;
            }
            for symbol in symbols {
                let count = counts[usize::from(*symbol)];
                assert_eq!(count, fair / symbols.len(), "{symbol}");
            }
        }
    }

    #[test]
    fn a_failing_generator_makes_no_code() {
        assert_eq!(
            Code::draw(EIGHT_DIGITS, |_| Err("no entropy")).unwrap_err(),
            "no entropy"
        );
    }

    #[test]
    fn typed_codes_lose_spaces_and_dashes_alone() {
        assert_eq!(Code::typed(b" 1234-5678 ").expose(), b"12345678");
        assert_eq!(Code::typed(b"abc d").expose(), b"ABCD");
        assert_eq!(Code::typed(b"1234\t5678").expose(), b"1234\t5678");
        assert_eq!(Code::typed("１２".as_bytes()).expose().len(), 6);
    }

    #[test]
    fn codes_are_grouped_for_reading() {
        for (typed, shown) in [
            ("12345678", "1234 5678"),
            ("123456", "123 456"),
            ("1234567", "123 456 7"),
        ] {
            assert_eq!(
                Code::typed(typed.as_bytes()).grouped().expose(),
                shown.as_bytes()
            );
        }
    }
}
