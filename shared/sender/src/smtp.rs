//! The conversation with a relay: greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, QUIT.
//!
//! Commands, replies and SASL are lettre's; this is their order, and what each refusal means. One
//! connection, one message, no second try: the helper decides about the next relay.

use std::error::Error as StdError;
use std::fmt::{self, Display};
use std::io::{Error, ErrorKind};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use gatepost_words::job::{Outcome, Relay, Tls};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail as MailFrom, Quit, Rcpt, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, ServerInfo};
use lettre::transport::smtp::response::{Response, Severity};

use crate::connection::{Connection, InjectedText, PATIENCE};
use crate::failure::Failure;
use crate::message::Mail;
use crate::tls::{self, Trust};

/// Hands one message to one relay; gives back the relay's last word.
pub(crate) fn deliver(relay: &Relay, mail: &Mail) -> Result<String, Failure> {
    let mut session = Session::open(relay)?;
    let outcome = session
        .authenticate()
        .and_then(|()| session.hand_over(mail));
    // Like Postfix, without waiting for the answer: a person waits for us.
    session.connection.close(Quit.to_string().as_bytes());
    outcome
}

/// A relay that greeted us, over TLS unless it is this machine.
struct Session<'job> {
    relay: &'job Relay,
    connection: Connection,
    offers: ServerInfo,
}

/// How far the conversation got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connect,
    Handshake,
    Greeting,
    Ehlo,
    Starttls,
    Auth,
    MailFrom,
    RcptTo,
    Data,
    Message,
}

impl Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Handshake => "the TLS handshake",
            Self::Greeting => "the greeting",
            Self::Ehlo => "EHLO",
            Self::Starttls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::MailFrom => "MAIL FROM",
            Self::RcptTo => "RCPT TO",
            Self::Data => "DATA",
            Self::Message => "the message",
        })
    }
}

impl<'job> Session<'job> {
    /// Connects, greets, and is in TLS where the relay is not this machine.
    fn open(relay: &'job Relay) -> Result<Self, Failure> {
        let broken = |stage| move |error: Error| break_down(relay, stage, &error);
        let addresses = resolve(relay)?;
        let connect = || Connection::open(&addresses).map_err(broken(Stage::Connect));
        match relay.tls {
            Tls::Implicit => {
                // Before connecting: a roots file that cannot be read is not the network's fault.
                let trust = Trust::of(relay)?;
                let connection = connect()?.secure(trust).map_err(broken(Stage::Handshake))?;
                Self::greet(relay, connection)
            }
            Tls::Starttls => {
                let trust = Trust::of(relay)?;
                let mut clear = Self::greet(relay, connect()?)?;
                if !clear.offers.supports_feature(Extension::StartTls) {
                    return Err(Failure::new(Outcome::Tls, "the relay offers no STARTTLS").advise(
                        "nothing was sent; use tls = \"implicit\" with port 465, or mend the relay",
                    ));
                }
                clear.command(Stage::Starttls, &Starttls)?;
                // What it offered in clear is forgotten.
                let connection = clear
                    .connection
                    .secure(trust)
                    .map_err(broken(Stage::Handshake))?;
                Self::hello(relay, connection)
            }
            Tls::LoopbackPlaintext => {
                let connection = connect()?;
                let peer = connection.peer_address().map_err(broken(Stage::Connect))?;
                if !is_loopback(peer.ip()) {
                    return Err(not_loopback(relay));
                }
                Self::greet(relay, connection)
            }
        }
    }

    /// Waits to be greeted, then says hello.
    fn greet(relay: &'job Relay, mut connection: Connection) -> Result<Self, Failure> {
        let reply = connection
            .reply()
            .map_err(|error| break_down(relay, Stage::Greeting, &error))?;
        judge(relay, Stage::Greeting, reply)?;
        Self::hello(relay, connection)
    }

