//! The calls into libpam that pam-bindings lacks, made safe. The only unsafe code of the module.
//!
//! Not for anything that pam-bindings offers.

#![expect(unsafe_code, reason = "libpam is C; each call says why it is sound")]

use std::ffi::{CStr, c_char, c_int, c_uint};

use pam::module::PamHandle;

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_getenv(handle: *mut PamHandle, name: *const c_char) -> *const c_char;
    fn pam_fail_delay(handle: *mut PamHandle, micros: c_uint) -> c_int;
}

/// A variable of the PAM environment, which is the host's word and not the process environment.
pub(crate) fn pam_variable(handle: &mut PamHandle, name: &CStr) -> Option<Vec<u8>> {
    // SAFETY: `handle` is the handle that libpam gave to this call and `name` ends in a NUL; libpam
    // reads both and keeps neither.
    let value = unsafe { pam_getenv(handle, name.as_ptr()) };
    if value.is_null() {
        return None;
    }
    // SAFETY: libpam returns a NUL-terminated string that lives until the variable is set again,
    // and it is copied before anything else is called.
    let value = unsafe { CStr::from_ptr(value) };
    Some(value.to_bytes().to_vec())
}

/// Asks libpam to wait about so long before it reports a failure. A host may have its own mind
/// about that, and an error changes no verdict, so there is none to report.
pub(crate) fn delay_failure(handle: &mut PamHandle, micros: u32) {
    // SAFETY: `handle` is the handle that libpam gave to this call; the number is only stored.
    let _no_verdict = unsafe { pam_fail_delay(handle, micros) };
}
