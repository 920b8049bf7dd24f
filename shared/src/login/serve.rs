//! The helper's loop: one conversation over the socket, one delivery beside it, one deadline.
//!
//! It holds no lock and no transaction while it waits. The deadline is a timer of its own and ends
//! the process even where the other end is stopped. What is left to do after the verdict (a mail
//! under way, a notice) is done by a forked child, so that the host is not kept waiting.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;

use gatepost_words::ident::Source;
use gatepost_words::time::{Boot, Span};
use gatepost_words::wire::{Hello, Nonce, ToHelper, ToModule, Verdict};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::line::Faulty;
use super::link::{Heard, Link};
use super::{End, Fault, GivenUp, Login, Step, line};
use crate::code::key::Key;
use crate::config::{Config, ConfigError};
use crate::files::{self, Readers, Untrusted};
use crate::host::{Host, System};
use crate::mail::{Attempted, Delivery};
use crate::notices;
use crate::policy::limits::DEADLINE_FIRST;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::syslog::Severity;
use crate::witness::Witness;

/// Which side of a fork this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// The process that the host waits for.
    Parent,
    /// The one that goes on alone.
    Child,
}

/// Forks the single-threaded helper.
pub type Detach = fn() -> std::io::Result<Fork>;

/// Notices that one login sends in passing.
const NOTICES: u32 = 3;

/// Serves one login. Whatever goes wrong, the verdict is a refusal.
pub fn serve(stream: UnixStream, notes: Vec<String>, detach: Detach) -> ExitCode {
    match run(stream, notes, detach) {
        Ok(()) => ExitCode::SUCCESS,
        Err(broken) => {
            Faulty::default().write(
                Severity::Error,
                &GivenUp::NotBegun,
                &[],
                &broken.to_string(),
            );
            ExitCode::FAILURE
        }
    }
}

/// What ends a login before it can say a verdict, or instead of one.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the socket to the module: {0}")]
    Socket(std::io::Error),
    #[error("the timer: {0}")]
    Timer(Errno),
    #[error("the module's first frame: {0}")]
    Hello(String),
    #[error("{0}")]
    Boot(#[from] crate::host::NoBootId),
}

