//! What still lives on a stage when it closes: processes are ended by pidfd, threads must have gone.
//!
//! A process is known by its mount namespace, which no process outside the stage shares.

use std::fs;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::process::Pid;
use rustix::process::PidfdFlags;
use rustix::process::Signal;
use rustix::process::pidfd_open;
use rustix::process::pidfd_send_signal;

use crate::pam::ProcessState;
use crate::pam::look;
use crate::process::has_ended;
use crate::wait;

/// Rounds of killing: a process may start another between the look and the kill.
const ROUNDS: usize = 50;

/// A process on a stage, held by its pidfd: never another one under a number given anew.
#[derive(Debug)]
pub struct Running {
    /// Its number.
    pub pid: u32,
    /// Its name, the first 15 bytes.
    pub name: String,
    pidfd: OwnedFd,
}

impl Running {
    /// Sends it a signal; to one that has ended this does nothing.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }

    /// Waits for its end; false when the deadline passes first.
    pub fn wait_end(&self, deadline: Duration) -> bool {
        has_ended(&self.pidfd, deadline)
    }

    /// Where it is and what it has open, for a failure's report.
    pub(crate) fn describe(&self) -> String {
        let read = |name: &str| {
            let text = fs::read_to_string(format!("/proc/{}/{name}", self.pid));
            text.unwrap_or_else(|error| error.to_string())
        };
        let status = read("status");
        let of_interest = ["State:", "PPid:", "TracerPid:", "ShdPnd:", "SigBlk:"];
        let status: Vec<&str> = status
            .lines()
            .filter(|line| of_interest.iter().any(|key| line.starts_with(key)))
            .collect();
        let folder = format!("/proc/{}/fd", self.pid);
        let open: Vec<String> = numbered(&folder)
            .map(|fd| {
                let link = fs::read_link(format!("{folder}/{fd}")).unwrap_or_default();
                format!("{fd}={}", link.display())
            })
            .collect();
        format!(
            "{} {}: {}; in {} ({}); open {}",
            self.pid,
            self.name,
            status.join(", ").replace('\t', " "),
            read("wchan"),
            read("syscall").trim_end(),
            open.join(" ")
        )
    }

    /// What can be seen of it from outside, as [`crate::pam::Conversation::look`] has it.
    pub fn look(&self) -> ProcessState {
        look(self.pid)
    }
}

/// Ends every process on the stage but this one; says which could not be ended.
pub(crate) fn end_all(identity: &Path) -> Vec<String> {
    for _ in 0..ROUNDS {
        let found = processes(identity);
        if found.is_empty() {
            return Vec::new();
        }
        for running in &found {
            running.signal(Signal::KILL);
        }
        for running in &found {
            running.wait_end(Duration::from_secs(5));
        }
    }
    let left = processes(identity)
        .into_iter()
        .map(|running| format!("{} {}", running.pid, running.name));
    vec![format!(
        "processes that would not end: {}",
        left.collect::<Vec<_>>().join(", ")
    )]
}

/// Names the other threads of this process that still hold the stage's namespace after a fair wait.
pub(crate) fn threads_left(identity: &Path) -> Vec<String> {
    let gone = wait::until(Duration::from_secs(5), || {
        threads(identity).is_empty().then_some(())
    });
    match gone {
        Some(()) => Vec::new(),
        None => vec![format!(
            "threads left on the stage: {}",
            threads(identity).join(", ")
        )],
    }
}

/// The processes on the stage: number and name, and a handle.
pub(crate) fn processes(identity: &Path) -> Vec<Running> {
    let own = std::process::id();
    let mut found = Vec::new();
    for pid in numbered("/proc") {
        let Ok(number) = u32::try_from(pid) else {
            continue;
        };
        let link = format!("/proc/{pid}/ns/mnt");
        if number == own || !lives_at(identity, &link) {
            continue;
        }
        let Some(Ok(pidfd)) = Pid::from_raw(pid).map(|pid| pidfd_open(pid, PidfdFlags::empty()))
        else {
            continue;
        };
        // The number may have been given anew between the look and the open: look again.
        if lives_at(identity, &link) {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            found.push(Running {
                pid: number,
                name: name.trim_end().to_owned(),
                pidfd,
            });
        }
    }
    found
}

fn threads(identity: &Path) -> Vec<String> {
    let own = rustix::thread::gettid().as_raw_nonzero().get();
    numbered("/proc/self/task")
        .filter(|tid| *tid != own)
        .filter(|tid| lives_at(identity, &format!("/proc/self/task/{tid}/ns/mnt")))
        .map(|tid| {
            let name =
                fs::read_to_string(format!("/proc/self/task/{tid}/comm")).unwrap_or_default();
            format!("{tid} {}", name.trim_end())
        })
        .collect()
}

fn lives_at(identity: &Path, link: &str) -> bool {
    fs::read_link(link).is_ok_and(|found| found == identity)
}

fn numbered(folder: &str) -> impl Iterator<Item = i32> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}
