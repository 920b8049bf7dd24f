//! The inside of `gatepost-pam-host`: a PAM application that does one [`Job`], hands every message to
//! the test that started it, and looks at itself before and after each call.
//!
//! It writes nothing to stdout or stderr, so that every byte there is a module's.

use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::process::ExitCode;
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
use super::state;

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
    for _ in 0..job.rounds.max(1) {
        round(job, line);
    }
    Ok(())
}

fn round(job: &Job, line: &mut Line<'_>) {
    line.write(&Event::State {
        when: "before".to_owned(),
        state: state::take(),
    });
    let mut talk = Talk {
        line,
        start: Instant::now(),
    };
    let (code, user) = talk.calls(job);
    line.write(&Event::State {
        when: "after pam_end".to_owned(),
        state: state::take(),
    });
    line.write(&Event::RoundEnded { code, user });
}

/// The conversation of one round, and the line that it goes over.
struct Talk<'l, 'f> {
    line: &'l mut Line<'f>,
    start: Instant,
}

impl Talk<'_, '_> {
    /// Makes the round's calls; yields what `pam_end` (or `pam_start`, if it failed) said, and `PAM_USER`.
    fn calls(&mut self, job: &Job) -> (String, Option<String>) {
        let confdir = job
            .confdir
            .as_ref()
            .map(|folder| folder.display().to_string());
        let control = self.line.writer;
        let start = self.start;
        let started =
            Transaction::start(&job.service, job.user.as_deref(), confdir.as_deref(), self);
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
        for name_value in &job.pam_env {
            transaction.put_env(name_value);
        }
        for &call in &job.calls {
            let code = codes::name(transaction.call(call, job.flags));
            let milliseconds = since(start);
            write(
                control,
                &Event::Returned {
                    call,
                    code,
                    milliseconds,
                },
            );
            write(
                control,
                &Event::State {
                    when: format!("after {call:?}"),
                    state: state::take(),
                },
            );
        }
        let user = transaction.get(Item::User);
        (codes::name(transaction.end()), user)
    }
}

impl Conversation for Talk<'_, '_> {
    fn message(&mut self, style: Style, text: &[u8]) -> Answer {
        let text = String::from_utf8_lossy(text).into_owned();
        self.line.write(&Event::Message {
            style,
            text,
            milliseconds: since(self.start),
        });
        // A test that has gone is a person who hung up.
        if style.asks() {
            self.line.read().unwrap_or(Answer::Fail)
        } else {
            Answer::Null
        }
    }
}

fn since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
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
