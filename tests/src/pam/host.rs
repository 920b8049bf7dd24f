//! The inside of `gatepost-pam-host`: a PAM application that does one [`Job`], hands every message to
//! the test that started it, and looks at itself before and after each call.
//!
//! It writes nothing to stdout or stderr, so that every byte there is a module's.

use std::cell::Cell;
use std::fs;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::process::ExitCode;
use std::slice;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::setrlimit;

use super::codes;
use super::ffi;
use super::ffi::Conversation;
use super::ffi::Item;
use super::ffi::Transaction;
use super::protocol::Answer;
use super::protocol::Event;
use super::protocol::Job;
use super::protocol::Style;
use super::protocol::Times;
use super::state;
use crate::wait;
use crate::wait::SOON;

/// The control socket's descriptor, far from those that tests close or count.
const CONTROL_FD: i32 = 200;

/// Runs the host; the program's main.
pub fn main() -> ExitCode {
    let control = fcntl_dupfd_cloexec(std::io::stdin().as_fd(), CONTROL_FD);
    let Ok(control) = control.map(File::from) else {
        return ExitCode::from(2);
    };
    let mut line = Line {
        reader: BufReader::new(&control),
        writer: &control,
    };
    let Some(job) = line.read::<Job>() else {
        return ExitCode::from(3);
    };
    match perform(&job, &mut line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(4),
    }
}

fn perform(job: &Job, line: &mut Line<'_>) -> std::io::Result<()> {
    ffi::open_syslog(c"gatepost-pam-host");
    let null: OwnedFd = File::open("/dev/null")?.into();
    rustix::stdio::dup2_stdin(&null)?;
    drop(null);
    for fd in job.closed.iter().filter(|fd| (0..=2).contains(*fd)) {
        ffi::close(*fd);
    }
    if let Some(mask) = job.umask {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(mask));
    }
    ffi::set_sigchld(job.sigchld);
    if job.interruptible {
        ffi::catch_interruptions();
    }
    for (name, limit) in &job.limits {
        let limit = Some(*limit);
        setrlimit(
            resource(name)?,
            Rlimit {
                current: limit,
                maximum: limit,
            },
        )?;
    }
    if let Some(uid) = job.real_uid {
        ffi::set_real_uid(uid)?;
    }
    if job.threads > 0 {
        many(job, line);
        return Ok(());
    }
    for _ in 0..job.rounds.max(1) {
        line.write_state("before");
        let round = Round::start(job, line.writer);
        let (code, user) = round.calls(&mut Talk {
            round: &round,
            line,
        });
        line.write_state("after pam_end");
        line.write(&Event::RoundEnded { code, user });
    }
    Ok(())
}

/// Does all rounds in each of the job's threads at once, with scripted answers. One round to the test:
/// what the threads' calls returned, in the order in which the threads ended.
fn many(job: &Job, line: &Line<'_>) {
    // The first thread of a process makes glibc catch a signal of its own: no module's doing.
    thread::scope(|scope| drop(scope.spawn(|| ())));
    wait_for_threads();
    line.write_state("before");
    let start = Barrier::new(usize::try_from(job.threads).unwrap_or(usize::MAX));
    thread::scope(|scope| {
        for _ in 0..job.threads {
            scope.spawn(|| {
                start.wait();
                for _ in 0..job.rounds.max(1) {
                    let mut scripted = Scripted {
                        answers: job.script.iter(),
                    };
                    Round::start(job, line.writer).calls(&mut scripted);
                }
            });
        }
    });
    wait_for_threads();
    line.write_state("after all threads");
    line.write(&Event::RoundEnded {
        code: codes::name(0),
        user: None,
    });
}

/// A scope ends with its threads' work; the kernel counts them a moment longer.
fn wait_for_threads() {
    wait::until(SOON, || {
        let threads = fs::read_dir("/proc/self/task").ok()?.count();
        (threads == 1).then_some(())
    });
}

/// One handle's life, and how long libpam took over it.
struct Round<'r> {
    job: &'r Job,
    control: &'r File,
    start: Instant,
    /// When libpam last got control: at a call's begin, or with an answer.
    resumed: Cell<Instant>,
}

impl<'r> Round<'r> {
    fn start(job: &'r Job, control: &'r File) -> Self {
        let now = Instant::now();
        Self {
            job,
            control,
            start: now,
            resumed: Cell::new(now),
        }
    }

