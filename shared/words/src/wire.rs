//! The frames between the PAM module and the helper.
//!
//! A frame is `u32` length (little endian) ‖ `u16` protocol ‖ body in postcard. The protocol number
//! stands in front of every body, where it can be read whatever the body's shape became, so that a
//! module kept in memory by a long-lived daemon can be told apart from today's. The verdict is
//! explicit bytes: a word of high Hamming distance next to the module's nonce, so that no short
//! read, exit status or flipped bit can be one. The frames do not say who started whom, which keeps
//! them fit for a helper that runs as a socket-activated service.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The protocol that this build speaks.
pub const PROTOCOL: u16 = 3;

/// The largest body of a frame, in bytes. The longest honest one is a [`Hello`], under 4 KiB.
pub const MAX_BODY: usize = 16 * 1024;

/// Bytes in front of a body: length and protocol.
pub const HEADER: usize = 6;

/// Sixteen bytes from the kernel, fresh for each call: a verdict without them is none.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce(pub [u8; 16]);

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(…)")
    }
}

/// What the stack proved before our line, by the word of whoever wrote the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proved {
    /// Nothing: on a decoy line, the password was wrong.
    Nothing,
    /// The password.
    Password,
    /// A public key (sshd's `AuthenticationMethods publickey,keyboard-interactive`).
    Key,
}

/// The first frame: everything that the module knows about the login.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// To be repeated in the verdict.
    pub nonce: Nonce,
    /// Absolute path from `conf=`, or the built-in one.
    pub conf: Option<String>,
    /// `PAM_SERVICE`.
    pub service: String,
    /// `PAM_USER` as the module read it first.
    pub user: String,
    /// `PAM_RHOST`, as given: forged, empty or a name as it may be.
    pub rhost: Option<String>,
    /// `PAM_TTY`.
    pub tty: Option<String>,
    /// `PAM_RUSER`.
    pub ruser: Option<String>,
    /// Real uid of the host process: who typed `su`.
    pub caller_uid: u32,
    /// `SSH_AUTH_INFO_0` of the PAM environment, for the log.
    pub auth_info: Option<String>,
    /// This line belongs to a decoy stack.
    pub decoy: bool,
    /// From `after=`.
    pub after: Proved,
}

/// Why the host, not a person, answered a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostAnswer {
    /// The answer was the password: sshd's `PasswordAuthentication` fills hidden prompts with it.
    Password,
    /// sshd's filler for users it will not let in (invalid user, `PermitRootLogin`).
    Junk,
}

/// What the module says after [`Hello`].
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToHelper {
    /// A person's answer to the last [`ToModule::Ask`].
    Answer {
        /// `PAM_USER`, read again after the prompt.
        user: String,
        /// What was typed.
        text: Secret,
    },
    /// The host answered for the user; nothing was typed.
    HostAnswered(HostAnswer),
    /// The conversation failed: Ctrl-C, a host that cannot prompt, a closed terminal.
    ConversationFailed,
}

/// What the helper says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToModule {
    /// Show the text and ask; the whole message is one prompt of at most 512 bytes.
    Ask {
        /// What to show, ending in the prompt proper.
        text: String,
        /// Whether what is typed shows.
        echo: bool,
    },
    /// The end: the module maps it and returns.
    Verdict {
        /// The nonce of the [`Hello`].
        nonce: Nonce,
        /// The word of a [`Verdict`].
        word: [u8; 4],
        /// A last line for the person, where the host shows one.
        say: Option<String>,
    },
}

/// How a login ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The right, live, unused code was consumed in one transaction.
    Success,
    /// A rule or a setting says that nobody is asked here.
    Ignore,
    /// A wrong code, or none.
    Refuse,
    /// The last try was wrong: the host should stop asking.
    MaxTries,
    /// No such account, or not enrolled.
    UserUnknown,
    /// A rule, a lock or an administrator says no.
    Denied,
    /// The conversation broke off.
    Broken,
    /// Something that Gatepost needs is missing, broken or busy.
    Unavailable,
}

