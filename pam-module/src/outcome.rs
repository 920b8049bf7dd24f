//! Verdicts and failures, and the one table from them to PAM codes.
//!
//! The only place that makes `PAM_SUCCESS` or `PAM_IGNORE` of a login, and it makes them of a
//! [`Proof`] alone.

use std::fmt;

use gatepost_words::wire::{FrameError, Nonce, Verdict};
use pam::constants::PamResultCode;
use rustix::io::Errno;

use crate::arguments::BadArguments;
use crate::conversation::BadItem;
use crate::helper_process::{End, LinkError, StartError};

/// A verdict that came with this call's nonce. Made by [`Proof::read`] and nothing else.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) struct Proof(Verdict);

impl Proof {
    /// Takes a verdict frame for what it says, if it answers this very call.
    pub(crate) fn read(ours: Nonce, theirs: Nonce, word: [u8; 4]) -> Result<Self, Failure> {
        if !same_nonce(ours, theirs) {
            return Err(Failure::WrongNonce);
        }
        Verdict::from_word(word)
            .map(Self)
            .ok_or(Failure::UnknownWord)
    }

    /// Whether this verdict opens the door, by itself or with the rest of the stack.
    pub(crate) fn lets_in(&self) -> bool {
        match self.0 {
            Verdict::Success | Verdict::Ignore => true,
            Verdict::Refuse
            | Verdict::MaxTries
            | Verdict::UserUnknown
            | Verdict::Denied
            | Verdict::Broken
            | Verdict::Unavailable => false,
        }
    }

    /// Whether it says that a code was consumed.
    pub(crate) fn is_success(&self) -> bool {
        self.0 == Verdict::Success
    }
}

/// Why there is no verdict. Each is a refusal and one line in the log.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The administrator's line.
    Arguments(BadArguments),
    /// The host's PAM items.
    Item(BadItem),
    /// `PAM_USER` is another one than at first.
    UserChanged,
    /// The kernel gave no random bytes.
    Randomness(Errno),
    /// The helper was not started.
    Start(StartError),
    /// The helper went silent or away, or speaks another protocol.
    Link(LinkError, Option<End>),
    /// A frame of ours could not be made.
    Frame(FrameError),
    /// A verdict for another call.
    WrongNonce,
    /// A verdict that is none.
    UnknownWord,
    /// The helper let in, or went on asking, where only a refusal can follow.
    OutOfTurn,
    /// The helper does not stop asking.
    TooManyRounds,
}

impl Failure {
    /// Adds how the helper ended, where that tells something.
    pub(crate) fn with_end(self, end: End) -> Self {
        if let Self::Link(error, None) = self {
            return Self::Link(error, Some(end));
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(bad) => bad.fmt(f),
            Self::Item(bad) => bad.fmt(f),
            Self::UserChanged => f.write_str("PAM_USER changed during the login"),
            Self::Randomness(errno) => write!(f, "no random bytes from the kernel: {errno}"),
            Self::Start(error) => error.fmt(f),
            Self::Link(error, None) => error.fmt(f),
            Self::Link(error, Some(end)) => write!(f, "{error}; the helper {end}"),
            Self::Frame(error) => write!(f, "a frame to the helper could not be made: {error}"),
            Self::WrongNonce => f.write_str("the helper's verdict is not for this login"),
            Self::UnknownWord => f.write_str("the helper's verdict is none that exists"),
            Self::OutOfTurn => f.write_str("the helper let in where it had nothing to go by"),
            Self::TooManyRounds => f.write_str("the helper asked more often than any login does"),
        }
    }
}

impl From<BadArguments> for Failure {
    fn from(bad: BadArguments) -> Self {
        Self::Arguments(bad)
    }
}

impl From<BadItem> for Failure {
    fn from(bad: BadItem) -> Self {
        Self::Item(bad)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::Start(error)
    }
}

impl From<LinkError> for Failure {
    fn from(error: LinkError) -> Self {
        Self::Link(error, None)
    }
}

