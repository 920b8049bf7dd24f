//! libpam and the few libc calls of a PAM application, made safe: the only unsafe code of the tests.

#![expect(unsafe_code, reason = "the client side of libpam is a C interface")]

use std::ffi::CStr;
use std::ffi::CString;
use std::ffi::c_char;
use std::ffi::c_int;
use std::ffi::c_uint;
use std::ffi::c_void;
use std::io;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::ptr;
use std::slice;

use rustix::process::Signal;

use super::protocol::Answer;
use super::protocol::Call;
use super::protocol::Sigchld;
use super::protocol::Style;

#[repr(C)]
struct PamMessage {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct PamResponse {
    text: *mut c_char,
    retcode: c_int,
}

type Converse = unsafe extern "C" fn(
    c_int,
    *mut *const PamMessage,
    *mut *mut PamResponse,
    *mut c_void,
) -> c_int;

#[repr(C)]
struct PamConv {
    converse: Converse,
    data: *mut c_void,
}

/// libpam's own, never looked into.
#[repr(C)]
struct PamHandle {
    opaque: [u8; 0],
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start(
        service: *const c_char,
        user: *const c_char,
        conv: *const PamConv,
        handle: *mut *mut PamHandle,
    ) -> c_int;
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conv: *const PamConv,
        confdir: *const c_char,
        handle: *mut *mut PamHandle,
    ) -> c_int;
    fn pam_end(handle: *mut PamHandle, status: c_int) -> c_int;
    fn pam_set_item(handle: *mut PamHandle, item: c_int, value: *const c_void) -> c_int;
    fn pam_get_item(handle: *const PamHandle, item: c_int, value: *mut *const c_void) -> c_int;
    fn pam_putenv(handle: *mut PamHandle, name_value: *const c_char) -> c_int;
    fn pam_authenticate(handle: *mut PamHandle, flags: c_int) -> c_int;
    fn pam_setcred(handle: *mut PamHandle, flags: c_int) -> c_int;
    fn pam_acct_mgmt(handle: *mut PamHandle, flags: c_int) -> c_int;
    fn pam_open_session(handle: *mut PamHandle, flags: c_int) -> c_int;
    fn pam_close_session(handle: *mut PamHandle, flags: c_int) -> c_int;
    fn pam_chauthtok(handle: *mut PamHandle, flags: c_int) -> c_int;
}

const PAM_SUCCESS: c_int = 0;
const PAM_BUF_ERR: c_int = 5;
const PAM_CONV_ERR: c_int = 19;
const PAM_ESTABLISH_CRED: c_int = 2;
const PAM_FAIL_DELAY: c_int = 10;

/// What libpam calls instead of sleeping: the call's code, the microseconds, the conversation's data.
type DelayFunction = unsafe extern "C" fn(c_int, c_uint, *mut c_void);

/// Waits for nothing.
unsafe extern "C" fn no_delay(_: c_int, _: c_uint, _: *mut c_void) {}

/// An item of a PAM handle, by libpam's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Item {
    User = 2,
    Tty = 3,
    Rhost = 4,
    Ruser = 8,
}

/// Takes a module's message; the answer is used only if the style asks.
pub(crate) trait Conversation {
    fn message(&mut self, style: Style, text: &[u8]) -> Answer;
}

/// What libpam hands back to the callback: the conversation and the handle it belongs to.
struct Context<'c> {
    conversation: &'c mut dyn Conversation,
    handle: *mut PamHandle,
}

/// A PAM handle between `pam_start` and `pam_end`.
pub(crate) struct Transaction<'c> {
    handle: *mut PamHandle,
    /// Boxed twice: libpam keeps the pointer, and copies of `PamConv`, for the handle's life.
    context: *mut Context<'c>,
    last: c_int,
}

