//! What a process looks like from inside: all that a PAM module must leave as it found it (I4).

use std::env;
use std::fs;

use super::ffi;
use super::protocol::ProcessState;

/// Lines of /proc/self/status that a module must not change.
const STATUS: [&str; 16] = [
    "Umask",
    "Uid",
    "Gid",
    "Groups",
    "Threads",
    "SigBlk",
    "SigIgn",
    "SigCgt",
    "CapInh",
    "CapPrm",
    "CapEff",
    "CapBnd",
    "CapAmb",
    "NoNewPrivs",
    "Seccomp",
    "TracerPid",
];

/// Takes the state of the calling process.
pub(crate) fn take() -> ProcessState {
    let mut state = of(std::process::id());
    for (name, value) in env::vars_os() {
        let name = format!("env {}", name.to_string_lossy());
        state.insert(name, value.to_string_lossy().into_owned());
    }
    state.insert("locale".to_owned(), ffi::locale());
    state.insert("dispositions".to_owned(), ffi::dispositions().join(" "));
    state
}

/// Takes what can be seen of a process from outside.
pub(crate) fn of(pid: u32) -> ProcessState {
    let proc = format!("/proc/{pid}");
    let mut state = ProcessState::new();
    descriptors(&proc, &mut state);
    let status = read(&format!("{proc}/status"));
    for line in status.lines() {
        if let Some((name, value)) = line.split_once(':')
            && STATUS.contains(&name)
        {
            state.insert(
                name.to_owned(),
                value.split_whitespace().collect::<Vec<_>>().join(" "),
            );
        }
    }
    let cwd = fs::read_link(format!("{proc}/cwd")).map(|path| path.display().to_string());
    state.insert("cwd".to_owned(), cwd.unwrap_or_default());
    for name in ["limits", "timers", "oom_score_adj", "cgroup"] {
        state.insert(name.to_owned(), read(&format!("{proc}/{name}")));
    }
    state.insert("children".to_owned(), children(&proc));
    state.insert("session".to_owned(), session(&proc));
    state
}

fn descriptors(proc: &str, state: &mut ProcessState) {
    let Ok(entries) = fs::read_dir(format!("{proc}/fd")) else {
        return;
    };
    // Collected first: the folder's own descriptor must be closed before the links are read.
    let names: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .collect();
    for name in names {
        let name = name.to_string_lossy();
        if let Ok(target) = fs::read_link(format!("{proc}/fd/{name}")) {
            let info = read(&format!("{proc}/fdinfo/{name}"));
            let flags = info
                .lines()
                .find_map(|line| line.strip_prefix("flags:"))
                .unwrap_or("?");
            state.insert(
                format!("fd {name}"),
                format!("{} {}", target.display(), flags.trim()),
            );
        }
    }
}

/// The children of all threads, the dead ones that nobody waited for among them.
fn children(proc: &str) -> String {
    let Ok(threads) = fs::read_dir(format!("{proc}/task")) else {
        return String::new();
    };
    let lists = threads
        .flatten()
        .map(|thread| read(&format!("{}/children", thread.path().display())));
    lists.collect::<String>().trim().to_owned()
}

/// Process group, session, controlling terminal, and the scheduling: fields 5 to 7, 18, 19, 40 and 41
/// of /proc/PID/stat.
fn session(proc: &str) -> String {
    let stat = read(&format!("{proc}/stat"));
    // The second field, a name in parentheses, may hold blanks.
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let fields: Vec<&str> = after.split_whitespace().collect();
    [5, 6, 7, 18, 19, 40, 41]
        .iter()
        .filter_map(|number| fields.get(number - 3).copied())
        .collect::<Vec<_>>()
        .join(" ")
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// What differs between two states, a line each.
pub(crate) fn differences(before: &ProcessState, after: &ProcessState) -> Vec<String> {
    let gone = before
        .iter()
        .filter(|(name, _)| !after.contains_key(*name))
        .map(|(name, value)| format!("{name}: {value:?} is gone"));
    let new_or_changed = after
        .iter()
        .filter_map(|(name, value)| match before.get(name) {
            None => Some(format!("{name}: {value:?} is new")),
            Some(former) if former != value => Some(format!("{name}: {former:?} became {value:?}")),
            Some(_) => None,
        });
    gone.chain(new_or_changed).collect()
}
