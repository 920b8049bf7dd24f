//! A login over the real sshd, as OpenSSH's own regression tests would try it: right first, wrong,
//! wrong then right, empty, Ctrl-C, a client that goes away, a mail that is slow; and the ways in which
//! sshd itself takes a hand in the conversation.

use std::fs;
use std::time::Duration;
use std::time::Instant;

use gatepost_tests::config::Config;
use gatepost_tests::mailbox::Mailbox;
use gatepost_tests::mailbox::wrong;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::Act;
use gatepost_tests::smtp::Encryption;
use gatepost_tests::smtp::Fault;
use gatepost_tests::smtp::Sink;
use gatepost_tests::smtp::Step;
use gatepost_tests::sshd;
use gatepost_tests::sshd::Login;
use gatepost_tests::sshd::Sshd;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::SHELL_PROMPT;
use gatepost_tests::stage::Stage;
use gatepost_tests::syslog::SyslogLine;
use gatepost_tests::users::User;
use gatepost_tests::wait;
use gatepost_tests::wait::SOON;
use rustix::process::Signal;

const SSHD: Need = Need::Program("/usr/sbin/sshd");
const CODE: &str = "Verification code: ";

/// A host whose sshd asks for the code, with alice enrolled.
fn protected(sink: &Sink) -> Stage {
    protected_by(sink, &Stack::plain())
}

fn protected_by(sink: &Sink, stack: &Stack) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("sshd", stack)
        .build()
}

/// The one decision on record; waits until the helper has gone.
#[track_caller]
fn verdict(stage: &Stage) -> SyslogLine {
    stage.wait_for_quiet();
    let line = stage.wait_for_syslog(SOON, |line| line.message.starts_with("decision="));
    assert_eq!(stage.store().verdicts().unwrap().len(), 1);
    line
}

/// Ends an ssh client as a lost connection does, and waits until nobody waits for it any more.
fn cut_off(stage: &Stage, login: &mut Login<'_>) {
    login.pty.signal(Signal::KILL);
    login.pty.wait_exit(SOON);
    stage.wait_for_quiet();
    assert_eq!(stage.store().waiting().unwrap(), 0);
}

// Mutant: login::Login::success returns Verdict::Refuse.
#[test]
fn the_right_code_first_gives_a_shell() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    let sshd = Sshd::start(&stage);
    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE);
    let code = sink.next_mail(SOON).code();
    login.answer(&code).expect_shell().log_out();
    assert_eq!(stage.store().guesses().unwrap(), (1, 1));
    stage.expect_conversations(1);
}

// Mutant: login::Login::wrong ends the login whatever tries are left.
#[test]
fn a_wrong_code_then_the_right_one_gives_a_shell() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    let sshd = Sshd::start(&stage);
    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE);
    let code = sink.next_mail(SOON).code();
    login.answer(&wrong(&code));
    login.pty.wait_for("That code is not right. 2 tries left");
    login
        .expect_prompt(CODE)
        .answer(&code)
        .expect_shell()
        .log_out();
    assert_eq!(stage.store().guesses().unwrap(), (2, 1));
    assert_eq!(stage.store().failures_in_a_row("alice").unwrap(), 0);
    stage.expect_conversations(1);
}

// Mutant: the module maps Verdict::MaxTries to PAM_AUTH_ERR; then sshd asks for the password anew.
#[test]
fn sshd_maxtries_stops() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    let sshd = Sshd::start(&stage);
    let mut login = sshd
        .client("alice")
        .option("NumberOfPasswordPrompts=3")
        .start();
    login.password_of("alice").expect_prompt(CODE);
    let code = sink.next_mail(SOON).code();
    for _ in 0..2 {
        login.answer(&wrong(&code)).expect_prompt(CODE);
    }
    login.answer(&wrong(&code)).expect_refusal();
    let asked = login.pty.transcript().matches("Password: ").count();
    assert_eq!(asked, 1, "{}", login.pty.transcript());
    stage.wait_for_quiet();
    assert_eq!(Mailbox::of(&sink).codes(), [code]);
    assert_eq!(stage.store().guesses().unwrap(), (3, 0));
    stage.expect_conversations(1);
}

