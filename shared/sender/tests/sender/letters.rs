//! What arrives: headers, envelope, encodings, templates.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use gatepost_words::job::{Content, Job, Outcome, Report};
use gatepost_words::secret::Secret;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::relay::{Relay, Seen};
use crate::sender::{CODE, Folder, job, run};

fn deliver(change: impl FnOnce(&mut Job)) -> (Report, Seen) {
    let running = Relay::default().start();
    let mut job = job(running.port);
    change(&mut job);
    let report = run(&job);
    assert_eq!(report.outcome, Outcome::Accepted, "{report:?}");
    (report, running.seen())
}

/// Header names in order, continuation lines left out.
fn header_names(message: &str) -> Vec<&str> {
    let (head, _body) = message.split_once("\r\n\r\n").unwrap();
    head.split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').unwrap().0)
        .collect()
}

const HEADERS: [&str; 9] = [
    "From",
    "To",
    "Date",
    "Message-ID",
    "Subject",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Content-Type",
];

#[test]
fn a_code_arrives_with_fixed_headers_and_no_code_in_them() {
    let (report, seen) = deliver(|_job| {});
    assert_eq!(header_names(&seen.message), HEADERS);
    let (head, body) = seen.message.split_once("\r\n\r\n").unwrap();
    for line in [
        "From: Gatepost <gatepost@example.org>",
        "To: alice@example.net",
        "Date: Sun, 22 Nov 2026 14:03:04 +0000",
        "Subject: Sign-in to host01 as alice (ref K7QX)",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ] {
        assert!(
            head.split("\r\n").any(|header| header == line),
            "{line}\n{head}"
        );
    }
    assert!(
        head.contains(&format!("Message-ID: {}", report.message_id)),
        "{head}"
    );
    let id = report.message_id.strip_suffix("@example.org>").unwrap();
    assert_eq!(id.len(), 1 + 32, "{id}");
    assert!(
        !head.contains("1234 5678") && !head.contains("12345678"),
        "{head}"
    );
    assert!(head.contains("multipart/alternative"), "{head}");
    assert!(body.contains("\r\n\r\n1234 5678\r\n\r\n"), "{body}");
    assert!(
        body.contains("Content-Type: text/plain; charset=utf-8"),
        "{body}"
    );
    assert!(
        body.contains("Content-Type: text/html; charset=utf-8"),
        "{body}"
    );
    let plain = body.find("text/plain").unwrap();
    assert!(plain < body.find("text/html").unwrap());
}

#[test]
fn two_letters_never_share_a_message_id() {
    let ((one, _), (two, _)) = (deliver(|_job| {}), deliver(|_job| {}));
    assert_ne!(one.message_id, two.message_id);
}

#[test]
fn the_null_sender_is_possible() {
    let (_report, seen) = deliver(|job| job.letter.envelope_from = String::new());
    assert_eq!(seen.clear[1], "MAIL FROM:<>");
}

#[test]
fn names_beyond_ascii_are_encoded() {
    let (_report, seen) = deliver(|job| {
        job.letter.from = "Gätepost <gatepost@example.org>".to_owned();
        job.letter.account = "jürgen".to_owned();
    });
    assert_eq!(header_names(&seen.message), HEADERS);
    assert!(
        seen.message.contains("From: =?utf-8?b?"),
        "{}",
        seen.message
    );
    assert!(
        seen.message
            .contains("Subject: Sign-in to host01 as =?utf-8?b?"),
        "{}",
        seen.message
    );
    assert!(seen.raw.is_ascii());
}

#[test]
fn the_code_is_in_the_subject_only_on_request() {
    let (_report, seen) = deliver(|job| {
        let Content::Code {
            code_in_subject, ..
        } = &mut job.letter.content
        else {
            panic!("not a code");
        };
        *code_in_subject = true;
    });
    let subject = "Subject: 1234 5678: sign-in to host01 as alice (ref K7QX)\r\n";
    assert!(seen.message.contains(subject), "{}", seen.message);
}

/// Whatever the names are, there is one recipient, one set of headers and two parts.
#[test]
fn names_from_outside_inject_nothing() {
    let nasty = [
        "x\r\nBcc: eve@example.com",
        "x\nSubject: you won",
        "x\r\n\r\nbody",
        "x\r\n.\r\nMAIL FROM:<eve@example.com>",
        "\r\n--boundary\r\nContent-Type: text/html\r\n\r\n<b>",
        "<script>alert(1)</script>",
        "\" onmouseover=\"x",
        "{{ code }}{% for x in range(9) %}",
        "\u{202e}evil\u{2028}",
        "\u{1b}[2J",
        "=?utf-8?B?QmNjOiBldmU=?=",
        "Ünïcödé 名前",
        "..",
        "%0d%0aBcc: eve@example.com",
        "\0",
    ];
    for text in nasty {
        let (_report, seen) = deliver(|job| {
            job.letter.host = text.to_owned();
            job.letter.account = text.to_owned();
            job.letter.when = text.to_owned();
            job.letter.content = Content::Code {
                code: Secret::from(CODE.to_owned()),
                service: text.to_owned(),
                source: text.to_owned(),
                valid_for: text.to_owned(),
                reference: text.to_owned(),
                code_in_subject: false,
            };
        });
        assert_eq!(header_names(&seen.message), HEADERS, "{text:?}");
        let recipients = seen.clear.iter().filter(|line| line.starts_with("RCPT"));
        assert_eq!(
            recipients.collect::<Vec<_>>(),
            ["RCPT TO:<alice@example.net>"]
        );
        assert_eq!(
            seen.message.matches("\r\nContent-Type: text/").count(),
            2,
            "{text:?}"
        );
        let (_plain, html) = seen
            .message
            .rsplit_once("\r\nContent-Type: text/html")
            .unwrap();
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert!(seen.raw.is_ascii(), "{text:?}");
        for line in seen.raw.split(|&byte| byte == b'\n') {
            assert!(line.len() <= 998, "{text:?}");
        }
    }
}

