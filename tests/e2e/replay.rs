//! A code works once, for the login that asked for it, in its time, under its key; after that it is as
//! wrong as any other, and in decoy stacks nobody can tell it from one.

use std::fs;
use std::time::Duration;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::mailbox::reference;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::pam::Conversation;
use gatepost_tests::product::STORE;
use gatepost_tests::require;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Sink;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use ring::digest::SHA256;
use ring::digest::digest;
use ring::hmac;

const SOURCE: &str = "192.0.2.7";
const LIFE: Duration = Duration::from_mins(5);
const COOLDOWN: Duration = Duration::from_secs(2);

fn config(sink: &Sink) -> Config {
    Config::to(sink).set("limits.send_cooldown", "1s")
}

fn rig(config: Config) -> Stage {
    Stage::builder()
        .product(config)
        .enrol("alice", "alice@example.org")
        .enrol("bob", "bob@example.org")
        .stack("rig", &Stack::plain())
        .stack("elsewhere", &Stack::plain())
        .stack("decoy", &Stack::decoy())
        .build()
}

/// Begins a login, the password typed.
fn begin<'s>(stage: &'s Stage, service: &str, user: &str, rhost: &str) -> Conversation<'s> {
    let client = stage.pam(service).user(user).rhost(rhost);
    let mut login = client.without_failure_delay().start();
    login.password_of(user);
    login
}

/// As alice from the usual place.
fn alice<'s>(stage: &'s Stage, service: &str) -> Conversation<'s> {
    begin(stage, service, "alice", SOURCE)
}

fn leave(mut login: Conversation<'_>) {
    login.hang_up();
    login.finish();
}

/// What may have happened to a code, and what a plain stack says of it then.
struct Fate {
    /// Lets it happen, given the stage and the login that got the code.
    happens: fn(&Stage, &mut Conversation<'_>, &str),
    said: &'static str,
}

/// Types a dead code into the login that it was sent to, in a plain and in a decoy stack: neither lets
/// in, the plain one says what is the matter, the decoy one says what it says of a wrong code.
fn is_dead(fate: &Fate) {
    for service in ["rig", "decoy"] {
        let sink = Sink::start(Encryption::StartTls);
        let stage = rig(config(&sink));
        let mut mailbox = Mailbox::of(&sink);
        // Two logins that share the code: one to which it happens, one in which the code is typed.
        let mut first = alice(&stage, service);
        first.code_prompt();
        let code = mailbox.next_code();
        let mut second = alice(&stage, service);
        let neutral = second.code_prompt().text;
        (fate.happens)(&stage, &mut first, &code);
        let said = second.tries(code.as_str()).text;
        if service == "decoy" {
            assert_eq!(said, neutral, "the prompt tells");
        } else {
            assert!(said.contains(fate.said), "{said}");
        }
        // Nothing is compared with a dead code: a wrong one meets the same words.
        assert_eq!(second.tries(wrong(&code)).text, said);
        leave(second);
        let (_, right) = stage.store().guesses().unwrap();
        assert!(right <= 1, "{right} successes of one code");
    }
}

// Mutant: the consuming UPDATE lacks `used_wall IS NULL`, and Life::state does not look at `used`.
#[test]
fn replay_after_success() {
    require!();
    let happens = |_: &Stage, first: &mut Conversation<'_>, code: &str| {
        first.answer(code);
        assert_eq!(first.next_prompt(), None, "the code lets in");
    };
    is_dead(&Fate {
        happens,
        said: "That code was used already.",
    });
}

// Mutant: Life::state does not look at the tries.
#[test]
fn replay_after_lock() {
    require!();
    let happens = |_: &Stage, first: &mut Conversation<'_>, code: &str| {
        first.tries(wrong(code));
        first.tries(wrong(code));
        first.answer(wrong(code));
        assert_eq!(first.next_prompt(), None, "three tries are all");
    };
    is_dead(&Fate {
        happens,
        said: "That code has expired.",
    });
}

// Mutant: Life::state does not look at the time.
#[test]
fn replay_after_expiry() {
    require!();
    let happens = |stage: &Stage, first: &mut Conversation<'_>, _: &str| {
        stage.store().pass(LIFE);
        first.hang_up();
    };
    is_dead(&Fate {
        happens,
        said: "That code has expired.",
    });
}

// Mutant: challenge::replace and replace_older mark nothing (one alone is covered by the other), and a
// resend leaves the old code alive.
#[test]
fn replay_after_newcode() {
    require!();
    let happens = |stage: &Stage, first: &mut Conversation<'_>, _: &str| {
        stage.store().pass(COOLDOWN);
        first.tries("r");
        first.hang_up();
    };
    is_dead(&Fate {
        happens,
        said: "A newer code was sent since",
    });
}

// Mutant: Life::state does not compare the boot.
#[test]
fn a_reboot_kills_live_codes() {
    require!();
    let happens = |stage: &Stage, first: &mut Conversation<'_>, _: &str| {
        stage.store().reboot();
        first.hang_up();
    };
    is_dead(&Fate {
        happens,
        said: "That code has expired.",
    });
}

