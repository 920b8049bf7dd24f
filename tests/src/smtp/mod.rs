//! A real SMTP server on 127.0.0.1 for the product to deliver to: it keeps what it accepts, and does
//! wrong on demand. Each connection has its thread; all end when the last handle of the sink goes.

mod fault;
mod mail;
mod session;
mod tls;

use std::collections::BTreeSet;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use rustls::ServerConfig;

pub use fault::Act;
pub use fault::BadCertificate;
pub use fault::Fault;
pub use fault::Step;
pub use mail::Mail;
pub(crate) use tls::certificate_pem;
pub(crate) use tls::roots_pem;

use crate::wait::Watched;

/// How a sink's clients come to TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte (port 465's way).
    Implicit,
    /// After STARTTLS (port 587's way).
    StartTls,
    /// Not at all.
    None,
}

/// What a sink counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections taken.
    pub connections: usize,
    /// Connections that are open now.
    pub open: usize,
    /// TLS handshakes completed.
    pub handshakes: usize,
    /// AUTH commands seen.
    pub auths: usize,
    /// MAIL commands seen.
    pub mails: usize,
    /// Bytes of AUTH, MAIL, RCPT and DATA (and what follows them) that came in plaintext.
    pub bytes_in_plaintext: usize,
}

/// A handle of a running sink; clones share it.
#[derive(Debug, Clone)]
pub struct Sink {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    acceptor: Mutex<Option<JoinHandle<()>>>,
}

/// What the sink's threads share.
#[derive(Debug)]
pub(crate) struct Shared {
    encryption: Encryption,
    port: u16,
    credentials: Option<(String, String)>,
    good: Arc<ServerConfig>,
    state: Watched<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<Fault>,
    /// How many connections the faults are still for; `None`: all.
    faulty_connections: Option<usize>,
    mails: Vec<Mail>,
    taken: usize,
    counts: Counts,
    log: Vec<String>,
    stopped: bool,
    open: Vec<(usize, TcpStream)>,
    workers: Vec<JoinHandle<()>>,
}

/// The log of a sink keeps no more lines than this.
const LOG_LIMIT: usize = 2000;

impl Sink {
    /// Starts a sink that asks for no password.
    pub fn start(encryption: Encryption) -> Self {
        Self::launch(encryption, None)
    }

    /// Starts a sink that takes mail only from this user.
    pub fn with_password(encryption: Encryption, username: &str, password: &str) -> Self {
        Self::launch(encryption, Some((username.to_owned(), password.to_owned())))
    }

    fn launch(encryption: Encryption, credentials: Option<(String, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on the loopback");
        let port = listener.local_addr().expect("its address").port();
        let shared = Arc::new(Shared {
            encryption,
            port,
            credentials,
            good: tls::server(None),
            state: Watched::default(),
        });
        let acceptor = thread::Builder::new()
            .name("sink-accept".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || accept(&listener, &shared)
            })
            .expect("start the sink");
        Self {
            inner: Arc::new(Inner {
                shared,
                acceptor: Mutex::new(Some(acceptor)),
            }),
        }
    }

    fn state(&self) -> &Watched<State> {
        &self.inner.shared.state
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.inner.shared.port
    }

    /// How its clients come to TLS.
    pub fn encryption(&self) -> Encryption {
        self.inner.shared.encryption
    }

    /// The user and password that it asks for.
    pub fn credentials(&self) -> Option<(String, String)> {
        self.inner.shared.credentials.clone()
    }

    /// The certificate of the authority that signed the sink's own.
    pub fn roots_pem(&self) -> String {
        roots_pem()
    }

    /// Does these faults on every connection from here on; an empty list: none.
    pub fn faults(&self, faults: &[Fault]) {
        self.state().update(|state| {
            state.faults = faults.to_vec();
            state.faulty_connections = None;
        });
    }

    /// Does one fault on every connection from here on.
    pub fn fault(&self, fault: Fault) {
        self.faults(&[fault]);
    }

    /// Does one fault on the next `connections` connections, and none after.
    pub fn fault_for(&self, fault: Fault, connections: usize) {
        self.state().update(|state| {
            state.faults = vec![fault];
            state.faulty_connections = Some(connections);
        });
    }

    /// All mails so far.
    pub fn mails(&self) -> Vec<Mail> {
        self.state().lock().mails.clone()
    }

    /// Waits until `count` mails have come in all, and yields the last of those.
    #[track_caller]
    pub fn wait_for_mail(&self, count: usize, deadline: Duration) -> Mail {
        let found = self.state().wait(deadline, |state| {
            state
                .mails
                .get(count.checked_sub(1).expect("the first mail is number 1"))
                .cloned()
        });
        found.unwrap_or_else(|| {
            panic!(
                "{} of {count} mails within {deadline:?}\n{}",
                self.mails().len(),
                self.log()
            )
        })
    }

