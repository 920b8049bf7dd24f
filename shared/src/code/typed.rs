//! What an answer at the prompt means: nothing, a command, or one guess against exactly one factor.

use gatepost_words::text::PROMPT_LIMIT;

use super::Code;
use super::bypass::BypassCode;
use super::recovery::RecoveryCode;

/// The longest answer that is looked at, in bytes; a longer one is a wrong code.
pub const LONGEST: usize = 64;

/// An answer, read.
#[derive(Debug)]
pub enum Typed {
    /// Enter alone: how did the delivery go?
    Empty,
    /// `?`
    Help,
    /// `r`: send a new code.
    Resend,
    /// `m`, `s` or `t`: another factor.
    OtherFactor,
    /// A guess against the mailed code.
    Code(Code),
    /// A guess against a recovery code.
    Recovery(RecoveryCode),
    /// A guess against a bypass code.
    Bypass(BypassCode),
}

impl Typed {
    /// Reads an answer. Codes have at least six characters, so a single letter is never one.
    pub fn read(answer: &[u8]) -> Self {
        const { assert!(LONGEST < PROMPT_LIMIT) }
        let inner = trimmed(answer);
        match inner {
            [] => return Self::Empty,
            [b'?'] => return Self::Help,
            [b'r' | b'R'] => return Self::Resend,
            [b'm' | b'M' | b's' | b'S' | b't' | b'T'] => return Self::OtherFactor,
            _ => {}
        }
        if inner.len() > LONGEST {
            return Self::Code(Code::typed(b""));
        }
        // The shapes differ in their length, so the order says nothing.
        if let Some(code) = RecoveryCode::parse(inner) {
            return Self::Recovery(code);
        }
        BypassCode::parse(inner).map_or_else(|| Self::Code(Code::typed(inner)), Self::Bypass)
    }
}

/// Spaces alone are trimmed: other white space is no part of how codes are typed or pasted.
fn trimmed(answer: &[u8]) -> &[u8] {
    let start = answer
        .iter()
        .position(|byte| *byte != b' ')
        .unwrap_or(answer.len());
    let end = answer
        .iter()
        .rposition(|byte| *byte != b' ')
        .map_or(start, |last| last + 1);
    answer.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, proptest};

    use super::Typed;

    #[test]
    fn each_answer_means_one_thing() {
        let kinds = |answer: &[u8]| match Typed::read(answer) {
            Typed::Empty => "empty",
            Typed::Help => "help",
            Typed::Resend => "resend",
            Typed::OtherFactor => "factor",
            Typed::Code(_) => "code",
            Typed::Recovery(_) => "recovery",
            Typed::Bypass(_) => "bypass",
        };
        let long = vec![b'A'; 1 << 20];
        let cases: [(&[u8], &str); 26] = [
            (b"", "empty"),
            (b"   ", "empty"),
            (b"?", "help"),
            (b" r ", "resend"),
            (b"R", "resend"),
            (b"m", "factor"),
            (b"rr", "code"),
            (b"12345678", "code"),
            (b"12345678\n", "code"),
            (b"-", "code"),
            (b"\0", "code"),
            (b"\xff\xfe", "code"),
            (b"abcde-fghjk-mnpqr", "recovery"),
            (b"B-K7QX-MNPQ-2345", "bypass"),
            (b"bk7qx mnpq2345", "bypass"),
            // One symbol fewer is a mailed code's length, one or two more lie before a recovery code's.
            (b"BK7QXMNPQ234", "code"),
            (b"BK7QXMNPQ23456", "code"),
            (b"BK7QXMNPQ234567", "recovery"),
            (b"BABCD-EFGHJ-KMNPQ", "recovery"),
            // Twelve letters that begin with the mark are a mailed code of letters.
            (b"BBBBBBBBBBBB", "code"),
            (b"B-2222-2222-2222", "code"),
            (b"B222222222222", "code"),
            (b"A-K7QX-MNPQ-2345", "code"),
            (b"B-K7QX-MNPQ-234O", "code"),
            (b"b", "code"),
            (&long, "code"),
        ];
        for (answer, kind) in cases {
            assert_eq!(kinds(answer), kind, "{:?}", &answer[..answer.len().min(20)]);
        }
    }

    proptest! {
        // Mutant: an answer is cut to the length of a code, or white space is dropped inside it.
        #[test]
        fn fuzz_code_input(answer in vec(any::<u8>(), 0..200)) {
            if let Typed::Code(code) = Typed::read(&answer) {
                let kept = code.expose();
                // What is compared is what was typed, less spaces and dashes, and in capitals.
                let typed: Vec<u8> = answer
                    .iter()
                    .filter(|byte| !matches!(byte, b' ' | b'-'))
                    .map(u8::to_ascii_uppercase)
                    .collect();
                prop_assert!(kept.is_empty() || *kept == typed, "{:?}", answer);
            }
        }
    }
}
