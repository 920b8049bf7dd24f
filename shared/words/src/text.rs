//! The one sanitiser, and the sentences that a person at a prompt reads.
//!
//! English and ASCII: an ssh client in the C locale shows other bytes as octal. A prompt is one
//! message of at most [`PROMPT_LIMIT`] bytes that ends in [`PROMPT`], which tools match on. Mails
//! are templates in the sender, not here.

use std::fmt::Write;

use crate::time::Span;

/// The longest that sanitised text gets, in bytes, before the mark that it was cut.
pub const SANITISED_LIMIT: usize = 256;

/// The longest message to a PAM conversation, in bytes.
pub const PROMPT_LIMIT: usize = 512;

/// What every prompt ends in; Ansible, `PuTTY` and others recognise it.
pub const PROMPT: &str = "Verification code: ";

/// Makes text from outside fit for a log, a screen, a mail or a CSV field: control characters,
/// line and paragraph separators, bidirectional and invisible formatting characters and the
/// backslash itself become visible escapes; past [`SANITISED_LIMIT`] bytes it is cut.
pub fn sanitise(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(SANITISED_LIMIT));
    for c in text.chars() {
        let before = out.len();
        match c {
            '\\' => out.push_str("\\\\"),
            c if c.is_control() || steers_the_display(c) => {
                // Writing to a String cannot fail.
                let _infallible = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
        if out.len() > SANITISED_LIMIT {
            out.truncate(before);
            out.push_str("...");
            break;
        }
    }
    out
}

/// The same for a text that may have been sanitised already: what is escaped stays as it is, and nothing
/// is cut off.
pub fn tame(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || steers_the_display(c) {
            out.push_str(&sanitise(c.encode_utf8(&mut [0; 4])));
        } else {
            out.push(c);
        }
    }
    out
}

/// A text of ours on one line. What it quotes of others was sanitised where it came in.
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Characters that are not `Cc` but change how the text around them is shown.
fn steers_the_display(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// A value of a key=value log line: sanitised, and quoted where a space, a quote or an equals sign
/// would make the line ambiguous.
pub fn log_value(text: &str) -> String {
    quote(sanitise(text))
}

/// As [`log_value`], for text that passed [`sanitise`] when it came in: a second time would escape its
/// escapes.
pub fn quote(clean: String) -> String {
    // Any white space: what reads the log may take a no-break space for the end of a value.
    let ambiguous = |c: char| c.is_whitespace() || matches!(c, '"' | '=');
    if !clean.is_empty() && !clean.contains(ambiguous) {
        return clean;
    }
    format!("\"{}\"", clean.replace('"', "\\\""))
}

/// What a prompt needs to know of the login.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// This host, as people call it.
    pub host: String,
    /// The account's name, as the person typed it.
    pub user: String,
    /// `8-digit` or `8-letter`.
    pub shape: String,
}

/// Why no new mail goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMail {
    /// Too many mails; the next may go out after so long.
    Limit(Span),
    /// The account has no confirmed address.
    NoAddress,
}

/// The prompts and last words of a login, as data until they are shown.
#[derive(Clone, Debug)]
pub enum Say {
    /// A code is on its way.
    Sent {
        /// Masked address.
        to: String,
        /// Short reference, in the mail too.
        reference: String,
        /// How long the code lives.
        life: Span,
    },
    /// A code sent for an earlier connection still works.
    Resumed {
        /// Masked address.
        to: String,
        /// Short reference.
        reference: String,
        /// How much longer it lives.
        left: Span,
    },
    /// Decoy stacks: the same bytes whoever asks and whatever happened.
    Neutral {
        /// How long codes live by the policy.
        life: Span,
    },
    /// No mail goes out; recovery codes are what is left.
    NotSent(NoMail),
    /// The account is locked for mailed codes.
    Locked {
        /// How much longer; none where an administrator must unlock it.
        left: Option<Span>,
    },
    /// The code was wrong.
    Wrong {
        /// Tries left.
        tries: u32,
    },
    /// The answer has the shape of a recovery code and was not right.
    WrongRecovery,
    /// Too many wrong recovery codes.
    RecoveryLocked {
        /// How much longer.
        left: Span,
    },
    /// The answer has the shape of a bypass code and was not right.
    WrongBypass,
    /// Too many wrong bypass codes.
    BypassLocked {
        /// How much longer.
        left: Span,
    },
    /// The code came too late.
    Expired,
    /// `r`, where the store or the account is another one by now: this sign-in can go no further.
    Over,
    /// The code was used already.
    Used,
    /// A later code replaced this one.
    Replaced,
    /// An empty answer: how the delivery went.
    Delivery(DeliveryState),
    /// `?`.
    Help,
    /// `r` came too early or too often.
    ResendLater(Span),
    /// `r`: a new code is on its way.
    Resent {
        /// Its reference.
        reference: String,
    },
    /// The key is no command here.
    NoSuchFactor,
}

