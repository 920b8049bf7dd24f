//! What the relay may say, and what the report makes of it.

use std::net::{TcpListener, TcpStream};

use gatepost_words::job::{Outcome, Report};

use crate::relay::{Relay, Seen};
use crate::sender::{credentials, job, run};

fn deliver(relay: Relay, with_credentials: bool) -> (Report, Seen) {
    let running = relay.start();
    let mut job = job(running.port);
    if with_credentials {
        job.relay.credentials = Some(credentials());
    }
    let report = run(&job);
    (report, running.seen())
}

/// Where, what the relay says there, and what is made of it.
const REFUSALS: [(&str, &str, Outcome, &str); 21] = [
    (
        "RCPT",
        "250 ok\r\n354 go on\r\n250 taken",
        Outcome::Connection,
        "127.0.0.1 port PORT, DATA: the relay's replies are out of step",
    ),
    (
        "GREETING",
        "421 4.3.2 busy",
        Outcome::Transient,
        "the greeting: 421 4.3.2 busy",
    ),
    (
        "GREETING",
        "554 5.3.2 go away",
        Outcome::Connection,
        "the greeting: 554 5.3.2 go away",
    ),
    (
        "EHLO",
        "421 4.3.2 busy",
        Outcome::Transient,
        "EHLO: 421 4.3.2 busy",
    ),
    (
        "MAIL",
        "451 4.7.1 greylisted",
        Outcome::Transient,
        "MAIL FROM: 451 4.7.1 greylisted",
    ),
    (
        "MAIL",
        "553 5.7.1 not yours",
        Outcome::Permanent,
        "MAIL FROM: 553 5.7.1 not yours: the relay does not take our envelope_from",
    ),
    (
        "MAIL",
        "530 5.7.0 Must issue a STARTTLS command first",
        Outcome::Tls,
        "MAIL FROM: 530 5.7.0 Must issue a STARTTLS command first: the relay may want TLS: \
             use tls = \"starttls\" or \"implicit\"",
    ),
    (
        "RCPT",
        "450 4.2.1 later",
        Outcome::Transient,
        "RCPT TO: 450 4.2.1 later",
    ),
    (
        "RCPT",
        "550-5.1.1 <alice@example.net>\r\n550 5.1.1 unknown",
        Outcome::Permanent,
        "RCPT TO: 550 5.1.1 <a***@e***.net> 5.1.1 unknown",
    ),
    (
        "RCPT",
        "552 5.2.2 full",
        Outcome::Permanent,
        "RCPT TO: 552 5.2.2 full",
    ),
    (
        "DATA",
        "451 4.3.0 later",
        Outcome::Transient,
        "DATA: 451 4.3.0 later",
    ),
    (
        "DATA",
        "554 5.5.1 no",
        Outcome::Permanent,
        "DATA: 554 5.5.1 no",
    ),
    (
        ".",
        "452 4.3.1 full",
        Outcome::Transient,
        "the message: 452 4.3.1 full",
    ),
    (
        ".",
        "550 5.7.1 spam",
        Outcome::Permanent,
        "the message: 550 5.7.1 spam",
    ),
    (".", "550", Outcome::Permanent, "the message: 550"),
    (
        ".",
        "550 5.7.1 it says 12345678",
        Outcome::Permanent,
        "(the reply repeats a secret and is left out)",
    ),
    (
        ".",
        "550 \x1b[31mred\u{202e}",
        Outcome::Permanent,
        "the message: 550 \\u{1b}[31mred\\u{202e}",
    ),
    (
        "DATA",
        "250 what?",
        Outcome::Connection,
        "DATA: 250 what?: the relay's replies are out of step",
    ),
    (
        "RCPT",
        "DROP",
        Outcome::Connection,
        "the relay closed the connection at RCPT TO",
    ),
    (
        ".",
        "DROP",
        Outcome::Connection,
        "the relay closed the connection at the message",
    ),
    (
        "EHLO",
        "hello",
        Outcome::Connection,
        "127.0.0.1 port PORT, EHLO: no SMTP reply",
    ),
];

#[test]
fn each_refusal_has_its_outcome_and_the_relays_words() {
    for (stage, says, outcome, reply) in REFUSALS {
        let running = Relay::saying(&[(stage, says)]).start();
        let port = running.port.to_string();
        let report = run(&job(running.port));
        assert_eq!(
            report,
            Report {
                outcome,
                reply: reply.replace("PORT", &port),
                message_id: String::new(),
                warning: None,
            },
            "{stage} {says}"
        );
        running.seen();
    }
}

/// Whatever comes, there is a report, and nothing on standard error.
#[test]
fn nonsense_is_a_failed_connection() {
    let nonsense = [
        "",
        "2",
        "25",
        "250",
        "250-   \r\n250 x",
        "250-a\r\n250-   \r\n250 x",
        "250-a\r\n251 b",
        "2500 x",
        "999 x",
        "250\tx",
        "é50 x",
        "250-a\r\n\r\n",
        "\0\0\0\0",
        "250 \u{fffd}\r\n250 more\r\n250 and more",
        "334 !",
        "354 early",
    ];
    for says in nonsense {
        for stage in ["GREETING", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."] {
            let relay = Relay {
                mechanisms: "PLAIN",
                ..Relay::saying(&[(stage, says)])
            };
            let running = relay.start();
            let mut job = job(running.port);
            job.relay.credentials = Some(credentials());
            let report = run(&job);
            let fine = matches!(
                report.outcome,
                Outcome::Accepted | Outcome::Connection | Outcome::Auth
            );
            assert!(fine, "{stage} {says:?} {report:?}");
            running.seen();
        }
    }
}

