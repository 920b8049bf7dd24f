//! A DNS server of the stage's own that answers wrong, slowly or never, for relays given by name.
//!
//! It listens on a loopback address of its own, port 53, and the stage's /etc/resolv.conf names it
//! alone; no query leaves the machine.

use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::stage::Stage;

/// What the server does with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Never answers.
    Silent,
    /// Answers SERVFAIL.
    Fail,
    /// Answers every question for an address with this one.
    Address(Ipv4Addr),
}

/// A running server.
#[derive(Debug)]
pub struct Dns {
    address: SocketAddr,
    queries: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Tests of one run each take their own 127.53.x.y.
static NEXT: AtomicU16 = AtomicU16::new(1);

impl Dns {
    /// Starts a server and makes it the stage's only one.
    pub fn start(stage: &Stage, manner: Manner) -> Self {
        let socket = (0..64)
            .find_map(|_| {
                let [high, low] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                UdpSocket::bind((Ipv4Addr::new(127, 53, high, low), 53)).ok()
            })
            .expect("a free loopback address for DNS");
        let address = socket.local_addr().expect("its address");
        stage.write(
            "/etc/resolv.conf",
            &format!("nameserver {}\n", address.ip()),
        );
        let queries = Arc::new(AtomicUsize::new(0));
        let stopped = Arc::new(AtomicBool::new(false));
        let thread = thread::Builder::new()
            .name("stage-dns".to_owned())
            .spawn({
                let queries = Arc::clone(&queries);
                let stopped = Arc::clone(&stopped);
                move || serve(&socket, manner, &queries, &stopped)
            })
            .expect("start the DNS server");
        Self {
            address,
            queries,
            stopped,
            thread: Some(thread),
        }
    }

    /// How many queries came in.
    pub fn queries(&self) -> usize {
        self.queries.load(Ordering::SeqCst)
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        if let Ok(socket) = UdpSocket::bind("127.0.0.1:0") {
            let _ = socket.send_to(b"", self.address);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(socket: &UdpSocket, manner: Manner, queries: &AtomicUsize, stopped: &AtomicBool) {
    socket
        .set_read_timeout(Some(Duration::from_secs(1)))
        .expect("set a timeout");
    let mut buffer = [0_u8; 1500];
    while !stopped.load(Ordering::SeqCst) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else {
            continue;
        };
        let Some(query) = buffer.get(..length).filter(|query| query.len() > HEADER) else {
            continue;
        };
        queries.fetch_add(1, Ordering::SeqCst);
        if let Some(answer) = answer(query, manner) {
            let _ = socket.send_to(&answer, from);
        }
    }
}

/// Length of a DNS message's header.
const HEADER: usize = 12;

/// The answer to a query, with the question repeated; `None`: silence.
fn answer(query: &[u8], manner: Manner) -> Option<Vec<u8>> {
    let id = query.get(..2)?;
    let name = query.get(HEADER..)?.iter().position(|byte| *byte == 0)?;
    let question = query.get(HEADER..HEADER + name + 5)?;
    let asks_for_address = question.get(name + 1..name + 3)? == [0, 1];
    let (flags, records): ([u8; 2], Vec<u8>) = match manner {
        Manner::Silent => return None,
        Manner::Fail => ([0x81, 0x82], Vec::new()),
        Manner::Address(address) if asks_for_address => {
            // The name by pointer to the question, type A, class IN, a minute to live, four bytes.
            let mut record = vec![0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4];
            record.extend(address.octets());
            ([0x81, 0x80], record)
        }
        Manner::Address(_) => ([0x81, 0x80], Vec::new()),
    };
    let count = u8::from(!records.is_empty());
    Some(
        [
            id,
            &flags,
            &[0, 1, 0, count, 0, 0, 0, 0],
            question,
            &records,
        ]
        .concat(),
    )
}
