//! A relay that takes one connection, says what the test wants, and tells what it saw.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate with its key, and a root, as PEM.
pub(crate) struct Identity {
    pub(crate) chain: String,
    pub(crate) key: String,
    pub(crate) root: String,
}

/// The kinds of certificate that people give to relays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Signed by a CA of its own; the root is the CA.
    Signed,
    /// Self-signed, CA:FALSE, itself the root: Debian's ssl-cert.
    SelfSigned,
    /// Self-signed, CA:TRUE, itself the root.
    CaAsLeaf,
    /// Like `Signed`, out of date.
    Expired,
}

impl Identity {
    pub(crate) fn new(kind: Kind, name: &str) -> Self {
        Self::by("Test CA", kind, name)
    }

    /// With another name for the CA.
    pub(crate) fn by(authority: &str, kind: Kind, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new([name.to_owned()]).unwrap();
        match kind {
            Kind::SelfSigned => leaf.is_ca = IsCa::ExplicitNoCa,
            Kind::CaAsLeaf => leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
            Kind::Expired => leaf.not_after = rcgen::date_time_ymd(2020, 1, 1),
            Kind::Signed => {}
        }
        let (chain, root) = match kind {
            Kind::SelfSigned | Kind::CaAsLeaf => {
                let pem = leaf.self_signed(&key).unwrap().pem();
                (pem.clone(), pem)
            }
            Kind::Signed | Kind::Expired => {
                let ca_key = KeyPair::generate().unwrap();
                let mut ca = CertificateParams::new([]).unwrap();
                ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                ca.distinguished_name.push(DnType::CommonName, authority);
                let root = ca.self_signed(&ca_key).unwrap().pem();
                let issuer = Issuer::new(ca, ca_key);
                (leaf.signed_by(&key, &issuer).unwrap().pem(), root)
            }
        };
        Self {
            chain,
            key: key.serialize_pem(),
            root,
        }
    }

    fn server_config(&self) -> Arc<ServerConfig> {
        let chain = CertificateDer::pem_slice_iter(self.chain.as_bytes())
            .collect::<Result<_, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Arc::new(config)
    }
}

/// How a relay behaves. The key of a reply is the verb, `GREETING`, or `.` for the end of a
/// message; a reply `DROP` hangs up, `STALL` waits for the client to go, `FLOOD` writes for ever,
/// `DRIP` writes for ever too, a few bytes a second.
#[derive(Default)]
pub(crate) struct Relay {
    pub(crate) implicit: Option<Identity>,
    pub(crate) starttls: Option<Identity>,
    pub(crate) mechanisms: &'static str,
    pub(crate) replies: BTreeMap<&'static str, &'static str>,
    /// Counts what came, while it comes.
    pub(crate) lines: Arc<AtomicUsize>,
}

/// What a relay saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Lines before TLS, or all where there is none.
    pub(crate) clear: Vec<String>,
    /// Lines inside TLS.
    pub(crate) encrypted: Vec<String>,
    /// The message, dots undone.
    pub(crate) message: String,
    /// Its bytes as they came.
    pub(crate) raw: Vec<u8>,
}

/// A relay at work.
pub(crate) struct Running {
    pub(crate) port: u16,
    lines: Arc<AtomicUsize>,
    thread: JoinHandle<Seen>,
}

impl Running {
    /// How many lines came so far.
    pub(crate) fn lines(&self) -> usize {
        self.lines.load(Ordering::Acquire)
    }

    /// Waits for the connection's end.
    pub(crate) fn seen(self) -> Seen {
        self.thread.join().unwrap()
    }
}

impl Relay {
    pub(crate) fn saying(replies: &[(&'static str, &'static str)]) -> Self {
        Self {
            replies: replies.iter().copied().collect(),
            ..Self::default()
        }
    }