impl Verdict {
    /// Every verdict, for tables and tests.
    pub const ALL: [Self; 8] = [
        Self::Success,
        Self::Ignore,
        Self::Refuse,
        Self::MaxTries,
        Self::UserUnknown,
        Self::Denied,
        Self::Broken,
        Self::Unavailable,
    ];

    /// The word on the wire. Any two differ in at least eight bits.
    pub const fn word(self) -> [u8; 4] {
        match self {
            Self::Success => [0xd3, 0x5a, 0x96, 0x2f],
            Self::Ignore => [0x2c, 0xa5, 0x59, 0x70],
            Self::Refuse => [0x00, 0x0f, 0xf0, 0xff],
            Self::MaxTries => [0xff, 0xf0, 0x00, 0x0f],
            Self::UserUnknown => [0x0f, 0x00, 0x0f, 0x00],
            Self::Denied => [0xf0, 0x0f, 0x0f, 0xf0],
            Self::Broken => [0x33, 0x33, 0xcc, 0xcc],
            Self::Unavailable => [0xcc, 0x33, 0x33, 0xcc],
        }
    }

    /// The verdict of a word; an unknown one is none.
    pub fn from_word(word: [u8; 4]) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }
}

/// Why bytes were not a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The other side speaks another protocol: a service was not restarted after an upgrade.
    Protocol(u16),
    /// The body is longer than it may be.
    TooLong(usize),
    /// The body is no such message, or bytes follow it.
    Malformed,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(theirs) => write!(
                f,
                "the other side speaks protocol {theirs}, this one {PROTOCOL}: restart the service \
                 that loaded pam_gatepost.so before the upgrade"
            ),
            Self::TooLong(length) => write!(f, "a frame of {length} bytes, longer than it may be"),
            Self::Malformed => f.write_str("a frame that cannot be read"),
        }
    }
}

impl std::error::Error for FrameError {}

/// A whole frame, header included. The bytes may hold a secret: they wipe themselves, and the
/// buffer has its full size from the start, since one that grows leaves pieces behind.
pub fn encode<T: Serialize>(message: &T) -> Result<Secret, FrameError> {
    encode_within(message, MAX_BODY)
}

/// The same for what may have a body of so many bytes.
pub fn encode_within<T: Serialize>(message: &T, most: usize) -> Result<Secret, FrameError> {
    let mut frame = Zeroizing::new(vec![0; HEADER.saturating_add(most)]);
    let body = frame.get_mut(HEADER..).unwrap_or_default();
    let length = match postcard::to_slice(message, body) {
        Ok(written) => written.len(),
        Err(postcard::Error::SerializeBufferFull) => {
            return Err(FrameError::TooLong(most.saturating_add(1)));
        }
        Err(_no_message_of_ours) => return Err(FrameError::Malformed),
    };
    let [l0, l1, l2, l3] = u32::try_from(length)
        .map_err(|_over_cap| FrameError::TooLong(length))?
        .to_le_bytes();
    let [p0, p1] = PROTOCOL.to_le_bytes();
    for (place, byte) in frame.iter_mut().zip([l0, l1, l2, l3, p0, p1]) {
        *place = byte;
    }
    frame.truncate(HEADER + length);
    Ok(Secret::new(std::mem::take(&mut *frame)))
}

/// The length of the body that follows a header.
pub fn body_length(header: [u8; HEADER]) -> Result<usize, FrameError> {
    body_length_within(header, MAX_BODY)
}

/// The same for a body that may have so many bytes.
pub fn body_length_within(header: [u8; HEADER], most: usize) -> Result<usize, FrameError> {
    let [l0, l1, l2, l3, p0, p1] = header;
    let protocol = u16::from_le_bytes([p0, p1]);
    if protocol != PROTOCOL {
        return Err(FrameError::Protocol(protocol));
    }
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    match usize::try_from(length) {
        Ok(length) if length <= most => Ok(length),
        Ok(length) => Err(FrameError::TooLong(length)),
        Err(_) => Err(FrameError::TooLong(usize::MAX)),
    }
}