    /// Waits for the first mail that [`Sink::next_mail`] has not yielded yet.
    #[track_caller]
    pub fn next_mail(&self, deadline: Duration) -> Mail {
        let count = self.state().update(|state| {
            state.taken += 1;
            state.taken
        });
        self.wait_for_mail(count, deadline)
    }

    /// Takes out the mails that are there, waiting for one; `None` once the sink has stopped.
    ///
    /// For benches: mails that are taken out use no memory, and no other method sees them any more.
    pub fn take_mails(&self, deadline: Duration) -> Option<Vec<Mail>> {
        let taken = self.state().wait(deadline, |state| {
            let mails = std::mem::take(&mut state.mails);
            match (mails.is_empty(), state.stopped) {
                (false, _) => Some(Some(mails)),
                (true, true) => Some(None),
                (true, false) => None,
            }
        });
        taken.unwrap_or_else(|| Some(Vec::new()))
    }

    /// What it counted so far.
    pub fn counts(&self) -> Counts {
        self.state().lock().counts
    }

    /// Waits until the counts are as wanted; false when the deadline passes first.
    pub fn wait_for_counts(&self, deadline: Duration, wanted: impl Fn(&Counts) -> bool) -> bool {
        self.state()
            .wait(deadline, |state| wanted(&state.counts).then_some(()))
            .is_some()
    }

    /// Codes and passwords that must not stand anywhere else.
    pub fn secrets(&self) -> BTreeSet<String> {
        let mut secrets: BTreeSet<String> =
            self.mails().iter().filter_map(Mail::find_code).collect();
        secrets.extend(self.credentials().map(|(_, password)| password));
        secrets
    }

    /// The dialogue so far, a line each, with connection number and direction.
    pub fn log(&self) -> String {
        let state = self.state().lock();
        state.log.join("\n") + "\n"
    }

    /// Closes the port and all connections, and waits for the threads. Mails stay readable.
    pub fn stop(&self) {
        self.inner.stop();
    }
}

impl Inner {
    fn stop(&self) {
        let streams = self.shared.state.update(|state| {
            state.stopped = true;
            std::mem::take(&mut state.open)
        });
        for (_, stream) in &streams {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let acceptor = self
            .acceptor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(acceptor) = acceptor {
            // The acceptor waits for a connection: here is one.
            let _ = TcpStream::connect(("127.0.0.1", self.shared.port));
            acceptor.join().expect("the sink's acceptor does not panic");
        }
        let workers = self
            .shared
            .state
            .update(|state| std::mem::take(&mut state.workers));
        for worker in workers {
            worker.join().expect("a sink's connection does not panic");
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.stop();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let admitted = shared.state.update(|state| {
            if state.stopped {
                return None;
            }
            state.counts.connections += 1;
            state.counts.open += 1;
            let number = state.counts.connections;
            state.open.push((
                number,
                stream.try_clone().expect("a second handle of a socket"),
            ));
            Some((number, state.faults_of_next()))
        });
        let Some((number, faults)) = admitted else {
            return;
        };
        let worker = thread::Builder::new()
            .name(format!("sink-{number}"))
            .spawn({
                let shared = Arc::clone(shared);
                move || serve(&shared, number, stream, faults)
            })
            .expect("start a connection's thread");
        // A thread that ended holds its stack until it is joined.
        let ended: Vec<JoinHandle<()>> = shared.state.update(|state| {
            state.workers.push(worker);
            state
                .workers
                .extract_if(.., |worker| worker.is_finished())
                .collect()
        });
        for worker in ended {
            worker.join().expect("a sink's connection does not panic");
        }
    }
}

fn serve(shared: &Shared, number: usize, stream: TcpStream, faults: Vec<Fault>) {
    let end = session::run(shared, number, stream, faults);
    shared.log(number, "!", &format!("ended: {end}"));
    shared.state.update(|state| {
        state.open.retain(|(other, _)| *other != number);
        state.counts.open -= 1;
    });
}

impl State {
    fn faults_of_next(&mut self) -> Vec<Fault> {
        match &mut self.faulty_connections {
            None => self.faults.clone(),
            Some(0) => Vec::new(),
            Some(left) => {
                *left -= 1;
                self.faults.clone()
            }
        }
    }
}

impl Shared {
    fn log(&self, number: usize, direction: &str, text: &str) {
        self.state.update(|state| {
            if state.log.len() < LOG_LIMIT {
                state
                    .log
                    .push(format!("{number} {direction} {}", text.trim_end()));
            }
        });
    }

    fn count(&self, change: impl FnOnce(&mut Counts)) {
        self.state.update(|state| change(&mut state.counts));
    }

    /// Waits without doing anything, but not past the sink's end; true when the sink goes on.
    fn idle(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        let stopped = self
            .state
            .wait(end.saturating_duration_since(Instant::now()), |state| {
                state.stopped.then_some(())
            });
        stopped.is_none()
    }
}
