//! What stands in the prompt and in the mail, and what does not.

use std::fs;
use std::os::unix::fs::symlink;

use gatepost_tests::config::Config;
use gatepost_tests::pam::Prompt;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Mail;
use gatepost_tests::smtp::Sink;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

use super::stage;
use super::steers;

/// A login of alice's from this host, given up at the prompt, and its mail.
#[track_caller]
fn mailed_to_alice(stage: &Stage, sink: &Sink, rhost: &str) -> (Prompt, Mail) {
    stage.store().refill_budgets();
    let client = stage.pam("rig").user("alice").rhost(rhost);
    let mut login = client.without_failure_delay().start();
    let prompt = login.code_prompt();
    let mail = sink.next_mail(SOON);
    login.answer(mail.code());
    login.finish().expect("PAM_SUCCESS");
    stage.wait_for_quiet();
    (prompt, mail)
}

// Mutants: Login::mail puts to.as_str() into Say::Sent; neither the prompt nor what is shown heeds case.neutral().
#[test]
fn prompt_masks_address() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let stage = Stage::builder()
        .product(Config::to(&sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice.liddell@mail.example.org")
        .stack("plain", &Stack::module(""))
        .stack("decoy", &Stack::decoy())
        .build();
    for (service, masked) in [("plain", "a***@m***.org"), ("decoy", "")] {
        let client = stage.pam(service).user("alice").rhost("192.0.2.7");
        let mut login = client.without_failure_delay().start();
        if service == "decoy" {
            login.password_of("alice");
        }
        let first = login.code_prompt();
        let mail = sink.next_mail(SOON);
        let mut said = vec![first.text];
        for answer in ["", "r", "?", "m", "00000000"] {
            said.push(login.tries(answer).text);
        }
        assert!(said[0].contains(masked), "{said:?}");
        for text in &said {
            for part in ["alice.liddell", "liddell", "example", "mail.example.org"] {
                assert!(!text.contains(part), "{text}");
            }
            assert!(!masked.is_empty() || !text.contains('@'), "{text}");
        }
        login.answer(mail.code());
        login.finish().expect("PAM_SUCCESS");
    }
    stage.expect_conversations(2);
}

/// The prompt's `(ref K7QX, …`.
fn reference(prompt: &Prompt) -> String {
    let after = prompt.text.split_once("(ref ").map(|(_, after)| after);
    after
        .and_then(|after| after.split([',', ')']).next())
        .unwrap()
        .to_owned()
}

/// What follows a name in the text part's table.
fn row(mail: &Mail, name: &str) -> String {
    let text = mail.text();
    let row = text.lines().find_map(|line| line.strip_prefix(name));
    row.unwrap_or_else(|| panic!("no {name} in\n{text}"))
        .trim()
        .to_owned()
}

/// The three parts that a person sees, with what differs from login to login left out.
fn template(prompt: &Prompt, mail: &Mail) -> [String; 3] {
    let code = mail.code();
    let grouped = format!("{} {}", &code[..4], &code[4..]);
    let values = [
        (grouped, "CODE"),
        (reference(prompt), "REF"),
        (row(mail, "Time:"), "TIME"),
        (row(mail, "From:"), "SOURCE"),
    ];
    [mail.subject(), mail.text(), mail.html()].map(|part| {
        let escaped = |text: &str| {
            let entities = [
                ("&", "&amp;"),
                ("<", "&lt;"),
                (">", "&gt;"),
                ("\"", "&quot;"),
                ("'", "&#x27;"),
                ("/", "&#x2f;"),
            ];
            entities
                .iter()
                .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
        };
        values.iter().fold(part, |part, (value, name)| {
            part.replace(value, name).replace(&escaped(value), name)
        })
    })
}

// Mutant: code.html is rendered under a name without .html (no escaping), or `source` unsanitised, or
// with its dots as they are (mail programs make links of host names).
#[test]
fn mail_body_fixed_template() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let stage = stage(Config::to(&sink).set("limits.send_cooldown", "1s"));
    let (prompt, mail) = mailed_to_alice(&stage, &sink, "192.0.2.7");
    assert_eq!(row(&mail, "From:"), "192.0.2.7");
    let fixed = template(&prompt, &mail);
    for rhost in [
        "login.evil.example",
        "http://evil.example/login",
        "www.evil.example",
        "<img src=x>",
        "</td></tr></table><h1>Pay here</h1>",
        "a\" onload=\"x",
        "{{ code }}{% raw %}",
        "x\r\n.\r\nMAIL FROM:<eve@example.org>",
        "\u{202e}elpmaxe\u{2066}\u{200b}",
        &"A".repeat(1000),
    ] {
        let (prompt, mail) = mailed_to_alice(&stage, &sink, rhost);
        assert_eq!(template(&prompt, &mail), fixed, "{rhost:?}");
        let source = row(&mail, "From:");
        assert!(
            source.len() <= 300 && !source.chars().any(steers),
            "{source}"
        );
        for part in [mail.text(), mail.html()] {
            for live in ["http:", "https:", "href", "www.", "evil.example"] {
                assert!(!part.contains(live), "{rhost:?}: {live} in\n{part}");
            }
        }
        assert!(!mail.html().contains("<img"), "{rhost:?}");
    }
    stage.expect_conversations(11);
}

