//! One function for each thing that a process inherits from the user who typed `su` or `sudo`, and two
//! orders of them: for a login, which needs nothing of the caller's, and for somebody at a terminal,
//! who keeps it. Runs before anything is opened.
//!
//! One that fails is a refusal, save where a note to the log will do because nothing of the verdict
//! hangs on it. The unsafe code is the calls that rustix has no safe form of.

#![expect(
    unsafe_code,
    reason = "some system calls have no safe wrapper; each says why it is sound"
)]

use std::ffi::{c_int, c_long};
use std::fmt;
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;
use std::ptr;

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_getfd, fcntl_setfd};
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, chdir, getpriority_process, getrlimit,
    set_dumpable_behavior, set_parent_process_death_signal, setpriority_process, setrlimit, setsid,
    umask,
};
use rustix::stdio::{dup2_stderr, dup2_stdout, stderr, stdin, stdout};
use rustix::thread::{
    CpuSet, Gid, Uid, sched_setaffinity, set_current_timer_slack, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

use crate::cgroup;

/// Sheds everything, in an order in which each step is safe from what a later one sheds. Returns
/// notes for the login's log.
pub fn shed() -> Result<Vec<String>, Fault> {
    become_root()?;
    be_unreadable()?;
    outlive_the_parent()?;
    disarm_timers()?;
    reset_signals(&[])?;
    close_inherited()?;
    reset_limits(&LIMITS)?;
    reset_pace()?;
    // These two open files of the kernel's, which must work from here on.
    let mut notes = cgroup::leave();
    notes.extend(reset_oom_score());
    umask(Mode::RWXG | Mode::RWXO);
    doing("changing to /", chdir("/"))?;
    lead_a_session()?;
    Ok(notes)
}

/// Whether the caller's control groups are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups {
    /// A person's: they may be delegated to them.
    Leave,
    /// A service's, by which its manager knows what belongs to it.
    Stay,
}

/// As [`shed`], for a program that somebody uses at their terminal: session, folder, descriptors and
/// umask stay, and so does what their shell has ignore hang-ups and interrupts (`nohup`, `&`).
///
/// What cannot be left of the control groups is nothing that whoever sits there could mend.
pub fn become_root_at_a_terminal(groups: Groups) -> Result<(), Fault> {
    become_root()?;
    be_unreadable()?;
    outlive_the_parent()?;
    disarm_timers()?;
    reset_signals(&[libc::SIGHUP, libc::SIGINT, libc::SIGQUIT])?;
    // A limit that a container keeps is an error of the write then, not the end of the process between
    // a commit and its line in the log.
    ignore(libc::SIGXFSZ)?;
    reset_limits(&TERMINAL_LIMITS)?;
    let _as_inherited = reset_oom_score();
    match groups {
        Groups::Leave => {
            reset_pace()?;
            let _as_inherited = cgroup::leave();
        }
        // Its pace is what its manager says, who may have left it no power to change that.
        Groups::Stay => {
            let _as_inherited = reset_pace();
        }
    }
    Ok(())
}

/// What could not be shed.
#[derive(Debug)]
pub struct Fault {
    doing: &'static str,
    error: io::Error,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.error)
    }
}

/// Real, effective and saved ids and no other group: a user whose uid is among them may signal us.
fn become_root() -> Result<(), Fault> {
    doing("setgroups", set_thread_groups(&[]))?;
    let (gid, uid) = (Gid::ROOT, Uid::ROOT);
    doing("setresgid", set_thread_res_gid(gid, gid, gid))?;
    doing("setresuid", set_thread_res_uid(uid, uid, uid))
}

/// No core, no ptrace, no /proc/PID/environ for others.
fn be_unreadable() -> Result<(), Fault> {
    doing(
        "PR_SET_DUMPABLE",
        set_dumpable_behavior(DumpableBehavior::NotDumpable),
    )
}

/// The login is recorded also when the host is killed.
fn outlive_the_parent() -> Result<(), Fault> {
    doing("PR_SET_PDEATHSIG", set_parent_process_death_signal(None))
}

/// Interval timers, `alarm` among them, survive exec.
fn disarm_timers() -> Result<(), Fault> {
    let off = libc::itimerval {
        it_interval: NO_TIME,
        it_value: NO_TIME,
    };
    for timer in [libc::ITIMER_REAL, libc::ITIMER_VIRTUAL, libc::ITIMER_PROF] {
        // SAFETY: the kernel reads `off`, which outlives the call, and writes nothing back.
        let result = unsafe { libc::setitimer(timer, &raw const off, ptr::null_mut()) };
        checked("setitimer", result)?;
    }
    Ok(())
}

