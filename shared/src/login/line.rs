//! The one syslog line of a conversation: stable `key=value`, fit for fail2ban.
//!
//! `rhost=` is the literal address; every value has passed the sanitiser; `seq` and `head` tie the
//! line to the chain of events, which somebody with root cannot rewrite in a remote log.

use gatepost_words::text::log_value;

use crate::store::signin::{Closed, Recorded};
use crate::syslog::{self, Severity};

/// Writes the line of a closed conversation.
pub(crate) fn write(closed: &Closed, why: &str, notes: &[String]) {
    let severity = match closed.word.as_str() {
        "success" | "skip" | "ignore" => Severity::Info,
        _ => Severity::Notice,
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
        log_value(&closed.source),
    );
    for note in notes {
        line.push_str(" note=");
        line.push_str(&log_value(note));
    }
    line
}

/// Writes the line of a conversation that the store could not record.
pub(crate) fn write_fault(severity: Severity, user: &str, service: &str, why: &str) {
    syslog::write(
        severity,
        &format!(
            "decision=refuse why=fault user={} service={} error={}",
            log_value(user),
            log_value(service),
            log_value(why)
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::text;
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
}
