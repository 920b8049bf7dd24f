//! The SMTP sink against lettre, as the product's sender will meet it.

use std::time::Duration;

use gatepost_tests::smtp::Act;
use gatepost_tests::smtp::BadCertificate;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Fault;
use gatepost_tests::smtp::Sink;
use gatepost_tests::smtp::Step;
use gatepost_tests::wait::SOON;
use lettre::Message;
use lettre::SmtpTransport;
use lettre::Transport;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::Certificate;
use lettre::transport::smtp::client::Tls;
use lettre::transport::smtp::client::TlsParameters;

const BODY: &str = "Sign-in to host01 as alice\n\n    1234 5678\n\nref K7QX\n.\n";

fn send(sink: &Sink) -> Result<(), Error> {
    let roots = Certificate::from_pem(sink.roots_pem().as_bytes()).unwrap();
    let parameters = TlsParameters::builder("localhost".to_owned())
        .add_root_certificate(roots)
        .build()
        .unwrap();
    let tls = match sink.encryption() {
        Encryption::Implicit => Tls::Wrapper(parameters),
        Encryption::StartTls => Tls::Required(parameters),
        Encryption::None => Tls::None,
    };
    let mut transport = SmtpTransport::builder_dangerous("127.0.0.1")
        .port(sink.port())
        .tls(tls)
        .timeout(Some(Duration::from_millis(500)));
    if let Some((username, password)) = sink.credentials() {
        transport = transport.credentials(Credentials::new(username, password));
    }
    let message = Message::builder()
        .from("Gatepost <gatepost@example.org>".parse().unwrap())
        .to("alice@example.org".parse().unwrap())
        .subject("Grüße")
        .body(BODY.to_owned())
        .unwrap();
    transport.build().send(&message).map(drop)
}

#[test]
fn a_mail_comes_in_over_implicit_tls_and_is_read() {
    let sink = Sink::start(Encryption::Implicit);
    send(&sink).unwrap();
    let mail = sink.next_mail(SOON);
    assert_eq!(mail.code(), "12345678");
    assert_eq!(mail.subject(), "Grüße");
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        (
            "gatepost@example.org",
            &["alice@example.org".to_owned()][..]
        )
    );
    assert!(mail.over_tls);
    assert!(
        mail.text().contains("\n.\n"),
        "a lone dot survives: {:?}",
        mail.text()
    );
    assert_eq!(sink.counts().bytes_in_plaintext, 0);
}

#[test]
fn a_mail_comes_in_over_starttls_with_a_password() {
    let sink = Sink::with_password(Encryption::StartTls, "relay-user", "relay-Pw-Zk31");
    send(&sink).unwrap();
    let mail = sink.wait_for_mail(1, SOON);
    assert_eq!(mail.authenticated_as.as_deref(), Some("relay-user"));
    assert!(mail.over_tls);
    let counts = sink.counts();
    assert_eq!(
        (counts.handshakes, counts.auths, counts.bytes_in_plaintext),
        (1, 1, 0)
    );
    assert!(sink.secrets().contains("relay-Pw-Zk31") && sink.secrets().contains("12345678"));
}

#[test]
fn a_mail_in_plaintext_is_counted_as_such() {
    let sink = Sink::start(Encryption::None);
    send(&sink).unwrap();
    assert!(!sink.wait_for_mail(1, SOON).over_tls);
    assert!(sink.counts().bytes_in_plaintext > BODY.len());
}

#[test]
fn a_wrong_password_is_refused_by_the_sink() {
    let sink = Sink::with_password(Encryption::Implicit, "relay-user", "relay-Pw-Zk31");
    sink.fault(Fault::auth_refused());
    assert!(send(&sink).unwrap_err().is_permanent());
    sink.faults(&[]);
    send(&sink).unwrap();
}

#[test]
fn every_fault_makes_an_honest_client_fail_and_no_mail_is_lost_in_words() {
    // Fault, and whether the sink keeps a mail all the same.
    let over_tls = [
        (Fault::At(Step::Greeting, Act::Silent), 0),
        (Fault::At(Step::Ehlo, Act::Silent), 0),
        (Fault::At(Step::Greeting, Act::Continue), 0),
        (Fault::At(Step::Body, Act::Silent), 1),
        (Fault::At(Step::Body, Act::Delay(Duration::from_secs(2))), 1),
        (Fault::At(Step::Data, Act::Close), 0),
        (Fault::drop_before_final(), 1),
        (Fault::StallHandshake, 0),
        (Fault::unavailable(), 0),
        (Fault::greylist(), 0),
        (Fault::full(), 0),
        (Fault::no_such_mailbox(), 0),
        (Fault::At(Step::Data, Act::Reply("550 5.7.1 no")), 0),
        (Fault::At(Step::Body, Act::Reply("552 5.3.4 too big")), 0),
        (Fault::Certificate(BadCertificate::SelfSigned), 0),
        (Fault::Certificate(BadCertificate::Expired), 0),
        (Fault::Certificate(BadCertificate::WrongHost), 0),
        (Fault::Certificate(BadCertificate::WrongAuthority), 0),
    ];
    for (fault, kept) in over_tls {
        let sink = Sink::start(Encryption::Implicit);
        sink.fault(fault.clone());
        assert!(send(&sink).is_err(), "{fault:?}\n{}", sink.log());
        assert_eq!(sink.mails().len(), kept, "{fault:?}\n{}", sink.log());
    }
}

#[test]
fn starttls_that_fails_never_sees_a_mail() {
    for fault in [
        Fault::HideStartTls,
        Fault::starttls_refused(),
        Fault::StallHandshake,
    ] {
        let sink = Sink::start(Encryption::StartTls);
        sink.fault(fault.clone());
        assert!(send(&sink).is_err(), "{fault:?}\n{}", sink.log());
        assert_eq!(
            sink.counts().bytes_in_plaintext,
            0,
            "{fault:?}\n{}",
            sink.log()
        );
    }
}

#[test]
fn plaintext_behind_starttls_is_sent_in_one_piece_and_the_log_shows_it() {
    let sink = Sink::start(Encryption::StartTls);
    sink.fault(Fault::InjectAfterStartTls);
    // What a client makes of it is the client's test; the sink must have offered the bait.
    let _ = send(&sink);
    assert!(sink.log().contains("> 250 injected"), "{}", sink.log());
    assert_eq!(sink.counts().bytes_in_plaintext, 0, "{}", sink.log());
}

#[test]
fn a_dripping_sink_outlasts_a_timeout_per_read() {
    let sink = Sink::start(Encryption::None);
    sink.fault(Fault::At(Step::Greeting, Act::Drip));
    // A timeout of 500 ms ends the read that waits a second for the next byte.
    assert!(send(&sink).is_err());
}

#[test]
fn a_fault_for_one_connection_is_gone_with_the_next() {
    let sink = Sink::start(Encryption::Implicit);
    sink.fault_for(Fault::greylist(), 1);
    assert!(send(&sink).unwrap_err().is_transient());
    send(&sink).unwrap();
    assert_eq!(sink.counts().connections, 2);
}

#[test]
fn a_sink_without_eight_bits_says_so() {
    let sink = Sink::start(Encryption::Implicit);
    sink.fault(Fault::HideEightBit);
    send(&sink).unwrap();
    assert!(!sink.log().contains("8BITMIME"), "{}", sink.log());
}
