//! A PAM application in a process of its own, driven by the test message by message, and looked at from
//! inside before and after: whatever a module leaves changed in its host is a broken invariant (I4).
//!
//! `client`, `conversation` and `outcome` are the test's side, `host` the inside of `gatepost-pam-host`, `protocol` what they say to
//! each other, `ffi` libpam made safe.

mod client;
mod codes;
mod conversation;
mod ffi;
mod host;
mod outcome;
mod protocol;
mod state;

pub(crate) use codes::name as code_name;
pub(crate) use ffi::Conversation as Talk;
pub(crate) use ffi::Item;
pub(crate) use ffi::Transaction;
pub(crate) use ffi::fork;
pub(crate) use ffi::load;

pub use client::Client;
pub use client::host_program;
pub use conversation::Conversation;
pub use conversation::Prompt;
pub use ffi::INTERRUPTIONS;
pub use host::main as host_main;
pub use outcome::Outcome;
pub use protocol::Answer;
pub use protocol::Call;
pub use protocol::DISALLOW_NULL_AUTHTOK;
pub use protocol::ProcessState;
pub use protocol::SILENT;
pub use protocol::Sigchld;
pub use protocol::Style;
pub use protocol::Times;
pub(crate) use state::of as look;
