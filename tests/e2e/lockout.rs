//! Locks: what brings them about, what still works under them, how they end; and what the owner of an
//! account hears when somebody else stands at its door.

use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::pam::Conversation;
use gatepost_tests::require;
use gatepost_tests::smtp::Act;
use gatepost_tests::smtp::BadCertificate;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Fault;
use gatepost_tests::smtp::Sink;
use gatepost_tests::smtp::Step;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;

const HOUR: Duration = Duration::from_hours(1);
const GUESS: &str = "00000000";

fn config(sink: &Sink) -> Config {
    Config::to(sink).set("limits.send_cooldown", "1s")
}

fn rig(config: Config) -> Stage {
    Stage::builder()
        .product(config)
        .enrol("alice", "alice@example.org")
        .enrol("bob", "bob@example.org")
        .stack("rig", &Stack::plain())
        .stack("decoy", &Stack::decoy())
        .build()
}

fn begin<'s>(stage: &'s Stage, service: &str, user: &str) -> Conversation<'s> {
    let client = stage.pam(service).user(user).rhost("192.0.2.7");
    let mut login = client.without_failure_delay().start();
    login.password_of(user);
    login
}

fn leave(mut login: Conversation<'_>) {
    login.hang_up();
    login.finish();
}

/// Locks alice by ten wrong codes. Yields two logins that still wait at their prompts, and the code
/// that was sent to both: it lives, and has a try left.
fn lock<'s>(
    stage: &'s Stage,
    service: &str,
    mailbox: &mut Mailbox<'_>,
) -> (Conversation<'s>, Conversation<'s>, String) {
    let (before, _) = stage.store().guesses().unwrap();
    for _ in 0..3 {
        let mut login = begin(stage, service, "alice");
        login.code_prompt();
        let code = mailbox.next_code();
        login.tries(wrong(&code));
        login.tries(wrong(&code));
        login.answer(wrong(&code));
        login.finish().expect("PAM_MAXTRIES");
        stage.store().pass(Duration::from_secs(2));
    }
    let mut one = begin(stage, service, "alice");
    one.code_prompt();
    let code = mailbox.next_code();
    let mut other = begin(stage, service, "alice");
    other.code_prompt();
    one.tries(wrong(&code));
    assert_eq!(stage.store().guesses().unwrap(), (before + 10, 0));
    (one, other, code)
}

// Mutant: count_guess compares first and looks at the lock then, or says Wrong for a wrong code.
#[test]
fn locked_right_code_same_reply() {
    require!();
    for service in ["rig", "decoy"] {
        let sink = Sink::start(Encryption::StartTls);
        let stage = rig(config(&sink));
        let (mut one, mut other, code) = lock(&stage, service, &mut Mailbox::of(&sink));
        let right = one.tries(code.as_str()).text;
        let not_right = other.tries(wrong(&code)).text;
        assert_eq!(timeless(&right), timeless(&not_right), "in an open login");
        leave(one);
        leave(other);
        // And in logins that began under the lock.
        let told = |answer: &str| {
            let mut login = begin(&stage, service, "alice");
            login.code_prompt();
            login.tries(answer);
            login.tries(answer);
            login.answer(answer);
            let outcome = login.finish().expect("PAM_MAXTRIES");
            let all = outcome.messages().iter();
            all.map(|(_, text)| timeless(text)).collect::<Vec<_>>()
        };
        assert_eq!(told(&code), told(&wrong(&code)), "in a new login");
        assert_eq!(stage.store().guesses().unwrap(), (10, 0), "none compared");
    }
}

/// What was told, without the seconds that a lock still lasts: they run on.
fn timeless(told: &str) -> String {
    match told.split_once("locked for another ") {
        Some((before, after)) => {
            let rest = after.split_once('.').map_or("", |(_, rest)| rest);
            format!("{before}{rest}")
        }
        None => told.to_owned(),
    }
}

