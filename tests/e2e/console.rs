//! The console and the login agree through the store: what one does, the other sees. Real terminals,
//! real logins.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::sshd::Sshd;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::tmux::Tmux;
use gatepost_tests::wait;

fn rig(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .enrol("bob", "bob@example.org")
        .stack("sshd", &Stack::plain())
        .stack("rig", &Stack::plain())
        .build()
}

// Mutants: the console reckons a lock of its own; unlocking forgets the windows; changes are not looked
// for.
#[test]
fn locked_out_by_wrong_codes_seen_and_unlocked_in_the_console_and_in_again() {
    require!(
        Need::Program("/usr/sbin/sshd"),
        Need::Program("/usr/bin/tmux")
    );
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut mailbox = Mailbox::of(&sink);
    let sshd = Sshd::start(&stage);
    let terminal = Tmux::open(&stage, 160, 48);
    terminal
        .line("gatepost console --screen users")
        .shows("alice would be asked for a code");
    // Nobody presses a key: the console sees what the logins do.
    for tries in [3, 3, 3, 1] {
        let mut login = stage.pam("rig").user("alice").rhost("192.0.2.7").start();
        login.password_of("alice").code_prompt();
        let wrong = wrong(&mailbox.next_code());
        for _ in 1..tries {
            login.tries(wrong.as_str());
        }
        login.answer(wrong.as_str());
        if tries < 3 && login.next_prompt().is_some() {
            login.hang_up();
        }
        login.finish();
        stage.store().pass(Duration::from_secs(2));
    }
    terminal
        .shows("alice is locked for another")
        .shows("10 wrong codes in the last hour");
    // Two keys.
    terminal.press(&["u"]).shows("Unlock alice?");
    terminal.press(&["y"]).shows("alice is unlocked");
    terminal.shows("alice would be asked for a code");
    let mut login = sshd.login("alice");
    login
        .password_of("alice")
        .expect_prompt("Verification code: ");
    login.answer(&mailbox.next_code()).expect_shell().log_out();
    terminal.press(&["q"]).shows("$");
}

// Mutants: the console enrols where the login does not look; an address that somebody vouched for still
// waits for its confirmation; who was not enrolled is let in.
#[test]
fn enrolled_in_the_console_then_in_over_ssh() {
    require!(
        Need::Program("/usr/sbin/sshd"),
        Need::Program("/usr/bin/tmux")
    );
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut mailbox = Mailbox::of(&sink);
    let sshd = Sshd::start(&stage);
    let terminal = Tmux::open(&stage, 120, 40);
    terminal
        .line("gatepost console --screen users")
        .shows("2 accounts");
    let mut login = sshd.login("carol");
    login.password_of("carol").expect_refusal();
    terminal.press(&["N"]).shows("Enrol somebody");
    terminal.press(&["carol", "Enter", "carol@example.org", "Enter", "Right"]);
    terminal.shows("gatepost user add carol carol@example.org --confirmed");
    assert!(
        mailbox.codes().is_empty(),
        "nothing is mailed to who is not enrolled"
    );
    terminal.press(&["y"]).shows("carol is enrolled");
    terminal.shows("3 accounts");
    let mut login = sshd.login("carol");
    login
        .password_of("carol")
        .expect_prompt("Verification code: ");
    login.answer(&mailbox.next_code()).expect_shell().log_out();
    for mail in sink.mails() {
        assert_eq!(mail.to, ["carol@example.org"]);
    }
    terminal.press(&["q"]).shows("$");
}

