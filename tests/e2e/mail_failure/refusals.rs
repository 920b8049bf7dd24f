//! Relays that answer and refuse, drop the connection or take a mail twice; and a second relay beside
//! the first.

use gatepost_tests::config::Config;
use gatepost_tests::require;
use gatepost_tests::smtp::Act;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Fault;
use gatepost_tests::smtp::Sink;
use gatepost_tests::smtp::Step;
use gatepost_tests::wait::SOON;

use super::at_the_prompt;
use super::only_a_recovery_code_opens;
use super::outcomes;
use super::stage;

/// Each attempt is on record as `outcome` with words of the relay, and the login goes on without a mail.
#[track_caller]
fn refuses(fault: Fault, outcome: &[&str], words: &str) {
    let sink = Sink::with_password(Encryption::Implicit, "relay-user", "relay-Pw-Zk31");
    sink.fault(fault);
    let stage = stage(Config::to(&sink));
    let recovery = stage.recovery_codes("alice");
    let (login, _) = at_the_prompt(&stage);
    let deliveries = stage.wait_for_deliveries(outcome.len());
    assert_eq!(outcomes(&deliveries), outcome, "{deliveries:?}");
    for delivery in &deliveries {
        assert!(delivery.reply.contains(words), "{delivery:?}");
        assert_eq!(delivery.relay, format!("localhost:{}", sink.port()));
        assert_eq!(delivery.kind, "code");
    }
    assert_eq!(sink.counts().connections, outcome.len(), "{}", sink.log());
    only_a_recovery_code_opens(login, &recovery[0]);
    // The reply is for the administrator, in one line.
    let listed = stage.gatepost(&["mail", "list"]).success().stdout;
    let lines = listed.lines().filter(|line| line.contains(words));
    assert_eq!(lines.count(), outcome.len(), "{listed}");
    stage.expect_conversations(1);
}

// Mutant: Outcome::try_next is false for Transient.
#[test]
fn smtp_greylist() {
    require!();
    refuses(
        Fault::greylist(),
        &["transient"; 2],
        "RCPT TO: 451 4.7.1 greylisted, try again later",
    );
}

// Mutant: smtp::judge lets every complete reply to the greeting pass.
#[test]
fn smtp_421() {
    require!();
    refuses(
        Fault::unavailable(),
        &["transient"; 2],
        "the greeting: 421 4.3.2 service not available",
    );
}

// Mutant: smtp::judge lets every complete reply to MAIL FROM pass.
#[test]
fn smtp_452() {
    require!();
    refuses(Fault::full(), &["transient"; 2], "MAIL FROM: 452 4.3.1");
}

// Mutant: Outcome::try_next is true for Permanent: the relay is asked twice.
#[test]
fn smtp_550() {
    require!();
    refuses(
        Fault::no_such_mailbox(),
        &["permanent"],
        "RCPT TO: 550 5.1.1 no such mailbox",
    );
}

// Mutant: Session::authenticate goes on without AUTH where it was refused.
#[test]
fn smtp_auth() {
    require!();
    refuses(
        Fault::auth_refused(),
        &["auth"; 2],
        "535 5.7.8: the relay refuses",
    );
}

// Mutant: Connection::reply takes the end of the stream for a good reply.
#[test]
fn smtp_drop() {
    require!();
    refuses(
        Fault::At(Step::Data, Act::Close),
        &["connection"; 2],
        "DATA",
    );
}

// Mutant: mail::Delivery::hand_on never retries a lone relay.
#[test]
fn a_relay_that_refuses_once_gets_its_second_chance_inside_the_deadline() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    sink.fault_for(Fault::greylist(), 1);
    let stage = stage(Config::to(&sink));
    let (mut login, _) = at_the_prompt(&stage);
    let code = sink.next_mail(SOON).code();
    let deliveries = stage.wait_for_deliveries(2);
    assert_eq!(outcomes(&deliveries), ["transient", "accepted"]);
    assert!(deliveries[1].reply.starts_with("250 2.0.0 queued as RIG"));
    let said = login.tries("").text;
    assert!(said.contains("The mail server took the mail at"), "{said}");
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
    stage.expect_conversations(1);
}

// Mutant: the second attempt is given a code of its own.
#[test]
fn smtp_dup_accept() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    sink.fault_for(Fault::drop_before_final(), 1);
    let stage = stage(Config::to(&sink));
    let (mut login, _) = at_the_prompt(&stage);
    let second = sink.wait_for_mail(2, SOON);
    let first = &sink.mails()[0];
    assert_eq!(first.code(), second.code());
    assert_ne!(
        first.header("Message-ID"),
        second.header("Message-ID"),
        "two messages, as far as mailboxes can tell"
    );
    let deliveries = stage.wait_for_deliveries(2);
    assert_eq!(outcomes(&deliveries), ["connection", "accepted"]);
    login.answer(second.code());
    login.finish().expect("PAM_SUCCESS");
    // Neither copy opens again.
    let (mut again, _) = at_the_prompt(&stage);
    again.tries(second.code());
    again.hang_up();
    again.finish().expect("PAM_CONV_ERR");
    stage.expect_conversations(2);
}

// Mutant: mail::Delivery::hand_on gives the first relay all the time there is.
#[test]
fn the_second_relay_delivers_while_the_first_is_down_or_silent() {
    require!();
    for silent in [false, true] {
        let [first, second] = [Encryption::Implicit, Encryption::StartTls].map(Sink::start);
        if silent {
            first.fault(Fault::At(Step::Greeting, Act::Silent));
        }
        let both = Config::to(&first).relay(&second);
        let stage = stage(both.set("mail.deadline", "4s"));
        if !silent {
            first.stop();
        }
        let (mut login, _) = at_the_prompt(&stage);
        let code = second.next_mail(SOON).code();
        let deliveries = stage.wait_for_deliveries(2);
        let outcome = if silent { "lost" } else { "connection" };
        assert_eq!(outcomes(&deliveries), [outcome, "accepted"]);
        let relays = deliveries.iter().map(|delivery| delivery.relay.as_str());
        let ports = [first.port(), second.port()].map(|port| format!("localhost:{port}"));
        assert_eq!(relays.collect::<Vec<_>>(), ports);
        let took: u64 = deliveries.iter().map(|delivery| delivery.millis).sum();
        assert!(took <= 4000, "{deliveries:?}");
        assert_eq!(deliveries[0].millis >= 1500, silent, "{deliveries:?}");
        login.answer(code);
        login.finish().expect("PAM_SUCCESS");
        stage.expect_conversations(1);
    }
}
