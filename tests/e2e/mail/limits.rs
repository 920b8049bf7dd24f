//! How many mails go out: as many as the policy says, to the one, and never too few for honest people.

use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::soak;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

use super::stage;

const HOUR: Duration = Duration::from_hours(1);

/// Logins of alice's that end at the prompt, spread over a time; half of them from elsewhere.
fn give_up(stage: &Stage, logins: u32, over: Duration) {
    for login in 0..logins {
        let rhost = format!("192.0.2.{}", 7 + login % 2);
        let client = stage.pam("rig").user("alice").rhost(rhost);
        let mut client = client.without_failure_delay().start();
        client.code_prompt();
        client.hang_up();
        client.finish().expect("PAM_CONV_ERR");
        stage.wait_for_quiet();
        stage.store().pass(over / logins);
    }
}

// Mutant: sends::wait without the rows of sends_per_hour (those of account and address, which are one
// here), or of sends_per_day.
#[test]
fn bomb_1000_logins() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let stage = stage(Config::to(&sink));
    let mailbox = Mailbox::of(&sink);
    let [first, rest] = [soak::size(8, 500), soak::size(23, 500)];
    give_up(&stage, first, HOUR * 5 / 6);
    assert_eq!(mailbox.codes().len(), 5, "in an hour: {}", sink.log());
    // A little less than a day in all, so that the first mail still counts at the last login.
    give_up(&stage, rest, HOUR * 22);
    assert_eq!(mailbox.codes().len(), 10, "in a day: {}", sink.log());
    // The notices of half-finished logins have their own limit, of one an hour.
    let notices = mailbox.notices().len();
    assert!((2..=24).contains(&notices), "{notices}");
    stage.store().pass(HOUR * 24);
    give_up(&stage, 1, HOUR);
    assert_eq!(mailbox.codes().len(), 11, "the next day: {}", sink.log());
    stage.expect_conversations(usize::try_from(first + rest + 1).unwrap());
}

// Mutant: mails::answer_sends left out of succeed().
#[test]
fn forty_honest_logins_a_day_pass() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let stage = stage(Config::to(&sink));
    for _ in 0..40 {
        let mut login = stage.pam("rig").user("alice").rhost("192.0.2.7").start();
        login.code_prompt();
        login.answer(sink.next_mail(SOON).code());
        login.finish().expect("PAM_SUCCESS");
    }
    stage.expect_conversations(40);
}

// Mutant: the rows that answer_sends changes are still counted for their source.
#[test]
fn hundred_people_behind_one_address_pass() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let people = soak::size(18, 100);
    let name = |number: u32| format!("person{number}");
    let mut builder = Stage::builder()
        .product(Config::to(&sink))
        .stack("rig", &Stack::module(""));
    for number in 0..people {
        let address = format!("{}@example.org", name(number));
        builder = builder
            .guest(&name(number), 3000 + number)
            .enrol(&name(number), &address);
    }
    let stage = builder.build();
    for number in 0..people {
        let mut login = stage
            .pam("rig")
            .user(name(number))
            .rhost("192.0.2.7")
            .start();
        login.code_prompt();
        let mail = sink.next_mail(SOON);
        assert_eq!(mail.to, [format!("{}@example.org", name(number))]);
        login.answer(mail.code());
        login.finish().expect("PAM_SUCCESS");
    }
    stage.expect_conversations(usize::try_from(people).unwrap());
}

// Mutant: sends::wait without the row of sends_per_source.
#[test]
fn one_source_cannot_make_mails_go_out_to_everybody() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let people = 8;
    let name = |number: u32| format!("person{number}");
    let config = Config::to(&sink).number("limits.sends_per_source", 5);
    let mut builder = Stage::builder()
        .product(config)
        .stack("rig", &Stack::module(""));
    for number in 0..people {
        let address = format!("{}@example.org", name(number));
        builder = builder
            .guest(&name(number), 3000 + number)
            .enrol(&name(number), &address);
    }
    let stage = builder.build();
    for number in 0..people {
        let client = stage.pam("rig").user(name(number)).rhost("192.0.2.7");
        let mut login = client.without_failure_delay().start();
        let prompt = login.code_prompt();
        assert_eq!(
            prompt.text.contains("code sent to"),
            number < 5,
            "{prompt:?}"
        );
        login.hang_up();
        login.finish().expect("PAM_CONV_ERR");
        stage.wait_for_quiet();
    }
    assert_eq!(Mailbox::of(&sink).codes().len(), 5, "{}", sink.log());
    stage.expect_conversations(8);
}