// Mutant: store::signin::challenge::Slot::resume finds nothing; then each of the three tries sends a mail.
#[test]
fn sshd_3x_kbdint_one_mail() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    let sshd = Sshd::start(&stage);
    let mut login = sshd
        .client("alice")
        .option("NumberOfPasswordPrompts=3")
        .start();
    for _ in 0..3 {
        login.password_of("alice").expect_prompt(CODE);
        // Were each try to mail anew, its mail would be due now: the cooldown is over.
        stage.store().pass(Duration::from_secs(2));
        // Ten empty answers are free; the one after ends the try without ending sshd's patience.
        for _ in 0..10 {
            login.answer("").expect_prompt(CODE);
        }
        login.answer("");
    }
    login.expect_refusal();
    stage.wait_for_quiet();
    assert_eq!(Mailbox::of(&sink).codes().len(), 1);
    assert_eq!(stage.store().mails_charged().unwrap(), 1);
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    stage.expect_conversations(3);
}

// Mutant: an empty answer is counted as a guess.
#[test]
fn an_empty_answer_is_free_and_tells_how_the_mail_fares() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    sink.fault(Fault::At(Step::Body, Act::Delay(Duration::from_secs(2))));
    let sshd = Sshd::start(&stage);
    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE).answer("");
    login.pty.wait_for("The mail is still being sent.");
    let code = sink.next_mail(SOON).code();
    let accepted = wait::until(SOON, || {
        let known = stage.store().event_kinds().ok()?;
        known.iter().any(|kind| kind == "delivery").then_some(())
    });
    accepted.expect("a delivery on record");
    login.expect_prompt(CODE).answer("");
    login.pty.wait_for("The mail server took the mail at ");
    login.expect_prompt(CODE).answer(&code);
    login.expect_shell().log_out();
    assert_eq!(stage.store().guesses().unwrap(), (1, 1));
    stage.expect_conversations(1);
}

// Mutant: a conversation that breaks off voids the challenge; then the code is dead afterwards.
#[test]
fn ctrl_c_at_the_prompt_ends_the_login_and_leaves_the_code_alive() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    let sshd = Sshd::start(&stage);
    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE);
    let code = sink.next_mail(SOON).code();
    login.pty.ctrl_c();
    let status = login.pty.wait_exit(SOON);
    assert!(!status.success(), "{status}");
    assert_eq!(verdict(&stage).field("why"), Some("left"));
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));

    let mut login = sshd.login("alice");
    login.password_of("alice");
    login.pty.wait_for("already sent to");
    login.expect_prompt(CODE).answer(&code);
    login.expect_shell().log_out();
    stage.expect_conversations(2);
}

// Mutant: the helper waits for its own deadline instead of looking for the module's end.
#[test]
fn disconnect_at_each_stage() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    let sshd = Sshd::start(&stage);

    // Before the password: we are not even asked.
    let mut login = sshd.login("alice");
    login.expect_prompt("Password: ");
    cut_off(&stage, &mut login);
    assert_eq!(stage.store().verdicts().unwrap(), [""; 0]);

    // At the prompt: the send is counted, the code stays.
    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE);
    let code = sink.next_mail(SOON).code();
    cut_off(&stage, &mut login);
    assert_eq!(stage.store().verdicts().unwrap(), ["refuse"]);
    assert_eq!(stage.store().mails_charged().unwrap(), 1);

    // Right after a wrong answer: counted, whether or not anybody saw the reply.
    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE);
    login.answer(&wrong(&code));
    let counted = wait::until(SOON, || {
        let (all, _) = stage.store().guesses().ok()?;
        (all == 1).then_some(())
    });
    counted.expect("the guess is counted");
    cut_off(&stage, &mut login);

    // Right after the right one: it was used, or it was not; it lets in once in all.
    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE);
    login.answer(&code);
    cut_off(&stage, &mut login);
    let (_, right) = stage.store().guesses().unwrap();
    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE);
    login.answer(&code);
    if right == 1 {
        login.expect_prompt(CODE);
        cut_off(&stage, &mut login);
    } else {
        login.expect_shell().log_out();
    }
    assert_eq!(stage.store().guesses().unwrap().1, 1);
    stage.expect_conversations(4);
}

