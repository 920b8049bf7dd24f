//! The process that logs in. For each login it forks, as sshd does, and the child calls libpam from
//! `pam_start`, which loads the modules, to `pam_end`, and measures itself.
//!
//! A login's CPU time is the child's own and that of every process it caused, those among them that
//! live on when it has its verdict: the child is their reaper, and counts them when they have ended.
//!
//! It has one thread and stays small, so that a fork costs what it costs in a real host.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::io;
use std::io::BufRead;
use std::io::Write;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::resource::Usage;
use nix::sys::resource::UsageWho;
use nix::sys::resource::getrusage;
use nix::sys::wait::wait;
use serde::Deserialize;
use serde::Serialize;

use super::mailroom::LetterBox;
use crate::pam::Answer;
use crate::pam::Call;
use crate::pam::Item;
use crate::pam::Style;
use crate::pam::Talk;
use crate::pam::Transaction;
use crate::pam::code_name;
use crate::pam::fork;
use crate::pam::load;

/// What is to be done: lanes beside each other, the works of a lane one after the other.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub(crate) lanes: Vec<Vec<Work>>,
}

/// One fork's work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Work {
    /// A login.
    Login(Login),
    /// Loading the library at this path.
    Load(String),
}

/// One login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Login {
    pub(crate) service: String,
    pub(crate) user: String,
    pub(crate) rhost: String,
    pub(crate) typed: Typed,
    /// How long the person takes to type it, in milliseconds: time that is nobody's, and not counted.
    pub(crate) hesitates: u64,
    /// Whether to look at the memory in use before and after.
    pub(crate) weigh: bool,
    /// Whether the processes that are left over are waited for, and their CPU time counted.
    pub(crate) sees_through: bool,
}

/// What is typed at the first prompt; at another one the person hangs up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Typed {
    /// This.
    Text(String),
    /// What comes into this letter box.
    Mailed(String),
    /// Nothing: the person hangs up.
    Nothing,
}

/// What came of one work. Times are in microseconds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) lane: usize,
    pub(crate) index: usize,
    /// What `pam_authenticate` returned, by name.
    pub(crate) code: String,
    /// From `pam_start` to `pam_end`, less what the person hesitated; or of the load.
    pub(crate) wall: f64,
    /// From `pam_start` to the first prompt.
    pub(crate) prompt: Option<f64>,
    pub(crate) cpu: f64,
    /// Resident memory that came with `pam_start` and `pam_authenticate`, in KiB.
    pub(crate) added_kib: Option<f64>,
}

/// A line from the driver.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Line {
    /// One work's end.
    Record(Record),
    /// The batch's end: how long it took, in microseconds.
    Done(f64),
}

/// Runs the driver: a batch a line in, the records of its works out, until the input ends.
pub(crate) fn main() -> ExitCode {
    for line in io::stdin().lock().lines() {
        let batch = line.ok().and_then(|line| serde_json::from_str(&line).ok());
        let Some(batch) = batch else {
            return ExitCode::from(2);
        };
        let begin = Instant::now();
        if perform(&batch).is_err() {
            return ExitCode::from(3);
        }
        say(&Line::Done(micros(begin.elapsed())));
    }
    ExitCode::SUCCESS
}

fn perform(batch: &Batch) -> io::Result<()> {
    let mut running = BTreeMap::new();
    for lane in 0..batch.lanes.len() {
        begin(batch, &mut running, (lane, 0))?;
    }
    while !running.is_empty() {
        let ended = wait()?.pid().and_then(|pid| running.remove(&pid.as_raw()));
        if let Some((lane, index)) = ended {
            begin(batch, &mut running, (lane, index + 1))?;
        }
    }
    Ok(())
}

/// Starts a lane's next work, if there is one.
fn begin(
    batch: &Batch,
    running: &mut BTreeMap<i32, (usize, usize)>,
    (lane, index): (usize, usize),
) -> io::Result<()> {
    if let Some(work) = batch.lanes.get(lane).and_then(|works| works.get(index)) {
        let pid = fork(|| {
            let record = match work {
                Work::Login(login) => log_in(login),
                Work::Load(path) => time_load(path),
            };
            say(&Line::Record(Record {
                lane,
                index,
                ..record
            }));
        })?;
        running.insert(pid, (lane, index));
    }
    Ok(())
}

