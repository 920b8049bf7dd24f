//! The process side, with programs of the distribution in the helper's place.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::io::Errno;
use rustix::process::{WaitId, WaitIdOptions, geteuid, waitid};

use super::{End, HelperProcess, Link, LinkError, StartError};

fn start(test: &str, program: &str) -> Option<HelperProcess> {
    if !geteuid().is_root() {
        println!("SKIPPED {test}: not root");
        return None;
    }
    Some(HelperProcess::start(program).unwrap())
}

#[test]
fn a_program_that_ends_gave_no_verdict() {
    for (program, status) in [("/usr/bin/true", 0), ("/usr/bin/false", 1)] {
        let Some(mut helper) = start("a_program_that_ends_gave_no_verdict", program) else {
            return;
        };
        assert!(matches!(helper.receive(), Err(LinkError::Closed)));
        assert_eq!(helper.finish(), End::Exited(status), "{program}");
    }
}

#[test]
fn a_program_that_reads_to_the_end_ends_by_itself() {
    let Some(helper) = start(
        "a_program_that_reads_to_the_end_ends_by_itself",
        "/usr/bin/cat",
    ) else {
        return;
    };
    assert_eq!(helper.finish(), End::Exited(0));
}

#[test]
fn a_program_that_stays_is_killed() {
    let Some(helper) = start("a_program_that_stays_is_killed", "/usr/bin/yes") else {
        return;
    };
    assert_eq!(helper.finish(), End::Killed(9));
}

#[test]
fn without_descriptors_for_processes_it_is_reaped_by_its_number() {
    for (program, end) in [
        ("/usr/bin/cat", End::Exited(0)),
        ("/usr/bin/yes", End::Killed(9)),
    ] {
        let name = "without_descriptors_for_processes_it_is_reaped_by_its_number";
        let Some(mut helper) = start(name, program) else {
            return;
        };
        helper.pidfd = None;
        assert_eq!(helper.finish(), end, "{program}");
    }
}

#[test]
fn a_child_that_the_host_reaped_is_nobody_to_signal() {
    let name = "a_child_that_the_host_reaped_is_nobody_to_signal";
    let Some(mut helper) = start(name, "/usr/bin/true") else {
        return;
    };
    assert!(matches!(helper.receive(), Err(LinkError::Closed)));
    let reaped = waitid(WaitId::Pid(helper.pid), WaitIdOptions::EXITED).unwrap();
    assert!(reaped.is_some());
    assert_eq!(helper.finish(), End::Unknown);
}

#[test]
fn a_panic_leaves_no_child() {
    let Some(helper) = start("a_panic_leaves_no_child", "/usr/bin/cat") else {
        return;
    };
    let pid = helper.pid;
    let caught = catch_unwind(AssertUnwindSafe(move || {
        let _held = helper;
        panic!("on purpose");
    }));
    assert!(caught.is_err());
    let left = waitid(
        WaitId::Pid(pid),
        WaitIdOptions::EXITED | WaitIdOptions::NOHANG,
    );
    assert!(matches!(left, Err(Errno::CHILD)), "{left:?}");
}

#[test]
fn what_cannot_be_trusted_or_run_is_not_started() {
    if !geteuid().is_root() {
        println!("SKIPPED what_cannot_be_trusted_or_run_is_not_started: not root");
        return;
    }
    for program in ["/usr/none", "/tmp", "/tmp/helper", "true"] {
        let started = HelperProcess::start(program);
        assert!(matches!(started, Err(StartError::Path(_))), "{program}");
    }
    // Trusted, and no program.
    let started = HelperProcess::start("/etc/passwd");
    assert!(matches!(started, Err(StartError::Spawn(_))), "{started:?}");
}
