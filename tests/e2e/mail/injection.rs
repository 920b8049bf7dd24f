//! Text from outside, in the log and in the mail: it stays text.

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::require;
use gatepost_tests::smtp::Act;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Fault;
use gatepost_tests::smtp::Sink;
use gatepost_tests::smtp::Step;
use gatepost_tests::soak;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::syslog::SyslogLine;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;

use super::stage;
use super::steers;

/// A line that looks like one of ours, to be smuggled in behind a line's end.
const FORGED: &str = "decision=success why=code user=root service=forged rhost=198.51.100.9";

/// Some two hundred strings that a user name, a host name or a terminal may be said to be.
fn corpus() -> Vec<Vec<u8>> {
    let controls = (1..32).chain(127..160).filter_map(char::from_u32);
    let others = [
        '\u{ad}',
        '\u{61c}',
        '\u{180e}',
        '\u{200b}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202b}',
        '\u{202d}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{feff}',
        '\u{fff9}',
        '\u{e0001}',
        '\u{e0041}',
        '"',
        '=',
        ' ',
        '\\',
        '\'',
        '%',
        '<',
        '`',
        '$',
        '|',
    ];
    let mut corpus: Vec<Vec<u8>> = Vec::new();
    for character in controls.chain(others) {
        corpus.push(format!("a{character}b").into_bytes());
        corpus.push(format!("a{character}{FORGED}").into_bytes());
    }
    for text in [
        "\r\n<86>gatepost[1]: ",
        "\n<86>Nov 22 00:00:00 gatepost[1]: ",
        "\" user=\"root",
        "\\\" user=root",
        "x\\",
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "%s%n%x",
        "$(id)`id`",
        "-oQ/tmp",
        " ",
    ] {
        corpus.push(format!("{text}{FORGED}").into_bytes());
    }
    corpus.push("\n".repeat(600).into_bytes());
    corpus.push(format!("{}{FORGED}", "A".repeat(5000)).into_bytes());
    corpus.extend([
        vec![0xff],
        vec![b'a', 0xc3],
        [b"\xed\xa0\x80", FORGED.as_bytes()].concat(),
    ]);
    corpus
}

/// The lines of the module and the helper.
fn ours(stage: &Stage) -> Vec<SyslogLine> {
    let mut lines = stage.syslog();
    lines.retain(|line| ["gatepost", "pam_gatepost"].contains(&&*line.program));
    lines
}

// Mutant: login::line writes values without log_value, or text::sanitise lets C1 or bidi through.
#[test]
fn log_injection_corpus() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let stage = stage(Config::to(&sink));
    let corpus = corpus();
    assert!(corpus.len() >= 200, "{}", corpus.len());
    let before = ours(&stage).len();
    let step = usize::try_from(soak::size(5, 1)).unwrap();
    let mut conversations = 0;
    for text in corpus.iter().step_by(step) {
        let client = stage.pam("rig").user(text.clone()).rhost(text.clone());
        let client = client.tty(text.clone()).ruser(text.clone());
        let outcome = client.without_failure_delay().answers([""; 0]);
        assert_ne!(outcome.authenticate(), "PAM_SUCCESS", "{text:?}");
        conversations += 1;
        let all = || Some(ours(&stage)).filter(|lines| lines.len() >= before + conversations);
        let lines = wait::until(SOON, all).unwrap_or_else(|| panic!("{text:?}: no line"));
        assert_eq!(lines.len(), before + conversations, "{text:?}\n{lines:?}");
        let line = &lines[before + conversations - 1];
        assert!(!line.raw.chars().any(steers), "{line:?}");
        assert!(line.raw.len() < 3000, "{line:?}");
        // A name that is no UTF-8 never reaches the helper: the module says so.
        if line.program == "gatepost" {
            let fields = ["decision", "service"].map(|name| line.field(name));
            assert_eq!(fields, [Some("refuse"), Some("rig")], "{line:?}");
            let forged = [line.field("user"), line.field("rhost")];
            assert!(!forged.contains(&Some("root")) && !forged.contains(&Some("198.51.100.9")));
        }
    }
    assert_eq!(Mailbox::of(&sink).codes().len(), 0);
}

