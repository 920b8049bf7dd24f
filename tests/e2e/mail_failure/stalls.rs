//! Relays that take their time, or ours: silence, drips, floods, names that do not resolve.

use std::fs;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::config::ROOTS_PATH;
use gatepost_tests::dns::Dns;
use gatepost_tests::dns::Manner;
use gatepost_tests::require;
use gatepost_tests::smtp::Act;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Fault;
use gatepost_tests::smtp::Sink;
use gatepost_tests::smtp::Step;
use gatepost_tests::soak;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;

use super::at_the_prompt;
use super::only_a_recovery_code_opens;
use super::outcomes;
use super::relay;
use super::stage;

/// Seconds for one delivery: the product's default in a soak, less for everyday.
fn deadline() -> u64 {
    u64::from(soak::size(3, 8))
}

fn with_deadline(config: Config) -> Config {
    config.set("mail.deadline", &format!("{}s", deadline()))
}

/// The delivery is over at the deadline, the relay is rid of us, and the login goes on without it.
#[track_caller]
fn costs_no_login(encryption: Encryption, fault: Fault) {
    let sink = Sink::start(encryption);
    sink.fault(fault);
    let stage = stage(with_deadline(Config::to(&sink)));
    let recovery = stage.recovery_codes("alice");
    let (login, _) = at_the_prompt(&stage);
    let deliveries = stage.wait_for_deliveries(1);
    let first = &deliveries[0];
    assert!(
        ["lost", "connection"].contains(&&*first.outcome),
        "{first:?}"
    );
    let limit = deadline() * 1000 + 1000;
    assert!(first.millis <= limit, "{first:?}");
    let gone = || stage.processes("gatepost-sender").is_empty().then_some(());
    assert!(wait::until(SOON, gone).is_some(), "{}", stage.report());
    only_a_recovery_code_opens(login, &recovery[0]);
    stage.expect_conversations(1);
}

// Mutant: login::serve::converse hands the letter over before it asks, and waits for it.
#[test]
fn smtp_silent() {
    require!();
    costs_no_login(Encryption::Implicit, Fault::At(Step::Greeting, Act::Silent));
}

// Mutant: mail::sender::Attempt::look never looks at its deadline: lettre's own is per read.
#[test]
fn smtp_drip_1s() {
    require!();
    costs_no_login(Encryption::StartTls, Fault::At(Step::Ehlo, Act::Drip));
}

// Mutant: as for smtp_drip_1s.
#[test]
fn smtp_tls_stall() {
    require!();
    costs_no_login(Encryption::Implicit, Fault::StallHandshake);
}

// Mutant: store::mails::deliveries::Store::delivered marks the challenge of a lost delivery as replaced.
#[test]
fn a_code_that_came_works_though_the_relay_never_said_so() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    sink.fault(Fault::At(Step::Body, Act::Silent));
    let stage = stage(with_deadline(Config::to(&sink)));
    let (mut login, _) = at_the_prompt(&stage);
    let code = sink.next_mail(SOON).code();
    // Ended at the deadline; or, on a busy machine, the relay was given up a moment before.
    let deliveries = stage.wait_for_deliveries(1);
    let outcome = outcomes(&deliveries);
    assert!(["lost", "connection"].contains(&outcome[0]), "{outcome:?}");
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
    stage.expect_conversations(1);
}

// Mutant: serve::afterwards waits for the delivery before the verdict is sent.
#[test]
fn a_right_code_does_not_wait_for_the_relay_to_say_goodbye() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    sink.fault(Fault::At(Step::Body, Act::Silent));
    let stage = stage(Config::to(&sink).set("mail.deadline", "30s"));
    let (mut login, _) = at_the_prompt(&stage);
    login.answer(sink.next_mail(SOON).code());
    let outcome = login.finish().expect("PAM_SUCCESS");
    assert!(outcome.duration() < Duration::from_secs(10), "{outcome:?}");
    sink.stop();
    stage.expect_conversations(1);
}