    /// EHLO.
    fn hello(relay: &'job Relay, connection: Connection) -> Result<Self, Failure> {
        let name = hello_name(relay, &connection);
        let mut session = Self {
            relay,
            connection,
            offers: ServerInfo::default(),
        };
        let reply = session.command(Stage::Ehlo, &Ehlo::new(name))?;
        // Keywords come in any case (RFC 5321, 2.4); lettre knows them in capitals, and panics on
        // a line of blanks.
        let lines = reply
            .message()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_ascii_uppercase)
            .collect();
        session.offers =
            ServerInfo::from_response(&Response::new(reply.code(), lines)).unwrap_or_default();
        Ok(session)
    }

    /// AUTH PLAIN, or LOGIN where that is all there is. No text of the relay's gets into a report
    /// from here: it may repeat what we sent.
    fn authenticate(&mut self) -> Result<(), Failure> {
        let Some((user, password)) = &self.relay.credentials else {
            return Ok(());
        };
        let refused = |said: &str| Failure::new(Outcome::Auth, said);
        let Some(mechanism) = self
            .offers
            .get_auth_mechanism(&[Mechanism::Plain, Mechanism::Login])
        else {
            return Err(
                refused("the relay offers neither AUTH PLAIN nor AUTH LOGIN").advise(
                    "use its submission port (465 or 587), or remove user name and password",
                ),
            );
        };
        let password = password
            .expose_str()
            .filter(|password| !password.contains('\0') && !user.contains('\0'))
            .ok_or_else(|| refused("user name or password hold bytes that SASL cannot carry"))?;
        let credentials = Credentials::new(user.clone(), password.to_owned());
        let unusable = |_may_quote| refused("the relay's AUTH dialogue makes no sense");
        let mut auth = Auth::new(mechanism, credentials.clone(), None).map_err(unusable)?;
        // LOGIN asks twice.
        for _question in 0..3 {
            let reply = self.command(Stage::Auth, &auth)?;
            if !reply.has_code(334) {
                return Ok(());
            }
            auth = Auth::new_from_response(mechanism, credentials.clone(), &reply)
                .map_err(unusable)?;
        }
        Err(refused("the relay's AUTH dialogue does not end"))
    }

    /// The envelope, the message, and the relay's answer to the final dot.
    fn hand_over(&mut self, mail: &Mail) -> Result<String, Failure> {
        self.command(Stage::MailFrom, &MailFrom::new(mail.from.clone(), vec![]))?;
        self.command(Stage::RcptTo, &Rcpt::new(mail.to.clone(), vec![]))?;
        self.command(Stage::Data, &Data)?;
        let reply = self.exchange(Stage::Message, &dot_stuffed(&mail.bytes))?;
        Ok(words_of(&reply))
    }

    fn command(&mut self, stage: Stage, command: &impl Display) -> Result<Response, Failure> {
        self.exchange(stage, command.to_string().as_bytes())
    }

    fn exchange(&mut self, stage: Stage, bytes: &[u8]) -> Result<Response, Failure> {
        let reply = self
            .connection
            .send(bytes)
            .and_then(|()| self.connection.reply())
            .map_err(|error| break_down(self.relay, stage, &error))?;
        judge(self.relay, stage, reply)
    }
}

/// The relay's addresses; for plaintext only where all of them are this machine.
fn resolve(relay: &Relay) -> Result<Vec<SocketAddr>, Failure> {
    let literal = relay.host.parse::<IpAddr>();
    if relay.tls == Tls::LoopbackPlaintext && literal.is_err() && relay.host != "localhost" {
        return Err(not_loopback(relay));
    }
    let addresses: Vec<_> = match literal {
        Ok(address) => vec![SocketAddr::new(address, relay.port)],
        Err(_name) => (relay.host.as_str(), relay.port)
            .to_socket_addrs()
            .map_err(|error| {
                Failure::new(
                    Outcome::Connection,
                    format!("cannot find the relay {}: {error}", relay.host),
                )
            })?
            .collect(),
    };
    let outside = addresses.iter().any(|address| !is_loopback(address.ip()));
    if relay.tls == Tls::LoopbackPlaintext && outside {
        return Err(not_loopback(relay));
    }
    Ok(addresses)
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

fn not_loopback(relay: &Relay) -> Failure {
    Failure::new(
        Outcome::Tls,
        format!("no TLS to {}, which is not this machine", relay.host),
    )
    .advise("plaintext is for 127.0.0.1, ::1 and localhost; use tls = \"implicit\" or \"starttls\"")
}

/// The configured name, or our address where that is no name (RFC 5321, 4.1.4).
fn hello_name(relay: &Relay, connection: &Connection) -> ClientId {
    let name = &relay.hello_name;
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !name.is_empty() && name.len() <= 255 && name.chars().all(usable) {
        return ClientId::Domain(name.clone());
    }
    match connection.local_address().map(|address| address.ip()) {
        Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_unknown) => ClientId::default(),
    }
}

/// RFC 5321, 4.5.2: a dot that begins a line is doubled; a dot alone ends the message.
fn dot_stuffed(message: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(message.len() + 64);
    for line in message.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            stuffed.push(b'.');
        }
        stuffed.extend_from_slice(line);
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

/// A reply as one line.
fn words_of(reply: &Response) -> String {
    let lines: Vec<_> = reply.message().collect();
    format!("{} {}", reply.code(), lines.join(" "))
        .trim()
        .to_owned()
}

