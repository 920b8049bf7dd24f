//! The end-to-end tests: one binary, one file a theme.
//!
//! Each test that needs root begins with `require!()` and says SKIPPED without it.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a helper of tests fails its test by panicking"
)]

/// An account's address: from one to another, with proof; and what owners hear of administrators.
mod addresses;
/// What is typed at the prompt, by a person or by the host, and what it is taken for.
mod answers;
/// Rules of the house that no lint can say: who imports whom, what must never be.
mod architecture;
/// What every act of an administrator leaves: who, where, what, and a line.
mod audit;
/// Bypass codes: what an administrator makes lets in, as often and as long as it says.
mod bypass;
/// The PAM host in odd circumstances, and names that resolve badly: still the harness proving itself.
mod circumstances;
/// Boots, zones and languages.
mod clock;
/// Many logins at once and many in a row: one code, one success; so many mails and no more.
mod concurrent;
/// The console beside real logins: both agree through the store.
mod console;
/// One failing system call at every place in turn: nobody is let in by it.
mod faults;
/// Guessing codes: compared as often as the policy says, and counted first.
mod guessing;
/// The harness proves itself, with stacks of stock modules: what it shows of a login is true, what it
/// makes is private, and nothing is left over.
mod harness;
/// Living inside the host process, and leaving it as it was.
mod host_process;
/// sshd, su, sudo and login: the same verdicts.
mod hosts;
/// Who is asked and whose counter counts.
mod identity;
/// Signals, children and programs of the host's own while our code runs in it.
mod interrupted;
/// What locks an account, what works all the same, how it ends; and what its owner hears.
mod lockout;
/// Logins over the real sshd, as OpenSSH tries them.
mod login;
/// What stands in the mail with the code, how many go out, and what cannot be smuggled into it.
mod mail;
/// Relays that stall, refuse, lie or are down, and the sender that meets them.
mod mail_failure;
/// What is in a helper's memory while it waits: no secret.
mod memory;
/// A store with very many accounts.
mod million;
/// Rules in the store: who is asked by them, tries that end, versions that are broken.
mod policy;
/// A mail that a real mail server carried, from the login to a mailbox.
mod postfix;
/// A code works once: not again, not elsewhere, not later, not under another key.
mod replay;
/// Shields: a source that is refused for a while, at once and in mid-prompt.
mod shield;
/// The SMTP sink proves itself against a client of its own: it takes mail, and does wrong on demand.
mod sink;
/// PAM stacks, as doctor reckons and as libpam goes.
mod stacks;
/// A store that is missing, damaged, full, locked or old; disks and helpers that fail in mid-login.
mod store_failure;
/// Strangers at a decoy stack, by the thousand.
mod strangers;
/// What an ordinary user can do to `su` while our code runs in it.
mod su;
/// What the module exports and how it is linked.
mod symbols;
/// Templates of messages: previewed, edited, tried by the sender, put in place, taken away.
mod templates;
/// What stacks make of our verdicts: settings, faults, arguments, flags, the other hooks.
mod verdicts;