/// Sits at the prompt until sshd has had enough; a client notices only once it is typed at.
fn outlast_grace(stage: &Stage, login: &mut Login<'_>) {
    stage.wait_for_syslog(SOON, |line| line.field("why") == Some("left"));
    login.answer("");
    assert_eq!(login.pty.wait_exit(SOON).code(), Some(255));
    assert!(!login.pty.transcript().contains(SHELL_PROMPT));
}

// Mutant: the helper ends its sender when the module goes; or Challenge::resumable wants an accepted
// delivery; or a resumed code counts as another mail; or a mail is counted when it went out and not before.
#[test]
fn a_mail_slower_than_the_grace_time_still_brings_a_code_that_works() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    // Before the relay has the message: a sender that ends early takes it along.
    sink.fault(Fault::At(Step::Data, Act::Delay(Duration::from_secs(5))));
    let sshd = Sshd::start_with(&stage, "LoginGraceTime 3\n");
    let begun = Instant::now();
    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE);
    let asked = begun.elapsed();
    assert!(asked < Duration::from_secs(3), "asked after {asked:?}");
    // It is counted before it has gone, and once.
    assert_eq!(stage.store().mails_charged().unwrap(), 1);
    outlast_grace(&stage, &mut login);
    // The mail is still on its way: whoever comes back now waits for the same one.
    let mut login = sshd.login("alice");
    login.password_of("alice");
    login.pty.wait_for("already sent to");
    login.expect_prompt(CODE);
    let code = sink.next_mail(SOON).code();
    login.answer(&code).expect_shell().log_out();
    stage.wait_for_quiet();
    assert_eq!(Mailbox::of(&sink).codes(), [code]);
    assert_eq!(stage.store().mails_charged().unwrap(), 1);
    stage.expect_conversations(2);
}

// Mutant: the helper outlives a module that was killed at its prompt.
#[test]
fn sshd_grace() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    let sshd = Sshd::start_with(&stage, "LoginGraceTime 2\n");
    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE);
    let code = sink.next_mail(SOON).code();
    let helper = stage.wait_for_process("gatepost-helper");
    outlast_grace(&stage, &mut login);
    assert!(helper.wait_end(Duration::from_secs(1)), "the helper stays");
    let zombies = wait::until(SOON, || zombies_of(&stage).is_empty().then_some(()));
    assert!(zombies.is_some(), "{:?}", zombies_of(&stage));
    assert_eq!(verdict(&stage).field("decision"), Some("refuse"));
    assert_eq!(stage.store().waiting().unwrap(), 0);
    assert_eq!(stage.store().integrity().unwrap(), "ok");

    let mut login = sshd.login("alice");
    login.password_of("alice").expect_prompt(CODE);
    login.answer(&code).expect_shell().log_out();
    stage.expect_conversations(2);
}

/// The dead processes of a stage that nobody has waited for.
fn zombies_of(stage: &Stage) -> Vec<u32> {
    ["sshd", "gatepost-helper", "gatepost-sender"]
        .iter()
        .flat_map(|name| stage.processes(name))
        .map(|running| running.pid)
        .filter(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.contains(") Z ")
        })
        .collect()
}

const KEY_AND_CODE: &str = "AuthenticationMethods publickey,keyboard-interactive\n";