impl From<FrameError> for Failure {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

/// The table.
pub(crate) fn code(outcome: &Result<Proof, Failure>) -> PamResultCode {
    match outcome {
        Ok(Proof(Verdict::Success)) => PamResultCode::PAM_SUCCESS,
        Ok(Proof(Verdict::Ignore)) => PamResultCode::PAM_IGNORE,
        Ok(Proof(Verdict::Refuse)) => PamResultCode::PAM_AUTH_ERR,
        Ok(Proof(Verdict::MaxTries)) => PamResultCode::PAM_MAXTRIES,
        Ok(Proof(Verdict::UserUnknown)) => PamResultCode::PAM_USER_UNKNOWN,
        Ok(Proof(Verdict::Denied)) => PamResultCode::PAM_PERM_DENIED,
        Ok(Proof(Verdict::Broken)) => PamResultCode::PAM_CONV_ERR,
        // Set up wrongly, or a host that changes its mind: a person must mend it.
        Err(
            Failure::Arguments(_)
            | Failure::Item(_)
            | Failure::UserChanged
            | Failure::Randomness(_)
            | Failure::Frame(_),
        ) => PamResultCode::PAM_SYSTEM_ERR,
        // By the helper's own word, or because it is missing, mute or mad.
        Ok(Proof(Verdict::Unavailable))
        | Err(
            Failure::Start(_)
            | Failure::Link(..)
            | Failure::WrongNonce
            | Failure::UnknownWord
            | Failure::OutOfTurn
            | Failure::TooManyRounds,
        ) => PamResultCode::PAM_AUTHINFO_UNAVAIL,
    }
}

/// Compares without telling, by its time, how much of the nonce was right.
fn same_nonce(Nonce(ours): Nonce, Nonce(theirs): Nonce) -> bool {
    let difference = ours
        .iter()
        .zip(theirs)
        .fold(0_u8, |difference, (our, their)| difference | (our ^ their));
    std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use gatepost_words::wire::{FrameError, Nonce, Verdict};
    use pam::constants::PamResultCode;
    use rustix::io::Errno;

    use super::{Failure, Proof, code};
    use crate::arguments::Arguments;
    use crate::conversation::BadItem;
    use crate::helper_process::{LinkError, StartError};

    const OURS: Nonce = Nonce([9; 16]);

    #[test]
    fn each_verdict_has_its_code() {
        let rows = [
            (Verdict::Success, PamResultCode::PAM_SUCCESS, true),
            (Verdict::Ignore, PamResultCode::PAM_IGNORE, true),
            (Verdict::Refuse, PamResultCode::PAM_AUTH_ERR, false),
            (Verdict::MaxTries, PamResultCode::PAM_MAXTRIES, false),
            (Verdict::UserUnknown, PamResultCode::PAM_USER_UNKNOWN, false),
            (Verdict::Denied, PamResultCode::PAM_PERM_DENIED, false),
            (Verdict::Broken, PamResultCode::PAM_CONV_ERR, false),
            (
                Verdict::Unavailable,
                PamResultCode::PAM_AUTHINFO_UNAVAIL,
                false,
            ),
        ];
        assert_eq!(rows.len(), Verdict::ALL.len());
        for (verdict, expected, lets_in) in rows {
            let proof = Proof::read(OURS, OURS, verdict.word()).unwrap();
            assert_eq!(proof.lets_in(), lets_in, "{verdict:?}");
            assert_eq!(code(&Ok(proof)), expected, "{verdict:?}");
        }
    }

    #[test]
    fn each_failure_is_a_refusal() {
        let system = [
            Failure::from(Arguments::parse(&[c"nullok"]).unwrap_err()),
            Failure::Item(BadItem::new("PAM_USER", "is not set")),
            Failure::UserChanged,
            Failure::Randomness(Errno::NOSYS),
            Failure::Frame(FrameError::TooLong(1)),
        ];
        for failure in system {
            let told = failure.to_string();
            assert_eq!(code(&Err(failure)), PamResultCode::PAM_SYSTEM_ERR, "{told}");
        }
        let helper = [
            Failure::Start(StartError::NotRoot(1000)),
            Failure::from(LinkError::Closed),
            Failure::WrongNonce,
            Failure::UnknownWord,
            Failure::OutOfTurn,
            Failure::TooManyRounds,
        ];
        for failure in helper {
            let told = failure.to_string();
            assert_eq!(
                code(&Err(failure)),
                PamResultCode::PAM_AUTHINFO_UNAVAIL,
                "{told}"
            );
        }
    }

    #[test]
    fn a_nonce_that_differs_in_one_bit_is_no_nonce() {
        for byte in 0..16 {
            for bit in 0..8 {
                let Nonce(mut theirs) = OURS;
                theirs[byte] ^= 1 << bit;
                let read = Proof::read(OURS, Nonce(theirs), Verdict::Success.word());
                assert!(matches!(read, Err(Failure::WrongNonce)), "{byte} {bit}");
            }
        }
    }

    #[test]
    fn a_word_that_differs_in_one_bit_is_no_verdict() {
        for verdict in Verdict::ALL {
            for byte in 0..4 {
                for bit in 0..8 {
                    let mut word = verdict.word();
                    word[byte] ^= 1 << bit;
                    let read = Proof::read(OURS, OURS, word);
                    assert!(matches!(read, Err(Failure::UnknownWord)), "{verdict:?}");
                }
            }
        }
    }
}