#[test]
fn a_taken_message_is_accepted_with_the_relays_last_word() {
    let (report, seen) = deliver(Relay::default(), false);
    assert_eq!(report.outcome, Outcome::Accepted);
    assert_eq!(report.reply, "250 2.0.0 queued as 4F2B");
    assert_eq!(
        seen.clear,
        [
            "EHLO host01.example.org",
            "MAIL FROM:<gatepost@example.org>",
            "RCPT TO:<alice@example.net>",
            "DATA",
            "QUIT",
        ]
    );
}

#[test]
fn plain_is_preferred_and_login_is_enough() {
    for (mechanisms, auth) in [
        ("LOGIN PLAIN", vec!["AUTH PLAIN AG1haWxlcgBodW50ZXIy"]),
        ("LOGIN", vec!["AUTH LOGIN", "bWFpbGVy", "aHVudGVyMg=="]),
    ] {
        let relay = Relay {
            mechanisms,
            ..Relay::default()
        };
        let (report, seen) = deliver(relay, true);
        assert_eq!(report.outcome, Outcome::Accepted, "{report:?}");
        let said: Vec<_> = seen.clear.iter().skip(1).take(auth.len()).collect();
        assert_eq!(said, auth, "{mechanisms}");
    }
}

#[test]
fn a_refused_sign_in_is_told_without_the_relays_text() {
    let advice = "the relay refuses user name or password; some want an app password or another \
                  sign-in set up for this";
    let cases = [
        (
            "535 5.7.8 wrong: AG1haWxlcgBodW50ZXIy",
            Outcome::Auth,
            format!("535 5.7.8: {advice}"),
        ),
        ("535 hunter2", Outcome::Auth, format!("535: {advice}")),
        (
            "504 5.5.4 no such mechanism",
            Outcome::Auth,
            format!("504 5.5.4: {advice}"),
        ),
        (
            "454 4.7.0 later",
            Outcome::Transient,
            "454 4.7.0".to_owned(),
        ),
        (
            "334 !",
            Outcome::Auth,
            "the relay's AUTH dialogue makes no sense".to_owned(),
        ),
    ];
    for (says, outcome, reply) in cases {
        let relay = Relay {
            mechanisms: "PLAIN",
            ..Relay::saying(&[("AUTH", says)])
        };
        let (report, seen) = deliver(relay, true);
        assert_eq!((report.outcome, report.reply), (outcome, reply), "{says}");
        let mail = seen.clear.iter().any(|line| line.starts_with("MAIL"));
        assert!(!mail, "{seen:?}");
    }
}

#[test]
fn a_relay_without_sign_in_never_sees_the_password() {
    let (report, seen) = deliver(Relay::default(), true);
    assert_eq!(report.outcome, Outcome::Auth);
    assert!(
        report
            .reply
            .contains("offers neither AUTH PLAIN nor AUTH LOGIN"),
        "{report:?}"
    );
    assert_eq!(seen.clear, ["EHLO host01.example.org", "QUIT"]);
}

#[test]
fn nobody_there_is_a_connection_failure() {
    // The port of a client: in use, so nobody else's, and nobody answers there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let port = client.local_addr().unwrap().port();
    let report = run(&job(port));
    assert_eq!(report.outcome, Outcome::Connection);
    assert_eq!(
        report.reply,
        format!("nothing answers on 127.0.0.1 port {port}")
    );
}

#[test]
fn an_address_that_could_inject_goes_nowhere() {
    let bad = [
        "alice@example.net\r\nRCPT TO:<eve@example.com>",
        "alice@example.net>\r\nDATA",
        "-oQ/tmp@example.net",
        "a@b, c@d",
        "",
    ];
    for address in bad {
        let mut job = job(1);
        job.letter.to = address.to_owned();
        let report = run(&job);
        assert_eq!(report.outcome, Outcome::Message, "{address:?} {report:?}");
    }
    for address in bad.into_iter().filter(|address| !address.is_empty()) {
        let mut job = job(1);
        job.letter.envelope_from = address.to_owned();
        assert_eq!(run(&job).outcome, Outcome::Message, "{address:?}");
        job.letter.envelope_from = String::new();
        job.letter.from = address.to_owned();
        assert_eq!(run(&job).outcome, Outcome::Message, "{address:?}");
    }
}

#[test]
fn an_ehlo_name_that_is_none_becomes_our_address() {
    for name in ["", "a b", "x\r\nMAIL FROM:<>", "höst"] {
        let running = Relay::default().start();
        let mut job = job(running.port);
        job.relay.hello_name = name.to_owned();
        assert_eq!(run(&job).outcome, Outcome::Accepted, "{name:?}");
        assert_eq!(running.seen().clear[0], "EHLO [127.0.0.1]", "{name:?}");
    }
}
