//! Certificates, STARTTLS, plaintext: TLS or nothing.

use std::fs;
use std::net::ToSocketAddrs;

use gatepost_words::job::{Job, Outcome, Report, Tls};
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use crate::relay::{Identity, Kind, Relay, Seen};
use crate::sender::{Folder, credentials, job, run};

/// A job over TLS with a password in it, so that a leak would show.
fn encrypted_job(port: u16, tls: Tls, roots: String) -> Job {
    let mut job = job(port);
    job.relay.host = String::from("localhost");
    job.relay.tls = tls;
    job.relay.roots = roots;
    job.relay.credentials = Some(credentials());
    job
}

/// What came of a relay with this identity, both ways.
fn deliver(kind: Kind, name: &str, tls: Tls) -> (Report, Seen, String) {
    let folder = Folder::new();
    let identity = Identity::new(kind, name);
    let roots = folder.file("roots.pem", &identity.root);
    let relay = match tls {
        Tls::Implicit => Relay {
            implicit: Some(identity),
            mechanisms: "PLAIN",
            ..Relay::default()
        },
        Tls::Starttls => Relay {
            starttls: Some(identity),
            mechanisms: "PLAIN",
            ..Relay::default()
        },
        Tls::LoopbackPlaintext => panic!("not TLS"),
    };
    let running = relay.start();
    let report = run(&encrypted_job(running.port, tls, roots.clone()));
    (report, running.seen(), roots)
}

const BOTH: [Tls; 2] = [Tls::Implicit, Tls::Starttls];

#[test]
fn a_certificate_with_its_root_is_accepted_both_ways() {
    for tls in BOTH {
        for kind in [Kind::Signed, Kind::SelfSigned] {
            let (report, seen, _roots) = deliver(kind, "localhost", tls);
            assert_eq!(
                report.outcome,
                Outcome::Accepted,
                "{tls:?} {kind:?} {report:?}"
            );
            let clear: &[&str] = match tls {
                Tls::Starttls => &["EHLO host01.example.org", "STARTTLS"],
                Tls::Implicit | Tls::LoopbackPlaintext => &[],
            };
            assert_eq!(seen.clear, clear);
            assert_eq!(
                seen.encrypted,
                [
                    "EHLO host01.example.org",
                    "AUTH PLAIN AG1haWxlcgBodW50ZXIy",
                    "MAIL FROM:<gatepost@example.org>",
                    "RCPT TO:<alice@example.net>",
                    "DATA",
                    "QUIT",
                ]
            );
        }
    }
}

#[test]
fn a_bad_certificate_is_refused_and_the_report_says_what_to_do() {
    for tls in BOTH {
        let cases = [
            (
                Kind::CaAsLeaf,
                "localhost",
                "the relay shows a CA certificate as its own: give the relay a certificate with \
                 CA:FALSE",
            ),
            (
                Kind::Signed,
                "other.example.org",
                "the relay's certificate is not for \"localhost\" but for other.example.org: \
                 set host to a name in the certificate",
            ),
            (
                Kind::Expired,
                "localhost",
                "the relay's certificate has expired: renew it",
            ),
        ];
        for (kind, name, says) in cases {
            let (report, seen, _roots) = deliver(kind, name, tls);
            assert_eq!(report.outcome, Outcome::Tls, "{kind:?} {report:?}");
            assert!(report.reply.starts_with(says), "{kind:?} {report:?}");
            assert!(report.reply.len() <= 200, "{report:?}");
            assert!(seen.encrypted.is_empty(), "{kind:?} {seen:?}");
        }
    }
}

#[test]
fn another_authority_is_named_with_the_file_to_mend() {
    let folder = Folder::new();
    let roots = folder.file("roots.pem", &Identity::new(Kind::Signed, "localhost").root);
    let cases = [
        ("Other CA", "signed by no root in"),
        // The same CA by name, made anew.
        ("Test CA", "names a root in"),
    ];
    for (authority, says) in cases {
        let running = Relay {
            implicit: Some(Identity::by(authority, Kind::Signed, "localhost")),
            ..Relay::default()
        }
        .start();
        let report = run(&encrypted_job(running.port, Tls::Implicit, roots.clone()));
        assert_eq!(report.outcome, Outcome::Tls);
        assert!(report.reply.contains(says), "{report:?}");
        assert!(report.reply.contains(" there"), "{report:?}");
        assert!(running.seen().encrypted.is_empty());
    }
}

#[test]
fn a_roots_file_that_cannot_be_used_stops_before_connecting() {
    let folder = Folder::new();
    let empty = folder.file("empty.pem", "nothing here");
    let cases = [
        (
            "/nonexistent/roots.pem".to_owned(),
            "the user gatepost must be able to read it",
        ),
        (empty, "no usable certificate in it"),
    ];
    for (roots, says) in cases {
        let report = run(&encrypted_job(1, Tls::Implicit, roots));
        assert_eq!(report.outcome, Outcome::Tls);
        assert!(report.reply.contains(says), "{report:?}");
    }
}