    fn times(&self) -> Times {
        Times {
            since_start: millis(self.start),
            waited: millis(self.resumed.get()),
        }
    }

    /// Makes the round's calls; yields what `pam_end` (or `pam_start`, if it failed) said, and `PAM_USER`.
    fn calls(&self, conversation: &mut dyn Conversation) -> (String, Option<String>) {
        let job = self.job;
        let confdir = job
            .confdir
            .as_ref()
            .map(|folder| folder.display().to_string());
        let user = job.user.as_deref();
        let started = Transaction::start(&job.service, user, confdir.as_deref(), conversation);
        let mut transaction = match started {
            Ok(transaction) => transaction,
            Err(code) => return (codes::name(code), None),
        };
        let items = [
            (Item::Rhost, &job.rhost),
            (Item::Tty, &job.tty),
            (Item::Ruser, &job.ruser),
        ];
        for (item, value) in items {
            if let Some(value) = value {
                transaction.set(item, value);
            }
        }
        if job.skip_delay {
            transaction.skip_failure_delay();
        }
        for name_value in &job.pam_env {
            transaction.put_env(name_value);
        }
        for &call in &job.calls {
            let own_child = job.own_child.then(|| Command::new("/bin/true").spawn());
            self.resumed.set(Instant::now());
            let mut code = codes::name(transaction.call(call, job.flags));
            if let Some(child) = own_child {
                let ended = child.and_then(|mut child| child.wait());
                if !ended.is_ok_and(|status| status.success()) {
                    code = format!("{code}, and the host's own child was taken away");
                }
            }
            write(
                self.control,
                &Event::Returned {
                    call,
                    code,
                    times: self.times(),
                },
            );
            // With threads around, a state would show the others' work.
            if job.threads == 0 {
                let when = format!("after {call:?}");
                write(
                    self.control,
                    &Event::State {
                        when,
                        state: state::take(),
                    },
                );
            }
        }
        let user = transaction.get(Item::User);
        (codes::name(transaction.end()), user)
    }
}

/// A conversation that the test answers.
struct Talk<'t, 'f> {
    round: &'t Round<'t>,
    line: &'t mut Line<'f>,
}

impl Conversation for Talk<'_, '_> {
    fn message(&mut self, style: Style, text: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(text).into_owned();
        self.line.write(&Event::Message {
            style,
            text,
            times: self.round.times(),
        });
        if !style.asks() {
            return Answer::Null;
        }
        // A test that has gone is a person who hung up.
        let answer = self.line.read().unwrap_or(Answer::Fail);
        self.round.resumed.set(Instant::now());
        answer
    }
}

/// A conversation that the job answers; past its script it fails.
struct Scripted<'s> {
    answers: slice::Iter<'s, Answer>,
}

impl Conversation for Scripted<'_> {
    fn message(&mut self, style: Style, _: &[u8]) -> Answer {
        if style.asks() {
            self.answers.next().cloned().unwrap_or(Answer::Fail)
        } else {
            Answer::Null
        }
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The control socket: one descriptor, read through a buffer and written as it is.
struct Line<'f> {
    reader: BufReader<&'f File>,
    writer: &'f File,
}

impl Line<'_> {
    fn read<T: serde::de::DeserializeOwned>(&mut self) -> Option<T> {
        let mut line = String::new();
        self.reader.read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }

    fn write(&self, event: &Event) {
        write(self.writer, event);
    }

    fn write_state(&self, when: &str) {
        self.write(&Event::State {
            when: when.to_owned(),
            state: state::take(),
        });
    }
}

fn write(mut control: &File, event: &Event) {
    if let Ok(text) = serde_json::to_string(event) {
        let _ = control.write_all(format!("{text}\n").as_bytes());
    }
}

fn resource(name: &str) -> std::io::Result<Resource> {
    match name {
        "as" => Ok(Resource::As),
        "core" => Ok(Resource::Core),
        "cpu" => Ok(Resource::Cpu),
        "data" => Ok(Resource::Data),
        "fsize" => Ok(Resource::Fsize),
        "memlock" => Ok(Resource::Memlock),
        "nofile" => Ok(Resource::Nofile),
        "nproc" => Ok(Resource::Nproc),
        "stack" => Ok(Resource::Stack),
        other => Err(std::io::Error::other(format!("no such limit: {other}"))),
    }
}
