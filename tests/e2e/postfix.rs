//! A mail that a real mail server carried: Debian's Postfix as the relay, with STARTTLS and a password,
//! and the message as it then lies in a mailbox.

use gatepost_tests::aging::Delivery;
use gatepost_tests::config::Config;
use gatepost_tests::pam::Conversation;
use gatepost_tests::postfix::Postfix;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::Mail;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

const POSTFIX: Need = Need::Program("/usr/sbin/postfix");
const SASL: Need = Need::Program("/usr/sbin/saslpasswd2");

fn stage() -> Stage {
    Stage::builder()
        .product(Config::new())
        .stack("rig", &Stack::plain())
        .build()
}

/// Alice enrolled, her mail going through Postfix with this password.
fn enrol(stage: &Stage, postfix: &Postfix<'_>, password: &str) {
    stage.configure(&Config::new().relay_as(postfix.relay(password)));
    stage.enrol("alice", "alice@example.org");
}

fn begin(stage: &Stage) -> Conversation<'_> {
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.password_of("alice");
    login
}

/// All headers of this name: there is one of each.
#[track_caller]
fn the_one(mail: &Mail, name: &str) -> String {
    let names = mail.header_names();
    let count = names.iter().filter(|other| *other == name).count();
    assert_eq!(count, 1, "{name} in {names:?}");
    mail.header(name).unwrap()
}

// Mutant: no EHLO after STARTTLS (what was offered before has no AUTH); AUTH left out; compose() leaves
// out a header, which Postfix then makes up.
#[test]
fn a_mail_that_postfix_carried_lets_in() {
    require!(POSTFIX, SASL);
    let stage = stage();
    let postfix = Postfix::start(&stage);
    enrol(&stage, &postfix, postfix.password());
    let mut login = begin(&stage);
    let prompt = login.code_prompt().text;
    let mail = postfix.wait_for_mails("alice", 1, SOON).remove(0);
    let code = mail.code();
    stage.secret(&code);

    assert!(mail.over_tls, "{:?}", mail.header("Received"));
    assert_eq!(
        mail.authenticated_as.as_deref(),
        Some("relay-user@example.org")
    );
    assert_eq!(mail.from, "<gatepost@example.org>");
    assert_eq!(mail.to, ["alice@example.org"]);

    assert_eq!(the_one(&mail, "From"), "Gatepost <gatepost@example.org>");
    assert_eq!(the_one(&mail, "To"), "alice@example.org");
    assert_eq!(the_one(&mail, "Auto-Submitted"), "auto-generated");
    assert!(
        the_one(&mail, "Date").ends_with(" +0000"),
        "{:?}",
        mail.header("Date")
    );
    let id = the_one(&mail, "Message-ID");
    let random = id
        .strip_prefix('<')
        .and_then(|id| id.strip_suffix("@example.org>"));
    assert!(
        random.is_some_and(|id| id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit())),
        "{id}"
    );
    let subject = the_one(&mail, "Subject");
    assert!(
        subject.starts_with("Sign-in to host01 as alice (ref "),
        "{subject}"
    );
    let digits: String = subject.chars().filter(char::is_ascii_digit).collect();
    assert!(!digits.contains(&code), "{subject}");

    let shown = format!("{} {}", &code[..4], &code[4..]);
    let (reference, _) = prompt
        .rsplit_once("(ref ")
        .unwrap()
        .1
        .split_once(',')
        .unwrap();
    for part in [mail.text(), mail.html()] {
        for wanted in [
            shown.as_str(),
            "192.0.2.7",
            "Sign-in to host01 as alice",
            reference,
        ] {
            assert!(part.contains(wanted), "no {wanted} in\n{part}");
        }
    }
    assert!(mail.html().contains("<body"), "{}", mail.html());
    let raw = String::from_utf8_lossy(&mail.raw);
    assert!(raw.lines().all(|line| line.len() <= 998), "{raw}");

    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
    let deliveries = stage.wait_for_deliveries(1);
    let [Delivery { outcome, reply, .. }] = deliveries.as_slice() else {
        panic!("{deliveries:?}");
    };
    assert_eq!(outcome, "accepted");
    // The record's words are Postfix's own: its queue's number finds the mail in its log.
    let number = reply.split_once("queued as ").unwrap().1;
    let delivered = stage.wait_for_syslog(SOON, |line| {
        line.program == "postfix/local" && line.message.starts_with(number)
    });
    assert!(delivered.message.contains("status=sent"), "{delivered:?}");
    stage.expect_conversations(1);
}

// Mutant: Session::authenticate goes on without AUTH where it was refused.
#[test]
fn a_password_that_postfix_refuses_is_on_record_and_a_recovery_code_lets_in() {
    require!(POSTFIX, SASL);
    let stage = stage();
    let postfix = Postfix::start(&stage);
    enrol(&stage, &postfix, "not-the-password");
    let recovery = stage.recovery_codes("alice");
    let mut login = begin(&stage);
    login.code_prompt();
    for delivery in stage.wait_for_deliveries(2) {
        assert_eq!(delivery.outcome, "auth", "{delivery:?}");
        assert!(delivery.reply.contains("535 5.7.8"), "{delivery:?}");
    }
    login.answer(recovery[0].as_str());
    login.finish().expect("PAM_SUCCESS");
    stage.expect_conversations(1);
}
