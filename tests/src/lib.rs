//! The harness of Gatepost's end-to-end tests: everything around the product, made real and made private.
//!
//! A test builds a [`stage::Stage`] (a private view of the file system, with users, PAM stacks, a captured
//! syslog and the installed product), starts what it needs on it (an SMTP [`smtp::Sink`], an [`sshd::Sshd`],
//! a program in a [`pty`], a PAM host through [`pam`]) and asserts what an outsider sees. When the stage
//! goes, it asserts the standing invariants ([`invariants`]) and checks that nothing is left over.
//!
//! What this is not: it holds no product code and calls no product internals. It speaks to the built
//! programs alone; [`aging`] is the one place that touches the store's file by SQL.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a harness reports by panicking: the panic is the failed test"
)]

pub mod aging;
pub mod config;
pub mod dns;
pub mod invariants;
pub mod pam;
pub mod process;
pub mod product;
pub mod pty;
pub mod require;
pub mod smtp;
pub mod sshd;
pub mod stack;
pub mod stage;
pub mod syslog;
pub mod users;
pub mod wait;
