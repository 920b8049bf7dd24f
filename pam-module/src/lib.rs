//! `pam_gatepost.so`: asks for the code, decides nothing.
//!
//! sshd, sudo, su and login load this, so it is small enough to read in one sitting and leaves the
//! host as it found it: no thread, no print, no environment, no signal handler, no file descriptor
//! and no child stays behind. Whether the answer was right is the helper's business; the module
//! carries prompts, answers and the verdict between the host's conversation and the helper.
//!
//! - [`arguments`]: the words on the pam.d line
//! - [`conversation`]: what is asked of the host process, in the flow's words
//! - [`flow`]: the login, one readable loop
//! - [`helper_process`]: starting, talking to and reaping the helper
//! - [`outcome`]: verdicts and failures to PAM codes, one table
//! - [`log`]: syslog, for what the helper could not log itself
//! - [`ffi`]: the calls into libpam that pam-bindings lacks; the only unsafe code

#![expect(
    missing_docs,
    reason = "all that is public are the six functions that pam_hooks! writes"
)]

mod arguments;
mod conversation;
mod ffi;
mod flow;
mod helper_process;
mod log;
mod outcome;

use std::ffi::CStr;

use gatepost_words::wire::{Hello, Nonce};
use pam::constants::{PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::arguments::Arguments;
use crate::conversation::{Conversation, PamConversation};
use crate::helper_process::HelperProcess;
use crate::log::Log;
use crate::outcome::{Failure, Proof};

/// The hooks that libpam calls. All six are written out: pam-bindings would answer `PAM_IGNORE` for
/// a forgotten one, and a forgotten `setcred` breaks sshd.
struct Gatepost;

pam::pam_hooks!(Gatepost);

impl PamHooks for Gatepost {
    fn sm_authenticate(handle: &mut PamHandle, words: Vec<&CStr>, flags: PamFlag) -> PamResultCode {
        log::keep_panics_off_stderr();
        // One delay for every kind of failure, asked for before anything can fail, so that its
        // length tells nothing.
        ffi::delay_failure(handle, FAILURE_DELAY_MICROS);
        outcome::code(&authenticate(handle, &words, flags))
    }

    /// There are no credentials to set; anything but success here makes sshd give the login up.
    fn sm_setcred(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }

    /// Everything is decided in `authenticate`: some hosts call nothing else.
    fn acct_mgmt(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_IGNORE
    }

    fn sm_open_session(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_IGNORE
    }

    fn sm_close_session(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_IGNORE
    }

    fn sm_chauthtok(_: &mut PamHandle, _: Vec<&CStr>, _: PamFlag) -> PamResultCode {
        PamResultCode::PAM_IGNORE
    }
}

/// One login. Whatever is no verdict is logged here, once: no helper did.
fn authenticate(handle: &mut PamHandle, words: &[&CStr], flags: PamFlag) -> Result<Proof, Failure> {
    let mut log = Log::default();
    let proof = converse(handle, words, flags, &mut log);
    if let Err(failure) = &proof {
        log.failure(failure);
    }
    proof
}

fn converse(
    handle: &mut PamHandle,
    words: &[&CStr],
    flags: PamFlag,
    log: &mut Log,
) -> Result<Proof, Failure> {
    let mut conversation = PamConversation::new(handle, flags);
    let facts = conversation.facts()?;
    log.describe(&facts);
    let arguments = Arguments::parse(words)?;
    log.debug(arguments.debug);
    let hello = Hello {
        nonce: fresh_nonce()?,
        conf: arguments.conf,
        service: facts.service,
        user: facts.user,
        rhost: facts.rhost,
        tty: facts.tty,
        ruser: facts.ruser,
        caller_uid: facts.caller_uid,
        auth_info: facts.auth_info,
        decoy: arguments.decoy,
        after: arguments.after,
    };
    let mut helper = HelperProcess::start(&arguments.helper)?;
    log.step(format_args!("started {}", arguments.helper));
    let proof = flow::run(&mut conversation, &mut helper, &hello, log);
    let end = helper.finish();
    log.step(format_args!("the helper {end}"));
    proof.map_err(|failure| failure.with_end(end))
}

/// Sixteen bytes that no earlier verdict can carry. Less than sixteen is a refusal, and so is a
/// kernel without randomness; there is no second source.
fn fresh_nonce() -> Result<Nonce, Failure> {
    let mut bytes = [0; 16];
    loop {
        match getrandom(&mut bytes, GetRandomFlags::empty()) {
            Ok(length) if length == bytes.len() => return Ok(Nonce(bytes)),
            Ok(_short) => return Err(Failure::Randomness(Errno::IO)),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(Failure::Randomness(errno)),
        }
    }
}

/// As long as `pam_unix` asks for, so that a stack's delay does not depend on who refused.
const FAILURE_DELAY_MICROS: u32 = 2_000_000;

#[cfg(test)]
mod tests {
    use super::fresh_nonce;

    #[test]
    fn two_calls_have_two_nonces() {
        assert_ne!(fresh_nonce().unwrap(), fresh_nonce().unwrap());
    }
}