// Mutant: a right code clears the counter that locks; or count_guess does not look at the lock.
#[test]
fn locked_right_code_denied() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let mut mailbox = Mailbox::of(&sink);
    let (one, mut other, code) = lock(&stage, "rig", &mut mailbox);
    leave(one);
    let said = other.tries(code.as_str()).text;
    assert!(
        said.contains("mailed codes are locked for another"),
        "{said}"
    );
    leave(other);
    assert_eq!(stage.store().failures_in_a_row("alice").unwrap(), 10);
    // The lock is alice's alone.
    let mut login = begin(&stage, "rig", "bob");
    login.code_prompt();
    login.answer(mailbox.next_code());
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: the helper counts, or mails, before the password was proved.
#[test]
fn lockout_needs_password() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    for service in ["rig", "decoy"] {
        for _ in 0..6 {
            let client = stage.pam(service).user("alice").rhost("192.0.2.7");
            let outcome =
                client
                    .without_failure_delay()
                    .answers(["not-the-password", GUESS, GUESS, GUESS]);
            assert_ne!(outcome.authenticate(), "PAM_SUCCESS");
        }
    }
    stage.wait_for_quiet();
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    assert_eq!(stage.store().failures_in_a_row("alice").unwrap(), 0);
    assert_eq!(sink.mails().len(), 0, "nobody proved anything");
    let mut login = begin(&stage, "rig", "alice");
    login.code_prompt();
    login.answer(Mailbox::of(&sink).next_code());
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: lockout::windows never lets a failure leave its window.
#[test]
fn lockout_self_heals() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let mut mailbox = Mailbox::of(&sink);
    let (one, other, _) = lock(&stage, "rig", &mut mailbox);
    leave(one);
    leave(other);
    stage.store().pass(Duration::from_mins(58));
    let mut login = begin(&stage, "rig", "alice");
    let said = login.code_prompt().text;
    assert!(said.contains("locked for another"), "{said}");
    leave(login);
    stage.store().pass(Duration::from_mins(3));
    let mut login = begin(&stage, "rig", "alice");
    login.code_prompt();
    login.answer(mailbox.next_code());
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: Store::unlock leaves the windows as they are.
#[test]
fn an_administrator_unlocks_and_the_next_code_lets_in() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let mut mailbox = Mailbox::of(&sink);
    let (one, other, code) = lock(&stage, "rig", &mut mailbox);
    leave(one);
    leave(other);
    let _ = stage.gatepost(&["user", "unlock", "alice"]).success();
    // The ledger keeps what it has; the code that was live still is.
    assert_eq!(stage.store().guesses().unwrap(), (10, 0));
    let mut login = begin(&stage, "rig", "alice");
    assert!(login.code_prompt().text.contains("already sent"));
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
    let kinds = stage.store().event_kinds().unwrap();
    assert!(kinds.iter().any(|kind| kind == "user-unlock"), "{kinds:?}");
}

// Mutant: the row of failures is not looked at; or a recovery code helps against it.
#[test]
fn a_hundred_failures_in_a_row_lock_until_an_administrator_unlocks() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let mut mailbox = Mailbox::of(&sink);
    let recovery = stage.recovery_codes("alice");
    stage.store().set_failures_in_a_row("alice", 99);
    let mut login = begin(&stage, "rig", "alice");
    login.code_prompt();
    let code = mailbox.next_code();
    assert!(login.tries(wrong(&code)).text.contains("not right"));
    let said = login.tries(code.as_str()).text;
    assert!(said.contains("until an administrator unlocks"), "{said}");
    leave(login);
    assert!(!recovers(&stage, &recovery[0]), "nor does a recovery code");
    // Time alone does not end it.
    stage.store().pass(HOUR * 24 * 30);
    let mut login = begin(&stage, "rig", "alice");
    let said = login.code_prompt().text;
    assert!(said.contains("until an administrator unlocks"), "{said}");
    leave(login);
    let _ = stage.gatepost(&["user", "unlock", "alice"]).success();
    let mut login = begin(&stage, "rig", "alice");
    login.code_prompt();
    login.answer(mailbox.next_code());
    login.finish().expect("PAM_SUCCESS");
    assert_eq!(stage.store().failures_in_a_row("alice").unwrap(), 0);
}

fn recovers(stage: &Stage, code: &str) -> bool {
    let mut login = begin(stage, "rig", "alice");
    login.code_prompt();
    login.answer(code);
    if login.next_prompt().is_some() {
        leave(login);
        return false;
    }
    login.finish().authenticate() == "PAM_SUCCESS"
}

// Mutant: consume_recovery's UPDATE and count_recovery's SELECT lack `used_wall IS NULL` (each alone covers the
// other).
#[test]
fn ten_recovery_codes_work_once_each() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let codes = stage.recovery_codes("alice");
    assert_eq!(codes.len(), 10, "{codes:?}");
    for (number, code) in codes.iter().enumerate() {
        // As people write them.
        let written = match number % 3 {
            0 => code.clone(),
            1 => code.to_lowercase(),
            _ => code.replace('-', " "),
        };
        assert!(recovers(&stage, &written), "code {number}");
        assert!(!recovers(&stage, code), "code {number} a second time");
        stage.store().pass(HOUR * 25);
    }
    // New ones end the old ones.
    let first = stage.recovery_codes("alice");
    let second = stage.recovery_codes("alice");
    assert!(!recovers(&stage, &first[0]));
    assert!(recovers(&stage, &second[0]));
    // Somebody else's help nobody.
    let mut login = begin(&stage, "rig", "bob");
    login.code_prompt();
    assert!(login.tries(second[1].as_str()).text.contains("not right"));
    leave(login);
}

