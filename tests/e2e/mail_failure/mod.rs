//! Relays that stall, refuse, lie or are not there: the prompt is there at once, nothing waits longer
//! than the deadline, what happened is recorded and told, and nobody gets in by it.

mod refusals;
mod sender;
mod stalls;
mod tls;

use gatepost_tests::aging::Delivery;
use gatepost_tests::config::Config;
use gatepost_tests::config::Relay;
use gatepost_tests::config::quote;
use gatepost_tests::pam::Conversation;
use gatepost_tests::pam::Prompt;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;

/// The longest that libpam may take to show the prompt, in milliseconds: less than any deadline here,
/// so that a prompt that waits for its mail is found.
const AT_ONCE: u64 = 2500;

/// Our line alone, alice enrolled.
fn stage(config: Config) -> Stage {
    Stage::builder()
        .product(config.set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .build()
}

/// Alice at her prompt, which came at once.
#[track_caller]
fn at_the_prompt(stage: &Stage) -> (Conversation<'_>, Prompt) {
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    let prompt = login.code_prompt();
    assert!(prompt.times.waited < AT_ONCE, "{:?}", prompt.times);
    (login, prompt)
}

/// What no mail leaves: a wrong code does not open, nor does Enter, a recovery code does.
#[track_caller]
fn only_a_recovery_code_opens(mut login: Conversation<'_>, recovery: &str) {
    let said = login.tries("").text;
    assert!(said.contains("The mail could not be sent"), "{said}");
    let said = login.tries("00000000").text;
    assert!(said.contains("not right"), "{said}");
    login.answer(recovery);
    login.finish().expect("PAM_SUCCESS");
}

/// The word for how each delivery ended.
fn outcomes(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries
        .iter()
        .map(|delivery| delivery.outcome.as_str())
        .collect()
}

/// A relay given by name, or on a port where no sink listens.
fn relay(host: &str, port: u16, roots: &str) -> Relay {
    Relay::default()
        .field("host", &quote(host))
        .field("port", &port.to_string())
        .field("roots", &quote(roots))
}
