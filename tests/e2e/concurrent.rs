//! Many at once, and many in a row: one code lets one in, mails stop where the policy says, and honest
//! people get through.

use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::pam::Conversation;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Mail;
use gatepost_tests::smtp::Sink;
use gatepost_tests::soak;
use gatepost_tests::sshd::Sshd;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::users::User;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;

const SOURCE: &str = "192.0.2.7";
const DAY: Duration = Duration::from_hours(24);

fn rig(config: Config) -> Stage {
    Stage::builder()
        .product(config)
        .enrol("alice", "alice@example.org")
        .stack("rig", &Stack::plain())
        .stack("sshd", &Stack::plain())
        .build()
}

/// Begins a login, the password typed.
fn begin<'s>(stage: &'s Stage, user: &str) -> Conversation<'s> {
    let client = stage.pam("rig").user(user).rhost(SOURCE);
    let mut login = client.without_failure_delay().start();
    login.password_of(user);
    login
}

fn leave(mut login: Conversation<'_>) {
    login.hang_up();
    login.finish();
}

/// Ends a login whatever it still asks; true when it let in.
fn let_in(mut login: Conversation<'_>) -> bool {
    while login.next_prompt().is_some() {
        login.hang_up();
    }
    login.finish().authenticate() == "PAM_SUCCESS"
}

// Mutant: a used code is taken again both by the challenge's state and by the consuming UPDATE. They are
// in one transaction: either alone keeps the other's mutants green, and so does the number of rows changed.
#[test]
fn race_same_code() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    let mut mailbox = Mailbox::of(&sink);
    let rounds = soak::size(12, 10_000);
    for round in 0..rounds {
        let mut logins: Vec<Conversation<'_>> = (0..4).map(|_| begin(&stage, "alice")).collect();
        for login in &mut logins {
            login.code_prompt();
        }
        let code = mailbox.next_code();
        // All four stand at their prompts; the answers go out with nothing in between.
        for login in &mut logins {
            login.answer(code.as_str());
        }
        let successes = logins.into_iter().map(let_in).filter(|&in_| in_).count();
        assert_eq!(successes, 1, "round {round}");
        // A day's ceiling of mails to an address is not what is tried here.
        stage.store().pass(DAY);
    }
    let (_, right) = stage.store().guesses().unwrap();
    assert_eq!(right, rounds);
}

// Mutant: as for race_same_code.
#[test]
fn thirty_two_logins_with_one_code_are_one_success() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    let mut first = begin(&stage, "alice");
    first.code_prompt();
    let code = Mailbox::of(&sink).next_code();
    leave(first);
    let password = User::password_of("alice");
    let outcome = stage
        .pam("rig")
        .user("alice")
        .rhost(SOURCE)
        .without_failure_delay()
        .in_threads(32, [password, &code])
        .answers([""; 0]);
    let codes = outcome.all_codes();
    assert_eq!(codes.len(), 32);
    let successes = codes.iter().filter(|code| **code == "PAM_SUCCESS").count();
    assert_eq!(successes, 1, "{codes:?}");
    assert_eq!(stage.store().guesses().unwrap().1, 1);
    stage.expect_conversations(33);
}

// Mutant: crowded counts no rows; then a fifth prompt comes.
#[test]
fn four_logins_of_an_account_wait_and_a_fifth_is_sent_away() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    let mut waiting: Vec<Conversation<'_>> = (0..4).map(|_| begin(&stage, "alice")).collect();
    for login in &mut waiting {
        login.code_prompt();
    }
    assert_eq!(stage.store().waiting().unwrap(), 4);
    let mut fifth = begin(&stage, "alice");
    assert_eq!(fifth.next_prompt(), None);
    fifth.finish().expect("PAM_PERM_DENIED");
    // Whoever goes makes room, be it by force.
    let killed = waiting.pop().expect("a login");
    killed.signal(rustix::process::Signal::KILL);
    killed.finish_killed();
    let room = wait::until(SOON, || {
        (stage.processes("gatepost-helper").len() == 3).then_some(())
    });
    room.expect("the helper goes with its host");
    let mut next = begin(&stage, "alice");
    next.code_prompt();
    next.answer(Mailbox::of(&sink).next_code());
    next.finish().expect("PAM_SUCCESS");
    waiting.into_iter().for_each(leave);
    stage.expect_conversations(6);
}