// Mutant: count_recovery looks at the lock on mailed codes; or has no budget of its own.
#[test]
fn a_recovery_code_works_under_a_window_lock_and_has_a_budget_of_its_own() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let codes = stage.recovery_codes("alice");
    let mut mailbox = Mailbox::of(&sink);
    let (one, other, _) = lock(&stage, "rig", &mut mailbox);
    leave(one);
    leave(other);
    // Five wrong ones an hour are compared.
    for guess in 1..=5 {
        assert!(!recovers(&stage, "22222-33333-44444"), "guess {guess}");
    }
    assert_eq!(stage.store().guesses().unwrap(), (15, 0));
    assert!(!recovers(&stage, &codes[0]), "the sixth is not compared");
    assert_eq!(stage.store().guesses().unwrap(), (15, 0));
    // A day later, under a new lock, it lets in.
    stage.store().pass(HOUR * 24);
    let (one, other, _) = lock(&stage, "rig", &mut mailbox);
    leave(one);
    leave(other);
    assert!(recovers(&stage, &codes[0]));
}

// Mutant: a failed delivery shuts the prompt; or recovery codes need a challenge.
#[test]
fn relay_down_recovery_code_works() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let codes = stage.recovery_codes("alice");
    sink.stop();
    let mut login = begin(&stage, "rig", "alice");
    login.code_prompt();
    // A lone relay is tried twice.
    stage.wait_for_deliveries(2);
    let said = login.tries("").text;
    assert!(
        said.contains("The mail could not be sent. Use a recovery or bypass code"),
        "{said}"
    );
    login.answer(codes[3].as_str());
    login.finish().expect("PAM_SUCCESS");
}

// Mutant: any failure of a delivery ends in Verdict::Ignore or Verdict::Success.
#[test]
fn no_open_by_network() {
    require!();
    let faults = [
        Fault::unavailable(),
        Fault::greylist(),
        Fault::no_such_mailbox(),
        Fault::auth_refused(),
        Fault::starttls_refused(),
        Fault::HideStartTls,
        Fault::Certificate(BadCertificate::SelfSigned),
        Fault::drop_before_final(),
        Fault::At(Step::Greeting, Act::Close),
        Fault::At(Step::Greeting, Act::Silent),
        Fault::StallHandshake,
    ];
    let sink = Sink::with_password(Encryption::StartTls, "relay-user", "relay-Pw-Zk31");
    let stage = rig(config(&sink).set("mail.deadline", "2s"));
    for fault in faults {
        let named = format!("{fault:?}");
        sink.fault(fault);
        let mut login = begin(&stage, "rig", "alice");
        login.code_prompt();
        let store = stage.store();
        let failed = wait::until(SOON, || (store.mails_charged().ok()? == 0).then_some(()));
        assert!(failed.is_some(), "{named}");
        login.tries(GUESS);
        login.tries("");
        login.tries("alice");
        login.answer(GUESS);
        let outcome = login.finish();
        assert_eq!(outcome.authenticate(), "PAM_MAXTRIES", "{named}");
        stage.store().pass(HOUR * 25);
    }
    sink.stop();
    let mut login = begin(&stage, "rig", "alice");
    login.code_prompt();
    leave(login);
    let verdicts = stage.store().verdicts().unwrap();
    assert!(verdicts.iter().all(|word| word == "refuse"), "{verdicts:?}");
}

// Mutant: queue_half_finished does not look for an earlier notice; or close queues none.
#[test]
fn notice_once_per_hour() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let mailbox = Mailbox::of(&sink);
    // A wrong password is no news, nor is a login that came to its end.
    let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
    client.without_failure_delay().answers(["not-the-password"]);
    let mut login = begin(&stage, "rig", "alice");
    login.code_prompt();
    login.answer(Mailbox::of(&sink).next_code());
    login.finish().expect("PAM_SUCCESS");
    stage.wait_for_quiet();
    assert_eq!(mailbox.notices().len(), 0);
    // The right password and no code: one notice, however often.
    for _ in 0..3 {
        let mut login = begin(&stage, "rig", "alice");
        login.code_prompt();
        leave(login);
        stage.wait_for_quiet();
    }
    let notices = mailbox.notices();
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].to, ["alice@example.org"]);
    let text = notices[0].text();
    for word in ["host01", "rig", "192.0.2.7"] {
        assert!(text.contains(word), "no {word} in {text}");
    }
    for code in mailbox.codes() {
        assert!(!text.replace(' ', "").contains(&code), "{text}");
    }
    // An hour later it is news again, and three wrong codes are too.
    stage.store().pass(HOUR);
    let mut login = begin(&stage, "rig", "alice");
    login.code_prompt();
    for _ in 0..2 {
        login.tries(GUESS);
    }
    login.answer(GUESS);
    login.finish().expect("PAM_MAXTRIES");
    stage.wait_for_quiet();
    assert_eq!(mailbox.notices().len(), 2);
}