// Mutant: after=key asks for nothing, or a key's login needs a password that was never proved.
#[test]
fn sshd_key_plus_code() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected_by(&sink, &Stack::key());
    let key = sshd::authorise(&stage, "alice");
    let sshd = Sshd::start_with(&stage, KEY_AND_CODE);
    let client = || {
        sshd.client("alice")
            .methods("publickey,keyboard-interactive")
            .identity(&key)
    };
    let mut login = client().start();
    login.expect_prompt(CODE);
    let code = sink.next_mail(SOON).code();
    assert!(!login.pty.transcript().contains("Password"));
    login.answer(&wrong(&code)).expect_prompt(CODE);
    login.answer(&code).expect_shell().log_out();
    // The code was used: the key with it is not enough.
    let mut login = client().start();
    login.expect_prompt(CODE).answer(&code);
    login.pty.wait_for("That code is not right.");
    login.expect_prompt(CODE);
    cut_off(&stage, &mut login);
    stage.expect_conversations(2);
}

// Mutant: AuthenticationMethods is met by the key alone (the stack does not hold our line).
#[test]
fn sshd_key_alone_denied() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected_by(&sink, &Stack::key());
    let key = sshd::authorise(&stage, "alice");
    let sshd = Sshd::start_with(&stage, KEY_AND_CODE);
    let client = |methods: &str| sshd.client("alice").methods(methods).identity(&key);
    client("publickey").start().expect_refusal();
    assert_eq!(stage.store().verdicts().unwrap(), [""; 0]);
    // Nor does a key help that is not alice's, with the code never asked for.
    let other = "/root/rig-keys/stranger";
    sshd::make_key(&stage, other);
    let stranger = sshd
        .client("alice")
        .methods("publickey,keyboard-interactive");
    stranger.identity(other).start().expect_refusal();
    stage.wait_for_quiet();
    assert_eq!(sink.mails().len(), 0);
    stage.expect_conversations(0);
}

// Mutant: the prompt is hidden; then sshd fills it in with the password, which only the module knows from a
// guess.
#[test]
fn sshd_password_method_denied_clean() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    let sshd = Sshd::start_with(
        &stage,
        "PasswordAuthentication yes\nKbdInteractiveAuthentication no\n",
    );
    let mut login = sshd.client("alice").methods("password").start();
    login
        .expect_prompt("password: ")
        .answer(User::password_of("alice"))
        .expect_refusal();
    let decision = verdict(&stage);
    assert_eq!(decision.field("decision"), Some("refuse"));
    for told in ["a host that cannot ask", "KbdInteractiveAuthentication"] {
        assert!(decision.message.contains(told), "{decision:?}");
    }
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    assert!(Mailbox::of(&sink).codes().len() <= 1);
    stage.expect_conversations(1);
}

// Mutant: pam_gatepost's flow does not look for sshd's junk; then it is a wrong code.
#[test]
fn sshd_junk_invalid() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected_by(&sink, &Stack::decoy());
    let sshd = Sshd::start(&stage);
    let mut login = sshd.login("nobody-of-that-name");
    login.password("whatever-it-is").expect_prompt(CODE);
    login.answer("12345678").expect_refusal();
    let decision = verdict(&stage);
    assert!(decision.message.contains("invalid user"), "{decision:?}");
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    assert_eq!(sink.mails().len(), 0);
    stage.expect_conversations(1);
}

// Mutant: as for sshd_junk_invalid; and root's counter would run.
#[test]
fn sshd_junk_root() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    // No password line above ours: root gets as far as our prompt, and sshd answers it.
    let stage = protected_by(&sink, &Stack::module(""));
    stage.enrol("root", "root@example.org");
    let sshd = Sshd::start_with(&stage, "PermitRootLogin prohibit-password\n");
    let mut login = sshd.login("root");
    login.expect_prompt(CODE);
    let code = sink.next_mail(SOON).code();
    login.answer(&code).expect_refusal();
    let decision = verdict(&stage);
    assert!(decision.message.contains("PermitRootLogin"), "{decision:?}");
    assert_eq!(stage.store().guesses().unwrap(), (0, 0));
    assert_eq!(stage.store().failures_in_a_row("root").unwrap(), 0);
    stage.expect_conversations(1);
}