    pub(crate) fn start(self) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let lines = Arc::clone(&self.lines);
        let thread = std::thread::spawn(move || {
            let (tcp, _peer) = listener.accept().unwrap();
            self.serve(tcp)
        });
        Running {
            port,
            lines,
            thread,
        }
    }

    fn serve(&self, tcp: TcpStream) -> Seen {
        let mut seen = Seen::default();
        if let Some(identity) = &self.implicit {
            let stream = encrypt(identity, tcp);
            let _end = self.talk(stream, true, true, &mut seen);
            return seen;
        }
        let mut clear = tcp.try_clone().unwrap();
        if self.talk(&mut clear, true, false, &mut seen) == Some(End::Starttls) {
            drop(clear);
            let stream = encrypt(self.starttls.as_ref().unwrap(), tcp);
            let _end = self.talk(stream, false, true, &mut seen);
        }
        seen
    }

    /// None where the other side went away.
    fn talk(
        &self,
        mut stream: impl Duplex,
        greet: bool,
        encrypted: bool,
        seen: &mut Seen,
    ) -> Option<End> {
        if greet {
            self.say(&mut stream, "GREETING", "220 relay.test ESMTP")?;
        }
        loop {
            let line = read_line(&mut stream)?;
            let log = if encrypted {
                &mut seen.encrypted
            } else {
                &mut seen.clear
            };
            log.push(line.clone());
            self.lines.fetch_add(1, Ordering::Release);
            let verb = line
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let offers = self.offers(encrypted);
                    self.say(&mut stream, "EHLO", &offers)?;
                }
                "STARTTLS" => {
                    self.say(&mut stream, "STARTTLS", "220 2.0.0 Ready")?;
                    return Some(End::Starttls);
                }
                "AUTH" if line == "AUTH LOGIN" => {
                    self.say(&mut stream, "LOGIN", "334 VXNlcm5hbWU6")?;
                    log.push(read_line(&mut stream)?);
                    self.say(&mut stream, "LOGIN", "334 UGFzc3dvcmQ6")?;
                    log.push(read_line(&mut stream)?);
                    self.say(&mut stream, "AUTH", "235 2.7.0 ok")?;
                }
                "AUTH" => self.say(&mut stream, "AUTH", "235 2.7.0 ok")?,
                "MAIL" => self.say(&mut stream, "MAIL", "250 2.1.0 ok")?,
                "RCPT" => self.say(&mut stream, "RCPT", "250 2.1.5 ok")?,
                "DATA" => {
                    self.say(&mut stream, "DATA", "354 go on")?;
                    self.take_message(&mut stream, seen)?;
                    self.say(&mut stream, ".", "250 2.0.0 queued as 4F2B")?;
                }
                "QUIT" => {
                    self.say(&mut stream, "QUIT", "221 2.0.0 bye")?;
                    return Some(End::Quit);
                }
                _other => self.say(&mut stream, "OTHER", "500 5.5.1 what?")?,
            }
        }
    }

    fn offers(&self, encrypted: bool) -> String {
        let mut lines = vec!["relay.test".to_owned()];
        if self.starttls.is_some() && !encrypted {
            // Keywords come in any case.
            lines.push("starttls".to_owned());
        }
        if !self.mechanisms.is_empty() {
            lines.push(format!("AUTH {}", self.mechanisms));
        }
        format!("250-{}\r\n250 HELP", lines.join("\r\n250-"))
    }

    fn take_message(&self, stream: &mut impl Duplex, seen: &mut Seen) -> Option<()> {
        if !self
            .replies
            .get("DATA")
            .is_none_or(|reply| reply.starts_with('3'))
        {
            return Some(());
        }
        loop {
            let line = read_raw_line(stream)?;
            if line == b".\r\n" {
                return Some(());
            }
            seen.raw.extend_from_slice(&line);
            let line = String::from_utf8(line).unwrap();
            seen.message
                .push_str(line.strip_prefix('.').unwrap_or(&line));
        }
    }

    fn say(&self, stream: &mut impl Duplex, key: &str, usual: &str) -> Option<()> {
        match self.replies.get(key).copied().unwrap_or(usual) {
            "DROP" => None,
            "STALL" => {
                let _gone = stream.read_to_end(&mut Vec::new());
                None
            }
            "DRIP" => {
                // Shorter than any wait for one byte, and no line ever ends.
                while stream.write_all(b"2").and_then(|()| stream.flush()).is_ok() {
                    std::thread::sleep(std::time::Duration::from_millis(200));
                }
                None
            }
            "FLOOD" => {
                let block = [b'2'; 8 * 1024];
                while stream.write_all(&block).is_ok() {}
                None
            }
            reply => {
                stream.write_all(format!("{reply}\r\n").as_bytes()).ok()?;
                stream.flush().ok()
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum End {
    Starttls,
    Quit,
}

/// Both directions.
trait Duplex: Read + Write {}

impl<T: Read + Write> Duplex for T {}

/// One line with its end, byte by byte, so that nothing of what follows is taken.
fn read_raw_line(stream: &mut impl Duplex) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        line.push(byte[0]);
        if byte == *b"\n" {
            return Some(line);
        }
    }
}

fn read_line(stream: &mut impl Duplex) -> Option<String> {
    let line = String::from_utf8_lossy(&read_raw_line(stream)?).into_owned();
    Some(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn encrypt(identity: &Identity, tcp: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    StreamOwned::new(
        ServerConnection::new(identity.server_config()).unwrap(),
        tcp,
    )
}
