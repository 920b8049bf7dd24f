//! The sender as the helper sees it: a process with one frame in and one frame out, against a small
//! relay on loopback.
//!
//! - `letters`: what arrives: headers, envelope, encodings, templates
//! - `refusals`: what the relay may say, and what the report makes of it
//! - `encryption`: certificates, STARTTLS, plaintext
//! - `confinement`: who it runs as, what it may use, relays that flood or stall
//! - `printing`: a letter that is only to be read: nothing is sent
//! - `relay`, `sender`: the two ends

#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    reason = "a test starts processes and threads"
)]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "the harness fails its test by panicking"
)]

mod confinement;
mod encryption;
mod letters;
mod printing;
mod refusals;
mod relay;
mod sender;
