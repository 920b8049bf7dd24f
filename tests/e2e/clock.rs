//! Time: a boot that is over takes its codes with it and lowers no count, and what the caller says of
//! zones and languages is not heard. Clocks that are set back or forward are played in the login's own
//! tests, where the clock is an argument.

use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::pam::Client;
use gatepost_tests::pam::Conversation;
use gatepost_tests::pam::Outcome;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Mail;
use gatepost_tests::smtp::Sink;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

fn stage(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::module(""))
        .build()
}

fn alice(stage: &Stage) -> Client<'_> {
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    client.without_failure_delay()
}

#[track_caller]
fn gives_up(mut login: Conversation<'_>) {
    login.hang_up();
    login.finish().expect("PAM_CONV_ERR");
}

// Mutant: Life::resumable and Life::state without the comparison of boot ids.
#[test]
fn reboot_voids() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let stage = stage(&sink);
    let mut before = alice(&stage).start();
    before.code_prompt();
    let old = sink.next_mail(SOON).code();
    stage.wait_for_deliveries(1);
    gives_up(before);
    stage.wait_for_quiet();
    // Without a reboot it would still be good.
    let mut same = alice(&stage).start();
    assert!(same.code_prompt().text.contains("already sent"));
    gives_up(same);
    stage.wait_for_quiet();
    stage.store().reboot();
    stage.store().pass(Duration::from_secs(2));
    let mut after = alice(&stage).start();
    let prompt = after.code_prompt();
    assert!(prompt.text.contains("code sent to"), "{prompt:?}");
    let said = after.tries(old).text;
    assert!(said.contains("not right"), "{said}");
    let new = next_code(&sink);
    after.answer(new);
    after.finish().expect("PAM_SUCCESS");
    stage.expect_conversations(3);
}

/// The newest code, passing over notices.
fn next_code(sink: &Sink) -> String {
    loop {
        if let Some(code) = Mail::find_code(&sink.next_mail(SOON)) {
            return code;
        }
    }
}

/// Types wrong codes until the account is locked; how many it took.
#[track_caller]
fn lock(stage: &Stage, sink: &Sink) -> u32 {
    let mut guesses = 0;
    loop {
        assert!(guesses < 20, "never locked\n{}", stage.report());
        let mut login = alice(stage).start();
        let prompt = login.code_prompt();
        if prompt.text.contains("locked for another") {
            gives_up(login);
            stage.wait_for_quiet();
            return guesses;
        }
        let code = next_code(sink);
        login.tries(wrong(&code));
        gives_up(login);
        stage.wait_for_quiet();
        stage.store().pass(Duration::from_mins(6));
        guesses += 1;
    }
}

// Mutant: policy::clock::Reading::advance begins anew in another boot; tally() heeds the boot.
#[test]
fn a_reboot_lowers_no_count_and_a_window_ends_by_itself() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let config = Config::to(&sink).set("limits.send_cooldown", "1s");
    let stage = stage(&sink);
    stage.configure(&config.number("limits.failures_per_hour", 3));
    assert_eq!(lock(&stage, &sink), 3);
    let failures = stage.store().failures_in_a_row("alice");
    stage.store().reboot();
    let still = alice(&stage).answers([""; 0]);
    assert!(
        said(&still).contains("locked for another"),
        "{}",
        still.report()
    );
    assert_eq!(stage.store().failures_in_a_row("alice"), failures);
    stage.wait_for_quiet();
    stage.store().pass(Duration::from_mins(61));
    let mut login = alice(&stage).start();
    login.code_prompt();
    login.answer(next_code(&sink));
    login.finish().expect("PAM_SUCCESS");
}

fn said(outcome: &Outcome) -> String {
    let messages = outcome.messages().iter();
    messages.map(|(_, text)| text.as_str()).collect()
}

// Mutant: helper_process::start without env_clear (the zone is read as TZ says); a message through
// gettext.
#[test]
fn env_locale_tz() {
    require!();
    let sink = Sink::start(Encryption::Implicit);
    let stage = stage(&sink);
    fs::remove_file("/etc/localtime").unwrap();
    symlink("/usr/share/zoneinfo/Asia/Tokyo", "/etc/localtime").unwrap();
    let environments: [&[(&str, &str)]; 4] = [
        &[],
        &[("TZ", "America/New_York"), ("LC_ALL", "de_DE.UTF-8")],
        &[
            ("TZ", ":/etc/shadow"),
            ("LANG", "tr_TR"),
            ("LANGUAGE", "ja"),
        ],
        &[
            ("TZ", "x".repeat(4000).leak()),
            ("LC_ALL", "../../../home/eve"),
        ],
    ];
    let mut seen = Vec::new();
    for environment in environments {
        let mut client = alice(&stage);
        for (name, value) in environment {
            client = client.environment(name, value);
        }
        let mut login = client.start();
        let first = login.code_prompt().text;
        let mail = sink.next_mail(SOON);
        stage.wait_for_deliveries(seen.len() + 1);
        let delivered = login.tries("").text;
        let help = login.tries("?").text;
        let wrong = login.tries(wrong(&mail.code())).text;
        login.answer(mail.code());
        login.finish().expect("PAM_SUCCESS");
        let zone = mail.text().lines().find_map(|line| {
            let time = line.strip_prefix("Time:")?;
            Some(time.split_whitespace().last()?.to_owned())
        });
        let same = |text: &str| text.split(['(', 'a']).next().unwrap_or("").to_owned();
        let date = mail.header("Date").unwrap();
        seen.push((
            same(&first),
            same(&delivered),
            help,
            wrong,
            zone,
            mail.subject().split('(').next().map(str::to_owned),
            date.ends_with("+0000"),
        ));
        stage.wait_for_quiet();
    }
    for other in &seen[1..] {
        assert_eq!(other, &seen[0]);
    }
    assert_eq!(seen[0].4.as_deref(), Some("JST"), "the machine's own zone");
    stage.expect_conversations(4);
}