// Mutant: Values::of gives the subject the code whatever code_in_subject says; code.txt opens with it.
#[test]
fn mail_subject_without_code() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let stage = stage(Config::to(&sink));
    let (_, mail) = mailed_to_alice(&stage, &sink, "192.0.2.7");
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    assert!(
        !digits(&mail.subject()).contains(&mail.code()),
        "{}",
        mail.subject()
    );
    let code = format!("{} {}", &mail.code()[..4], &mail.code()[4..]);
    // A locked phone shows a line or two; both parts say first who asks.
    for (part, opening) in [
        (mail.text(), "Sign-in to host01 as alice\n"),
        (visible(&mail.html()), "Sign-in to host01 as alice"),
    ] {
        assert!(part.trim_start().starts_with(opening), "{part}");
        let before = part.split_once(&code).expect("the code, grouped").0;
        assert!(before.chars().count() > 140, "{before}");
    }
    stage.configure(&Config::to(&sink).set_raw("mail.code_in_subject", "true"));
    let (_, mail) = mailed_to_alice(&stage, &sink, "192.0.2.7");
    assert!(
        digits(&mail.subject()).contains(&mail.code()),
        "{}",
        mail.subject()
    );
    stage.expect_conversations(2);
}

/// The text of an HTML body without its tags.
fn visible(html: &str) -> String {
    let body = html.split_once("<body").unwrap().1;
    let texts = body
        .split('<')
        .map(|piece| piece.split_once('>').map_or("", |(_, text)| text));
    texts.collect::<Vec<_>>().join(" ")
}

// Mutant: message::compose without raw_header(Auto-Submitted), with the envelope's default, with
// lettre's own Message-ID, or with lines that end in LF alone.
#[test]
fn mail_headers_rfc3834() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let stage = stage(Config::to(&sink));
    // The date is in UTC wherever the machine stands; what people read is in their zone.
    fs::remove_file("/etc/localtime").unwrap();
    symlink("/usr/share/zoneinfo/Asia/Tokyo", "/etc/localtime").unwrap();
    let (_, first) = mailed_to_alice(&stage, &sink, "192.0.2.7");
    let header = |name: &str| first.header(name).unwrap_or_default();
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("From"), "Gatepost <gatepost@example.org>");
    assert_eq!(header("To"), "alice@example.org");
    assert!(header("Date").ends_with(" +0000"), "{}", header("Date"));
    assert!(row(&first, "Time:").ends_with(" JST"), "{}", first.text());
    assert_eq!(first.from, "gatepost@example.org");
    assert_eq!(header("Reply-To"), "");
    // RFC 5321, 2.3.8 and 4.5.3.1.6: CR and LF stand together or not at all, after 998 bytes at most.
    let raw = String::from_utf8_lossy(&first.raw);
    for line in raw.split("\r\n") {
        assert!(
            line.len() <= 998 && !line.contains(['\r', '\n']),
            "{line:?}"
        );
    }

    stage.configure(&Config::to(&sink).set("mail.envelope_from", "<>"));
    let (_, second) = mailed_to_alice(&stage, &sink, "192.0.2.7");
    assert_eq!((second.from.as_str(), second.to.len()), ("", 1));
    stage.configure(&Config::to(&sink).set("mail.envelope_from", "bounces@example.net"));
    let (_, third) = mailed_to_alice(&stage, &sink, "192.0.2.7");
    assert_eq!(third.from, "bounces@example.net");

    let ids = [&first, &second, &third].map(|mail| mail.header("Message-ID").unwrap());
    for id in &ids {
        let random = id
            .strip_prefix('<')
            .and_then(|id| id.strip_suffix("@example.org>"));
        let random = random.unwrap_or_else(|| panic!("{id}"));
        assert!(
            random.len() == 32 && random.chars().all(|c| c.is_ascii_hexdigit()),
            "{id}"
        );
    }
    assert!(
        ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2],
        "{ids:?}"
    );
    stage.expect_conversations(3);
}