#[test]
fn every_kind_of_letter_arrives() {
    let code = || Secret::from(CODE.to_owned());
    let kinds = [
        (
            Content::Confirmation {
                code: code(),
                valid_for: "10 min".to_owned(),
            },
            "Confirm this address for alice on host01",
        ),
        (
            Content::HalfFinished {
                service: "sshd".to_owned(),
                source: "192.0.2.7".to_owned(),
                ending: "timed out".to_owned(),
            },
            "Unfinished sign-in to host01 as alice",
        ),
        (Content::Test, "Test message from host01"),
    ];
    for (content, subject) in kinds {
        let (report, seen) = deliver(|job| job.letter.content = content);
        assert_eq!(report.warning, None);
        assert_eq!(header_names(&seen.message), HEADERS);
        assert!(
            seen.message.contains(&format!("Subject: {subject}\r\n")),
            "{}",
            seen.message
        );
        assert!(seen.raw.is_ascii());
    }
}

#[test]
fn own_templates_are_used_and_broken_ones_are_named() {
    let folder = Folder::new();
    folder.file(
        "code.txt",
        "Hallo {{ account }}, {{ host }} fragt.\n\n{{ code }}\n",
    );
    folder.file("code.subject", "Code {{ code }}\n");
    let broken = folder.file("code.html", "{{ nothing }}");
    let (report, seen) = deliver(|job| job.letter.templates = Some(folder.path()));
    assert!(
        seen.message.contains("Hallo alice, host01 fragt.\r\n"),
        "{}",
        seen.message
    );
    // A subject that wants the code doesn't get it.
    assert!(
        seen.message.contains("Subject: Sign-in to host01"),
        "{}",
        seen.message
    );
    assert!(seen.message.contains("<h1"), "{}", seen.message);
    let warning = report.warning.unwrap();
    assert!(
        warning.contains(&format!("{broken}: line 1: undefined value")),
        "{warning}"
    );
    assert!(
        warning.contains("code.subject: line 1: undefined value"),
        "{warning}"
    );
}

/// Each in place of the text part: the built-in one goes out, the report says why.
#[test]
fn an_own_template_that_is_no_plain_file_of_its_owner_is_not_read() {
    type Prepare = fn(&Folder);
    let cases: [(&str, Prepare); 7] = [
        ("others than its owner may write to it", |folder| {
            let path = folder.file("code.txt", "{{ code }}");
            fs::set_permissions(path, fs::Permissions::from_mode(0o664)).unwrap();
        }),
        ("Permission denied", |folder| {
            let path = folder.file("code.txt", "{{ code }}");
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
        }),
        ("symbolic links", |folder| {
            let target = folder.file("elsewhere.txt", "{{ code }}");
            symlink(target, format!("{}/code.txt", folder.path())).unwrap();
        }),
        ("not a regular file", |folder| {
            let path = format!("{}/code.txt", folder.path());
            mknodat(CWD, path, FileType::Fifo, Mode::from(0o644), 0).unwrap();
        }),
        ("not a regular file", |folder| {
            fs::create_dir(format!("{}/code.txt", folder.path())).unwrap();
        }),
        ("larger than 65536 bytes", |folder| {
            folder.file("code.txt", &"x".repeat(65_537));
        }),
        ("it renders to nothing", |folder| {
            folder.file("code.txt", "{# nothing #}\n");
        }),
    ];
    for (why, prepare) in cases {
        let folder = Folder::new();
        prepare(&folder);
        let (report, seen) = deliver(|job| job.letter.templates = Some(folder.path()));
        assert!(
            seen.message
                .contains("A sign-in to this account is waiting"),
            "{why}"
        );
        let warning = report.warning.unwrap();
        assert!(warning.contains(why), "{why}: {warning}");
        assert!(
            warning.ends_with("; the built-in template was used"),
            "{warning}"
        );
    }
}

#[test]
fn a_subject_of_two_lines_is_not_used() {
    let folder = Folder::new();
    folder.file("code.subject", "one\ntwo\n");
    let (report, seen) = deliver(|job| job.letter.templates = Some(folder.path()));
    assert_eq!(header_names(&seen.message), HEADERS);
    assert!(
        seen.message.contains("Subject: Sign-in to host01"),
        "{}",
        seen.message
    );
    assert!(report.warning.unwrap().contains("a subject is one line"));
}

#[test]
fn a_folder_without_templates_is_no_reason_to_warn() {
    let folder = Folder::new();
    for path in [folder.path(), format!("{}/missing", folder.path())] {
        let (report, _seen) = deliver(|job| job.letter.templates = Some(path));
        assert_eq!(report.warning, None);
    }
}
