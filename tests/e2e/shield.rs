//! Shields through the real libpam: put up by the administrator's program, met by logins.

use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::pam::Conversation;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

fn rig(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::plain())
        .stack("decoy", &Stack::decoy())
        .build()
}

fn begin<'s>(stage: &'s Stage, service: &str, from: &str) -> Conversation<'s> {
    let client = stage.pam(service).user("alice").rhost(from);
    let mut login = client.without_failure_delay().start();
    login.password_of("alice");
    login
}

fn shield(stage: &Stage) {
    let words = ["shield", "on", "--source", "192.0.2.0/24", "--for", "20m"];
    let _ = stage.gatepost(&words).success();
}

// Mutants: begin does not look for shields; a shield outlives its time, or stops others as well.
#[test]
fn a_shield_refuses_at_once_and_ends_by_itself() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    shield(&stage);
    let outcome = begin(&stage, "rig", "192.0.2.7").finish();
    assert_eq!(
        outcome.authenticate(),
        "PAM_PERM_DENIED",
        "{}",
        outcome.report()
    );
    let said = format!("{:?}", outcome.messages());
    assert!(
        said.contains("Sign-ins from 192.0.2.7 are refused for another"),
        "{said}"
    );
    let refused = stage.wait_for_syslog(SOON, |line| line.field("why") == Some("shield"));
    assert_eq!(refused.field("rhost"), Some("192.0.2.7"));
    assert_eq!(stage.store().mails_charged().unwrap(), 0);
    let why = stage.gatepost(&["why", "alice", "--service", "rig", "--from", "192.0.2.7"]);
    assert!(
        why.stdout.contains("192.0.2.7 is shielded until"),
        "{why:?}"
    );

    let mut login = begin(&stage, "rig", "198.51.100.7");
    login.code_prompt();
    login.answer(Mailbox::of(&sink).next_code());
    login.finish().expect("PAM_SUCCESS");

    stage.store().pass(Duration::from_mins(20));
    let mut login = begin(&stage, "rig", "192.0.2.7");
    login.code_prompt();
    login.hang_up();
    login.finish();
}

// Mutants: a shield that was taken back refuses on; one that came back does not, or begins its time anew.
#[test]
fn a_shield_is_taken_back_and_comes_back_for_the_rest_of_its_time() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let is_refused = || {
        let mut login = begin(&stage, "rig", "192.0.2.7");
        if login.next_prompt().is_some() {
            login.hang_up();
            login.finish();
            return false;
        }
        login.finish().authenticate() == "PAM_PERM_DENIED"
    };
    shield(&stage);
    assert!(is_refused());
    let _ = stage.gatepost(&["undo", "--yes"]).success();
    assert!(!is_refused());
    shield(&stage);
    stage.store().pass(Duration::from_mins(15));
    let _ = stage.gatepost(&["shield", "off", "--all"]).success();
    assert!(!is_refused());
    let _ = stage.gatepost(&["undo", "--yes"]).success();
    assert!(is_refused());
    stage.store().pass(Duration::from_mins(5));
    assert!(!is_refused());
}

// Mutant: an answer is compared although its source was shielded meanwhile.
#[test]
fn a_shield_stops_whoever_waits_at_a_prompt() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut login = begin(&stage, "rig", "192.0.2.7");
    login.code_prompt();
    let code = Mailbox::of(&sink).next_code();
    shield(&stage);
    login.answer(code.as_str());
    let outcome = login.finish();
    assert_eq!(
        outcome.authenticate(),
        "PAM_PERM_DENIED",
        "{}",
        outcome.report()
    );
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    // Taken down, all is as before.
    let _ = stage.gatepost(&["shield", "off", "--all"]).success();
    let mut login = begin(&stage, "rig", "192.0.2.7");
    login.code_prompt();
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
}

// Mutants: a decoy stack refuses a shielded source at once; whoever waits at its prompt is sent away by the
// next answer. Which words are said is covered: a decoy stack has one prompt for everything.
#[test]
fn a_decoy_stack_reads_the_same_with_and_without_a_shield() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let told = |meanwhile: &dyn Fn()| {
        // Past the cooldown: what is typed is a guess at a code of its own.
        stage.store().pass(Duration::from_secs(2));
        let mut login = begin(&stage, "decoy", "192.0.2.7");
        login.code_prompt();
        meanwhile();
        login.tries("");
        login.tries("11111111");
        login.tries("r");
        login.tries("22222222");
        login.answer("33333333");
        login.finish().expect("PAM_MAXTRIES").messages().to_vec()
    };
    let open = told(&|| {});
    assert_eq!(told(&|| shield(&stage)), open);
    assert_eq!(told(&|| {}), open);
    assert_eq!(stage.store().guesses().unwrap(), (3, 0));
}

// Mutants: the meter does not see wrong guesses, or ends with 0 all the same; without a source nothing
// is shielded.
#[test]
fn an_attack_is_seen_and_its_source_shielded_in_one_act() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let attack = || stage.gatepost(&["attack"]);
    assert!(attack().success().stdout.contains("attack: no"));
    for _ in 0..2 {
        let mut login = begin(&stage, "rig", "192.0.2.7");
        login.code_prompt();
        login.tries("11111111");
        login.tries("22222222");
        login.answer("33333333");
        login.finish().expect("PAM_MAXTRIES");
        stage.store().pass(Duration::from_secs(2));
    }
    let seen = attack();
    assert_eq!(seen.status.code(), Some(10), "{seen:?}");
    let why = "192.0.2.7: 6 wrong codes within a minute";
    assert!(seen.stdout.contains(why), "{seen:?}");
    let shields = stage.gatepost(&["shield", "on"]).success().stdout;
    assert!(shields.contains("192.0.2.7"), "{shields}");
    let outcome = begin(&stage, "rig", "192.0.2.7").finish();
    assert_eq!(outcome.authenticate(), "PAM_PERM_DENIED");
    let mut login = begin(&stage, "rig", "198.51.100.7");
    login.code_prompt();
    login.hang_up();
    login.finish();
}

// Mutant: whoever puts a shield up is not told of those whom it does not cover.
#[test]
fn sources_that_no_shield_covers_are_told() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let shield = [
        "shield",
        "on",
        "--source",
        "192.0.2.0/24",
        "--reason",
        "T-1",
    ];
    let on = stage.gatepost(&shield).success();
    assert!(!on.stderr.contains("UseDNS"), "{on:?}");
    let mut login = begin(&stage, "rig", "host.example.net");
    login.code_prompt();
    login.answer(Mailbox::of(&sink).next_code());
    login.finish().expect("PAM_SUCCESS");
    for words in [&shield[..], &["doctor"]] {
        let said = stage.gatepost(words);
        let said = format!("{}{}", said.stdout, said.stderr);
        assert!(
            said.contains("such as host.example.net: shields and known sources do not cover them"),
            "{said}"
        );
    }
}