/// All signals as in a fresh process: none blocked, none ignored but those that are `kept` as they are,
/// and SIGPIPE, which would end us where an error tells more. Not by the C library's call, which leaves its own two signals as the
/// caller had them.
fn reset_signals(kept: &[c_int]) -> Result<(), Fault> {
    // The kernel's structure of handler, flags, restorer and mask: SIG_DFL is all zeros.
    let default: [c_long; 4] = [0; 4];
    let none: *const c_long = ptr::null();
    let mask_bytes: c_long = 8;
    for signal in 1..=LAST_SIGNAL {
        if kept.iter().any(|kept| c_long::from(*kept) == signal) {
            continue;
        }
        // SAFETY: the kernel reads no more than the structure that `default` holds, which outlives
        // the call, and is given no place to write the old one to.
        let result = unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                none,
                mask_bytes,
            )
        };
        let fixed = signal == c_long::from(libc::SIGKILL) || signal == c_long::from(libc::SIGSTOP);
        if result != 0 && !fixed {
            return Err(fault("rt_sigaction"));
        }
    }
    ignore(libc::SIGPIPE)?;
    let mut none = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: sigemptyset initialises the whole set that the pointer is valid for.
    let emptied = unsafe { libc::sigemptyset(none.as_mut_ptr()) };
    checked("sigemptyset", emptied)?;
    // SAFETY: the set was initialised just now and the old one is not asked for.
    let result = unsafe { libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), ptr::null_mut()) };
    checked("sigprocmask", result)
}

fn ignore(signal: c_int) -> Result<(), Fault> {
    // SAFETY: SIG_IGN is a constant, no code of ours runs in a handler.
    if unsafe { libc::signal(signal, libc::SIG_IGN) } == libc::SIG_ERR {
        return Err(fault("signal"));
    }
    Ok(())
}

/// No descriptor but 0 to 2, and /dev/null where those are missing.
fn close_inherited() -> Result<(), Fault> {
    let first: c_long = 3;
    let last = c_long::from(c_int::MAX);
    // SAFETY: nothing was opened yet, so no owner in this process loses its descriptor.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0 as c_long) };
    if result != 0 {
        return Err(fault("close_range"));
    }
    if fcntl_getfd(stdout()).is_err() {
        doing("replacing standard output", dup2_stdout(open_null()?))?;
    }
    if fcntl_getfd(stderr()).is_err() {
        doing("replacing standard error", dup2_stderr(open_null()?))?;
    }
    doing(
        "keeping the socket from children",
        fcntl_setfd(stdin(), FdFlags::CLOEXEC),
    )
}

/// The caller's limits would fail our writes (`FSIZE`), our descriptors (`NOFILE`) or our life
/// (`CPU`).
fn reset_limits(limits: &[Limit]) -> Result<(), Fault> {
    for &Limit {
        resource,
        wanted,
        needed,
    } in limits
    {
        let exact = Rlimit {
            current: wanted,
            maximum: wanted,
        };
        if setrlimit(resource, exact).is_ok() {
            continue;
        }
        // A container's root may lack the right to raise a limit. What it has is enough, or not.
        let hard = getrlimit(resource).maximum;
        let most = match (hard, wanted) {
            (None, wanted) => wanted,
            (Some(hard), None) => Some(hard),
            (Some(hard), Some(wanted)) => Some(hard.min(wanted)),
        };
        if most.is_some_and(|most| most < needed) {
            return Err(Fault {
                doing: "raising an inherited limit",
                error: io::Error::other(format!("{resource:?} is {most:?}, {needed} is needed")),
            });
        }
        let raised = Rlimit {
            current: most,
            maximum: most,
        };
        doing("setrlimit", setrlimit(resource, raised))?;
    }
    Ok(())
}

/// How fast this process comes along.
fn reset_pace() -> Result<(), Fault> {
    reset_scheduling()?;
    reset_io_priority()?;
    reset_timer_slack()?;
    reset_personality()
}

/// An idle or batch class, a nice of 19 or one crowded processor would let a user stretch the time
/// for which we hold the store's lock.
fn reset_scheduling() -> Result<(), Fault> {
    // SAFETY: asks about this process by number; no memory is involved.
    let policy = unsafe { libc::sched_getscheduler(0) };
    if policy != libc::SCHED_OTHER {
        let normal = libc::sched_param { sched_priority: 0 };
        // SAFETY: the kernel reads `normal`, which outlives the call.
        let result = unsafe { libc::sched_setscheduler(0, libc::SCHED_OTHER, &raw const normal) };
        checked("sched_setscheduler", result)?;
    }
    if getpriority_process(None).ok() != Some(0) {
        doing("setpriority", setpriority_process(None, 0))?;
    }
    let mut all = CpuSet::new();
    for cpu in 0..CpuSet::MAX_CPU {
        all.set(cpu);
    }
    doing("sched_setaffinity", sched_setaffinity(None, &all))
}