// Mutant: failure::Redaction::clean and sender::Running::report without sanitise (one alone is covered by
// the other).
#[test]
fn what_a_relay_says_is_one_harmless_line_on_every_screen() {
    require!();
    for reply in [
        "550 5.1.1 \u{1b}[2J\u{9b}31mred\u{202e}der\u{200b}\u{7} decision=success",
        "550-5.1.1 first\r\n550-\tsecond\u{85}\r\n550 third\u{2028}fourth",
        "550 <script>alert(1)</script>,=cmd|' /C calc'!A0",
    ] {
        let sink = Sink::start(Encryption::Implicit);
        sink.fault(Fault::At(Step::Rcpt, Act::Reply(reply)));
        let stage = stage(Config::to(&sink));
        let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
        let mut login = client.without_failure_delay().start();
        login.code_prompt();
        let deliveries = stage.wait_for_deliveries(1);
        assert!(!deliveries[0].reply.chars().any(steers), "{deliveries:?}");
        let said = login.tries("").text;
        assert!(
            said.contains("could not be sent") && !said.contains("550"),
            "{said}"
        );
        login.hang_up();
        login.finish().expect("PAM_CONV_ERR");
        stage.wait_for_quiet();
        for words in [
            &["mail", "list"][..],
            &["mail", "list", "--json"],
            &["user", "show", "alice"],
            &["audit"],
            &["why", "alice"],
        ] {
            let shown = stage.gatepost(words).stdout;
            let steering = shown.chars().find(|&c| c != '\n' && steers(c));
            assert_eq!(steering, None, "{words:?}: {shown}");
        }
        let lines = ours(&stage);
        assert!(
            lines.iter().all(|line| !line.raw.chars().any(steers)),
            "{lines:?}"
        );
        stage.expect_conversations(1);
    }
}

/// The headers of every mail, and no other.
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

// Mutant: EmailAddress::new takes any text with an @; message::compose makes a header of the account's
// or the host's name by hand.
#[test]
fn mail_header_injection() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let local = format!("{}@example.org", "l".repeat(64));
    let good = [
        ("o'neil", "o'neil+tag@example.org"),
        ("Ünï", "a!#$%&'*+-/=?^_`{|}~b@example.org"),
        ("x y", "UPPER@EXAMPLE.ORG"),
        ("<b>\"x\"", "x@xn--bcher-kva.example"),
        ("%0d%0aBcc", &local),
        ("sub;ject,=?utf-8?q?x?=", "a@b.co"),
    ];
    let config = Config::to(&sink).set("login.host", "höst \"01\" <x@example.org>");
    let mut builder = Stage::builder()
        .product(config)
        .stack("rig", &Stack::module(""));
    for (number, (name, address)) in (2101..).zip(good) {
        builder = builder.guest(name, number).enrol(name, address);
    }
    let stage = builder.build();
    let before = stage.store().rows("addresses").unwrap();
    for address in bad_addresses() {
        let refused = stage.gatepost(&["user", "add", "carol", "--confirmed", "--", &address]);
        assert!(!refused.status.success(), "{address:?} was taken");
        let tested = stage.gatepost(&["mail", "test", "--", &address]);
        assert!(!tested.status.success(), "{address:?} was taken");
    }
    assert_eq!(stage.store().rows("addresses").unwrap(), before);
    assert_eq!(sink.counts().connections, 0, "{}", sink.log());
    for (name, address) in good {
        let mut login = stage.pam("rig").user(name).rhost("192.0.2.7").start();
        login.code_prompt();
        let mail = sink.next_mail(SOON);
        assert_eq!(mail.to, [address], "{name}");
        let mut names = mail.header_names();
        let mut fixed = HEADERS.map(str::to_owned);
        names.sort();
        fixed.sort();
        assert_eq!(names, fixed, "{name}");
        let subject = mail.subject().replace("= ?", "=?");
        assert!(
            subject.contains("höst") && subject.contains(name),
            "{subject}"
        );
        assert!(mail.raw.is_ascii(), "{name}");
        login.answer(mail.code());
        login.finish().expect("PAM_SUCCESS");
    }
    stage.expect_conversations(good.len());
}

/// Addresses that would inject, confuse or be taken for an option.
fn bad_addresses() -> Vec<String> {
    let mut bad: Vec<String> = [
        "",
        "@",
        "a@",
        "@b",
        "a",
        "a b@c.d",
        "\"a b\"@c.d",
        "a@b@c",
        "a@[127.0.0.1]",
        "a@b..c",
        ".a@b.c",
        "a..b@c.d",
        "-oQ@b.c",
        "a@-b.c",
        "<a@b.c>",
        "x <a@b.c>",
        "a@b.c,d@e.f",
        "a@b.c;d@e.f",
        "ä@b.c",
        "a@bü.c",
        "a@b.c SIZE=1",
        "a@b.c> NOTIFY=NEVER <",
    ]
    .map(str::to_owned)
    .into();
    let breaks = ["\r\n", "\n", "\r", "\u{85}", "\u{2028}", "\t", "\u{b}"];
    for line_break in breaks {
        for behind in ["Bcc: x@y.z", "RCPT TO:<x@y.z>", ".", "DATA"] {
            bad.push(format!("a@b.c{line_break}{behind}"));
            bad.push(format!("a{line_break}{behind}@b.c"));
        }
    }
    bad
}