/// How far a mail has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// Taken by the relay at that time of day.
    Accepted(String),
    /// Still being sent.
    Running,
    /// Could not be sent.
    Failed,
    /// None was sent in this login.
    None,
}

impl SignIn {
    /// The whole message for a prompt.
    pub fn prompt(&self, say: &Say) -> String {
        let mut text = self.line(say);
        // The names in the line are cut by `sanitise`; a pathological pair must not push the
        // prompt itself out of the message.
        let room = PROMPT_LIMIT - PROMPT.len() - 1;
        if text.len() > room {
            let cut = text.floor_char_boundary(room);
            text.truncate(cut);
        }
        text.push('\n');
        text.push_str(PROMPT);
        text
    }

    /// The line above the prompt.
    fn line(&self, say: &Say) -> String {
        let who = || {
            let short = |name: &str| {
                let clean = sanitise(name);
                let cut = clean.floor_char_boundary(64);
                clean.get(..cut).unwrap_or_default().to_owned()
            };
            format!("Sign-in to {} as {}", short(&self.host), short(&self.user))
        };
        let shape = &self.shape;
        match say {
            Say::Sent {
                to,
                reference,
                life,
            } => format!(
                "{}: enter the {shape} code sent to {to} (ref {reference}, valid {life}; r = \
                 resend, ? = help).",
                who()
            ),
            Say::Resumed {
                to,
                reference,
                left,
            } => format!(
                "{}: enter the {shape} code already sent to {to} (ref {reference}, valid {left} \
                 more; r = resend, ? = help).",
                who()
            ),
            Say::Neutral { life } => format!(
                "{}: enter the {shape} code sent by mail (valid {life}; r = resend, ? = help).",
                who()
            ),
            Say::NotSent(NoMail::Limit(wait)) => format!(
                "{}: no mail is sent now, too many went out already; the next can go in {wait}. \
                 A recovery or bypass code works.",
                who()
            ),
            Say::NotSent(NoMail::NoAddress) => format!(
                "{}: no confirmed mail address is known for this account. A recovery or bypass \
                 code works; an administrator can set the address.",
                who()
            ),
            Say::Locked { left: Some(left) } => format!(
                "{}: too many wrong codes, mailed codes are locked for another {left}. A recovery \
                 or bypass code works; an administrator can unlock the account.",
                who()
            ),
            Say::Locked { left: None } => format!(
                "{}: too many wrong codes, the account is locked until an administrator unlocks \
                 it.",
                who()
            ),
            Say::Wrong { tries: 1 } => {
                "That code is not right. One try left; the code in the newest mail counts.".into()
            }
            Say::Wrong { tries } => {
                format!("That code is not right. {tries} tries left; the newest mail counts.")
            }
            Say::WrongRecovery => "That recovery code is not right, or was used already.".into(),
            Say::RecoveryLocked { left } => format!(
                "Too many wrong recovery codes: none is taken for another {left}. A mailed code \
                 works; an administrator can unlock the account."
            ),
            Say::WrongBypass => {
                "That bypass code is not right, or has ended: an administrator can make another one."
                    .into()
            }
            Say::BypassLocked { left } => format!(
                "Too many wrong bypass codes: none is taken for another {left}. A mailed code works; \
                 an administrator can unlock the account."
            ),
            Say::Expired => "That code has expired. r = send a new one.".into(),
            Say::Over => "No code works in this sign-in any more: cancel it and sign in again.".into(),
            Say::Used => "That code was used already. r = send a new one.".into(),
            Say::Replaced => "A newer code was sent since: use the newest mail.".into(),
            Say::Delivery(DeliveryState::Accepted(at)) => format!(
                "The mail server took the mail at {at}. Look into the spam folder too; r = resend."
            ),
            Say::Delivery(DeliveryState::Running) => "The mail is still being sent.".into(),
            Say::Delivery(DeliveryState::Failed) => {
                "The mail could not be sent. Use a recovery or bypass code, or r = try again.".into()
            }
            Say::Delivery(DeliveryState::None) => {
                "No mail was sent in this login. Use a recovery or bypass code.".into()
            }
            Say::Help => "Type the code from the mail, a recovery code \
                          (XXXXX-XXXXX-XXXXX) or a bypass code (B-XXXX-XXXX-XXXX). Enter alone = how the mail fares, r = a new code. \
                          No mail? Ask your administrator: gatepost why USER."
                .into(),
            Say::ResendLater(wait) => format!("The next mail can be sent in {wait}."),
            Say::Resent { reference } => {
                format!("A new code is on its way (ref {reference}); the old one is dead.")
            }
            Say::NoSuchFactor => "Only mailed, recovery and bypass codes are set up here.".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::{
        DeliveryState, NoMail, PROMPT, PROMPT_LIMIT, Say, SignIn, log_value, sanitise, tame,
    };
    use crate::time::Span;

    #[test]
    fn what_steers_a_terminal_or_a_log_becomes_visible() {
        let cases = [
            ("alice", "alice"),
            ("a\nb", "a\\u{a}b"),
            ("\x1b[31m", "\\u{1b}[31m"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("a\u{200b}b", "a\\u{200b}b"),
            ("\\u{1b}", "\\\\u{1b}"),
            ("Ünï", "Ünï"),
            ("\0\x7f", "\\u{0}\\u{7f}"),
        ];
        for (raw, clean) in cases {
            assert_eq!(sanitise(raw), clean, "{raw:?}");
        }
    }

    // Mutants: what is escaped is escaped again; what steers a display is left.
    #[test]
    fn what_was_sanitised_stays_as_it_is_when_it_is_tamed() {
        for raw in ["alice", "a\\b", "\u{1b}[31m", "a\u{202e}b", "\0", "\u{9b}"] {
            let clean = sanitise(raw);
            assert_eq!(tame(&clean), clean, "{raw:?}");
            assert!(!tame(raw).contains(|c: char| c.is_control() || c == '\u{202e}'));
        }
        assert_eq!(tame("a\\b\u{7}"), "a\\b\\u{7}");
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        let cut = sanitise(&"ü".repeat(1000));
        assert_eq!(cut, format!("{}...", "ü".repeat(128)));
        assert!(sanitise(&"\n".repeat(1000)).len() <= 256 + 3);
    }

    #[test]
    fn a_log_value_is_one_word_or_quoted() {
        let cases = [
            ("a", "a"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("a=b", "\"a=b\""),
            ("a\" user=\"root", "\"a\\\" user=\\\"root\""),
            ("a\nuser=root", "\"a\\u{a}user=root\""),
        ];
        for (raw, said) in cases {
            assert_eq!(log_value(raw), said, "{raw:?}");
        }
    }

    #[test]
    fn every_prompt_fits_one_message_and_ends_as_tools_expect() {
        let to = || "a***@e***.org".to_owned();
        let reference = || "K7QX".to_owned();
        let span = Span::from_mins(5);
        let all = [
            Say::Sent {
                to: to(),
                reference: reference(),
                life: span,
            },
            Say::Resumed {
                to: to(),
                reference: reference(),
                left: span,
            },
            Say::Neutral { life: span },
            Say::NotSent(NoMail::Limit(span)),
            Say::NotSent(NoMail::NoAddress),
            Say::Locked { left: Some(span) },
            Say::Locked { left: None },
            Say::Wrong { tries: 1 },
            Say::Wrong { tries: 2 },
            Say::WrongRecovery,
            Say::RecoveryLocked { left: span },
            Say::WrongBypass,
            Say::BypassLocked { left: span },
            Say::Expired,
            Say::Over,
            Say::Used,
            Say::Replaced,
            Say::Delivery(DeliveryState::Accepted("12:03:04".into())),
            Say::Delivery(DeliveryState::Running),
            Say::Delivery(DeliveryState::Failed),
            Say::Delivery(DeliveryState::None),
            Say::Help,
            Say::ResendLater(span),
            Say::Resent {
                reference: reference(),
            },
            Say::NoSuchFactor,
        ];
        for name in ["alice".to_owned(), "\u{1b}".repeat(300), "ü".repeat(300)] {
            let sign_in = SignIn {
                host: name.clone(),
                user: name,
                shape: "8-digit".into(),
            };
            for say in &all {
                let text = sign_in.prompt(say);
                assert!(text.len() <= PROMPT_LIMIT, "{} {text}", text.len());
                assert!(text.ends_with(PROMPT), "{text}");
                assert!(!text.contains('\x1b'), "{text}");
            }
        }
    }

    #[test]
    fn the_first_prompt_says_what_where_who_and_for_how_long() {
        let sign_in = SignIn {
            host: "host01".into(),
            user: "alice".into(),
            shape: "8-digit".into(),
        };
        let say = Say::Sent {
            to: "a***@e***.org".into(),
            reference: "K7QX".into(),
            life: Span::from_mins(5),
        };
        assert_eq!(
            sign_in.prompt(&say),
            "Sign-in to host01 as alice: enter the 8-digit code sent to a***@e***.org (ref K7QX, \
             valid 5 min; r = resend, ? = help).\nVerification code: "
        );
    }

    proptest! {
        // Mutant: the sanitiser lets one class of control characters through, or forgets its limit.
        #[test]
        fn fuzz_sanitiser(text in any::<String>()) {
            for clean in [sanitise(&text), log_value(&text)] {
                prop_assert!(!clean.chars().any(char::is_control), "{:?}", clean);
                let bidi = |c| matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
                prop_assert!(!clean.chars().any(bidi), "{:?}", clean);
            }
            prop_assert_eq!(sanitise(&text), sanitise(&text));
        }
    }
}
