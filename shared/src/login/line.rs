//! The one syslog line of a conversation: stable `key=value`, fit for fail2ban.
//!
//! `rhost=` is the literal address; every value has passed the sanitiser; `seq` and `head` tie the
//! line to the chain of events, which somebody with root cannot rewrite in a remote log.

use gatepost_words::text::{log_value, quote};

use super::GivenUp;
use crate::store::signin::{Closed, Recorded, lets_in};
use crate::syslog::{self, Severity};

/// Writes the line of a closed conversation.
pub(crate) fn write(closed: &Closed, why: &str, notes: &[String]) {
    let severity = if lets_in(&closed.word) {
        Severity::Info
    } else {
        Severity::Notice
    };
    syslog::write(severity, &text(closed, why, notes));
}

fn text(closed: &Closed, why: &str, notes: &[String]) -> String {
    let place = match &closed.recorded {
        Recorded::Event {
            appended,
            conversation,
        } => format!(
            "conversation={conversation} seq={} head={}",
            appended.seq,
            appended.short_head()
        ),
        Recorded::Counted => "recorded=counted".to_owned(),
    };
    let mut line = format!(
        "decision={} why={} user={} service={} rhost={} {place}",
        log_value(&closed.word),
        log_value(why),
        log_value(&closed.account),
        log_value(&closed.service),
        quote(closed.source.clone()),
    );
    for note in notes {
        line.push_str(" note=");
        line.push_str(&log_value(note));
    }
    line
}

/// A login that had a fault: who, where, from where, and what went wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faulty<'a> {
    /// As typed.
    pub(crate) user: &'a str,
    /// As named.
    pub(crate) service: &'a str,
    /// As a [`gatepost_words::ident::Source`] shows itself.
    pub(crate) rhost: &'a str,
}

impl Faulty<'_> {
    /// Writes the one line of it; what happens later in the store writes none of its own, save for
    /// an open conversation: whoever closes that writes its decision, and so this line is none.
    pub(crate) fn write(
        self,
        severity: Severity,
        given_up: &GivenUp,
        notes: &[String],
        error: &str,
    ) {
        syslog::write(severity, &self.text(given_up, notes, error));
    }

    fn text(self, given_up: &GivenUp, notes: &[String], error: &str) -> String {
        let error = log_value(error);
        let who = format!(
            "user={} service={} rhost={}",
            log_value(self.user),
            log_value(self.service),
            quote(self.rhost.to_owned())
        );
        match given_up {
            GivenUp::NotBegun => format!("decision=refuse why=fault {who} error={error}"),
            GivenUp::Closed(closed) => format!("{} error={error}", text(closed, "fault", notes)),
            GivenUp::Open(conversation) => {
                format!("event=fault {who} conversation={conversation} error={error}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Faulty, text};
    use crate::login::GivenUp;
    use crate::store::events::Appended;
    use crate::store::signin::{Closed, Recorded};

    #[test]
    fn the_line_cannot_be_forged_from_a_name() {
        let closed = Closed {
            recorded: Recorded::Event {
                appended: Appended {
                    seq: 7,
                    head: [0xab; 32],
                },
                conversation: 5,
            },
            account: "x\" decision=success\nuser=root".into(),
            service: "sshd".into(),
            source: "192.0.2.1".into(),
            word: "refuse".into(),
        };
        assert_eq!(
            text(&closed, "wrong", &[]),
            "decision=refuse why=wrong user=\"x\\\" decision=success\\u{a}user=root\" service=sshd \
             rhost=192.0.2.1 conversation=5 seq=7 head=abababababababab"
        );
        let counted = Closed {
            recorded: Recorded::Counted,
            account: "eve".into(),
            ..closed
        };
        assert_eq!(
            text(&counted, "wrong", &[]),
            "decision=refuse why=wrong user=eve service=sshd rhost=192.0.2.1 recorded=counted"
        );
    }
    // Mutant: what was sanitised already is sanitised once more.
    #[test]
    fn a_backslash_is_escaped_once() {
        let source = gatepost_words::ident::Source::from_pam(Some("DOM\\host"), None, 0);
        let closed = Closed {
            recorded: Recorded::Counted,
            account: crate::login::begin::typed("DOM\\ali\nce"),
            service: "sshd".into(),
            source: source.to_string(),
            word: "refuse".into(),
        };
        assert_eq!(
            text(&closed, "wrong", &[]),
            "decision=refuse why=wrong user=DOM\\\\ali\u{fffd}ce service=sshd rhost=DOM\\\\host \
             recorded=counted"
        );
        let faulty = Faulty {
            user: "DOM\\alice",
            service: "sshd",
            rhost: &source.to_string(),
        };
        assert_eq!(
            faulty.text(&GivenUp::NotBegun, &[], "x"),
            "decision=refuse why=fault user=DOM\\\\alice service=sshd rhost=DOM\\\\host error=x"
        );
        let long = crate::login::begin::typed(&"\u{7f}ü".repeat(500));
        assert_eq!(long.chars().count(), 171);
    }

    // Mutant: a conversation that stays open leaves a decision now, and another when it is closed.
    #[test]
    fn a_fault_has_one_decision_line() {
        let faulty = Faulty {
            user: "alice",
            service: "sshd",
            rhost: "192.0.2.1",
        };
        let closed = Closed {
            recorded: Recorded::Event {
                appended: Appended {
                    seq: 7,
                    head: [0xab; 32],
                },
                conversation: 5,
            },
            account: "alice".into(),
            service: "sshd".into(),
            source: "192.0.2.1".into(),
            word: "refuse".into(),
        };
        let cases = [
            (
                GivenUp::NotBegun,
                "decision=refuse why=fault user=alice service=sshd rhost=192.0.2.1 error=\"no key\"",
            ),
            (
                GivenUp::Closed(closed),
                "decision=refuse why=fault user=alice service=sshd rhost=192.0.2.1 conversation=5 \
                 seq=7 head=abababababababab error=\"no key\"",
            ),
            (
                GivenUp::Open(5),
                "event=fault user=alice service=sshd rhost=192.0.2.1 conversation=5 \
                 error=\"no key\"",
            ),
        ];
        for (given_up, line) in cases {
            assert_eq!(faulty.text(&given_up, &[], "no key"), line);
        }
    }
}