/// The message in a body; bytes left over are an error.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(body) {
        Ok((message, [])) => Ok(message),
        Ok(_) | Err(_) => Err(FrameError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_assert_ne, proptest};

    use super::{
        FrameError, HEADER, MAX_BODY, Nonce, PROTOCOL, ToHelper, ToModule, Verdict, body_length,
        decode, encode,
    };
    use crate::secret::Secret;

    #[test]
    fn a_frame_survives_the_wire() {
        let answer = ToHelper::Answer {
            user: "alice".to_owned(),
            text: Secret::from("1234 5678".to_owned()),
        };
        let frame = encode(&answer).unwrap();
        let (header, body) = frame.expose().split_at(HEADER);
        assert_eq!(body_length(header.try_into().unwrap()), Ok(body.len()));
        assert_eq!(decode::<ToHelper>(body), Ok(answer));
    }

    #[test]
    fn another_protocol_is_named() {
        let [low, high] = (PROTOCOL + 1).to_le_bytes();
        let said = body_length([0, 0, 0, 0, low, high]).unwrap_err();
        assert_eq!(said, FrameError::Protocol(PROTOCOL + 1));
        assert!(said.to_string().contains("restart the service"), "{said}");
    }

    #[test]
    fn a_long_body_is_refused_before_it_is_read() {
        let [low, high] = PROTOCOL.to_le_bytes();
        let [a, b, c, d] = u32::try_from(MAX_BODY + 1).unwrap().to_le_bytes();
        assert_eq!(
            body_length([a, b, c, d, low, high]),
            Err(FrameError::TooLong(MAX_BODY + 1))
        );
    }

    #[test]
    fn every_truncation_and_every_extra_byte_is_refused() {
        let verdict = ToModule::Verdict {
            nonce: Nonce([7; 16]),
            word: Verdict::Success.word(),
            say: Some("x".to_owned()),
        };
        let frame = encode(&verdict).unwrap();
        let body = &frame.expose()[HEADER..];
        for cut in 0..body.len() {
            assert_eq!(
                decode::<ToModule>(&body[..cut]),
                Err(FrameError::Malformed),
                "{cut}"
            );
        }
        let mut longer = body.to_vec();
        longer.push(0);
        assert_eq!(decode::<ToModule>(&longer), Err(FrameError::Malformed));
    }

    #[test]
    fn any_two_verdicts_are_far_apart() {
        for a in Verdict::ALL {
            assert_eq!(Verdict::from_word(a.word()), Some(a));
            for b in Verdict::ALL {
                let bits: u32 = a
                    .word()
                    .iter()
                    .zip(b.word())
                    .map(|(x, y)| (x ^ y).count_ones())
                    .sum();
                assert!(a == b || bits >= 8, "{a:?} {b:?}: {bits}");
            }
        }
        assert_eq!(Verdict::from_word([0; 4]), None);
        assert_eq!(Verdict::from_word([0xff; 4]), None);
    }

    proptest! {
        // Mutant: a length is trusted, or a body that stops short is filled up.
        #[test]
        fn fuzz_frames(bytes in vec(any::<u8>(), 0..300), cut in 0_usize..300) {
            let read = decode::<ToModule>(&bytes);
            if let Ok(ToModule::Verdict { word, .. }) = &read {
                // Four bytes in 2^32 are a success: none of them by chance in a test's lifetime.
                prop_assert_ne!(Verdict::from_word(*word), Some(Verdict::Success));
            }
            let _never_a_panic = decode::<ToHelper>(&bytes);
            let answer = ToHelper::Answer {
                user: String::from_utf8_lossy(&bytes).into_owned(),
                text: Secret::new(bytes),
            };
            let frame = encode(&answer).unwrap();
            let body = &frame.expose()[HEADER..];
            let cut = cut % body.len();
            prop_assert!(decode::<ToHelper>(&body[..cut]).is_err());
            prop_assert_eq!(decode::<ToHelper>(body), Ok(answer));
        }
    }
}
