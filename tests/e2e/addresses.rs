//! An account's address: from one to another, with proof; and what the owner hears of administrators.

use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::pam::Conversation;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Mail;
use gatepost_tests::smtp::Sink;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;

const OLD: &str = "alice@example.org";
const NEW: &str = "alice@example.net";

fn rig(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", OLD)
        .stack("rig", &Stack::plain())
        .build()
}

fn begin(stage: &Stage) -> Conversation<'_> {
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.password_of("alice");
    login
}

fn leave(mut login: Conversation<'_>) {
    login.hang_up();
    login.finish();
}

/// The newest mail with a code, and where it went.
fn newest_code(sink: &Sink) -> (Vec<String>, String) {
    let mails = sink.mails();
    let mail = mails
        .iter()
        .rfind(|mail| mail.find_code().is_some())
        .unwrap();
    (mail.to.clone(), mail.code())
}

/// Notices of administrators' acts: where each went, and its sentence.
fn told(sink: &Sink) -> Vec<(String, String)> {
    let acts = Mailbox::of(sink).notices().into_iter();
    let acts = acts.filter(|mail| mail.subject().contains("an administrator changed it"));
    let told = |mail: Mail| {
        let text = mail.text();
        let sentence = text.lines().nth(2).unwrap_or_default().to_owned();
        (mail.to.join(" "), sentence)
    };
    acts.map(told).collect()
}

// Mutants: set_address confirms at once; mails::address takes an unconfirmed one; confirm leaves the
// old address in use.
#[test]
fn enrol_needs_proof() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let _ = stage
        .gatepost(&["user", "set-mail", "alice", NEW])
        .success();
    let (to, proof) = newest_code(&sink);
    assert_eq!(to, [NEW]);
    // Unused until it is typed: codes go to the old one, and the proof signs nobody in.
    let mut login = begin(&stage);
    let prompt = login.code_prompt().text;
    assert!(prompt.contains("a***@e***.org"), "{prompt}");
    let code = Mailbox::of(&sink).code_for(&prompt);
    assert_eq!(newest_code(&sink).0, [OLD]);
    assert!(login.tries(proof.as_str()).text.contains("not right"));
    // This login still waits at its prompt when the new address takes the old one's place.
    let _ = stage
        .gatepost(&["user", "verify", "alice", &proof])
        .success();
    assert!(
        !login.tries(code.as_str()).text.is_empty(),
        "a code to the old address is dead"
    );
    leave(login);
    stage.store().pass(Duration::from_secs(2));
    let mut login = begin(&stage);
    let prompt = login.code_prompt().text;
    assert!(prompt.contains("a***@e***.net"), "{prompt}");
    let code = Mailbox::of(&sink).code_for(&prompt);
    assert_eq!(newest_code(&sink).0, [NEW]);
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
}

// Mutants: a notice is left out, goes to the new address, names it in full, or carries a code.
#[test]
fn change_notifies_old() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let _ = stage
        .gatepost(&["user", "set-mail", "alice", NEW])
        .success();
    let (_, proof) = newest_code(&sink);
    let _ = stage.gatepost(&["maintain"]).success();
    let asked = told(&sink);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].0, OLD);
    assert!(
        asked[0].1.contains("to go to a***@e***.net instead"),
        "{asked:?}"
    );
    let _ = stage
        .gatepost(&["user", "verify", "alice", &proof])
        .success();
    // Even if the account is removed before the mail goes out.
    let _ = stage
        .gatepost(&["user", "remove", "alice", "--yes"])
        .success();
    let _ = stage.gatepost(&["maintain"]).success();
    let all = told(&sink);
    let whose: Vec<&str> = all.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(whose, [OLD, OLD, NEW], "{all:?}");
    assert!(all[1].1.contains("now go to a***@e***.net"), "{all:?}");
    assert!(all[2].1.contains("removed this account"), "{all:?}");
    for mail in Mailbox::of(&sink).notices() {
        assert!(!mail.text().contains(NEW), "{}", mail.text());
        assert!(!mail.html().contains(NEW), "{}", mail.html());
    }
}

// Mutants: unlock queues no notice; a lock or a disabling does.
#[test]
fn an_unlocking_is_told_to_the_owner() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let _ = stage.gatepost(&["user", "lock", "alice"]).success();
    let mut login = begin(&stage);
    let text = login.code_prompt().text;
    assert!(text.contains("locked"), "{text}");
    leave(login);
    assert!(
        Mailbox::of(&sink).codes().is_empty(),
        "nothing is mailed under the lock"
    );
    stage.wait_for_quiet();
    let _ = stage.gatepost(&["maintain"]).success();
    assert!(
        told(&sink).is_empty(),
        "a lock is no news: {:?}",
        told(&sink)
    );
    let _ = stage.gatepost(&["user", "unlock", "alice"]).success();
    let _ = stage.gatepost(&["maintain"]).success();
    // The sign-in before may have taken it up first, and sends it after its end.
    let _told = wait::until(SOON, || (!told(&sink).is_empty()).then_some(()));
    let all = told(&sink);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].0, OLD);
    assert!(all[0].1.contains("unlocked this account"), "{all:?}");
    let mut login = begin(&stage);
    login.code_prompt();
    login.answer(Mailbox::of(&sink).next_code());
    login.finish().expect("PAM_SUCCESS");
    let _ = stage.gatepost(&["user", "disable", "alice"]).success();
    stage.wait_for_quiet();
    let _ = stage.gatepost(&["maintain"]).success();
    assert_eq!(told(&sink).len(), 1, "nor is a disabling");
}