// Mutant: as for race_same_code; then a code that two ssh clients type at the same time lets both in.
#[test]
fn two_ssh_clients_with_one_code_are_one_shell() {
    require!(Need::Program("/usr/sbin/sshd"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    let sshd = Sshd::start(&stage);
    let mut clients: Vec<_> = (0..2)
        .map(|_| sshd.client("alice").remote("echo in-$((6*7))").start())
        .collect();
    for client in &mut clients {
        client
            .password_of("alice")
            .expect_prompt("Verification code: ");
    }
    let code = Mailbox::of(&sink).next_code();
    for client in &mut clients {
        client.answer(&code);
    }
    let mut shells = 0;
    for client in &mut clients {
        let came = wait::until(SOON, || {
            let shown = client.pty.transcript();
            let shell = shown.contains("in-42");
            (shell || shown.contains("That code was used already")).then_some(shell)
        });
        shells += u32::from(came.expect("a shell or a word why not"));
    }
    assert_eq!(shells, 1);
    assert_eq!(stage.store().guesses().unwrap().1, 1);
}

// Mutant: neither an account's nor an address's mails of the hour, or of the day, are counted; where one is,
// the other's mutant stays green.
#[test]
fn bomb_1000_logins() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    let mailbox = Mailbox::of(&sink);
    let bomb = |rounds: u32| {
        for _ in 0..rounds {
            let mut at_once: Vec<_> = (0..4).map(|_| begin(&stage, "alice")).collect();
            for login in &mut at_once {
                login.code_prompt();
            }
            at_once.into_iter().for_each(leave);
            stage.wait_for_quiet();
            // Past the life of any code: no login resumes an earlier one's.
            stage.store().pass(Duration::from_mins(5));
        }
    };
    bomb(8);
    assert_eq!(mailbox.codes().len(), 5, "forty minutes");
    stage.store().pass(Duration::from_mins(20));
    bomb(8);
    assert_eq!(mailbox.codes().len(), 10, "two hours");
    stage.store().pass(Duration::from_mins(20));
    let rounds = soak::size(4, 234);
    bomb(rounds);
    assert_eq!(mailbox.codes().len(), 10, "the rest of the day");
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    // The owner hears of it, once an hour at most.
    let hours = 3 + usize::try_from(rounds).unwrap() / 12;
    let notices = mailbox.notices().len();
    assert!((1..=hours).contains(&notices), "{notices} notices");
}

// Mutant: a success does not end the cooldown, or does not answer the mails before it.
#[test]
fn forty_honest_logins_a_day_pass() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(Config::to(&sink));
    let mut mailbox = Mailbox::of(&sink);
    for login in 0..40 {
        let mut honest = begin(&stage, "alice");
        let said = honest.code_prompt().text;
        assert!(said.contains("code sent to"), "login {login}: {said}");
        honest.answer(mailbox.next_code());
        honest.finish().expect("PAM_SUCCESS");
    }
    let mut codes = mailbox.codes();
    assert_eq!(codes.len(), 40);
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 40, "a code came twice");
    // The ceiling for a mailbox stands above all that: sixty a day, answered or not.
    for _ in 40..60 {
        let mut honest = begin(&stage, "alice");
        honest.code_prompt();
        honest.answer(mailbox.next_code());
        honest.finish().expect("PAM_SUCCESS");
    }
    let mut one_more = begin(&stage, "alice");
    let said = one_more.code_prompt().text;
    assert!(said.contains("no mail is sent now"), "{said}");
    leave(one_more);
    assert_eq!(mailbox.codes().len(), 60);
}

/// A stage with this many people, p0 and on, all behind one address.
fn office(sink: &Sink, people: u32) -> Stage {
    let mut builder = Stage::builder()
        .product(Config::to(sink).number("limits.sends_per_source", 5))
        .stack("rig", &Stack::plain());
    for number in 0..people {
        let name = format!("p{number}");
        builder = builder
            .guest(&name, 3000 + number)
            .enrol(&name, &format!("{name}@example.org"));
    }
    builder.build()
}

/// Waits for the newest code to this person.
fn code_of(sink: &Sink, user: &str) -> String {
    let address = format!("{user}@example.org");
    let find = || {
        let mails = sink.mails();
        let to_them = mails.iter().filter(|mail| mail.to == [address.as_str()]);
        to_them.filter_map(Mail::find_code).next_back()
    };
    wait::until(SOON, find).unwrap()
}

// Mutant: a success does not give back the budget of its source.
#[test]
fn hundred_people_behind_one_address_pass() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let people = soak::size(12, 100);
    let stage = office(&sink, people);
    for number in 0..people {
        let user = format!("p{number}");
        let mut login = begin(&stage, &user);
        let said = login.code_prompt().text;
        assert!(said.contains("code sent to"), "{user}: {said}");
        login.answer(code_of(&sink, &user));
        login.finish().expect("PAM_SUCCESS");
    }
}

// Mutant: mails::sent does not count by source.
#[test]
fn unanswered_mails_from_one_address_stop_until_somebody_answers() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = office(&sink, 7);
    for number in 0..5 {
        let mut login = begin(&stage, &format!("p{number}"));
        assert!(login.code_prompt().text.contains("code sent to"));
        code_of(&sink, &format!("p{number}"));
        leave(login);
    }
    let said = |user: &str| {
        let mut login = begin(&stage, user);
        let said = login.code_prompt().text;
        leave(login);
        said
    };
    assert!(said("p5").contains("no mail is sent now"));
    // Another place is not touched by it.
    let client = stage.pam("rig").user("p6").rhost("198.51.100.1");
    let mut elsewhere = client.without_failure_delay().start();
    elsewhere.password_of("p6");
    assert!(elsewhere.code_prompt().text.contains("code sent to"));
    leave(elsewhere);
    // One answers: that mail no longer counts.
    let mut answers = begin(&stage, "p0");
    assert!(answers.code_prompt().text.contains("already sent"));
    answers.answer(code_of(&sink, "p0"));
    answers.finish().expect("PAM_SUCCESS");
    assert!(said("p5").contains("code sent to"));
}