impl<'c> Transaction<'c> {
    /// `pam_start` or, given a folder, `pam_start_confdir`; the error is libpam's code.
    pub(crate) fn start(
        service: &str,
        user: Option<&[u8]>,
        confdir: Option<&str>,
        conversation: &'c mut dyn Conversation,
    ) -> Result<Self, c_int> {
        let service = c_string(service.as_bytes());
        let user = user.map(c_string);
        let confdir = confdir.map(|folder| c_string(folder.as_bytes()));
        let context = Box::into_raw(Box::new(Context {
            conversation,
            handle: ptr::null_mut(),
        }));
        let conv = PamConv {
            converse,
            data: context.cast(),
        };
        let user = user.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        let mut handle = ptr::null_mut();
        let code = match &confdir {
            // SAFETY: all pointers are to live C strings or null where libpam allows it; libpam copies
            // what it keeps, and `context` lives until `Drop`.
            None => unsafe { pam_start(service.as_ptr(), user, &raw const conv, &raw mut handle) },
            // SAFETY: as above.
            Some(folder) => unsafe {
                pam_start_confdir(
                    service.as_ptr(),
                    user,
                    &raw const conv,
                    folder.as_ptr(),
                    &raw mut handle,
                )
            },
        };
        let transaction = Self {
            handle,
            context,
            last: code,
        };
        if code != PAM_SUCCESS {
            return Err(code);
        }
        // SAFETY: `context` came from Box::into_raw above and nothing else refers to it now.
        unsafe { (*context).handle = handle };
        Ok(transaction)
    }

    /// `pam_set_item` with a string.
    pub(crate) fn set(&mut self, item: Item, value: &[u8]) -> c_int {
        set_item(self.handle, item, value)
    }

    /// `pam_get_item` of a string.
    pub(crate) fn get(&self, item: Item) -> Option<String> {
        let mut value = ptr::null();
        // SAFETY: the handle is live, and `value` is a place for one pointer.
        let code = unsafe { pam_get_item(self.handle, item as c_int, &raw mut value) };
        if code != PAM_SUCCESS || value.is_null() {
            return None;
        }
        // SAFETY: libpam's string items are NUL-terminated and live until the item is set anew.
        let text = unsafe { CStr::from_ptr(value.cast()) };
        Some(text.to_string_lossy().into_owned())
    }

    /// Takes the wait after a failure from libpam, and does not wait.
    pub(crate) fn skip_failure_delay(&mut self) -> c_int {
        let function: DelayFunction = no_delay;
        // SAFETY: the handle is live; the item is a pointer to a function of this type, which lives
        // as long as the program.
        unsafe { pam_set_item(self.handle, PAM_FAIL_DELAY, function as *const c_void) }
    }

    /// `pam_putenv`.
    pub(crate) fn put_env(&mut self, name_value: &str) -> c_int {
        let name_value = c_string(name_value.as_bytes());
        // SAFETY: the handle is live; libpam copies the string.
        unsafe { pam_putenv(self.handle, name_value.as_ptr()) }
    }

    /// Makes one call; yields libpam's code.
    pub(crate) fn call(&mut self, call: Call, flags: c_int) -> c_int {
        let handle = self.handle;
        self.last = match call {
            // SAFETY: the handle is live, here and below.
            Call::Authenticate => unsafe { pam_authenticate(handle, flags) },
            // SAFETY: as above.
            Call::Setcred => unsafe { pam_setcred(handle, flags | PAM_ESTABLISH_CRED) },
            // SAFETY: as above.
            Call::Account => unsafe { pam_acct_mgmt(handle, flags) },
            // SAFETY: as above.
            Call::OpenSession => unsafe { pam_open_session(handle, flags) },
            // SAFETY: as above.
            Call::CloseSession => unsafe { pam_close_session(handle, flags) },
            // SAFETY: as above.
            Call::ChangeToken => unsafe { pam_chauthtok(handle, flags) },
        };
        self.last
    }

    /// `pam_end` with the last call's code.
    pub(crate) fn end(mut self) -> c_int {
        self.close()
    }

    fn close(&mut self) -> c_int {
        let handle = std::mem::replace(&mut self.handle, ptr::null_mut());
        if handle.is_null() {
            return PAM_SUCCESS;
        }
        // SAFETY: the handle is live, and null from here on.
        unsafe { pam_end(handle, self.last) }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        self.close();
        // SAFETY: `context` came from Box::into_raw; libpam's handle, which knew it, is gone.
        drop(unsafe { Box::from_raw(self.context) });
    }
}

