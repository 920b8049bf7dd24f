//! The program as an administrator has it: the built binary, as root, on a private view of /etc,
//! /usr and /var that is gone afterwards.
//!
//! - `setup`: what is made, what is left alone, what is told
//! - `users`: enrolling, listing, showing, removing
//! - `acts`: addresses, locks, notes, many at once, undo, sources; `undo`: of codes, shields and rules
//! - `answers`: why, policy, audit, upkeep, doctor
//! - `doors`: bypass codes, factors, the attack meter, shields, status
//! - `refusals`: who may not, what is no use, and the exit codes
//! - `roles`: who may what, through a real sudo; `surroundings`: what they may make of environment,
//!   programs and files
//! - `conventions`: help, pages, shapes, colour and refusals of every command
//! - `log`: lists, exports, the chain against a log, prunes; that every act is recorded
//! - `copies`: backup, restore, and the store as a thing
//! - `posting`: what waits to be mailed, how relays fared, templates
//! - `completing`: what real shells complete
//! - `exporting`: files that `export` and the console's E write
//! - `console`: the console in a real terminal; `console_jobs`: the jobs on accounts there, a restore, two
//!   consoles at once, killed ones, and a store full of escape sequences
//! - `stage`: the private view

#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    reason = "a test starts the program it is about"
)]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "the harness fails its test by panicking"
)]

mod acts;
mod answers;
mod completing;
mod console;
mod console_jobs;
mod conventions;
mod copies;
mod doors;
mod exporting;
mod log;
mod once;
mod policy;
mod posting;
mod refusals;
mod roles;
mod setup;
mod shedding;
mod stage;
mod surroundings;
mod undo;
mod users;
