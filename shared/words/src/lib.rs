//! What Gatepost's programs say to each other and to people.
//!
//! The lowest layer: values and their rules, no I/O, no clock, no randomness. The PAM module, the
//! helper and the sender share nothing else, so what is here is what a host process such as sshd
//! loads.
//!
//! - [`ident`]: names from outside, checked once at the edge
//! - [`secret`]: values that wipe themselves and cannot be printed
//! - [`time`]: timestamps and durations that saturate
//! - [`text`]: the one sanitiser, and the sentences that a person at a prompt reads
//! - [`wire`]: the frames between module and helper
//! - [`job`]: the frames between helper and sender

#![forbid(unsafe_code)]

pub mod ident;
pub mod job;
pub mod secret;
pub mod text;
pub mod time;
pub mod wire;