// Mutant: Slot::resume does not ask for the service, the source or the account.
#[test]
fn bind_other_session() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let mut mailbox = Mailbox::of(&sink);
    let mut owner = alice(&stage, "rig");
    let reference = reference(&owner.code_prompt().text).expect("a reference");
    let code = mailbox.next_code();
    let mail = sink.mails().pop().expect("a mail");
    assert!(mail.text().contains(&reference), "{}", mail.text());
    for (service, user, rhost) in [
        ("rig", "alice", "192.0.2.8"),
        ("rig", "alice", "host.example.org"),
        ("elsewhere", "alice", SOURCE),
        ("rig", "bob", SOURCE),
    ] {
        // Past the cooldown, each gets a code of its own.
        stage.store().pass(COOLDOWN);
        let mut login = begin(&stage, service, user, rhost);
        let said = login.code_prompt().text;
        assert!(!said.contains("already sent"), "{user} {rhost}: {said}");
        assert!(!said.contains(&reference), "{user} {rhost}: {said}");
        let said = login.tries(code.as_str()).text;
        assert!(said.contains("That code is not right"), "{said}");
        leave(login);
    }
    assert_eq!(stage.store().guesses().unwrap(), (4, 0));
    owner.answer(code);
    owner.finish().expect("PAM_SUCCESS");
}

// Mutant: Slot::resume ignores `binding = "session"`, or each new code then kills the one before.
#[test]
fn session_binding_gives_each_session_its_own_code() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink).set("code.binding", "session"));
    let mut mailbox = Mailbox::of(&sink);
    let mut first = alice(&stage, "rig");
    first.code_prompt();
    let code = mailbox.next_code();
    stage.store().pass(COOLDOWN);
    let mut second = alice(&stage, "rig");
    assert!(second.code_prompt().text.contains("code sent to"));
    assert_ne!(mailbox.next_code(), code);
    let said = second.tries(code.as_str()).text;
    assert!(said.contains("That code is not right"), "{said}");
    leave(second);
    first.answer(code);
    first.finish().expect("PAM_SUCCESS");
}

// Mutant: a resend makes a code for one session and leaves the others with the old one alive.
#[test]
fn resend_kills_old() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let mut mailbox = Mailbox::of(&sink);
    let mut first = alice(&stage, "rig");
    first.code_prompt();
    let old = mailbox.next_code();
    let mut sharing = alice(&stage, "rig");
    assert!(sharing.code_prompt().text.contains("already sent"));
    let early = first.tries("r").text;
    assert!(
        early.contains("The next mail can be sent in 1 s"),
        "{early}"
    );
    stage.store().pass(COOLDOWN);
    let resent = first.tries("r").text;
    assert!(resent.contains("the old one is dead"), "{resent}");
    let new = mailbox.next_code();
    assert_ne!(old, new);
    assert!(sharing.tries(old.as_str()).text.contains("A newer code"));
    leave(sharing);
    // A login begun now shares the new one.
    let mut later = alice(&stage, "rig");
    let said = later.code_prompt().text;
    assert!(said.contains("already sent"), "{said}");
    assert_eq!(reference(&said), reference(&resent));
    assert!(first.tries(old).text.contains("That code is not right"));
    first.answer(new);
    first.finish().expect("PAM_SUCCESS");
    leave(later);
    assert_eq!(mailbox.codes().len(), 2);
}

// Mutant: the code is kept as it is, or under a hash that needs no key; or the key file is not read.
#[test]
fn db_copy_without_key_useless() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let mut login = alice(&stage, "rig");
    login.code_prompt();
    let code = Mailbox::of(&sink).next_code();
    let spaced = <[&str; 2]>::from(code.split_at(4)).join(" ");
    let mut store = Vec::new();
    for suffix in ["", "-wal"] {
        store.extend(fs::read(format!("{STORE}{suffix}")).unwrap_or_default());
    }
    for text in [&code, &spaced] {
        let hash = digest(&SHA256, text.as_bytes());
        let none = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]),
            text.as_bytes(),
        );
        let hex = lower_hex(hash.as_ref());
        for needle in [
            text.as_bytes(),
            hash.as_ref(),
            none.as_ref(),
            hex.as_bytes(),
        ] {
            let found = store.windows(needle.len()).any(|window| window == needle);
            assert!(!found, "{needle:?} of {text} stands in the store");
        }
    }
    leave(login);

    // The copy on a host with another key: the right code is as wrong as any.
    let key = "/etc/gatepost/key";
    let own = fs::read(key).unwrap();
    let mut other = own.clone();
    other[0] ^= 1;
    fs::write(key, &other).unwrap();
    let mut login = alice(&stage, "rig");
    assert!(login.code_prompt().text.contains("already sent"));
    assert!(login.tries(code.as_str()).text.contains("not right"));
    leave(login);
    fs::write(key, &own).unwrap();
    let mut login = alice(&stage, "rig");
    login.code_prompt();
    login.answer(code);
    login.finish().expect("PAM_SUCCESS");
}

fn lower_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

// Mutant: a generator is kept in a process and copied into the next; or seeded with the time.
#[test]
fn code_after_fork_differs() {
    require!();
    let sink = Sink::start(Encryption::StartTls);
    let stage = rig(config(&sink));
    let logins = 24;
    let mut mailbox = Mailbox::of(&sink);
    for _ in 0..logins {
        let mut login = alice(&stage, "rig");
        login.code_prompt();
        login.answer(mailbox.next_code());
        login.finish().expect("PAM_SUCCESS");
    }
    let mut codes = mailbox.codes();
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), logins, "a code came twice");
}