fn log_in(login: &Login) -> Record {
    let letter_box = match &login.typed {
        Typed::Mailed(path) => Some(LetterBox::open_empty(path)),
        Typed::Text(_) | Typed::Nothing => None,
    };
    set_child_subreaper(true).expect("be the reaper of what is left over");
    let before = login.weigh.then(resident_kib);
    let cpu_before = cpu();
    let begin = Instant::now();
    let mut person = Person {
        login,
        letter_box,
        begin,
        prompt: None,
        hesitated: Duration::ZERO,
    };
    let (code, after) = authenticate(login, &mut person);
    let wall = micros(begin.elapsed().saturating_sub(person.hesitated));
    if login.sees_through {
        while !matches!(wait(), Err(Errno::ECHILD)) {}
    }
    Record {
        code: code_name(code),
        wall,
        prompt: person.prompt.map(micros),
        cpu: cpu() - cpu_before,
        added_kib: before.zip(after).map(|(before, after)| after - before),
        ..Record::default()
    }
}

/// From `pam_start` to `pam_end`: libpam's code, and the memory in use before the end.
fn authenticate(login: &Login, person: &mut Person<'_>) -> (i32, Option<f64>) {
    let user = login.user.as_bytes();
    match Transaction::start(&login.service, Some(user), None, person) {
        Err(code) => (code, None),
        Ok(mut transaction) => {
            transaction.set(Item::Rhost, login.rhost.as_bytes());
            transaction.skip_failure_delay();
            let code = transaction.call(Call::Authenticate, 0);
            let after = login.weigh.then(resident_kib);
            transaction.end();
            (code, after)
        }
    }
}

/// Who answers the prompts.
struct Person<'l> {
    login: &'l Login,
    letter_box: Option<LetterBox>,
    begin: Instant,
    prompt: Option<Duration>,
    hesitated: Duration,
}

impl Talk for Person<'_> {
    fn message(&mut self, style: Style, _: &[u8]) -> Answer {
        if !style.asks() {
            return Answer::Null;
        }
        if self.prompt.is_some() {
            return Answer::Fail;
        }
        self.prompt = Some(self.begin.elapsed());
        match &self.login.typed {
            Typed::Text(text) => Answer::Text(text.clone()),
            Typed::Mailed(_) => {
                let code = self.letter_box.as_mut().and_then(LetterBox::next_code);
                let begin = Instant::now();
                thread::sleep(Duration::from_millis(self.login.hesitates));
                self.hesitated = begin.elapsed();
                code.map_or(Answer::Fail, Answer::Text)
            }
            Typed::Nothing => Answer::Fail,
        }
    }
}

fn time_load(path: &str) -> Record {
    let path = CString::new(path).expect("a path without NUL");
    let cpu_before = cpu();
    let begin = Instant::now();
    let loaded = load(&path);
    let wall = micros(begin.elapsed());
    Record {
        code: code_name(i32::from(!loaded)),
        wall,
        cpu: cpu() - cpu_before,
        ..Record::default()
    }
}

/// CPU time of this process and of the children it has waited for, in microseconds.
fn cpu() -> f64 {
    [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN]
        .into_iter()
        .map(|who| getrusage(who).expect("one's own usage"))
        .map(|usage: Usage| {
            let (user, system) = (usage.user_time(), usage.system_time());
            Duration::from_secs(u64::try_from(user.tv_sec() + system.tv_sec()).unwrap_or(0))
                + Duration::from_micros(
                    u64::try_from(user.tv_usec() + system.tv_usec()).unwrap_or(0),
                )
        })
        .map(micros)
        .sum()
}

/// What is resident of this process, by its page tables: the counters that /proc has elsewhere are
/// kept for each processor and lag.
fn resident_kib() -> f64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(f64::NAN)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// One write, which a pipe takes as a whole: forks that end at the same moment don't mix their lines.
fn say(line: &Line) {
    if let Ok(text) = serde_json::to_string(line) {
        let _ = io::stdout().write_all(format!("{text}\n").as_bytes());
        let _ = io::stdout().flush();
    }
}