/// Memory in KiB, by the name of a line of /proc/PID/status.
fn memory(pid: u32, line: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let value = status.lines().find_map(|text| text.strip_prefix(line));
    let number = value.and_then(|value| value.split_whitespace().nth(1)?.parse().ok());
    number.unwrap_or_else(|| panic!("no {line} in\n{status}"))
}

// Mutant: the sender's Connection::line without `take`, and limits::confine without Resource::As (one
// alone is covered by the other); or the delivery made by the helper itself.
#[test]
fn smtp_flood_rss() {
    require!();
    for (step, act) in [
        (Step::Greeting, Act::Flood),
        (Step::Body, Act::Flood),
        (Step::Ehlo, Act::Continue),
    ] {
        let sink = Sink::start(Encryption::Implicit);
        sink.fault(Fault::At(step, act.clone()));
        let stage = stage(with_deadline(Config::to(&sink)));
        let recovery = stage.recovery_codes("alice");
        let (login, _) = at_the_prompt(&stage);
        let before = memory(login.pid(), "VmRSS");
        let deliveries = stage.wait_for_deliveries(2);
        let helper = stage.wait_for_process("gatepost-helper");
        let grown = memory(login.pid(), "VmRSS").saturating_sub(before);
        assert!(
            grown < 4096,
            "{step:?} {act:?}: the host grew by {grown} KiB"
        );
        let peak = memory(helper.pid, "VmHWM");
        assert!(
            peak < 64 * 1024,
            "{step:?} {act:?}: the helper had {peak} KiB"
        );
        assert_eq!(outcomes(&deliveries), ["connection"; 2], "{deliveries:?}");
        only_a_recovery_code_opens(login, &recovery[0]);
        stage.expect_conversations(1);
    }
}

// Mutant: as for smtp_drip_1s; glibc's resolver waits ten seconds and more.
#[test]
fn dns_silent() {
    require!();
    for (manner, outcome) in [(Manner::Silent, "lost"), (Manner::Fail, "connection")] {
        let unused = relay(
            "relay.example.org",
            465,
            "/etc/ssl/certs/ca-certificates.crt",
        );
        let stage = stage(with_deadline(Config::new().relay_as(unused)));
        let dns = Dns::start(&stage, manner);
        let recovery = stage.recovery_codes("alice");
        let (login, _) = at_the_prompt(&stage);
        let deliveries = stage.wait_for_deliveries(if manner == Manner::Fail { 2 } else { 1 });
        assert!(
            outcomes(&deliveries).iter().all(|word| *word == outcome),
            "{deliveries:?}"
        );
        assert!(deliveries[0].millis <= deadline() * 1000 + 1000);
        assert!(dns.queries() > 0, "{manner:?}");
        only_a_recovery_code_opens(login, &recovery[0]);
        stage.expect_conversations(1);
    }
}

// Mutant: tls::Trust takes the name from the address it connected to, or accepts any.
#[test]
fn dns_wrong_host() {
    require!();
    let sink = Sink::with_password(Encryption::Implicit, "relay-user", "relay-Pw-Zk31");
    let password = "/etc/gatepost/relay.password";
    let poisoned = relay("relay.example.org", sink.port(), ROOTS_PATH)
        .field("username", "\"relay-user\"")
        .field("password_file", &format!("{password:?}"));
    let stage = stage(with_deadline(Config::new().relay_as(poisoned)));
    stage.watch(&sink);
    stage.write(ROOTS_PATH, &sink.roots_pem());
    stage.write_as(password, "relay-Pw-Zk31\n", 0o600);
    let _dns = Dns::start(&stage, Manner::Address("127.0.0.1".parse().unwrap()));
    let recovery = stage.recovery_codes("alice");
    let (login, _) = at_the_prompt(&stage);
    let deliveries = stage.wait_for_deliveries(2);
    assert_eq!(outcomes(&deliveries), ["tls"; 2], "{deliveries:?}");
    assert!(
        deliveries[0]
            .reply
            .contains("not for \"relay.example.org\" but for localhost"),
        "{deliveries:?}"
    );
    let counts = sink.counts();
    assert_eq!((counts.auths, counts.mails), (0, 0), "{}", sink.log());
    only_a_recovery_code_opens(login, &recovery[0]);
    stage.expect_conversations(1);
}
