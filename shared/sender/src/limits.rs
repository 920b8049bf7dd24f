//! What the sender gives up before it reads a byte: identity checks, resource limits, new
//! privileges, core dumps.
//!
//! The helper has set most of this already; the sender doesn't rely on it. What is here can only be
//! lowered, so a caller's stricter limit stays.

use rustix::fs::Mode;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getegid, geteuid, getgid, getrlimit, getuid,
    set_dumpable_behavior, setrlimit, umask,
};
use rustix::thread::set_no_new_privs;

/// The most memory the process may map. A relay that floods meets this wall, not the host's.
const ADDRESS_SPACE: u64 = 128 * 1024 * 1024;

/// Soft and hard limits, one row each.
const LIMITS: [(Resource, u64); 6] = [
    (Resource::As, ADDRESS_SPACE),
    (Resource::Core, 0),
    (Resource::Cpu, 30),
    // Pipes and sockets are no files in this sense.
    (Resource::Fsize, 0),
    (Resource::Nofile, 32),
    // Counts threads too; glibc resolves names without one.
    (Resource::Nproc, 0),
];

/// Confines this process, or says why that cannot be.
pub(crate) fn confine() -> Result<(), String> {
    if getuid().is_root() || geteuid().is_root() || getgid().is_root() || getegid().is_root() {
        return Err("refusing to run as root: it is started as the user gatepost".to_owned());
    }
    if getuid() != geteuid() || getgid() != getegid() {
        return Err("refusing to run with the rights of another user (set-id bit?)".to_owned());
    }
    let failed = |what: &str, why: rustix::io::Errno| format!("cannot {what}: {why}");
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|why| failed("forbid core dumps and tracing", why))?;
    set_no_new_privs(true).map_err(|why| failed("give up new privileges", why))?;
    for (resource, most) in LIMITS {
        let hard = getrlimit(resource).maximum.unwrap_or(u64::MAX).min(most);
        let limit = Rlimit {
            current: Some(hard),
            maximum: Some(hard),
        };
        setrlimit(resource, limit).map_err(|why| failed("lower a resource limit", why))?;
    }
    umask(Mode::RWXG | Mode::RWXO);
    Ok(())
}
