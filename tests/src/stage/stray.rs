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

use crate::process::has_ended;
use crate::wait;

/// Rounds of killing: a process may start another between the look and the kill.
const ROUNDS: usize = 50;

/// Ends every process on the stage but this one; says which could not be ended.
pub(crate) fn end_all(identity: &Path) -> Vec<String> {
    for _ in 0..ROUNDS {
        let found = processes(identity);
        if found.is_empty() {
            return Vec::new();
        }
        for (_, pidfd) in &found {
            let _ = pidfd_send_signal(pidfd, Signal::KILL);
        }
        for (_, pidfd) in &found {
            has_ended(pidfd, Duration::from_secs(5));
        }
    }
    let left: Vec<String> = processes(identity)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    vec![format!("processes that would not end: {}", left.join(", "))]
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

fn processes(identity: &Path) -> Vec<(String, OwnedFd)> {
    let own = std::process::id();
    let mut found = Vec::new();
    for pid in numbered("/proc") {
        if u32::try_from(pid) == Ok(own) || !lives_at(identity, &format!("/proc/{pid}/ns/mnt")) {
            continue;
        }
        let Some(Ok(pidfd)) = Pid::from_raw(pid).map(|pid| pidfd_open(pid, PidfdFlags::empty()))
        else {
            continue;
        };
        // The number may have been given anew between the look and the open: look again.
        if lives_at(identity, &format!("/proc/{pid}/ns/mnt")) {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
            found.push((format!("{pid} {}", name.trim_end()), pidfd));
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