/// The idle class would let a busy disk keep our commits waiting.
fn reset_io_priority() -> Result<(), Fault> {
    let (process, ourselves, none): (c_long, c_long, c_long) = (1, 0, 0);
    // SAFETY: three numbers, no memory.
    let result = unsafe { libc::syscall(libc::SYS_ioprio_set, process, ourselves, none) };
    match (result, last_error()) {
        (0, _) => Ok(()),
        // A kernel built without block devices.
        (_, error) if error.raw_os_error() == Some(libc::ENOSYS) => Ok(()),
        (_, error) => Err(Fault {
            doing: "ioprio_set",
            error,
        }),
    }
}

/// The kernel's default, 50 µs: with 0 it would take the caller's.
fn reset_timer_slack() -> Result<(), Fault> {
    doing(
        "PR_SET_TIMERSLACK",
        set_current_timer_slack(NonZeroU64::new(50_000)),
    )
}

/// Plain Linux: no compatibility bits of the caller's, for us or for the sender.
fn reset_personality() -> Result<(), Fault> {
    // SAFETY: one number, no memory.
    let result = unsafe { libc::personality(0) };
    if result == -1 {
        return Err(fault("personality"));
    }
    Ok(())
}

/// A user may raise the score, so that we die first when memory is short. That is a refusal and
/// nothing worse, so a kernel that won't let go of it is worth a note.
fn reset_oom_score() -> Option<String> {
    const SCORE: &str = "/proc/self/oom_score_adj";
    let is_zero = |score: String| score.trim() == "0";
    if fs::read_to_string(SCORE).is_ok_and(is_zero) {
        return None;
    }
    let error = fs::write(SCORE, "0").err()?;
    Some(format!("{SCORE} stays as inherited: {error}"))
}

/// Away from the caller's terminal and its signals.
fn lead_a_session() -> Result<(), Fault> {
    match setsid() {
        Ok(_) | Err(Errno::PERM) => Ok(()),
        Err(errno) => Err(Fault {
            doing: "setsid",
            error: errno.into(),
        }),
    }
}

/// Above 2, so that dropping it does not close what it was copied to.
fn open_null() -> Result<OwnedFd, Fault> {
    let null = open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
        .and_then(|null| fcntl_dupfd_cloexec(null, 3));
    doing("opening /dev/null", null)
}

fn doing<T>(doing: &'static str, result: Result<T, Errno>) -> Result<T, Fault> {
    result.map_err(|errno| Fault {
        doing,
        error: errno.into(),
    })
}

/// For calls of the C library that say -1 and leave the reason in errno.
fn checked(doing: &'static str, result: c_int) -> Result<(), Fault> {
    if result == 0 {
        return Ok(());
    }
    Err(fault(doing))
}

fn fault(doing: &'static str) -> Fault {
    Fault {
        doing,
        error: last_error(),
    }
}

fn last_error() -> io::Error {
    io::Error::last_os_error()
}

/// One row of a table: set to `wanted` (none is unlimited), or, where that is not allowed, to as
/// much of it as there is, but not below `needed`.
#[derive(Clone, Copy)]
struct Limit {
    resource: Resource,
    wanted: Option<u64>,
    needed: u64,
}

const MIB: u64 = 1024 * 1024;

const LIMITS: [Limit; 12] = [
    limit(Resource::Core, Some(0), 0),
    limit(Resource::As, Some(256 * MIB), 128 * MIB),
    limit(Resource::Nofile, Some(256), 64),
    limit(Resource::Stack, Some(8 * MIB), MIB),
    limit(Resource::Memlock, Some(8 * MIB), 0),
    limit(Resource::Fsize, None, 1024 * MIB),
    limit(Resource::Cpu, None, 60),
    limit(Resource::Data, None, 128 * MIB),
    limit(Resource::Rss, None, 0),
    // Does not count for root.
    limit(Resource::Nproc, None, 0),
    limit(Resource::Sigpending, None, 0),
    limit(Resource::Rttime, None, 0),
];

/// With room for the console's threads, each of which the C library gives a stack and a heap of
/// address space.
const TERMINAL_LIMITS: [Limit; 12] = [
    limit(Resource::Core, Some(0), 0),
    limit(Resource::As, None, 512 * MIB),
    limit(Resource::Nofile, Some(1024), 64),
    limit(Resource::Stack, Some(8 * MIB), MIB),
    limit(Resource::Memlock, Some(8 * MIB), 0),
    limit(Resource::Fsize, None, 1024 * MIB),
    limit(Resource::Cpu, None, 60),
    limit(Resource::Data, None, 128 * MIB),
    limit(Resource::Rss, None, 0),
    // Does not count for root.
    limit(Resource::Nproc, None, 0),
    limit(Resource::Sigpending, None, 0),
    limit(Resource::Rttime, None, 0),
];

const fn limit(resource: Resource, wanted: Option<u64>, needed: u64) -> Limit {
    Limit {
        resource,
        wanted,
        needed,
    }
}

const LAST_SIGNAL: c_long = 64;

const NO_TIME: libc::timeval = libc::timeval {
    tv_sec: 0,
    tv_usec: 0,
};