/// Why a login cannot even begin.
#[derive(Debug, thiserror::Error)]
enum Unprepared {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the key: {0}")]
    Key(#[from] Untrusted),
    #[error("the key file {0} does not hold 32 bytes: gatepost setup makes one")]
    KeyLength(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Fault(#[from] Fault),
}

fn run(stream: UnixStream, mut notes: Vec<String>, detach: Detach) -> Result<(), Broken> {
    let host = System::new()?;
    let mut talk = Talk {
        link: Link::new(stream).map_err(Broken::Socket)?,
        timer: Timer::new(host.now().moment.at.plus(DEADLINE_FIRST)).map_err(Broken::Timer)?,
        nonce: Nonce([0; 16]),
    };
    let hello = talk.hello()?;
    talk.nonce = hello.nonce;
    let (user, service) = (hello.user.clone(), hello.service.clone());
    let rhost = Source::from_pam(
        hello.rhost.as_deref(),
        hello.tty.as_deref(),
        hello.caller_uid,
    )
    .to_string();
    let faulty = Faulty {
        user: &user,
        service: &service,
        rhost: &rhost,
    };
    let refuse = |talk: &mut Talk, severity, problem: &dyn std::fmt::Display| {
        faulty.write(severity, &GivenUp::NotBegun, &[], &problem.to_string());
        talk.verdict(Verdict::Unavailable, None);
    };
    let conf = hello.conf.clone();
    let (config, key) = match prepare(conf.as_deref()) {
        Ok(prepared) => prepared,
        Err(problem) => {
            refuse(&mut talk, Severity::Critical, &problem);
            return Ok(());
        }
    };
    let mut login = match open(&host, &config, &key, hello, &mut notes) {
        Ok(login) => login,
        Err(problem) => {
            let grave = matches!(&problem, Unprepared::Store(error) if error.is_grave());
            let severity = if grave {
                Severity::Critical
            } else {
                Severity::Error
            };
            refuse(&mut talk, severity, &problem);
            return Ok(());
        }
    };
    let mut delivery = None;
    match converse(&mut talk, &host, &config, &mut login, &mut delivery) {
        Ok(end) => {
            notes.extend_from_slice(login.notes());
            line::write(&end.closed, &end.why, &notes);
            talk.verdict(end.verdict, end.say);
        }
        Err(fault) => {
            let grave = matches!(&fault, Fault::Store(error) if error.is_grave());
            let severity = if grave {
                Severity::Critical
            } else {
                Severity::Error
            };
            notes.extend_from_slice(login.notes());
            faulty.write(severity, &login.give_up(), &notes, &fault.to_string());
            talk.verdict(Verdict::Unavailable, None);
        }
    }
    afterwards(talk, &host, &config, login, delivery, detach);
    Ok(())
}

/// Configuration and key.
fn prepare(conf: Option<&str>) -> Result<(Config, Key), Unprepared> {
    let config = Config::load(conf.map(Path::new))?;
    let key = load_key(&config)?;
    Ok((config, key))
}

/// The root-only key.
fn load_key(config: &Config) -> Result<Key, Unprepared> {
    let limit = u64::try_from(Key::LENGTH).unwrap_or(u64::MAX);
    let bytes = files::read_trusted(&config.key, Readers::RootAlone, limit)?;
    Key::new(bytes).ok_or_else(|| Unprepared::KeyLength(config.key.display().to_string()))
}

fn open<'c>(
    host: &'c System,
    config: &'c Config,
    key: &'c Key,
    hello: Hello,
    notes: &mut Vec<String>,
) -> Result<Login<'c, System>, Unprepared> {
    let store = Store::open(&config.store)?;
    let witness = match Witness::open(&config.store) {
        Ok(witness) => Some(witness),
        Err(problem) => {
            notes.push(format!("no witness: {problem}"));
            None
        }
    };
    Ok(Login::new(host, config, key, store, witness, hello)?)
}

/// Plays the conversation to its end.
fn converse<'c>(
    talk: &mut Talk,
    host: &'c System,
    config: &'c Config,
    login: &mut Login<'c, System>,
    delivery: &mut Option<Delivery<'c>>,
) -> Result<End, Fault> {
    let mut step = login.begin()?;
    login.witness();
    loop {
        match step {
            Step::End(end) => return Ok(end),
            Step::Ask(text) => {
                if talk.ask(text).is_err() {
                    step = login.left()?;
                    continue;
                }
                talk.timer.set(login.deadline());
            }
        }
        // The prompt is out: now the mail.
        if let Some(letter) = login.take_letter() {
            *delivery = Some(Delivery::start(
                config,
                "code",
                letter,
                host.now().moment.at,
            ));
        }
        step = match await_answer(talk, host, login, delivery) {
            Came::Answer { user, text } => login.answer(&user, text.expose())?,
            Came::HostAnswered(how) => login.host_answered(how)?,
            Came::NotAsked => login.not_asked()?,
            Came::Left => login.left()?,
            Came::TimedOut => login.timed_out()?,
        };
        login.witness();
    }
}

/// What ended the wait at a prompt.
enum Came {
    Answer {
        user: String,
        text: gatepost_words::secret::Secret,
    },
    HostAnswered(gatepost_words::wire::HostAnswer),
    NotAsked,
    Left,
    TimedOut,
}

/// Waits for the person, while the delivery goes on.
fn await_answer<'c>(
    talk: &mut Talk,
    host: &System,
    login: &mut Login<'c, System>,
    delivery: &mut Option<Delivery<'c>>,
) -> Came {
    loop {
        let now = host.now().moment.at;
        if talk.timer.over(now) {
            return Came::TimedOut;
        }
        match talk.link.hear::<ToHelper>() {
            Heard::Nothing => {}
            Heard::Frame(ToHelper::Answer { user, text }) => {
                return Came::Answer { user, text };
            }
            Heard::Frame(ToHelper::HostAnswered(how)) => return Came::HostAnswered(how),
            Heard::Frame(ToHelper::ConversationFailed) => return Came::NotAsked,
            Heard::Gone | Heard::Nonsense(_) => return Came::Left,
        }
        if let Some(running) = delivery
            && let Some(attempted) = running.advance(now)
        {
            if attempted.done {
                *delivery = None;
            }
            login.delivered(&attempted.delivered, attempted.done);
            continue;
        }
        let due = delivery.as_ref().and_then(Delivery::due);
        talk.wait(
            delivery.as_ref().and_then(Delivery::fd),
            due.map(|due| due.since(now)),
        );
    }
}