#[test]
fn without_starttls_nothing_is_said_in_clear() {
    let folder = Folder::new();
    let roots = folder.file("roots.pem", &Identity::new(Kind::Signed, "localhost").root);
    for relay in [
        Relay::default(),
        Relay {
            mechanisms: "PLAIN LOGIN",
            ..Relay::default()
        },
        Relay {
            starttls: Some(Identity::new(Kind::Signed, "localhost")),
            ..Relay::saying(&[("STARTTLS", "454 4.7.0 not now")])
        },
        Relay {
            starttls: Some(Identity::new(Kind::Signed, "localhost")),
            ..Relay::saying(&[("STARTTLS", "502 5.5.1 no")])
        },
    ] {
        let running = relay.start();
        let report = run(&encrypted_job(running.port, Tls::Starttls, roots.clone()));
        assert_ne!(report.outcome, Outcome::Accepted);
        for line in running.seen().clear {
            assert!(
                matches!(line.as_str(), "EHLO host01.example.org" | "STARTTLS"),
                "{line}"
            );
        }
    }
}

/// What lettre's own connection gets wrong: the forged lines were the answers to everything after.
#[test]
fn what_comes_in_clear_behind_the_go_ahead_ends_the_connection() {
    let folder = Folder::new();
    let identity = Identity::new(Kind::Signed, "localhost");
    let roots = folder.file("roots.pem", &identity.root);
    let running = Relay {
        starttls: Some(identity),
        ..Relay::saying(&[
            (
                "STARTTLS",
                "220 go\r\n250-relay.test\r\n250 AUTH PLAIN\r\n250 forged",
            ),
            (".", "550 5.7.1 the truth"),
        ])
    }
    .start();
    let report = run(&encrypted_job(running.port, Tls::Starttls, roots));
    assert_eq!(report.outcome, Outcome::Tls);
    assert!(
        report.reply.starts_with("text in clear came with"),
        "{report:?}"
    );
    assert!(running.seen().encrypted.is_empty());
}

#[test]
fn the_wrong_kind_of_port_is_explained() {
    let folder = Folder::new();
    let roots = folder.file("roots.pem", &Identity::new(Kind::Signed, "localhost").root);
    let running = Relay::default().start();
    let report = run(&encrypted_job(running.port, Tls::Implicit, roots));
    assert_eq!(report.outcome, Outcome::Tls);
    assert!(report.reply.contains("did not answer in TLS"), "{report:?}");
    assert!(report.reply.contains("tls = \"starttls\""), "{report:?}");
    running.seen();
}

#[test]
fn plaintext_is_for_this_machine_alone() {
    for host in [
        "192.0.2.1",
        "relay.example.org",
        "2001:db8::1",
        "0.0.0.0",
        "localhost.example.org",
    ] {
        let mut job = job(25);
        job.relay.host = host.to_owned();
        let report = run(&job);
        assert_eq!(report.outcome, Outcome::Tls, "{host}");
        assert!(
            report.reply.starts_with(&format!("no TLS to {host}")),
            "{report:?}"
        );
    }
    for host in ["127.0.0.1", "localhost", "::ffff:127.0.0.1"] {
        let running = Relay::default().start();
        let mut job = job(running.port);
        job.relay.host = host.to_owned();
        assert_eq!(run(&job).outcome, Outcome::Accepted, "{host}");
        running.seen();
    }
}

/// Debian's own self-signed certificate, as found on the machine.
#[test]
fn the_ssl_cert_package_is_enough() {
    let roots = "/etc/ssl/certs/ssl-cert-snakeoil.pem";
    let root = fs::read_to_string(roots);
    let key = fs::read_to_string("/etc/ssl/private/ssl-cert-snakeoil.key");
    let (Ok(root), Ok(key)) = (root, key) else {
        println!("SKIPPED: needs root and the package ssl-cert");
        return;
    };
    // Made for the name that the machine had then; where that is not local now, for localhost.
    let certificate = CertificateDer::from_pem_slice(root.as_bytes()).unwrap();
    let parsed = ParsedCertificate::try_from(&certificate).unwrap();
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let name = [host.trim(), "localhost"].into_iter().find(|name| {
        let wanted = ServerName::try_from(*name).unwrap();
        verify_server_name(&parsed, &wanted).is_ok()
            && (*name, 0)
                .to_socket_addrs()
                .is_ok_and(|mut all| all.all(|address| address.ip().is_loopback()))
    });
    let Some(name) = name else {
        println!("SKIPPED: the certificate of ssl-cert is for no name of this machine");
        return;
    };
    for tls in BOTH {
        let identity = || Identity {
            chain: root.clone(),
            key: key.clone(),
            root: root.clone(),
        };
        let running = Relay {
            implicit: (tls == Tls::Implicit).then(identity),
            starttls: (tls == Tls::Starttls).then(identity),
            mechanisms: "PLAIN",
            ..Relay::default()
        }
        .start();
        let mut job = encrypted_job(running.port, tls, roots.to_owned());
        name.clone_into(&mut job.relay.host);
        let report = run(&job);
        assert_eq!(report.outcome, Outcome::Accepted, "{report:?}");
        running.seen();
    }
}