fn set_item(handle: *mut PamHandle, item: Item, value: &[u8]) -> c_int {
    let value = c_string(value);
    // SAFETY: the handle is live (its owner calls us); libpam copies the string.
    unsafe { pam_set_item(handle, item as c_int, value.as_ptr().cast()) }
}

/// libpam's callback. Replies are malloc'ed, as libpam frees them.
unsafe extern "C" fn converse(
    count: c_int,
    messages: *mut *const PamMessage,
    replies: *mut *mut PamResponse,
    data: *mut c_void,
) -> c_int {
    let Ok(count) = usize::try_from(count) else {
        return PAM_CONV_ERR;
    };
    // SAFETY: `data` is the context given to pam_start; libpam calls us only while the handle lives,
    // from the one thread there is.
    let context = unsafe { &mut *data.cast::<Context<'_>>() };
    // SAFETY: a plain allocation, checked below; an all-zero reply is a valid one.
    let block = unsafe { libc::calloc(count.max(1), size_of::<PamResponse>()) };
    if block.is_null() {
        return PAM_BUF_ERR;
    }
    let block = block.cast::<PamResponse>();
    // SAFETY: `count` zeroed replies were allocated, and only this function knows them.
    let filled = unsafe { slice::from_raw_parts_mut(block, count) };
    // SAFETY: Linux-PAM hands over an array of `count` pointers to messages.
    let messages = unsafe { slice::from_raw_parts(messages, count) };
    for (reply, message) in filled.iter_mut().zip(messages) {
        // SAFETY: each pointer is to a message that lives during this call.
        let message = unsafe { &**message };
        let style = style_of(message.style);
        // SAFETY: a message's text is NUL-terminated.
        let text = unsafe { CStr::from_ptr(message.text) };
        let answer = match context.conversation.message(style, text.to_bytes()) {
            Answer::Text(text) => duplicate(text.as_bytes()),
            Answer::Bytes(bytes) => duplicate(&bytes),
            Answer::ChangeUser(user, text) => {
                set_item(context.handle, Item::User, user.as_bytes());
                duplicate(text.as_bytes())
            }
            Answer::Null => ptr::null_mut(),
            Answer::Fail => {
                free_replies(filled);
                return PAM_CONV_ERR;
            }
        };
        reply.text = if style.asks() {
            answer
        } else {
            discard(answer)
        };
    }
    // SAFETY: libpam gives a place for one pointer, and owns the block from here on.
    unsafe { *replies = block };
    PAM_SUCCESS
}

fn style_of(number: c_int) -> Style {
    match number {
        1 => Style::Hidden,
        2 => Style::Shown,
        3 => Style::Error,
        4 => Style::Info,
        other => Style::Other(other),
    }
}

fn duplicate(bytes: &[u8]) -> *mut c_char {
    let text = c_string(bytes);
    // SAFETY: a NUL-terminated string; the copy is malloc'ed, as libpam wants it.
    unsafe { libc::strdup(text.as_ptr()) }
}

fn discard(text: *mut c_char) -> *mut c_char {
    // SAFETY: malloc'ed by `duplicate`, or null.
    unsafe { libc::free(text.cast()) };
    ptr::null_mut()
}

/// Frees a block of replies, those that were never filled in (null) among them.
fn free_replies(replies: &mut [PamResponse]) {
    for reply in replies.iter_mut() {
        reply.text = discard(reply.text);
    }
    // SAFETY: calloc'ed by the caller, which uses it no more.
    unsafe { libc::free(replies.as_mut_ptr().cast()) };
}

/// Up to the first NUL, as C would read it.
fn c_string(bytes: &[u8]) -> CString {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    CString::new(bytes.get(..end).unwrap_or_default()).unwrap_or_default()
}

/// setresuid, as set-uid programs have it: a user's real uid beside root's effective one.
pub(crate) fn set_real_uid(uid: u32) -> io::Result<()> {
    // SAFETY: a plain system call.
    if unsafe { libc::setresuid(uid, 0, 0) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Closes a descriptor that Rust's library thinks is open for ever: 0, 1 or 2.
pub(crate) fn close(fd: c_int) {
    // SAFETY: the caller closes stdio only, and uses none of it afterwards.
    unsafe { libc::close(fd) };
}

/// Connects to syslog now, so that libpam's first line there opens no descriptor.
pub(crate) fn open_syslog(name: &'static CStr) {
    let options = libc::LOG_PID | libc::LOG_NDELAY;
    // SAFETY: openlog keeps the pointer, and the name is static.
    unsafe { libc::openlog(name.as_ptr(), options, libc::LOG_AUTHPRIV) };
}

/// Forks the calling process, which must have one thread; the child does `work` and ends, and returns
/// from here in no case. Yields the child's pid.
pub(crate) fn fork(work: impl FnOnce()) -> io::Result<i32> {
    // SAFETY: with one thread no lock is held by another, so the child may do all that the parent may.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let panicked = catch_unwind(AssertUnwindSafe(work)).is_err();
            // SAFETY: ends the process at once and runs nothing of the parent's.
            unsafe { libc::_exit(c_int::from(panicked)) }
        }
        pid => Ok(pid),
    }
}

/// Loads a library as libpam loads a module, and keeps it; false when that fails.
pub(crate) fn load(path: &CStr) -> bool {
    // SAFETY: the path is NUL-terminated; the constructors are a PAM module's, made to be run anywhere.
    !unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) }.is_null()
}