/// What is left to do once the host has its verdict.
fn afterwards<'c>(
    talk: Talk,
    host: &System,
    config: &'c Config,
    mut login: Login<'c, System>,
    delivery: Option<Delivery<'c>>,
    detach: Detach,
) {
    login.settle();
    if delivery.is_none() && !login.notice_due() {
        return;
    }
    // SQLite must not cross a fork: the connection is closed before and opened again after.
    let remains = login.into_remains();
    match detach() {
        Ok(Fork::Child) => {}
        Ok(Fork::Parent) => {
            if let Some(delivery) = delivery {
                delivery.release();
            }
            return;
        }
        // Without a fork the work is left to the next login and to gatepost maintain.
        Err(_no_process) => return,
    }
    drop(talk);
    let Ok(mut store) = Store::open(&config.store) else {
        return;
    };
    if let Some(mut delivery) = delivery {
        while let Some(due) = delivery.due() {
            let now = host.now();
            let Some(Attempted { delivered, done }) = delivery.advance(now.moment.at) else {
                crate::mail::wait(delivery.fd(), due.since(now.moment.at));
                continue;
            };
            // A record that cannot be written changes nothing for anybody any more.
            let _unrecorded = remains
                .case
                .record(&mut store, &now, remains.of, &delivered, done);
        }
    }
    let _left_to_maintain = notices::send_due(&mut store, config, host, NOTICES);
}

/// The socket, the deadline and the nonce.
struct Talk {
    link: Link,
    timer: Timer,
    nonce: Nonce,
}

impl Talk {
    fn hello(&mut self) -> Result<Hello, Broken> {
        loop {
            match self.link.hear::<Hello>() {
                Heard::Frame(hello) => return Ok(hello),
                Heard::Nothing => self.wait(None, None),
                Heard::Gone => return Err(Broken::Hello("none came".to_owned())),
                Heard::Nonsense(error) => {
                    // Our frame's header tells the other side which protocol this is.
                    self.verdict(Verdict::Unavailable, None);
                    return Err(Broken::Hello(error.to_string()));
                }
            }
            if self.timer.fired() {
                return Err(Broken::Hello("none came in time".to_owned()));
            }
        }
    }

    fn ask(&mut self, text: String) -> std::io::Result<()> {
        self.link.say(&ToModule::Ask { text, echo: true })
    }

    /// The last frame. Where it cannot be sent the module sees the end of the stream: a refusal.
    fn verdict(&mut self, verdict: Verdict, say: Option<String>) {
        let frame = ToModule::Verdict {
            nonce: self.nonce,
            word: verdict.word(),
            say,
        };
        let _unsent_is_a_refusal = self.link.say(&frame);
    }

    /// Waits for the socket, the timer or `also`, at most for `at_most`.
    fn wait(&self, also: Option<std::os::fd::BorrowedFd<'_>>, at_most: Option<Span>) {
        let mut fds = vec![
            PollFd::from_borrowed_fd(self.link.fd(), PollFlags::IN),
            PollFd::new(&self.timer.fd, PollFlags::IN),
        ];
        fds.extend(also.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        let millisecond = std::time::Duration::from_millis(1);
        let timeout = at_most.and_then(|span| Timespec::try_from(span.to_std() + millisecond).ok());
        // An interrupted wait is a short one; the caller looks and waits again.
        let _interrupted = poll(&mut fds, timeout.as_ref());
    }
}

/// A deadline that the kernel keeps.
struct Timer {
    fd: OwnedFd,
    at: Boot,
}

impl Timer {
    fn new(at: Boot) -> Result<Self, Errno> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = Self {
            fd: timerfd_create(TimerfdClockId::Boottime, flags)?,
            at,
        };
        timer.arm()?;
        Ok(timer)
    }

    fn set(&mut self, at: Boot) {
        self.at = at;
        // The same call succeeded a moment ago; the loop checks the clock as well.
        let _checked_by_clock = self.arm();
    }

    fn arm(&self) -> Result<(), Errno> {
        let millis = self.at.millis();
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let at = Timespec {
            tv_sec: millis / 1000,
            tv_nsec: millis % 1000 * 1_000_000,
        };
        let when = Itimerspec {
            it_interval: zero,
            it_value: at,
        };
        timerfd_settime(&self.fd, TimerfdTimerFlags::ABSTIME, &when).map(drop)
    }

    fn over(&self, now: Boot) -> bool {
        now >= self.at
    }

    fn fired(&self) -> bool {
        let mut fds = [PollFd::from_borrowed_fd(self.fd.as_fd(), PollFlags::IN)];
        let at_once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        poll(&mut fds, Some(&at_once)).is_ok_and(|ready| ready > 0)
    }
}
