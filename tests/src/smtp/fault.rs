//! What a sink does wrong on demand: a list of faults, each an act at a step of the dialogue.

use std::time::Duration;

/// A point of the SMTP dialogue at which the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The first line of the server.
    Greeting,
    /// The answer to EHLO.
    Ehlo,
    /// The answer to STARTTLS.
    StartTls,
    /// The answer to AUTH.
    Auth,
    /// The answer to MAIL FROM.
    Mail,
    /// The answer to RCPT TO.
    Rcpt,
    /// The answer to DATA.
    Data,
    /// The answer to the message itself: the final 250.
    Body,
}

/// What the server does instead of, or before, its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Says nothing and keeps the connection.
    Silent,
    /// Sends an endless answer, one byte a second.
    Drip,
    /// Sends bytes without a newline as fast as they are taken, 512 MiB at most.
    Flood,
    /// Answers with this line, e.g. `451 4.7.1 come back later`.
    Reply(&'static str),
    /// Closes the connection. At [`Step::Body`] the message is kept: accepted, but never said so.
    Close,
    /// Waits, then answers as usual.
    Delay(Duration),
    /// Answers as usual, behind an endless number of continuation lines.
    Continue,
}

/// A certificate that no client may accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadCertificate {
    /// Signed by itself.
    SelfSigned,
    /// Of the right authority, but past its time.
    Expired,
    /// Of the right authority, for another host.
    WrongHost,
    /// For the right host, of an authority that nobody knows.
    WrongAuthority,
}

/// One fault of a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An act at a step.
    At(Step, Act),
    /// Reads the client's TLS hello and never answers.
    StallHandshake,
    /// STARTTLS is not offered (and refused when asked for).
    HideStartTls,
    /// Plaintext behind the 220 of STARTTLS, in the same segment.
    InjectAfterStartTls,
    /// A bad certificate.
    Certificate(BadCertificate),
    /// 8BITMIME and SMTPUTF8 are not offered.
    HideEightBit,
    /// AUTH is not offered.
    HideAuth,
}

impl Fault {
    /// A greylisting server: `451` at RCPT.
    pub const fn greylist() -> Self {
        Self::At(
            Step::Rcpt,
            Act::Reply("451 4.7.1 greylisted, try again later"),
        )
    }

    /// `421` instead of a greeting.
    pub const fn unavailable() -> Self {
        Self::At(
            Step::Greeting,
            Act::Reply("421 4.3.2 service not available"),
        )
    }

    /// `452` at MAIL.
    pub const fn full() -> Self {
        Self::At(
            Step::Mail,
            Act::Reply("452 4.3.1 insufficient system storage"),
        )
    }

    /// `550` at RCPT.
    pub const fn no_such_mailbox() -> Self {
        Self::At(Step::Rcpt, Act::Reply("550 5.1.1 no such mailbox"))
    }

    /// `535` at AUTH, whatever the password.
    pub const fn auth_refused() -> Self {
        Self::At(Step::Auth, Act::Reply("535 5.7.8 authentication failed"))
    }

    /// `454` at STARTTLS.
    pub const fn starttls_refused() -> Self {
        Self::At(Step::StartTls, Act::Reply("454 4.7.0 TLS not available"))
    }

    /// The message is kept and the connection dropped before the final 250.
    pub const fn drop_before_final() -> Self {
        Self::At(Step::Body, Act::Close)
    }

    /// The act asked for at `step`.
    pub(crate) fn act_at(&self, step: Step) -> Option<&Act> {
        if let Self::At(at, act) = self
            && *at == step
        {
            Some(act)
        } else {
            None
        }
    }

    /// The bad certificate asked for.
    pub(crate) fn certificate(&self) -> Option<BadCertificate> {
        if let Self::Certificate(bad) = self {
            Some(*bad)
        } else {
            None
        }
    }
}
