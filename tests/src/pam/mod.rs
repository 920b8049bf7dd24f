//! A PAM application in a process of its own, driven by the test message by message, and looked at from
//! inside before and after: whatever a module leaves changed in its host is a broken invariant (I4).
//!
//! `client` is the test's side, `host` the inside of `gatepost-pam-host`, `protocol` what they say to
//! each other, `ffi` libpam made safe.

mod client;
mod codes;
mod ffi;
mod host;
mod protocol;
mod state;

pub use client::Client;
pub use client::Conversation;
pub use client::Outcome;
pub use client::Prompt;
pub use client::host_program;
pub use host::main as host_main;
pub use protocol::Answer;
pub use protocol::Call;
pub use protocol::DISALLOW_NULL_AUTHTOK;
pub use protocol::ProcessState;
pub use protocol::SILENT;
pub use protocol::Sigchld;
pub use protocol::Style;
