//! The harness of Gatepost's end-to-end tests: everything around the product, made real and made private.
//!
//! A test builds a [`stage::Stage`] (a private view of the file system, with users, PAM stacks, a captured
//! syslog and the installed product), starts what it needs on it (an SMTP [`smtp::Sink`], an [`sshd::Sshd`],
//! a program in a [`pty`], a PAM host through [`pam`]) and asserts what an outsider sees. When the stage
//! goes, it asserts the standing invariants ([`invariants`]) and checks that nothing is left over.
//!
//! What this is not: it holds no product code and calls no product internals. It speaks to the built
//! programs alone; [`aging`] is the one place that touches the store's file by SQL.

//! ```no_run
//! use gatepost_tests::config::Config;
//! use gatepost_tests::require;
//! use gatepost_tests::smtp::{Encryption, Sink};
//! use gatepost_tests::sshd::Sshd;
//! use gatepost_tests::stack::Stack;
//! use gatepost_tests::stage::Stage;
//! use gatepost_tests::users::User;
//! use gatepost_tests::wait::SOON;
//!
//! fn a_right_code_gives_a_shell() {
//!     require!();
//!     let sink = Sink::start(Encryption::StartTls);
//!     let stage = Stage::builder()
//!         .product(Config::to(&sink).number("code.digits", 8).set("limits.send_cooldown", "1s"))
//!         .enrol("alice", "alice@example.org")
//!         .stack("sshd", &Stack::plain())
//!         .stack("rig", &Stack::plain())
//!         .build();
//!
//!     // Over a real ssh.
//!     let sshd = Sshd::start(&stage);
//!     let mut login = sshd.login("alice");
//!     login.password_of("alice").expect_prompt("Verification code: ");
//!     login.answer(&sink.next_mail(SOON).code()).expect_shell().log_out();
//!
//!     // Through libpam alone, message by message.
//!     let mut login = stage.pam("rig").user("alice").rhost("192.0.2.7").start();
//!     login.expect_prompt("Password: ");
//!     login.answer(User::password_of("alice"));
//!     login.expect_prompt("Verification code: ");
//!     login.answer(sink.next_mail(SOON).code());
//!     login.finish().expect("PAM_SUCCESS");
//!
//!     stage.expect_conversations(2);
//! }
//! ```

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a harness reports by panicking: the panic is the failed test"
)]

pub mod aging;
pub mod bench;
pub mod config;
pub mod demo;
pub mod dns;
pub mod invariants;
pub mod mailbox;
pub mod pam;
pub mod postfix;
pub mod process;
pub mod product;
pub mod pty;
pub mod require;
pub mod screen;
pub mod smtp;
pub mod soak;
pub mod sshd;
pub mod stack;
pub mod stage;
pub mod strace;
pub mod syslog;
pub mod tmux;
pub mod users;
pub mod wait;