/// What setlocale says of all categories.
pub(crate) fn locale() -> String {
    // SAFETY: a null locale asks and changes nothing; there is one thread.
    let name = unsafe { libc::setlocale(libc::LC_ALL, ptr::null()) };
    if name.is_null() {
        return String::new();
    }
    // SAFETY: not null, NUL-terminated, and copied before the next call.
    unsafe { CStr::from_ptr(name) }
        .to_string_lossy()
        .into_owned()
}

/// Handler address and flags of every signal's disposition.
pub(crate) fn dispositions() -> Vec<String> {
    (1..=64)
        .filter_map(|signal| disposition(signal).map(|text| format!("{signal}:{text}")))
        .collect()
}

fn disposition(signal: c_int) -> Option<String> {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: asks only; `action` is room for one.
    let code = unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) };
    // SAFETY: all-zero is a valid value, so it is initialised even when the call failed.
    let action = unsafe { action.assume_init() };
    (code == 0).then(|| format!("{:#x}/{:#x}", action.sa_sigaction, action.sa_flags))
}

/// Sets what the process does about SIGCHLD.
pub(crate) fn set_sigchld(what: Sigchld) {
    let handler: libc::sighandler_t = match what {
        Sigchld::Default => libc::SIG_DFL,
        Sigchld::Ignore => libc::SIG_IGN,
        Sigchld::ReapAll => reap_all as *const () as libc::sighandler_t,
        Sigchld::Handler => do_nothing as *const () as libc::sighandler_t,
    };
    // SAFETY: both handlers call nothing that is not async-signal-safe.
    unsafe { libc::signal(libc::SIGCHLD, handler) };
}

extern "C" fn reap_all(_: c_int) {
    // SAFETY: errno is this thread's own.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above; a handler must leave it as it was.
    let saved = unsafe { *errno };
    loop {
        // SAFETY: waitpid is async-signal-safe; a null status is allowed.
        let reaped = unsafe { libc::waitpid(-1, ptr::null_mut(), libc::WNOHANG) };
        if reaped <= 0 {
            break;
        }
    }
    // SAFETY: as above.
    unsafe { *errno = saved };
}

/// Signals that a terminal, a timer or an operator sends, and that interrupt what a process waits for.
pub const INTERRUPTIONS: [Signal; 8] = [
    Signal::ALARM,
    Signal::HUP,
    Signal::INT,
    Signal::PIPE,
    Signal::TERM,
    Signal::TSTP,
    Signal::USR1,
    Signal::WINCH,
];

/// Gives each of [`INTERRUPTIONS`] a handler that does nothing; calls that it cuts short fail (EINTR).
pub(crate) fn catch_interruptions() {
    for signal in INTERRUPTIONS {
        // SAFETY: all zeroes is a valid sigaction: no flags, hence no SA_RESTART, and an empty mask.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = do_nothing as *const () as libc::sighandler_t;
        // SAFETY: the handler does nothing at all; the former action is not asked for.
        unsafe { libc::sigaction(signal.as_raw(), &raw const action, ptr::null_mut()) };
    }
}

extern "C" fn do_nothing(_: c_int) {}