// Mutant: the console's reads or acts hold the store's lock while it waits for a key.
#[test]
fn a_hundred_logins_while_the_console_is_used_and_none_is_refused() {
    require!(Need::Program("/usr/bin/tmux"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut mailbox = Mailbox::of(&sink);
    let terminal = Tmux::open(&stage, 160, 60);
    terminal
        .line("gatepost console --screen users")
        .shows("alice would be asked for a code");
    let is_over = AtomicBool::new(false);
    let rounds = AtomicU32::new(0);
    thread::scope(|scope| {
        let keys = scope.spawn(|| use_the_console(&terminal, &rounds, &is_over));
        // Enough of both, whichever is the quicker here.
        for login in 0..1000 {
            let is_used = rounds.load(Ordering::Relaxed) >= ROUNDS || keys.is_finished();
            if login >= LOGINS && is_used {
                break;
            }
            let mut login = stage.pam("rig").user("alice").rhost("192.0.2.7").start();
            login.password_of("alice").code_prompt();
            login.answer(mailbox.next_code());
            login.finish().expect("PAM_SUCCESS");
            stage.store().pass(Duration::from_hours(24));
        }
        is_over.store(true, Ordering::Relaxed);
        keys.join().expect("keys were pressed");
    });
    let rounds = rounds.into_inner();
    assert!(rounds >= ROUNDS, "{rounds} rounds of keys");
    // While the chain is checked, leaving is asked about.
    terminal
        .press(&["Escape"])
        .press(&["1"])
        .shows("accounts in all")
        .hides("checking the chain");
    terminal.press(&["q"]).shows("$");
    let unlocked = stage.store().event_kinds().unwrap();
    let unlocked = unlocked.iter().filter(|kind| *kind == "user-unlock");
    assert!(unlocked.count() >= 10, "the keys did what they say");
}

/// How many people sign in at the least.
const LOGINS: u32 = 100;
/// How often everything is pressed at the least.
const ROUNDS: u32 = 10;

/// Looks around, filters and acts on bob until it is over.
fn use_the_console(terminal: &Tmux, rounds: &AtomicU32, is_over: &AtomicBool) {
    while !is_over.load(Ordering::Relaxed) {
        terminal.press(&["2", "G"]).shows("uid 2002");
        for (key, asked) in [("u", "Unlock bob?"), ("D", "able bob?")] {
            let before = version(&terminal.picture());
            terminal.press(&[key]).shows(asked);
            terminal.press(&["y"]).hides(asked);
            // An act is one on the account as it is seen: the next one waits until this one is.
            terminal.waits("another version", |picture| {
                let now = version(picture);
                now.is_some() && now != before
            });
        }
        terminal.press(&["/", "ali", "Enter"]).shows("1 account ");
        // What follows Esc at once would be a key with Alt.
        terminal.press(&["Escape"]).shows("2 accounts");
        terminal.press(&["4", "c", "G", "5", "1"]);
        rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// The account's version, as its page says it.
fn version(picture: &str) -> Option<String> {
    let line = picture
        .lines()
        .find(|line| line.contains(": an act made on another"))?;
    let before = line.split(": an act made on another").next()?;
    before.split_whitespace().last().map(str::to_owned)
}

/// The word on the screen that is a bypass code.
fn code_on(picture: &str) -> String {
    let mut words = picture.split_whitespace();
    let code = words.find(|word| word.starts_with("B-"));
    code.unwrap_or_else(|| panic!("no code in\n{picture}"))
        .to_owned()
}

// Mutants: the console shows another code than the store keeps; the reason is asked for again; a code that
// was used is still listed.
#[test]
fn a_bypass_code_made_in_the_console_lets_in_once() {
    require!(
        Need::Program("/usr/sbin/sshd"),
        Need::Program("/usr/bin/tmux")
    );
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let sshd = Sshd::start(&stage);
    let terminal = Tmux::open(&stage, 120, 40);
    terminal
        .line("gatepost console --screen users")
        .shows("alice would be asked for a code");
    for is_first in [true, false] {
        terminal.press(&["b"]).shows("Give alice a bypass code?");
        if is_first {
            terminal.press(&["TICKET-812", "Tab", "Tab", "Tab"]);
        }
        // With a reason at hand, two keys.
        terminal.press(&["y"]).shows("it is not shown again");
        let code = code_on(&terminal.picture());
        let mut login = sshd.login("alice");
        login
            .password_of("alice")
            .expect_prompt("Verification code: ");
        login.answer(code.as_str()).expect_shell().log_out();
        // A key that comes too soon was meant for something else, and takes no code away.
        let closed = wait::until(Duration::from_secs(10), || {
            terminal.press(&["Escape"]);
            (!terminal.picture().contains("it is not shown again")).then_some(())
        });
        assert!(closed.is_some(), "{}", terminal.picture());
        assert!(!terminal.picture().contains(&code));
    }
    // The page as it is now that both codes were used.
    terminal
        .hides("TICKET-812")
        .press(&["B"])
        .shows("No bypass code of this account");
    terminal.press(&["q"]).shows("$");
}

// Mutants: the console's shield is none of the store's; it does not end by itself; the banner is not shown on
// other screens.
#[test]
fn a_shield_put_up_live_refuses_the_next_login_and_ends() {
    require!(Need::Program("/usr/bin/tmux"));
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(&sink);
    let mut mailbox = Mailbox::of(&sink);
    let begin = || {
        let client = stage.pam("rig").user("alice").rhost("192.0.2.7");
        let mut login = client.without_failure_delay().start();
        login.password_of("alice");
        login
    };
    let terminal = Tmux::open(&stage, 160, 48);
    terminal
        .line("gatepost console --screen live")
        .shows("No attack is seen");
    // Nobody presses a key: the guesses come in, and the verdict changes.
    for _ in 0..3 {
        let mut login = begin();
        login.code_prompt();
        let wrong = wrong(&mailbox.next_code());
        login.tries(wrong.as_str());
        login.tries(wrong.as_str());
        login.answer(wrong.as_str());
        login.finish();
        stage.store().pass(Duration::from_secs(2));
    }
    terminal
        .shows("This looks like an attack")
        .shows("attack: 192.0.2.7");
    // Home has a row of its own for it; other screens have the banner alone.
    terminal
        .press(&["2"])
        .waits("the banner beside the accounts", |picture| {
            picture.contains("ADDRESS") && picture.contains("attack: 192.0.2.7")
        });
    terminal.press(&["3", "!"]).shows("--source 192.0.2.7");
    terminal.press(&["y"]).shows("Refused now");
    let outcome = begin().finish();
    assert_eq!(
        outcome.authenticate(),
        "PAM_PERM_DENIED",
        "{}",
        outcome.report()
    );
    stage.store().pass(Duration::from_mins(15));
    let mut login = begin();
    login.code_prompt();
    login.answer(mailbox.next_code());
    login.finish().expect("PAM_SUCCESS");
    terminal.press(&["q"]).shows("$");
}
