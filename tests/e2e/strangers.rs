//! Strangers at a decoy stack: past a number they are counted and no longer recorded; they see nothing
//! of it, each has its line, and whoever has the password is recorded as ever.

use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::pam::Answer;
use gatepost_tests::require;
use gatepost_tests::smtp::{Encryption, Sink};
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

// Mutants: strangers::count always answers InFull; line::text writes none for what is counted;
// what was proved is not looked at; maintain tells no hour.
#[test]
fn strangers_fill_no_log_and_hide_nobody() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = Stage::builder()
        .product(Config::to(&sink))
        .enrol("alice", "alice@example.org")
        .stack("decoy", &Stack::decoy())
        .build();
    let client = |user: &str| {
        let client = stage.pam("decoy").user(user).rhost("192.0.2.9");
        client.without_failure_delay()
    };
    let answers = ["not the password", "11111111", "22222222", "33333333"];
    let transcripts: Vec<_> = (0..14)
        .map(|_| {
            let outcome = client("alice").answers(answers.map(Answer::from));
            assert_eq!(
                outcome.authenticate(),
                "PAM_MAXTRIES",
                "{}",
                outcome.report()
            );
            outcome.messages().to_vec()
        })
        .collect();
    assert!(transcripts.iter().all(|one| *one == transcripts[0]));
    // From the same place, with the password: all of it is on record.
    let mut login = client("alice").start();
    login.password_of("alice");
    login.expect_prompt("Verification code: ");
    login.answer(sink.next_mail(SOON).code());
    let outcome = login.finish();
    assert_eq!(
        outcome.authenticate(),
        "PAM_SUCCESS",
        "{}",
        outcome.report()
    );
    stage.wait_for_quiet();
    let mut verdicts = vec!["refuse"; 10];
    verdicts.push("success");
    assert_eq!(stage.store().verdicts().unwrap(), verdicts);
    let lines = stage.syslog();
    let counted = lines
        .iter()
        .filter(|line| line.field("recorded") == Some("counted"))
        .inspect(|line| assert_eq!(line.field("rhost"), Some("192.0.2.9"), "{line:?}"));
    assert_eq!(counted.count(), 4);
    stage.expect_conversations(15);

    stage.store().pass(Duration::from_hours(2));
    for _ in 0..2 {
        let _ = stage.gatepost(&["maintain"]).success();
    }
    let kinds = stage.store().event_kinds().unwrap();
    assert_eq!(kinds.iter().filter(|kind| *kind == "strangers").count(), 1);
    let _ = stage.gatepost(&["audit", "verify"]).success();
}