/// Lets the reply pass that this stage wants; names the failure in every other.
fn judge(relay: &Relay, stage: Stage, reply: Response) -> Result<Response, Failure> {
    let severity = reply.code().severity;
    let wanted = match stage {
        Stage::Data => severity == Severity::PositiveIntermediate,
        Stage::Auth => severity == Severity::PositiveCompletion || reply.has_code(334),
        Stage::Connect
        | Stage::Handshake
        | Stage::Greeting
        | Stage::Ehlo
        | Stage::Starttls
        | Stage::MailFrom
        | Stage::RcptTo
        | Stage::Message => severity == Severity::PositiveCompletion,
    };
    if wanted {
        return Ok(reply);
    }
    let code = u16::from(reply.code());
    let said = if stage == Stage::Auth {
        format!("{code} {}", enhanced_code(&reply))
            .trim()
            .to_owned()
    } else {
        format!("{stage}: {}", words_of(&reply))
    };
    let failure = |outcome| Failure::new(outcome, said);
    Err(match (severity, stage) {
        (Severity::TransientNegativeCompletion, _) => failure(Outcome::Transient),
        (Severity::PositiveCompletion | Severity::PositiveIntermediate, _) => {
            failure(Outcome::Connection).advise("the relay's replies are out of step")
        }
        (Severity::PermanentNegativeCompletion, Stage::Auth) => failure(Outcome::Auth).advise(
            "the relay refuses user name or password; some want an app password or another \
             sign-in set up for this",
        ),
        (Severity::PermanentNegativeCompletion, Stage::Starttls) => failure(Outcome::Tls),
        (Severity::PermanentNegativeCompletion, _) if code == 530 => match relay.tls {
            Tls::LoopbackPlaintext => failure(Outcome::Tls)
                .advise("the relay may want TLS: use tls = \"starttls\" or \"implicit\""),
            Tls::Implicit | Tls::Starttls => {
                failure(Outcome::Auth).advise("the relay wants a user name and a password")
            }
        },
        // It serves nobody, or not us, whatever the message: another relay may.
        (Severity::PermanentNegativeCompletion, Stage::Greeting | Stage::Ehlo) => {
            failure(Outcome::Connection)
        }
        (Severity::PermanentNegativeCompletion, Stage::MailFrom) => {
            failure(Outcome::Permanent).advise("the relay does not take our envelope_from")
        }
        (Severity::PermanentNegativeCompletion, _) => failure(Outcome::Permanent),
    })
}

/// `5.7.8` of `535 5.7.8 …`, and nothing else.
fn enhanced_code(reply: &Response) -> &str {
    reply
        .first_word()
        .filter(|word| word.len() <= 11 && word.chars().all(|c| c.is_ascii_digit() || c == '.'))
        .unwrap_or_default()
}

/// A connection that failed or broke, in words.
fn break_down(relay: &Relay, stage: Stage, error: &Error) -> Failure {
    let Relay { host, port, .. } = relay;
    let inner = error
        .get_ref()
        .map(|inner| inner as &(dyn StdError + 'static));
    if let Some(error) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls::explain(error, relay);
    }
    if let Some(injected) = inner.and_then(|inner| inner.downcast_ref::<InjectedText>()) {
        return Failure::new(Outcome::Tls, injected.to_string())
            .advise("somebody may be tampering with the connection; tls = \"implicit\" is safer");
    }
    let outcome = if stage == Stage::Handshake {
        Outcome::Tls
    } else {
        Outcome::Connection
    };
    let failure = |said: String| Failure::new(outcome, said);
    match (error.kind(), stage) {
        (ErrorKind::ConnectionRefused, Stage::Connect) => {
            failure(format!("nothing answers on {host} port {port}"))
        }
        (ErrorKind::TimedOut | ErrorKind::WouldBlock, _) => {
            let silence = Failure::new(
                Outcome::Connection,
                format!(
                    "no answer from {host} port {port} within {} s at {stage}",
                    PATIENCE.as_secs()
                ),
            );
            if stage == Stage::Greeting && relay.tls == Tls::Starttls {
                return silence.advise(
                    "a port that speaks TLS from the first byte (465) wants tls = \"implicit\"",
                );
            }
            silence
        }
        (ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe, _) => {
            failure(format!("the relay closed the connection at {stage}"))
        }
        (_other, _) => failure(format!("{host} port {port}, {stage}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::dot_stuffed;

    #[test]
    fn no_line_of_a_message_ends_it() {
        let cases: [(&[u8], &[u8]); 5] = [
            (b"", b"\r\n.\r\n"),
            (b"a\r\n", b"a\r\n.\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b".\r\n..\r\n", b"..\r\n...\r\n.\r\n"),
            (b"a\n.\nb\r\n", b"a\n..\nb\r\n.\r\n"),
        ];
        for (message, stuffed) in cases {
            assert_eq!(dot_stuffed(message), stuffed, "{message:?}");
        }
    }
}
